#include "estate/estate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "estate/inside.h"
#include "estate/kind.h"
#include "net/net.h"

static const int64_t ms = 1000000;

struct estate *estate_new(const struct estate_options *options)
{
	struct estate *estate = mem_zero(1, sizeof(*estate));
	pthread_condattr_t monotonic;

	estate->options = *options;
	estate->scopes = scopes_new(options->config);
	pthread_mutex_init(&estate->link_lock, NULL);
	pthread_mutex_init(&estate->lock, NULL);
	pthread_mutex_init(&estate->accounts_lock, NULL);
	told_init(estate);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&estate->due, &monotonic);
	pthread_cond_init(&estate->idle, NULL);
	pthread_condattr_destroy(&monotonic);
	while (options->providers && options->providers[estate->link_count])
		estate->link_count++;
	estate->links = mem_zero(estate->link_count + 1, sizeof(*estate->links));
	for (size_t i = 0; i < estate->link_count; i++)
		estate->links[i].ops = options->providers[i];
	return estate;
}

/* A watch looks at its flag only then. */
static void wake_watches(const struct estate *estate)
{
	if (estate->options.net)
		net_wake(estate->options.net);
}

static void drop_feeds(struct estate *estate)
{
	pthread_mutex_lock(&estate->lock);
	for (struct feed *feed = estate->feeds; feed; feed = feed->next)
		atomic_store(&feed->cancelled, 1);
	pthread_mutex_unlock(&estate->lock);
	wake_watches(estate);
	schedule_stop(estate);
	while (estate->feeds) {
		struct feed *feed = estate->feeds;

		estate->feeds = feed->next;
		feed_unref(feed);
	}
}

void estate_stop(struct estate *estate)
{
	schedule_halt(estate);
}

void estate_free(struct estate *estate)
{
	if (!estate)
		return;
	drop_feeds(estate);
	for (size_t i = 0; i < estate->link_count; i++)
		if (estate->links[i].provider)
			estate->links[i].ops->close(estate->links[i].provider);
	free(estate->links);
	scopes_free(estate->scopes);
	told_release(estate);
	accounts_release(estate);
	pthread_mutex_destroy(&estate->link_lock);
	pthread_mutex_destroy(&estate->lock);
	pthread_cond_destroy(&estate->due);
	pthread_cond_destroy(&estate->idle);
	free(estate);
}

struct kinds *estate_kinds(struct estate *estate)
{
	return estate->options.kinds;
}

/* --- providers --- */

static struct link *find_link(struct estate *estate, const char *name)
{
	for (size_t i = 0; i < estate->link_count; i++)
		if (!strcasecmp(estate->links[i].ops->name, name))
			return &estate->links[i];
	return NULL;
}

/* A failure is not remembered: opening is cheap, and a kubeconfig may appear. */
struct provider *estate_open_link(struct estate *estate, struct link *link, struct error *err)
{
	struct estate_options *options = &estate->options;
	struct provider *provider = NULL;

	pthread_mutex_lock(&estate->link_lock);
	if (!link->provider && !link->ops->open(&provider, options->kinds, options->net,
				       options->config, err))
		link->provider = provider;
	provider = link->provider;
	pthread_mutex_unlock(&estate->link_lock);
	return provider;
}

const struct provider_ops *estate_provider_ops(const struct estate *estate, const char *name)
{
	for (size_t i = 0; i < estate->link_count; i++)
		if (!strcasecmp(estate->links[i].ops->name, name))
			return estate->links[i].ops;
	return NULL;
}

struct provider *estate_provider(struct estate *estate, const char *name,
	const struct provider_ops **ops, struct error *err)
{
	struct link *link = find_link(estate, name);

	if (!link) {
		error_set(err, ERR_NOT_FOUND, "there is no provider \"%.60s\"", name);
		return NULL;
	}
	if (ops)
		*ops = link->ops;
	struct provider *provider = estate_open_link(estate, link, err);

	if (!provider && err && err->code == ERR_NOT_FOUND)
		err->code = ERR_INVALID; /* not set up, and asked for all the same */
	return provider;
}

static const struct kind *resolve(struct estate *estate, const char *name, struct error *err)
{
	const char *slash = strchr(name, '/');

	for (size_t i = 0; i < estate->link_count; i++) {
		struct link *link = &estate->links[i];
		size_t length = strlen(link->ops->name);
		int named = slash && (size_t)(slash - name) == length &&
			    !strncasecmp(name, link->ops->name, length);
		struct error why = { 0 };
		struct provider *provider;
		const struct kind *kind;

		if (!link->ops->resolve || !(provider = estate_open_link(estate, link, &why)))
			continue;
		kind = link->ops->resolve(provider, named ? slash + 1 : name, &why);
		if (kind)
			return kind;
		/* "Not there" of one must not hide that another could not be asked. */
		if (why.code && why.code != ERR_NOT_FOUND && err)
			*err = why;
	}
	return NULL;
}

