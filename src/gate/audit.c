#include "gate/audit.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/uuid.h"
#include "gate/audit_private.h"
#include "store/store.h"

/* --- opening --- */

static int on_counts(sqlite3_stmt *row, void *arg)
{
	struct audit *audit = arg;

	atomic_store(&audit->entries, (unsigned long)sqlite3_column_int64(row, 0));
	atomic_store(&audit->checkpointed, (unsigned long)sqlite3_column_int64(row, 1));
	atomic_store(&audit->checkpoints, (unsigned long)sqlite3_column_int64(row, 2));
	return 0;
}

static int counts_in(struct sqlite3 *db, void *arg, struct error *err)
{
	return store_query(db, err, on_counts, arg,
		"SELECT (SELECT coalesce(max(seq), 0) FROM audit), (SELECT coalesce(max(size), 0) FROM audit_checkpoint), (SELECT count(*) FROM audit_checkpoint)", "");
}

static void read_boot_id(struct audit *audit)
{
	size_t length;
	char *text = file_load("/proc/sys/kernel/random/boot_id", 64, &length, NULL);

	snprintf(audit->boot_id, sizeof(audit->boot_id), "%.36s", text && length >= 36 ? text : "unknown");
	free(text);
}

static void release(struct audit *audit)
{
	if (audit->copied_fd >= 0)
		close(audit->copied_fd);
	pthread_mutex_destroy(&audit->witnessing);
	pthread_mutex_destroy(&audit->copying);
	seal_free(audit->seal);
	free(audit);
}

struct audit *audit_open(struct store *store, const struct config *config, struct error *err)
{
	struct audit *audit = mem_zero(1, sizeof(*audit));

	audit->store = store;
	audit->config = config;
	audit->copied_fd = -1;
	pthread_mutex_init(&audit->witnessing, NULL);
	pthread_mutex_init(&audit->copying, NULL);
	read_boot_id(audit);
	if (!store_read(store, counts_in, audit, err))
		return audit;
	error_wrap(err, "audit log");
	release(audit);
	return NULL;
}

void audit_close(struct audit *audit)
{
	struct error err = { 0 };

	if (!audit)
		return;
	if (!store_read_only(audit->store) && atomic_load(&audit->entries) > atomic_load(&audit->checkpointed) && audit_witness(audit, NULL, NULL, &err))
		log_write(LOG_WARN, "audit", "no checkpoint at the end: %s", err.text);
	release(audit);
}

/* --- appending --- */

struct appending {
	struct audit *audit;
	const struct audit_event *events;
	size_t count;
	int (*also)(struct sqlite3 *db, void *arg, struct error *err);
	void *arg;
	char last_id[AUDIT_ID_MAX], log[AUDIT_ID_MAX];
	uint64_t last_seq;
};

static int on_last(sqlite3_stmt *row, void *arg)
{
	struct audit_place *place = arg;

	place->seq = (uint64_t)sqlite3_column_int64(row, 0);
	if (sqlite3_column_bytes(row, 1) == SHA256_BYTES)
		hex_format(sqlite3_column_blob(row, 1), SHA256_BYTES, place->prev_hash);
	return 0;
}

static int on_log(sqlite3_stmt *row, void *arg)
{
	const unsigned char *log = sqlite3_column_text(row, 0);

	snprintf(arg, AUDIT_ID_MAX, "%s", log ? (const char *)log : "");
	return 0;
}

/* Asked once: the log an open database holds stays the same. */
static int find_log(struct sqlite3 *db, struct audit *audit, struct audit_place *place, struct error *err)
{
	if (place->seq && !*audit->log_id && store_query(db, err, on_log, audit->log_id,
		"SELECT coalesce((SELECT json_extract(body, '$.log') FROM audit WHERE seq = ? AND json_valid(body)),"
		" (SELECT json_extract(body, '$.audit_id') FROM audit WHERE seq = 1 AND json_valid(body)))", "i", (int64_t)place->seq))
		return -1;
	memcpy(place->log, audit->log_id, sizeof(place->log));
	return 0;
}

static int64_t up_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now); /* goes on while the machine sleeps, so a jump of the wall clock shows against it */
	return (int64_t)now.tv_sec * CLOCK_SECOND_NS + now.tv_nsec;
}

static int insert(sqlite3_stmt *statement, struct sqlite3 *db, const struct audit_place *place, const struct text *body, const uint8_t *hash, struct error *err)
{
	sqlite3_bind_int64(statement, 1, (sqlite3_int64)place->seq);
	sqlite3_bind_text(statement, 2, body->data, (int)body->length, SQLITE_STATIC);
	sqlite3_bind_blob(statement, 3, hash, SHA256_BYTES, SQLITE_STATIC);
	int code = sqlite3_step(statement);
	sqlite3_reset(statement);
	return code == SQLITE_DONE ? 0 : error_set(err, ERR_IO, "the audit entry could not be written: %s", sqlite3_errmsg(db));
}

