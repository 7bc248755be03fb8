package cgomem

import (
	"os"
	"testing"
	"unsafe"
)

type record struct{ a, b [4]int }

var (
	global = [64]byte{'G'}
	held   any // so that it is on Go's heap
)

func TestBugInvalidFree_Object(t *testing.T) {
	r := new(record)
	held = r
	free(unsafe.Pointer(r))
	if r.a[0] = 5; r.a[0] != 5 {
		t.Fatal("the object is gone")
	}
}

func TestGoodInvalidFree_Object(t *testing.T) {
	r := (*record)(calloc(int(unsafe.Sizeof(record{}))))
	r.a[0] = 5
	free(unsafe.Pointer(r))
}

func TestBugInvalidFree_Slice(t *testing.T) {
	b := make([]byte, 1000)
	held = b
	free(unsafe.Pointer(&b[0]))
}

func TestGoodInvalidFree_Slice(t *testing.T) {
	b := make([]byte, 1000)
	b[999] = 1
	p := bytes(b)
	if unsafe.Slice((*byte)(p), 1000)[999] != 1 {
		t.Error("not copied")
	}
	free(p)
}

func TestBugInvalidFree_GivenAway(t *testing.T) {
	b := []byte("Go's own\x00")
	held = b
	keep(textLengthAndFree(unsafe.Pointer(&b[0])))
}

func TestGoodInvalidFree_GivenAway(t *testing.T) {
	b := []byte("Go's own\x00")
	held = b
	keep(onlyRead(unsafe.Pointer(&b[0])))
	keep(textLengthAndFree(bytes(b)))
}

func TestBugInvalidFree_Inside(t *testing.T) {
	p := text("  trimmed")
	free(unsafe.Add(p, 2))
	free(p)
}

func TestGoodInvalidFree_Inside(t *testing.T) {
	p := text("  trimmed")
	q := duplicate(unsafe.Add(p, 2))
	if goText(q) != "trimmed" {
		t.Error("strdup:", goText(q))
	}
	free(q)
	free(p)
}

func TestBugInvalidFree_Realloc(t *testing.T) {
	b := []byte("grown by C\x00")
	held = b
	p := grow(unsafe.Pointer(&b[0]), 100)
	if goText(p) != "grown by C" {
		t.Error("realloc lost the contents:", goText(p))
	}
	free(p)
}

func TestGoodInvalidFree_Realloc(t *testing.T) {
	p := grow(nil, 10)
	p = grow(p, 1<<20)
	p = grow(p, 20)
	free(p)
}

func TestBugInvalidFree_GoVariable(t *testing.T) {
	free(unsafe.Pointer(&global))
}

func TestGoodInvalidFree_GoVariable(t *testing.T) {
	p := bytes(global[:])
	free(p)
	free(nil)
}

func TestBugInvalidFree_CVariable(t *testing.T) {
	free(variable())
}

func TestGoodInvalidFree_CVariable(t *testing.T) {
	keep(onlyRead(variable()))
	p := aligned(256)
	*(*int)(p) = 1
	free(p)
}

func TestBugInvalidFree_CStack(t *testing.T) {
	freeOwnStack()
}

func TestGoodInvalidFree_CStack(t *testing.T) {
	for n := 1; n < 1<<24; n *= 2 {
		free(malloc(n))
	}
}

func TestBugInvalidFree_Literal(t *testing.T) {
	free(unsafe.Pointer(unsafe.StringData("a constant")))
}

func TestGoodInvalidFree_Literal(t *testing.T) {
	free(text("a constant"))
}

func TestBugInvalidFree_OtherGoroutine(t *testing.T) {
	r := new(record)
	held = r
	done := make(chan bool)
	go func() {
		free(unsafe.Pointer(&r.b))
		close(done)
	}()
	<-done
}

func TestGoodInvalidFree_OtherGoroutine(t *testing.T) {
	done := make(chan unsafe.Pointer)
	go func() { done <- malloc(300 << 10) }()
	free(<-done)
}

func TestGoodInvalidFree_Environment(t *testing.T) {
	t.Setenv("REDFLAG_TWIN", "value") // setenv of the C library
	if os.Getenv("REDFLAG_TWIN") != "value" {
		t.Error("not set")
	}
}
