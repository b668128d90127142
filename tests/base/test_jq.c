#include "base/clock.h"
#include "base/error.h"
#include "base/jq.h"
#include "base/json.h"
#include "check_main.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static struct json *input(void)
{
	const char *text = "{\"a\":{\"n\":2,\"s\":\"x\"},\"list\":[3,4]}";

	return json_parse(text, strlen(text), NULL);
}

static void ck_eval(const char *program, const char *expected)
{
	struct error err = { .code = ERR_NONE };
	struct json *in = input(), *result = jq_eval(program, in, &err);
	ck_assert_msg(result != NULL, "%s: %s", program, err.text);
	char *text = json_format(result);
	ck_assert_str_eq(text, expected);
	free(text);
	json_free(result);
	json_free(in);
}

static struct error ck_fails(const char *program)
{
	struct error err = { .code = ERR_NONE };
	struct json *in = input();
	ck_assert_msg(!jq_eval(program, in, &err), "%s", program);
	json_free(in);
	return err;
}

START_TEST(evaluates)
{
	ck_eval(".a.n + 1", "3");
	ck_eval(".list[]", "3");
	ck_eval("empty", "null");
	ck_eval(".nothing", "null");
	ck_eval("[.list[] | select(. > 3)]", "[4]");
	ck_eval(".a.n + 1", "3"); /* from the cache, after others */
	struct json *in = input();
	ck_assert_int_eq(jq_test(".a.n == 2", in, NULL), 1);
	ck_assert_int_eq(jq_test(".a.n == 3", in, NULL), 0);
	ck_assert_int_eq(jq_test(".nothing", in, NULL), 0);
	ck_assert_int_eq(jq_test("0", in, NULL), 1);
	ck_assert_int_eq(jq_test(".a.s.x", in, NULL), -1);
	json_free(in);
	jq_done();
}
END_TEST

START_TEST(says_what_is_wrong)
{
	struct error err = ck_fails(".a.s.x");
	ck_assert_int_eq(err.code, ERR_FORMAT);
	ck_assert_msg(strstr(err.text, "Cannot index string"), "%s", err.text);
	err = ck_fails(".a |");
	ck_assert_int_eq(err.code, ERR_FORMAT);
	ck_assert_msg(strstr(err.text, "syntax error"), "%s", err.text);
	err = ck_fails("nosuch(1)");
	ck_assert_msg(strstr(err.text, "nosuch/1 is not defined"), "%s", err.text);
	err = ck_fails("error(\"mine\")");
	ck_assert_msg(strstr(err.text, "mine"), "%s", err.text);
	err = ck_fails("halt");
	ck_assert_msg(strstr(err.text, "halt gives no value"), "%s", err.text);
	err = ck_fails("error({a: 1})");
	ck_assert_msg(strstr(err.text, "{\"a\":1}"), "%s", err.text);
	ck_assert_int_eq(jq_check(".a | map(.x)", NULL), 0);
	ck_assert_int_eq(jq_check(".a |", &err), -1);
	ck_eval(".a.n", "2"); /* still there */
	jq_done();
}
END_TEST

START_TEST(ends_an_endless_loop)
{
	ck_eval(".a.n", "2");
	int64_t before = clock_monotonic_ns();
	struct error err = ck_fails("def f: f; f");
	int64_t took = clock_monotonic_ns() - before;
	ck_assert_int_eq(err.code, ERR_TIMEOUT);
	ck_assert(took >= JQ_TIMEOUT_MS * INT64_C(1000000));
	ck_assert(took < 10 * CLOCK_SECOND_NS);
	ck_eval(".a.n", "2");
	jq_done();
}
END_TEST

START_TEST(ends_a_memory_bomb)
{
	struct error err = ck_fails("[range(1e10)] | length");
	/* without RLIMIT_AS (sanitizers), or slowly (valgrind), the deadline ends it */
	ck_assert_msg(err.code == ERR_LIMIT || err.code == ERR_TIMEOUT, "%s", err.text);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	err = ck_fails("reduce range(40) as $i (\"x\"; . + .) | length");
	ck_assert_msg(err.code == ERR_LIMIT || (check_in_valgrind() && err.code == ERR_TIMEOUT), "%s", err.text);
#endif
	err = ck_fails("reduce range(200) as $i (null; [.])"); /* deeper than we read */
	ck_assert_int_eq(err.code, ERR_LIMIT);
	ck_eval(".a.n", "2");
	jq_done();
}
END_TEST

