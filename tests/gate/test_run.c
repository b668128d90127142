/* Durable before done, once only, and what is left open is asked for. */
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gate/audit_verify.h"
#include "gated.h"

static struct gated g;

static void setup(void)
{
	fake_begin(NULL);
	gated_open(&g);
}

static void teardown(void)
{
	gated_close(&g);
	fake_end();
}

static struct json *run(struct plan *plan, const atomic_int *cancelled)
{
	struct json *result = NULL;
	struct error err = { 0 };

	ck_assert_msg(!gate_run(g.gate, plan, cancelled, NULL, NULL, &result, &err), "%s", err.text);
	return result;
}

static void log_is_whole(void)
{
	struct json *report = NULL;
	struct error err = { 0 };

	ck_assert_msg(!audit_verify(NULL, NULL, &report, &err), "%s", err.text);
	char *text = json_format(report);
	ck_assert_msg(json_bool(json_get(report, "ok"), 0), "%s", text);
	free(text);
	json_free(report);
}

/* --- the entry is there when the act happens --- */

static int seen_started;

static void look_with_second_connection(const struct act_request *request)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *row = NULL;

	(void)request;
	ck_assert(!sqlite3_open_v2(store_path(g.store), &db, SQLITE_OPEN_READONLY, NULL));
	ck_assert(!sqlite3_prepare_v2(db, "SELECT count(*) FROM audit WHERE json_extract(body, '$.action.name') = 'run.step'"
					  " AND json_extract(body, '$.result.status') = 'started'", -1, &row, NULL));
	ck_assert(sqlite3_step(row) == SQLITE_ROW);
	seen_started = sqlite3_column_int(row, 0);
	sqlite3_finalize(row);
	ck_assert(!sqlite3_prepare_v2(db, "SELECT count(*) FROM gate_step WHERE status = 'started'", -1, &row, NULL));
	ck_assert(sqlite3_step(row) == SQLITE_ROW);
	ck_assert_int_eq(sqlite3_column_int(row, 0), 1);
	sqlite3_finalize(row);
	sqlite3_close(db);
}

START_TEST(entry_before_act)
{
	struct plan *plan = gated_plan(&g, "dev", 1);

	fake_world->inside = look_with_second_connection;
	struct json *result = run(plan, NULL);
	ck_assert_int_eq(seen_started, 1);
	ck_assert_str_eq(json_text(json_get(result, "status")), "done");
	ck_assert_int_eq(fake_world->count, 1);
	ck_assert_int_eq(fake_world->size[0], 100);
	ck_assert_int_eq(gated_entries(&g, "run.step", "done"), 1);
	ck_assert_int_eq(gated_entries(&g, "run", "done"), 1);
	json_free(result);
	plan_free(plan);
	log_is_whole();
}
END_TEST

START_TEST(failure_stops_the_rest)
{
	struct plan *plan = gated_plan(&g, "dev", 3);

	fake_world->refuse_at = 1;
	struct json *result = run(plan, NULL);
	ck_assert_str_eq(json_text(json_get(result, "status")), "failed");
	ck_assert_str_eq(gated_step(result, 0), "done");
	ck_assert_str_eq(gated_step(result, 1), "failed");
	ck_assert_str_eq(gated_step(result, 2), "skipped");
	ck_assert_int_eq(fake_world->count, 1);
	json_free(result);
	plan_free(plan);
}
END_TEST

static int has_secret(const struct json *entry, void *arg)
{
	char *text = json_format(entry);

	*(int *)arg |= strstr(text, "hunter2") != NULL;
	free(text);
	return 0;
}

START_TEST(secrets_are_not_kept_in_the_log)
{
	struct plan *plan = gated_plan(&g, "dev", 1);
	struct audit_query query = { 0 };
	int found = 0;

	fake_world->refuse_at = 0;
	json_free(run(plan, NULL));
	ck_assert(!audit_each(gate_audit(g.gate), &query, has_secret, &found, NULL));
	ck_assert(!found);
	ck_assert_int_eq(gated_entries(&g, "run.step", "failed"), 1);
	plan_free(plan);
}
END_TEST

