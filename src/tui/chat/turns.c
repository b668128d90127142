/* turns.c - what goes into a turn of the conversation from around it: names on the screen, and what became of its plans. */
#include "tui/chat/turns.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "estate/estate.h"
#include "estate/snapshot.h"
#include "gate/plan.h"
#include "tui/console.h"
#include "tui/pane.h"
#include "tui/table/table_pane.h"

enum { NAMES_MAX = 400 };

/* --- names on the screen take part --- */

static const char *resource_of(const struct kind *kind)
{
	if (!strcmp(kind->provider, "kubernetes"))
		return "kubernetes";
	if (!strcmp(kind->name, "certificates"))
		return "cert";
	return !strcmp(kind->name, "logs") ? "log" : "host";
}

static void set_role(struct json *name, const char *key, const struct snapshot *snapshot, size_t row, enum column_role role)
{
	char *text = snapshot_role_text(snapshot, row, role);

	json_set_text(name, key, text ? text : "");
	free(text);
}

static void add_name(void *arg, const struct snapshot *snapshot, size_t row, int is_selected)
{
	const struct kind *kind = snapshot_kind(snapshot);
	struct json *name = json_object();

	set_role(name, "name", snapshot, row, ROLE_NAME);
	set_role(name, "namespace", snapshot, row, ROLE_NAMESPACE);
	set_role(name, "scope", snapshot, row, ROLE_SCOPE);
	json_set_text(name, "resource", resource_of(kind));
	json_set_text(name, "kind", kind->singular ? kind->singular : "");
	json_set(name, "selected", json_boolean(is_selected));
	json_add(arg, name);
}

struct json *chat_names(struct console *console, struct pane *below)
{
	struct estate *estate = console_estate(console);
	struct json *names = json_array();
	struct ref ref;

	table_pane_rows(below, NAMES_MAX, add_name, names);
	if (json_count(names) || !below || !below->ops->target || !below->ops->target(below, &ref))
		return names;
	const struct kind *kind = estate ? kinds_of(estate_kinds(estate), &ref) : NULL;
	struct json *name = json_object();
	char scope[12] = "";

	if (kind)
		estate_scope(estate, ref.namespace_, ref.account, scope);
	json_set_text(name, "name", ref.name);
	json_set_text(name, "namespace", ref.namespace_);
	json_set_text(name, "scope", scope);
	json_set_text(name, "resource", kind ? resource_of(kind) : "host");
	json_set_text(name, "kind", kind && kind->singular ? kind->singular : "");
	json_set(name, "selected", json_boolean(1));
	json_set(name, "whole", json_boolean(!strcmp(below->ops->name, "dashboard")));
	json_add(names, name);
	return names;
}

/* --- what became of its plans --- */

static int is_plan_of(const struct json *turn, const char *plan_id)
{
	return !strcmp(json_text_or(json_get(turn, "plan_id"), ""), plan_id) || !strcmp(json_text_or(json_at(turn, "report.proposal"), ""), plan_id);
}

int chat_turn_ran(struct json *turn, const struct plan *plan, const struct json *result)
{
	const char *status = json_text_or(json_get(result, "status"), "unknown"), *run = json_text_or(json_get(result, "run_id"), "");
	int is_undone = *plan->undo_of && !strcmp(json_text_or(json_at(turn, "ran.run"), ""), plan->undo_of) && !strcmp(status, "done");

	if (!is_undone && !is_plan_of(turn, plan->id))
		return 0;
	struct json *ran = json_object();

	json_set_text(ran, "run", is_undone ? plan->undo_of : run);
	json_set_text(ran, "status", is_undone ? "rolled_back" : status);
	json_set_text(ran, "at", json_text_or(json_get(result, "finished_at"), ""));
	json_remove(turn, "ran");
	json_set(turn, "ran", ran);
	return 1;
}
