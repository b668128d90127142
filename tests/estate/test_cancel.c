/* A watch that hears nothing looks at nothing: closing its feed has to wake it. */
#include "sample.h"

#include <pthread.h>

#include "base/jobs.h"
#include "check_main.h"
#include "estate/estate.h"
#include "estate/provider.h"
#include "net/net.h"
#include "sim/faults.h"

enum { HOURS_MS = 7200000 };

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int is_open, is_over;
	enum error_code code;
} watch = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

static struct faults *faults;
static struct net *net;
static struct jobs *jobs;
static struct kinds *kinds;
static struct estate *estate;

static void set(int *what)
{
	pthread_mutex_lock(&watch.lock);
	*what = 1;
	pthread_cond_broadcast(&watch.changed);
	pthread_mutex_unlock(&watch.lock);
}

/* The suite's time limit ends it when it never comes. */
static void wait_until(const int *what)
{
	pthread_mutex_lock(&watch.lock);
	while (!*what)
		pthread_cond_wait(&watch.changed, &watch.lock);
	pthread_mutex_unlock(&watch.lock);
}

static int on_data(void *arg, const char *bytes, size_t length)
{
	(void)arg, (void)bytes, (void)length;
	set(&watch.is_open);
	return 0;
}

static int silent_open(struct provider **out, struct kinds *known, struct net *given,
	const struct config *config, struct error *err)
{
	(void)known, (void)config, (void)err;
	*out = (struct provider *)given;
	return 0;
}

static void silent_close(struct provider *provider)
{
	(void)provider;
}

static int silent_watch(struct provider *provider, const struct kind *kind,
	const struct selection *selection, struct feed *feed, struct error *err)
{
	char *url = mem_format("%s/stream?count=1", faults_url(faults));
	struct net_request request = { .url = url,
		.proxy = "",
		.connect_timeout_ms = HOURS_MS, /* libcurl keeps its timer for a while after */
		.timeout_ms = -1,
		.stall_timeout_ms = -1,
		.on_data = on_data,
		.cancelled = feed_cancel_flag(feed) };
	struct net_response response;
	struct error own = { 0 };

	(void)kind, (void)selection;
	int failed = net_fetch((struct net *)provider, &request, &response, &own);

	net_response_release(&response);
	free(url);
	watch.code = own.code;
	set(&watch.is_over);
	if (failed && err)
		*err = own;
	return failed;
}

static const struct provider_ops silent = {
	.name = "fake", .open = silent_open, .close = silent_close, .watch = silent_watch
};

static void set_up(void)
{
	static const struct provider_ops *const providers[] = { &silent, NULL };
	struct error err = { 0 };

	faults = faults_new(NULL, &err);
	ck_assert_msg(faults != NULL, "%s", err.text);
	net = net_new(&err);
	ck_assert_msg(net != NULL, "%s", err.text);
	kinds = sample_kinds();
	jobs = jobs_new(2, NULL, NULL);
	estate = estate_new(&(struct estate_options){
		.kinds = kinds, .net = net, .jobs = jobs, .providers = providers });
}

static void tear_down(void)
{
	estate_free(estate);
	jobs_free(jobs);
	net_free(net);
	faults_free(faults);
	kinds_free(kinds);
}

/* Answers on the same thread. Before the watch they give it an open connection, for libcurl sets
 * timers when it connects, and behind it they take the turns its bytes made due: then only a wake
 * lets the thread look again. */
static void answer_a_few(void)
{
	char *url = mem_format("%s/ok", faults_url(faults));
	struct net_request request = { .url = url, .proxy = "" };
	struct net_response response;

	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(net_fetch(net, &request, &response, NULL), 0);
		net_response_release(&response);
	}
	free(url);
}

static struct feed *open_silent(void)
{
	answer_a_few();
	struct feed *feed = estate_open(estate, kinds_find(kinds, "pods"), NULL);

	wait_until(&watch.is_open);
	answer_a_few();
	return feed;
}

START_TEST(closing_a_feed_ends_its_silent_watch)
{
	estate_close(estate, open_silent());
	wait_until(&watch.is_over);
	ck_assert_int_eq(watch.code, ERR_CANCELLED);
}
END_TEST

START_TEST(the_estate_ends_its_silent_watches)
{
	open_silent();
	estate_free(estate);
	estate = NULL;
	ck_assert_int_eq(watch.is_over, 1);
	ck_assert_int_eq(watch.code, ERR_CANCELLED);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, closing_a_feed_ends_its_silent_watch);
	tcase_add_test(tc, the_estate_ends_its_silent_watches);
}
TEST_MAIN("estate/cancel")
