/* history.h - what changed: one record per changed field of a resource, and whole row versions for `get --at`. */
#ifndef STORE_HISTORY_H
#define STORE_HISTORY_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct store;

struct history_change {
	int64_t at_ns;
	const char *kind, *id, *field, *old, *new_, *by; /* field "" with old or new NULL: appeared / vanished; by "" unknown */
};

/* A row's new version: cells joined by '\x1f' in the order of the kind's columns; NULL: gone. Grouped, does not wait.
 * changes may be empty (a first sight). All copied. */
void history_add(struct store *store, const char *kind, const char *source, const char *id, int64_t at_ns,
	const char *row, size_t row_length, const struct history_change *changes, size_t count);
/* Many rows seen for the first time, at one time and in one go. next: on the writer's thread; fills *version, valid until it is called again, and
 * returns 1; 0 at the end. arg is the store's from here on, and freed by let_go. */
struct history_version {
	const char *source, *id, *row;
	size_t row_length;
};
void history_add_all(struct store *store, const char *kind, int64_t at_ns, int (*next)(void *arg, struct history_version *version), void *arg,
	void (*let_go)(void *arg));
/* Newest first, at most limit. kind/id NULL: any. on_change: non-zero stops; texts valid during the call. */
int history_changes(struct store *store, const char *kind, const char *id, int64_t since_ns, int64_t until_ns, size_t limit,
	int (*on_change)(const struct history_change *change, void *arg), void *arg, struct error *err);
/* Each row of kind as it was at at_ns. observed_ns: when that version was seen. */
int history_rows_at(struct store *store, const char *kind, int64_t at_ns,
	int (*on_row)(const char *source, const char *id, int64_t observed_ns, const char *row, size_t row_length, void *arg), void *arg, struct error *err);
/* Drops versions and changes older than before_ns (default kept: 7 days, 200,000 versions). */
void history_trim(struct store *store, int64_t before_ns);

#endif
