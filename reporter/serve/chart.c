#include "serve/chart.h"

#define BAR_UNITS 10 /* of a day's width; the bar itself has 8 */
#define HEIGHT 100

int64_t rf_chart_axis(int64_t greatest)
{
	static const int64_t steps[] = { 1, 2, 4, 6 };
	for (int64_t power = 1; power <= INT64_MAX / 100; power *= 10) {
		for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
			if (steps[i] * power >= greatest && steps[i] * power >= 4)
				return steps[i] * power;
		}
	}
	return INT64_MAX;
}

/* --- days -------------------------------------------------------------------------------------------------------- */

static void put_bar(struct rf_page *p, int64_t i, const char *class, int64_t from, int64_t count, int64_t top)
{
	/* In hundredths, because a short bar is a number, too. */
	int64_t y = HEIGHT * 100 * (top - from - count) / top, height = HEIGHT * 100 * count / top;
	if (count)
		rf_html(p->out, "<rect class=\"%s\" x=\"%d\" y=\"%d.%d%d\" width=\"8\" height=\"%d.%d%d\"/>", class, i * BAR_UNITS + 1,
			y / 100, y / 10 % 10, y % 10, height / 100, height / 10 % 10, height % 10);
}

static void put_day(struct rf_page *p, int64_t i, const struct rf_day_row *d, int64_t top)
{
	rf_html(p->out, "<g><title>%t: %d new, %d seen before, %d events</title><rect class=\"hit\" x=\"%d\" y=\"0\" width=\"10\" "
			"height=\"100\"/>", d->day, d->findings_new, d->findings_again, d->events, i * BAR_UNITS);
	put_bar(p, i, "again", 0, d->findings_again, top);
	put_bar(p, i, "fresh", d->findings_again, d->findings_new, top);
	rf_html(p->out, "</g>\n");
}

static void put_table(struct rf_page *p, const struct rf_day_row *days, uint32_t count)
{
	rf_html(p->out, "<details><summary>The same as a table</summary>\n<table class=\"list plain\"><caption class=\"unseen\">Findings a "
			"day</caption><thead><tr><th scope=\"col\">Day</th><th scope=\"col\" class=\"number\">New</th>"
			"<th scope=\"col\" class=\"number\">Seen before</th><th scope=\"col\" class=\"number\">Events</th>"
			"<th scope=\"col\" class=\"number\">Suppressed</th><th scope=\"col\" class=\"number\">Silenced</th></tr></thead>"
			"<tbody>\n");
	for (uint32_t i = count; i-- > 0;) {
		const struct rf_day_row *d = &days[i];
		rf_html(p->out, "<tr><th scope=\"row\">%t</th><td class=\"number\">%n</td><td class=\"number\">%n</td>"
				"<td class=\"number\">%n</td><td class=\"number\">%n</td><td class=\"number\">%n</td></tr>\n", d->day,
			d->findings_new, d->findings_again, d->events, d->suppressed, d->silenced);
	}
	rf_html(p->out, "</tbody></table></details>\n");
}

/* Bars stretch with the page; labels are text beside them and keep their size. */
void rf_chart_put_days(struct rf_page *p, const struct rf_day_row *days, uint32_t count)
{
	int64_t greatest = 0, fresh = 0;
	for (uint32_t i = 0; i < count; i++) {
		int64_t n = days[i].findings_new + days[i].findings_again;
		greatest = n > greatest ? n : greatest;
		fresh += days[i].findings_new;
	}
	int64_t top = rf_chart_axis(greatest);
	rf_html(p->out, "<div class=\"chart\">\n<div class=\"y\" aria-hidden=\"true\"><span>%n</span><span>%n</span><span>0</span></div>\n"
			"<svg role=\"img\" aria-label=\"Findings a day from %t to %t: %d new in all, at most %d a day.\" viewBox=\"0 0 %d 100\" "
			"preserveAspectRatio=\"none\">\n<path class=\"grid\" d=\"M0 0.5H%dM0 50H%dM0 99.5H%d\"/>\n",
		top, top / 2, days[0].day, days[count - 1].day, fresh, greatest, (int64_t)count * BAR_UNITS,
		(int64_t)count * BAR_UNITS, (int64_t)count * BAR_UNITS, (int64_t)count * BAR_UNITS);
	for (uint32_t i = 0; i < count; i++)
		put_day(p, i, &days[i], top);
	rf_html(p->out, "</svg>\n<div class=\"x\" aria-hidden=\"true\"><span>%t</span><span>%t</span><span>%t</span></div>\n</div>\n"
			"<p class=\"legend\"><span class=\"key fresh\"></span>new <span class=\"key again\"></span>seen before</p>\n",
		rf_str_skip(days[0].day, 5), rf_str_skip(days[count / 2].day, 5), rf_str_skip(days[count - 1].day, 5));
	put_table(p, days, count);
}

