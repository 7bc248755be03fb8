#include "agent/leaks.h"

#include "agent/heap.h"
#include "agent/lock.h"
#include "agent/record.h"
#include "agent/roots.h"
#include "agent/settings.h"

#include <emmintrin.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define ADDRESS_MASK (((uint64_t)1 << 47) - 1) /* of user space on x86-64 */
#define FRONT_BYTES 16u
#define LOWEST ((uintptr_t)1 << 32)
#define PAGE_BITS 20u      /* of the hash of a page: 128 KiB, and one in eight set when all blocks are there */
#define REGION_SHIFT 24u   /* of 16 MiB, for blocks with more pages than are worth to be noted singly */
#define REGION_BITS 16u
#define SINGLE_PAGES_MAX 1024u
#define UPPER_MASK (ADDRESS_MASK >> 32)
#define UPPERS 4u          /* heap, mappings and arenas of a program have two or three */
#define WIDE 16u           /* bytes that are looked at together */
#define DETAIL_BYTES 160u

struct candidate {
	uintptr_t start, end; /* of the addresses that refer to it; end is one of them */
	struct rf_heap_block block;
	bool referred;
};

struct leaking {
	uint64_t blocks, bytes;
	double estimate;
	struct rf_heap_block first;
};

/* All of it is memory that isn't searched. */
struct search {
	struct candidate candidates[RF_HEAP_LIVE_MAX];
	struct leaking leaking[RF_HEAP_STACKS_MAX];
	uint32_t uppers[UPPERS]; /* different upper halves of addresses of candidates; further ones are the first again */
	uint8_t pages[(1u << PAGE_BITS) / 8], regions[(1u << REGION_BITS) / 8];
	char buffer[RF_ROOTS_CHUNK + RF_ROOTS_TAIL];
};

static struct {
	struct search *s;
	uint32_t count, left; /* candidates, and those that nothing was seen of yet */
	uint32_t uppers;      /* more than UPPERS: not all of them are noted */
	bool done;
} leaks;

static uint32_t hash_bits(uint64_t number, uint32_t bits)
{
	return (uint32_t)(number * 0x9e3779b97f4a7c15u >> (64 - bits));
}

static void note(uint8_t *bits, uint32_t at)
{
	bits[at / 8] = (uint8_t)(bits[at / 8] | 1u << at % 8);
}

static bool noted(const uint8_t *bits, uint32_t at)
{
	return bits[at / 8] >> at % 8 & 1;
}

static void add_upper(uint32_t upper)
{
	uint32_t *known = leaks.s->uppers;
	for (uint32_t i = 0; i < leaks.uppers && i < UPPERS; i++) {
		if (known[i] == upper)
			return;
	}
	for (uint32_t i = leaks.uppers; i < UPPERS; i++)
		known[i] = i == leaks.uppers ? upper : known[0];
	leaks.uppers += leaks.uppers <= UPPERS;
}

static void add_candidate(const struct rf_heap_block *block)
{
	struct candidate *c = &leaks.s->candidates[leaks.count];
	bool large = block->bytes / RF_PAGE > SINGLE_PAGES_MAX;
	uint32_t shift = large ? REGION_SHIFT : 12;
	if (block->start < LOWEST || block->bytes > ADDRESS_MASK - block->start)
		return;
	*c = (struct candidate){ block->start - FRONT_BYTES, block->start + block->bytes, *block, false };
	for (uintptr_t at = c->start >> shift; at <= c->end >> shift; at++) {
		if (large)
			note(leaks.s->regions, hash_bits(at, REGION_BITS));
		else
			note(leaks.s->pages, hash_bits(at, PAGE_BITS));
	}
	for (uintptr_t upper = c->start >> 32; upper <= c->end >> 32 && leaks.uppers <= UPPERS; upper++)
		add_upper((uint32_t)upper);
	leaks.count++;
}

/* Shell's sort: qsort would ask malloc for memory. */
static void sort_candidates(void)
{
	for (uint32_t gap = leaks.count / 2; gap; gap /= 2) {
		for (uint32_t i = gap; i < leaks.count; i++) {
			struct candidate moved = leaks.s->candidates[i];
			uint32_t to = i;
			for (; to >= gap && leaks.s->candidates[to - gap].start > moved.start; to -= gap)
				leaks.s->candidates[to] = leaks.s->candidates[to - gap];
			leaks.s->candidates[to] = moved;
		}
	}
}

