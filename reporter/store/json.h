/* Writing JSON: members and elements one after the other, indented by two spaces (or all in one line); commas and line ends come
 * by themselves.
 *
 * `key` is the member's name, or NULL inside an array. Text that isn't UTF-8 becomes U+FFFD. Objects and arrays that are open
 * are closed in the order in which they were opened; more than RF_JSON_DEPTH_MAX open ones, or closing none, is an error of
 * the program and asserted. Running out of memory shows in the buffer (rf_buf.failed).
 */
#ifndef RF_STORE_JSON_H
#define RF_STORE_JSON_H

#include "base/str.h"

#define RF_JSON_DEPTH_MAX 24 /* SARIF's frames, the deepest that we write, are at 14 */

struct rf_json {
	struct rf_buf *out;
	bool compact; /* one line: set it after init */
	uint32_t depth;
	char closers[RF_JSON_DEPTH_MAX];
	bool used[RF_JSON_DEPTH_MAX]; /* has a member already */
};

void rf_json_init(struct rf_json *j, struct rf_buf *out);
void rf_json_object(struct rf_json *j, const char *key);
void rf_json_array(struct rf_json *j, const char *key);
void rf_json_end(struct rf_json *j);                  /* of the innermost object or array */
void rf_json_str(struct rf_json *j, const char *key, rf_str value); /* ptr NULL: null */
void rf_json_cstr(struct rf_json *j, const char *key, const char *value);
/* Nothing when the value is empty. */
void rf_json_str_if(struct rf_json *j, const char *key, rf_str value);
void rf_json_int(struct rf_json *j, const char *key, int64_t value);
void rf_json_bool(struct rf_json *j, const char *key, bool value);
/* As text "0x…": addresses don't fit the numbers of most readers of JSON. */
void rf_json_hex(struct rf_json *j, const char *key, uint64_t value);
/* Ends the text with a newline; everything must be closed. */
void rf_json_finish(struct rf_json *j);

#endif
