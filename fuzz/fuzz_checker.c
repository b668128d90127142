/* fuzz_checker.c - any bytes as each kind of file the checks read: tokens in order and inside the text, findings with places inside the file. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/arena.h"
#include "fleet/agent.h"
#include "fleet/check.h"
#include "fleet/checker.h"
#include "fleet/code.h"
#include "fleet/finding.h"
#include "fleet/source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = { "a/agent.py", "a/agent.ts", "a/main.tf", "a/Dockerfile", "a/mcp.json", "a/deploy.yaml", "a/requirements.txt", "a/pyproject.toml", "a/package.json",
	"a/prompts/system.md", "a/evals/cases.jsonl", "a/.github/workflows/ci.yml", "a/notes.ipynb" };

static void parse(enum code_language language, const char *text, size_t size)
{
	struct arena *arena = arena_new();
	struct code *code = code_parse(arena, language, text, size);

	for (int i = 0; i < code_token_count(code); i++) {
		const struct code_token *token = code_token_at(code, i);

		assert((size_t)token->offset + token->length <= size);
		assert(token->line <= token->end_line && token->column >= 0);
	}
	for (int i = 0; i < code_call_count(code); i++)
		assert(code_call_at(code, i)->name < code_call_at(code, i)->open);
	for (int i = 0; i < code_function_count(code); i++)
		assert(code_function_at(code, i)->parent < i);
	arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct checks *checks;
	static struct checker *checker;
	static struct source source;
	struct findings *findings = findings_new();
	const char *name;

	if (!checker) {
		checks = checks_load(NULL);
		checker = checks ? checker_new(checks, NULL) : NULL;
		assert(checker);
	}
	parse(CODE_PYTHON, (const char *)data, size);
	parse(CODE_SCRIPT, (const char *)data, size);
	name = names[size ? data[0] % (sizeof(names) / sizeof(*names)) : 0];
	checker_begin(checker, &(struct agent){ .path = "a", .brain = "a/agent.py", .brain_why = "", .framework = "unknown" });
	source_of_bytes(&source, name, (const char *)data, size);
	checker_file(checker, &source, findings);
	checker_end(checker, findings);
	for (size_t i = 0; i < findings_count(findings); i++)
		assert(findings_at(findings, i)->place.offset + findings_at(findings, i)->place.length <= size);
	findings_free(findings);
	return 0;
}
