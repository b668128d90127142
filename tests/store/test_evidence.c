#include "store/evidence.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "check_main.h"

#define HASH "0123456789abcdef0123456789abcdef"
#define CONTENT HASH HASH

static char folder[] = "/tmp/pilothouse-evidence-XXXXXX";

static void put(const char *name, const char *path, int score, long long observed_ns, const char *findings)
{
	char *file = mem_format("%s/%s", folder, name);
	char *text = mem_format("{\"schema\":1,\"agent\":{\"path\":\"%s\",\"hash\":\"" HASH "\",\"score\":%d},\"observed_ns\":%lld,\"content\":\"" CONTENT "\",\"findings\":%s}", path,
		score, observed_ns, findings);

	ck_assert_int_eq(file_save(file, text, strlen(text), 0600, NULL), 0);
	free(text);
	free(file);
}

static void make_lake(void)
{
	char *history;

	strcpy(folder + sizeof(folder) - 7, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	history = mem_format("%s/%s/history", folder, HASH);
	ck_assert_int_eq(file_make_folder(history, 0700, NULL), 0);
	free(history);
}

static void remove_lake(void)
{
	char *command = mem_format("rm -r %s", folder);

	ck_assert_int_eq(system(command), 0);
	free(command);
}

START_TEST(the_head_is_the_entry_without_its_findings)
{
	struct evidence head, whole;

	/* The words that begin the findings, as a path: its quotes are escaped. */
	put(HASH "/latest.json", "a\\\",\\\"findings\\\":[", 60, 5, "[{\"rule\":\"SEC001\"}]");
	ck_assert_int_eq(evidence_load(folder, HASH "/latest.json", EVIDENCE_HEAD, &head, NULL), 0);
	ck_assert_int_eq(evidence_load(folder, HASH "/latest.json", EVIDENCE_BYTES, &whole, NULL), 0);
	ck_assert_str_eq(head.path, "a\",\"findings\":[");
	ck_assert_str_eq(head.path, whole.path);
	ck_assert_int_eq(head.score, 60);
	ck_assert_uint_eq(json_count(json_get(head.json, "findings")), 0);
	ck_assert_uint_eq(json_count(json_get(whole.json, "findings")), 1);
	ck_assert_ptr_null(head.bytes);
	ck_assert_uint_eq(strlen(whole.bytes), whole.size);
	evidence_release(&head);
	evidence_release(&whole);
}
END_TEST

START_TEST(a_head_that_is_long_is_found_too)
{
	struct evidence entry;
	char *path = mem_zero(40001, 1);

	memset(path, 'p', 40000);
	put(HASH "/latest.json", path, 1, 5, "[{},{}]");
	ck_assert_int_eq(evidence_load(folder, HASH "/latest.json", EVIDENCE_HEAD, &entry, NULL), 0);
	ck_assert_str_eq(entry.path, path);
	evidence_release(&entry);
	free(path);
}
END_TEST

START_TEST(states_come_oldest_first_and_what_is_damaged_is_noted)
{
	struct evidence_list list = { 0 };

	put(HASH "/history/a.json", "x", 3, 30, "[]");
	put(HASH "/history/b.json", "x", 1, 10, "[]");
	put(HASH "/history/c.json", "x", 101, 20, "[]");
	put(HASH "/history/c.json.1.new", "x", 2, 20, "[]"); /* left by a killed process */
	evidence_history(folder, HASH, EVIDENCE_WHOLE, &list);
	ck_assert_uint_eq(list.count, 2);
	ck_assert_int_eq(list.rows[0].score, 1);
	ck_assert_int_eq(list.rows[1].score, 3);
	ck_assert_uint_eq(list.note_count, 1);
	ck_assert_str_eq(list.notes[0].name, HASH "/history/c.json");
	evidence_list_release(&list);
}
END_TEST

START_TEST(no_lake_is_not_found)
{
	struct evidence_list list;
	struct error err = { 0 };

	ck_assert_int_eq(evidence_latest("/tmp/pilothouse-no-such-lake", &list, &err), -1);
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_checked_fixture(tc, make_lake, remove_lake);
	tcase_add_test(tc, the_head_is_the_entry_without_its_findings);
	tcase_add_test(tc, a_head_that_is_long_is_found_too);
	tcase_add_test(tc, states_come_oldest_first_and_what_is_damaged_is_noted);
	tcase_add_test(tc, no_lake_is_not_found);
}
TEST_MAIN("store/evidence")
