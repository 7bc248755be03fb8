// Fields that are written together and read in two sections of their lock, and what looks like that and is none: each with a
// goroutine that writes all the time. The test looks until it has seen the two come from different writes, so no twin
// depends on a moment.
package views

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const (
	patience = 60 * time.Second
	wanted   = 12 // looks that saw it
)

func churn(writer *sync.WaitGroup, stop *atomic.Bool, write func()) {
	defer writer.Done()
	for n := 1; !stop.Load(); n++ {
		write()
		if n%3 == 0 { // odd: some of the writers go back and forth
			runtime.Gosched()
		}
	}
}

// against calls look until it has said often enough that it saw what there is to see, while write is called all the time.
func against(t *testing.T, write func(), look func() bool) {
	t.Helper()
	var writer sync.WaitGroup
	var stop atomic.Bool
	writer.Add(1)
	go churn(&writer, &stop, write)
	seen := 0
	for end := time.Now().Add(patience); seen < wanted; {
		if look() {
			seen++
		} else if time.Now().After(end) {
			t.Errorf("seen %d times", seen)
			break
		}
	}
	stop.Store(true)
	writer.Wait()
}

// times makes a look that is enough a few hundred times, for what can't be seen from outside.
func times(look func()) func() bool {
	n := 0
	return func() bool {
		look()
		runtime.Gosched()
		n++
		return n%20 == 0
	}
}

type pair struct {
	mu          sync.RWMutex
	left, right int
}

func (p *pair) set() {
	p.mu.Lock()
	p.left++
	p.right++
	p.mu.Unlock()
}

func (p *pair) Left() int {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.left
}

func (p *pair) Right() int {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.right
}

func (p *pair) Both() (int, int) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.left, p.right
}

// --- bugs ------------------------------------------------------------------------------------------------------------

func TestBugView_Getters(t *testing.T) {
	p := new(pair)
	against(t, p.set, func() bool {
		left := p.Left()
		runtime.Gosched()
		return left != p.Right()
	})
}

func TestBugView_OneFunction(t *testing.T) {
	p := new(pair)
	against(t, p.set, func() bool {
		p.mu.RLock()
		left := p.left
		p.mu.RUnlock()
		runtime.Gosched()
		p.mu.RLock()
		right := p.right
		p.mu.RUnlock()
		return left != right
	})
}

type account struct {
	sync.Mutex
	sum   int64
	count int32
}

func (a *account) add(n int64) {
	a.Lock()
	defer a.Unlock()
	a.sum += n
	a.count++
}

func (a *account) Sum() int64 {
	a.Lock()
	defer a.Unlock()
	return a.sum
}

func (a *account) Count() int32 {
	a.Lock()
	defer a.Unlock()
	return a.count
}

func mean(a *account) (int64, bool) {
	sum, count := a.Sum(), a.Count()
	if count == 0 {
		return 0, false
	}
	return sum / int64(count), sum != 10*int64(count)
}

func TestBugView_EmbeddedMutex(t *testing.T) {
	a := new(account)
	against(t, func() { a.add(10) }, func() bool {
		_, torn := mean(a)
		return torn
	})
}

func TestBugView_Locker(t *testing.T) {
	p := new(pair)
	readers := p.mu.RLocker()
	against(t, p.set, func() bool {
		readers.Lock()
		right := p.right
		readers.Unlock()
		runtime.Gosched()
		readers.Lock()
		left := p.left
		readers.Unlock()
		return left != right
	})
}

func TestBugView_TryLock(t *testing.T) {
	a := new(account)
	against(t, func() { a.add(1); runtime.Gosched() }, func() bool {
		for !a.TryLock() {
		}
		sum := a.sum
		a.Unlock()
		runtime.Gosched()
		for !a.TryLock() {
		}
		count := a.count
		a.Unlock()
		return sum != int64(count)
	})
}

type endpoint struct {
	host string
	port int
	tls  bool
}

var config struct {
	sync.RWMutex
	endpoint
}

var endpoints = [2]endpoint{{"a.example", 80, false}, {"b.example", 443, true}}

