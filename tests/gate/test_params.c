#include "base/error.h"
#include "base/json.h"
#include "check_main.h"
#include "estate/kind.h"
#include "gate/params.h"

static struct kind_param table[] = {
	{ .name = "n", .type = "integer", .required = 1, .help = "how many" },
	{ .name = "s", .type = "signed" },
	{ .name = "b", .type = "boolean", .initial = "true" },
	{ .name = "t", .type = "text" },
	{ .name = "d", .type = "duration" },
	{ .name = "e", .type = "enum", .values = "soft|hard" },
	{ .name = "o", .type = "object" },
};
static const struct kind_verb verb = { .name = "resize", .params = table, .param_count = sizeof(table) / sizeof(*table) };

/* wanted NULL: refused, and the text names what. */
static const struct { const char *given, *wanted, *names; } cases[] = {
	{ "{\"n\":4}", "{\"n\":4,\"b\":true}", NULL },
	{ "{\"n\":\"4\"}", "{\"n\":4,\"b\":true}", NULL },
	{ "{\"n\":0,\"b\":\"no\"}", "{\"n\":0,\"b\":false}", NULL },
	{ "{\"n\":1,\"s\":\"-3\"}", "{\"n\":1,\"s\":-3,\"b\":true}", NULL },
	{ "{\"n\":1,\"t\":12}", "{\"n\":1,\"b\":true,\"t\":\"12\"}", NULL },
	{ "{\"n\":1,\"d\":\"10m\"}", "{\"n\":1,\"b\":true,\"d\":\"10m\"}", NULL },
	{ "{\"n\":1,\"e\":\"hard\"}", "{\"n\":1,\"b\":true,\"e\":\"hard\"}", NULL },
	{ "{\"n\":1,\"o\":{\"x\":[1]}}", "{\"n\":1,\"b\":true,\"o\":{\"x\":[1]}}", NULL },
	{ "{\"n\":1,\"t\":null}", "{\"n\":1,\"b\":true}", NULL },
	{ "{}", NULL, "n=" },
	{ "{\"n\":null}", NULL, "n=" },
	{ "{\"n\":-1}", NULL, "n takes" },
	{ "{\"n\":1.5}", NULL, "n takes" },
	{ "{\"n\":\"4x\"}", NULL, "n takes" },
	{ "{\"n\":\"\"}", NULL, "n takes" },
	{ "{\"n\":\"99999999999999999999\"}", NULL, "n takes" },
	{ "{\"n\":1e300}", NULL, "n takes" },
	{ "{\"n\":[1]}", NULL, "n takes" },
	{ "{\"n\":1,\"b\":\"maybe\"}", NULL, "b takes" },
	{ "{\"n\":1,\"b\":1}", NULL, "b takes" },
	{ "{\"n\":1,\"t\":{}}", NULL, "t takes" },
	{ "{\"n\":1,\"d\":\"soon\"}", NULL, "d takes" },
	{ "{\"n\":1,\"e\":\"har\"}", NULL, "soft|hard" },
	{ "{\"n\":1,\"e\":\"soft|hard\"}", NULL, "soft|hard" },
	{ "{\"n\":1,\"e\":\"\"}", NULL, "soft|hard" },
	{ "{\"n\":1,\"namespace\":\"x\"}", NULL, "namespace" },
};

START_TEST(params_are_checked)
{
	struct error err = { 0 };
	struct json *given = json_parse(cases[_i].given, strlen(cases[_i].given), NULL);
	struct json *checked = params_check(&verb, given, &err);

	if (cases[_i].wanted) {
		struct json *wanted = json_parse(cases[_i].wanted, strlen(cases[_i].wanted), NULL);

		ck_assert_msg(checked != NULL, "%s: %s", cases[_i].given, err.text);
		char *shown = json_format(checked);
		ck_assert_msg(json_equal(checked, wanted), "%s: %s", cases[_i].given, shown);
		free(shown);
		json_free(wanted);
	} else {
		ck_assert_msg(checked == NULL, "%s was taken", cases[_i].given);
		ck_assert_int_eq(err.code, ERR_INVALID);
		ck_assert_msg(strstr(err.text, cases[_i].names) != NULL, "%s: %s", cases[_i].given, err.text);
	}
	json_free(checked);
	json_free(given);
}
END_TEST

START_TEST(none_given)
{
	static const struct kind_verb plain = { .name = "poke" };
	struct json *checked = params_check(&plain, NULL, NULL);

	ck_assert_uint_eq(json_count(checked), 0);
	json_free(checked);
	ck_assert_ptr_null(params_check(&verb, NULL, NULL));
}
END_TEST

START_TEST(a_kind_with_a_wrong_type_is_refused)
{
	static struct kind_param odd[] = { { .name = "x", .type = "colour" } };
	static const struct kind_verb wrong = { .name = "paint", .params = odd, .param_count = 1 };
	struct json *given = json_set_text(json_object(), "x", "red");
	struct error err = { 0 };

	ck_assert_ptr_null(params_check(&wrong, given, &err));
	ck_assert_int_eq(err.code, ERR_INVALID);
	json_free(given);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_loop_test(tc, params_are_checked, 0, (int)(sizeof(cases) / sizeof(*cases)));
	tcase_add_test(tc, none_given);
	tcase_add_test(tc, a_kind_with_a_wrong_type_is_refused);
}

TEST_MAIN("gate/params")
