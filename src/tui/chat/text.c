#include "tui/chat/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/safe.h"
#include "estate/provider.h"
#include "gate/intent.h"
#include "tui/screen/screen.h"
#include "tui/text/run_text.h"
#include "tui/text/text_view.h"

enum { INDENT = 2, LABEL = 10, CLASS_COLUMNS = 24, LINKS_MAX = 2000, COLUMNS_ANY = 10000 };

static void label(struct text_view *view, const char *text)
{
	text_view_add(view, STYLE_TEXT, "  ");
	text_view_add(view, STYLE_DIM, text);
	text_view_pad(view, LABEL);
}

/* "[e3]", marked when it is the one that Enter opens. Adds the link. */
static void add_link(struct text_view *view, struct chat_links *links, enum chat_link_type type, size_t turn, const char *id, const char *shown)
{
	if (links->count == LINKS_MAX)
		return;
	links->links = mem_grow(links->links, links->count + 1, sizeof(*links->links));
	struct chat_link *link = &links->links[links->count];

	*link = (struct chat_link){ .type = type, .turn = turn, .line = view->count };
	snprintf(link->id, sizeof(link->id), "%s", id);
	text_view_add(view, (long)links->count == links->marked ? STYLE_SELECTED : STYLE_ACCENT, shown);
	links->count++;
}

/* Those that do not fit on the line go on the next one, after the indent. */
static void cites(struct text_view *view, int indent, int columns, const struct json *list, size_t turn, struct chat_links *links)
{
	char shown[40];

	if (!json_count(list)) {
		text_view_add(view, STYLE_WARNING, " [no evidence]");
		return;
	}
	for (const struct json *cite = json_first(list); cite; cite = json_next(cite)) {
		snprintf(shown, sizeof(shown), "[%.30s]", json_text_or(cite, "?"));
		if (text_view_column(view) + 1 + (int)strlen(shown) > columns) {
			text_view_end(view, -1);
			text_view_pad(view, indent);
		} else {
			text_view_add(view, STYLE_TEXT, " ");
		}
		add_link(view, links, CHAT_EVIDENCE, turn, json_text_or(cite, "?"), shown);
	}
}

/* Words wrapped, without ending the last line: the citations follow on it. */
static void words_then_cites(struct text_view *view, enum style style, int indent, int columns, const char *text, const struct json *list, size_t turn,
	struct chat_links *links)
{
	text_view_words(view, style, indent, columns, text, -1);
	/* The line just ended is opened again. */
	struct text_view_line *last = view->count ? &view->lines[view->first + view->count - 1] : NULL;

	if (last) {
		text_add_n(&view->line, last->text, last->length);
		view->style = STYLE_COUNT; /* unknown: the next piece says its own */
		view->bytes -= last->length + sizeof(*last);
		free(last->text);
		view->count--;
	}
	cites(view, indent, columns, list, turn, links);
	text_view_end(view, -1);
}

/* --- parts --- */

static void filters_text(const struct json *filters, char *out, size_t size)
{
	size_t used = 0;

	*out = 0;
	for (const struct json *filter = json_first(filters); filter && used < size; filter = json_next(filter)) {
		char *shown = json_text(filter) ? NULL : json_format(filter);

		used += (size_t)snprintf(out + used, size - used, ", %s %s", json_key(filter), shown ? shown : json_text(filter));
		free(shown);
	}
}

static void intent_line(struct text_view *view, const struct json *intent, int columns)
{
	char text[700], filters[400], confidence[32];
	const char *scope = json_text_or(json_at(intent, "target.scope"), "");

	filters_text(json_at(intent, "target.filters"), filters, sizeof(filters));
	snprintf(text, sizeof(text), "%s %s%s%s%s", json_text_or(json_get(intent, "intent_type"), "?"), json_text_or(json_at(intent, "target.resource_type"), "?"),
		*scope ? ", " : "", scope, filters);
	snprintf(confidence, sizeof(confidence), "confidence %.2f", json_number(json_get(intent, "confidence"), 0));
	label(view, "intent");
	int room = columns - LABEL - (int)strlen(confidence) - 2;

	if ((int)utf8_columns(text, strlen(text)) <= room) {
		text_view_add(view, STYLE_TEXT, text);
		text_view_pad(view, columns - (int)strlen(confidence));
		text_view_add(view, STYLE_DIM, confidence);
		text_view_end(view, -1);
		return;
	}
	text_view_words(view, STYLE_TEXT, LABEL, columns, text, -1);
	text_view_add(view, STYLE_TEXT, "          ");
	text_view_line(view, STYLE_DIM, confidence);
}

