//go:build !race

// The hooks of a build without -race do nothing, and are inlined away. Those behind raceenabled, and those in files
// that only race builds have, need nothing here.

package runtime

import (
	"internal/abi"
	"unsafe"
)

func rfExit()                                                        {}
func rfLastSample()                                                  {}
func rfSysmon(now int64)                                             {}
func rfGoroutineStart(newg, callergp *g, callerpc uintptr)           {}
func rfFinalizer(p unsafe.Pointer)                                   {}
func rfFinalizerBegin(f *finalizer)                                  {}
func rfFinalizerEnd(f *finalizer)                                    {}
func rfFinalizerSet(x unsafe.Pointer)                                {}
func rfKeepsAlive(x unsafe.Pointer, fn *funcval, arg unsafe.Pointer) {}
func rfFinalizerGone()                                               {}
func rfCleanupQueued()                                               {}
func rfCleanupSet(key unsafe.Pointer)                                {}
func rfCleanupBegin(*cleanupBlock, int, *funcval, unsafe.Pointer)    {}
func rfCleanupsEnd()                                                 {}
func rfFinalizerHands()                                              {}
func rfFinalizerSends(c *hchan, p unsafe.Pointer)                    {}
func rfFinalizerSelects(cases *scase, sends int)                     {}
func rfCycle()                                                       {}
func rfSweep(s *mspan)                                               {}
func rfTiny(block unsafe.Pointer)                                    {}
func rfCollected(s *mspan, i uintptr) bool                           { return false }
func rfCgoEnter(fn unsafe.Pointer) struct{}                          { return struct{}{} }
func rfCgoLeave(struct{})                                            {}
func rfCgoExit()                                                     {}
func rfCgoText(p *byte)                                              {}
func rfCgoBytes(p *byte, n int)                                      {}
func rfNobody()                                                      {}
func rfGoroutineEnd()                                                {}
func rfSwitch(gp *g)                                                 {}
func rfLeakStart()                                                   {}
func rfLeaked(gp *g) bool                                            { return false }
func rfLeakWeak(p uintptr)                                           {}
func rfLeakRoots(gcw *gcWork)                                        {}
func rfMainBegins()                                                  {}
func rfMainWipe()                                                    {}
func rfMainReturned()                                                {}
func rfLeaksAtExit(code int)                                         {}
func rfFini()                                                        {}
func rfParks(reason waitReason)                                      {}
func rfMarkDone()                                                    {}
func rfAtEnd() int                                                   { return 0 }

func rfAlloc(p unsafe.Pointer, t *_type, n, block uintptr) {}

func rfSameObject(p, q uintptr) bool                                 { return false }
func rfArithmetic(p unsafe.Pointer, originals []unsafe.Pointer) bool { return false }

type rfSenders struct{}

func (s *rfSenders) add(sg *sudog)              {}
func (s *rfSenders) report(c *hchan)            {}
func rfClosed(c *hchan)                         {}
func rfChanMade(c *hchan)                       {}
func rfChanMoves(c *hchan, idx uint, sg *sudog) {}
func rfChanPanic(c *hchan, send bool)           {}
func rfFatalPanic(p *_panic)                    {}

func rfReadKey(t *abi.Type, key unsafe.Pointer, callerpc, pc uintptr) {}

func rfClearPointers(p unsafe.Pointer, n, callerpc uintptr) {}
