#include "provider/lake/lake.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/secret.h"
#include "estate/kind.h"
#include "provider/lake/provider.h"

static int open_lake(struct provider **out, struct kinds *kinds, struct net *net, const struct config *config, struct error *err)
{
	struct provider *provider = mem_zero(1, sizeof(*provider));

	(void)kinds, (void)config, (void)err;
	provider->net = net;
	if (gethostname(provider->host, sizeof(provider->host) - 1))
		strcpy(provider->host, "localhost");
	*out = provider;
	return 0;
}

static void close_lake(struct provider *provider)
{
	free(provider);
}

/* It is no link of its own: the host's stands for this machine. */
static size_t accounts(struct provider *provider, struct provider_account *out, size_t max)
{
	(void)provider, (void)out, (void)max;
	return 0;
}

static int select_account(struct provider *provider, const char *account, struct error *err)
{
	(void)provider;
	return error_set(err, ERR_NOT_FOUND, "evidence lakes are of this machine only, not of %.80s", account);
}

static void feed_lake(const struct kind *kind, const char *folder, const struct lake_files *files, struct feed *feed)
{
	const char **cells = mem_zero(kind->column_count, sizeof(*cells));
	size_t *lengths = mem_zero(kind->column_count, sizeof(*lengths));
	char agents[24], states[24], bytes[24];
	const struct {
		const char *path, *cell;
	} values[] = { { "name", folder }, { "agents", agents }, { "states", states }, { "bytes", bytes } };

	snprintf(agents, sizeof(agents), "%zu", files->agents);
	snprintf(states, sizeof(states), "%zu", files->count - files->agents);
	snprintf(bytes, sizeof(bytes), "%lld", (long long)files->bytes);
	for (size_t i = 0; i < kind->column_count; i++)
		for (size_t k = 0; k < sizeof(values) / sizeof(*values); k++)
			if (!strcmp(kind->columns[i].path, values[k].path)) {
				cells[i] = values[k].cell;
				lengths[i] = strlen(cells[i]);
			}
	feed_row(feed, cells, lengths);
	free(cells);
	free(lengths);
}

/* One folder, when it is named: a machine is not searched for lakes. */
static int list(struct provider *provider, const struct kind *kind, const struct selection *selection, struct feed *feed, struct error *err)
{
	struct lake_files files;

	(void)provider;
	if (!selection || !selection->name)
		return error_set(err, ERR_INVALID, "lakes are shown by name: pilothouse get lakes /path/evidence_lake");
	if (lake_files_list(selection->name, &files, err))
		return -1;
	feed_begin(feed);
	feed_lake(kind, selection->name, &files, feed);
	feed_end(feed);
	lake_files_release(&files);
	return 0;
}

static int get(struct provider *provider, const struct ref *ref, struct json **object, struct error *err)
{
	struct lake_files files;

	(void)provider;
	if (lake_files_list(ref->name, &files, err))
		return -1;
	*object = json_set_text(json_object(), "name", ref->name);
	json_set_int(*object, "agents", (int64_t)files.agents);
	json_set_int(*object, "states", (int64_t)(files.count - files.agents));
	json_set_int(*object, "bytes", files.bytes);
	lake_files_release(&files);
	return 0;
}

/* --- the password of a database's URL --- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct secret *password; /* lives as long as the process: it is in its arguments anyhow */

const struct secret *lake_password(void)
{
	pthread_mutex_lock(&lock);
	const struct secret *given = password;
	pthread_mutex_unlock(&lock);
	return given;
}

static int hex_value(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Percent-decoded: a URL's password is written so. */
static void remember(const char *text, size_t length)
{
	char *decoded = mem_alloc(length + 1);
	size_t at = 0;

	for (size_t i = 0; i < length; i++)
		if (text[i] == '%' && i + 2 < length && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0) {
			decoded[at++] = (char)(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
			i += 2;
		} else {
			decoded[at++] = text[i];
		}
	decoded[at] = '\0';
	pthread_mutex_lock(&lock);
	secret_free(password);
	password = secret_new(decoded, at);
	pthread_mutex_unlock(&lock);
	secret_wipe(decoded, length);
	free(decoded);
}

/* Cuts [from, to) out of the text. */
static void cut(char *text, const char *from, const char *to)
{
	memmove(text + (from - text), to, strlen(to) + 1);
}

/* postgres://user:PASSWORD@host/db */
static int take_from_user(char *target)
{
	char *begin = strstr(target, "://");

	if (!begin)
		return 0;
	begin += 3;
	char *end = begin + strcspn(begin, "/?#"), *at = NULL;
	for (char *c = begin; c < end; c++)
		at = *c == '@' ? c : at;
	char *colon = at ? memchr(begin, ':', (size_t)(at - begin)) : NULL;
	if (!colon)
		return 0;
	remember(colon + 1, (size_t)(at - colon - 1));
	cut(target, colon, at);
	return 1;
}

/* …?password=PASSWORD */
static int take_from_query(char *target)
{
	char *begin = strchr(target, '?');

	while (begin) {
		char *name = begin + 1, *end = name + strcspn(name, "&");

		if (!strncmp(name, "password=", strlen("password="))) {
			remember(name + strlen("password="), (size_t)(end - name) - strlen("password="));
			cut(target, *end ? name : begin, *end ? end + 1 : end);
			return 1;
		}
		begin = *end ? end : NULL;
	}
	return 0;
}

char *lake_target_without_password(const char *target, int *had_one)
{
	char *clean = mem_text(target);
	int by_user = take_from_user(clean), by_query = take_from_query(clean);

	*had_one = by_user || by_query;
	return clean;
}

const struct provider_ops lake_provider = {
	.name = "lake",
	.title = "Evidence lakes of this machine",
	.open = open_lake,
	.close = close_lake,
	.accounts = accounts,
	.select_account = select_account,
	.list = list,
	.get = get,
	.act = &lake_acts,
};
