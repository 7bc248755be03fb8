/* Stacks that were seen before, and what was made of them: so that the same race, seen again, costs no new fingerprint and no
 * look-up of its frames. Internal to store/.
 *
 * Stacks are told apart by everything that is stored of them, byte by byte; hashes only find them. What is made of a report here
 * (rf_finding_make) depends on its kind, the stacks and where its goroutines were started, so it is kept under those.
 *
 * Pointers that are given out stay valid until rf_intern_limit, which drops everything once it has grown too large: a store calls
 * it when a transaction begins. Ids of rows are kept beside their stacks; rf_intern_forget_ids drops only those.
 */
#ifndef RF_STORE_INTERN_H
#define RF_STORE_INTERN_H

#include "base/arena.h"
#include "finding/finding.h"
#include "policy/suppressions.h"

#define RF_INTERN_BUCKETS 16384
#define RF_INTERN_FILES 256
#define RF_INTERN_BYTES_MAX ((size_t)8 << 20) /* some fifteen thousand stacks and what was made of them */

struct rf_known_frame {
	struct rf_known_frame *next;
	struct rf_frame frame;
	uint64_t hash;
	int64_t row;          /* frames.id, when `generation` is the intern's */
	uint32_t generation;
};

struct rf_known_stack {
	struct rf_known_stack *next;
	uint64_t hash;
	struct rf_known_frame **frames;
	uint32_t count;       /* of the frames */
	bool cut;
	uint32_t generation;
	int64_t row;          /* stacks.id, as above */
	uint64_t match_key;   /* rf_stack_match_key; 0 until it is asked for */
	struct rf_known_stack *twin; /* the same stack in another intern, while `twin_life` is that one's `life` */
	uint32_t twin_life;
	struct rf_frame *copies; /* rf_intern_stack's; NULL until it is asked for */
};

/* What rf_finding_make looks at. */
struct rf_known_key {
	uint64_t kind, sides;
	const struct rf_known_stack *stacks[2], *created[2];
	uint64_t freed[2]; /* 0 or 1, and the action above that */
};

/* One for all reports whose stacks differ in what doesn't count. */
struct rf_made_finding {
	struct rf_made_finding *next;
	struct rf_finding finding;
};

struct rf_known_finding {
	struct rf_known_finding *next;
	struct rf_known_key key;
	const struct rf_finding *finding;
	/* Entries of the list that fit, whatever their tag and expiry, while `list` is the intern's; in the list's order. */
	uint32_t list, fit_count;
	const struct rf_suppression **fits;
};

/* One report: its rf_report_match_key, and its stacks; NULL: the stack is missing. */
struct rf_known_report {
	uint64_t match_key;
	struct rf_known_stack *stacks[RF_REPORT_ACCESSES_MAX], *created[RF_REPORT_GOROUTINES_MAX], *allocated;
	struct rf_known_finding *made; /* by rf_intern_finding; NULL: not kept */
};

struct rf_intern {
	rf_arena arena, scratch;
	struct rf_known_frame *frames[RF_INTERN_BUCKETS];
	struct rf_known_stack *stacks[RF_INTERN_BUCKETS];
	struct rf_known_finding *findings[RF_INTERN_BUCKETS];
	struct rf_made_finding *made[RF_INTERN_BUCKETS];
	rf_str files[RF_INTERN_FILES]; /* names of the latest, of which a frame takes its own */
	uint32_t generation;
	uint32_t life;        /* from 1: counts how often everything was dropped */
	uint32_t list;        /* counts the lists of suppressions that were in use */
	const struct rf_suppressions *suppressions;
};

void rf_intern_init(struct rf_intern *n);
void rf_intern_release(struct rf_intern *n);
void rf_intern_limit(struct rf_intern *n);
void rf_intern_forget(struct rf_intern *n);
void rf_intern_forget_ids(struct rf_intern *n);
/* False: out of memory. */
bool rf_intern_report(struct rf_intern *n, const struct rf_report *report, struct rf_known_report *out);
/* As rf_intern_report of the report that `known`, of another intern, belongs to; each of its stacks is looked up once. */
bool rf_intern_adopt(struct rf_intern *n, const struct rf_report *report, const struct rf_known_report *known,
		     struct rf_known_report *out);
/* The stack with its frames side by side, as reports have it; they stay like everything here. Without memory for them it has none,
 * and n->arena.failed is set. */
struct rf_stack rf_intern_stack(struct rf_intern *n, struct rf_known_stack *k);
/* rf_report_match_key, of stacks that were hashed before. */
uint64_t rf_intern_match_key(const struct rf_report *report, const struct rf_known_report *known);
/* The finding of a report whose stacks these are, as rf_finding_make_brief gives it; NULL when out of
 * memory. It is made in `arena` when not all of its stacks are known (of a goroutine that the reader dropped). */
const struct rf_finding *rf_intern_finding(struct rf_intern *n, const struct rf_report *report,
					   struct rf_known_report *known, rf_arena *arena);
void rf_intern_use_suppressions(struct rf_intern *n, const struct rf_suppressions *list);
/* As rf_suppressions_match of the list in use. */
const struct rf_suppression *rf_intern_suppression(struct rf_intern *n, const struct rf_report *report,
						   const struct rf_known_report *known, rf_str tag, uint64_t now_unix_ns);

#endif
