/* A summary in GitHub's Markdown: as a comment, and longer as the summary of a step. Internal to export/. */
#ifndef RF_EXPORT_MARKDOWN_H
#define RF_EXPORT_MARKDOWN_H

#include "export/item.h"

struct rf_markdown_limits {
	size_t bytes_max;  /* GitHub refuses more; what doesn't fit is counted and not shown */
	uint32_t rows_max; /* of a table */
};
extern const struct rf_markdown_limits rf_markdown_comment, rf_markdown_step;

int rf_markdown_put(struct rf_export *x, const struct rf_markdown_limits *limits, struct rf_buf *out, struct rf_error *err);

#endif
