// One racing program for each class of data race, and for each a neighbour that races, too, but is not of that class.
//
// TestIs_CLASS has one finding of just that class; TestNot_CLASS_… has one finding without it. The class is behind the first
// underscore, with a dash for the next one in TestIs_atomic_copy.
package classes

import (
	"context"
	"sync/atomic"
	"testing"
	"unsafe"
)

// both runs a and b at the same time as far as the detector can tell, a first.
func both(a, b func()) {
	done := make(chan bool)
	go func() {
		a()
		close(done)
	}()
	b()
	<-done
}

type cart struct {
	id    int
	owner string
	items []string
	extra any
	err   error
	total int
	sizes [4]int
	done  bool
}

var sink any

// --- string

func TestIs_string(t *testing.T) {
	c := new(cart)
	both(func() { c.owner = "ann" }, func() { sink = len(c.owner) })
}

type name string

func TestIs_string_Named(t *testing.T) {
	n := new(name)
	both(func() { *n = "ann" }, func() { sink = len(*n) })
}

func TestIs_string_Captured(t *testing.T) {
	s := "one"
	both(func() { s = "two" }, func() { sink = len(s) })
}

// An element of a slice, in a struct, behind others.
func TestIs_string_Element(t *testing.T) {
	list := make([]cart, 40)
	both(func() { list[33].owner = "ann" }, func() { sink = len(list[33].owner) })
}

// The whole struct is written; what is read is the string in it.
func TestIs_string_WholeWrite(t *testing.T) {
	c := new(cart)
	both(func() { *c = cart{owner: "ann"} }, func() { sink = len(c.owner) })
}

func TestIs_string_Large(t *testing.T) {
	l := new([5000]cart)
	both(func() { l[4000].owner = "ann" }, func() { sink = len(l[4000].owner) })
}

// The number beside the string.
func TestNot_string_Beside(t *testing.T) {
	c := new(cart)
	both(func() { c.id = 3 }, func() { sink = c.id })
}

// The bytes that a string was made of, not a string.
func TestNot_string_Bytes(t *testing.T) {
	b := make([]byte, 16)
	both(func() { b[3] = 'x' }, func() { sink = string(b) })
}

// --- slice

func TestIs_slice(t *testing.T) {
	c := new(cart)
	both(func() { c.items = []string{"x"} }, func() { sink = len(c.items) })
}

// An element, not the header.
func TestNot_slice_Element(t *testing.T) {
	list := make([]int, 8)
	both(func() { list[3] = 1 }, func() { sink = list[3] })
}

func TestNot_slice_Array(t *testing.T) {
	c := new(cart)
	both(func() { c.sizes[2] = 1 }, func() { sink = c.sizes[2] })
}

// --- interface

func TestIs_interface(t *testing.T) {
	c := new(cart)
	both(func() { c.extra = 12345 }, func() { sink = c.extra != nil })
}

func TestIs_interface_Error(t *testing.T) {
	c := new(cart)
	both(func() { c.err = context.Canceled }, func() { sink = c.err != nil })
}

// What is behind the interface.
func TestNot_interface_Behind(t *testing.T) {
	n := new(int)
	var v any = n
	both(func() { *v.(*int) = 1 }, func() { sink = *n })
}

// --- map

func TestIs_map(t *testing.T) {
	m := map[string]int{}
	both(func() { m["a"] = 1 }, func() { sink = m["b"] })
}

// The variable that holds the map.
func TestNot_map_Variable(t *testing.T) {
	var m map[string]int
	both(func() { m = map[string]int{} }, func() { sink = m == nil })
}

// What the map's value leads to.
func TestNot_map_Behind(t *testing.T) {
	m := map[string]*cart{"a": new(cart)}
	both(func() { m["a"].id = 1 }, func() { sink = m["a"].id })
}

// A key that the map only reads.
func TestNot_map_Key(t *testing.T) {
	m, key := map[[2]int]int{}, new([2]int)
	both(func() { key[0] = 1 }, func() { sink = m[*key] })
}

// --- counter

func TestIs_counter(t *testing.T) {
	c := new(cart)
	add := func() {
		c.total++
	}
	both(add, add)
}

func TestIs_counter_Sum(t *testing.T) {
	c := new(cart)
	add := func() {
		c.total += 2 // = 3
	}
	both(add, add)
}

var global int

func TestIs_counter_Global(t *testing.T) {
	add := func() {
		global++
	}
	both(add, add)
}

// Strings are joined, which is no counting.
func TestNot_counter_Join(t *testing.T) {
	s := "a"
	add := func() {
		s += "b"
	}
	both(add, add)
}

// A read and a write on one line, which change places.
func TestNot_counter_Swap(t *testing.T) {
	list := make([]int, 2)
	swap := func() {
		list[0], list[1] = list[1], list[0]
	}
	both(swap, swap)
}

func TestNot_counter_Append(t *testing.T) {
	var list []int
	add := func() {
		list = append(list, 1)
	}
	both(add, add)
}

func TestNot_counter_Bits(t *testing.T) {
	bits := 0
	add := func() {
		bits |= 4
	}
	both(add, add)
}

func TestNot_counter_ReadAndWrite(t *testing.T) {
	c := new(cart)
	both(func() { c.total = 1 }, func() { sink = c.total + 1 })
}

// --- atomic