func TestBugView_Variable(t *testing.T) {
	n := 0
	against(t, func() {
		n++
		e := &endpoints[n%2]
		config.Lock()
		config.host = e.host
		config.port = e.port
		config.Unlock()
	}, func() bool {
		config.RLock()
		host := config.host
		config.RUnlock()
		runtime.Gosched()
		config.RLock()
		port := config.port
		config.RUnlock()
		return host != "" && (host == "a.example") != (port == 80)
	})
}

type server struct {
	mu  sync.RWMutex
	now endpoint
}

func (s *server) Host() string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.now.host
}

func (s *server) TLS() bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.now.tls
}

func TestBugView_WholeStruct(t *testing.T) {
	s, n := new(server), 0
	against(t, func() {
		n++
		e := endpoints[n%2]
		s.mu.Lock()
		s.now = e
		s.mu.Unlock()
	}, func() bool {
		host := s.Host()
		runtime.Gosched()
		tls := s.TLS()
		return host != "" && (host == "b.example") != tls
	})
}

// The lock isn't in what it guards.
func TestBugView_Apart(t *testing.T) {
	var mu sync.Mutex
	e := new(endpoint)
	n := 0
	against(t, func() {
		n++
		host := fmt.Sprint(n)
		mu.Lock()
		e.port = n
		e.host = host
		mu.Unlock()
	}, func() bool {
		mu.Lock()
		host := e.host
		mu.Unlock()
		runtime.Gosched()
		mu.Lock()
		port := e.port
		mu.Unlock()
		return host != "" && host != fmt.Sprint(port)
	})
}

// The goroutine that read is over at once.
func TestBugView_Goroutine(t *testing.T) {
	p := new(pair)
	against(t, p.set, func() bool {
		var reader sync.WaitGroup
		var left, right int
		reader.Add(1)
		go func() {
			defer reader.Done()
			left = p.Left()
			runtime.Gosched()
			right = p.Right()
		}()
		reader.Wait()
		return left != right
	})
}

func TestBugView_TwoWriters(t *testing.T) {
	p := new(pair)
	var second sync.WaitGroup
	var stop atomic.Bool
	second.Add(1)
	go churn(&second, &stop, p.set)
	against(t, p.set, func() bool {
		left := p.Left()
		runtime.Gosched()
		return left != p.Right()
	})
	stop.Store(true)
	second.Wait()
}

type queue struct {
	mu          sync.Mutex
	more        *sync.Cond
	first, last int
}

// A writer that signals.
func TestBugView_Signalled(t *testing.T) {
	q := new(queue)
	q.more = sync.NewCond(&q.mu)
	against(t, func() {
		q.mu.Lock()
		q.first++
		q.last++
		q.more.Broadcast()
		q.mu.Unlock()
	}, func() bool {
		q.mu.Lock()
		first := q.first
		q.mu.Unlock()
		runtime.Gosched()
		q.mu.Lock()
		last := q.last
		q.mu.Unlock()
		return first != last
	})
}

// Two are read together, the third is not.
func TestBugView_Third(t *testing.T) {
	var mu sync.RWMutex
	v := new([3]int)
	against(t, func() {
		mu.Lock()
		v[0]++
		v[1]++
		v[2]++
		mu.Unlock()
	}, func() bool {
		mu.RLock()
		sum := v[0] + v[1]
		mu.RUnlock()
		runtime.Gosched()
		mu.RLock()
		third := v[2]
		mu.RUnlock()
		return sum != 2*third
	})
}

// --- neighbours ------------------------------------------------------------------------------------------------------

func TestGoodView_OneSection(t *testing.T) {
	p := new(pair)
	against(t, p.set, times(func() {
		if left, right := p.Both(); left != right {
			t.Error(left, right)
		}
	}))
}

func TestGoodView_ReadAgain(t *testing.T) {
	p := new(pair)
	against(t, p.set, func() bool {
		before := p.Left()
		runtime.Gosched()
		left, right := p.Both()
		if left != right {
			t.Error(left, right)
		}
		return before != left
	})
}

// Read for readers first, and again for writing.
func TestGoodView_DoubleChecked(t *testing.T) {
	p := new(pair)
	against(t, p.set, func() bool {
		before := p.Left()
		runtime.Gosched()
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.left == before {
			p.left, p.right = before+1, before+1
		}
		return p.right != before
	})
}

