/* Every way to change a log, in the database and in an export: named with its kind and place. */
#include "base/clock.h"
#include "logged.h"

enum { ENTRIES = 20 };

static struct rows rows;

static void replace(struct row *row, const char *what, const char *by)
{
	char *at = strstr(row->body, what);

	ck_assert_msg(at != NULL, "%s not in %s", what, row->body);
	char *body = mem_format("%.*s%s%s", (int)(at - row->body), row->body, by, at + strlen(what));
	free(row->body);
	row->body = body;
}

static void rehash(struct row *row)
{
	sha256(row->body, strlen(row->body), row->hash);
}

/* From entry i (0 first) on, each names the one before as it is now. */
static void relink(size_t from)
{
	for (size_t i = from; i < rows.count; i++) {
		char hex[SHA256_HEX_MAX];
		char *at = strstr(rows.list[i].body, "\"prev_hash\":\"") + 13;

		if (i)
			hex_format(rows.list[i - 1].hash, SHA256_BYTES, hex);
		if (i)
			memcpy(at, hex, 64);
		rehash(&rows.list[i]);
	}
}

static struct row copy_of(const struct row *row)
{
	struct row copy = *row;

	copy.body = mem_text(row->body);
	return copy;
}

static void put(size_t at, struct row row)
{
	memmove(&rows.list[at + 1], &rows.list[at], (rows.count - at) * sizeof(row));
	rows.list[at] = row;
	rows.count++;
}

static void take_out(size_t at, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(rows.list[at + i].body);
	memmove(&rows.list[at], &rows.list[at + count], (rows.count - at - count) * sizeof(struct row));
	rows.count -= count;
}

static void exchange(size_t a, size_t b)
{
	struct row row = rows.list[a];

	rows.list[a] = rows.list[b];
	rows.list[b] = row;
}

static void edit(void) { replace(&rows.list[4], "\"ana\"", "\"eve\""); }
static void edit_first(void) { replace(&rows.list[0], "\"ana\"", "\"eve\""); }
static void edit_last(void) { replace(&rows.list[ENTRIES - 1], "\"ana\"", "\"eve\""); }
static void edit_number(void) { replace(&rows.list[4], "\"seq\":5,", "\"seq\":7,"); }
static void edit_prev(void) { replace(&rows.list[4], "\"prev_hash\":\"", "\"prev_hash\":\"0"); }
static void edit_hash(void) { rows.list[4].hash[3] ^= 1; }
static void edit_two(void) { edit(); replace(&rows.list[9], "\"done\"", "\"failed\""); }
static void garble(void) { replace(&rows.list[4], "{\"action\"", "{action"); }
static void garble_rehashed(void) { garble(); rehash(&rows.list[4]); }
static void delete_one(void) { take_out(4, 1); }
static void delete_some(void) { take_out(4, 3); }
static void delete_first(void) { take_out(0, 1); }
static void delete_here_and_there(void) { take_out(14, 1); take_out(4, 2); }
static void delete_and_edit(void) { edit_two(); take_out(6, 1); }
static void duplicate_beside(void) { put(5, copy_of(&rows.list[4])); }
static void duplicate_far(void) { put(12, copy_of(&rows.list[4])); }
static void duplicate_early(void) { put(2, copy_of(&rows.list[12])); }
static void duplicate_at_the_end(void) { put(ENTRIES, copy_of(&rows.list[4])); }
static void swap_beside(void) { exchange(4, 5); }
static void swap_far(void) { exchange(4, 11); }
static void swap_ends(void) { exchange(0, ENTRIES - 1); }
static void turn_around(void) { exchange(4, 8); exchange(5, 7); }
static void rehash_one(void) { edit(); rehash(&rows.list[4]); }
static void rehash_two(void) { rehash_one(); replace(&rows.list[12], "\"ana\"", "\"eve\""); rehash(&rows.list[12]); }
static void rehash_all(void) { edit(); relink(4); }
static void rehash_from_first(void) { edit_first(); relink(0); }
static void rehash_last(void) { edit_last(); rehash(&rows.list[ENTRIES - 1]); }
static void truncate_some(void) { take_out(ENTRIES - 3, 3); }
static void truncate_and_relabel(void) { truncate_some(); edit(); }

