#include "store/timestamp.h"

#include "base/quantity.h"

#define NS_PER_S 1000000000u
#define NS_PER_MS 1000000u
#define S_PER_DAY 86400
#define UNIX_S_MAX 4102444800 /* the year 2100: later times are nonsense, and would not fit 64 bits of ns for long */

/* Days since 1970-01-01 of a date in the Gregorian calendar. The year starts in March, so that leap days end it. */
static int64_t days_from_date(int64_t year, int64_t month, int64_t day)
{
	year -= month <= 2;
	int64_t era = year / 400, year_of_era = year - era * 400;
	int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

static void date_from_days(int64_t days, int *year, int *month, int *day)
{
	days += 719468;
	int64_t era = days / 146097, of_era = days - era * 146097;
	int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t march_month = (5 * of_year + 2) / 153;
	*day = (int)(of_year - (153 * march_month + 2) / 5 + 1);
	*month = (int)(march_month < 10 ? march_month + 3 : march_month - 9);
	*year = (int)(year_of_era + era * 400 + (*month <= 2));
}

/* `digits` digits and what stands behind them. */
static char *put_number(char *out, int value, int digits, char behind)
{
	for (int i = digits - 1; i >= 0; i--, value /= 10)
		out[i] = (char)('0' + value % 10);
	out[digits] = behind;
	return out + digits + 1;
}

/* Nanoseconds in 64 bits end in the year 2554, so four digits are enough. */
rf_str rf_time_put(uint64_t unix_ns, char out[RF_TIME_BYTES])
{
	uint64_t seconds = unix_ns / NS_PER_S;
	int year, month, day, of_day = (int)(seconds % S_PER_DAY);
	date_from_days((int64_t)(seconds / S_PER_DAY), &year, &month, &day);
	char *p = put_number(out, year, 4, '-');
	p = put_number(p, month, 2, '-');
	p = put_number(p, day, 2, 'T');
	p = put_number(p, of_day / 3600, 2, ':');
	p = put_number(p, of_day / 60 % 60, 2, ':');
	p = put_number(p, of_day % 60, 2, '.');
	put_number(p, (int)(unix_ns % NS_PER_S / NS_PER_MS), 3, 'Z');
	return (rf_str){ out, RF_TIME_BYTES };
}

rf_str rf_time_text(uint64_t unix_ns, rf_arena *arena)
{
	char text[RF_TIME_BYTES];
	return rf_arena_dup(arena, rf_time_put(unix_ns, text));
}

/* `width` digits and then `after` (0: nothing is expected). */
static bool take_number(rf_str *s, size_t width, char after, int64_t *out)
{
	uint64_t v;
	if (s->len < width || !rf_str_u64(rf_str_take(*s, width), &v))
		return false;
	*s = rf_str_skip(*s, width);
	if (after && (s->len == 0 || s->ptr[0] != after))
		return false;
	*s = rf_str_skip(*s, after != 0);
	*out = (int64_t)v;
	return true;
}

static uint64_t take_fraction_ns(rf_str *s)
{
	uint64_t ns = 0, unit = NS_PER_S;
	if (s->len == 0 || s->ptr[0] != '.')
		return 0;
	*s = rf_str_skip(*s, 1);
	for (; s->len && s->ptr[0] >= '0' && s->ptr[0] <= '9'; *s = rf_str_skip(*s, 1)) {
		unit /= 10;
		ns += unit * (uint64_t)(s->ptr[0] - '0');
	}
	return ns;
}

static bool take_offset_s(rf_str s, int64_t *out)
{
	int64_t hours, minutes;
	*out = 0;
	if (rf_str_eq_cstr(s, "Z") || rf_str_eq_cstr(s, "z"))
		return true;
	if (s.len != 6 || (s.ptr[0] != '+' && s.ptr[0] != '-'))
		return false;
	bool west = s.ptr[0] == '-';
	s = rf_str_skip(s, 1);
	if (!take_number(&s, 2, ':', &hours) || !take_number(&s, 2, 0, &minutes))
		return false;
	*out = (hours * 3600 + minutes * 60) * (west ? -1 : 1);
	return true;
}

static bool take_date(rf_str *s, int64_t *days)
{
	int64_t year, month, day;
	int is_year, is_month, is_day; /* of a day that its month hasn't got, another date */
	if (!take_number(s, 4, '-', &year) || !take_number(s, 2, '-', &month) || !take_number(s, 2, 0, &day))
		return false;
	*days = days_from_date(year, month, day);
	if (year < 1970 || month < 1 || month > 12)
		return false;
	date_from_days(*days, &is_year, &is_month, &is_day);
	return is_year == year && is_month == month && is_day == day;
}

bool rf_time_parse(rf_str text, uint64_t *unix_ns)
{
	int64_t days, hour = 0, minute = 0, second = 0, offset = 0;
	uint64_t fraction = 0;
	if (!take_date(&text, &days))
		return false;
	if (text.len) {
		if (text.ptr[0] != 'T' && text.ptr[0] != 't' && text.ptr[0] != ' ')
			return false;
		text = rf_str_skip(text, 1);
		if (!take_number(&text, 2, ':', &hour) || !take_number(&text, 2, ':', &minute) ||
		    !take_number(&text, 2, 0, &second) || hour > 23 || minute > 59 || second > 60)
			return false;
		fraction = take_fraction_ns(&text);
		if (!take_offset_s(text, &offset))
			return false;
	}
	int64_t total = days * S_PER_DAY + hour * 3600 + minute * 60 + second - offset;
	if (total < 0 || total > UNIX_S_MAX)
		return false;
	*unix_ns = (uint64_t)total * NS_PER_S + fraction;
	return true;
}

int rf_time_since(rf_str text, uint64_t now_unix_ns, rf_arena *arena, rf_str *out, struct rf_error *err)
{
	uint64_t ago, time;
	if (rf_time_parse(text, &time)) {
		*out = rf_time_text(time, arena);
		return 0;
	}
	if (rf_quantity_span(text, &ago) && ago <= now_unix_ns) {
		*out = rf_time_text(now_unix_ns - ago, arena);
		return 0;
	}
	return rf_fail(err, RF_ERR_USAGE, "%.*s is no time; write how long ago (90s, 30m, 2h, 7d, 2w), a date "
		       "(2026-01-31) or a time (2026-01-31T12:00:00Z).", RF_STR_ARG(rf_str_take(text, 100)));
}
