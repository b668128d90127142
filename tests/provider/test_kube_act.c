/* The parts of acting that need no server: options of deletions, diffs, what is hidden, what counts
 * as done. */
#include "check_main.h"

#include "base/error.h"
#include "base/json.h"
#include "provider/kubernetes/account.h"
#include "provider/kubernetes/act.h"
#include "provider/kubernetes/dependents.h"
#include "provider/kubernetes/get.h"
#include "provider/kubernetes/revisions.h"
#include "provider/kubernetes/selector.h"

static struct json *parse(const char *text)
{
	struct error err = { 0 };
	struct json *json = json_parse(text, strlen(text), &err);

	ck_assert_msg(json != NULL, "%s: %s", text, err.text);
	return json;
}

static void is(struct json *json, const char *text)
{
	char *formatted = json ? json_format(json) : NULL;

	ck_assert_str_eq(formatted ? formatted : "(none)", text);
	free(formatted);
	json_free(json);
}

/* The server ignores the query of a DELETE that has a body: a dry run must stand in it. */
START_TEST(options_of_a_deletion_stand_in_the_body)
{
	is(delete_options("u-1", "Background", 0, 1),
		"{\"kind\":\"DeleteOptions\",\"apiVersion\":\"v1\",\"preconditions\":{\"uid\":\"u-"
		"1\"},"
		"\"propagationPolicy\":\"Background\",\"gracePeriodSeconds\":0,\"dryRun\":[\"All\"]"
		"}");
	is(delete_options("", NULL, -1, 0), "{\"kind\":\"DeleteOptions\",\"apiVersion\":\"v1\"}");
	is(eviction_body("ns", "p", "u", -1, 0),
		"{\"apiVersion\":\"policy/"
		"v1\",\"kind\":\"Eviction\",\"metadata\":{\"name\":\"p\",\"namespace\":\"ns\"},"
		"\"deleteOptions\":{\"kind\":\"DeleteOptions\",\"apiVersion\":\"v1\","
		"\"preconditions\":{\"uid\":\"u\"}}}");
}
END_TEST

/* What a plan touches is never cut without a word. */
START_TEST(too_many_dependents_are_counted)
{
	struct account account = { .name = "here" };
	struct search search = { .account = &account, .out = json_array() };

	for (int i = 0; i < 1200; i++)
		dependents_found(&search, "pods", "shop", "web", "runs it");
	dependents_end(&search);
	ck_assert_uint_eq(json_count(search.out), 1001);
	is(json_copy(json_item(search.out, 1000)), "{\"id\":\"\",\"relation\":\"not known\",\"name\":\"200 more\"}");
	json_free(search.out);
}
END_TEST

START_TEST(diff_is_small_and_without_noise)
{
	struct json *live = parse("{\"kind\":\"Deployment\",\"metadata\":{\"name\":\"a\","
				  "\"resourceVersion\":\"1\",\"generation\":1,"
				  "\"managedFields\":[{}]},\"spec\":{\"replicas\":2,\"template\":{"
				  "\"spec\":{\"containers\":["
				  "{\"name\":\"x\",\"image\":\"i:1\"},{\"name\":\"y\",\"image\":"
				  "\"j:1\"}]}}},\"status\":{\"ready\":2}}");
	struct json *result = parse(
		"{\"kind\":\"Deployment\",\"metadata\":{\"name\":\"a\",\"resourceVersion\":\"9\","
		"\"generation\":2},"
		"\"spec\":{\"replicas\":2,\"paused\":true,\"template\":{\"spec\":{\"containers\":["
		"{\"name\":\"x\",\"image\":\"i:2\"},{\"name\":\"y\",\"image\":\"j:1\"}]}}},"
		"\"status\":{}}");
	struct json *before, *after;

	diff_objects(live, result, &before, &after);
	is(before, "{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"image\":\"i:1\",\"name\":"
		   "\"x\"}]}}}}");
	is(after, "{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"image\":\"i:2\",\"name\":"
		  "\"x\"}]}},\"paused\":true}}");
	json_free(live);
	json_free(result);
}
END_TEST

#define DOTS "\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2"

