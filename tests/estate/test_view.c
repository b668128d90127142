#include "sample.h"

#include <math.h>
#include <strings.h>

#include "check_main.h"
#include "estate/filter.h"
#include "estate/view.h"

enum { MOST = 3000 };

static struct kinds *kinds;
static const struct kind *pods;

static void set_up(void)
{
	kinds = sample_kinds();
	pods = kinds_find(kinds, "pods");
}

static void tear_down(void)
{
	kinds_free(kinds);
}

static uint64_t seed = 88172645463325252u;

static unsigned random_below(unsigned limit)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed >> 33) % limit;
}

static void put_random(struct table *table, unsigned name)
{
	static const char *const states[] = { "Running", "Error", "Pending" };
	char line[120], cpu[16] = "";

	if (random_below(10))
		snprintf(cpu, sizeof(cpu), "%d", (int)random_below(50) - 20);
	snprintf(line, sizeof(line), "ns%u|longer-name-of-%u|%s|%u|%s", name % 7, name * 7919 % 1000,
		states[random_below(3)], random_below(5), cpu);
	sample_put(table, pods, line);
}

static void finish(struct view *view, int64_t budget_us)
{
	while (!view_work(view, budget_us))
		;
}

static int comes_before(const struct snapshot *snapshot, size_t a, size_t b, int column, int descending)
{
	double difference;

	if (pods->columns[column].type == COLUMN_TEXT) {
		size_t a_length, b_length;
		const char *first = snapshot_cell(snapshot, a, column, &a_length);
		const char *second = snapshot_cell(snapshot, b, column, &b_length);
		size_t shorter = a_length < b_length ? a_length : b_length;

		difference = strncasecmp(first, second, shorter);
		if (difference == 0)
			difference = (double)a_length - (double)b_length;
	} else {
		double first = snapshot_number(snapshot, a, column);
		double second = snapshot_number(snapshot, b, column);

		if (isnan(first) || isnan(second))
			return isnan(first) == isnan(second) ? a < b : isnan(second);
		difference = first - second;
	}
	if (difference == 0)
		return a < b;
	return descending ? difference > 0 : difference < 0;
}

/* Exactly the rows that match, each before the next. */
static void assert_right(const struct view *view, const char *text, int column, int descending)
{
	struct snapshot *snapshot = view_snapshot(view);
	struct filter *filter = filter_parse(text, pods, NULL);
	size_t wanted = 0;

	for (size_t i = 0; i < snapshot_count(snapshot); i++)
		wanted += (size_t)filter_match(filter, snapshot, i);
	ck_assert_uint_eq(view_count(view), wanted);
	for (size_t i = 0; i < wanted; i++) {
		ck_assert(filter_match(filter, snapshot, view_at(view, i)));
		if (!i)
			continue;
		if (column < 0)
			ck_assert_uint_lt(view_at(view, i - 1), view_at(view, i));
		else
			ck_assert(comes_before(snapshot, view_at(view, i - 1), view_at(view, i),
				column, descending));
	}
	filter_free(filter);
}

