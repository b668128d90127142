#include "check_main.h"
#include "host_tree.h"

#include <math.h>
#include <stdio.h>

#include "base/clock.h"
#include "provider/host/filesystems.h"
#include "provider/host/process_table.h"
#include "provider/host/proctext.h"
#include "provider/host/rates.h"
#include "provider/host/service_manager.h"
#include "provider/host/trend.h"
#include "provider/host/unit_files.h"
#include "provider/host/sockets.h"
#include "provider/host/summary.h"

static const char tail[] = " S 1 77 78 34816 77 4194304 10 20 30 40 500 250 5 6 20 -5 4 0 123456 99999744 321 18446744073709551615 1 1\n";

static int parse_stat(const char *head, struct process_stat *stat)
{
	char line[1024];

	snprintf(line, sizeof(line), "%s%s", head, tail);
	return process_stat_parse(line, strlen(line), stat);
}

START_TEST(test_stat_fields)
{
	struct process_stat stat;

	ck_assert_int_eq(parse_stat("4242 (nginx)", &stat), 0);
	ck_assert_int_eq(stat.pid, 4242);
	ck_assert_int_eq(stat.parent, 1);
	ck_assert_int_eq(stat.session, 78);
	ck_assert_int_eq(stat.terminal, 34816);
	ck_assert_int_eq(stat.state, 'S');
	ck_assert_uint_eq(stat.ticks, 750);
	ck_assert_int_eq(stat.nice, -5);
	ck_assert_int_eq(stat.threads, 4);
	ck_assert_uint_eq(stat.start_ticks, 123456);
	ck_assert_int_eq(stat.rss_pages, 321);
	ck_assert_str_eq(stat.name, "nginx");
}
END_TEST

START_TEST(test_stat_hostile_names)
{
	struct process_stat stat;

	ck_assert_int_eq(parse_stat("1 (a) R 1 (b)", &stat), 0);
	ck_assert_str_eq(stat.name, "a) R 1 (b");
	ck_assert_int_eq(stat.parent, 1);
	ck_assert_int_eq(parse_stat("2 (x\ny)", &stat), 0);
	ck_assert_str_eq(stat.name, "x\ny");
	ck_assert_int_eq(parse_stat("3 (\033]52;c;!\a)", &stat), 0);
	ck_assert_str_eq(stat.name, "\033]52;c;!\a");
	ck_assert_int_eq(parse_stat("4 ()", &stat), 0);
	ck_assert_uint_eq(stat.name_length, 0);
	ck_assert_int_eq(parse_stat("5 (kworker/u256:99-a-name-much-longer-than-any-the-kernel-would-ever-give-to-a-thread)", &stat), 0);
	ck_assert_uint_eq(stat.name_length, PROCESS_NAME_MAX - 1);
}
END_TEST

START_TEST(test_stat_broken)
{
	struct process_stat stat;
	static const char *const lines[] = { "", "1", "1 (a", "1 a) S 1", ") 1 (", "1 (a) S 1 2 3", "x (a) S 1 1 1 0 -1 0 0 0 0 0 1 1 0 0 20 0 1 0 5 5 5",
		"99999999999999999999 (a) S 1 1 1 0 -1 0 0 0 0 0 1 1 0 0 20 0 1 0 5 5 5",
		"1 (a) S 1 1 1 0 -1 0 0 0 0 0 18446744073709551615 1 0 0 20 0 1 0 5 5 5",
		"1 (a) S 1 1 1 0 -1 0 0 0 0 0 18446744073709551616 1 0 0 20 0 1 0 5 5 5" };

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		ck_assert_msg(process_stat_parse(lines[i], strlen(lines[i]), &stat) == -1, "%s", lines[i]);
}
END_TEST

/* Every prefix of a line: a process that vanishes while it is read may leave any of them. Never past the end (ASan sees). */
START_TEST(test_stat_every_prefix)
{
	char line[512];
	struct process_stat stat;

	snprintf(line, sizeof(line), "77 (a b)%s", tail);
	for (size_t length = 0; length < strlen(line); length++) {
		char *exact = malloc(length + 1);

		memcpy(exact, line, length);
		process_stat_parse(exact, length, &stat);
		free(exact);
	}
	ck_assert_int_eq(process_stat_parse(line, 40, &stat), -1);
}
END_TEST

