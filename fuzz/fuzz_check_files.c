/* fuzz_check_files.c - any bytes as a file of checks/ in the operator's folder (the first byte chooses): catalogue and house rules, rules of secrets,
 * lexicon, frameworks. Loaded and used, or an error that names the file. Nothing else is there, so that each run is quick. */
#include "folder.h"

#include "base/error.h"
#include "fleet/agent/framework.h"
#include "fleet/check/checker.h"
#include "fleet/code/lexicon.h"
#include "fleet/finding/check.h"
#include "fleet/finding/finding.h"
#include "fleet/secrets/secrets.h"
#include "fleet/tree/source.h"

static const char *const names[] = { "checks/house.yaml", "checks/secrets.yaml", "checks/lexicon.yaml", "checks/frameworks.yaml" };
static const uint8_t key[32] = "a key of this fuzz target only";
static const char text[] = "import os\nfrom openai import OpenAI\nclient = OpenAI(api_key=\"sk-proj-abcdefghijklmnop\")\nclient.chat.completions.create(model='gpt-4o')\n";

static const char *home;
static struct source source;

/* House rules need the built-in lexicon: it is the program's own data otherwise. */
static void house(struct error *err)
{
	struct checks *checks = checks_load(err);
	struct checker *checker = checks ? checker_new(checks, err) : NULL;
	struct findings *findings = findings_new();

	if (checker) {
		checker_begin(checker, NULL);
		checker_file(checker, &source, findings);
		checker_end(checker, findings);
	}
	findings_finish(findings);
	findings_free(findings);
	checker_free(checker);
	checks_free(checks);
}

static void secrets(struct error *err)
{
	struct checks *checks = checks_load(NULL);
	struct secret_rules *rules = secret_rules_load(&(struct secret_rules_options){ .checks = checks, .no_vectorscan = 1, .hash_key = key }, err);

	if (rules) {
		struct secret_scanner *scanner = secret_scanner_new(rules);
		struct findings *findings = findings_new();

		secret_scan(scanner, &source, findings);
		findings_free(findings);
		secret_scanner_free(scanner);
	}
	secret_rules_free(rules);
	checks_free(checks);
}

static void lexicon(struct error *err)
{
	struct lexicon *words = lexicon_load(err);

	if (words) {
		lexicon_roles(words, "openai.OpenAI().chat.completions.create");
		for (int i = 0; i < WORD_COUNT; i++)
			lexicon_says(words, (enum word)i, text, sizeof(text) - 1);
		lexicon_moving(words, "gpt-4o");
	}
	lexicon_free(words);
}

static void frameworks(struct error *err)
{
	struct frameworks *rows = frameworks_load(err);

	if (rows)
		framework_of(rows, &(struct framework_file){ 0 }, SOURCE_PYTHON, text, sizeof(text) - 1);
	frameworks_free(rows);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const load[])(struct error *err) = { house, secrets, lexicon, frameworks };
	struct error err = { 0 };

	if (!home) {
		home = fuzz_home();
		source_of_bytes(&source, "a.py", text, sizeof(text) - 1);
	}
	if (!size)
		return 0;
	const char *name = names[data[0] % 4];

	fuzz_write(home, name, data + 1, size - 1);
	load[data[0] % 4](&err);
	fuzz_remove(home, name);
	return 0;
}
