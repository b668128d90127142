#include "check_main.h"
#include "host_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "estate/act.h"
#include "provider/host/host.h"
#include "provider/host/kernel.h"
#include "provider/host/logfiles.h"
#include "provider/host/logread.h"
#include "provider/host/logtime.h"
#include "provider/host/process_table.h"

static struct kinds *kinds;
static struct provider *provider;
static char init_folder[128], log_folder[128];

/* The real /proc, and folders of the test's own for scripts and logs. */
static void set_up(void)
{
	tree_make();
	snprintf(init_folder, sizeof(init_folder), "%s/etc/init.d", tree);
	snprintf(log_folder, sizeof(log_folder), "%s/var/log", tree);
	file_make_folder(init_folder, 0755, NULL);
	file_make_folder(log_folder, 0755, NULL);
	setting_keys[0] = "host.init_folder";
	setting_values[0] = init_folder;
	setting_keys[1] = "host.log_folder";
	setting_values[1] = log_folder;
	kinds = kinds_load(NULL, NULL);
	ck_assert_int_eq(host_provider.open(&provider, kinds, NULL, (const struct config *)tree, NULL), 0);
}

static void tear_down(void)
{
	host_provider.close(provider);
	kinds_free(kinds);
	tree_remove();
}

struct order {
	struct ref ref;
	struct act_request request;
	struct json *params;
};

static struct act_request *order(struct order *out, const char *kind, const char *name, const char *verb, struct json *params)
{
	char full[80];

	memset(out, 0, sizeof(*out));
	strcpy(out->ref.provider, "host");
	snprintf(out->ref.kind, sizeof(out->ref.kind), "%s", kind);
	snprintf(out->ref.name, sizeof(out->ref.name), "%s", name);
	snprintf(full, sizeof(full), "host/%s", kind);
	out->params = params;
	out->request.ref = &out->ref;
	out->request.kind = kinds_find(kinds, full);
	ck_assert_ptr_nonnull(out->request.kind);
	out->request.verb = kind_verb_find(out->request.kind, verb);
	ck_assert_ptr_nonnull(out->request.verb);
	out->request.params = params;
	return &out->request;
}

/* An act holds its process by a pidfd, which valgrind 3.19 does not know. */
static int left_out(const char *test)
{
	int held = (int)syscall(SYS_pidfd_open, getpid(), 0);

	if (held >= 0)
		close(held);
	return check_left_out(held < 0 && errno == ENOSYS, test, "pidfd_open is not known here (valgrind)");
}

/* A child that only waits, with signals as a program has them at its start (libcheck's handlers are not for it). */
static pid_t start_child(void)
{
	char program[] = "sleep", time[] = "1000", *argv[] = { program, time, NULL };
	posix_spawnattr_t attributes;
	sigset_t all;
	pid_t pid;

	sigfillset(&all);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigdefault(&attributes, &all);
	ck_assert_int_eq(posix_spawnp(&pid, program, NULL, &attributes, argv, NULL), 0);
	posix_spawnattr_destroy(&attributes);
	return pid;
}

START_TEST(test_signal)
{
	if (left_out("test_signal"))
		return;
	pid_t child = start_child();
	char name[16];
	struct order term;
	struct json *state = NULL;
	struct act_preview preview;
	struct act_result result;
	struct error err = { 0 };
	enum act_outcome outcome;
	int status;

	snprintf(name, sizeof(name), "%d", (int)child);
	struct act_request *request = order(&term, "processes", name, "signal", json_set_text(json_object(), "signal", "TERM"));

	ck_assert_int_eq(host_provider.act->observe(provider, request, &state, &err), 0);
	ck_assert_int_eq(json_int(json_get(state, "pid"), 0), child);
	ck_assert_int_eq(host_provider.act->preview(provider, request, &preview, &err), 0);
	ck_assert_ptr_null(preview.undo);
	ck_assert_ptr_nonnull(strstr(preview.undo_text, "cannot be undone"));
	act_preview_release(&preview);

	request->state = state;
	ck_assert_msg(host_provider.act->act(provider, request, &result, &err) == 0, "%s", err.text);
	ck_assert_int_eq(json_bool(json_get(result.output, "ended"), 0), 1);
	act_result_release(&result);
	ck_assert_int_eq(host_provider.act->reconcile(provider, request, &outcome, &err), 0);
	ck_assert_int_eq(outcome, ACT_DONE); /* a zombie still */
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	ck_assert_int_eq(host_provider.act->act(provider, request, &result, &err), -1);
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
	ck_assert_int_eq(host_provider.act->reconcile(provider, request, &outcome, &err), 0);
	ck_assert_int_eq(outcome, ACT_DONE);
	json_free(state);
	json_free(term.params);
}
END_TEST