static enum glyph glyph_of(const char *status)
{
	static const struct {
		const char *status;
		enum glyph glyph;
	} glyphs[] = { { "done", GLYPH_CHECK }, { "failed", GLYPH_CROSS }, { "skipped", GLYPH_DASH } };

	for (size_t i = 0; i < sizeof(glyphs) / sizeof(*glyphs); i++)
		if (!strcmp(glyphs[i].status, status))
			return glyphs[i].glyph;
	return GLYPH_WAIT;
}

static void plan_line(struct text_view *view, const struct json *turn)
{
	const struct json *steps = json_get(turn, "steps");
	size_t count = json_count(steps);

	if (!count)
		return;
	label(view, "plan");
	text_view_addf(view, STYLE_TEXT, "%zu read step%s ", count, count == 1 ? "" : "s");
	for (const struct json *step = json_first(steps); step; step = json_next(step)) {
		const char *status = json_text_or(json_get(step, "status"), "");

		text_view_add(view, !strcmp(status, "failed") ? STYLE_WARNING : !strcmp(status, "done") ? STYLE_OK : STYLE_DIM, screen_glyph(glyph_of(status)));
	}
	text_view_addf(view, STYLE_DIM, "  %.1f s", (double)json_int(json_get(turn, "elapsed_ms"), 0) / 1000);
	text_view_end(view, -1);
}

/* "pods payments/web-1": where it is known the account stands in the title line. */
static void target_text(const char *id, char *out, size_t size)
{
	struct ref ref;

	if (ref_parse(id, &ref))
		snprintf(out, size, "%s", id);
	else
		snprintf(out, size, "%s %s%s%s", ref.kind, ref.namespace_, *ref.namespace_ ? "/" : "", ref.name);
}

/* After the rest of its line; without its kind where that has no room, and on a line of its own where even that has none. */
static void finding_target(struct text_view *view, const char *target, size_t number, struct chat_links *links, int columns)
{
	char shown[900];
	const char *name = shown;

	target_text(target, shown, sizeof(shown));
	int left = columns - text_view_column(view) - 2;

	if ((int)utf8_columns(name, strlen(name)) > left && strchr(name, ' '))
		name = strchr(name, ' ') + 1;
	if ((int)utf8_columns(name, strlen(name)) > left) {
		text_view_end(view, -1);
		text_view_pad(view, INDENT + 3);
		name = shown;
	} else {
		text_view_add(view, STYLE_TEXT, "  ");
	}
	add_link(view, links, CHAT_RESOURCE, number, target, name);
}

static void findings(struct text_view *view, const struct json *turn, size_t number, struct chat_links *links, int columns)
{
	for (const struct json *finding = json_first(json_at(turn, "report.findings")); finding; finding = json_next(finding)) {
		const char *target = json_text_or(json_get(finding, "target"), ""), *class = json_text_or(json_get(finding, "class"), "?");

		text_view_addf(view, STYLE_BOLD, "  %lld  ", (long long)json_int(json_get(finding, "rank"), 0));
		text_view_add(view, strcmp(class, "none") != 0 ? STYLE_BOLD : STYLE_OK, class);
		text_view_pad(view, INDENT + 3 + CLASS_COLUMNS);
		text_view_addf(view, STYLE_DIM, "%.2f", json_number(json_get(finding, "weight"), 0));
		cites(view, 0, COLUMNS_ANY, json_get(finding, "cites"), number, links);
		if (*target)
			finding_target(view, target, number, links, columns);
		text_view_end(view, -1);
	}
}

static void summary(struct text_view *view, const struct json *turn, size_t number, struct chat_links *links, int columns)
{
	for (const struct json *sentence = json_first(json_at(turn, "report.summary")); sentence; sentence = json_next(sentence)) {
		text_view_add(view, STYLE_TEXT, "  ");
		words_then_cites(view, STYLE_TEXT, INDENT, columns, json_text_or(json_get(sentence, "text"), ""), json_get(sentence, "cites"), number, links);
	}
}

/* Where its plan was run it is that, and no review, that comes next. */
static void ran_line(struct text_view *view, const struct json *turn, size_t number, struct chat_links *links)
{
	const struct json *ran = json_get(turn, "ran");
	const char *status = json_text_or(json_get(ran, "status"), ""), *run = json_text_or(json_get(ran, "run"), "");
	int64_t at_ns;
	char at[8] = "";

	if (!*status)
		return;
	if (!clock_parse(json_text_or(json_get(ran, "at"), ""), &at_ns)) {
		time_t seconds = (time_t)(at_ns / CLOCK_SECOND_NS);
		struct tm local;

		localtime_r(&seconds, &local);
		strftime(at, sizeof(at), "%H:%M", &local);
	}
	label(view, "");
	text_view_addf(view, run_style(status), "%s %s %s ", run_glyph(status), strcmp(status, "rolled_back") ? status : "undone", at);
	add_link(view, links, CHAT_RUN, number, run, "[run]");
	text_view_end(view, -1);
}

