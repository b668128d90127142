#include "provider/kubernetes/rights.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "estate/kind.h"
#include "estate/provider.h"
#include "provider/kubernetes/account.h"
#include "provider/kubernetes/act.h"
#include "provider/kubernetes/get.h"

enum { FRESH_S = 300, AGAIN_S = 10 /* where it was not answered */ };

struct rights {
	struct rights *next;
	char *namespace_;
	struct json *status; /* NULL: the server did not say */
	int64_t asked_ns;
};

void rights_free(struct rights *rights)
{
	while (rights) {
		struct rights *next = rights->next;

		free(rights->namespace_);
		json_free(rights->status);
		free(rights);
		rights = next;
	}
}

/* "*", the name itself, or of a subresource "*" and "/scale" (RBAC, "Referring to resources"). */
static int names(const struct json *list, const char *text)
{
	const char *slash = strchr(text, '/');

	for (const struct json *item = json_first(list); item; item = json_next(item)) {
		const char *name = json_text_or(item, "");

		if (!strcmp(name, "*") || !strcmp(name, text))
			return 1;
		if (slash && *name == '*' && !strcmp(name + 1, slash))
			return 1;
	}
	return 0;
}

int rights_judge(
	const struct json *status, const char *verb, const char *group, const char *resource)
{
	int narrow = 0;

	if (!status)
		return -1;
	for (const struct json *rule = json_first(json_get(status, "resourceRules")); rule;
		rule = json_next(rule)) {
		if (!names(json_get(rule, "verbs"), verb) ||
			!names(json_get(rule, "apiGroups"), group) ||
			!names(json_get(rule, "resources"), resource))
			continue;
		if (!json_count(json_get(rule, "resourceNames")))
			return 1;
		narrow = 1; /* for some names only: it depends */
	}
	return narrow || json_bool(json_get(status, "incomplete"), 0) ? -1 : 0;
}

static struct json *ask(struct account *account, const char *namespace_)
{
	struct json *review = json_object(), *answer, *status = NULL;
	char *body;

	json_set_text(review, "apiVersion", "authorization.k8s.io/v1");
	json_set_text(review, "kind", "SelfSubjectRulesReview");
	json_set(review, "spec", json_set_text(json_object(), "namespace", namespace_));
	body = json_format(review);
	struct call call = {
		.method = "POST",
		.path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
		.type = "application/json",
		.body = body,
		.body_length = strlen(body),
		.harmless = 1,
	};

	answer = call_json(account, &call, NULL);
	if (json_get(answer, "status"))
		status = json_copy(json_get(answer, "status"));
	json_free(answer);
	json_free(review);
	free(body);
	return status;
}

/* With account->lock held. */
static struct rights *find(const struct account *account, const char *namespace_)
{
	struct rights *rights = account->rights;

	while (rights && strcmp(rights->namespace_, namespace_) != 0)
		rights = rights->next;
	return rights;
}

/* Takes status. With account->lock held. */
static struct rights *keep(struct account *account, const char *namespace_, struct json *status)
{
	struct rights *rights = find(account, namespace_);

	if (!rights) {
		rights = mem_zero(1, sizeof(*rights));
		rights->namespace_ = mem_text(namespace_);
		rights->next = account->rights;
		account->rights = rights;
	}
	json_free(rights->status);
	rights->status = status;
	rights->asked_ns = clock_monotonic_ns();
	return rights;
}

int rights_may(struct account *account, const char *verb, const char *group, const char *resource,
	const char *namespace_)
{
	const char *place = namespace_ && *namespace_ ? namespace_ : "default";
	struct rights *rights;
	int may = -1, known;

	pthread_mutex_lock(&account->lock);
	rights = find(account, place);
	known = rights && clock_monotonic_ns() - rights->asked_ns <
			  (rights->status ? FRESH_S : AGAIN_S) * CLOCK_SECOND_NS;
	if (known)
		may = rights_judge(rights->status, verb, group, resource);
	pthread_mutex_unlock(&account->lock);
	if (known)
		return may;
	struct json *status = ask(account, place); /* without the lock */

	pthread_mutex_lock(&account->lock);
	may = rights_judge(keep(account, place, status)->status, verb, group, resource);
	pthread_mutex_unlock(&account->lock);
	return may;
}

int kube_may(struct provider *provider, const struct ref *ref, const struct kind_verb *verb, char *why,
	size_t size)
{
	const struct verb *row = verb_find(verb->name);
	struct account *account;
	struct resource resource;
	char name[200];

	if (!row || get_target(provider, ref, &account, &resource, NULL))
		return -1;
	const char *right = row->right ? row->right : "patch";
	const char *slash = strchr(resource.api, '/');
	char *group = mem_text_n(resource.api, slash ? (size_t)(slash - resource.api) : 0);

	snprintf(name, sizeof(name), "%.100s%s%s", resource.name, row->sub ? "/" : "",
		row->sub ? row->sub : "");
	int may = rights_may(account, right, group, name, ref->namespace_);

	if (!may)
		snprintf(why, size, "no right to %s %s%s%.100s", right, name,
			*ref->namespace_ ? " in " : "", ref->namespace_);
	free(group);
	return may;
}
