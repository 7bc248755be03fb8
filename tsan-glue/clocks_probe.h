/* The probe's part about vector clocks: ours (clocks.c) and the detector's on the same random ones, clock and other compared. */
#ifndef RF_CLOCKS_PROBE_H
#define RF_CLOCKS_PROBE_H

#include "tsan-glue/clocks.c"

#define CLOCK_STEPS 2000u

static void clock_fill(struct rf_clock *clock)
{
	for (unsigned i = 0; i < RF_CLOCK_SLOTS; i++)
		clock->epochs[i] = (uint16_t)(fast_random(4) ? fast_random(1 << 14) : fast_random(1 << 16));
}

static void clock_step(unsigned which, bool ours, struct rf_clock *clock, struct rf_clock *other)
{
	switch (which) {
	case 0:
		(ours ? __redflag_clock_acquire : rf_clock_acquire)(clock, other);
		break;
	case 1:
		(ours ? __redflag_clock_copy : rf_clock_copy)(clock, other);
		break;
	case 2:
		(ours ? __redflag_clock_release : rf_clock_release)(clock, &other);
		break;
	case 3:
		(ours ? __redflag_clock_release_store : rf_clock_release_store)(clock, &other);
		break;
	case 4:
		(ours ? __redflag_clock_release_acquire : rf_clock_release_acquire)(clock, &other);
		break;
	default:
		(ours ? __redflag_clock_exchange : rf_clock_exchange)(clock, &other);
	}
}

/* Two clocks, and what lies behind each of them. */
static bool clocks_work(void)
{
	static struct rf_clock ours[4], theirs[4];
	bool differ = false;
	rf_clocks_init(true);
	for (unsigned i = 0; i < CLOCK_STEPS; i++) {
		for (unsigned j = 0; j < 4; j++)
			clock_fill(&ours[j]);
		memcpy(theirs, ours, sizeof(theirs));
		clock_step(i % 6, true, &ours[0], &ours[2]);
		clock_step(i % 6, false, &theirs[0], &theirs[2]);
		differ |= memcmp(ours, theirs, sizeof(ours)) != 0;
	}
	rf_clocks_init(false);
	return !differ;
}

#endif
