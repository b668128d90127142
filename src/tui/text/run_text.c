#include "tui/text/plan_text.h"
#include "tui/text/run_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "gate/plan.h"
#include "tui/text/text_view.h"

enum { LABEL = 10, OUTPUT_SHOWN = 600 };

static const struct {
	const char *status;
	enum glyph glyph;
	enum style style;
	const char *says;
} states[] = {
	{ "done", GLYPH_CHECK, STYLE_OK, "done" },
	{ "failed", GLYPH_CROSS, STYLE_CRITICAL, "failed: what is done so far stays recorded and can be undone" },
	{ "cancelled", GLYPH_CROSS, STYLE_WARNING, "cancelled: what is done so far stays recorded and can be undone" },
	{ "denied", GLYPH_CROSS, STYLE_WARNING, "denied: nothing was done" },
	{ "rolled_back", GLYPH_ARROW, STYLE_DIM, "undone by a later run" },
	{ "running", GLYPH_WAIT, STYLE_ACCENT, "running" },
	{ "started", GLYPH_WAIT, STYLE_ACCENT, "started" },
	{ "skipped", GLYPH_DASH, STYLE_DIM, "not begun" },
	{ "partial", GLYPH_CROSS, STYLE_WARNING, "a part of it is done, and can be undone" },
	{ "unverified", GLYPH_CROSS, STYLE_WARNING, "done, but not as it should be afterwards; it can be undone" },
	{ "unknown", GLYPH_CIRCLE, STYLE_WARNING,
		"outcome unknown: the request left and no answer came. Nothing is repeated. r asks the source what happened; until then look at "
		"the target itself before doing it again" },
};

static size_t state_of(const char *status)
{
	size_t count = sizeof(states) / sizeof(*states);

	for (size_t i = 0; i < count; i++)
		if (!strcmp(states[i].status, status))
			return i;
	return count - 1;
}

const char *run_glyph(const char *status)
{
	return screen_glyph(states[state_of(status)].glyph);
}

enum style run_style(const char *status)
{
	return states[state_of(status)].style;
}

void run_elapsed(int64_t ns, char *out, size_t size)
{
	long long tenths = ns / (CLOCK_SECOND_NS / 10);

	if (ns < 0)
		snprintf(out, size, "unknown");
	else if (ns < CLOCK_SECOND_NS)
		snprintf(out, size, "%lld ms", (long long)(ns / 1000000));
	else if (tenths < 600)
		snprintf(out, size, "%lld.%lld s", tenths / 10, tenths % 10);
	else
		snprintf(out, size, "%lld min %lld s", tenths / 600, tenths / 10 % 60);
}

static int64_t time_of(const struct json *object, const char *key)
{
	int64_t at;

	return clock_parse(json_text_or(json_get(object, key), ""), &at) ? -1 : at;
}

int64_t run_took_ns(const struct json *run)
{
	int64_t from = time_of(run, "started_at"), to = time_of(run, "finished_at");

	if (from < 0)
		return -1;
	return (to < 0 ? clock_now_ns() : to) - from;
}

/* As src/gate/undo.c has it: what had an effect that is known. */
static int had_effect(const char *status)
{
	return !strcmp(status, "done") || !strcmp(status, "partial") || !strcmp(status, "unverified");
}

int run_can_undo(const struct json *run)
{
	const char *status = json_text_or(json_get(run, "status"), "");

	if (!strcmp(status, "running") || !strcmp(status, "rolled_back"))
		return 0;
	for (const struct json *step = json_first(json_get(run, "steps")); step; step = json_next(step))
		if (had_effect(json_text_or(json_get(step, "status"), "")) && json_type(json_get(step, "undo")) != JSON_NULL)
			return 1;
	return 0;
}

static const struct plan_step *step_in(const struct plan *plan, const char *id)
{
	for (size_t i = 0; plan && i < plan->count; i++)
		if (!strcmp(plan->steps[i].id, id))
			return &plan->steps[i];
	return NULL;
}

void run_text_step(struct text_view *view, const struct plan *plan, const char *id, const char *status, int64_t took_ns, int columns)
{
	const struct plan_step *step = step_in(plan, id);
	char took[32];

	run_elapsed(took_ns, took, sizeof(took));
	text_view_addf(view, run_style(status), "%s ", run_glyph(status));
	text_view_addf(view, STYLE_TEXT, "%-10.24s ", id);
	text_view_addf(view, run_style(status), "%-9s ", status);
	text_view_addf(view, STYLE_DIM, "%9s  ", strcmp(status, "skipped") != 0 ? took : "");
	text_view_words(view, STYLE_TEXT, 34, columns, step ? step->target : "", -1);
}

/* What stands above already, or means nothing to a person. */
static int is_noise(const char *key)
{
	static const char *const noise[] = { "name", "namespace", "uid", "resourceVersion", "generation" };

	for (size_t i = 0; i < sizeof(noise) / sizeof(*noise); i++)
		if (!strcmp(noise[i], key))
			return 1;
	return 0;
}

