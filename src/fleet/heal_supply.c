/* SUP001: a model SDK without a version gets the one that is known: of the lock file that holds for it, else the one that all lock files of the tree agree
 * on, else what an index said an install today would take. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "fleet/deps.h"
#include "fleet/heal_private.h"
#include "fleet/registry.h"
#include "fleet/report.h"

enum { NAME_BYTES = 215, VERSION_BYTES = 120 };

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

static const char *version_of(struct site *site, enum ecosystem ecosystem, const char *name, const char **safe)
{
	const struct deps *deps = heal_deps(site);
	const char *version = deps_locked_version(deps, site->finding->path, ecosystem, name);

	*safe = "the version is the one of its lock file";
	if (!version) {
		version = deps_agreed_version(deps, ecosystem, name);
		*safe = "the version is the one that every lock file of this tree has";
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

const struct heal_row heal_supply_rows[] = { { "SUP001", pin }, { NULL, NULL } };
