#include "cli/heal.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/safe.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/plans.h"
#include "fleet/finding/finding.h"
#include "fleet/heal/heal.h"
#include "fleet/heal/plan.h"
#include "gate/gate.h"
#include "gate/session.h"
#include "provider/files/edits.h"

enum { FILE_MAX_BYTES = 16 << 20, DIFF_MAX_BYTES = 4 << 20 };

/* --- the diff of a file --- */

/* Number of "line 12", "line 12, new", "line 12, more 2". */
static int number_of(const struct json *line)
{
	int number = INT_MAX;

	if (line)
		sscanf(json_key(line), "line %d", &number);
	return number;
}

static int is_new(const struct json *line)
{
	return strstr(json_key(line), ", new") != NULL;
}

static const struct json *add_line(struct text *out, char sign, const struct json *line)
{
	text_format(out, "%d %c %s\n", number_of(line), sign, json_text_or(line, ""));
	return json_next(line);
}

/* Lines taken out, then those that take their place; a block after the other, a new line before the line that has its number now. */
static void diff_blocks(struct text *out, const struct json *before, const struct json *after)
{
	while (before || after) {
		int from = number_of(before), last = from;

		while (after && is_new(after) && number_of(after) <= from)
			after = add_line(out, '+', after);
		if (!before)
			while (after)
				after = add_line(out, '+', after);
		for (; before && number_of(before) <= last; last++)
			before = add_line(out, '-', before);
		while (after && number_of(after) < last && last != INT_MAX)
			after = add_line(out, '+', after);
	}
}

/* "12 - old", "12 + new": lines by their numbers before the edits. You own it. */
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
		diff_blocks(&out, json_first(before), json_first(after));
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
	json_set(json, "later", json_boolean(fix->later));
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

/* Columns of the terminal; 0: none, lines are not broken. */
static size_t columns_of(void)
{
	struct winsize size;

	return isatty(STDOUT_FILENO) && !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col > 40 ? size.ws_col : 0;
}

/* How many bytes of a text fit; words stay whole where they can. */
static size_t fitting(const char *text, size_t columns)
{
	size_t end = 0, space = 0;

	while (text[end] && utf8_columns(text, end + 1) <= columns) {
		space = text[end] == ' ' ? end : space;
		end++;
	}
	while (end && text[end] && ((unsigned char)text[end] & 0xc0) == 0x80)
		end--;
	return !text[end] || !space ? end : space;
}

/* A text, further lines `margin` columns in. */
static void write_wrapped(struct cli *cli, const char *severity, size_t margin, const char *text, size_t columns)
{
	size_t indent = 0;

	while (columns && utf8_columns(text, strlen(text)) > columns - indent) {
		size_t length = fitting(text, columns - indent);

		if (!length)
			break;
		cli_write_in(cli, severity, "%*s%.*s", (int)indent, "", (int)length, text);
		cli_write(cli_out(cli), "\n");
		text += length + (text[length] == ' ');
		indent = margin;
	}
	cli_write_in(cli, severity, "%*s%s", (int)indent, "", text);
	cli_write(cli_out(cli), "\n");
}

static void show_diff(struct cli *cli, const struct heal_file *file, size_t columns)
{
	char *diff = diff_of(file), *rest = diff;

	for (char *line; (line = strsep(&rest, "\n")) && *line;) {
		char sign = 0, *shown;
		int number = 0, used = 0;

		if (sscanf(line, "%d %c%n", &number, &sign, &used) != 2)
			continue;
		shown = mem_format("%7d %c %s", number, sign, line + used + (line[used] == ' '));
		write_wrapped(cli, sign == '-' ? "high" : "low", 10, shown, columns);
		free(shown);
	}
	free(diff);
}

static void show_fix(struct cli *cli, const struct heal_fix *fix, size_t columns)
{
	const struct finding *finding = fix->finding;
	char *text = mem_format("  line %d  %s%s  %s  %s", finding->place.line, finding->symbol ? finding->symbol : "module", finding->symbol ? "()" : "", finding->rule, finding->message);
	char *safe = mem_format("    safe: %s", fix->safe);

	write_wrapped(cli, severity_name(finding->severity), 4, text, columns);
	write_wrapped(cli, NULL, 4, safe, columns);
	free(text);
	free(safe);
}

static void show_file(struct cli *cli, const struct heal *heal, const struct heal_file *file, size_t columns)
{
	size_t mended = 0;

	for (size_t i = 0; i < heal_fixes(heal); i++)
		mended += heal_fix_at(heal, i)->safe && !strcmp(heal_fix_at(heal, i)->path, file->path);
	if (mended)
		cli_write(cli_out(cli), "%s  %zu finding%s\n", file->path, mended, mended == 1 ? "" : "s");
	else
		cli_write(cli_out(cli), "%s  %s\n", file->path, file->is_new ? "new, for edits of other files" : "for edits of other files");
	for (size_t i = 0; i < heal_fixes(heal); i++)
		if (heal_fix_at(heal, i)->safe && !strcmp(heal_fix_at(heal, i)->path, file->path))
			show_fix(cli, heal_fix_at(heal, i), columns);
	show_diff(cli, file, columns);
	cli_write(cli_out(cli), "\n");
}

/* Refused for now, or left to a person. */
static size_t show_refused(struct cli *cli, const struct heal *heal, int later, const char *heading, size_t columns)
{
	size_t count = 0;

	for (size_t i = 0; i < heal_fixes(heal); i++) {
		const struct heal_fix *fix = heal_fix_at(heal, i);
		char *text;

		if (fix->safe || fix->later != later)
			continue;
		if (!count++)
			cli_write(cli_out(cli), "%s\n", heading);
		text = mem_format("  %s:%d  %s  %s", fix->finding->path, fix->finding->place.line, fix->finding->rule, fix->refused);
		write_wrapped(cli, NULL, 4, text, columns);
		free(text);
	}
	if (count)
		cli_write(cli_out(cli), "\n");
	return count;
}

int heal_show(struct cli *cli, const struct heal *heal)
{
	size_t mended = 0, later, left, columns = columns_of();

	if (cli_data(cli))
		return show_json(cli, heal);
	for (size_t i = 0; i < heal_files(heal); i++)
		show_file(cli, heal, heal_file_at(heal, i), columns);
	later = show_refused(cli, heal, 1, "mended another time", columns);
	left = show_refused(cli, heal, 0, "left to a person", columns);
	for (size_t i = 0; i < heal_fixes(heal); i++)
		mended += heal_fix_at(heal, i)->safe != NULL;
	cli_write(cli_out(cli), "%zu would be mended in %zu file%s, %zu another time, %zu left to a person\nnothing was touched\n", mended, heal_files(heal), heal_files(heal) == 1 ? "" : "s",
		later, left);
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
