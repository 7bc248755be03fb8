/* Business tags, and the configuration file that has rules for them.
 *
 * The tag of an event comes from, in this order: the profiler label "tag" of its goroutines (of both sides the one that
 * sorts first, so that the order of the sides doesn't matter), --tag, REDFLAG_TAG (of the observed process, then our
 * own), a rule in .redflag.yml, the package of the finding.
 *
 *	# .redflag.yml
 *	tags:
 *	  - package: example.com/shop/payment*     # or function: …; * is any run of characters
 *	    tag: order-service:payment-timeout
 *
 *	suppressions: ci/races.supp                # instead of .redflag.supp beside this file; see policy/suppressions.h
 *
 *	policies:                                  # the first that fits; see policy/policy.h
 *	  - tag: order-service:*                   # and/or kind: data-race; without both it fits everything
 *	    events: 5                              # at least so many
 *	    within: 10m                            # in this time
 *	    silence: 1h                            # are silenced for this time; or bypass: true
 *	    severity: high                         # low, medium, high or critical
 *
 *	alerts:                                    # where alerts go; see finding/sink.h
 *	  - type: jsonl
 *	    path: /var/log/redflag.jsonl
 *
 *	database:                                  # what every run removes at its end, once a day; see upkeep/gc.h
 *	  keep: 90d
 *	  max_size: 500MB
 *
 * Rules are tried in the order of the file, on every user frame's function or package, sides in canonical order.
 */
#ifndef RF_FINDING_TAG_H
#define RF_FINDING_TAG_H

#include "base/error.h"
#include "finding/finding.h"
#include "finding/sink.h"

struct rf_tag_rule {
	bool on_function; /* else on the package */
	rf_str pattern, tag;
};

struct rf_policy { /* see policy/policy.h */
	rf_str name;        /* "FILE:LINE" of a rule */
	rf_str tag, kind;   /* which events; "" all */
	rf_str severity;    /* "" not given */
	uint64_t events, within_ns, silence_ns;
	bool bypass;        /* never silenced */
};

struct rf_config {
	struct rf_tag_rule *tag_rules;
	uint32_t tag_rule_count;
	rf_str suppressions; /* "suppressions:", a path as the file has it, relative to it; "" not given */
	struct rf_policy *policies;
	uint32_t policy_count;
	uint64_t keep_ns, size_max_bytes; /* "database:": what every run removes at its end; 0 not given */
	struct rf_sink *sinks; /* "alerts:" */
	uint32_t sink_count;
	bool has_alerts;       /* the file has "alerts:"; without it the summaries of silences go to stderr, and nothing else */
	rf_str path; /* the file it came from; "" when there was none */
};

/* Looks for .redflag.yml in `directory` and its parents up to the one with go.mod, go.work or .git. No file is not an
 * error. A malformed one is RF_ERR_INPUT with file, line and what to write instead. */
int rf_config_load(const char *directory, rf_arena *arena, struct rf_config *out, struct rf_error *err);
int rf_config_parse(rf_str text, const char *path, rf_arena *arena, struct rf_config *out, struct rf_error *err);

struct rf_tag_sources {
	rf_str option;             /* --tag */
	rf_str process;            /* REDFLAG_TAG as the observed process saw it */
	rf_str environment;        /* REDFLAG_TAG as we see it */
	const struct rf_config *config; /* may be NULL */
};
rf_str rf_tag_choose(const struct rf_report *report, const struct rf_finding *finding,
		     const struct rf_tag_sources *sources);

#endif