START_TEST(test_command_join)
{
	char one[] = "a\0b c\0\0d\0\0";

	ck_assert_uint_eq(process_command_join(one, sizeof(one) - 1), 8);
	ck_assert_mem_eq(one, "a b c  d", 8);
	char none[] = "\0\0";

	ck_assert_uint_eq(process_command_join(none, 2), 0);
}
END_TEST

START_TEST(test_unit_of_cgroup)
{
	char unit[64];
	static const char v2[] = "0::/system.slice/nginx.service\n";
	static const char v1[] = "9:name=systemd:/system.slice/ssh.service\n0::/\n";
	static const char none[] = "0::/user.slice/user-0.slice/session-1.scope\n";

	process_unit(v2, sizeof(v2) - 1, unit, sizeof(unit));
	ck_assert_str_eq(unit, "nginx.service");
	process_unit(v1, sizeof(v1) - 1, unit, sizeof(unit));
	ck_assert_str_eq(unit, "ssh.service");
	process_unit(none, sizeof(none) - 1, unit, sizeof(unit));
	ck_assert_str_eq(unit, "");
	process_unit(v2, sizeof(v2) - 1, unit, 8); /* too long for the place: none, not half a name */
	ck_assert_str_eq(unit, "");
}
END_TEST

START_TEST(test_numbers)
{
	uint64_t value = 7;
	struct proctext text = proctext_of("12 -5 x", 7);
	int64_t number;

	ck_assert_int_eq(proctext_number("18446744073709551615", 20, 10, &value), 0);
	ck_assert_uint_eq(value, UINT64_MAX);
	ck_assert_int_eq(proctext_number("18446744073709551616", 20, 10, &value), -1);
	ck_assert_int_eq(proctext_number("", 0, 10, &value), -1);
	ck_assert_int_eq(proctext_number("1f", 2, 16, &value), 0);
	ck_assert_uint_eq(value, 31);
	ck_assert_int_eq(proctext_number("8", 1, 8, &value), -1);
	ck_assert_int_eq(proctext_i64(&text, &number), 0);
	ck_assert_int_eq(proctext_i64(&text, &number), 0);
	ck_assert_int_eq(number, -5);
	ck_assert_int_eq(proctext_i64(&text, &number), -1);
	ck_assert_int_eq(proctext_i64(&text, &number), -1);
}
END_TEST

START_TEST(test_memory)
{
	static const char text[] = "MemTotal:       16384000 kB\nMemFree:  1 kB\nMemAvailable:    8192000 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n"
				   "Cached: 99999999999999999999 kB\nSwapCached: 5 kB\n";
	struct memory_facts memory;

	memory_parse(text, sizeof(text) - 1, &memory);
	ck_assert_int_eq(memory.total, INT64_C(16384000) * 1024);
	ck_assert_int_eq(memory.available, INT64_C(8192000) * 1024);
	ck_assert_int_eq(memory.swap_total, 0);
	ck_assert_int_eq(memory.cached, -1); /* does not fit: unknown, not wrapped */
	ck_assert_int_eq(memory.dirty, -1);
	memory_parse("", 0, &memory);
	ck_assert_int_eq(memory.total, -1);
}
END_TEST

START_TEST(test_cpu)
{
	static const char text[] = "cpu  10 20 30 400 50 6 7 8 9 10\ncpu0 1 1 1 1\ncpu1 1 1 1 1\nintr 5 5\nprocs_running 3\nprocs_blocked 2\n";
	struct cpu_facts cpu;

	cpu_parse(text, sizeof(text) - 1, &cpu);
	ck_assert_int_eq(cpu.known, 1);
	ck_assert_uint_eq(cpu.total, 531);
	ck_assert_uint_eq(cpu.busy, 81);
	ck_assert_uint_eq(cpu.wait, 50);
	ck_assert_uint_eq(cpu.steal, 8);
	ck_assert_int_eq(cpu.cores, 2);
	ck_assert_int_eq(cpu.running, 3);
	ck_assert_int_eq(cpu.blocked, 2);
	cpu_parse("nothing", 7, &cpu);
	ck_assert_int_eq(cpu.known, 0);
	ck_assert_int_eq(cpu.running, -1);
}
END_TEST

