#include "tsan-glue/clocks.h"

/* Set once, before there is a second thread. */
static bool clocks_wide;

#ifdef __x86_64__
#include <cpuid.h>
#include <immintrin.h>

#define XCR0_YMM 6u /* the kernel keeps the upper halves, too */

static bool has_wide(void)
{
	unsigned a, b, c, d, low, high;
	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE))
		return false;
	__asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return (low & XCR0_YMM) == XCR0_YMM && __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_AVX2);
}

#define WIDE __attribute__((target("avx2")))
#define LOAD(clock, i) _mm256_loadu_si256((const __m256i *)(clock)->epochs + (i))
#define STORE(clock, i, value) _mm256_storeu_si256((__m256i *)(clock)->epochs + (i), value)
#define WORDS (sizeof(struct rf_clock) / sizeof(__m256i))

WIDE static void wide_acquire(struct rf_clock *to, const struct rf_clock *from)
{
	for (unsigned i = 0; i < WORDS; i++)
		STORE(to, i, _mm256_max_epu16(LOAD(to, i), LOAD(from, i)));
}

WIDE static void wide_copy(struct rf_clock *to, const struct rf_clock *from)
{
	for (unsigned i = 0; i < WORDS; i++)
		STORE(to, i, LOAD(from, i));
}

WIDE static void wide_both(struct rf_clock *one, struct rf_clock *other)
{
	for (unsigned i = 0; i < WORDS; i++) {
		__m256i most = _mm256_max_epu16(LOAD(one, i), LOAD(other, i));
		STORE(one, i, most);
		STORE(other, i, most);
	}
}

WIDE static void wide_exchange(struct rf_clock *one, struct rf_clock *other)
{
	for (unsigned i = 0; i < WORDS; i++) {
		__m256i mine = LOAD(one, i), theirs = LOAD(other, i);
		STORE(other, i, mine);
		STORE(one, i, _mm256_max_epu16(mine, theirs));
	}
}
#else
static bool has_wide(void)
{
	return false;
}

static void wide_acquire(struct rf_clock *to, const struct rf_clock *from)
{
	rf_clock_acquire(to, from);
}

static void wide_copy(struct rf_clock *to, const struct rf_clock *from)
{
	rf_clock_copy(to, from);
}

static void wide_both(struct rf_clock *one, struct rf_clock *other)
{
	rf_clock_release_acquire(one, &other);
}

static void wide_exchange(struct rf_clock *one, struct rf_clock *other)
{
	rf_clock_exchange(one, &other);
}
#endif

static void rf_clocks_init(bool on)
{
	clocks_wide = on && has_wide();
}

static bool rf_clocks_are_wide(void)
{
	return clocks_wide;
}

void __redflag_clock_acquire(struct rf_clock *to, const struct rf_clock *from)
{
	if (clocks_wide && from)
		wide_acquire(to, from);
	else
		rf_clock_acquire(to, from);
}

struct rf_clock *__redflag_clock_copy(struct rf_clock *to, const struct rf_clock *from)
{
	if (!clocks_wide)
		return rf_clock_copy(to, from);
	wide_copy(to, from);
	return to;
}

void __redflag_clock_release(const struct rf_clock *from, struct rf_clock **to)
{
	if (clocks_wide && *to)
		wide_acquire(*to, from);
	else
		rf_clock_release(from, to);
}

void __redflag_clock_release_store(const struct rf_clock *from, struct rf_clock **to)
{
	if (clocks_wide && *to)
		wide_copy(*to, from);
	else
		rf_clock_release_store(from, to);
}

void __redflag_clock_release_acquire(struct rf_clock *clock, struct rf_clock **other)
{
	if (clocks_wide && *other)
		wide_both(clock, *other);
	else
		rf_clock_release_acquire(clock, other);
}

void __redflag_clock_exchange(struct rf_clock *clock, struct rf_clock **other)
{
	if (clocks_wide && *other)
		wide_exchange(clock, *other);
	else
		rf_clock_exchange(clock, other);
}
