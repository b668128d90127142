/* audit.h - the log that can prove itself: entries hash-chained over canonical bytes (RFC 8785), a table that refuses UPDATE and
 * DELETE, Merkle root (RFC 6962) and Ed25519-signed checkpoints anchored outside the file. Any thread. */
#ifndef GATE_AUDIT_H
#define GATE_AUDIT_H

#include <stddef.h>
#include <stdint.h>

struct audit;
struct config;
struct error;
struct json;
struct sqlite3;
struct store;
struct user;

enum { AUDIT_ID_MAX = 37 };

struct audit *audit_open(struct store *store, const struct config *config, struct error *err);
void audit_close(struct audit *audit); /* writes a checkpoint when entries are unwitnessed */

struct audit_event {
	const struct user *user;
	/* action */
	const char *name;          /* "run.step" "plan" "approve" "deny" "policy" "undo" "config" "login" "reconcile" … */
	const struct json *intent; /* or NULL */
	const char *plan_id, *run_id, *step, *target, *risk;
	const char *request_digest;/* SHA-256 hex of what is about to be sent */
	/* result */
	const char *status;        /* started done failed denied cancelled unknown … */
	const char *cost_usd;      /* "" unknown */
	int64_t duration_ns;       /* -1 none */
	const char *error;
	const struct json *detail; /* output digest, Audit-Id of the server, …; redacted here again */
	const struct json *approval, *rollback; /* or NULL */
};
/* Durable (fdatasync) before it returns. id (AUDIT_ID_MAX) may be NULL. Failure means: do not act. */
int audit_append(struct audit *audit, const struct audit_event *event, char *id, struct error *err);
/* The same, and `also` (may be NULL) in the same transaction: what the entry says and what the run's row says are on disk together. */
int audit_append_with(struct audit *audit, const struct audit_event *event, int (*also)(struct sqlite3 *db, void *arg, struct error *err), void *arg,
	char *id, struct error *err);
/* Many at once, one commit. */
int audit_append_many(struct audit *audit, const struct audit_event *events, size_t count, struct error *err);

struct audit_query {
	int64_t since_ns, until_ns; /* 0: open */
	const char *user, *action, *status, *plan_id, *run_id, *target; /* NULL: any; action matches name or verb */
	size_t limit;               /* 0: all */
	int newest_first;
};
/* Each entry as INTERFACE's JSON. on_entry: non-zero stops. */
int audit_each(struct audit *audit, const struct audit_query *query, int (*on_entry)(const struct json *entry, void *arg), void *arg, struct error *err);

struct audit_state { uint64_t entries, checkpoints, unwitnessed; int64_t anchored_ns; int ok; /* of the last check, -1 not yet */ };
void audit_state(struct audit *audit, struct audit_state *state);

/* Signs a checkpoint now and anchors it: file (default in the state folder's anchors/), syslog, or a command, per config audit.anchor. */
int audit_anchor(struct audit *audit, const char *where, struct json **receipt, struct error *err);
/* A stretch of the chain, limited by time only (else ERR_INVALID). Its first line holds the newest checkpoint about it. */
int audit_export(struct audit *audit, const struct audit_query *query, int (*write)(void *arg, const char *bytes, size_t length), void *arg, struct error *err);
/* path NULL: the open database; else a database file, a copy, or a JSONL export. anchors NULL: the known anchor file when there is one.
 * *report: {"ok","entries","checkpoints","unwitnessed","problems":[{"entry","kind","detail"}]}. 0 even when problems are found; -1 when it cannot be read.
 * kinds: edit delete insert swap duplicate splice truncation rollback rehash reseal clock format. */
int audit_verify(const char *path, const char *anchors, struct json **report, struct error *err);

#endif
