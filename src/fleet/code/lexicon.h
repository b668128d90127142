/* lexicon.h - what names mean to the checks, as data (checks/lexicon.yaml): roles of calls by patterns over their resolved names, words by expressions,
 * models that moved or went. Frozen once loaded, but for the match data of expressions: one a thread. */
#ifndef FLEET_LEXICON_H
#define FLEET_LEXICON_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct lexicon;

/* Rows of role_names in lexicon.c are in this order. */
enum role { ROLE_MODEL, ROLE_MODEL_GUESS, ROLE_AGENT_RUN, ROLE_CLIENT, ROLE_ASYNC_CLIENT, ROLE_EMBED, ROLE_EMBEDDER, ROLE_RETRIEVE, ROLE_HTTP, ROLE_BLOCKING, ROLE_SHELL,
	ROLE_SQL, ROLE_EVALUATE, ROLE_LOG, ROLE_RETRY, ROLE_TOOL, ROLE_TOOL_HOLDER, ROLE_ROUTE, ROLE_APP, ROLE_DESTROY, ROLE_WRITE, ROLE_FILE, ROLE_LOADER,
	ROLE_MEMORY_WRITE, ROLE_TEMPLATE, ROLE_JSON_LOADS, ROLE_GATHER, ROLE_MCP_TOOLS, ROLE_A2A, ROLE_CHAT_SURFACE, ROLE_SANITIZE, ROLE_SECRET_READ, ROLE_COUNT };
enum word { WORD_APPROVAL, WORD_LIMITER, WORD_BOUND, WORD_BUDGET, WORD_FALLBACK, WORD_BREAKER, WORD_KILL, WORD_TRACING, WORD_USAGE, WORD_REDACT, WORD_VETTED,
	WORD_ALLOWLIST, WORD_CONFINED, WORD_TRIM, WORD_CACHE, WORD_PROMPT_CACHE, WORD_AUTH, WORD_SCHEMA, WORD_DEADLINE, WORD_SCORES, WORD_TENANT, WORD_CITE,
	WORD_DISCLOSURE, WORD_IDEMPOTENT, WORD_SEMAPHORE, WORD_AUDIT, WORD_HEALTH, WORD_GUARD_DATA, WORD_GUARD_SECRET, WORD_DESTRUCTIVE_NAME, WORD_SIMPLE_STEP,
	WORD_PERSONAL, WORD_CONTENT, WORD_ASKED, WORD_SYSTEM_NAME, WORD_PROMPT_NAME, WORD_ARITHMETIC, WORD_SECRET_NAME, WORD_PREMIUM, WORD_REPLY_NAME, WORD_COUNT };
enum word_list { LIST_MODEL_ARGUMENTS, LIST_OUTPUT_LIMITS, LIST_TIMEOUTS, LIST_RETRIES, LIST_SDKS, LIST_COUNT };

#define ROLE(name) ((uint64_t)1 << ROLE_##name)

struct lexicon_model {
	const char *id, *use, *date; /* date NULL: it moves; else it went then */
};

/* Every checks/lexicon.yaml, the operator's first. NULL: an error that names file and line. */
struct lexicon *lexicon_load(struct error *err);
void lexicon_free(struct lexicon *lexicon);
/* Bits of the roles a resolved name has; one of "(A|B).x" has those of A.x and of B.x. */
uint64_t lexicon_roles(const struct lexicon *lexicon, const char *resolved);
int lexicon_says(const struct lexicon *lexicon, enum word word, const char *text, size_t length);
int lexicon_lists(const struct lexicon *lexicon, enum word_list list, const char *name);
const struct lexicon_model *lexicon_moving(const struct lexicon *lexicon, const char *id);
const struct lexicon_model *lexicon_retired(const struct lexicon *lexicon, const char *id);
/* Compares with * in the pattern. */
int lexicon_glob(const char *pattern, const char *text);

#endif