/* The approval was for the process that had this pid before: the one that has it now is left alone. */
START_TEST(test_reused_pid_is_never_hit)
{
	pid_t child = start_child();
	char name[16];
	struct order kill_order;
	struct json *state = NULL;
	struct act_result result;
	struct error err = { 0 };
	int status;

	snprintf(name, sizeof(name), "%d", (int)child);
	struct act_request *request = order(&kill_order, "processes", name, "signal", json_set_text(json_object(), "signal", "KILL"));

	ck_assert_int_eq(host_provider.act->observe(provider, request, &state, &err), 0);
	json_set_int(state, "start", json_int(json_get(state, "start"), 0) - 1);
	request->state = state;
	ck_assert_int_eq(host_provider.act->act(provider, request, &result, &err), -1);
	ck_assert_int_eq(err.code, ERR_CONFLICT);
	ck_assert_int_eq(waitpid(child, &status, WNOHANG), 0); /* lives */
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	json_free(state);
	json_free(kill_order.params);
}
END_TEST

START_TEST(test_stop_and_its_undo)
{
	if (left_out("test_stop_and_its_undo"))
		return;
	pid_t child = start_child();
	char name[16];
	struct order stop, cont;
	struct act_preview preview;
	struct act_result result;
	enum act_outcome outcome;
	int status;

	snprintf(name, sizeof(name), "%d", (int)child);
	struct act_request *request = order(&stop, "processes", name, "signal", json_set_text(json_object(), "signal", "STOP"));

	ck_assert_int_eq(host_provider.act->preview(provider, request, &preview, NULL), 0);
	ck_assert_str_eq(json_text(json_at(preview.undo, "params.signal")), "CONT");
	ck_assert_int_eq(host_provider.act->act(provider, request, &result, NULL), 0);
	act_result_release(&result);
	ck_assert_int_eq(waitpid(child, &status, WUNTRACED), child);
	ck_assert(WIFSTOPPED(status));
	ck_assert_int_eq(host_provider.act->reconcile(provider, request, &outcome, NULL), 0);
	ck_assert_int_eq(outcome, ACT_DONE);
	request = order(&cont, "processes", name, "signal", json_copy(json_get(preview.undo, "params")));
	ck_assert_int_eq(host_provider.act->act(provider, request, &result, NULL), 0);
	act_result_release(&result);
	ck_assert_int_eq(waitpid(child, &status, WCONTINUED), child);
	ck_assert(WIFCONTINUED(status));
	act_preview_release(&preview);
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	json_free(stop.params);
	json_free(cont.params);
}
END_TEST

START_TEST(test_renice)
{
	if (left_out("test_renice"))
		return;
	pid_t child = start_child();
	char name[16];
	struct order up;
	struct json *state = NULL;
	struct act_preview preview;
	struct act_result result;
	struct error err = { 0 };
	enum act_outcome outcome;
	int before = getpriority(PRIO_PROCESS, (id_t)child), wanted = before < 15 ? 15 : 19, status; /* the tests may run nicely themselves */

	snprintf(name, sizeof(name), "%d", (int)child);
	struct act_request *request = order(&up, "processes", name, "renice", json_set_int(json_object(), "nice", wanted));

	ck_assert_int_eq(host_provider.act->observe(provider, request, &state, &err), 0);
	ck_assert_int_eq(json_int(json_get(state, "nice"), -99), before);
	request->state = state;
	ck_assert_int_eq(host_provider.act->reconcile(provider, request, &outcome, &err), 0);
	ck_assert_int_eq(outcome, ACT_NOT_DONE);
	ck_assert_int_eq(host_provider.act->preview(provider, request, &preview, &err), 0);
	ck_assert_int_eq(json_int(json_at(preview.undo, "params.nice"), -99), before);
	act_preview_release(&preview);
	ck_assert_int_eq(host_provider.act->act(provider, request, &result, &err), 0);
	ck_assert_int_eq(json_int(json_at(result.undo, "params.nice"), -99), before);
	act_result_release(&result);
	ck_assert_int_eq(getpriority(PRIO_PROCESS, (id_t)child), wanted);
	ck_assert_int_eq(host_provider.act->reconcile(provider, request, &outcome, &err), 0);
	ck_assert_int_eq(outcome, ACT_DONE);
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	json_free(state);
	json_free(up.params);
	request = order(&up, "processes", name, "renice", json_set_int(json_object(), "nice", 20));
	ck_assert_int_eq(host_provider.act->preview(provider, request, &preview, &err), -1);
	ck_assert_int_eq(err.code, ERR_INVALID);
	json_free(up.params);
}
END_TEST

