#include "fleet/heal/plan.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "fleet/finding/finding.h"
#include "fleet/heal/heal.h"
#include "gate/file_edits.h"

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

int heal_plan(const struct heal *heal, struct gate *gate, struct plan **plan, struct error *err)
{
	size_t count = heal_files(heal);
	struct gate_file_edits *files = mem_zero(count + 1, sizeof(*files));
	char summary[120];

	for (size_t i = 0; i < count; i++) {
		const struct heal_file *file = heal_file_at(heal, i);

		files[i] = (struct gate_file_edits){ .path = file->absolute, .edits = file->edits, .hide = file->hide, .because = because_of(heal, file) };
	}
	snprintf(summary, sizeof(summary), "heal %zu file%s of the audit; undo gives back their bytes", count, count == 1 ? "" : "s");
	int failed = gate_plan_file_edits(gate, files, count, summary, plan, err);

	for (size_t i = 0; i < count; i++)
		free((char *)(uintptr_t)files[i].because);
	free(files);
	return failed;
}
