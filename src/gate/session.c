#include "gate/session.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/error.h"
#include "base/jobs.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/problem.h"
#include "estate/estate.h"
#include "estate/kind.h"
#include "gate/gate.h"
#include "net/net.h"
#include "store/history.h"
#include "store/store.h"

enum { WORKERS = 4, /* enough to keep a slow source from holding up a quick one */ OPENING_WAIT_MS = 100 };

struct session {
	struct session_options options;
	struct config *config;
	struct kinds *kinds;
	struct store *store;
	struct net *net;
	struct jobs *jobs;
	struct estate *estate;
	struct gate *gate;
	pthread_mutex_t opening; /* held while a worker opens the rooms */
	int stopped, left_behind;
	void (*on_result)(void *arg); /* NULL: as for news */
};

static void log_problem(const char *area, const struct json *problem)
{
	char *text = problem_format(problem);

	log_write(LOG_WARN, area, "%s", text);
	free(text);
}

struct session *session_new(const struct session_options *options, struct error *err)
{
	struct config *config = config_load(options->config_path, options->profile, err);

	if (!config)
		return NULL;
	struct json *problems = json_array();
	int wrong = config_check(config, problems, err) && !options->any_config;

	if (wrong) {
		config_free(config);
		json_free(problems);
		return NULL;
	}
	struct session *session = mem_zero(1, sizeof(*session));
	pthread_mutex_init(&session->opening, NULL);
	session->options = *options;
	session->options.read_only |= config_get_bool(config, "read_only", 0);
	session->config = config;
	log_configure(config_get(config, "log.level"), config_get(config, "log.format"), config_get(config, "log.file"));
	for (const struct json *problem = json_first(problems); problem && !options->any_config; problem = json_next(problem))
		log_problem("config", problem);
	json_free(problems);
	log_write(LOG_INFO, "config", "%s%s%s", config_path(config), options->profile ? ", profile " : "", options->profile ? options->profile : "");
	return session;
}

/* Sanitizers look for what was not freed. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define FREES_ALL 1
#elif defined(__has_feature)
#define FREES_ALL (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer))
#else
#define FREES_ALL 0
#endif

/* Upper rooms first: each still uses those below while it ends. */
void session_free(struct session *session)
{
	if (!session)
		return;
	session_stop_jobs(session);
	if (session->left_behind) /* the worker that opens them still has it all */
		return;
	gate_free(session->gate);
	estate_free(session->estate);
	net_free(session->net);
	store_close(session->store);
	kinds_free(session->kinds);
	config_free(session->config);
	pthread_mutex_destroy(&session->opening);
	free(session);
}

void session_end(struct session *session)
{
	if (!session || FREES_ALL) {
		session_free(session);
		return;
	}
	session_stop_jobs(session);
	if (session->left_behind)
		return;
	gate_free(session->gate); /* seals what was written down */
	estate_free(session->estate); /* keeps the last rows */
	store_close(session->store);
}

void session_leave(int status)
{
	fflush(NULL);
	if (FREES_ALL)
		exit(status);
	_exit(status);
}

const struct session_options *session_options(const struct session *session)
{
	return &session->options;
}

void session_set_news(struct session *session, void (*on_news)(void *arg), void (*on_result)(void *arg), void *arg)
{
	session->options.on_news = on_news;
	session->on_result = on_result;
	session->options.arg = arg;
}

/* 1: the rooms are opened, or will not be. */
static int stop_opening(struct session *session)
{
	struct timespec until;
	int failed;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += OPENING_WAIT_MS * 1000000L;
	until.tv_sec += until.tv_nsec / CLOCK_SECOND_NS;
	until.tv_nsec %= CLOCK_SECOND_NS;
	failed = FREES_ALL ? pthread_mutex_lock(&session->opening) : pthread_mutex_timedlock(&session->opening, &until);
	if (failed)
		return 0;
	session->stopped = 1;
	pthread_mutex_unlock(&session->opening);
	return 1;
}

