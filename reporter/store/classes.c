#include "store/classes.h"

#include <string.h>

#include "base/hash.h"
#include "finding/class.h"
#include "read/source.h"
#include "store/database.h"
#include "store/search_names.h"
#include "store/store.h"

void rf_counter_lines_forget(struct rf_counter_lines *lines)
{
	memset(lines, 0, sizeof(*lines));
}

static bool read_line(const struct rf_event *e, const struct rf_frame *at)
{
	struct rf_source source;
	rf_arena arena;
	bool counts = false;
	rf_arena_init(&arena, 0);
	if (rf_source_read(at->file, at->line, e->report->time_unix_ns, &arena, &source) && !source.changed) {
		for (uint32_t i = 0; i < source.count; i++)
			counts |= source.lines[i].number == at->line &&
				  rf_class_line_counts(source.lines[i].text, rf_class_is_number(e->report));
	}
	rf_arena_release(&arena);
	return counts;
}

static bool is_counter(struct rf_store *s, const struct rf_event *e)
{
	const struct rf_frame *at = rf_class_counter_place(e->report, e->finding);
	/* Of a report without a time nobody knows which source it is of; an event of another database was looked at there. */
	if (!at || e->report->time_unix_ns == 0 || e->decided.ptr)
		return false;
	uint64_t key = rf_hash_str(RF_HASH_START ^ at->line ^ (uint64_t)rf_class_is_number(e->report) << 32, at->file) | 1;
	size_t i = (size_t)(key >> 8) % RF_COUNTER_LINES;
	if (s->counter_lines.lines[i].key != key) {
		s->counter_lines.lines[i].counts = read_line(e, at);
		s->counter_lines.lines[i].key = key;
	}
	return s->counter_lines.lines[i].counts;
}

void rf_classes_find(struct rf_store *s, struct rf_event *event, struct rf_finding *classed)
{
	unsigned classes = event->report->classes | rf_classes_of(event->report, event->finding);
	if (is_counter(s, event))
		classes |= 1u << RF_CLASS_COUNTER;
	if (classes == event->finding->classes)
		return;
	*classed = *event->finding;
	classed->classes = classes;
	rf_arena_reset(&s->intern.scratch);
	classed->title = rf_finding_title(classed, classes, &s->intern.scratch);
	event->finding = classed;
}

int rf_rows_classes(struct rf_store *s, const struct rf_event *event, struct rf_finding_state *state, struct rf_error *err)
{
	unsigned classes = state->classes | event->finding->classes;
	char text[RF_CLASSES_BYTES];
	rf_arena arena;
	if (classes == state->classes || event->finding->wildcard) /* a wildcard may have joined a finding of another title */
		return 0;
	rf_arena_init(&arena, 0);
	rf_str title = rf_finding_title(event->finding, classes, &arena);
	int rc = arena.failed ? rf_fail(err, RF_ERR_MEMORY, "Out of memory while storing a report.") : 0;
	if (rc == 0)
		rc = rf_search_untitle(s, state->id, err);
	if (rc >= 0)
		rc = rf_db_run(s, RF_SQL_FINDING_CLASSES, NULL, err, "ist", state->id, rf_classes_put(classes, text), title);
	if (rc >= 0)
		rc = rf_search_title(s, state->id, err);
	if (rc >= 0)
		state->classes = classes;
	rf_arena_release(&arena);
	return rc < 0 ? rc : 0;
}
