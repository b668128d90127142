/* console_frame.c - what stands around the panes: title line, breadcrumbs, hints or the message; and where the panes are. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/safe.h"
#include "estate/estate.h"
#include "gate/gate.h"
#include "gate/session.h"
#include "tui/console_private.h"
#include "tui/table/table_pane.h"

enum { TITLE_MAX = 512, MIN_COLUMNS = 20, MIN_ROWS = 6, OWN_NAME = 12 };

static struct pane *top_of(const struct console *console, int half)
{
	if (half == SIDE)
		return console->side;
	const struct stack *stack = &console->stacks[half];

	return stack->count ? stack->panes[stack->count - 1] : NULL;
}

static int is_split(const struct console *console)
{
	return console->split && !console->zoom;
}

static struct rect half_area(const struct console *console, int half)
{
	struct rect all = screen_size();
	struct rect area = { .y = 1, .x = 0, .rows = all.rows - 2, .columns = all.columns };

	if (!is_split(console)) {
		int side = console->side_of ? console_side_columns(all.columns) : 0;

		area.x = half == SIDE ? all.columns - side : 0;
		area.columns = half == SIDE ? side : side ? all.columns - side - 2 : all.columns;
		return area;
	}
	int left = (all.columns - 1) / 2;

	area.columns = half ? all.columns - left - 1 : left;
	area.x = half ? left + 1 : 0;
	return area;
}

static int has_head(const struct console *console, int half)
{
	struct pane *pane = top_of(console, half);
	char title[TITLE_MAX] = "";

	if (pane && pane->ops->title)
		pane->ops->title(pane, title, sizeof(title));
	return *title != 0;
}

struct rect console_area(const struct console *console, int half)
{
	struct rect area = half_area(console, half);

	if (has_head(console, half)) {
		area.y++;
		area.rows--;
	}
	return area;
}

/* --- title line --- */

void console_take_accounts(struct console *console)
{
	if (console->estate)
		console->account_count = estate_known_accounts(console->estate, console->accounts, console->account_providers, ACCOUNTS_MAX);
}

const char *console_account(const struct console *console, const char *provider)
{
	const char *found = NULL;

	for (size_t i = 0; i < console->account_count; i++) {
		if (strcmp(console->account_providers[i], provider) != 0)
			continue;
		if (console->accounts[i].current)
			return console->accounts[i].name;
		found = "";
	}
	return found;
}

const char *console_namespace(const struct console *console, const struct kind *kind, const char *account)
{
	if (!kind->namespaced)
		return NULL;
	for (size_t i = 0; i < console->account_count; i++)
		if (!strcmp(console->account_providers[i], kind->provider) && !strcmp(console->accounts[i].name, account ? account : ""))
			return *console->accounts[i].namespace_ ? console->accounts[i].namespace_ : "*";
	return "*";
}

/* The account of the row under the cursor; else the current context, and this machine where there is none: the machine stands in the title anyway. */
static const struct provider_account *account_in_view(struct console *console, const struct ref *ref)
{
	const struct provider_account *current = NULL;

	for (size_t i = 0; i < console->account_count; i++) {
		const struct provider_account *account = &console->accounts[i];

		if (ref && !strcmp(account->name, ref->account) && !strcmp(console->account_providers[i], ref->provider))
			return account;
		if (account->current && !account->aside && (!current || !strcmp(current->name, console->user.host)))
			current = account;
	}
	return ref ? NULL : current;
}

const char *console_provider(struct console *console)
{
	static struct ref ref; /* its provider is read until the next call */
	struct pane *top = console_top(console);
	const char *of_table = table_pane_provider(top);

	if (of_table)
		return of_table;
	if (console_target(console, &ref))
		return ref.provider;
	const struct provider_account *account = account_in_view(console, NULL);

	return account ? console->account_providers[account - console->accounts] : NULL;
}

static void find_scope(struct console *console, const struct ref *ref, const struct provider_account *account)
{
	const char *given = session_options(console->session)->scope;

	*console->scope = 0;
	if (console->estate && (ref || account))
		estate_scope(console->estate, ref ? ref->namespace_ : "", ref ? ref->account : account->name, console->scope);
	if (!*console->scope)
		snprintf(console->scope, sizeof(console->scope), "%s", account && *account->scope ? account->scope : given ? given : "");
}

static int is_prod(const struct console *console)
{
	return !strcmp(console->scope, "prod");
}

static void clock_text(char out[8])
{
	time_t now = (time_t)(clock_now_ns() / CLOCK_SECOND_NS);
	struct tm local;

	localtime_r(&now, &local);
	strftime(out, 8, "%H:%M", &local);
}

