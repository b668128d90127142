#include "gate/gate_store.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "gate/gate_private.h"
#include "store/store.h"

enum { PREFIX_MIN = 6 };

static const char *column(sqlite3_stmt *row, int i)
{
	const unsigned char *text = sqlite3_column_text(row, i);

	return text ? (const char *)text : "";
}

static void copy(char *out, size_t size, const char *text)
{
	snprintf(out, size, "%s", text);
}

static void set_time(struct json *object, const char *key, int64_t at_ns)
{
	char text[CLOCK_RFC3339_MAX];

	if (!at_ns) {
		json_set(object, key, json_null());
		return;
	}
	clock_format(at_ns, text);
	json_set_text(object, key, text);
}

/* --- plans --- */

struct gate_write_plan {
	const struct plan *plan;
	char *document;
	const char *status;
};

int gate_store_plan_in(struct sqlite3 *db, void *arg, struct error *err)
{
	const struct gate_write_plan *put = arg;

	return store_exec(db, err, "INSERT INTO gate_plan(id, made_ns, expires_ns, hash, status, document) VALUES(?,?,?,?,?,?)", "tiittt",
		put->plan->id, put->plan->made_ns, put->plan->expires_ns, put->plan->hash, put->status, put->document);
}

struct gate_write_plan *gate_store_plan_new(const struct plan *plan)
{
	static const char *const status[] = { "denied", "waiting", "planned" };
	struct gate_write_plan *write = mem_zero(1, sizeof(*write));
	struct json *json = plan_to_json(plan);

	*write = (struct gate_write_plan){ .plan = plan, .document = json_format(json), .status = status[plan_decision(plan)] };
	json_free(json);
	return write;
}

void gate_store_plan_free(struct gate_write_plan *write)
{
	free(write->document);
	free(write);
}

struct find {
	const char *id;
	struct gate_plan_row *row;
	size_t found;
	char *document;
};

static int on_plan(sqlite3_stmt *row, void *arg)
{
	struct find *find = arg;

	if (find->found++)
		return 0;
	copy(find->row->id, sizeof(find->row->id), column(row, 0));
	copy(find->row->status, sizeof(find->row->status), column(row, 1));
	copy(find->row->run_id, sizeof(find->row->run_id), column(row, 2));
	find->document = mem_text(column(row, 3));
	return 0;
}

static int find_plan_in(struct sqlite3 *db, void *arg, struct error *err)
{
	struct find *find = arg;

	if (strlen(find->id) < PREFIX_MIN)
		return 0;
	return store_query(db, err, on_plan, find,
		"SELECT id, status, run_id, document FROM gate_plan WHERE substr(id, 1, length(?1)) = ?1 ORDER BY id LIMIT 2", "t", find->id);
}

int gate_store_find_plan(struct gate *gate, const char *id, struct gate_plan_row *row, struct error *err)
{
	struct find find = { .id = id, .row = row };
	int failed = store_read(gate->options.store, find_plan_in, &find, err);

	if (!failed && !find.found)
		failed = error_set(err, ERR_NOT_FOUND, "no plan %.40s; `pilothouse runs` lists those that ran, `pilothouse audit --action plan` all", id);
	else if (!failed && find.found > 1)
		failed = error_set(err, ERR_CONFLICT, "several plans begin with %.40s: give more of the id", id);
	if (!failed) {
		row->document = json_parse(find.document, strlen(find.document), err);
		failed = row->document ? 0 : -1;
	}
	free(find.document);
	return failed;
}

struct list {
	size_t limit;
	int open_only;
	const char *undo_of; /* or NULL: any */
	struct json *rows;
};

static int on_listed_plan(sqlite3_stmt *row, void *arg)
{
	struct list *list = arg;
	const char *text = column(row, 4);
	struct json *document = json_parse(text, strlen(text), NULL);
	struct json *entry = json_object();
	const char *status = column(row, 1);

	if (sqlite3_column_int64(row, 3) < clock_now_ns() && (!strcmp(status, "waiting") || !strcmp(status, "approved") || !strcmp(status, "planned")))
		status = "expired";
	json_set_text(entry, "plan_id", column(row, 0));
	json_set_text(entry, "status", status);
	json_set_text(entry, "run_id", column(row, 2));
	set_time(entry, "made_at", sqlite3_column_int64(row, 5));
	set_time(entry, "expires_at", sqlite3_column_int64(row, 3));
	json_set_text(entry, "approved_by", column(row, 6));
	json_set(entry, "summary", json_copy(json_get(document, "summary")));
	json_set(entry, "asked_by", json_copy(json_get(document, "asked_by")));
	json_set(entry, "approval", json_copy(json_get(document, "approval")));
	json_add(list->rows, entry);
	json_free(document);
	return 0;
}

