/* Each check of the catalogue against a file it must flag and one it must not: tests/fleet/checks.txt, and secrets are tried in test_secrets. A case is
 *   === ID flag PATH      the files of an agent in the folder "a"; further ones begin with --- PATH
 *   === ID clean PATH
 * Lines of cockpit.yaml are the agent's configuration. */
#include "check_main.h"

#include <stdio.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/yaml.h"
#include "fleet/agent/agent.h"
#include "fleet/check/checker.h"
#include "fleet/code/lexicon.h"
#include "fleet/finding/check.h"
#include "fleet/finding/finding.h"
#include "fleet/tree/source.h"

enum { CASES_MAX = 600, PATH_BYTES = 200, CASE_BYTES = 4 << 20 };

struct one {
	char id[40], want[16], path[PATH_BYTES];
	const char *text; /* files after another */
	size_t length;
};

static struct one cases[CASES_MAX];
static int case_count;
static char *all;

static void forget_cases(void)
{
	free(all);
}

static void read_cases(void)
{
	char path[4096];
	struct error err;
	size_t length;
	const char *at;

	snprintf(path, sizeof(path), "%s/tests/fleet/checks.txt", getenv("PILOTHOUSE_DATA") ? getenv("PILOTHOUSE_DATA") : ".");
	all = file_load(path, CASE_BYTES, &length, &err);
	if (!all) {
		fprintf(stderr, "%s\n", err.text);
		exit(EXIT_FAILURE);
	}
	atexit(forget_cases);
	for (at = strstr(all, "=== "); at && case_count < CASES_MAX;) {
		struct one *one = &cases[case_count++];
		const char *next = strstr(at + 4, "\n=== "), *text = strchr(at, '\n') + 1;

		if (sscanf(at, "=== %39s %15s %199s", one->id, one->want, one->path) != 3)
			exit(EXIT_FAILURE);
		one->text = text;
		one->length = next ? (size_t)(next + 1 - text) : strlen(text);
		at = next ? next + 1 : NULL;
	}
}

static void check_file(struct checker *checker, struct source *source, struct findings *findings, const char *name, const char *text, size_t length)
{
	char path[PATH_BYTES + 8];

	snprintf(path, sizeof(path), "a/%s", name);
	ck_assert_int_eq(source_of_bytes(source, path, text, length), 0);
	checker_file(checker, source, findings);
}

/* All findings of a case. */
static struct findings *run(struct checker *checker, const struct one *one)
{
	struct findings *findings = findings_new();
	struct source source = { 0 };
	struct json *config = NULL;
	char name[PATH_BYTES];
	const char *at = one->text, *end = at + one->length, *split;

	/* The configuration comes before the files. */
	for (split = at; (split = memmem(split, (size_t)(end - split), "--- cockpit.yaml\n", 17)); split += 17)
		config = yaml_parse(split + 17, (size_t)(end - split - 17), NULL);
	checker_begin(checker, &(struct agent){ .path = "a", .brain = "a/agent.py", .brain_why = "", .framework = "unknown", .config = config });
	snprintf(name, sizeof(name), "%s", one->path);
	for (;;) {
		split = memmem(at, (size_t)(end - at), "\n--- ", 5);
		check_file(checker, &source, findings, name, at, (size_t)((split ? split + 1 : end) - at));
		if (!split)
			break;
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(split + 5, "\n"), split + 5);
		at = strchr(split + 5, '\n') + 1;
	}
	checker_end(checker, findings);
	source_release(&source);
	json_free(config);
	return findings;
}

static int count_of(struct findings *findings, const char *id)
{
	int count = 0;

	for (size_t i = 0; i < findings_count(findings); i++)
		count += !strncmp(findings_at(findings, i)->rule, id, strlen(id));
	return count;
}

START_TEST(each_check_flags_what_it_must_and_nothing_else)
{
	struct error err = { 0 };
	struct checks *checks = checks_load(&err);
	struct checker *checker = checks ? checker_new(checks, &err) : NULL;
	int wrong = 0;

	ck_assert_msg(checker != NULL, "%s", err.text);
	for (int i = 0; i < case_count; i++) {
		struct findings *findings = run(checker, &cases[i]);
		int found = count_of(findings, cases[i].id), wanted = !strcmp(cases[i].want, "flag");

		if (wanted != (found > 0)) {
			fprintf(stderr, "%s %s (case %d, %s): found %d of", cases[i].id, cases[i].want, i, cases[i].path, found);
			for (size_t k = 0; k < findings_count(findings); k++)
				fprintf(stderr, " %s:%d", findings_at(findings, k)->rule, findings_at(findings, k)->place.line);
			fprintf(stderr, "\n");
			wrong++;
		}
		for (size_t k = 0; k < findings_count(findings); k++)
			ck_assert_msg(findings_at(findings, k)->check == checks_find(checks, findings_at(findings, k)->rule), "%s is no check", findings_at(findings, k)->rule);
		findings_free(findings);
	}
	checker_free(checker);
	checks_free(checks);
	ck_assert_int_eq(wrong, 0);
}
END_TEST

