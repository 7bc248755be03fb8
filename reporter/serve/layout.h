/* What stands around each page: head, navigation, footer; and the pages that say what went wrong. */
#ifndef RF_SERVE_LAYOUT_H
#define RF_SERVE_LAYOUT_H

#include "serve/page.h"

/* The whole document around what the page has written (p->out, which stays as it is). */
void rf_layout_put(const struct rf_page *p, struct rf_buf *document);
/* Makes the page one that says `sentence` under the heading of an HTTP status. */
void rf_layout_error(struct rf_page *p, unsigned status, rf_str sentence);

#endif
