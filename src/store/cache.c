#include "store/cache.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "store/store.h"

struct saving {
	char *key;
	void *bytes;
	size_t length;
	int64_t at_ns;
};

static int save_in(struct sqlite3 *db, void *arg, struct error *err)
{
	const struct saving *saving = arg;

	return store_exec(db, err,
		"INSERT OR REPLACE INTO cache(key, bytes, saved_ns) VALUES(?,?,?)", "tbi",
		saving->key, saving->bytes, saving->length, saving->at_ns);
}

static void release(void *arg)
{
	struct saving *saving = arg;

	free(saving->key);
	free(saving->bytes);
	free(saving);
}

void cache_save(struct store *store, const char *key, const void *bytes, size_t length)
{
	struct saving *saving = mem_zero(1, sizeof(*saving));

	*saving = (struct saving){ mem_text(key), mem_alloc(length + 1), length, clock_now_ns() };
	memcpy(saving->bytes, bytes, length);
	store_post(store, save_in, saving, release);
}

struct loading {
	const char *key;
	void *bytes;
	size_t length;
	int64_t at_ns;
};

static int on_row(sqlite3_stmt *row, void *arg)
{
	struct loading *loading = arg;

	loading->length = (size_t)sqlite3_column_bytes(row, 0);
	loading->bytes =
		mem_text_n(loading->length ? sqlite3_column_blob(row, 0) : "", loading->length);
	loading->at_ns = sqlite3_column_int64(row, 1);
	return 1;
}

static int load_in(struct sqlite3 *db, void *arg, struct error *err)
{
	struct loading *loading = arg;

	return store_query(db, err, on_row, loading,
		"SELECT bytes, saved_ns FROM cache WHERE key = ?", "t", loading->key);
}

int cache_load(struct store *store, const char *key, void **bytes, size_t *length,
	int64_t *saved_at_ns, struct error *err)
{
	struct loading loading = { .key = key };

	*bytes = NULL;
	*length = 0;
	if (store_read(store, load_in, &loading, err))
		return -1;
	*bytes = loading.bytes;
	*length = loading.length;
	if (saved_at_ns)
		*saved_at_ns = loading.at_ns;
	return 0;
}
