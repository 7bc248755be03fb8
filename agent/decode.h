/* x86-64 instructions, as far as watchpoints need them: how long one is, and which memory it reads or writes.
 *
 * Pure: no state, nothing is read but the bytes that are given. Instructions of the system, and rare ones, have a length and
 * RF_ACCESS_UNKNOWN. What isn't known at all is refused, so a length is right or there is none (Intel SDM volume 2, appendix A;
 * AMD APM volume 3, appendix A).
 */
#ifndef RF_AGENT_DECODE_H
#define RF_AGENT_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RF_INSTRUCTION_BYTES_MAX 15u

enum rf_access {
	RF_ACCESS_NONE,
	RF_ACCESS_READ,
	RF_ACCESS_WRITE,
	RF_ACCESS_UPDATE, /* reads, then writes */
	RF_ACCESS_UNKNOWN /* some memory, or none */
};

#define RF_REGISTER_NONE (-1)
#define RF_REGISTER_RSP 4
#define RF_REGISTER_RBP 5
#define RF_REGISTER_RDI 7
#define RF_REGISTER_RIP 16

struct rf_instruction {
	uint8_t length;
	enum rf_access access; /* of memory by its operand, or by a string instruction at RDI; pushes and pops are RF_ACCESS_NONE */
	uint8_t size;          /* bytes; of a read at most so many; of a string instruction, those of an element */
	bool atomic;           /* by a lock prefix, or by itself (xchg) */
	bool aligned;          /* a store by AVX that wants its operand aligned: of 16 bytes it may be an atomic one (libatomic) */
	bool string;           /* movs, stos; with rep as many elements as RCX says */
	bool rep;
	bool segment;          /* relative to FS or GS */
	bool jump, call, end;  /* a direct jump (conditional or not), a direct call; the code behind isn't reached (jmp, ret, ud2) */
	bool pointer;          /* a jump or call by the pointer that the operand is */
	int8_t base, index;    /* numbers as the machine has them; RF_REGISTER_RIP: the next instruction */
	uint8_t scale;         /* log2 */
	int32_t displacement;  /* also of a direct jump or call, from the next instruction */
};

/* False: the bytes don't hold a whole instruction that is known. */
static bool rf_decode(const uint8_t *code, size_t bytes, struct rf_instruction *instruction);

#endif
