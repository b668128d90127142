#include "gate/file_edits.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/json.h"
#include "base/mem.h"
#include "estate/provider.h"
#include "gate/gate.h"

static void make_act(const struct gate_file_edits *file, struct ref *ref, struct gate_act *act)
{
	struct json *params = json_object();
	char *edits = json_format(file->edits), *hide = json_format(file->hide);

	*ref = (struct ref){ .provider = "files", .kind = "files" };
	gethostname(ref->account, sizeof(ref->account) - 1);
	snprintf(ref->name, sizeof(ref->name), "%s", file->path);
	json_set_text(params, "edits", edits);
	json_set_text(params, "hide", hide);
	*act = (struct gate_act){ .ref = ref, .verb = "edit", .params = params, .because = file->because };
	free(edits);
	free(hide);
}

int gate_plan_file_edits(struct gate *gate, const struct gate_file_edits *files, size_t count, const char *summary, struct plan **plan, struct error *err)
{
	struct ref *refs = mem_zero(count + 1, sizeof(*refs));
	struct gate_act *acts = mem_zero(count + 1, sizeof(*acts));

	for (size_t i = 0; i < count; i++)
		make_act(&files[i], &refs[i], &acts[i]);
	int failed = gate_plan_acts(gate, acts, count, summary, plan, err);

	for (size_t i = 0; i < count; i++)
		json_free((struct json *)(uintptr_t)acts[i].params);
	free(refs);
	free(acts);
	return failed;
}
