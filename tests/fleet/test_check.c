/* The catalogue as data: every row is read, an operator's row goes before, what is wrong is named with file and line. */
#include <stdio.h>
#include <sys/stat.h>

#include "base/error.h"
#include "check_main.h"
#include "fleet/finding/check.h"

static char home[64];

static void home_with(const char *rows)
{
	char path[96];

	snprintf(home, sizeof(home), "/tmp/checks-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(home));
	setenv("PILOTHOUSE_HOME", home, 1);
	snprintf(path, sizeof(path), "%s/checks", home);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/checks/mine.yaml", home);
	FILE *file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fputs(rows, file);
	fclose(file);
}

START_TEST(catalogue)
{
	struct error err = { 0 };
	struct checks *checks;

	home_with("checks:\n  - {id: HOUSE-1, severity: low, class: policy, fixability: Structural, title: t, fix: f, match: {pattern: x}}\n");
	checks = checks_load(&err);
	ck_assert_msg(checks != NULL, "%s", err.text);
	ck_assert_uint_eq(checks_count(checks), 111);
	for (size_t i = 1; i < checks_count(checks); i++)
		ck_assert_str_lt(checks_at(checks, i - 1)->id, checks_at(checks, i)->id);
	for (size_t i = 0; i < checks_count(checks); i++)
		ck_assert_ptr_eq(checks_find(checks, checks_at(checks, i)->id), checks_at(checks, i));
	ck_assert_str_eq(checks_find(checks, "SEC002/aws-key-pair")->title, "Cloud key pair in source");
	ck_assert_ptr_nonnull(checks_find(checks, "HOUSE-1")->match);
	ck_assert_ptr_null(checks_find(checks, "SEC00"));
	ck_assert_ptr_null(checks_find(checks, "SEC0020"));
	checks_free(checks);
}
END_TEST

START_TEST(own_row_goes_before)
{
	struct error err = { 0 };
	struct checks *checks;

	home_with("checks:\n  - {id: REL001, severity: info, class: policy, fixability: Structural, title: ours, fix: f}\n");
	checks = checks_load(&err);
	ck_assert_msg(checks != NULL, "%s", err.text);
	ck_assert_uint_eq(checks_count(checks), 110);
	ck_assert_str_eq(checks_find(checks, "REL001")->title, "ours");
	ck_assert_int_eq(checks_find(checks, "REL001")->severity, SEVERITY_INFO);
	checks_free(checks);
}
END_TEST

static const struct { const char *rows, *said; } bad[] = {
	{ "checks:\n  - {id: HOUSE-1, severity: huge, class: policy, fixability: Structural, title: t, fix: f}\n", "line 2: severity must be one of critical" },
	{ "checks:\n  - {id: house, severity: low, class: policy, fixability: Structural, title: t, fix: f}\n", "line 2: a check needs an id" },
	{ "checks:\n  - {id: HOUSE-1, severity: low, class: policy, fixability: Structural, title: t}\n", "HOUSE-1 needs a title and a fix" },
	{ "checks: [\n", "mine.yaml" },
};

START_TEST(what_is_wrong_is_named)
{
	struct error err = { 0 };

	home_with(bad[_i].rows);
	ck_assert_ptr_null(checks_load(&err));
	ck_assert_msg(strstr(err.text, bad[_i].said) && strstr(err.text, "mine.yaml"), "%s", err.text);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, catalogue);
	tcase_add_test(tc, own_row_goes_before);
	tcase_add_loop_test(tc, what_is_wrong_is_named, 0, sizeof(bad) / sizeof(*bad));
}

TEST_MAIN("fleet/check")
