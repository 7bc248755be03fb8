/* Lines of a stream to the texts of reports, which racetext.c reads. */
#include "read/racetext.h"

#include <string.h>

#define RULE "=================="

bool rf_racetext_rule(rf_str line)
{
	size_t n = sizeof(RULE) - 1;
	return line.len >= n && line.ptr[line.len - 1] == '=' && rf_str_ends(line, RULE) &&
	       (line.len == n || line.ptr[line.len - n - 1] != '=');
}

void rf_racetext_init(struct rf_racetext *r)
{
	*r = (struct rf_racetext){ 0 };
	rf_buf_init(&r->text);
	r->text.cap_max = RF_RACETEXT_BYTES_MAX;
}

void rf_racetext_release(struct rf_racetext *r)
{
	rf_buf_release(&r->text);
}

static void keep(struct rf_racetext *r, rf_str line)
{
	if (r->text.len + line.len + 1 > RF_RACETEXT_BYTES_MAX) {
		r->bytes_dropped += line.len + 1;
		return;
	}
	char *to = rf_buf_grow(&r->text, line.len + 1);
	if (!to)
		return;
	if (line.len)
		memcpy(to, line.ptr, line.len);
	to[line.len] = '\n';
}

static void open_report(struct rf_racetext *r, rf_str header, size_t prefix_bytes)
{
	rf_buf_reset(&r->text);
	keep(r, RF_STR(RULE));
	keep(r, header);
	r->own_bytes = r->text.len;
	r->foreign_lines = 0;
	r->prefix_bytes = prefix_bytes;
	r->open = true;
}

static bool close_report(struct rf_racetext *r, bool whole, rf_arena *arena, struct rf_report *out)
{
	bool incomplete;
	r->open = false;
	rf_str text = rf_str_take(rf_buf_str(&r->text), r->own_bytes);
	bool found = rf_racetext_parse(text, arena, out, &incomplete);
	if (incomplete || !whole || r->text.failed)
		r->incomplete++;
	return found;
}

/* Could this line be the report's own? Only the shape is looked at; the parser is stricter. */
static bool is_own(rf_str line)
{
	static const char *const starts[] = { "Previous ", "Goroutine ", "Read at ", "Write at ", "Heap block ",
					      "Global var ", "Put at ", "Detail: " };
	if (line.len == 0 || rf_str_starts(line, "  ") || rf_act_cut(&line, false))
		return true;
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		if (rf_str_starts(line, starts[i]))
			return true;
	}
	return rf_str_ends(line, "()");
}

/* A header opens a report: alone on its line, or behind a prefix that the rule before had too. */
static bool header_opens(const struct rf_racetext *r, rf_str line, size_t header_bytes)
{
	size_t prefix = line.len - header_bytes;
	return prefix == 0 || (r->rule_before && prefix == r->prefix_bytes);
}

bool rf_racetext_line(struct rf_racetext *r, rf_str line, rf_arena *arena, struct rf_report *out)
{
	bool found = false;
	size_t header;
	line = rf_str_line(line);
	if (rf_racetext_rule(line)) {
		if (r->open)
			found = close_report(r, true, arena, out);
		r->rule_before = true;
		r->prefix_bytes = line.len - (sizeof(RULE) - 1);
		return found;
	}
	if (rf_racetext_header(line, &header) != RF_KIND_UNKNOWN && header_opens(r, line, header)) {
		if (r->open)
			found = close_report(r, false, arena, out);
		open_report(r, rf_str_skip(line, line.len - header), line.len - header);
	} else if (r->open) {
		line = rf_str_skip(line, r->prefix_bytes);
		keep(r, line);
		if (is_own(line)) {
			r->own_bytes = r->text.len;
			r->foreign_lines = 0;
		} else if (++r->foreign_lines > RF_RACETEXT_FOREIGN_LINES_MAX) {
			found = close_report(r, false, arena, out);
		}
	}
	r->rule_before = false;
	return found;
}

bool rf_racetext_end(struct rf_racetext *r, rf_arena *arena, struct rf_report *out)
{
	r->rule_before = false;
	return r->open && close_report(r, false, arena, out);
}