static const char *mode_text(struct console *console)
{
	const struct session_options *options = session_options(console->session);
	int read_only = console->gate ? gate_read_only(console->gate) : options->read_only;

	return read_only ? "read-only" : options->dry_run ? "dry-run" : "ro off";
}

/* "link ok", or the first account that is not: what it is and why. */
static enum style link_text(struct console *console, const struct provider_account *account, char *out, size_t size)
{
	if (*console->problem) {
		snprintf(out, size, "%s", "not ready");
		return STYLE_CRITICAL;
	}
	if (!console->estate) {
		snprintf(out, size, "opening");
		return STYLE_DIM;
	}
	if (!account || !*account->state) {
		snprintf(out, size, "link %s", console->account_count ? "unknown" : "none");
		return STYLE_DIM;
	}
	snprintf(out, size, "%s%s", strcmp(account->state, "ok") != 0 ? "" : "link ", account->state);
	return strcmp(account->state, "ok") != 0 ? STYLE_CRITICAL : STYLE_OK;
}

static const char *banner_text(const struct console *console)
{
	const char *banner = console->config ? config_get(console->config, "ui.banner") : NULL;

	return banner ? banner : "";
}

static const char *after_columns(const char *text, int columns)
{
	unsigned codepoint;

	while (*text && columns > 0) {
		int length = utf8_decode(text, strlen(text), &codepoint);

		columns -= utf8_width(codepoint);
		text += length > 0 ? length : 1;
	}
	return text;
}

#define INSECURE "INSECURE TLS"

struct naming {
	const char *banner, *target; /* "" none; an account that is this machine has been named */
	int insecure;
};

/* Who, where and in what scope. Where there is no room our own name goes first, then the middle of the target's: a scope is never cut off. */
static void name_all(const struct console *console, const struct naming *naming, int room, char *out, size_t size)
{
	const char *scope = is_prod(console) ? "PROD" : console->scope;
	char who[TITLE_MAX], end[64];

	snprintf(who, sizeof(who), "%.100s%s%.100s@%.100s%s", naming->banner, *naming->banner ? "  " : "", console->user.id, console->user.host, *naming->target ? "  " : "");
	snprintf(end, sizeof(end), "%s%s%s", *scope ? "  " : "", scope, naming->insecure ? "  " INSECURE : "");
	int target = (int)utf8_columns(naming->target, strlen(naming->target)), rest = room - (int)utf8_columns(who, strlen(who)) - (int)strlen(end) - 1;

	snprintf(out, size, "%s%s%s%s", rest >= target + OWN_NAME ? " pilothouse  " : " ", who, naming->target, end);
	/* Names of clusters begin alike ("arn:aws:eks:…"): the end tells them apart. */
	if (rest < target && rest > 4)
		snprintf(out, size, " %s%s%s%s", who, screen_glyph(GLYPH_ELLIPSIS), after_columns(naming->target, target - rest + 1), end);
}

/* Nobody overlooks that the other end may be anybody. */
static void draw_insecure(struct rect area, const char *left, int room)
{
	const char *at = strstr(left, INSECURE);
	int x = at ? (int)utf8_columns(left, (size_t)(at - left)) : room;

	if (x + (int)strlen(INSECURE) <= room)
		screen_put(area, 0, x, STYLE_PROD, INSECURE);
}

static void draw_title(struct console *console)
{
	struct rect all = screen_size(), area = { .rows = 1, .columns = all.columns };
	struct ref ref;
	int has = console_target(console, &ref);
	const struct provider_account *account = account_in_view(console, has ? &ref : NULL);
	char left[TITLE_MAX], right[128], link[64], now[8];

	find_scope(console, has ? &ref : NULL, account);
	enum style style = is_prod(console) ? STYLE_PROD : STYLE_TITLE;

	enum style look = link_text(console, account, link, sizeof(link));
	clock_text(now);
	const char *target = has ? ref.account : account ? account->name : "", *banner = banner_text(console);

	int length = snprintf(right, sizeof(right), "  %s  %s  %s ", mode_text(console), link, now);
	struct naming naming = { banner, strcmp(target, console->user.host) != 0 ? target : "", account && account->insecure };

	name_all(console, &naming, area.columns - length, left, sizeof(left));
	screen_put_n(area, 0, 0, area.columns - length, style, left, strlen(left));
	if (naming.insecure)
		draw_insecure(area, left, area.columns - length);
	screen_put(area, 0, area.columns - length, style, right);
	if (look == STYLE_CRITICAL)
		screen_put(area, 0, area.columns - length + (int)strlen(mode_text(console)) + 4, STYLE_PROD, link);
}

/* --- head line of a pane: breadcrumbs left, status right --- */

