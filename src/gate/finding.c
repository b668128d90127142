/* Findings: hypotheses a playbook ranks over its evidence. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/jq.h"
#include "base/json.h"
#include "gate/playbook.h"

enum { FINDINGS_MAX = 50, EACH_MAX = 20 };

struct json *playbook_params(const struct playbook *playbook, const struct json *intent)
{
	struct json *params = json_object();

	for (const struct json *param = json_first(playbook->params); param; param = json_next(param)) {
		const char *from = json_text(json_get(param, "from"));
		const struct json *value = from ? json_at(intent, from) : NULL;

		if (json_is(value, JSON_ARRAY) && json_count(value) == 1)
			value = json_first(value);
		if (json_type(value) == JSON_NULL)
			value = json_is(param, JSON_OBJECT) ? json_get(param, "default") : param;
		json_set(params, json_key(param), value ? json_copy(value) : json_null());
	}
	return params;
}

static double weight_of(const struct playbook_finding *finding, const struct json *input)
{
	struct json *value = finding->weight_expr ? jq_eval(finding->weight_expr, input, NULL) : NULL;
	double weight = value ? json_number(value, 0) : finding->weight;

	json_free(value);
	return weight < 0 ? 0 : weight > 1 ? 1 : weight;
}

static struct json *text_by(const char *template, const struct json *input)
{
	struct json *raw = json_string(template), *value = jq_template(raw, input, NULL);
	struct json *text = json_text(value) ? json_copy(value) : json_copy(raw);

	json_free(raw);
	json_free(value);
	return text;
}

static int add_finding(struct json *findings, const struct playbook_finding *finding, const struct json *input, struct error *err)
{
	int holds = jq_test(finding->when, input, err);

	if (holds <= 0)
		return holds;
	struct json *row = json_object(), *cites = json_array();
	struct json *target = finding->target ? jq_eval(finding->target, input, NULL) : NULL;

	json_set_text(row, "class", finding->class);
	json_set(row, "cause", text_by(finding->cause, input));
	json_set(row, "target", json_text(target) ? json_copy(target) : json_null());
	json_set(row, "weight", json_double(weight_of(finding, input)));
	for (const char *const *cite = finding->cites; *cite; cite++)
		json_add(cites, json_string(*cite));
	json_set(row, "cites", cites);
	json_add(findings, row);
	json_free(target);
	return 0;
}

/* Without `each` once over the evidence; with it once an item, which is .item. */
static int add_findings(struct json *findings, const struct playbook_finding *finding, const struct json *evidence, struct error *err)
{
	if (!finding->each)
		return add_finding(findings, finding, evidence, err);
	struct json *items = jq_eval(finding->each, evidence, err), *input = json_copy(evidence);
	int failed = items ? 0 : -1, given = 0;

	for (const struct json *item = json_first(items); item && !failed && given < EACH_MAX; item = json_next(item), given++) {
		json_set(input, "item", json_copy(item));
		failed = add_finding(findings, finding, input, err);
	}
	json_free(items);
	json_free(input);
	return failed;
}

static int heavier(const void *a, const void *b)
{
	double x = json_number(json_get(*(struct json *const *)a, "weight"), 0), y = json_number(json_get(*(struct json *const *)b, "weight"), 0);

	return (x < y) - (x > y);
}

static struct json *ranked(struct json *findings)
{
	struct json *rows[FINDINGS_MAX * EACH_MAX], *sorted = json_array();
	size_t count = 0;

	for (struct json *row = json_first(findings); row && count < sizeof(rows) / sizeof(*rows); row = json_next(row))
		rows[count++] = row;
	/* Equal weights keep the playbook's order: glibc's qsort is a merge sort for such sizes. */
	qsort(rows, count, sizeof(*rows), heavier);
	for (size_t i = 0; i < count && i < FINDINGS_MAX; i++) {
		struct json *row = json_object();

		json_set_int(row, "rank", (int64_t)i + 1);
		for (const struct json *member = json_first(rows[i]); member; member = json_next(member))
			json_set(row, json_key(member), json_copy(member));
		json_add(sorted, row);
	}
	json_free(findings);
	return sorted;
}

static struct json *nothing_found(const struct json *evidence)
{
	struct json *row = json_object(), *cites = json_array();

	json_set_text(row, "class", "none");
	json_set_text(row, "cause", "nothing wrong was found in what was looked at");
	json_set(row, "target", json_null());
	json_set(row, "weight", json_double(1));
	for (const struct json *step = json_first(json_get(evidence, "steps")); step; step = json_next(step))
		json_add(cites, json_string(json_key(step)));
	json_set(row, "cites", cites);
	return row;
}

struct json *playbook_findings(const struct playbook *playbook, const struct json *evidence, struct error *err)
{
	struct json *findings = json_array();

	for (size_t i = 0; i < playbook->finding_count; i++) {
		if (add_findings(findings, &playbook->findings[i], evidence, err)) {
			error_wrap(err, "%s:%d", playbook->file, playbook->findings[i].line);
			json_free(findings);
			return NULL;
		}
	}
	if (!json_count(findings))
		json_add(findings, nothing_found(evidence));
	return ranked(findings);
}
