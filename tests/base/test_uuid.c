#include "base/uuid.h"

#include <pthread.h>

#include "base/clock.h"
#include "check_main.h"

enum { IDS = 20000, THREADS = 4 };

static char ids[THREADS][IDS][UUID_MAX];

START_TEST(has_the_shape_of_version_7)
{
	char id[UUID_MAX];
	unsigned long long high, low;

	int64_t before = clock_now_ns() / 1000000, after;

	uuid_v7(id);
	after = clock_now_ns() / 1000000;
	ck_assert_uint_eq(strlen(id), 36);
	for (int i = 0; i < 36; i++)
		if (i == 8 || i == 13 || i == 18 || i == 23)
			ck_assert_int_eq(id[i], '-');
		else
			ck_assert_ptr_nonnull(strchr("0123456789abcdef", id[i]));
	ck_assert_int_eq(id[14], '7');
	ck_assert_ptr_nonnull(strchr("89ab", id[19]));
	high = strtoull(id, NULL, 16);
	low = strtoull(id + 9, NULL, 16);
	ck_assert_int_ge((int64_t)(high << 16 | low), before);
	ck_assert_int_le((int64_t)(high << 16 | low), after);
}
END_TEST

START_TEST(is_ordered_also_within_a_millisecond)
{
	for (int i = 0; i < IDS; i++) {
		uuid_v7(ids[0][i]);
		if (i)
			ck_assert_str_lt(ids[0][i - 1], ids[0][i]);
	}
}
END_TEST

static void *make(void *row)
{
	for (int i = 0; i < IDS; i++)
		uuid_v7(((char(*)[UUID_MAX])row)[i]);
	return NULL;
}

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

START_TEST(threads_never_share_one)
{
	pthread_t threads[THREADS];

	for (int t = 0; t < THREADS; t++)
		pthread_create(&threads[t], NULL, make, ids[t]);
	for (int t = 0; t < THREADS; t++)
		pthread_join(threads[t], NULL);
	qsort(ids, (size_t)THREADS * IDS, UUID_MAX, compare);
	for (size_t i = 1; i < (size_t)THREADS * IDS; i++)
		ck_assert_str_ne(ids[(i - 1) / IDS][(i - 1) % IDS], ids[i / IDS][i % IDS]);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, has_the_shape_of_version_7);
	tcase_add_test(tc, is_ordered_also_within_a_millisecond);
	tcase_add_test(tc, threads_never_share_one);
}

TEST_MAIN("base/uuid")
