/* Honest logs: one chain whoever writes, never a false alarm, nothing secret kept, nothing changed afterwards. */
#include <dirent.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "logged.h"

static void setup(void)
{
	logged_begin();
}

/* --- what an entry says --- */

static int keep_entry(const struct json *entry, void *arg)
{
	struct json **kept = arg;

	json_free(*kept);
	*kept = json_copy(entry);
	return 0;
}

static struct json *newest(struct audit *audit)
{
	struct json *entry = NULL;
	struct audit_query query = { 0 };

	ck_assert(!audit_each(audit, &query, keep_entry, &entry, NULL));
	ck_assert_ptr_nonnull(entry);
	return entry;
}

START_TEST(an_entry_has_what_is_promised)
{
	static const char *const members[] = { "audit_id", "timestamp", "user.id", "user.role", "action.name", "action.plan_id", "action.step", "action.target",
		"action.request_digest", "result.status", "result.error", "prev_hash", "hash", "log", "seq" };
	struct store *store = store_open(NULL, NULL);
	struct audit *audit = audit_open(store, NULL, NULL);
	struct audit_event event = logged_event("thing");
	char id[AUDIT_ID_MAX];

	ck_assert(!audit_append(audit, &event, id, NULL));
	struct json *entry = newest(audit);
	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++)
		ck_assert_msg(json_at(entry, members[i]) != NULL, "%s", members[i]);
	ck_assert(json_get(entry, "approval") && json_get(entry, "rollback"));
	ck_assert_str_eq(json_text(json_get(entry, "audit_id")), id);
	ck_assert_int_eq(id[14], '7'); /* UUIDv7 */
	json_free(entry);
	audit_close(audit);
	store_close(store);
}
END_TEST

/* The bytes hashed are the canonical ones (RFC 8785) of the entry without its hash. */
START_TEST(entries_are_canonical)
{
	struct rows rows;
	struct text canonical;

	logged_write(NULL, 3);
	rows_read(&rows, NULL);
	text_init(&canonical, 1 << 20);
	for (size_t i = 0; i < rows.count; i++) {
		struct json *entry = json_parse(rows.list[i].body, strlen(rows.list[i].body), NULL);

		text_clear(&canonical);
		json_canonical(entry, &canonical);
		ck_assert_str_eq(canonical.data, rows.list[i].body);
		json_free(entry);
	}
	text_release(&canonical);
	rows_free(&rows);
}
END_TEST

static const char *const secrets[] = { "password=hunter2hunter2", "Authorization: Bearer hunter2hunter2hunter2", "https://ana:hunter2hunter2@host/x",
	"--token hunter2hunter2hunter2" };

START_TEST(secrets_are_hidden)
{
	struct store *store = store_open(NULL, NULL);
	struct audit *audit = audit_open(store, NULL, NULL);

	for (size_t i = 0; i < sizeof(secrets) / sizeof(*secrets); i++) {
		struct json *detail = json_object(), *intent = json_object();
		struct audit_event event = logged_event(secrets[i]);

		json_set_text(detail, "password", "hunter2hunter2");
		json_set_text(detail, "said", secrets[i]);
		json_set_int(detail, "api_key", 1234567);
		json_set_text(intent, "goal", secrets[i]);
		event.error = secrets[i];
		event.detail = event.approval = event.rollback = detail;
		event.intent = intent;
		ck_assert(!audit_append(audit, &event, NULL, NULL));
		struct json *entry = newest(audit);
		char *text = json_format(entry);
		ck_assert_msg(!strstr(text, "hunter2"), "%s", text);
		free(text);
		json_free(entry);
		json_free(detail);
		json_free(intent);
	}
	audit_close(audit);
	store_close(store);
	must_be_whole(verified(NULL, NULL), "with secrets hidden");
}
END_TEST

/* --- the table refuses --- */

