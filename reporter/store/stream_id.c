#include "store/stream_id.h"

#include <string.h>

#include "store/timestamp.h"

/* Odd, with as many ones as zeros and no pattern: fractional parts of square roots of primes. */
#define K0 UINT64_C(0x6a09e667f3bcc909)
#define K1 UINT64_C(0xbb67ae8584caa73b)
#define K2 UINT64_C(0x3c6ef372fe94f82b)
#define K3 UINT64_C(0xa54ff53a5f1d36f1)

/* Both halves of the product of two 64-bit numbers, folded. */
static inline uint64_t fold(uint64_t x, uint64_t y)
{
	unsigned __int128 product = (unsigned __int128)x * y;
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Sixteen bytes into both lanes. Each lane multiplies its state with another half of them, so what would be lost in one (a
 * factor that happens to be zero) is in the other. */
static inline void add_block(struct rf_stream_id *id, uint64_t x, uint64_t y)
{
	id->a = fold(id->a ^ x, y ^ K0);
	id->b = fold(id->b ^ y, x ^ K1);
}

static inline uint64_t load8(const char *p)
{
	uint64_t word;
	memcpy(&word, p, sizeof(word));
	return word;
}

static inline uint64_t load4(const char *p)
{
	uint32_t word;
	memcpy(&word, p, sizeof(word));
	return word;
}

/* Bytes whose number was or will be hashed too: the last block overlaps, or is read from both ends. */
static inline void add_bytes(struct rf_stream_id *id, rf_str s)
{
	const char *p = s.ptr;
	size_t n = s.len;
	for (; n > 16; n -= 16, p += 16)
		add_block(id, load8(p), load8(p + 8));
	if (s.len >= 16)
		add_block(id, load8(p + n - 16), load8(p + n - 8));
	else if (n >= 8)
		add_block(id, load8(p), load8(p + n - 8));
	else if (n >= 4)
		add_block(id, load4(p), load4(p + n - 4));
	else if (n)
		add_block(id, (unsigned char)p[0], (uint64_t)(unsigned char)p[n / 2] << 8 | (unsigned char)p[n - 1]);
}

static void finish(const struct rf_stream_id *id, rf_str mixed, uint64_t out[2])
{
	struct rf_stream_id end = *id;
	add_block(&end, mixed.len, K2);
	add_bytes(&end, mixed);
	add_block(&end, K2, K3);
	out[0] = fold(end.a ^ K3, end.b ^ K0);
	out[1] = fold(end.b ^ K1, end.a ^ K2);
}

static rf_str mixed_now(const struct rf_stream_id *id)
{
	return id->has_times ? RF_STR("") : id->mixed;
}

static void note_begin(struct rf_stream_id *id, uint32_t *begin, rf_str mixed)
{
	uint64_t hash[2];
	finish(id, mixed, hash);
	*begin = (uint32_t)hash[0];
}

void rf_stream_id_init(struct rf_stream_id *id, rf_str mixed)
{
	*id = (struct rf_stream_id){ .a = K2, .b = K3, .mixed = mixed };
}

static void begin(struct rf_stream_id *id)
{
	if (!id->begun)
		note_begin(id, &id->first_line, id->mixed);
	id->begun = true;
}

void rf_stream_id_text(struct rf_stream_id *id, rf_str line)
{
	add_block(id, line.len, K1);
	add_bytes(id, line);
	begin(id);
}

static bool all_digits(const char *p, size_t n, uint64_t *value)
{
	uint64_t v = 0;
	for (size_t i = 0; i < n; i++) {
		unsigned digit = (unsigned)(unsigned char)p[i] - '0';
		if (digit > 9)
			return false;
		v = v * 10 + digit;
	}
	*value = v;
	return true;
}

/* What is behind the second, of a time as Go writes it: digits of its fraction, and Z. */
static bool parse_fraction(rf_str text, uint64_t *ns)
{
	static const uint32_t unit[] = { 0, 100000000, 10000000, 1000000, 100000, 10000, 1000, 100, 10, 1 };
	size_t digits = text.len - sizeof(((struct rf_stream_id *)0)->second) - 1;
	if (text.ptr[text.len - 1] != 'Z' || digits == 0 || digits > 9 || !all_digits(text.ptr + text.len - 1 - digits, digits, ns))
		return false;
	*ns *= unit[digits];
	return true;
}

static bool parse_time(struct rf_stream_id *id, rf_str text, uint64_t *unix_ns)
{
	uint64_t ns;
	bool usual = text.len > sizeof(id->second) + 1 && parse_fraction(text, &ns);
	if (usual && memcmp(text.ptr, id->second, sizeof(id->second)) == 0) {
		*unix_ns = id->second_unix_ns + ns;
		return true;
	}
	if (!rf_time_parse(text, unix_ns))
		return false;
	if (usual && text.ptr[sizeof(id->second) - 1] == '.') {
		memcpy(id->second, text.ptr, sizeof(id->second));
		id->second_unix_ns = *unix_ns - ns;
	}
	return true;
}

bool rf_stream_id_event(struct rf_stream_id *id, const struct rf_test_event *event)
{
	uint64_t time;
	add_block(id, (uint64_t)event->time.len << 32 | event->package.len, (uint64_t)event->test.len << 32 | event->output.len);
	add_bytes(id, event->time);
	add_bytes(id, event->package);
	add_bytes(id, event->test);
	add_bytes(id, event->output);
	begin(id);
	if (event->time.len == 0 || !parse_time(id, event->time, &time))
		return false;
	id->time_unix_ns = time;
	if (id->has_times)
		return false;
	note_begin(id, &id->first_time, RF_STR(""));
	return id->has_times = true;
}

static void put_hex(char *to, uint64_t value, unsigned digits)
{
	for (unsigned i = digits; i-- > 0; value >>= 4)
		to[i] = "0123456789abcdef"[value & 15];
}

#define NUMBER_AT 8
#define NUMBER_DIGITS 8

void rf_stream_id_uid(const struct rf_stream_id *id, char uid[RF_STREAM_UID_BYTES])
{
	uint64_t hash[2];
	finish(id, mixed_now(id), hash);
	put_hex(uid, id->has_times ? id->first_time : id->first_line, 8);
	put_hex(uid + NUMBER_AT, id->reports, NUMBER_DIGITS);
	put_hex(uid + 16, hash[0], 16);
	put_hex(uid + 32, hash[1], 8);
}

void rf_stream_id_same_number(char uid[RF_STREAM_UID_BYTES], const char begun[RF_STREAM_UID_BYTES])
{
	memcpy(uid + NUMBER_AT, begun + NUMBER_AT, NUMBER_DIGITS);
}

void rf_stream_id_trace(const struct rf_stream_id *id, char trace[RF_STREAM_TRACE_BYTES])
{
	uint64_t hash[2];
	finish(id, RF_STR(""), hash);
	put_hex(trace, hash[0], 16);
	put_hex(trace + 16, hash[1], 16);
}
