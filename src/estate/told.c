/* Changes that sources recorded themselves: known although this program was not running. They are kept in memory and asked for
 * again now and then; what was seen here too stands once, with whatever of both says more. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "estate/inside.h"

enum { ASK_EVERY_S = 300, AGAIN_S = 30, SAME_S = 120, ABOUT_S = 10, NEWEST_MAX = 100000, ACCOUNTS_MAX = 256 };

struct told { /* of one provider and account */
	struct told *next;
	char name[160];
	struct json *changes;
	int64_t since_ns, asked_ns; /* asked_ns monotonic */
};

void told_init(struct estate *estate)
{
	pthread_mutex_init(&estate->told_lock, NULL);
}

void told_release(struct estate *estate)
{
	while (estate->told) {
		struct told *told = estate->told;

		estate->told = told->next;
		json_free(told->changes);
		free(told);
	}
	pthread_mutex_destroy(&estate->told_lock);
}

/* --- asking --- */

/* With told_lock held. */
static struct told *find(const struct estate *estate, const char *name)
{
	struct told *told = estate->told;

	while (told && strcmp(told->name, name) != 0)
		told = told->next;
	return told;
}

/* 1 when the answer that is here will do; else notes that it is being asked, so that nobody does it twice. */
static int is_fresh(struct estate *estate, const char *name, int64_t since_ns)
{
	int64_t now = clock_monotonic_ns();
	int fresh;

	pthread_mutex_lock(&estate->told_lock);
	struct told *told = find(estate, name);

	if (!told) {
		told = mem_zero(1, sizeof(*told));
		snprintf(told->name, sizeof(told->name), "%s", name);
		told->next = estate->told;
		estate->told = told;
	}
	fresh = told->asked_ns && told->since_ns <= since_ns &&
		now - told->asked_ns < ASK_EVERY_S * CLOCK_SECOND_NS;
	if (!fresh) {
		told->asked_ns = now;
		told->since_ns = since_ns;
	}
	pthread_mutex_unlock(&estate->told_lock);
	return fresh;
}

/* Takes changes; NULL: it failed, and may be asked again soon. */
static void keep(struct estate *estate, const char *name, struct json *changes)
{
	pthread_mutex_lock(&estate->told_lock);
	struct told *told = find(estate, name);

	if (!told)
		json_free(changes); /* it was never asked for */
	else if (changes) {
		json_free(told->changes);
		told->changes = changes;
	} else {
		told->asked_ns -= (ASK_EVERY_S - AGAIN_S) * CLOCK_SECOND_NS;
	}
	pthread_mutex_unlock(&estate->told_lock);
}

/* "" when there is none. */
static void current_account(const struct provider_ops *ops, struct provider *provider, char out[128])
{
	struct provider_account *accounts = mem_zero(ACCOUNTS_MAX, sizeof(*accounts));
	size_t count = ops->accounts ? ops->accounts(provider, accounts, ACCOUNTS_MAX) : 0;

	*out = '\0';
	for (size_t i = 0; i < count && i < ACCOUNTS_MAX; i++)
		if (accounts[i].current)
			snprintf(out, 128, "%s", accounts[i].name);
	free(accounts);
}

static int ask_one(struct estate *estate, const struct provider_ops *ops, struct provider *provider,
	const char *account, int64_t since_ns, const void *cancelled, struct error *err)
{
	char name[160], current[128];
	struct json *changes;

	if (!account || !*account) {
		current_account(ops, provider, current);
		account = current;
	}
	snprintf(name, sizeof(name), "%.20s:%.128s", ops->name, account);
	if (is_fresh(estate, name, since_ns))
		return 0;
	changes = json_array();
	int failed = ops->recorded(provider, account, since_ns, cancelled, changes, err);

	if (failed) {
		json_free(changes);
		changes = NULL;
	} else {
		json_make_safe(changes);
	}
	keep(estate, name, changes);
	if (failed)
		return -1;
	atomic_fetch_add(&estate->changes, 1);
	if (estate->options.on_news)
		estate->options.on_news(estate->options.arg);
	return 0;
}

int estate_ask_changes(struct estate *estate, const char *account, int64_t since_ns, const void *cancelled,
	struct error *err)
{
	int failed = 0;

	for (size_t i = 0; i < estate->link_count; i++) {
		const struct provider_ops *ops = estate->links[i].ops;
		struct provider *provider =
			ops->recorded ? estate_provider(estate, ops->name, NULL, NULL) : NULL;

		if (provider && ask_one(estate, ops, provider, account, since_ns, cancelled, err))
			failed = -1;
	}
	return failed;
}

