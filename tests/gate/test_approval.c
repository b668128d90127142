/* An approval counts for exactly what was shown, from people who may, until it expires. */
#include <sqlite3.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
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

static void sql(const char *text)
{
	sqlite3 *db = NULL;
	char *message = NULL;

	ck_assert(!sqlite3_open(store_path(g.store), &db));
	sqlite3_busy_timeout(db, 5000);
	sqlite3_exec(db, text, NULL, NULL, &message);
	ck_assert_msg(!message, "%s", message);
	sqlite3_close(db);
}

static int approved(const struct plan *plan)
{
	char missing[256];

	return gate_approved(g.gate, plan, missing, NULL);
}

static enum error_code approve(const struct plan *plan, const char *how)
{
	struct error err = { 0 };

	return gate_approve(g.gate, plan->id, how, &err) ? err.code : ERR_NONE;
}

static enum error_code run(const struct plan *plan, char text[256])
{
	struct json *result = NULL;
	struct error err = { 0 };
	int failed = gate_run(g.gate, plan, NULL, NULL, NULL, &result, &err);

	json_free(result);
	if (text)
		memcpy(text, err.text, 256);
	return failed ? err.code : ERR_NONE;
}

/* As another person on another console would: the row itself. */
static int vote_in(struct sqlite3 *db, void *arg, struct error *err)
{
	return gate_store_approve_in(db, arg, err);
}

static void vote(const struct plan *plan, const char *user, const char *role, const char *how)
{
	struct gate_write_approval write = { .plan_id = plan->id, .status = NULL, .approval = { .at_ns = clock_now_ns() } };

	snprintf(write.approval.user, sizeof(write.approval.user), "%s", user);
	snprintf(write.approval.role, sizeof(write.approval.role), "%s", role);
	snprintf(write.approval.how, sizeof(write.approval.how), "%s", how);
	memcpy(write.approval.hash, plan->hash, sizeof(write.approval.hash));
	ck_assert(!store_write(g.store, STORE_DURABLE, vote_in, &write, NULL));
}

static const char *status_of(const struct plan *plan)
{
	static char status[GATE_STATUS_MAX];
	struct gate_plan_row row;

	ck_assert(!gate_store_find_plan(g.gate, plan->id, &row, NULL));
	memcpy(status, row.status, sizeof(status));
	json_free(row.document);
	return status;
}

START_TEST(one_yes_is_enough_where_one_is_asked)
{
	struct plan *plan = gated_plan(&g, "prod", 1);

	ck_assert_int_eq(approved(plan), 0);
	ck_assert_int_eq(run(plan, NULL), ERR_APPROVAL);
	ck_assert_int_eq(fake_world->calls, 0);
	ck_assert_int_eq(approve(plan, "typed"), ERR_NONE);
	ck_assert_str_eq(status_of(plan), "approved");
	ck_assert_int_eq(approved(plan), 1);
	ck_assert_int_eq(run(plan, NULL), ERR_NONE);
	ck_assert_int_eq(fake_world->count, 1);
	ck_assert_int_eq(gated_entries(&g, "approve", "done"), 1);
	ck_assert_int_eq(gated_entries(&g, "run", "denied"), 1);
	plan_free(plan);
}
END_TEST

START_TEST(prod_is_not_approved_by_a_key)
{
	struct plan *plan = gated_plan(&g, "prod", 1);

	ck_assert_int_eq(approve(plan, "key"), ERR_DENIED);
	ck_assert_int_eq(approved(plan), 0);
	vote(plan, "bo", "sre", "key"); /* nor where the row says so */
	ck_assert_int_eq(approved(plan), 0);
	ck_assert_int_eq(run(plan, NULL), ERR_APPROVAL);
	plan_free(plan);
}
END_TEST

