// Twins: values deleted from a sync.Map that a package variable still holds (TestBug…), and what looks like it.
package retained

import (
	"container/list"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"
	"weak"
)

type session struct {
	name string
	data [10]int
	next *session
}

func newSession(name string) *session { return &session{name: name} }

// --- bugs: the other place is forgotten ---------------------------------------------------------------------------

var (
	bugSessions sync.Map

	byName    = map[string]*session{}
	history   []*session
	order     = list.New()
	last      *session
	callbacks []func() string
	tree      = &node{children: map[string]*node{}}
	queue     = make(chan *session, 4)
	anything  = map[string]any{}
	wide      = new(wideHolder)
	samples   []*sample
)

type node struct {
	children map[string]*node
	owner    *session
}

type wideHolder struct {
	pad   [80]*int
	owner *session
}

type sample struct{ values [8]float64 }

type large struct {
	owner *session
	data  [200]int
}

func TestBugRetained_Map(t *testing.T) {
	s := newSession("map")
	bugSessions.Store("map", s)
	byName["map"] = s
	bugSessions.Delete("map")
}

func TestBugRetained_Slice(t *testing.T) {
	s := newSession("slice")
	history = append(history, s)
	bugSessions.Store("slice", s)
	bugSessions.Delete("slice")
}

func TestBugRetained_List(t *testing.T) {
	s := newSession("list")
	bugSessions.Store("list", s)
	order.PushBack(s)
	bugSessions.Delete("list")
}

func TestBugRetained_Variable(t *testing.T) {
	last = newSession("variable")
	bugSessions.Store("variable", last)
	bugSessions.Delete("variable")
}

func TestBugRetained_Closure(t *testing.T) {
	s := newSession("closure")
	bugSessions.Store("closure", s)
	callbacks = append(callbacks, func() string { return s.name })
	bugSessions.Delete("closure")
}

func TestBugRetained_Tree(t *testing.T) {
	s := newSession("tree")
	bugSessions.Store("tree", s)
	tree.children["a"] = &node{children: map[string]*node{"b": {owner: s}}}
	bugSessions.Delete("tree")
}

func TestBugRetained_Channel(t *testing.T) {
	s := newSession("channel")
	bugSessions.Store("channel", s)
	queue <- s
	bugSessions.Delete("channel")
}

func TestBugRetained_Interface(t *testing.T) {
	s := newSession("interface")
	bugSessions.Store("interface", s)
	anything["interface"] = s
	bugSessions.Delete("interface")
}

// The map and the other place are parts of one object.
func TestBugRetained_SameObject(t *testing.T) {
	s := newSession("object")
	inHeap.keys.Store("object", s)
	inHeap.index["object"] = s
	inHeap.keys.Delete("object")
}

// Storing a value twice at one place is one place.
func TestBugRetained_StoredTwice(t *testing.T) {
	s := newSession("twice")
	byName["twice"] = s
	bugSessions.Store("twice", s)
	bugSessions.Store("twice", s)
	bugSessions.CompareAndSwap("twice", s, s)
	bugSessions.LoadOrStore("twice", s)
	bugSessions.Delete("twice")
}

// What was there before at its address isn't counted.
func TestBugRetained_MapForgotten(t *testing.T) {
	for range 10 {
		var m sync.Map
		for i := range 100 {
			m.Store(i, newSession("forgotten"))
		}
		runtime.GC()
	}
	for i := range 100 {
		s := newSession("new")
		bugSessions.Store(i, s)
		history = append(history, s)
		bugSessions.Delete(i)
	}
}

func TestBugRetained_LoadAndDelete(t *testing.T) {
	s := newSession("load")
	bugSessions.Store("load", s)
	byName["load"] = s
	if v, ok := bugSessions.LoadAndDelete("load"); ok {
		v.(*session).data[0]++
	}
}

func TestBugRetained_CompareAndDelete(t *testing.T) {
	s := newSession("compare")
	bugSessions.LoadOrStore("compare", s)
	byName["compare"] = s
	bugSessions.CompareAndDelete("compare", s)
}

func TestBugRetained_Field(t *testing.T) {
	wide.owner = newSession("field")
	bugSessions.Store("field", wide.owner)
	bugSessions.Delete("field")
}

func TestBugRetained_NoPointers(t *testing.T) {
	s := new(sample)
	bugSessions.Store("sample", s)
	samples = append(samples, s)
	bugSessions.Delete("sample")
}

func TestBugRetained_Large(t *testing.T) {
	s := new(large)
	bugSessions.Store("large", s)
	anything["large"] = s
	bugSessions.Delete("large")
}

func TestBugRetained_Goroutine(t *testing.T) {
	s := newSession("goroutine")
	bugSessions.Swap("goroutine", s)
	byName["goroutine"] = s
	done := make(chan bool)
	go func() {
		bugSessions.Delete("goroutine")
		close(done)
	}()
	<-done
}