type shared struct {
	p unsafe.Pointer
	n int
}

func TestIs_atomic(t *testing.T) {
	s := new(shared)
	both(func() { atomic.StorePointer(&s.p, nil) }, func() { sink = s.p == nil })
}

func TestIs_atomic_copy(t *testing.T) {
	s := new(shared)
	both(func() { atomic.StorePointer(&s.p, nil) }, func() { c := *s; sink = c.n })
}

func TestIs_atomic_copy_Load(t *testing.T) {
	s := new(shared)
	both(func() { *s = shared{n: 2} }, func() { sink = atomic.LoadPointer(&s.p) == nil })
}

// The field beside the atomic one.
func TestNot_atomic_Beside(t *testing.T) {
	s := new(shared)
	both(func() { atomic.StorePointer(&s.p, nil); s.n = 1 }, func() { sink = s.n })
}

// Two copies, without an atomic.
func TestNot_atomic_Copies(t *testing.T) {
	s := new(shared)
	both(func() { *s = shared{n: 1} }, func() { c := *s; sink = c.n })
}

// --- context

type key struct{}

func TestIs_context(t *testing.T) {
	ctx := context.WithValue(context.Background(), key{}, new(cart))
	use := func(ctx context.Context, n int) { ctx.Value(key{}).(*cart).id = n }
	both(func() { use(ctx, 1) }, func() { use(ctx, 2) })
}

// The same type and code, but the cart came by another way.
func TestNot_context_Other(t *testing.T) {
	ctx := context.WithValue(context.Background(), key{}, new(cart))
	c := new(cart)
	use := func(ctx context.Context, n int) { c.id = n + ctx.Value(key{}).(*cart).id }
	both(func() { use(ctx, 1) }, func() { use(ctx, 2) })
}

// What the value refers to is not the value.
func TestNot_context_Behind(t *testing.T) {
	inner := new(cart)
	ctx := context.WithValue(context.Background(), key{}, &inner)
	use := func(ctx context.Context, n int) { (*ctx.Value(key{}).(**cart)).id = n }
	both(func() { use(ctx, 1) }, func() { use(ctx, 2) })
}

// --- package variables

var (
	theName  name
	theCart  cart
	carts    [4]cart
	theItems = []string{"a"}
	theLists [3][]string
	theError error
	theValue any
	theSum   float64
	theText  string
	anyOne   struct {
		n    int
		text string
	}
	// What looks like one of the headers, word for word.
	thePair struct {
		p *byte
		n int
	}
	theTriple struct {
		p    *byte
		n, m int
	}
	twoPointers struct{ p, q *int }
	theWords    [3]int
	thePointer  *string
	theMap      map[string]int
)

func TestIs_string_Global(t *testing.T) {
	both(func() { theName = "ann" }, func() { sink = len(theName) })
}

func TestIs_string_GlobalField(t *testing.T) {
	both(func() { theCart.owner = "ann" }, func() { sink = len(theCart.owner) })
}

func TestIs_string_GlobalAnonymous(t *testing.T) {
	both(func() { anyOne.text = "ann" }, func() { sink = len(anyOne.text) })
}

func TestIs_string_GlobalWholeWrite(t *testing.T) {
	both(func() { carts[3] = cart{owner: "ann"} }, func() { sink = len(carts[3].owner) })
}

func TestIs_slice_Global(t *testing.T) {
	both(func() { theItems = append(theItems, "x") }, func() { sink = len(theItems) })
}

func TestIs_slice_GlobalElement(t *testing.T) {
	both(func() { theLists[2] = nil }, func() { sink = len(theLists[2]) })
}

func TestIs_interface_Global(t *testing.T) {
	both(func() { theValue = 12345 }, func() { sink = theValue != nil })
}

func TestIs_interface_GlobalError(t *testing.T) {
	both(func() { theError = context.Canceled }, func() { sink = theError != nil })
}

func TestIs_counter_GlobalSum(t *testing.T) {
	add := func() {
		theSum += 0.5
	}
	both(add, add)
}

func TestNot_string_GlobalBeside(t *testing.T) {
	both(func() { theCart.id = 3 }, func() { sink = theCart.id })
}

func TestNot_string_GlobalPair(t *testing.T) {
	both(func() { thePair.p = nil }, func() { sink = thePair.p == nil })
}

func TestNot_string_GlobalPointer(t *testing.T) {
	both(func() { thePointer = nil }, func() { sink = thePointer == nil })
}

func TestNot_slice_GlobalTriple(t *testing.T) {
	both(func() { theTriple.p = nil }, func() { sink = theTriple.p == nil })
}

func TestNot_slice_GlobalWords(t *testing.T) {
	both(func() { theWords[0] = 1 }, func() { sink = theWords[0] })
}

func TestNot_slice_GlobalBehind(t *testing.T) {
	both(func() { theItems[0] = "x" }, func() { sink = len(theItems[0]) })
}

func TestNot_interface_GlobalPointers(t *testing.T) {
	both(func() { twoPointers.p = nil }, func() { sink = twoPointers.p == nil })
}

func TestNot_map_GlobalVariable(t *testing.T) {
	both(func() { theMap = map[string]int{} }, func() { sink = theMap == nil })
}

func TestNot_counter_GlobalJoin(t *testing.T) {
	add := func() {
		theText += "b"
	}
	both(add, add)
}
