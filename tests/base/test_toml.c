#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/toml.h"
#include "check_main.h"

static void ck_toml(const char *toml, const char *expected)
{
	struct error err = { 0 };
	struct json *json = toml_parse(toml, strlen(toml), &err);

	ck_assert_msg(json != NULL, "%s: %s", toml, err.text);
	char *out = json_format(json);
	ck_assert_str_eq(out, expected);
	free(out);
	json_free(json);
}

static void ck_refused(const char *toml, const char *says)
{
	struct error err = { 0 };

	ck_assert_ptr_null(toml_parse(toml, strlen(toml), &err));
	ck_assert_msg(strstr(err.text, says) != NULL, "%s: %s", toml, err.text);
}

START_TEST(reads_values)
{
	ck_toml("", "{}");
	ck_toml("a = 1\nb = -2.5 # c\nc = true\r\nd = 1_000\ne = 1979-05-27T07:32:00Z\n", "{\"a\":1,\"b\":-2.5,\"c\":true,\"d\":1000,\"e\":\"1979-05-27T07:32:00Z\"}");
	ck_toml("a = \"x\\n\\u00e9\\\"\"\nb = 'c:\\x'\n", "{\"a\":\"x\\n\xc3\xa9\\\"\",\"b\":\"c:\\\\x\"}");
	ck_toml("a = \"\"\"\none\\\n   two\"\"\"\"\nb = '''\n'x'\n'''\n", "{\"a\":\"onetwo\\\"\",\"b\":\"'x'\\n\"}");
	ck_toml("a = [\n 1, # one\n [2, 3],\n]\nb = {x = 1, y.z = \"2\"}\n", "{\"a\":[1,[2,3]],\"b\":{\"x\":1,\"y\":{\"z\":\"2\"}}}");
}
END_TEST

START_TEST(reads_tables)
{
	ck_toml("[project]\nname = \"x\"\n[project.\"optional-dependencies\"]\ndev = [\"a>=1\"]\n[tool.uv]\nq.r = 1\n",
		"{\"project\":{\"name\":\"x\",\"optional-dependencies\":{\"dev\":[\"a>=1\"]}},\"tool\":{\"uv\":{\"q\":{\"r\":1}}}}");
	ck_toml("[[package]]\nname = \"a\"\n[package.source]\nurl = \"u\"\n[[package]]\nname = \"b\"\n",
		"{\"package\":[{\"name\":\"a\",\"source\":{\"url\":\"u\"}},{\"name\":\"b\"}]}");
}
END_TEST

START_TEST(keeps_lines)
{
	static const char toml[] = "# head\na = '''\nx\ny'''\n[[p]]\nn = [\n  'one',\n  'two',\n]\n";
	struct json *json = toml_parse(toml, strlen(toml), NULL);

	ck_assert_int_eq(json_line(json_get(json, "a")), 2);
	ck_assert_int_eq(json_line(json_at(json, "p.0")), 5);
	ck_assert_int_eq(json_line(json_at(json, "p.0.n.1")), 8);
	json_free(json);
}
END_TEST

START_TEST(refuses_what_is_none)
{
	char deep[400], *many = malloc(100000);
	size_t length = 0;

	ck_refused("a = 1\na = 2\n", "line 2: the key stands here twice");
	ck_refused("a = x\n", "line 1: this is no value");
	ck_refused("a\n", "= is missing");
	ck_refused("a = \"x\n", "has no end");
	ck_refused("a = [1\n", "line 2");
	ck_refused("a = 1 2 3\nb = 1 x\n", "line 1") ;
	ck_refused("[a\n", "] is missing");
	ck_refused("a = 1\n[a.b]\n", "line 2");
	ck_refused("\xff\xfe", "line 1");
	memset(deep, '[', sizeof(deep));
	memcpy(deep, "a = ", 4);
	deep[sizeof(deep) - 1] = 0;
	ck_refused(deep, "deeper");
	for (int i = 0; i < 5000; i++)
		length += (size_t)sprintf(many + length, "k%d = 1\n", i);
	ck_refused(many, "line 4001: a table has more than 4000 keys");
	length = 0;
	for (int i = 0; i < 5000; i++)
		length += (size_t)sprintf(many + length, "[t%d.x]\n", i);
	ck_refused(many, "more than 4000 keys");
	for (length = 0; length < 2000; length += 2)
		memcpy(many + length, "a.", 2);
	strcpy(many + length, "a = 1\n");
	ck_refused(many, "too deep");
	free(many);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, reads_values);
	tcase_add_test(tc, reads_tables);
	tcase_add_test(tc, keeps_lines);
	tcase_add_test(tc, refuses_what_is_none);
}
TEST_MAIN("base/toml")
