/* The text is made by PrintReport in compiler-rt/lib/tsan/rtl/tsan_report.cpp, the part for Go. */
#include "read/racetext.h"

#include <string.h>

#define HEADER "WARNING: DATA RACE"
#define OWN_HEADER "WARNING: REDFLAG: " /* followed by a kind's name */

/* tsan_report.cpp: kMainGoroutineId; printed as "main goroutine". */
#define MAIN_THREAD 1u
#define COLLECTOR_THREAD 0u /* stands for the garbage collector (tsan-glue/marks.h, RF_MARK_THREAD) */

#define KIND_BYTES_MAX 32u

/* Kinds are lower case: one comparison decides for most lines, a few for nearly all of them. */
enum rf_kind rf_racetext_header(rf_str line, size_t *bytes)
{
	char last = line.len ? line.ptr[line.len - 1] : '\0';
	*bytes = sizeof(HEADER) - 1;
	if (last == 'E' && rf_str_ends(line, HEADER))
		return RF_KIND_DATA_RACE;
	if (last < 'a' || last > 'z') /* kinds are lower case */
		return RF_KIND_UNKNOWN;
	size_t n = 1;
	while (n < line.len && n < KIND_BYTES_MAX && line.ptr[line.len - n - 1] != ' ')
		n++;
	if (!rf_str_ends(rf_str_take(line, line.len - n), OWN_HEADER))
		return RF_KIND_UNKNOWN;
	*bytes = sizeof(OWN_HEADER) - 1 + n;
	enum rf_kind kind = rf_kind_from_name(rf_str_skip(line, line.len - n));
	return kind == RF_KIND_DATA_RACE ? RF_KIND_UNKNOWN : kind;
}

static bool is_header(rf_str line)
{
	size_t bytes;
	return rf_racetext_header(line, &bytes) != RF_KIND_UNKNOWN;
}

/* --- one report ------------------------------------------------------------------------------------------------ */

struct parse {
	rf_arena *arena;
	struct rf_report *out;
	struct rf_stack *target; /* where the frames that come next belong; NULL: nowhere */
	struct rf_frame *frames; /* room for RF_RACETEXT_FRAMES_MAX; not zeroed, that would cost more than a report */
	uint32_t frame_count;
	bool frame_open;         /* a function line came, its file line did not yet */
	bool cut, incomplete;
};

/* Hands the frames collected so far to their stack. */
static void end_stack(struct parse *p)
{
	if (p->frame_open)
		p->incomplete = true;
	if (p->target && p->frame_count) {
		struct rf_frame *frames = rf_arena_array(p->arena, p->frame_count, sizeof(*frames));
		if (frames) {
			memcpy(frames, p->frames, p->frame_count * sizeof(*frames));
			*p->target = (struct rf_stack){ frames, p->frame_count, p->cut };
		}
	}
	p->target = NULL;
	p->frame_count = 0;
	p->frame_open = p->cut = false;
}

/* The goroutine with that number; a new one if there is none. NULL when there is no room. */
static struct rf_goroutine *goroutine_of(struct parse *p, uint32_t thread)
{
	struct rf_report *r = p->out;
	for (uint32_t i = 0; i < r->goroutine_count; i++) {
		if (r->goroutines[i]->thread == thread)
			return r->goroutines[i];
	}
	if (r->goroutine_count == RF_REPORT_GOROUTINES_MAX) {
		p->incomplete = true;
		return NULL;
	}
	struct rf_goroutine *g = rf_arena_alloc(p->arena, sizeof(*g));
	if (!g)
		return NULL;
	g->thread = thread;
	g->is_main = thread == MAIN_THREAD;
	r->goroutines[r->goroutine_count++] = g;
	return g;
}

/* Cuts `prefix` off *s if it starts with it. */
static bool skip(rf_str *s, const char *prefix)
{
	if (!rf_str_starts(*s, prefix))
		return false;
	*s = rf_str_skip(*s, strlen(prefix));
	return true;
}

static bool parse_thread(rf_str s, uint32_t *thread)
{
	uint64_t n;
	if (rf_str_eq_cstr(s, "main goroutine:")) {
		*thread = MAIN_THREAD;
		return true;
	}
	if (!skip(&s, "goroutine ") || !rf_str_ends(s, ":") || !rf_str_u64(rf_str_take(s, s.len - 1), &n) ||
	    n > UINT32_MAX)
		return false;
	*thread = (uint32_t)n;
	return true;
}

/* "0x00c000016150 by the garbage collector (collection 12, 0.031 s before)" */
static bool parse_collection(struct parse *p, rf_str s)
{
	struct rf_access access = { .write = true, .freed = true, .previous = true };
	rf_str number = rf_str_cut(&s, ' ');
	if (!rf_str_starts(number, "0x") || !rf_str_hex_u64(number, &access.address) ||
	    !skip(&s, "by the garbage collector (") || !rf_str_ends(s, ")"))
		return false;
	end_stack(p);
	access.goroutine = goroutine_of(p, COLLECTOR_THREAD);
	bool room = access.goroutine && p->out->access_count < RF_REPORT_ACCESSES_MAX;
	p->incomplete |= !room;
	if (room) {
		access.goroutine->state = rf_str_take(s, s.len - 1);
		p->out->accesses[p->out->access_count++] = access;
	}
	return true;
}

