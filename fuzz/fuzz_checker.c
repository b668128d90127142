/* fuzz_checker.c - an agent of up to four files, names and bytes any (cut at 0xff): every check, the suppressions in them, and findings as JSON and back. */
#include "folder.h"

#include "base/error.h"
#include "base/json.h"
#include "base/safe.h"
#include "fleet/agent/agent.h"
#include "fleet/check/checker.h"
#include "fleet/check/suppress.h"
#include "fleet/finding/check.h"
#include "fleet/finding/finding.h"
#include "fleet/report/finding_json.h"
#include "fleet/tree/source.h"

static const char *const names[] = { "a/agent.py", "a/tools.py", "a/app.ts", "a/b.ipynb", "a/c.yaml", "a/package.json", "a/Dockerfile", "a/main.tf", "a/requirements.txt",
	"a/prompts/system.md", "a/.env", "a/mcp.json", "a/.github/workflows/ci.yml", "a/pyproject.toml", "a/test_agent.py", "a/docker-compose.yml", "a/evals/cases.jsonl" };
static const struct agent agent = { .path = "a", .brain = "a/agent.py", .brain_why = "", .framework = "sdk:openai" };

static struct checks *checks;
static struct checker *checker;
static struct source sources[4];

static void prepare(void)
{
	struct error err = { 0 };

	fuzz_home();
	checks = checks_load(&err);
	checker = checks ? checker_new(checks, &err) : NULL;
	if (!checker)
		abort();
}

static void check_file(struct source *source, const char *part, size_t length, struct findings *findings)
{
	size_t from = findings_count(findings);

	if (!length || source_of_bytes(source, names[(unsigned char)*part % (sizeof(names) / sizeof(*names))], part + 1, length - 1))
		return;
	checker_file(checker, source, findings);
	suppress_apply(checks, &agent, source, findings, from, (int64_t)1800000000 * 1000000000);
	for (size_t i = from; i < findings_count(findings); i++) {
		const struct place *place = &findings_at(findings, i)->place;

		assert(place->offset <= source->byte_length && place->length <= source->byte_length - place->offset);
	}
}

static void there_and_back(const struct findings *findings)
{
	struct findings *back = findings_new();

	for (size_t i = 0; i < findings_count(findings); i++) {
		struct json *json = finding_to_json(findings_at(findings, i));

		assert(!finding_from_json(json, checks, back));
		json_free(json);
	}
	findings_finish(back);
	assert(findings_count(back) == findings_count(findings));
	for (size_t i = 0; i < findings_count(findings); i++) {
		const struct finding *finding = findings_at(findings, i), *again = findings_at(back, i);

		assert(safe_is(finding->message, strlen(finding->message)));
		assert(!strcmp(finding->rule, again->rule) && !strcmp(finding->fingerprint, again->fingerprint) && finding->state == again->state);
	}
	findings_free(back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!checks)
		prepare();
	struct findings *findings = findings_new();

	checker_begin(checker, &agent);
	for (int i = 0; i < 4 && size; i++) {
		const char *part;
		size_t length = fuzz_part(&data, &size, &part);

		check_file(&sources[i], part, length, findings);
	}
	checker_end(checker, findings);
	findings_finish(findings);
	there_and_back(findings);
	findings_free(findings);
	return 0;
}
