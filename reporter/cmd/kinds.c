#include "cmd/kinds.h"

#include <stddef.h>

static const struct rf_kind_text texts[RF_KIND_COUNT] = {
	[RF_KIND_DATA_RACE] = {
		.meaning =
			"Two goroutines access the same memory, at least one of them writes, and nothing orders the "
			"two: no channel operation, mutex, WaitGroup or atomic stands between them. What is read or left "
			"behind then depends on the machine and the moment: a lost update, half of a string, a crash in a "
			"map. The detector watched both accesses happen, so it is no guess; that they were harmless "
			"this time says nothing about the next.",
		.cure =
			"Give the memory one owner at a time. Either pass it along a channel, or hold one mutex around "
			"every access to it (the reads too), or use sync/atomic for a single word. A goroutine that is still "
			"at work when its test ends is waited for: WaitGroup, context, t.Cleanup.",
	},
	[RF_KIND_USE_AFTER_FREE] = {
		.meaning =
			"Memory was handed back (C memory by free, or an object to a pool) and used afterwards. Whoever gets it "
			"next shares it with the late user: contents change under the hands of both, or the program "
			"crashes far from here. The stack of the side called Free is where it was handed back.",
		.cure =
			"Hand memory back as the last thing that is done with it, and keep no slice, string or pointer into "
			"it: copy what has to outlive it (C.GoString, C.GoBytes). defer C.free in front of the first use does.",
	},
	[RF_KIND_USE_AFTER_PUT] = {
		.meaning =
			"An object was read or written after it had been given to sync.Pool.Put, and before Get handed it out "
			"again. From Put on the object belongs to the pool: whoever gets it next shares it with the late "
			"user, and contents change under the hands of both, often in another request.",
		.cure =
			"Make Put the last thing that is done with the object, and copy what has to outlive it before. A goroutine "
			"that still works with it is waited for, or puts the object back itself.",
	},
	[RF_KIND_USE_AFTER_PUT_ALIAS] = {
		.meaning =
			"An array that belongs to an object of a sync.Pool was read or written after the object had been put: through "
			"what Bytes of a bytes.Buffer gave, or through a copy of the slice that was put. The object itself wasn't "
			"touched. Whoever gets it next writes over the array.",
		.cure =
			"Copy what has to outlive the Put, or put the object later. An array that is to be kept is taken out of the object "
			"before: *p = nil, or *buf = bytes.Buffer{}.",
	},
	[RF_KIND_DOUBLE_PUT] = {
		.meaning =
			"The same object was given to sync.Pool.Put twice, with no Get in between. The pool then holds it twice "
			"and hands it to two users at a time, each of whom takes it for its own: data of one request turns "
			"up in another.",
		.cure =
			"Let one place put the object back: the function that got it, with defer, or the one that it is handed over "
			"to, never both. A Close that may be called twice forgets the object with the first call.",
	},
	[RF_KIND_PUT_WHILE_USED] = {
		.meaning =
			"A goroutine gave an object to sync.Pool.Put, and another one used it before, with nothing that orders its "
			"use before the Put. This time the use came first; next time it comes after the Put, and meets the "
			"object in somebody else's hands.",
		.cure =
			"Wait for everybody who uses the object, then put it back; or let the last user put it back.",
	},
	[RF_KIND_USE_AFTER_FINALIZE] = {
		.meaning =
			"An object was read or written after its finalizer had run. The finalizer kept a pointer to it, so it lives on, "
			"though it was taken apart: what the finalizer released is used again, and when the object dies for "
			"good, nobody is told.",
		.cure =
			"Let the finalizer keep what has to outlive the object, not the object itself. One that is to live on is "
			"given a finalizer again by runtime.SetFinalizer before it is used.",
	},
	[RF_KIND_USE_AFTER_GC] = {
		.meaning =
			"An object was read or written after the garbage collector had freed it. The program reached it through "
			"an address that it kept as a number (uintptr, or memory of C), which the collector doesn't follow, "
			"and turned back into a pointer. The memory belongs to whatever is allocated there next.",
		.cure =
			"Keep a pointer for as long as the address is used: an unsafe.Pointer in the same struct, runtime.KeepAlive "
			"behind the last use, runtime.Pinner or cgo.Handle for what C holds.",
	},
	[RF_KIND_CLOSE_WHILE_SENDING] = {
		.meaning =
			"A channel was closed while other goroutines waited to send on it. Each of them panics there and then: send "
			"on closed channel. Where something recovers, the value is lost all the same.",
		.cure =
			"Let the only sender close the channel, when it has sent everything. With several senders, wait for all of "
			"them (WaitGroup) and close then, or never close it and tell the senders to stop by a channel of its own.",
	},
	[RF_KIND_SEND_AFTER_CLOSE] = {
		.meaning =
			"The program ended in a panic: a send on a channel that had been closed. The other side is the close, which "
			"Go's panic doesn't name.",
		.cure =
			"Let the only sender close the channel, when it has sent everything. With several senders, wait for all of "
			"them (WaitGroup) and close then, or never close it and tell the senders to stop by a channel of its own.",
	},
	[RF_KIND_DOUBLE_CLOSE] = {
		.meaning =
			"The program ended in a panic: a close of a channel that had been closed before. The other side is the close "
			"that came first, which Go's panic doesn't name.",
		.cure =
			"Let one place close the channel, or close it in a sync.Once.",
	},
	[RF_KIND_DOUBLE_FREE] = {
		.meaning =
			"The same block of C memory was freed twice. By the second time it may be somebody else's, who then "
			"works in memory that is free; C libraries abort at best.",
		.cure =
			"Let one place free the block: who allocated it, or the C function that it is handed over to, as the "
			"library's manual says. Set the pointer to nil with the first free: to free nil does nothing.",
	},
	[RF_KIND_INVALID_FREE] = {
		.meaning =
			"free or realloc was given an address that malloc never gave: Go memory, the inside of a block, a "
			"variable. The C library aborts the program at best, and corrupts its heap otherwise. The detail "
			"says what the address is.",
		.cure =
			"Free what C.malloc, C.CString or C.CBytes returned, and exactly that pointer. Hand a C function that "
			"frees its argument a copy in C memory; Go memory is freed by Go.",
	},
	[RF_KIND_RESURRECTION] = {
		.meaning =
			"A finalizer stored its object, which lives on: collections later it can still be reached. It was taken apart, "
			"and nothing will be called when it dies for good, since a finalizer runs once.",
		.cure =
			"Let the finalizer keep what has to outlive the object, not the object itself. One that is to live on is "
			"given a finalizer again by runtime.SetFinalizer, best in the finalizer.",
	},
	[RF_KIND_CLEANUP_KEEPS_ALIVE] = {
		.meaning =
			"A finalizer or cleanup refers to its own object: its function has captured it, or the argument has it in. So "
			"the object can always be reached, is never freed, and the function is never called.",
		.cure =
			"Let the function use what it is given: a finalizer its parameter, a cleanup an argument without the object, "
			"such as the file descriptor or the name that it is to release.",
	},
	[RF_KIND_GOROUTINE_LEAK] = {
		.meaning =
			"A goroutine waits for something that nothing can do any more: no goroutine that can still run, no timer "
			"and no global variable leads to its channel or lock. The garbage collector has proved it. It will wait "
			"until the process ends, and all that it holds stays in memory. The other side is the go statement.",
		.cure =
			"Give it an end: a channel with room for its one result, a context or a done channel in its select, a close "
			"from whoever sends, an Unlock or a Done on every way out. In a test, tell it to stop and wait for it.",
	},
	[RF_KIND_VIEW_INCONSISTENCY] = {
		.meaning =
			"A goroutine read two fields that belong together, each in a section of its own of their lock, and between the "
			"sections another goroutine changed both: it has a pair of values that never was. Each access is locked, so "
			"it is no data race. The other side is who changed them; the first of the two reads stands below.",
		.cure =
			"Read in one section all that has to fit together: one method that takes the lock once and returns both, or a "
			"copy of the struct; or keep them in one value behind an atomic.Pointer that is replaced as a whole.",
	},
	[RF_KIND_FINALIZER_BACKLOG] = {
		.meaning =
			"A finalizer or cleanup doesn't come to its end, and others wait behind it: one goroutine runs all finalizers, "
			"one or a few run all cleanups. What waits is not released meanwhile, and finalizers keep their objects. "
			"The other side is who set it.",
		.cure =
			"A finalizer or cleanup must not wait for anybody: close, unmap, free, and return. What can take long belongs "
			"in a goroutine that it starts, what can fail in a Close method that is called.",
	},
	[RF_KIND_RETAINED_AFTER_DELETE] = {
		.meaning =
			"A value was deleted from a sync.Map, and when the program was over a package variable held it still. The "
			"detail says which one, and the way from there. The other side is where it was stored.",
		.cure =
			"Delete it from the other place, too: a second index, a list, a cache. If it is kept there on purpose, say so "
			"with a suppression.",
	},
	[RF_KIND_LOST_IN_CHANNEL] = {
		.meaning =
			"A channel was closed while its buffer had elements, and nobody can receive them any more: they were sent and "
			"never arrived. The detail says how many, and who made the channel. The other side is the last send.",
		.cure =
			"Let the receiver range over the channel until it is closed and empty, also when it is told to stop. If the "
			"rest isn't wanted, say so with a suppression.",
	},
	[RF_KIND_NATIVE_LEAK] = {
		.meaning =
			"C memory was allocated and never freed, and at the end of the process nothing pointed to it any more. "
			"Go's collector doesn't free it. The stack is of the allocation; the detail says how "
			"many blocks come from there, and how many bytes.",
		.cure =
			"Free it where it is used last: defer C.free behind C.CString, C.CBytes or C.malloc; the library's "
			"own function for what a C function returned, as its manual says.",
	},
	[RF_KIND_HEAP_USE_AFTER_FREE] = {
		.meaning =
			"Heap memory of C or C++ was read or written after free. Whoever gets the block next shares it with the late "
			"user: contents change under the hands of both, or the program crashes far from here. The side called Free is "
			"where it was freed; the memory says where it was allocated.",
		.cure =
			"Free the block as the last thing that is done with it, and copy what has to outlive it. Where several hold "
			"it, one of them owns it, or the holders are counted.",
	},
	[RF_KIND_HEAP_OVERFLOW] = {
		.meaning =
			"Memory beside a block of the heap was read or written: behind its end, or in front of its beginning. What lies "
			"there is another block, or the allocator's own data. The memory says how large the block is and where it was "
			"allocated.",
		.cure =
			"Allocate what is written, the NUL at the end of a string included, and compare an index with the size before "
			"it is used.",
	},
	[RF_KIND_NATIVE_RACE] = {
		.meaning =
			"Two threads accessed the same memory at the same time, one of them writes, and nothing kept the second out. "
			"A watchpoint of the processor caught the first side while the other stood in front of its write, which is no "
			"atomic operation.",
		.cure =
			"Hold one mutex around every access (the reads too), or use an atomic for a single word.",
	},
};

const struct rf_kind_text *rf_kind_text(enum rf_kind kind)
{
	const struct rf_kind_text *text = (unsigned)kind < RF_KIND_COUNT ? &texts[kind] : NULL;
	return text && text->meaning ? text : NULL;
}
