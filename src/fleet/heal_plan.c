#include "fleet/heal_plan.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "estate/provider.h"
#include "fleet/finding.h"
#include "fleet/heal.h"
#include "gate/gate.h"

static char *because_of(const struct heal *heal, const struct heal_file *file)
{
	struct text text;

	text_init(&text, 400);
	for (size_t i = 0; i < heal_fixes(heal); i++) {
		const struct heal_fix *fix = heal_fix_at(heal, i);

		if (fix->safe && !strcmp(fix->path, file->path))
			text_format(&text, "%s%s line %d", text.length ? ", " : "", fix->finding->rule, fix->finding->place.line);
	}
	if (!text.length)
		text_add(&text, "names of variables and requirements that other edits need");
	return text_take(&text);
}

static void make_act(const struct heal *heal, const struct heal_file *file, struct ref *ref, struct gate_act *act)
{
	struct json *params = json_object();
	char *edits = json_format(file->edits), *hide = json_format(file->hide);

	*ref = (struct ref){ .provider = "files", .kind = "files" };
	gethostname(ref->account, sizeof(ref->account) - 1);
	snprintf(ref->name, sizeof(ref->name), "%s", file->absolute);
	json_set_text(params, "edits", edits);
	json_set_text(params, "hide", hide);
	*act = (struct gate_act){ .ref = ref, .verb = "edit", .params = params, .because = because_of(heal, file) };
	free(edits);
	free(hide);
}

int heal_plan(const struct heal *heal, struct gate *gate, struct plan **plan, struct error *err)
{
	size_t count = heal_files(heal);
	struct ref *refs = mem_zero(count + 1, sizeof(*refs));
	struct gate_act *acts = mem_zero(count + 1, sizeof(*acts));
	char summary[120];

	for (size_t i = 0; i < count; i++)
		make_act(heal, heal_file_at(heal, i), &refs[i], &acts[i]);
	snprintf(summary, sizeof(summary), "heal %zu file%s of the audit; undo gives back their bytes", count, count == 1 ? "" : "s");
	int failed = gate_plan_acts(gate, acts, count, summary, plan, err);

	for (size_t i = 0; i < count; i++) {
		json_free((struct json *)(uintptr_t)acts[i].params);
		free((char *)(uintptr_t)acts[i].because);
	}
	free(refs);
	free(acts);
	return failed;
}