/* "0x00c000016150 by goroutine 22:" */
static bool parse_address_and_thread(rf_str s, const char *by, uint64_t *address, uint32_t *thread)
{
	rf_str number = rf_str_cut(&s, ' ');
	return rf_str_starts(number, "0x") && rf_str_hex_u64(number, address) && skip(&s, by) &&
	       parse_thread(s, thread);
}

/* "Detail: 3 more wait to send" */
static bool parse_detail(struct parse *p, rf_str line)
{
	if (p->out->kind == RF_KIND_DATA_RACE || !skip(&line, "Detail: "))
		return false;
	end_stack(p);
	p->out->detail = line;
	return true;
}

/* "Write at 0x00c000016150 by goroutine 22:", "Previous read at 0x… by main goroutine:", "Put at 0x… by goroutine 7:" */
static bool parse_access(struct parse *p, rf_str line)
{
	struct rf_access access = { 0 };
	uint32_t thread;
	if (p->out->kind == RF_KIND_USE_AFTER_GC && skip(&line, "Previous free at "))
		return parse_collection(p, line);
	access.previous = skip(&line, "Previous ");
	if (rf_kind_is_pool(p->out->kind) && skip(&line, access.previous ? "put at " : "Put at "))
		access.write = access.freed = access.put = true; /* to the detector a Put is a write */
	else if (p->out->kind != RF_KIND_DATA_RACE && skip(&line, access.previous ? "free at " : "Free at "))
		access.write = access.freed = true;
	else if (p->out->kind != RF_KIND_DATA_RACE && (access.act = rf_act_cut(&line, access.previous)) != RF_ACT_NONE)
		;
	else if (skip(&line, access.previous ? "write at " : "Write at "))
		access.write = true;
	else if (!skip(&line, access.previous ? "read at " : "Read at "))
		return false;
	if (!parse_address_and_thread(line, "by ", &access.address, &thread))
		return false;
	end_stack(p);
	access.goroutine = goroutine_of(p, thread);
	if (!access.goroutine || p->out->access_count == RF_REPORT_ACCESSES_MAX) {
		p->incomplete = true;
		return true;
	}
	p->out->accesses[p->out->access_count] = access;
	p->target = &p->out->accesses[p->out->access_count++].stack;
	return true;
}

/* "Goroutine 22 (running) created at:" */
static bool parse_goroutine(struct parse *p, rf_str line)
{
	uint64_t thread;
	if (!skip(&line, "Goroutine ") || !rf_str_u64(rf_str_cut(&line, ' '), &thread) || thread > UINT32_MAX ||
	    !skip(&line, "(") || !rf_str_ends(line, ") created at:"))
		return false;
	end_stack(p);
	struct rf_goroutine *g = goroutine_of(p, (uint32_t)thread);
	if (!g)
		return true;
	g->state = rf_str_cut(&line, ')');
	g->finished = rf_str_eq_cstr(g->state, "finished");
	p->target = &g->created;
	return true;
}

/* "Heap block of size 8 at 0x… allocated by goroutine 7:" */
static bool parse_heap(struct parse *p, rf_str line)
{
	uint64_t bytes, address;
	uint32_t thread;
	if (!skip(&line, "Heap block of size ") || !rf_str_u64(rf_str_cut(&line, ' '), &bytes) ||
	    !skip(&line, "at ") || !parse_address_and_thread(line, "allocated by ", &address, &thread))
		return false;
	end_stack(p);
	p->out->memory = RF_MEMORY_HEAP;
	p->out->memory_start = address;
	p->out->memory_bytes = bytes;
	p->target = &p->out->allocated;
	return true;
}

/* "Global var main.counter of size 8 at 0x… declared at main.go:7" */
static bool parse_global(struct parse *p, rf_str line)
{
	uint64_t bytes, address;
	if (!skip(&line, "Global var "))
		return false;
	ptrdiff_t at = rf_str_find_str(line, RF_STR(" of size "));
	if (at < 0)
		return false;
	rf_str name = rf_str_take(line, (size_t)at);
	line = rf_str_skip(line, (size_t)at + sizeof(" of size ") - 1);
	if (!rf_str_u64(rf_str_cut(&line, ' '), &bytes) || !skip(&line, "at ") ||
	    !rf_str_hex_u64(rf_str_cut(&line, ' '), &address))
		return false;
	end_stack(p);
	p->out->memory = RF_MEMORY_GLOBAL;
	p->out->memory_start = address;
	p->out->memory_bytes = bytes;
	p->out->memory_name = name;
	return true;
}