START_TEST(test_signal_refuses)
{
	static const char *const names[] = { "1", "0", "-1", "abc", "99999999999", "" };
	struct order refused;
	struct act_result result;
	struct error err = { 0 };
	char own[16];

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct act_request *request = order(&refused, "processes", names[i], "signal", json_set_text(json_object(), "signal", "CONT"));

		ck_assert_msg(host_provider.act->act(provider, request, &result, &err) == -1, "%s", names[i]);
		ck_assert_int_eq(err.code, ERR_INVALID);
		json_free(refused.params);
	}
	snprintf(own, sizeof(own), "%d", (int)getpid());
	ck_assert_int_eq(host_provider.act->act(provider, order(&refused, "processes", own, "signal", NULL), &result, &err), -1);
	ck_assert_int_eq(err.code, ERR_INVALID);
	ck_assert_int_eq(host_provider.act->act(provider,
		order(&refused, "processes", "2", "signal", json_set_text(json_object(), "signal", "SEGV")), &result, &err), -1);
	ck_assert_int_eq(err.code, ERR_INVALID);
	json_free(refused.params);
}
END_TEST

/* A real daemon by a real script: starts, is seen, stops. */
static void make_service(void)
{
	char script[1200];

	snprintf(script, sizeof(script),
		"#!/bin/sh\n### BEGIN INIT INFO\n# Provides: sleeper\n# Required-Start: $remote_fs\n# Short-Description: sleeps\n# pidfile: %s/sleeper.pid\n### END INIT INFO\n"
		"P=%s/sleeper.pid\nalive() { [ -s $P ] && kill -0 $(cat $P) 2>/dev/null; }\n"
		"case \"$1\" in\n start) alive || { sleep 1000 >/dev/null 2>&1 & echo $! >$P; };;\n stop) alive && kill $(cat $P); rm -f $P;;\n"
		" restart) $0 stop; $0 start;;\n reload) echo password=hunter2hunter2; exit 3;;\n status) alive && exit 0; exit 3;;\nesac\n",
		tree, tree);
	tree_put_n("/etc/init.d/sleeper", script, strlen(script), 0755);
	tree_put_n("/etc/init.d/other", "#!/bin/sh\n# Required-Start: sleeper\nstatus) exit 0\n", 52, 0755);
}

static int do_service(const char *verb, struct act_result *result, struct error *err)
{
	struct order o;

	return host_provider.act->act(provider, order(&o, "services", "sleeper", verb, NULL), result, err);
}

START_TEST(test_service_sysv)
{
	struct order o;
	struct json *state = NULL, *again = NULL;
	struct act_preview preview;
	struct act_result result;
	struct error err = { 0 };
	enum act_outcome outcome;

	make_service();
	ck_assert_int_eq(host_provider.act->observe(provider, order(&o, "services", "sleeper", "start", NULL), &state, &err), 0);
	ck_assert_str_eq(json_text(json_get(state, "state")), "inactive");
	ck_assert_int_eq(host_provider.act->preview(provider, &o.request, &preview, &err), 0);
	ck_assert_str_eq(json_text(json_get(preview.undo, "verb")), "stop");
	ck_assert_str_eq(json_text(json_get(json_item(preview.blast, 0), "name")), "other");
	act_preview_release(&preview);
	ck_assert_msg(do_service("start", &result, &err) == 0, "%s", err.text);
	ck_assert_str_eq(json_text(json_get(result.output, "state")), "active");
	int64_t pid = json_int(json_get(result.output, "pid"), 0);

	ck_assert_int_gt(pid, 1);
	act_result_release(&result);
	ck_assert_int_eq(host_provider.act->observe(provider, order(&o, "services", "sleeper", "restart", NULL), &again, &err), 0);
	o.request.state = again;
	ck_assert_int_eq(host_provider.act->reconcile(provider, &o.request, &outcome, &err), 0);
	ck_assert_int_eq(outcome, ACT_NOT_DONE); /* the same process: nothing was restarted */
	ck_assert_int_eq(do_service("restart", &result, &err), 0);
	ck_assert_int_ne(json_int(json_get(result.output, "pid"), 0), pid);
	act_result_release(&result);
	ck_assert_int_eq(host_provider.act->reconcile(provider, &o.request, &outcome, &err), 0);
	ck_assert_int_eq(outcome, ACT_DONE);
	ck_assert_int_eq(do_service("reload", &result, &err), -1);
	ck_assert_int_eq(err.code, ERR_IO);
	ck_assert_ptr_null(strstr(err.text, "hunter2")); /* what a script prints is redacted */
	ck_assert_int_eq(do_service("stop", &result, &err), 0);
	ck_assert_str_eq(json_text(json_get(result.output, "state")), "inactive");
	act_result_release(&result);
	ck_assert_int_eq(host_provider.act->preview(provider, order(&o, "services", "sleeper", "reload", NULL), &preview, &err), -1);
	ck_assert_int_eq(err.code, ERR_CONFLICT);
	ck_assert_int_eq(host_provider.act->observe(provider, order(&o, "services", "nosuch", "stop", NULL), &state, &err), -1);
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
	ck_assert_int_eq(host_provider.act->observe(provider, order(&o, "services", "../../bin/sh", "stop", NULL), &state, &err), -1);
	ck_assert_int_eq(err.code, ERR_INVALID);
	json_free(state);
	json_free(again);
}
END_TEST