START_TEST(secrets_show_that_they_change_and_nothing_else)
{
	struct json *live = parse("{\"kind\":\"Secret\",\"metadata\":{\"name\":\"s\"},\"data\":{"
				  "\"a\":\"b2xk\",\"b\":\"c2FtZQ==\"}}");
	struct json *result = parse("{\"kind\":\"Secret\",\"metadata\":{\"name\":\"s\"},\"data\":{"
				    "\"a\":\"bmV3\",\"b\":\"c2FtZQ==\"}}");
	struct json *annotated =
		parse("{\"kind\":\"Secret\",\"metadata\":{\"annotations\":{\"kubectl.kubernetes.io/"
		      "last-applied-configuration\":\"{b2xk}\"}},\"stringData\":{\"p\":\"q\"}}");
	struct json *before, *after;

	diff_objects(live, result, &before, &after);
	is(before, "{\"data\":{\"a\":\"" DOTS "\"}}");
	is(after, "{\"data\":{\"a\":\"" DOTS " (changed)\"}}");
	get_redact(annotated);
	is(annotated,
		"{\"kind\":\"Secret\",\"metadata\":{\"annotations\":{\"kubectl.kubernetes.io/"
		"last-applied-configuration\":\"" DOTS "\"}},\"stringData\":{\"p\":\"" DOTS "\"}}");
	json_free(live);
	json_free(result);
}
END_TEST

static int satisfied(const char *live_text, const char *type, const char *patch_text)
{
	struct json *live = parse(live_text);
	struct change change = { .type = type, .body = parse(patch_text) };
	int result = diff_satisfied(live, &change);

	json_free(live);
	change_release(&change);
	return result;
}

START_TEST(what_is_as_wanted_was_done)
{
	static const char live[] =
		"{\"metadata\":{\"labels\":{\"a\":\"1\"}},\"spec\":{\"replicas\":3,\"c\":[{"
		"\"name\":\"x\",\"image\":\"i\"},{\"name\":\"y\"}]}}";

	ck_assert(satisfied(live, PATCH_MERGE, "{\"spec\":{\"replicas\":3}}"));
	ck_assert(!satisfied(live, PATCH_MERGE, "{\"spec\":{\"replicas\":4}}"));
	ck_assert(satisfied(live, PATCH_MERGE, "{\"metadata\":{\"labels\":{\"b\":null}}}"));
	ck_assert(!satisfied(live, PATCH_MERGE, "{\"metadata\":{\"labels\":{\"a\":null}}}"));
	ck_assert(satisfied(
		live, PATCH_STRATEGIC, "{\"spec\":{\"c\":[{\"name\":\"x\",\"image\":\"i\"}]}}"));
	ck_assert(!satisfied(
		live, PATCH_STRATEGIC, "{\"spec\":{\"c\":[{\"name\":\"z\",\"image\":\"i\"}]}}"));
	ck_assert(satisfied(live, PATCH_JSON,
		"[{\"op\":\"replace\",\"path\":\"/spec/replicas\",\"value\":3}]"));
	ck_assert(!satisfied(live, PATCH_JSON,
		"[{\"op\":\"replace\",\"path\":\"/spec/replicas\",\"value\":2}]"));
}
END_TEST

static void selects(const char *selector, const char *text)
{
	struct json *json = parse(selector);
	char *made = selector_text(json);

	ck_assert_str_eq(made ? made : "(none)", text);
	free(made);
	json_free(json);
}

START_TEST(selectors_are_written_as_the_server_reads_them)
{
	selects("{\"matchLabels\":{\"app\":\"api\",\"tier\":\"front\"}}", "app=api,tier=front");
	selects("{\"app\":\"api\"}", "app=api");
	selects("{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"In\",\"values\":[\"x\",\"y\"]"
		"},{\"key\":\"b\",\"operator\":\"NotIn\",\"values\":[\"z\"]},"
		"{\"key\":\"c\",\"operator\":\"Exists\"},{\"key\":\"d\",\"operator\":"
		"\"DoesNotExist\"}]}",
		"a in (x,y),b notin (z),c,!d");
	selects("{}", "(none)");
}
END_TEST

static int takes(const char *selector, const char *labels)
{
	struct json *json = parse(selector), *given = parse(labels);
	int taken = selector_takes(json, given);

	json_free(given);
	json_free(json);
	return taken;
}

