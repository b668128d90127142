/* approve_draw.c - the dialog of an approval on the screen: the plan, and below it what a person can do. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/safe.h"
#include "gate/gate.h"
#include "gate/session.h"
#include "tui/acts/approve_private.h"
#include "tui/console_private.h"
#include "tui/text/plan_text.h"

enum { BOX_COLUMNS = 96, FOOT_ROWS = 3, FRAME = 2, INNER = 4 };

static void build(struct approve *approve, int columns)
{
	const struct user *user = approve_gate(approve) ? gate_user(approve_gate(approve)) : NULL;
	char role[64] = "unknown";

	if (approve->built_columns == columns)
		return;
	approve->built_columns = columns;
	text_view_clear(&approve->view);
	plan_text_drift(&approve->view, approve->drift, columns);
	if (user)
		user_role_text(user, role);
	plan_text(&approve->view, approve->plan, role, columns);
}

static int foot_rows(const struct approve *approve)
{
	return FOOT_ROWS + (*approve->name != 0); /* one more to say what to type, however long the name is */
}

static struct rect box_of(struct approve *approve, struct rect area)
{
	struct rect box = { .columns = area.columns - 2 < BOX_COLUMNS ? area.columns - 2 : BOX_COLUMNS };

	build(approve, box.columns - INNER - 1);
	box.rows = (int)approve->view.count + FRAME + foot_rows(approve);
	if (box.rows > area.rows)
		box.rows = area.rows;
	box.y = area.y + (area.rows - box.rows) / 2;
	box.x = area.x + (area.columns - box.columns) / 2;
	return box;
}

/* "expires 14:17", or how long is left when that is short. */
static void expiry(const struct approve *approve, char *out, size_t size)
{
	time_t at = (time_t)(approve->plan->expires_ns / CLOCK_SECOND_NS);
	int64_t left_s = (approve->plan->expires_ns - clock_now_ns()) / CLOCK_SECOND_NS;
	struct tm local;
	char clock[8];

	localtime_r(&at, &local);
	strftime(clock, sizeof(clock), "%H:%M", &local);
	if (left_s < 0 || approve_is_expired(approve))
		snprintf(out, size, "expired %s", clock);
	else if (left_s < 90)
		snprintf(out, size, "%d s left", (int)left_s);
	else
		snprintf(out, size, "expires %s, %d min", clock, (int)(left_s / 60));
}

static const char *key_of(const struct approve *approve, const char *name)
{
	return keymap_key_of(console_keymap(approve->pane.console), name);
}

/* What a person can do, beside Cancel. */
static void draw_question(struct approve *approve, struct rect foot, int right)
{
	int protected = *approve->name != 0, y = foot.rows - 1;
	const char *what = approve->stage == STAGE_ENOUGH ? "run" : "approve";
	char text[700];

	if (protected)
		screen_clear_line(foot, 1, 0);
	if (approve->stage == STAGE_VOID) {
		snprintf(text, sizeof(text), "%s  make a new plan", key_of(approve, "approve.renew"));
		screen_put_n(foot, y, 0, right, STYLE_KEY, text, strlen(text));
	} else if (approve->stage != STAGE_OPEN && approve->stage != STAGE_ENOUGH) {
		return;
	} else if (protected) {
		snprintf(text, sizeof(text), "Type %s and press %s to %s", approve->name, key_of(approve, "approve.confirm"), what);
		screen_put_n(foot, 1, 0, foot.columns, STYLE_BOLD, text, strlen(text));
		screen_put(foot, y, 0, STYLE_ACCENT, screen_glyph(GLYPH_CRUMB));
		input_draw(&approve->typed, foot, y, 2, right - 3, approve_name_is_typed(approve) ? STYLE_OK : STYLE_TEXT, 1, 0);
	} else {
		snprintf(text, sizeof(text), "%s  %s", key_of(approve, "approve.confirm"), what);
		screen_put_n(foot, y, 0, right, STYLE_KEY, text, strlen(text));
	}
}

static void draw_foot(struct approve *approve, struct rect foot)
{
	char when[64], button[24];
	int y = foot.rows - 1;

	expiry(approve, when, sizeof(when));
	snprintf(button, sizeof(button), "[ %s ]", approve->stage == STAGE_WAITING || approve->stage == STAGE_REFUSED ? "Close" : "Cancel");
	int when_x = foot.columns - (int)utf8_columns(when, strlen(when)), button_x = when_x - (int)strlen(button) - 3;

	screen_put_n(foot, 0, 0, foot.columns, approve->said_style, approve->said, strlen(approve->said));
	screen_clear_line(foot, y, 0);
	draw_question(approve, foot, button_x - 1);
	screen_put(foot, y, button_x, STYLE_SELECTED, button);
	screen_put(foot, y, when_x, approve_is_expired(approve) ? STYLE_WARNING : STYLE_DIM, when);
}

/* What cannot be seen is said: nobody should approve what they could not know of. */
static void draw_more(const struct approve *approve, struct rect box, struct rect body)
{
	size_t seen = approve->view.top + (size_t)body.rows;
	char text[64];

	if (seen >= approve->view.count)
		return;
	snprintf(text, sizeof(text), "%zu more line%s: PgDn", approve->view.count - seen, approve->view.count - seen == 1 ? "" : "s");
	screen_put_right(box, body.rows + 1, 1, box.columns - 3, STYLE_WARNING, text, strlen(text));
}

void approve_draw(struct pane *pane, struct rect area)
{
	struct approve *approve = (struct approve *)pane;

	if (!approve->plan) /* its run has begun; this closes with the turn */
		return;
	if (approve->stage <= STAGE_ENOUGH && approve_is_expired(approve))
		approve_expire(approve);
	struct rect box = box_of(approve, area);
	int protected = *approve->name != 0, below = foot_rows(approve);
	struct rect body = { .y = box.y + 1, .x = box.x + 1, .rows = box.rows - FRAME - below, .columns = box.columns - 2 };
	struct rect foot = { .y = body.y + body.rows + 1, .x = box.x + 2, .rows = below - 1, .columns = box.columns - INNER };

	screen_clear(box);
	screen_frame(box, protected ? STYLE_PROD : STYLE_ACCENT, protected ? "PROD" : "Approve");
	screen_cursor(screen_size(), -1, 0);
	text_view_draw(&approve->view, NULL, body);
	draw_more(approve, box, body);
	draw_foot(approve, foot);
}
