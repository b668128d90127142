/* Which indices are configured: variables and files of pip, uv and npm, in their order; and netrc. Of the tree itself nothing is followed: it is not ours,
 * and an address of its own could be anybody's; that it names one is remembered, since then its names may exist inside only. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/toml.h"
#include "fleet/supply/registry_private.h"

enum { FILE_MAX_BYTES = 1 << 20, HOST_MAX = 256, WORD_MAX = 2048 };

static const char *const public_urls[ECOSYSTEM_COUNT] = { "https://pypi.org/simple/", "https://registry.npmjs.org/" };
static const char *const public_hosts[] = { "pypi.org", "files.pythonhosted.org", "registry.npmjs.org", "registry.yarnpkg.com" };

const char *variable(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

/* --- addresses --- */

/* "host:port" of an address, without user and password. */
static void host_of(const char *url, char out[HOST_MAX])
{
	const char *host = strstr(url, "://"), *at;
	size_t length;

	host = host ? host + 3 : url;
	length = strcspn(host, "/?#");
	at = memrchr(host, '@', length);
	if (at) {
		length -= (size_t)(at + 1 - host);
		host = at + 1;
	}
	snprintf(out, HOST_MAX, "%.*s", (int)(length < HOST_MAX ? length : HOST_MAX - 1), host);
	for (char *c = out; *c; c++)
		*c = (char)tolower((unsigned char)*c);
}

int index_is_public_url(const struct index_list *list, const char *url)
{
	char host[HOST_MAX], other[HOST_MAX];

	if (!url || !strstr(url, "://"))
		return 0;
	host_of(url, host);
	for (size_t i = 0; i < sizeof(public_hosts) / sizeof(*public_hosts); i++)
		if (!strcmp(host, public_hosts[i]))
			return 1;
	for (size_t i = 0; i < list->count; i++) {
		host_of(list->rows[i].public.url, other);
		if (list->rows[i].public.is_public && !strcmp(host, other))
			return 1;
	}
	return 0;
}

/* %41 to A, in place. */
static void decode(char *text)
{
	char *out = text;

	for (; *text; out++) {
		uint8_t byte;

		if (*text == '%' && text[1] && text[2] && !hex_parse((char[]){ text[1], text[2], 0 }, &byte, 1)) {
			*out = (char)byte;
			text += 3;
		} else {
			*out = *text++;
		}
	}
	*out = 0;
}

static struct secret *basic(const char *user, const char *password)
{
	char *pair = mem_format("%s:%s", user, password), *encoded = base64_format(pair, strlen(pair));
	struct secret *secret = secret_new(encoded, strlen(encoded));

	secret_wipe(pair, strlen(pair));
	secret_wipe(encoded, strlen(encoded));
	free(pair);
	free(encoded);
	return secret;
}

/* --- netrc --- */

static struct secret *netrc_in(char *bytes, const char *host)
{
	char *rest = bytes, *word, user[WORD_MAX] = "", password[WORD_MAX] = "";
	int ours = 0, found = 0;

	while (!found && (word = strsep(&rest, " \t\r\n"))) {
		char *value;

		if (!*word)
			continue;
		if (!strcmp(word, "machine") || !strcmp(word, "default")) {
			if (ours)
				break;
			while (*word == 'm' && (value = strsep(&rest, " \t\r\n")) && !*value)
				;
			ours = *word == 'm' && value && !strcasecmp(value, host);
		} else if (ours && (!strcmp(word, "login") || !strcmp(word, "password"))) {
			while ((value = strsep(&rest, " \t\r\n")) && !*value)
				;
			snprintf(*word == 'l' ? user : password, WORD_MAX, "%s", value ? value : "");
		}
	}
	struct secret *secret = ours && *password ? basic(user, password) : NULL;
	secret_wipe(password, sizeof(password));
	return secret;
}

