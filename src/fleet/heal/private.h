/* private.h - for src/fleet/heal*.c: the place of one finding, and edits put together. */
#ifndef FLEET_HEAL_PRIVATE_H
#define FLEET_HEAL_PRIVATE_H

#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "fleet/code/code.h"
#include "fleet/finding/finding.h"
#include "fleet/heal/heal.h"
#include "fleet/tree/source.h"

struct arena;
struct deps;
struct heal_notebook;
struct json;
struct report;

/* Insertions at one place stand in this order. */
enum edit_order { EDIT_IMPORT, EDIT_HELPER, EDIT_DECORATOR, EDIT_PLAIN };

struct heal_edit {
	size_t offset, length;
	const char *text;
	enum edit_order order;
	size_t number; /* as they were made */
};

/* A file as healers see it: text is the file's but for a byte-order mark, or the code of a notebook's cells one after the other. Offsets are of text. */
struct heal_target {
	struct heal_file public;
	struct source source;  /* empty for a new file */
	const char *text;
	size_t length;
	size_t mark;           /* bytes of the file before text */
	struct heal_notebook *notebook; /* NULL: none */
	struct code *code;     /* Python and JavaScript; else NULL */
	struct arena *arena;   /* of the code */
	int exists, crlf;
	struct heal_edit *edits;
	size_t count;
	const char *unusable;  /* why no edit can be made */
};

struct site {
	struct heal *heal;
	struct heal_target *file;
	struct finding at;             /* a copy whose place is one of text */
	const struct finding *finding; /* &at */
	struct code *code;     /* of file, or NULL */
	const char *text;      /* of file */
	size_t length;
	char why[200];         /* a refusal */
	int later;             /* it is one for now only */
};

/* The variable a secret became: another secret of the same example is called otherwise. */
struct heal_name {
	const char *example, *name, *hash;
};

/* A line at the end of a file, or a text inside, that another's edits need. */
struct heal_append {
	const struct heal_target *file, *because;
	const char *line;
	size_t at; /* of the file, for a text inside; SIZE_MAX: a line at its end */
};

struct heal {
	const struct report *report;
	const struct heal_values *values;
	struct heal_options options;
	struct arena *arena;
	struct deps *deps; /* NULL: nobody asked */
	struct heal_target **files;
	size_t file_count, shown_count;
	struct heal_target **shown;
	struct heal_name *names; /* of variables given to secrets */
	size_t name_count;
	struct heal_append *appends;
	size_t append_count;
	struct heal_fix *fixes;
	size_t fix_count;
};

/* --- files: heal_file.c --- */
/* The file as it lies there, read when first asked for; belongs to heal. */
struct heal_target *target_of(struct heal *heal, const char *path);
void free_targets(struct heal *heal);
/* Edits made from the one counted `from` on touch what others replace. */
int target_clashes(const struct heal_target *file, size_t from);
/* Edits stand in order. 0: the file would not read as well as before. */
int target_finish(struct heal *heal, struct heal_target *file);
/* Lines that are to be appended to it become an edit; those that a file needed are not needed any more. */
void target_append(struct heal *heal, struct heal_target *file);
void target_drop_appended(struct heal *heal, const struct heal_target *because);
void target_publish(struct heal *heal, struct heal_target *file);

/* --- notebooks: heal_notebook.c --- */
/* The code of the cells. NULL: it cannot be told which bytes of the file are which part of the code. Lives in the arena. */
struct heal_notebook *notebook_map(struct arena *arena, const char *bytes, size_t length);
const char *notebook_code(const struct heal_notebook *notebook, size_t *length);
/* Where a range of the file is in the code. 0; -1: not in a cell of code. */
int notebook_find(const struct heal_notebook *notebook, size_t offset, size_t length, size_t *at, size_t *end);
/* An edit of the code as one of the file. */
void notebook_place(const struct heal_notebook *notebook, struct arena *arena, const struct heal_edit *edit, struct heal_edit *out);

/* A healer: adds its edits and returns why they are safe; NULL: refused, site->why says why. */
typedef const char *(*healer)(struct site *site);
struct heal_row {
	const char *rule; /* beginning of the finding's rule */
	healer heal;
};
extern const struct heal_row heal_argument_rows[], heal_trust_rows[], heal_model_rows[], heal_flow_rows[], heal_service_rows[], heal_image_rows[], heal_yaml_rows[], heal_text_rows[],
	heal_secret_rows[], heal_supply_rows[]; /* end with rule NULL */

