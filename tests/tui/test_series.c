/* Numbers over time: gaps stay gaps, peaks stay peaks, a day is held in minutes. */
#include <math.h>

#include "base/clock.h"
#include "base/text.h"
#include "check_main.h"
#include "tui/views/series.h"
#include "tui/views/series_store.h"

#define S(n) ((int64_t)(n) * CLOCK_SECOND_NS)
#define BEGIN S(1700000040) /* a whole minute */

START_TEST(a_time_nobody_looked_is_a_gap)
{
	struct series *series = series_new();
	double slots[6];

	series_add(series, BEGIN, 10);
	series_add(series, BEGIN + S(10), 20);
	series_add(series, BEGIN + S(50), 30); /* forty seconds later: nobody looked */
	series_slots(series, BEGIN, BEGIN + S(60), S(15), slots, 6);
	ck_assert_double_eq(slots[0], 10);
	ck_assert_double_eq(slots[1], 20);
	for (int i = 2; i < 5; i++)
		ck_assert_msg(isnan(slots[i]), "slot %d is %g", i, slots[i]);
	ck_assert_double_eq(slots[5], 30);
	series_slots(series, BEGIN, BEGIN + S(10), S(15), slots, 5);
	for (int i = 0; i < 5; i++)
		ck_assert_msg(fabs(slots[i] - 10) < 0.1, "between two that belong together, slot %d is %g", i, slots[i]);
	series_slots(series, BEGIN + S(60), BEGIN + S(90), S(15), slots, 3);
	for (int i = 0; i < 3; i++)
		ck_assert_msg(isnan(slots[i]), "after the last one nothing is known");
	series_free(series);
}
END_TEST

START_TEST(a_peak_stays_when_many_share_a_slot)
{
	struct series *series = series_new();
	double slot;

	for (int i = 0; i < 60; i++)
		series_add(series, BEGIN + S(i), i == 31 ? 99 : 1);
	series_slots(series, BEGIN, BEGIN + S(60), S(15), &slot, 1);
	ck_assert_double_eq(slot, 99);
	struct series_sum sum = series_sum(series, BEGIN, BEGIN + S(60));

	ck_assert_uint_eq(sum.count, 60);
	ck_assert_double_eq(sum.low, 1);
	ck_assert_double_eq(sum.high, 99);
	ck_assert_double_eq(sum.now, 1);
	sum = series_sum(series, BEGIN + S(100), BEGIN + S(200));
	ck_assert_uint_eq(sum.count, 0);
	ck_assert(isnan(sum.now) && isnan(sum.low) && isnan(sum.high));
	series_free(series);
}
END_TEST

START_TEST(what_is_older_than_the_samples_is_known_by_the_minute)
{
	struct series *series = series_new();
	double slots[4];
	int hours = 4;

	for (int i = 0; i < hours * 3600 / 2; i++) /* each two seconds */
		series_add(series, BEGIN + S(2 * i), i == 100 ? 77 : 5);
	ck_assert_uint_le(series_count(series), 1800);
	ck_assert_int_eq(series_first_ns(series), BEGIN);
	series_slots(series, BEGIN, BEGIN + S(hours * 3600), S(6), slots, 4);
	ck_assert_double_eq(slots[0], 77);
	ck_assert_double_eq(slots[3], 5);
	for (int i = 0; i < 3 * 24 * 60; i++)
		series_add(series, BEGIN + S(hours * 3600 + 60 * i), 6);
	ck_assert_int_gt(series_first_ns(series), BEGIN); /* a day, not more */
	series_free(series);
}
END_TEST

START_TEST(what_is_no_news_is_left_out)
{
	struct series *series = series_new();

	ck_assert_int_eq(series_first_ns(series), 0);
	series_add(series, BEGIN, (double)NAN);
	ck_assert_uint_eq(series_count(series), 0);
	series_add(series, BEGIN, 1);
	series_add(series, BEGIN, 2);
	series_add(series, BEGIN - S(1), 3);
	ck_assert_uint_eq(series_count(series), 1);
	series_free(series);
	series_free(NULL);
}
END_TEST

START_TEST(a_book_keeps_them_by_name)
{
	struct series_book *book = series_book_new();
	struct series *one = series_of(book, "vm/hosts/cpu/");

	series_add(one, BEGIN, 1);
	ck_assert_ptr_ne(one, series_of(book, "vm/hosts/mem/"));
	ck_assert_ptr_eq(one, series_of(book, "vm/hosts/cpu/"));
	series_book_free(book);
	series_book_free(NULL);
}
END_TEST

START_TEST(what_was_kept_goes_before_and_the_time_between_is_a_gap)
{
	struct series_book *book = series_book_new(), *next = series_book_new();
	int64_t now = clock_now_ns() / S(60) * S(60), hour = S(3600);
	struct series *series = series_of(book, "vm/hosts/cpu/");
	struct text bytes;
	double slots[61];

	for (int i = 0; i < 10; i++)
		series_add(series, now - hour + S(60 * i), 50 + i);
	series_add(series_of(book, "vm/hosts/mem/"), now - 2 * S(86400), 7); /* older than a day */
	text_init(&bytes, 1 << 20);
	series_book_pack(book, &bytes);
	series_add(series_of(next, "vm/hosts/cpu/"), now, 99);
	series_book_unpack(next, bytes.data, bytes.length);
	series = series_of(next, "vm/hosts/cpu/");
	ck_assert_uint_eq(series_minutes(series), 11);
	ck_assert_int_eq(series_first_ns(series), now - hour);
	ck_assert_uint_eq(series_minutes(series_of(next, "vm/hosts/mem/")), 0);
	series_slots(series, now - hour, now + S(60), S(15), slots, 61);
	ck_assert_double_eq(slots[0], 50);
	ck_assert(isnan(slots[30]));
	ck_assert_double_eq(slots[60], 99);
	ck_assert_double_eq(series_sum(series, now - hour, now + S(60)).now, 99);
	series_book_free(next);

	/* Cut anywhere, it gives what is whole and no more. */
	for (size_t length = 0; length < bytes.length; length++) {
		next = series_book_new();
		series_book_unpack(next, bytes.data, length);
		series_book_free(next);
	}
	text_release(&bytes);
	series_book_free(book);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, what_was_kept_goes_before_and_the_time_between_is_a_gap);
	tcase_add_test(tc, a_time_nobody_looked_is_a_gap);
	tcase_add_test(tc, a_peak_stays_when_many_share_a_slot);
	tcase_add_test(tc, what_is_older_than_the_samples_is_known_by_the_minute);
	tcase_add_test(tc, what_is_no_news_is_left_out);
	tcase_add_test(tc, a_book_keeps_them_by_name);
}

TEST_MAIN("tui/series")
