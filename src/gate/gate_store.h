/* gate_store.h - the gate's tables: plans, approvals, runs and their steps. Functions named *_in run on the store's writer thread inside
 * a caller's transaction (store_fn), so that a row and its audit entry are on disk together. */
#ifndef GATE_GATE_STORE_H
#define GATE_GATE_STORE_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct gate;
struct json;
struct plan;
struct sqlite3;

enum { GATE_ID_MAX = 37, GATE_STATUS_MAX = 16 };

struct gate_approval {
	char user[64], role[32], how[16];
	char hash[65];
	int64_t at_ns;
};

/* status: planned waiting approved denied expired drifted run */
struct gate_plan_row {
	char id[GATE_ID_MAX], status[GATE_STATUS_MAX], run_id[GATE_ID_MAX];
	struct json *document; /* owned */
};

/* By id or a unique prefix of at least 6. NULL: ERR_NOT_FOUND, or ERR_CONFLICT when several begin so. Free the document. */
int gate_store_find_plan(struct gate *gate, const char *id, struct gate_plan_row *row, struct error *err);
/* Approvals of that plan with that hash. *list owned (free()). */
int gate_store_approvals(struct gate *gate, const char *plan_id, const char *hash, struct gate_approval **list, size_t *count, struct error *err);

/* The plan as it is kept, for gate_store_plan_in; free it. */
struct gate_write_plan;
struct gate_write_plan *gate_store_plan_new(const struct plan *plan);
void gate_store_plan_free(struct gate_write_plan *write);
int gate_store_plan_in(struct sqlite3 *db, void *write_plan, struct error *err);

struct gate_write_approval { const char *plan_id, *status; struct gate_approval approval; };
int gate_store_approve_in(struct sqlite3 *db, void *write_approval, struct error *err); /* approval + plan status */

/* Takes the plan for one run: ERR_CONFLICT when it has run, another console took it, or what is stored is not the one of that hash. */
struct gate_write_run { const char *run_id, *plan_id, *hash, *user, *owner; int64_t at_ns; };
int gate_store_begin_run_in(struct sqlite3 *db, void *write_run, struct error *err);
struct gate_write_run_end { const char *run_id, *status; int64_t at_ns; };
int gate_store_end_run_in(struct sqlite3 *db, void *write_run_end, struct error *err);

/* One row a step; begun before the request leaves, ended with its result. NULL texts are kept as they were. */
struct gate_write_step {
	const char *run_id, *step_id, *status, *error, *remote_id;
	int number;
	int64_t started_ns, finished_ns; /* 0: not yet */
	const struct json *output, *undo;
};
int gate_store_step_in(struct sqlite3 *db, void *write_step, struct error *err);

/* INTERFACE's run shape, steps in order, plus "owner", "user", "started_at". id "last" or a prefix. */
struct json *gate_store_run(struct gate *gate, const char *run_id, struct error *err);
struct json *gate_store_run_to_undo(struct gate *gate, struct error *err); /* as gate_plan_undo says of no run_id */
struct json *gate_store_runs(struct gate *gate, size_t limit, int open_only, struct error *err);
struct json *gate_store_undos(struct gate *gate, const char *run_id, struct error *err); /* the runs that undid that one, or began to */
struct json *gate_store_plans(struct gate *gate, size_t limit, struct error *err);

#endif