/* --- cancel --- */

static atomic_int stop;

static void cancel_inside(const struct act_request *request)
{
	(void)request;
	atomic_store(&stop, 1);
}

static void cancel_at_done(const struct gate_progress *progress, void *arg)
{
	if (!strcmp(progress->status, "done"))
		atomic_store((atomic_int *)arg, 1);
}

START_TEST(cancel_between_steps)
{
	struct plan *plan = gated_plan(&g, "dev", 3);
	struct json *result = NULL;

	ck_assert(!gate_run(g.gate, plan, &stop, cancel_at_done, &stop, &result, NULL));
	ck_assert_str_eq(json_text(json_get(result, "status")), "cancelled");
	ck_assert_str_eq(gated_step(result, 0), "done");
	ck_assert_str_eq(gated_step(result, 1), "cancelled");
	ck_assert_str_eq(gated_step(result, 2), "cancelled");
	ck_assert_int_eq(fake_world->calls, 1);
	json_free(result);
	plan_free(plan);
}
END_TEST

/* The request was cut short: whether it happened is asked, also of a provider that honours the cancel flag. */
START_TEST(cancel_within_an_act)
{
	for (int happened = 0; happened < 2; happened++) {
		atomic_store(&stop, 0);
		fake_reset();
		struct plan *plan = gated_plan(&g, "dev", 2);

		fake_world->inside = cancel_inside;
		fake_world->lose_code = ERR_CANCELLED;
		*(happened ? &fake_world->lose_at : &fake_world->drop_at) = 0;
		struct json *result = run(plan, &stop);
		ck_assert_int_eq(fake_world->reconciled, 1);
		ck_assert_str_eq(json_text(json_get(result, "status")), "cancelled");
		ck_assert_str_eq(gated_step(result, 0), happened ? "done" : "cancelled");
		ck_assert_str_eq(gated_step(result, 1), happened ? "cancelled" : "skipped");
		ck_assert_int_eq(fake_world->count, happened);
		json_free(result);
		plan_free(plan);
	}
}
END_TEST

/* --- unknown outcomes --- */

START_TEST(lost_answers_are_asked_for)
{
	static const enum error_code codes[] = { ERR_UNREACHABLE, ERR_TIMEOUT, ERR_CANCELLED, ERR_FORMAT, ERR_LIMIT, ERR_IO };

	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++)
		for (int happened = 0; happened < 2; happened++) {
			fake_reset();
			struct plan *plan = gated_plan(&g, "dev", 1);

			fake_world->lose_code = codes[i];
			*(happened ? &fake_world->lose_at : &fake_world->drop_at) = 0;
			struct json *result = run(plan, NULL);
			ck_assert_int_eq(fake_world->reconciled, 1);
			ck_assert_str_eq(gated_step(result, 0), happened ? "done" : codes[i] == ERR_CANCELLED ? "cancelled" : "failed");
			ck_assert_int_eq(fake_world->calls, 1);
			json_free(result);
			plan_free(plan);
		}
}
END_TEST

/* As it is at the next start. */
static void its_process_is_gone(void)
{
	sqlite3 *db = NULL;

	ck_assert(!sqlite3_open(store_path(g.store), &db));
	ck_assert(!sqlite3_exec(db, "UPDATE gate_run SET owner = 'another-boot 1 1'", NULL, NULL, NULL));
	sqlite3_close(db);
}