START_TEST(test_pressure)
{
	static const char text[] = "some avg10=1.50 avg60=0.75 avg300=0.10 total=123\nfull avg10=0.00 avg60=nan avg300=x total=1\n";
	struct pressure_facts facts;

	pressure_parse(text, sizeof(text) - 1, &facts);
	ck_assert_double_eq_tol(facts.some[0], 1.5, 1e-9);
	ck_assert_double_eq_tol(facts.some[2], 0.1, 1e-9);
	ck_assert_double_eq(facts.full[0], 0);
	ck_assert_double_nan(facts.full[1]);
	pressure_parse("", 0, &facts);
	ck_assert_double_nan(facts.some[0]);
}
END_TEST

START_TEST(test_load)
{
	double load[3];

	ck_assert_int_eq(load_parse("2.58 1.14 0.90 7/142 21362\n", 27, load), 0);
	ck_assert_double_eq_tol(load[1], 1.14, 1e-9);
	ck_assert_int_eq(load_parse("2.58 x", 6, load), -1);
}
END_TEST

static struct proctext line_of(const char *text)
{
	return proctext_of(text, strlen(text));
}

START_TEST(test_mount)
{
	struct mount mount;

	ck_assert_int_eq(mount_parse(line_of("36 35 98:0 /mnt1 /mnt/a\\040b\\012 rw,noatime master:1 shared:2 - ext3 /dev/root rw"), &mount), 0);
	ck_assert_str_eq(mount.point, "/mnt/a b\n");
	ck_assert_str_eq(mount.type, "ext3");
	ck_assert_str_eq(mount.device, "98:0");
	ck_assert_int_eq(mount.read_only, 0);
	ck_assert_int_eq(mount_parse(line_of("36 35 98:0 / / ro,relatime - xfs"), &mount), 0);
	ck_assert_int_eq(mount.read_only, 1);
	ck_assert_str_eq(mount.source, "");
	ck_assert_int_eq(mount_parse(line_of("36 35 98:0 / / rw no separator"), &mount), -1);
	ck_assert_int_eq(mount_parse(line_of(""), &mount), -1);
	ck_assert_int_eq(mount_parse(line_of("1 2 0:5 / /x rw - nfs4 s:/x rw"), &mount), 0);
	ck_assert_int_eq(mount_is_network(&mount), 1);
	ck_assert_int_eq(mount_is_pseudo(&mount), 0);
}
END_TEST

START_TEST(test_socket_lines)
{
	struct socket_line line;

	ck_assert_int_eq(socket_line_parse(line_of("   0: 0100007F:1F90 00000000:0000 0A 00000000:00000003 00:00000000 00000000  1000        0 12345 1 x"), 0, &line), 0);
	ck_assert_str_eq(line.address, "127.0.0.1");
	ck_assert_uint_eq(line.port, 8080);
	ck_assert_int_eq(line.listening, 1);
	ck_assert_uint_eq(line.uid, 1000);
	ck_assert_uint_eq(line.inode, 12345);
	ck_assert_uint_eq(line.receive_queue, 3);
	ck_assert_int_eq(socket_line_parse(line_of(" 1: 00000000000000000000000001000000:0016 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 7 1"), 0, &line), 0);
	ck_assert_str_eq(line.address, "::1");
	ck_assert_uint_eq(line.port, 22);
	ck_assert_int_eq(socket_line_parse(line_of("  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode"), 0, &line), -1);
	ck_assert_int_eq(socket_line_parse(line_of("0: 0100007F:1F9000 0:0 0A 0:0 0:0 0 0 0 1"), 0, &line), -1);
	ck_assert_int_eq(socket_line_parse(line_of("0: ZZ00007F:1F90 0:0 0A 0:0 0:0 0 0 0 1"), 0, &line), -1);
	ck_assert_int_eq(socket_line_parse(line_of("0: 0100007F:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000 0 0 9 2"), 1, &line), 0);
	ck_assert_int_eq(line.listening, 1);
}
END_TEST