/* Checks that are found elsewhere: secrets by secrets.c, GOV002 by suppress.c, GOV003 from the score, SUP006 to SUP008 by registry.c. */
static int elsewhere(const char *id)
{
	return (!strncmp(id, "SEC", 3) && strcmp(id, "SEC012")) || !strcmp(id, "GOV002") || !strcmp(id, "GOV003") ||
	       (!strncmp(id, "SUP00", 5) && id[5] >= '6');
}

START_TEST(every_check_has_both_cases)
{
	struct error err = { 0 };
	struct checks *checks = checks_load(&err);
	int missing = 0;

	ck_assert_msg(checks != NULL, "%s", err.text);
	for (size_t i = 0; i < checks_count(checks); i++) {
		const char *id = checks_at(checks, i)->id;
		int flag = 0, clean = 0;

		for (int k = 0; k < case_count; k++)
			if (!strcmp(cases[k].id, id)) {
				flag += !strcmp(cases[k].want, "flag");
				clean += !strcmp(cases[k].want, "clean");
			}
		if (!elsewhere(id) && (!flag || !clean)) {
			fprintf(stderr, "%s has %d to flag, %d clean\n", id, flag, clean);
			missing++;
		}
	}
	for (int k = 0; k < case_count; k++)
		ck_assert_msg(checks_find(checks, cases[k].id) != NULL, "%s of checks.txt is no check", cases[k].id);
	ck_assert_int_eq(missing, 0);
	checks_free(checks);
}
END_TEST

/* --- house rules --- */

static void home_with(const char *rows)
{
	static char home[64];
	char path[96];
	FILE *file;

	snprintf(home, sizeof(home), "/tmp/house-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(home));
	setenv("PILOTHOUSE_HOME", home, 1);
	snprintf(path, sizeof(path), "%s/checks", home);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/checks/mine.yaml", home);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fputs(rows, file);
	fclose(file);
}

#define HOUSE "checks:\n  - {id: HOUSE-1, severity: high, class: policy, fixability: Structural, title: t, fix: f, "
static const struct {
	const char *row, *name, *text;
	int line; /* of the only finding; 0: none */
} house[] = {
	{ HOUSE "match: {text: '/legacy\\.acme\\.io/', files: ['*.py'], message: gone}}\n", "x.py", "import a\nu = 'legacy.acme.io'\n", 2 },
	{ HOUSE "match: {text: '/legacy\\.acme\\.io/', files: ['*.py']}}\n", "x.yaml", "u: legacy.acme.io\n", 0 },
	{ HOUSE "pattern: 'legacy\\.acme', scope: '**/*.py', message: gone}\n", "x.py", "u = 'legacy.acme.io'\n", 1 },
	{ HOUSE "match: {call: requests.get, without: [timeout]}}\n", "x.py", "import requests as r\nr.get(u, timeout=3)\nr.get(u)\n", 3 },
	{ HOUSE "match: {call: '*.create', with: {temperature: '/^[1-9]/'}}}\n", "x.py", "import a\na.b.create(temperature=0)\na.b.create(temperature=2)\n", 3 },
	{ HOUSE "match: {call: requests.get, in: async}}\n", "x.py", "import requests\nasync def f():\n    requests.get(u)\ndef g():\n    requests.get(u)\n", 3 },
	{ HOUSE "match: {import: 'old.*'}}\n", "x.py", "import new\nfrom old import thing\n", 2 },
	{ HOUSE "match: {assign: '/_URL$/', value: '/^http:/'}}\n", "x.py", "import a\nA_URL = 'https://x'\nB_URL = 'http://x'\n", 3 },
	{ HOUSE "match: {key: 'agent.*.owner', value: '/^nobody$/'}}\n", "x.yaml", "agent:\n  model: {owner: nobody}\n", 2 },
	{ HOUSE "match: {call: requests.get}}\n", "tests/test_x.py", "import requests\nrequests.get(u)\n", 0 },
	{ HOUSE "match: {call: requests.get, tests: true}}\n", "tests/test_x.py", "import requests\nrequests.get(u)\n", 2 },
};

START_TEST(an_operators_rule_is_a_check)
{
	struct error err = { 0 };
	struct one one = { .id = "HOUSE-1", .want = "flag" };
	struct checks *checks;
	struct checker *checker;
	struct findings *findings;
	int line = 0, count = 0;

	home_with(house[_i].row);
	checks = checks_load(&err);
	checker = checks ? checker_new(checks, &err) : NULL;
	ck_assert_msg(checker != NULL, "%s", err.text);
	snprintf(one.path, sizeof(one.path), "%s", house[_i].name);
	one.text = house[_i].text;
	one.length = strlen(one.text);
	findings = run(checker, &one);
	for (size_t i = 0; i < findings_count(findings); i++)
		if (!strcmp(findings_at(findings, i)->rule, "HOUSE-1")) {
			line = findings_at(findings, i)->place.line;
			count++;
		}
	ck_assert_int_eq(line, house[_i].line);
	ck_assert_int_eq(count, house[_i].line > 0);
	findings_free(findings);
	checker_free(checker);
	checks_free(checks);
}
END_TEST

static const struct {
	const char *row, *says;
} wrong_rules[] = {
	{ HOUSE "match: {text: '/(/'}}\n", "mine.yaml line 2: text of check HOUSE-1 is no expression" },
	{ HOUSE "match: {txt: x}}\n", "match has no key txt" },
	{ HOUSE "match: {files: ['*.py']}}\n", "match needs one of call" },
};

START_TEST(a_wrong_rule_is_named_with_its_place)
{
	struct error err = { 0 };
	struct checks *checks;

	home_with(wrong_rules[_i].row);
	checks = checks_load(&err);
	ck_assert_msg(checks != NULL, "%s", err.text);
	ck_assert_ptr_null(checker_new(checks, &err));
	ck_assert_msg(strstr(err.text, wrong_rules[_i].says) != NULL, "%s", err.text);
	checks_free(checks);
}
END_TEST

/* What is written instead of a name that went or moves is neither. */
START_TEST(successors_are_there)
{
	struct lexicon *lexicon = lexicon_load(NULL);
	static const char *const names[] = { "gpt-4", "gpt-4o", "gpt-4o-mini", "gpt-4.1", "gpt-3.5-turbo-0613", "claude-2.1", "claude-3-opus-20240229", "claude-3-5-haiku-latest", "o1", "command",
		"gemini-2.0-flash-001", "mixtral-8x7b-32768", "claude-sonnet-4-0" };

	ck_assert_ptr_nonnull(lexicon);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const struct lexicon_model *model = lexicon_retired(lexicon, names[i]);

		model = model ? model : lexicon_moving(lexicon, names[i]);
		ck_assert_msg(model != NULL, "%s", names[i]);
		ck_assert_msg(!lexicon_retired(lexicon, model->use) && !lexicon_moving(lexicon, model->use), "%s is no successor of %s", model->use, names[i]);
	}
	lexicon_free(lexicon);
}
END_TEST

