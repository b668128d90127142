#include "check_main.h"
#include "host_tree.h"

#include "base/clock.h"
#include "base/process.h"
#include "provider/host/host.h"
#include "provider/host/process_table.h"

static struct machine machine;

static void set_up(void)
{
	tree_make();
}

static void tear_down(void)
{
	machine_close(&machine);
	tree_remove();
}

START_TEST(test_no_proc)
{
	struct error err = { 0 };

	ck_assert_int_eq(machine_open(&machine, "/nonexistent/root", NULL, NULL, &err), -1);
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
	open_tree(&machine);
}
END_TEST

START_TEST(test_processes)
{
	tree_process(1, "init", 0, 10, 1);
	tree_process(20, "we\033[31mb) S 9 (\n", 1, 500, 100);
	tree_process(300, "kw", 2, 0, 50);
	tree_put("/proc/garbage/stat", "x");
	tree_put("/proc/40/other", "");           /* ended between folder and stat */
	tree_put("/proc/41/stat", "41 (half");    /* ended while it was read */
	tree_put_n("/proc/20/cmdline", "web\0--port\0" "80\0", 14, 0644);
	tree_put("/proc/meminfo", "MemTotal: 10000 kB\nMemAvailable: 5000 kB\n");
	open_tree(&machine);
	struct json *items = items_of(&machine, "processes", NULL);
	const struct json *web = item_named(items, "20");

	ck_assert_uint_eq(json_count(items), 3);
	ck_assert_ptr_nonnull(web);
	ck_assert_str_eq(json_text(json_get(web, "id")), "host:box/processes/20");
	ck_assert_str_eq(json_text(json_get(web, "command")), "web --port 80");
	ck_assert_ptr_null(strchr(json_text(json_get(web, "program")), '\033'));
	ck_assert_str_eq(json_text(json_get(web, "state")), "sleeping");
	ck_assert_int_eq(json_int(json_get(web, "parent"), -1), 1);
	ck_assert_int_eq(json_int(json_get(web, "rss"), -1), 250 * sysconf(_SC_PAGESIZE));
	ck_assert_str_eq(json_text(json_get(web, "started")), "2023-11-14T22:13:21.000Z");
	ck_assert_double_eq(json_number(json_get(web, "cpu"), -1), 0);
	ck_assert_str_eq(json_text(json_get(item_named(items, "1"), "command")), "[init]");
	json_free(items);
	items = items_of(&machine, "processes", "20");
	ck_assert_uint_eq(json_count(items), 1);
	json_free(items);
}
END_TEST

START_TEST(test_cpu_takes_two_samples)
{
	struct process_table *table = process_table_new();

	tree_process(7, "busy", 1, 100, 5);
	open_tree(&machine);
	ck_assert_int_eq(process_table_scan(table, &machine, NULL), 0);
	ck_assert(process_table_is_first(table));
	ck_assert(process_table_find(table, 7)->cpu != process_table_find(table, 7)->cpu); /* unknown */
	const int64_t sampled_ns = process_table_find(table, 7)->sampled_ns;

	while (process_table_find(table, 7)->sampled_ns == sampled_ns) { /* scans until the shortest sample has passed */
		tree_process(7, "busy", 1, 150, 5);
		ck_assert_int_eq(process_table_scan(table, &machine, NULL), 0);
	}
	ck_assert(!process_table_is_first(table));
	ck_assert_double_gt(process_table_find(table, 7)->cpu, 0);
	const int64_t began = (clock_now_ns() - machine.boot_ns) / CLOCK_SECOND_NS * machine.ticks_per_second;

	tree_process(7, "other", 1, 10, (unsigned long)began); /* the pid was given to another, which used all it has since the scan before */
	tree_process(9, "hidden", 1, 100000, 5);     /* an old one that was not seen until now did not */
	usleep(60000);
	ck_assert_int_eq(process_table_scan(table, &machine, NULL), 0);
	ck_assert_double_gt(process_table_find(table, 7)->cpu, 0);
	ck_assert_double_lt(process_table_find(table, 7)->cpu, 200); /* 10 ticks in 60 ms and more */
	ck_assert(process_table_find(table, 9)->cpu != process_table_find(table, 9)->cpu);
	tree_process(8, "young", 1, 10, 99); /* too short after the last scan to say */
	ck_assert_int_eq(process_table_scan(table, &machine, NULL), 0);
	ck_assert(process_table_find(table, 8)->cpu != process_table_find(table, 8)->cpu || process_table_find(table, 8)->cpu > 0);
	process_table_free(table);
}
END_TEST

