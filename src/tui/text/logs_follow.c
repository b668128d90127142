/* logs_follow.c - the followers of a log, on threads of their own, and the inbox their lines wait in. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/loop.h"
#include "base/mem.h"
#include "tui/console.h"
#include "tui/text/log_ring.h"
#include "tui/text/logs_private.h"

enum { TAIL = 2000 };

static const struct {
	const char *name;
	int64_t seconds;
} windows[] = { { "all", 0 }, { "5 m", 300 }, { "1 h", 3600 }, { "1 d", 86400 } };

int64_t logs_window(size_t window, const char **name)
{
	if (window >= sizeof(windows) / sizeof(*windows))
		return -1;
	if (name)
		*name = windows[window].name;
	return windows[window].seconds;
}

/* --- inbox --- */

static struct inbox *inbox_new(struct loop *loop, unsigned followers)
{
	struct inbox *inbox = mem_zero(1, sizeof(*inbox));

	pthread_mutex_init(&inbox->lock, NULL);
	inbox->refs = 1;
	inbox->running = followers;
	inbox->ring = log_ring_new(INBOX_BYTES);
	inbox->loop = loop;
	return inbox;
}

static void inbox_unref(struct inbox *inbox)
{
	pthread_mutex_lock(&inbox->lock);
	int last = !--inbox->refs;
	pthread_mutex_unlock(&inbox->lock);

	if (!last)
		return;
	log_ring_free(inbox->ring);
	pthread_mutex_destroy(&inbox->lock);
	free(inbox);
}

/* --- on the follower's thread --- */

static int on_line(void *arg, int64_t at_ns, const char *source, const char *line, size_t length)
{
	struct follower *follower = arg;
	struct inbox *inbox = follower->inbox;

	pthread_mutex_lock(&inbox->lock);
	int was_empty = !log_ring_count(inbox->ring);

	log_ring_add(inbox->ring, at_ns, source ? source : "", line, length);
	pthread_mutex_unlock(&inbox->lock);
	if (was_empty)
		loop_wake(inbox->loop);
	return atomic_load(&follower->job.cancelled);
}

static void follow(struct job *job)
{
	struct follower *follower = (struct follower *)job;
	struct inbox *inbox = follower->inbox;
	struct error err = { 0 };

	follower->request.cancelled = &job->cancelled;
	int failed = estate_logs(follower->estate, &follower->ref, &follower->request, on_line, follower, &err);

	pthread_mutex_lock(&inbox->lock);
	inbox->running--;
	if (failed && inbox->ended_count < SOURCES_MAX)
		snprintf(inbox->ended[inbox->ended_count++], sizeof(*inbox->ended), "%.40s: %.250s", follower->ref.name, err.text);
	pthread_mutex_unlock(&inbox->lock);
	loop_wake(inbox->loop);
}

static void followed(struct job *job)
{
	struct follower *follower = (struct follower *)job;

	if (follower->slot)
		*follower->slot = NULL;
	inbox_unref(follower->inbox);
	free(follower);
}

/* --- beginning and ending --- */

void logs_stop(struct logs *logs)
{
	for (size_t i = 0; i < SOURCES_MAX; i++) {
		if (!logs->followers[i])
			continue;
		logs->followers[i]->slot = NULL;
		atomic_store(&logs->followers[i]->job.cancelled, 1);
		logs->followers[i] = NULL;
	}
	if (logs->inbox)
		inbox_unref(logs->inbox);
	logs->inbox = NULL;
}

static void start_one(struct logs *logs, size_t i)
{
	struct follower *follower = mem_zero(1, sizeof(*follower));
	int64_t seconds = logs_window(logs->window, NULL);

	follower->job = (struct job){ .run = follow, .done = followed };
	follower->inbox = logs->inbox;
	follower->estate = console_estate(logs->pane.console);
	follower->ref = logs->refs[i];
	follower->request = (struct log_request){ .follow = !logs->previous, .previous = logs->previous, .timestamps = 1,
		.since_ns = seconds ? clock_now_ns() - seconds * CLOCK_SECOND_NS : 0, .tail = seconds ? -1 : TAIL };
	memcpy(follower->container, logs->container, sizeof(follower->container));
	follower->request.container = *follower->container ? follower->container : NULL;
	follower->slot = &logs->followers[i];
	pthread_mutex_lock(&logs->inbox->lock);
	logs->inbox->refs++;
	pthread_mutex_unlock(&logs->inbox->lock);
	logs->followers[i] = follower;
	if (!console_spawn(logs->pane.console, &follower->job))
		return;
	logs->followers[i] = NULL;
	logs->inbox->running--;
	inbox_unref(logs->inbox);
	free(follower);
	snprintf(logs->problem, sizeof(logs->problem), "too many logs are followed: close some");
}

void logs_start(struct logs *logs)
{
	logs_stop(logs);
	log_ring_clear(logs->ring);
	text_view_clear(&logs->view);
	*logs->problem = 0;
	logs->lost = 0;
	logs->pane.dirty = 1;
	if (!console_estate(logs->pane.console))
		return;
	logs->inbox = inbox_new(console_loop(logs->pane.console), (unsigned)logs->ref_count);
	logs->running = (unsigned)logs->ref_count;
	for (size_t i = 0; i < logs->ref_count; i++)
		start_one(logs, i);
}
