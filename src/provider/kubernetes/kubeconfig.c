#include "provider/kubernetes/kubeconfig.h"

#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/yaml.h"

enum {
	FILE_MAX_BYTES = 16 << 20,
	FILES_MAX = 64, /* in one $KUBECONFIG */
	PATHS_OF_ENTRY = 3,
};

#define SERVICE_ACCOUNT "/var/run/secrets/kubernetes.io/serviceaccount"
#define EXEC_EXTENSION "client.authentication.k8s.io/exec" /* client-go, clientcmd/api/types.go */

enum section { CLUSTERS, USERS, CONTEXTS, SECTIONS };

/* One named entry of a section; of several with a name only the first is kept. */
struct entry {
	const char *name;
	const struct json *value; /* inside a document; NULL: `cluster:` is missing */
	const char *file, *folder;
	const char *paths[PATHS_OF_ENTRY]; /* absolute, in the order of the section's path_keys */
	size_t order;
};

struct kubeconfig {
	struct arena *texts;
	struct json **documents;
	size_t document_count;
	struct entry *entries[SECTIONS]; /* ordered by name */
	size_t counts[SECTIONS];
	const char *current;
};

struct section_row {
	const char *list;    /* key of the list in the file */
	const char *content; /* key of the content in each item */
	const char *path_keys[PATHS_OF_ENTRY];
};

static const struct section_row sections[SECTIONS] = {
	[CLUSTERS] = { "clusters", "cluster", { "certificate-authority" } },
	[USERS] = { "users", "user", { "client-certificate", "client-key", "tokenFile" } },
	[CONTEXTS] = { "contexts", "context", { NULL } },
};

struct field_row {
	enum section section;
	const char *key;
	size_t offset; /* of a const char * in struct kubeconfig_context */
};

#define FIELD(section, key, member)                                                                \
	{                                                                                          \
		section, key, offsetof(struct kubeconfig_context, member)                          \
	}
static const struct field_row text_fields[] = {
	FIELD(CONTEXTS, "cluster", cluster),
	FIELD(CONTEXTS, "user", user),
	FIELD(CONTEXTS, "namespace", namespace_),
	FIELD(CLUSTERS, "server", server),
	FIELD(CLUSTERS, "tls-server-name", tls_server_name),
	FIELD(CLUSTERS, "certificate-authority-data", ca_data),
	FIELD(CLUSTERS, "proxy-url", proxy_url),
	FIELD(USERS, "client-certificate-data", cert_data),
	FIELD(USERS, "client-key-data", key_data),
	FIELD(USERS, "token", token),
	FIELD(USERS, "username", username),
	FIELD(USERS, "password", password),
	FIELD(USERS, "as", as),
	FIELD(USERS, "as-uid", as_uid),
};
#undef FIELD
enum { TEXT_FIELDS = sizeof(text_fields) / sizeof(text_fields[0]) };

static struct kubeconfig *empty(void)
{
	struct kubeconfig *kubeconfig = mem_zero(1, sizeof(*kubeconfig));

	kubeconfig->texts = arena_new();
	return kubeconfig;
}

/* Tokens and keys lie in the trees as they were read. */
static void wipe_tree(const struct json *json)
{
	const char *text = json_text(json);

	if (text)
		secret_wipe((void *)(uintptr_t)text, strlen(text));
	for (const struct json *item = json_first(json); item; item = json_next(item))
		wipe_tree(item);
}

void kubeconfig_free(struct kubeconfig *kubeconfig)
{
	if (!kubeconfig)
		return;
	for (size_t i = 0; i < kubeconfig->document_count; i++) {
		wipe_tree(json_get(kubeconfig->documents[i], "users"));
		json_free(kubeconfig->documents[i]);
	}
	for (size_t i = 0; i < SECTIONS; i++)
		free(kubeconfig->entries[i]);
	free(kubeconfig->documents);
	arena_free(kubeconfig->texts);
	free(kubeconfig);
}

static int compare_names(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : (x->order > y->order) - (x->order < y->order);
}

static const char *absolute(struct kubeconfig *kubeconfig, const char *folder, const char *path)
{
	if (!path || !*path)
		return NULL;
	return *path == '/' ? path : arena_format(kubeconfig->texts, "%s/%s", folder, path);
}