/* A script that says yes and does nothing is not believed. */
START_TEST(test_service_that_lies)
{
	static const char liar[] = "#!/bin/sh\ncase $1 in status) exit 3;; esac\nexit 0\n";
	struct act_result result;
	struct error err = { 0 };

	tree_put_n("/etc/init.d/sleeper", liar, strlen(liar), 0755);
	ck_assert_int_eq(do_service("start", &result, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "but sleeper is inactive"));
}
END_TEST

static int exists(const char *path)
{
	char full[600];

	snprintf(full, sizeof(full), "%s%s", tree, path);
	return !access(full, F_OK);
}

START_TEST(test_vacuum)
{
	struct order o;
	struct json *state = NULL, *again = NULL;
	struct act_preview preview;
	struct act_result result;
	struct error err = { 0 };
	enum act_outcome outcome;

	tree_put("/var/log/app/a.log", "live\n");
	tree_put("/var/log/app/a.log.1", "one\n");
	tree_put("/var/log/app/a.log.2.gz", "two");
	tree_put("/var/log/app/a.log-20240101", "three");
	tree_put("/var/log/app/a.logbook", "not mine");
	tree_put("/var/log/app/aa.log.1", "not mine");
	tree_link("/var/log/app/a.log.3", "/etc/passwd");
	struct act_request *request = order(&o, "logs", "app/a.log", "vacuum", json_set_text(json_object(), "what", "rotated"));

	ck_assert_int_eq(host_provider.act->observe(provider, request, &state, &err), 0);
	ck_assert_int_eq(json_int(json_get(state, "rotated"), 0), 3);
	ck_assert_int_eq(host_provider.act->preview(provider, request, &preview, &err), 0);
	ck_assert_uint_eq(json_count(json_get(preview.before, "rotated")), 3);
	ck_assert_ptr_null(preview.undo);
	ck_assert_ptr_nonnull(strstr(preview.undo_text, "cannot be undone"));
	act_preview_release(&preview);
	ck_assert(exists("/var/log/app/a.log.1")); /* looking removes nothing */
	request->state = state;
	ck_assert_int_eq(host_provider.act->act(provider, request, &result, &err), 0);
	ck_assert_int_eq(json_int(json_get(result.output, "bytes_before"), 0), 5 + 4 + 3 + 5);
	ck_assert_int_eq(json_int(json_get(result.output, "bytes_after"), 0), 5);
	act_result_release(&result);
	ck_assert(!exists("/var/log/app/a.log.1") && !exists("/var/log/app/a.log.2.gz") && !exists("/var/log/app/a.log-20240101"));
	ck_assert(exists("/var/log/app/a.logbook") && exists("/var/log/app/aa.log.1") && exists("/var/log/app/a.log.3"));
	ck_assert_int_eq(host_provider.act->reconcile(provider, request, &outcome, &err), 0);
	ck_assert_int_eq(outcome, ACT_DONE);
	ck_assert_int_eq(host_provider.act->observe(provider, request, &again, &err), 0);
	ck_assert(!json_equal(state, again)); /* drift is seen */
	json_free(o.params);
	request = order(&o, "logs", "app/a.log", "vacuum", json_set_text(json_object(), "what", "truncate"));
	ck_assert_int_eq(host_provider.act->act(provider, request, &result, &err), 0);
	ck_assert_int_eq(json_int(json_get(result.output, "bytes_after"), -1), 0);
	act_result_release(&result);
	json_free(o.params);
	ck_assert_int_eq(host_provider.act->act(provider, order(&o, "logs", "../../etc/passwd", "vacuum", NULL), &result, &err), -1);
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
	json_free(state);
	json_free(again);
}
END_TEST

