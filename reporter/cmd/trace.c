#include "cmd/trace.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define TRACE_HEX_DIGITS 32

bool rf_trace_is_valid(rf_str id)
{
	for (size_t i = 0; i < id.len; i++) {
		char c = id.ptr[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
		if (!letter && (c == '\0' || !strchr("._:-", c)))
			return false;
	}
	return id.len >= 1 && id.len <= RF_TRACE_BYTES_MAX;
}

static bool is_lower_hex(rf_str s, size_t digits)
{
	return s.len == digits && rf_str_is_hex(s);
}

/* version "-" trace-id "-" parent-id "-" flags; a later version may have more fields. */
rf_str rf_trace_of_traceparent(rf_str traceparent)
{
	rf_str rest = rf_str_trim(traceparent), none = RF_STR("");
	rf_str version = rf_str_cut(&rest, '-'), trace = rf_str_cut(&rest, '-'), parent = rf_str_cut(&rest, '-');
	if (!is_lower_hex(version, 2) || rf_str_eq_cstr(version, "ff") || !is_lower_hex(trace, TRACE_HEX_DIGITS) ||
	    !is_lower_hex(parent, 16) || !is_lower_hex(rf_str_take(rest, 2), 2))
		return none;
	for (size_t i = 0; i < trace.len; i++) {
		if (trace.ptr[i] != '0')
			return trace;
	}
	return none;
}

static int check(const char *id, const char *what, struct rf_error *err)
{
	if (rf_trace_is_valid(rf_str_from(id)))
		return 0;
	return rf_fail(err, RF_ERR_USAGE, "%s is no trace ID: it wants 1 to %d characters of A-Z a-z 0-9 . _ : - (for "
		       "example 32 hex digits, as W3C Trace Context has it).", what, RF_TRACE_BYTES_MAX);
}

int rf_trace_choose(const char *option, const char *trace_id, const char *traceparent, rf_arena *arena, rf_str *out,
		    struct rf_error *err)
{
	int rc = 0;
	*out = RF_STR("");
	if (option) {
		rc = check(option, "The value of --trace-id", err);
		*out = rf_str_from(option);
	} else if (trace_id && trace_id[0]) {
		rc = check(trace_id, "The value of TRACE_ID", err);
		*out = rf_arena_dup(arena, rf_str_from(trace_id));
	} else if (traceparent) {
		*out = rf_arena_dup(arena, rf_trace_of_traceparent(rf_str_from(traceparent)));
	}
	return rc;
}

int rf_trace_new(rf_arena *arena, rf_str *out, struct rf_error *err)
{
	unsigned char bytes[TRACE_HEX_DIGITS / 2];
	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return rf_fail(err, RF_ERR_IO, "Cannot get random bytes for a trace ID; give one with --trace-id.");
	bytes[0] |= 1; /* never all zero, which the W3C forbids */
	*out = rf_arena_hex(arena, bytes, sizeof(bytes));
	return out->len ? 0 : rf_fail(err, RF_ERR_MEMORY, "Out of memory.");
}

int rf_trace_of_command(const char *option, rf_arena *arena, rf_str *out, struct rf_error *err)
{
	int rc = rf_trace_choose(option, getenv("TRACE_ID"), getenv("TRACEPARENT"), arena, out, err);
	return rc == 0 && out->len == 0 ? rf_trace_new(arena, out, err) : rc;
}