static void add_entry(struct kubeconfig *kubeconfig, enum section section, const char *name,
	const struct json *value, const char *file, const char *folder)
{
	size_t n = kubeconfig->counts[section];
	struct entry *entry;

	kubeconfig->entries[section] =
		mem_grow(kubeconfig->entries[section], n + 1, sizeof(struct entry));
	entry = &kubeconfig->entries[section][n];
	*entry = (struct entry){
		.name = name, .value = value, .file = file, .folder = folder, .order = n
	};
	for (size_t i = 0; i < PATHS_OF_ENTRY && sections[section].path_keys[i]; i++)
		entry->paths[i] = absolute(kubeconfig, folder,
			json_text(json_get(value, sections[section].path_keys[i])));
	kubeconfig->counts[section] = n + 1;
}

static int add_section(struct kubeconfig *kubeconfig, enum section section,
	const struct json *document, const char *file, const char *folder, struct error *err)
{
	const struct section_row *row = &sections[section];
	const struct json *list = json_get(document, row->list);

	if (list && !json_is(list, JSON_ARRAY) && !json_is(list, JSON_NULL))
		return error_set(err, ERR_FORMAT, "%s: line %d: `%s` is not a list", file,
			json_line(list), row->list);
	for (const struct json *item = json_first(list); item; item = json_next(item)) {
		const char *name = json_text(json_get(item, "name"));

		if (!name)
			return error_set(err, ERR_FORMAT,
				"%s: line %d: an entry of `%s` has no name that is text (quote a "
				"number)",
				file, json_line(item), row->list);
		add_entry(kubeconfig, section, name, json_get(item, row->content), file, folder);
	}
	return 0;
}

/* Two entries of one name in one file: client-go refuses the file, since it cannot know which is
 * meant. */
static int refuse_twins(
	const struct kubeconfig *kubeconfig, enum section section, size_t from, struct error *err)
{
	struct entry *all = kubeconfig->entries[section];
	size_t count = kubeconfig->counts[section] - from;
	struct entry *sorted;
	int result = 0;

	if (count < 2)
		return 0;
	sorted = mem_alloc(count * sizeof(*sorted));
	memcpy(sorted, all + from, count * sizeof(*sorted));
	qsort(sorted, count, sizeof(*sorted), compare_names);
	for (size_t i = 1; i < count && result == 0; i++)
		if (!strcmp(sorted[i - 1].name, sorted[i].name))
			result = error_set(err, ERR_INVALID,
				"%s: `%s` names \"%.60s\" twice: remove one", sorted[i].file,
				sections[section].list, sorted[i].name);
	free(sorted);
	return result;
}

/* Sorts each section by name and keeps the first of each name: the first file wins whole. */
static void merge(struct kubeconfig *kubeconfig)
{
	for (size_t s = 0; s < SECTIONS; s++) {
		struct entry *all = kubeconfig->entries[s];
		size_t kept = 0;

		if (kubeconfig->counts[s])
			qsort(all, kubeconfig->counts[s], sizeof(*all), compare_names);
		for (size_t i = 0; i < kubeconfig->counts[s]; i++)
			if (!kept || strcmp(all[kept - 1].name, all[i].name) != 0)
				all[kept++] = all[i];
		kubeconfig->counts[s] = kept;
	}
}

static int is_blank(const char *bytes, size_t length)
{
	size_t i = 0;

	while (i < length) {
		i += strspn(bytes + i, " \t\r\n");
		if (i < length && bytes[i] != '#')
			return 0;
		while (i < length && bytes[i] != '\n')
			i++;
	}
	return 1;
}

static int add_document(struct kubeconfig *kubeconfig, struct json *document, const char *file,
	const char *folder, struct error *err)
{
	const char *current = json_text(json_get(document, "current-context"));

	kubeconfig->documents = mem_grow(kubeconfig->documents, kubeconfig->document_count + 1,
		sizeof(*kubeconfig->documents));
	kubeconfig->documents[kubeconfig->document_count++] = document;
	if (json_is(document, JSON_NULL))
		return 0;
	if (!json_is(document, JSON_OBJECT))
		return error_set(err, ERR_FORMAT, "%s is not a kubeconfig: no mapping", file);
	if (!kubeconfig->current && current && *current)
		kubeconfig->current = current;
	for (enum section s = 0; s < SECTIONS; s++) {
		size_t from = kubeconfig->counts[s];

		if (add_section(kubeconfig, s, document, file, folder, err) < 0 ||
			refuse_twins(kubeconfig, s, from, err) < 0)
			return -1;
	}
	return 0;
}