/* How many candidates begin at or in front of the address. */
static uint32_t count_before(uintptr_t address)
{
	uint32_t low = 0, high = leaks.count;
	while (low < high) {
		uint32_t middle = (low + high) / 2;
		if (leaks.s->candidates[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* A word at `at` is an address. The ranges of two blocks that are next to each other may have it both. */
static void refer(uintptr_t address, uintptr_t at)
{
	uint32_t n = count_before(address);
	for (uint32_t i = n; i > 0 && i + 2 > n; i--) {
		struct candidate *c = &leaks.s->candidates[i - 1];
		bool itself = at - c->block.start < c->block.bytes;
		if (address > c->end || c->referred || itself)
			continue;
		c->referred = true;
		leaks.left--;
	}
}

static void see_one(const char *copy, uintptr_t at)
{
	uint64_t word;
	memcpy(&word, copy, sizeof(word));
	word &= ADDRESS_MASK;
	if (word >= LOWEST && (noted(leaks.s->pages, hash_bits(word >> 12, PAGE_BITS)) ||
			       noted(leaks.s->regions, hash_bits(word >> REGION_SHIFT, REGION_BITS))))
		refer(word, at);
}

/* The next place, in steps of four bytes, of words whose upper halves, four at a time, have one of a candidate's address in them; or
 * where there are fewer than four left. Most memory is passed over so, at the speed of memory. */
static size_t next_upper(const char *copy, size_t bytes, size_t i)
{
	const __m128i mask = _mm_set1_epi32(UPPER_MASK);
	__m128i wanted[UPPERS];
	for (uint32_t k = 0; k < UPPERS; k++)
		wanted[k] = _mm_set1_epi32((int)leaks.s->uppers[k]);
	for (; i + 4 + WIDE <= bytes; i += WIDE) {
		__m128i v = _mm_and_si128(_mm_loadu_si128((const void *)(copy + i + 4)), mask);
		__m128i found = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi32(v, wanted[0]), _mm_cmpeq_epi32(v, wanted[1])),
					     _mm_or_si128(_mm_cmpeq_epi32(v, wanted[2]), _mm_cmpeq_epi32(v, wanted[3])));
		if (_mm_movemask_epi8(found))
			break;
	}
	return i;
}

static bool see_words(const char *copy, size_t bytes, uintptr_t at, uint32_t step)
{
	bool wide = step == 4 && leaks.uppers <= UPPERS;
	size_t i = 0, end = 0;
	while (i + sizeof(uint64_t) <= bytes) {
		i = wide ? next_upper(copy, bytes, i) : i;
		end = i + WIDE < bytes ? i + WIDE : bytes;
		for (; i < end && i + sizeof(uint64_t) <= bytes; i += step)
			see_one(copy + i, at + i);
	}
	return leaks.left > 0;
}

static void add_leak(const struct rf_heap_block *block)
{
	struct leaking *l = &leaks.s->leaking[block->stack];
	if (!l->blocks++)
		l->first = *block;
	l->bytes += block->bytes;
	l->estimate += rf_heap_estimate(block->bytes);
}

static void report_leak(const struct leaking *l)
{
	static struct rf_trace trace; /* there is one thread */
	char detail[DETAIL_BYTES];
	snprintf(detail, sizeof(detail), "%llu sampled block%s, %llu bytes, that nothing refers to: by estimate %llu bytes are lost",
		 (unsigned long long)l->blocks, l->blocks == 1 ? "" : "s", (unsigned long long)l->bytes,
		 (unsigned long long)l->estimate);
	struct rf_record_report r = { .kind = RF_SPOOL_KIND_NATIVE_LEAK, .side_count = 1, .memory_start = l->first.start,
				      .memory_bytes = l->first.bytes, .detail = detail };
	rf_heap_trace(&l->first, &trace);
	r.sides[0] = (struct rf_record_side){ .address = l->first.start, .trace = &trace,
					      .flags = RF_SPOOL_ACTION_ALLOCATE << RF_SPOOL_ACCESS_ACTION_SHIFT };
	rf_record_report(&r);
}

static void report_all(uint64_t least)
{
	for (uint32_t i = 0; i < leaks.count; i++) {
		if (!leaks.s->candidates[i].referred)
			add_leak(&leaks.s->candidates[i].block);
	}
	rf_lock();
	for (uint32_t reports = 0; reports < RF_LEAKS_REPORTS_MAX; reports++) {
		struct leaking *most = leaks.s->leaking;
		for (struct leaking *l = most; l < leaks.s->leaking + RF_HEAP_STACKS_MAX; l++) {
			if (l->blocks >= least && (most->blocks < least || l->estimate > most->estimate))
				most = l;
		}
		if (!most->blocks || most->blocks < least)
			break;
		report_leak(most);
		most->blocks = 0;
	}
	rf_unlock();
}

static uint64_t time_allowed(uint64_t cost_permille)
{
	struct timespec used;
	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) != 0)
		return 0;
	uint64_t allowed = ((uint64_t)used.tv_sec * 1000000000u + (uint64_t)used.tv_nsec) / 1000 * cost_permille;
	return allowed < RF_LEAKS_NS_MAX ? allowed : RF_LEAKS_NS_MAX;
}

static void rf_leaks_look(uintptr_t stack, uint64_t least, uint64_t cost_permille)
{
	uint64_t start_ns = rf_profile_now_ns(), allowed_ns = time_allowed(cost_permille);
	struct rf_heap_block block;
	bool begin = !leaks.done && allowed_ns >= RF_LEAKS_NS_MIN;
	void *memory = !begin ? MAP_FAILED : mmap(NULL, sizeof(*leaks.s), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	leaks.done = true;
	if (memory == MAP_FAILED)
		return;
	leaks.s = memory;
	leaks.count = leaks.uppers = 0;
	for (uint32_t at = 0; leaks.count < RF_HEAP_LIVE_MAX && rf_heap_next_live(&at, &block);)
		add_candidate(&block);
	sort_candidates();
	leaks.left = leaks.count;
	const struct rf_roots roots = { .stack = stack, .own_start = (uintptr_t)memory, .own_end = (uintptr_t)memory + sizeof(*leaks.s),
					.until_ns = start_ns + allowed_ns, .buffer = leaks.s->buffer, .see = see_words };
	if (leaks.left && rf_roots_walk(&roots))
		report_all(least);
	munmap(memory, sizeof(*leaks.s));
}