START_TEST(unknown_is_settled_at_the_next_start)
{
	struct plan *plan = gated_plan(&g, "dev", 2);
	size_t settled, unknown;

	fake_world->lose_at = 0;
	fake_world->answer = FAKE_UNKNOWN;
	struct json *result = run(plan, NULL);
	ck_assert_str_eq(json_text(json_get(result, "status")), "unknown");
	ck_assert_str_eq(gated_step(result, 0), "unknown");
	ck_assert_str_eq(gated_step(result, 1), "skipped");
	its_process_is_gone();
	ck_assert(!gate_reconcile(g.gate, &settled, &unknown, NULL));
	ck_assert_uint_eq(settled, 0);
	ck_assert_uint_eq(unknown, 1);
	fake_world->answer = FAKE_TRUTH;
	ck_assert(!gate_reconcile(g.gate, &settled, &unknown, NULL));
	ck_assert_uint_eq(settled, 1);
	ck_assert_uint_eq(unknown, 0);
	struct json *after = gate_run_load(g.gate, json_text(json_get(result, "run_id")), NULL);
	ck_assert_str_eq(gated_step(after, 0), "done");
	ck_assert_str_eq(json_text(json_get(after, "status")), "failed"); /* its second step was never begun */
	ck_assert_int_eq(fake_world->calls, 1);
	json_free(after);
	json_free(result);
	plan_free(plan);
	log_is_whole();
}
END_TEST

/* --- once only --- */

START_TEST(a_plan_runs_once)
{
	struct plan *plan = gated_plan(&g, "dev", 1);
	struct json *result = run(plan, NULL), *second = NULL;
	struct error err = { 0 };

	fake_world->size[0] = 10; /* as planned again: nothing but the plan's status stands in the way */
	ck_assert(gate_run(g.gate, plan, NULL, NULL, NULL, &second, &err));
	ck_assert_int_eq(err.code, ERR_CONFLICT);
	ck_assert_int_eq(fake_world->count, 1);
	json_free(result);
	plan_free(plan);
}
END_TEST

/* Runs the plan of that id in a child; exits 0 when it ran, 1 when it was refused. Our own gate is closed meanwhile: a process with threads does
 * not fork well. */
static pid_t run_in_child(const char *plan_id, void (*on_progress)(const struct gate_progress *, void *), int ready)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	struct gated child;
	struct json *result = NULL;
	char byte;
	gated_open(&child);
	struct plan *plan = gate_plan_load(child.gate, plan_id, NULL);
	if (ready >= 0 && read(ready, &byte, 1) < 0)
		_exit(9);
	_exit(gate_run(child.gate, plan, NULL, on_progress, NULL, &result, NULL) ? 1 : 0);
}

START_TEST(two_processes_run_it_once)
{
	for (int round = 0; round < 5; round++) {
		int gate_open[2], ran = 0, status;

		fake_reset();
		struct plan *plan = gated_plan(&g, "dev", 1);
		ck_assert(!pipe(gate_open));
		pid_t children[2];
		gated_close(&g);
		for (int i = 0; i < 2; i++)
			children[i] = run_in_child(plan->id, NULL, gate_open[0]);
		ck_assert(write(gate_open[1], "xx", 2) == 2);
		for (int i = 0; i < 2; i++) {
			ck_assert(waitpid(children[i], &status, 0) == children[i]);
			ran += WIFEXITED(status) && WEXITSTATUS(status) == 0;
		}
		close(gate_open[0]);
		close(gate_open[1]);
		gated_open(&g);
		ck_assert_int_eq(ran, 1);
		ck_assert_int_eq(fake_world->count, 1);
		plan_free(plan);
	}
	log_is_whole();
}
END_TEST

/* --- kill -9 --- */

static void die_when_started(const struct gate_progress *progress, void *arg)
{
	(void)arg;
	if (!strcmp(progress->status, "started") && !strcmp(progress->step, "s1"))
		raise(SIGKILL);
}

static void die_when_done(const struct gate_progress *progress, void *arg)
{
	(void)arg;
	if (!strcmp(progress->status, "done") && !strcmp(progress->step, "s1"))
		raise(SIGKILL);
}

