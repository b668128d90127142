/* choose_account.c - which account, context or cluster: what is known stands at once, a worker looks whether it still holds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "estate/estate.h"
#include "tui/console_private.h"
#include "tui/dialog/choosers.h"
#include "tui/table/table_pane.h"

struct account_menu;

struct looking {
	struct job job;
	struct console *console;
	struct estate *estate;
	struct account_menu *menu; /* NULL: none, or closed meanwhile */
	char provider[64], name[sizeof(((struct provider_account *)NULL)->name)]; /* to be chosen; "" none */
	struct error err;
	int failed;
};

struct account_menu {
	struct pane *pane;
	struct looking *looking; /* NULL: done */
	size_t count;
	struct provider_account accounts[ACCOUNTS_MAX]; /* of its rows */
	const char *providers[ACCOUNTS_MAX];
};

static void choose(struct looking *looking)
{
	const struct provider_ops *ops = NULL;
	struct provider *provider = estate_provider(looking->estate, looking->provider, &ops, &looking->err);

	looking->failed = !provider || !ops->select_account || ops->select_account(provider, looking->name, &looking->err);
}

static void look(struct job *job)
{
	struct looking *looking = (struct looking *)job;

	if (*looking->name)
		choose(looking);
	estate_accounts(looking->estate, NULL, NULL, 0);
}

static void say_chosen(struct console *console, const struct looking *looking)
{
	if (looking->failed) {
		console_say(console, STYLE_WARNING, "%s", *looking->err.text ? looking->err.text : "that provider has one account only");
		return;
	}
	table_pane_reopen(console_top(console), looking->name, NULL);
	console_say(console, STYLE_OK, "now at %s", looking->name);
}

static int is_other(const struct account_menu *menu, const struct console *console)
{
	return menu->count != console->account_count || memcmp(menu->accounts, console->accounts, menu->count * sizeof(*menu->accounts)) != 0;
}

static void renew(struct account_menu *menu, struct console *console);

static void looked(struct job *job)
{
	struct looking *looking = (struct looking *)job;
	struct console *console = looking->console;

	if (looking->menu)
		looking->menu->looking = NULL;
	if (!console->ended) {
		console_take_accounts(console);
		console->all_dirty = 1;
		if (*looking->name)
			say_chosen(console, looking);
		if (looking->menu && is_other(looking->menu, console))
			renew(looking->menu, console);
	}
	free(looking);
}

static struct looking *looking_new(struct console *console)
{
	struct looking *looking = mem_zero(1, sizeof(*looking));

	looking->job = (struct job){ .run = look, .done = looked };
	looking->console = console;
	looking->estate = console->estate;
	return looking;
}

void console_look_at_accounts(struct console *console)
{
	if (console->estate)
		console_submit(console, &looking_new(console)->job);
}

/* --- the menu --- */

static void use_account(struct console *console, size_t row, void *arg)
{
	const struct account_menu *menu = arg;
	struct looking *looking;

	if (row >= menu->count) {
		table_pane_reopen(console_top(console), "*", NULL);
		return;
	}
	looking = looking_new(console);
	snprintf(looking->provider, sizeof(looking->provider), "%s", menu->providers[row]);
	snprintf(looking->name, sizeof(looking->name), "%s", menu->accounts[row].name);
	console_submit(console, &looking->job);
}

static void release(void *arg)
{
	struct account_menu *menu = arg;

	if (menu->looking)
		menu->looking->menu = NULL;
	free(menu);
}

/* The table on top can have the rows of all accounts of its provider, when there are several: how many. */
static size_t alike(struct console *console)
{
	const char *provider = table_pane_provider(console_top(console));
	size_t count = 0;

	for (size_t i = 0; provider && i < console->account_count; i++)
		count += !strcmp(console->account_providers[i], provider);
	return count > 1 ? count : 0;
}

struct account_rows {
	struct menu_row rows[ACCOUNTS_MAX + 1];
	char notes[ACCOUNTS_MAX + 1][420];
	size_t count, at; /* the current one */
};

/* Of what is known now, which the menu keeps: a row means what it meant when it was drawn. */
static void fill(struct account_menu *menu, struct console *console, struct account_rows *out)
{
	size_t several = alike(console);

	menu->count = out->count = console->account_count;
	memcpy(menu->accounts, console->accounts, sizeof(menu->accounts));
	memcpy(menu->providers, console->account_providers, sizeof(menu->providers));
	for (size_t i = 0; i < menu->count; i++) {
		const struct provider_account *account = &menu->accounts[i];

		snprintf(out->notes[i], sizeof(out->notes[i]), "%s  %s  %s%s%s", menu->providers[i], *account->scope ? account->scope : "-",
			*account->state ? account->state : "unknown", account->insecure ? "  insecure TLS" : "", account->current ? "  current" : "");
		out->rows[i] = (struct menu_row){ .label = account->name, .note = out->notes[i], .style = account->insecure ? STYLE_CRITICAL : STYLE_TEXT };
		if (account->current)
			out->at = i;
	}
	if (!several)
		return;
	char *note = out->notes[out->count];

	snprintf(note, sizeof(*out->notes), "%s  the %zu of them in one table", table_pane_provider(console_top(console)), several);
	out->rows[out->count++] = (struct menu_row){ .label = "all", .note = note, .style = STYLE_TEXT };
}

static struct account_menu *make(struct console *console)
{
	struct account_menu *menu = mem_zero(1, sizeof(*menu));
	struct account_rows *rows = mem_zero(1, sizeof(*rows));

	fill(menu, console, rows);
	menu->pane = menu_new(console, "Accounts", rows->rows, rows->count, rows->at, use_account, menu, release);
	free(rows);
	return menu;
}

/* Under the hand of who is choosing: the cursor stays on the account it is on. */
static void renew(struct account_menu *menu, struct console *console)
{
	struct account_rows *rows = mem_zero(1, sizeof(*rows));

	fill(menu, console, rows);
	menu_set_rows(menu->pane, rows->rows, rows->count);
	free(rows);
}

void choose_account(struct console *console)
{
	if (!console->estate) {
		console_say(console, STYLE_WARNING, "%s", *console->problem ? console->problem : "still opening");
		return;
	}
	if (!console->account_count) {
		console_look_at_accounts(console);
		console_say(console, STYLE_WARNING, "no account is configured; `pilothouse init` looks for credentials");
		return;
	}
	struct looking *looking = looking_new(console);

	looking->menu = make(console);
	looking->menu->looking = looking;
	console_dialog(console, looking->menu->pane);
	console_submit(console, &looking->job);
}