START_TEST(reaches_nothing_outside)
{
	FILE *module = fopen("/tmp/ph-jq-module.jq", "w");
	fputs("def leak: \"leaked\";", module);
	fclose(module);
	FILE *data = fopen("/tmp/ph-jq-module.json", "w");
	fputs("\"leaked\"", data);
	fclose(data);
	setenv("PH_TEST_SECRET", "s3cret", 1);
	ck_eval("$ENV", "{}");
	ck_eval("env", "{}");
	ck_eval("$ENV.PH_TEST_SECRET", "null");
	ck_eval("input_filename", "null");
	ck_eval("try input catch \"none\"", "\"none\"");
	ck_eval("[inputs]", "[]");
	ck_eval("1 | debug", "1");
	ck_eval("1 | stderr", "1");
	ck_fails("halt");
	ck_assert_msg(strstr(ck_fails("\"bye\" | halt_error").text, "bye"), "halt_error");
	ck_eval(".a.n", "2");
	ck_fails("import \"ph-jq-module\" as m {search: \"/tmp\"}; m::leak");
	ck_fails("include \"ph-jq-module\" {search: \"/tmp\"}; leak");
	ck_fails("import \"ph-jq-module\" as $d {search: \"/tmp\"}; $d");
	ck_eval(".a.n", "2");
	unlink("/tmp/ph-jq-module.jq");
	unlink("/tmp/ph-jq-module.json");
	jq_done();
}
END_TEST

static void ck_template(const char *value, const char *expected)
{
	struct error err = { .code = ERR_NONE };
	struct json *in = input(), *from = json_parse(value, strlen(value), NULL),
		    *out = jq_template(from, NULL, in, &err);
	ck_assert_msg(out != NULL, "%s: %s", value, err.text);
	char *text = json_format(out);
	ck_assert_str_eq(text, expected);
	free(text);
	json_free(out);
	json_free(from);
	json_free(in);
}

START_TEST(fills_templates)
{
	ck_template("\"{{ .a.n }}\"", "2");
	ck_template("\"{{ .list }}\"", "[3,4]");
	ck_template("\"n={{ .a.n }}\"", "\"n=2\"");
	ck_template("\"{{ .a.n }} \"", "\"2 \"");
	ck_template("\"{{ .a.n }}{{ .a.s }}\"", "\"2x\"");
	ck_template("\"{{ .nothing }}\"", "null");
	ck_template("\"l={{ .list }} {{ .a.s }}\"", "\"l=[3,4] x\"");
	ck_template("\"{{ {a:{b:1}} }}\"", "{\"a\":{\"b\":1}}");
	ck_template("\"{{ {a:{b:1}}}}\"", "{\"a\":{\"b\":1}}");
	ck_template("\"{{ \\\"}}\\\" }}\"", "\"}}\"");
	ck_template("\"{{ \\\"{{ .a.n }}\\\" }}\"", "\"{{ .a.n }}\""); /* a value is no template */
	ck_template("{\"k\":[\"{{ .a.n + 1 }}\",true,{\"x\":\"plain\"}],\"z\":7}",
		"{\"k\":[3,true,{\"x\":\"plain\"}],\"z\":7}");
	struct json *open = json_string("a {{ .x"), *in = input();
	struct error err;
	ck_assert_ptr_null(jq_template(open, NULL, in, &err));
	ck_assert_int_eq(err.code, ERR_FORMAT);
	json_free(open);
	json_free(in);
	jq_done();
}
END_TEST

static void *ask_often(void *arg)
{
	for (int i = 0; i < 20; i++) {
		struct json *in = json_integer(*(int *)arg + i), *out = jq_eval(". * 2", in, NULL);
		ck_assert_int_eq(json_int(out, -1), 2 * (*(int *)arg + i));
		json_free(in);
		json_free(out);
	}
	return NULL;
}

START_TEST(serves_threads)
{
	pthread_t threads[4];
	int first[4] = { 0, 100, 200, 300 };

	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, ask_often, &first[i]);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	ck_eval(".a.n", "2"); /* the thread that started the worker is gone */
	jq_done();
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, evaluates);
	tcase_add_test(tc, says_what_is_wrong);
	tcase_add_test(tc, ends_an_endless_loop);
	tcase_add_test(tc, ends_a_memory_bomb);
	tcase_add_test(tc, reaches_nothing_outside);
	tcase_add_test(tc, fills_templates);
	tcase_add_test(tc, serves_threads);
}

TEST_MAIN("base/jq")
