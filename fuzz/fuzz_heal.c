/* fuzz_heal.c - an agent of up to three files of any bytes (cut at 0xff), looked at and mended: edits lie within their files, in order, and leave them as
 * well-formed as they were; what was mended is not found again at its place. Nothing is written. */
#include "folder.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "fleet/agent/agent.h"
#include "fleet/check/checker.h"
#include "fleet/code/code.h"
#include "fleet/finding/check.h"
#include "fleet/finding/finding.h"
#include "fleet/heal/heal.h"
#include "fleet/report/private.h"
#include "fleet/secrets/secrets.h"
#include "fleet/tree/source.h"
#include "fleet/tree/walk.h"

static const char *const names[] = { "a/agent.py", "a/tools.py", "a/Dockerfile", "a/c.yaml", "a/mcp.json", "a/requirements.txt", "a/app.ts", "a/prompts/system.md", "a/cockpit.yaml",
	"a/book.ipynb", "a/run.sh", "a/main.tf", "a/compose.yaml", "a/.env", "a/pyproject.toml", "a/card.json" };
static const uint8_t key[32] = "a key of this fuzz target only";
static const struct agent agent = { .path = "a", .brain = "a/agent.py", .brain_why = "", .framework = "sdk:openai" };

static char *root;
static struct checks *checks;
static struct checker *checker;
static struct secret_rules *rules;
static struct secret_scanner *scanner;
static struct source source;
static struct heal_values *values;

static void prepare(void)
{
	struct error err = { 0 };

	fuzz_home();
	root = fuzz_folder("fuzz-tree");
	checks = checks_load(&err);
	checker = checks ? checker_new(checks, &err) : NULL;
	rules = checks ? secret_rules_load(&(struct secret_rules_options){ .checks = checks, .no_vectorscan = 1, .hash_key = key }, &err) : NULL;
	values = heal_values_load(&err);
	if (!checker || !rules || !values)
		abort();
	scanner = secret_scanner_new(rules);
}

static void look(const struct walk *walk, struct findings *findings)
{
	checker_begin(checker, &agent);
	for (size_t i = 0; i < walk_count(walk); i++) {
		const char *path = walk_at(walk, i)->path;

		if (source_load(&source, walk_root_fd(walk), path, path, 0, NULL))
			abort();
		secret_scan(scanner, &source, findings);
		checker_file(checker, &source, findings);
	}
	checker_end(checker, findings);
	for (size_t i = 0; i < findings_count(findings); i++)
		findings_at(findings, i)->agent = agent.path;
	findings_finish(findings);
}

static int errors_of(const char *text, size_t length)
{
	struct arena *arena = arena_new();
	struct code *code = code_parse(arena, CODE_PYTHON, text, length);
	int errors = 0;

	for (int i = 0; i < code_token_count(code); i++)
		errors += code_token_at(code, i)->kind == CODE_ERROR;
	arena_free(arena);
	return errors;
}

static int is_json(const char *bytes, size_t length)
{
	struct json *tree = json_parse(bytes, length, NULL);

	json_free(tree);
	return tree != NULL;
}

static void see_file(const struct walk *walk, const struct heal_file *file)
{
	struct source before = { 0 };
	struct text after;
	size_t at = 0;

	if (file->is_new)
		source_of_bytes(&before, file->path, "", 0);
	else if (source_load(&before, walk_root_fd(walk), file->path, file->path, 0, NULL))
		abort();
	text_init(&after, 64 << 20);
	for (const struct json *row = json_first(file->edits); row; row = json_next(row)) {
		size_t offset = (size_t)json_int(json_get(row, "offset"), -1), length = (size_t)json_int(json_get(row, "length"), -1);

		assert(offset >= at && offset <= before.byte_length && length <= before.byte_length - offset);
		text_add_n(&after, before.bytes + at, offset - at);
		text_add(&after, json_text(json_get(row, "text")));
		at = offset + length;
	}
	text_add_n(&after, before.bytes + at, before.byte_length - at);
	if (before.kind == SOURCE_PYTHON && before.text == before.bytes)
		assert(errors_of(after.data, after.length) <= errors_of(before.bytes, before.byte_length));
	if (before.kind == SOURCE_NOTEBOOK)
		assert(!is_json(before.bytes, before.byte_length) || is_json(after.data, after.length));
	for (const struct json *row = json_first(file->hide); row; row = json_next(row))
		assert((size_t)json_int(json_get(row, "offset"), -1) + (size_t)json_int(json_get(row, "length"), -1) <= before.byte_length);
	text_release(&after);
	source_release(&before);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = { 0 };
	const char *written[3] = { NULL };

	if (!root)
		prepare();
	for (int i = 0; i < 3 && size; i++) {
		const char *part;
		size_t length = fuzz_part(&data, &size, &part);

		written[i] = names[length ? (unsigned char)*part % (sizeof(names) / sizeof(*names)) : 0];
		fuzz_write(root, written[i], part + (length > 0), length - (length > 0));
	}
	struct walk *walk = walk_tree(root, NULL, &err);
	struct report report = { .root = root, .checks = checks, .rules = rules, .heal_values = values, .walk = walk, .findings = findings_new() };

	assert(walk);
	look(walk, report.findings);
	heal_judge(&report, values, report.findings, 0);
	heal_judge(&report, values, report.findings, 1);
	struct heal *heal = heal_new(&report, &(struct heal_options){ .owner = "team" });

	assert(heal);
	for (size_t i = 0; i < heal_fixes(heal); i++) {
		const struct heal_fix *fix = heal_fix_at(heal, i);

		assert(!fix->safe != !fix->refused);
		assert(fix->safe || fix->later || fix->finding->fixability == FIX_STRUCTURAL); /* 1-Click is kept */
	}
	for (size_t i = 0; i < heal_files(heal); i++)
		see_file(walk, heal_file_at(heal, i));
	heal_free(heal);
	findings_free(report.findings);
	walk_free(walk);
	for (int i = 0; i < 3; i++)
		if (written[i])
			fuzz_remove(root, written[i]);
	return 0;
}
