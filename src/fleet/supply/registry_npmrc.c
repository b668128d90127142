/* .npmrc of the user and the machine: registries, of scopes too, and what they are shown. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/text.h"
#include "fleet/supply/registry_private.h"

enum { FILE_MAX_BYTES = 1 << 20, VALUE_MAX = 4096, CREDENTIALS_MAX = 32 };

/* What "//host/path/:key=value" lines say of a place. */
struct place {
	char *prefix; /* "//host/path/" */
	char *token, *pair, *user, *password;
};

struct npmrc {
	struct index_list *list;
	struct place places[CREDENTIALS_MAX];
	size_t count;
	char *ca_path;
};

/* ${NAME} of the environment; one that is not set stays. */
static char *expanded(const char *value)
{
	struct text out;

	text_init(&out, VALUE_MAX);
	while (*value) {
		const char *end = value[0] == '$' && value[1] == '{' ? strchr(value, '}') : NULL;
		char name[128];

		if (end && end - value - 2 < (long)sizeof(name)) {
			snprintf(name, sizeof(name), "%.*s", (int)(end - value - 2), value + 2);
			if (getenv(name)) {
				text_add(&out, getenv(name));
				value = end + 1;
				continue;
			}
		}
		text_add_char(&out, *value++);
	}
	return text_take(&out);
}

static struct place *place_of(struct npmrc *npmrc, const char *prefix, size_t length)
{
	for (size_t i = 0; i < npmrc->count; i++)
		if (strlen(npmrc->places[i].prefix) == length && !strncmp(npmrc->places[i].prefix, prefix, length))
			return &npmrc->places[i];
	if (npmrc->count == CREDENTIALS_MAX)
		return NULL;
	npmrc->places[npmrc->count] = (struct place){ .prefix = mem_text_n(prefix, length) };
	return &npmrc->places[npmrc->count++];
}

static void forget(char **secret)
{
	if (*secret)
		secret_wipe(*secret, strlen(*secret));
	free(*secret);
	*secret = NULL;
}

static void take_credential(struct npmrc *npmrc, const char *key, const char *value)
{
	const char *colon = strrchr(key, ':');
	struct place *place = colon ? place_of(npmrc, key, (size_t)(colon - key)) : NULL;
	char **slot;

	if (!place)
		return;
	slot = !strcmp(colon, ":_authToken") ? &place->token : !strcmp(colon, ":_auth") ? &place->pair : !strcmp(colon, ":username") ? &place->user
		: !strcmp(colon, ":_password") ? &place->password : NULL;
	if (!slot)
		return;
	forget(slot);
	*slot = mem_text(value);
}

static void take_line(struct npmrc *npmrc, char *key, char *value, const char *path)
{
	char *real, *colon;
	size_t length = strlen(value);

	if (length > 1 && (*value == '"' || *value == '\'') && value[length - 1] == *value) {
		value[length - 1] = 0;
		value++;
	}
	real = expanded(value);
	colon = strstr(key, ":registry");
	if (!strncmp(key, "//", 2)) {
		take_credential(npmrc, key, real);
	} else if (!strcmp(key, "registry")) {
		indices_add(npmrc->list, ECOSYSTEM_NPM, real, path, "");
	} else if (*key == '@' && colon) {
		*colon = 0;
		indices_add(npmrc->list, ECOSYSTEM_NPM, real, path, key);
	} else if (!strcmp(key, "cafile")) {
		free(npmrc->ca_path);
		npmrc->ca_path = mem_text(real);
	}
	secret_wipe(real, strlen(real));
	free(real);
}

static void read_file(struct npmrc *npmrc, const char *path)
{
	size_t length;
	char *bytes = file_load(path, FILE_MAX_BYTES, &length, NULL), *rest = bytes, *line;

	while (bytes && (line = strsep(&rest, "\n"))) {
		char *equals = strchr(line, '='), *end;

		line += strspn(line, " \t");
		if (!equals || *line == '#' || *line == ';' || equals < line)
			continue;
		for (end = equals; end > line && isspace((unsigned char)end[-1]); end--)
			;
		*end = 0;
		equals += 1 + strspn(equals + 1, " \t");
		for (end = equals + strlen(equals); end > equals && isspace((unsigned char)end[-1]); end--)
			;
		*end = 0;
		take_line(npmrc, line, equals, path);
	}
	if (bytes)
		secret_wipe(bytes, length);
	free(bytes);
}

static struct secret *secret_of(const struct place *place, const char **scheme)
{
	struct secret *secret;
	size_t length;
	char *pair, *encoded;
	uint8_t *password;

	*scheme = place->token ? "Bearer " : "Basic ";
	if (place->token || place->pair)
		return secret_new(place->token ? place->token : place->pair, strlen(place->token ? place->token : place->pair));
	password = place->user && place->password ? base64_parse(place->password, &length) : NULL;
	if (!password)
		return NULL;
	pair = mem_format("%s:%s", place->user, (const char *)password);
	encoded = base64_format(pair, strlen(pair));
	secret = secret_new(encoded, strlen(encoded));
	secret_wipe(pair, strlen(pair));
	secret_wipe(encoded, strlen(encoded));
	secret_wipe(password, length);
	free(pair);
	free(encoded);
	free(password);
	return secret;
}

/* The longest place that begins a registry's address is shown to it. */
static void give_credentials(struct npmrc *npmrc, struct index *row)
{
	const char *address = strstr(row->public.url, "://");
	const struct place *best = NULL;

	for (size_t i = 0; i < npmrc->count && address; i++) {
		const struct place *place = &npmrc->places[i];
		size_t length = strlen(place->prefix);

		if (!strncmp(address + 1, place->prefix, length) && (place->prefix[length - 1] == '/' || address[1 + length] == '/') &&
			(!best || length > strlen(best->prefix)))
			best = place;
	}
	if (best && !row->authorization)
		row->authorization = secret_of(best, &row->scheme);
}

void npmrc_find(struct index_list *list)
{
	const char *named = variable("NPM_CONFIG_USERCONFIG") ? variable("NPM_CONFIG_USERCONFIG") : variable("npm_config_userconfig"), *home = variable("HOME");
	char *path = named ? mem_text(named) : mem_format("%s/.npmrc", home ? home : "");
	struct npmrc npmrc = { .list = list };

	for (size_t i = 0; i < 2; i++) {
		const char *name = i ? "npm_config_registry" : "NPM_CONFIG_REGISTRY";

		if (variable(name))
			indices_add(list, ECOSYSTEM_NPM, variable(name), name, "");
	}
	read_file(&npmrc, path);
	read_file(&npmrc, "/usr/local/etc/npmrc");
	read_file(&npmrc, "/etc/npmrc");
	for (size_t i = 0; i < list->count; i++)
		if (list->rows[i].public.ecosystem == ECOSYSTEM_NPM) {
			give_credentials(&npmrc, &list->rows[i]);
			list->rows[i].ca_path = arena_text(list->arena, npmrc.ca_path);
		}
	for (size_t i = 0; i < npmrc.count; i++) {
		forget(&npmrc.places[i].token);
		forget(&npmrc.places[i].pair);
		forget(&npmrc.places[i].password);
		free(npmrc.places[i].user);
		free(npmrc.places[i].prefix);
	}
	free(npmrc.ca_path);
	free(path);
}
