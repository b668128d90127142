/* SUP001, AGY003: a model SDK or an MCP server without a version gets the one that is known: of the lock file that holds for it, else the one that all lock
 * files of the tree agree on, else the one that is installed beside it, else what an index said an install today would take. */
#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/yaml.h"
#include "fleet/heal/private.h"
#include "fleet/report/report.h"
#include "fleet/supply/deps.h"
#include "fleet/supply/registry.h"
#include "fleet/tree/walk.h"

enum { NAME_BYTES = 215, VERSION_BYTES = 120, MANIFEST_BYTES = 256 << 10 };

/* The package's name at the finding's place: `name`, `"name[extra]"`, `"name": "*"`, `name = "*"`. */
static int read_name(const struct site *site, char name[NAME_BYTES])
{
	const char *at = site->text + site->finding->place.offset;
	size_t length = 0;

	at += *at == '"' || *at == '\'';
	while (isalnum((unsigned char)at[length]) || (at[length] && strchr("-_./@", at[length])))
		length++;
	if (!length || length >= NAME_BYTES)
		return 0;
	snprintf(name, NAME_BYTES, "%.*s", (int)length, at);
	return 1;
}

/* Nothing but what a version is made of goes into a file. */
static int is_plain(const char *version)
{
	size_t length = strlen(version);

	return length && length < VERSION_BYTES && isdigit((unsigned char)*version) && strspn(version, "0123456789abcdefghijklmnopqrstuvwxyz.-+!") == length;
}

/* node_modules/NAME/package.json below a folder, through no link. */
static const char *installed_version(struct site *site, const char *folder, const char *name)
{
	char path[NAME_BYTES + 4096], bytes[MANIFEST_BYTES];
	int fd = dup(walk_root_fd(report_walk(heal_report(site))));
	struct json *manifest = NULL;

	snprintf(path, sizeof(path), "%s%snode_modules/%s/package.json", folder, *folder ? "/" : "", name);
	for (char *part = path, *slash; fd >= 0 && part; part = slash ? slash + 1 : NULL) {
		int inner;

		slash = strchr(part, '/');
		if (slash)
			*slash = 0;
		inner = openat(fd, part, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | (slash ? O_DIRECTORY : 0));
		close(fd);
		fd = inner;
	}
	ssize_t length = fd >= 0 ? read(fd, bytes, sizeof(bytes)) : -1;

	if (length > 0 && (size_t)length < sizeof(bytes))
		manifest = json_parse(bytes, (size_t)length, NULL);
	if (fd >= 0)
		close(fd);
	const char *version = json_text(json_get(manifest, "version"));

	version = version ? arena_text(heal_arena(site), version) : NULL;
	json_free(manifest);
	return version;
}

static const char *version_of(struct site *site, enum ecosystem ecosystem, const char *name, const char **safe)
{
	const struct deps *deps = heal_deps(site);
	const char *version = deps_locked_version(deps, site->finding->path, ecosystem, name);

	*safe = "the version is the one of its lock file";
	if (!version) {
		version = deps_agreed_version(deps, ecosystem, name);
		*safe = "the version is the one that every lock file of this tree has";
	}
	if (!version && ecosystem == ECOSYSTEM_NPM) {
		version = site->finding->agent && *site->finding->agent ? installed_version(site, site->finding->agent, name) : NULL;
		version = version ? version : installed_version(site, "", name);
		*safe = "the version is the one that is installed in node_modules";
	}
	if (!version && report_registry(heal_report(site))) {
		version = registry_latest(report_registry(heal_report(site)), ecosystem, name);
		*safe = "the version is the one an install today takes: the latest of the index";
	}
	return version && is_plain(version) ? version : NULL;
}

/* `name = "*"`, `"name": "latest"`: the last quoted text of the line, or of the value. */
static int pin_value(struct site *site, size_t from, const char *version)
{
	static const char *const open[] = { "\"*\"", "\"latest\"", "\"x\"", "\"\"", "'*'" };
	size_t end = line_end_at(site, from);

	for (size_t i = 0; i < sizeof(open) / sizeof(*open); i++) {
		const char *found = memmem(site->text + from, end - from, open[i], strlen(open[i]));

		if (!found)
			continue;
		edit(site, EDIT_PLAIN, (size_t)(found - site->text) + 1, strlen(open[i]) - 2, "%s", version);
		return 1;
	}
	return 0;
}

static const char *pin(struct site *site)
{
	const struct place *place = &site->finding->place;
	const char *slash = strrchr(site->finding->path, '/'), *file = slash ? slash + 1 : site->finding->path, *safe, *version;
	enum ecosystem ecosystem = !strcmp(file, "package.json") ? ECOSYSTEM_NPM : ECOSYSTEM_PYPI;
	char name[NAME_BYTES];

	if (!read_name(site, name))
		return refuse(site, "the package's name is not where it was");
	version = version_of(site, ecosystem, name, &safe);
	if (!version)
		return refuse(site, "no lock file of this tree settles a version of %.80s; with --registry the index's latest is taken", name);
	if (ecosystem == ECOSYSTEM_NPM || memchr(site->text + place->offset, '=', place->length))
		return pin_value(site, place->offset, ecosystem == ECOSYSTEM_NPM ? version : arena_format(heal_arena(site), "==%s", version)) ? safe : refuse(site, "the line is laid out in a way that is not edited from here");
	edit(site, EDIT_PLAIN, place->offset + place->length, 0, "==%s", version);
	return safe;
}

