/* estate.h - everything that exists, as far as we know: providers, feeds, the scheduler, caches, changes.
 * Main thread, unless said otherwise. Workers publish snapshots; on_news tells the main loop (from a worker: wake it). */
#ifndef ESTATE_ESTATE_H
#define ESTATE_ESTATE_H

#include <stddef.h>
#include <stdint.h>

#include "estate/provider.h"

struct config;
struct error;
struct estate;
struct jobs;
struct json;
struct kinds;
struct net;
struct snapshot;
struct store;

struct estate_options {
	struct kinds *kinds;
	struct net *net;
	struct store *store;  /* NULL: nothing cached, no history */
	struct jobs *jobs;    /* NULL: only the blocking calls work */
	const struct config *config;
	const struct provider_ops *const *providers; /* NULL-terminated */
	void (*on_news)(void *arg); /* any thread */
	void *arg;
};

struct estate *estate_new(const struct estate_options *options);
void estate_free(struct estate *estate); /* cancels and waits */
/* No list or watch begins from now on: before the jobs they run as are freed. */
void estate_stop(struct estate *estate);

struct kinds *estate_kinds(struct estate *estate);
/* Opened at first use. NULL + err when it has nothing to talk to. Any thread. */
struct provider *estate_provider(struct estate *estate, const char *name, const struct provider_ops **ops, struct error *err);
/* kinds_find, then each provider's resolve (network: worker threads only). */
const struct kind *estate_kind(struct estate *estate, const char *name, struct error *err);
/* The kind a ref names, of its provider; found as estate_kind finds one. */
const struct kind *estate_kind_of(struct estate *estate, const struct ref *ref, struct error *err);
/* Its operations, opened or not. NULL: there is none of that name. Any thread. */
const struct provider_ops *estate_provider_ops(const struct estate *estate, const char *name);
/* All accounts of all providers that could be opened, at most 64. Reads files: not on the thread that owns a screen. max 0: only looks. */
size_t estate_accounts(struct estate *estate, struct provider_account *out, const char **providers, size_t max);
/* The same as they were found last: looked at by the workers after each list, and when a link fails or answers again. */
size_t estate_known_accounts(struct estate *estate, struct provider_account *out, const char **providers, size_t max);
/* prod staging dev or "": by config `scopes:` patterns, then the built-in ones, over namespace, then name (namespaces), then account, then host name.
 * config `scope` (--scope given on the command line) holds for what has none. Any thread. */
void estate_scope(const struct estate *estate, const char *namespace_, const char *account, char out[12]);

/* --- feeds for panes: shared by equal (kind, selection), refcounted --- */
struct feed;
enum feed_state { FEED_LOADING, FEED_LIVE, FEED_POLLED, FEED_FAILED, FEED_CACHED };
struct feed_status {
	enum feed_state state;
	int64_t observed_ns;   /* age of what is shown */
	int stale;             /* older than three intervals, or the link is down */
	size_t total;
	char error[256];       /* "" or what failed and what to do */
	int refused;           /* nothing failed but for lack of rights: what is shown is not old, it is not all */
};
struct feed *estate_open(struct estate *estate, const struct kind *kind, const struct selection *selection);
void estate_close(struct estate *estate, struct feed *feed);
void feed_set_visible(struct feed *feed, int visible);
void feed_refresh(struct feed *feed);                 /* now, please */
/* Latest published; you own a reference. NULL: nothing yet. */
struct snapshot *feed_snapshot(struct feed *feed);
unsigned feed_version(const struct feed *feed);       /* grows with each publication or status change */
void feed_status(struct feed *feed, struct feed_status *status);
/* Errors by source: array of {"source","code","message"}. */
struct json *feed_errors(struct feed *feed);

/* --- blocking, for the command line, playbooks and tests; any thread --- */
/* Lists once and returns a snapshot (one reference yours); errors: array filled with {"source","code","message"} of parts that failed. */
struct snapshot *estate_list(struct estate *estate, const struct kind *kind, const struct selection *selection, struct json *errors, struct error *err);
/* Only what is called so, by name or by id; room holds the texts the selection then points to. */
void estate_narrow(struct selection *selection, const char *name, struct ref *room);
/* One row by name or id. ref filled. ERR_NOT_FOUND; ERR_CONFLICT when several have that name (the text lists some). */
int estate_find(struct estate *estate, const struct kind *kind, const struct selection *selection, const char *name, struct ref *ref, struct snapshot **snapshot, size_t *row, struct error *err);
int estate_get(struct estate *estate, const struct ref *ref, struct json **object, struct error *err);
int estate_logs(struct estate *estate, const struct ref *ref, const struct log_request *request, log_line_fn on_line, void *arg, struct error *err);
int estate_dependents(struct estate *estate, const struct ref *ref, struct json **out, struct error *err);
/* Which of its kind's verbs the source would refuse us, as far as it says so beforehand: {"scale": "no right to …"}. Never NULL. */
struct json *estate_refused(struct estate *estate, const struct ref *ref, const struct kind *kind);
/* As of then, from history: snapshot_time is that of the newest version used. */
struct snapshot *estate_list_at(struct estate *estate, const struct kind *kind, const struct selection *selection, int64_t at_ns, struct error *err);
/* INTERFACE's {"changes":[…]}, newest first: what was seen to change, and what the sources answered to estate_ask_changes. Waits for no source. */
struct json *estate_changes(struct estate *estate, int64_t since_ns, const char *kind, const char *id, size_t limit, struct error *err);
/* Asks the sources what they recorded since then, of one account (NULL: the current one of each); at most every few minutes. Waits for
 * them. Failing (the last one's error), those that answered count all the same. A source there is no access to is none. */
int estate_ask_changes(struct estate *estate, const char *account, int64_t since_ns, const void *cancelled, struct error *err);
/* Grows with each change recorded since the estate was made: what estate_changes() answers may be other. Any thread. */
unsigned estate_changes_version(const struct estate *estate);
/* Writes a row as INTERFACE's `get` row. */
struct json *estate_row_json(struct estate *estate, const struct snapshot *snapshot, size_t row);

#endif
