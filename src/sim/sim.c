#include "sim/sim.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/uuid.h"
#include "sim/api.h"
#include "sim/build.h"
#include "sim/scenario.h"
#include "sim/server.h"
#include "sim/world.h"

enum { CLUSTERS_MAX = 8, STEP_MS = 250, BEFORE_S = 60 };

struct sim {
	struct api apis[CLUSTERS_MAX];
	struct server *servers[CLUSTERS_MAX];
	size_t count;
	char token[UUID_MAX];
	int64_t zero_ns; /* what the timeline is relative to */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t ended;
	int started, stop;
};

/* --- time goes on --- */

static void step_all(struct sim *sim)
{
	for (size_t i = 0; i < sim->count; i++) {
		struct world *world = sim->apis[i].world;

		world_lock(world);
		build_step(world, clock_now_ns(), sim->zero_ns);
		world_unlock(world);
	}
}

/* 1 when it is to end. */
static int wait_a_step(struct sim *sim)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += STEP_MS * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	pthread_mutex_lock(&sim->lock);
	while (!sim->stop && pthread_cond_timedwait(&sim->ended, &sim->lock, &until) != ETIMEDOUT)
		;
	int stop = sim->stop;

	pthread_mutex_unlock(&sim->lock);
	return stop;
}

static void *live(void *arg)
{
	struct sim *sim = arg;

	while (!wait_a_step(sim))
		step_all(sim);
	return NULL;
}

/* --- the past --- */

static int64_t earliest(const struct json *scenario)
{
	int64_t first_ns = 0, offset_ns;

	for (const struct json *step = json_first(json_get(scenario, "timeline")); step; step = json_next(step))
		if (!build_when(step, &offset_ns) && offset_ns < first_ns)
			first_ns = offset_ns;
	return first_ns - BEFORE_S * CLOCK_SECOND_NS;
}

static struct world *past_of(const struct sim *sim, const struct scenario *scenario, const struct json *cluster)
{
	int64_t at_ns = sim->zero_ns + earliest(scenario->json);
	struct world *world = world_new(json_text_or(json_get(cluster, "name"), ""), at_ns);

	world->cluster = cluster;
	world->scenario = scenario->json;
	build_cluster(world);
	for (; at_ns <= sim->zero_ns; at_ns += CLOCK_SECOND_NS)
		build_step(world, at_ns, sim->zero_ns);
	world_forget(world);
	return world;
}

static int begin(struct sim *sim, const struct scenario *scenario, struct error *err)
{
	for (const struct json *cluster = json_first(json_get(scenario->estate, "clusters")); cluster; cluster = json_next(cluster)) {
		struct api *api = &sim->apis[sim->count];
		struct server_options options = { .answer = api_answer, .arg = api };

		if (sim->count == CLUSTERS_MAX)
			return error_set(err, ERR_LIMIT, "an estate has at most %d clusters", CLUSTERS_MAX);
		*api = (struct api){ .world = past_of(sim, scenario, cluster), .token = sim->token };
		sim->servers[sim->count++] = server_new(&options, err);
		if (!sim->servers[sim->count - 1])
			return -1;
	}
	return 0;
}

struct sim *sim_new(const struct scenario *scenario, struct error *err)
{
	struct sim *sim = mem_zero(1, sizeof(*sim));
	pthread_condattr_t monotonic;
	sigset_t all, old;

	pthread_mutex_init(&sim->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&sim->ended, &monotonic);
	pthread_condattr_destroy(&monotonic);
	uuid_v7(sim->token);
	sim->zero_ns = clock_now_ns();
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	sim->started = !begin(sim, scenario, err) && !pthread_create(&sim->thread, NULL, live, sim);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (sim->started)
		return sim;
	sim_free(sim);
	return NULL;
}

void sim_free(struct sim *sim)
{
	if (!sim)
		return;
	pthread_mutex_lock(&sim->lock);
	sim->stop = 1;
	pthread_cond_signal(&sim->ended);
	pthread_mutex_unlock(&sim->lock);
	if (sim->started)
		pthread_join(sim->thread, NULL);
	for (size_t i = 0; i < sim->count; i++) {
		server_free(sim->servers[i]);
		world_free(sim->apis[i].world);
	}
	pthread_cond_destroy(&sim->ended);
	pthread_mutex_destroy(&sim->lock);
	free(sim);
}

size_t sim_clusters(const struct sim *sim)
{
	return sim->count;
}

const char *sim_name(const struct sim *sim, size_t i)
{
	return sim->apis[i].world->name;
}

const char *sim_url(const struct sim *sim, size_t i)
{
	return server_url(sim->servers[i]);
}

const char *sim_token(const struct sim *sim)
{
	return sim->token;
}

/* Names of clusters are checked by lint: they need no quotes. */
static void add_entry(struct text *out, const char *list, const struct sim *sim, const char *format)
{
	text_format(out, "%s:\n", list);
	for (size_t i = 0; i < sim->count; i++) {
		const char *name = sim->apis[i].world->name;

		text_format(out, "- {name: %s, %s: {", name, format);
		if (!strcmp(format, "cluster"))
			text_format(out, "server: \"%s\"}}\n", sim_url(sim, i));
		else
			text_format(out, "cluster: %s, user: demo}}\n", name);
	}
}

void sim_kubeconfig(const struct sim *sim, struct text *out)
{
	text_format(out, "apiVersion: v1\nkind: Config\ncurrent-context: %s\n", sim->apis[0].world->name);
	add_entry(out, "clusters", sim, "cluster");
	add_entry(out, "contexts", sim, "context");
	text_format(out, "users:\n- {name: demo, user: {token: %s}}\n", sim->token);
}
