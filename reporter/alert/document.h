/* What an alert says: a line for people, an event in the field names of the Elastic Common Schema, and the body that programs get.
 * docs/alerts.md describes the fields.
 */
#ifndef RF_ALERT_DOCUMENT_H
#define RF_ALERT_DOCUMENT_H

#include "store/outbox.h"

#define RF_ALERT_ECS_VERSION "8.11.0"
#define RF_ALERT_BODY_VERSION 1
#define RF_ALERT_TEXT_LINES_MAX 20 /* of a body's text; more are only counted */

/* One line without its end; control characters are visible. */
void rf_alert_put_line(struct rf_buf *out, const struct rf_outbox_alert *alert);
/* One line of JSON with its end. */
void rf_alert_put_event(struct rf_buf *out, const struct rf_outbox_alert *alert, rf_arena *scratch);
/* {"version", "id", "text", "alerts": […]}; `key` tells one delivery from the next. */
void rf_alert_put_body(struct rf_buf *out, rf_str key, const struct rf_outbox_alert *alerts, uint32_t count, rf_arena *scratch);
/* What `redflag alerts test` sends. */
void rf_alert_sample(struct rf_outbox_alert *alert, rf_str time, rf_str host);

#endif
