#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/number.h"
#include "base/text.h"
#include "check_main.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>

static struct json *parse(const char *text)
{
	return json_parse(text, strlen(text), NULL);
}

/* Parses and formats again. */
static void ck_round(const char *text, const char *expected)
{
	struct json *json = parse(text);
	ck_assert_msg(json != NULL, "%s", text);
	char *out = json_format(json);
	ck_assert_str_eq(out, expected);
	free(out);
	json_free(json);
}

START_TEST(reads_paths)
{
	struct json *j =
		parse("{\"metadata\":{\"name\":\"x\",\"Name\":\"y\"},\"items\":[{\"n\":7},true]}");
	ck_assert_str_eq(json_text(json_at(j, "metadata.name")), "x");
	ck_assert_str_eq(json_text(json_at(j, "metadata.Name")), "y");
	ck_assert_ptr_null(json_at(j, "metadata.NAME"));
	ck_assert_int_eq(json_int(json_at(j, "items.0.n"), -1), 7);
	ck_assert_int_eq(json_bool(json_at(j, "items.1"), 0), 1);
	ck_assert_ptr_null(json_at(j, "items.2"));
	ck_assert_ptr_null(json_at(j, "items.x"));
	ck_assert_ptr_null(json_at(NULL, "a"));
	ck_assert_str_eq(json_text_or(json_at(j, "no.such"), "-"), "-");
	json_free(j);
}
END_TEST

START_TEST(refuses_what_is_no_json)
{
	static const char *const bad[] = { "", " ", "{", "[1,]", "{\"a\":1,}", "{a:1}", "01", "-",
		"1.", ".5", "+1", "1e", "nul", "tru", "\"a", "\"\\x\"", "\"\\u12g4\"", "\"a\nb\"",
		"[1]x", "1 2", "'a'", "NaN", "[1 2]", "{\"a\" 1}", "\"\\", "{\"a\":1 \"b\":2}",
		"\"\\u12" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct error err = { .code = ERR_NONE };
		ck_assert_msg(!json_parse(bad[i], strlen(bad[i]), &err), "%s", bad[i]);
		ck_assert_int_eq(err.code, ERR_FORMAT);
	}
	ck_assert_ptr_null(json_parse("[1]\0", 4, NULL));
	ck_assert_ptr_null(json_parse("\"a\0b\"", 5, NULL));
}
END_TEST

START_TEST(bounds_depth)
{
	char deep[100001];
	struct error err;

	memset(deep, '[', 100000);
	ck_assert_ptr_null(json_parse(deep, 100000, &err));
	ck_assert_int_eq(err.code, ERR_LIMIT);
	memset(deep + 128, ']', 128);
	struct json *j = json_parse(deep, 256, &err);
	ck_assert_ptr_nonnull(j);
	json_free(j);
	memset(deep, '[', 129);
	memset(deep + 129, ']', 129);
	ck_assert_ptr_null(json_parse(deep, 258, &err));
	ck_assert_int_eq(err.code, ERR_LIMIT);
}
END_TEST

START_TEST(bounds_values)
{
	size_t length = 2 * 4000001 + 1;
	char *text = mem_alloc(length);
	struct error err;

	for (size_t i = 0; i < length; i++)
		text[i] = i % 2 ? '1' : ',';
	text[0] = '[';
	text[length - 1] = ']';
	ck_assert_ptr_null(json_parse(text, length, &err));
	ck_assert_int_eq(err.code, ERR_LIMIT);
	free(text);
}
END_TEST

START_TEST(keeps_the_last_of_repeated_keys)
{
	char many[4096] = "{";
	ck_round("{\"a\":1,\"b\":2,\"a\":3}", "{\"b\":2,\"a\":3}");
	ck_round("{\"a\":1,\"a\":2,\"a\":3}", "{\"a\":3}");
	for (int i = 0; i < 100; i++)
		sprintf(many + strlen(many), "\"k%d\":%d,", i % 50, i);
	strcpy(many + strlen(many) - 1, "}");
	struct json *j = parse(many);
	ck_assert_uint_eq(json_count(j), 50);
	ck_assert_int_eq(json_int(json_get(j, "k7"), 0), 57);
	json_free(j);
}
END_TEST