/* Always NULL. */
const char *refuse(struct site *site, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same, where another run, or an option, would make it. */
const char *refuse_for_now(struct site *site, const char *text);
void edit(struct site *site, enum edit_order order, size_t offset, size_t length, const char *format, ...) __attribute__((format(printf, 5, 6)));
/* A line at the end of another file of the same folder (or of the agent's), unless it has it. */
void append_line(struct site *site, const char *path, const char *line);
void append_at(struct site *site, const char *path, size_t offset, const char *text); /* a text inside another file, as it is */
/* heal_package.c: a requirement of Python, "tenacity" and ">=8.2", unless somebody names the package already. */
void need_package(struct site *site, const char *package, const char *version);
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

/* --- lines --- */
size_t place_line(const struct site *site); /* where the finding's line begins, by its number where it has no offset */
size_t after_line(const struct site *site, size_t line);
const char *on_line(const struct site *site, const char *word); /* on the finding's line, or NULL */
const char *swap_on_line(struct site *site, const char *from, const char *to, const char *safe); /* NULL, and nothing said: it is not there */

/* The value of a key on the finding's line turned round (true, False, 1, never; a list becomes empty). NULL, and nothing said: it is not there. */
const char *switch_line(struct site *site, const char *key, const char *safe);
/* The first of the words that stands at the place goes, an item of a list with its comma. */
const char *switch_out(struct site *site, const char *const *names, const char *safe);
/* "openai_key" or "apiKey" as OPENAI_KEY, API_KEY; in an arena. */
char *as_variable(const struct site *site, const char *name, size_t length);

/* The name with a number behind when another secret of the same example has it; the example gets a line for it. */
const char *name_in_example(struct site *site, const char *example, const char *name);
char *variable_of_rule(const struct site *site); /* "SEC001/openai-key" as OPENAI_KEY, where nothing beside the value names it */
const char *heal_secret_in_file(struct site *site);
const char *heal_live_env(struct site *site);
const char *heal_terraform_limits(struct site *site);
const char *heal_terraform_ceiling(struct site *site);

/* --- code: heal_call.c; token ranges end before their second token --- */
int ends_with(const char *text, const char *end);
int is_python(const struct site *site);
int is_script(const struct site *site);
/* Refusals said everywhere alike. */
const char *only_python(struct site *site);
const char *no_call(struct site *site);
size_t token_offset(const struct site *site, int token);
size_t token_end(const struct site *site, int token);
const struct code_call *site_call(const struct site *site); /* the call at the finding's place, or NULL */
const struct code_call *site_call_around(const struct site *site); /* the innermost whose arguments hold the place, or NULL */
/* The one call of the file that made what this is called on: of "A().b" the call A. NULL: none, or several. */
const struct code_call *call_that_made(const struct site *site, const struct code_call *call);
const struct code_function *site_function(const struct site *site); /* the innermost around the finding, or NULL */
int last_real(const struct site *site, int before); /* the token before it that is no blank and no comment */
int next_real(const struct site *site, int token);
const char *file_indent(struct site *site); /* of the file's first block; in an arena */
/* One more between brackets, laid out as the others are; several added at one place follow each other. */
void add_item(struct site *site, int open, int close, const char *item);
void remove_item(struct site *site, int first, int end); /* with the comma and blanks that belong to it */
void replace_range(struct site *site, int from, int end, const char *text);
/* `name=value` as a further argument of Python. NULL when it is done; else the refusal. */
const char *add_argument(struct site *site, const struct code_call *call, const char *argument);
/* `name: value` in the object literal that is argument `position` of JavaScript, which is added where it is missing. As add_argument. */
const char *add_option(struct site *site, const struct code_call *call, int position, const char *option);
/* The whole of a repair: a healer may return what they return. call NULL: refused. */
const char *argument_to(struct site *site, const struct code_call *call, const char *argument, const char *safe);
const char *option_to(struct site *site, const struct code_call *call, int position, const char *option, const char *safe);
/* The argument that a table of heal.yaml has for the call at the place: `argument` of Python, `option` of JavaScript. */
const char *argument_by_row(struct site *site, const char *table, const char *safe);
const char *with_argument(struct site *site, const char *argument, const char *safe); /* of the call at the place, in Python */
/* names end with NULL; the first the call at the place has counts. */
const struct code_argument *first_named(struct site *site, const char *const *names); /* NULL: refused */
const char *replace_value(struct site *site, const char *const *names, const char *text, const char *safe);
const char *remove_named(struct site *site, const char *const *names, const char *safe);

/* --- imports of Python: heal_import.c --- */
/* What the module is called here; adds `import MODULE` when it is not imported as a whole. In an arena. */
const char *need_module(struct site *site, const char *module);

/* For rows that hold in code and in text: NULL, nothing said: not a call. */
const char *heal_code_bypass(struct site *site);
const char *heal_code_trace(struct site *site);

#endif
