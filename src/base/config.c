#include "base/config.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/config_inside.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/yaml.h"

enum { CONFIG_MAX = 1 << 20, NAME_MAX_BYTES = 160 };

struct pair {
	const char *name, *value;
	enum config_source source;
};

struct config {
	struct arena *arena;
	char *path;
	struct json *file;             /* NULL: there is none */
	const struct json *profile;    /* part of file */
	struct pair *dotenv;           /* what .env files say */
	size_t dotenv_count;
	struct pair *overrides;        /* by key */
	size_t override_count;
	struct pair *values;           /* scalars of the file and the profile as text, by dotted key */
	size_t value_count;
};

const struct config_key *config_key_find(const char *key)
{
	for (unsigned i = 0; i < config_key_count; i++)
		if (!strcmp(config_keys[i].key, key))
			return &config_keys[i];
	return NULL;
}

char *config_default_path(void)
{
	return mem_format("%s/config.yaml", file_config_folder());
}

/* "ui.theme" is PILOTHOUSE_UI_THEME. */
static void environment_name(const char *key, char *out, size_t size)
{
	size_t at = (size_t)snprintf(out, size, "PILOTHOUSE_");

	for (; *key && at + 1 < size; key++)
		out[at++] = *key == '.' || *key == '-' ? '_' : (char)toupper((unsigned char)*key);
	out[at] = '\0';
}

/* --- .env --- */

struct reading {
	struct config *config;
	int is_guarded; /* the current folder's: only keys that trust nobody */
};

static const struct config_key *key_of_environment(const char *name)
{
	char own[NAME_MAX_BYTES];

	for (unsigned i = 0; i < config_key_count; i++) {
		environment_name(config_keys[i].key, own, sizeof(own));
		if (!strcmp(name, own) ||
			(config_keys[i].environment && !strcmp(name, config_keys[i].environment)))
			return &config_keys[i];
	}
	return NULL;
}

/* Names that libraries and providers read from the environment themselves. */
static int is_foreign(const char *name)
{
	static const char *const prefixes[] = { "AWS_", "AZURE_", "GOOGLE_", "OTEL_", "KUBECONFIG",
		"NO_COLOR" };

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++)
		if (!strncmp(name, prefixes[i], strlen(prefixes[i])))
			return 1;
	return 0;
}

static int is_later(const char *name)
{
	for (unsigned i = 0; i < config_later_count; i++)
		if (!strcmp(name, config_later[i].name))
			return 1;
	return 0;
}

static void on_pair(const char *name, const char *value, void *arg)
{
	struct reading *reading = arg;
	struct config *config = reading->config;
	const struct config_key *key = key_of_environment(name);

	if (reading->is_guarded ? !key || key->guarded : !key && !is_foreign(name) && !is_later(name))
		return;
	if (!reading->is_guarded && is_foreign(name))
		setenv(name, value, 0); /* at start: one thread */
	config->dotenv = mem_grow(config->dotenv, config->dotenv_count + 1, sizeof(struct pair));
	config->dotenv[config->dotenv_count++] = (struct pair){
		.name = arena_text(config->arena, name),
		.value = arena_text(config->arena, value),
	};
}

static int same_file(const char *a, const char *b)
{
	struct stat first, second;

	return !stat(a, &first) && !stat(b, &second) && first.st_dev == second.st_dev &&
	       first.st_ino == second.st_ino;
}

/* The one beside the configuration first: it goes before the current folder's. */
static int load_dotenv(struct config *config, struct error *err)
{
	struct reading reading = { .config = config };
	const char *slash = strrchr(config->path, '/');
	char *beside = slash ? mem_format("%.*s/.env", (int)(slash - config->path), config->path)
			     : mem_text(".env");
	int result = dotenv_read(beside, on_pair, &reading, err);

	reading.is_guarded = 1;
	if (!result && !same_file(beside, ".env"))
		result = dotenv_read(".env", on_pair, &reading, err);
	free(beside);
	return result;
}

static const char *find_pair(const struct pair *pairs, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(pairs[i].name, name))
			return pairs[i].value;
	return NULL;
}

