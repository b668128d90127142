#include "base/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

enum { SIGNALS = 65 };
#define MS_NS INT64_C(1000000)

struct watch {
	loop_fn on_readable; /* NULL: removed, dropped after the turn */
	void *arg;
};

struct timer {
	int64_t due_ns;
	int id;
	unsigned long set_in; /* the turn, by loop->wakeups */
	loop_fn on_time;
	void *arg;
};

struct loop {
	struct pollfd *fds; /* [0] is the wake pipe; watches[] runs beside it */
	struct watch *watches;
	size_t count;
	struct timer *timers; /* by due time, the next one last; equal times: the older one later */
	size_t timer_count;
	int next_id;
	loop_fn on_wake, on_turn;
	void *wake_arg, *turn_arg;
	loop_signal_fn on_signal[SIGNALS];
	void *signal_arg[SIGNALS];
	int wake_read, wake_write;
	atomic_int woken; /* a byte for loop_wake is in the pipe */
	unsigned long wakeups;
	int stopped;
};

/* A handler has no argument of ours: which signals came, and the pipe of the loop that wants them.
 */
static atomic_int signal_came[SIGNALS];
static atomic_int signal_pipe = -1;

static void poke(int fd)
{
	int before = errno;

	if (write(fd, "", 1) < 0)
		errno = before; /* a full pipe wakes too */
}

static void note_signal(int number)
{
	atomic_store(&signal_came[number], 1);
	poke(atomic_load(&signal_pipe));
}

struct loop *loop_new(void)
{
	struct loop *loop = mem_zero(1, sizeof(*loop));
	int ends[2];

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK)) {
		perror("pilothouse: no pipe for the event loop");
		abort();
	}
	loop->wake_read = ends[0];
	loop->wake_write = ends[1];
	loop_add_fd(loop, ends[0], NULL, NULL);
	return loop;
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	for (int number = 1; number < SIGNALS; number++)
		if (loop->on_signal[number])
			loop_on_signal(loop, number, NULL, NULL);
	if (atomic_load(&signal_pipe) == loop->wake_write)
		atomic_store(&signal_pipe, -1);
	close(loop->wake_read);
	close(loop->wake_write);
	free(loop->fds);
	free(loop->watches);
	free(loop->timers);
	free(loop);
}

static int take_id(struct loop *loop)
{
	loop->next_id = loop->next_id == INT_MAX ? 1 : loop->next_id + 1;
	return loop->next_id;
}

int loop_add_fd(struct loop *loop, int fd, loop_fn on_readable, void *arg)
{
	size_t count = loop->count + 1;

	loop->fds = mem_grow(loop->fds, count, sizeof(*loop->fds));
	loop->watches = mem_grow(loop->watches, count, sizeof(*loop->watches));
	loop->fds[loop->count] = (struct pollfd){ .fd = fd, .events = POLLIN };
	loop->watches[loop->count] = (struct watch){ .on_readable = on_readable, .arg = arg };
	loop->count = count;
	return take_id(loop);
}

void loop_remove_fd(struct loop *loop, int fd)
{
	for (size_t i = 1; i < loop->count; i++) {
		if (loop->fds[i].fd != fd)
			continue;
		loop->fds[i].fd = -1; /* poll() passes over it; the places of others stay */
		loop->fds[i].revents = 0;
		loop->watches[i].on_readable = NULL;
	}
}

static void drop_removed(struct loop *loop)
{
	size_t kept = 1;

	for (size_t i = 1; i < loop->count; i++) {
		if (!loop->watches[i].on_readable)
			continue;
		loop->fds[kept] = loop->fds[i];
		loop->watches[kept++] = loop->watches[i];
	}
	loop->count = kept;
}

int loop_add_timer(struct loop *loop, int64_t delay_ms, loop_fn on_time, void *arg)
{
	int64_t now = clock_monotonic_ns();
	int64_t most = (INT64_MAX - now) / MS_NS;
	int64_t delay = delay_ms < 0 ? 0 : delay_ms > most ? most : delay_ms;
	struct timer timer = { .due_ns = now + delay * MS_NS,
		.id = take_id(loop),
		.set_in = loop->wakeups,
		.on_time = on_time,
		.arg = arg };
	size_t i = loop->timer_count++;

	loop->timers = mem_grow(loop->timers, loop->timer_count, sizeof(*loop->timers));
	for (; i > 0 && loop->timers[i - 1].due_ns <= timer.due_ns; i--)
		loop->timers[i] = loop->timers[i - 1];
	loop->timers[i] = timer;
	return timer.id;
}