struct secret *netrc_find(const char *host)
{
	const char *named = variable("NETRC"), *home = variable("HOME");
	char *path = named ? mem_text(named) : mem_format("%s/.netrc", home ? home : "");
	char bare[HOST_MAX];
	size_t length;
	char *bytes = file_load(path, FILE_MAX_BYTES, &length, NULL);
	struct secret *secret = NULL;

	snprintf(bare, sizeof(bare), "%s", host);
	if (*bare != '[')
		bare[strcspn(bare, ":")] = 0;
	if (bytes) {
		secret = netrc_in(bytes, bare);
		secret_wipe(bytes, length);
	}
	free(bytes);
	free(path);
	return secret;
}

/* --- the list --- */

/* Takes user and password out of an address: "https://user:pw@host/x" to "https://host/x". NULL: there are none. */
static struct secret *take_userinfo(char *url)
{
	char *host = strstr(url, "://"), *at, *colon;
	struct secret *secret;

	if (!host)
		return NULL;
	host += 3;
	at = memrchr(host, '@', strcspn(host, "/?#"));
	if (!at)
		return NULL;
	*at = 0;
	colon = strchr(host, ':');
	if (colon)
		*colon++ = 0;
	decode(host);
	if (colon)
		decode(colon);
	secret = basic(host, colon ? colon : "");
	if (colon)
		secret_wipe(colon, strlen(colon));
	memmove(host, at + 1, strlen(at + 1) + 1);
	return secret;
}

struct index *indices_add(struct index_list *list, enum ecosystem ecosystem, const char *url, const char *from, const char *scope)
{
	char *bare = mem_format("%s%s", url, *url && url[strlen(url) - 1] == '/' ? "" : "/");
	struct secret *secret = take_userinfo(bare);
	struct index *row = NULL;
	char host[HOST_MAX];

	for (size_t i = 0; i < list->count && !row; i++)
		if (list->rows[i].public.ecosystem == ecosystem && !strcmp(list->rows[i].public.url, bare) && !strcmp(list->rows[i].public.scope, scope))
			row = &list->rows[i];
	if (!row && (!strncmp(bare, "http://", 7) || !strncmp(bare, "https://", 8)) && strlen(bare) < REGISTRY_URL_MAX && list->count < REGISTRY_INDICES_MAX) {
		row = &list->rows[list->count];
		row->public = (struct registry_index){ .ecosystem = ecosystem, .url = arena_text(list->arena, bare), .from = arena_text(list->arena, from),
			.scope = arena_text(list->arena, scope), .is_public = index_is_public_url(list, bare) };
		list->count++;
		host_of(bare, host);
		row->authorization = secret ? secret : row->public.is_public ? NULL : netrc_find(host);
		row->scheme = "Basic ";
		secret = NULL;
	}
	secret_free(secret);
	free(bare);
	return row;
}

/* Addresses with blanks or line ends between; uv's may be NAME=URL. */
static void add_several(struct index_list *list, enum ecosystem ecosystem, const char *urls, const char *from)
{
	char *copy = mem_text(urls), *rest = copy, *word;

	while ((word = strsep(&rest, " \t\r\n"))) {
		char *named = strchr(word, '='), *slashes = strstr(word, "://");

		if (named && slashes && named < slashes)
			word = named + 1;
		if (*word)
			indices_add(list, ecosystem, word, from, "");
	}
	if (copy)
		secret_wipe(copy, strlen(urls));
	free(copy);
}

/* --- pip --- */

struct pip {
	char *index, *extra, *cert; /* owned; NULL: not set */
	char *index_from, *extra_from;
};

static void replace(char **place, const char *value)
{
	free(*place);
	*place = mem_text(value);
}

static void pip_value(struct pip *pip, const char *key, const char *value, const char *path)
{
	if (!strcmp(key, "index-url")) {
		replace(&pip->index, value);
		replace(&pip->index_from, path);
	} else if (!strcmp(key, "extra-index-url")) {
		replace(&pip->extra, value);
		replace(&pip->extra_from, path);
	} else if (!strcmp(key, "cert")) {
		replace(&pip->cert, value);
	}
}

