/* kind.h - what there is to know about a kind of resource, read from kinds/PROVIDER/NAME.yaml. One table drives
 * the pane, the command line, the API, the playbooks' actions and the docs. */
#ifndef ESTATE_KIND_H
#define ESTATE_KIND_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct filter;
struct json;
struct ref;

/* age: cell holds an RFC 3339 time, drawn as "4m". bytes, millicores, percent, seconds: cell holds a plain number. */
enum column_type { COLUMN_TEXT, COLUMN_NUMBER, COLUMN_BYTES, COLUMN_PERCENT, COLUMN_MILLICORES, COLUMN_SECONDS, COLUMN_AGE, COLUMN_BOOL };

/* Which column says the row's id, name … : every kind has ID and NAME; a missing one is -1. */
enum column_role { ROLE_NONE, ROLE_ID, ROLE_NAME, ROLE_NAMESPACE, ROLE_ACCOUNT, ROLE_REGION, ROLE_SCOPE, ROLE_STATE,
	ROLE_SEVERITY, ROLE_WHY, ROLE_LABELS, ROLE_COUNT };

struct kind_column {
	const char *name;   /* "RESTARTS": header and JSON cell key (lower case there) */
	enum column_type type;
	enum column_role role;
	const char *path;   /* dialect's own: where the value comes from; "" none */
	int hidden;         /* not drawn, not in `cells`, not searched: roles that are no column */
	int wide;           /* only in wide tables */
	int is_volatile;    /* not compared for `changes` (cpu, age) */
	int width;          /* suggested columns on screen; 0 by content */
};

enum risk { RISK_READ, RISK_WRITE, RISK_DELETE }; /* ordered */

struct kind_param {
	const char *name, *type; /* text integer boolean bytes duration enum file */
	int required;
	const char *initial;     /* default, or NULL */
	const char *help;
	const char *values;      /* enum: "a|b|c" */
	const char *now;         /* path of what it is now in the object: a form begins with that; NULL none */
	const char *choices;     /* path of a list in the object, of whose items' names it is one; NULL none */
};

struct kind_verb {
	const char *name, *title;     /* "scale", "Scale to N replicas" */
	enum risk risk;
	int reversible;
	int terminal;                 /* somebody must sit at one: it is lent to the act */
	const char *inverse;          /* in words: what undoes it, or why nothing does */
	const char *key;              /* suggested key in the table, or NULL */
	struct kind_param *params;
	size_t param_count;
	int seconds;                  /* usual duration; 0 unknown */
	const struct json *spec;      /* dialect's own (request, subresource …) */
};

/* First match gives the row's severity ("critical high medium low info") and why ("CrashLoopBackOff {restarts} restarts"). */
struct kind_rule {
	const struct filter *when;
	const char *severity;
	const char *why;       /* template over cells: {column} */
	int line;
};

struct kind_link {             /* drill down: Enter on a deployment shows its pods */
	const char *kind, *title;
	const char *filter;    /* template over this row's cells, a filter expression on the other kind */
	const char *labels;    /* the same for a label selector, asked of the source; "" none. A row that has none leads nowhere */
	int enter;             /* Enter leads there; where no link has it, to everything about the row */
};

enum { KIND_BESIDE_MAX = 4 };
struct kind_beside {           /* columns of another kind whose rows have the same namespace and name: what a pod uses, beside the pod */
	const char *kind;      /* NULL: none */
	const char *absent;    /* few words for when it is not to be had: "no metrics server" */
	struct {
		const char *name, *of; /* header, and the other kind's column */
	} columns[KIND_BESIDE_MAX];
	size_t count;
};

struct kind_detail {           /* what else the whole object has to say to a person */
	const char *title;
	const char *rows;      /* jq over the object: [[label, text, severity or nothing], …] */
};

struct kind {
	const char *name;      /* "pods": plural, as typed */
	const char *provider;
	const char *title;     /* "Pods" */
	const char *singular;  /* "pod" */
	const char *empty;     /* what is said where there are none, with what to do then; "" nothing more */
	const char *const *aliases; /* NULL-terminated: "po", "pod" */
	struct kind_column *columns; /* visible first, then hidden */
	size_t column_count, visible_count;
	int role[ROLE_COUNT];  /* column index, or -1 */
	struct kind_verb *verbs;
	size_t verb_count;
	struct kind_rule *rules;
	size_t rule_count;
	struct kind_link *links;
	size_t link_count;
	struct kind_beside beside;
	struct kind_detail *details;
	size_t detail_count;
	int namespaced, watchable, logs;
	int poll_ms;           /* while visible; hidden: ten times as seldom, in whole minutes */
	int history;           /* its changes are kept (default); 0 for log-like and fleeting kinds: `history: false` */
	int wrong_now;         /* its severe rows stand in the dashboard's "wrong now" */
	const char *sort;      /* initial sort column, "-cpu" descending, or NULL: as listed */
	const struct json *spec; /* dialect's own */
	const char *file;
};

struct kinds; /* the registry: loaded once, may grow (discovered kinds); pointers stay valid until kinds_free. Thread-safe. */

/* From file_list_data("kinds"). A bad operator's file is an error told by `problems` (array of {file,line,message}) and skipped. */
struct kinds *kinds_load(struct json *problems, struct error *err);
struct kinds *kinds_load_file(const char *path, struct json *problems); /* one file alone, for lint; never NULL */
void kinds_free(struct kinds *kinds);
/* Parses one kind (an object as in a file) and adds it; a name taken: ERR_CONFLICT. For discovery (CRDs). */
const struct kind *kinds_add(struct kinds *kinds, const struct json *definition, const char *file, struct error *err);
/* By name, singular or alias, case-blind; "provider/name" too. NULL: none. */
const struct kind *kinds_find(const struct kinds *kinds, const char *name);
/* The kind a ref names: that of its provider, where several have one of the name. NULL: none. */
const struct kind *kinds_of(const struct kinds *kinds, const struct ref *ref);
/* A provider that is not watched: where another has a kind of the same name, that one is meant. */
void kinds_put_last(struct kinds *kinds, const char *provider);
size_t kinds_count(const struct kinds *kinds);
const struct kind *kinds_at(const struct kinds *kinds, size_t i);
const struct kind_verb *kind_verb_find(const struct kind *kind, const char *name);
int kind_column_find(const struct kind *kind, const char *name); /* case-blind; -1 */
/* INTERFACE's `kinds list` row. */
struct json *kind_to_json(const struct kind *kind);
const char *column_type_name(enum column_type type);
const char *risk_name(enum risk risk);
int severity_rank(const char *name); /* critical 5 … info 1, none 0 */

#endif
