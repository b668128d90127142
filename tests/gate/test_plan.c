#include <stdio.h>

#include "check_main.h"
#include "gate/plan.h"

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

static struct json *parsed(const char *text)
{
	struct error err = { 0 };
	struct json *json = json_parse(text, strlen(text), &err);

	ck_assert_msg(json != NULL, "%s: %s", text, err.text);
	return json;
}

static struct plan *full_plan(void)
{
	static const char *const needs[] = { "look", NULL };
	struct plan *plan = plan_new();

	plan->asked_by = "ana";
	plan->playbook = "book";
	plan->summary = "resize thing t1";
	plan->policy_version = "abc";
	plan->undo_of = "";
	plan->intent = parsed("{\"intent_type\":\"scale\",\"confidence\":0.95}");
	plan->expires_ns = plan->made_ns + 900 * INT64_C(1000000000);
	for (int i = 0; i < 2; i++) {
		struct plan_step *step = plan_add(plan);

		step->id = i ? "resize" : "look";
		step->action = i ? "fake.resize" : "fake.list";
		step->provider = "fake";
		step->ref = (struct ref){ .provider = "fake", .account = "one", .namespace_ = "prod", .kind = "things", .name = "t1", .uid = "u1" };
		snprintf(step->target, sizeof(step->target), "fake:one/things/prod/t1");
		step->risk = i ? RISK_WRITE : RISK_READ;
		step->verb = i ? "resize" : NULL;
		step->reversible = i;
		step->params = parsed("{\"size\":4,\"text\":\"ünïcode \\u0001\",\"half\":0.5}");
		if (!i)
			continue;
		step->state = parsed("{\"size\":3,\"uid\":\"u1\"}");
		step->before = parsed("{\"size\":3,\"image\":\"a\"}");
		step->after = parsed("{\"size\":4,\"image\":\"a\"}");
		step->blast = parsed("[{\"id\":\"x\",\"relation\":\"owns\",\"name\":\"y\"}]");
		step->undo = parsed("{\"verb\":\"resize\",\"params\":{\"size\":3}}");
		step->verify = parsed("{\"until\":\".size == 4\"}");
		step->undo_text = "resize back";
		step->dry_run_text = "accepted";
		step->dry_run = 1;
		step->estimate_seconds = 5;
		step->cost = "0.10";
		step->decision = DECIDE_APPROVE;
		step->rule = "r (policies/x.yaml:3)";
		step->why = "because";
		step->approver = "role:sre";
		step->approvals_needed = 2;
		step->approval_ns = 900 * INT64_C(1000000000);
		step->not_self = 1;
		step->scope = "prod";
		step->needs = needs;
		step->because = "e1";
	}
	plan_seal(plan);
	return plan;
}

START_TEST(round_trip_keeps_the_hash)
{
	struct plan *plan = full_plan();
	struct json *json = plan_to_json(plan);
	char *text = json_format(json);
	struct json *again = parsed(text);
	struct plan *loaded = plan_from_json(again, NULL);
	struct json *second = plan_to_json(loaded);

	ck_assert_str_eq(loaded->hash, plan->hash);
	ck_assert(json_equal(json, second));
	plan_seal(loaded);
	ck_assert_str_eq(loaded->hash, plan->hash);
	ck_assert_uint_eq(strlen(plan->hash), 64);
	ck_assert_str_eq(loaded->steps[1].needs[0], "look");
	ck_assert_int_eq(loaded->steps[1].not_self, 1);
	plan_free(loaded);
	plan_free(plan);
	json_free(second);
	json_free(again);
	json_free(json);
	free(text);
}
END_TEST

/* --- every leaf of the document, changed one at a time --- */

static struct json *other_than(const struct json *value)
{
	switch (json_type(value)) {
	case JSON_NUMBER:
		return json_double(json_number(value, 0) + 1);
	case JSON_BOOL:
		return json_boolean(!json_bool(value, 0));
	default:
		return json_string("changed");
	}
}

