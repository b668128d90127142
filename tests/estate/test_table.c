/* Tables against a naive model; snapshots there and back through bytes. */
#include "sample.h"

#include <pthread.h>

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

/* All rows, each joined, '\n' between; free() it. */
static char *text_of(const struct snapshot *snapshot)
{
	struct text text;

	text_init(&text, 1 << 26);
	for (size_t i = 0; i < snapshot_count(snapshot); i++) {
		snapshot_row(snapshot, i, &text);
		text_add_char(&text, '\n');
	}
	return text_take(&text);
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
	char *all = text_of(snapshot);

	ck_assert_ptr_null(strchr(all, '\x1b'));
	free(all);
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
	for (int round = 0, rounds = check_scaled(30000); round < rounds; round++) {
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

	text_init(&bytes, 1 << 20);
	snapshot_to_bytes(snapshot, &bytes);
	back = snapshot_from_bytes(pods, bytes.data, bytes.length);
	ck_assert_ptr_nonnull(back);
	ck_assert_int_eq(snapshot_time(back), snapshot_time(snapshot));
	char *there = text_of(snapshot), *again = text_of(back);

	ck_assert_str_eq(there, again);
	free(there);
	free(again);
	snapshot_unref(table_snapshot(table)); /* the empty one it keeps goes when rows come */
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
	for (int round = 0, rounds = check_scaled(20000); round < rounds; round++) {
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

			for (int j = 0; (size_t)j < pods->column_count; j++) {
				const char *text = snapshot_cell(back, i, j, &cell);

				ck_assert_uint_lt((unsigned char)text[cell], 0x20);
			}
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

/* Many rows, so that blocks fill, thin out and are put together; every snapshot stays what it was when it was taken. */
enum { MANY = 12000, KEPT = 12 };

struct many {
	struct table *table;
	int model[MANY]; /* restarts, or -1 */
	size_t count;
	struct snapshot *kept[KEPT];
	char *texts[KEPT];
};

static void put_one(struct many *many, int name, int restarts)
{
	char line[80];

	snprintf(line, sizeof(line), "ns%d|p%d|%s|%d", name % 7, name, restarts % 2 ? "Running" : "Error", restarts);
	ck_assert_int_eq(sample_put(many->table, pods, line), many->model[name] != restarts);
	many->count += many->model[name] < 0;
	many->model[name] = restarts;
}

static void remove_one(struct many *many, int name)
{
	char id[80];

	snprintf(id, sizeof(id), "fake:one/pods/ns%d/p%d", name % 7, name);
	ck_assert_int_eq(table_remove(many->table, id), many->model[name] >= 0);
	many->count -= many->model[name] >= 0;
	many->model[name] = -1;
}

static void compare_with_model(const struct many *many, const struct snapshot *snapshot)
{
	ck_assert_uint_eq(snapshot_count(snapshot), many->count);
	ck_assert_uint_eq(table_count(many->table), many->count);
	for (size_t row = 0; row < snapshot_count(snapshot); row++) {
		char *name = snapshot_role_text(snapshot, row, ROLE_NAME), *id = snapshot_role_text(snapshot, row, ROLE_ID), wanted[80];
		int number = atoi(name + 1);

		ck_assert_int_eq((int)snapshot_number(snapshot, row, SAMPLE_RESTARTS), many->model[number]);
		snprintf(wanted, sizeof(wanted), "fake:one/pods/ns%d/p%d", number % 7, number);
		ck_assert_str_eq(id, wanted);
		free(name);
		free(id);
	}
}

static void keep(struct many *many, int place)
{
	if (many->kept[place]) {
		char *now = text_of(many->kept[place]);

		ck_assert_str_eq(now, many->texts[place]);
		free(now);
	}
	snapshot_unref(many->kept[place]);
	free(many->texts[place]);
	many->kept[place] = table_snapshot(many->table);
	many->texts[place] = text_of(many->kept[place]);
	compare_with_model(many, many->kept[place]);
}

START_TEST(snapshots_stay_what_they_were)
{
	struct many *many = mem_zero(1, sizeof(*many));

	many->table = table_new(pods);
	for (int i = 0; i < MANY; i++)
		many->model[i] = -1;
	for (int round = 0; round < 60; round++) {
		int removing = round % 20 > 12; /* the table shrinks to few now and then */

		for (int i = 0; i < 1000; i++) {
			int name = (int)random_below(MANY);

			if (removing ? random_below(50) : !random_below(5))
				remove_one(many, name);
			else
				put_one(many, name, (int)random_below(9));
		}
		for (int i = 0; removing && i < MANY; i++)
			if (random_below(3))
				remove_one(many, i);
		if (round % 9 == 8) { /* a list of all in order */
			table_begin(many->table);
			for (int i = 0; i < MANY; i++)
				put_one(many, i, (int)random_below(9));
			ck_assert_uint_eq(table_sweep(many->table, NULL), 0);
		}
		keep(many, (int)random_below(KEPT));
	}
	table_free(many->table);
	for (int i = 0; i < KEPT; i++) { /* the table is gone, its snapshots are not */
		char *now = many->kept[i] ? text_of(many->kept[i]) : NULL;

		if (now)
			ck_assert_str_eq(now, many->texts[i]);
		free(now);
		snapshot_unref(many->kept[i]);
		free(many->texts[i]);
	}
	free(many);
}
END_TEST

/* Order is that of the first sight; a changed row stays in its place. */
START_TEST(rows_stay_in_their_place)
{
	struct table *table = table_new(pods);
	struct snapshot *before, *after;
	char line[80];

	for (int i = 0; i < 10000; i++) {
		snprintf(line, sizeof(line), "ns|p%d|Running|0", i);
		sample_put(table, pods, line);
	}
	before = table_snapshot(table);
	sample_put(table, pods, "ns|p5000|Error|1");
	table_remove(table, "fake:one/pods/ns/p17");
	sample_put(table, pods, "ns|new|Running|0");
	after = table_snapshot(table);
	ck_assert_int_eq(snapshot_find(before, "fake:one/pods/ns/p5000"), 5000);
	ck_assert_int_eq(snapshot_find(after, "fake:one/pods/ns/p5000"), 4999);
	assert_cell(before, 5000, SAMPLE_STATUS, "Running");
	assert_cell(after, 4999, SAMPLE_STATUS, "Error");
	ck_assert_int_eq(snapshot_find(after, "fake:one/pods/ns/new"), 9999);
	ck_assert(snapshot_same_row(before, 3, after, 3));
	ck_assert(snapshot_same_row(before, 9000, after, 8999));
	ck_assert(!snapshot_same_row(before, 5000, after, 4999));
	snapshot_unref(before);
	snapshot_unref(after);
	table_free(table);
}
END_TEST

/* Ids that do not end with the name, very long ones, and cells that fill the room there is. */
START_TEST(any_cells_come_back)
{
	struct table *table = table_new(pods);
	struct snapshot *snapshot;
	char *wanted[300], long_text[5000];

	memset(long_text, 'x', sizeof(long_text));
	for (unsigned i = 0; i < 300; i++) {
		const char *cells[SAMPLE_COLUMNS] = { NULL };
		size_t lengths[SAMPLE_COLUMNS] = { 0 };
		char name[40];

		snprintf(name, sizeof(name), "%s%u", i % 3 ? "" : "odd-", i);
		wanted[i] = i % 7 ? mem_format("fake:one/pods//%s%s", name, i > 200 && i % 11 == 0 ? "/more" : "")
				  : mem_format("fake:%.*s/%s", (int)random_below(4000), long_text, name);
		cells[SAMPLE_NAME] = name;
		lengths[SAMPLE_NAME] = strlen(name);
		cells[SAMPLE_STATUS] = long_text;
		lengths[SAMPLE_STATUS] = i % 5 ? random_below(4000) : 0;
		cells[pods->role[ROLE_ID]] = wanted[i];
		lengths[pods->role[ROLE_ID]] = strlen(wanted[i]);
		ck_assert_int_eq(table_put(table, cells, lengths), 1);
		ck_assert_int_eq(table_put(table, cells, lengths), 0);
		if (i % 40 == 39)
			snapshot_unref(table_snapshot(table));
	}
	snapshot = table_snapshot(table);
	for (unsigned i = 0; i < 300; i++) {
		assert_cell(snapshot, i, pods->role[ROLE_ID], wanted[i]);
		ck_assert_int_eq(snapshot_find(snapshot, wanted[i]), (long)i);
		ck_assert_int_eq(table_remove(table, wanted[i]), 1);
		free(wanted[i]);
	}
	ck_assert_uint_eq(table_count(table), 0);
	snapshot_unref(snapshot);
	table_free(table);
}
END_TEST

/* One thread changes the table and hands snapshots out, others read them and let them go. */
enum { READERS = 3, ROUNDS = 200 };

struct shared {
	pthread_mutex_t lock;
	struct snapshot *newest;
	int over;
};

static void *read_them(void *arg)
{
	struct shared *shared = arg;
	long sum = 0;

	for (int over = 0; !over;) {
		pthread_mutex_lock(&shared->lock);
		struct snapshot *snapshot = shared->newest ? snapshot_ref(shared->newest) : NULL;
		over = shared->over;
		pthread_mutex_unlock(&shared->lock);
		for (size_t row = 0; snapshot && row < snapshot_count(snapshot); row += 97) {
			size_t length;

			snapshot_role(snapshot, row, ROLE_ID, &length);
			sum += (long)length + (long)snapshot_number(snapshot, row, SAMPLE_RESTARTS);
		}
		snapshot_unref(snapshot);
	}
	return (void *)(intptr_t)(sum < 0);
}

START_TEST(threads_share_blocks)
{
	struct table *table = table_new(pods);
	struct shared shared = { .lock = PTHREAD_MUTEX_INITIALIZER };
	pthread_t readers[READERS];
	char line[80];

	for (int i = 0; i < READERS; i++)
		pthread_create(&readers[i], NULL, read_them, &shared);
	/* Valgrind lets one thread run at a time: it finds no races, and the readers take its turns. */
	int rounds = check_in_valgrind() ? check_scaled(ROUNDS) : ROUNDS;

	for (int round = 0; round < rounds; round++) {
		for (int i = 0; i < 100; i++) {
			snprintf(line, sizeof(line), "ns|p%u|Running|%u", random_below(9000), random_below(5));
			sample_put(table, pods, line);
		}
		struct snapshot *snapshot = table_snapshot(table), *before;

		pthread_mutex_lock(&shared.lock);
		before = shared.newest;
		shared.newest = snapshot;
		shared.over = round == rounds - 1;
		pthread_mutex_unlock(&shared.lock);
		snapshot_unref(before);
	}
	for (int i = 0; i < READERS; i++)
		pthread_join(readers[i], NULL);
	snapshot_unref(shared.newest);
	table_free(table);
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
	tcase_add_test(tc, snapshots_stay_what_they_were);
	tcase_add_test(tc, rows_stay_in_their_place);
	tcase_add_test(tc, any_cells_come_back);
	tcase_add_test(tc, threads_share_blocks);
}
TEST_MAIN("estate/table")