/* What stands behind the last run of `blanks` blanks; other output may stand before it on the same line. The empty
 * slice when there is no such run. */
static rf_str behind_blanks(struct parse *p, rf_str line, size_t blanks)
{
	size_t run = 0, start = SIZE_MAX;
	if (line.len > blanks && line.ptr[blanks] != ' ' && memcmp(line.ptr, "      ", blanks) == 0 &&
	    !memchr(line.ptr + blanks, ' ', line.len - blanks))
		return rf_str_skip(line, blanks); /* nearly always */
	for (size_t i = 0; i < line.len; i++) {
		if (line.ptr[i] == ' ') {
			run++;
			continue;
		}
		if (run >= blanks)
			start = i;
		run = 0;
	}
	if (start == SIZE_MAX)
		return RF_STR("");
	if (start != blanks)
		p->incomplete = true;
	return rf_str_skip(line, start);
}

/* "      /src/shop/cart.go:18 +0xa5": the rest of the frame that is open. */
static bool parse_file(struct parse *p, rf_str line)
{
	uint64_t number, offset;
	ptrdiff_t plus = rf_str_find_last(line, '+');
	if (plus < 1 || line.ptr[plus - 1] != ' ' || !rf_str_hex_u64(rf_str_skip(line, (size_t)plus + 1), &offset))
		return false;
	rf_str place = rf_str_take(line, (size_t)plus - 1);
	ptrdiff_t colon = rf_str_find_last(place, ':');
	if (colon < 0 || !rf_str_u64(rf_str_skip(place, (size_t)colon + 1), &number))
		return false;
	rf_str file = behind_blanks(p, rf_str_take(place, (size_t)colon), 6);
	if (file.len == 0)
		return false;
	if (!p->frame_open) {
		p->incomplete = true;
		return true;
	}
	struct rf_frame *f = &p->frames[p->frame_count - 1];
	f->file = rf_str_eq_cstr(file, "-") ? RF_STR("") : file;
	f->line = number > UINT32_MAX ? 0 : (uint32_t)number;
	f->offset = offset;
	p->frame_open = false;
	return true;
}

/* "  example.com/shop.(*Cart).Add()": opens a frame. runtime/race.go prints "??" for an address without a name. */
static bool parse_function(struct parse *p, rf_str line)
{
	if (line.len < 3 || line.ptr[line.len - 1] != ')' || line.ptr[line.len - 2] != '(')
		return false;
	rf_str name = behind_blanks(p, rf_str_take(line, line.len - 2), 2);
	if (name.len == 0 || !p->target)
		return false;
	if (p->frame_open)
		p->incomplete = true;
	p->frame_open = false;
	if (p->frame_count == RF_RACETEXT_FRAMES_MAX) {
		p->cut = true;
		return true;
	}
	if (rf_str_eq_cstr(name, "??"))
		name = RF_STR("");
	p->frames[p->frame_count++] = (struct rf_frame){ .function = name };
	p->frame_open = true;
	return true;
}

static void parse_line(struct parse *p, rf_str line)
{
	if (line.len == 0 || rf_racetext_rule(line) || is_header(line) ||
	    rf_str_eq_cstr(line, "  [failed to restore the stack]"))
		return;
	/* A file's line ends with a number and a function's with "()". */
	if (line.ptr[0] == ' ' && (line.ptr[line.len - 1] == ')' ? parse_function(p, line) : parse_file(p, line)))
		return;
	if (parse_access(p, line) || parse_goroutine(p, line) || parse_heap(p, line) || parse_global(p, line) ||
	    parse_detail(p, line))
		return;
	/* Other output. It may have taken the place of the line break before one of ours. */
	p->incomplete = true;
	if (!parse_file(p, line))
		parse_function(p, line);
}

/* The first header decides. */
static enum rf_kind kind_of_text(rf_str text)
{
	enum rf_kind kind = RF_KIND_UNKNOWN;
	size_t bytes;
	while (text.len && kind == RF_KIND_UNKNOWN)
		kind = rf_racetext_header(rf_str_line(rf_str_cut(&text, '\n')), &bytes);
	return kind;
}

bool rf_racetext_parse(rf_str text, rf_arena *arena, struct rf_report *out, bool *incomplete)
{
	struct rf_frame frames[RF_RACETEXT_FRAMES_MAX];
	struct parse p = { .arena = arena, .out = out, .frames = frames };
	*out = (struct rf_report){ .kind = kind_of_text(text) };
	*incomplete = true;
	if (out->kind == RF_KIND_UNKNOWN)
		return false;
	out->text = rf_arena_dup(arena, text); /* functions and files are slices of it */
	for (rf_str rest = out->text; rest.len;)
		parse_line(&p, rf_str_line(rf_str_cut(&rest, '\n')));
	end_stack(&p);
	if (out->access_count == 0)
		return false;
	*incomplete = p.incomplete || out->access_count < (rf_kind_is_alone(out->kind) ? 1 : 2);
	return true;
}