static int append_one(struct appending *a, sqlite3_stmt *statement, struct sqlite3 *db, const struct audit_event *event, struct audit_place *place,
	struct error *err)
{
	struct text body;
	uint8_t hash[SHA256_BYTES];

	place->seq++;
	uuid_v7(place->id);
	if (place->seq == 1)
		memcpy(place->log, place->id, sizeof(place->log));
	place->at_ns = clock_now_ns();
	place->up_ns = up_ns();
	text_init(&body, AUDIT_BODY_MAX);
	audit_entry_format(&body, a->audit, event, place);
	int failed = body.cut ? error_set(err, ERR_LIMIT, "an audit entry is larger than %d bytes", AUDIT_BODY_MAX) : 0;
	if (!failed) {
		sha256(body.data, body.length, hash);
		failed = insert(statement, db, place, &body, hash, err);
		hex_format(hash, SHA256_BYTES, place->prev_hash);
	}
	text_release(&body);
	return failed;
}

/* Number, time and the hash before are read under the write lock: two consoles on one database make one chain. */
static int append_in(struct sqlite3 *db, void *arg, struct error *err)
{
	struct appending *a = arg;
	struct audit_place place = { 0 };
	sqlite3_stmt *statement = NULL;

	memset(place.prev_hash, '0', SHA256_HEX_MAX - 1);
	if (store_query(db, err, on_last, &place, "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1", "") ||
		find_log(db, a->audit, &place, err))
		return -1;
	if (sqlite3_prepare_v2(db, "INSERT INTO audit(seq, body, hash) VALUES(?,?,?)", -1, &statement, NULL))
		return error_set(err, ERR_IO, "audit log: %s", sqlite3_errmsg(db));
	int failed = 0;
	for (size_t i = 0; i < a->count && !failed; i++)
		failed = append_one(a, statement, db, &a->events[i], &place, err);
	sqlite3_finalize(statement);
	if (!failed && a->also)
		failed = a->also(db, a->arg, err);
	memcpy(a->last_id, place.id, sizeof(a->last_id));
	memcpy(a->log, place.log, sizeof(a->log));
	a->last_seq = place.seq;
	return failed;
}

static void on_appended(struct audit *audit, const struct appending *a)
{
	struct error err = { 0 };

	audit_copy_to_days(audit, *a->log ? a->log : "-");
	atomic_store(&audit->entries, (unsigned long)a->last_seq);
	/* The first entry at once: from then on an anchor knows which log is this machine's. */
	int due = a->last_seq == a->count || a->last_seq - atomic_load(&audit->checkpointed) >= AUDIT_CHECKPOINT_EVERY;
	if (due && audit_witness(audit, NULL, NULL, &err))
		log_write(LOG_WARN, "audit", "no checkpoint: %s", err.text);
}

static int append(struct audit *audit, struct appending *a, struct error *err)
{
	a->audit = audit;
	int failed = store_write(audit->store, STORE_DURABLE, append_in, a, err);
	if (!failed)
		on_appended(audit, a);
	return failed ? error_wrap(err, "audit") : 0;
}

int audit_append_with(struct audit *audit, const struct audit_event *event, int (*also)(struct sqlite3 *db, void *arg, struct error *err), void *arg,
	char *id, struct error *err)
{
	struct appending a = { .events = event, .count = 1, .also = also, .arg = arg };

	if (append(audit, &a, err))
		return -1;
	if (id)
		memcpy(id, a.last_id, AUDIT_ID_MAX);
	return 0;
}

int audit_append(struct audit *audit, const struct audit_event *event, char *id, struct error *err)
{
	return audit_append_with(audit, event, NULL, NULL, id, err);
}

int audit_append_many(struct audit *audit, const struct audit_event *events, size_t count, struct error *err)
{
	struct appending a = { .events = events, .count = count };

	return count ? append(audit, &a, err) : 0;
}

void audit_state(struct audit *audit, struct audit_state *state)
{
	*state = (struct audit_state){ .ok = -1 };
	store_read(audit->store, counts_in, audit, NULL);
	state->entries = atomic_load(&audit->entries);
	state->checkpoints = atomic_load(&audit->checkpoints);
	state->unwitnessed = state->entries - atomic_load(&audit->checkpointed);
	state->anchored_ns = atomic_load(&audit->anchored_ns);
}
