#include "net/net.h"

#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/within.h"
#include "net/curl_late.h"
#include "net/transfer.h"

enum {
	CONNECTIONS_KEPT = 64, /* also when few are busy: curl's default follows the handles */
	PER_HOST_MAX = 16,     /* answers waited for at once; streams do not count */
	CANCEL_LOOK_MS = 100,
	STALL_BYTES = 1024, /* a kept body slower than this a stall window is stalled */
	NET_STACK = 1 << 20,
};

struct net {
	CURLM *multi;
	pthread_t thread;
	int thread_runs;
	pthread_mutex_t lock;
	struct transfer *submitted, **last; /* under lock */
	int stop;                           /* under lock */
	atomic_int read_only, reads_ended;
	/* The net thread's own: */
	struct transfer *live;
	struct handles handles;
};

static int64_t in_ms(int64_t from_ns, int64_t ms)
{
	return from_ns + ms * (CLOCK_SECOND_NS / 1000);
}

/* --- the end of a transfer --- */

static void unlink_live(struct net *net, struct transfer *transfer)
{
	struct transfer **at = &net->live;

	while (*at != transfer)
		at = &(*at)->next;
	*at = transfer->next;
	transfer->next = NULL;
}

static void drop_try(struct net *net, struct transfer *transfer)
{
	if (transfer->easy && transfer->state == TRANSFER_RUNS)
		curl_multi_remove_handle(net->multi, transfer->easy);
	transfer_end(transfer, &net->handles);
	transfer->state = TRANSFER_WAITS;
}

static void finish(struct net *net, struct transfer *transfer)
{
	unlink_live(net, transfer);
	drop_try(net, transfer);
	transfer->response.duration_ns = clock_monotonic_ns() - transfer->began_ns;
	if (transfer->err.code)
		net_response_release(&transfer->response);
	transfer->on_done(transfer);
}

static void fail(
	struct net *net, struct transfer *transfer, enum error_code code, const char *words)
{
	error_set(&transfer->err, code, "%.100s: %s", transfer->authority, words);
	finish(net, transfer);
}

/* --- one try --- */

static void take_answer(struct transfer *transfer)
{
	struct net_response *response = &transfer->response;
	curl_off_t first_us = 0;
	char value[64];

	curl_easy_getinfo(transfer->easy, CURLINFO_STARTTRANSFER_TIME_T, &first_us);
	net_response_release(response);
	response->status = transfer->status;
	response->first_byte_ns = (int64_t)first_us * 1000;
	response->body_length = transfer->body.length;
	response->body = text_take(&transfer->body);
	response->header_lines = text_take(&transfer->header_lines);
	response->retry_after_ms = net_header(response, "retry-after", value, sizeof(value))
					   ? retry_after_ms(value, clock_now_ns())
					   : -1;
}

/* 1 when the transfer waits for another try. */
static int try_again(struct net *net, struct transfer *transfer, int failed)
{
	int64_t now = clock_monotonic_ns();

	if (!retry_wanted(transfer, failed))
		return 0;
	int64_t wait_ms =
		retry_delay_ms(transfer->tries, failed ? -1 : transfer->response.retry_after_ms);

	if (wait_ms < 0 || (transfer->deadline_ns && in_ms(now, wait_ms) >= transfer->deadline_ns))
		return 0;
	net_response_release(&transfer->response);
	drop_try(net, transfer); /* before its error goes: a handle that failed is not kept */
	error_clear(&transfer->err);
	transfer->due_ns = in_ms(now, wait_ms);
	return 1;
}

static void log_try(const struct transfer *transfer)
{
	const char *method = transfer->request.method ? transfer->request.method : "GET";
	long long elapsed_ms = (long long)((clock_monotonic_ns() - transfer->began_ns) / 1000000);

	if (transfer->err.code)
		log_write(LOG_INFO, "net", "%s %s: %s, after %lld ms", method, transfer->request.url, transfer->err.text, elapsed_ms);
	else
		log_write(LOG_INFO, "net", "%s %s: %d, %zu bytes in %lld ms", method, transfer->request.url, transfer->response.status,
			transfer->response.body_length, elapsed_ms);
}

