#include "tui/views/series_store.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/text.h"
#include "store/cache.h"
#include "store/store.h"
#include "tui/console_private.h"
#include "tui/views/series.h"

enum { SAVE_EVERY_MS = 5 * 60 * 1000, BYTES_MAX = 4 << 20 };
#define CACHE_KEY "series"

struct loading {
	struct job job;
	struct console *console;
	struct store *store;
	void *bytes;
	size_t length;
};

static void load(struct job *job)
{
	struct loading *loading = (struct loading *)job;
	int64_t saved_ns;

	cache_load(loading->store, CACHE_KEY, &loading->bytes, &loading->length, &saved_ns, NULL);
}

static void save(struct console *console)
{
	struct store *store = console->store;
	struct text bytes;

	if (!store || store_read_only(store))
		return;
	text_init(&bytes, BYTES_MAX);
	series_book_pack(console->series, &bytes);
	if (!bytes.cut)
		cache_save(store, CACHE_KEY, bytes.data, bytes.length);
	text_release(&bytes);
}

static void on_time(void *arg)
{
	struct console *console = arg;

	save(console);
	console->series_timer = loop_add_timer(console->loop, SAVE_EVERY_MS, on_time, console);
}

static void loaded(struct job *job)
{
	struct loading *loading = (struct loading *)job;
	struct console *console = loading->console;

	if (!console->ended) {
		series_book_unpack(console->series, loading->bytes, loading->length);
		console->series_timer = loop_add_timer(console->loop, SAVE_EVERY_MS, on_time, console);
		for (size_t i = 0; i < console->stacks[0].count; i++)
			console->stacks[0].panes[i]->dirty |= 1;
	}
	free(loading->bytes);
	free(loading);
}

void series_store_begin(struct console *console)
{
	struct store *store = console->store;

	if (!store)
		return;
	struct loading *loading = mem_zero(1, sizeof(*loading));

	loading->job = (struct job){ .run = load, .done = loaded };
	loading->console = console;
	loading->store = store;
	console_submit(console, &loading->job);
}

/* Before it was read nothing is written: it would be lost. */
void series_store_end(struct console *console)
{
	if (!console->series_timer)
		return;
	loop_remove_timer(console->loop, console->series_timer);
	console->series_timer = 0;
	save(console);
}
