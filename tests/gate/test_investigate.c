/* The engine of playbooks on a provider of our own: steps side by side, foreach, what fails, what is proposed, what is cited. */
#include <check.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"
#include "estate/snapshot.h"
#include "gate/intent.h"
#include "gated.h"

static struct provider_ops sky;
static int listed, asked, stuck;

static int list(struct provider *provider, const struct kind *kind, const struct selection *selection, struct feed *feed, struct error *err)
{
	static const char *const rows[][3] = { { "dev", "t0", "10" }, { "dev", "t1", "3" }, { "prod", "t1", "7" } };

	(void)provider;
	(void)selection;
	(void)err;
	__atomic_add_fetch(&listed, 1, __ATOMIC_SEQ_CST);
	while (stuck) { /* as a source that never answers: only who asked ends it */
		if (feed_cancelled(feed))
			return error_set(err, ERR_CANCELLED, "cancelled");
		poll(NULL, 0, 1);
	}
	feed_begin(feed);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *cells[32] = { 0 };
		size_t lengths[32] = { 0 };
		char id[64];

		snprintf(id, sizeof(id), "fake:one/things/%s/%s", rows[i][0], rows[i][1]);
		const struct { int column; const char *text; } set[] = { { kind->role[ROLE_NAMESPACE], rows[i][0] }, { kind->role[ROLE_NAME], rows[i][1] },
			{ kind_column_find(kind, "size"), rows[i][2] }, { kind->role[ROLE_ID], id }, { kind->role[ROLE_ACCOUNT], "one" } };
		for (size_t s = 0; s < sizeof(set) / sizeof(*set); s++)
			if (set[s].column >= 0) {
				cells[set[s].column] = set[s].text;
				lengths[set[s].column] = strlen(set[s].text);
			}
		feed_row(feed, cells, lengths);
	}
	feed_end(feed);
	return 0;
}

/* fake.tide: fails for t1 of prod. */
static int query(struct provider *provider, const char *name, const struct json *params, struct json **out, struct error *err)
{
	const char *of = json_text_or(json_get(params, "of"), "");

	(void)provider;
	__atomic_add_fetch(&asked, 1, __ATOMIC_SEQ_CST);
	if (strcmp(name, "fake.tide"))
		return error_set(err, ERR_NOT_FOUND, "no %s", name);
	if (!strcmp(of, "prod/t1"))
		return error_set(err, ERR_FORBIDDEN, "the tide of %s is secret", of);
	*out = json_set(json_object(), "items", json_add(json_array(), json_set_text(json_object(), "of", of)));
	return 0;
}

static const struct provider_ops *const providers[] = { &sky, NULL };
static struct gated g;

static void save_book(const char *text)
{
	char path[200];

	snprintf(path, sizeof(path), "%s/playbooks", fake_home());
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/playbooks/mine.yaml", fake_home());
	ck_assert(!file_save(path, text, strlen(text), 0600, NULL));
}

static void begin(const char *book)
{
	struct error err = { 0 };

	sky = fake_ops;
	sky.list = list;
	sky.query = query;
	listed = asked = 0;
	fake_begin(NULL);
	save_book(book);
	g = (struct gated){ .config = config_load(NULL, NULL, &err), .kinds = kinds_load(NULL, &err), .store = store_open(NULL, &err) };
	ck_assert_msg(g.config && g.kinds && g.store, "%s", err.text);
	struct estate_options estate = { .kinds = g.kinds, .config = g.config, .store = g.store, .providers = providers };
	g.estate = estate_new(&estate);
	struct gate_options options = { .store = g.store, .estate = g.estate, .config = g.config };
	g.gate = gate_new(&options, &err);
	ck_assert_msg(g.gate != NULL, "%s", err.text);
}

static struct intent intent_of(const char *type, const char *filters)
{
	struct error err = { 0 };
	char *text = mem_format("{\"intent_type\":\"%s\",\"target\":{\"resource_type\":\"host\",\"scope\":null,\"filters\":%s}}", type, filters);
	struct json *document = json_parse(text, strlen(text), NULL);
	struct intent intent;

	ck_assert_msg(!intent_from_json(&intent, document, &err), "%s", err.text);
	json_free(document);
	free(text);
	return intent;
}