static int list_plans_in(struct sqlite3 *db, void *arg, struct error *err)
{
	struct list *list = arg;

	return store_query(db, err, on_listed_plan, list,
		"SELECT id, status, run_id, expires_ns, document, made_ns,"
		" (SELECT group_concat(user, ', ') FROM gate_approval a WHERE a.plan_id = p.id AND a.hash = p.hash)"
		" FROM gate_plan p ORDER BY made_ns DESC LIMIT ?", "i", (int64_t)list->limit);
}

struct json *gate_store_plans(struct gate *gate, size_t limit, struct error *err)
{
	struct list list = { .limit = limit, .rows = json_array() };

	if (!store_read(gate->options.store, list_plans_in, &list, err))
		return list.rows;
	json_free(list.rows);
	return NULL;
}

/* --- approvals --- */

int gate_store_approve_in(struct sqlite3 *db, void *arg, struct error *err)
{
	const struct gate_write_approval *write = arg;
	const struct gate_approval *a = &write->approval;

	if (*a->user && store_exec(db, err, "INSERT INTO gate_approval(plan_id, hash, user, role, how, at_ns) VALUES(?,?,?,?,?,?)"
			       " ON CONFLICT(plan_id, hash, user) DO UPDATE SET how = excluded.how, role = excluded.role, at_ns = excluded.at_ns"
			       " WHERE how IN ('flag', 'key')", "tttt" "ti", /* a stronger yes takes the place of a weaker one */
			       write->plan_id, a->hash, a->user, a->role, a->how, a->at_ns))
		return -1;
	if (!write->status)
		return 0;
	return store_exec(db, err, "UPDATE gate_plan SET status = ? WHERE id = ? AND status IN ('waiting', 'planned', 'approved')", "tt", write->status,
		write->plan_id);
}

struct approvals {
	const char *plan_id, *hash;
	struct gate_approval *list;
	size_t count;
};

static int on_approval(sqlite3_stmt *row, void *arg)
{
	struct approvals *all = arg;

	all->list = mem_grow(all->list, all->count + 1, sizeof(*all->list));
	struct gate_approval *a = &all->list[all->count++];
	*a = (struct gate_approval){ .at_ns = sqlite3_column_int64(row, 3) };
	copy(a->user, sizeof(a->user), column(row, 0));
	copy(a->role, sizeof(a->role), column(row, 1));
	copy(a->how, sizeof(a->how), column(row, 2));
	copy(a->hash, sizeof(a->hash), all->hash);
	return 0;
}

static int approvals_in(struct sqlite3 *db, void *arg, struct error *err)
{
	struct approvals *all = arg;

	return store_query(db, err, on_approval, all, "SELECT user, role, how, at_ns FROM gate_approval WHERE plan_id = ? AND hash = ? ORDER BY at_ns", "tt",
		all->plan_id, all->hash);
}

int gate_store_approvals(struct gate *gate, const char *plan_id, const char *hash, struct gate_approval **list, size_t *count, struct error *err)
{
	struct approvals all = { .plan_id = plan_id, .hash = hash };
	int failed = store_read(gate->options.store, approvals_in, &all, err);

	*list = all.list;
	*count = all.count;
	return failed;
}

/* --- runs --- */

int gate_store_begin_run_in(struct sqlite3 *db, void *arg, struct error *err)
{
	const struct gate_write_run *run = arg;

	if (store_exec(db, err, "UPDATE gate_plan SET status = 'run', run_id = ?1 WHERE id = ?2 AND hash = ?3 AND status IN ('waiting', 'planned', 'approved')",
		    "ttt", run->run_id, run->plan_id, run->hash))
		return -1;
	if (sqlite3_changes(db) != 1)
		return error_set(err, ERR_CONFLICT, "plan %.13s… has already run, was denied, or another console runs it: make a new one", run->plan_id);
	return store_exec(db, err, "INSERT INTO gate_run(id, plan_id, user, owner, started_ns, status) VALUES(?,?,?,?,?,'running')", "ttt" "ti", run->run_id,
		run->plan_id, run->user, run->owner, run->at_ns);
}