/* An entry of one's own after entry 5, linked to it. */
static void insert(void)
{
	struct row row = copy_of(&rows.list[5]);

	put(5, row);
	replace(&rows.list[5], "\"ana\"", "\"eve\"");
	rehash(&rows.list[5]);
}

static void insert_and_renumber(void)
{
	insert();
	for (size_t i = 6; i < rows.count; i++) {
		char old[32], new_[32];

		snprintf(old, sizeof(old), "\"seq\":%zu,", i);
		snprintf(new_, sizeof(new_), "\"seq\":%zu,", i + 1);
		replace(&rows.list[i], old, new_);
	}
	relink(5);
}

static void delete_and_renumber(void)
{
	take_out(4, 1);
	for (size_t i = 4; i < rows.count; i++) {
		char old[32], new_[32];

		snprintf(old, sizeof(old), "\"seq\":%zu,", i + 2);
		snprintf(new_, sizeof(new_), "\"seq\":%zu,", i + 1);
		replace(&rows.list[i], old, new_);
	}
	relink(4);
}

/* Entries of another log, of the same numbers. */
static struct rows other;

static void other_log(void)
{
	char *path = logged_path("other.db"), *anchors = logged_path("anchors/audit.jsonl"), *kept = logged_path("kept");
	size_t length;
	char *text = file_load(anchors, 1 << 20, &length, NULL);

	logged_write(path, ENTRIES);
	rows_read(&other, path);
	ck_assert(!file_save(anchors, text, length, 0600, NULL)); /* the other was written elsewhere */
	free(text);
	free(kept);
	free(anchors);
	free(path);
}

static void splice(size_t at, size_t count, size_t instead)
{
	other_log();
	take_out(at, instead);
	for (size_t i = 0; i < count; i++)
		put(at + i, copy_of(&other.list[at + i]));
	rows_free(&other);
}

static void splice_one(void) { splice(4, 1, 1); }
static void splice_some(void) { splice(4, 4, 4); }
static void splice_between(void) { splice(4, 2, 0); }
static void splice_first(void) { splice(0, 1, 1); }
static void splice_end(void) { splice(15, 5, 5); }

/* A stranger made to fit on its left. */
static void splice_linked(void)
{
	splice_one();
	char hex[SHA256_HEX_MAX];
	hex_format(rows.list[3].hash, SHA256_BYTES, hex);
	memcpy(strstr(rows.list[4].body, "\"prev_hash\":\"") + 13, hex, 64);
	rehash(&rows.list[4]);
}

