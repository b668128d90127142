/* config.h - config.yaml, .env beside it and in the current folder, the environment over both.
 * Read once at start; changed only by `config set`, which keeps comments. Any thread may read. */
#ifndef BASE_CONFIG_H
#define BASE_CONFIG_H

struct config;
struct error;
struct json;

/* path NULL: config.yaml in the config folder (none is fine). profile NULL: `profile:` in it. */
struct config *config_load(const char *path, const char *profile, struct error *err);
void config_free(struct config *config);
/* Dotted key "ui.theme"; environment PILOTHOUSE_UI_THEME wins, then the older names of the key's row (config_keys table),
 * then profiles.NAME.key, then the file, then the table's default. NULL: unset. Valid until config_free. */
const char *config_get(const struct config *config, const char *key);
long config_get_int(const struct config *config, const char *key, long otherwise);
int config_get_bool(const struct config *config, const char *key, int otherwise);
/* Beats everything else (--scope on the command line); at start only, before other threads read. value NULL: no more. */
void config_override(struct config *config, const char *key, const char *value);
const struct json *config_tree(const struct config *config, const char *key); /* a mapping or list; NULL */
/* path NULL: as config_load. Writes the value where the key stands, else adds it; comments stay. ERR_INVALID: no such key, or no
 * value of its type; ERR_FORMAT: the file is laid out so that only its owner should edit it. */
int config_set(const char *path, const char *key, const char *value, struct error *err);
/* Whether config_set would take it; nothing is written. */
int config_may_set(const char *key, const char *value, struct error *err);
const char *config_path(const struct config *config);

struct config_key {
	const char *key, *type, *initial, *environment /* older name, e.g. OPA_ENDPOINT */, *help;
	int secret; /* shown as •••• */
	int guarded; /* decides what is trusted or run: not taken from the .env of the current folder, which may be anybody's */
};
extern const struct config_key config_keys[];
extern const unsigned config_key_count;
/* Names of variables that systems before this one had and that nothing here reads yet: known, no settings. */
struct config_later {
	const char *name, *part; /* "VAULT_URL", the part it is for */
};
/* A value of it as it may be shown: a secret, and who signs in within an address, stand as ••••. You own it (free()). */
char *config_shown(const struct config_key *row, const char *value);
extern const struct config_later config_later[];
extern const unsigned config_later_count;
/* Those of them that the environment or .env beside the file set: array of {"name","part"}; never their values. */
struct json *config_unread(const struct config *config);
/* {"key","value","source"} each; unknown keys in the file are problems: array of {"file","line","message"} (problem.h) */
struct json *config_list(const struct config *config);
int config_validate(const struct config *config, struct json *problems);
/* What is wrong and harmless is appended to problems (NULL allowed); a value that cannot be meant so, or a key written otherwise (readonly), is an
 * error: nobody goes on with a setting that was not understood. ERR_INVALID, with the place. */
int config_check(const struct config *config, struct json *problems, struct error *err);

#endif
