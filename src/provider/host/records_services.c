/* States of services, out of the journal: what systemd itself says of its units (sd-messages.h). It does not say who asked. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/process.h"
#include "provider/host/machine.h"
#include "provider/host/proctext.h"
#include "provider/host/records.h"

enum { ASK_TIMEOUT_MS = 10000, ASK_MAX_BYTES = 8 << 20 };

static const struct message {
	const char *id, *field, *new_;
} messages[] = {
	{ "39f53479d3a045ac8e11786248231fbf", "state", "active" },   /* SD_MESSAGE_UNIT_STARTED */
	{ "9d1aaa27d60140bd96365438aad20286", "state", "inactive" }, /* SD_MESSAGE_UNIT_STOPPED */
	{ "d9b373ed55a64feb8242e02dbe79a49c", "state", "failed" },   /* SD_MESSAGE_UNIT_FAILURE_RESULT */
	{ "7b05ebc668384222baa8881179cfda54", "reload", "done" },    /* SD_MESSAGE_UNIT_RELOADED */
};

enum { MESSAGES = sizeof(messages) / sizeof(*messages) };

void records_service_line(const struct records *records, const char *bytes, size_t length)
{
	struct json *json = json_parse(bytes, length, NULL);
	const char *unit = json_text_or(json_get(json, "UNIT"), ""), *id = json_text_or(json_get(json, "MESSAGE_ID"), "");
	long long micros = strtoll(json_text_or(json_get(json, "__REALTIME_TIMESTAMP"), "0"), NULL, 10);
	size_t end = strlen(unit);
	char name[256];

	if (end > 8 && end < sizeof(name) && !strcmp(unit + end - 8, ".service") && micros > 0 && micros < INT64_MAX / 1000) {
		snprintf(name, sizeof(name), "%.*s", (int)end - 8, unit);
		for (size_t i = 0; i < MESSAGES; i++)
			if (!strcmp(messages[i].id, id))
				records_tell(records, "services", name, micros * 1000, messages[i].field, NULL, messages[i].new_, "");
	}
	json_free(json);
}

void records_services(const struct records *records)
{
	char since[40], ids[MESSAGES][48];
	const char *argv[10 + MESSAGES] = { "journalctl", "-o", "json", "--no-pager", "-q", "--output-fields=UNIT,MESSAGE_ID", since, "_PID=1" };
	static const char *const env[] = { "LC_ALL=C", NULL };
	const struct process_request request = { .argv = argv, .env = env, .timeout_ms = ASK_TIMEOUT_MS, .output_max_bytes = ASK_MAX_BYTES };
	struct process_result result = { 0 };

	if (!machine_is_here(records->machine) || machine_services(records->machine) != SERVICES_SYSTEMD)
		return;
	snprintf(since, sizeof(since), "--since=@%lld", (long long)(records->since_ns / CLOCK_SECOND_NS));
	for (size_t i = 0; i < MESSAGES; i++) {
		snprintf(ids[i], sizeof(ids[i]), "MESSAGE_ID=%s", messages[i].id);
		argv[8 + i] = ids[i];
	}
	if (!process_run(&request, &result, NULL) && !result.status) {
		struct proctext text = proctext_of(result.output, result.output_length), line;

		while (!proctext_line(&text, &line))
			records_service_line(records, line.at, (size_t)(line.end - line.at));
	}
	process_release(&result);
}