static void try_ended(struct net *net, struct transfer *transfer, CURLcode code)
{
	if (transfer->stopped.code)
		transfer->err = transfer->stopped;
	else if (!code && !transfer->headers_ended) /* libcurl takes that for an answer */
		outcome_error(CURLE_PARTIAL_FILE, transfer->easy, "", transfer->authority,
			&transfer->err);
	else if (code)
		outcome_error(code, transfer->easy, transfer->problem, transfer->authority,
			&transfer->err);
	else
		take_answer(transfer);
	log_try(transfer);
	if (!try_again(net, transfer, transfer->err.code != ERR_NONE))
		finish(net, transfer);
}

static void start(struct net *net, struct transfer *transfer)
{
	if (transfer_begin(transfer, &net->handles)) {
		finish(net, transfer);
		return;
	}
	transfer->state = TRANSFER_RUNS;
	if (curl_multi_add_handle(net->multi, transfer->easy)) {
		transfer->state = TRANSFER_WAITS;
		fail(net, transfer, ERR_LIMIT, "too many requests at once");
	}
}

static int is_stream(const struct transfer *transfer)
{
	return transfer->request.on_data != NULL;
}

/* An open watch costs nothing: whoever cancels it calls net_wake(). */
static int is_endless(const struct transfer *transfer)
{
	return is_stream(transfer) && !transfer->deadline_ns;
}

static int host_has_room(const struct net *net, const struct transfer *transfer)
{
	int running = 0;

	if (is_stream(transfer))
		return 1;
	for (const struct transfer *other = net->live; other; other = other->next)
		if (other->state == TRANSFER_RUNS && !is_stream(other) &&
			!strcmp(other->authority, transfer->authority))
			running++;
	return running < PER_HOST_MAX;
}

/* --- deadlines --- */

static int64_t stall_ns(const struct transfer *transfer)
{
	int ms = transfer->request.stall_timeout_ms;

	return ms < 0 ? 0 : (ms ? ms : NET_STALL_DEFAULT_MS) * (CLOCK_SECOND_NS / 1000);
}

/* Begins a new window when enough came. A stream that trickles is alive; a body that does is not.
 */
static int is_stalled(struct transfer *transfer, int64_t now)
{
	curl_off_t received = 0;
	int64_t window = stall_ns(transfer);

	if (transfer->state != TRANSFER_RUNS || !window)
		return 0;
	curl_easy_getinfo(transfer->easy, CURLINFO_SIZE_DOWNLOAD_T, &received);
	size_t bytes = (size_t)received + transfer->header_lines.length;
	size_t enough = is_stream(transfer) ? 1 : STALL_BYTES;
	size_t came = bytes > transfer->window_bytes ? bytes - transfer->window_bytes : 0;

	if (came >= enough) {
		transfer->window_bytes = bytes;
		transfer->window_ns = now;
	}
	return now - transfer->window_ns >= window;
}

static int cancel_wanted(const struct net *net, const struct transfer *transfer)
{
	return (atomic_load(&net->reads_ended) && transfer_is_read(&transfer->request)) ||
	       (transfer->abandoned && atomic_load(transfer->abandoned)) ||
	       (transfer->request.cancelled && atomic_load(transfer->request.cancelled));
}

/* 1 when it is over (and gone). */
static int check_end(struct net *net, struct transfer *transfer, int64_t now)
{
	char words[80];

	if (cancel_wanted(net, transfer)) {
		fail(net, transfer, ERR_CANCELLED, "cancelled");
	} else if (transfer->deadline_ns && now >= transfer->deadline_ns) {
		snprintf(words, sizeof(words), "no whole answer within %lld ms",
			(long long)((now - transfer->began_ns) / (CLOCK_SECOND_NS / 1000)));
		fail(net, transfer, ERR_TIMEOUT, words);
	} else if (is_stalled(transfer, now)) {
		snprintf(words, sizeof(words), "the answer stalled: hardly a byte for %lld ms",
			(long long)(stall_ns(transfer) / (CLOCK_SECOND_NS / 1000)));
		fail(net, transfer, ERR_TIMEOUT, words);
	} else {
		return 0;
	}
	return 1;
}

static void sooner(int64_t *wake_ns, int64_t at_ns)
{
	if (at_ns < *wake_ns)
		*wake_ns = at_ns;
}