/* Its line tells a finding from others of its check in the file: one more before it changes nothing, another line is another. */
START_TEST(fingerprints_know_the_line)
{
	static const char one[] = "from openai import OpenAI\nc = OpenAI(timeout=3)\ndef a(q):\n    return c.responses.create(model=\"m\", input=q, max_output_tokens=3)\n",
			  more[] = "from openai import OpenAI\nc = OpenAI(timeout=3)\ndef b(q):\n    x = c.responses.create(model=\"m\", input=q, max_output_tokens=9)\n    return x\n"
				   "def a(q):\n    return c.responses.create(model=\"m\", input=q, max_output_tokens=3)\n";
	const char *texts[] = { one, more };
	struct checks *checks = checks_load(NULL);
	struct checker *checker = checker_new(checks, NULL);
	struct findings *found[2];
	struct source source = { 0 };
	const char *prints[3];
	int count = 0;

	for (int i = 0; i < 2; i++) {
		found[i] = findings_new();
		checker_begin(checker, &(struct agent){ .path = "a", .brain = "a/agent.py", .brain_why = "", .framework = "unknown" });
		check_file(checker, &source, found[i], "agent.py", texts[i], strlen(texts[i]));
		checker_end(checker, found[i]);
		findings_finish(found[i]);
		for (size_t f = 0; f < findings_count(found[i]); f++)
			if (!strcmp(findings_at(found[i], f)->rule, "REL001") && count < 3)
				prints[count++] = findings_at(found[i], f)->fingerprint;
	}
	ck_assert_int_eq(count, 3);
	ck_assert_str_eq(prints[0], prints[2]);
	ck_assert_str_ne(prints[0], prints[1]);
	for (int i = 0; i < 2; i++)
		findings_free(found[i]);
	source_release(&source);
	checker_free(checker);
	checks_free(checks);
}
END_TEST

