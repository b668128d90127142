/* jq_worker.h - for jq*.c only: what is said between us and the worker, both the same program on the
 * same machine. A reply JQ_RUNNING comes when compiling is over: from there the deadline counts. */
#ifndef BASE_JQ_WORKER_H
#define BASE_JQ_WORKER_H

#include <stdint.h>

struct error;
struct json;

enum { JQ_MESSAGE_MAX = 64 << 20 };
enum jq_op { JQ_EVAL, JQ_CHECK };
enum jq_status { JQ_RUNNING, JQ_RESULT, JQ_FAILED };

struct jq_request {
	uint32_t op;
	uint32_t program_length, input_length; /* what follows */
};

struct jq_reply {
	uint32_t status;
	uint32_t length; /* of the JSON or the reason that follows */
};

int jq_load(void); /* the library, before any call of it; -1: it cannot be had, the log says why */
/* jq_eval() on input that is already text. */
struct json *jq_eval_text(const char *program, const char *input, struct error *err);

#endif
