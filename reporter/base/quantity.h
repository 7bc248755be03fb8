/* Spans of time and sizes as people write them in options and in .redflag.yml. */
#ifndef RF_BASE_QUANTITY_H
#define RF_BASE_QUANTITY_H

#include "base/str.h"

/* A whole number and a unit: s, m, h, d, w. False on anything else, on 0, and on more than 100 years. */
bool rf_quantity_span(rf_str text, uint64_t *ns);
#define RF_QUANTITY_SPAN_SHAPE "90s, 30m, 12h, 90d or 26w"
/* A whole number and a unit: B, kB, MB, GB, TB (powers of 1000), KiB, MiB, GiB, TiB; letters may be small. False on anything
 * else and on 0. */
bool rf_quantity_bytes(rf_str text, uint64_t *bytes);
#define RF_QUANTITY_BYTES_SHAPE "500MB or 2GiB"
/* A size for people, by powers of 1000 as in what they write: "512 B", "1.5 MB", "230 MB". `space` parts number and unit. */
void rf_quantity_put_bytes(struct rf_buf *out, uint64_t bytes, const char *space);

#endif
