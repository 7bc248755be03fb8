/* A block of lines, each in one style, so that it can be printed as it is or beside another. */
#ifndef RF_CMD_BLOCK_H
#define RF_CMD_BLOCK_H

#include "base/arena.h"
#include "cmd/terminal.h"

struct rf_block_line {
	enum rf_style style;
	rf_str text;
};

struct rf_block {
	rf_arena *arena;
	struct rf_block_line *lines;
	uint32_t count, cap;
};

void rf_block_init(struct rf_block *b, rf_arena *arena);
void rf_block_add(struct rf_block *b, enum rf_style style, rf_str text);
__attribute__((format(printf, 3, 4))) void rf_block_printf(struct rf_block *b, enum rf_style style, const char *format,
							   ...);
/* One below the other; lines are clipped to the terminal. */
void rf_block_put(struct rf_buf *out, const struct rf_terminal *t, const struct rf_block *b);
/* Side by side, each in half of the terminal. */
void rf_block_put_beside(struct rf_buf *out, const struct rf_terminal *t, const struct rf_block *left,
			 const struct rf_block *right);

#endif