static const struct attack {
	const char *name;
	void (*attack)(void);
	const char *kind;
	int64_t from, to;
	int database_only; /* a part that begins later is no attack */
} attacks[] = {
	{ "edit", edit, "edit", 5, 5, 0 },
	{ "edit of the first", edit_first, "edit", 1, 1, 0 },
	{ "edit of the last", edit_last, "edit", ENTRIES, ENTRIES, 0 },
	{ "edit of a number", edit_number, "edit", 5, 5, 0 },
	{ "edit of the link", edit_prev, "edit", 5, 5, 0 },
	{ "edit of the hash", edit_hash, "edit", 5, 5, 0 },
	{ "two edits, the first", edit_two, "edit", 5, 5, 0 },
	{ "two edits, the second", edit_two, "edit", 10, 10, 0 },
	{ "edit to no entry", garble, "edit", 5, 5, 1 },
	{ "edit to no entry, hashed", garble_rehashed, "format", 5, 5, 1 },
	{ "delete", delete_one, "delete", 5, 5, 0 },
	{ "delete of three", delete_some, "delete", 5, 5, 0 },
	{ "delete of the first", delete_first, "delete", 1, 1, 1 },
	{ "two deletes, the first", delete_here_and_there, "delete", 5, 5, 0 },
	{ "two deletes, the second", delete_here_and_there, "delete", 15, 15, 0 },
	{ "delete and edits, delete", delete_and_edit, "delete", 7, 7, 0 },
	{ "delete and edits, edit", delete_and_edit, "edit", 10, 10, 0 },
	{ "insert", insert, "insert", 6, 6, 0 },
	{ "insert, all made anew", insert_and_renumber, "rehash", 1, 6, 0 },
	{ "delete, all made anew", delete_and_renumber, "truncation", ENTRIES, ENTRIES, 0 },
	{ "duplicate beside", duplicate_beside, "duplicate", 5, 5, 0 },
	{ "duplicate far", duplicate_far, "duplicate", 5, 5, 0 },
	{ "duplicate before its time", duplicate_early, "duplicate", 13, 13, 0 },
	{ "duplicate at the end", duplicate_at_the_end, "duplicate", 5, 5, 0 },
	{ "swap of neighbours", swap_beside, "swap", 5, 5, 0 },
	{ "swap far apart", swap_far, "swap", 5, 5, 0 },
	{ "swap of first and last", swap_ends, "swap", 1, 1, 1 },
	{ "five turned around", turn_around, "swap", 5, 5, 0 },
	{ "rehash of one", rehash_one, "rehash", 5, 5, 0 },
	{ "rehash of two, the first", rehash_two, "rehash", 5, 5, 0 },
	{ "rehash of two, the second", rehash_two, "rehash", 13, 13, 0 },
	{ "rehash of all after", rehash_all, "rehash", 1, 5, 0 },
	{ "rehash from the first", rehash_from_first, "rehash", 1, 1, 1 },
	{ "rehash of the last", rehash_last, "rehash", 1, ENTRIES, 0 },
	{ "truncation", truncate_some, "truncation", ENTRIES - 2, ENTRIES - 2, 0 },
	{ "truncation and an edit", truncate_and_relabel, "truncation", ENTRIES - 2, ENTRIES - 2, 0 },
	{ "splice of one", splice_one, "splice", 5, 5, 0 },
	{ "splice of four", splice_some, "splice", 5, 5, 0 },
	{ "splice between", splice_between, "splice", 5, 5, 0 },
	{ "splice of the first", splice_first, "splice", 1, 1, 1 },
	{ "splice of the end", splice_end, "splice", 16, 16, 0 },
	{ "splice linked in", splice_linked, "splice", 5, 5, 0 },
};
enum { ATTACKS = sizeof(attacks) / sizeof(*attacks) };

static void setup(void)
{
	logged_begin();
	logged_write(NULL, ENTRIES);
	must_be_whole(verified(NULL, NULL), "before");
	rows_read(&rows, NULL);
}

START_TEST(in_the_database)
{
	const struct attack *a = &attacks[_i];

	a->attack();
	rows_write(&rows, NULL);
	struct json *report = verified(NULL, NULL);
	must_name(report, a->name, a->kind, a->from, a->to);
	json_free(report);
	rows_free(&rows);
}
END_TEST

/* Elsewhere, where no anchor is: what the file alone tells. */
START_TEST(in_a_copy)
{
	const struct attack *a = &attacks[_i];
	char *copy = logged_path("copy.db"), *own = logged_path("pilothouse.db"), *anchors = logged_path("anchors/audit.jsonl");
	sqlite3 *db = logged_open(NULL);

	char *vacuum = mem_format("VACUUM INTO '%s'", copy);
	logged_sql(db, vacuum);
	sqlite3_close(db);
	a->attack();
	rows_write(&rows, copy);
	unlink(anchors);
	unlink(own);
	struct json *report = verified(copy, NULL);
	must_name(report, a->name, a->kind, a->from, a->to);
	json_free(report);
	rows_free(&rows);
	free(vacuum);
	free(copy);
	free(own);
	free(anchors);
}
END_TEST

START_TEST(in_an_export)
{
	const struct attack *a = &attacks[_i];

	if (a->database_only) {
		rows_free(&rows);
		return;
	}
	char *path = logged_path("export.jsonl"), *anchors = logged_path("anchors/audit.jsonl"), *checkpoint = newest_checkpoint();
	rows_export(&rows, path, checkpoint);
	must_be_whole(verified(path, NULL), "the export before");
	a->attack();
	rows_export(&rows, path, checkpoint);
	struct json *report = verified(path, NULL);
	must_name(report, a->name, a->kind, a->from, a->to);
	json_free(report);
	unlink(anchors); /* and on another machine */
	report = verified(path, NULL);
	must_name(report, a->name, a->kind, a->from, a->to);
	json_free(report);
	rows_free(&rows);
	free(path);
	free(anchors);
	free(checkpoint);
}
END_TEST

