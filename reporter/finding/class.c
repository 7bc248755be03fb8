#include "finding/class.h"

#include <string.h>

/* internal/abi/type.go; reflect's numbers, which never change */
enum go_kind { GO_INT = 2, GO_COMPLEX128 = 16, GO_INTERFACE = 20, GO_SLICE = 23, GO_STRING = 24 };

static unsigned bit(enum rf_class class)
{
	return 1u << class;
}

static const struct rf_access *access_of(const struct rf_report *report, const struct rf_side *side)
{
	return &report->accesses[side->access];
}

/* Text doesn't tell of atomics but by the names of functions. */
static bool is_atomic(const struct rf_report *report, const struct rf_side *side)
{
	return report->from_spool ? access_of(report, side)->atomic : side->operation == RF_OPERATION_ATOMIC;
}

/* Known to be one. The detector knows that of a side whose stack is gone, too. */
static bool is_plain(const struct rf_report *report, const struct rf_side *side)
{
	return side->operation == RF_OPERATION_PLAIN && (report->from_spool ? !is_atomic(report, side) : !side->missing);
}

/* The functions of maps read keys, and write nothing but the map. */
static unsigned map_class(const struct rf_report *report, const struct rf_finding *f)
{
	const struct rf_side *a = &f->sides[0], *b = &f->sides[1];
	if (a->operation != RF_OPERATION_MAP)
		return 0;
	bool both = b->operation == RF_OPERATION_MAP && !b->missing;
	return both || (b->missing && access_of(report, a)->write) ? bit(RF_CLASS_MAP) : 0;
}

static unsigned atomic_class(const struct rf_report *report, const struct rf_finding *f)
{
	for (int i = 0; i < 2; i++) {
		const struct rf_side *other = &f->sides[1 - i];
		if (!is_atomic(report, &f->sides[i]) || !is_plain(report, other))
			continue;
		return report->from_spool && access_of(report, other)->size > 1
			       ? bit(RF_CLASS_ATOMIC) | bit(RF_CLASS_ATOMIC_COPY) : bit(RF_CLASS_ATOMIC);
	}
	return 0;
}

static unsigned type_class(const struct rf_report *report)
{
	return report->memory_kind == GO_SLICE	     ? bit(RF_CLASS_SLICE)
	       : report->memory_kind == GO_STRING    ? bit(RF_CLASS_STRING)
	       : report->memory_kind == GO_INTERFACE ? bit(RF_CLASS_INTERFACE)
						     : 0;
}

unsigned rf_classes_of(const struct rf_report *report, const struct rf_finding *f)
{
	if (f->kind != RF_KIND_DATA_RACE || f->side_count != 2)
		return 0;
	return map_class(report, f) | atomic_class(report, f) | type_class(report) |
	       (report->memory_in_context ? bit(RF_CLASS_CONTEXT) : 0);
}

/* --- counters ---------------------------------------------------------------------------------------------------- */

bool rf_class_is_number(const struct rf_report *report)
{
	return report->memory_kind >= GO_INT && report->memory_kind <= GO_COMPLEX128;
}

const struct rf_frame *rf_class_counter_place(const struct rf_report *report, const struct rf_finding *f)
{
	if (f->kind != RF_KIND_DATA_RACE || f->side_count != 2)
		return NULL;
	const struct rf_access *a = &report->accesses[0], *b = &report->accesses[1];
	if (a->write == b->write || a->size > 1 || b->size > 1 || a->stack.count == 0 || b->stack.count == 0 ||
	    !is_plain(report, &f->sides[0]) || !is_plain(report, &f->sides[1]) ||
	    (report->memory_kind && !rf_class_is_number(report)))
		return NULL;
	const struct rf_frame *x = &a->stack.frames[0], *y = &b->stack.frames[0];
	return x->line && x->line == y->line && rf_str_eq(x->file, y->file) && rf_str_eq(x->function, y->function) ? x : NULL;
}

/* Behind a string, a rune or a comment that begins at `i`; `i` itself where none does. */
static size_t skip_text(rf_str line, size_t i)
{
	char c = line.ptr[i], next = i + 1 < line.len ? line.ptr[i + 1] : '\0';
	if (c == '/' && next == '/')
		return line.len;
	if (c == '/' && next == '*') {
		for (i += 2; i + 1 < line.len; i++) {
			if (line.ptr[i] == '*' && line.ptr[i + 1] == '/')
				return i + 2;
		}
		return line.len;
	}
	if (c != '"' && c != '\'' && c != '`')
		return i;
	for (i++; i < line.len && line.ptr[i] != c; i++)
		i += line.ptr[i] == '\\' && c != '`';
	return i < line.len ? i + 1 : line.len;
}

struct assignments {
	uint32_t counts; /* ++ -- += -= */
	uint32_t sums;   /* of these, += */
	uint32_t others;
};

/* An `=` or a doubled sign at `i`; says how many bytes it has. */
static size_t take_sign(rf_str line, size_t i, struct assignments *out)
{
	char c = line.ptr[i], before = i ? line.ptr[i - 1] : ' ', next = i + 1 < line.len ? line.ptr[i + 1] : ' ';
	if ((c == '+' || c == '-') && next == c) {
		out->counts++;
		return 2;
	}
	if (c != '=')
		return 1;
	if (next == '=')
		return 2;
	bool shift = i > 1 && line.ptr[i - 2] == before;
	if (before == '!' || ((before == '<' || before == '>') && !shift))
		return 1; /* a comparison */
	bool counts = before == '+' || before == '-';
	out->counts += counts;
	out->sums += before == '+';
	out->others += !counts;
	return 1;
}

static bool has_word(rf_str line, size_t i, const char *word)
{
	return rf_str_starts(rf_str_skip(line, i), word);
}

bool rf_class_line_counts(rf_str line, bool number)
{
	struct assignments found = { 0, 0, 0 };
	for (size_t i = 0; i < line.len;) {
		size_t behind = skip_text(line, i);
		if (behind > i) {
			i = behind;
			continue;
		}
		/* The rest of a comment that began before; results with names are assigned by return, others by range. */
		if (has_word(line, i, "*/") || has_word(line, i, "return") || has_word(line, i, "range"))
			return false;
		i += take_sign(line, i, &found);
	}
	return found.counts == 1 && found.others == 0 && (number || found.sums == 0);
}
