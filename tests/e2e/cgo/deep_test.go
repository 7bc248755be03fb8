package cgomem

import "testing"

// Bugs and neighbours whose malloc and free lie deep in C.

func TestBugUseAfterFree_Deep(t *testing.T) {
	d := newDeep(1)
	freeDeep(d)
	sink = int(d.i)
}

func TestGoodUseAfterFree_Deep(t *testing.T) {
	d := newDeep(1)
	sink = int(d.i)
	freeDeep(d)
}

func TestBugUseAfterFree_DeepDown(t *testing.T) {
	d := newDeep(1)
	freeDeepDown(d, 30)
	sink = int(d.i)
}

func TestGoodUseAfterFree_DeepDown(t *testing.T) {
	d := newDeep(1)
	sink = int(d.i)
	freeDeepDown(d, 30)
}

func TestBugDoubleFree_Deep(t *testing.T) {
	d := newDeep(1)
	p := textOf(d)
	freeDeep(d)
	free(p)
}

func TestGoodDoubleFree_Deep(t *testing.T) {
	d := newDeep(1)
	freeDeep(d)
	freeDeep(newDeep(2))
}

func TestBugInvalidFree_Deep(t *testing.T) {
	freeDeepInside(newDeep(1))
}

func TestGoodInvalidFree_Deep(t *testing.T) {
	freeDeep(newDeep(1))
}
