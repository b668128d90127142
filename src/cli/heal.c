#include "cli/heal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/plans.h"
#include "fleet/heal.h"
#include "fleet/heal_plan.h"
#include "fleet/finding.h"
#include "gate/gate.h"
#include "gate/session.h"
#include "provider/files/edits.h"

enum { FILE_MAX_BYTES = 16 << 20, DIFF_MAX_BYTES = 4 << 20 };

/* --- the diff of a file --- */

static void diff_lines(struct text *out, char sign, const struct json *lines)
{
	for (const struct json *line = json_first(lines); line; line = json_next(line))
		text_format(out, "%c %s: %s\n", sign, json_key(line), json_text_or(line, ""));
}

/* Removed lines, then those that take their place; a block after the other. You own it. */
static char *diff_of(const struct heal_file *file)
{
	char *edits_text = json_format(file->edits), *hide_text = json_format(file->hide);
	struct json *before = NULL, *after = NULL;
	struct edits edits = { 0 }, hide = { 0 };
	struct text out;
	size_t length = 0;
	char *bytes = file->is_new ? mem_text("") : file_load(file->absolute, FILE_MAX_BYTES, &length, NULL);

	text_init(&out, DIFF_MAX_BYTES);
	if (bytes && !edits_read(edits_text, length, &edits, NULL) && !edits_read(hide_text, length, &hide, NULL)) {
		edits_show(&edits, &hide, bytes, length, &before, &after);
		diff_lines(&out, '-', before);
		diff_lines(&out, '+', after);
	}
	edits_release(&edits);
	edits_release(&hide);
	json_free(before);
	json_free(after);
	free(bytes);
	free(edits_text);
	free(hide_text);
	return text_take(&out);
}

/* --- the dashboard --- */

static struct json *fix_to_json(const struct heal_fix *fix)
{
	struct json *json = json_object();

	json_set_text(json, "rule", fix->finding->rule);
	json_set_text(json, "path", fix->finding->path);
	json_set_int(json, "line", fix->finding->place.line);
	json_set(json, "symbol", json_string(fix->finding->symbol));
	json_set_text(json, "message", fix->finding->message);
	json_set_text(json, "fingerprint", fix->finding->fingerprint);
	json_set(json, "safe", json_string(fix->safe));
	json_set(json, "refused", json_string(fix->refused));
	json_make_safe(json);
	return json;
}

static int show_json(struct cli *cli, const struct heal *heal)
{
	struct json *json = json_object(), *fixes = json_array(), *files = json_array();

	for (size_t i = 0; i < heal_fixes(heal); i++)
		json_add(fixes, fix_to_json(heal_fix_at(heal, i)));
	for (size_t i = 0; i < heal_files(heal); i++) {
		struct json *row = json_set_text(json_object(), "path", heal_file_at(heal, i)->path);
		char *diff = diff_of(heal_file_at(heal, i));

		json_set_text(row, "diff", diff);
		json_add(files, row);
		free(diff);
	}
	json_set(json, "fixes", fixes);
	return cli_print(cli, json_set(json, "files", files));
}

static void show_file(struct cli *cli, const struct heal *heal, const struct heal_file *file)
{
	char *diff = diff_of(file);

	cli_write(cli_out(cli), "%s%s\n", file->path, file->is_new ? "  (new)" : "");
	for (size_t i = 0; i < heal_fixes(heal); i++) {
		const struct heal_fix *fix = heal_fix_at(heal, i);

		if (!fix->safe || strcmp(fix->path, file->path))
			continue;
		cli_write(cli_out(cli), "  %d  %s%s%s  %s  %s\n", fix->finding->place.line, fix->finding->symbol ? fix->finding->symbol : "", fix->finding->symbol ? "()" : "",
			fix->finding->symbol ? "" : "module", fix->finding->rule, fix->finding->message);
		cli_write(cli_out(cli), "     safe: %s\n", fix->safe);
	}
	cli_write(cli_out(cli), "%s\n", diff);
	free(diff);
}

int heal_show(struct cli *cli, const struct heal *heal)
{
	size_t mended = 0, refused = 0;

	if (cli_json(cli))
		return show_json(cli, heal);
	for (size_t i = 0; i < heal_files(heal); i++)
		show_file(cli, heal, heal_file_at(heal, i));
	for (size_t i = 0; i < heal_fixes(heal); i++) {
		const struct heal_fix *fix = heal_fix_at(heal, i);

		mended += fix->safe != NULL;
		if (fix->safe)
			continue;
		if (!refused++)
			cli_write(cli_out(cli), "left to a person\n");
		cli_write(cli_out(cli), "  %s:%d  %s  %s\n", fix->finding->path, fix->finding->place.line, fix->finding->rule, fix->refused);
	}
	cli_write(cli_out(cli), "%s%zu findings are mended in %zu files, %zu are left to a person\n", refused ? "\n" : "", mended, heal_files(heal), refused);
	return 0;
}

/* --- the plan --- */

int heal_carry_out(struct cli *cli, const struct heal *heal, int *ran)
{
	struct error err = { 0 };
	struct plan *plan = NULL;

	*ran = 0;
	if (!heal_files(heal)) {
		cli_say(cli, "nothing to heal");
		return 0;
	}
	struct gate *gate = session_gate(cli_session(cli), &err);

	if (!gate || heal_plan(heal, gate, &plan, &err))
		return cli_fail(cli, &err);
	*ran = 1;
	return plans_carry_out(cli, gate, plan);
}
