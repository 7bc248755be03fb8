/* The sleep at the end of the process. The detector sleeps for GORACE=atexit_sleep_ms (a second) in Finalize (tsan_rtl.cpp), so
 * that goroutines which still run may race. Here the runtime waits itself, for goroutines that can run at all
 * (runtime/redflag_exit_race.go), and the detector's sleep is shortened by what was waited. Its function that sleeps is
 * wrapped for that (renames.txt); probe.c proves that Finalize calls it.
 */
#ifndef RF_EXIT_H
#define RF_EXIT_H

#include <stdint.h>

#ifdef RF_LAYOUT_EXIT
#define RF_EXIT_PROVED 1
#else
#define RF_EXIT_PROVED 0
#endif

#define RF_EXIT_SLEEP_MS 1000u         /* the detector's default for Go (tsan_flags.cpp) */
#define RF_EXIT_SLEEP_MS_MAX 86400000u /* a longer one is left to the detector */

/* The time that GORACE asks for. A wrong answer makes the wait shorter or longer than that, never loses any of it. */
static uint32_t rf_exit_sleep_ms(void);

/* How long was waited: the detector's next sleep is so much shorter. UINT64_MAX: nothing can run any more, so not at all. */
void __redflag_waited(uint64_t us);

/* The threads of the process, by the kernel; 0 unknown. */
void __redflag_threads(uintptr_t *count);

#endif