static int add_bytes(struct kubeconfig *kubeconfig, const char *bytes, size_t length,
	const char *file, struct error *err)
{
	const char *slash = strrchr(file, '/');
	const char *name = arena_text(kubeconfig->texts, file);
	const char *folder = slash == file ? "/"
			     : slash ? arena_text_n(kubeconfig->texts, file, (size_t)(slash - file))
				     : ".";
	struct json *document;

	if (memchr(bytes, '\0', length))
		return error_set(
			err, ERR_FORMAT, "%s is not a kubeconfig: it holds NUL bytes", file);
	if (is_blank(bytes, length))
		return 0;
	document = yaml_parse(bytes, length, err);
	if (!document)
		return error_wrap(err, "%s", file);
	return add_document(kubeconfig, document, name, folder, err);
}

/* 1: read, 0: not there, -1: an error. */
static int add_file(struct kubeconfig *kubeconfig, const char *path, struct error *err)
{
	struct error why = { 0 };
	struct stat info;
	size_t length;
	char *bytes;
	int result;

	if (!strcmp(path, "/dev/null"))
		return 0; /* how clusters are said to be none */
	if (stat(path, &info) == 0 && !S_ISREG(info.st_mode) && !S_ISFIFO(info.st_mode))
		return error_set(err, ERR_INVALID, "%s is not a file", path);
	bytes = file_load(path, FILE_MAX_BYTES, &length, &why);
	if (!bytes && why.code == ERR_NOT_FOUND)
		return 0;
	if (!bytes) {
		if (err)
			*err = why;
		return -1;
	}
	result = add_bytes(kubeconfig, bytes, length, path, err);
	secret_wipe(bytes, length);
	free(bytes);
	return result < 0 ? -1 : 1;
}

/* Relative paths of files are made absolute, so that a later change of folder changes nothing. */
static char *full_path(const char *path)
{
	char here[4096];

	if (*path == '/' || !getcwd(here, sizeof(here)))
		return mem_text(path);
	return mem_format("%s/%s", here, path);
}

static int was_named(char **names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(names[i], name))
			return 1;
	return 0;
}

/* How many files were read, or -1. */
static int add_list(struct kubeconfig *kubeconfig, const char *paths, struct error *err)
{
	char *names[FILES_MAX];
	size_t count = 0;
	int found = 0, result = 0;

	while (*paths && result >= 0) {
		size_t length = strcspn(paths, ":");
		char *part = mem_text_n(paths, length);
		char *name = *part ? full_path(part) : NULL;

		free(part);
		paths += length + (paths[length] == ':');
		if (!name || was_named(names, count, name)) {
			free(name);
			continue;
		}
		if (count == FILES_MAX) {
			free(name);
			result = error_set(
				err, ERR_LIMIT, "KUBECONFIG names more than %d files", FILES_MAX);
			break;
		}
		names[count++] = name;
		result = add_file(kubeconfig, name, err);
		found += result > 0;
	}
	for (size_t i = 0; i < count; i++)
		free(names[i]);
	return result < 0 ? -1 : found;
}

static char *default_paths(void)
{
	const char *list = getenv("KUBECONFIG");
	const char *home = getenv("HOME");

	if (list && *list)
		return mem_text(list);
	if (!home || !*home) {
		const struct passwd *who = getpwuid(getuid());

		home = who ? who->pw_dir : "/";
	}
	return mem_format("%s/.kube/config", home);
}

struct kubeconfig *kubeconfig_load(const char *paths, struct error *err)
{
	struct kubeconfig *kubeconfig = empty();
	char *list = paths ? mem_text(paths) : default_paths();
	int found = add_list(kubeconfig, list, err);

	if (found == 0)
		error_set(err, ERR_NOT_FOUND,
			"no kubeconfig at %.150s: set KUBECONFIG, or write one to ~/.kube/config",
			list);
	free(list);
	if (found <= 0) {
		kubeconfig_free(kubeconfig);
		return NULL;
	}
	merge(kubeconfig);
	return kubeconfig;
}