struct lines {
	char text[65536];
	size_t count, stop_at;
	int64_t first_ns;
	atomic_int *cancel;
};

static int keep_line(void *arg, int64_t at_ns, const char *source, const char *line, size_t length)
{
	struct lines *lines = arg;
	size_t used = strlen(lines->text);

	(void)source;
	if (!lines->count++)
		lines->first_ns = at_ns;
	if (length < sizeof(lines->text) - used - 2) {
		memcpy(lines->text + used, line, length);
		strcpy(lines->text + used + length, "|");
	}
	return lines->count == lines->stop_at;
}

static int read_log(const char *kind, const char *name, const struct log_request *request, struct lines *lines, struct error *err)
{
	struct ref ref = { .provider = "host" };

	snprintf(ref.kind, sizeof(ref.kind), "%s", kind);
	snprintf(ref.name, sizeof(ref.name), "%s", name);
	lines->count = 0;
	lines->text[0] = 0;
	return host_provider.logs(provider, &ref, request, keep_line, lines, err);
}

/* host.logs: a file outside the log folder, and no other. */
START_TEST(test_further_log)
{
	struct lines lines = { 0 };
	struct error err = { 0 };
	char path[128], other[128];

	tree_put("/opt/app/own.log", "one\ntwo\n");
	tree_put("/opt/app/own.log.1", "older\n");
	tree_put("/opt/app/secret", "no log\n");
	snprintf(path, sizeof(path), "%s/opt/app/own.log", tree);
	snprintf(other, sizeof(other), "%s/opt/app/secret", tree);
	setting_keys[2] = "host.logs";
	setting_trees[2] = json_add(json_array(), json_string(path));
	ck_assert_int_eq(read_log("logs", path, &(struct log_request){ .tail = -1 }, &lines, &err), 0);
	ck_assert_str_eq(lines.text, "one|two|");
	ck_assert_int_eq(read_log("logs", other, &(struct log_request){ .tail = -1 }, &lines, &err), -1);
	json_free(setting_trees[2]);
	setting_trees[2] = NULL;
	ck_assert_int_eq(read_log("logs", path, &(struct log_request){ .tail = -1 }, &lines, &err), -1);
	setting_keys[2] = NULL;
}
END_TEST

START_TEST(test_log_file)
{
	struct lines lines = { 0 };
	struct error err = { 0 };
	int64_t since;

	tree_put("/var/log/a.log", "2026-01-01T00:00:00Z one\n  of it\n2026-01-01T00:00:05Z two\r\nlast");
	ck_assert_int_eq(read_log("logs", "a.log", &(struct log_request){ .tail = -1 }, &lines, &err), 0);
	ck_assert_str_eq(lines.text, "2026-01-01T00:00:00Z one|  of it|2026-01-01T00:00:05Z two|last|");
	ck_assert_int_eq(clock_parse("2026-01-01T00:00:00Z", &since), 0);
	ck_assert_int_eq(lines.first_ns, since);
	ck_assert_int_eq(read_log("logs", "a.log", &(struct log_request){ .tail = 2 }, &lines, &err), 0);
	ck_assert_str_eq(lines.text, "2026-01-01T00:00:05Z two|last|");
	ck_assert_int_eq(read_log("logs", "a.log", &(struct log_request){ .tail = 0 }, &lines, &err), 0);
	ck_assert_str_eq(lines.text, "");
	ck_assert_int_eq(read_log("logs", "a.log", &(struct log_request){ .tail = 99 }, &lines, &err), 0);
	ck_assert_uint_eq(lines.count, 4);
	ck_assert_int_eq(read_log("logs", "a.log", &(struct log_request){ .tail = -1, .since_ns = since + CLOCK_SECOND_NS }, &lines, &err), 0);
	ck_assert_str_eq(lines.text, "2026-01-01T00:00:05Z two|last|");
	ck_assert_int_eq(read_log("logs", "nosuch.log", &(struct log_request){ .tail = -1 }, &lines, &err), -1);
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
	ck_assert_int_eq(read_log("logs", "../../../etc/passwd", &(struct log_request){ .tail = -1 }, &lines, &err), -1);
	ck_assert_int_eq(err.code, ERR_INVALID);
	ck_assert_int_eq(read_log("disks", "vda", &(struct log_request){ .tail = -1 }, &lines, &err), -1);
	ck_assert_int_eq(err.code, ERR_INVALID);
}
END_TEST