/* An INI file: sections, key = value, further lines of a value indented. */
static void pip_file(struct pip *pip, const char *path)
{
	size_t length;
	char *bytes = file_load(path, FILE_MAX_BYTES, &length, NULL), *rest = bytes, *line, key[80] = "", value[WORD_MAX] = "";
	int ours = 0;

	while (bytes && (line = strsep(&rest, "\n"))) {
		char *text = line + strspn(line, " \t"), *equals;
		size_t end = strlen(text);

		while (end && isspace((unsigned char)text[end - 1]))
			text[--end] = 0;
		if (!*text || *text == '#' || *text == ';')
			continue;
		if (*line == '[') {
			ours = !strcmp(text, "[global]") || !strcmp(text, "[install]") || !strcmp(text, "[download]");
			*key = 0;
		} else if (text != line && *key && strlen(value) + end + 2 < sizeof(value)) {
			strcat(strcat(value, " "), text);
			pip_value(pip, key, value, path);
		} else if (ours && (equals = strpbrk(text, "=:"))) {
			snprintf(value, sizeof(value), "%s", equals + 1 + strspn(equals + 1, " \t"));
			for (*equals-- = 0; equals > text && isspace((unsigned char)*equals); equals--)
				*equals = 0;
			for (char *c = text; *c; c++)
				*c = *c == '_' ? '-' : (char)tolower((unsigned char)*c);
			snprintf(key, sizeof(key), "%s", text);
			pip_value(pip, key, value, path);
		}
	}
	secret_wipe(value, sizeof(value));
	if (bytes)
		secret_wipe(bytes, length);
	free(bytes);
}

/* "%s/pip.conf" of a variable, where it is set. */
static void pip_file_in(struct pip *pip, const char *folder, const char *rest)
{
	char *path = folder ? mem_format("%s/%s", folder, rest) : NULL;

	if (path)
		pip_file(pip, path);
	free(path);
}

/* pip's "Configuration": global, user, site, each over the one before; then variables. */
static void find_pip(struct index_list *list, struct pip *pip)
{
	const char *home = variable("HOME"), *named = variable("PIP_CONFIG_FILE");

	if (!named || strcmp(named, "/dev/null")) {
		pip_file_in(pip, variable("XDG_CONFIG_DIRS") ? NULL : "/etc/xdg", "pip/pip.conf");
		pip_file(pip, "/etc/pip.conf");
		pip_file_in(pip, home, ".pip/pip.conf");
		if (variable("XDG_CONFIG_HOME"))
			pip_file_in(pip, variable("XDG_CONFIG_HOME"), "pip/pip.conf");
		else
			pip_file_in(pip, home, ".config/pip/pip.conf");
		pip_file_in(pip, variable("VIRTUAL_ENV"), "pip.conf");
		if (named)
			pip_file(pip, named);
	}
	if (variable("PIP_INDEX_URL"))
		pip_value(pip, "index-url", variable("PIP_INDEX_URL"), "PIP_INDEX_URL");
	if (variable("PIP_EXTRA_INDEX_URL"))
		pip_value(pip, "extra-index-url", variable("PIP_EXTRA_INDEX_URL"), "PIP_EXTRA_INDEX_URL");
	if (variable("PIP_CERT"))
		pip_value(pip, "cert", variable("PIP_CERT"), "PIP_CERT");
	if (pip->index)
		add_several(list, ECOSYSTEM_PYPI, pip->index, pip->index_from);
	if (pip->extra)
		add_several(list, ECOSYSTEM_PYPI, pip->extra, pip->extra_from);
}

/* --- uv --- */

/* UV_INDEX_NAME_USERNAME and _PASSWORD */
static void uv_credentials(struct index *row, const char *name)
{
	char *user = mem_format("UV_INDEX_%s_USERNAME", name), *password = mem_format("UV_INDEX_%s_PASSWORD", name);

	for (char *texts[] = { user, password }, **text = texts; text < texts + 2; text++)
		for (char *c = *text; *c; c++)
			*c = isalnum((unsigned char)*c) ? (char)toupper((unsigned char)*c) : '_';
	if (row && !row->authorization && variable(password))
		row->authorization = basic(variable(user) ? variable(user) : "", variable(password));
	free(user);
	free(password);
}

