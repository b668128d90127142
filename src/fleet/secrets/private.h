/* private.h - what the files of secrets.c share. A text is scanned for literals; each literal found leads to rules, to an assignment or to a
 * URL; what they name is judged and becomes a candidate; at the end of a file the best candidate of each place becomes a finding. */
#ifndef FLEET_SECRETS_PRIVATE_H
#define FLEET_SECRETS_PRIVATE_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "fleet/finding/check.h"
#include "fleet/secrets/secrets.h"

struct arena;
struct source;

/* A range of the text. */
struct span {
	size_t at, length;
};

/* What is proven of a value beyond its shape. */
enum secret_proof {
	PROOF_NONE,
	PROOF_CRC32_BASE62, /* the last six characters are the CRC-32 of those between prefix and them */
	PROOF_JWT,          /* header and payload are JSON; a public key of a service ("role":"anon") is none */
	PROOF_PEM,          /* body is DER, or what OpenSSH and OpenPGP write */
	PROOF_AWS_ID,       /* base-32 that names an account */
	PROOF_BASIC,        /* base64 of user:password */
	PROOF_BASE64_JSON,  /* decodes to a JSON object */
	PROOF_COUNT
};

struct secret_rule {
	const char *id;    /* "SEC002/aws-key-pair" */
	const char *name;  /* after the slash */
	const char *title; /* "AWS access key" */
	const struct check *check;
	pcre2_code *code;     /* anchored at its start; the value is group 1, else the whole */
	atomic_int compiled;  /* by the JIT; under secret_rules.jit */
	int walk_back;        /* the token begins before the keyword */
	enum secret_judge { JUDGE_FORM, JUDGE_RANDOM, JUDGE_PASSWORD } judge; /* the form alone says it, or the value must look like one, too */
	int is_public;        /* what matches is no secret, whatever else says so */
	double entropy;       /* floor, bits a character */
	uint32_t shortest;    /* bytes that can match at least */
	enum secret_proof proof;
	enum check_severity severity;
	enum check_fixability fixability;
	const char *const *names; /* only for values assigned to a name (or on a line) holding one of these words, in lower case; NULL: found by keyword */
	const char *pair, *pair_id; /* rule whose value stands within five lines; what both are then */
};

/* What a literal of the pass leads to, besides rules. */
enum literal_use { USE_NAME = 1, USE_URL = 2, USE_SECRET_KIND = 4, USE_PEM = 8, USE_FLAG = 16 };

struct literal {
	const char *text;
	unsigned length;
	int caseless;
	unsigned use;
	unsigned *rules; /* indices */
	unsigned rule_count;
};

struct word_set; /* of lower-case words */

struct secret_rules {
	struct arena *texts;
	struct secret_rule *rules;
	size_t count;
	struct literal *literals;
	size_t literal_count;
	struct engine *engine;
	pthread_mutex_t jit;
	uint8_t hash_key[32];
	const struct checks *checks;
	char (*examples)[65]; /* SHA-256 of documented values, ordered */
	size_t example_count;
	const struct secret_rule *generic, *password, *url, *basic, *pem, *service_account, *pair;
	struct word_set *stop;      /* "changeme": a value that is one of them, or is made of them, is none */
	struct word_set *names;     /* last words of a name that say secret: "token", "apikey" */
	struct word_set *passwords; /* and of those, the ones for what people choose: "password" */
	struct word_set *neutral;   /* may follow: "prod", "value" */
	struct word_set *negative;  /* anywhere in a name: "public", "hash" */
};

int word_set_has(const struct word_set *set, const char *word, size_t length);

/* secrets_name.c: what an identifier says of its value. A bare "key" says little, "auth" only that user:password in base64 may follow. */
enum name_says { NAME_NOTHING, NAME_AUTH, NAME_KEY, NAME_SECRET, NAME_PASSWORD };
enum name_says name_says(const struct secret_rules *rules, const char *name, size_t length);

/* secrets_engine.c: all literals of a text. */
struct engine;
struct engine_state;
typedef void engine_hit(void *arg, unsigned literal, size_t start);
/* NULL: never. version: what the database depends on besides the library and the processor. */
struct engine *engine_new(const struct literal *literals, size_t count, int no_vectorscan);
void engine_free(struct engine *engine);
const char *engine_name(const struct engine *engine);
struct engine_state *engine_state_new(const struct engine *engine);
void engine_state_free(struct engine_state *state);
void engine_scan(const struct engine *engine, struct engine_state *state, const char *text, size_t length, engine_hit *hit, void *arg);

/* secrets_automaton.c: the engine without Vectorscan. */
struct automaton;
struct automaton *automaton_new(const struct literal *literals, size_t count);
void automaton_free(struct automaton *automaton);
void automaton_scan(const struct automaton *automaton, const char *text, size_t length, engine_hit *hit, void *arg);

