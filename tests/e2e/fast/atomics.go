package main

import (
	"math/rand"
	"runtime"
	"sync"
	"sync/atomic"
	"unsafe"
)

type threadState = [1536]byte // as in testdata/

func fastSave(state *threadState)
func fastSlot(state *threadState) bool
func fastIs(state *threadState) bool // of the calling goroutine; a comparison here would be told to the detector

// word is what atomics work on, with the shadow of its eight bytes.
type word struct {
	value  int64
	shadow *[4]uint32
}

//go:norace
func (w *word) half() *int32 { return (*int32)(unsafe.Pointer(&w.value)) }

// operation makes one atomic on w and says whether result and value are what they have to be.
//
//go:norace
func operation(w *word, which int, a, b int64) bool {
	old, half := w.value, w.half()
	before := *half
	small := int32(a)
	switch which {
	case 0:
		return atomic.LoadInt32(half) == before && w.value == old
	case 1:
		return atomic.LoadInt64(&w.value) == old && w.value == old
	case 2:
		atomic.StoreInt32(half, small)
		return *half == small && w.value>>32 == old>>32
	case 3:
		atomic.StoreInt64(&w.value, a)
		return w.value == a
	case 4:
		return atomic.SwapInt32(half, small) == before && *half == small && w.value>>32 == old>>32
	case 5:
		return atomic.SwapInt64(&w.value, a) == old && w.value == a
	case 6:
		return atomic.AddInt32(half, small) == before+small && *half == before+small && w.value>>32 == old>>32
	case 7:
		return atomic.AddInt64(&w.value, a) == old+a && w.value == old+a
	case 8:
		same := before == int32(b)
		return atomic.CompareAndSwapInt32(half, int32(b), small) == same && (*half == small || !same && *half == before)
	default:
		same := old == b
		return atomic.CompareAndSwapInt64(&w.value, b, a) == same && (w.value == a || !same && w.value == old)
	}
}

const operations = 10

// checkAtomics makes random atomics, every second one while synchronisation is ignored, when they may change nothing that the
// detector has. The answer: how many were ignored, and how many were wrong.
//
//go:norace
func checkAtomics(steps int, seed uint64, shadow uintptr) (ignored, wrong int) {
	random := rand.New(rand.NewSource(int64(seed)))
	words := []*word{new(word), &staticWord}
	for _, w := range words {
		w.shadow = (*[4]uint32)(unsafe.Pointer(shadow + uintptr(unsafe.Pointer(&w.value))*2))
	}
	var state, inside threadState
	for i := range steps {
		w, which, a, b := words[random.Intn(2)], random.Intn(operations), random.Int63()-random.Int63(), random.Int63()
		switch random.Intn(4) {
		case 0:
			b = w.value
		case 1:
			b = int64(*w.half())
		}
		if i%2 == 0 {
			if !operation(w, which, a, b) {
				wrong++
			}
			continue
		}
		cells := *w.shadow
		fastSave(&state)
		runtime.RaceDisable()
		fastSave(&inside)
		right := operation(w, which, a, b)
		right = right && fastIs(&inside) && !fastIs(&state)
		runtime.RaceEnable()
		if right && fastIs(&state) && cells == *w.shadow {
			ignored++
		} else {
			wrong++
		}
	}
	return
}

var staticWord word

// checkMutexes locks mutexes that nobody else has, again and again: what stock would acquire then is known already. The answer: how
// many were locked, and how many times there was more to be acquired.
//
//go:norace
func checkMutexes(steps int, seed uint64) (locked, wrong int) {
	random := rand.New(rand.NewSource(int64(seed)))
	mutexes := make([]sync.Mutex, 8)
	var state threadState
	others(mutexes)
	for range steps {
		m := &mutexes[random.Intn(len(mutexes))]
		m.Lock()
		fastSave(&state)
		runtime.RaceAcquire(unsafe.Pointer(m))
		switch {
		case fastIs(&state):
			locked++
		case fastSlot(&state): // the same goroutine in the same slot and epoch
			wrong++
		}
		m.Unlock()
	}
	return
}

// others is a goroutine for each mutex that has had it.
func others(mutexes []sync.Mutex) {
	done := make(chan bool)
	for i := range mutexes {
		go func() {
			mutexes[i].Lock()
			mutexes[i].Unlock()
			done <- true
		}()
	}
	for range mutexes {
		<-done
	}
}