/* Where it dies, and what must be there afterwards. */
static const struct death {
	const char *where;
	gate_on_progress on_progress;
	int observing, before, after; /* number of the look or of the act; -1 none */
	int acts;                     /* that had their effect */
	int run;                      /* whether a run was recorded at all */
	const char *first, *second;   /* status after reconciling; "" no row */
} deaths[] = {
	{ "before the run's entry", NULL, 1, -1, -1, 0, 0, "", "" },
	{ "inside the first act, before its effect", NULL, -1, 0, -1, 0, 1, "failed", "" },
	{ "inside the first act, after its effect", NULL, -1, -1, 0, 1, 1, "done", "" },
	{ "between the steps, before the second's entry", NULL, 3, -1, -1, 1, 1, "done", "" },
	{ "after the second's entry, before its act", die_when_started, -1, -1, -1, 1, 1, "done", "failed" },
	{ "inside the second act, before its effect", NULL, -1, 1, -1, 1, 1, "done", "failed" },
	{ "after the second act, before its result", NULL, -1, -1, 1, 2, 1, "done", "done" },
	{ "after the second's result", die_when_done, -1, -1, -1, 2, 1, "done", "done" },
};

static void settle(const struct death *death)
{
	size_t settled, unknown;
	int acts = fake_world->count, calls = fake_world->calls;

	fake_world->die_observing_at = fake_world->die_before_at = fake_world->die_after_at = -1;
	ck_assert(!gate_reconcile(g.gate, &settled, &unknown, NULL));
	ck_assert_uint_eq(unknown, 0);
	ck_assert_msg(acts == fake_world->count && calls == fake_world->calls, "%s: reconciling acted", death->where);
	ck_assert(!gate_reconcile(g.gate, &settled, &unknown, NULL));
	ck_assert_uint_eq(settled, 0);
}

/* No act without its entry: each thing that changed has a step's row, and each call of act one entry "started". */
static void check_death(const struct death *death, const char *plan_id, int started_before)
{
	struct json *result = NULL;
	struct error err = { 0 };

	ck_assert_msg(fake_world->count == death->acts, "%s: %d acts", death->where, fake_world->count);
	int started = gated_entries(&g, "run.step", "started") - started_before;
	ck_assert_msg(started >= fake_world->calls, "%s: %d calls, %d entries", death->where, fake_world->calls, started);
	settle(death);
	struct json *runs = gate_runs(g.gate, 1, NULL);
	struct json *newest = json_item(runs, 0);
	int is_ours = newest && !strcmp(json_text(json_get(newest, "plan_id")), plan_id);
	ck_assert_msg(is_ours == death->run, "%s", death->where);
	if (is_ours) {
		ck_assert_msg(!strcmp(gated_step(newest, 0), death->first), "%s: first %s", death->where, gated_step(newest, 0));
		ck_assert_msg(!strcmp(gated_step(newest, 1), death->second), "%s: second %s", death->where, gated_step(newest, 1));
		struct plan *plan = gate_plan_load(g.gate, plan_id, NULL);
		ck_assert_msg(gate_run(g.gate, plan, NULL, NULL, NULL, &result, &err) < 0, "%s: it ran twice", death->where);
		ck_assert_int_eq(fake_world->count, death->acts);
		plan_free(plan);
	}
	json_free(runs);
}

START_TEST(kill_anywhere)
{
	for (size_t i = 0; i < sizeof(deaths) / sizeof(*deaths); i++) {
		const struct death *death = &deaths[i];
		int status, started = gated_entries(&g, "run.step", "started");

		fake_reset();
		struct plan *plan = gated_plan(&g, "dev", 2);
		fake_world->observed = 0;
		fake_world->die_observing_at = death->observing;
		fake_world->die_before_at = death->before;
		fake_world->die_after_at = death->after;
		gated_close(&g);
		pid_t pid = run_in_child(plan->id, death->on_progress, -1);
		ck_assert(waitpid(pid, &status, 0) == pid);
		gated_open(&g);
		ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "%s: status %d", death->where, status);
		check_death(death, plan->id, started);
		plan_free(plan);
	}
	log_is_whole();
}
END_TEST