static struct json *investigate(const char *filters, struct error *err)
{
	struct intent intent = intent_of("investigate", filters);
	struct json *report = NULL;
	int failed = gate_investigate(g.gate, &intent, NULL, NULL, NULL, &report, err);

	intent_release(&intent);
	ck_assert_int_eq(failed != 0, report == NULL);
	return report;
}

static const struct json *evidence(const struct json *report, const char *step)
{
	for (const struct json *row = json_first(json_get(report, "evidence")); row; row = json_next(row))
		if (!strcmp(json_text_or(json_get(row, "step"), ""), step))
			return row;
	ck_abort_msg("no evidence of %s", step);
	return NULL;
}

#define HEAD "name: mine\nmatch: {intent: [investigate, scale], resource: host}\nparams: {name: {from: target.filters.name}, replicas: {from: target.filters.replicas}}\n"

#define FOREACH                                                                                                                                    \
	HEAD "steps:\n"                                                                                                                            \
	     "  - {id: things, action: fake.list, with: {kind: things, filter: 'size > 5', columns: [id, name, namespace, size]}}\n"                   \
	     "  - {id: tides, action: fake.tide, needs: [things], foreach: '.steps.things.items', with: {of: '{{ .item.namespace }}/{{ .item.name }}'}}\n" \
	     "  - {id: never, action: fake.tide, needs: [tides], when: '.steps.tides.items | length > 9', with: {of: x}}\n"                            \
	     "  - {id: after, action: fake.tide, needs: [never], with: {of: y}}\n"                                                                     \
	     "findings:\n"                                                                                                                           \
	     "  - {each: '.steps.tides.items', when: '$item.error != null', class: permission_failure, target: .item.for.id, cause: '{{ .item.error }}', cites: [things, tides, never]}\n"

static void *want_playbooks(void *arg)
{
	pthread_barrier_wait(arg);
	return gate_playbooks(g.gate);
}

START_TEST(whoever_wants_the_playbooks_first_all_get_the_same)
{
	enum { WANTING = 4 };
	pthread_barrier_t together;
	pthread_t threads[WANTING];
	void *got[WANTING];

	begin("name: mine\nmatch: {intent: investigate, resource: host}\nsteps: [{id: things, action: fake.list, with: {kind: things}}]\n");
	pthread_barrier_init(&together, NULL, WANTING);
	for (int i = 0; i < WANTING; i++)
		ck_assert(!pthread_create(&threads[i], NULL, want_playbooks, &together));
	for (int i = 0; i < WANTING; i++)
		pthread_join(threads[i], &got[i]);
	for (int i = 0; i < WANTING; i++)
		ck_assert_ptr_eq(got[i], gate_playbooks(g.gate));
	pthread_barrier_destroy(&together);
	gated_close(&g);
}
END_TEST

START_TEST(foreach_reads_once_an_item_and_keeps_each_answer)
{
	begin(FOREACH);
	struct error err = { 0 };
	struct json *report = investigate("{}", &err);

	ck_assert_msg(report != NULL, "%s", err.text);
	ck_assert_int_eq(listed, 1);
	ck_assert_int_eq(asked, 2); /* of the two larger than 5 */
	ck_assert_str_eq(json_text(json_at(evidence(report, "tides"), "result.items.0.result.items.0.of")), "dev/t0");
	ck_assert_ptr_nonnull(json_at(evidence(report, "tides"), "result.items.1.error"));
	ck_assert_str_eq(json_text(json_get(evidence(report, "tides"), "status")), "done");
	ck_assert_str_eq(json_text(json_get(evidence(report, "never"), "status")), "skipped");
	ck_assert_str_eq(json_text(json_get(evidence(report, "after"), "status")), "skipped"); /* nothing to stand on */
	ck_assert_str_eq(json_text(json_at(report, "findings.0.target")), "fake:one/things/prod/t1");
	ck_assert_str_eq(json_text(json_at(report, "findings.0.cause")), "the tide of prod/t1 is secret");
	ck_assert_uint_eq(json_count(json_at(report, "findings.0.cites")), 2); /* what was not read is not cited */
	ck_assert_str_eq(json_text(json_get(report, "status")), "done");
	json_free(report);
	gated_close(&g);
}
END_TEST