void loop_remove_timer(struct loop *loop, int id)
{
	size_t kept = 0;

	for (size_t i = 0; i < loop->timer_count; i++)
		if (loop->timers[i].id != id)
			loop->timers[kept++] = loop->timers[i];
	loop->timer_count = kept;
}

void loop_on_signal(struct loop *loop, int signal_number, loop_signal_fn on_signal, void *arg)
{
	struct sigaction action = { .sa_handler = on_signal ? note_signal : SIG_DFL,
		.sa_flags = SA_RESTART };

	if (signal_number < 1 || signal_number >= SIGNALS)
		return;
	sigfillset(&action.sa_mask);
	loop->on_signal[signal_number] = on_signal;
	loop->signal_arg[signal_number] = arg;
	if (on_signal)
		atomic_store(&signal_pipe, loop->wake_write);
	sigaction(signal_number, &action, NULL);
}

void loop_on_wake(struct loop *loop, loop_fn on_wake, void *arg)
{
	loop->on_wake = on_wake;
	loop->wake_arg = arg;
}

void loop_wake(void *arg)
{
	struct loop *loop = arg;

	if (!atomic_exchange(&loop->woken, 1))
		poke(loop->wake_write);
}

void loop_on_turn(struct loop *loop, loop_fn on_turn, void *arg)
{
	loop->on_turn = on_turn;
	loop->turn_arg = arg;
}

int loop_timeout_ms(const struct loop *loop)
{
	int64_t left;

	if (!loop->timer_count)
		return -1;
	left = loop->timers[loop->timer_count - 1].due_ns - clock_monotonic_ns();
	if (left <= 0)
		return 0;
	left = (left + MS_NS - 1) / MS_NS; /* up: waking early would wake twice */
	return left > INT_MAX ? INT_MAX : (int)left;
}

unsigned long loop_wakeups(const struct loop *loop)
{
	return loop->wakeups;
}

static int run_signals(struct loop *loop)
{
	int handled = 0;

	for (int number = 1; number < SIGNALS; number++) {
		if (!loop->on_signal[number] || !atomic_exchange(&signal_came[number], 0))
			continue;
		loop->on_signal[number](number, loop->signal_arg[number]);
		handled++;
	}
	return handled;
}

static int run_pipe(struct loop *loop)
{
	char bytes[256];
	int handled;

	if (!loop->fds[0].revents)
		return 0;
	while (read(loop->wake_read, bytes, sizeof(bytes)) > 0)
		;
	handled = run_signals(loop);
	if (atomic_exchange(&loop->woken, 0)) {
		handled++;
		if (loop->on_wake)
			loop->on_wake(loop->wake_arg);
	}
	return handled;
}

/* `polled`: descriptors added by a callback were not asked about. */
static int run_fds(struct loop *loop, size_t polled)
{
	int handled = 0;

	for (size_t i = 1; i < polled; i++) {
		short events = loop->fds[i].revents;
		struct watch watch = loop->watches[i];

		if (!events || !watch.on_readable)
			continue;
		loop->fds[i].revents = 0;
		if (events & POLLNVAL) { /* closed, not removed: would wake us for ever */
			loop_remove_fd(loop, loop->fds[i].fd);
			continue;
		}
		watch.on_readable(watch.arg);
		handled++;
	}
	drop_removed(loop);
	return handled;
}

/* The timers due now, in order; one set during this turn waits for the next. */
static int run_timers(struct loop *loop)
{
	int64_t now = clock_monotonic_ns();
	int handled = 0;

	while (loop->timer_count) {
		struct timer timer = loop->timers[loop->timer_count - 1];

		if (timer.due_ns > now || timer.set_in == loop->wakeups)
			break;
		loop->timer_count--;
		timer.on_time(timer.arg);
		handled++;
	}
	return handled;
}

static void turn(struct loop *loop)
{
	size_t polled = loop->count;
	int ready = poll(loop->fds, polled, loop_timeout_ms(loop));
	int handled = 0;

	loop->wakeups++;
	if (ready > 0) {
		handled += run_pipe(loop);
		handled += run_fds(loop, polled);
	}
	handled += run_timers(loop);
	if (handled && loop->on_turn)
		loop->on_turn(loop->turn_arg);
}

void loop_run(struct loop *loop)
{
	loop->stopped = 0;
	while (!loop->stopped)
		turn(loop);
}

void loop_stop(struct loop *loop)
{
	loop->stopped = 1;
}