/* --- AGY003 --- */

/* "… PACKAGE is fetched without a version", as the check says it. */
static char *package_said(struct site *site)
{
	const char *said = site->finding->message, *end = strstr(said, " is fetched without a version"), *begin = end;

	while (begin && begin > said && begin[-1] != ' ')
		begin--;
	return end && end > begin ? arena_text_n(heal_arena(site), begin, (size_t)(end - begin)) : NULL;
}

/* The command of the server one of whose arguments is the package, anywhere below a node. */
static const char *command_of(const struct json *node, const char *package, int depth)
{
	const char *command = json_text(json_get(node, "command")), *found = NULL;

	for (const struct json *item = command ? json_first(json_get(node, "args")) : NULL; item; item = json_next(item))
		if (json_text(item) && !strcmp(json_text(item), package))
			return command;
	for (const struct json *item = depth && (json_is(node, JSON_OBJECT) || json_is(node, JSON_ARRAY)) ? json_first(node) : NULL; item && !found; item = json_next(item))
		found = command_of(item, package, depth - 1);
	return found;
}

/* What starts the server: "npx", "uvx" …; of code the last such word before the place. */
static const char *runner_of(struct site *site, const char *package)
{
	static const char *const runners[] = { "npx", "bunx", "pnpm", "uvx", "pipx", "docker", "podman" };
	struct json *tree = site->code ? NULL : yaml_parse_all(site->text, site->length, NULL);
	const char *command = command_of(tree, package, 8), *slash = command ? strrchr(command, '/') : NULL, *found = NULL;
	size_t last = 0;

	command = slash ? slash + 1 : command;
	for (size_t i = 0; i < sizeof(runners) / sizeof(*runners); i++) {
		if (command && !strncmp(command, runners[i], strlen(runners[i])))
			found = runners[i];
		for (int t = 0; site->code && t < code_token_count(site->code) && token_offset(site, t) < site->finding->place.offset; t++)
			if (code_token_at(site->code, t)->kind == CODE_STRING && token_offset(site, t) >= last && code_token_at(site->code, t)->length == strlen(runners[i]) + 2 &&
				!strncmp(site->text + token_offset(site, t) + 1, runners[i], strlen(runners[i])))
				last = token_offset(site, t), found = runners[i];
	}
	json_free(tree);
	return found;
}

/* The package's text between quotes or blanks, on the finding's line or at its place. */
static const char *package_here(const struct site *site, const char *package)
{
	size_t begin = site->finding->place.offset, end = begin + site->finding->place.length, length = strlen(package);

	if (!site->finding->place.length)
		begin = place_line(site), end = line_end_at(site, begin);
	for (const char *at = site->text + begin; (at = memmem(at, (size_t)(site->text + end - at), package, length)); at++)
		if (strchr("\"' \t,[", at == site->text ? ' ' : at[-1]) && (!at[length] || strchr("\"' \t\r\n,]", at[length])))
			return at;
	return NULL;
}

/* pkg, @scope/pkg, pkg[extra], each perhaps with @latest: how much of it is the name. */
static size_t bare_length(const char *package)
{
	const char *at = strrchr(package, '@');

	return at && at > package ? (size_t)(at - package) : strlen(package);
}

/* uvx --from takes requirements, and so does pipx; the others take NAME@VERSION. */
static const char *sign_of(const struct site *site, const char *runner, const char *at)
{
	size_t back = (size_t)(at - site->text) < 20 ? (size_t)(at - site->text) : 20;

	return !strcmp(runner, "pipx") || memmem(at - back, back, "--from", 6) || memmem(at - back, back, "--with", 6) ? "==" : "@";
}

static const char *pin_server(struct site *site)
{
	const char *package = package_said(site), *at = package ? package_here(site, package) : NULL, *runner = at ? runner_of(site, package) : NULL, *safe, *version;
	int python = runner && (!strcmp(runner, "uvx") || !strcmp(runner, "pipx"));

	if (!runner)
		return refuse(site, "where the server is started is not found again");
	if (!strcmp(runner, "docker") || !strcmp(runner, "podman"))
		return refuse(site, "which tag or digest of the image is meant is for a person to say: no file of this tree names one");
	char *name = arena_text_n(heal_arena(site), package, bare_length(package));
	version = version_of(site, python ? ECOSYSTEM_PYPI : ECOSYSTEM_NPM, arena_text_n(heal_arena(site), name, strcspn(name, "[")), &safe);
	if (!version)
		return refuse(site, "no lock file, no node_modules and no index that was asked settles a version of %.80s", name);
	edit(site, EDIT_PLAIN, (size_t)(at - site->text), strlen(package), "%s%s%s", name, python ? sign_of(site, runner, at) : "@", version);
	return safe;
}

const struct heal_row heal_supply_rows[] = { { "AGY003", pin_server }, { "SUP001", pin }, { NULL, NULL } };
