/* Tables against a naive model; snapshots there and back through bytes. */
#include "sample.h"

#include "base/text.h"
#include "check_main.h"

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

static void assert_cell(const struct snapshot *snapshot, size_t row, int column, const char *wanted)
{
	size_t length;
	const char *cell = snapshot_cell(snapshot, row, column, &length);
	char *text = mem_text_n(cell, length);

	ck_assert_str_eq(text, wanted);
	free(text);
}

START_TEST(judges_and_makes_harmless)
{
	struct table *table = table_new(pods);
	struct snapshot *snapshot;

	sample_put(table, pods, "shop|a\x1b[31m\x1f" "b|CrashLoopBackOff|8");
	sample_put(table, pods, "shop|fine|Running|6");
	sample_put(table, pods, "shop|good|Running|0");
	snapshot = table_snapshot(table);
	ck_assert_uint_eq(snapshot_count(snapshot), 3);
	assert_cell(snapshot, 0, pods->role[ROLE_SEVERITY], "critical");
	assert_cell(snapshot, 0, pods->role[ROLE_WHY], "CrashLoopBackOff, 8 restarts");
	assert_cell(snapshot, 1, pods->role[ROLE_SEVERITY], "medium");
	assert_cell(snapshot, 2, pods->role[ROLE_SEVERITY], "");
	ck_assert_uint_eq(strcspn(snapshot_text(snapshot, &(size_t){ 0 }), "\x1b"),
		strlen(snapshot_text(snapshot, &(size_t){ 0 })));
	ck_assert_int_eq((int)snapshot_number(snapshot, 0, SAMPLE_RESTARTS), 8);
	ck_assert_int_eq(snapshot_find(snapshot, "fake:one/pods/shop/fine"), 1);
	ck_assert_int_eq(snapshot_find(snapshot, "fake:one/pods/shop/fin"), -1);
	snapshot_unref(snapshot);
	table_free(table);
}
END_TEST

struct heard {
	int appeared, vanished, changed, significant;
};

static void on_change(const struct table_change *change, void *arg)
{
	struct heard *heard = arg;

	heard->appeared += !change->old_row;
	heard->vanished += !change->new_row;
	heard->changed += change->old_row && change->new_row;
	heard->significant += change->significant;
}

START_TEST(tells_what_matters)
{
	struct table *table = table_new(pods);
	struct heard heard = { 0 };

	table_watch(table, on_change, &heard);
	ck_assert_int_eq(sample_put(table, pods, "shop|a|Running|0|5"), 1);
	ck_assert_int_eq(sample_put(table, pods, "shop|a|Running|0|5"), 0);
	ck_assert_int_eq(heard.appeared, 1);
	ck_assert_int_eq(sample_put(table, pods, "shop|a|Running|0|6"), 1); /* cpu is volatile */
	ck_assert_int_eq(heard.changed, 1);
	ck_assert_int_eq(heard.significant, 1);
	sample_put(table, pods, "shop|a|Error|0|6");
	ck_assert_int_eq(heard.significant, 2);
	table_remove(table, "fake:one/pods/shop/a");
	ck_assert_int_eq(heard.vanished, 1);
	ck_assert_int_eq(table_remove(table, "fake:one/pods/shop/a"), 0);
	table_free(table);
}
END_TEST

START_TEST(sweeps_what_was_not_seen)
{
	struct table *table = table_new(pods);
	unsigned mark;

	sample_put(table, pods, "a|1|x");
	sample_put(table, pods, "b|2|x");
	table_begin(table);
	mark = table_mark(table);
	table_begin(table); /* another list begins beside it */
	sample_put(table, pods, "a|3|x");
	ck_assert_uint_eq(table_sweep_marked(table, mark, "fake:one/pods/a/"), 1);
	ck_assert_uint_eq(table_count(table), 2);
	table_begin(table);
	ck_assert_uint_eq(table_sweep(table, NULL), 2);
	table_free(table);
}
END_TEST

enum { NAMES = 60 };

