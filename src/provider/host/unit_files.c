#include "provider/host/unit_files.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/process.h"
#include "provider/host/proctext.h"

enum { HOLDS_S = 60, ASK_TIMEOUT_MS = 15000, ASK_MAX_BYTES = 4 << 20 };

/* What was said last, for the whole program: there is one systemd. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char *kept;
static size_t kept_length;
static int64_t kept_at_ns;

static int is_one(const char *unit, size_t length, const char *state, size_t state_length)
{
	static const char suffix[] = ".service";
	const size_t end = sizeof(suffix) - 1;

	return length > end && !memcmp(unit + length - end, suffix, end) && unit[length - end - 1] != '@' &&
		!(state_length == 5 && !memcmp(state, "alias", 5));
}

static int is_loaded(const char *loaded, const char *name)
{
	char line[260];

	snprintf(line, sizeof(line), "\n%s\n", name);
	return strstr(loaded, line) != NULL;
}

void unit_files_parse(const char *bytes, size_t length, const char *loaded, service_fn on_service, void *arg)
{
	struct proctext text = proctext_of(bytes, length), line;
	const char *unit, *state;
	size_t unit_length, state_length;

	while (!proctext_line(&text, &line)) {
		struct service service = { .state = "inactive", .detail = "dead", .restarts = -1, .memory_bytes = -1, .tasks = -1 };

		if (proctext_word(&line, &unit, &unit_length) || proctext_word(&line, &state, &state_length) ||
			!is_one(unit, unit_length, state, state_length) || unit_length >= sizeof(service.name))
			continue;
		snprintf(service.name, sizeof(service.name), "%.*s", (int)(unit_length - strlen(".service")), unit);
		snprintf(service.start, sizeof(service.start), "%.*s", (int)state_length, state);
		if (service_name_is_valid(service.name) && !is_loaded(loaded, service.name))
			on_service(arg, &service);
	}
}

/* A copy of what was said less than a minute ago; NULL: nothing. */
static char *recall(size_t *length)
{
	char *copy = NULL;

	pthread_mutex_lock(&lock);
	if (kept && clock_monotonic_ns() - kept_at_ns < HOLDS_S * CLOCK_SECOND_NS) {
		copy = mem_text_n(kept, kept_length);
		*length = kept_length;
	}
	pthread_mutex_unlock(&lock);
	return copy;
}

static void keep(const char *bytes, size_t length)
{
	pthread_mutex_lock(&lock);
	free(kept);
	kept = mem_text_n(bytes, length);
	kept_length = length;
	kept_at_ns = clock_monotonic_ns();
	pthread_mutex_unlock(&lock);
}

void unit_files_each(const char *loaded, service_fn on_service, void *arg)
{
	static const char *const argv[] = { "systemctl", "list-unit-files", "--type=service", "--no-legend", "--plain", "--no-pager", NULL };
	static const char *const env[] = { "LC_ALL=C", "SYSTEMD_COLORS=0", NULL };
	const struct process_request request = { .argv = argv, .env = env, .timeout_ms = ASK_TIMEOUT_MS, .output_max_bytes = ASK_MAX_BYTES };
	struct process_result result = { 0 };
	size_t length = 0;
	char *said = recall(&length);

	if (said) {
		unit_files_parse(said, length, loaded, on_service, arg);
		free(said);
		return;
	}
	/* What is loaded was listed already: without this the table only lacks what is stopped and not enabled. */
	if (!process_run(&request, &result, NULL) && !result.status) {
		keep(result.output, result.output_length);
		unit_files_parse(result.output, result.output_length, loaded, on_service, arg);
	}
	process_release(&result);
}
