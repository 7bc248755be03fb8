/* Where noise control has its files: beside .redflag.yml, else in the module. */
#ifndef RF_CMD_NOISE_H
#define RF_CMD_NOISE_H

#include "finding/tag.h"
#include "policy/baseline.h"
#include "policy/suppressions.h"

/* `name` in the directory of .redflag.yml, or of the module when there is none. An absolute name stays. */
const char *rf_noise_path(const struct rf_config *config, rf_str name, rf_arena *arena);
/* The list that "suppressions:" names, else .redflag.supp; where it is or would be. */
const char *rf_noise_suppressions_path(const struct rf_config *config, rf_arena *arena);
/* No file is an empty list, unless the configuration names it. */
int rf_noise_suppressions(const struct rf_config *config, rf_arena *arena, struct rf_suppressions *out,
			  struct rf_error *err);
/* A baseline by its path; one that isn't there is an error. */
int rf_noise_baseline_file(const char *path, rf_arena *arena, struct rf_baseline *out, struct rf_error *err);
/* `option` (--baseline; may be NULL), else .redflag.baseline if it is there, else none. */
int rf_noise_baseline(const struct rf_config *config, const char *option, rf_arena *arena, struct rf_baseline *out,
		      struct rf_error *err);
/* A line on stderr for each entry that has expired. */
void rf_noise_print_expired(const struct rf_suppressions *list, uint64_t now_unix_ns);

#endif