/* --- drift while it runs --- */

static void move_second(const struct act_request *request)
{
	(void)request;
	fake_world->size[1] = 77;
}

START_TEST(a_later_target_that_moved_is_left_alone)
{
	struct plan *plan = gated_plan(&g, "dev", 2);

	fake_world->inside = move_second;
	struct json *result = run(plan, NULL);
	ck_assert_str_eq(json_text(json_get(result, "status")), "failed");
	ck_assert_str_eq(gated_step(result, 1), "failed");
	ck_assert_ptr_nonnull(strstr(json_text(json_get(json_item(json_get(result, "steps"), 1), "error")), "size 11 → 77"));
	ck_assert_int_eq(fake_world->size[1], 77);
	ck_assert_int_eq(fake_world->calls, 1);
	json_free(result);
	plan_free(plan);
}
END_TEST

/* --- undo --- */

static struct plan *undo_plan(const struct json *result)
{
	struct plan *undo = NULL;
	struct error err = { 0 };

	ck_assert_msg(!gate_plan_undo(g.gate, json_text(json_get(result, "run_id")), &undo, &err), "%s", err.text);
	return undo;
}

START_TEST(undo_goes_backwards_and_is_audited)
{
	struct plan *plan = gated_plan(&g, "dev", 3), *again = NULL;
	struct json *result = run(plan, NULL);
	struct plan *undo = undo_plan(result);
	struct error err = { 0 };

	ck_assert_uint_eq(undo->count, 3);
	struct json *undone = run(undo, NULL);
	ck_assert_str_eq(json_text(json_get(undone, "status")), "done");
	ck_assert_int_eq(fake_world->count, 6);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(fake_world->size[i], 10 + i);
		ck_assert_int_eq(fake_world->acts[3 + i].name[1] - '0', 2 - i);
	}
	struct json *first = gate_run_load(g.gate, json_text(json_get(result, "run_id")), NULL);
	ck_assert_str_eq(json_text(json_get(first, "status")), "rolled_back");
	ck_assert_int_eq(gated_entries(&g, "undo", "done"), 1);
	ck_assert_int_eq(gated_entries(&g, "run.step", "done"), 6);
	ck_assert(gate_plan_undo(g.gate, json_text(json_get(result, "run_id")), &again, &err));
	ck_assert_int_eq(err.code, ERR_CONFLICT);
	json_free(first);
	json_free(undone);
	json_free(result);
	plan_free(undo);
	plan_free(plan);
	log_is_whole();
}
END_TEST

static struct json *undo_newest(void)
{
	struct plan *undo = NULL;
	struct error err = { 0 };

	ck_assert_msg(!gate_plan_undo(g.gate, NULL, &undo, &err), "%s", err.text);
	struct json *result = run(undo, NULL);

	ck_assert_str_eq(json_text(json_get(result, "status")), "done");
	plan_free(undo);
	return result;
}

static void give_to_another(const char *run_id)
{
	char *sql = sqlite3_mprintf("UPDATE gate_run SET user = 'somebody' WHERE id = %Q", run_id);
	sqlite3 *db = NULL;

	ck_assert(!sqlite3_open(store_path(g.store), &db) && !sqlite3_exec(db, sql, NULL, NULL, NULL));
	sqlite3_close(db);
	sqlite3_free(sql);
}