static size_t crumbs_from(const struct console *console, int half, size_t first, char *out, size_t size)
{
	const struct stack *stack = &console->stacks[half];
	size_t used = 0;

	*out = 0;
	for (size_t i = first; i < stack->count && used < size; i++) {
		char title[TITLE_MAX] = "";

		if (stack->panes[i]->ops->title)
			stack->panes[i]->ops->title(stack->panes[i], title, sizeof(title));
		if (*title)
			used += (size_t)snprintf(out + used, size - used, "%s%s%s%s", used ? " " : "", used ? screen_glyph(GLYPH_CRUMB) : "",
				used ? " " : "", title);
	}
	return utf8_columns(out, strlen(out));
}

/* The last three views; where there is no room for them the oldest go first: where one is must stay readable. */
static void crumbs(const struct console *console, int half, size_t room, char *out, size_t size)
{
	size_t count = console->stacks[half].count, first = count > 3 ? count - 3 : 0;

	while (crumbs_from(console, half, first, out, size) > room && first + 1 < count)
		first++;
}

static void draw_head(struct console *console, int half)
{
	struct rect area = half_area(console, half);
	struct pane *pane = top_of(console, half);
	char title[2 * TITLE_MAX], status[TITLE_MAX] = "";

	if (!pane || !has_head(console, half))
		return;
	area.rows = 1;
	if (pane->ops->status)
		pane->ops->status(pane, status, sizeof(status));
	int room = (int)utf8_columns(status, strlen(status)) + 1;

	if (room > area.columns * 2 / 3)
		room = area.columns * 2 / 3;
	int focused = half == console->focus, left = area.columns - room - 3; /* a blank before it, two between it and the status */

	screen_clear_line(area, 0, 0);
	if (left > 0) {
		if (half == SIDE)
			pane->ops->title(pane, title, sizeof(title));
		else
			crumbs(console, half, (size_t)left, title, sizeof(title));
		screen_put_n(area, 0, 1, left, focused ? STYLE_ACCENT : STYLE_DIM, title, strlen(title));
	}
	screen_put_n(area, 0, area.columns - room, room, STYLE_DIM, status, strlen(status));
}

/* --- all of it --- */

static void draw_half(struct console *console, int half)
{
	struct pane *pane = top_of(console, half);

	if (!pane)
		return;
	draw_head(console, half);
	if (!pane->dirty && !console->all_dirty)
		return;
	if (console->all_dirty)
		pane->dirty = PANE_DIRTY_ALL;
	pane->ops->draw(pane, console_area(console, half));
	pane->dirty = 0;
}

static void draw_divider(const struct console *console)
{
	struct rect left = half_area(console, 0); /* or what stands left of the side */
	struct rect line = { .y = left.y, .x = is_split(console) ? left.columns : left.columns + 1, .rows = left.rows, .columns = 1 };

	if (!is_split(console))
		screen_clear((struct rect){ .y = left.y, .x = left.columns, .rows = left.rows, .columns = 1 });

	for (int y = 0; y < line.rows; y++)
		screen_put(line, y, 0, STYLE_DIM, screen_unicode() ? "│" : "|");
}

static void draw_dialogs(struct console *console, int below_drawn)
{
	struct rect all = screen_size(), area = { .y = 1, .rows = all.rows - 2, .columns = all.columns };

	for (size_t i = 0; i < console->dialog_count; i++) {
		struct pane *dialog = console->dialogs[i];

		if (!dialog->dirty && !below_drawn)
			continue;
		dialog->dirty = PANE_DIRTY_ALL;
		dialog->ops->draw(dialog, area);
		dialog->dirty = 0;
		below_drawn = 1;
	}
}

void console_paint(struct console *console)
{
	struct rect all = screen_size();
	int below_drawn = console->all_dirty;

	if (all.columns < MIN_COLUMNS || all.rows < MIN_ROWS) {
		screen_clear(all);
		screen_put(all, 0, 0, STYLE_WARNING, "too small");
		console->all_dirty = console->dirty = 0;
		return;
	}
	draw_title(console);
	for (int half = 0; half < 2; half++) {
		struct pane *pane = top_of(console, half);

		if (half != console->focus && !is_split(console))
			continue;
		below_drawn |= pane && pane->dirty;
		draw_half(console, half);
	}
	if (is_split(console) || console->side_of)
		draw_divider(console);
	if (console->side) {
		below_drawn |= console->side->dirty;
		draw_half(console, SIDE);
	} else if (console->side_of && console->all_dirty) {
		screen_clear(half_area(console, SIDE));
	}
	draw_dialogs(console, below_drawn);
	console_draw_bottom(console);
	console->all_dirty = console->dirty = 0;
}
