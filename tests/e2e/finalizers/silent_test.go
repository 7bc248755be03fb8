package finalizers

import (
	"net"
	"os"
	"runtime"
	"sync/atomic"
	"testing"
	"time"
	"unique"
	"weak"
)

// Objects that refer to each other are finalized from the outside in.
func TestGood_Order(t *testing.T) {
	var done atomic.Bool
	func() {
		inner := &object{n: 1}
		outer := &object{next: inner}
		runtime.SetFinalizer(inner, func(o *object) { o.n++; done.Store(true) })
		runtime.SetFinalizer(outer, func(o *object) { o.next.n++ })
	}()
	collect(t, &done)
}

// What is allocated where finalized objects were is nobody's to report.
func TestGood_AllocatedAgain(t *testing.T) {
	var ran atomic.Int32
	var keep [64][]byte
	for i := range 3000 {
		runtime.SetFinalizer(&object{n: i}, func(o *object) { o.n++; ran.Add(1) })
		runtime.SetFinalizer(new([3000]byte), func(b *[3000]byte) { b[1]++; ran.Add(1) })
		n := 1 + i%3000
		b := make([]byte, n)
		b[0], b[n-1] = 1, 2
		keep[i%len(keep)] = append(b, make([]byte, n)...)
		o := &object{n: i}
		o.name = "new"
		if i%100 == 0 {
			runtime.GC()
		}
	}
	runtime.KeepAlive(keep)
	if ran.Load() == 0 {
		t.Error("no finalizer ran")
	}
}

// Objects of a few bytes share a block.
func TestGood_Tiny(t *testing.T) {
	var all [512]*int32
	for i := range all {
		all[i] = new(int32)
		if i%2 == 0 {
			runtime.SetFinalizer(all[i], func(p *int32) { *p = -1 })
			all[i] = nil
		}
	}
	for range 3 {
		runtime.GC()
		time.Sleep(time.Millisecond)
		for i := 1; i < len(all); i += 2 {
			*all[i]++
		}
	}
}

// The standard library's own.
func TestGood_Library(t *testing.T) {
	for i := range 20 {
		name := t.TempDir() + "/file"
		if f, err := os.Create(name); err == nil {
			f.WriteString("text")
		}
		if l, err := net.Listen("tcp", "127.0.0.1:0"); err == nil {
			c, _ := net.Dial("tcp", l.Addr().String())
			runtime.KeepAlive(c)
		}
		r, w, _ := os.Pipe()
		w.Write([]byte("x"))
		runtime.KeepAlive(r)
		unique.Make([2]int{i, i + 1})
		p := weak.Make(&object{n: i})
		runtime.GC()
		if o := p.Value(); o != nil {
			o.n++
		}
	}
}

// A weak pointer is empty before the finalizer gets the object.
func TestGood_Weak(t *testing.T) {
	var done atomic.Bool
	o := &object{n: 1}
	p := weak.Make(o)
	runtime.SetFinalizer(o, func(o *object) { o.n++; done.Store(true) })
	o = nil
	collect(t, &done)
	if o := p.Value(); o != nil {
		o.n++
	}
}

// Finalizers in great number, while goroutines allocate, start and end.
func TestGood_Storm(t *testing.T) {
	var ran atomic.Int64
	end := make(chan bool)
	for range 4 {
		go func() {
			for i := range 5000 {
				o := &object{n: i, next: &object{}}
				runtime.SetFinalizer(o, func(o *object) { o.next.n++; ran.Add(1) })
				if i%500 == 0 {
					runtime.GC()
				}
			}
			end <- true
		}()
	}
	for range 4 {
		<-end
	}
	if ran.Load() == 0 {
		t.Error("no finalizer ran")
	}
}
