#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/yaml.h"
#include "check_main.h"

#include <stdio.h>

static void ck_yaml(const char *yaml, const char *expected)
{
	struct error err = { .code = ERR_NONE };
	struct json *json = yaml_parse(yaml, strlen(yaml), &err);
	ck_assert_msg(json != NULL, "%s: %s", yaml, err.text);
	char *out = json_format(json);
	ck_assert_str_eq(out, expected);
	free(out);
	json_free(json);
}

static void ck_refused(const char *yaml, enum error_code code, const char *says)
{
	struct error err = { .code = ERR_NONE };
	ck_assert_ptr_null(yaml_parse(yaml, strlen(yaml), &err));
	ck_assert_int_eq(err.code, code);
	ck_assert_msg(strstr(err.text, says) != NULL, "%s", err.text);
}

START_TEST(reads_scalars)
{
	ck_yaml("[~, null, true, False, yes, no, on, off]",
		"[null,null,true,false,\"yes\",\"no\",\"on\",\"off\"]");
	ck_yaml("[1, -2, +3, 0x1f, 0o17, 0644, 012345678901, 012345670123]",
		"[1,-2,3,31,15,420,\"012345678901\",\"012345670123\"]");
	ck_yaml("[1.5, .5, 5., -.5, 1e3, 1.2.3, ., -, 1_000, .inf, 12e4567, 9007199254740993]",
		"[1.5,0.5,5,-0.5,1000,\"1.2.3\",\".\",\"-\",\"1_000\",\".inf\",12e4567,"
		"9007199254740993]");
	ck_yaml("[\"1\", 'true', \"\", !!str 12, ! 13]", "[\"1\",\"true\",\"\",\"12\",\"13\"]");
	ck_yaml("a:\nb: |\n  x\n  y\n", "{\"a\":null,\"b\":\"x\\ny\\n\"}");
	ck_yaml("", "null");
	ck_yaml("# nothing\n", "null");
}
END_TEST

START_TEST(keeps_lines)
{
	const char *yaml = "a: 1\nb:\n  - x\n  - {c: 2,\n     d: 3}\n";
	struct json *j = yaml_parse(yaml, strlen(yaml), NULL);
	ck_assert_int_eq(json_line(json_get(j, "a")), 1);
	ck_assert_int_eq(json_line(json_get(j, "b")), 2);
	ck_assert_int_eq(json_line(json_at(j, "b.0")), 3);
	ck_assert_int_eq(json_line(json_at(j, "b.1")), 4);
	ck_assert_int_eq(json_line(json_at(j, "b.1.d")), 5);
	ck_assert_int_eq(json_int(json_at(j, "b.1.d"), 0), 3);
	struct json *copy = json_copy(j);
	ck_assert_int_eq(json_line(json_at(copy, "b.1.d")), 5);
	json_free(copy);
	json_free(j);
}
END_TEST

START_TEST(refuses_with_a_line)
{
	ck_refused("a: 1\nb: 2\na: 3\n", ERR_FORMAT, "line 3: the key a stands twice");
	ck_refused("a: [1, 2\nb: 3\n", ERR_FORMAT, "line ");
	ck_refused("a: 1\nb: *nobody\n", ERR_FORMAT, "line 2: an alias to no anchor");
	ck_refused("a: &a\n  b: *a\n", ERR_FORMAT, "line 2: an alias to what contains it");
	ck_refused("[a]: 1\n", ERR_FORMAT, "line 1: a key must be text");
	ck_refused("a: 1\n---\nb: 2\n", ERR_FORMAT, "second document");
	ck_refused("a: \x01\n", ERR_FORMAT, "control characters");
	ck_refused("<<: 1\n", ERR_FORMAT, "<<");
}
END_TEST

START_TEST(reads_aliases_and_merges)
{
	ck_yaml("a: &x {b: 1}\nc: *x\n", "{\"a\":{\"b\":1},\"c\":{\"b\":1}}");
	ck_yaml("base: &x {b: 1, c: 2}\nd:\n  <<: *x\n  b: 9\n",
		"{\"base\":{\"b\":1,\"c\":2},\"d\":{\"b\":9,\"c\":2}}");
	ck_yaml("- &a {x: 1}\n- &b {x: 2, y: 3}\n- <<: [*a, *b]\n",
		"[{\"x\":1},{\"x\":2,\"y\":3},{\"x\":1,\"y\":3}]");
	ck_yaml("'<<': 1\n", "{\"<<\":1}");
}
END_TEST

START_TEST(bounds_alias_bombs)
{
	struct text bomb;
	text_init(&bomb, 1 << 20);
	text_add(&bomb, "a0: &a0 [x,x,x,x,x,x,x,x,x]\n");
	for (int i = 1; i < 20; i++) {
		text_format(&bomb, "a%d: &a%d [", i, i);
		for (int k = 0; k < 9; k++)
			text_format(&bomb, "*a%d,", i - 1);
		text_add(&bomb, "]\n");
	}
	ck_refused(bomb.data, ERR_LIMIT, "more values");
	text_clear(&bomb); /* few nodes, much text */
	text_add(&bomb, "a: &a \"");
	for (int i = 0; i < 50000; i++)
		text_add(&bomb, "0123456789");
	text_add(&bomb, "\"\nb: [");
	for (int i = 0; i < 1000; i++)
		text_add(&bomb, "*a,");
	text_add(&bomb, "]\n");
	ck_refused(bomb.data, ERR_LIMIT, "64 MiB");
	text_release(&bomb);
}
END_TEST

