/* config_inside.h - what the files of config share. Inside src/base. */
#ifndef BASE_CONFIG_INSIDE_H
#define BASE_CONFIG_INSIDE_H

#include <stddef.h>

struct config;
struct config_key;
struct error;
struct json;

enum config_source { SOURCE_NONE, SOURCE_OVERRIDE, SOURCE_ENVIRONMENT, SOURCE_DOTENV, SOURCE_PROFILE, SOURCE_FILE, SOURCE_DEFAULT };

/* As config_get, and where from. *line of the file, or 0. */
const char *config_look_up(const struct config *config, const char *key, enum config_source *source);
/* 1 when the environment or .env beside the file says something of it. */
int config_variable_is_set(const struct config *config, const char *name);
const struct json *config_file_tree(const struct config *config);
const struct config_key *config_key_find(const char *key);
int config_value_fits(const struct config_key *row, const char *value);
void config_takes(const char *type, char *out, size_t size); /* for people: "a duration such as 7d" */
/* The variable a key's value comes from: 1 when it is PILOTHOUSE_…, 0 when an older name. */
int config_variable_of(const struct config *config, const struct config_key *row, char *name, size_t size);
/* Lines of the .env that say nothing, and one that is not trusted: how many. also_here: of the current folder's too, which may be anybody's. */
int config_check_dotenv(const struct config *config, int also_here, struct json *problems);
char *config_default_path(void);

/* dotenv.c: names and values of a .env file, those that `wanted` takes. Missing file: 0. */
typedef void (*dotenv_fn)(const char *name, const char *value, void *arg);
int dotenv_read(const char *path, dotenv_fn on_pair, void *arg, struct error *err);
int dotenv_check(const char *path, struct json *problems); /* how many lines are none of this */

#endif
