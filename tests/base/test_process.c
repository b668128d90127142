#include "base/process.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "check_main.h"

/* Runs sh -c script with what else the request says. */
static int run(const char *script, struct process_request request, struct process_result *result,
	struct error *err)
{
	const char *const argv[] = { "sh", "-c", script, NULL };

	request.argv = argv;
	return process_run(&request, result, err);
}

START_TEST(captures_both_streams_and_the_status)
{
	struct process_result result;
	struct error err;

	ck_assert_int_eq(
		run("echo out; echo err >&2; exit 3", (struct process_request){ 0 }, &result, &err),
		0);
	ck_assert_str_eq(result.output, "out\n");
	ck_assert_uint_eq(result.output_length, 4);
	ck_assert_str_eq(result.errors, "err\n");
	ck_assert_int_eq(result.status, 3);
	ck_assert_int_eq(result.cut, 0);
	process_release(&result);
	process_release(&result);
	ck_assert_int_eq(run("kill -9 $$", (struct process_request){ 0 }, &result, &err), 0);
	ck_assert_int_eq(result.status, 128 + SIGKILL);
	ck_assert_str_eq(result.output, "");
	process_release(&result);
}
END_TEST

START_TEST(no_such_program)
{
	const char *const argv[] = { "no-such-program-anywhere", NULL };
	const char *const folder[] = { "/tmp", NULL };
	struct process_request request = { .argv = argv };
	struct process_result result;
	struct error err;

	if (check_left_out(check_in_valgrind(), "no_such_program", "valgrind makes a fork of a vfork: whether it started is not known"))
		return;
	ck_assert_int_eq(process_run(&request, &result, &err), -1);
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
	ck_assert_ptr_null(result.output);
	request.argv = folder;
	ck_assert_int_eq(process_run(&request, &result, &err), -1);
	ck_assert_int_eq(err.code, ERR_FORBIDDEN);
}
END_TEST

START_TEST(feeds_large_input_while_reading)
{
	enum { BYTES = 700000 }; /* more than the pipes hold */
	char *input = malloc(BYTES);
	const char *const argv[] = { "cat", NULL };
	struct process_request request = { .argv = argv, .input = input, .input_length = BYTES };
	struct process_result result;
	struct error err;

	for (int i = 0; i < BYTES; i++)
		input[i] = (char)('a' + i % 26);
	ck_assert_int_eq(process_run(&request, &result, &err), 0);
	ck_assert_uint_eq(result.output_length, BYTES);
	ck_assert(!memcmp(result.output, input, BYTES));
	process_release(&result);
	free(input);
}
END_TEST

START_TEST(input_nobody_reads_does_not_end_us)
{
	enum { BYTES = 300000 };
	char *input = calloc(1, BYTES);
	struct process_result result;
	struct error err;

	signal(SIGPIPE, SIG_DFL);
	ck_assert_int_eq(run("exec <&-; echo done",
				 (struct process_request){ .input = input, .input_length = BYTES },
				 &result, &err),
		0);
	ck_assert_str_eq(result.output, "done\n");
	process_release(&result);
	free(input);
	/* without input it reads nothing, not our terminal */
	ck_assert_int_eq(run("cat", (struct process_request){ 0 }, &result, &err), 0);
	ck_assert_str_eq(result.output, "");
	process_release(&result);
	ck_assert_int_eq(run("cat", (struct process_request){ .input = "" }, &result, &err), 0);
	process_release(&result);
}
END_TEST

START_TEST(output_is_bounded)
{
	struct process_result result;
	struct error err;

	ck_assert_int_eq(
		run("head -c 3000000 /dev/zero | tr '\\0' x; head -c 100000 /dev/zero | tr '\\0' e "
		    ">&2; exit 5",
			(struct process_request){ .output_max_bytes = 1000 }, &result, &err),
		0);
	ck_assert_uint_eq(result.output_length, 1000);
	ck_assert_int_eq(result.cut, 1);
	ck_assert_int_eq(result.status, 5);
	ck_assert_uint_eq(strlen(result.errors), 16 * 1024);
	process_release(&result);
}
END_TEST