START_TEST(keeps_large_integers)
{
	ck_round("[9007199254740992,9007199254740993,-9223372036854775808,18446744073709551615]",
		"[9007199254740992,9007199254740993,-9223372036854775808,18446744073709551615]");
	ck_round("[1e999,-1e999,123456789012345678901234567890]",
		"[1e999,-1e999,123456789012345678901234567890]");
	struct json *j = parse("[9007199254740993,9223372036854775807,1e30,-1e30,-7.9]");
	ck_assert_int_eq(json_int(json_item(j, 0), 0), INT64_C(9007199254740993));
	ck_assert_int_eq(json_int(json_item(j, 1), 0), INT64_MAX);
	ck_assert_int_eq(json_int(json_item(j, 2), 0), INT64_MAX);
	ck_assert_int_eq(json_int(json_item(j, 3), 0), INT64_MIN);
	ck_assert_int_eq(json_int(json_item(j, 4), 0), -7);
	struct json *same = json_integer(INT64_C(9007199254740993)),
		    *other = json_integer(INT64_C(9007199254740995));
	ck_assert(json_equal(json_item(j, 0), same));
	ck_assert(!json_equal(json_item(j, 0), other));
	struct json *copy = json_copy(j);
	ck_assert(json_equal(copy, j));
	json_free(copy);
	json_free(other);
	json_free(same);
	json_free(j);
}
END_TEST

START_TEST(unescapes)
{
	struct json *j =
		parse("[\"\\u00e9\\ud83d\\ude00\\/\\t\",\"\\ud83d x\",\"a\\u0000b\",\"\\ude00\"]");
	ck_assert_str_eq(json_text(json_item(j, 0)), "\xc3\xa9\xf0\x9f\x98\x80/\t");
	ck_assert_str_eq(json_text(json_item(j, 1)), "\xef\xbf\xbd x");
	ck_assert_str_eq(json_text(json_item(j, 2)), "a\xef\xbf\xbd"
						     "b");
	ck_assert_str_eq(json_text(json_item(j, 3)), "\xef\xbf\xbd");
	json_free(j);
	ck_round("\"\\u001f\\b\\f\\\"\\\\\x7f\"", "\"\\u001f\\b\\f\\\"\\\\\\u007f\"");
	ck_round("\"a\xff"
		 "b\"",
		"\"a\xef\xbf\xbd"
		"b\"");
}
END_TEST

static void ck_number(double value, const char *expected)
{
	char out[NUMBER_TEXT_MAX];
	double back;
	int exact;

	number_format(value, out);
	ck_assert_str_eq(out, expected);
	ck_assert_uint_eq(number_scan(out, strlen(out), &back, &exact), strlen(out));
	ck_assert(back == value);
}

static double bits(uint64_t pattern)
{
	double value;

	memcpy(&value, &pattern, sizeof(value));
	return value;
}

/* RFC 8785 appendix B */
START_TEST(prints_numbers_as_ecmascript)
{
	ck_number(0, "0");
	ck_number(-0.0, "0");
	ck_number(bits(0x0000000000000001), "5e-324");
	ck_number(bits(0x8000000000000001), "-5e-324");
	ck_number(bits(0x7fefffffffffffff), "1.7976931348623157e+308");
	ck_number(bits(0x4340000000000000), "9007199254740992");
	ck_number(bits(0x4430000000000000), "295147905179352830000");
	ck_number(bits(0x44b52d02c7e14af5), "9.999999999999997e+22");
	ck_number(bits(0x44b52d02c7e14af6), "1e+23");
	ck_number(bits(0x44b52d02c7e14af7), "1.0000000000000001e+23");
	ck_number(bits(0x444b1ae4d6e2ef4e), "999999999999999700000");
	ck_number(bits(0x444b1ae4d6e2ef50), "1e+21");
	ck_number(bits(0x3eb0c6f7a0b5ed8c), "9.999999999999997e-7");
	ck_number(bits(0x3eb0c6f7a0b5ed8d), "0.000001");
	ck_number(bits(0x41b3de4355555553), "333333333.3333332");
	ck_number(bits(0x41b3de4355555555), "333333333.3333333");
	ck_number(bits(0x3d30000000000000), "5.684341886080802e-14");
	ck_number(0.1, "0.1");
	ck_number(-1.5, "-1.5");
	char out[NUMBER_TEXT_MAX];
	number_format(NAN, out);
	ck_assert_str_eq(out, "null");
}
END_TEST