/* --- config.yaml --- */

static const char *scalar_text(struct config *config, const struct json *json)
{
	char number[40];

	if (json_is(json, JSON_STRING))
		return json_text(json);
	if (json_is(json, JSON_BOOL))
		return json_bool(json, 0) ? "true" : "false";
	if (!json_is(json, JSON_NUMBER))
		return NULL;
	snprintf(number, sizeof(number), "%.15g", json_number(json, 0));
	return arena_text(config->arena, number);
}

static void flatten(struct config *config, const struct json *tree, const char *prefix,
	enum config_source source)
{
	for (const struct json *item = json_first(tree); item; item = json_next(item)) {
		const char *key = *prefix ? arena_format(config->arena, "%s.%s", prefix, json_key(item))
					  : json_key(item);
		const char *value = scalar_text(config, item);

		if (json_is(item, JSON_OBJECT)) {
			flatten(config, item, key, source);
			continue;
		}
		if (!value)
			continue;
		config->values =
			mem_grow(config->values, config->value_count + 1, sizeof(struct pair));
		config->values[config->value_count++] =
			(struct pair){ .name = key, .value = value, .source = source };
	}
}

static int load_file(struct config *config, int must_exist, struct error *err)
{
	struct error why = { 0 };
	size_t length = 0;
	char *bytes = file_load(config->path, CONFIG_MAX, &length, &why);

	if (!bytes && why.code == ERR_NOT_FOUND && !must_exist)
		return 0;
	if (!bytes) /* a setting of the person who called, whatever the reason: exit status 3 */
		return error_set(err, ERR_INVALID, "%s", why.text);
	config->file = yaml_parse(bytes, length, &why);
	free(bytes);
	if (!config->file)
		return error_set(err, ERR_INVALID, "%.120s: %.120s", config->path, why.text);
	if (!json_is(config->file, JSON_OBJECT) && !json_is(config->file, JSON_NULL))
		return error_set(err, ERR_INVALID, "%s: is no mapping", config->path);
	return 0;
}

static int choose_profile(struct config *config, const char *profile, struct error *err)
{
	const struct json *profiles = json_get(config->file, "profiles");

	if (!profile || !*profile)
		profile = config_get(config, "profile");
	if (!profile || !*profile)
		return 0;
	config->profile = json_get(profiles, profile);
	if (!config->profile)
		return error_set(err, ERR_INVALID, "there is no profile \"%.60s\" in %.120s", profile,
			config->path);
	return 0;
}

struct config *config_load(const char *path, const char *profile, struct error *err)
{
	struct config *config = mem_zero(1, sizeof(*config));
	size_t of_file;

	config->arena = arena_new();
	config->path = path ? mem_text(path) : config_default_path();
	if (load_dotenv(config, err) || load_file(config, path != NULL, err))
		goto failed;
	flatten(config, config->file, "", SOURCE_FILE);
	of_file = config->value_count;
	if (choose_profile(config, profile, err))
		goto failed;
	/* The profile's come first: they win. */
	flatten(config, config->profile, "", SOURCE_PROFILE);
	if (of_file < config->value_count) {
		size_t count = config->value_count;
		struct pair *turned = mem_alloc(count * sizeof(*turned));

		memcpy(turned, config->values + of_file, (count - of_file) * sizeof(*turned));
		memcpy(turned + count - of_file, config->values, of_file * sizeof(*turned));
		free(config->values);
		config->values = mem_resize(turned, (count * 2) * sizeof(*turned));
	}
	return config;
failed:
	config_free(config);
	return NULL;
}

void config_free(struct config *config)
{
	if (!config)
		return;
	json_free(config->file);
	free(config->path);
	free(config->dotenv);
	free(config->overrides);
	free(config->values);
	arena_free(config->arena);
	free(config);
}

