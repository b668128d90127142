/* jq_worker.c - the process that runs expressions: bounded memory, no environment, no files. It
 * ends when our end of the socket closes, and by its own alarm should we be gone in the middle of
 * an answer. */
#include <jq.h>
#include <jv.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/jq.h"
#include "base/jq_worker.h"
#include "base/mem.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SHADOW_MEMORY 1 /* a sanitizer maps terabytes: RLIMIT_AS would end it at once */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SHADOW_MEMORY 1
#endif
#endif

enum { PROGRAMS = 32, REASON_MAX = 400, ALARM_SECONDS = 20 };

/* Compiling binds all of jq's builtins (tens of ms), so programs are kept. */
struct program {
	char *text;
	jq_state *jq;
};

struct reason {
	char text[REASON_MAX];
};

static void collect_reason(void *arg, jv message)
{
	struct reason *reason = arg;
	jv text = jv_get_kind(message) == JV_KIND_STRING ? message : jv_dump_string(message, 0);
	const char *from = jv_string_value(text);

	if (!strncmp(from, "jq: error", 9)) {
		const char *colon = strstr(from, ": ");
		const char *second = strstr(colon + 2, ": ");
		from = second ? second + 2 : colon + 2;
	}
	if (!*reason->text) /* the first says why; the rest is "1 compile error" */
		snprintf(
			reason->text, sizeof(reason->text), "%.*s", (int)strcspn(from, "\n"), from);
	jv_free(text);
}

static void say_nothing(void *arg, jv message)
{
	(void)arg;
	jv_free(message);
}

static jv no_input(jq_state *jq, void *arg)
{
	(void)jq;
	(void)arg;
	return jv_invalid(); /* the end of inputs */
}

static int read_all(void *bytes, size_t length)
{
	char *at = bytes;

	while (length) {
		ssize_t n = read(STDIN_FILENO, at, length);

		if (n <= 0)
			return -1;
		at += n;
		length -= (size_t)n;
	}
	return 0;
}

static int write_all(const void *bytes, size_t length)
{
	const char *at = bytes;

	while (length) {
		ssize_t n = write(STDOUT_FILENO, at, length);

		if (n <= 0)
			return -1;
		at += n;
		length -= (size_t)n;
	}
	return 0;
}

static int reply(enum jq_status status, const char *body, size_t length)
{
	struct jq_reply head = { .status = status, .length = (uint32_t)length };

	return write_all(&head, sizeof(head)) || write_all(body, length) ? -1 : 0;
}

/* A module would be a file: there is nowhere to look, and no descriptor to open it with. */
static jq_state *compile(const char *text, struct reason *reason)
{
	jq_state *jq = jq_init();

	if (!jq) {
		snprintf(reason->text, sizeof(reason->text), "no memory");
		return NULL;
	}
	jq_set_error_cb(jq, collect_reason, reason);
	jq_set_debug_cb(jq, say_nothing, NULL);
	jq_set_input_cb(jq, no_input, NULL);
	jq_set_attr(jq, jv_string("JQ_ORIGIN"), jv_string("/nonexistent"));
	jq_set_attr(jq, jv_string("JQ_LIBRARY_PATH"), jv_array());
	jq_set_attr(jq, jv_string("PROGRAM_ORIGIN"), jv_string("/nonexistent"));
	if (jq_compile(jq, text))
		return jq;
	jq_teardown(&jq);
	return NULL;
}

static jq_state *find_program(struct program *programs, const char *text, struct reason *reason)
{
	static unsigned next;
	struct program *slot;
	jq_state *jq;

	for (int i = 0; i < PROGRAMS; i++)
		if (programs[i].text && !strcmp(programs[i].text, text)) {
			jq_set_error_cb(programs[i].jq, collect_reason, reason);
			return programs[i].jq;
		}
	jq = compile(text, reason);
	if (!jq)
		return NULL;
	slot = &programs[next++ % PROGRAMS];
	if (slot->jq)
		jq_teardown(&slot->jq);
	free(slot->text);
	*slot = (struct program){ .text = mem_text(text), .jq = jq };
	return jq;
}

