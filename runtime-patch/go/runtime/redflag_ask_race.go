//go:build race

// Questions of the glue, asked while it writes a report.

package runtime

import (
	"internal/goarch"
	"unsafe"
)

const (
	rfCmdFunction  = 1000
	rfCmdGoroutine = 1001
	rfCmdMemory    = 1002
	rfCmdType      = 1003
	rfCmdGot       = 1004
)

// rfFunctionQuery is struct rf_function_query of the glue.
type rfFunctionQuery struct {
	pc    uintptr
	entry uintptr
	args  uintptr // bytes; ^0 unknown
	name  *byte
}

// rfGoroutineQuery is struct rf_goroutine_query of the glue.
type rfGoroutineQuery struct {
	g      uintptr
	goid   uint64
	reason uintptr
	labels []rfLabel
}

// rfCallback is called first by racecallback, on g0. It says whether the command was one of ours.
func rfCallback(cmd uintptr, ctx unsafe.Pointer) bool {
	switch cmd {
	case rfCmdFunction:
		rfFunction((*rfFunctionQuery)(ctx))
	case rfCmdGoroutine:
		rfGoroutineState((*rfGoroutineQuery)(ctx))
	case rfCmdMemory:
		rfMemory((*rfMemoryQuery)(ctx))
	case rfCmdType:
		rfType((*rfTypeQuery)(ctx))
	case rfCmdGot:
		rfWhoGot((*rfGotQuery)(ctx))
	default:
		return false
	}
	return true
}

// rfGoroutineState reads a goroutine that may be running. Its labels stay valid until the answer is used: a collection
// can't end while this M is here, outside of any safe point. A g that was reused meanwhile has another goid.
func rfGoroutineState(q *rfGoroutineQuery) {
	gp := (*g)(unsafe.Pointer(q.g))
	q.reason = uintptr(rfReason(q.g, q.goid))
	labels := rfLabels(gp)
	if gp.goid == q.goid {
		q.labels = labels
	}
}

// rfMemoryQuery is struct rf_memory_query of the glue.
type rfMemoryQuery struct {
	address     uintptr
	kind        uintptr // 0 unknown, 1 heap, 2 global
	start, size uintptr
	object      uintptr // where the object begins: behind malloc's header, if there is one
}

func rfMemory(q *rfMemoryQuery) {
	if start, s, _ := rfFindObject(q.address); s != nil {
		q.kind = 1
		q.start = start
		q.size = s.elemsize
		q.object = start + rfFirst(s)
		return
	}
	if racedatastart <= q.address && q.address < racedataend {
		q.kind = 2
	}
}

func rfFunction(q *rfFunctionQuery) {
	f := findfunc(q.pc)
	if !f.valid() {
		return
	}
	q.entry = f.entry()
	q.args = uintptr(f.args)
	if f.args < 0 {
		q.args = ^uintptr(0)
	}
	name := funcname(f)
	q.name = unsafe.StringData(name) // ends in NUL in the name table
}

type rfLabel struct{ key, value string }

// rfLabels gives a goroutine's profiler labels. gp.labels points to runtime/pprof's labelMap, which is a slice of pairs
// of strings (proved in runtime/pprof/redflag.go) that is never changed. Nothing of it is taken on trust: there are
// packages that keep something else there (runtime_setProfLabel by linkname, as storage local to a goroutine).
func rfLabels(gp *g) []rfLabel {
	const word = goarch.PtrSize
	p := uintptr(gp.labels)
	if p == 0 || p%word != 0 || !rfReadable(p, 3*word) {
		return nil
	}
	header := (*slice)(unsafe.Pointer(p))
	first, n := header.array, header.len
	if n <= 0 || n > header.cap || n > rfLabelsMax || uintptr(first)%word != 0 ||
		!rfReadable(uintptr(first), uintptr(n)*unsafe.Sizeof(rfLabel{})) {
		return nil
	}
	list := unsafe.Slice((*rfLabel)(first), n)
	for i := range list {
		if !rfReadableString(list[i].key) || !rfReadableString(list[i].value) {
			return list[:i]
		}
	}
	return list
}

const rfLabelsMax = 1 << 12

func rfReadableString(s string) bool {
	return len(s) == 0 || len(s) > 0 && rfReadable(uintptr(unsafe.Pointer(unsafe.StringData(s))), uintptr(len(s)))
}

// rfReadable says whether n bytes at p are memory of the heap's blocks, or of the program's own file.
func rfReadable(p, n uintptr) bool {
	if s := spanOf(p); s != nil {
		return s.state.get() == mSpanInUse && s.base() <= p && p < s.limit && n <= s.limit-p
	}
	for m := &firstmoduledata; m != nil; m = m.next {
		if min(m.text, m.rodata) <= p && p < m.end && n <= m.end-p {
			return true
		}
	}
	return false
}
