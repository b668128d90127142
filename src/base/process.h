/* process.h - run a program by argv (never a shell) with a deadline, capturing bounded output. */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

#include <stdatomic.h>
#include <stddef.h>

struct error;

struct process_request {
	const char *const *argv;  /* argv[0] through PATH */
	const char *const *env;   /* "NAME=value" added to ours, NULL-terminated; NULL none */
	const char *input;        /* stdin bytes; NULL: /dev/null */
	size_t input_length;
	size_t output_max_bytes;  /* 0: 1 MiB */
	int timeout_ms;           /* 0: 10,000; negative: none */
	const atomic_int *cancelled; /* NULL: never */
	/* When set, called with each piece of stdout as it comes; output stays empty; non-zero
	 * ends the program, which is then no failure (status 128 + signal). */
	int (*on_output)(void *arg, const char *bytes, size_t length);
	void *arg;
};

struct process_result {
	char *output; /* owned; stdout, NUL-terminated */
	size_t output_length;
	char *errors; /* owned; stderr, at most 16 KiB */
	int status;   /* exit status, or 128 + signal */
	int cut;
};

/* On failure nothing is owned. 0 when it ran to an end (any status); -1: ERR_NOT_FOUND (no such program), ERR_TIMEOUT, ERR_CANCELLED, ERR_IO. */
int process_run(const struct process_request *request, struct process_result *result, struct error *err);
void process_release(struct process_result *result);

#endif
