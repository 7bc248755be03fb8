/* Writing protocol buffers: fields of numbers, of texts and of messages. */
#ifndef RF_EXPORT_PROTOBUF_H
#define RF_EXPORT_PROTOBUF_H

#include "base/str.h"

/* A number; 0 is left out, as it is what a reader takes for a field that isn't there. */
void rf_protobuf_number(struct rf_buf *out, unsigned field, uint64_t value);
/* A text or a message. */
void rf_protobuf_bytes(struct rf_buf *out, unsigned field, rf_str bytes);
/* A number as an element of a packed field, whose bytes they are together. */
void rf_protobuf_packed(struct rf_buf *out, uint64_t value);

#endif
