#include "base/text.h"

#include "check_main.h"

START_TEST(starts_empty_and_readable)
{
	struct text text;

	text_init(&text, 10);
	ck_assert_str_eq(text.data, "");
	text_release(&text);
	text_clear(&text);
	ck_assert_str_eq(text.data, "");
	char *taken = text_take(&text);

	ck_assert_str_eq(taken, "");
	free(taken);
}
END_TEST

START_TEST(cuts_at_its_maximum)
{
	struct text text;

	text_init(&text, 5);
	ck_assert_int_eq(text_add(&text, "abcde"), 0);
	ck_assert_int_eq(text.cut, 0);
	ck_assert_int_eq(text_add_n(&text, "", 0), 0);
	ck_assert_int_eq(text_add_char(&text, 'f'), -1);
	ck_assert_int_eq(text.cut, 1);
	ck_assert_str_eq(text.data, "abcde");
	text_clear(&text);
	ck_assert_int_eq(text.cut, 0);
	ck_assert_int_eq(text_format(&text, "%d", 1234567), -1);
	ck_assert_str_eq(text.data, "12345");
	text_release(&text);
}
END_TEST

START_TEST(never_cuts_a_character)
{
	struct text text;

	for (size_t max = 0; max < 8; max++) {
		text_init(&text, max);
		ck_assert_int_eq(text_add(&text, "a\xe2\x82\xac\xf0\x9f\x98\x80z"), -1);
		ck_assert_uint_eq(text.length, max < 1 ? 0 : max < 4 ? 1 : max < 8 ? 4 : 8);
		text_release(&text);
	}
}
END_TEST

START_TEST(nothing_enters_after_a_cut)
{
	struct text text;

	text_init(&text, 4);
	text_add(&text, "ab\xe2\x82\xac");
	ck_assert_str_eq(text.data, "ab");
	ck_assert_int_eq(
		text_add(&text, "c"), -1); /* would fit, and hide that something is missing */
	ck_assert_int_eq(text_add_char(&text, 'c'), -1);
	ck_assert_str_eq(text.data, "ab");
	text_release(&text);
}
END_TEST

START_TEST(grows_and_is_taken)
{
	struct text text;
	char *taken;

	text_init(&text, 1 << 20);
	for (int i = 0; i < 100000; i++)
		ck_assert_int_eq(text_add_char(&text, (char)('a' + i % 26)), 0);
	ck_assert_uint_eq(text.length, 100000);
	ck_assert_int_eq(text.data[100000], 0);
	taken = text_take(&text);
	ck_assert_uint_eq(strlen(taken), 100000);
	ck_assert_uint_eq(text.length, 0);
	ck_assert_int_eq(text_format(&text, "%s", taken), 0); /* longer than the small buffer */
	ck_assert_str_eq(text.data, taken);
	free(taken);
	text_release(&text);
}
END_TEST

START_TEST(keeps_zero_bytes)
{
	struct text text;

	text_init(&text, 10);
	text_add_n(&text, "a\0b", 3);
	ck_assert_uint_eq(text.length, 3);
	ck_assert_mem_eq(text.data, "a\0b", 4);
	text_release(&text);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, starts_empty_and_readable);
	tcase_add_test(tc, cuts_at_its_maximum);
	tcase_add_test(tc, never_cuts_a_character);
	tcase_add_test(tc, nothing_enters_after_a_cut);
	tcase_add_test(tc, grows_and_is_taken);
	tcase_add_test(tc, keeps_zero_bytes);
}

TEST_MAIN("base/text")