static int note_pid(void *arg, const char *bytes, size_t length)
{
	(void)length;
	*(pid_t *)arg = (pid_t)atoi(bytes);
	return 0;
}

START_TEST(a_deadline_ends_the_whole_group)
{
	pid_t grandchild = 0;
	struct process_result result;
	struct error err;
	char state[64], path[64];
	int64_t before = clock_monotonic_ns();
	FILE *file;

	/* It ignores SIGTERM: gone, or a zombie that nobody has collected yet, it must be all the
	 * same. */
	ck_assert_int_eq(
		run("sh -c 'trap \"\" TERM; exec sleep 600' & echo $!; sleep 600",
			(struct process_request){
				.timeout_ms = 300, .on_output = note_pid, .arg = &grandchild },
			&result, &err),
		-1);
	ck_assert_int_eq(err.code, ERR_TIMEOUT);
	ck_assert_int_lt(clock_monotonic_ns() - before, 10 * CLOCK_SECOND_NS);
	ck_assert_int_gt(grandchild, 1);
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)grandchild);
	file = fopen(path, "re");
	if (file) { /* killed a moment ago: the kernel may still be taking it down */
		ck_assert_ptr_nonnull(fgets(state, sizeof(state), file));
		fclose(file);
		for (int i = 0; !kill(grandchild, 0) && i < 1000 && !strstr(state, ") Z") &&
				!strstr(state, ") X");
			i++) {
			file = fopen(path, "re");
			if (!file || !fgets(state, sizeof(state), file))
				strcpy(state, ") X");
			if (file)
				fclose(file);
		}
		ck_assert(strstr(state, ") Z") || strstr(state, ") X"));
	}
}
END_TEST

START_TEST(what_it_leaves_behind_does_not_hold_us)
{
	struct process_result result;
	struct error err;
	int64_t before = clock_monotonic_ns();
	pid_t left;

	ck_assert_int_eq(
		run("sleep 600 & echo $!", (struct process_request){ 0 }, &result, &err), 0);
	ck_assert_int_lt(clock_monotonic_ns() - before, 5 * CLOCK_SECOND_NS);
	left = (pid_t)atoi(result.output);
	ck_assert_int_gt(left, 1);
	ck_assert_int_eq(kill(left, SIGKILL), 0);
	process_release(&result);
}
END_TEST

static void *cancel(void *flag)
{
	atomic_store((atomic_int *)flag, 1);
	return NULL;
}

START_TEST(can_be_cancelled)
{
	atomic_int flag = 0;
	struct process_result result;
	struct error err;
	pthread_t thread;
	int64_t before = clock_monotonic_ns();

	pthread_create(&thread, NULL, cancel, &flag);
	ck_assert_int_eq(
		run("sleep 600", (struct process_request){ .cancelled = &flag }, &result, &err),
		-1);
	ck_assert_int_eq(err.code, ERR_CANCELLED);
	ck_assert_int_lt(clock_monotonic_ns() - before, 5 * CLOCK_SECOND_NS);
	pthread_join(thread, NULL);
}
END_TEST

struct seen {
	size_t bytes, stop_at;
};

static int see(void *arg, const char *bytes, size_t length)
{
	struct seen *seen = arg;

	(void)bytes;
	seen->bytes += length;
	return seen->stop_at && seen->bytes >= seen->stop_at;
}

START_TEST(output_comes_in_pieces)
{
	struct seen all = { 0 }, some = { .stop_at = 10 };
	struct process_result result;
	struct error err;

	ck_assert_int_eq(
		run("head -c 2000000 /dev/zero",
			(struct process_request){ .on_output = see, .arg = &all }, &result, &err),
		0);
	ck_assert_uint_eq(all.bytes, 2000000);
	ck_assert_uint_eq(result.output_length, 0);
	process_release(&result);
	ck_assert_int_eq(run("exec yes",
				 (struct process_request){
					 .on_output = see, .arg = &some, .timeout_ms = -1 },
				 &result, &err),
		0);
	ck_assert_uint_ge(some.bytes, 10);
	ck_assert_int_eq(result.status, 128 + SIGTERM);
	process_release(&result);
}
END_TEST