/* --- merging --- */

struct moment {
	const struct json *change;
	int64_t at_ns;
	int is_told, dropped;
};

static const char *text_of(const struct json *change, const char *key)
{
	return json_text_or(json_get(change, key), "");
}

static struct moment moment_of(const struct json *change, int is_told)
{
	struct moment moment = { .change = change, .is_told = is_told };

	clock_parse(text_of(change, "at"), &moment.at_ns);
	return moment;
}

static int newest_first(const void *a, const void *b)
{
	const struct moment *x = a, *y = b;

	if (x->at_ns != y->at_ns)
		return x->at_ns < y->at_ns ? 1 : -1;
	return x->is_told - y->is_told;
}

static int is_near(const struct moment *a, const struct moment *b, int64_t seconds)
{
	int64_t apart_ns = a->at_ns < b->at_ns ? b->at_ns - a->at_ns : a->at_ns - b->at_ns;

	return apart_ns <= seconds * CLOCK_SECOND_NS;
}

/* The source's record says who and exactly when; one that says neither old nor new is less than what was seen. */
static void settle(struct moment *told, struct moment *seen)
{
	int vague = *text_of(told->change, "field") && !json_text(json_get(told->change, "new"));

	if (strcmp(text_of(told->change, "id"), text_of(seen->change, "id")) != 0)
		return;
	if (vague && is_near(told, seen, ABOUT_S))
		told->dropped = 1;
	if (vague || !is_near(told, seen, SAME_S) ||
		strcasecmp(text_of(told->change, "field"), text_of(seen->change, "field")) != 0 ||
		strcmp(text_of(told->change, "new"), text_of(seen->change, "new")) != 0)
		return;
	if (*text_of(told->change, "by") || !*text_of(seen->change, "by"))
		seen->dropped = 1;
	else
		told->dropped = 1;
}

static void drop_doubles(struct moment *moments, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t j = i + 1; moments[i].is_told && j < count && is_near(&moments[i], &moments[j], SAME_S); j++)
			if (!moments[j].is_told)
				settle(&moments[i], &moments[j]);
	for (size_t i = count; i-- > 0;)
		for (size_t j = i; moments[i].is_told && j-- > 0 && is_near(&moments[i], &moments[j], SAME_S);)
			if (!moments[j].is_told)
				settle(&moments[i], &moments[j]);
}

static int is_wanted(const struct json *change, int64_t since_ns, const char *kind, const char *id)
{
	int64_t at_ns = 0;

	clock_parse(text_of(change, "at"), &at_ns);
	return at_ns >= since_ns && (!kind || !*kind || !strcmp(text_of(change, "kind"), kind)) &&
	       (!id || !*id || !strcmp(text_of(change, "id"), id));
}

/* With told_lock held. */
static size_t gather(const struct estate *estate, const struct json *seen, int64_t since_ns,
	const char *kind, const char *id, struct moment **moments)
{
	size_t count = 0, most = json_count(seen);

	for (const struct told *told = estate->told; told; told = told->next)
		most += json_count(told->changes);
	*moments = mem_zero(most + 1, sizeof(**moments));
	for (const struct json *item = json_first(seen); item; item = json_next(item))
		(*moments)[count++] = moment_of(item, 0);
	for (const struct told *told = estate->told; told; told = told->next)
		for (const struct json *item = json_first(told->changes); item; item = json_next(item))
			if (is_wanted(item, since_ns, kind, id))
				(*moments)[count++] = moment_of(item, 1);
	return count;
}

struct json *told_merge(struct estate *estate, struct json *seen, int64_t since_ns, const char *kind,
	const char *id, size_t limit)
{
	struct json *merged = json_array();
	struct moment *moments;

	pthread_mutex_lock(&estate->told_lock);
	if (!estate->told) {
		pthread_mutex_unlock(&estate->told_lock);
		json_free(merged);
		return seen;
	}
	size_t count = gather(estate, seen, since_ns, kind, id, &moments), kept = 0;

	qsort(moments, count, sizeof(*moments), newest_first);
	drop_doubles(moments, count);
	for (size_t i = 0; i < count && kept < (limit ? limit : NEWEST_MAX); i++) {
		if (moments[i].dropped)
			continue;
		json_add(merged, json_copy(moments[i].change));
		kept++;
	}
	pthread_mutex_unlock(&estate->told_lock);
	free(moments);
	json_free(seen);
	return merged;
}
