/* The configured indices alone: who they are, and whether they answer us. */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "fleet/supply/registry_private.h"

enum { BODY_MAX = 8 << 20, CONNECT_MS = 5000 };

struct registry_list {
	struct index_list indices;
};

static const struct status_row {
	int status;
	const char *words;
} status_rows[] = {
	{ 401, "it wants credentials, or does not know those it got" },
	{ 403, "it does not allow this" },
	{ 404, "it has none of the names it was asked for; some indices say so to who is not logged in" },
	{ 407, "the proxy on the way wants credentials" },
	{ 429, "it is asked too often" },
};

const char *registry_status_words(int status)
{
	for (size_t i = 0; i < sizeof(status_rows) / sizeof(*status_rows); i++)
		if (status_rows[i].status == status)
			return status_rows[i].words;
	return status >= 500 ? "it is out of order" : NULL;
}

struct registry_list *registry_list_new(const char *const public_index[ECOSYSTEM_COUNT])
{
	struct registry_list *list = mem_zero(1, sizeof(*list));

	indices_find(&list->indices, NULL, public_index);
	return list;
}

void registry_list_free(struct registry_list *list)
{
	if (!list)
		return;
	indices_release(&list->indices);
	free(list);
}

size_t registry_list_count(const struct registry_list *list)
{
	return list->indices.count;
}

const struct registry_index *registry_list_at(const struct registry_list *list, size_t i)
{
	return i < list->indices.count ? &list->indices.rows[i].public : NULL;
}

const char *registry_list_certificates(const struct registry_list *list, size_t i)
{
	return list->indices.rows[i].ca_path;
}

int registry_list_has_credentials(const struct registry_list *list, size_t i)
{
	return list->indices.rows[i].authorization != NULL;
}

int registry_list_ask(const struct registry_list *list, size_t i, struct net *net, int timeout_ms, struct net_response *response, struct error *err)
{
	static const char *const names[ECOSYSTEM_COUNT] = { "pip/", "semver" };
	const struct index *index = &list->indices.rows[i];
	struct net_tls tls = { .ca_path = index->ca_path };
	struct net_header headers[] = { { .name = "Accept", .value = "application/vnd.pypi.simple.v1+json, application/vnd.npm.install-v1+json, text/html;q=0.5, */*;q=0.1" },
		{ .name = "Authorization", .value = index->scheme, .secret = index->authorization } };
	char *url = mem_format("%s%s", index->public.url, names[index->public.ecosystem]);
	int failed = net_fetch(net, &(struct net_request){ .url = url, .headers = headers, .header_count = index->authorization ? 2 : 1, .tls = &tls, .gzip = 1,
		.timeout_ms = timeout_ms, .connect_timeout_ms = timeout_ms < CONNECT_MS ? timeout_ms : CONNECT_MS, .max_bytes = BODY_MAX }, response, err);

	free(url);
	return failed;
}
