/* fuzz_report.c - a report whose names and texts are any bytes (cut at 0xff) in every format: JSON and SARIF read back, JUnit is well-formed XML, the page
 * has no markup of theirs, nothing holds a control character. */
#include "folder.h"

#include <expat.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/safe.h"
#include "base/text.h"
#include "fleet/agent/agent.h"
#include "fleet/finding/check.h"
#include "fleet/finding/finding.h"
#include "fleet/report/json.h"
#include "fleet/report/page.h"
#include "fleet/report/private.h"
#include "fleet/report/sarif.h"
#include "fleet/secrets/secrets.h"
#include "fleet/tree/walk.h"

enum { ROWS_MAX = 8 };

static const uint8_t key[32] = "a key of this fuzz target only";
static struct checks *checks;
static struct secret_rules *rules;
static struct walk *walk;

static void prepare(void)
{
	const char *root = fuzz_folder("fuzz-tree");

	fuzz_home();
	fuzz_write(root, "a.py", "", 0);
	checks = checks_load(NULL);
	rules = checks ? secret_rules_load(&(struct secret_rules_options){ .checks = checks, .no_vectorscan = 1, .hash_key = key }, NULL) : NULL;
	walk = walk_tree(root, NULL, NULL);
	if (!rules || !walk)
		abort();
}

static void harmless(const char *text)
{
	for (const char *at = text; *at;) {
		size_t length = strcspn(at, "\n");

		assert(safe_is(at, length));
		at += length + (at[length] == '\n');
	}
}

static void reads_back(struct json *json)
{
	char *text = json_format(json);
	struct error err = { 0 };
	struct json *again = json_parse(text, strlen(text), &err);

	harmless(text);
	assert(again && json_equal(json, again));
	json_free(again);
	json_free(json);
	free(text);
}

static void is_xml(const struct text *text)
{
	XML_Parser parser = XML_ParserCreate("UTF-8");

	assert(XML_Parse(parser, text->data, (int)text->length, 1) == XML_STATUS_OK);
	XML_ParserFree(parser);
}

static void write_all(const struct report *report)
{
	struct text text;

	reads_back(report_to_json(report));
	reads_back(report_to_sarif(report));
	text_init(&text, 64 << 20);
	report_to_junit(report, &text);
	harmless(text.data);
	is_xml(&text);
	text_release(&text);
	text_init(&text, 64 << 20);
	report_to_html(report, &text);
	harmless(text.data);
	assert(!strstr(text.data, "<script") && !strstr(text.data, "<img"));
	text_release(&text);
}

/* A part as text of the report's arena: it ends at its first zero. */
static const char *next_text(struct arena *arena, const uint8_t **data, size_t *size)
{
	const char *part;
	size_t length = fuzz_part(data, size, &part);

	return arena_text_n(arena, part, strnlen(part, length));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!checks)
		prepare();
	struct arena *arena = arena_new();
	struct agent agent = { .path = next_text(arena, &data, &size), .framework = "langgraph" };

	agent.brain = next_text(arena, &data, &size);
	agent.brain_why = next_text(arena, &data, &size);
	struct report_unit units[2] = { { .agent = &agent, .path = agent.path, .hash = "00" }, { .path = "" } };
	size_t first_of[3] = { 0 };
	struct report report = { .root = arena_format(arena, "/%s", next_text(arena, &data, &size)), .arena = arena, .checks = checks, .rules = rules, .walk = walk,
		.units = units, .unit_count = 2, .first_of = first_of, .findings = findings_new() };

	for (int i = 0; i < ROWS_MAX && size; i++) {
		const struct check *check = checks_at(checks, data[0] % checks_count(checks));
		struct finding finding = { .check = check, .rule = arena_format(arena, "%s/detail", check->id), .severity = check->severity, .fixability = check->fixability };

		data++, size--;
		finding.path = next_text(arena, &data, &size);
		/* Texts of findings are harmless already. */
		struct text message;
		const char *part;
		size_t length = fuzz_part(&data, &size, &part);

		text_init(&message, 1 << 20);
		safe_add(&message, part, length);
		finding.message = finding.symbol = finding.why = arena_text(arena, message.data);
		text_release(&message);
		finding.agent = i % 2 ? agent.path : NULL;
		finding.place = (struct place){ .offset = 1, .length = 2, .line = 1, .column = 2, .end_line = 1, .end_column = 4 };
		finding.also = i % 3 ? NULL : &finding.place;
		finding.state = (enum finding_state)(i % 3);
		findings_add(report.findings, &finding);
		report_note(&report, finding.path, i % 2, finding.message);
	}
	findings_finish(report.findings);
	write_all(&report);
	findings_free(report.findings);
	free(report.notes);
	arena_free(arena);
	return 0;
}
