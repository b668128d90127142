/* loop.h - the one event loop of the main thread: descriptors, timers, signals, one wake descriptor.
 * Sleeps in poll() with no timeout when no timer is set: zero wake-ups. */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include <stdint.h>

struct loop;
typedef void (*loop_fn)(void *arg);
typedef void (*loop_signal_fn)(int signal_number, void *arg);

struct loop *loop_new(void);
void loop_free(struct loop *loop);
int loop_add_fd(struct loop *loop, int fd, loop_fn on_readable, void *arg); /* id */
void loop_remove_fd(struct loop *loop, int fd);
/* Once, after delay_ms; 0 = next turn. Returns an id > 0. Removing a fired or unknown id is fine. */
int loop_add_timer(struct loop *loop, int64_t delay_ms, loop_fn on_time, void *arg);
void loop_remove_timer(struct loop *loop, int id);
/* Through a signalfd-like self-pipe: the function runs in the loop, not in the handler. */
void loop_on_signal(struct loop *loop, int signal_number, loop_signal_fn on_signal, void *arg);
void loop_on_wake(struct loop *loop, loop_fn on_wake, void *arg);
void loop_wake(void *loop); /* from any thread */
/* Called once a turn after everything that was ready was handled: the one place that draws. */
void loop_on_turn(struct loop *loop, loop_fn on_turn, void *arg);
void loop_run(struct loop *loop); /* until loop_stop */
void loop_stop(struct loop *loop);
/* How long the next turn may sleep: -1 for ever (nothing is set), 0 not at all. */
int loop_timeout_ms(const struct loop *loop);
unsigned long loop_wakeups(const struct loop *loop); /* how often poll() returned, for the bench */

#endif