static void plan_link(struct text_view *view, struct chat_links *links, size_t number, const char *name, const char *id, const char *summary_text, int columns)
{
	label(view, name);
	add_link(view, links, CHAT_PLAN, number, id, "[review]");
	text_view_add(view, STYLE_TEXT, " ");
	text_view_words(view, STYLE_TEXT, LABEL, columns, summary_text, -1);
}

static void proposals(struct text_view *view, const struct json *turn, size_t number, struct chat_links *links, int columns)
{
	const char *plan = json_text_or(json_get(turn, "plan_id"), ""), *proposal = json_text_or(json_at(turn, "report.proposal"), "");

	if (*plan)
		plan_link(view, links, number, "plan", plan, json_text_or(json_get(turn, "plan_summary"), ""), columns);
	if (*proposal)
		plan_link(view, links, number, "proposed", proposal, json_text_or(json_at(turn, "report.plan.summary"), "a change"), columns);
	ran_line(view, turn, number, links);
	for (const struct json *why = json_first(json_at(turn, "report.not_proposed")); why; why = json_next(why)) {
		label(view, "not");
		text_view_words(view, STYLE_DIM, LABEL, columns, json_text_or(why, ""), -1);
	}
}

static void next_line(struct text_view *view, const struct json *turn, size_t number, struct chat_links *links)
{
	char shown[64];

	if (!json_count(json_get(turn, "next")))
		return;
	label(view, "next");
	for (const struct json *next = json_first(json_get(turn, "next")); next; next = json_next(next)) {
		snprintf(shown, sizeof(shown), "[%.60s]", json_text_or(next, "?"));
		add_link(view, links, CHAT_NEXT, number, json_text_or(next, "?"), shown);
		text_view_add(view, STYLE_TEXT, " ");
	}
	text_view_end(view, -1);
}

static void question(struct text_view *view, const struct json *answer, int columns)
{
	const char *text = json_text_or(json_get(answer, "question"), "");

	text_view_add(view, STYLE_WARNING, "  ?  ");
	text_view_words(view, STYLE_WARNING, 5, columns, *text ? text : "that was not understood well enough to act on", -1);
	text_view_addf(view, STYLE_DIM, "     nothing was looked at or changed; confidence %.2f, 0.80 is needed", json_number(json_get(answer, "confidence"), 0));
	text_view_end(view, -1);
}

void chat_text_turn(struct text_view *view, const struct json *turn, size_t number, struct chat_links *links, int columns)
{
	const struct json *answer = json_get(turn, "answer"), *intent = json_get(turn, "intent");
	const char *error = json_text_or(json_get(turn, "error"), ""), *open = json_text_or(json_get(turn, "open"), "");
	int is_done = !strcmp(json_text_or(json_get(turn, "stage"), ""), "done");

	text_view_add(view, STYLE_ACCENT, screen_glyph(GLYPH_CRUMB));
	text_view_add(view, STYLE_TEXT, " ");
	text_view_words(view, STYLE_BOLD, INDENT, columns, json_text_or(json_get(turn, "words"), ""), -1);
	if (json_type(intent) != JSON_NULL)
		intent_line(view, intent, columns);
	else if (json_type(answer) != JSON_NULL && is_done && !*error)
		question(view, answer, columns);
	plan_line(view, turn);
	findings(view, turn, number, links, columns);
	summary(view, turn, number, links, columns);
	proposals(view, turn, number, links, columns);
	if (*open) {
		label(view, "opens");
		text_view_line(view, STYLE_TEXT, open);
	}
	if (*error) {
		text_view_add(view, STYLE_WARNING, "  !  ");
		text_view_words(view, STYLE_WARNING, 5, columns, error, -1);
	}
	next_line(view, turn, number, links);
	if (!is_done)
		text_view_line(view, STYLE_DIM, "  at work …");
	text_view_end(view, -1);
}

const struct json *chat_evidence(const struct json *turn, const char *id)
{
	for (const struct json *row = json_first(json_at(turn, "report.evidence")); row; row = json_next(row))
		if (!strcmp(json_text_or(json_get(row, "id"), ""), id))
			return row;
	return NULL;
}