/* A key counts for the step it may count for, never for the protected one beside it. */
START_TEST(prod_beside_another_scope_is_not_approved_by_a_key)
{
	struct plan *plan = gate_plan_begin(g.gate);
	struct json *params = gated_size(50);
	struct ref elsewhere = fake_ref("lab", 0), prod = fake_ref("prod", 1);

	ck_assert(!gate_plan_add_act(g.gate, plan, "a", &elsewhere, "resize", params, "", NULL));
	ck_assert(!gate_plan_add_act(g.gate, plan, "b", &prod, "resize", params, "", NULL));
	ck_assert(!gate_plan_finish(g.gate, plan, NULL));
	ck_assert_int_eq(approve(plan, "key"), ERR_NONE);
	vote(plan, "bo", "sre", "key");
	ck_assert_int_eq(approved(plan), 0);
	gated_is(&g, "bo", "sre");
	ck_assert_int_eq(approve(plan, "typed"), ERR_NONE); /* takes the place of the weaker yes */
	ck_assert_int_eq(approved(plan), 1);
	json_free(params);
	plan_free(plan);
}
END_TEST

START_TEST(the_role_is_asked_for)
{
	struct plan *plan = gated_plan(&g, "prod", 1);

	gated_is(&g, "bo", "viewer");
	ck_assert_int_eq(approve(plan, "typed"), ERR_DENIED);
	ck_assert_int_eq(approved(plan), 0);
	vote(plan, "cy", "viewer", "typed");
	ck_assert_int_eq(approved(plan), 0);
	ck_assert_int_eq(gated_entries(&g, "approve", "denied"), 1);
	gated_is(&g, "bo", "sre");
	ck_assert_int_eq(approve(plan, "typed"), ERR_NONE);
	ck_assert_int_eq(approved(plan), 1);
	plan_free(plan);
}
END_TEST

/* Entries of the run itself say who said yes, and none who did not count. */
static int approvers_in(const struct json *entry, void *arg)
{
	char *names = arg;

	if (strcmp(json_text_or(json_at(entry, "action.name"), ""), "run.step") != 0)
		return 0;
	*names = 0;
	for (const struct json *one = json_first(json_at(entry, "approval.approvals")); one; one = json_next(one))
		strcat(strcat(names, json_text_or(json_get(one, "by"), "?")), " ");
	return 0;
}

START_TEST(two_means_two_people)
{
	struct plan *plan = gated_plan(&g, "staging", 1);

	ck_assert_int_eq(approve(plan, "typed"), ERR_DENIED); /* not_self: ana asked */
	vote(plan, "ana", "sre", "typed");
	ck_assert_int_eq(approved(plan), 0);
	gated_is(&g, "bo", "sre");
	ck_assert_int_eq(approve(plan, "typed"), ERR_NONE);
	ck_assert_int_eq(approve(plan, "typed"), ERR_NONE); /* twice is once */
	ck_assert_int_eq(approved(plan), 0);
	ck_assert_str_eq(status_of(plan), "waiting");
	ck_assert_int_eq(approve(plan, "flag"), ERR_DENIED); /* flag: false */
	vote(plan, "cy", "sre", "flag");
	ck_assert_int_eq(approved(plan), 0);
	ck_assert_int_eq(run(plan, NULL), ERR_APPROVAL);
	gated_is(&g, "cy", "sre");
	ck_assert_int_eq(approve(plan, "typed"), ERR_NONE);
	ck_assert_str_eq(status_of(plan), "approved");
	ck_assert_int_eq(approved(plan), 1);
	ck_assert_int_eq(run(plan, NULL), ERR_NONE);
	char names[200] = "";
	struct audit_query all = { 0 };
	ck_assert(!audit_each(gate_audit(g.gate), &all, approvers_in, names, NULL));
	ck_assert_msg(!strcmp(names, "bo cy ") || !strcmp(names, "cy bo "), "%s", names);
	plan_free(plan);
}
END_TEST

START_TEST(a_flag_counts_once)
{
	struct plan *plan = gated_plan(&g, "lab", 1); /* by: 2, flag taken */

	ck_assert_int_eq(approve(plan, "flag"), ERR_NONE);
	vote(plan, "bo", "sre", "flag");
	vote(plan, "cy", "sre", "flag");
	ck_assert_int_eq(approved(plan), 0);
	vote(plan, "dee", "sre", "typed");
	ck_assert_int_eq(approved(plan), 1);
	plan_free(plan);
}
END_TEST

