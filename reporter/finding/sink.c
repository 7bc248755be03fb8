#include "finding/sink.h"

static const char *const type_names[] = {
	[RF_SINK_STDERR] = "stderr",
	[RF_SINK_JSONL] = "jsonl",
	[RF_SINK_COMMAND] = "command",
	[RF_SINK_WEBHOOK] = "webhook",
};
_Static_assert(sizeof(type_names) / sizeof(type_names[0]) == RF_SINK_COUNT, "one name a type");

static const char *const severity_names[] = {
	[RF_SEVERITY_LOW] = "low",
	[RF_SEVERITY_MEDIUM] = "medium",
	[RF_SEVERITY_HIGH] = "high",
	[RF_SEVERITY_CRITICAL] = "critical",
};
_Static_assert(sizeof(severity_names) / sizeof(severity_names[0]) == RF_SEVERITY_COUNT, "one name a severity");

const char *rf_sink_type_name(enum rf_sink_type type)
{
	return type_names[type];
}

const char *rf_severity_name(enum rf_severity severity)
{
	return severity_names[severity];
}

enum rf_severity rf_severity_from_name(rf_str name)
{
	for (enum rf_severity s = 0; s < RF_SEVERITY_COUNT; s++) {
		if (rf_str_eq_cstr(name, severity_names[s]))
			return s;
	}
	return RF_SEVERITY_MEDIUM;
}

bool rf_sink_wants(const struct rf_sink *sink, rf_str kind, rf_str tag, enum rf_severity severity)
{
	return severity >= sink->severity && (sink->kind.len == 0 || rf_str_eq(sink->kind, kind)) &&
	       (sink->tag.len == 0 || rf_str_glob(sink->tag, tag));
}
