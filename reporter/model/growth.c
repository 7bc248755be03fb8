#include "model/growth.h"

static const char *const names[] = {
	[RF_METRIC_GOROUTINES] = "goroutines",
	[RF_METRIC_THREADS] = "threads",
	[RF_METRIC_TIMERS] = "timers",
	[RF_METRIC_BLOCKED_SEND] = "blocked_send",
	[RF_METRIC_BLOCKED_RECEIVE] = "blocked_receive",
	[RF_METRIC_BLOCKED_SELECT] = "blocked_select",
	[RF_METRIC_BLOCKED_LOCK] = "blocked_lock",
	[RF_METRIC_HEAP_LIVE] = "heap_live",
	[RF_METRIC_HEAP_IN_USE] = "heap_in_use",
	[RF_METRIC_STACKS] = "stacks",
	[RF_METRIC_GO_MAPPED] = "go_mapped",
	[RF_METRIC_RESIDENT] = "resident",
	[RF_METRIC_ITABS] = "itabs",
	[RF_METRIC_REFLECTED] = "reflected",
	[RF_METRIC_MODULES] = "modules",
};
_Static_assert(sizeof(names) / sizeof(names[0]) == RF_METRIC_COUNT, "one name a metric");

const char *rf_metric_name(enum rf_metric metric)
{
	return (unsigned)metric < RF_METRIC_COUNT ? names[metric] : "";
}