START_TEST(test_log_long_lines)
{
	size_t length = 200000;
	char *big = malloc(length + 8);
	struct lines lines = { 0 };

	memset(big, 'x', length);
	memcpy(big + length, "\nend\n", 5);
	tree_put_n("/var/log/big.log", big, length + 5, 0644);
	free(big);
	ck_assert_int_eq(read_log("logs", "big.log", &(struct log_request){ .tail = -1 }, &lines, NULL), 0);
	ck_assert_uint_eq(lines.count, 2); /* cut, not split into more lines */
	ck_assert_ptr_nonnull(strstr(lines.text, "end|"));
}
END_TEST

static void *write_log(void *arg)
{
	char path[600], old[600];

	(void)arg;
	snprintf(path, sizeof(path), "%s/var/log/f.log", tree);
	snprintf(old, sizeof(old), "%s/var/log/f.log.1", tree);
	FILE *file = fopen(path, "ae");

	fputs("second\n", file);
	fclose(file);
	rename(path, old);
	file = fopen(path, "we");
	fputs("third\n", file);
	fclose(file);
	return NULL;
}

static int write_when_asked(void *arg, int64_t at_ns, const char *source, const char *line, size_t length)
{
	struct lines *lines = arg;
	int stop = keep_line(arg, at_ns, source, line, length);

	if (lines->count == 1)
		write_log(NULL); /* the first line was read: now it grows and is rotated */
	return stop;
}

START_TEST(test_log_follow_over_rotation)
{
	struct lines lines = { .stop_at = 3 };
	atomic_int cancel = 0;
	struct ref ref = { .provider = "host", .kind = "logs", .name = "f.log" };
	const struct log_request request = { .tail = -1, .follow = 1, .cancelled = &cancel };

	tree_put("/var/log/f.log", "first\n");
	ck_assert_int_eq(host_provider.logs(provider, &ref, &request, write_when_asked, &lines, NULL), 0);
	ck_assert_str_eq(lines.text, "first|second|third|");
	atomic_store(&cancel, 1); /* a cancelled follow ends by itself */
	ck_assert_int_eq(host_provider.logs(provider, &ref, &request, keep_line, &lines, NULL), 0);
}
END_TEST

/* A process that has this one file open: our own output may be a log file too (make check). */
static pid_t writer_of(const char *path)
{
	int ready[2];
	char byte = 0;

	ck_assert_int_eq(pipe(ready), 0);
	pid_t child = fork();
	if (!child) {
		int null = open("/dev/null", O_RDWR), fd = open(path, O_WRONLY | O_APPEND | O_CREAT, 0600);

		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		if (write(fd, "hello\n", 6) == 6 && write(ready[1], "x", 1) == 1)
			pause();
		_exit(0);
	}
	close(ready[1]);
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return child;
}

START_TEST(test_log_of_process_and_service)
{
	char path[600], pid[16];
	struct lines lines = { 0 };
	struct error err = { 0 };

	snprintf(path, sizeof(path), "%s/var/log/mine.log", tree);
	pid_t writer = writer_of(path);
	snprintf(pid, sizeof(pid), "%d", (int)writer);
	ck_assert_msg(read_log("processes", pid, &(struct log_request){ .tail = -1 }, &lines, &err) == 0, "%s", err.text);
	ck_assert_str_eq(lines.text, "hello|");
	kill(writer, SIGKILL);
	waitpid(writer, NULL, 0);
	tree_put("/var/log/sleeper/x.log", "zz\n");
	ck_assert_msg(read_log("services", "sleeper", &(struct log_request){ .tail = -1 }, &lines, &err) == 0, "%s", err.text);
	ck_assert_str_eq(lines.text, "zz|");
	ck_assert_int_eq(read_log("services", "nosuch", &(struct log_request){ .tail = -1 }, &lines, &err), -1);
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
	ck_assert_int_eq(read_log("processes", "99999999", &(struct log_request){ .tail = -1 }, &lines, &err), -1);
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
}
END_TEST

