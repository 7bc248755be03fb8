#include "export/protobuf.h"

enum wire { WIRE_NUMBER = 0, WIRE_BYTES = 2 };

void rf_protobuf_packed(struct rf_buf *out, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		rf_buf_put_char(out, (char)(value | 0x80));
	rf_buf_put_char(out, (char)value);
}

void rf_protobuf_number(struct rf_buf *out, unsigned field, uint64_t value)
{
	if (value == 0)
		return;
	rf_protobuf_packed(out, (uint64_t)field << 3 | WIRE_NUMBER);
	rf_protobuf_packed(out, value);
}

void rf_protobuf_bytes(struct rf_buf *out, unsigned field, rf_str bytes)
{
	rf_protobuf_packed(out, (uint64_t)field << 3 | WIRE_BYTES);
	rf_protobuf_packed(out, bytes.len);
	rf_buf_put_str(out, bytes);
}
