#include "gate/intent.h"

#include <stdio.h>

#include "base/error.h"
#include "base/json.h"
#include "check_main.h"

static struct json *parsed(const char *text)
{
	struct json *json = json_parse(text, strlen(text), NULL);

	ck_assert_ptr_nonnull(json);
	return json;
}

START_TEST(reads_the_shape_of_the_design)
{
	struct json *json = parsed("{\"intent_type\":\"investigate\",\"target\":{\"resource_type\":"
				   "\"kubernetes\",\"scope\":\"prod\","
				   "\"filters\":{\"metric\":\"cpu\"}},\"goal\":\"identify_root_"
				   "cause\",\"confidence\":0.95}");
	struct intent intent;

	ck_assert_int_eq(intent_from_json(&intent, json, NULL), 0);
	ck_assert_str_eq(intent.type, "investigate");
	ck_assert_str_eq(intent.resource, "kubernetes");
	ck_assert_str_eq(intent.scope, "prod");
	ck_assert_str_eq(intent.goal, "identify_root_cause");
	ck_assert_str_eq(intent_filter(&intent, "metric"), "cpu");
	ck_assert_double_eq_tol(intent.confidence, 0.95, 1e-9);

	struct json *back = intent_to_json(&intent);
	ck_assert(json_equal(back, json));
	json_free(back);
	intent_release(&intent);
	json_free(json);
}
END_TEST

static const struct {
	const char *type, *resource, *type_now, *resource_now;
} aliases[] = {
	{ "remediate", "kubernetes_cluster", "investigate", "kubernetes" },
	{ "describe", "ec2_instance", "status", "ec2" },
	{ "list", "security_group", "list", "sg" },
	{ "explain_cost", "cost", "explain_cost", "bill" },
	{ "restart", "deployment", "restart", "kubernetes" },
};

START_TEST(older_names_still_mean_something)
{
	struct intent intent;
	char text[256];

	snprintf(text, sizeof(text),
		"{\"intent_type\":\"%s\",\"target\":{\"resource_type\":\"%s\"}}", aliases[_i].type,
		aliases[_i].resource);
	struct json *json = parsed(text);
	ck_assert_int_eq(intent_from_json(&intent, json, NULL), 0);
	ck_assert_str_eq(intent.type, aliases[_i].type_now);
	ck_assert_str_eq(intent.resource, aliases[_i].resource_now);
	ck_assert_str_eq(intent.scope, "");
	ck_assert_double_eq(intent.confidence, 1);
	ck_assert_str_ne(intent.goal, "");
	intent_release(&intent);
	json_free(json);
}
END_TEST

static const struct {
	const char *text, *field;
} wrong[] = {
	{ "[]", "intent" },
	{ "{\"target\":{\"resource_type\":\"db\"}}", "intent_type" },
	{ "{\"intent_type\":\"exec\",\"target\":{\"resource_type\":\"db\"}}", "intent_type" },
	{ "{\"intent_type\":7,\"target\":{\"resource_type\":\"db\"}}", "intent_type" },
	{ "{\"intent_type\":\"list\"}", "target" },
	{ "{\"intent_type\":\"list\",\"target\":{\"resource_type\":\"planet\"}}",
		"target.resource_type" },
	{ "{\"intent_type\":\"list\",\"target\":{\"resource_type\":\"db\",\"scope\":\"moon\"}}",
		"target.scope" },
	{ "{\"intent_type\":\"list\",\"target\":{\"resource_type\":\"db\",\"filters\":[]}}",
		"target.filters" },
	{ "{\"intent_type\":\"list\",\"target\":{\"resource_type\":\"db\",\"filters\":{\"cmd\":"
	  "\"x\"}}}",
		"target.filters.cmd" },
	{ "{\"intent_type\":\"scale\",\"target\":{\"resource_type\":\"db\",\"filters\":{"
	  "\"replicas\":-1}}}",
		"target.filters.replicas" },
	{ "{\"intent_type\":\"scale\",\"target\":{\"resource_type\":\"db\",\"filters\":{"
	  "\"replicas\":1.5}}}",
		"target.filters.replicas" },
	{ "{\"intent_type\":\"stop\",\"target\":{\"resource_type\":\"db\",\"filters\":{\"name\":[]}"
	  "}}",
		"target.filters.name" },
	{ "{\"intent_type\":\"stop\",\"target\":{\"resource_type\":\"db\",\"filters\":{\"name\":[3]"
	  "}}}",
		"target.filters.name" },
	{ "{\"intent_type\":\"stop\",\"target\":{\"resource_type\":\"db\"},\"confidence\":1.01}",
		"confidence" },
	{ "{\"intent_type\":\"stop\",\"target\":{\"resource_type\":\"db\"},\"confidence\":"
	  "\"high\"}",
		"confidence" },
	{ "{\"intent_type\":\"stop\",\"target\":{\"resource_type\":\"db\"},\"goal\":[]}", "goal" },
};

START_TEST(an_error_names_the_field)
{
	struct json *json = parsed(wrong[_i].text);
	struct error err = { 0 };
	struct intent intent;

	ck_assert_int_eq(intent_from_json(&intent, json, &err), -1);
	ck_assert_int_eq(err.code, ERR_INVALID);
	ck_assert_msg(!strncmp(err.text, wrong[_i].field, strlen(wrong[_i].field)) &&
			      err.text[strlen(wrong[_i].field)] == ':',
		"%s", err.text);
	intent_release(&intent);
	json_free(json);
}
END_TEST

START_TEST(several_names_and_a_copy)
{
	struct json *json = parsed("{\"intent_type\":\"stop\",\"target\":{\"resource_type\":"
				   "\"ec2\",\"filters\":{\"name\":[\"a-1\",\"a-2\"]}}}");
	struct intent intent, copy;

	ck_assert_int_eq(intent_from_json(&intent, json, NULL), 0);
	intent_copy(&copy, &intent);
	intent_release(&intent);
	ck_assert_str_eq(intent_filter(&copy, "name"), "a-1");
	ck_assert_ptr_null(intent_filter(&copy, "region"));
	intent_release(&copy);
	json_free(json);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, reads_the_shape_of_the_design);
	tcase_add_loop_test(
		tc, older_names_still_mean_something, 0, sizeof(aliases) / sizeof(*aliases));
	tcase_add_loop_test(tc, an_error_names_the_field, 0, sizeof(wrong) / sizeof(*wrong));
	tcase_add_test(tc, several_names_and_a_copy);
}

TEST_MAIN("gate/intent")
