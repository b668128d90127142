#include "base/uuid.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/clock.h"

/* RFC 9562 6.2, method 1 with a re-seeded counter: the 12 bits of rand_a count within one
 * millisecond. */
static struct {
	pthread_mutex_t lock;
	uint64_t at_ms;
	unsigned counter;
} last = { .lock = PTHREAD_MUTEX_INITIALIZER };

enum {
	COUNTER_MAX = 0xFFF,
	COUNTER_SEED_MAX = 0x7FF /* leaves 2,048 ids in the first millisecond */
};

static void random_bytes(void *bytes, size_t length)
{
	/* Up to 256 bytes are never cut short (getrandom(2)); an id that can be guessed is no id.
	 */
	if (getrandom(bytes, length, 0) != (ssize_t)length)
		abort();
}

/* The time and counter of the next id: never the same pair twice, never smaller, also when the
 * clock steps back. */
static void next_place(uint64_t *at_ms, unsigned *counter, unsigned seed)
{
	uint64_t now_ms = (uint64_t)(clock_now_ns() / 1000000);

	pthread_mutex_lock(&last.lock);
	if (now_ms > last.at_ms) {
		last.at_ms = now_ms;
		last.counter = seed & COUNTER_SEED_MAX;
	} else if (last.counter == COUNTER_MAX) {
		last.at_ms++;
		last.counter = seed & COUNTER_SEED_MAX;
	} else {
		last.counter++;
	}
	*at_ms = last.at_ms;
	*counter = last.counter;
	pthread_mutex_unlock(&last.lock);
}

void uuid_v7(char out[UUID_MAX])
{
	struct {
		uint64_t tail;
		unsigned seed;
	} random;
	uint64_t at_ms;
	unsigned counter;

	random_bytes(&random.tail, sizeof(random.tail));
	random_bytes(&random.seed, sizeof(random.seed));
	next_place(&at_ms, &counter, random.seed);
	snprintf(out, UUID_MAX, "%08x-%04x-7%03x-%04x-%012llx",
		(unsigned)(at_ms >> 16 & 0xFFFFFFFF), (unsigned)(at_ms & 0xFFFF), counter,
		(unsigned)(0x8000 | (random.tail >> 48 & 0x3FFF)),
		(unsigned long long)(random.tail & 0xFFFFFFFFFFFF));
}
