package ssa

// Race instrumentation that can't matter is left out: an access to an address that this goroutine has accessed before, in the same
// way or by a write, on every way that leads there, with nothing in between that could synchronise. Whatever races with the second
// access races with the first: as the goroutine's clock hasn't changed in between, each access of another goroutine is ordered with both of
// them or with none. It is reported at the first, then.
//
// Nothing is changed but that calls of raceread and so on disappear; the program's own accesses stay where they are.

// What is called for an access, and whether it is a write.
var rfAccessCalls = map[string]rfStrength{
	"runtime.raceread":       rfRead,
	"runtime.racewrite":      rfWrite,
	"runtime.racereadrange":  rfRead,
	"runtime.racewriterange": rfWrite,
}

// rfStrength: a write covers a read.
type rfStrength uint8

const (
	rfNone rfStrength = iota
	rfRead
	rfWrite
)

// rfPlace is what is accessed: an address, as its number (redflag_numbers.go), and a size; 0: the first byte.
type rfPlace struct {
	address ID
	size    int64
}

// rfSet is what has been accessed, and how.
type rfSet map[rfPlace]rfStrength

// rfCovering is one function while it is looked at.
type rfCovering struct {
	numbers rfNumbers
	order   map[*Block][]*Value // what changes memory in a block, in order
	after   map[*Block]rfSet
	covered map[*Value]bool // the calls that can go
}

// rfCovered is the pass.
func rfCovered(f *Func) {
	if !f.Config.Race {
		return
	}
	c := rfCovering{numbers: newRFNumbers(), order: map[*Block][]*Value{}, after: map[*Block]rfSet{}, covered: map[*Value]bool{}}
	blocks := f.postorder()
	accesses := 0
	for _, b := range blocks {
		accesses += c.lookAt(b)
	}
	if accesses < 2 {
		return
	}
	for c.flow(blocks) {
	}
	for _, b := range blocks {
		c.walk(b, c.before(b), c.covered)
	}
	c.remove(f)
}

// accessOf says what v accesses and how; rfNone: it is no call for an access.
func (c *rfCovering) accessOf(v *Value) (place rfPlace, strength rfStrength) {
	strength = rfAccessCall(v)
	if strength == rfNone {
		return place, rfNone
	}
	if len(v.Args) == 3 { // address, size, memory
		if v.Args[1].Op != OpAMD64MOVQconst {
			return place, rfNone
		}
		place.size = v.Args[1].AuxInt
	}
	place.address = c.numbers.of(v.Args[0])
	return place, strength
}

func rfAccessCall(v *Value) rfStrength {
	if v.Op != OpAMD64CALLstatic {
		return rfNone
	}
	fn := v.Aux.(*AuxCall).Fn
	if fn == nil {
		return rfNone
	}
	return rfAccessCalls[fn.Name]
}

// lookAt notes the order of what changes memory in b, and returns how many accesses are told there. A call is followed by the value that
// stands for the memory behind it.
func (c *rfCovering) lookAt(b *Block) (accesses int) {
	next := map[*Value]*Value{}
	var v *Value
	for _, w := range b.Values {
		if w.Op == OpPhi {
			continue
		}
		memory := rfMemoryOf(w)
		if memory == nil {
			continue
		}
		if !w.Type.IsMemory() && !w.Op.IsCall() && !(w.Type.IsTuple() && w.Type.FieldType(1).IsMemory()) {
			continue // a load, a check for nil
		}
		if memory.Block == b && memory.Op != OpPhi && memory.Op != OpInitMem {
			next[memory] = w
		} else {
			v = w
		}
	}
	for ; v != nil; v = next[v] {
		c.order[b] = append(c.order[b], v)
		if rfAccessCall(v) != rfNone {
			accesses++
		}
	}
	return accesses
}

// rfMemoryOf is the memory that v works on; of what selects from the results of a call, the call.
func rfMemoryOf(v *Value) *Value {
	switch v.Op {
	case OpSelectN, OpSelect0, OpSelect1:
		if v.Type.IsMemory() {
			return v.Args[0]
		}
		return nil
	}
	return v.MemoryArg()
}

// rfSynchronises says whether v may do anything but access memory: calls, atomics.
func rfSynchronises(v *Value) bool {
	return v.Op.IsCall() || opcodeTable[v.Op].hasSideEffects
}

// before is what has been accessed on every way to b. Blocks that haven't been looked at yet say nothing against it.
func (c *rfCovering) before(b *Block) rfSet {
	var s rfSet
	for _, e := range b.Preds {
		after, ok := c.after[e.b]
		switch {
		case !ok:
		case s == nil:
			s = rfSet{}
			for place, strength := range after {
				s[place] = strength
			}
		default:
			for place, strength := range s {
				if weaker := after[place]; weaker == rfNone {
					delete(s, place)
				} else if weaker < strength {
					s[place] = weaker
				}
			}
		}
	}
	if s == nil {
		s = rfSet{}
	}
	return s
}

// walk goes through b with what has been accessed before, and makes of that what has been behind it. What is covered is put into covered.
func (c *rfCovering) walk(b *Block, s rfSet, covered map[*Value]bool) {
	for _, v := range c.order[b] {
		place, strength := c.accessOf(v)
		switch {
		case strength == rfNone && rfAccessCall(v) == rfNone && rfSynchronises(v):
			clear(s)
		case strength == rfNone:
		case s[place] >= strength:
			if covered != nil {
				covered[v] = true
			}
		default:
			s[place] = strength
			if first := (rfPlace{place.address, 0}); s[first] < strength {
				s[first] = strength
			}
		}
	}
}

// flow is one round over all blocks, and says whether anything has changed. What a block leaves only gets less, so this ends.
func (c *rfCovering) flow(postorder []*Block) (changed bool) {
	for i := len(postorder) - 1; i >= 0; i-- {
		b := postorder[i]
		s := c.before(b)
		c.walk(b, s, nil)
		if old, ok := c.after[b]; !ok || !rfEqual(old, s) {
			c.after[b] = s
			changed = true
		}
	}
	return changed
}

func rfEqual(a, b rfSet) bool {
	if len(a) != len(b) {
		return false
	}
	for place, strength := range a {
		if b[place] != strength {
			return false
		}
	}
	return true
}

// remove takes the covered calls out.
func (c *rfCovering) remove(f *Func) {
	for _, b := range f.Blocks {
		for _, v := range b.Values {
			if v.Op == OpSelectN && c.covered[v.Args[0]] {
				v.copyOf(v.Args[0].MemoryArg())
			}
		}
	}
	for v := range c.covered {
		v.reset(OpInvalid)
	}
}
