#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/secret.h"
#include "net/transfer.h"

struct entry {
	struct transfer transfer; /* first: on_done gets it */
	struct net_batch *batch;
	struct arena *texts; /* the copied request */
	void *tag;
	struct entry *next;
};

struct queue {
	struct entry *first, **last;
};

/* Everything but `ended` and `abandoned` belongs to the thread that owns the batch. */
struct net_batch {
	struct net *net;
	int parallel, running;
	struct queue waiting;
	atomic_int abandoned; /* looked at by the net thread */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct queue ended; /* under lock */
};

static void put(struct queue *queue, struct entry *entry)
{
	entry->next = NULL;
	*queue->last = entry;
	queue->last = &entry->next;
}

static struct entry *take(struct queue *queue)
{
	struct entry *entry = queue->first;

	if (entry && !(queue->first = entry->next))
		queue->last = &queue->first;
	return entry;
}

struct net_batch *net_batch_new(struct net *net, int parallel)
{
	struct net_batch *batch = mem_zero(1, sizeof(*batch));
	pthread_condattr_t monotonic;

	batch->net = net;
	batch->parallel = parallel > 0 ? parallel : 1;
	batch->waiting.last = &batch->waiting.first;
	batch->ended.last = &batch->ended.first;
	pthread_mutex_init(&batch->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&batch->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	return batch;
}

static struct secret *secret_of(const struct secret *secret)
{
	union {
		const struct secret *shown;
		struct secret *owned;
	} same = { .shown = secret };

	return same.owned;
}

static void copy_request(struct entry *entry, const struct net_request *request)
{
	struct net_request *copy = &entry->transfer.request;
	struct net_header *headers =
		arena_alloc(entry->texts, (request->header_count + 1) * sizeof(*headers));

	*copy = *request;
	copy->method = arena_text(entry->texts, request->method);
	copy->url = arena_text(entry->texts, request->url);
	copy->proxy = arena_text(entry->texts, request->proxy);
	if (request->body)
		copy->body = arena_text_n(entry->texts, request->body, request->body_length);
	for (size_t i = 0; i < request->header_count; i++) {
		headers[i].name = arena_text(entry->texts, request->headers[i].name);
		headers[i].value = arena_text(entry->texts, request->headers[i].value);
		if (request->headers[i].secret)
			headers[i].secret = secret_ref(secret_of(request->headers[i].secret));
	}
	copy->headers = headers;
}

static void free_entry(struct entry *entry)
{
	const struct net_request *request = &entry->transfer.request;

	for (size_t i = 0; i < request->header_count; i++)
		secret_free(secret_of(request->headers[i].secret));
	net_response_release(&entry->transfer.response);
	arena_free(entry->texts);
	free(entry);
}

static void on_done(struct transfer *transfer)
{
	struct entry *entry = transfer->done_arg;
	struct net_batch *batch = entry->batch;

	pthread_mutex_lock(&batch->lock);
	put(&batch->ended, entry);
	pthread_cond_signal(&batch->changed);
	pthread_mutex_unlock(&batch->lock);
}

static void start_more(struct net_batch *batch)
{
	while (batch->running < batch->parallel) {
		struct entry *entry = take(&batch->waiting);

		if (!entry)
			return;
		entry->next = NULL;
		batch->running++;
		if (transfer_check(
			    &entry->transfer, net_is_read_only(batch->net), &entry->transfer.err))
			on_done(&entry->transfer);
		else
			net_submit(batch->net, &entry->transfer);
	}
}

void net_batch_add(struct net_batch *batch, const struct net_request *request, void *tag)
{
	struct entry *entry = mem_zero(1, sizeof(*entry));

	entry->texts = arena_new();
	entry->batch = batch;
	entry->tag = tag;
	entry->transfer.on_done = on_done;
	entry->transfer.done_arg = entry;
	entry->transfer.abandoned = &batch->abandoned;
	copy_request(entry, request);
	put(&batch->waiting, entry);
	start_more(batch);
}

/* With batch->lock held. 0: the time is over. */
static int wait_until(struct net_batch *batch, int64_t deadline_ns)
{
	struct timespec until = { .tv_sec = (time_t)(deadline_ns / CLOCK_SECOND_NS),
		.tv_nsec = (long)(deadline_ns % CLOCK_SECOND_NS) };

	if (!deadline_ns)
		return !pthread_cond_wait(&batch->changed, &batch->lock);
	return pthread_cond_timedwait(&batch->changed, &batch->lock, &until) != ETIMEDOUT;
}

/* timeout_ms -1: however long it takes. NULL: none ended in time. */
static struct entry *wait_for_one(struct net_batch *batch, int timeout_ms)
{
	int64_t deadline_ns =
		timeout_ms < 0 ? 0 : clock_monotonic_ns() + timeout_ms * INT64_C(1000000);

	pthread_mutex_lock(&batch->lock);
	while (!batch->ended.first && wait_until(batch, deadline_ns))
		;
	struct entry *entry = batch->ended.first ? take(&batch->ended) : NULL;

	pthread_mutex_unlock(&batch->lock);
	batch->running -= entry != NULL;
	return entry;
}

int net_batch_next(
	struct net_batch *batch, void **tag, struct net_response *response, struct error *err)
{
	return net_batch_wait(batch, -1, tag, response, err);
}

int net_batch_wait(struct net_batch *batch, int timeout_ms, void **tag,
	struct net_response *response, struct error *err)
{
	struct entry *entry = batch->running ? wait_for_one(batch, timeout_ms) : NULL;

	if (!entry)
		return 0;
	start_more(batch);
	*tag = entry->tag;
	*response = entry->transfer.response;
	memset(&entry->transfer.response, 0, sizeof(entry->transfer.response));
	if (err)
		*err = entry->transfer.err;
	free_entry(entry);
	return 1;
}

void net_batch_free(struct net_batch *batch)
{
	if (!batch)
		return;
	for (struct entry *entry; (entry = take(&batch->waiting));)
		free_entry(entry);
	atomic_store(&batch->abandoned, 1);
	net_wake(batch->net);
	while (batch->running)
		free_entry(wait_for_one(batch, -1));
	pthread_cond_destroy(&batch->changed);
	pthread_mutex_destroy(&batch->lock);
	free(batch);
}
