#include "base/error.h"

#include <errno.h>

#include "check_main.h"

START_TEST(set_keeps_code_and_text)
{
	struct error err;

	ck_assert_int_eq(error_set(&err, ERR_LIMIT, "%d of %s", 7, "x"), -1);
	ck_assert_int_eq(err.code, ERR_LIMIT);
	ck_assert_str_eq(err.text, "7 of x");
	ck_assert_int_eq(error_set(NULL, ERR_IO, "nobody asks"), -1);
	ck_assert_int_eq(error_wrap(NULL, "nobody"), -1);
	ck_assert_int_eq(error_errno(NULL, "nobody"), -1);
	error_clear(&err);
	ck_assert_int_eq(err.code, ERR_NONE);
	ck_assert_str_eq(err.text, "");
}
END_TEST

START_TEST(wrap_says_doing_what)
{
	struct error err;

	error_set(&err, ERR_NOT_FOUND, "no such file");
	error_wrap(&err, "loading %s", "a.yaml");
	error_wrap(&err, "starting");
	ck_assert_str_eq(err.text, "starting: loading a.yaml: no such file");
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
}
END_TEST

START_TEST(long_text_is_cut_between_characters)
{
	struct error err;
	char many[600];

	memset(many, 0, sizeof(many));
	for (int i = 0; i < 598; i += 2)
		memcpy(many + i, "\xc3\xa9", 2);
	error_set(&err, ERR_IO, "%s", many);
	ck_assert_uint_eq(
		strlen(err.text), 254); /* 127 whole characters; half of one more would fit */
	for (int i = 0; i < 20; i++)
		error_wrap(&err, "%s", many);
	ck_assert_uint_lt(strlen(err.text), sizeof(err.text));
}
END_TEST

START_TEST(remote_text_is_harmless)
{
	struct error err;

	error_set(&err, ERR_FORMAT, "said \x1b]52;c;x\x07");
	ck_assert_ptr_null(strchr(err.text, '\x1b'));
	ck_assert_ptr_null(strchr(err.text, '\x07'));
}
END_TEST

START_TEST(errno_gives_its_code)
{
	struct error err;

	errno = ENOENT;
	error_errno(&err, "%s", "/x");
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
	ck_assert_str_eq(err.text, "/x: No such file or directory");
	errno = ECONNREFUSED;
	error_errno(&err, "peer");
	ck_assert_int_eq(err.code, ERR_UNREACHABLE);
	errno = ENOSPC;
	error_errno(&err, "disk");
	ck_assert_int_eq(err.code, ERR_IO);
	ck_assert_int_eq(errno, ENOSPC);
}
END_TEST

START_TEST(every_code_has_its_row)
{
	for (int code = 0; code < ERR_COUNT; code++) {
		ck_assert_ptr_nonnull(error_name(code));
		ck_assert_int_ge(error_http_status(code), 200);
		ck_assert_int_eq(error_exit_status(code) == 0, code == ERR_NONE);
		for (int other = 0; other < code; other++)
			ck_assert_str_ne(error_name(code), error_name(other));
	}
	ck_assert_str_eq(error_name(ERR_UNREACHABLE), "unreachable");
	ck_assert_int_eq(error_exit_status(ERR_DENIED), 2);
	ck_assert_int_eq(error_exit_status(ERR_APPROVAL), 5);
	ck_assert_int_eq(error_exit_status(ERR_AUDIT), 7);
	ck_assert_int_eq(error_retryable(ERR_TIMEOUT), 1);
	ck_assert_int_eq(error_retryable(ERR_FORBIDDEN), 0);
	ck_assert_str_eq(error_name((enum error_code)999), "io");
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, set_keeps_code_and_text);
	tcase_add_test(tc, wrap_says_doing_what);
	tcase_add_test(tc, long_text_is_cut_between_characters);
	tcase_add_test(tc, remote_text_is_harmless);
	tcase_add_test(tc, errno_gives_its_code);
	tcase_add_test(tc, every_code_has_its_row);
}

TEST_MAIN("base/error")
