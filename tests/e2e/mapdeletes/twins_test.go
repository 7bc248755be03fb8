// Twins: values deleted from a map that a package variable still holds (TestBug…), and what looks like it.
package mapdeletes

import (
	"container/list"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"weak"
)

type session struct {
	name string
	data [10]int
	next *session
}

func newSession(name string) *session { return &session{name: name} }

type named interface{ Name() string }

func (s *session) Name() string { return s.name }

// --- bugs: the other place is forgotten ---------------------------------------------------------------------------

var (
	sessions = map[string]*session{}

	byNumber  = map[int]*session{}
	history   []*session
	order     = list.New()
	callbacks []func() string
	queue     = make(chan *session, 4)
	large     = map[string]*session{}
	last      *session
	values    = map[uint32]any{}
	interests = map[uint64]named{}
	wide      = map[[40]int]*[200]*session{}
	groups    = map[string]map[string]*session{}
)

func TestBugDeleted_Map(t *testing.T) {
	s := newSession("map")
	byNumber[1] = s
	sessions["map"] = s
	delete(sessions, "map")
}

func TestBugDeleted_Slice(t *testing.T) {
	s := newSession("slice")
	sessions["slice"] = s
	history = append(history, s)
	delete(sessions, "slice")
}

func TestBugDeleted_List(t *testing.T) {
	s := newSession("list")
	byNumber[2] = s
	order.PushBack(s)
	delete(byNumber, 2)
}

func TestBugDeleted_Closure(t *testing.T) {
	s := newSession("closure")
	sessions["closure"] = s
	callbacks = append(callbacks, func() string { return s.name })
	delete(sessions, "closure")
}

func TestBugDeleted_Channel(t *testing.T) {
	s := newSession("channel")
	sessions["channel"] = s
	queue <- s
	delete(sessions, "channel")
}

func TestBugDeleted_Large(t *testing.T) {
	for i := range 1000 {
		large[strconv.Itoa(i)] = newSession("many")
	}
	history = append(history, large["500"])
	delete(large, "500")
}

func TestBugDeleted_Any(t *testing.T) {
	last = newSession("any")
	values[3] = last
	delete(values, 3)
}

func TestBugDeleted_Interface(t *testing.T) {
	s := newSession("interface")
	interests[7] = s
	order.PushBack(s)
	delete(interests, 7)
}

func TestBugDeleted_WideKey(t *testing.T) {
	v := new([200]*session)
	wide[[40]int{1}] = v
	callbacks = append(callbacks, func() string { return v[0].name })
	delete(wide, [40]int{1})
}

func TestBugDeleted_MapOfMaps(t *testing.T) {
	s := newSession("group")
	groups["a"] = map[string]*session{"b": s}
	sessions["group"] = s
	delete(sessions, "group")
}

func TestBugDeleted_Function(t *testing.T) {
	s := newSession("function")
	sessions["function"] = s
	history = append(history, s)
	for name := range sessions {
		if name == "function" {
			delete(sessions, name)
		}
	}
}

// --- neighbours ---------------------------------------------------------------------------------------------------

var (
	good     = map[string]*session{}
	numbers  = map[int]int{}
	texts    = map[string]string{}
	counters []*int
	kept     []*session
	observed weak.Pointer[session]
	pool     sync.Pool
	shared   struct {
		session session
		other   [4]*session
	}
	structs = map[int]session{}
	both    = map[string]*session{}
	stored  sync.Map
	few     = map[int]*session{}
	holders []*[200]*session

	anything = map[string]any{}
)

func TestGoodGone(t *testing.T) {
	good["gone"] = newSession("gone")
	delete(good, "gone")
}

func TestGoodNothingThere(t *testing.T) {
	var none map[string]*session
	delete(none, "a")
	delete(good, "nothing")
}

// Renamed: it is in the map by another key.
func TestGoodRenamed(t *testing.T) {
	s := newSession("old")
	good["old"] = s
	delete(good, "old")
	good["new"] = s
}

func TestGoodPutBack(t *testing.T) {
	for i := range 100 {
		key := strconv.Itoa(i)
		both[key] = newSession(key)
	}
	s := both["50"]
	delete(both, "50")
	both["50"] = s
}

// It is in the map again, and nearer to another variable.
func TestGoodPutBackAndKept(t *testing.T) {
	s := newSession("kept")
	kept = append(kept, s)
	both["kept"] = s
	delete(both, "kept")
	both["kept"] = s
}

func TestGoodPutBackOfFew(t *testing.T) {
	s := newSession("few")
	kept = append(kept, s)
	few[1] = s
	delete(few, 1)
	few[2] = s
}

func TestGoodPutBackAsAny(t *testing.T) {
	v := new([200]*session)
	holders = append(holders, v)
	anything["a"] = v
	delete(anything, "a")
	anything["b"] = v
}

func TestGoodTwoKeys(t *testing.T) {
	s := newSession("two")
	good["one"], good["two"] = s, s
	delete(good, "one")
}

func TestGoodCleared(t *testing.T) {
	m := map[string]*session{"a": newSession("a")}
	kept = append(kept, m["a"])
	clear(m)
}

func TestGoodReplaced(t *testing.T) {
	s := newSession("replaced")
	kept = append(kept, s)
	good["replaced"] = s
	good["replaced"] = newSession("new")
	delete(good, "replaced")
}

func TestGoodNumbers(t *testing.T) {
	for i := range 100 {
		numbers[i], texts[strconv.Itoa(i)], structs[i] = i, "text", session{}
		delete(numbers, i)
		delete(texts, strconv.Itoa(i))
		delete(structs, i)
	}
}

func TestGoodTiny(t *testing.T) {
	n := new(int)
	counters = append(counters, n)
	m := map[string]*int{"n": n}
	delete(m, "n")
}

func TestGoodPartOfLarger(t *testing.T) {
	m := map[string]*session{"part": &shared.session}
	delete(m, "part")
}

func TestGoodWeak(t *testing.T) {
	s := newSession("weak")
	good["weak"] = s
	observed = weak.Make(s)
	delete(good, "weak")
}

func TestGoodPool(t *testing.T) {
	s := newSession("pool")
	good["pool"] = s
	delete(good, "pool")
	pool.Put(s)
}

func TestGoodInUse(t *testing.T) {
	local := newSession("local")
	good["local"] = local
	delete(good, "local")
	runtime.GC()
	runtime.KeepAlive(local)
}

// What a sync.Map has is stored.
func TestGoodInSyncMap(t *testing.T) {
	s := newSession("sync")
	stored.Store("sync", s)
	good["sync"] = s
	delete(good, "sync")
}

func TestGoodManyAtOnce(t *testing.T) {
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			m := map[string]*session{}
			for i := range 1000 {
				key := strconv.Itoa(g*1000 + i)
				m[key] = newSession(key)
				delete(m, key)
			}
		})
	}
	wg.Wait()
}