/* Ends what is over, starts what is due. */
static void tend(struct net *net)
{
	int64_t now = clock_monotonic_ns();

	for (struct transfer *transfer = net->live, *next; transfer; transfer = next) {
		next = transfer->next;
		if (check_end(net, transfer, now))
			continue;
		if (transfer->state == TRANSFER_WAITS && transfer->due_ns <= now &&
			host_has_room(net, transfer))
			start(net, transfer);
	}
}

static int64_t look_at_ns(const struct net *net, const struct transfer *transfer, int64_t now)
{
	int64_t at_ns = INT64_MAX;

	if (transfer->deadline_ns)
		sooner(&at_ns, transfer->deadline_ns);
	if (transfer->state == TRANSFER_RUNS && stall_ns(transfer))
		sooner(&at_ns, transfer->window_ns + stall_ns(transfer));
	/* One that is due but finds no room is woken by the end of another. */
	if (transfer->state == TRANSFER_WAITS && host_has_room(net, transfer))
		sooner(&at_ns, transfer->due_ns);
	if (transfer->request.cancelled && !is_endless(transfer))
		sooner(&at_ns, in_ms(now, CANCEL_LOOK_MS));
	return at_ns;
}

/* When to look again, curl's own business aside; INT64_MAX never. */
static int64_t next_look_ns(const struct net *net)
{
	int64_t now = clock_monotonic_ns(), at_ns = INT64_MAX;

	for (const struct transfer *transfer = net->live; transfer; transfer = transfer->next)
		sooner(&at_ns, look_at_ns(net, transfer, now));
	return at_ns;
}

/* --- the thread --- */

static int take_submitted(struct net *net)
{
	struct transfer **at = &net->live;

	while (*at)
		at = &(*at)->next;
	pthread_mutex_lock(&net->lock);
	int stop = net->stop;
	*at = net->submitted;
	net->submitted = NULL;
	net->last = &net->submitted;
	pthread_mutex_unlock(&net->lock);
	return stop;
}

static void collect(struct net *net)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(net->multi, &left))) {
		struct transfer *transfer = NULL;
		CURLcode code = message->data.result;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
		try_ended(net, transfer, code);
	}
}

static int sleep_ms(int64_t wake_ns)
{
	int64_t left = wake_ns - clock_monotonic_ns();

	if (wake_ns == INT64_MAX)
		return INT_MAX;
	if (left <= 0)
		return 0;
	left = (left + CLOCK_SECOND_NS / 1000 - 1) / (CLOCK_SECOND_NS / 1000);
	return left < INT_MAX ? (int)left : INT_MAX;
}

static void *net_main(void *arg)
{
	struct net *net = arg;
	int running;

	prctl(PR_SET_NAME, "ph-net");

	while (!take_submitted(net)) {
		tend(net);
		curl_multi_perform(net->multi, &running);
		collect(net);
		curl_multi_poll(net->multi, NULL, 0, sleep_ms(next_look_ns(net)), NULL);
	}
	while (net->live)
		fail(net, net->live, ERR_CANCELLED, "cancelled: the program ends");
	handles_release(&net->handles);
	return NULL;
}

static int start_thread(struct net *net, struct error *err)
{
	pthread_attr_t attributes;
	sigset_t all, old;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, NET_STACK);
	sigfillset(&all); /* SIGPIPE too: OpenSSL writes without MSG_NOSIGNAL */
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int failed = pthread_create(&net->thread, &attributes, net_main, net);

	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attributes);
	net->thread_runs = !failed;
	return failed ? error_set(err, ERR_IO, "starting the net thread: %s", strerror(failed)) : 0;
}

struct net *net_new(struct error *err)
{
	struct net *net = mem_zero(1, sizeof(*net));

	(void)err;
	pthread_mutex_init(&net->lock, NULL);
	net->last = &net->submitted;
	return net;
}

/* With the first request: libcurl and its TLS library take milliseconds and megabytes, which a console that
 * watches its own machine does not need. With the lock held. */
static int begin(struct net *net, struct error *err)
{
	if (net->thread_runs)
		return 0;
	if (!curl_late_is_there())
		return error_set(err, ERR_IO, CURL_SONAME " cannot be loaded: install libcurl (Debian: libcurl4)");
	if (!net->multi)
		net->multi = curl_multi_init();
	if (!net->multi)
		return error_set(err, ERR_LIMIT, "out of memory for the network");
	curl_multi_setopt(net->multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_KEPT);
	return start_thread(net, err);
}