START_TEST(test_command_is_read_seldom)
{
	struct process_table *table = process_table_new();
	int kept = 0;

	tree_process(7, "one", 1, 1, 5);
	tree_put("/proc/7/cmdline", "first");
	open_tree(&machine);
	process_table_scan(table, &machine, NULL);
	tree_put("/proc/7/cmdline", "second"); /* a young one that ran exec under the same name: seen at once */
	process_table_scan(table, &machine, NULL);
	ck_assert_str_eq(process_table_find(table, 7)->command, "second");
	for (int i = 0; i < 16; i++)
		process_table_scan(table, &machine, NULL);
	tree_put("/proc/7/cmdline", "third"); /* an old one that wrote its own title: seen, not at each scan */
	while (!strcmp(process_table_find(table, 7)->command, "second") && ++kept < 100)
		process_table_scan(table, &machine, NULL);
	ck_assert_str_eq(process_table_find(table, 7)->command, "third");
	ck_assert_int_gt(kept, 1);
	tree_put("/proc/7/cmdline", "fourth");
	tree_process(7, "two", 1, 1, 5); /* exec: same pid and start, other name */
	process_table_scan(table, &machine, NULL);
	ck_assert_str_eq(process_table_find(table, 7)->command, "fourth");
	ck_assert_ptr_null(process_table_find(table, 8));
	process_table_free(table);
}
END_TEST

START_TEST(test_host_unknown_is_not_zero)
{
	tree_put("/proc/meminfo", "MemTotal: 1000 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n"); /* an old kernel: no MemAvailable */
	open_tree(&machine);
	struct json *items = items_of(&machine, "hosts", NULL);
	const struct json *host = json_item(items, 0);

	ck_assert_str_eq(json_text(json_get(host, "name")), "box");
	ck_assert_str_eq(json_text(json_get(host, "kernel")), "6.1.0-test");
	ck_assert_int_eq(json_int(json_get(host, "cores"), 0), 1);
	ck_assert_int_eq(json_int(json_get(host, "mem_total"), 0), 1024000);
	ck_assert(json_is(json_get(host, "mem"), JSON_NULL));
	ck_assert(json_is(json_get(host, "swap"), JSON_NULL));
	ck_assert(json_is(json_get(host, "pressure_cpu"), JSON_NULL));
	ck_assert(json_is(json_get(host, "load1"), JSON_NULL));
	ck_assert(json_is(json_get(host, "cpu"), JSON_NULL)); /* the counters stand still in this tree */
	json_free(items);
}
END_TEST

START_TEST(test_sockets_and_owners)
{
	tree_process(5, "srv", 1, 1, 1);
	tree_link("/proc/5/fd/0", "/dev/null");
	tree_link("/proc/5/fd/3", "socket:[777]");
	tree_link("/proc/5/fd/4", "socket:[xyz]");
	tree_put("/proc/net/tcp", "  sl  local_address rem_address   st\n"
				  "   0: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 777 1\n"
				  "   1: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000    99        0 888 1\n"
				  "   2: 0100007F:1F90 0100007F:8888 01 00000000:00000000 00:00000000 00000000    99        0 889 1\n");
	open_tree(&machine);
	struct json *items = items_of(&machine, "sockets", NULL);
	const struct json *web = item_named(items, "tcp:0.0.0.0:80"), *other = item_named(items, "tcp:127.0.0.1:8080");

	ck_assert_uint_eq(json_count(items), 2);
	ck_assert_str_eq(json_text(json_get(web, "process")), "srv");
	ck_assert_int_eq(json_int(json_get(web, "pid"), 0), 5);
	ck_assert_str_eq(json_text(json_get(web, "reach")), "all");
	ck_assert_str_eq(json_text(json_get(web, "user")), "root");
	ck_assert(json_is(json_get(other, "pid"), JSON_NULL)); /* nobody to be seen: unknown, not 0 */
	ck_assert_str_eq(json_text(json_get(other, "reach")), "local");
	json_free(items);
	tree_link("/proc/5/fd/3", "/dev/null"); /* it handed the socket to its child */
	tree_process(6, "child", 5, 1, 1);
	tree_link("/proc/6/fd/9", "socket:[777]");
	items = items_of(&machine, "sockets", "tcp:0.0.0.0:80");
	ck_assert_int_eq(json_int(json_get(json_item(items, 0), "pid"), 0), 6);
	json_free(items);
}
END_TEST