// Each is written on its own as well.
func TestGoodView_Separate(t *testing.T) {
	p, n := new(pair), 0
	against(t, func() {
		n++
		p.mu.Lock()
		if n%3 != 1 {
			p.left++
		}
		if n%3 != 2 {
			p.right++
		}
		p.mu.Unlock()
	}, func() bool {
		left := p.Left()
		runtime.Gosched()
		right := p.Right()
		return left > 10 && left != right
	})
}

func TestGoodView_TwoObjects(t *testing.T) {
	p, q := new(pair), new(pair)
	against(t, func() { p.set(); q.set() }, func() bool {
		left := p.Left()
		runtime.Gosched()
		return left != q.Right()
	})
}

// Two objects under one lock, and what is one's doesn't belong to the other's.
func TestGoodView_OneLock(t *testing.T) {
	var mu sync.Mutex
	p, q := new([8]int), new([8]int)
	against(t, func() {
		mu.Lock()
		p[0]++
		q[0]++
		mu.Unlock()
	}, func() bool {
		mu.Lock()
		a := p[0]
		mu.Unlock()
		runtime.Gosched()
		mu.Lock()
		b := q[0]
		mu.Unlock()
		return a != b
	})
}

func TestGoodView_TwoLocks(t *testing.T) {
	var mu, other sync.Mutex
	v := new([2]int)
	against(t, func() {
		mu.Lock()
		other.Lock()
		v[0]++
		v[1]++
		other.Unlock()
		mu.Unlock()
	}, func() bool {
		mu.Lock()
		a := v[0]
		mu.Unlock()
		runtime.Gosched()
		other.Lock()
		b := v[1]
		other.Unlock()
		return a != b
	})
}

func TestGoodView_Counter(t *testing.T) {
	p := new(pair)
	against(t, p.set, func() bool {
		left := p.Left()
		runtime.Gosched()
		return left != p.Left()
	})
}

func TestGoodView_Copy(t *testing.T) {
	s, n := new(server), 0
	against(t, func() {
		n++
		e := endpoints[n%2]
		s.mu.Lock()
		s.now = e
		s.mu.Unlock()
	}, func() bool {
		before := s.Host()
		runtime.Gosched()
		s.mu.RLock()
		now := s.now
		s.mu.RUnlock()
		if (now.host == "b.example") != now.tls {
			t.Error(now)
		}
		return before != now.host
	})
}

type versioned struct {
	mu            sync.RWMutex
	version, a, b int
}

func (v *versioned) set() {
	v.mu.Lock()
	v.version++
	v.a = v.version
	v.b = v.version
	v.mu.Unlock()
}

func (v *versioned) Version() int {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.version
}

func (v *versioned) A() int {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.a
}

func (v *versioned) B() int {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.b
}

// The second section looks whether all is as it was.
func TestGoodView_Generation(t *testing.T) {
	v := new(versioned)
	against(t, v.set, func() bool {
		v.mu.RLock()
		version, a := v.version, v.a
		v.mu.RUnlock()
		runtime.Gosched()
		v.mu.RLock()
		defer v.mu.RUnlock()
		if v.version != version {
			return true
		}
		return a != v.b
	})
}

// All is read again until nothing has changed meanwhile.
func TestGoodView_Retry(t *testing.T) {
	v := new(versioned)
	against(t, func() { v.set(); runtime.Gosched() }, func() bool {
		for tries := 0; ; tries++ {
			version := v.Version()
			a := v.A()
			runtime.Gosched()
			b := v.B()
			if v.Version() == version {
				if a != b {
					t.Error(a, b)
				}
				return tries > 0
			}
		}
	})
}

func TestGoodView_Once(t *testing.T) {
	var once sync.Once
	v := new(versioned)
	against(t, func() { once.Do(v.set) }, times(func() {
		a := v.A()
		runtime.Gosched()
		_ = a + v.B()
	}))
}

func describe(p *pair) string {
	return fmt.Sprintf("left is %d", p.Left())
}

// One is read for a line of a log.
func TestGoodView_Logged(t *testing.T) {
	p := new(pair)
	against(t, p.set, func() bool {
		line := describe(p)
		runtime.Gosched()
		return line != fmt.Sprintf("left is %d", p.Right())
	})
}