static void output_lines(struct text_view *view, const char *text)
{
	size_t shown = 0;

	while (*text && shown < OUTPUT_SHOWN) {
		size_t length = strcspn(text, "\n");

		text_view_add(view, STYLE_DIM, "    ");
		text_view_add_n(view, STYLE_TEXT, text, length);
		text_view_end(view, -1);
		shown += length + 1;
		text += length + (text[length] == '\n');
	}
	if (*text)
		text_view_line(view, STYLE_DIM, "    …");
}

/* "replicas 5, status 0", then what has lines of its own: the words of a command. */
static void output_text(struct text_view *view, const struct json *output, int columns)
{
	const struct json *member;
	struct text words;

	text_init(&words, OUTPUT_SHOWN * 2);
	for (member = json_first(output); member; member = json_next(member)) {
		const char *text = json_text(member);
		char *shown = text ? NULL : json_format(member);

		if (!is_noise(json_key(member)) && !(text && (!*text || strchr(text, '\n'))))
			text_format(&words, "%s%s %s", words.length ? ", " : "", json_key(member), text ? text : shown);
		free(shown);
	}
	if (words.length) {
		text_view_add(view, STYLE_TEXT, "    ");
		text_view_words(view, STYLE_DIM, 4, columns, words.data, -1);
	}
	for (member = json_first(output); member; member = json_next(member))
		if (json_text(member) && strchr(json_text(member), '\n'))
			output_lines(view, json_text(member));
	text_release(&words);
}

static void step_text(struct text_view *view, const struct json *step, int columns)
{
	const char *error = json_text(json_get(step, "error")), *status = json_text_or(json_get(step, "status"), "unknown");
	const struct json *output = json_get(step, "output");
	char *shown = json_type(output) == JSON_NULL || json_is(output, JSON_OBJECT) ? NULL : json_format(output);

	run_text_step(view, NULL, json_text_or(json_get(step, "id"), "?"), status, run_took_ns(step), columns);
	if (error) {
		text_view_add(view, STYLE_TEXT, "    ");
		text_view_words(view, run_style(status), 4, columns, error, -1);
	}
	if (json_is(output, JSON_OBJECT))
		output_text(view, output, columns);
	if (shown) {
		text_view_addf(view, STYLE_DIM, "    %.*s%s", OUTPUT_SHOWN, shown, strlen(shown) > OUTPUT_SHOWN ? " …" : "");
		text_view_end(view, -1);
	}
	free(shown);
}

static void local_time(int64_t at_ns, char *out, size_t size)
{
	time_t seconds = (time_t)(at_ns / CLOCK_SECOND_NS);
	struct tm local;

	snprintf(out, size, "unknown");
	if (at_ns >= 0 && localtime_r(&seconds, &local))
		strftime(out, size, "%Y-%m-%d %H:%M:%S", &local);
}

static void times(struct text_view *view, const struct json *run, int columns)
{
	char text[200], took[32], began[32];

	run_elapsed(run_took_ns(run), took, sizeof(took));
	local_time(time_of(run, "started_at"), began, sizeof(began));
	snprintf(text, sizeof(text), "%s, %s%s", began, json_text(json_get(run, "finished_at")) ? "" : "not ended, so far ", took);
	text_view_field(view, "When", LABEL, columns, STYLE_TEXT, text);
}

/* rest: " (undo: scale back to 4)", as the summary ends, or less. */
static void undo(struct text_view *view, const struct json *run, const char *rest, int columns)
{
	static const char begin[] = " (undo: ";
	int is_told = !strncmp(rest, begin, sizeof(begin) - 1);
	char text[400];

	if (is_told)
		snprintf(text, sizeof(text), "%.*s: u shows it, and asks", (int)(strlen(rest) - sizeof(begin)), rest + sizeof(begin) - 1);
	if (run_can_undo(run))
		text_view_field(view, "Undo", LABEL, columns, STYLE_TEXT, is_told ? text : "recorded: u shows how, and asks");
	else
		text_view_field(view, "Undo", LABEL, columns, STYLE_DIM,
			strcmp(json_text_or(json_get(run, "status"), ""), "rolled_back") ? "nothing of it can be undone" : "it was undone");
}

void run_text(struct text_view *view, const struct json *run, int columns)
{
	const char *status = json_text_or(json_get(run, "status"), "unknown"), *undo_of = json_text_or(json_get(run, "undo_of"), "");
	const char *summary = json_text_or(json_get(run, "summary"), "a run whose plan is not known any more");
	char deed[DEED_MAX];

	text_view_words(view, STYLE_BOLD, 0, columns, plan_deed(summary, deed, sizeof(deed)), -1);
	text_view_addf(view, run_style(status), "%s ", run_glyph(status));
	text_view_words(view, run_style(status), 2, columns, states[state_of(status)].says, -1);
	text_view_end(view, -1);
	for (const struct json *step = json_first(json_get(run, "steps")); step; step = json_next(step))
		step_text(view, step, columns);
	text_view_end(view, -1);
	text_view_field(view, "Run", LABEL, columns, STYLE_TEXT, json_text_or(json_get(run, "run_id"), "?"));
	text_view_field(view, "By", LABEL, columns, STYLE_TEXT, json_text_or(json_get(run, "user"), "unknown"));
	times(view, run, columns);
	if (*undo_of)
		text_view_field(view, "Undoes", LABEL, columns, STYLE_TEXT, undo_of);
	undo(view, run, summary + strlen(deed), columns);
}