/* secrets_judge.c and secrets_words.c: what a value is, from itself alone. */
double entropy_bits(const char *value, size_t length); /* Shannon, bits a character */
int value_is_random(const char *value, size_t length); /* enough entropy for its alphabet and length */
int value_is_placeholder(const struct secret_rules *rules, const char *value, size_t length);
int value_is_words(const char *value, size_t length);     /* names, labels, identifiers */
int value_is_reference(const char *value, size_t length); /* a variable, a call, a path, a URL, an address */
int value_is_uuid(const char *value, size_t length);
int value_is_digest(const char *value, size_t length);    /* hex of the length of a known hash */
int value_is_hex(const char *value, size_t length);
int value_is_key(const char *value, size_t length);       /* what a machine made */
int value_is_password(const char *value, size_t length);  /* what a person chose: digits or signs among letters */
int value_is_strong(const char *value, size_t length);    /* a password of all kinds of characters */
int value_is_repeated(const char *value, size_t length);  /* few distinct characters, runs, sequences */

/* secrets_proof.c */
int proof_holds(enum secret_proof proof, const char *value, size_t length);
enum secret_proof proof_named(const char *name); /* PROOF_COUNT: no such */
/* A private key in PEM that begins at `at`: length of the block, 0: none. */
size_t pem_block(const char *text, size_t length, size_t at);

/* A line read up to `at`; open: the quote of the literal that stands there, or 0. */
struct line_state {
	size_t start, at;
	char open;
};

/* A text in which values are looked for, and how its offsets become those of the file's text. */
struct view {
	const char *text;
	size_t length;
	enum view_kind { VIEW_TEXT, VIEW_JOINED, VIEW_DECODED } kind;
	struct span whole; /* VIEW_DECODED: where the encoded text stands */
	int in_secret;     /* VIEW_DECODED: a value of a Kubernetes Secret */
	struct line_state line, older; /* of secrets_assign.c */
};

struct candidate {
	const struct secret_rule *rule;
	struct span span;    /* in the text of the file */
	struct span also;    /* second half of a pair; length 0: none */
	const char *value;   /* as it is used; in the scanner's arena where it differs from the text */
	size_t value_length;
	const char *name;    /* identifier it is assigned to, or NULL; bytes of the file */
	size_t name_length;
	int rank;            /* higher wins a place */
	int in_secret;       /* of a Kubernetes Secret */
};

/* REFUSED: has a provider's form and does not prove; then no name makes it a secret either. */
enum { RANK_GENERIC = 1, RANK_NAMED = 2, RANK_URL = 3, RANK_REFUSED = 4, RANK_RULE = 5, RANK_PUBLIC = 6 };

struct join {
	size_t joined, text; /* offset in the joined text, and in the file's */
};

struct secret_scanner {
	const struct secret_rules *rules;
	struct engine_state *state;
	pcre2_match_context *limits;
	pcre2_match_data *match;
	pcre2_jit_stack *stack;
	struct source *source;
	int is_code;
	struct view view;
	struct candidate *found;
	size_t count, dropped; /* dropped: past CANDIDATES_MAX */
	struct arena *texts; /* of this file */
	size_t name_seen;    /* end of the identifier looked at last */
	size_t url_seen;
	char *joined;
	size_t joined_length, joined_room;
	struct join *joins;
	size_t join_count;
	size_t *kinds; /* places of "kind: Secret" */
	size_t kind_count, kind_end; /* end of the document looked at last */
};

/* secrets_context.c: which check a place makes of a secret found there. Asked in order of place. */
struct context {
	struct source *source;
	/* How far literals are read, and the group of joined ones that is open or was last. */
	size_t at, group, group_end;
	char quote;
	int triple;
};
/* "SEC007", or NULL: the rule's own. */
const char *context_check(struct context *context, const struct candidate *candidate);
int context_is_env(const struct source *source);

/* A candidate of the view under scan; span is one of the view. */
void secrets_add(struct secret_scanner *scanner, const struct candidate *candidate);
/* Tries a rule at a place of the view. 1: it matched (and was judged). */
int secrets_try(struct secret_scanner *scanner, const struct secret_rule *rule, size_t at);
/* Whether the pattern matches the value from end to end. */
int secrets_matches_whole(struct secret_scanner *scanner, const struct secret_rule *rule, const char *value, size_t length);
int secrets_is_example(const struct secret_rules *rules, const char *value, size_t length);
/* Literals of a view lead to candidates. */
void secrets_scan_view(struct secret_scanner *scanner, const struct view *view);

struct named_value {
	struct span name;  /* of the view */
	struct span span;  /* of the view: from the first to the last byte of the value */
	const char *value; /* as it is used */
	size_t length;
	int quoted;
};
/* secrets_assign.c: NAME = "value" around a word at `at`. */
void secrets_assignment(struct secret_scanner *scanner, size_t at, size_t length);
int secrets_is_code(const struct source *source);
/* Judges a value that belongs to a name, as in an assignment. 1: a candidate was added. */
int secrets_judge_named(struct secret_scanner *scanner, const struct named_value *value);
/* secrets_url.c: scheme://user:password@host around "://" at `at`. */
void secrets_url(struct secret_scanner *scanner, size_t at);
/* secrets_decode.c: base64 runs, Kubernetes Secrets, joined literals of the file's text. */
void secrets_decode(struct secret_scanner *scanner);
void secrets_join(struct secret_scanner *scanner);
void secrets_kind_secret(struct secret_scanner *scanner, size_t at);
/* secrets_report.c: candidates become findings. */
struct findings;
void secrets_report(struct secret_scanner *scanner, struct findings *findings);

/* secrets_load.c */
struct secret_rule *secrets_rule_named(struct secret_rules *rules, const char *name);

#endif
