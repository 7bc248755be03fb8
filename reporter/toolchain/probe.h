/* The probe: a program made of tsan-glue/probe.c and the detector of the Go in use. It calls the detector, looks at what it
 * left in memory, and so proves every layout that the glue reads.
 *
 * It prints `#define RF_LAYOUT_… n` lines for the glue, or fails with a sentence. Then, or when it can't be built or run here, the
 * layout text is `#define RF_LAYOUT_UNPROVED 1`, with which the glue leaves those features off, and `verdict` says why.
 */
#ifndef RF_TOOLCHAIN_PROBE_H
#define RF_TOOLCHAIN_PROBE_H

#include "toolchain/embedded.h"
#include "toolchain/goenv.h"

struct rf_probe {
	rf_str layout;  /* text for the head of the glue */
	rf_str verdict; /* "ok", or the sentence */
	rf_str exit;    /* "1": its sleep at the end is ours (RF_LAYOUT_EXIT); empty: it isn't */
	rf_str fast;    /* which short cuts are proved: the value of RF_LAYOUT_FAST; empty: none */
	rf_str views;   /* "1": what REDFLAG=views=1 goes by is proved (RF_LAYOUT_VIEWS); empty: it isn't */
};

/* `detector` is its assembly (RF_OBJPRINT_WEAK); `directory` is empty and ours. Fails only for lack of memory or disk. */
int rf_probe_run(const struct rf_embedded_file *table, const struct rf_goenv *go, rf_str detector, const char *directory,
		 rf_arena *arena, struct rf_probe *out, struct rf_error *err);

#endif