/* The same shown derived from others: changed at their source, not here. Times have to stay times. */
static int derived(const char *key)
{
	static const char *const keys[] = { "hash", "diff", "needed", "by", "who", "expires", "currency", NULL };

	for (const char *const *each = keys; *each; each++)
		if (!strcmp(*each, key))
			return 1;
	return 0;
}

static const struct { const char *key, *value; } worded[] = {
	{ "made_at", "2020-01-01T00:00:00Z" }, { "expires_at", "2020-01-01T00:00:00Z" }, { "risk", "delete" }, { "decision", "allow" },
};

static struct json *changed_value(const char *key, const struct json *value)
{
	for (size_t i = 0; key && i < sizeof(worded) / sizeof(*worded); i++)
		if (!strcmp(worded[i].key, key))
			return json_string(worded[i].value);
	return key && !strcmp(key, "seconds") ? json_integer(7) : other_than(value);
}

static int must_differ(const struct json *document, const char *hash, const char *what)
{
	struct plan *plan = plan_from_json(document, NULL);

	if (!plan)
		return 1; /* refused is as good */
	plan_seal(plan);
	ck_assert_msg(strcmp(plan->hash, hash) != 0, "%s does not change the hash", what);
	plan_free(plan);
	return 1;
}

static int edit_leaves(const struct json *document, struct json *node, const char *hash)
{
	int edited = 0;

	for (struct json *child = json_first(node), *next; child; child = next) {
		const char *key = json_key(child);

		next = json_next(child);
		if (key && derived(key))
			continue;
		if (json_is(child, JSON_OBJECT) || json_is(child, JSON_ARRAY)) {
			edited += edit_leaves(document, child, hash);
			continue;
		}
		if (!key)
			continue;
		struct json *before = json_copy(child);
		char *name = strdup(key);
		json_set(node, name, changed_value(name, before));
		edited += must_differ(document, hash, name);
		json_set(node, name, before);
		next = NULL; /* the list was rebuilt: begin behind it again */
		for (struct json *at = json_first(node); at; at = json_next(at))
			if (json_key(at) && !strcmp(json_key(at), name))
				next = json_next(at);
		free(name);
	}
	return edited;
}

START_TEST(every_field_is_in_the_hash)
{
	struct plan *plan = full_plan();
	struct json *document = plan_to_json(plan);

	ck_assert_int_gt(edit_leaves(document, document, plan->hash), 60);
	json_free(document);
	plan_free(plan);
}
END_TEST

START_TEST(removed_and_doubled_steps_change_the_hash)
{
	struct plan *plan = full_plan();
	struct json *document = plan_to_json(plan), *steps = json_get(document, "steps");

	json_add(steps, json_copy(json_item(steps, 1)));
	must_differ(document, plan->hash, "a doubled step");
	json_free(document);
	plan->count = 1;
	char before[65];
	memcpy(before, plan->hash, sizeof(before));
	plan_seal(plan);
	ck_assert_str_ne(before, plan->hash);
	plan->count = 2;
	plan_free(plan);
}
END_TEST

START_TEST(what_cannot_be_read_is_denied)
{
	struct json *document = parsed("{\"plan_id\":\"x\",\"steps\":[{\"id\":\"a\",\"risk\":\"harmless\",\"policy\":{\"decision\":\"sure\"}}]}");
	struct plan *plan = plan_from_json(document, NULL);

	ck_assert_int_eq(plan->steps[0].decision, DECIDE_DENY);
	ck_assert_int_eq(plan->steps[0].risk, RISK_DELETE);
	ck_assert_int_eq(plan->steps[0].not_self, 1);
	ck_assert_int_eq(plan->steps[0].approve_flag, 0);
	plan_free(plan);
	json_free(document);
	ck_assert_ptr_null(plan_from_json(NULL, NULL));
	document = parsed("{\"plan_id\":\"0123456789012345678901234567890123456789\",\"steps\":[]}");
	ck_assert_ptr_null(plan_from_json(document, NULL));
	json_free(document);
}
END_TEST

