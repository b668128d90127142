#include "stored.h"

#include "base/clock.h"
#include "store/cache.h"

START_TEST(keeps_the_last_bytes_and_their_time)
{
	void *bytes;
	size_t length;
	int64_t saved, before = clock_now_ns();

	cache_save(store, "pods", "old", 3);
	cache_save(store, "pods", "a\0b\0", 4);
	cache_save(store, "empty", "", 0);
	ck_assert_int_eq(store_flush(store, &err), 0);
	ck_assert_int_eq(cache_load(store, "pods", &bytes, &length, &saved, &err), 0);
	ck_assert_uint_eq(length, 4);
	ck_assert(!memcmp(bytes, "a\0b\0", 4));
	ck_assert_int_ge(saved, before);
	ck_assert_int_le(saved, clock_now_ns());
	free(bytes);
	ck_assert_int_eq(cache_load(store, "empty", &bytes, &length, NULL, &err), 0);
	ck_assert_ptr_nonnull(bytes);
	ck_assert_uint_eq(length, 0);
	free(bytes);
}
END_TEST

START_TEST(nothing_is_no_error)
{
	void *bytes = store;
	size_t length = 1;

	ck_assert_int_eq(cache_load(store, "none", &bytes, &length, NULL, &err), 0);
	ck_assert_ptr_null(bytes);
	ck_assert_uint_eq(length, 0);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, keeps_the_last_bytes_and_their_time);
	tcase_add_test(tc, nothing_is_no_error);
}
TEST_MAIN("store/cache")