START_TEST(environment_is_ours_and_what_is_added)
{
	const char *const env[] = { "PH_TEST=new", "PH_MORE=1", NULL };
	struct process_result result;
	struct error err;

	setenv("PH_TEST", "old", 1);
	setenv("PH_KEPT", "kept", 1);
	ck_assert_int_eq(run("echo $PH_TEST$PH_MORE$PH_KEPT; env | grep -c ^PH_TEST=",
				 (struct process_request){ .env = env }, &result, &err),
		0);
	ck_assert_str_eq(result.output, "new1kept\n1\n");
	process_release(&result);
}
END_TEST

START_TEST(no_descriptor_is_handed_down)
{
	struct process_result result;
	struct error err;
	int leaking[2];

	ck_assert_int_eq(pipe(leaking), 0); /* no close-on-exec, as a library might */
	ck_assert_int_eq(
		run("ls /proc/self/fd | wc -l", (struct process_request){ 0 }, &result, &err), 0);
	ck_assert_str_eq(result.output, "4\n"); /* 0, 1, 2 and the folder being listed */
	process_release(&result);
	close(leaking[0]);
	close(leaking[1]);
}
END_TEST

START_TEST(works_with_closed_standard_descriptors)
{
	struct process_result result;
	struct error err;
	int saved[3], failed;

	for (int i = 0; i < 3; i++) {
		saved[i] = dup(i) < 0 ? -1 : 0;
		saved[i] = saved[i] < 0 ? -1 : i + 100;
		dup2(i, i + 100);
		close(i);
	}
	failed = run("cat; echo err >&2",
		(struct process_request){ .input = "in", .input_length = 2 }, &result, &err);
	for (int i = 0; i < 3; i++)
		if (saved[i] >= 0)
			dup2(saved[i], i);
	ck_assert_int_eq(failed, 0);
	ck_assert_str_eq(result.output, "in");
	ck_assert_str_eq(result.errors, "err\n");
	process_release(&result);
}
END_TEST

START_TEST(signals_start_at_their_defaults)
{
	struct process_result result;
	struct error err;
	sigset_t all;

	signal(SIGTERM, SIG_IGN);
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	ck_assert_int_eq(run("grep -E 'Sig(Blk|Ign)' /proc/self/status | tr -d '\\t\\n'",
				 (struct process_request){ 0 }, &result, &err),
		0);
	ck_assert_uint_eq(strtoull(strstr(result.output, "SigBlk:") + 7, NULL, 16), 0);
	/* 32 and 33 are glibc's own, which its posix_spawn leaves ignored */
	ck_assert_uint_eq(strtoull(strstr(result.output, "SigIgn:") + 7, NULL, 16) & 0x7fffffff, 0);
	process_release(&result);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, captures_both_streams_and_the_status);
	tcase_add_test(tc, no_such_program);
	tcase_add_test(tc, feeds_large_input_while_reading);
	tcase_add_test(tc, input_nobody_reads_does_not_end_us);
	tcase_add_test(tc, output_is_bounded);
	tcase_add_test(tc, a_deadline_ends_the_whole_group);
	tcase_add_test(tc, what_it_leaves_behind_does_not_hold_us);
	tcase_add_test(tc, can_be_cancelled);
	tcase_add_test(tc, output_comes_in_pieces);
	tcase_add_test(tc, environment_is_ours_and_what_is_added);
	tcase_add_test(tc, no_descriptor_is_handed_down);
	tcase_add_test(tc, works_with_closed_standard_descriptors);
	tcase_add_test(tc, signals_start_at_their_defaults);
}

TEST_MAIN("base/process")
