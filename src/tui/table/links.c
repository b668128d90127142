/* links.c - where a row of a table leads: Enter goes one level down, or to everything about it; a menu has all there is. */
#include <stdio.h>
#include <string.h>

#include "estate/snapshot.h"
#include "estate/view.h"
#include "tui/console_private.h"
#include "tui/table/private.h"

enum { LINKS_MAX = 16 };

/* "{namespace}" and "{NAME}" by the row's cells; an unknown one stays empty, which matches nothing it should not. */
static void fill_template(const struct table_pane *table, size_t row, const char *template, char *out, size_t size)
{
	size_t used = 0;

	while (*template && used + 1 < size) {
		const char *end = *template == '{' ? strchr(template, '}') : NULL;
		char name[64];
		size_t length;

		if (!end || (size_t)(end - template) > sizeof(name)) {
			out[used++] = *template++;
			continue;
		}
		snprintf(name, sizeof(name), "%.*s", (int)(end - template - 1), template + 1);
		const char *cell = snapshot_cell(view_snapshot(table->view), row, kind_column_find(table->kind, name), &length);

		if (length > size - used - 1)
			length = size - used - 1;
		memcpy(out + used, cell, length);
		used += length;
		template = end + 1;
	}
	out[used] = 0;
}

/* Of the same provider, where it has one of that name. */
static const struct kind *linked_kind(const struct table_pane *table, const struct kind_link *link)
{
	struct kinds *kinds = estate_kinds(console_estate(table->pane.console));
	struct ref near = { 0 };

	snprintf(near.provider, sizeof(near.provider), "%s", table->kind->provider);
	snprintf(near.kind, sizeof(near.kind), "%s", link->kind);
	const struct kind *kind = kinds_of(kinds, &near);

	return kind ? kind : kinds_find(kinds, link->kind);
}

static void open_link(struct table_pane *table, const struct kind_link *link)
{
	struct console *console = table->pane.console;
	const struct kind *kind = linked_kind(table, link);
	char filter[INPUT_MAX], about[ABOUT_MAX], labels[sizeof(table->labels)];
	size_t row;
	struct ref ref;

	if (!kind || !table_row_at(table, table->cursor, &row) || !table_target_at(table, table->cursor, &ref)) {
		console_say(console, STYLE_WARNING, "the kind \"%s\" is not known", link->kind);
		return;
	}
	struct selection selection = { .account = *ref.account ? ref.account : NULL,
		.namespace_ = kind->namespaced ? (*ref.namespace_ ? ref.namespace_ : "*") : NULL };

	fill_template(table, row, link->labels, labels, sizeof(labels));
	selection.labels = *labels ? labels : NULL;
	if (*link->labels && (!*labels || strlen(labels) + 1 == sizeof(labels))) {
		console_say(console, STYLE_WARNING, "%s %s: %.100s", kind->name, *labels ? "are not found by a selector so long" : "are not selected by it",
			ref.name);
		return;
	}
	fill_template(table, row, link->filter ? link->filter : "", filter, sizeof(filter));
	snprintf(about, sizeof(about), "%.40s %.200s%s%.300s", table->kind->singular, ref.namespace_, *ref.namespace_ ? "/" : "", ref.name);
	console_push(console, table_pane_within(console, kind, &selection, filter, about));
}

static void use_link(struct console *console, size_t row, void *arg)
{
	struct pane *pane = arg;
	struct ref ref;

	if (console_top(console) != pane)
		return;
	if (row < table_of(pane)->kind->link_count && row < LINKS_MAX)
		open_link(table_of(pane), &table_of(pane)->kind->links[row]);
	else if (table_target_at(table_of(pane), table_of(pane)->cursor, &ref))
		console_push(console, detail_new(console, &ref));
}

void table_open_row(struct table_pane *table)
{
	const struct kind *kind = table->kind;
	struct ref ref;

	if (!table_target_at(table, table->cursor, &ref))
		return;
	for (size_t i = 0; i < kind->link_count; i++) {
		if (!kind->links[i].enter)
			continue;
		open_link(table, &kind->links[i]);
		return;
	}
	console_push(table->pane.console, detail_new(table->pane.console, &ref));
}

void table_choose_link(struct table_pane *table)
{
	const struct kind *kind = table->kind;
	struct console *console = table->pane.console;
	struct menu_row rows[LINKS_MAX + 1] = { { 0 } };
	size_t count = kind->link_count < LINKS_MAX ? kind->link_count : LINKS_MAX;
	struct ref ref;

	if (!table_target_at(table, table->cursor, &ref))
		return;
	for (size_t i = 0; i < count; i++)
		rows[i] = (struct menu_row){ .label = kind->links[i].title ? kind->links[i].title : kind->links[i].kind, .note = kind->links[i].kind };
	rows[count] = (struct menu_row){ .label = "everything about it", .note = "describe" };
	console_dialog(console, menu_new(console, ref.name, rows, count + 1, 0, use_link, table, NULL));
}