START_TEST(test_disks_and_interfaces)
{
	tree_put("/proc/diskstats", " 254 0 vda 10 0 2000 5 20 0 4000 7 1 30 40\n 254 1 vda1 1 1 1 1 1 1 1 1 1 1 1\n 7 0 loop0 0 0 0 0 0 0 0 0 0 0 0\n 1 bad\n");
	tree_put("/sys/block/vda/size", "2048\n");
	tree_put("/sys/block/vda/queue/rotational", "0\n");
	tree_put("/sys/block/loop0/size", "0\n");
	tree_put("/proc/net/dev", "Inter-| Receive\n face |bytes\n    lo: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n  e0:bad\n");
	tree_put("/sys/class/net/lo/operstate", "unknown\n");
	tree_put("/sys/class/net/lo/carrier", "1\n");
	open_tree(&machine);
	struct json *items = items_of(&machine, "disks", NULL);

	ck_assert_uint_eq(json_count(items), 1);
	ck_assert_int_eq(json_int(json_get(json_item(items, 0), "size"), 0), 2048 * 512);
	ck_assert_str_eq(json_text(json_get(json_item(items, 0), "type")), "solid");
	ck_assert_int_eq(json_int(json_get(json_item(items, 0), "queue"), -1), 1);
	ck_assert_int_eq(json_int(json_get(json_item(items, 0), "read"), -1), 0); /* read twice, and nothing between */
	json_free(items);
	items = items_of(&machine, "interfaces", NULL);
	ck_assert_uint_eq(json_count(items), 1);
	ck_assert_str_eq(json_text(json_get(json_item(items, 0), "state")), "up");
	ck_assert_int_eq(json_int(json_get(json_item(items, 0), "errors"), -1), 3 + 11);
	ck_assert(json_is(json_get(json_item(items, 0), "speed"), JSON_NULL));
	json_free(items);
}
END_TEST

START_TEST(test_filesystems)
{
	char line[600];

	snprintf(line, sizeof(line), "1 0 8:1 / / rw - ext4 /dev/a rw\n2 1 0:9 / /proc rw - proc proc rw\n3 1 8:1 /sub /again rw - ext4 /dev/a rw\n"
				     "4 1 8:9 / /gone rw - ext4 /dev/b rw\nbroken\n");
	tree_put("/proc/self/mountinfo", line);
	open_tree(&machine);
	struct json *items = items_of(&machine, "filesystems", NULL);

	ck_assert_uint_eq(json_count(items), 2);
	ck_assert_str_eq(json_text(json_get(json_item(items, 0), "id")), "host:box/filesystems//");
	ck_assert(json_int(json_get(json_item(items, 0), "size"), 0) > 0);
	ck_assert_str_eq(json_text(json_get(json_item(items, 1), "mode")), "unreachable");
	ck_assert(json_is(json_get(json_item(items, 1), "use"), JSON_NULL));
	json_free(items);
}
END_TEST

START_TEST(test_services_none)
{
	struct kinds *kinds = kinds_load(NULL, NULL);
	const struct kind *kind = kinds_find(kinds, "host/services");
	struct feed feed = feed_make(kind);
	struct rows rows;

	open_tree(&machine);
	ck_assert_ptr_nonnull(kind);
	rows_to_feed(&rows, &machine, &service_fields, kind, NULL, &feed);
	ck_assert_int_eq(service_list(&rows, NULL), 0);
	ck_assert_uint_eq(feed.rows.length, 0);
	ck_assert_ptr_nonnull(strstr(feed.notes.data, "!services: none: this machine runs neither systemd nor scripts"));
	feed_drop(&feed);
	kinds_free(kinds);
}
END_TEST

START_TEST(test_services_sysv)
{
	static const char alive[] = "#!/bin/sh\n# Short-Description: \033]0;x\a web\ncase $1 in status) exit 0;; esac\n";
	static const char dead[] = "#!/bin/sh\ncase $1 in status) exit 1;; esac\n";
	static const char mute[] = "#!/bin/sh\necho never asked; exit 0\n";

	tree_put_n("/etc/init.d/web", alive, strlen(alive), 0755);
	tree_put_n("/etc/init.d/db", dead, strlen(dead), 0755);
	tree_put_n("/etc/init.d/mute", mute, strlen(mute), 0755);
	tree_put_n("/etc/init.d/README", mute, strlen(mute), 0755);
	tree_put("/etc/init.d/data", "not a script");
	tree_link("/etc/rc3.d/S01web", "../init.d/web");
	open_tree(&machine);
	struct json *items = items_of(&machine, "services", NULL);
	const struct json *web = item_named(items, "web");

	ck_assert_uint_eq(json_count(items), 3);
	ck_assert_str_eq(json_text(json_get(web, "state")), "active");
	ck_assert_str_eq(json_text(json_get(web, "start")), "enabled");
	ck_assert_ptr_null(strchr(json_text(json_get(web, "description")), '\033'));
	ck_assert_str_eq(json_text(json_get(item_named(items, "db"), "state")), "failed");
	ck_assert_str_eq(json_text(json_get(item_named(items, "db"), "start")), "disabled");
	ck_assert_str_eq(json_text(json_get(item_named(items, "mute"), "state")), "unknown");
	json_free(items);
}
END_TEST