struct seen {
	struct service list[8];
	size_t count;
};

static void see(void *arg, const struct service *service)
{
	struct seen *seen = arg;

	ck_assert_uint_lt(seen->count, 8);
	seen->list[seen->count++] = *service;
}

START_TEST(test_systemd_show)
{
	static const char text[] = "Id=nginx.service\nLoadState=loaded\nActiveState=failed\nSubState=failed\nUnitFileState=enabled\nDescription=A web\033[2J server\n"
				   "Result=exit-code\nMainPID=0\nNRestarts=7\nMemoryCurrent=[not set]\nTasksCurrent=18446744073709551615\n"
				   "\nId=ghost.service\nLoadState=not-found\nActiveState=inactive\n"
				   "\nId=ssh.service\nActiveState=active\nSubState=running\nMainPID=611\nMemoryCurrent=4096\n";
	struct seen seen = { 0 };

	systemd_parse(text, sizeof(text) - 1, see, &seen);
	ck_assert_uint_eq(seen.count, 2);
	ck_assert_str_eq(seen.list[0].name, "nginx");
	ck_assert_str_eq(seen.list[0].state, "failed");
	ck_assert_str_eq(seen.list[0].result, "exit-code");
	ck_assert_int_eq(seen.list[0].restarts, 7);
	ck_assert_int_eq(seen.list[0].memory_bytes, -1);
	ck_assert_int_eq(seen.list[0].tasks, -1);
	ck_assert_str_eq(seen.list[1].name, "ssh");
	ck_assert_int_eq(seen.list[1].pid, 611);
	ck_assert_int_eq(seen.list[1].memory_bytes, 4096);
	ck_assert_int_eq(seen.list[1].restarts, -1);
}
END_TEST

START_TEST(test_installed_and_not_loaded)
{
	/* as systemd 252 prints them */
	static const char text[] = "bell.service                           static          -\n"
				   "autovt@.service                        alias           -\n"
				   "dbus-org.freedesktop.login1.service    alias           -\n"
				   "getty@.service                         enabled         enabled\n"
				   "cryptdisks.service                     masked          enabled\n"
				   "nginx.service                          disabled        enabled\n"
				   ".service static -\n-x.service static -\nlonely.service\n";
	struct seen seen = { 0 };

	unit_files_parse(text, sizeof(text) - 1, "\nnginx\nell\n", see, &seen);
	ck_assert_uint_eq(seen.count, 2);
	ck_assert_str_eq(seen.list[0].name, "bell");
	ck_assert_str_eq(seen.list[0].state, "inactive");
	ck_assert_str_eq(seen.list[0].start, "static");
	ck_assert_int_eq(seen.list[0].restarts, -1);
	ck_assert_str_eq(seen.list[1].name, "cryptdisks");
	ck_assert_str_eq(seen.list[1].start, "masked");
}
END_TEST

START_TEST(test_trend)
{
	struct trends *trends = trends_new();
	const int64_t second = 1000000000;
	double seconds = 0;

	/* a megabyte a second for ten minutes: 600 MB are left, so ten minutes more */
	for (int64_t at = 0; at <= 600; at += 10) {
		seconds = trends_next(trends, "/a", at * 1000000, 600000000, at * second);
		ck_assert(at < 120 ? seconds != seconds : seconds > 599 && seconds < 601);
	}
	/* it stops: as soon as the newer half stands still there is no trend */
	for (int64_t at = 610; at <= 1500; at += 10)
		seconds = trends_next(trends, "/a", 600 * 1000000, 1, at * second);
	ck_assert(seconds != seconds);
	/* slower lately: the slower pace counts; one that shrinks never fills up */
	for (int64_t at = 0; at <= 400; at += 10) {
		seconds = trends_next(trends, "/b", at < 200 ? at * 10 : 2000 + (at - 200), 1000, at * second);
		double other = trends_next(trends, "/c", 1000 - at, 1000, at * second);

		ck_assert(other != other);
	}
	ck_assert(seconds > 990 && seconds < 1010);
	trends_free(trends);
	trends_free(NULL);
}
END_TEST