/* Without a name: mine, what is not undone, never an undo, never what somebody else ran. */
START_TEST(undo_of_no_run_takes_my_newest)
{
	struct plan *plans[3], *none = NULL;
	struct json *runs[3];
	struct error err = { 0 };

	for (int i = 0; i < 3; i++) {
		plans[i] = gated_plan(&g, "dev", 1);
		runs[i] = run(plans[i], NULL);
	}
	give_to_another(json_text(json_get(runs[1], "run_id")));
	json_free(undo_newest());
	json_free(undo_newest());
	for (int i = 0; i < 3; i++) {
		struct json *now = gate_run_load(g.gate, json_text(json_get(runs[i], "run_id")), NULL);

		ck_assert_msg(!strcmp(json_text(json_get(now, "status")), i == 1 ? "done" : "rolled_back"), "run %d is %s", i, json_text(json_get(now, "status")));
		json_free(now);
		json_free(runs[i]);
		plan_free(plans[i]);
	}
	ck_assert(gate_plan_undo(g.gate, NULL, &none, &err));
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
}
END_TEST

/* One of three was taken away by somebody: the other two are still taken back, and it is said. */
START_TEST(undo_goes_on_without_what_is_gone)
{
	struct plan *plan = gated_plan(&g, "dev", 3);
	struct json *result = run(plan, NULL);

	fake_world->gone[1] = 1;
	struct plan *undo = undo_plan(result);
	ck_assert_uint_eq(undo->count, 2);
	ck_assert_str_eq(undo->steps[0].id, "undo-s2");
	ck_assert_str_eq(undo->steps[1].id, "undo-s0");
	ck_assert_ptr_nonnull(strstr(undo->summary, "undo 2 steps of run "));
	ck_assert_ptr_nonnull(strstr(undo->summary, "cannot be undone: fake.resize (no t1)"));
	plan_free(undo);
	fake_world->gone[0] = fake_world->gone[2] = 1;
	struct error err = { 0 };
	ck_assert(gate_plan_undo(g.gate, json_text(json_get(result, "run_id")), &undo, &err));
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
	json_free(result);
	plan_free(plan);
}
END_TEST

START_TEST(undo_takes_only_what_was_done)
{
	struct plan *plan = gated_plan(&g, "dev", 3);

	fake_world->refuse_at = 2;
	struct json *result = run(plan, NULL);
	struct plan *undo = undo_plan(result);
	ck_assert_uint_eq(undo->count, 2);
	ck_assert_str_eq(undo->steps[0].id, "undo-s1");
	json_free(result);
	plan_free(undo);
	plan_free(plan);
}
END_TEST

/* An undo that failed half way: the second one does not repeat the first half. */
START_TEST(undo_goes_on_where_it_stopped)
{
	struct plan *plan = gated_plan(&g, "dev", 3);
	struct json *result = run(plan, NULL);
	struct plan *undo = undo_plan(result);

	fake_world->refuse_at = 4;
	struct json *half = run(undo, NULL);
	ck_assert_str_eq(json_text(json_get(half, "status")), "failed");
	struct plan *rest = undo_plan(result);
	ck_assert_uint_eq(rest->count, 2);
	ck_assert_str_eq(rest->steps[0].id, "undo-s1");
	ck_assert_str_eq(rest->steps[1].id, "undo-s0");
	json_free(half);
	json_free(result);
	plan_free(rest);
	plan_free(undo);
	plan_free(plan);
}
END_TEST

START_TEST(what_cannot_be_undone_is_said)
{
	struct plan *plan = NULL, *undo = NULL;
	struct ref ref = fake_ref("dev", 0);
	struct error err = { 0 };

	ck_assert(!gate_plan_act(g.gate, &ref, "remove", NULL, "", &plan, &err));
	ck_assert(!plan->steps[0].reversible);
	ck_assert_ptr_nonnull(strstr(plan->summary, " (cannot be undone)"));
	ck_assert_ptr_null(strstr(plan->summary, "undo: "));
	struct plan *poke = NULL;
	ck_assert(!gate_plan_act(g.gate, &ref, "poke", NULL, "", &poke, &err));
	ck_assert_str_eq(poke->steps[0].undo_text, "cannot be undone: what is poked stays so");
	ck_assert_ptr_nonnull(strstr(poke->summary, " (cannot be undone: what is poked stays so)"));
	plan_free(poke);
	struct json *result = run(plan, NULL);
	ck_assert(gate_plan_undo(g.gate, json_text(json_get(result, "run_id")), &undo, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "cannot be undone"));
	json_free(result);
	plan_free(plan);
}
END_TEST

