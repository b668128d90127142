/* Secrets in files that are no code: where what reads the file puts variables in by itself, the value becomes one; what they are called goes to .env.example. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "fleet/heal/private.h"

static const char *base_of(const struct site *site)
{
	const char *slash = strrchr(site->finding->path, '/');

	return slash ? slash + 1 : site->finding->path;
}

/* KEY of `KEY: value`, `- KEY=value`, `"KEY": "value"`, `export KEY=value`, when nothing but blanks and a quote stands before the value; NULL. */
static char *key_before(const struct site *site)
{
	size_t begin = line_begin(site, site->finding->place.offset), at = site->finding->place.offset, end;

	if (at > begin && strchr("\"'", site->text[at - 1]))
		at--;
	while (at > begin && (site->text[at - 1] == ' ' || site->text[at - 1] == '\t'))
		at--;
	if (at == begin || !strchr(":=", site->text[at - 1]))
		return NULL;
	at--;
	while (at > begin && strchr(" \t\"'", site->text[at - 1]))
		at--;
	end = at;
	while (at > begin && (isalnum((unsigned char)site->text[at - 1]) || strchr("_-.", site->text[at - 1])))
		at--;
	return end > at ? as_variable(site, site->text + at, end - at) : NULL;
}

static char *variable_here(const struct site *site)
{
	char *key = key_before(site);

	return key ? key : variable_of_rule(site);
}

/* The value as a variable, written as the format says. */
static const char *expand(struct site *site, const char *format, const char *safe)
{
	const struct place *place = &site->finding->place;
	const char *mark = strstr(format, "NAME"), *name;

	if (!place->length)
		return refuse(site, "the value is not found again");
	name = name_in_example(site, path_beside(site, ".env.example"), variable_here(site));
	edit(site, EDIT_PLAIN, place->offset, place->length, "%.*s%s%s", (int)(mark - format), format, name, mark + 4);
	return safe;
}

/* --- files whose reader expands variables --- */

static const char *in_compose(struct site *site)
{
	return expand(site, "${NAME}", "Compose puts the variable in, from its own environment or .env; revoke the value that was written here");
}

/* In single quotes a shell expands nothing. */
static int in_single_quotes(const struct site *site, size_t offset)
{
	int single = 0, twice = 0;

	for (size_t at = line_begin(site, offset); at < offset; at++) {
		if (site->text[at] == '\'' && !twice)
			single = !single;
		else if (site->text[at] == '"' && !single)
			twice = !twice;
		else if (site->text[at] == '\\' && !single)
			at++;
	}
	return single;
}

static const char *in_shell(struct site *site)
{
	size_t from = site->finding->place.offset, to = from + site->finding->place.length;

	if (!in_single_quotes(site, from))
		return expand(site, "${NAME:?}", "the shell puts the variable in, and stops where it is not set; revoke the value that was written here");
	if (!from || site->text[from - 1] != '\'' || site->text[to] != '\'')
		return refuse(site, "in single quotes the shell puts no variable in");
	edit(site, EDIT_PLAIN, from - 1, to - from + 2, "\"${%s:?}\"", name_in_example(site, path_beside(site, ".env.example"), variable_here(site)));
	return "the shell puts the variable in, and stops where it is not set; revoke the value that was written here";
}

/* An MCP client's own ${NAME}; VS Code writes ${env:NAME}. */
static const char *in_client_file(struct site *site)
{
	if (strncmp(site->finding->rule, "SEC011", 6))
		return refuse(site, "what reads this file must learn to read the environment first");
	return expand(site, strstr(site->finding->path, ".vscode/") ? "${env:NAME}" : "${NAME}",
		"the client puts the variable in when it starts; revoke the value that was written here");
}

static const char *in_workflow(struct site *site)
{
	char *name = variable_here(site);

	edit(site, EDIT_PLAIN, site->finding->place.offset, site->finding->place.length, "${{ secrets.%s }}", name);
	return "the runner puts the repository's secret in, which must be made there; revoke the value that was written here";
}

static const char *in_requirements(struct site *site)
{
	return expand(site, "${NAME}", "pip puts the variable in; revoke the value that was written here");
}

/* --- where a person must decide --- */

static const char *in_env_file(struct site *site)
{
	return refuse(site, "an environment file is where it is looked for: SEC008 keeps the file out of git; revoke the value if git ever had it");
}

const char *heal_secret_in_file(struct site *site)
{
	const char *path = site->finding->path, *base = base_of(site);

	switch (site->file->source.kind) {
	case SOURCE_ENV: return in_env_file(site);
	case SOURCE_SHELL: return in_shell(site);
	case SOURCE_JSON: return in_client_file(site);
	case SOURCE_REQUIREMENTS: return in_requirements(site);
	case SOURCE_YAML:
		if (strstr(base, "compose"))
			return in_compose(site);
		if (strstr(path, ".github/workflows/"))
			return in_workflow(site);
		break;
	default: break;
	}
	return refuse(site, "what reads this file must learn to read the environment first");
}

/* --- SEC008 --- */

/* Every variable of the file, without its value. */
static void name_all(struct site *site)
{
	char *example = path_beside(site, ".env.example");

	for (size_t at = 0, end; at < site->length; at = end + 1) {
		size_t length = 0;

		end = line_end_at(site, at);
		end += end < site->length && site->text[end] == '\r';
		while (at < end && (site->text[at] == ' ' || site->text[at] == '\t'))
			at++;
		if (end - at > 7 && !strncmp(site->text + at, "export ", 7))
			at += 7;
		while (at + length < end && (isalnum((unsigned char)site->text[at + length]) || site->text[at + length] == '_'))
			length++;
		if (length && at + length < end && site->text[at + length] == '=')
			append_line(site, example, arena_format(heal_arena(site), "%.*s=", (int)length, site->text + at));
	}
}

/* Kept out of git, its names in an example. The file stays: the program that reads it needs it. */
const char *heal_live_env(struct site *site)
{
	size_t before = site->heal->append_count;

	append_line(site, path_beside(site, ".gitignore"), base_of(site));
	if (site->heal->append_count == before)
		return refuse(site, "its folder ignores it already, and git has it all the same: `git rm --cached` takes it out; revoke its values");
	name_all(site);
	return "the file itself stays: it is ignored from now on, and an example names its variables. Where git has it already, take it out with `git rm --cached`; revoke its values";
}