START_TEST(nothing_is_changed_afterwards)
{
	static const char *const refused[] = { "UPDATE audit SET body = 'x'", "DELETE FROM audit WHERE seq = 2", "DELETE FROM audit",
		"REPLACE INTO audit(seq, body, hash) SELECT seq, 'x', hash FROM audit WHERE seq = 2",
		"INSERT OR REPLACE INTO audit(seq, body, hash) VALUES(2, 'x', x'00')", ("INSERT INTO audit(seq, body, hash) VALUES(2, 'x', x'00')"
		 " ON CONFLICT(seq) DO UPDATE SET body = 'x'"), "UPDATE audit_checkpoint SET document = 'x'", "DELETE FROM audit_checkpoint",
		"REPLACE INTO audit_checkpoint(size, document, frontier) VALUES(1, 'x', x'00')", "INSERT INTO audit(seq, body, hash) VALUES(1, 'x', x'00')" };

	logged_write(NULL, 3);
	sqlite3 *db = logged_open(NULL);
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
		ck_assert_msg(sqlite3_exec(db, refused[i], NULL, NULL, NULL) != SQLITE_OK, "%s went", refused[i]);
	sqlite3_close(db);
	must_be_whole(verified(NULL, NULL), "untouched");
}
END_TEST

/* --- no false alarm --- */

static unsigned seed;

static unsigned dice(unsigned sides)
{
	seed = seed * 1103515245u + 12345u;
	return seed >> 16 & 0x7fff ? (seed >> 16 & 0x7fff) % sides : 0;
}

/* Texts that try to pose as an entry's own members. */
static const char *const hostile[] = { "plain", "\"},\"hash\":\"0000000000000000000000000000000000000000000000000000000000000000\",\"prev_hash\":\"00", "\\\",\"seq\":7,",
	"{\"seq\":1}", "\xff\xfe\x80 broken", "\x1b]52;c;x\x07", "line\nline\r\n", "\xe2\x80\xae bidi", "", "\\", "\\\\\"", "a\"b", "\xf0\x9f\x92\xa5" };

static struct json *hostile_tree(void)
{
	static const char *const keys[] = { "audit_id", "boot_id", "hash", "log", "prev_hash", "seq", "timestamp", "up_ms", "checkpoint", "x" };
	struct json *tree = json_object();

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		if (dice(2))
			json_set_text(tree, keys[i], dice(2) ? "0000000000000000000000000000000000000000000000000000000000000000" : hostile[dice(13)]);
		else if (dice(3) == 0)
			json_set_int(tree, keys[i], dice(100));
	}
	return tree;
}

static void append_some(struct audit *audit, unsigned count)
{
	struct error err = { 0 };

	for (unsigned i = 0; i < count; i++) {
		struct json *intent = hostile_tree(), *detail = hostile_tree(), *rollback = hostile_tree();
		struct audit_event events[8];
		size_t many = dice(5) ? 1 : 1 + dice(8);

		for (size_t j = 0; j < many; j++) {
			events[j] = logged_event(hostile[dice(13)]);
			events[j].error = hostile[dice(13)];
			events[j].intent = dice(2) ? intent : NULL;
			events[j].detail = dice(2) ? detail : NULL;
			events[j].approval = dice(2) ? detail : NULL;
			events[j].rollback = dice(2) ? rollback : NULL;
			events[j].duration_ns = dice(2) ? (int64_t)dice(1000) * 1000000 : -1;
		}
		int failed = many == 1 ? audit_append(audit, &events[0], NULL, &err) : audit_append_many(audit, events, many, &err);
		ck_assert_msg(!failed, "%s", err.text);
		if (dice(20) == 0)
			ck_assert(!audit_anchor(audit, NULL, NULL, NULL));
		json_free(intent);
		json_free(detail);
		json_free(rollback);
	}
}

static void write_some(unsigned count)
{
	struct store *store = store_open(NULL, NULL);
	struct audit *audit = store ? audit_open(store, NULL, NULL) : NULL;

	ck_assert_ptr_nonnull(audit);
	append_some(audit, count);
	audit_close(audit);
	store_close(store);
}

static int to_file(void *arg, const char *bytes, size_t length)
{
	return fwrite(bytes, 1, length, arg) != length;
}

