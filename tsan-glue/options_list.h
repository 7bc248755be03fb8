/* The options of REDFLAG, one row each: the tables that the glue's parser and `redflag doctor` are made from.
 * X(field of struct rf_options, name, value that means true (default), value that means false, help) */
#ifndef RF_OPTIONS_LIST_H
#define RF_OPTIONS_LIST_H

#define RF_OPTION_SEPARATORS " ,\t\n"

#define RF_OPTION_LIST(X)                                                                                              \
	X(attribution_exact, "attribution", "exact", "stock",                                                          \
	  "who fails for a race: the owner of its goroutines, or whoever runs")                                        \
	X(goroutines, "goroutines", "1", "0", "register goroutines; 0 also means attribution=stock")                   \
	X(switches, "switches", "1", "0", "put the last goroutine switches into reports")                              \
	X(history, "history", "long", "stock",                                                                         \
	  "remember more of each goroutine, and report races whose other stack is gone all the same")                  \
	X(allocs, "allocs", "1", "0", "remember where heap blocks were allocated (only with a spool)")                 \
	X(parallel, "parallel", "concurrent", "stock",                                                                 \
	  "parallel tests are concurrent, or a test that waited for another's slot comes after it")                    \
	X(fast, "fast", "1", "0", "decide in Go's own assembly what the detector needn't be called for (amd64)")               \
	X(exit_early, "exit", "early", "stock",                                                                        \
	  "at the end, wait only while something can still run, or always for GORACE=atexit_sleep_ms")                 \
	X(mapkeys, "mapkeys", "1", "0", "check the bytes of string keys at map accesses")                              \
	X(clears, "clears", "1", "0", "check the elements at clear(slice)")                                          \
	X(pool, "pool", "1", "0", "report use after sync.Pool.Put, double Put, and Put of what is in use")                   \
	X(finalizers, "finalizers", "1", "0", "report use of an object after its finalizer ran, and objects that it keeps (wants goroutines)") \
	X(cleanups, "cleanups", "1", "0", "report finalizers and cleanups that keep their own object alive")                \
	X(aliases, "aliases", "1", "0", "report use of a pooled object's own array after sync.Pool.Put (wants pool)")          \
	X(gc, "gc", "1", "0", "mark what the collector freed, and report its use")                                       \
	X(growth, "growth", "1", "0", "sample what only grows in a process that leaks (only with a spool)")                  \
	X(channels, "channels", "1", "0", "report a close that senders wait at, and who closed what a panic is about")    \
	X(cgo_unwatched, "cgo", "0", "1", "report misuse of C memory (builds made with it set; costs more)") \
	X(cstacks, "cstacks", "1", "0", "with cgo=1: stacks of C code in findings of C memory, at a microsecond a malloc or free") \
	X(leaks, "leaks", "1", "0", "report goroutines that are blocked for good (Go 1.26 and newer; wants attribution=exact)") \
	X(exitleaks_unwatched, "exitleaks", "0", "1",                                                                  \
	  "1: report goroutines that are blocked for good at the end of a program, too (wants leaks)")                 \
	X(retained_unwatched, "retained", "0", "1",                                                                    \
	  "1: report values that were deleted from a sync.Map and are still held by a package variable at the end")   \
	X(mapdeletes_unwatched, "mapdeletes", "0", "1",                                                                \
	  "1: with retained=1, report values that were deleted from maps of the language, too")                       \
	X(lost_unwatched, "lost", "0", "1",                                                                            \
	  "1: report elements in the buffer of a channel that was closed and that nobody can receive from any more")   \
	X(views_unwatched, "views", "0", "1",                                                                          \
	  "1: report fields that are written together under one lock and read in two sections of it (amd64; costs more)")

/* Those with a number: X(field, name, greatest value, help). 0, the default, is off. */
#define RF_OPTION_NUMBER_LIST(X)                                                                                       \
	X(backlog, "backlog", 86400,                                                                                   \
	  "report a finalizer or cleanup that has been running for so many seconds while others wait behind it")

#endif
