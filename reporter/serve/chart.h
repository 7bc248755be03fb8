/* Pictures of numbers: bars in SVG, heat as a table. Each says in text, too, what it shows. */
#ifndef RF_SERVE_CHART_H
#define RF_SERVE_CHART_H

#include "serve/page.h"
#include "store/overview.h"

#define RF_CHART_DAYS_MAX 90

/* Bars a day, new ones above those seen before, and the same as a table that can be opened. `days` has a row for every day, in
 * their order. */
void rf_chart_put_days(struct rf_page *p, const struct rf_day_row *days, uint32_t count);
/* A table with a tag a row and a package a column; rows as rf_overview_heat gives them. */
void rf_chart_put_heat(struct rf_page *p, const struct rf_heat_row *rows, uint32_t count);
/* The upper end of an axis for values up to `greatest`: 1, 2, 4 or 6 times a power of ten, 4 at least, so that its half
 * is a whole number, too. */
int64_t rf_chart_axis(int64_t greatest);

#endif