// --- neighbours -----------------------------------------------------------------------------------------------------

var (
	sessions, others sync.Map

	index     = map[string]*session{}
	observed  weak.Pointer[session]
	pool      sync.Pool
	counters  []*int
	values    []any
	shared    = &owner{}
	table     [4]session
	requests  = map[int]*request{}
	requestMu sync.Mutex
	inHeap    = newKeys()
)

type keys struct {
	keys  sync.Map
	index map[string]*session
}

func newKeys() *keys { return &keys{index: map[string]*session{}} }

type owner struct {
	session session
	more    [20]int
}

type request struct {
	id      int
	session *session
}

func TestGoodForgotten(t *testing.T) {
	sessions.Store("a", newSession("a"))
	sessions.Delete("a")
	sessions.Delete("a")
}

func TestGoodStoredAgain(t *testing.T) {
	s := newSession("again")
	sessions.Store("again", s)
	index["again"] = s
	sessions.Delete("again")
	sessions.Store("again", s)
}

func TestGoodMoved(t *testing.T) {
	s := newSession("moved")
	sessions.Store("moved", s)
	sessions.Delete("moved")
	others.LoadOrStore("moved", s)
}

func TestGoodMovedBefore(t *testing.T) {
	s := newSession("before")
	sessions.Store("before", s)
	others.Store("before", s)
	sessions.Delete("before")
}

func TestGoodOtherKey(t *testing.T) {
	s := newSession("key")
	sessions.Store("key", s)
	sessions.Store("other key", s)
	sessions.Delete("key")
	inHeap.keys.Store("key", inHeap)
	r := &request{id: 2}
	inHeap.keys.Store("a", r)
	inHeap.keys.Store("b", r)
	inHeap.keys.Delete("a")
	index["key"] = s
}

func TestGoodCleanedLater(t *testing.T) {
	s := newSession("later")
	sessions.Store("later", s)
	index["later"] = s
	sessions.Delete("later")
	for range 4 {
		runtime.GC()
	}
	delete(index, "later")
}

func TestGoodStillUsed(t *testing.T) {
	s := newSession("used")
	sessions.Store("used", s)
	index["used"] = s
	started := make(chan bool)
	go func() {
		close(started)
		time.Sleep(time.Hour)
		s.data[0]++
	}()
	<-started
	sessions.Delete("used")
}

func serve(r *request, started chan bool) {
	close(started)
	time.Sleep(time.Hour)
	r.session.data[0]++
}

func TestGoodRequestRuns(t *testing.T) {
	s := newSession("request")
	sessions.Store("request", s)
	r := &request{1, s}
	requestMu.Lock()
	requests[1] = r
	requestMu.Unlock()
	started := make(chan bool)
	go serve(r, started)
	<-started
	sessions.Delete("request")
}

func TestGoodTimer(t *testing.T) {
	s := newSession("timer")
	sessions.Store("timer", s)
	sessions.Delete("timer")
	time.AfterFunc(time.Hour, func() { s.data[0]++ })
}

func TestGoodLocalIndex(t *testing.T) {
	s := newSession("local")
	local := map[string]*session{"local": s}
	sessions.Store("local", s)
	sessions.Delete("local")
	for range 4 {
		runtime.GC()
	}
	runtime.KeepAlive(local)
}

func TestGoodWeak(t *testing.T) {
	s := newSession("weak")
	sessions.Store("weak", s)
	observed = weak.Make(s)
	sessions.Delete("weak")
}

func TestGoodPool(t *testing.T) {
	s := newSession("pool")
	sessions.Store("pool", s)
	sessions.Delete("pool")
	pool.Put(s)
}

func TestGoodTiny(t *testing.T) {
	n, m := new(int), new(int)
	sessions.Store("tiny", n)
	counters = append(counters, n, m)
	sessions.Delete("tiny")
}

func TestGoodValues(t *testing.T) {
	for i, v := range []any{7, "text", time.Now(), []byte("bytes"), [4]int{}} {
		sessions.Store(i, v)
		values = append(values, v)
		sessions.Delete(i)
	}
}

func TestGoodPartOfLarger(t *testing.T) {
	sessions.Store("part", &shared.session)
	sessions.Delete("part")
	sessions.Store("element", &table[2])
	sessions.Delete("element")
}

func TestGoodReplaced(t *testing.T) {
	s := newSession("replaced")
	index["replaced"] = s
	sessions.Store("replaced", s)
	sessions.Store("replaced", newSession("new"))
	sessions.Delete("replaced")
}

func TestGoodManyAtOnce(t *testing.T) {
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 1000 {
				key := strconv.Itoa(g*1000 + i)
				others.Store(key, newSession(key))
				others.Delete(key)
			}
		})
	}
	wg.Wait()
}
