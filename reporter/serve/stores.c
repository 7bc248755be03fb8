#include "serve/stores.h"

#include <assert.h>

#include "query/reading.h"

void rf_stores_init(struct rf_stores *s, const char *database, struct rf_clock clock)
{
	*s = (struct rf_stores){ .options = { .path = database, .must_exist = true, .read_only = true,
					      .patience_ms = RF_STORES_PATIENCE_MS, .clock = clock } };
	pthread_mutex_init(&s->lock, NULL);
}

void rf_stores_release(struct rf_stores *s)
{
	for (int i = 0; i < RF_STORES_MAX; i++)
		rf_store_close(s->stores[i]);
	pthread_mutex_destroy(&s->lock);
}

static int take_slot(struct rf_stores *s)
{
	int slot = 0;
	pthread_mutex_lock(&s->lock);
	while (slot < RF_STORES_MAX && s->taken[slot])
		slot++;
	assert(slot < RF_STORES_MAX);
	s->taken[slot] = true;
	pthread_mutex_unlock(&s->lock);
	return slot;
}

static void free_slot(struct rf_stores *s, int slot)
{
	pthread_mutex_lock(&s->lock);
	s->taken[slot] = false;
	pthread_mutex_unlock(&s->lock);
}

int rf_stores_take(struct rf_stores *s, uint32_t ms, struct rf_store **out, struct rf_error *err)
{
	int slot = take_slot(s), rc = 0;
	if (s->stores[slot] && !rf_reading_is_current(s->stores[slot])) {
		rf_store_close(s->stores[slot]);
		s->stores[slot] = NULL;
	}
	if (!s->stores[slot])
		rc = rf_store_open(&s->stores[slot], &s->options, err);
	if (rc == 0)
		rc = rf_reading_begin(s->stores[slot], ms, err);
	if (rc < 0) {
		free_slot(s, slot);
		return rc;
	}
	*out = s->stores[slot];
	return 0;
}

void rf_stores_give_back(struct rf_stores *s, struct rf_store *store)
{
	if (!store)
		return;
	rf_reading_end(store);
	for (int i = 0; i < RF_STORES_MAX; i++) {
		if (s->stores[i] == store)
			free_slot(s, i);
	}
}