int gate_store_end_run_in(struct sqlite3 *db, void *arg, struct error *err)
{
	const struct gate_write_run_end *end = arg;

	return store_exec(db, err, "UPDATE gate_run SET status = ?, finished_ns = ? WHERE id = ?", "tit", end->status, end->at_ns, end->run_id);
}

int gate_store_step_in(struct sqlite3 *db, void *arg, struct error *err)
{
	const struct gate_write_step *step = arg;
	char *output = step->output ? json_format(step->output) : NULL;
	char *undo = step->undo ? json_format(step->undo) : NULL;
	int failed = store_exec(db, err,
		"INSERT INTO gate_step(run_id, number, step_id, status, started_ns, finished_ns, output, error, undo, remote_id)"
		" VALUES(?,?,?,?,?,?,?,?,?,?) ON CONFLICT(run_id, number) DO UPDATE SET status = excluded.status,"
		" finished_ns = excluded.finished_ns, output = coalesce(excluded.output, output), error = coalesce(excluded.error, error),"
		" undo = coalesce(excluded.undo, undo), remote_id = coalesce(excluded.remote_id, remote_id)",
		"titt" "iitttt", step->run_id, (int64_t)step->number, step->step_id, step->status, step->started_ns, step->finished_ns, output, step->error, undo,
		step->remote_id);

	free(output);
	free(undo);
	return failed;
}

static int on_step(sqlite3_stmt *row, void *arg)
{
	struct json *steps = arg, *step = json_object();
	const char *output = column(row, 4), *undo = column(row, 6);

	json_set_text(step, "id", column(row, 0));
	json_set_text(step, "status", column(row, 1));
	set_time(step, "started_at", sqlite3_column_int64(row, 2));
	set_time(step, "finished_at", sqlite3_column_int64(row, 3));
	json_set(step, "output", *output ? json_parse(output, strlen(output), NULL) : json_null());
	json_set(step, "error", *column(row, 5) ? json_string(column(row, 5)) : json_null());
	json_set(step, "undo", *undo ? json_parse(undo, strlen(undo), NULL) : json_null());
	json_set_text(step, "remote_id", column(row, 7));
	json_set_int(step, "number", sqlite3_column_int64(row, 8));
	json_add(steps, step);
	return 0;
}

static struct json *run_of(sqlite3_stmt *row)
{
	struct json *run = json_object();

	json_set_text(run, "run_id", column(row, 0));
	json_set_text(run, "plan_id", column(row, 1));
	json_set_text(run, "status", column(row, 2));
	json_set_text(run, "user", column(row, 3));
	json_set_text(run, "owner", column(row, 4));
	set_time(run, "started_at", sqlite3_column_int64(row, 5));
	set_time(run, "finished_at", sqlite3_column_int64(row, 6));
	json_set_text(run, "undo_of", column(row, 8));
	const char *document = column(row, 7);
	struct json *plan = *document ? json_parse(document, strlen(document), NULL) : NULL;
	json_set(run, "summary", plan ? json_copy(json_get(plan, "summary")) : json_null());
	json_free(plan);
	return run;
}

static int on_run(sqlite3_stmt *row, void *arg)
{
	json_add(arg, run_of(row));
	return 0;
}

#define RUN_COLUMNS "SELECT r.id, r.plan_id, r.status, r.user, r.owner, r.started_ns, r.finished_ns, p.document,"                            \
		    " json_extract(p.document, '$.undo_of') FROM gate_run r LEFT JOIN gate_plan p ON p.id = r.plan_id "

static int fill_steps(struct sqlite3 *db, struct json *run, struct error *err)
{
	struct json *steps = json_array();

	json_set(run, "steps", steps);
	return store_query(db, err, on_step, steps,
		"SELECT step_id, status, started_ns, finished_ns, output, error, undo, remote_id, number FROM gate_step WHERE run_id = ? ORDER BY number", "t",
		json_text(json_get(run, "run_id")));
}