START_TEST(a_denied_plan_cannot_be_approved_nor_run)
{
	struct plan *plan = NULL;
	struct ref ref = fake_ref("prod", 0);

	ck_assert(!gate_plan_act(g.gate, &ref, "remove", NULL, "", &plan, NULL));
	ck_assert_int_eq(plan_decision(plan), DECIDE_DENY);
	ck_assert_int_eq(approve(plan, "typed"), ERR_DENIED);
	vote(plan, "bo", "sre", "typed");
	ck_assert_int_eq(run(plan, NULL), ERR_DENIED);
	ck_assert_int_eq(fake_world->calls, 0);
	plan_free(plan);
}
END_TEST

START_TEST(a_refused_plan_stays_refused)
{
	struct plan *plan = gated_plan(&g, "prod", 1);

	ck_assert(!gate_deny(g.gate, plan->id, "not today", NULL));
	ck_assert_int_eq(approve(plan, "typed"), ERR_DENIED);
	vote(plan, "bo", "sre", "typed");
	ck_assert_int_eq(run(plan, NULL), ERR_CONFLICT);
	ck_assert_int_eq(fake_world->calls, 0);
	ck_assert_int_eq(gated_entries(&g, "deny", "denied"), 1);
	plan_free(plan);
}
END_TEST

START_TEST(it_expires)
{
	struct plan *plan = gated_plan(&g, "prod", 1);

	ck_assert_int_eq(plan->expires_ns - plan->made_ns, 15 * 60 * CLOCK_SECOND_NS);
	ck_assert_int_eq(approve(plan, "typed"), ERR_NONE);
	plan->made_ns -= 3600 * CLOCK_SECOND_NS;
	plan->expires_ns -= 3600 * CLOCK_SECOND_NS;
	plan_seal(plan);
	vote(plan, "bo", "sre", "typed");
	char text[256];
	ck_assert_int_eq(run(plan, text), ERR_CONFLICT);
	ck_assert_ptr_nonnull(strstr(text, "expired"));
	plan->made_ns += 7200 * CLOCK_SECOND_NS; /* made in the future: the clock was set back */
	plan->expires_ns += 7200 * CLOCK_SECOND_NS;
	plan_seal(plan);
	ck_assert_int_eq(run(plan, text), ERR_CONFLICT);
	ck_assert_int_eq(fake_world->calls, 0);
	plan_free(plan);
}
END_TEST

START_TEST(drift_voids_and_names_the_field)
{
	struct plan *plan = gated_plan(&g, "prod", 1);
	char text[256];
	struct error err = { 0 };

	ck_assert_int_eq(approve(plan, "typed"), ERR_NONE);
	fake_world->size[0] = 11;
	ck_assert_int_eq(run(plan, text), ERR_CONFLICT);
	ck_assert_ptr_nonnull(strstr(text, "size 10 → 11"));
	struct json *drift = gate_drift(g.gate, plan, NULL);
	ck_assert_int_eq((int)json_int(json_at(drift, "was.size"), 0), 10);
	ck_assert_int_eq((int)json_int(json_at(drift, "is.size"), 0), 11);
	json_free(drift);
	ck_assert(gate_approve(g.gate, plan->id, "typed", &err));
	ck_assert_ptr_nonnull(strstr(err.text, "size 10 → 11"));
	ck_assert_str_eq(status_of(plan), "drifted");
	fake_world->size[0] = 10; /* back again: void stays void */
	ck_assert_int_eq(approve(plan, "typed"), ERR_CONFLICT);
	ck_assert_int_eq(run(plan, NULL), ERR_CONFLICT);
	ck_assert_int_eq(fake_world->calls, 0);
	plan_free(plan);
}
END_TEST

START_TEST(a_target_that_is_gone_voids)
{
	struct plan *plan = gated_plan(&g, "dev", 1);
	char text[256];

	fake_world->gone[0] = 1;
	ck_assert_int_eq(run(plan, text), ERR_CONFLICT);
	ck_assert_ptr_nonnull(strstr(text, "gone"));
	ck_assert_int_eq(fake_world->calls, 0);
	plan_free(plan);
}
END_TEST

