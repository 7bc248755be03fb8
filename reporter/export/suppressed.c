/* What suppresses a finding, in the words of the list. */
#include "export/item.h"

#include "policy/suppressions.h"

/* An entry of a list that we don't have, or no longer, is known by its text alone. */
static struct rf_suppression entry_of(const struct rf_suppressions *list, rf_str text)
{
	for (uint32_t i = 0; list && i < list->count; i++) {
		if (rf_str_eq(list->entries[i].text, text))
			return list->entries[i];
	}
	return (struct rf_suppression){ .text = text };
}

int rf_item_load_suppressions(struct rf_export *x, struct rf_item *item, struct rf_error *err)
{
	rf_str *texts;
	uint32_t count = 0;
	if (!item->suppressed)
		return 0;
	int rc = rf_noise_suppressions_of(x->store, item->row->id, &x->scratch, &texts, &count, err);
	item->suppressions = rf_arena_array(&x->scratch, count + 1, sizeof(*item->suppressions));
	for (uint32_t i = 0; rc == 0 && item->suppressions && i < count; i++)
		item->suppressions[item->suppression_count++] = entry_of(x->options.suppressions, texts[i]);
	return rc;
}

rf_str rf_words_suppression(const struct rf_suppression *entry, rf_arena *arena)
{
	rf_str words = entry->text;
	if (entry->reason.len)
		words = rf_arena_printf(arena, "%.*s: %.*s", RF_STR_ARG(words), RF_STR_ARG(entry->reason));
	if (entry->owner.len)
		words = rf_arena_printf(arena, "%.*s; owner %.*s", RF_STR_ARG(words), RF_STR_ARG(entry->owner));
	if (entry->expires.len)
		words = rf_arena_printf(arena, "%.*s; until %.*s", RF_STR_ARG(words), RF_STR_ARG(entry->expires));
	return words;
}

rf_str rf_words_suppressions(const struct rf_item *item, rf_arena *arena)
{
	rf_str words = RF_STR("");
	for (uint32_t i = 0; i < item->suppression_count; i++)
		words = rf_arena_printf(arena, "%.*s%s%.*s", RF_STR_ARG(words), i ? ", " : "", RF_STR_ARG(item->suppressions[i].text));
	return words;
}
