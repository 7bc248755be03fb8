/* Names are those of the callers of racereadpc, racewritepc and racereadrangepc in Go 1.25 to 1.27: runtime/chan.go,
 * runtime/map.go, runtime/slice.go, runtime/string.go, runtime/iface.go, internal/runtime/maps/runtime_*.go; the
 * atomics are runtime/race_amd64.s. reflect.* are the runtime's functions under the names that reflect links to.
 */
#include "finding/operation.h"

#include <string.h>

static const char *const names[] = {
	[RF_OPERATION_PLAIN] = "plain", [RF_OPERATION_MAP] = "map", [RF_OPERATION_SLICE] = "slice",
	[RF_OPERATION_STRING] = "string", [RF_OPERATION_INTERFACE] = "interface", [RF_OPERATION_CHANNEL] = "channel",
	[RF_OPERATION_ATOMIC] = "atomic", [RF_OPERATION_SYNC] = "sync", [RF_OPERATION_FREE] = "free",
	[RF_OPERATION_PUT] = "put",
};
_Static_assert(sizeof(names) / sizeof(names[0]) == RF_OPERATION_ACT, "one name an operation");

const char *rf_operation_name(enum rf_operation op)
{
	if ((unsigned)op > RF_OPERATION_ACT && (unsigned)op < RF_OPERATION_COUNT)
		return rf_act_name((enum rf_act)(op - RF_OPERATION_ACT));
	return (unsigned)op < RF_OPERATION_ACT ? names[op] : names[RF_OPERATION_PLAIN];
}

/* The first prefix that fits decides. */
static const struct {
	const char *prefix;
	enum rf_operation operation;
} prefixes[] = {
	{ "runtime.map", RF_OPERATION_MAP },
	{ "internal/runtime/maps.", RF_OPERATION_MAP },
	{ "reflect.map", RF_OPERATION_MAP },
	{ "maps.clone", RF_OPERATION_MAP },
	/* Growing reads the old elements for an append, whose read of the slice's header is plain: one bug, one finding. */
	{ "runtime.growslice", RF_OPERATION_PLAIN },
	{ "reflect.growslice", RF_OPERATION_PLAIN },
	{ "runtime.slicecopy", RF_OPERATION_SLICE },
	{ "runtime.makeslicecopy", RF_OPERATION_SLICE },
	{ "runtime.typedslicecopy", RF_OPERATION_SLICE },
	{ "reflect.typedslicecopy", RF_OPERATION_SLICE },
	{ "runtime.slicebytetostring", RF_OPERATION_STRING },
	{ "runtime.slicerunetostring", RF_OPERATION_STRING },
	{ "runtime.stringtoslice", RF_OPERATION_STRING },
	{ "runtime.concat", RF_OPERATION_STRING },
	{ "runtime.intstring", RF_OPERATION_STRING },
	{ "runtime.conv", RF_OPERATION_INTERFACE },
	{ "runtime.assertE2I", RF_OPERATION_INTERFACE },
	{ "runtime.typeAssert", RF_OPERATION_INTERFACE },
	{ "runtime.efaceeq", RF_OPERATION_INTERFACE },
	{ "runtime.ifaceeq", RF_OPERATION_INTERFACE },
	{ "runtime.chan", RF_OPERATION_CHANNEL },
	{ "runtime.closechan", RF_OPERATION_CHANNEL },
	{ "runtime.makechan", RF_OPERATION_CHANNEL },
	{ "runtime.select", RF_OPERATION_CHANNEL },
	{ "runtime.racenotify", RF_OPERATION_CHANNEL },
	{ "runtime.recv", RF_OPERATION_CHANNEL },
	{ "runtime.send", RF_OPERATION_CHANNEL },
	{ "reflect.chan", RF_OPERATION_CHANNEL },
	{ "sync/atomic.", RF_OPERATION_ATOMIC },
	{ "internal/runtime/atomic.", RF_OPERATION_ATOMIC },
	{ "sync.", RF_OPERATION_SYNC },
	{ "internal/sync.", RF_OPERATION_SYNC },
	/* Called by hand (internal/race), which keeps its caller's frame off the stack: sync.WaitGroup does. */
	{ "runtime.raceread()", RF_OPERATION_SYNC },
	{ "runtime.racewrite()", RF_OPERATION_SYNC },
};

enum rf_operation rf_operation_of(rf_str function, bool *found)
{
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		const char *prefix = prefixes[i].prefix;
		size_t n = strlen(prefix);
		bool whole = prefix[n - 1] == ')';
		*found = whole ? rf_str_eq(function, (rf_str){ prefix, n - 2 }) : rf_str_starts(function, prefix);
		if (*found)
			return prefixes[i].operation;
	}
	return RF_OPERATION_PLAIN;
}