/* Done, but not as planned: it failed, and can still be undone. */
START_TEST(unverified_can_be_undone)
{
	struct plan *plan = gate_plan_begin(g.gate);
	struct ref ref = fake_ref("dev", 0);
	struct json *params = gated_size(50), *verify = json_object();

	ck_assert(!gate_plan_add_act(g.gate, plan, "s0", &ref, "resize", params, "", NULL));
	json_set_text(verify, "until", ".size == 51");
	json_set_text(verify, "timeout", "1s");
	plan->steps[0].verify = verify;
	ck_assert(!gate_plan_finish(g.gate, plan, NULL));
	struct json *result = run(plan, NULL);
	ck_assert_str_eq(json_text(json_get(result, "status")), "failed");
	ck_assert_str_eq(gated_step(result, 0), "unverified");
	struct plan *undo = undo_plan(result);
	ck_assert_uint_eq(undo->count, 1);
	json_free(params);
	json_free(result);
	plan_free(undo);
	plan_free(plan);
}
END_TEST

/* Many acts of one target each are many targets, whichever was planned first. */
START_TEST(a_rule_about_many_targets_is_about_the_plan)
{
	struct plan *few = gated_plan(&g, "dev", 6), *many = gated_plan(&g, "dev", 7);

	ck_assert_int_eq(plan_decision(few), DECIDE_ALLOW);
	for (size_t i = 0; i < many->count; i++)
		ck_assert_int_eq(many->steps[i].decision, DECIDE_APPROVE);
	plan_free(many);
	plan_free(few);
}
END_TEST

/* Of another risk than the act: where the policy never allows it, it is not promised. */
START_TEST(an_undo_the_policy_denies_is_not_promised)
{
	struct ref dev = fake_ref("dev", 0), prod = fake_ref("prod", 1);
	struct plan *free_ = NULL, *held = NULL;

	ck_assert(!gate_plan_act(g.gate, &dev, "make", NULL, "", &free_, NULL));
	ck_assert(free_->steps[0].reversible);
	ck_assert_str_eq(free_->steps[0].undo_text, "remove it");
	ck_assert(!gate_plan_act(g.gate, &prod, "make", NULL, "", &held, NULL));
	ck_assert(!held->steps[0].reversible);
	ck_assert_ptr_nonnull(strstr(held->steps[0].undo_text, "remove it, which the policy denies (prod-delete-never "));
	plan_free(held);
	plan_free(free_);
}
END_TEST

/* A drain that is cancelled: the node is closed for certain, and opening it again is offered. */
/* The console that lost the answer is asked again what became of it. */
START_TEST(unknown_is_settled_by_the_process_that_ran_it_too)
{
	struct plan *plan = gated_plan(&g, "dev", 1);
	size_t settled, unknown;

	fake_world->lose_at = 0;
	fake_world->answer = FAKE_UNKNOWN;
	struct json *result = run(plan, NULL);
	ck_assert_str_eq(json_text(json_get(result, "status")), "unknown");
	fake_world->answer = FAKE_TRUTH;
	ck_assert(!gate_reconcile(g.gate, &settled, &unknown, NULL));
	ck_assert_uint_eq(settled, 1);
	struct json *after = gate_run_load(g.gate, json_text(json_get(result, "run_id")), NULL);
	ck_assert_str_eq(json_text(json_get(after, "status")), "done");
	ck_assert_int_eq(fake_world->calls, 1);
	json_free(after);
	json_free(result);
	plan_free(plan);
	log_is_whole();
}
END_TEST

