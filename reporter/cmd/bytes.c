#include "cmd/bytes.h"

#include "base/quantity.h"

const char *rf_bytes_text(uint64_t bytes, rf_arena *arena)
{
	struct rf_buf b;
	rf_buf_init(&b);
	rf_quantity_put_bytes(&b, bytes, " ");
	const char *text = rf_arena_cstr(arena, rf_buf_str(&b));
	rf_buf_release(&b);
	return text;
}