/* RFC 8785 3.2.3 */
START_TEST(canonical_sorts_by_utf16)
{
	struct json *j = parse(
		"{\"\\u20ac\":\"Euro Sign\",\"\\r\":\"Carriage Return\",\"\\ufb33\":\"Hebrew\","
		"\"1\":\"One\",\"\\ud83d\\ude00\":\"Emoji\",\"\\u0080\":\"Control\",\"\\u00f6\":[1."
		"0,1e2]}");
	struct text out;
	text_init(&out, 1000);
	json_canonical(j, &out);
	ck_assert_str_eq(out.data,
		"{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xc2\x80\":\"Control\","
		"\"\xc3\xb6\":[1,100],\"\xe2\x82\xac\":\"Euro "
		"Sign\",\"\xf0\x9f\x98\x80\":\"Emoji\","
		"\"\xef\xac\xb3\":\"Hebrew\"}");
	text_release(&out);
	json_free(j);
}
END_TEST

START_TEST(builds_and_changes)
{
	struct json *j = json_set_text(json_set_int(json_object(), "n", 1), "t", "x");
	json_set(j, "n", json_add(json_add(json_array(), json_null()), json_string_n("a\0b", 3)));
	json_set_text(j, "gone", NULL);
	json_remove(j, "gone");
	json_remove(j, "never");
	json_set(j, json_key(json_get(j, "t")), json_boolean(0));
	char *text = json_format(j), *pretty = json_format_pretty(j);
	ck_assert_str_eq(text, "{\"n\":[null,\"a\xef\xbf\xbd"
			       "b\"],\"t\":false}");
	ck_assert_str_eq(pretty, "{\n  \"n\": [\n    null,\n    \"a\xef\xbf\xbd"
				 "b\"\n  ],\n  \"t\": false\n}\n");
	free(text);
	free(pretty);
	json_free(j);
}
END_TEST

START_TEST(equal_whatever_the_order)
{
	struct json *a = parse("{\"a\":1,\"b\":[1,2]}"), *b = parse("{\"b\":[1,2.0],\"a\":1}"),
		    *c = parse("{\"b\":[2,1],\"a\":1}");
	ck_assert(json_equal(a, b));
	ck_assert(!json_equal(a, c));
	ck_assert(json_equal(NULL, NULL));
	ck_assert(!json_equal(a, NULL));
	json_free(a);
	json_free(b);
	json_free(c);
}
END_TEST

/* What a terminal obeys stands as an escape where people look; RFC 8785 wants the characters. */
START_TEST(escapes_what_a_terminal_obeys)
{
	static const char raw[] = "{\"a\xc2\x9b\":\"\x7f\xe2\x80\xae\xf3\xa0\x81\x81\xc3\xa9\"}";
	struct json *json = parse(raw);
	char *compact = json_format(json), *pretty = json_format_pretty(json);
	struct json *again = parse(compact);
	struct text canonical;

	ck_assert_str_eq(compact, "{\"a\\u009b\":\"\\u007f\\u202e\\udb40\\udc41\xc3\xa9\"}");
	ck_assert(strstr(pretty, "\\u202e") && !strchr(pretty, 0x7f));
	ck_assert(json_equal(again, json));
	text_init(&canonical, 200);
	json_canonical(json, &canonical);
	ck_assert_str_eq(canonical.data, raw);
	text_release(&canonical);
	json_make_safe(json);
	ck_assert_str_eq(json_text(json_get(json, "a\xef\xbf\xbd")),
		"\xe2\x90\xa1\xef\xbf\xbd\xef\xbf\xbd\xc3\xa9");
	json_make_safe(NULL);
	json_free(again);
	json_free(json);
	free(compact);
	free(pretty);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, reads_paths);
	tcase_add_test(tc, refuses_what_is_no_json);
	tcase_add_test(tc, bounds_depth);
	tcase_add_test(tc, bounds_values);
	tcase_add_test(tc, keeps_the_last_of_repeated_keys);
	tcase_add_test(tc, keeps_large_integers);
	tcase_add_test(tc, unescapes);
	tcase_add_test(tc, prints_numbers_as_ecmascript);
	tcase_add_test(tc, canonical_sorts_by_utf16);
	tcase_add_test(tc, builds_and_changes);
	tcase_add_test(tc, equal_whatever_the_order);
	tcase_add_test(tc, escapes_what_a_terminal_obeys);
}

TEST_MAIN("base/json")