START_TEST(a_part_that_was_done_can_be_undone)
{
	struct plan *plan = gated_plan(&g, "dev", 2);

	fake_world->half_at = 0;
	struct json *result = run(plan, NULL);
	ck_assert_str_eq(json_text(json_get(result, "status")), "failed");
	ck_assert_str_eq(gated_step(result, 0), "partial");
	ck_assert_str_eq(gated_step(result, 1), "skipped");
	ck_assert_int_eq(fake_world->reconciled, 0);
	struct plan *undo = undo_plan(result);
	ck_assert_uint_eq(undo->count, 1);
	ck_assert_str_eq(undo->steps[0].id, "undo-s0");
	json_free(result);
	plan_free(undo);
	plan_free(plan);
	log_is_whole();
}
END_TEST

START_TEST(a_part_found_after_a_crash_can_be_undone)
{
	struct plan *plan = gated_plan(&g, "dev", 1);
	size_t settled, unknown;
	struct error err = { 0 };

	fake_world->lose_at = 0;
	fake_world->answer = FAKE_UNKNOWN;
	struct json *result = run(plan, NULL);
	ck_assert_str_eq(json_text(json_get(result, "status")), "unknown");
	fake_world->answer = FAKE_PARTIAL;
	its_process_is_gone();
	ck_assert(!gate_reconcile(g.gate, &settled, &unknown, &err));
	ck_assert_uint_eq(unknown, 0);
	struct plan *undo = undo_plan(result);
	ck_assert_uint_eq(undo->count, 1);
	json_free(result);
	plan_free(undo);
	plan_free(plan);
}
END_TEST

/* Somebody acted after the run: undoing it takes that back too, and the plan says so. */
START_TEST(an_undo_tells_what_changed_since)
{
	struct plan *plan = gated_plan(&g, "dev", 1);
	struct json *result = run(plan, NULL);
	struct plan *undo = undo_plan(result);

	ck_assert_str_eq(undo->steps[0].because, "");
	ck_assert_ptr_nonnull(strstr(undo->summary, "undo of run "));
	fake_world->size[0] = 77;
	struct plan *late = undo_plan(result);
	ck_assert_ptr_nonnull(strstr(late->steps[0].because, "changed since that run, and overwritten by this: size "));
	ck_assert_ptr_nonnull(strstr(late->steps[0].because, " → 77"));
	json_free(result);
	plan_free(late);
	plan_free(undo);
	plan_free(plan);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, entry_before_act);
	tcase_add_test(tc, failure_stops_the_rest);
	tcase_add_test(tc, secrets_are_not_kept_in_the_log);
	tcase_add_test(tc, cancel_between_steps);
	tcase_add_test(tc, cancel_within_an_act);
	tcase_add_test(tc, lost_answers_are_asked_for);
	tcase_add_test(tc, unknown_is_settled_at_the_next_start);
	tcase_add_test(tc, a_plan_runs_once);
	tcase_add_test(tc, two_processes_run_it_once);
	tcase_add_test(tc, kill_anywhere);
	tcase_add_test(tc, a_later_target_that_moved_is_left_alone);
	tcase_add_test(tc, undo_goes_backwards_and_is_audited);
	tcase_add_test(tc, undo_of_no_run_takes_my_newest);
	tcase_add_test(tc, undo_goes_on_without_what_is_gone);
	tcase_add_test(tc, undo_takes_only_what_was_done);
	tcase_add_test(tc, undo_goes_on_where_it_stopped);
	tcase_add_test(tc, what_cannot_be_undone_is_said);
	tcase_add_test(tc, unverified_can_be_undone);
	tcase_add_test(tc, unknown_is_settled_by_the_process_that_ran_it_too);
	tcase_add_test(tc, a_part_that_was_done_can_be_undone);
	tcase_add_test(tc, a_part_found_after_a_crash_can_be_undone);
	tcase_add_test(tc, an_undo_tells_what_changed_since);
	tcase_add_test(tc, an_undo_the_policy_denies_is_not_promised);
	tcase_add_test(tc, a_rule_about_many_targets_is_about_the_plan);
}

TEST_MAIN("gate/run")