static void export_to(const char *path, int64_t since_ns, int64_t until_ns)
{
	struct store *store = store_open(NULL, NULL);
	struct audit *audit = audit_open(store, NULL, NULL);
	struct audit_query query = { .since_ns = since_ns, .until_ns = until_ns };
	struct error err = { 0 };
	FILE *file = fopen(path, "w");

	ck_assert_msg(!audit_export(audit, &query, to_file, file, &err), "%s", err.text);
	fclose(file);
	audit_close(audit);
	store_close(store);
}

static int64_t entries_of(const char *path)
{
	struct json *report = verified(path, NULL);
	int64_t entries = json_int(json_get(report, "entries"), -1);

	json_free(report);
	return entries;
}

static void days_are_whole(int64_t wanted)
{
	char *folder = logged_path("audit");
	DIR *days = opendir(folder);
	struct dirent *day;
	int64_t entries = 0;

	while (days && (day = readdir(days))) {
		if (*day->d_name == '.')
			continue;
		char *path = mem_format("%s/%s", folder, day->d_name);
		must_be_whole(verified(path, NULL), path);
		entries += entries_of(path);
		free(path);
	}
	closedir(days);
	ck_assert_int_eq(entries, wanted);
	free(folder);
}

START_TEST(random_honest_logs)
{
	char *whole = logged_path("whole.jsonl"), *part = logged_path("part.jsonl"), *copy = logged_path("copy.db");

	seed = (unsigned)_i * 7919u + 1;
	write_some(dice(40));
	int64_t middle_ns = clock_now_ns();
	write_some(1 + dice(60));
	int64_t later_ns = clock_now_ns();
	export_to(whole, 0, 0);
	write_some(dice(30));
	must_be_whole(verified(NULL, NULL), "the database");
	must_be_whole(verified(whole, NULL), "an export, later");
	export_to(part, middle_ns, 0);
	must_be_whole(verified(part, NULL), "an export of the end");
	export_to(part, 0, middle_ns);
	must_be_whole(verified(part, NULL), "an export of the beginning");
	export_to(part, middle_ns, later_ns);
	must_be_whole(verified(part, NULL), "an export of the middle");
	days_are_whole(entries_of(NULL));
	sqlite3 *db = logged_open(NULL);
	char *vacuum = mem_format("VACUUM INTO '%s'", copy);
	logged_sql(db, vacuum);
	sqlite3_close(db);
	must_be_whole(verified(copy, NULL), "a copy");
	char *anchors = logged_path("anchors/audit.jsonl");
	must_be_whole(verified(NULL, anchors), "with its anchors");
	free(anchors);
	free(vacuum);
	free(whole);
	free(part);
	free(copy);
}
END_TEST

/* A place that was written wrongly is told; the anchor that verify looks at is there all the same. */
START_TEST(a_wrong_place_keeps_the_anchor)
{
	char *path = logged_path("config.yaml"), *anchors = logged_path("anchors/audit.jsonl");
	struct error err = { 0 };

	ck_assert(!file_save(path, "audit: {anchor: nowhere}\n", 25, 0600, NULL));
	struct config *config = config_load(path, NULL, &err);
	struct store *store = store_open(NULL, NULL);
	struct audit *audit = audit_open(store, config, NULL);
	ck_assert_ptr_nonnull(audit);
	struct audit_event event = logged_event("run");
	ck_assert(!audit_append(audit, &event, NULL, &err));
	ck_assert_int_eq(audit_anchor(audit, NULL, NULL, &err), -1);
	ck_assert_int_eq(err.code, ERR_INVALID);
	audit_close(audit);
	store_close(store);
	ck_assert_int_eq(access(anchors, F_OK), 0);
	must_be_whole(verified(NULL, anchors), "with its anchors");
	config_free(config);
	free(anchors);
	free(path);
}
END_TEST

