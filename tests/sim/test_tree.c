#include "sim/tree.h"

#include "base/error.h"
#include "base/json.h"
#include "check_main.h"

static struct json *parse(const char *text)
{
	struct json *json = json_parse(text, strlen(text), NULL);

	ck_assert_ptr_nonnull(json);
	return json;
}

static void ck_merges(const char *target, const char *patch, int strategic, const char *wanted)
{
	struct json *own = parse(target), *change = parse(patch), *expected = parse(wanted);

	tree_merge(own, change, strategic);
	char *text = json_format(own);
	ck_assert_msg(json_equal(own, expected), "%s + %s = %s", target, patch, text);
	free(text);
	json_free(own);
	json_free(change);
	json_free(expected);
}

START_TEST(merge_patch_as_rfc_7386)
{
	ck_merges("{\"a\":1,\"b\":{\"c\":2}}", "{\"a\":null,\"b\":{\"d\":3}}", 0, "{\"b\":{\"c\":2,\"d\":3}}");
	ck_merges("{\"a\":[1,2]}", "{\"a\":[3]}", 0, "{\"a\":[3]}");
	ck_merges("{\"a\":\"text\"}", "{\"a\":{\"b\":1}}", 0, "{\"a\":{\"b\":1}}");
	ck_merges("{\"l\":[{\"name\":\"x\",\"v\":1}]}", "{\"l\":[{\"name\":\"x\",\"w\":2}]}", 0, "{\"l\":[{\"name\":\"x\",\"w\":2}]}");
}
END_TEST

START_TEST(strategic_merge_keeps_other_items)
{
	ck_merges("{\"l\":[{\"name\":\"x\",\"v\":1},{\"name\":\"y\"}]}", "{\"l\":[{\"name\":\"x\",\"v\":2},{\"name\":\"z\"}]}", 1,
		"{\"l\":[{\"name\":\"x\",\"v\":2},{\"name\":\"y\"},{\"name\":\"z\"}]}");
	ck_merges("{\"l\":[1]}", "{\"l\":[2,3]}", 1, "{\"l\":[2,3]}");
}
END_TEST

START_TEST(json_patch_replaces_and_refuses)
{
	struct json *own = parse("{\"spec\":{\"template\":{\"a\":1},\"x/y\":2}}"), *steps = parse("[{\"op\":\"replace\",\"path\":\"/spec/template\",\"value\":{\"b\":2}},"
												"{\"op\":\"remove\",\"path\":\"/spec/x~1y\"}]");
	struct json *wrong = parse("[{\"op\":\"replace\",\"path\":\"/nothing/there\",\"value\":1}]"), *test = parse("[{\"op\":\"test\",\"path\":\"/spec/template\",\"value\":3}]");
	struct error err = { 0 };

	ck_assert_int_eq(tree_json_patch(own, steps, &err), 0);
	ck_assert_int_eq(json_int(json_at(own, "spec.template.b"), 0), 2);
	ck_assert_uint_eq(json_count(json_get(own, "spec")), 1);
	ck_assert_int_eq(tree_json_patch(own, wrong, &err), -1);
	ck_assert_int_eq(err.code, ERR_INVALID);
	ck_assert_int_eq(tree_json_patch(own, test, &err), -1);
	json_free(own);
	json_free(steps);
	json_free(wrong);
	json_free(test);
}
END_TEST

START_TEST(fields_that_differ_are_named)
{
	struct json *before = parse("{\"r\":1,\"s\":2,\"l\":[{\"name\":\"x\",\"v\":1},{\"name\":\"y\"}]}");
	struct json *after = parse("{\"r\":3,\"s\":2,\"l\":[{\"name\":\"x\",\"v\":2},{\"name\":\"y\"}]}");
	struct json *fields = tree_fields(before, after), *wanted = parse("{\"f:r\":{},\"f:l\":{\"k:{\\\"name\\\":\\\"x\\\"}\":{\"f:v\":{}}}}");

	ck_assert(json_equal(fields, wanted));
	ck_assert_ptr_null(tree_fields(before, before));
	json_free(before);
	json_free(after);
	json_free(fields);
	json_free(wanted);
}
END_TEST

START_TEST(times_as_the_api_writes_them)
{
	struct json *json = json_object();

	tree_put_time(json, "status.at", INT64_C(1764450000000000000));
	ck_assert_str_eq(json_text(json_at(json, "status.at")), "2025-11-29T21:00:00Z");
	ck_assert_int_eq(tree_time(json_at(json, "status.at"), -1), INT64_C(1764450000000000000));
	ck_assert_int_eq(tree_time(json_at(json, "status.none"), -1), -1);
	json_free(json);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, merge_patch_as_rfc_7386);
	tcase_add_test(tc, strategic_merge_keeps_other_items);
	tcase_add_test(tc, json_patch_replaces_and_refuses);
	tcase_add_test(tc, fields_that_differ_are_named);
	tcase_add_test(tc, times_as_the_api_writes_them);
}

TEST_MAIN("sim/tree")