static void write_policy(const char *text)
{
	char *path = mem_format("%s/policies/rules.yaml", fake_home());

	ck_assert(!file_save(path, text, strlen(text), 0600, NULL));
	free(path);
}

START_TEST(a_change_of_policy_voids)
{
	struct plan *plan = gated_plan(&g, "prod", 1);
	char text[256];

	ck_assert_int_eq(approve(plan, "typed"), ERR_NONE);
	write_policy("- {match: {}, decide: allow}\n");
	gated_close(&g);
	gated_open(&g);
	ck_assert_int_eq(run(plan, text), ERR_CONFLICT);
	ck_assert_ptr_nonnull(strstr(text, "policies changed"));
	ck_assert_int_eq(fake_world->calls, 0);
	plan_free(plan);
}
END_TEST

/* Who runs it is asked for, not only who asked. */
START_TEST(the_one_who_runs_it_is_asked_for)
{
	write_policy("- {match: {risk: write, role: sre}, decide: allow}\n- {match: {risk: write}, decide: approve}\n");
	gated_close(&g);
	gated_open(&g);
	struct plan *plan = gated_plan(&g, "dev", 1);
	ck_assert_int_eq(plan_decision(plan), DECIDE_ALLOW);
	gated_is(&g, "eve", "viewer");
	ck_assert_int_eq(run(plan, NULL), ERR_CONFLICT);
	ck_assert_int_eq(fake_world->calls, 0);
	gated_is(&g, "ana", "sre");
	ck_assert_int_eq(run(plan, NULL), ERR_NONE);
	plan_free(plan);
}
END_TEST

START_TEST(labels_are_read_for_a_rule_that_asks)
{
	write_policy("- {match: {labels: {team: red}}, decide: deny, why: red is frozen}\n- {match: {risk: write}, decide: allow}\n");
	gated_close(&g);
	gated_open(&g);
	struct plan *plan = gated_plan(&g, "dev", 1);
	ck_assert_int_eq(plan_decision(plan), DECIDE_DENY);
	plan_free(plan);
	snprintf(fake_world->team, sizeof(fake_world->team), "blue");
	plan = gated_plan(&g, "dev", 1);
	ck_assert_int_eq(plan_decision(plan), DECIDE_ALLOW);
	snprintf(fake_world->team, sizeof(fake_world->team), "red");
	ck_assert_int_eq(run(plan, NULL), ERR_DENIED);
	plan_free(plan);
	fake_world->no_get = 1; /* cannot be read: denied */
	plan = gated_plan(&g, "dev", 1);
	ck_assert_int_eq(plan_decision(plan), DECIDE_DENY);
	ck_assert_ptr_nonnull(strstr(plan->steps[0].why, "labels"));
	plan_free(plan);
	ck_assert_int_eq(fake_world->calls, 0);
}
END_TEST

/* --- what is stored, changed by hand --- */

static enum error_code run_stored(const char *id, char text[256])
{
	struct error err = { 0 };
	struct plan *plan = gate_plan_load(g.gate, id, &err);
	enum error_code code = plan ? run(plan, text) : err.code;

	plan_free(plan);
	return code;
}

START_TEST(an_edited_document_voids)
{
	struct plan *plan = gated_plan(&g, "prod", 1);
	char text[256];

	ck_assert_int_eq(approve(plan, "typed"), ERR_NONE);
	sql("UPDATE gate_plan SET document = replace(document, '\"size\":100', '\"size\":999')");
	ck_assert_int_eq(run_stored(plan->id, text), ERR_CONFLICT);
	ck_assert_ptr_nonnull(strstr(text, "stored text was changed"));
	ck_assert_int_eq(fake_world->calls, 0);
	plan_free(plan);
}
END_TEST

/* With the hash made anew as well: the row, the approvals and the policy still say otherwise. */
static void forge(struct plan *plan)
{
	char *update;
	plan_seal(plan);
	struct json *json = plan_to_json(plan);
	char *document = json_format(json);

	update = sqlite3_mprintf("UPDATE gate_plan SET document = %Q, hash = %Q WHERE id = %Q", document, plan->hash, plan->id);
	sql(update);
	sqlite3_free(update);
	free(document);
	json_free(json);
}