/* Typing, deleting, sorting and new snapshots in any order and in slices of any size come to the same. */
START_TEST(is_filter_and_sort_of_the_whole)
{
	static const char *const filters[] = { "", "e", "er", "err", "error", "error !ns3", "!ns3", "run",
		"restarts > 2", "restarts > 2 and cpu > 0", "name-of-1", "nothing-has-this" };
	static const int columns[] = { -1, SAMPLE_NAMESPACE, SAMPLE_NAME, SAMPLE_STATUS,
		SAMPLE_RESTARTS, SAMPLE_CPU };
	struct table *table = table_new(pods);
	struct view *view = view_new();
	struct snapshot *snapshot;
	const char *text = "";
	int column = -1, descending = 0;

	for (unsigned i = 0; i < MOST; i++)
		put_random(table, i);
	snapshot = table_snapshot(table);
	view_set_snapshot(view, snapshot);
	snapshot_unref(snapshot);
	for (int round = 0; round < 400; round++) {
		for (unsigned i = random_below(3); i; i--) {
			switch (random_below(3)) {
			case 0:
				text = filters[random_below(sizeof(filters) / sizeof(*filters))];
				ck_assert_int_eq(view_set_filter(view, text, NULL), 0);
				break;
			case 1:
				column = columns[random_below(6)];
				descending = (int)random_below(2);
				view_set_sort(view, column, descending);
				break;
			default:
				for (unsigned j = random_below(20); j; j--)
					put_random(table, random_below(MOST));
				if (random_below(2)) {
					char id[100];
					unsigned name = random_below(MOST);

					snprintf(id, sizeof(id),
						"fake:one/pods/ns%u/longer-name-of-%u", name % 7,
						name * 7919 % 1000);
					table_remove(table, id);
				}
				snapshot = table_snapshot(table);
				view_set_snapshot(view, snapshot);
				snapshot_unref(snapshot);
			}
			if (random_below(2))
				view_work(view, 0);
		}
		finish(view, random_below(2) ? 0 : 100000);
		assert_right(view, text, column, descending);
	}
	view_free(view);
	table_free(table);
}
END_TEST

START_TEST(shows_the_old_until_the_new_is_ready)
{
	struct table *table = table_new(pods);
	struct view *view = view_new();
	struct snapshot *first, *second;

	ck_assert_int_eq(view_work(view, 0), 1);
	ck_assert_uint_eq(view_count(view), 0);
	for (unsigned i = 0; i < MOST; i++)
		put_random(table, i);
	first = table_snapshot(table);
	view_set_sort(view, SAMPLE_NAME, 0);
	view_set_snapshot(view, first);
	finish(view, 1000000);
	put_random(table, 1);
	sample_put(table, pods, "z|new|Running|1");
	second = table_snapshot(table);
	view_set_snapshot(view, second);
	ck_assert_ptr_eq(view_snapshot(view), first);
	ck_assert_uint_eq(view_count(view), snapshot_count(first));
	finish(view, 1000000);
	ck_assert_ptr_eq(view_snapshot(view), second);
	ck_assert_uint_eq(view_at(view, (size_t)view_find(view, "fake:one/pods/z/new")),
		(size_t)snapshot_find(second, "fake:one/pods/z/new"));
	ck_assert_int_eq(view_find(view, "fake:one/pods/z/none"), -1);
	snapshot_unref(first);
	snapshot_unref(second);
	view_free(view);
	table_free(table);
}
END_TEST

START_TEST(a_wrong_filter_changes_nothing)
{
	struct table *table = table_new(pods);
	struct view *view = view_new();
	struct snapshot *snapshot;
	struct error err = { 0 };

	sample_put(table, pods, "z|new|Running|1");
	snapshot = table_snapshot(table);
	view_set_snapshot(view, snapshot);
	ck_assert_int_eq(view_set_filter(view, "new", NULL), 0);
	ck_assert_int_eq(view_set_filter(view, "nope > 1", &err), -1);
	ck_assert_int_eq(err.code, ERR_INVALID);
	finish(view, 1000);
	ck_assert_str_eq(view_filter(view), "new");
	ck_assert_uint_eq(view_count(view), 1);
	snapshot_unref(snapshot);
	view_free(view);
	table_free(table);
}
END_TEST

/* Of the row called name-0 none is known; of the others ten times what the name ends with, plus what the test says. */
static double number_beside(void *arg, const struct snapshot *snapshot, size_t row, size_t nth)
{
	size_t length;
	const char *name = snapshot_cell(snapshot, row, SAMPLE_NAME, &length);

	ck_assert_uint_eq(nth, 1);
	return name[length - 1] == '0' ? NAN : 10.0 * (name[length - 1] - '0') + *(double *)arg;
}

static void assert_names(const struct view *view, const char *names)
{
	char seen[64] = "";

	for (size_t i = 0; i < view_count(view); i++) {
		size_t length;
		const char *name = snapshot_cell(view_snapshot(view), view_at(view, i), SAMPLE_NAME, &length);

		strncat(seen, name + length - 1, 1);
	}
	ck_assert_str_eq(seen, names);
}

