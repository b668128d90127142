#include "tui/text/log_ring.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/safe.h"
#include "base/text.h"

enum { LINE_MAX_BYTES = 16 * 1024, SOURCE_MAX = 128, COMPACT = 4096 };

struct kept {
	int64_t at_ns;
	unsigned source_length, text_length;
	char bytes[]; /* source, NUL, text, NUL */
};

struct log_ring {
	struct kept **lines;
	size_t first, count, bytes, max_bytes, dropped;
};

struct log_ring *log_ring_new(size_t max_bytes)
{
	struct log_ring *ring = mem_zero(1, sizeof(*ring));

	ring->max_bytes = max_bytes;
	return ring;
}

static size_t cost(const struct kept *line)
{
	return sizeof(*line) + sizeof(line) + line->source_length + line->text_length + 2;
}

void log_ring_clear(struct log_ring *ring)
{
	for (size_t i = 0; i < ring->count; i++)
		free(ring->lines[ring->first + i]);
	ring->first = ring->count = ring->bytes = ring->dropped = 0;
}

void log_ring_free(struct log_ring *ring)
{
	if (!ring)
		return;
	log_ring_clear(ring);
	free(ring->lines);
	free(ring);
}

static void drop_oldest(struct log_ring *ring)
{
	struct kept *line = ring->lines[ring->first++];

	ring->bytes -= cost(line);
	ring->count--;
	ring->dropped++;
	free(line);
	if (ring->first < COMPACT || ring->first < ring->count)
		return;
	memmove(ring->lines, ring->lines + ring->first, ring->count * sizeof(*ring->lines));
	ring->first = 0;
}

void log_ring_add(struct log_ring *ring, int64_t at_ns, const char *source, const char *text, size_t length)
{
	char name[SOURCE_MAX];
	struct text safe;

	safe_copy(name, sizeof(name), source, strlen(source));
	text_init(&safe, LINE_MAX_BYTES);
	safe_add(&safe, text, length);
	struct kept *line = mem_alloc(sizeof(*line) + strlen(name) + safe.length + 2);

	line->at_ns = at_ns;
	line->source_length = (unsigned)strlen(name);
	line->text_length = (unsigned)safe.length;
	memcpy(line->bytes, name, line->source_length + 1);
	memcpy(line->bytes + line->source_length + 1, safe.data, safe.length + 1);
	text_release(&safe);
	while (ring->count && ring->bytes + cost(line) > ring->max_bytes)
		drop_oldest(ring);
	ring->lines = mem_grow(ring->lines, ring->first + ring->count + 1, sizeof(struct kept *));
	ring->lines[ring->first + ring->count++] = line;
	ring->bytes += cost(line);
}

void log_ring_each(const struct log_ring *ring, void (*on_line)(void *arg, const struct log_line *line), void *arg)
{
	for (size_t i = 0; i < ring->count; i++) {
		const struct kept *kept = ring->lines[ring->first + i];
		struct log_line line = { .at_ns = kept->at_ns, .source = kept->bytes, .text = kept->bytes + kept->source_length + 1 };

		on_line(arg, &line);
	}
}

struct timed {
	int64_t at_ns;
	size_t nth;
	struct kept *line;
};

static int by_time(const void *a, const void *b)
{
	const struct timed *x = a, *y = b;

	if (x->at_ns != y->at_ns)
		return x->at_ns < y->at_ns ? -1 : 1;
	return x->nth < y->nth ? -1 : 1;
}

/* One without a time goes with the one before it of the same source: it is its next line. */
static int64_t time_like(const struct timed *lines, size_t nth, const struct kept *line)
{
	for (size_t i = nth; i-- > 0;)
		if (!strcmp(lines[i].line->bytes, line->bytes))
			return lines[i].at_ns;
	return 0;
}

void log_ring_sort(struct log_ring *ring)
{
	struct timed *lines = ring->count ? mem_zero(ring->count, sizeof(*lines)) : NULL;

	for (size_t i = 0; i < ring->count; i++) {
		struct kept *line = ring->lines[ring->first + i];

		lines[i] = (struct timed){ .at_ns = line->at_ns ? line->at_ns : time_like(lines, i, line), .nth = i, .line = line };
	}
	if (ring->count)
		qsort(lines, ring->count, sizeof(*lines), by_time);
	for (size_t i = 0; i < ring->count; i++)
		ring->lines[ring->first + i] = lines[i].line;
	free(lines);
}

int64_t log_ring_newest(const struct log_ring *ring)
{
	for (size_t i = ring->count; i-- > 0;)
		if (ring->lines[ring->first + i]->at_ns)
			return ring->lines[ring->first + i]->at_ns;
	return 0;
}

size_t log_ring_count(const struct log_ring *ring)
{
	return ring->count;
}

size_t log_ring_bytes(const struct log_ring *ring)
{
	return ring->bytes;
}

size_t log_ring_dropped(const struct log_ring *ring)
{
	return ring->dropped;
}

int log_line_is_error(const char *text)
{
	static const char *const words[] = { "error", "errors", "fatal", "panic", "critical", "crit", "emerg", "alert", "severe", "exception", "traceback",
		"failed", "failure", "err", "segfault" };

	for (const char *at = text; *at;) {
		size_t length = 0;

		while (isalnum((unsigned char)at[length]) || at[length] == '_')
			length++;
		for (size_t i = 0; length && i < sizeof(words) / sizeof(*words); i++)
			if (strlen(words[i]) == length && !strncasecmp(at, words[i], length))
				return 1;
		at += length ? length : 1;
	}
	return 0;
}