START_TEST(a_reading_that_fails_is_said)
{
	begin(HEAD "steps:\n  - {id: things, action: fake.list, with: {kind: things}}\n  - {id: tide, action: fake.tide, with: {of: prod/t1}}\n");
	struct json *report = investigate("{}", NULL);

	ck_assert_str_eq(json_text(json_get(report, "status")), "partial");
	ck_assert_str_eq(json_text(json_get(evidence(report, "tide"), "status")), "failed");
	ck_assert_ptr_nonnull(strstr(json_text(json_at(report, "summary.1.text")), "secret"));
	ck_assert_ptr_nonnull(strstr(json_text(json_at(report, "findings.0.cause")), "not known: tide"));
	ck_assert_double_lt(json_number(json_at(report, "findings.0.weight"), 1), 0.6);
	json_free(report);
	gated_close(&g);
}
END_TEST

START_TEST(the_timeout_of_a_step_holds)
{
	begin(HEAD "steps:\n  - {id: things, action: fake.list, timeout: 1s, retry: 3, with: {kind: things}}\n"
		   "findings:\n  - {when: '.steps.things.total > 0', class: none, cause: x, cites: [things]}\n");
	struct error err = { 0 };

	stuck = 1;
	struct json *report = investigate("{}", &err);
	stuck = 0;
	ck_assert_ptr_null(report); /* nothing else was read */
	ck_assert_int_eq(err.code, ERR_TIMEOUT);
	ck_assert_str_eq(err.text, "fake.list gave no answer within 1 s, the step's timeout");
	ck_assert_int_eq(listed, 1); /* its tries share the time */
	gated_close(&g);
}
END_TEST

static atomic_int cancelled;

static void cancel_it(const struct gate_progress *progress, void *arg)
{
	(void)arg;
	if (!strcmp(progress->status, "started"))
		atomic_store(&cancelled, 1);
}

START_TEST(a_reading_under_way_is_cancelled)
{
	begin(HEAD "steps:\n  - {id: things, action: fake.list, timeout: 30s, with: {kind: things}}\n  - {id: more, action: fake.list, needs: [things], with: {kind: things}}\n"
		   "findings:\n  - {when: '.steps.things.total > 0', class: none, cause: x, cites: [things]}\n");
	struct intent intent = intent_of("investigate", "{}");
	struct json *report = NULL;
	struct error err = { 0 };

	atomic_store(&cancelled, 0);
	stuck = 1;
	int failed = gate_investigate(g.gate, &intent, &cancelled, cancel_it, NULL, &report, &err);
	stuck = 0;
	if (failed)
		ck_assert_int_eq(err.code, ERR_CANCELLED);
	else
		ck_assert_str_eq(json_text(json_get(report, "status")), "cancelled");
	ck_assert_int_eq(listed, 1);
	json_free(report);
	intent_release(&intent);
	gated_close(&g);
}
END_TEST

START_TEST(nothing_read_is_no_health)
{
	begin(HEAD "steps:\n  - {id: tide, action: fake.tide, with: {of: prod/t1}}\n  - {id: changes, action: estate.changes}\n");
	struct error err = { 0 };

	ck_assert_ptr_null(investigate("{}", &err));
	ck_assert_int_eq(err.code, ERR_FORBIDDEN);
	gated_close(&g);
}
END_TEST

#define PROPOSES                                                                                                                                  \
	HEAD "steps:\n  - {id: things, action: fake.list, with: {kind: things, filter: 'size > 9'}}\n"                                            \
	     "  - {id: smaller, action: fake.resize, needs: [things], foreach: .steps.things.items, "                                               \
	     "with: {kind: things, name: '{{ .item.name }}', namespace: '{{ .item.namespace }}', size: '{{ .item.size - 1 }}', how: null}}\n"     \
	     "findings:\n  - {when: '.steps.things.total > 0', class: resource_saturation, cause: large, cites: [things]}\n"

