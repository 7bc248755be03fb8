/* Texts made from the command table: help, man page, bash completion. They are appended to a buffer; nothing prints. */
#ifndef RF_CMD_HELP_H
#define RF_CMD_HELP_H

#include "cmd/command.h"

void rf_help_put_overview(struct rf_buf *out);
void rf_help_put_command(struct rf_buf *out, const struct rf_command *command);
void rf_help_put_man(struct rf_buf *out);        /* mdoc(7) */
void rf_help_put_completion(struct rf_buf *out); /* bash */

#endif
