#include "model/report.h"

static const char *const kind_names[] = {
	[RF_KIND_UNKNOWN] = "unknown",
	[RF_KIND_DATA_RACE] = "data-race",
	[RF_KIND_USE_AFTER_FREE] = "use-after-free",
};
_Static_assert(sizeof(kind_names) / sizeof(kind_names[0]) == RF_KIND_COUNT, "one name a kind");

const char *rf_kind_name(enum rf_kind kind)
{
	return (unsigned)kind < RF_KIND_COUNT ? kind_names[kind] : kind_names[RF_KIND_UNKNOWN];
}

enum rf_kind rf_kind_from_name(rf_str name)
{
	for (int kind = 0; kind < RF_KIND_COUNT; kind++) {
		if (rf_str_eq_cstr(name, kind_names[kind]))
			return (enum rf_kind)kind;
	}
	return RF_KIND_UNKNOWN;
}

#define FNV_OFFSET 0xcbf29ce484222325u
#define FNV_PRIME 0x100000001b3u

static uint64_t fnv_bytes(uint64_t hash, const void *bytes, size_t len)
{
	const unsigned char *p = bytes;
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ p[i]) * FNV_PRIME;
	return hash;
}

static uint64_t fnv_u64(uint64_t hash, uint64_t v)
{
	return fnv_bytes(hash, &v, sizeof(v));
}

static uint64_t fnv_frame(uint64_t hash, const struct rf_frame *f)
{
	hash = fnv_bytes(hash, f->function.ptr, f->function.len);
	hash = fnv_bytes(hash, "\n", 1);
	hash = fnv_bytes(hash, f->file.ptr, f->file.len);
	return fnv_u64(hash, f->line);
}

uint64_t rf_report_match_key(const struct rf_report *report)
{
	uint64_t hash = fnv_u64(FNV_OFFSET, (uint64_t)report->kind);
	for (uint32_t i = 0; i < report->access_count; i++) {
		const struct rf_access *a = &report->accesses[i];
		hash = fnv_u64(hash, a->write); /* not a->atomic: Go's text doesn't tell */
		hash = fnv_u64(hash, a->address);
		hash = fnv_u64(hash, a->goroutine->thread);
		for (uint32_t k = 0; k < a->stack.count; k++)
			hash = fnv_frame(hash, &a->stack.frames[k]);
	}
	return hash;
}
