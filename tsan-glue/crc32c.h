/* CRC-32C (Castagnoli, reflected) of the spool's records, for both sides of the format: the glue inside the observed
 * process and the reporter.
 *
 * Depends on nothing: no libc, no SSE4.2, no memory of its own, so it may run on any stack, in a signal handler too.
 * Half a byte at a time with a table of 64 bytes: about 3 cycles a half, which is nothing beside a report's stacks.
 * Start and final xor are inside, so pieces chain: rf_crc32c(rf_crc32c(0, a, n), b, m) is the sum of a followed by b.
 */
#ifndef RF_CRC32C_H
#define RF_CRC32C_H

#include <stddef.h>
#include <stdint.h>

static inline uint32_t rf_crc32c(uint32_t crc, const void *bytes, size_t count)
{
	/* table[i]: i shifted out four times through the reflected polynomial 0x82f63b78 */
	static const uint32_t table[16] = {
		0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
		0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
	};
	const unsigned char *p = (const unsigned char *)bytes;

	crc = ~crc;
	for (size_t i = 0; i < count; i++) {
		crc ^= p[i];
		crc = table[crc & 15] ^ (crc >> 4);
		crc = table[crc & 15] ^ (crc >> 4);
	}
	return ~crc;
}

#endif