/* Random puts, removes, sweeps and snapshots; the model is an array. */
START_TEST(is_the_naive_model)
{
	struct table *table = table_new(pods);
	int model[NAMES], seen[NAMES]; /* restarts, or -1 */
	struct snapshot *last = NULL;

	for (int i = 0; i < NAMES; i++)
		model[i] = -1;
	for (int round = 0; round < 30000; round++) {
		int name = (int)random_below(NAMES);
		char line[80], id[80];

		snprintf(id, sizeof(id), "fake:one/pods/ns/p%d", name);
		if (random_below(3)) {
			int restarts = (int)random_below(4);

			snprintf(line, sizeof(line), "ns|p%d|Running|%d", name, restarts);
			ck_assert_int_eq(sample_put(table, pods, line), model[name] != restarts);
			model[name] = restarts;
		} else {
			ck_assert_int_eq(table_remove(table, id), model[name] >= 0);
			model[name] = -1;
		}
		if (!random_below(50)) { /* a list that sees some of them again */
			table_begin(table);
			for (int i = 0; i < NAMES; i++) {
				seen[i] = model[i] >= 0 && random_below(4);
				if (!seen[i])
					continue;
				snprintf(line, sizeof(line), "ns|p%d|Running|%d", i, model[i]);
				sample_put(table, pods, line);
			}
			table_sweep(table, NULL);
			for (int i = 0; i < NAMES; i++)
				model[i] = seen[i] ? model[i] : -1;
		}
		if (random_below(20))
			continue;
		snapshot_unref(last);
		last = table_snapshot(table);
		size_t count = 0;
		for (int i = 0; i < NAMES; i++) {
			long row;

			snprintf(id, sizeof(id), "fake:one/pods/ns/p%d", i);
			row = snapshot_find(last, id);
			ck_assert_int_eq(row >= 0, model[i] >= 0);
			if (row >= 0)
				ck_assert_int_eq((int)snapshot_number(last, (size_t)row,
							 SAMPLE_RESTARTS),
					model[i]);
			count += model[i] >= 0;
		}
		ck_assert_uint_eq(snapshot_count(last), count);
		ck_assert_uint_eq(table_count(table), count);
	}
	snapshot_unref(last);
	table_free(table);
}
END_TEST

static struct snapshot *some_rows(void)
{
	struct table *table = table_new(pods);
	struct snapshot *snapshot;
	char line[80];

	for (int i = 0; i < 20; i++) {
		snprintf(line, sizeof(line), "ns|p%d|Running|%d", i, i);
		sample_put(table, pods, line);
	}
	snapshot = table_snapshot(table);
	table_free(table);
	return snapshot;
}

START_TEST(bytes_go_there_and_back)
{
	struct snapshot *snapshot = some_rows(), *back;
	struct text bytes;
	struct table *table = table_new(pods);
	size_t length, back_length;

	text_init(&bytes, 1 << 20);
	snapshot_to_bytes(snapshot, &bytes);
	back = snapshot_from_bytes(pods, bytes.data, bytes.length);
	ck_assert_ptr_nonnull(back);
	ck_assert_int_eq(snapshot_time(back), snapshot_time(snapshot));
	snapshot_text(snapshot, &length);
	ck_assert_mem_eq(snapshot_text(back, &back_length), snapshot_text(snapshot, &length), length);
	ck_assert_uint_eq(length, back_length);
	table_load(table, back);
	ck_assert_int_eq(sample_put(table, pods, "ns|p3|Running|3"), 0);
	ck_assert_int_eq(sample_put(table, pods, "ns|p3|Running|4"), 1);
	table_free(table);
	snapshot_unref(back);
	snapshot_unref(snapshot);
	text_release(&bytes);
}
END_TEST

/* Damage is refused, or leaves rows that can be read. */
START_TEST(damaged_bytes_do_no_harm)
{
	struct snapshot *snapshot = some_rows();
	struct text bytes;

	text_init(&bytes, 1 << 20);
	snapshot_to_bytes(snapshot, &bytes);
	for (int round = 0; round < 20000; round++) {
		size_t length = random_below(4) ? bytes.length : random_below((unsigned)bytes.length);
		char *copy = mem_alloc(length + 1);
		struct snapshot *back;

		memcpy(copy, bytes.data, length);
		for (unsigned i = random_below(4); i && length; i--)
			copy[random_below((unsigned)length)] = (char)random_below(256);
		copy = mem_resize(copy, length ? length : 1);
		back = snapshot_from_bytes(pods, copy, length);
		free(copy);
		for (size_t i = 0; back && i < snapshot_count(back); i++) {
			size_t cell;

			for (int j = 0; (size_t)j < pods->column_count; j++)
				snapshot_cell(back, i, j, &cell);
			snapshot_number(back, i, SAMPLE_RESTARTS);
		}
		if (back) {
			struct table *table = table_new(pods);

			table_load(table, back);
			snapshot_unref(table_snapshot(table));
			table_free(table);
		}
		snapshot_unref(back);
	}
	snapshot_unref(snapshot);
	text_release(&bytes);
}
END_TEST

START_TEST(finds_the_row_of_a_byte)
{
	struct snapshot *snapshot = some_rows();
	size_t length, row_length, row = 0;
	const char *text = snapshot_text(snapshot, &length);

	for (size_t i = 0; i < length; i++) {
		if (i && text[i - 1] == '\n')
			row++;
		for (size_t hint = 0; hint <= snapshot_count(snapshot); hint++)
			ck_assert_uint_eq(snapshot_row_at(snapshot, i, hint), row);
		ck_assert(snapshot_row(snapshot, row, &row_length) <= text + i);
	}
	snapshot_unref(snapshot);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, judges_and_makes_harmless);
	tcase_add_test(tc, tells_what_matters);
	tcase_add_test(tc, sweeps_what_was_not_seen);
	tcase_add_test(tc, is_the_naive_model);
	tcase_add_test(tc, bytes_go_there_and_back);
	tcase_add_test(tc, damaged_bytes_do_no_harm);
	tcase_add_test(tc, finds_the_row_of_a_byte);
}
TEST_MAIN("estate/table")