/* Every column of the shipped kinds names a field that the C side offers. */
START_TEST(test_kinds_know_their_fields)
{
	struct json *problems = json_array();
	struct kinds *kinds = kinds_load(problems, NULL);
	size_t found = 0;

	open_tree(&machine);
	for (size_t i = 0; i < kinds_count(kinds); i++) {
		const struct kind *kind = kinds_at(kinds, i);
		struct feed feed = feed_make(kind);
		struct rows rows;

		feed_drop(&feed);
		if (strcmp(kind->provider, "host") != 0)
			continue;
		ck_assert_msg(host_list_find(kind->name) != NULL, "%s", kind->name);
		rows_to_feed(&rows, &machine, host_list_find(kind->name)->fields, kind, NULL, &feed);
		for (size_t c = 0; c < kind->column_count; c++)
			ck_assert_msg(rows.column_field[c] >= 0 || !*kind->columns[c].path, "%s: %s", kind->name, kind->columns[c].path);
		ck_assert_int_ge(kind->role[ROLE_NAME], 0);
		found++;
	}
	ck_assert_uint_eq(found, host_list_count);
	for (const struct json *problem = json_first(problems); problem; problem = json_next(problem))
		ck_assert_msg(!strstr(json_text_or(json_get(problem, "file"), ""), "/host/"), "%s", json_text(json_get(problem, "message")));
	json_free(problems);
	kinds_free(kinds);
}
END_TEST

/* This machine itself through the provider's own door. */
START_TEST(test_real_machine)
{
	struct kinds *kinds = kinds_load(NULL, NULL);
	struct provider *provider = NULL;
	struct error err = { 0 };
	struct ref ref = { .provider = "host", .kind = "processes" };
	struct json *object = NULL;
	char id[700];

	open_tree(&machine);
	ck_assert_int_eq(host_provider.open(&provider, kinds, NULL, NULL, &err), 0);
	for (size_t i = 0; i < host_list_count; i++) {
		const struct kind *kind;
		char name[80];

		snprintf(name, sizeof(name), "host/%s", host_lists[i].fields->kind);
		kind = kinds_find(kinds, name);
		ck_assert_msg(kind != NULL, "%s", name);
		struct feed feed = feed_make(kind);

		ck_assert_msg(host_provider.list(provider, kind, &(struct selection){ 0 }, &feed, &err) == 0, "%s: %s", name, err.text);
		ck_assert_int_eq(feed.ended, 1);
		if (!strcmp(kind->name, "processes")) {
			snprintf(id, sizeof(id), "|%d|", (int)getpid());
			ck_assert_ptr_nonnull(strstr(feed.rows.data, id));
		}
		feed_drop(&feed);
	}
	snprintf(ref.name, sizeof(ref.name), "%d", (int)getpid());
	ck_assert_int_eq(host_provider.get(provider, &ref, &object, &err), 0);
	ck_assert_int_eq(json_int(json_get(object, "parent"), 0), getppid());
	ck_assert_ptr_nonnull(strstr(json_text(json_get(object, "status")), "Name:"));
	json_free(object);
	strcpy(ref.name, "99999999");
	ck_assert_int_eq(host_provider.get(provider, &ref, &object, &err), -1);
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
	host_provider.close(provider);
	kinds_free(kinds);
}
END_TEST

static void add_tests(TCase *tc)
{
	const char *srcdir = getenv("srcdir");

	setenv("PILOTHOUSE_DATA", srcdir ? srcdir : ".", 0);
	setenv("PILOTHOUSE_HOME", "/tmp/ph-host-home", 1);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, test_no_proc);
	tcase_add_test(tc, test_processes);
	tcase_add_test(tc, test_cpu_takes_two_samples);
	tcase_add_test(tc, test_command_is_read_seldom);
	tcase_add_test(tc, test_host_unknown_is_not_zero);
	tcase_add_test(tc, test_sockets_and_owners);
	tcase_add_test(tc, test_disks_and_interfaces);
	tcase_add_test(tc, test_filesystems);
	tcase_add_test(tc, test_services_none);
	tcase_add_test(tc, test_services_sysv);
	tcase_add_test(tc, test_kinds_know_their_fields);
	tcase_add_test(tc, test_real_machine);
}
TEST_MAIN("provider/host lists")