const struct kind *estate_kind(struct estate *estate, const char *name, struct error *err)
{
	const struct kind *kind = kinds_find(estate->options.kinds, name);
	struct error why = { 0 };

	if (kind || (kind = resolve(estate, name, &why)))
		return kind;
	if (why.code)
		error_set(err, why.code, "%s", why.text);
	else
		error_set(err, ERR_NOT_FOUND, "there is no kind \"%.60s\"; see `pilothouse kinds`",
			name);
	return NULL;
}

const struct kind *estate_kind_of(struct estate *estate, const struct ref *ref, struct error *err)
{
	char name[sizeof(ref->provider) + sizeof(ref->kind) + 1];

	snprintf(name, sizeof(name), "%s%s%s", ref->provider, *ref->provider ? "/" : "", ref->kind);
	return estate_kind(estate, name, err);
}

void estate_scope(const struct estate *estate, const char *namespace_, const char *account,
	char out[12])
{
	scopes_find(estate->scopes, namespace_, account, out);
}

/* --- feeds --- */

static int same_text(const char *a, const char *b)
{
	return !strcmp(a ? a : "", b ? b : "");
}

static int same_selection(const struct selection *a, const struct selection *b)
{
	return same_text(a->account, b->account) && same_text(a->namespace_, b->namespace_) &&
	       same_text(a->name, b->name) && same_text(a->labels, b->labels) &&
	       a->since_ns == b->since_ns && a->limit == b->limit;
}

static struct feed *find_open(struct estate *estate, const struct kind *kind,
	const struct selection *selection)
{
	struct feed *feed = estate->feeds;

	while (feed && (feed->kind != kind || !same_selection(&feed->selection, selection)))
		feed = feed->next;
	return feed;
}

static struct feed *open_new(struct estate *estate, const struct kind *kind,
	const struct selection *selection)
{
	struct link *link = find_link(estate, kind->provider);
	struct feed *feed = feed_new(estate, kind, link ? link->ops : NULL, selection);
	struct error err = { 0 };

	if (!link || !estate->options.jobs)
		feed_load_cache(feed); /* there is no scheduler to read it */
	pthread_mutex_lock(&estate->lock);
	feed->users = 1;
	feed->next = estate->feeds;
	estate->feeds = feed;
	if (link && estate->options.jobs) {
		feed->wants_cache = 1;
		feed->poll_due_ns = clock_monotonic_ns();
	}
	if (schedule_start(estate))
		error_set(&err, ERR_LIMIT, "cannot start a thread");
	pthread_cond_signal(&estate->due);
	pthread_mutex_unlock(&estate->lock);
	if (!link)
		error_set(&err, ERR_NOT_FOUND, "there is no provider \"%.60s\"", kind->provider);
	if (err.code)
		feed_fail(feed, &err);
	return feed;
}

struct feed *estate_open(struct estate *estate, const struct kind *kind,
	const struct selection *selection)
{
	static const struct selection whole = { 0 };
	struct feed *feed;

	if (!selection)
		selection = &whole;
	pthread_mutex_lock(&estate->lock);
	feed = find_open(estate, kind, selection);
	if (feed)
		feed->users++;
	pthread_mutex_unlock(&estate->lock);
	return feed ? feed : open_new(estate, kind, selection);
}

void estate_close(struct estate *estate, struct feed *feed)
{
	int last;

	if (!feed)
		return;
	pthread_mutex_lock(&estate->lock);
	last = --feed->users == 0;
	if (last) {
		struct feed **at = &estate->feeds;

		atomic_store(&feed->cancelled, 1);
		while (*at != feed)
			at = &(*at)->next;
		*at = feed->next;
	}
	pthread_mutex_unlock(&estate->lock);
	if (!last)
		return;
	wake_watches(estate);
	feed_unref(feed);
}

/* Seen again: what it shows may be old. */
void feed_set_visible(struct feed *feed, int visible)
{
	struct estate *estate = feed->estate;
	int64_t now = clock_monotonic_ns();

	if (atomic_exchange(&feed->visible, visible) == visible)
		return;
	pthread_mutex_lock(&estate->lock);
	if (!visible) {
		schedule_seldom(feed);
		pthread_cond_signal(&estate->due); /* now, a key was pressed: else it wakes for what is not due any more */
		pthread_mutex_unlock(&estate->lock);
		return;
	}
	if (feed->poll_due_ns && feed->poll_due_ns > now + feed->kind->poll_ms * ms)
		schedule_wake(estate, feed->poll_due_ns = now);
	if (feed->publish_due_ns)
		schedule_wake(estate, feed->publish_due_ns = now);
	pthread_mutex_unlock(&estate->lock);
}

void feed_refresh(struct feed *feed)
{
	if (feed->ops && feed->estate->options.jobs)
		schedule_poll_now(feed);
}