START_TEST(test_journal_lines)
{
	static const char text[] = "{\"__REALTIME_TIMESTAMP\":\"1700000000123456\",\"MESSAGE\":\"hi\",\"_SYSTEMD_UNIT\":\"a.service\"}";
	static const char bytes[] = "{\"MESSAGE\":[27,91,50,74,65],\"SYSLOG_IDENTIFIER\":\"k\"}";
	static const char none[] = "-- Logs begin --";
	struct lines lines = { 0 };

	ck_assert_int_eq(logread_journal_line(text, sizeof(text) - 1, keep_line, &lines), 0);
	ck_assert_int_eq(lines.first_ns, INT64_C(1700000000123456000));
	ck_assert_int_eq(logread_journal_line(bytes, sizeof(bytes) - 1, keep_line, &lines), 0);
	ck_assert_int_eq(logread_journal_line(none, sizeof(none) - 1, keep_line, &lines), 0);
	ck_assert_str_eq(lines.text, "hi|\033[2JA|");
}
END_TEST

START_TEST(test_log_times)
{
	int64_t now, at;

	setenv("TZ", "UTC", 1);
	tzset();
	ck_assert_int_eq(clock_parse("2026-01-02T00:00:00Z", &now), 0);
#define IS(line, time)                                                                                                                         \
	ck_assert_int_eq(clock_parse(time, &at), 0);                                                                                           \
	ck_assert_int_eq(logtime_parse(line, strlen(line), now), at)
	IS("2025-12-31T10:00:00.5+02:00 host x", "2025-12-31T08:00:00.5Z");
	IS("2025-12-31 10:00:00,123 INFO x", "2025-12-31T10:00:00Z");
	IS("Jan  1 10:00:00 host x[1]: y", "2026-01-01T10:00:00Z");
	IS("Dec 31 10:00:00 host x[1]: y", "2025-12-31T10:00:00Z"); /* not next December */
	IS("1.2.3.4 - - [31/Dec/2025:10:00:00 +0100] \"GET /\"", "2025-12-31T09:00:00Z");
#undef IS
	static const char *const bad[] = { "", "hello world, this is a line", "99:99:99 nothing here at all", "Foo 31 10:00:00 host", "2025-99-31 10:00:00 x" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ck_assert_msg(logtime_parse(bad[i], strlen(bad[i]), now) == 0, "%s", bad[i]);
}
END_TEST

START_TEST(test_rotated_names)
{
	ck_assert(logfile_is_rotated("syslog.1", "syslog"));
	ck_assert(logfile_is_rotated("syslog.12.gz", "syslog"));
	ck_assert(logfile_is_rotated("a.log-20240131.zst", "a.log"));
	ck_assert(logfile_is_rotated("access-20240131.log", "access.log"));
	ck_assert(!logfile_is_rotated("syslog", "syslog"));
	ck_assert(!logfile_is_rotated("syslog.bak", "syslog"));
	ck_assert(!logfile_is_rotated("syslog2.1", "syslog"));
	ck_assert(!logfile_is_rotated("postgresql-15-main.log", "postgresql.log"));
}
END_TEST

START_TEST(test_kernel_and_oom)
{
	struct machine machine;
	struct error err = { 0 };
	struct kernel_message message;
	int64_t since;
	struct json *items, *kills = json_array();

	tree_put("/dev/kmsg", "6,1,1000000,-;booting\n SUBSYSTEM=x\n4,2,2000000,-;hostile\\x1b[2J name\nbroken\n3,3,99999999999999999999,-;x\n"
			      "6,4,5000000,-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),oom_memcg=/kubepods/x,task=java,pid=4242\n"
			      "3,5,5000001,-;Memory cgroup out of memory: Killed process 4242 (ja)va\\x0a) total-vm:10kB\n"
			      "3,6,6000000,-;Out of memory: Killed process 7 (db) total-vm:10kB\n");
	open_tree(&machine);
	items = items_of(&machine, "kernel", NULL);
	ck_assert_uint_eq(json_count(items), 5);
	ck_assert_str_eq(json_text(json_get(json_item(items, 0), "at")), "2023-11-14T22:13:21.000Z");
	ck_assert_str_eq(json_text(json_get(json_item(items, 1), "level")), "warning");
	ck_assert_ptr_null(strchr(json_text(json_get(json_item(items, 1), "message")), '\033'));
	json_free(items);
	ck_assert_int_eq(kernel_oom_kills(&machine, 0, kills, &err), 0);
	ck_assert_uint_eq(json_count(kills), 2);
	ck_assert_int_eq(json_int(json_get(json_item(kills, 0), "pid"), 0), 4242);
	ck_assert_str_eq(json_text(json_get(json_item(kills, 0), "group")), "/kubepods/x");
	ck_assert_str_eq(json_text(json_get(json_item(kills, 1), "process")), "db");
	ck_assert_str_eq(json_text(json_get(json_item(kills, 1), "group")), "");
	json_free(kills);
	/* The one before the window had reached the limit of its group, not the one within it. */
	kills = json_array();
	ck_assert_int_eq(clock_parse("2023-11-14T22:13:25.5Z", &since), 0);
	ck_assert_int_eq(kernel_oom_kills(&machine, since, kills, &err), 0);
	ck_assert_uint_eq(json_count(kills), 1);
	ck_assert_str_eq(json_text(json_get(json_item(kills, 0), "process")), "db");
	ck_assert_str_eq(json_text(json_get(json_item(kills, 0), "group")), "");
	json_free(kills);
	ck_assert_int_eq(kernel_message_parse("6,1,5,-", 7, 0, &message), -1);
	ck_assert_int_eq(kernel_message_parse("x,1,5,-;m", 9, 0, &message), -1);
	machine_close(&machine);
}
END_TEST

static struct json *query(const char *name, struct json *params, enum error_code expected)
{
	struct json *out = NULL;
	struct error err = { 0 };
	int status = host_provider.query(provider, name, params, &out, &err);

	ck_assert_msg(status == (expected ? -1 : 0) && err.code == expected, "%s: %s", name, err.text);
	json_free(params);
	return out;
}

START_TEST(test_queries)
{
	struct json *out = query("host.top", json_set_int(json_set_text(json_object(), "sort", "memory"), "limit", 3), ERR_NONE);

	ck_assert_uint_eq(json_count(json_get(out, "items")), 3);
	ck_assert(json_number(json_at(out, "items.0.rss"), 0) >= json_number(json_at(out, "items.1.rss"), 0));
	json_free(out);
	out = query("host.pressure", NULL, ERR_NONE);
	ck_assert_str_eq(json_text(json_at(out, "items.1.resource")), "memory");
	json_free(out);
	tree_put("/data/big/x", "");
	char path[600], bytes[65536];

	memset(bytes, 'x', sizeof(bytes));
	tree_put_n("/data/big/x", bytes, sizeof(bytes), 0644);
	tree_put("/data/small/y", "y");
	snprintf(path, sizeof(path), "%s/data", tree);
	out = query("host.disk_usage", json_set_int(json_set_text(json_object(), "path", path), "limit", 2), ERR_NONE);
	ck_assert_uint_eq(json_count(json_get(out, "items")), 2);
	ck_assert_str_eq(json_text(json_at(out, "items.0.path")), path);
	ck_assert_int_ge(json_int(json_at(out, "items.1.bytes"), 0), 65536);
	ck_assert_int_eq(json_bool(json_at(out, "items.0.complete"), 0), 1);
	json_free(out);
	out = query("host.port", NULL, ERR_NONE);
	ck_assert(json_is(json_get(out, "items"), JSON_ARRAY));
	json_free(out);
	query("host.nosuch", NULL, ERR_NOT_FOUND);
	query("host.top", json_set_text(json_object(), "sort", "beauty"), ERR_INVALID);
	query("host.disk_usage", json_set_text(json_object(), "path", "relative"), ERR_INVALID);
	query("host.disk_usage", json_set_text(json_object(), "path", "/no/such/folder"), ERR_NOT_FOUND);
}
END_TEST

static void add_tests(TCase *tc)
{
	const char *srcdir = getenv("srcdir");

	setenv("PILOTHOUSE_DATA", srcdir ? srcdir : ".", 0);
	setenv("PILOTHOUSE_HOME", "/tmp/ph-host-home", 1);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, test_signal);
	tcase_add_test(tc, test_reused_pid_is_never_hit);
	tcase_add_test(tc, test_stop_and_its_undo);
	tcase_add_test(tc, test_renice);
	tcase_add_test(tc, test_signal_refuses);
	tcase_add_test(tc, test_service_sysv);
	tcase_add_test(tc, test_service_that_lies);
	tcase_add_test(tc, test_vacuum);
	tcase_add_test(tc, test_further_log);
	tcase_add_test(tc, test_log_file);
	tcase_add_test(tc, test_log_long_lines);
	tcase_add_test(tc, test_log_follow_over_rotation);
	tcase_add_test(tc, test_log_of_process_and_service);
	tcase_add_test(tc, test_journal_lines);
	tcase_add_test(tc, test_log_times);
	tcase_add_test(tc, test_rotated_names);
	tcase_add_test(tc, test_kernel_and_oom);
	tcase_add_test(tc, test_queries);
}
TEST_MAIN("provider/host acts, logs, queries")
