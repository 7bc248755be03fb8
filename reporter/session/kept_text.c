#include "session/kept_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BYTES 256

static bool grow(struct rf_kept *k, struct rf_kept_pool *pool)
{
	size_t cap = k->cap ? k->cap * 2 : FIRST_BYTES;
	bool room = cap <= RF_KEPT_BYTES_MAX && pool->bytes + (cap - k->cap) <= pool->bytes_max;
	char *bigger = room ? realloc(k->ptr, cap) : NULL;
	if (!bigger) {
		k->full = true;
		k->at = k->cap / 2;
		return false;
	}
	pool->bytes += cap - k->cap;
	k->ptr = bigger;
	k->cap = cap;
	return true;
}

static void put_in_ring(struct rf_kept *k, rf_str text)
{
	size_t start = k->cap / 2, size = k->cap - start;
	if (size == 0)
		return;
	if (text.len > size)
		text = rf_str_skip(text, text.len - size);
	size_t first = text.len < k->cap - k->at ? text.len : k->cap - k->at;
	memcpy(k->ptr + k->at, text.ptr, first);
	memcpy(k->ptr + start, text.ptr + first, text.len - first);
	k->at += text.len;
	if (k->at >= k->cap)
		k->at -= size;
}

void rf_kept_put(struct rf_kept *k, struct rf_kept_pool *pool, rf_str text)
{
	k->total += text.len;
	while (text.len && !k->full) {
		size_t n = text.len < k->cap - k->len ? text.len : k->cap - k->len;
		if (n) {
			memcpy(k->ptr + k->len, text.ptr, n);
			k->len += n;
			text = rf_str_skip(text, n);
		} else {
			grow(k, pool);
		}
	}
	if (text.len)
		put_in_ring(k, text);
}

/* Not inside a character, and behind a line's end when one is near. */
static rf_str cut_end(rf_str text)
{
	ptrdiff_t newline = rf_str_find_last(text, '\n');
	if (newline >= 0 && (size_t)newline >= text.len / 2)
		return rf_str_take(text, (size_t)newline + 1);
	size_t end = text.len;
	while (end && text.len - end < 4 && ((unsigned char)text.ptr[end - 1] & 0xc0) == 0x80)
		end--;
	if (end && (unsigned char)text.ptr[end - 1] >= 0xc0)
		end--;
	return rf_str_take(text, end);
}

static rf_str cut_start(rf_str text)
{
	ptrdiff_t newline = rf_str_find(text, '\n');
	if (newline >= 0 && (size_t)newline < text.len / 2)
		return rf_str_skip(text, (size_t)newline + 1);
	size_t start = 0;
	while (start < 4 && start < text.len && ((unsigned char)text.ptr[start] & 0xc0) == 0x80)
		start++;
	return rf_str_skip(text, start);
}

/* `bytes` of what is kept, in their order; when something was left out, that was behind the first cap / 2. */
static void copy_kept(const struct rf_kept *k, size_t from, size_t bytes, char *to)
{
	size_t half = k->cap / 2;
	bool is_ring = k->full && k->total > k->cap;
	const struct { size_t start, end; } parts[] = {
		{ 0, is_ring ? half : k->len }, { k->at, is_ring ? k->cap : k->at }, { half, is_ring ? k->at : half } };
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && bytes; i++) {
		size_t there = parts[i].end - parts[i].start, skipped = from < there ? from : there;
		size_t n = there - skipped < bytes ? there - skipped : bytes;
		memcpy(to, k->ptr + parts[i].start + skipped, n);
		from -= skipped;
		to += n;
		bytes -= n;
	}
}

/* Not printf, to which a NUL would be the end. Only what goes on is copied: of many tests that is a small part. */
static rf_str with_note(const struct rf_kept *k, size_t bytes_max, rf_arena *arena)
{
	char note[64];
	size_t half = (k->len < bytes_max ? k->len : bytes_max) / 2;
	char *p = rf_arena_alloc(arena, 2 * half + sizeof(note) + 1);
	if (!p)
		return RF_STR("");
	copy_kept(k, 0, half, p);
	copy_kept(k, k->len - half, half, p + half + sizeof(note));
	rf_str head = cut_end((rf_str){ p, half }), tail = cut_start((rf_str){ p + half + sizeof(note), half });
	bool ends = head.len == 0 || head.ptr[head.len - 1] == '\n';
	int n = snprintf(note, sizeof(note), "%s[redflag: %llu bytes left out]\n", ends ? "" : "\n",
			 (unsigned long long)(k->total - head.len - tail.len));
	memcpy(p + head.len, note, (size_t)n);
	memmove(p + head.len + n, tail.ptr, tail.len);
	return (rf_str){ p, head.len + (size_t)n + tail.len };
}

rf_str rf_kept_text(const struct rf_kept *k, size_t bytes_max, rf_arena *arena)
{
	if (k->total == 0)
		return RF_STR("");
	if (k->len != k->total || k->len > bytes_max)
		return with_note(k, bytes_max, arena);
	char *p = rf_arena_alloc(arena, k->len + 1);
	if (!p)
		return RF_STR("");
	copy_kept(k, 0, k->len, p);
	return (rf_str){ p, k->len };
}

void rf_kept_release(struct rf_kept *k, struct rf_kept_pool *pool)
{
	free(k->ptr);
	pool->bytes -= k->cap;
	*k = (struct rf_kept){ 0 };
}