void config_override(struct config *config, const char *key, const char *value)
{
	for (size_t i = 0; i < config->override_count; i++)
		if (!strcmp(config->overrides[i].name, key)) {
			config->overrides[i].value = arena_text(config->arena, value);
			return;
		}
	config->overrides =
		mem_grow(config->overrides, config->override_count + 1, sizeof(struct pair));
	config->overrides[config->override_count++] = (struct pair){
		.name = arena_text(config->arena, key),
		.value = arena_text(config->arena, value),
	};
}

/* --- looking up --- */

static const char *look_up_environment(const struct config *config, const char *key,
	const struct config_key *row, enum config_source *source)
{
	char name[NAME_MAX_BYTES];
	const char *older = row ? row->environment : NULL;
	const char *value;

	environment_name(key, name, sizeof(name));
	*source = SOURCE_ENVIRONMENT;
	if ((value = getenv(name)) && *value)
		return value;
	if (older && (value = getenv(older)) && *value)
		return value;
	*source = SOURCE_DOTENV;
	if ((value = find_pair(config->dotenv, config->dotenv_count, name)))
		return value;
	return older ? find_pair(config->dotenv, config->dotenv_count, older) : NULL;
}

int config_variable_of(const struct config *config, const struct config_key *row, char *name, size_t size)
{
	const char *value;

	environment_name(row->key, name, size);
	if (((value = getenv(name)) && *value) || !row->environment)
		return 1;
	if ((!(value = getenv(row->environment)) || !*value) && find_pair(config->dotenv, config->dotenv_count, name))
		return 1;
	snprintf(name, size, "%s", row->environment);
	return 0;
}

int config_check_dotenv(const struct config *config, int also_here, struct json *problems)
{
	const char *slash = strrchr(config->path, '/');
	char *beside = slash ? mem_format("%.*s/.env", (int)(slash - config->path), config->path) : mem_text(".env");
	int count = dotenv_check(beside, problems);

	if (also_here && !same_file(beside, ".env"))
		count += dotenv_check(".env", problems);
	free(beside);
	return count;
}

int config_variable_is_set(const struct config *config, const char *name)
{
	const char *value = getenv(name);

	return (value && *value) || find_pair(config->dotenv, config->dotenv_count, name);
}

const char *config_look_up(const struct config *config, const char *key, enum config_source *source)
{
	const struct config_key *row = config_key_find(key);
	const char *value = find_pair(config->overrides, config->override_count, key);

	*source = SOURCE_OVERRIDE;
	if (value)
		return value;
	if ((value = look_up_environment(config, key, row, source)))
		return value;
	for (size_t i = 0; i < config->value_count; i++)
		if (!strcmp(config->values[i].name, key)) {
			*source = config->values[i].source;
			return config->values[i].value;
		}
	*source = row && row->initial ? SOURCE_DEFAULT : SOURCE_NONE;
	return row ? row->initial : NULL;
}

const char *config_get(const struct config *config, const char *key)
{
	enum config_source source;

	return config_look_up(config, key, &source);
}

long config_get_int(const struct config *config, const char *key, long otherwise)
{
	const char *value = config_get(config, key);
	char *end;
	long number = value ? strtol(value, &end, 10) : 0;

	return value && end != value && !*end ? number : otherwise;
}

static int is_one_of(const char *value, const char *const *words)
{
	for (; *words; words++)
		if (!strcasecmp(value, *words))
			return 1;
	return 0;
}

int config_get_bool(const struct config *config, const char *key, int otherwise)
{
	static const char *const yes[] = { "true", "yes", "on", "1", NULL };
	static const char *const no[] = { "false", "no", "off", "0", NULL };
	const char *value = config_get(config, key);

	if (!value)
		return otherwise;
	return is_one_of(value, yes) ? 1 : is_one_of(value, no) ? 0 : otherwise;
}

const struct json *config_tree(const struct config *config, const char *key)
{
	const struct json *tree = json_at(config->profile, key);

	if (!tree)
		tree = json_at(config->file, key);
	return json_is(tree, JSON_OBJECT) || json_is(tree, JSON_ARRAY) ? tree : NULL;
}

const char *config_path(const struct config *config)
{
	return config->path;
}

const struct json *config_file_tree(const struct config *config)
{
	return config->file;
}
