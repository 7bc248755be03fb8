/* The decoder of the watchpoints: forms of every sort by hand, and that no bytes at all lead it beyond them. That lengths and
 * accesses are right in whole programs is compared with objdump in tests/e2e/agent-decode.sh. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/decode.h"

#include "agent/decode.c"

#define NO RF_REGISTER_NONE
#define RIP RF_REGISTER_RIP

struct expected {
	const char *bytes;
	uint8_t length;
	enum rf_access access;
	uint8_t size;
	int8_t base, index;
	uint8_t scale;
	int32_t displacement;
	bool atomic, aligned;
};

static const struct expected operands[] = {
	{ "\x48\xff\x05\x10\x00\x00\x00", 7, RF_ACCESS_UPDATE, 8, RIP, NO, 0, 16, false, false },         /* incq 16(%rip) */
	{ "\x83\x07\x01", 3, RF_ACCESS_UPDATE, 4, 7, NO, 0, 0, false, false },                            /* addl $1,(%rdi) */
	{ "\x83\x3f\x01", 3, RF_ACCESS_READ, 4, 7, NO, 0, 0, false, false },                              /* cmpl $1,(%rdi) */
	{ "\xf0\x48\x01\x07", 4, RF_ACCESS_UPDATE, 8, 7, NO, 0, 0, true, false },                         /* lock addq */
	{ "\x48\x87\x07", 3, RF_ACCESS_UPDATE, 8, 7, NO, 0, 0, true, false },                             /* xchgq */
	{ "\x66\x01\x44\x8a\xfe", 5, RF_ACCESS_UPDATE, 2, 2, 1, 2, -2, false, false },                    /* addw %ax,-2(%rdx,%rcx,4) */
	{ "\x43\x80\x4c\xfd\x7f\x80", 6, RF_ACCESS_UPDATE, 1, 13, 15, 3, 127, false, false },             /* orb $128,127(%r13,%r15,8) */
	{ "\x48\x89\x04\x25\x00\x10\x00\x00", 8, RF_ACCESS_WRITE, 8, NO, NO, 0, 4096, false, false },     /* movq %rax,4096 */
	{ "\x49\x89\x04\x24", 4, RF_ACCESS_WRITE, 8, 12, NO, 0, 0, false, false },                        /* movq %rax,(%r12) */
	{ "\x41\x89\x45\x00", 4, RF_ACCESS_WRITE, 4, 13, NO, 0, 0, false, false },                        /* movl %eax,0(%r13) */
	{ "\x66\xc7\x00\x34\x12", 5, RF_ACCESS_WRITE, 2, 0, NO, 0, 0, false, false },                     /* movw $0x1234,(%rax) */
	{ "\xc6\x40\x08\x01", 4, RF_ACCESS_WRITE, 1, 0, NO, 0, 8, false, false },                         /* movb $1,8(%rax) */
	{ "\x48\x8b\x40\x08", 4, RF_ACCESS_READ, 8, 0, NO, 0, 8, false, false },                          /* movq 8(%rax),%rax */
	{ "\x0f\xb6\x00", 3, RF_ACCESS_READ, 1, 0, NO, 0, 0, false, false },                              /* movzbl (%rax),%eax */
	{ "\x0f\x11\x07", 3, RF_ACCESS_WRITE, 16, 7, NO, 0, 0, false, false },                            /* movups %xmm0,(%rdi) */
	{ "\xf2\x0f\x11\x07", 4, RF_ACCESS_WRITE, 8, 7, NO, 0, 0, false, false },                         /* movsd %xmm0,(%rdi) */
	{ "\xf3\x0f\x11\x07", 4, RF_ACCESS_WRITE, 4, 7, NO, 0, 0, false, false },                         /* movss %xmm0,(%rdi) */
	{ "\x0f\x29\x07", 3, RF_ACCESS_WRITE, 16, 7, NO, 0, 0, false, false },                            /* movaps %xmm0,(%rdi) */
	{ "\x66\x0f\xd6\x07", 4, RF_ACCESS_WRITE, 8, 7, NO, 0, 0, false, false },                         /* movq %xmm0,(%rdi) */
	{ "\x66\x48\x0f\x7e\x07", 5, RF_ACCESS_WRITE, 8, 7, NO, 0, 0, false, false },                     /* movq %xmm0,(%rdi) */
	{ "\xc5\xf9\x7f\x07", 4, RF_ACCESS_WRITE, 16, 7, NO, 0, 0, false, true },                         /* vmovdqa %xmm0,(%rdi) */
	{ "\xc5\xfe\x7f\x47\x20", 5, RF_ACCESS_WRITE, 32, 7, NO, 0, 32, false, false },                   /* vmovdqu %ymm0,32(%rdi) */
	{ "\xc4\xc1\x7e\x7f\x01", 5, RF_ACCESS_WRITE, 32, 9, NO, 0, 0, false, false },                    /* vmovdqu %ymm0,(%r9) */
	{ "\x62\xf1\xfe\x48\x7f\x47\x01", 7, RF_ACCESS_WRITE, 64, 7, NO, 0, 64, false, false },           /* vmovdqu64 %zmm0,64(%rdi) */
	{ "\x62\xf1\xfe\x28\x7f\x47\xff", 7, RF_ACCESS_WRITE, 32, 7, NO, 0, -32, false, false },          /* vmovdqu64 %ymm0,-32(%rdi) */
	{ "\x62\xf1\xfe\x49\x7f\x07", 6, RF_ACCESS_UNKNOWN, 0, 7, NO, 0, 0, false, false },               /* the same, {%k1} */
	{ "\x0f\x94\x00", 3, RF_ACCESS_WRITE, 1, 0, NO, 0, 0, false, false },                             /* sete (%rax) */
	{ "\xf7\x18", 2, RF_ACCESS_UPDATE, 4, 0, NO, 0, 0, false, false },                                /* negl (%rax) */
	{ "\xf7\x00\x78\x56\x34\x12", 6, RF_ACCESS_READ, 4, 0, NO, 0, 0, false, false },                  /* testl $0x12345678,(%rax) */
	{ "\xd3\x20", 2, RF_ACCESS_UPDATE, 4, 0, NO, 0, 0, false, false },                                /* shll %cl,(%rax) */
	{ "\x0f\xba\x28\x05", 4, RF_ACCESS_UPDATE, 4, 0, NO, 0, 0, false, false },                        /* btsl $5,(%rax) */
	{ "\x0f\xab\x08", 3, RF_ACCESS_UNKNOWN, 0, 0, NO, 0, 0, false, false },                           /* btsl %ecx,(%rax) */
	{ "\x48\x0f\xc1\x08", 4, RF_ACCESS_UPDATE, 8, 0, NO, 0, 0, false, false },                        /* xaddq %rcx,(%rax) */
	{ "\x67\x89\x00", 3, RF_ACCESS_UNKNOWN, 0, 0, NO, 0, 0, false, false },                           /* movl %eax,(%eax) */
	{ "\xf3\x48\xa5", 3, RF_ACCESS_WRITE, 8, 7, NO, 0, 0, false, false },                             /* rep movsq */
	{ "\xaa", 1, RF_ACCESS_WRITE, 1, 7, NO, 0, 0, false, false },                                     /* stosb */
	{ "\x48\x8d\x05\x01\x00\x00\x00", 7, RF_ACCESS_NONE, 0, RIP, NO, 0, 1, false, false },            /* leaq 1(%rip),%rax */
	{ "\x66\x66\x2e\x0f\x1f\x84\x00\x00\x00\x00\x00", 11, RF_ACCESS_NONE, 0, 0, 0, 0, 0, false, false }, /* nopw */
	{ "\x48\x89\xc8", 3, RF_ACCESS_NONE, 0, NO, NO, 0, 0, false, false },                             /* movq %rcx,%rax */
	{ "\x48\xb8\x01\x02\x03\x04\x05\x06\x07\x08", 10, RF_ACCESS_NONE, 0, NO, NO, 0, 0, false, false }, /* movabs */
	{ "\xdd\x1f", 2, RF_ACCESS_UNKNOWN, 0, 7, NO, 0, 0, false, false },                               /* fstpl (%rdi) */
};