static void uv_file(struct index_list *list, const char *path)
{
	size_t length;
	char *bytes = file_load(path, FILE_MAX_BYTES, &length, NULL);
	struct json *tree = bytes ? toml_parse(bytes, length, NULL) : NULL;

	for (const struct json *row = json_first(json_get(tree, "index")); row; row = json_next(row))
		if (json_text(json_get(row, "url")))
			uv_credentials(indices_add(list, ECOSYSTEM_PYPI, json_text(json_get(row, "url")), path, ""), json_text_or(json_get(row, "name"), ""));
	if (json_text(json_get(tree, "index-url")))
		indices_add(list, ECOSYSTEM_PYPI, json_text(json_get(tree, "index-url")), path, "");
	for (const struct json *row = json_first(json_get(tree, "extra-index-url")); row; row = json_next(row))
		if (json_text(row))
			indices_add(list, ECOSYSTEM_PYPI, json_text(row), path, "");
	json_free(tree);
	if (bytes)
		secret_wipe(bytes, length);
	free(bytes);
}

static void find_uv(struct index_list *list)
{
	static const char *const names[] = { "UV_INDEX", "UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL" };
	const char *folder = variable("XDG_CONFIG_HOME"), *home = variable("HOME");
	char *path = folder ? mem_format("%s/uv/uv.toml", folder) : mem_format("%s/.config/uv/uv.toml", home ? home : "");

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (variable(names[i]))
			add_several(list, ECOSYSTEM_PYPI, variable(names[i]), names[i]);
	uv_file(list, path);
	uv_file(list, "/etc/uv/uv.toml");
	free(path);
}

/* --- all --- */

static const char *certificates(const char *own)
{
	static const char *const names[] = { "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE" };

	if (own && !access(own, R_OK))
		return own;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (variable(names[i]) && !access(variable(names[i]), R_OK))
			return variable(names[i]);
	return NULL;
}

/* An index that only the tree names. */
static void add_named_by_tree(struct index_list *list, const struct deps *deps)
{
	for (size_t i = 0; deps && i < deps_indices(deps); i++) {
		const struct deps_index *named = deps_index_at(deps, i);
		size_t before = list->count;
		struct index *row = indices_add(list, named->ecosystem, named->url, named->path, named->scope);

		if (row && list->count > before) {
			row->only_named = 1;
			secret_free(row->authorization);
			row->authorization = NULL;
		}
	}
}

void indices_find(struct index_list *list, const struct deps *deps, const char *const public_index[ECOSYSTEM_COUNT])
{
	struct pip pip = { 0 };

	list->arena = arena_new();
	for (size_t i = 0; i < ECOSYSTEM_COUNT; i++) { /* first, so that their hosts are known as public; they are asked last */
		indices_add(list, (enum ecosystem)i, public_index[i] ? public_index[i] : public_urls[i], public_index[i] ? "registry" : "default", "");
		list->rows[i].public.is_public = 1;
	}
	find_uv(list);
	find_pip(list, &pip);
	npmrc_find(list);
	add_named_by_tree(list, deps);
	for (size_t i = 0; i < list->count; i++) {
		const char *path = list->rows[i].ca_path ? list->rows[i].ca_path
				   : certificates(list->rows[i].public.ecosystem == ECOSYSTEM_PYPI ? pip.cert : variable("NODE_EXTRA_CA_CERTS"));

		list->rows[i].ca_path = arena_text(list->arena, path);
	}
	free(pip.index);
	free(pip.extra);
	free(pip.cert);
	free(pip.index_from);
	free(pip.extra_from);
}

void indices_release(struct index_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		secret_free(list->rows[i].authorization);
	arena_free(list->arena);
}
