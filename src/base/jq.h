/* jq.h - expressions in data files are jq (libjq), with limits on time and memory: they run in a worker
 * process of ours (the program with --jq-worker) under RLIMIT_AS, killed past the deadline and started anew.
 * One worker a process, started at first use, used under a lock; results are cached nowhere. */
#ifndef BASE_JQ_H
#define BASE_JQ_H

#include <stddef.h>

struct error;
struct json;

enum { JQ_TIMEOUT_MS = 1000, JQ_MEMORY_MB = 256 };

void jq_setup(const char *program_path); /* what to exec with --jq-worker; default /proc/self/exe (libjq owns the name jq_init) */
void jq_done(void);
int jq_worker_main(void); /* the worker's loop over stdin/stdout; never returns to screens */
/* First output of the program on the input; `empty` gives JSON null. No env, no input files, no modules.
 * You own the result; NULL with ERR_FORMAT (does not compile / runtime error), ERR_TIMEOUT, ERR_LIMIT. */
struct json *jq_eval(const char *program, const struct json *input, struct error *err);
/* jq truth of the first output: 1 or 0; -1 on error. */
int jq_test(const char *program, const struct json *input, struct error *err);
int jq_check(const char *program, struct error *err); /* compiles? 0 or -1 (lint) */
/* Replaces each "{{ expr }}" in a string by its value; a string that is one whole template keeps the value's type. define: jq definitions the
 * expressions may use; NULL or "" none. */
struct json *jq_template(const struct json *value, const char *define, const struct json *input, struct error *err);
/* The next expression of a template: where it begins, *length of it ((size_t)-1: never closed), *after: behind its "}}". NULL: none. */
const char *jq_template_next(const char *text, size_t *length, const char **after);

#endif
