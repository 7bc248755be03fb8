package ssa

// rfNumbers tells which values are equal, though they are computed twice: the same operation on equal values, and on the same memory. Telling
// the detector of an access leaves memory as it is. A number is the ID of one of the equal values.
//
// Values whose operands come from outside of a loop are the same in each round; what changes from round to round has a phi, a call or a
// change of memory in the loop among its operands, each of which has a number of its own.
type rfNumbers struct {
	memories map[*Value]*Value
	values   map[*Value]ID
	computed map[rfComputation]ID
}

const rfOperands = 4

type rfComputation struct {
	op       Op
	auxInt   int64
	aux      Aux
	operands [rfOperands]ID
}

func newRFNumbers() rfNumbers {
	return rfNumbers{map[*Value]*Value{}, map[*Value]ID{}, map[rfComputation]ID{}}
}

// memory is the first of all states of memory that are the same as m.
func (n *rfNumbers) memory(m *Value) *Value {
	if same, ok := n.memories[m]; ok {
		return same
	}
	n.memories[m] = m // what comes back to m says nothing against it
	same := m
	switch {
	case m.Op == OpCopy:
		same = n.memory(m.Args[0])
	case m.Op == OpSelectN && rfAccessCall(m.Args[0]) != rfNone:
		same = n.memory(m.Args[0].MemoryArg())
	case m.Op == OpPhi:
		same = n.memoryOfPhi(m)
	}
	n.memories[m] = same
	return same
}

func (n *rfNumbers) memoryOfPhi(m *Value) *Value {
	var only *Value
	for _, a := range m.Args {
		from := n.memory(a)
		if from == m || from == only {
			continue
		}
		if only != nil {
			return m
		}
		only = from
	}
	if only == nil {
		return m
	}
	return only
}

// of is the number of v.
func (n *rfNumbers) of(v *Value) ID {
	if number, ok := n.values[v]; ok {
		return number
	}
	n.values[v] = v.ID
	number := n.compute(v)
	n.values[v] = number
	return number
}

func (n *rfNumbers) compute(v *Value) ID {
	info := &opcodeTable[v.Op]
	switch {
	case v.Op == OpCopy || info.nilCheck:
		return n.of(v.Args[0])
	case v.Op == OpPhi || len(v.Args) == 0 || len(v.Args) > rfOperands || info.call || info.hasSideEffects:
		return v.ID
	case v.Type.IsMemory() || v.Type.IsTuple() || v.Type.IsResults():
		return v.ID
	}
	k := rfComputation{op: v.Op, auxInt: v.AuxInt, aux: v.Aux}
	for i, a := range v.Args {
		if a.Type.IsMemory() {
			k.operands[i] = n.memory(a).ID
		} else {
			k.operands[i] = n.of(a)
		}
	}
	if number, ok := n.computed[k]; ok {
		return number
	}
	n.computed[k] = v.ID
	return v.ID
}
