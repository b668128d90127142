/* Lists of findings: the same result in whatever order files were read, fingerprints that survive moves of lines. */
#include "check_main.h"
#include "base/json.h"
#include "fleet/finding/finding.h"
#include "fleet/report/finding_json.h"

static const struct check check = { .id = "REL001", .severity = SEVERITY_HIGH, .class = CLASS_ARCHITECTURE };

static void add(struct findings *findings, const char *path, size_t offset, const char *anchor)
{
	findings_add(findings, &(struct finding){ .check = &check, .rule = "REL001", .message = "m", .path = path, .anchor = anchor,
		.place = { .offset = offset, .length = 4, .line = (int)offset + 1 } });
}

START_TEST(order_does_not_depend_on_who_was_first)
{
	struct findings *one = findings_new(), *two = findings_new(), *other = findings_new();

	add(one, "a.py", 5, "x = 1"), add(one, "a.py", 90, "x = 1"), add(one, "b.py", 1, "x = 1"), add(one, "a.py", 5, "x = 1");
	add(other, "b.py", 1, "x = 1"), add(other, "a.py", 90, "x = 1");
	add(two, "a.py", 5, "x = 1");
	findings_take(two, other);
	findings_finish(one), findings_finish(two);
	ck_assert_uint_eq(findings_count(one), 3);
	ck_assert_uint_eq(findings_count(two), 3);
	for (size_t i = 0; i < 3; i++)
		ck_assert_str_eq(findings_at(one, i)->fingerprint, findings_at(two, i)->fingerprint);
	ck_assert_str_ne(findings_at(one, 0)->fingerprint, findings_at(one, 1)->fingerprint); /* an ordinal tells equal lines apart */
	ck_assert_str_ne(findings_at(one, 0)->fingerprint, findings_at(one, 2)->fingerprint);
	findings_free(one), findings_free(two);
}
END_TEST

START_TEST(fingerprint_survives_moves)
{
	struct findings *before = findings_new(), *after = findings_new();

	add(before, "a.py", 5, "client = OpenAI()");
	add(after, "a.py", 700, "    client  =  OpenAI()");
	findings_finish(before), findings_finish(after);
	ck_assert_str_eq(findings_at(before, 0)->fingerprint, findings_at(after, 0)->fingerprint);
	ck_assert_uint_eq(strlen(findings_at(before, 0)->fingerprint), 32);
	findings_free(before), findings_free(after);
}
END_TEST

START_TEST(texts_are_copies_and_too_many_are_counted)
{
	struct findings *findings = findings_new();
	char path[] = "gone.py";

	add(findings, path, 0, NULL);
	path[0] = 'X';
	ck_assert_str_eq(findings_at(findings, 0)->path, "gone.py");
	for (size_t i = 1; i < 100010; i++)
		add(findings, "a.py", i, "y");
	ck_assert_uint_eq(findings_count(findings), 100000);
	ck_assert_uint_eq(findings_cut(findings), 10);
	/* A secret is not pushed out by what is found everywhere. */
	findings_add(findings, &(struct finding){ .check = &(const struct check){ .id = "SEC001", .class = CLASS_SECRET }, .rule = "SEC001/a", .message = "m", .path = "z.py" });
	ck_assert_uint_eq(findings_count(findings), 100001);
	findings_free(findings);
}
END_TEST

/* A list that is taken behind others keeps nothing that would be cut then, and the same of all that would not. */
START_TEST(what_stands_behind_is_counted)
{
	struct findings *findings = findings_new();

	findings_stand_behind(findings, 99999);
	add(findings, "a.py", 1, "x");
	add(findings, "a.py", 2, "x");
	ck_assert_uint_eq(findings_count(findings), 1);
	ck_assert_uint_eq(findings_cut(findings), 1);
	findings_add(findings, &(struct finding){ .check = &(const struct check){ .id = "SEC001", .class = CLASS_SECRET }, .rule = "SEC001/a", .message = "m", .path = "z.py" });
	ck_assert_uint_eq(findings_count(findings), 2);
	findings_free(findings);
}
END_TEST

/* What is kept lies in the tree that is judged: whoever wrote it may not lead repairs out of the tree or a file. */
START_TEST(forged_rows_are_refused)
{
	static const struct { const char *key, *value; } rows[] = {
		{ "path", "\"../a.py\"" }, { "path", "\"/etc/passwd\"" }, { "path", "\"a/../../b.py\"" }, { "path", "\"a/..\"" }, { "path", "7" },
		{ "offset", "-4" }, { "length", "-1" }, { "offset", "1e300" }, { "line", "99999999999" }, { "message", "null" }, { "rule", "\"NOPE01\"" },
		{ "severity", "\"worse\"" }, { "state", "\"?\"" }, { "also", "{\"offset\":-9}" },
	};
	struct checks *checks = checks_load(NULL);
	struct findings *findings = findings_new(), *back = findings_new();

	ck_assert_ptr_nonnull(checks);
	findings_add(findings, &(struct finding){ .check = checks_find(checks, "REL001"), .rule = "REL001", .message = "m", .path = "a..b/..c.py",
		.place = { .offset = 3, .length = 4, .line = 1 } });
	struct json *good = finding_to_json(findings_at(findings, 0));
	ck_assert_int_eq(finding_from_json(good, checks, back), 0);
	ck_assert_str_eq(findings_at(back, 0)->path, "a..b/..c.py");
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct json *bad = json_copy(good);

		json_set(bad, rows[i].key, json_parse(rows[i].value, strlen(rows[i].value), NULL));
		ck_assert_msg(finding_from_json(bad, checks, back) == -1, "%s: %s", rows[i].key, rows[i].value);
		json_free(bad);
	}
	ck_assert_uint_eq(findings_count(back), 1);
	json_free(good);
	findings_free(findings), findings_free(back);
	checks_free(checks);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, order_does_not_depend_on_who_was_first);
	tcase_add_test(tc, fingerprint_survives_moves);
	tcase_add_test(tc, texts_are_copies_and_too_many_are_counted);
	tcase_add_test(tc, what_stands_behind_is_counted);
	tcase_add_test(tc, forged_rows_are_refused);
}

TEST_MAIN("fleet/finding")