/* --- the whole file, and the seal --- */

static void copy_file(const char *from, const char *to)
{
	size_t length;
	char *bytes = file_load(from, 64 << 20, &length, NULL);

	ck_assert_ptr_nonnull(bytes);
	ck_assert(!file_save(to, bytes, length, 0600, NULL));
	free(bytes);
}

START_TEST(whole_file_rollback)
{
	char *own = logged_path("pilothouse.db"), *old = logged_path("old.db");

	copy_file(own, old);
	logged_write(NULL, 10);
	must_be_whole(verified(NULL, NULL), "later");
	copy_file(old, own);
	struct json *report = verified(NULL, NULL);
	must_name(report, "rollback", "rollback", ENTRIES + 1, ENTRIES + 1);
	json_free(report);
	free(own);
	free(old);
}
END_TEST

START_TEST(taken_away_altogether)
{
	char *own = logged_path("pilothouse.db"), *elsewhere = logged_path("elsewhere.db");

	rows.count = 0;
	rows_write(&rows, NULL);
	struct json *report = verified(NULL, NULL);
	must_name(report, "emptied", "truncation", 1, 1);
	json_free(report);
	unlink(own);
	report = verified(NULL, NULL);
	must_name(report, "removed", "truncation", 1, 1);
	json_free(report);
	free(own);
	free(elsewhere);
}
END_TEST

/* Chain changed and checkpoints made anew; key: with another key than the machine's own. */
static void reseal(int change, int key)
{
	char *anchors = logged_path("anchors/audit.jsonl"), *kept = logged_path("kept"), *key_file = logged_path("audit.key");

	copy_file(anchors, kept);
	if (change)
		rehash_all();
	rows_write(&rows, NULL);
	sqlite3 *db = logged_open(NULL);
	logged_sql(db, "DELETE FROM audit_checkpoint");
	sqlite3_close(db);
	if (key)
		unlink(key_file);
	struct store *store = store_open(NULL, NULL);
	struct audit *audit = audit_open(store, NULL, NULL);
	ck_assert(!audit_anchor(audit, NULL, NULL, NULL));
	audit_close(audit);
	store_close(store);
	copy_file(kept, anchors);
	free(anchors);
	free(kept);
	free(key_file);
}

START_TEST(resealed)
{
	reseal(_i & 1 || _i == 0, _i & 2);
	struct json *report = verified(NULL, NULL);
	must_name(report, "reseal", "reseal", 1, ENTRIES);
	json_free(report);
	rows_free(&rows);
}
END_TEST

START_TEST(an_edited_checkpoint)
{
	sqlite3 *db = logged_open(NULL);

	rows_write(&rows, NULL);
	logged_sql(db, "UPDATE audit_checkpoint SET document = json_set(document, '$.size', 19, '$.root', 'abc') WHERE size > 1");
	sqlite3_close(db);
	struct json *report = verified(NULL, NULL);
	must_name(report, "an edited checkpoint", "reseal", 1, ENTRIES);
	json_free(report);
	rows_free(&rows);
}
END_TEST

/* A size beyond the end, or one that is not there: no entry meets it, and it is told all the same. */
START_TEST(an_edited_checkpoint_that_nothing_meets)
{
	sqlite3 *db = logged_open(NULL);

	rows_write(&rows, NULL);
	logged_sql(db, "UPDATE audit_checkpoint SET document = json_set(document, '$.size', 1020) WHERE size = (SELECT max(size) FROM audit_checkpoint)");
	sqlite3_close(db);
	struct json *report = verified(NULL, NULL);
	must_name(report, "an edited checkpoint", "reseal", 1020, 1020);
	json_free(report);
	rows_free(&rows);
}
END_TEST

