package cgomem

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"
)

var sink int

// finish runs f in a goroutine and comes back when it is done, without anything the detector could take for order.
func finish(f func()) {
	done := new(bool)
	go func() {
		f()
		tell(done)
	}()
	for !told(done) {
		time.Sleep(time.Millisecond)
	}
}

//go:norace
//go:noinline
func tell(done *bool) { *done = true }

//go:norace
//go:noinline
func told(done *bool) bool { return *done }

func TestBugUseAfterFree_Read(t *testing.T) {
	p := newPoint(1, 2)
	freePoint(p)
	sink = int(p.x)
}

func TestGoodUseAfterFree_Read(t *testing.T) {
	p := newPoint(1, 2)
	sink = int(p.x)
	freePoint(p)
}

func TestBugUseAfterFree_Write(t *testing.T) {
	p := (*[4]int)(malloc(32))
	p[0] = 1
	free(unsafe.Pointer(p))
	p[3] = 2
}

func TestGoodUseAfterFree_Write(t *testing.T) {
	p := (*[4]int)(malloc(32))
	p[0] = 1
	p[3] = 2
	free(unsafe.Pointer(p))
}

func TestBugUseAfterFree_Slice(t *testing.T) {
	p := bytes([]byte("some bytes in C"))
	b := unsafe.Slice((*byte)(p), 15)
	free(p)
	sink = len(string(b))
}

func TestGoodUseAfterFree_Slice(t *testing.T) {
	p := bytes([]byte("some bytes in C"))
	b := unsafe.Slice((*byte)(p), 15)
	s := string(b)
	free(p)
	sink = len(s)
}

func TestBugUseAfterFree_ByCFunction(t *testing.T) {
	p := text("given away")
	sink = textLengthAndFree(p)
	*(*byte)(p) = 'G'
}

func TestGoodUseAfterFree_ByCFunction(t *testing.T) {
	p := text("given away")
	*(*byte)(p) = 'G'
	sink = textLengthAndFree(p)
}

func TestBugUseAfterFree_Realloc(t *testing.T) {
	p := (*[2]int)(malloc(16))
	p[1] = 1
	q := grow(unsafe.Pointer(p), 4096)
	sink = p[1]
	free(q)
}

func TestGoodUseAfterFree_Realloc(t *testing.T) {
	p := (*[2]int)(malloc(16))
	p[1] = 1
	q := (*[512]int)(grow(unsafe.Pointer(p), 4096))
	if q[1] != 1 {
		t.Error("realloc lost the contents")
	}
	free(unsafe.Pointer(q))
}

func TestBugUseAfterFree_OtherGoroutine(t *testing.T) {
	p := newPoint(1, 2)
	freed, done := make(chan bool), make(chan bool)
	go func() {
		<-freed
		p.y = 3
		close(done)
	}()
	freePoint(p)
	close(freed)
	<-done
}

func TestGoodUseAfterFree_OtherGoroutine(t *testing.T) {
	p := newPoint(1, 2)
	done := make(chan bool)
	go func() {
		p.y = 3
		close(done)
	}()
	<-done
	freePoint(p)
}

func TestBugUseAfterFree_GoString(t *testing.T) {
	p := text("C string")
	free(p)
	sink = len(goText(p))
}

func TestGoodUseAfterFree_GoString(t *testing.T) {
	p := text("C string")
	sink = len(goText(p))
	free(p)
}

func TestBugUseAfterFree_GoBytes(t *testing.T) {
	p := text("C bytes")
	free(p)
	sink = len(goBytes(p, 7))
}

func TestGoodUseAfterFree_GoBytes(t *testing.T) {
	p := text("C bytes")
	sink = len(goBytes(p, 7))
	free(p)
}

func TestBugDoubleFree_Plain(t *testing.T) {
	p := malloc(24)
	free(p)
	free(p)
}

func TestGoodDoubleFree_Plain(t *testing.T) {
	p := malloc(24)
	free(p)
	q := malloc(24)
	free(q)
}

func TestBugDoubleFree_Deferred(t *testing.T) {
	p := text("freed twice")
	defer free(p)
	func() {
		defer free(p)
		sink = len(goText(p))
	}()
}

func TestGoodDoubleFree_Deferred(t *testing.T) {
	p := text("freed once")
	defer func() { free(p) }()
	q := p
	p = nil // free(NULL) is allowed
	free(q)
}