START_TEST(test_service_names)
{
	static const char *const bad[] = { "", "-x", "../../etc/passwd", "a b", "a;b", "*", "a\nb", ".hidden", "$(id)" };

	ck_assert(service_name_is_valid("getty@tty1"));
	ck_assert(service_name_is_valid("systemd-fsck@dev-disk-by\\x2duuid"));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ck_assert_msg(!service_name_is_valid(bad[i]), "%s", bad[i]);
}
END_TEST

START_TEST(test_sysv_header)
{
	static const char script[] = "#!/bin/sh\n### BEGIN INIT INFO\n# Required-Start:  $remote_fs postgresql\n#  Short-Description:\tA thing\n# pidfile: /run/x.pid\n### END\n";
	char out[64];

	sysv_header(script, sizeof(script) - 1, "Short-Description", out, sizeof(out));
	ck_assert_str_eq(out, "A thing");
	sysv_header(script, sizeof(script) - 1, "pidfile", out, sizeof(out));
	ck_assert_str_eq(out, "/run/x.pid");
	sysv_header(script, sizeof(script) - 1, "Default-Start", out, sizeof(out));
	ck_assert_str_eq(out, "");
	ck_assert_str_eq(sysv_state(0), "active");
	ck_assert_str_eq(sysv_state(1), "failed");
	ck_assert_str_eq(sysv_state(3), "inactive");
	ck_assert_str_eq(sysv_state(-1), "unknown");
}
END_TEST

START_TEST(test_rates)
{
	struct rates *rates = rates_new();
	const int64_t second = CLOCK_SECOND_NS;

	ck_assert_double_nan(rates_next(rates, "a", "x", 100, second));
	ck_assert_double_eq_tol(rates_next(rates, "a", "x", 300, 3 * second), 100, 1e-9);
	ck_assert_double_eq_tol(rates_next(rates, "a", "x", 400, 3 * second + 1000), 100, 1e-9); /* too soon to say */
	ck_assert_double_nan(rates_next(rates, "a", "x", 5, 4 * second)); /* counter began anew */
	ck_assert_double_eq_tol(rates_next(rates, "a", "x", 5, 5 * second), 0, 1e-9);
	ck_assert_double_nan(rates_next(rates, "b", "x", 1, second));
	for (unsigned i = 0; i < 5000; i++) {
		char name[32];

		snprintf(name, sizeof(name), "n%u", i);
		rates_next(rates, name, "x", 1, second);
	}
	ck_assert_double_nan(rates_next(rates, "n4999", "x", 2, 9 * second)); /* past the limit: unknown */
	rates_free(rates);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, test_stat_fields);
	tcase_add_test(tc, test_stat_hostile_names);
	tcase_add_test(tc, test_stat_broken);
	tcase_add_test(tc, test_stat_every_prefix);
	tcase_add_test(tc, test_command_join);
	tcase_add_test(tc, test_unit_of_cgroup);
	tcase_add_test(tc, test_numbers);
	tcase_add_test(tc, test_memory);
	tcase_add_test(tc, test_cpu);
	tcase_add_test(tc, test_pressure);
	tcase_add_test(tc, test_load);
	tcase_add_test(tc, test_mount);
	tcase_add_test(tc, test_socket_lines);
	tcase_add_test(tc, test_systemd_show);
	tcase_add_test(tc, test_installed_and_not_loaded);
	tcase_add_test(tc, test_trend);
	tcase_add_test(tc, test_service_names);
	tcase_add_test(tc, test_sysv_header);
	tcase_add_test(tc, test_rates);
}
TEST_MAIN("provider/host parsers")