START_TEST(an_empty_export_against_an_anchor)
{
	char *nothing = logged_path("nothing.jsonl"), *anchors = logged_path("anchors/audit.jsonl");

	ck_assert(!file_save(nothing, "", 0, 0600, NULL));
	struct json *report = verified(nothing, anchors);
	must_name(report, "nothing left", "truncation", 1, 1);
	json_free(report);
	free(nothing);
	free(anchors);
	rows_free(&rows);
}
END_TEST

START_TEST(an_edited_anchor)
{
	char *anchors = logged_path("anchors/audit.jsonl");
	size_t length;
	char *text = file_load(anchors, 1 << 20, &length, NULL);
	char *at = strstr(text, "\"root\":\"") + 8;

	*at = *at == '0' ? '1' : '0';
	ck_assert(!file_save(anchors, text, length, 0600, NULL));
	struct json *report = verified(NULL, NULL);
	must_name(report, "an edited anchor", "format", 1, ENTRIES);
	json_free(report);
	free(text);
	free(anchors);
}
END_TEST

/* An older file against an anchor given by hand, in a home that knows nothing. */
START_TEST(against_an_anchor_given_by_hand)
{
	char *own = logged_path("pilothouse.db"), *old = logged_path("old.db"), *anchors = logged_path("anchors/audit.jsonl"), *mine = logged_path("mine.jsonl");

	copy_file(own, old);
	logged_write(NULL, 10);
	copy_file(anchors, mine);
	unlink(anchors);
	must_be_whole(verified(own, mine), "the whole one");
	struct json *report = verified(old, mine);
	must_name(report, "rollback", "rollback", ENTRIES + 1, ENTRIES + 1);
	json_free(report);
	free(own);
	free(old);
	free(anchors);
	free(mine);
}
END_TEST

/* A checkpoint as it would be had the clock jumped: chain and seal honest. */
static void set_time(size_t from, const char *hour)
{
	for (size_t i = from; i < rows.count; i++)
		memcpy(strstr(rows.list[i].body, "\"timestamp\":\"") + 24, hour, 2);
	relink(from);
}

START_TEST(a_clock_that_jumps)
{
	char *path = logged_path("export.jsonl"), *anchors = logged_path("anchors/audit.jsonl");
	int hour = 0;

	unlink(anchors);
	sscanf(strstr(rows.list[0].body, "\"timestamp\":\"") + 24, "%2d", &hour);
	char other_hour[16];
	snprintf(other_hour, sizeof(other_hour), "%02d", (hour + 3) % 24);
	set_time(9, other_hour);
	rows_export(&rows, path, NULL);
	struct json *report = verified(path, NULL);
	must_name(report, "clock", "clock", 10, 10);
	ck_assert_uint_eq(json_count(json_get(report, "problems")), 1);
	json_free(report);
	rows_free(&rows);
	free(path);
	free(anchors);
}
END_TEST

/* --- the head of a file --- */

static void without_first_line(const char *path)
{
	size_t length;
	char *bytes = file_load(path, 64 << 20, &length, NULL), *rest = strchr(bytes, '\n') + 1;

	ck_assert(!file_save(path, rest, length - (size_t)(rest - bytes), 0600, NULL));
	free(bytes);
}

START_TEST(an_export_without_its_head)
{
	char *path = logged_path("export.jsonl"), *checkpoint = newest_checkpoint();

	rows_export(&rows, path, checkpoint);
	without_first_line(path);
	struct json *report = verified(path, NULL);
	must_name(report, "first line removed", "delete", 1, 1);
	json_free(report);
	without_first_line(path);
	report = verified(path, NULL);
	must_name(report, "first two lines removed", "delete", 1, 1);
	json_free(report);
	rows_free(&rows);
	free(path);
	free(checkpoint);
}
END_TEST