/* YAML with actions in it; what is found there is a person's to mend. */
START_TEST(templates_of_helm)
{
	static const char head[] = "{{- if .Values.enabled }}\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {{ include \"x.fullname\" . }}\n  labels:\n"
		"    {{- include \"x.labels\" . | nindent 4 }}\nspec:\n  template:\n    spec:\n      containers:\n        - name: {{ .Chart.Name }}\n"
		"          image: \"{{ .Values.image }}:{{ .Values.tag }}\"\n";
	static const struct {
		const char *rest, *rule;
		int line;
	} rows[] = {
		{ "{{- end }}\n", "IAC006", 12 },
		{ "          resources:\n            {{- toYaml .Values.resources | nindent 12 }}\n{{- end }}\n", NULL, 0 },
		{ "          resources: {{ .Values.resources }}\n{{- end }}\n", NULL, 0 },
		{ "          resources: {limits: {cpu: 1}}\n          securityContext:\n            privileged: true\n          {{- with .Values.env }}\n          env:\n"
			"            {{- toYaml . | nindent 12 }}\n          {{- end }}\n{{- end }}\n", "IAC004", 16 },
		{ "          resources: {limits: {cpu: 1}}\n          {{- /* a comment\n of two lines */ -}}\n          securityContext: {privileged: true}\n{{- end }}\n", "IAC004", 17 },
	};
	struct checks *checks = checks_load(NULL);
	struct checker *checker = checker_new(checks, NULL);
	struct source source = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct findings *findings = findings_new();
		char text[2000];

		snprintf(text, sizeof(text), "%s%s", head, rows[i].rest);
		checker_begin(checker, &(struct agent){ .path = "a", .brain = "a/agent.py", .brain_why = "", .framework = "unknown" });
		check_file(checker, &source, findings, "chart/templates/deployment.yaml", text, strlen(text));
		ck_assert_ptr_null(checker_skipped(checker));
		ck_assert_msg(findings_count(findings) == (rows[i].rule != NULL), "%zu: %zu findings, %s", i, findings_count(findings),
			findings_count(findings) ? findings_at(findings, 0)->message : "");
		if (rows[i].rule) {
			ck_assert_str_eq(findings_at(findings, 0)->rule, rows[i].rule);
			ck_assert_int_eq(findings_at(findings, 0)->place.line, rows[i].line);
			ck_assert_int_eq(findings_at(findings, 0)->fixability, FIX_STRUCTURAL);
		}
		findings_free(findings);
	}
	source_release(&source);
	checker_free(checker);
	checks_free(checks);
}
END_TEST

/* What is passed over is said. */
START_TEST(what_is_not_looked_at_is_told)
{
	enum { LONG = (2 << 20) + 100 };
	static const struct {
		const char *path, *text, *why;
	} rows[] = {
		{ "app.js", "!function(e,t){import(\"ai\");var a=e.model,b=t.tool;return a+b+\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}();", "minified" },
		{ "deploy.yaml", "apiVersion: v1\nkind: [\n", "no YAML" },
		{ "config.toml", "[mcp_servers.x\ncommand = 1\n", "no TOML" },
		{ "agent.py", "import openai\n", NULL },
		{ "chart/templates/a.yaml", "apiVersion: v1\nkind: Pod\nmetadata:\n  {{- include \"x\" . | nindent 2 }}\nspec: {{ .Values.spec }}\n", NULL },
	};
	struct checks *checks = checks_load(NULL);
	struct checker *checker = checker_new(checks, NULL);
	struct findings *findings = findings_new();
	struct source source = { 0 };
	char *code = mem_alloc(LONG + 1);

	checker_begin(checker, &(struct agent){ .path = "a", .brain = "a/agent.py", .brain_why = "", .framework = "unknown" });
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		check_file(checker, &source, findings, rows[i].path, rows[i].text, strlen(rows[i].text));
		ck_assert_msg(rows[i].why ? checker_skipped(checker) && strstr(checker_skipped(checker), rows[i].why) : !checker_skipped(checker), "%s: %s", rows[i].path,
			checker_skipped(checker) ? checker_skipped(checker) : "nothing");
	}
	for (size_t i = 0; i < LONG; i++)
		code[i] = "import openai  # a\n"[i % 19];
	check_file(checker, &source, findings, "generated.py", code, LONG);
	ck_assert_ptr_nonnull(checker_skipped(checker));
	checker_end(checker, findings);
	free(code);
	findings_free(findings);
	source_release(&source);
	checker_free(checker);
	checks_free(checks);
}
END_TEST

static void add_tests(TCase *tc)
{
	read_cases();
	tcase_add_test(tc, each_check_flags_what_it_must_and_nothing_else);
	tcase_add_test(tc, every_check_has_both_cases);
	tcase_add_loop_test(tc, an_operators_rule_is_a_check, 0, sizeof(house) / sizeof(*house));
	tcase_add_loop_test(tc, a_wrong_rule_is_named_with_its_place, 0, sizeof(wrong_rules) / sizeof(*wrong_rules));
	tcase_add_test(tc, what_is_not_looked_at_is_told);
	tcase_add_test(tc, templates_of_helm);
	tcase_add_test(tc, fingerprints_know_the_line);
	tcase_add_test(tc, successors_are_there);
}

TEST_MAIN("fleet/checker")
