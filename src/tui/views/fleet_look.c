/* fleet_look.c - the file of a finding with the findings under their lines, and the trend of an agent's score. Both are texts made by a worker. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "fleet/fleet.h"
#include "fleet/report/excerpt.h"
#include "fleet/report/lake_read.h"
#include "tui/asking.h"
#include "tui/console_private.h"
#include "tui/screen/chart.h"
#include "tui/text/text_pane.h"
#include "tui/views/fleet.h"

enum { BODY_MAX = 12 << 20, CHART_COLUMNS = 64, CHART_ROWS = 6, CHART_ROW_MAX = CHART_COLUMNS * 4 + 1, WIDEST_STEP = 8, STATES_MAX = 2000 };

static const char *of(const struct json *json, const char *key)
{
	return json_text_or(json_get(json, key), "");
}

/* --- a file --- */

static void add_note(struct text *out, const struct json *finding, int is_asked)
{
	const char *message = *of(finding, "message") ? of(finding, "message") : of(finding, "title");

	text_format(out, "^        %s %s  %s%s%s\n", of(finding, "severity"), of(finding, "rule"), message, *of(finding, "redacted") ? "  " : "", of(finding, "redacted"));
	if (is_asked)
		text_format(out, "^        %s, %s; fix: %s\n", of(finding, "persona"), of(finding, "fixability"), of(finding, "fix"));
	if (is_asked && *of(finding, "unfixable"))
		text_format(out, "^        by hand: %s\n", of(finding, "unfixable"));
}

static void add_notes(struct text *out, const struct json *all, const struct json *asked, long line)
{
	for (const struct json *finding = json_first(all); finding; finding = json_next(finding))
		if (json_int(json_get(finding, "line"), 0) == line && !strcmp(of(finding, "path"), of(asked, "path")) && (finding == asked || lake_read_is_open(finding)))
			add_note(out, finding, finding == asked);
}

/* The row of the text that holds the line asked for, from 1. */
static int write_file(struct text *out, const struct excerpt *excerpt, const struct json *all, const struct json *asked)
{
	long at = (long)json_int(json_get(asked, "line"), 0);
	int row = 0, rows = 0;
	const char *line;

	for (long n = 1; (line = excerpt_line(excerpt, n)); n++) {
		size_t before = out->length;

		text_format(out, "%c%6ld  %s\n", n == at ? '>' : ' ', n, line);
		row = n == at ? rows + 1 : row;
		add_notes(out, all, asked, n);
		for (size_t i = before; i < out->length; i++)
			rows += out->data[i] == '\n';
	}
	if (!row) /* the file became shorter, or the finding is of the whole of it */
		add_notes(out, all, asked, at);
	return row;
}

static void ask_file(struct asking *asking)
{
	const struct json *finding = NULL;
	struct text out;
	char *root = fleet_root(NULL, asking->text, &asking->err);
	struct json *entry = root ? lake_read_find(root, asking->ref.name, &finding, &asking->err) : NULL;
	struct excerpt *excerpt = entry ? excerpt_new(root, finding, json_get(entry, "findings"), &asking->err) : NULL;

	if (excerpt) {
		text_init(&out, BODY_MAX);
		asking->outcome = write_file(&out, excerpt, json_get(entry, "findings"), finding);
		asking->words = text_take(&out);
		snprintf(asking->other, sizeof(asking->other), "%.240s:%d", of(finding, "path"), (int)json_int(json_get(finding, "line"), 0));
	}
	excerpt_free(excerpt);
	json_free(entry);
	free(root);
}

struct pane *fleet_file_new(struct console *console, const struct ref *finding)
{
	char title[100];

	snprintf(title, sizeof(title), "finding %.16s", finding->name);
	return text_pane_asking(console, title, finding, fleet_account_of(console, finding->account), TEXT_MARKED, ask_file);
}

/* --- the trend --- */

static size_t scores_of(const struct json *states, double *out)
{
	size_t count = json_count(states), step = count ? CHART_COLUMNS * 2 / count : 1, used = 0;

	step = step < 1 ? 1 : step > WIDEST_STEP ? WIDEST_STEP : step;
	for (const struct json *state = json_first(states); state; state = json_next(state))
		for (size_t i = 0; i < step && used < STATES_MAX * WIDEST_STEP; i++)
			out[used++] = json_number(json_get(state, "score"), 0);
	return used;
}

static void write_chart(struct text *out, const struct json *states)
{
	double *scores = mem_zero(STATES_MAX * WIDEST_STEP, sizeof(*scores));
	size_t count = scores_of(states, scores);
	char row[CHART_ROW_MAX];

	for (int y = 0; y < CHART_ROWS; y++) {
		chart_row(scores, count, 100, CHART_COLUMNS, CHART_ROWS, y, row, sizeof(row));
		text_format(out, "%5s %s\n", !y ? "100" : y == CHART_ROWS - 1 ? "0" : "", row);
	}
	free(scores);
}

static void write_states(struct text *out, const struct json *states)
{
	text_format(out, ">%-25s %5s %8s %13s %7s  %s\n", "SEEN", "SCORE", "SECRETS", "ARCHITECTURE", "POLICY", "WORST");
	for (size_t i = json_count(states); i-- > 0;) {
		const struct json *state = json_item(states, i);

		text_format(out, " %-25s %5d %8d %13d %7d  %s\n", of(state, "observed_at"), (int)json_int(json_get(state, "score"), 0),
			(int)json_int(json_get(state, "secret"), 0), (int)json_int(json_get(state, "architecture"), 0), (int)json_int(json_get(state, "policy"), 0),
			of(state, "worst"));
	}
}

static void ask_trend(struct asking *asking)
{
	struct text out;
	char *root = fleet_root(NULL, asking->text, &asking->err);
	struct json *states = root ? lake_read_history(root, asking->ref.name, &asking->err) : NULL;

	if (states) {
		text_init(&out, BODY_MAX);
		text_format(&out, ">score of %s, each state it was seen in, the newest at the right\n\n", asking->ref.name);
		write_chart(&out, states);
		text_add(&out, "\n");
		write_states(&out, states);
		asking->words = text_take(&out);
	}
	json_free(states);
	free(root);
}

struct pane *fleet_trend_new(struct console *console, const struct ref *agent)
{
	char title[160];

	snprintf(title, sizeof(title), "trend %.150s", agent->name);
	return text_pane_asking(console, title, agent, fleet_account_of(console, agent->account), TEXT_MARKED, ask_trend);
}