START_TEST(the_strictest_step_speaks)
{
	struct plan *plan = full_plan();

	ck_assert_int_eq(plan_decision(plan), DECIDE_DENY); /* the first step was never decided */
	plan->steps[0].decision = DECIDE_ALLOW;
	ck_assert_int_eq(plan_decision(plan), DECIDE_APPROVE);
	ck_assert_int_eq(plan_writes(plan), 1);
	ck_assert_int_eq(plan_risk(plan), RISK_WRITE);
	struct json *json = plan_to_json(plan);
	ck_assert_int_eq((int)json_int(json_at(json, "approval.by"), 0), 2);
	ck_assert_str_eq(json_text(json_at(json, "approval.who")), "role:sre");
	json_free(json);
	plan_free(plan);
}
END_TEST

static const struct { const char *before, *after, *diff; } diffs[] = {
	{ "{\"size\":3,\"image\":\"a\"}", "{\"size\":4,\"image\":\"a\"}", "- size: 3\n+ size: 4\n  image: a\n" },
	{ "{\"a\":{\"b\":1,\"c\":2}}", "{\"a\":{\"b\":1,\"c\":3}}", "- a.c: 2\n+ a.c: 3\n" },
	{ NULL, "{\"a\":1}", "+ a: 1\n" },
	{ "{\"a\":1}", NULL, "- a: 1\n" },
	{ "{\"a\":1}", "{}", "- a: 1\n" },
	{ "{\"c\":[{\"name\":\"w\",\"image\":\"a\"},{\"name\":\"s\"}]}", "{\"c\":[{\"name\":\"w\",\"image\":\"b\"},{\"name\":\"s\"}]}",
		"- c.0.image: a\n+ c.0.image: b\n" },
	{ "{\"c\":[{\"n\":1}]}", "{\"c\":[{\"n\":1},{\"n\":2}]}", "- c: [{\"n\":1}]\n+ c: [{\"n\":1},{\"n\":2}]\n" },
	{ "{\"a\":[1,2]}", "{\"a\":[1,3]}", "- a: [1,2]\n+ a: [1,3]\n" },
	{ "{\"a\":null}", "{\"a\":\"x\"}", "- a: null\n+ a: x\n" },
	/* a value cannot look like further lines of the diff, nor speak to the terminal */
	{ NULL, "{\"a\":\"x\\n+ size: 4\\n\"}", "+ a: x\n+ | + size: 4\n" },
	{ NULL, "{\"a\\nb\":\"\\u001b[2J\\u202e\"}", "+ a b: \xe2\x90\x9b[2J\xef\xbf\xbd\n" },
};

START_TEST(diff_names_what_changes)
{
	struct json *before = diffs[_i].before ? parsed(diffs[_i].before) : NULL, *after = diffs[_i].after ? parsed(diffs[_i].after) : NULL;
	struct plan_step step = { .before = before, .after = after };
	char *diff = plan_step_diff(&step);

	ck_assert_str_eq(diff, diffs[_i].diff);
	free(diff);
	json_free(before);
	json_free(after);
}
END_TEST

START_TEST(plans_are_bounded)
{
	struct plan *plan = plan_new();
	size_t added = 0;

	while (added < 1000 && plan_add(plan))
		added++;
	ck_assert_uint_eq(added, 500);
	plan_free(plan);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, round_trip_keeps_the_hash);
	tcase_add_test(tc, every_field_is_in_the_hash);
	tcase_add_test(tc, removed_and_doubled_steps_change_the_hash);
	tcase_add_test(tc, what_cannot_be_read_is_denied);
	tcase_add_test(tc, the_strictest_step_speaks);
	tcase_add_loop_test(tc, diff_names_what_changes, 0, (int)(sizeof(diffs) / sizeof(*diffs)));
	tcase_add_test(tc, plans_are_bounded);
}

TEST_MAIN("gate/plan")
