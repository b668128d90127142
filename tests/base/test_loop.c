#include "base/clock.h"
#include "base/loop.h"
#include "base/text.h"
#include "check_main.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

struct seen {
	struct loop *loop;
	struct text order;
	int turns, fds[2], timer;
};

static struct seen *seen_new(void)
{
	static struct seen seen;

	seen = (struct seen){ .loop = loop_new() };
	text_init(&seen.order, 1000);
	return &seen;
}

static void seen_free(struct seen *seen)
{
	text_release(&seen->order);
	loop_free(seen->loop);
}

static void note(struct seen *seen, char c)
{
	text_add_char(&seen->order, c);
}

static void on_a(void *arg)
{
	note(arg, 'a');
}

static void on_b(void *arg)
{
	note(arg, 'b');
}

static void on_c(void *arg)
{
	note(arg, 'c');
}

static void on_stop(void *arg)
{
	struct seen *seen = arg;

	note(seen, '.');
	loop_stop(seen->loop);
}

static void on_turn(void *arg)
{
	((struct seen *)arg)->turns++;
}

START_TEST(timers_in_order)
{
	struct seen *seen = seen_new();
	int64_t before = clock_monotonic_ns();

	loop_add_timer(seen->loop, 30, on_stop, seen);
	loop_add_timer(seen->loop, 10, on_b, seen);
	loop_add_timer(seen->loop, 0, on_a, seen);
	int gone = loop_add_timer(seen->loop, 5, on_c, seen);
	loop_add_timer(seen->loop, 20, on_c, seen);
	loop_remove_timer(seen->loop, gone);
	loop_remove_timer(seen->loop, gone);
	loop_remove_timer(seen->loop, 12345);
	loop_run(seen->loop);
	ck_assert_str_eq(seen->order.data, "abc.");
	ck_assert(clock_monotonic_ns() - before >= 30 * INT64_C(1000000));
	seen_free(seen);
}
END_TEST

START_TEST(equal_timers_by_age)
{
	struct seen *seen = seen_new();

	loop_add_timer(seen->loop, 0, on_a, seen);
	loop_add_timer(seen->loop, 0, on_b, seen);
	loop_add_timer(seen->loop, 0, on_c, seen);
	loop_add_timer(seen->loop, 0, on_stop, seen);
	loop_run(seen->loop);
	ck_assert_str_eq(seen->order.data, "abc.");
	seen_free(seen);
}
END_TEST

static void again(void *arg)
{
	struct seen *seen = arg;

	note(seen, 'x');
	if (seen->order.length < 3)
		loop_add_timer(seen->loop, 0, again, seen);
	else
		loop_stop(seen->loop);
}

START_TEST(a_timer_set_by_a_timer_waits_a_turn)
{
	struct seen *seen = seen_new();

	loop_on_turn(seen->loop, on_turn, seen);
	loop_add_timer(seen->loop, 0, again, seen);
	loop_run(seen->loop);
	ck_assert_str_eq(seen->order.data, "xxx");
	ck_assert_int_eq(seen->turns, 3);
	seen_free(seen);
}
END_TEST

static void *wake_later(void *arg)
{
	loop_wake(arg);
	return NULL;
}

START_TEST(sleeps_until_woken)
{
	struct seen *seen = seen_new();
	pthread_t thread;

	ck_assert_int_eq(loop_timeout_ms(seen->loop), -1);
	loop_on_turn(seen->loop, on_turn, seen);
	loop_on_wake(seen->loop, on_stop, seen);
	pthread_create(&thread, NULL, wake_later, seen->loop);
	loop_run(seen->loop);
	pthread_join(thread, NULL);
	ck_assert_uint_eq(loop_wakeups(seen->loop), 1); /* nothing set: the wake was the only one */
	ck_assert_int_eq(seen->turns, 1);
	int id = loop_add_timer(seen->loop, 1000, on_a, seen);
	ck_assert_int_gt(loop_timeout_ms(seen->loop), 0);
	loop_remove_timer(seen->loop, id);
	ck_assert_int_eq(loop_timeout_ms(seen->loop), -1);
	seen_free(seen);
}
END_TEST

START_TEST(many_wakes_are_one)
{
	struct seen *seen = seen_new();

	loop_on_wake(seen->loop, on_stop, seen);
	for (int i = 0; i < 200000; i++) /* more than a pipe holds */
		loop_wake(seen->loop);
	loop_run(seen->loop);
	ck_assert_str_eq(seen->order.data, ".");
	ck_assert_uint_eq(loop_wakeups(seen->loop), 1);
	seen_free(seen);
}
END_TEST