START_TEST(bounds_depth_and_nodes)
{
	struct text deep;
	text_init(&deep, 1 << 20);
	for (int i = 0; i < 100000; i++)
		text_add_char(&deep, '[');
	ck_refused(deep.data, ERR_LIMIT, "64 levels");
	text_clear(&deep);
	text_add(&deep, "a0: &a0 [x]\n");
	for (int i = 1; i < 70; i++)
		text_format(&deep, "a%d: &a%d [*a%d]\n", i, i, i - 1);
	ck_refused(deep.data, ERR_LIMIT, "64 levels by aliases");
	text_clear(&deep);
	text_add_char(&deep, '[');
	for (int i = 0; i < 200001; i++)
		text_add(&deep, "1,");
	text_add_char(&deep, ']');
	ck_refused(deep.data, ERR_LIMIT, "more values");
	text_release(&deep);
}
END_TEST

START_TEST(reads_several_documents)
{
	const char *yaml = "a: &x 1\n---\nb: 2\n";
	struct json *all = yaml_parse_all(yaml, strlen(yaml), NULL);
	ck_assert_uint_eq(json_count(all), 2);
	ck_assert_int_eq(json_int(json_at(all, "1.b"), 0), 2);
	json_free(all);
	yaml = "a: &x 1\n---\nb: *x\n"; /* anchors end with their document */
	ck_assert_ptr_null(yaml_parse_all(yaml, strlen(yaml), NULL));
}
END_TEST

static void ck_format(const char *json_source, const char *expected)
{
	struct json *j = json_parse(json_source, strlen(json_source), NULL);
	struct error err = { .code = ERR_NONE };
	struct text out;

	text_init(&out, 10000);
	yaml_format(j, &out);
	if (expected)
		ck_assert_str_eq(out.data, expected);
	struct json *back = yaml_parse(out.data, out.length, &err);
	ck_assert_msg(back && json_equal(j, back), "%s\n%s", out.data, err.text);
	json_free(back);
	json_free(j);
	text_release(&out);
}

START_TEST(formats_like_kubectl)
{
	ck_format("{\"kind\":\"Pod\",\"spec\":{\"c\":[{\"name\":\"a\",\"args\":[\"x\",\"y\"]},{"
		  "\"name\":\"b\"}],\"e\":{},\"f\":[]}}",
		"kind: Pod\nspec:\n  c:\n  - name: a\n    args:\n    - x\n    - \"y\"\n  - name: "
		"b\n  e: {}\n  f: []\n");
	ck_format("{\"a\":\"true\",\"b\":\"1.0\",\"c\":\"\",\"d\":\"yes\",\"e\":\"a: "
		  "b\",\"f\":null,\"g\":1.5}",
		"a: \"true\"\nb: \"1.0\"\nc: \"\"\nd: \"yes\"\ne: 'a: b'\nf: null\ng: 1.5\n");
	ck_format("{\"run\":\"a\\n b\\n\",\"x\":\"a\\n\\nb\",\"y\":\"a\\n\\n\"}",
		"run: |\n  a\n   b\nx: |-\n  a\n\n  b\n\"y\": |+\n  a\n\n");
	ck_format("[[1,[2,{\"a\":[]}]],\"z\"]", "- - 1\n  - - 2\n    - a: []\n- z\n");
	ck_format("9007199254740993", "9007199254740993\n");
}
END_TEST

START_TEST(escapes_what_a_terminal_obeys)
{
	struct json *json = json_set_text(json_object(), "a", "x\xe2\x80\xaey\xe2\x80\x8bz\xf3\xa0\x81\x81");
	struct text out;

	text_init(&out, 200);
	yaml_format(json, &out);
	ck_assert_str_eq(out.data, "a: \"x\\u202Ey\\u200Bz\\U000E0041\"\n");
	text_release(&out);
	json_free(json);
}
END_TEST

START_TEST(formats_what_reads_back)
{
	ck_format("[\"\\n\",\" a\\nb\",\"a\\n "
		  "\",\"\\u001b[31m\",\"\\u007f\",\"\\u0085x\\ny\",\"\\u2028\",\"a\\tb\\nc\","
		  "\"\\ufeff\",\"#x\","
		  "\"a #b\",\"- x\",\"-\",\"? "
		  "a\",\"'\",\"it's\",\"a:\",\"...\",\"---\",\"%a\",\"a\\r\\nb\",\"2001-01-01\","
		  "\"0644\","
		  "\"<<\",\"{{ .x }}\",\"a\\nb\\n\\n\\n\",\"\\ud83d\\ude00\"]",
		NULL);
	ck_format("{\"<<\":1,\"a b\":{\"- x\":[{}]},\"\":2,\"a\\nb\":3,\"null\":4}", NULL);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, reads_scalars);
	tcase_add_test(tc, keeps_lines);
	tcase_add_test(tc, refuses_with_a_line);
	tcase_add_test(tc, reads_aliases_and_merges);
	tcase_add_test(tc, bounds_alias_bombs);
	tcase_add_test(tc, bounds_depth_and_nodes);
	tcase_add_test(tc, reads_several_documents);
	tcase_add_test(tc, formats_like_kubectl);
	tcase_add_test(tc, escapes_what_a_terminal_obeys);
	tcase_add_test(tc, formats_what_reads_back);
}

TEST_MAIN("base/yaml")
