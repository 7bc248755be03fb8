/* What a timeline shows, in rows from top to bottom, and where each stands. Internal to export/. */
#ifndef RF_EXPORT_TIMELINE_LAYOUT_H
#define RF_EXPORT_TIMELINE_LAYOUT_H

#include "export/timeline.h"

#define RF_TIMELINE_LANES_MAX 2
#define RF_TIMELINE_ROWS_MAX (RF_TIMELINE_SWITCHES_MAX + RF_TIMELINE_LANES_MAX + RF_REPORT_ACCESSES_MAX + 1)

enum rf_timeline_row_kind {
	RF_TIMELINE_SWITCH,
	RF_TIMELINE_CREATE, /* `lane` is started by `parent` */
	RF_TIMELINE_ACCESS, /* the older one: here at the latest */
	RF_TIMELINE_REPORT, /* the newer one, and the end */
	RF_TIMELINE_ROW_KIND_COUNT
};

struct rf_timeline_row {
	enum rf_timeline_row_kind kind;
	const struct rf_switch *change; /* of a switch */
	int from, to;                   /* lanes of a switch; -1: another goroutine, or none */
	int lane, parent;               /* of the others */
	const struct rf_access *access;
	bool timed;                     /* before_ns is known */
	bool after_break;               /* the axis is cut above this row */
	uint64_t before_ns;
	uint32_t y;
};

struct rf_timeline_lane {
	const struct rf_goroutine *goroutine;
	bool seen; /* in a switch that is drawn */
};

struct rf_timeline {
	const struct rf_report *report;
	struct rf_timeline_lane lanes[RF_TIMELINE_LANES_MAX];
	uint32_t lane_count;
	struct rf_timeline_row rows[RF_TIMELINE_ROWS_MAX];
	uint32_t row_count;
	uint32_t left_out; /* switches that would be too many: of others, and the oldest of the lanes */
	bool others;                /* another goroutine ran in between */
};

#define RF_TIMELINE_TOP 64     /* y of the first row; the heads stand above */
#define RF_TIMELINE_ROW_MIN 22 /* a line of text */
#define RF_TIMELINE_ROW_MAX 44 /* longer times are cut */

/* False when no goroutine of a side is in any switch. */
bool rf_timeline_make(const struct rf_report *report, struct rf_timeline *t);
int rf_timeline_lane_of(const struct rf_timeline *t, uint64_t goid); /* -1 none */
uint64_t rf_timeline_before_ns(const struct rf_report *report, uint64_t time_unix_ns);

#endif
