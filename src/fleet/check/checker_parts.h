/* checker_parts.h - what the checks share: a file being looked at, the agent so far, and how to say what was found. Private to checker*.c, check_*.c. */
#ifndef FLEET_CHECKER_PARTS_H
#define FLEET_CHECKER_PARTS_H

#include <stddef.h>
#include <stdint.h>

#include "fleet/check/checker.h"
#include "fleet/code/code.h"
#include "fleet/code/lexicon.h"
#include "fleet/finding/finding.h"
#include "fleet/tree/source.h"

struct arena;
struct json;
struct pins;
struct rules;
struct tree;

/* Reaches a model or an agent's run, perhaps through functions of the agent. Stands beside the roles. */
#define ROLE_REACHES ((uint64_t)1 << 62)
#define ANY_MODEL (ROLE(MODEL) | ROLE(MODEL_GUESS))
#define ANY_RUN (ANY_MODEL | ROLE(AGENT_RUN))

/* Of functions. */
enum { IS_TOOL = 1, IS_HANDLER = 2, IS_POST = 4, REACHES_MODEL = 8, HAS_RETRY = 16, HAS_AUTH = 32 };
/* Where a value comes from. */
enum { FROM_REPLY = 1, FROM_USER = 2, FROM_TOOL = 4, FROM_RETRIEVED = 8, FROM_SECRET = 16, FROM_OUTSIDE = FROM_REPLY | FROM_USER | FROM_TOOL | FROM_RETRIEVED };

enum { TAINT_BUCKETS = 1024 };

struct taint {
	struct tainted *buckets[TAINT_BUCKETS];
	int count, any;
};

/* Of a notebook: code from here on stands there in the source's text. */
struct unit_piece {
	size_t code, source;
};

struct unit {
	struct checker *checker;
	struct arena *arena;
	const char *path;
	enum source_kind kind;
	const char *text;
	size_t length;
	struct source *source;      /* only while it is checked */
	struct findings *findings;  /* the same */
	size_t first_finding;
	int is_test, is_service;    /* a test or fixture; serves HTTP */
	struct unit_piece *pieces;  /* where text is not the source's; ordered */
	size_t piece_count;
	/* Code only. */
	struct code *code;
	uint64_t *roles;            /* of each call */
	unsigned *functions;        /* IS_TOOL … of each function */
	int *callers, *retried_callers; /* of each function: calls of it, and those of them that are retried */
	int *called;                /* of each call: the function of this file it calls, or -1 */
	unsigned *returned;         /* of each function: where what it returns comes from */
	const char *vocabulary;     /* its names and short strings, each once, a line each */
	size_t vocabulary_length;
	struct taint *taint;
	struct unit *next, *same_stem;
};

/* What is remembered of an agent for the checks of the whole. */
struct whole {
	uint64_t words;             /* bit for each word that some file of code says */
	int calls, runs, loops, retrievals, embeds; /* model calls, agent runs, loops around them */
	const char *first_path;     /* file and place of the first of these */
	struct place first_place;
	const char *app_path, *chat_path, *guard_path, *retrieve_path, *loop_path, *server_path;
	struct place app_place, chat_place, retrieve_place, loop_place, server_place;
	const char *models[8], *embedders[8];
	int model_count, embedder_count;
	const char *embedder_path;
	struct place embedder_place;
	int evals, code_files, tools, prompts, cites;
	const char *manifests[8];   /* that want a lock */
	int manifest_count, locks;
	struct lock_text *lock_texts; /* of lock files, to ask them for a name; NULL where one was too long to keep */
	int locks_unread;
	int app_auth;               /* app_has_auth in some file */
	int gated;                  /* gates_tools in some file */
	int private_data, untrusted_input, way_out; /* the three that must not meet */
	struct unpinned *unpinned;  /* SDKs without a version */
	int unpinned_count;
	struct pins *pins;          /* what tools say of themselves, and said */
};

struct lock_text {
	const char *text;
	size_t length;
	struct lock_text *next;
};

struct unpinned {
	const char *path, *name;
	struct place place;
};

struct checker {
	const struct checks *checks;
	struct lexicon *lexicon;
	struct rules *rules;
	struct tree *tree;         /* NULL: not known */
	const struct agent *agent; /* NULL: files that belong to none */
	struct arena *arena;       /* of this agent */
	struct unit *units, **last_unit;
	struct unit **stems; /* by the last part of their path */
	size_t kept_bytes;
	const char *skipped; /* what of the last file was not looked at */
	struct whole whole;
	struct source again;       /* for places in files looked at again at the end */
};

