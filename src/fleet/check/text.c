/* Any text: hidden characters (INJ013), scripts piped to a shell (SUP004), switches that skip approval (AGY010), personal data in evaluation sets (PRV005), and
 * prompts that are files (INJ002, PRV001, COST008). */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/safe.h"
#include "fleet/agent/agent.h"
#include "fleet/check/checker_parts.h"
#include "fleet/tree/path.h"

enum { ROWS_MAX = 20, GUARD_MIN = 40, ROW_BYTES = 64 << 10 };

static const char *path_in_agent(const struct unit *unit)
{
	size_t length = unit->checker->agent ? strlen(unit->checker->agent->path) : 0;

	return strlen(unit->path) > length ? unit->path + length + (length && unit->path[length] == '/') : unit->path;
}

/* --- INJ013 --- */

static int is_hidden(unsigned c)
{
	return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || (c >= 0xe0000 && c <= 0xe007f);
}

static int is_zero_width(unsigned c)
{
	return c == 0x200b || c == 0x200c || c == 0x200d || c == 0x2060 || c == 0xfeff || c == 0x180e;
}

static void hidden(struct unit *unit)
{
	size_t run = 0, begin = 0;
	unsigned before = 0;

	for (size_t i = 0; i < unit->length;) {
		unsigned c = (unsigned char)unit->text[i];
		int size = c < 0x80 ? 1 : utf8_decode(unit->text + i, unit->length - i, &c);

		if (!size) {
			i++;
			run = 0;
			continue;
		}
		/* Flags of regions are tags behind a black flag (UTS 51). */
		if (is_hidden(c) && !(c >= 0xe0000 && (before == 0x1f3f4 || (before >= 0xe0000 && run)))) {
			flag_at(unit, "INJ013", i, (size_t)size, "U+%04X is invisible and changes what is read", c);
			return;
		}
		run = before == 0x1f3f4 || (run && c >= 0xe0000 && c <= 0xe007f) ? 1 : is_zero_width(c) ? (is_zero_width(before) ? run + 1 : 1) : 0;
		if (is_zero_width(c) && run == 1)
			begin = i;
		if (is_zero_width(c) && run >= 2) {
			flag_at(unit, "INJ013", begin, i + (size_t)size - begin, "a run of characters without width");
			return;
		}
		before = c;
		i += (size_t)size;
	}
}

static int may_hide(const struct unit *unit)
{
	if (unit->kind != SOURCE_MARKDOWN && unit->kind != SOURCE_TEXT && unit->kind != SOURCE_YAML)
		return 0;
	return memchr(unit->text, 0xe2, unit->length) || memchr(unit->text, 0xf3, unit->length) || memmem(unit->text, unit->length, "\xef\xbb\xbf", 3);
}

/* --- SUP004 --- */

static int is_shell(const char *at, const char *end)
{
	static const char *const shells[] = { "sh", "bash", "zsh", "dash", "ksh", "python", "python3", "node", "perl" };

	for (;;) {
		size_t length = 0;

		while (at < end && isspace((unsigned char)*at))
			at++;
		while (at + length < end && !isspace((unsigned char)at[length]) && !strchr("&;|)\"'`", at[length]))
			length++;
		for (const char *slash; (slash = memchr(at, '/', length));) {
			length -= (size_t)(slash + 1 - at);
			at = slash + 1;
		}
		if ((length == 4 && !strncmp(at, "sudo", 4)) || (length == 3 && !strncmp(at, "env", 3)) || (length && *at == '-') || (length > 1 && memchr(at, '=', length))) {
			at += length;
			continue;
		}
		for (size_t i = 0; i < sizeof(shells) / sizeof(*shells); i++)
			if (strlen(shells[i]) == length && !strncmp(at, shells[i], length))
				return 1;
		return 0;
	}
}

static void piped(struct unit *unit, const char *tool)
{
	const char *end = unit->text + unit->length;

	for (const char *at = unit->text; (at = memmem(at, (size_t)(end - at), tool, strlen(tool))); at++) {
		const char *stop = at, *line = at;

		while (line > unit->text && line[-1] != '\n')
			line--;
		while (line < at && isspace((unsigned char)*line))
			line++;
		if (*line == '#')
			continue;
		for (; stop < end && (*stop != '\n' || stop[-1] == '\\'); stop++) {
			if (*stop == ';' || (*stop == '&' && stop + 1 < end && stop[1] == '&'))
				break;
			if (*stop == '|' && is_shell(stop + 1, end)) {
				flag_at(unit, "SUP004", (size_t)(at - unit->text), (size_t)(stop + 1 - at), "what %s brings is run unseen", tool);
				break;
			}
		}
		/* sh -c "$(curl …)" */
		if (at > unit->text + 1 && at[-1] == '(' && at[-2] == '$')
			for (const char *back = at; back > line; back--)
				if (!strncmp(back, "sh -c", 5)) {
					flag_at(unit, "SUP004", (size_t)(back - unit->text), (size_t)(at - back) + strlen(tool), "what %s brings is run unseen", tool);
					break;
				}
	}
}