static void test_operands(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(operands) / sizeof(operands[0]); i++) {
		const struct expected *e = &operands[i];
		struct rf_instruction got;
		print_message("# operand %zu\n", i);
		assert_true(rf_decode((const uint8_t *)e->bytes, e->length, &got));
		assert_int_equal(got.length, e->length);
		assert_int_equal(got.access, e->access);
		assert_int_equal(got.size, e->size);
		assert_int_equal(got.base, e->base);
		assert_int_equal(got.index, e->index);
		assert_int_equal(got.scale, e->scale);
		assert_int_equal(got.displacement, e->displacement);
		assert_int_equal(got.atomic, e->atomic);
		assert_int_equal(got.aligned, e->aligned);
		assert_false(rf_decode((const uint8_t *)e->bytes, e->length - 1u, &got)); /* its last byte is missing */
	}
}

static struct rf_instruction decoded(const char *bytes, size_t count)
{
	struct rf_instruction i;
	assert_true(rf_decode((const uint8_t *)bytes, count, &i));
	assert_int_equal(i.length, count);
	return i;
}

static void test_flow(void **state)
{
	(void)state;
	struct rf_instruction i = decoded("\xe8\x10\x00\x00\x00", 5);
	assert_true(i.call && !i.jump && !i.end);
	assert_int_equal(i.displacement, 16);
	i = decoded("\x75\xfe", 2);
	assert_true(i.jump && !i.end && !i.call);
	assert_int_equal(i.displacement, -2);
	i = decoded("\x0f\x85\xf0\xff\xff\xff", 6);
	assert_true(i.jump && !i.end);
	assert_int_equal(i.displacement, -16);
	i = decoded("\xe9\x01\x00\x00\x00", 5);
	assert_true(i.jump && i.end);
	i = decoded("\xc3", 1);
	assert_true(i.end && !i.jump);
	i = decoded("\xff\x25\x08\x00\x00\x00", 6); /* jmp *8(%rip) */
	assert_true(i.end && i.pointer && !i.jump);
	assert_int_equal(i.base, RIP);
	i = decoded("\xff\xd0", 2); /* call *%rax */
	assert_true(!i.end && !i.pointer && !i.call);
	i = decoded("\x64\x48\xff\x00", 4); /* incq %fs:(%rax) */
	assert_true(i.segment);
	i = decoded("\xf3\xaa", 2);
	assert_true(i.string && i.rep);
}