void net_free(struct net *net)
{
	if (!net)
		return;
	pthread_mutex_lock(&net->lock);
	net->stop = 1;
	pthread_mutex_unlock(&net->lock);
	if (net->thread_runs) {
		net_wake(net);
		pthread_join(net->thread, NULL);
	}
	if (net->multi)
		curl_multi_cleanup(net->multi);
	pthread_mutex_destroy(&net->lock);
	free(net);
}

void net_wake(struct net *net)
{
	pthread_mutex_lock(&net->lock);
	int runs = net->thread_runs;

	pthread_mutex_unlock(&net->lock);
	if (runs) /* from then on it runs until the end */
		curl_multi_wakeup(net->multi);
}

void net_end_reads(struct net *net)
{
	atomic_store(&net->reads_ended, 1);
	net_wake(net);
}

void net_set_read_only(struct net *net, int read_only)
{
	atomic_store(&net->read_only, read_only);
}

int net_is_read_only(const struct net *net)
{
	return atomic_load(&net->read_only);
}

void net_submit(struct net *net, struct transfer *transfer)
{
	int timeout_ms = within_timeout_ms(transfer->request.timeout_ms ? transfer->request.timeout_ms : NET_TIMEOUT_DEFAULT_MS);

	transfer->request.cancelled = within_cancelled(transfer->request.cancelled);

	transfer->began_ns = clock_monotonic_ns();
	transfer->deadline_ns = timeout_ms < 0 ? 0 : in_ms(transfer->began_ns, timeout_ms);
	transfer->state = TRANSFER_WAITS;
	transfer->response.retry_after_ms = -1;
	pthread_mutex_lock(&net->lock);
	int failed = begin(net, &transfer->err);

	if (!failed) {
		*net->last = transfer;
		net->last = &transfer->next;
	}
	pthread_mutex_unlock(&net->lock);
	if (failed)
		transfer->on_done(transfer);
	else
		net_wake(net);
}

/* --- one request, waited for --- */

struct waiter {
	pthread_mutex_t lock;
	pthread_cond_t ended;
	int done;
};

static void wake_waiter(struct transfer *transfer)
{
	struct waiter *waiter = transfer->done_arg;

	pthread_mutex_lock(&waiter->lock);
	waiter->done = 1;
	pthread_cond_signal(&waiter->ended);
	pthread_mutex_unlock(&waiter->lock);
}

/* The net thread keeps the deadline and looks at `cancelled`, so this ends. */
static void wait_for(struct net *net, struct transfer *transfer)
{
	struct waiter waiter = { .done = 0 };

	pthread_mutex_init(&waiter.lock, NULL);
	pthread_cond_init(&waiter.ended, NULL);
	transfer->on_done = wake_waiter;
	transfer->done_arg = &waiter;
	net_submit(net, transfer);
	pthread_mutex_lock(&waiter.lock);
	while (!waiter.done)
		pthread_cond_wait(&waiter.ended, &waiter.lock);
	pthread_mutex_unlock(&waiter.lock);
	pthread_cond_destroy(&waiter.ended);
	pthread_mutex_destroy(&waiter.lock);
}

int net_fetch(struct net *net, const struct net_request *request, struct net_response *response,
	struct error *err)
{
	struct transfer transfer = { .request = *request };

	memset(response, 0, sizeof(*response));
	if (transfer_check(&transfer, net_is_read_only(net), err))
		return -1;
	wait_for(net, &transfer);
	*response = transfer.response;
	if (!transfer.err.code)
		return 0;
	if (err)
		*err = transfer.err;
	return -1;
}

void net_response_release(struct net_response *response)
{
	free(response->body);
	free(response->header_lines);
	memset(response, 0, sizeof(*response));
	response->retry_after_ms = -1;
}

const char *net_header(
	const struct net_response *response, const char *name, char *out, size_t size)
{
	size_t length = strlen(name);
	const char *line = response->header_lines;

	while (line && *line) {
		const char *end = line + strcspn(line, "\n");

		if (!strncmp(line, name, length) && !strncmp(line + length, ": ", 2)) {
			const char *value = line + length + 2;
			size_t n =
				(size_t)(end - value) < size - 1 ? (size_t)(end - value) : size - 1;

			memcpy(out, value, n);
			out[n] = 0;
			return out;
		}
		line = *end ? end + 1 : end;
	}
	return NULL;
}
