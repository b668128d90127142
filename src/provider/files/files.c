#include "provider/files/files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "estate/kind.h"
#include "provider/files/provider.h"

struct provider {
	char host[128];
};

static int open_files(struct provider **out, struct kinds *kinds, struct net *net, const struct config *config, struct error *err)
{
	struct provider *provider = mem_zero(1, sizeof(*provider));

	(void)kinds, (void)net, (void)config, (void)err;
	if (gethostname(provider->host, sizeof(provider->host) - 1))
		strcpy(provider->host, "localhost");
	*out = provider;
	return 0;
}

static void close_files(struct provider *provider)
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
	return error_set(err, ERR_NOT_FOUND, "files are of this machine only, not of %.80s", account);
}

static const char *cell_of(const struct plain_file *file, const char *path, const char *name, char *room, size_t size)
{
	if (!strcmp(name, "name"))
		return path;
	if (!strcmp(name, "sha256"))
		return file->digest;
	if (!strcmp(name, "size"))
		snprintf(room, size, "%zu", file->length);
	else if (!strcmp(name, "modified"))
		clock_format(file->modified_ns, room);
	else
		return NULL;
	return room;
}

static void feed_file(const struct kind *kind, const char *path, const struct plain_file *file, struct feed *feed)
{
	const char **cells = mem_zero(kind->column_count, sizeof(*cells));
	size_t *lengths = mem_zero(kind->column_count, sizeof(*lengths));
	char (*rooms)[CLOCK_RFC3339_MAX] = mem_zero(kind->column_count, sizeof(*rooms));

	for (size_t i = 0; i < kind->column_count; i++) {
		cells[i] = cell_of(file, path, kind->columns[i].path, rooms[i], sizeof(rooms[i]));
		lengths[i] = cells[i] ? strlen(cells[i]) : 0;
	}
	feed_row(feed, cells, lengths);
	free(rooms);
	free(cells);
	free(lengths);
}

/* One file, when it is named: nobody wants all files of a machine in a table. */
static int list(struct provider *provider, const struct kind *kind, const struct selection *selection, struct feed *feed, struct error *err)
{
	struct plain_file file;

	(void)provider;
	if (!selection || !selection->name)
		return error_set(err, ERR_INVALID, "files are shown by name: pilothouse get files /absolute/path");
	if (plain_file_load(selection->name, &file, err))
		return -1;
	feed_begin(feed);
	if (file.exists)
		feed_file(kind, selection->name, &file, feed);
	feed_end(feed);
	plain_file_release(&file);
	return 0;
}

static int get(struct provider *provider, const struct ref *ref, struct json **object, struct error *err)
{
	struct plain_file file;

	(void)provider;
	if (plain_file_load(ref->name, &file, err))
		return -1;
	if (file.exists) {
		*object = json_set_text(json_object(), "name", ref->name);
		json_set_int(*object, "size", (int64_t)file.length);
		json_set_text(*object, "sha256", file.digest);
		json_set_int(*object, "mode", file.mode);
	}
	int exists = file.exists;
	plain_file_release(&file);
	return exists ? 0 : error_set(err, ERR_NOT_FOUND, "there is no %.200s", ref->name);
}

const struct provider_ops files_provider = {
	.name = "files",
	.title = "Files of this machine",
	.open = open_files,
	.close = close_files,
	.accounts = accounts,
	.select_account = select_account,
	.list = list,
	.get = get,
	.act = &files_acts,
};