func TestBugDoubleFree_InOneCall(t *testing.T) {
	p := malloc(40)
	freeBoth(p, p)
}

func TestGoodDoubleFree_InOneCall(t *testing.T) {
	freeBoth(malloc(40), malloc(40))
}

func TestBugDoubleFree_AfterCFunction(t *testing.T) {
	p := text("the C function frees it")
	sink = textLengthAndFree(p)
	free(p)
}

func TestGoodDoubleFree_AfterCFunction(t *testing.T) {
	p := text("the C function frees it")
	sink = textLengthAndFree(p)
}

func TestBugDoubleFree_OtherGoroutine(t *testing.T) {
	p := malloc(48)
	done := make(chan bool)
	go func() {
		free(p)
		close(done)
	}()
	<-done
	free(p)
}

func TestGoodDoubleFree_OtherGoroutine(t *testing.T) {
	p, q := malloc(48), malloc(48)
	done := make(chan bool)
	go func() {
		free(p)
		close(done)
	}()
	<-done
	free(q)
}

func TestBugDoubleFree_AfterRealloc(t *testing.T) {
	p := malloc(16)
	q := grow(p, 64)
	free(p)
	free(q)
}

func TestGoodDoubleFree_AfterRealloc(t *testing.T) {
	p := malloc(16)
	p = grow(p, 64)
	free(p)
}

func TestBugDoubleFree_ManyBetween(t *testing.T) {
	p := bytes([]byte("freed, and freed again"))
	free(p)
	for range 1000 {
		free(malloc(23))
	}
	free(p)
}

func TestGoodDoubleFree_ManyBetween(t *testing.T) {
	p := bytes([]byte("freed once"))
	for range 1000 {
		free(malloc(11))
	}
	free(p)
}

type handle struct{ p unsafe.Pointer }

func TestBugDoubleFree_Finalizer(t *testing.T) {
	var done atomic.Bool
	func() {
		h := &handle{text("freed by hand and by the finalizer")}
		runtime.SetFinalizer(h, func(h *handle) {
			free(h.p)
			done.Store(true)
		})
		free(h.p)
	}()
	collect(t, &done)
}

func TestGoodDoubleFree_Finalizer(t *testing.T) {
	var done atomic.Bool
	func() {
		h := &handle{unsafe.Pointer(newPoint(1, 2))}
		runtime.SetFinalizer(h, func(h *handle) {
			free(h.p)
			done.Store(true)
		})
		(*point)(h.p).x = 3
	}()
	collect(t, &done)
}

