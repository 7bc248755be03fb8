/* A request as text: its path, its query or form, and the addresses that pages link to. Nothing here knows HTTP's library;
 * everything is a function of its arguments.
 */
#ifndef RF_SERVE_REQUEST_H
#define RF_SERVE_REQUEST_H

#include "base/arena.h"

#define RF_PARAMS_MAX 32 /* of a query or form; no page reads more than a dozen. Later ones are dropped. */

struct rf_params {
	struct { rf_str name, value; } list[RF_PARAMS_MAX];
	uint32_t count;
};

/* application/x-www-form-urlencoded, of a URL's query or a form's body: decoded into `arena`. A broken %XX stays as it is. */
void rf_params_parse(rf_str encoded, rf_arena *arena, struct rf_params *out);
/* One value: %XX and, in a query, + for a blank. */
rf_str rf_param_decode(rf_str text, rf_arena *arena);
/* The first of this name; ptr NULL when there is none. */
rf_str rf_params_get(const struct rf_params *params, const char *name);
/* The same, with an empty value counting as none: an empty field of a form means nothing. */
rf_str rf_params_text(const struct rf_params *params, const char *name);
/* A number from 1 to `max`; 0 when it isn't given or is anything else. */
int64_t rf_params_number(const struct rf_params *params, const char *name, int64_t max);
/* Appends a URL's query, HTML-escaped, with its "?": the parameters as they are, but `name` is `value` (ptr NULL: left out) and
 * "page" is left out, since it counts something else then. Empty ones are left out. */
void rf_params_put_query(const struct rf_params *params, const char *name, rf_str value, struct rf_buf *out);

#endif
