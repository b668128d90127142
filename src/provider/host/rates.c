#include "provider/host/rates.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { RATES_MAX = 2000, RATE_NAME_MAX = 96, RATE_MIN_MS = 50, RATES_SLOTS = 4096 };

struct rate {
	char name[RATE_NAME_MAX];
	uint64_t value;
	int64_t at_ns;
	double last;
};

struct rates {
	struct rate *slots[RATES_SLOTS]; /* open addressing: a host has some hundred counters, asked every few seconds */
	size_t count;
};

struct rates *rates_new(void)
{
	return mem_zero(1, sizeof(struct rates));
}

void rates_free(struct rates *rates)
{
	if (!rates)
		return;
	for (size_t i = 0; i < RATES_SLOTS; i++)
		free(rates->slots[i]);
	free(rates);
}

static struct rate **slot_of(struct rates *rates, const char *name)
{
	uint32_t hash = 2166136261u; /* FNV-1a */

	for (const char *c = name; *c; c++)
		hash = (hash ^ (unsigned char)*c) * 16777619u;
	for (size_t i = hash % RATES_SLOTS;; i = (i + 1) % RATES_SLOTS)
		if (!rates->slots[i] || !strcmp(rates->slots[i]->name, name))
			return &rates->slots[i];
}

double rates_next(struct rates *rates, const char *name, const char *counter, uint64_t value, int64_t now_ns)
{
	char key[RATE_NAME_MAX];

	if (snprintf(key, sizeof(key), "%s %s", name, counter) >= (int)sizeof(key))
		return NAN;
	struct rate **slot = slot_of(rates, key), *rate = *slot;

	if (!rate) {
		if (rates->count == RATES_MAX)
			return NAN;
		rates->count++;
		rate = *slot = mem_zero(1, sizeof(*rate));
		memcpy(rate->name, key, sizeof(key));
		rate->value = value;
		rate->at_ns = now_ns;
		rate->last = NAN;
		return NAN;
	}
	if (now_ns - rate->at_ns < RATE_MIN_MS * INT64_C(1000000))
		return rate->last;
	rate->last = value < rate->value ? NAN : (double)(value - rate->value) / ((double)(now_ns - rate->at_ns) / 1e9);
	rate->value = value;
	rate->at_ns = now_ns;
	return rate->last;
}

size_t rates_count(const struct rates *rates)
{
	return rates->count;
}