START_TEST(a_forged_decision_is_asked_again)
{
	struct plan *plan = gated_plan(&g, "prod", 1);

	plan->steps[0].decision = DECIDE_ALLOW;
	forge(plan);
	ck_assert_int_eq(run_stored(plan->id, NULL), ERR_CONFLICT);
	plan->steps[0].scope = "dev"; /* where it would be free */
	forge(plan);
	ck_assert_int_eq(run_stored(plan->id, NULL), ERR_CONFLICT);
	plan->steps[0].scope = "prod";
	plan->steps[0].risk = RISK_READ;
	forge(plan);
	ck_assert_int_eq(run_stored(plan->id, NULL), ERR_CONFLICT);
	plan->steps[0].risk = RISK_WRITE;
	plan->steps[0].decision = DECIDE_APPROVE;
	plan->steps[0].approvals_needed = 0;
	forge(plan);
	ck_assert_int_eq(run_stored(plan->id, NULL), ERR_CONFLICT);
	ck_assert_int_eq(fake_world->calls, 0);
	plan_free(plan);
}
END_TEST

START_TEST(an_approval_of_another_hash_does_not_count)
{
	struct plan *plan = gated_plan(&g, "prod", 1);

	ck_assert_int_eq(approve(plan, "typed"), ERR_NONE);
	plan->summary = "something harmless";
	forge(plan);
	ck_assert_int_eq(run_stored(plan->id, NULL), ERR_APPROVAL);
	ck_assert_int_eq(fake_world->calls, 0);
	plan_free(plan);
}
END_TEST

/* A plan in memory that is not the stored one, though it is whole in itself. */
START_TEST(only_the_stored_plan_runs)
{
	struct plan *plan = gated_plan(&g, "dev", 1);

	plan->summary = "other";
	plan_seal(plan);
	ck_assert_int_eq(run(plan, NULL), ERR_CONFLICT);
	ck_assert_int_eq(fake_world->calls, 0);
	plan_free(plan);
}
END_TEST

START_TEST(read_only_writes_nothing)
{
	struct plan *plan = gated_plan(&g, "dev", 1), *denied;

	gate_set_read_only(g.gate, 1);
	ck_assert_int_eq(run(plan, NULL), ERR_DENIED);
	ck_assert_int_eq(approve(plan, "typed"), ERR_DENIED);
	denied = gated_plan(&g, "dev", 1);
	ck_assert_int_eq(plan_decision(denied), DECIDE_DENY);
	ck_assert_str_eq(denied->steps[0].rule, "read-only");
	ck_assert_int_eq(fake_world->calls, 0);
	plan_free(denied);
	plan_free(plan);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, one_yes_is_enough_where_one_is_asked);
	tcase_add_test(tc, prod_is_not_approved_by_a_key);
	tcase_add_test(tc, prod_beside_another_scope_is_not_approved_by_a_key);
	tcase_add_test(tc, the_role_is_asked_for);
	tcase_add_test(tc, two_means_two_people);
	tcase_add_test(tc, a_flag_counts_once);
	tcase_add_test(tc, a_denied_plan_cannot_be_approved_nor_run);
	tcase_add_test(tc, a_refused_plan_stays_refused);
	tcase_add_test(tc, it_expires);
	tcase_add_test(tc, drift_voids_and_names_the_field);
	tcase_add_test(tc, a_target_that_is_gone_voids);
	tcase_add_test(tc, a_change_of_policy_voids);
	tcase_add_test(tc, the_one_who_runs_it_is_asked_for);
	tcase_add_test(tc, labels_are_read_for_a_rule_that_asks);
	tcase_add_test(tc, an_edited_document_voids);
	tcase_add_test(tc, a_forged_decision_is_asked_again);
	tcase_add_test(tc, an_approval_of_another_hash_does_not_count);
	tcase_add_test(tc, only_the_stored_plan_runs);
	tcase_add_test(tc, read_only_writes_nothing);
}

TEST_MAIN("gate/approval")