static int builds(const struct unit *unit)
{
	return unit->kind == SOURCE_DOCKERFILE || strstr(unit->path, ".github/") || strstr(unit->path, ".gitlab-ci") || strstr(unit->path, "cloudbuild") || strstr(unit->path, ".circleci/") ||
		strstr(unit->path, "azure-pipelines") || strstr(unit->path, "buildspec") || !strcmp(path_base(unit->path), "Jenkinsfile") || strstr(unit->path, "bitbucket-pipelines");
}

/* --- AGY010 --- */

static void bypasses(struct unit *unit)
{
	static const char *const switches[] = { "--dangerously-skip-permissions", "--dangerously-bypass-approvals-and-sandbox", "bypassPermissions", "--yolo", "--allow-dangerously-skip-permissions",
		"--trust-all-tools" };

	if (unit->kind == SOURCE_MARKDOWN)
		return;
	for (size_t i = 0; i < sizeof(switches) / sizeof(*switches); i++) {
		const char *at = memmem(unit->text, unit->length, switches[i], strlen(switches[i])), *line = at;

		if (!at)
			continue;
		while (line > unit->text && line[-1] != '\n')
			line--;
		while (line < at && isspace((unsigned char)*line))
			line++;
		if (*line != '#' && strncmp(line, "//", 2))
			flag_at(unit, "AGY010", (size_t)(at - unit->text), strlen(switches[i]), "%s: nobody is asked before anything", switches[i]);
	}
}

/* --- PRV005 --- */

static int is_evaluation(const char *path)
{
	static const char *const words[] = { "eval", "golden", "fixture", "dataset", "testdata", "test_data", "benchmark" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strstr(path, words[i]))
			return 1;
	return 0;
}

/* Tables and logs, whatever they are called. */
static int is_data(const char *path)
{
	static const char *const ends[] = { ".csv", ".tsv", ".jsonl", ".ndjson", ".log", ".sql", ".psv" };
	size_t length = strlen(path);

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (length > strlen(ends[i]) && !strcasecmp(path + length - strlen(ends[i]), ends[i]))
			return 1;
	return 0;
}

/* A column of them: rows that each hold one, of which an address says less than an account. */
struct column {
	const char *what;
	size_t at, length; /* of the first row */
	int accounts, sure, addresses, rows; /* sure: not digits alone */
};

/* Digits prove little, one of ten passes by chance: the row or the file must say what they are, or most rows hold one. */
static int row_says(const char *row, size_t length, const char *what)
{
	static const char *const words[] = { "card", "ssn", "social", "visa", "mastercard", "pan=" };
	char lower[256];
	size_t n = length < sizeof(lower) - 1 ? length : sizeof(lower) - 1;

	for (size_t i = 0; i < n; i++)
		lower[i] = (char)tolower((unsigned char)row[i]);
	lower[n] = 0;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strstr(lower, words[i]))
			return 1;
	return strstr(what, "IBAN") != NULL;
}

static void count_row(struct column *column, const char *row, const char *what, size_t at, size_t length)
{
	int is_address = strstr(what, "e-mail") || strstr(what, "telephone");

	if (!column->what || (column->addresses && !column->accounts && !is_address))
		*column = (struct column){ what, at, length, column->accounts, column->sure, column->addresses, column->rows };
	column->accounts += !is_address;
	column->sure += !is_address && row_says(row, length, what);
	column->addresses += is_address;
}

static void evaluation_rows(struct unit *unit)
{
	enum { ACCOUNTS = 2, ADDRESSES = 5 };
	struct column column = { 0 };
	int left = ROWS_MAX;

	for (const char *at = unit->text, *end = at + unit->length, *stop; at < end && left; at = stop + 1) {
		const char *what;
		size_t where;

		stop = memchr(at, '\n', (size_t)(end - at));
		stop = stop ? stop : end;
		int kinds = stop - at < ROW_BYTES && stop - at > 10 ? personal_data(at, (size_t)(stop - at), &what, &where) : 0;

		column.rows += stop - at > 2;
		if (kinds)
			count_row(&column, at, what, (size_t)(at - unit->text), (size_t)(stop - at));
		if (kinds >= 2) {
			flag_at(unit, "PRV005", (size_t)(at - unit->text), (size_t)(stop - at), "the row holds %s and more that looks like a person's", what);
			left--;
		}
	}
	if (left == ROWS_MAX && (column.sure >= ACCOUNTS || (column.accounts >= ACCOUNTS && column.accounts * 2 >= column.rows) || column.addresses >= ADDRESSES))
		flag_at(unit, "PRV005", column.at, column.length, "%d rows of this file hold what looks like a person's: the first %s", column.accounts + column.addresses, column.what);
}