/* As the server would: a budget without conditions protects every pod, expressions count as labels do. */
START_TEST(selectors_take_what_the_server_would)
{
	ck_assert(takes("{\"matchLabels\":{\"app\":\"a\"}}", "{\"app\":\"a\",\"b\":\"c\"}"));
	ck_assert(!takes("{\"matchLabels\":{\"app\":\"a\"}}", "{\"app\":\"b\"}"));
	ck_assert(!takes("{\"matchLabels\":{\"app\":\"a\"},\"matchExpressions\":[{\"key\":\"x\",\"operator\":\"Exists\"}]}", "{\"app\":\"a\"}"));
	ck_assert(takes("{\"matchExpressions\":[{\"key\":\"app\",\"operator\":\"In\",\"values\":[\"a\",\"b\"]}]}", "{\"app\":\"b\"}"));
	ck_assert(!takes("{\"matchExpressions\":[{\"key\":\"app\",\"operator\":\"NotIn\",\"values\":[\"a\"]}]}", "{\"app\":\"a\"}"));
	ck_assert(takes("{\"matchExpressions\":[{\"key\":\"app\",\"operator\":\"NotIn\",\"values\":[\"a\"]}]}", "{}"));
	ck_assert(takes("{\"matchExpressions\":[{\"key\":\"x\",\"operator\":\"DoesNotExist\"}]}", "{\"app\":\"a\"}"));
	ck_assert(takes("{}", "{\"app\":\"a\"}"));
	ck_assert(!selector_takes(NULL, NULL));
}
END_TEST

static void keeps(const char *result, const char *wanted, const char *path)
{
	struct json *json = parse(result), *given = parse(wanted);
	char kept[100];

	manifest_kept(json, given, kept, sizeof(kept));
	ck_assert_str_eq(kept, path);
	json_free(given);
	json_free(json);
}

/* What was taken out in the editor and is there all the same, in maps and in lists. */
START_TEST(what_stays_though_taken_out_is_named)
{
	keeps("{\"data\":{\"a\":\"1\",\"b\":\"2\"}}", "{\"data\":{\"a\":\"1\"}}", "data.b");
	keeps("{\"c\":[{\"name\":\"x\",\"env\":[{\"name\":\"A\",\"value\":\"1\"},{\"name\":\"B\",\"value\":\"2\"}]}]}",
		"{\"c\":[{\"name\":\"x\",\"env\":[{\"name\":\"A\",\"value\":\"1\"}]}]}", "c[x].env[B]");
	keeps("{\"f\":[\"one\",\"two\"]}", "{\"f\":[\"one\"]}", "f[two]");
	keeps("{\"p\":[{\"port\":1},{\"port\":2}]}", "{\"p\":[{\"port\":1}]}", "p");
	keeps("{\"p\":[{\"port\":1}],\"s\":{\"r\":3}}", "{\"p\":[{\"port\":2}],\"s\":{\"r\":4}}", "");
}
END_TEST

START_TEST(manifest_makes_the_object_again)
{
	struct json *live = parse("{\"apiVersion\":\"batch/"
				  "v1\",\"kind\":\"Job\",\"metadata\":{\"name\":\"j\",\"uid\":"
				  "\"u\",\"resourceVersion\":\"4\","
				  "\"labels\":{\"controller-uid\":\"u\",\"app\":\"x\"}},\"spec\":{"
				  "\"selector\":{\"matchLabels\":{}},"
				  "\"template\":{\"metadata\":{\"labels\":{\"job-name\":\"j\","
				  "\"app\":\"x\"}}}},\"status\":{\"active\":1}}");

	is(manifest_of(live),
		"{\"apiVersion\":\"batch/"
		"v1\",\"kind\":\"Job\",\"metadata\":{\"name\":\"j\",\"labels\":{\"app\":\"x\"}},"
		"\"spec\":{\"template\":{\"metadata\":{\"labels\":{\"app\":\"x\"}}}}}");
	json_free(live);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, options_of_a_deletion_stand_in_the_body);
	tcase_add_test(tc, too_many_dependents_are_counted);
	tcase_add_test(tc, diff_is_small_and_without_noise);
	tcase_add_test(tc, selectors_take_what_the_server_would);
	tcase_add_test(tc, what_stays_though_taken_out_is_named);
	tcase_add_test(tc, secrets_show_that_they_change_and_nothing_else);
	tcase_add_test(tc, what_is_as_wanted_was_done);
	tcase_add_test(tc, selectors_are_written_as_the_server_reads_them);
	tcase_add_test(tc, manifest_makes_the_object_again);
}

TEST_MAIN("provider/kube_act")