struct kubeconfig *kubeconfig_parse(
	const char *bytes, size_t length, const char *folder, struct error *err)
{
	struct kubeconfig *kubeconfig = empty();
	char *file = mem_format("%s/kubeconfig", folder ? folder : ".");
	char *copy = mem_text_n(bytes, length); /* NUL-terminated */
	int result = add_bytes(kubeconfig, copy, length, file, err);

	secret_wipe(copy, length);
	free(copy);
	free(file);
	if (result < 0) {
		kubeconfig_free(kubeconfig);
		return NULL;
	}
	merge(kubeconfig);
	return kubeconfig;
}

/* {"name": name, key: content} */
static struct json *named(const char *key, struct json *content)
{
	struct json *item = json_set_text(json_object(), "name", "in-cluster");

	return json_add(json_array(), json_set(item, key, content));
}

static char *service_namespace(const char *folder)
{
	char *path = mem_format("%s/namespace", folder);
	size_t length;
	char *text = file_load(path, 4096, &length, NULL);

	free(path);
	if (text)
		text[strcspn(text, " \t\r\n")] = '\0';
	return text;
}

static struct json *service_account(const char *folder, const char *host, const char *port)
{
	int bracket = strchr(host, ':') && *host != '['; /* IPv6 */
	char *server =
		mem_format("https://%s%s%s:%s", bracket ? "[" : "", host, bracket ? "]" : "", port);
	char *ca = mem_format("%s/ca.crt", folder);
	char *token = mem_format("%s/token", folder);
	char *namespace_ = service_namespace(folder);
	struct json *cluster = json_set_text(json_object(), "server", server);
	struct json *user = json_set_text(json_object(), "tokenFile", token);
	struct json *context = json_set_text(json_object(), "cluster", "in-cluster");
	struct json *document = json_set_text(json_object(), "current-context", "in-cluster");

	if (access(ca, R_OK) == 0)
		json_set_text(cluster, "certificate-authority", ca);
	json_set_text(context, "user", "in-cluster");
	if (namespace_ && *namespace_)
		json_set_text(context, "namespace", namespace_);
	json_set(document, "clusters", named("cluster", cluster));
	json_set(document, "users", named("user", user));
	json_set(document, "contexts", named("context", context));
	free(server);
	free(ca);
	free(token);
	free(namespace_);
	return document;
}

struct kubeconfig *kubeconfig_in_cluster_at(const char *folder, struct error *err)
{
	const char *host = getenv("KUBERNETES_SERVICE_HOST");
	const char *port = getenv("KUBERNETES_SERVICE_PORT");
	struct kubeconfig *kubeconfig;
	char *token = mem_format("%s/token", folder);
	int there = access(token, R_OK) == 0;
	const char *name;

	free(token);
	if (!host || !*host || !port || !*port || !there) {
		error_set(err, ERR_NOT_FOUND, "not in a pod: no Kubernetes service account here");
		return NULL;
	}
	kubeconfig = empty();
	name = arena_text(kubeconfig->texts, folder);
	if (add_document(kubeconfig, service_account(folder, host, port), name, name, err) < 0) {
		kubeconfig_free(kubeconfig);
		return NULL;
	}
	merge(kubeconfig);
	return kubeconfig;
}

struct kubeconfig *kubeconfig_in_cluster(struct error *err)
{
	return kubeconfig_in_cluster_at(SERVICE_ACCOUNT, err);
}

const char *kubeconfig_current(const struct kubeconfig *kubeconfig)
{
	return kubeconfig->current;
}

size_t kubeconfig_contexts(const struct kubeconfig *kubeconfig)
{
	return kubeconfig->counts[CONTEXTS];
}

const char *kubeconfig_context_at(const struct kubeconfig *kubeconfig, size_t i)
{
	return i < kubeconfig->counts[CONTEXTS] ? kubeconfig->entries[CONTEXTS][i].name : NULL;
}

