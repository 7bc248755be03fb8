package native

import (
	"runtime"
	"testing"
	"unsafe"
)

type holder struct {
	p    unsafe.Pointer
	more [3]int
}

var (
	kept   []*holder
	number uintptr
	asMap  = map[string]unsafe.Pointer{}
)

//go:noinline
func length(p unsafe.Pointer) int {
	n := 0
	for *(*byte)(unsafe.Add(p, n)) != 0 {
		n++
	}
	return n
}

func TestBugNativeLeak_String(t *testing.T) {
	if length(text("never freed")) != 11 {
		t.Error("wrong")
	}
}

func TestGoodNativeLeak_String(t *testing.T) {
	p := text("freed")
	defer free(p)
	if length(p) != 5 {
		t.Error("wrong")
	}
}

func TestBugNativeLeak_Many(t *testing.T) {
	for n := range 100 {
		*(*byte)(malloc(100 + n)) = 1
	}
}

func TestGoodNativeLeak_Many(t *testing.T) {
	for n := range 100 {
		p := malloc(100 + n)
		defer free(p)
	}
}

func TestBugNativeLeak_DeadHolder(t *testing.T) {
	h := &holder{p: bytes(make([]byte, 70))}
	kept = append(kept, h)
	kept = nil
}

func TestGoodNativeLeak_LiveHolder(t *testing.T) {
	h := &holder{p: bytes(make([]byte, 70))}
	kept = append(kept, h)
}

func TestBugNativeLeak_OneWayOut(t *testing.T) {
	for n := range 2 {
		p := malloc(64)
		if n == 1 {
			return
		}
		free(p)
	}
}

func TestGoodNativeLeak_BothWaysOut(t *testing.T) {
	for n := range 2 {
		p := malloc(64)
		if n == 1 {
			free(p)
			return
		}
		free(p)
	}
}

func TestBugNativeLeak_ByCFunction(t *testing.T) {
	name := text("gopher")
	if length(greeting(name)) != 12 {
		t.Error("wrong")
	}
	free(name)
}

func TestGoodNativeLeak_ByCFunction(t *testing.T) {
	name := text("gopher")
	g := greeting(name)
	free(name)
	free(g)
}

func TestBugNativeLeak_Chain(t *testing.T) {
	newChain(5)
}

func TestGoodNativeLeak_Chain(t *testing.T) {
	freeChain(newChain(5))
	hold(0, newChain(5)) // the first of them holds the others
}

func TestBugNativeLeak_Ring(t *testing.T) {
	newRing()
}

func TestGoodNativeLeak_Ring(t *testing.T) {
	hold(1, newRing())
}

func TestBugNativeLeak_Overwritten(t *testing.T) {
	hold(2, malloc(30))
	hold(2, nil)
}

func TestGoodNativeLeak_CVariable(t *testing.T) {
	hold(2, malloc(30))
}

func TestBugNativeLeak_Realloc(t *testing.T) {
	p := malloc(30)
	grow(p, 3000)
}

func TestGoodNativeLeak_Realloc(t *testing.T) {
	p := malloc(30)
	free(grow(p, 3000))
}

func TestBugNativeLeak_Goroutine(t *testing.T) {
	done := make(chan bool)
	go func() {
		*(*byte)(text("of a goroutine")) = 'O'
		close(done)
	}()
	<-done
}

// Its test is over before the goroutine is.
func TestBugNativeLeak_EndsLate(t *testing.T) {
	done := make(chan bool)
	go func() {
		p := text("of a goroutine that ends late")
		close(done)
		for range 20000 {
			runtime.Gosched()
		}
		*(*byte)(p) = 'O'
	}()
	<-done
}

var never = make(chan bool) // somebody may send yet

func TestGoodNativeLeak_GoroutinesStack(t *testing.T) {
	ready := make(chan bool)
	go func() {
		p := text("of a goroutine that lives")
		ready <- true
		<-never
		free(p)
	}()
	<-ready
}

func TestGoodNativeLeak_Number(t *testing.T) {
	number = uintptr(malloc(50)) + 20 // the inside, and no pointer
}

func TestGoodNativeLeak_Map(t *testing.T) {
	asMap["p"] = malloc(50)
}

func TestGoodNativeLeak_Closure(t *testing.T) {
	h := &holder{p: malloc(70)}
	runtime.AddCleanup(h, func(p unsafe.Pointer) { free(p) }, h.p)
}

func TestGoodNativeLeak_Finalizer(t *testing.T) {
	h := &holder{p: malloc(70)}
	runtime.SetFinalizer(h, func(h *holder) { free(h.p) })
}

func TestGoodNativeLeak_AlignedTable(t *testing.T) {
	if !holdAligned(malloc(60)) {
		t.Error("no memory")
	}
}

func TestGoodNativeLeak_BigTable(t *testing.T) {
	if !holdBig(malloc(60)) {
		t.Error("no memory")
	}
}

func TestGoodNativeLeak_ThreadVariable(t *testing.T) {
	holdInThread(malloc(60))
}

// Two blocks that one call of C loses.
func TestBugNativeLeak_TwoPlaces(t *testing.T) {
	twoPlaces(1)
}

func TestGoodNativeLeak_TwoPlaces(t *testing.T) {
	twoPlaces(0)
}
