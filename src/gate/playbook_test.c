/* Findings on recorded evidence: playbooks/tests/NAME.yaml is
 *   {playbook, cases: [{name, params, filters, steps: {id: result}, expect: [classes in order], expect_target, expect_cause}]}. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/yaml.h"
#include "gate/playbook.h"
#include "gate/playbook_private.h"

enum { FILE_MAX_BYTES = 4 << 20, DETAIL_MAX = 500 };

/* The case's own parameters over the playbook's defaults. */
static struct json *evidence_of(const struct playbook *book, const struct json *entry)
{
	struct json *evidence = json_object(), *target = json_object(), *intent = json_object();
	struct json *filters = json_get(entry, "filters") ? json_copy(json_get(entry, "filters")) : json_object();

	json_set(target, "filters", filters);
	json_set(intent, "target", json_copy(target));
	struct json *params = playbook_params(book, intent);
	for (const struct json *param = json_first(json_get(entry, "params")); param; param = json_next(param))
		json_set(params, json_key(param), json_copy(param));
	json_set(evidence, "params", params);
	json_set(evidence, "target", target);
	json_set(evidence, "intent", intent);
	json_set(evidence, "steps", json_get(entry, "steps") ? json_copy(json_get(entry, "steps")) : json_object());
	return evidence;
}

static void classes_of(const struct json *findings, struct text *out)
{
	for (const struct json *finding = json_first(findings); finding; finding = json_next(finding))
		text_format(out, "%s%s", out->length ? " " : "", json_text_or(json_get(finding, "class"), "?"));
}

/* `expect` is what stands first, in order; more may follow. */
static int ranked_as_expected(const struct json *findings, const struct json *expect)
{
	const struct json *finding = json_first(findings);

	for (const struct json *class = json_first(expect); class; class = json_next(class)) {
		if (!finding || strcmp(json_text_or(json_get(finding, "class"), ""), json_text_or(class, "?")))
			return 0;
		finding = json_next(finding);
	}
	return json_count(expect) > 0;
}

static void judge(const struct json *entry, const struct json *findings, const struct error *err, struct text *detail)
{
	const struct json *first = json_item(findings, 0);
	const char *target = json_text(json_get(entry, "expect_target")), *cause = json_text(json_get(entry, "expect_cause"));

	if (err->code)
		text_format(detail, "%s", err->text);
	if (findings && !ranked_as_expected(findings, json_get(entry, "expect"))) {
		char *wanted = json_format(json_get(entry, "expect"));

		text_format(detail, "expected %s, found ", wanted);
		classes_of(findings, detail);
		text_format(detail, " (%s)", json_text_or(json_get(first, "cause"), ""));
		free(wanted);
	}
	if (findings && target && strcmp(target, json_text_or(json_get(first, "target"), "")))
		text_format(detail, "target is %s, not %s", json_text_or(json_get(first, "target"), "none"), target);
	if (findings && cause && !strstr(json_text_or(json_get(first, "cause"), ""), cause))
		text_format(detail, "cause is '%s', without '%s'", json_text_or(json_get(first, "cause"), ""), cause);
}

static int run_case(const struct playbook *book, const struct json *entry, struct json *rows)
{
	struct error err = { 0 };
	struct json *evidence = evidence_of(book, entry), *findings = playbook_findings(book, evidence, &err), *row = json_object();
	struct text detail;

	text_init(&detail, DETAIL_MAX);
	judge(entry, findings, &err, &detail);
	json_set_text(row, "playbook", book->name);
	json_set_text(row, "name", json_text_or(json_get(entry, "name"), ""));
	json_set(row, "ok", json_boolean(!detail.length));
	json_set(row, "findings", findings ? findings : json_array());
	if (detail.length)
		json_set_text(row, "detail", detail.data);
	json_add(rows, row);
	json_free(evidence);
	int failed = detail.length > 0;
	text_release(&detail);
	return failed;
}

struct counts {
	int64_t passed, failed;
	size_t files;
};

static void fail_file(struct json *rows, const char *name, const char *path, const char *why, struct counts *counts)
{
	struct json *row = json_object();

	json_set_text(row, "playbook", name);
	json_set_text(row, "name", path);
	json_set(row, "ok", json_boolean(0));
	json_set_text(row, "detail", why);
	json_add(rows, row);
	counts->failed++;
}

static void run_document(const struct playbooks *books, const struct json *document, const char *path, const char *wanted, struct json *rows, struct counts *counts)
{
	const char *name = json_text_or(json_get(document, "playbook"), "");
	const struct playbook *book = playbooks_find(books, name);

	if (wanted && strcmp(wanted, name))
		return;
	counts->files++;
	if (!book) {
		fail_file(rows, name, path, "there is no such playbook", counts);
		return;
	}
	for (const struct json *entry = json_first(json_get(document, "cases")); entry; entry = json_next(entry)) {
		if (run_case(book, entry, rows))
			counts->failed++;
		else
			counts->passed++;
	}
}

static void run_file(const struct playbooks *books, const char *path, const char *wanted, struct json *rows, struct counts *counts)
{
	struct error err = { 0 };
	size_t length;
	char *bytes = file_load(path, FILE_MAX_BYTES, &length, &err);
	struct json *tree = bytes ? yaml_parse_all(bytes, length, &err) : NULL;

	free(bytes);
	if (!tree)
		fail_file(rows, "", path, err.text, counts);
	for (const struct json *document = json_first(tree); document; document = json_next(document))
		run_document(books, document, path, wanted, rows, counts);
	json_free(tree);
}

int playbook_test(const struct playbooks *books, const char *name, struct json **report, struct error *err)
{
	char **paths = file_list_data("playbooks");
	struct json *rows = json_array();
	struct counts counts = { 0 };

	*report = NULL;
	for (char **path = paths; paths && *path; path++)
		if (strstr(*path, "/playbooks/tests/"))
			run_file(books, *path, name, rows, &counts);
	file_free_list(paths);
	if (!counts.files) {
		json_free(rows);
		return error_set(err, ERR_NOT_FOUND, name ? "there is no recorded evidence for %.60s in playbooks/tests" : "there is no recorded evidence in playbooks/tests%.0s",
			name ? name : "");
	}
	*report = json_object();
	json_set(*report, "cases", rows);
	json_set_int(*report, "passed", counts.passed);
	json_set_int(*report, "failed", counts.failed);
	return counts.failed ? error_set(err, ERR_CONFLICT, "%lld of the cases failed", (long long)counts.failed) : 0;
}
