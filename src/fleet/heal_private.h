/* heal_private.h - for src/fleet/heal*.c: the place of one finding, and edits put together. */
#ifndef FLEET_HEAL_PRIVATE_H
#define FLEET_HEAL_PRIVATE_H

#include <stddef.h>

#include "base/digest.h"
#include "fleet/code.h"
#include "fleet/finding.h"
#include "fleet/heal.h"
#include "fleet/source.h"

struct arena;
struct deps;
struct json;

/* Insertions at one place stand in this order. */
enum edit_order { EDIT_IMPORT, EDIT_HELPER, EDIT_DECORATOR, EDIT_PLAIN };

struct heal_edit {
	size_t offset, length;
	const char *text;
	enum edit_order order;
};

struct heal_target {
	struct heal_file public;
	struct source source;  /* empty for a new file */
	struct code *code;     /* Python and JavaScript; else NULL */
	struct arena *arena;   /* of the code */
	int exists, crlf;
	struct heal_edit *edits;
	size_t count;
	const char **lines;    /* to append, each once */
	size_t line_count;
	const char *unusable;  /* why no edit can be made */
};

struct site {
	struct heal *heal;
	struct heal_target *file;
	const struct finding *finding;
	struct code *code;     /* of file, or NULL */
	const char *text;      /* of file */
	size_t length;
	char why[200];         /* a refusal */
};

/* A healer: adds its edits and returns why they are safe; NULL: refused, site->why says why. */
typedef const char *(*healer)(struct site *site);
struct heal_row {
	const char *rule; /* beginning of the finding's rule */
	healer heal;
};
extern const struct heal_row heal_code_rows[], heal_text_rows[], heal_secret_rows[], heal_supply_rows[]; /* end with rule NULL */

/* Always NULL. */
const char *refuse(struct site *site, const char *format, ...) __attribute__((format(printf, 2, 3)));
void edit(struct site *site, enum edit_order order, size_t offset, size_t length, const char *format, ...) __attribute__((format(printf, 5, 6)));
/* A line at the end of another file of the same folder (or of the agent's), unless it has it. */
void append_line(struct site *site, const char *path, const char *line);
const char *value(const struct site *site, const char *name); /* of heal.yaml; "" */
const struct json *table(const struct site *site, const char *name);
/* Line of the site's finding: begin and end (without its line end) as offsets of the text. */
size_t line_begin(const struct site *site, size_t offset);
size_t line_end_at(const struct site *site, size_t offset);
const char *indent_at(struct site *site, size_t offset); /* white space the line begins with; in an arena */
char *path_beside(const struct site *site, const char *name); /* "a/b/NAME" for a finding in a/b/x; in an arena */
char *path_of_agent(const struct site *site, const char *name);
struct arena *heal_arena(const struct site *site);
const char *heal_owner(const struct site *site);
const struct report *heal_report(const struct site *site);
const struct deps *heal_deps(const struct site *site); /* read when first asked for */
const struct json *heal_config(const struct site *site); /* cockpit.yaml of the finding's agent, or NULL */

/* --- Python --- */
const struct code_call *site_call(const struct site *site); /* the call at the finding's place, or NULL */
size_t token_offset(const struct site *site, int token);
size_t token_end(const struct site *site, int token);
/* `name=value` as a further argument. NULL when it is done; else the refusal. */
const char *add_argument(struct site *site, const struct code_call *call, const char *argument);
void remove_argument(struct site *site, const struct code_call *call, const struct code_argument *argument);
/* What the module is called here; adds `import MODULE` when it is not imported as a whole. In an arena. */
const char *need_module(struct site *site, const char *module);
int is_python(const struct site *site);
/* For rows that hold in code and in text: NULL, nothing said: not a call of Python. */
const char *heal_code_bypass(struct site *site);
const char *heal_code_trace(struct site *site);

#endif
