#include "cmd/noise.h"

#include <stdio.h>
#include <unistd.h>

#include "cmd/place.h"
#include "base/files.h"

#define EXPIRED_SHOWN_MAX 5 /* `redflag suppressions list` has them all */

const char *rf_noise_path(const struct rf_config *config, rf_str name, rf_arena *arena)
{
	ptrdiff_t slash = rf_str_find_last(config->path, '/');
	if (rf_str_starts(name, "/"))
		return rf_arena_cstr(arena, name);
	rf_str directory = slash >= 0 ? rf_str_take(config->path, (size_t)slash) : rf_str_from(rf_place_module(arena));
	return rf_arena_printf(arena, "%.*s/%.*s", RF_STR_ARG(directory), RF_STR_ARG(name)).ptr;
}

const char *rf_noise_suppressions_path(const struct rf_config *config, rf_arena *arena)
{
	return rf_noise_path(config, config->suppressions.len ? config->suppressions : RF_STR(RF_SUPPRESSIONS_FILE), arena);
}

int rf_noise_suppressions(const struct rf_config *config, rf_arena *arena, struct rf_suppressions *out,
			  struct rf_error *err)
{
	struct rf_error missing = { 0 };
	const char *path = rf_noise_suppressions_path(config, arena);
	int rc = rf_suppressions_load(path, arena, out, &missing);
	if (rc == RF_ERR_MISSING && config->suppressions.len == 0)
		return 0;
	if (rc < 0)
		*err = missing;
	return rc;
}

int rf_noise_baseline_file(const char *path, rf_arena *arena, struct rf_baseline *out, struct rf_error *err)
{
	rf_str text;
	*out = (struct rf_baseline){ 0 };
	int rc = rf_file_read(path, RF_BASELINE_BYTES_MAX, arena, &text, err);
	if (rc < 0)
		return rf_fail_again(err, "The baseline can't be read (`redflag baseline save` writes it)");
	return rf_baseline_parse(text, path, arena, out, err);
}

int rf_noise_baseline(const struct rf_config *config, const char *option, rf_arena *arena, struct rf_baseline *out,
		      struct rf_error *err)
{
	const char *path = option ? option : rf_noise_path(config, RF_STR(RF_BASELINE_FILE), arena);
	*out = (struct rf_baseline){ 0 };
	if (!option && access(path, F_OK) != 0)
		return 0;
	return rf_noise_baseline_file(path, arena, out, err);
}

void rf_noise_print_expired(const struct rf_suppressions *list, uint64_t now_unix_ns)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < list->count; i++) {
		const struct rf_suppression *e = &list->entries[i];
		if (!rf_suppression_expired(e, now_unix_ns))
			continue;
		if (count++ < EXPIRED_SHOWN_MAX)
			fprintf(stderr, "redflag: %.*s:%u: %.*s expired after %.*s and matches no more; remove it or set a later "
				"date.\n", RF_STR_ARG(list->path), e->line, RF_STR_ARG(e->text), RF_STR_ARG(e->expires));
	}
	if (count > EXPIRED_SHOWN_MAX)
		fprintf(stderr, "redflag: %u more suppressions have expired; `redflag suppressions list` shows them.\n",
			count - EXPIRED_SHOWN_MAX);
}