/* Several consoles at once, and one that verifies all the while. */
START_TEST(several_at_once)
{
	pid_t children[3];
	int status, running = 3;

	for (int i = 0; i < 3; i++) {
		children[i] = fork();
		if (!children[i]) {
			seed = (unsigned)i + 99;
			write_some(40);
			_exit(0);
		}
	}
	while (running) {
		for (int i = 0; i < 3; i++)
			if (children[i] && waitpid(children[i], &status, WNOHANG) == children[i]) {
				ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
				children[i] = 0;
				running--;
			}
		struct json *report = NULL;
		if (!audit_verify(NULL, NULL, &report, NULL)) /* there may be no file yet */
			must_be_whole(report, "while others append");
	}
	must_be_whole(verified(NULL, NULL), "after all");
	ck_assert_int_ge(entries_of(NULL), 120);
	days_are_whole(entries_of(NULL));
}
END_TEST

static void *append_in_thread(void *arg)
{
	for (int i = 0; i < 50; i++) {
		struct audit_event event = logged_event("thread");

		ck_assert(!audit_append(arg, &event, NULL, NULL));
	}
	return NULL;
}

START_TEST(several_threads_and_two_consoles)
{
	struct store *stores[2] = { store_open(NULL, NULL), store_open(NULL, NULL) };
	struct audit *audits[2] = { audit_open(stores[0], NULL, NULL), audit_open(stores[1], NULL, NULL) };
	pthread_t threads[4];

	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, append_in_thread, audits[i % 2]);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	struct audit_state state;
	audit_state(audits[0], &state);
	ck_assert_uint_eq(state.entries, 200);
	for (int i = 0; i < 2; i++) {
		audit_close(audits[i]);
		store_close(stores[i]);
	}
	must_be_whole(verified(NULL, NULL), "two consoles");
	ck_assert_int_eq(entries_of(NULL), 200);
	days_are_whole(200);
}
END_TEST

START_TEST(an_empty_log)
{
	struct store *store = store_open(NULL, NULL);
	struct audit *audit = audit_open(store, NULL, NULL);

	audit_close(audit);
	store_close(store);
	must_be_whole(verified(NULL, NULL), "empty");
	char *path = logged_path("empty.jsonl");
	export_to(path, 0, 0);
	must_be_whole(verified(path, NULL), "an empty export");
	free(path);
}
END_TEST

START_TEST(a_fresh_log_after_a_damaged_one)
{
	char *own = logged_path("pilothouse.db");

	logged_write(NULL, 30);
	unlink(own);
	FILE *file = fopen(own, "w");
	for (int i = 0; i < 1000; i++)
		fputs("this is no database ", file);
	fclose(file);
	logged_write(NULL, 5);
	must_be_whole(verified(NULL, NULL), "the fresh one");
	ck_assert_int_eq(entries_of(NULL), 5);
	days_are_whole(35); /* the earlier one's day is kept apart */
	free(own);
}
END_TEST

/* A full disk between the checkpoint and its commit: it is not told as one, the next one is. */
START_TEST(a_checkpoint_without_a_commit_is_none)
{
	struct error err = { 0 };
	struct store *store = store_open(NULL, &err);
	struct audit *audit = audit_open(store, NULL, &err);
	struct audit_event event = logged_event("thing");
	struct rlimit before, full;
	struct json *receipt = NULL;

	ck_assert_msg(!audit_append(audit, &event, NULL, &err) && !audit_witness(audit, NULL, NULL, &err), "%s", err.text);
	ck_assert_msg(!audit_append(audit, &event, NULL, &err), "%s", err.text);
	ck_assert(!getrlimit(RLIMIT_FSIZE, &before));
	signal(SIGXFSZ, SIG_IGN);
	full = (struct rlimit){ 1, before.rlim_max };
	ck_assert(!setrlimit(RLIMIT_FSIZE, &full));
	int failed = audit_witness(audit, NULL, &receipt, &err);
	ck_assert(!setrlimit(RLIMIT_FSIZE, &before));
	ck_assert_int_eq(failed, -1);
	ck_assert_ptr_null(receipt);
	ck_assert_msg(!audit_witness(audit, NULL, &receipt, &err), "%s", err.text);
	ck_assert_int_eq(json_int(json_get(receipt, "size"), 0), 2);
	json_free(receipt);
	audit_close(audit);
	store_close(store);
	must_be_whole(verified(NULL, NULL), "afterwards");
}
END_TEST