static const struct entry *find(
	const struct kubeconfig *kubeconfig, enum section section, const char *name)
{
	size_t low = 0, high = kubeconfig->counts[section];

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(name, kubeconfig->entries[section][middle].name);

		if (order == 0)
			return &kubeconfig->entries[section][middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/* A number or a truth value where text belongs is refused, as client-go does: 0123 would lose its
 * zero. */
static int read_texts(const struct entry *entry, enum section section,
	struct kubeconfig_context *out, struct error *err)
{
	for (size_t i = 0; i < TEXT_FIELDS; i++) {
		const struct field_row *row = &text_fields[i];
		const struct json *value;

		if (row->section != section)
			continue;
		value = json_get(entry->value, row->key);
		if (value && !json_is(value, JSON_STRING) && !json_is(value, JSON_NULL))
			return error_set(err, ERR_INVALID,
				"%s: line %d: `%s` must be text: put it in quotes", entry->file,
				json_line(value), row->key);
		if (json_text(value) && *json_text(value))
			*(const char **)((char *)out + row->offset) = json_text(value);
	}
	return 0;
}

static int flag(const struct json *object, const char *key)
{
	const struct json *value = json_get(object, key);
	const char *text = json_text(value);

	return text ? !strcmp(text, "true") : json_bool(value, 0);
}

static const struct json *exec_extension(const struct json *cluster)
{
	const struct json *list = json_get(cluster, "extensions");

	for (const struct json *item = json_first(list); item; item = json_next(item))
		if (!strcmp(json_text_or(json_get(item, "name"), ""), EXEC_EXTENSION))
			return json_get(item, "extension");
	return NULL;
}

static const struct json *of_type(const struct json *json, enum json_type type)
{
	return json_is(json, type) ? json : NULL;
}

static int read_cluster(
	const struct kubeconfig *kubeconfig, struct kubeconfig_context *out, struct error *err)
{
	const struct entry *cluster =
		out->cluster ? find(kubeconfig, CLUSTERS, out->cluster) : NULL;

	if (!cluster)
		return error_set(err, ERR_INVALID,
			"context \"%.60s\" names the cluster \"%.60s\", which is in no kubeconfig "
			"file",
			out->name, out->cluster ? out->cluster : "");
	if (read_texts(cluster, CLUSTERS, out, err) < 0)
		return -1;
	if (!out->server)
		return error_set(err, ERR_INVALID, "%s: cluster \"%.60s\" has no `server`",
			cluster->file, out->cluster);
	out->ca_path = cluster->paths[0];
	out->insecure = flag(cluster->value, "insecure-skip-tls-verify");
	out->disable_compression = flag(cluster->value, "disable-compression");
	out->exec_extension = exec_extension(cluster->value);
	return 0;
}

static int read_user(
	const struct kubeconfig *kubeconfig, struct kubeconfig_context *out, struct error *err)
{
	const struct entry *user;

	if (!out->user)
		return 0; /* anonymous */
	user = find(kubeconfig, USERS, out->user);
	if (!user)
		return error_set(err, ERR_INVALID,
			"context \"%.60s\" names the user \"%.60s\", which is in no kubeconfig "
			"file",
			out->name, out->user);
	if (read_texts(user, USERS, out, err) < 0)
		return -1;
	out->cert_path = user->paths[0];
	out->key_path = user->paths[1];
	out->token_path = user->paths[2];
	out->as_groups = of_type(json_get(user->value, "as-groups"), JSON_ARRAY);
	out->as_extra = of_type(json_get(user->value, "as-user-extra"), JSON_OBJECT);
	out->exec = of_type(json_get(user->value, "exec"), JSON_OBJECT);
	out->auth_provider = of_type(json_get(user->value, "auth-provider"), JSON_OBJECT);
	out->exec_folder = user->folder;
	out->auth_file = user->file;
	return 0;
}

int kubeconfig_context(const struct kubeconfig *kubeconfig, const char *name,
	struct kubeconfig_context *out, struct error *err)
{
	const struct entry *context;

	*out = (struct kubeconfig_context){ 0 };
	if (!name)
		name = kubeconfig->current;
	if (!name)
		return error_set(err, ERR_NOT_FOUND,
			"the kubeconfig has no current-context: choose one of its %zu contexts",
			kubeconfig->counts[CONTEXTS]);
	context = find(kubeconfig, CONTEXTS, name);
	if (!context)
		return error_set(
			err, ERR_NOT_FOUND, "no context \"%.60s\" in the kubeconfig", name);
	out->name = context->name;
	if (read_texts(context, CONTEXTS, out, err) < 0 || read_cluster(kubeconfig, out, err) < 0)
		return -1;
	return read_user(kubeconfig, out, err);
}
