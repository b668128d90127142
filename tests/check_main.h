/* check_main.h - a test program is one suite: TEST_MAIN("gate/plan", case1, case2). Each case is a
 * TCase-building function. Also serves as the jq worker, so that jq_eval works in tests. */
#ifndef TESTS_CHECK_MAIN_H
#define TESTS_CHECK_MAIN_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/jq.h"

/* In a test program: static void add_tests(TCase *tc) { tcase_add_test(tc, ...); … } TEST_MAIN("gate/plan") */
#define TEST_MAIN(name)                                                                            \
	int main(int argc, char **argv)                                                            \
	{                                                                                          \
		if (argc > 1 && !strcmp(argv[1], "--jq-worker"))                                   \
			return jq_worker_main();                                                   \
		Suite *suite = suite_create(name);                                                 \
		TCase *tc = tcase_create("all");                                                   \
		tcase_set_timeout(tc, 60);                                                         \
		add_tests(tc);                                                                     \
		suite_add_tcase(suite, tc);                                                        \
		SRunner *runner = srunner_create(suite);                                           \
		srunner_run_all(runner, CK_NORMAL);                                                \
		int failed = srunner_ntests_failed(runner);                                        \
		srunner_free(runner);                                                              \
		return failed ? EXIT_FAILURE : EXIT_SUCCESS;                                       \
	}

#endif