/* A day within the log begins late and is whole; without its first line it is not. */
START_TEST(a_day_without_its_head)
{
	char at[CLOCK_RFC3339_MAX];

	clock_format(clock_now_ns(), at);
	char *day = mem_format("%s/audit/%.10s.jsonl", logged_home, at), *marker_path = logged_path("audit/.copied");
	size_t length;
	char *marker = file_load(marker_path, 1000, &length, NULL), *date = strchr(strchr(marker, ' ') + 1, ' ') + 1;

	memcpy(date, "2020", 4); /* as if all before were of another day */
	ck_assert(!file_save(marker_path, marker, length, 0600, NULL));
	unlink(day);
	logged_write(NULL, 5);
	must_be_whole(verified(day, NULL), "a day");
	without_first_line(day);
	struct json *report = verified(day, NULL);
	must_name(report, "first line of a day removed", "delete", 1, 1);
	json_free(report);
	rows_free(&rows);
	free(day);
	free(marker);
	free(marker_path);
}
END_TEST

START_TEST(a_copy_that_was_emptied)
{
	char *own = logged_path("pilothouse.db"), *copy = logged_path("copy.db");

	copy_file(own, copy);
	rows.count = 0;
	rows_write(&rows, copy);
	sqlite3 *db = logged_open(copy);
	logged_sql(db, "DELETE FROM audit_checkpoint");
	sqlite3_close(db);
	struct json *report = verified(copy, NULL);
	must_name(report, "emptied, checkpoints too", "truncation", 1, 1);
	json_free(report);
	free(own);
	free(copy);
}
END_TEST

static void save_text(const char *path, const char *text)
{
	ck_assert(!file_save(path, text, strlen(text), 0600, NULL));
}

START_TEST(lines_of_something_else)
{
	char *path = logged_path("export.jsonl"), *checkpoint = newest_checkpoint();
	struct error err = { 0 };
	struct json *report = NULL;
	size_t length;

	save_text(path, "root:x:0:0\nbin:x:1:1\n{}\n");
	report = verified(path, NULL);
	must_name(report, "no log", "format", 1, 1);
	ck_assert_uint_eq(json_count(json_get(report, "problems")), 1);
	json_free(report);
	rows_export(&rows, path, checkpoint);
	char *text = file_load(path, 64 << 20, &length, NULL), *more = mem_format("%snonsense\n", text);
	save_text(path, more);
	report = verified(path, NULL);
	ck_assert_ptr_nonnull(strstr(json_text(json_at(report, "problems.0.detail")), "line 21 "));
	json_free(report);
	struct text crlf;
	text_init(&crlf, 64 << 20);
	for (const char *at = text; *at; at++)
		text_format(&crlf, *at == '\n' ? "\r%c" : "%c", *at);
	save_text(path, crlf.data);
	must_be_whole(verified(path, NULL), "sent by mail");
	text_release(&crlf);
	ck_assert(!file_save(path, (const char[64]){ 0 }, 64, 0600, NULL)); /* overwritten, or lost by a disk */
	must_name(verified(path, NULL), "zeros", "format", 1, 1);
	ck_assert(audit_verify(logged_home, NULL, &report, &err));
	ck_assert_int_ne(err.code, ERR_NONE);
	rows_free(&rows);
	free(checkpoint);
	free(more);
	free(text);
	free(path);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_checked_fixture(tc, setup, logged_end);
	tcase_add_loop_test(tc, in_the_database, 0, ATTACKS);
	tcase_add_loop_test(tc, in_a_copy, 0, check_scaled(ATTACKS));
	tcase_add_loop_test(tc, in_an_export, 0, check_scaled(ATTACKS));
	tcase_add_test(tc, whole_file_rollback);
	tcase_add_test(tc, taken_away_altogether);
	tcase_add_loop_test(tc, resealed, 0, 4);
	tcase_add_test(tc, an_edited_checkpoint);
	tcase_add_test(tc, an_edited_anchor);
	tcase_add_test(tc, an_edited_checkpoint_that_nothing_meets);
	tcase_add_test(tc, an_empty_export_against_an_anchor);
	tcase_add_test(tc, against_an_anchor_given_by_hand);
	tcase_add_test(tc, a_clock_that_jumps);
	tcase_add_test(tc, an_export_without_its_head);
	tcase_add_test(tc, a_day_without_its_head);
	tcase_add_test(tc, a_copy_that_was_emptied);
	tcase_add_test(tc, lines_of_something_else);
}

TEST_MAIN("gate/verify")