START_TEST(what_stands_beside_orders_and_filters)
{
	static const struct kind_column heads[] = { { .name = "OTHER", .type = COLUMN_NUMBER }, { .name = "CPU USED", .type = COLUMN_MILLICORES } };
	double more = 0;
	struct filter_beside beside = { .heads = heads, .count = 2, .number = number_beside, .arg = &more };
	struct table *table = table_new(pods);
	struct view *view = view_new();
	struct error err = { 0 };

	sample_put(table, pods, "z|name-2|Running|1");
	sample_put(table, pods, "z|name-0|Running|1");
	sample_put(table, pods, "z|name-3|Failed|1");
	sample_put(table, pods, "z|name-1|Running|1");
	struct snapshot *snapshot = table_snapshot(table);

	view_set_snapshot(view, snapshot);
	ck_assert_int_eq(view_set_filter(view, "cpu_used > 5", &err), -1); /* nobody has said yet that there is one */
	view_set_beside(view, &beside);
	view_set_sort(view, COLUMN_BESIDE + 1, 1);
	ck_assert(view_uses_beside(view, 1) && !view_uses_beside(view, 0));
	finish(view, 1000);
	assert_names(view, "3210");
	view_set_sort(view, COLUMN_BESIDE + 1, 0);
	finish(view, 1000);
	assert_names(view, "1230");
	ck_assert_int_eq(view_set_filter(view, "cpu_used >= 20m and status == Running", &err), 0);
	finish(view, 1000);
	assert_names(view, "2");
	more = 15;
	view_beside_changed(view);
	finish(view, 1000);
	assert_names(view, "12");
	ck_assert_int_eq(view_set_filter(view, "\"cpu used\" < 1000", &err), 0);
	finish(view, 1000);
	assert_names(view, "123");
	ck_assert_int_eq(view_set_filter(view, "cpu_used ~ 5", &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "is a number"));
	ck_assert_int_eq(view_set_filter(view, "cpu_used > much", &err), -1);
	view_set_beside(view, NULL);
	finish(view, 1000);
	ck_assert_int_eq(view_sort_column(view, NULL), -1);
	ck_assert_uint_eq(view_count(view), 4);
	snapshot_unref(snapshot);
	view_free(view);
	table_free(table);
}
END_TEST

START_TEST(a_base_stays_below_the_filter)
{
	struct table *table = table_new(pods);
	struct view *view = view_new();

	sample_put(table, pods, "a|name-1|Running|1");
	sample_put(table, pods, "a|name-2|Failed|1");
	sample_put(table, pods, "b|name-3|Failed|1");
	struct snapshot *snapshot = table_snapshot(table);

	view_set_snapshot(view, snapshot);
	ck_assert_int_eq(view_set_base(view, "namespace == a", NULL), 0);
	finish(view, 1000);
	assert_names(view, "12");
	ck_assert_str_eq(view_filter(view), "");
	ck_assert_int_eq(view_set_filter(view, "failed", NULL), 0);
	finish(view, 1000);
	assert_names(view, "2");
	ck_assert_int_eq(view_set_filter(view, "name == name-3 or name == name-1", NULL), 0);
	finish(view, 1000);
	assert_names(view, "1");
	ck_assert_int_eq(view_set_base(view, "nope > 1", NULL), -1);
	ck_assert_int_eq(view_set_base(view, "", NULL), 0);
	finish(view, 1000);
	assert_names(view, "13");
	snapshot_unref(snapshot);
	view_free(view);
	table_free(table);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, is_filter_and_sort_of_the_whole);
	tcase_add_test(tc, shows_the_old_until_the_new_is_ready);
	tcase_add_test(tc, a_wrong_filter_changes_nothing);
	tcase_add_test(tc, what_stands_beside_orders_and_filters);
	tcase_add_test(tc, a_base_stays_below_the_filter);
}
TEST_MAIN("estate/view")
