/* Vector clocks, which every synchronisation reads or writes whole: 256 epochs, half a KiB (tsan_vector_clock.h). The detector's
 * functions for them go 16 bytes at a time, and Go ships them so for every processor; here they go 32 at a time where the processor
 * can (AVX2). They are wrapped for that (renames.txt); the results are the same, as probe.c proves on random clocks.
 *
 * A clock that isn't there yet is left to the detector, which allocates it. amd64 only.
 */
#ifndef RF_CLOCKS_H
#define RF_CLOCKS_H

#include <stdbool.h>
#include <stdint.h>

#ifdef RF_LAYOUT_CLOCKS
#define RF_CLOCKS_PROVED 1
#else
#define RF_CLOCKS_PROVED 0
#endif

#define RF_CLOCK_SLOTS 256 /* kThreadSlotCount (tsan_defs.h) */

struct rf_clock { /* VectorClock */
	uint16_t epochs[RF_CLOCK_SLOTS];
};

/* Before it is called, and where the processor can't, all is the detector's. */
static void rf_clocks_init(bool on);
/* Whether 32 bytes at a time are: freed.h goes by it, too. */
static bool rf_clocks_are_wide(void);

#define RF_CLOCK_ACQUIRE "_ZN6__tsan11VectorClock7AcquireEPKS0_"
#define RF_CLOCK_COPY "_ZN6__tsan11VectorClockaSERKS0_"
#define RF_CLOCK_RELEASE "_ZNK6__tsan11VectorClock7ReleaseEPPS0_"
#define RF_CLOCK_RELEASE_STORE "_ZNK6__tsan11VectorClock12ReleaseStoreEPPS0_"
#define RF_CLOCK_RELEASE_ACQUIRE "_ZN6__tsan11VectorClock14ReleaseAcquireEPPS0_"
#define RF_CLOCK_EXCHANGE "_ZN6__tsan11VectorClock19ReleaseStoreAcquireEPPS0_"

/* The detector's own, and those that take their place. */
void rf_clock_acquire(struct rf_clock *to, const struct rf_clock *from) __asm__("rf_orig_" RF_CLOCK_ACQUIRE);
struct rf_clock *rf_clock_copy(struct rf_clock *to, const struct rf_clock *from) __asm__("rf_orig_" RF_CLOCK_COPY);
void rf_clock_release(const struct rf_clock *from, struct rf_clock **to) __asm__("rf_orig_" RF_CLOCK_RELEASE);
void rf_clock_release_store(const struct rf_clock *from, struct rf_clock **to) __asm__("rf_orig_" RF_CLOCK_RELEASE_STORE);
void rf_clock_release_acquire(struct rf_clock *clock, struct rf_clock **other) __asm__("rf_orig_" RF_CLOCK_RELEASE_ACQUIRE);
void rf_clock_exchange(struct rf_clock *clock, struct rf_clock **other) __asm__("rf_orig_" RF_CLOCK_EXCHANGE);
void __redflag_clock_acquire(struct rf_clock *to, const struct rf_clock *from) __asm__(RF_CLOCK_ACQUIRE);
struct rf_clock *__redflag_clock_copy(struct rf_clock *to, const struct rf_clock *from) __asm__(RF_CLOCK_COPY);
void __redflag_clock_release(const struct rf_clock *from, struct rf_clock **to) __asm__(RF_CLOCK_RELEASE);
void __redflag_clock_release_store(const struct rf_clock *from, struct rf_clock **to) __asm__(RF_CLOCK_RELEASE_STORE);
void __redflag_clock_release_acquire(struct rf_clock *clock, struct rf_clock **other) __asm__(RF_CLOCK_RELEASE_ACQUIRE);
void __redflag_clock_exchange(struct rf_clock *clock, struct rf_clock **other) __asm__(RF_CLOCK_EXCHANGE);

#endif
