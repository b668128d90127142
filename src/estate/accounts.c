/* What the program talks to, and how each link stands. Providers read files to answer, so the screen takes what was found the last time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "estate/inside.h"

enum { ACCOUNTS_MAX = 64 };

struct accounts {
	struct provider_account list[ACCOUNTS_MAX];
	const char *providers[ACCOUNTS_MAX];
	size_t count;
};

/* What is set up, and wrongly: it is seen to be missing, instead of not being there. What is not set up is no account. */
static size_t add_broken(struct accounts *accounts, const struct error *err)
{
	struct provider_account *account = &accounts->list[accounts->count];

	if (!err->code || err->code == ERR_NOT_FOUND || accounts->count == ACCOUNTS_MAX)
		return 0;
	*account = (struct provider_account){ .name = "configuration", .current = 1, .broken = 1, .state = "unknown" };
	snprintf(account->why, sizeof(account->why), "%s", err->text);
	return 1;
}

static void ask_all(struct estate *estate, struct accounts *accounts)
{
	for (size_t i = 0; i < estate->link_count; i++) {
		struct link *link = &estate->links[i];
		struct error err = { 0 };
		struct provider *provider = link->ops->accounts ? estate_open_link(estate, link, &err) : NULL;
		size_t room = ACCOUNTS_MAX - accounts->count, first = accounts->count;
		size_t more = provider ? link->ops->accounts(provider, accounts->list + first, room) : add_broken(accounts, &err);

		accounts->count += more < room ? more : room;
		for (size_t j = first; j < accounts->count; j++) {
			accounts->providers[j] = link->ops->name;
			if (!*accounts->list[j].scope)
				estate_scope(estate, NULL, accounts->list[j].name, accounts->list[j].scope);
		}
	}
}

int accounts_look(struct estate *estate)
{
	struct accounts *now = mem_zero(1, sizeof(*now)), *before;

	ask_all(estate, now);
	pthread_mutex_lock(&estate->accounts_lock);
	before = estate->accounts;
	estate->accounts = now;
	int changed = !before || before->count != now->count || memcmp(before->list, now->list, now->count * sizeof(*now->list)) != 0;

	pthread_mutex_unlock(&estate->accounts_lock);
	free(before);
	return changed;
}

void accounts_release(struct estate *estate)
{
	free(estate->accounts);
	pthread_mutex_destroy(&estate->accounts_lock);
}

size_t estate_known_accounts(struct estate *estate, struct provider_account *out, const char **providers, size_t max)
{
	size_t count = 0;

	pthread_mutex_lock(&estate->accounts_lock);
	if (estate->accounts && max) {
		count = estate->accounts->count < max ? estate->accounts->count : max;
		memcpy(out, estate->accounts->list, count * sizeof(*out));
		if (providers)
			memcpy(providers, estate->accounts->providers, count * sizeof(*providers));
	}
	pthread_mutex_unlock(&estate->accounts_lock);
	return count;
}

size_t estate_accounts(struct estate *estate, struct provider_account *out, const char **providers, size_t max)
{
	accounts_look(estate);
	return estate_known_accounts(estate, out, providers, max);
}