/* --- heat -------------------------------------------------------------------------------------------------------- */

#define COLUMNS_MAX 32

static uint32_t column_of(const struct rf_heat_row *columns[], uint32_t *count, const struct rf_heat_row *row)
{
	uint32_t i = 0;
	while (i < *count && !rf_str_eq(columns[i]->package, row->package))
		i++;
	if (i == *count && i < COLUMNS_MAX)
		columns[(*count)++] = row;
	return i;
}

/* Five shades: nothing, then each twice as many as the one before, so that one hot place doesn't make the others look alike. */
static int64_t shade(int64_t findings, int64_t greatest)
{
	if (findings == 0)
		return 0;
	return findings * 2 > greatest ? 4 : findings * 4 > greatest ? 3 : findings * 8 > greatest ? 2 : 1;
}

static void put_cell(struct rf_page *p, const struct rf_heat_row *row, int64_t greatest)
{
	if (!row) {
		rf_html(p->out, "<td class=\"h0\"><span class=\"unseen\">none</span></td>");
		return;
	}
	rf_html(p->out, "<td class=\"h%d\"><a href=\"/findings?tag=%q&amp;package=%q\">%n</a></td>", shade(row->findings, greatest),
		row->tag, row->package, row->findings);
}

static void put_heat_head(struct rf_page *p, const struct rf_heat_row *columns[], uint32_t count)
{
	rf_html(p->out, "<div class=\"scroll\"><table class=\"heat\">\n<caption class=\"unseen\">Open findings by tag and package</caption>\n"
			"<thead><tr><th scope=\"col\">Tag</th>");
	for (uint32_t i = 0; i < count; i++) {
		rf_str package = columns[i]->package;
		rf_html(p->out, "<th scope=\"col\" class=\"turned\" title=\"%t\"><a href=\"/findings?package=%q\">%t</a></th>", package,
			package, rf_str_skip(package, (size_t)(rf_str_find_last(package, '/') + 1)));
	}
	rf_html(p->out, "</tr></thead>\n<tbody>\n");
}

void rf_chart_put_heat(struct rf_page *p, const struct rf_heat_row *rows, uint32_t count)
{
	const struct rf_heat_row *columns[COLUMNS_MAX], *cells[COLUMNS_MAX];
	uint32_t column_count = 0;
	int64_t greatest = 0;
	for (uint32_t i = 0; i < count; i++) {
		column_of(columns, &column_count, &rows[i]);
		greatest = rows[i].findings > greatest ? rows[i].findings : greatest;
	}
	put_heat_head(p, columns, column_count);
	for (uint32_t i = 0; i < count;) {
		rf_str tag = rows[i].tag;
		for (uint32_t k = 0; k < column_count; k++)
			cells[k] = NULL;
		for (; i < count && rf_str_eq(rows[i].tag, tag); i++) {
			uint32_t k = column_of(columns, &column_count, &rows[i]);
			if (k < column_count)
				cells[k] = &rows[i];
		}
		rf_html(p->out, "<tr><th scope=\"row\"><a href=\"/findings?tag=%q\">%t</a></th>", tag, tag);
		for (uint32_t k = 0; k < column_count; k++)
			put_cell(p, cells[k], greatest);
		rf_html(p->out, "</tr>\n");
	}
	rf_html(p->out, "</tbody></table></div>\n");
}