func collect(t *testing.T, done *atomic.Bool) {
	for deadline := time.Now().Add(10 * time.Second); !done.Load(); {
		if time.Now().After(deadline) {
			t.Fatal("the finalizer doesn't run")
		}
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
}

func TestBugDataRace_CMemory(t *testing.T) {
	p := newPoint(1, 2)
	var wg sync.WaitGroup
	wg.Add(2)
	for range 2 {
		go func() {
			defer wg.Done()
			p.x++
		}()
	}
	wg.Wait()
	freePoint(p)
}

func TestGoodDataRace_CMemory(t *testing.T) {
	p := newPoint(1, 2)
	var wg sync.WaitGroup
	var mu sync.Mutex
	wg.Add(2)
	for range 2 {
		go func() {
			defer wg.Done()
			mu.Lock()
			p.x++
			mu.Unlock()
		}()
	}
	wg.Wait()
	freePoint(p)
}

func TestBugDataRace_FreeWhileUsed(t *testing.T) {
	p := newPoint(1, 2)
	finish(func() { p.y++ })
	freePoint(p)
}

func TestGoodDataRace_FreeWhileUsed(t *testing.T) {
	p := newPoint(1, 2)
	var mu sync.Mutex
	done := make(chan bool)
	go func() {
		mu.Lock()
		p.y++
		mu.Unlock()
		close(done)
	}()
	<-done
	mu.Lock()
	freePoint(p)
	mu.Unlock()
}

// both runs two functions, one after the other, which nothing orders for the detector, and then joins them.
func both(a, b func()) {
	done := new(bool)
	joinA, joinB := make(chan bool), make(chan bool)
	go func() {
		a()
		tell(done)
		close(joinA)
	}()
	for !told(done) {
		time.Sleep(time.Millisecond)
	}
	go func() {
		b()
		close(joinB)
	}()
	<-joinA
	<-joinB
}

//go:norace
//go:noinline
func keep(n int) { sink = n }

func TestBugDataRace_Slice(t *testing.T) {
	p := malloc(80)
	s := unsafe.Slice((*int64)(p), 10)
	both(func() { s[9] = 1 }, func() { keep(int(s[9])) })
	free(p)
}

func TestGoodDataRace_Slice(t *testing.T) {
	p := malloc(80)
	s := unsafe.Slice((*int64)(p), 10)
	both(func() { s[9] = 1 }, func() { s[8] = 1 })
	free(p)
}

func TestBugDataRace_GoString(t *testing.T) {
	p := text("read as a whole")
	both(func() { keep(len(goText(p))) }, func() { *(*byte)(unsafe.Add(p, 5)) = 'A' })
	free(p)
}

func TestGoodDataRace_GoString(t *testing.T) {
	p := text("read as a whole")
	both(func() { keep(len(goText(p))) }, func() { keep(len(goText(p))) })
	free(p)
}

func TestBugDataRace_GoBytes(t *testing.T) {
	p := bytes([]byte("read in part"))
	both(func() { keep(len(goBytes(p, 7))) }, func() { *(*byte)(unsafe.Add(p, 6)) = 'n' })
	free(p)
}

func TestGoodDataRace_GoBytes(t *testing.T) {
	p := bytes([]byte("read in part"))
	both(func() { keep(len(goBytes(p, 7))) }, func() { *(*byte)(unsafe.Add(p, 8)) = 'P' })
	free(p)
}

func TestBugDataRace_Struct(t *testing.T) {
	p := newPoint(1, 2)
	both(func() { *p = point{3, 4} }, func() { q := *p; keep(int(q.y)) })
	freePoint(p)
}

func TestGoodDataRace_Struct(t *testing.T) {
	p := newPoint(1, 2)
	both(func() { p.x = 3 }, func() { p.y = 4 })
	freePoint(p)
}

func TestBugDataRace_HalfAtomic(t *testing.T) {
	p := (*int64)(calloc(8))
	both(func() { atomic.AddInt64(p, 1) }, func() { *p = 0 })
	free(unsafe.Pointer(p))
}

func TestGoodDataRace_HalfAtomic(t *testing.T) {
	p := (*int64)(calloc(8))
	both(func() { atomic.AddInt64(p, 1) }, func() { atomic.StoreInt64(p, 0) })
	free(unsafe.Pointer(p))
}

func TestBugDataRace_Copy(t *testing.T) {
	p := malloc(300)
	c := unsafe.Slice((*byte)(p), 300)
	both(func() { copy(c, "written from Go") }, func() { copy(c[10:], "and there") })
	free(p)
}

func TestGoodDataRace_Copy(t *testing.T) {
	p := malloc(300)
	c := unsafe.Slice((*byte)(p), 300)
	both(func() { copy(c, "written from Go") }, func() { copy(c[100:], "and elsewhere") })
	free(p)
}

func TestGoodReuse(t *testing.T) {
	for range 20000 {
		p := (*[64]int)(malloc(512))
		p[63] = 1
		free(unsafe.Pointer(p))
	}
	for range 300 {
		p := (*[1 << 17]int32)(calloc(1 << 19))
		q := (*[1 << 15]int32)(calloc(1 << 17))
		if p[1000] != 0 || q[1000] != 0 {
			t.Fatal("calloc gave memory that isn't zero")
		}
		p[1000], q[1000] = 1, 1
		free(unsafe.Pointer(p))
		free(unsafe.Pointer(q))
	}
}

func TestGoodFreedElsewhere(t *testing.T) {
	for range 100 {
		p := newPoint(1, 2)
		p.x = 2
		freeElsewhere(unsafe.Pointer(p))
		q := newPoint(1, 2)
		q.x = 2
		freePoint(q)
	}
}

func TestGoodManyThreads(t *testing.T) {
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for n := range 200 {
				p := text("some text")
				q := (*[100]byte)(malloc(100 + n))
				q[i] = 1
				sink := textLengthAndFree(p)
				_ = sink
				free(unsafe.Pointer(q))
			}
		}()
	}
	wg.Wait()
}