/* --- MOD001, MOD002: MODEL=… of an environment file, model = "…" of TOML --- */

static void model_line(struct unit *unit, const char *line, const char *end)
{
	const char *equals = memchr(line, '=', (size_t)(end - line)), *value, *stop;
	const char *rule, *fix, *fault;
	char id[80];
	int named = 0;

	for (const char *at = line; equals && at + 5 <= equals; at++)
		named |= !strncasecmp(at, "model", 5);
	if (!named)
		return;
	value = equals + 1;
	while (value < end && strchr(" \t\"'", *value))
		value++;
	for (stop = value; stop < end && !strchr(" \t\r\"'#,", *stop); stop++)
		if (*stop == '/')
			value = stop + 1;
	if ((size_t)(stop - value) >= sizeof(id) || stop <= value)
		return;
	snprintf(id, sizeof(id), "%.*s", (int)(stop - value), value);
	fault = model_fault(unit, id, &rule, &fix);
	if (fault) {
		struct finding *finding = flag_at(unit, rule, (size_t)(value - unit->text), strlen(id), "%s", fault);

		if (fix)
			flag_fix(unit, finding, "write %s", fix);
	}
}

static void model_lines(struct unit *unit)
{
	for (const char *at = unit->text, *end = at + unit->length, *stop; at < end; at = stop + 1) {
		stop = memchr(at, '\n', (size_t)(end - at));
		stop = stop ? stop : end;
		if (*at != '#')
			model_line(unit, at, stop);
	}
}

/* --- prompts that are files --- */

static int is_prompt_file(const struct unit *unit)
{
	const char *path = path_in_agent(unit);

	if (unit->kind != SOURCE_MARKDOWN && unit->kind != SOURCE_TEXT)
		return 0;
	return strstr(path, "prompt") || strstr(path, "Prompt") || strstr(path, "PROMPT") || !strncasecmp(path_base(path), "system", 6) || strstr(path, "instructions");
}

static void prompt_file(struct unit *unit)
{
	const char *what = NULL, *name = path_base(unit->path);
	size_t at = 0;
	int is_system = strstr(name, "system") || strstr(name, "instruction") || strstr(name, "SYSTEM");

	if (personal_data(unit->text, unit->length, &what, &at))
		flag_at(unit, "PRV001", at, 1, "the prompt holds %s", what);
	if (lexicon_says(unit->checker->lexicon, WORD_ARITHMETIC, unit->text, unit->length))
		flag_line(unit, "COST008", 1, "the prompt asks a model for what code computes exactly");
	unit->checker->whole.prompts++;
	unit->checker->whole.cites |= lexicon_says(unit->checker->lexicon, WORD_CITE, unit->text, unit->length);
	if (is_system && unit->length >= GUARD_MIN && !lexicon_says(unit->checker->lexicon, WORD_GUARD_DATA, unit->text, unit->length) &&
		!lexicon_says(unit->checker->lexicon, WORD_GUARD_SECRET, unit->text, unit->length))
		flag_line(unit, "INJ002", 1, "the system prompt says nothing of untrusted text, of refusing, or of keeping itself to itself");
}

void check_text(struct unit *unit)
{
	const char *path = path_in_agent(unit);

	if (!strcmp(path_base(path), "CODEOWNERS"))
		unit->checker->whole.guard_path = "CODEOWNERS";
	if (strstr(path, "eval") || strstr(path, "golden"))
		unit->checker->whole.evals++;
	if (may_hide(unit))
		hidden(unit);
	if (builds(unit)) {
		piped(unit, "curl");
		piped(unit, "wget");
	}
	bypasses(unit);
	if ((is_evaluation(path) || is_data(path)) && (unit->kind == SOURCE_JSON || unit->kind == SOURCE_TEXT || unit->kind == SOURCE_YAML))
		evaluation_rows(unit);
	if (unit->checker->agent && !unit->is_test && (unit->kind == SOURCE_ENV || unit->kind == SOURCE_TOML || unit->kind == SOURCE_INI))
		model_lines(unit);
	if (unit->checker->agent && !unit->is_test && is_prompt_file(unit))
		prompt_file(unit);
}