void session_stop_jobs(struct session *session)
{
	if (!session->left_behind)
		session->left_behind = !stop_opening(session);
	if (session->left_behind)
		return;
	if (session->net) /* a server that is slow to answer must not hold up the end */
		net_end_reads(session->net);
	if (session->estate)
		estate_stop(session->estate);
	if (session->jobs)
		jobs_free(session->jobs);
	session->jobs = NULL;
}

struct config *session_config(struct session *session)
{
	return session->config;
}

static const struct {
	const char *key, *provider;
} switches[] = { { "host.enabled", "host" }, { "kubernetes.enabled", "kubernetes" } };

struct kinds *session_kinds(struct session *session, struct error *err)
{
	if (session->kinds)
		return session->kinds;
	struct json *problems = json_array();

	session->kinds = kinds_load(problems, err);
	for (const struct json *problem = json_first(problems); problem; problem = json_next(problem))
		log_problem("kinds", problem);
	json_free(problems);
	for (size_t i = 0; session->kinds && i < sizeof(switches) / sizeof(*switches); i++)
		if (!config_get_bool(session->config, switches[i].key, 1))
			kinds_put_last(session->kinds, switches[i].provider);
	return session->kinds;
}

/* Posted: nobody waits for what is old to go. A value that is no duration leaves all as it is. */
static void forget_old(struct session *session)
{
	int64_t keep_ns;
	const char *keep = config_get(session->config, "store.keep");

	if (store_read_only(session->store) || !keep || clock_parse_window(keep, &keep_ns) || keep_ns <= 0)
		return;
	history_trim(session->store, clock_now_ns() - keep_ns);
}

struct store *session_store(struct session *session, struct error *err)
{
	if (session->store)
		return session->store;
	session->store = store_open(config_get(session->config, "store.path"), err);
	if (session->store)
		forget_old(session);
	return session->store;
}

const char *session_notice(const struct session *session)
{
	return session->store ? store_notice(session->store) : "";
}

struct net *session_net(struct session *session, struct error *err)
{
	if (session->net)
		return session->net;
	session->net = net_new(err);
	if (session->net)
		net_set_read_only(session->net, session->options.read_only);
	return session->net;
}

struct jobs *session_jobs(struct session *session, struct error *err)
{
	(void)err;
	if (!session->jobs)
		session->jobs = jobs_new(WORKERS, session->on_result ? session->on_result : session->options.on_news, session->options.arg);
	return session->jobs;
}

struct estate *session_estate(struct session *session, struct error *err)
{
	if (session->estate)
		return session->estate;
	struct estate_options options = {
		.kinds = session_kinds(session, err),
		.net = session_net(session, err),
		.store = session_store(session, err),
		.jobs = session_jobs(session, err),
		.config = session->config,
		.providers = session->options.providers,
		.on_news = session->options.on_news,
		.arg = session->options.arg,
	};
	if (!options.kinds || !options.net || !options.store)
		return NULL;
	session->estate = estate_new(&options);
	return session->estate;
}

struct gate *session_gate(struct session *session, struct error *err)
{
	if (session->gate)
		return session->gate;
	struct estate *estate = session_estate(session, err); /* opens store and net too: before they are read below */
	if (!estate)
		return NULL;
	struct gate_options options = {
		.estate = estate,
		.store = session->store,
		.net = session->net,
		.config = session->config,
		.read_only = session->options.read_only,
		.dry_run = session->options.dry_run,
		.scope = session->options.scope,
		.on_news = session->options.on_news,
		.arg = session->options.arg,
	};
	session->gate = gate_new(&options, err);
	return session->gate;
}

void session_open(struct session *session, struct session_rooms *rooms, struct error *err)
{
	pthread_mutex_lock(&session->opening);
	*rooms = (struct session_rooms){ 0 };
	if (!session->stopped) {
		rooms->estate = session_estate(session, err);
		rooms->gate = rooms->estate ? session_gate(session, err) : NULL;
		rooms->store = session->store;
	}
	pthread_mutex_unlock(&session->opening);
}