/* A process that died within the day's copy: nothing twice, nothing torn, nothing missing. */
START_TEST(a_torn_copy_is_mended)
{
	char at[CLOCK_RFC3339_MAX];

	logged_write(NULL, 5);
	clock_format(clock_now_ns(), at);
	char *day = mem_format("%s/audit/%.10s.jsonl", logged_home, at), *marker = logged_path("audit/.copied");
	size_t length, day_length;
	char *before = file_load(marker, 1000, &length, NULL);
	logged_write(NULL, 2);
	char *text = file_load(day, 1 << 20, &day_length, NULL);
	ck_assert(!file_save(day, text, day_length - 40, 0600, NULL)); /* the last line torn */
	ck_assert(!file_save(marker, before, length, 0600, NULL));     /* and nothing noted */
	logged_write(NULL, 3);
	must_be_whole(verified(day, NULL), "the day");
	ck_assert_int_eq(entries_of(day), 10);
	free(before);
	free(text);
	free(day);
	free(marker);
}
END_TEST

START_TEST(an_export_is_limited_by_time_only)
{
	struct store *store = store_open(NULL, NULL);
	struct audit *audit = audit_open(store, NULL, NULL);
	struct audit_query query = { .user = "ana" };
	struct error err = { 0 };

	ck_assert(audit_export(audit, &query, to_file, stderr, &err));
	ck_assert_int_eq(err.code, ERR_INVALID);
	audit_close(audit);
	store_close(store);
}
END_TEST

/* --- a store that can only be read --- */

START_TEST(read_only_can_be_listed_and_not_written)
{
	logged_write(NULL, 3);
	if (geteuid() == 0) { /* root writes everywhere; so as nobody */
		char *give = mem_format("chown -R nobody %s && chmod -R u+rX,u-w %s && chmod 0755 %s", logged_home, logged_home, logged_home);
		ck_assert(!system(give));
		free(give);
		ck_assert(!setreuid(65534, 65534));
	} else {
		chmod(logged_home, 0500);
	}
	struct error err = { 0 };
	struct store *store = store_open(NULL, &err);
	ck_assert_msg(store != NULL, "%s", err.text);
	ck_assert(store_read_only(store));
	struct audit *audit = audit_open(store, NULL, &err);
	ck_assert_msg(audit != NULL, "%s", err.text);
	struct json *entry = newest(audit);
	json_free(entry);
	struct audit_event event = logged_event("thing");
	ck_assert(audit_append(audit, &event, NULL, &err));
	ck_assert_int_eq(err.code, ERR_IO);
	audit_close(audit);
	store_close(store);
	must_be_whole(verified(NULL, NULL), "read only");
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_checked_fixture(tc, setup, logged_end);
	tcase_add_test(tc, an_entry_has_what_is_promised);
	tcase_add_test(tc, entries_are_canonical);
	tcase_add_test(tc, secrets_are_hidden);
	tcase_add_test(tc, nothing_is_changed_afterwards);
	tcase_add_loop_test(tc, random_honest_logs, 0, 20);
	tcase_add_test(tc, several_at_once);
	tcase_add_test(tc, a_wrong_place_keeps_the_anchor);
	tcase_add_test(tc, several_threads_and_two_consoles);
	tcase_add_test(tc, an_empty_log);
	tcase_add_test(tc, a_fresh_log_after_a_damaged_one);
	tcase_add_test(tc, a_checkpoint_without_a_commit_is_none);
	tcase_add_test(tc, a_torn_copy_is_mended);
	tcase_add_test(tc, an_export_is_limited_by_time_only);
	tcase_add_test(tc, read_only_can_be_listed_and_not_written);
}

TEST_MAIN("gate/audit")