static void test_unknown(void **state)
{
	(void)state;
	static const char *const bad[] = { "\x06", "\x9a", "\x0f\x0a", "\xd6", "\x48", "\x66", "\x8f\xe8\x78\xc2\xec\x0e",
					   "\x62\xf0\xfe\x48\x7f\x07" };
	struct rf_instruction i;
	for (size_t k = 0; k < sizeof(bad) / sizeof(bad[0]); k++)
		assert_false(rf_decode((const uint8_t *)bad[k], strlen(bad[k]), &i));
	assert_false(rf_decode((const uint8_t *)"", 0, &i));
	uint8_t prefixes[32];
	memset(prefixes, 0x66, sizeof(prefixes));
	prefixes[31] = 0x90;
	assert_false(rf_decode(prefixes, sizeof(prefixes), &i)); /* longer than instructions are */
}

/* Opcodes are 256 of each. */
static void test_tables(void **state)
{
	(void)state;
	assert_int_equal(strlen(one_byte_form), 256);
	assert_int_equal(strlen(two_byte_form), 256);
	assert_int_equal(strlen(one_byte_access), 256);
	assert_int_equal(strlen(two_byte_access), 256);
}

/* Any bytes, in a block that ends where they end: AddressSanitizer sees what is read behind it. The length is within them, and fewer
 * bytes than the length are refused. */
static void test_any_bytes(void **state)
{
	(void)state;
	uint64_t x = 88172645463325252u;
	for (uint32_t round = 0; round < 400000; round++) {
		size_t count = 1 + round % 18;
		uint8_t *bytes = malloc(count);
		struct rf_instruction i, shorter;
		assert_non_null(bytes);
		for (size_t k = 0; k < count; k++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			bytes[k] = (uint8_t)(x >> 32);
		}
		if (round % 3 == 0)
			bytes[0] = (uint8_t)"\x0f\x62\xc4\xc5\x48\x66\xf0\x41"[round % 8];
		if (rf_decode(bytes, count, &i)) {
			assert_in_range(i.length, 1, count);
			assert_in_range(i.length, 1, RF_INSTRUCTION_BYTES_MAX);
			assert_in_range(i.base + 1, 0, 17);
			assert_in_range(i.index + 1, 0, 16);
			assert_true(i.access == RF_ACCESS_NONE || i.access == RF_ACCESS_UNKNOWN || i.size);
			assert_false(rf_decode(bytes, i.length - 1u, &shorter));
		}
		free(bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tables), cmocka_unit_test(test_operands), cmocka_unit_test(test_flow),
		cmocka_unit_test(test_unknown), cmocka_unit_test(test_any_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
