/* Findings: hypotheses a playbook ranks over its evidence. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/jq.h"
#include "base/json.h"
#include "base/text.h"
#include "gate/playbook.h"

enum { FINDINGS_MAX = 50, EACH_MAX = 20, PROGRAM_MAX = 1 << 19 };

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

/* --- An expression sees the evidence as `.` and as $in, and the item of `each` as .item and as $item.
 * All findings of a playbook are one jq program, since compiling costs more than running. Its output: a list for each finding of
 * {"target","weight","cause"}, or of {"error"} where an expression failed on this evidence. --- */

/* A template as a jq text: "{{ .a }} of {{ .b }}" becomes (.a|text) + " of " + (.b|text). */
static void add_sentence(struct text *program, const char *template)
{
	const char *from = template, *begin, *after;
	size_t length;

	text_add(program, "(\"\"");
	for (; (begin = jq_template_next(from, &length, &after)) && length != (size_t)-1; from = after) {
		text_add(program, " + ");
		json_quote(program, from, (size_t)(begin - 2 - from));
		text_format(program, " + ([limit(1; (%.*s\n))][0]|tostring)", (int)length, begin);
	}
	text_add(program, " + ");
	json_quote(program, from, strlen(from));
	text_add(program, ")");
}

static void add_program(struct text *program, const struct playbook_finding *finding)
{
	text_add(program, "try [limit(20; ");
	if (finding->each)
		text_format(program, "((%s\n) // [])[] as $item | ($in + {item: $item})", finding->each);
	else
		text_add(program, "null as $item | $in");
	text_format(program, " | select(%s\n) | {target: (%s\n), weight: ", finding->when, finding->target ? finding->target : "null");
	if (finding->weight_expr)
		text_format(program, "(%s\n)", finding->weight_expr);
	else
		text_format(program, "%.4f", finding->weight);
	text_add(program, ", cause: ");
	add_sentence(program, finding->cause);
	text_add(program, "})] catch [{error: tostring}]");
}

static struct json *evaluate(const struct playbook *playbook, const struct json *evidence, struct error *err)
{
	struct text program;
	struct json *answers = NULL;

	text_init(&program, PROGRAM_MAX);
	text_add(&program, playbook->define);
	text_add(&program, "\n. as $in | [");
	for (size_t i = 0; i < playbook->finding_count; i++) {
		text_add(&program, i ? ",\n(" : "(");
		add_program(&program, &playbook->findings[i]);
		text_add(&program, ")");
	}
	text_add(&program, "]");
	if (program.cut)
		error_set(err, ERR_LIMIT, "findings have more than %d bytes of expressions", PROGRAM_MAX);
	else
		answers = jq_eval(program.data, evidence, err);
	text_release(&program);
	return answers;
}

static double bounded(double weight)
{
	return weight < 0 ? 0 : weight > 1 ? 1 : weight;
}

static void add_finding(struct json *findings, const struct playbook_finding *finding, const struct json *answer)
{
	struct json *row = json_object(), *cites = json_array();
	const struct json *target = json_get(answer, "target");

	json_set_text(row, "class", finding->class);
	json_set_text(row, "cause", json_text_or(json_get(answer, "cause"), ""));
	json_set(row, "target", json_text(target) ? json_copy(target) : json_null());
	json_set(row, "weight", json_double(bounded(json_number(json_get(answer, "weight"), 0))));
	for (const char *const *cite = finding->cites; *cite; cite++)
		json_add(cites, json_string(*cite));
	json_set(row, "cites", cites);
	json_add(findings, row);
}

/* The first expression that failed is told in *err; the other findings count all the same. */
static struct json *findings_of(const struct playbook *playbook, const struct json *answers, struct error *err)
{
	struct json *findings = json_array();
	size_t i = 0;

	for (const struct json *list = json_first(answers); list && i < playbook->finding_count; list = json_next(list), i++)
		for (const struct json *answer = json_first(list); answer; answer = json_next(answer)) {
			const char *why = json_text(json_get(answer, "error"));

			if (!why)
				add_finding(findings, &playbook->findings[i], answer);
			else if (err && !err->code)
				error_set(err, ERR_FORMAT, "%s:%d: %.150s", playbook->file, playbook->findings[i].line, why);
		}
	return findings;
}

/* "Nothing is wrong" does not stand beside something that is. */
static int drop_none(const struct json *finding, int something)
{
	return something && !strcmp(json_text_or(json_get(finding, "class"), ""), "none");
}

static int something_wrong(const struct json *findings)
{
	for (const struct json *finding = json_first(findings); finding; finding = json_next(finding))
		if (strcmp(json_text_or(json_get(finding, "class"), ""), "none"))
			return 1;
	return 0;
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

	int something = something_wrong(findings);

	for (struct json *row = json_first(findings); row && count < sizeof(rows) / sizeof(*rows); row = json_next(row))
		if (!drop_none(row, something))
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
	struct error own = { 0 };
	struct json *answers = evaluate(playbook, evidence, &own);
	struct json *findings = answers ? findings_of(playbook, answers, &own) : NULL;

	json_free(answers);
	if (own.code && err)
		*err = own;
	if (own.code && !json_count(findings)) { /* what could not be judged is not called healthy */
		json_free(findings);
		error_wrap(err, "playbook %s", playbook->name);
		return NULL;
	}
	if (!json_count(findings))
		json_add(findings, nothing_found(evidence));
	return ranked(findings);
}