START_TEST(writes_are_proposed_never_run)
{
	begin(PROPOSES);
	struct json *report = investigate("{}", NULL);

	ck_assert_ptr_nonnull(json_text(json_get(report, "proposal")));
	ck_assert_uint_eq(json_count(json_at(report, "plan.steps")), 2);
	ck_assert_str_eq(json_text(json_at(report, "plan.steps.1.target")), "fake:one/things/dev/t0");
	ck_assert_int_eq(atomic_load(&fake_world->calls), 0);
	struct plan *plan = gate_plan_load(g.gate, json_text(json_get(report, "proposal")), NULL);
	ck_assert_int_eq(json_int(json_get(plan->steps[0].params, "size"), 0), 9);
	plan_free(plan);
	json_free(report);
	gated_close(&g);
}
END_TEST

#define CHANGES                                                                                                                                   \
	HEAD "steps:\n  - {id: things, action: fake.list, with: {kind: things, filter: 'name == \"{{ .params.name }}\"'}}\n"                     \
	     "  - {id: tide, action: fake.tide, needs: [things], with: {of: '{{ .steps.things.items[0].name }}'}}\n"                                \
	     "  - {id: grow, action: fake.resize, needs: [tide], when: '.steps.tide.items | length > 0', "                                          \
	     "with: {kind: things, name: '{{ .params.name }}', filter: 'size > 5', size: '{{ .steps.things.items[0].size + .params.replicas }}'}}\n"

static int plan_change(const char *filters, struct plan **plan, struct error *err)
{
	struct intent intent = intent_of("scale", filters);
	int failed = gate_plan_intent(g.gate, &intent, plan, err);

	intent_release(&intent);
	return failed;
}

START_TEST(a_change_is_planned_on_what_is_there)
{
	begin(CHANGES);
	struct error err = { 0 };
	struct plan *plan = NULL;

	ck_assert_msg(!plan_change("{\"name\":\"t0\",\"replicas\":5}", &plan, &err), "%s", err.text);
	ck_assert_uint_eq(plan->count, 3);
	ck_assert_str_eq(plan->steps[2].target, "fake:one/things/dev/t0");
	ck_assert_int_eq(json_int(json_get(plan->steps[2].params, "size"), 0), 15);
	/* What the run will read is written out: no template is left. */
	ck_assert_str_eq(json_text(json_get(plan->steps[1].params, "of")), "t0");
	plan_free(plan);
	gated_close(&g);
}
END_TEST

START_TEST(a_filter_says_in_which_state_a_target_must_be)
{
	begin(CHANGES);
	struct error err = { 0 };
	struct plan *plan = NULL;

	/* Two are called t1, one of them larger than 5: the filter decides. */
	ck_assert_msg(!plan_change("{\"name\":\"t1\",\"replicas\":1}", &plan, &err), "%s", err.text);
	ck_assert_str_eq(plan->steps[2].target, "fake:one/things/prod/t1");
	plan_free(plan);
	plan = NULL;
	ck_assert_int_eq(plan_change("{\"name\":\"t7\",\"replicas\":1}", &plan, &err), -1);
	ck_assert_ptr_null(plan);
	gated_close(&g);
}
END_TEST

START_TEST(without_a_playbook_that_is_said)
{
	begin(CHANGES);
	struct intent intent = intent_of("cordon", "{}");
	struct error err = { 0 };
	struct json *report = NULL;

	ck_assert_int_eq(gate_investigate(g.gate, &intent, NULL, NULL, NULL, &report, &err), -1);
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
	ck_assert_ptr_nonnull(strstr(err.text, "no playbook for cordon host"));
	intent_release(&intent);
	gated_close(&g);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, whoever_wants_the_playbooks_first_all_get_the_same);
	tcase_add_test(tc, foreach_reads_once_an_item_and_keeps_each_answer);
	tcase_add_test(tc, a_reading_that_fails_is_said);
	tcase_add_test(tc, the_timeout_of_a_step_holds);
	tcase_add_test(tc, a_reading_under_way_is_cancelled);
	tcase_add_test(tc, nothing_read_is_no_health);
	tcase_add_test(tc, writes_are_proposed_never_run);
	tcase_add_test(tc, a_change_is_planned_on_what_is_there);
	tcase_add_test(tc, a_filter_says_in_which_state_a_target_must_be);
	tcase_add_test(tc, without_a_playbook_that_is_said);
}

TEST_MAIN("gate/investigate")