static int reply_value(jv value)
{
	jv text = jv_dump_string(value, 0);
	int failed = reply(
		JQ_RESULT, jv_string_value(text), (size_t)jv_string_length_bytes(jv_copy(text)));

	jv_free(text);
	return failed;
}

static int reply_failed(const struct reason *reason)
{
	const char *text = *reason->text ? reason->text : "the expression failed";

	return reply(JQ_FAILED, text, strlen(text));
}

/* An invalid value is the end of outputs, or an error when it has a message. */
static int reply_end(jq_state *jq, jv invalid, struct reason *reason)
{
	jv message;

	if (jq_halted(jq)) { /* a question that ends without an answer is not answered with no */
		message = jq_get_error_message(jq);
		jv_free(invalid);
		if (!jv_is_valid(message)) {
			jv_free(message);
			snprintf(reason->text, sizeof(reason->text), "halt gives no value");
			return reply_failed(reason);
		}
	} else if (jv_invalid_has_msg(jv_copy(invalid))) {
		message = jv_invalid_get_msg(invalid);
	} else {
		jv_free(invalid);
		return reply_value(jv_null());
	}
	collect_reason(reason, message);
	return reply_failed(reason);
}

static int run(jq_state *jq, jv input, struct reason *reason)
{
	jv output;
	int failed;

	if (reply(JQ_RUNNING, "", 0))
		return -1;
	jq_start(jq, input, 0);
	output = jq_next(jq);
	failed = jv_is_valid(output) ? reply_value(output) : reply_end(jq, output, reason);
	jq_start(jq, jv_null(), 0); /* lets go of what the run still holds */
	return failed;
}

static int answer(struct program *programs, const struct jq_request *request, const char *program,
	const char *input)
{
	struct reason reason = { .text = "" };
	jq_state *jq = find_program(programs, program, &reason);

	if (!jq)
		return reply_failed(&reason);
	if (request->op == JQ_CHECK)
		return reply(JQ_RESULT, "", 0);
	return run(jq, jv_parse_sized(input, (int)request->input_length), &reason);
}

static int serve_one(struct program *programs)
{
	struct jq_request request;
	char *program, *input;
	int failed;

	if (read_all(&request, sizeof(request)) || request.program_length > JQ_MESSAGE_MAX ||
		request.input_length > JQ_MESSAGE_MAX)
		return -1;
	alarm(ALARM_SECONDS);
	program = mem_zero(request.program_length + 1, 1);
	input = mem_zero(request.input_length + 1, 1);
	failed = read_all(program, request.program_length) ||
		 read_all(input, request.input_length) ||
		 answer(programs, &request, program, input);
	alarm(0);
	free(program);
	free(input);
	return failed ? -1 : 0;
}

#ifndef SHADOW_MEMORY
static rlim_t mapped_bytes(void)
{
	unsigned long pages = 0;
	FILE *file = fopen("/proc/self/statm", "r");

	if (file) {
		if (fscanf(file, "%lu", &pages) != 1)
			pages = 0;
		fclose(file);
	}
	return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}
#endif

static void give_up(void *arg)
{
	(void)arg;
	_exit(1);
}

static void limit(void)
{
	struct rlimit none = { 0, 0 }, files = { 3, 3 };

#ifndef SHADOW_MEMORY
	rlim_t bytes = mapped_bytes() + ((rlim_t)JQ_MEMORY_MB << 20);
	struct rlimit memory = { bytes, bytes };

	setrlimit(RLIMIT_AS, &memory);
#endif
	setrlimit(RLIMIT_CORE, &none);
	setrlimit(RLIMIT_NOFILE, &files); /* import, include and ~/.jq find nothing */
	jv_nomem_handler(give_up, NULL);
}

int jq_worker_main(void)
{
	static struct program programs[PROGRAMS];

	for (int fd = 3; fd < 1024; fd++)
		close(fd);
	if (jq_load())
		_exit(1);
	limit();
	while (!serve_one(programs))
		;
	_exit(0);
}
