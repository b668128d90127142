#include "base/problem.h"

#include <check.h>
#include <stdlib.h>

#include "base/json.h"

static const struct { const char *file, *message, *told, *formatted; int given, line; } rows[] = {
	{ "a.yaml", "a.yaml:3: decide 'x'", "decide 'x'", "a.yaml:3: decide 'x'", 0, 3 },
	{ "a.yaml", "line 5: x is not there", "x is not there", "a.yaml:5: x is not there", 2, 5 },
	{ "a.yaml", "a.yaml: no rules", "no rules", "a.yaml: no rules", 0, 0 },
	{ "a.yaml", "a.yaml cannot be opened: Permission denied", "cannot be opened: Permission denied", "a.yaml: cannot be opened: Permission denied", 0, 0 },
	{ "a.yaml", "line 3: did not find expected ','", "did not find expected ','", "a.yaml:3: did not find expected ','", 0, 3 },
	{ "a.yaml", "a.yaml: line 3: did not find", "did not find", "a.yaml:3: did not find", 0, 3 },
	{ "a.yaml", "anchor of line 7 is not there", "anchor of line 7 is not there", "a.yaml:7: anchor of line 7 is not there", 0, 7 },
	{ "a.yaml", "no step deadline 9 here", "no step deadline 9 here", "a.yaml: no step deadline 9 here", 0, 0 },
	{ "a.yaml", "one line is one, line 4 is another", "one line is one, line 4 is another", "a.yaml:4: one line is one, line 4 is another", 0, 4 },
	{ "a.yaml", "other.yaml:3: x", "other.yaml:3: x", "a.yaml:1: other.yaml:3: x", 1, 1 },
	{ "", "there is no such file", "there is no such file", ": there is no such file", 0, 0 },
};

START_TEST(the_place_is_told_once)
{
	struct json *problems = json_array();

	problem_add(NULL, rows[_i].file, rows[_i].given, rows[_i].message);
	problem_add(problems, rows[_i].file, rows[_i].given, rows[_i].message);
	ck_assert_uint_eq(json_count(problems), 1);
	ck_assert_str_eq(json_text(json_get(json_first(problems), "message")), rows[_i].told);
	ck_assert_int_eq(json_int(json_get(json_first(problems), "line"), -1), rows[_i].line);
	char *formatted = problem_format(json_first(problems));
	ck_assert_str_eq(formatted, rows[_i].formatted);
	free(formatted);
	json_free(problems);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("problem");
	TCase *tests = tcase_create("problem");

	tcase_add_loop_test(tests, the_place_is_told_once, 0, sizeof(rows) / sizeof(*rows));
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
