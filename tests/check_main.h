/* check_main.h - a test program is one suite: TEST_MAIN("gate/plan", case1, case2). Each case is a
 * TCase-building function. Also serves as the jq worker, so that jq_eval works in tests. */
#ifndef TESTS_CHECK_MAIN_H
#define TESTS_CHECK_MAIN_H

#include <check.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jq.h"

/* Valgrind is there: it makes a fork of a vfork, so posix_spawn cannot tell why a program did not start. */
static inline int check_in_valgrind(void)
{
	const char *preloaded = getenv("LD_PRELOAD");

	return preloaded && strstr(preloaded, "vgpreload");
}

/* The jq worker is this program by its path: in a child of valgrind /proc/self/exe is valgrind itself. */
static inline void check_setup_worker(void)
{
	static char path[PATH_MAX];

	jq_setup(check_in_valgrind() && realpath("/proc/self/exe", path) ? path : NULL);
}

/* How much of its data or rounds a test takes: all, or the percentage TEST_SCALE says, where each step costs many times as
 * much (./dev sanitize, ./dev valgrind). It is said, so that nobody takes a part for the whole. */
static inline int check_scaled(int full)
{
	const char *set = getenv("TEST_SCALE");
	int percent = set ? atoi(set) : 100;

	if (percent < 1 || percent >= 100)
		return full;
	int part = (int)((int64_t)full * percent / 100);
	if (part < 1)
		part = 1;
	printf("scaled: %d of %d\n", part, full);
	fflush(stdout);
	return part;
}

/* A limit that a slow run must not meet before what is tested does: longer by the factor for the checks' own limits. */
static inline int check_patient_ms(int ms)
{
	const char *factor = getenv("CK_TIMEOUT_MULTIPLIER");

	return factor && atoi(factor) > 1 ? ms * atoi(factor) : ms;
}

/* Whether a test is left out; then it is said with the reason, and tests/run counts it as skipped. */
static inline int check_left_out(int is, const char *test, const char *why)
{
	if (is) {
		printf("skip %s: %s\n", test, why);
		fflush(stdout);
	}
	return is;
}

/* In a test program: static void add_tests(TCase *tc) { tcase_add_test(tc, ...); … } TEST_MAIN("gate/plan") */
#define TEST_MAIN(name)                                                                            \
	int main(int argc, char **argv)                                                            \
	{                                                                                          \
		if (argc > 1 && !strcmp(argv[1], "--jq-worker"))                                   \
			return jq_worker_main();                                                   \
		check_setup_worker();                                                              \
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