static void on_signal(int number, void *arg)
{
	note(arg, number == SIGUSR1 ? '1' : '2');
	if (number == SIGUSR2)
		loop_stop(((struct seen *)arg)->loop);
}

START_TEST(signals_run_in_the_loop)
{
	struct seen *seen = seen_new();

	loop_on_signal(seen->loop, SIGUSR1, on_signal, seen);
	loop_on_signal(seen->loop, SIGUSR2, on_signal, seen);
	raise(SIGUSR1);
	raise(SIGUSR2);
	ck_assert_uint_eq(seen->order.length, 0);
	loop_run(seen->loop);
	ck_assert_str_eq(seen->order.data, "12");
	loop_on_signal(seen->loop, SIGUSR1, NULL, NULL);
	struct sigaction now;
	sigaction(SIGUSR1, NULL, &now);
	ck_assert(now.sa_handler == SIG_DFL);
	seen_free(seen);
	sigaction(SIGUSR2, NULL, &now);
	ck_assert(now.sa_handler == SIG_DFL);
}
END_TEST

static void on_readable(void *arg)
{
	struct seen *seen = arg;
	char byte;

	if (read(seen->fds[0], &byte, 1) == 1) {
		note(seen, byte);
		return;
	}
	note(seen, 'E');
	loop_remove_fd(seen->loop, seen->fds[0]);
	loop_add_timer(seen->loop, 0, on_stop, seen);
}

START_TEST(reads_descriptors_to_their_end)
{
	struct seen *seen = seen_new();

	ck_assert_int_eq(pipe(seen->fds), 0);
	ck_assert_int_eq(write(seen->fds[1], "xyz", 3), 3);
	close(seen->fds[1]);
	ck_assert_int_gt(loop_add_fd(seen->loop, seen->fds[0], on_readable, seen), 0);
	loop_on_turn(seen->loop, on_turn, seen);
	loop_run(seen->loop);
	ck_assert_str_eq(seen->order.data, "xyzE.");
	ck_assert_int_eq(seen->turns, 5);
	close(seen->fds[0]);
	seen_free(seen);
}
END_TEST

static void remove_other(void *arg)
{
	struct seen *seen = arg;
	char byte;

	ck_assert_int_eq(read(seen->fds[0], &byte, 1), 1);
	note(seen, byte);
	loop_remove_fd(seen->loop, seen->timer);
	loop_stop(seen->loop);
}

START_TEST(a_removed_descriptor_is_not_called)
{
	struct seen *seen = seen_new();
	int other[2];

	ck_assert_int_eq(pipe(seen->fds), 0);
	ck_assert_int_eq(pipe(other), 0);
	ck_assert_int_eq(write(seen->fds[1], "x", 1), 1);
	ck_assert_int_eq(write(other[1], "y", 1), 1);
	seen->timer = other[0];
	loop_add_fd(seen->loop, seen->fds[0], remove_other, seen);
	loop_add_fd(seen->loop, other[0], on_c, seen);
	loop_run(seen->loop);
	ck_assert_str_eq(seen->order.data, "x");
	seen_free(seen);
}
END_TEST

START_TEST(a_closed_descriptor_does_not_spin)
{
	struct seen *seen = seen_new();

	ck_assert_int_eq(pipe(seen->fds), 0);
	loop_add_fd(seen->loop, seen->fds[0], on_c, seen);
	close(seen->fds[0]);
	loop_add_timer(seen->loop, 20, on_stop, seen);
	loop_run(seen->loop);
	ck_assert_str_eq(seen->order.data, ".");
	ck_assert_uint_le(loop_wakeups(seen->loop), 4);
	seen_free(seen);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, timers_in_order);
	tcase_add_test(tc, equal_timers_by_age);
	tcase_add_test(tc, a_timer_set_by_a_timer_waits_a_turn);
	tcase_add_test(tc, sleeps_until_woken);
	tcase_add_test(tc, many_wakes_are_one);
	tcase_add_test(tc, signals_run_in_the_loop);
	tcase_add_test(tc, reads_descriptors_to_their_end);
	tcase_add_test(tc, a_removed_descriptor_is_not_called);
	tcase_add_test(tc, a_closed_descriptor_does_not_spin);
}

TEST_MAIN("base/loop")
