//go:build race && go1.26

// Goroutines that are blocked for good when a program that is no test comes to its end (REDFLAG=exitleaks=1).
//
// What the variables of functions lead to that haven't returned isn't lost, whether they would be used again or not: those
// of main.main, also when it has just returned, and of all that led to os.Exit. The collector goes by what will be used.
// So the words of these frames are copied, and count as roots like a frame of which nothing is known.

package runtime

import (
	"internal/abi"
	"internal/goarch"
	"internal/runtime/sys"
	"internal/stringslite"
	"unsafe"
)

const rfLeakWordsMax = 1 << 13 // of such frames; 64 KiB, touched as used. With more, nothing is looked for

var rfLeakMain struct {
	g        uintptr // of main.main; gs are never freed
	bottom   uintptr // bytes of its stack that the frames of its callers take
	words    uintptr // of its own frame, which is below them
	returned bool    // and its words have been copied
	tests    bool    // look for themselves
}

// rfLeakKeeps says which frames keep what their words lead to.
type rfLeakKeeps struct {
	main    bool    // that of main.main
	callers uintptr // and those in so many bytes of the stack of who asks
}

// rfLeakWords is what the frames had: of main.main, then of those that led to os.Exit.
var rfLeakWords [rfLeakWordsMax]uintptr

// rfMainBegins is called by main of the runtime, just before main.main.
//
//go:noinline
func rfMainBegins() {
	if rfSettings.exitleaks == 0 {
		return // with no words of main.main's, the two others do nothing, either
	}
	gp := getg()
	m := &rfLeakMain
	m.bottom = gp.stack.hi - sys.GetCallerSP()
	m.words = uintptr(funcMaxSPDelta(findfunc(abi.FuncPCABIInternal(main_main))))/goarch.PtrSize + 1 // and a return address
	m.g = uintptr(unsafe.Pointer(gp))
}

// rfMainWipe is called by main of the runtime between rfMainBegins and main.main: init functions had their frames where
// main.main is about to have its own, which doesn't write all of it at once. It has no frame of its own, which would be
// there, too: no calls, nothing that could fail, few variables.
//
//go:nosplit
//go:noinline
func rfMainWipe() {
	to := sys.GetCallerSP() - goarch.PtrSize // where it returns to
	low := max(to-rfLeakMain.words*goarch.PtrSize, getg().stack.lo)
	for to > low {
		to -= goarch.PtrSize
		*(*uintptr)(unsafe.Pointer(to)) = 0
	}
}

// rfMainReturned is called by main of the runtime, just behind main.main. It has no frame of its own, either.
//
//go:nosplit
//go:noinline
func rfMainReturned() {
	n := rfLeakMain.words
	if n <= rfLeakWordsMax {
		from := sys.GetCallerSP() - n*goarch.PtrSize
		to := uintptr(unsafe.Pointer(&rfLeakWords))
		for end := to + n*goarch.PtrSize; to < end; to += goarch.PtrSize {
			*(*uintptr)(unsafe.Pointer(to)) = *(*uintptr)(unsafe.Pointer(from))
			from += goarch.PtrSize
		}
	}
	rfLeakMain.returned = true
}

// rfLeaksAtExit is called by runExitHooks, on the goroutine that ends the program. A program that fails was cut short, and
// has no say in what it leaves behind.
func rfLeaksAtExit(code int) {
	m := &rfLeakMain
	if rfSettings.exitleaks == 0 || code != 0 || m.tests || m.g == 0 {
		return
	}
	callers := rfLeakCallers(sys.GetCallerPC(), sys.GetCallerSP())
	if m.words+callers/goarch.PtrSize <= rfLeakWordsMax {
		rfLeakLook(rfLeakAnyOwner, rfLeakKeeps{true, callers})
	}
}

// rfLeakCallers gives the bytes of the calling goroutine's stack that the frames take which led to os.Exit. What runs below
// them has words in its frames that it never wrote, and that others left there.
func rfLeakCallers(pc, sp uintptr) (bytes uintptr) {
	gp := getg()
	systemstack(func() {
		var u unwinder
		u.initAt(pc, sp, 0, gp, unwindSilentErrors)
		for ; u.valid(); u.next() {
			name := funcname(u.frame.fn)
			if !stringslite.HasPrefix(name, "runtime.") && name != "os.Exit" && name != "os.runtime_beforeExit" {
				bytes = gp.stack.hi - u.frame.sp
				return
			}
		}
	})
	return bytes
}

// rfLeakKeep is called by rfLeakStart with the world stopped: it copies what isn't copied yet.
func rfLeakKeep() {
	m, l := &rfLeakMain, &rfLeaks
	l.words = 0
	if !l.keeps.main {
		return
	}
	gp := (*g)(unsafe.Pointer(m.g))
	if m.returned {
		l.words = m.words
	} else if gp.goid == 1 && readgstatus(gp)&^_Gscan != _Gdead {
		rfLeakCopy(gp.stack.hi-m.bottom-m.words*goarch.PtrSize, m.words)
	}
	rfLeakCopy(getg().stack.hi-l.keeps.callers, l.keeps.callers/goarch.PtrSize)
}

func rfLeakCopy(from, words uintptr) {
	for range words {
		rfLeakWords[rfLeaks.words] = *(*uintptr)(unsafe.Pointer(from))
		rfLeaks.words++
		from += goarch.PtrSize
	}
}

// rfLeakRoots is called by markroot, once in a collection.
func rfLeakRoots(gcw *gcWork) {
	if l := &rfLeaks; l.active && l.words != 0 {
		scanConservative(uintptr(unsafe.Pointer(&rfLeakWords)), l.words*goarch.PtrSize, nil, gcw, nil)
	}
}