/* --- saying what was found; each returns the finding as kept, or NULL --- */
struct finding *flag(struct unit *unit, const char *rule, int from, int to, const char *format, ...) __attribute__((format(printf, 5, 6)));
struct finding *flag_at(struct unit *unit, const char *rule, size_t offset, size_t length, const char *format, ...) __attribute__((format(printf, 5, 6)));
/* What to do at this place, instead of the check's own advice; finding may be NULL. */
void flag_fix(struct unit *unit, struct finding *finding, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* MOD001, MOD002: says what is wrong with a model's name, if something is; NULL: nothing. *fix: what to write. rule: "MOD001" or "MOD002". */
const char *model_fault(struct unit *unit, const char *id, const char **rule, const char **fix);
/* The line of a YAML or JSON node. */
struct finding *flag_line(struct unit *unit, const char *rule, int line, const char *format, ...) __attribute__((format(printf, 4, 5)));
struct finding *flag_whole(struct checker *checker, struct findings *findings, const char *rule, const char *path, const struct place *place, const char *format, ...)
	__attribute__((format(printf, 6, 7)));
struct finding *flag_call(struct unit *unit, const char *rule, const struct code_call *call, const char *format, ...) __attribute__((format(printf, 4, 5)));

struct place unit_place(struct unit *unit, size_t offset, size_t length); /* of the unit's text, in the file */

/* --- asking of code --- */
int says(const struct unit *unit, enum word word, const char *text);
/* Whether names or strings of [from,to) say it; comments do not count. */
int range_says(struct unit *unit, int from, int to, enum word word);
int function_says(struct unit *unit, int function, enum word word); /* parameters and decorators too; -1: the whole file */
int file_says(const struct unit *unit, enum word word);
uint64_t role(const struct unit *unit, int call);
int block_of_kind(const struct unit *unit, int block, int kinds); /* the innermost such one around (bits of code_block_kind), -1 */
/* The text of a literal, or of the literal a name stands for; NULL. */
const char *literal(struct unit *unit, int from, int to, int *fields);
/* The range a name in [from,to) was assigned, the range itself when it is no name. */
void value_of(struct unit *unit, int *from, int *to);
int argument_is(struct unit *unit, const struct code_call *call, const char *keyword, const char *value); /* "True" matches true */
/* An argument of one of the list's names, or **; looked for in values of names and nested calls too. */
int has_listed(struct unit *unit, const struct code_call *call, enum word_list list);
int range_has_word(struct unit *unit, int from, int to, const char *name, int depth); /* a NAME or string token, names followed */
int has_unpacked(struct unit *unit, const struct code_call *call);
/* Calls the constructor whose product a chain is called on, -1: not in this file. */
int constructor_of(struct unit *unit, const struct code_call *call);
int is_paced(struct unit *unit, const struct code_block *loop); /* by a person or a queue */
int is_literal(struct unit *unit, int from, int to); /* no fields, no names, or a constant of the file that is so */

/* Makes a unit's text that of the notebook's code cells; 0: there are none, or of another language. */
int notebook_read(struct unit *unit, const char *bytes, size_t length);

int is_stream(struct unit *unit, int call);
int has_side_effects(const struct unit *unit, int function);

/* --- what functions are, where values come from --- */
void facts_find(struct unit *unit);
void facts_vocabulary(struct unit *unit);
void taint_find(struct unit *unit);
unsigned taint_of(struct unit *unit, int from, int to);
unsigned taint_of_name(struct unit *unit, const char *name, int function); /* as seen from a function */
/* Follows imports among the files of the agent. */
void link_units(struct checker *checker);

/* --- the checks: each says what it finds in a file --- */
void check_retry(struct unit *unit);
void check_reliability(struct unit *unit);
void check_injection(struct unit *unit);
void check_agency(struct unit *unit);
void check_privacy(struct unit *unit);
void check_cost(struct unit *unit);
void check_models(struct unit *unit);
void check_serving(struct unit *unit);
void check_retrieval(struct unit *unit);
void check_prompts(struct unit *unit);
void check_whole(struct checker *checker, struct findings *findings);
void check_words(struct unit *unit);    /* into the whole, before any check */
void check_remember(struct unit *unit); /* the same, with places */
int app_has_auth(struct unit *unit);      /* middleware or a dependency of every route */
int gates_tools(const struct unit *unit); /* a person or a rule stands before every tool */
void check_document(struct unit *unit); /* YAML and JSON */
void check_toml(struct unit *unit);     /* clients' settings */
char *helm_plain(struct arena *arena, const char *text, size_t length); /* a template of Helm as YAML with as many lines */
extern const char helm_mark[]; /* the key, and value, of a mapping that a template writes */
void check_dockerfile(struct unit *unit);
void check_terraform(struct unit *unit);
void check_supply(struct unit *unit);
void check_text(struct unit *unit);

/* --- what stands above an agent's folder --- */
void tree_free(struct tree *tree);
int tree_has_lock(const struct tree *tree, const char *folder);
int tree_has_owner(const struct tree *tree, const char *folder);

/* --- AGY003/tool-changed --- */
void pins_in_document(struct unit *unit, const struct json *doc);
void pins_in_code(struct unit *unit);
void pins_compare(struct checker *checker, struct findings *findings);

/* --- patterns as data: match: of the catalogue and of house rules --- */
struct rules *rules_new(const struct checks *checks, struct error *err);
void rules_free(struct rules *rules);
void rules_apply(struct rules *rules, struct unit *unit, const struct json *tree);

/* Prompt text as a value of PRV001, PRV005: how many kinds of validated identifiers are in it; *what names the first, *at where. */
int personal_data(const char *text, size_t length, const char **what, size_t *at);

#endif