static int list_runs_in(struct sqlite3 *db, void *arg, struct error *err)
{
	struct list *list = arg;
	const char *sql = list->open_only ? RUN_COLUMNS "WHERE r.status IN ('running', 'unknown') ORDER BY r.started_ns LIMIT ?"
					  : RUN_COLUMNS "ORDER BY r.started_ns DESC LIMIT ?";

	int failed = list->undo_of ? store_query(db, err, on_run, list->rows, RUN_COLUMNS "WHERE json_extract(p.document, '$.undo_of') = ?", "t", list->undo_of)
				   : store_query(db, err, on_run, list->rows, sql, "i", (int64_t)list->limit);
	if (failed)
		return -1;
	for (struct json *run = json_first(list->rows); run; run = json_next(run))
		if (fill_steps(db, run, err))
			return -1;
	return 0;
}

struct json *gate_store_runs(struct gate *gate, size_t limit, int open_only, struct error *err)
{
	struct list list = { .limit = limit, .open_only = open_only, .rows = json_array() };

	if (!store_read(gate->options.store, list_runs_in, &list, err))
		return list.rows;
	json_free(list.rows);
	return NULL;
}

struct json *gate_store_undos(struct gate *gate, const char *run_id, struct error *err)
{
	struct list list = { .undo_of = run_id, .rows = json_array() };

	if (!store_read(gate->options.store, list_runs_in, &list, err))
		return list.rows;
	json_free(list.rows);
	return NULL;
}

struct newest {
	const char *user;
	struct json *rows;
};

static int find_run_to_undo_in(struct sqlite3 *db, void *arg, struct error *err)
{
	struct newest *newest = arg;
	int failed = store_query(db, err, on_run, newest->rows,
		RUN_COLUMNS "WHERE r.user = ? AND r.status NOT IN ('running', 'rolled_back') AND coalesce(json_extract(p.document, '$.undo_of'), '') = ''"
			    " AND EXISTS (SELECT 1 FROM gate_step s WHERE s.run_id = r.id AND s.status IN ('done', 'partial', 'unverified'))"
			    " AND r.id NOT IN (SELECT coalesce(json_extract(q.document, '$.undo_of'), '') FROM gate_run o JOIN gate_plan q ON q.id = o.plan_id"
			    " WHERE o.status IN ('done', 'running')) ORDER BY r.started_ns DESC LIMIT 1", "t", newest->user);

	return failed || !json_count(newest->rows) ? failed : fill_steps(db, json_first(newest->rows), err);
}

struct json *gate_store_run_to_undo(struct gate *gate, struct error *err)
{
	struct newest newest = { .user = gate->user.id, .rows = json_array() };
	struct json *run = NULL;

	if (!store_read(gate->options.store, find_run_to_undo_in, &newest, err)) {
		if (json_count(newest.rows))
			run = json_copy(json_first(newest.rows));
		else
			error_set(err, ERR_NOT_FOUND, "nothing that %.60s has run is left to undo; pilothouse runs lists what ran, pilothouse undo RUN takes one", gate->user.id);
	}
	json_free(newest.rows);
	return run;
}

struct one_run {
	const char *id;
	struct json *rows;
};

static int find_run_in(struct sqlite3 *db, void *arg, struct error *err)
{
	struct one_run *one = arg;
	int last = !strcmp(one->id, "last");

	if (!last && strlen(one->id) < PREFIX_MIN)
		return 0;
	int failed = last ? store_query(db, err, on_run, one->rows, RUN_COLUMNS "ORDER BY r.started_ns DESC LIMIT 1", "")
			  : store_query(db, err, on_run, one->rows, RUN_COLUMNS "WHERE substr(r.id, 1, length(?1)) = ?1 LIMIT 2", "t", one->id);
	return failed || json_count(one->rows) != 1 ? failed : fill_steps(db, json_first(one->rows), err);
}

struct json *gate_store_run(struct gate *gate, const char *run_id, struct error *err)
{
	struct one_run one = { .id = run_id, .rows = json_array() };
	struct json *run = NULL;

	if (!store_read(gate->options.store, find_run_in, &one, err)) {
		if (json_count(one.rows) == 1)
			run = json_copy(json_first(one.rows));
		else
			error_set(err, json_count(one.rows) ? ERR_CONFLICT : ERR_NOT_FOUND,
				json_count(one.rows)        ? "several runs begin with %.40s: give more of the id"
				: !strcmp(run_id, "last") ? "nothing has run yet: there is no %s run"
							  : "no run %.40s; pilothouse runs lists them", run_id);
	}
	json_free(one.rows);
	return run;
}