func deeper(p *pair) int { return doRight(p) }

//go:noinline
func doRight(p *pair) int { return doRead(p) }

//go:noinline
func doRead(p *pair) int { return p.Right() }

// What reads the second has nothing to do with the first.
func TestGoodView_Unrelated(t *testing.T) {
	p := new(pair)
	against(t, p.set, func() bool {
		left := p.Left()
		runtime.Gosched()
		return left != deeper(p)
	})
}

// Two calls of one function, each of which reads one.
func TestGoodView_TwoCalls(t *testing.T) {
	p := new(pair)
	last, n := 0, 0
	against(t, p.set, func() bool {
		n++
		runtime.Gosched()
		return readOne(p, n, &last)
	})
}

//go:noinline
func readOne(p *pair, n int, last *int) bool {
	if n%2 == 0 {
		*last = p.Left()
		return false
	}
	return p.Right() != *last
}

// Who waits for a change knows of it.
func TestGoodView_Cond(t *testing.T) {
	q := new(queue)
	q.more = sync.NewCond(&q.mu)
	against(t, func() {
		q.mu.Lock()
		q.first++
		q.last++
		q.mu.Unlock()
		q.more.Broadcast()
		runtime.Gosched()
	}, func() bool {
		q.mu.Lock()
		defer q.mu.Unlock()
		first := q.first
		q.more.Wait()
		return q.last != first
	})
}

// The change was asked for.
func TestGoodView_Asked(t *testing.T) {
	p := new(pair)
	ask, done := make(chan bool), make(chan bool)
	go func() {
		for range ask {
			p.set()
			done <- true
		}
		close(done)
	}()
	for range 10 * wanted {
		left := p.Left()
		ask <- true
		<-done
		if right := p.Right(); right != left+1 {
			t.Error(left, right)
		}
	}
	close(ask)
	<-done
}

// It is heard of.
func TestGoodView_Heard(t *testing.T) {
	p := new(pair)
	var changes atomic.Int64
	against(t, func() { p.set(); changes.Add(1) }, func() bool {
		left := p.Left()
		for old := changes.Load(); changes.Load() == old; {
			runtime.Gosched()
		}
		return left != p.Right()
	})
}

// It was given time.
func TestGoodView_Slept(t *testing.T) {
	p := new(pair)
	against(t, p.set, func() bool {
		left := p.Left()
		time.Sleep(time.Millisecond)
		return left != p.Right()
	})
}

// The reader has made the change itself.
func TestGoodView_Own(t *testing.T) {
	p := new(pair)
	for range 10 * wanted {
		left := p.Left()
		p.set()
		if right := p.Right(); right != left+1 {
			t.Error(left, right)
		}
	}
}

// All that is written is what was there.
func TestGoodView_Same(t *testing.T) {
	s := new(server)
	against(t, func() {
		s.mu.Lock()
		s.now = endpoints[1]
		s.mu.Unlock()
	}, times(func() {
		host := s.Host()
		runtime.Gosched()
		if tls := s.TLS(); host != "" && !tls {
			t.Error(host)
		}
	}))
}

// One section around both.
func TestGoodView_Around(t *testing.T) {
	p := new(pair)
	n := 0
	against(t, func() {
		n++
		if p.mu.TryLock() { // a Lock that waits would have the inner RLock wait for ever
			p.left++
			p.right++
			p.mu.Unlock()
		}
		runtime.Gosched()
	}, times(func() {
		p.mu.RLock()
		defer p.mu.RUnlock()
		left := p.Left()
		runtime.Gosched()
		if right := p.Right(); left != right {
			t.Error(left, right)
		}
	}))
}

// One goroutine locks, another one unlocks: whose section is it?
func TestGoodView_HandedOver(t *testing.T) {
	p := new(pair)
	done := make(chan bool)
	locked := make(chan bool)
	go func() {
		for range locked {
			p.mu.Unlock()
			done <- true
		}
		close(done)
	}()
	against(t, p.set, times(func() {
		if left, right := p.Both(); left != right {
			t.Error(left, right)
		}
		p.mu.Lock()
		locked <- true
		<-done
	}))
	close(locked)
	<-done
}
