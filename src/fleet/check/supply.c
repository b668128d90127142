/* SUP001 to SUP003: what an agent is built of, as its manifests say. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/mem.h"
#include "fleet/agent/agent.h"
#include "fleet/check/checker_parts.h"
#include "fleet/tree/path.h"

enum { NAME_BYTES = 120, UNPINNED_MAX = 64, JSON_MAX = 1 << 20 };

static int is_hex(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!isxdigit((unsigned char)text[i]))
			return 0;
	return length > 0;
}

/* A commit of 40 (or 64) hex digits behind @ or #. */
static int has_commit(const char *text, size_t length)
{
	for (size_t i = 0; i + 40 < length; i++)
		if ((text[i] == '@' || text[i] == '#') && is_hex(text + i + 1, 40))
			return 1;
	return 0;
}

static void unpinned(struct unit *unit, const char *name, size_t offset, size_t length)
{
	struct whole *whole = &unit->checker->whole;

	if (!unit->checker->agent || !lexicon_lists(unit->checker->lexicon, LIST_SDKS, name))
		return;
	if (!whole->unpinned)
		whole->unpinned = arena_alloc(unit->checker->arena, UNPINNED_MAX * sizeof(*whole->unpinned));
	if (whole->unpinned_count < UNPINNED_MAX)
		whole->unpinned[whole->unpinned_count++] = (struct unpinned){ .path = arena_text(unit->checker->arena, unit->path),
			.name = arena_text(unit->checker->arena, name), .place = source_place(unit->source, offset, length) };
}

/* name[extra] spec ; marker — PEP 508. */
static void requirement(struct unit *unit, const char *text, size_t length)
{
	char name[NAME_BYTES];
	size_t at = 0, count = 0, offset = (size_t)(text - unit->text), end;

	while (length && isspace((unsigned char)text[length - 1]))
		length--;
	if (memmem(text, length, "git+", 4) || memmem(text, length, "@ git", 5)) {
		if (!has_commit(text, length))
			flag_at(unit, "SUP002", offset, length, "the dependency follows a branch or tag, not a commit");
		return;
	}
	for (; at < length && (isalnum((unsigned char)text[at]) || strchr("-_.", text[at])); at++)
		if (count + 1 < sizeof(name))
			name[count++] = text[at] == '_' || text[at] == '.' ? '-' : (char)tolower((unsigned char)text[at]);
	name[count] = 0;
	if (at < length && text[at] == '[')
		while (at < length && text[at++] != ']')
			;
	while (at < length && text[at] == ' ')
		at++;
	end = at;
	if (at == length || text[at] == ';' || text[at] == '#')
		unpinned(unit, name, offset, end);
}

/* Whether the version is settled: ==, ===, an address or a file. */
static int is_settled(const char *text, size_t length)
{
	return memmem(text, length, "==", 2) || memmem(text, length, "://", 3) || memmem(text, length, " @ ", 3) || *text == '.' || *text == '/';
}

/* A file in which every version is settled is a lock itself. */
static void wants_lock(struct unit *unit, int loose)
{
	struct whole *whole = &unit->checker->whole;

	if (loose && unit->checker->agent && !strcmp(path_base(unit->path), "requirements.txt") && whole->manifest_count < 8)
		whole->manifests[whole->manifest_count++] = arena_text(unit->checker->arena, unit->path);
}

static void requirements(struct unit *unit)
{
	int loose = 0;

	for (const char *at = unit->text, *end = at + unit->length, *stop; at < end; at = stop + 1) {
		const char *comment;
		size_t length;

		stop = memchr(at, '\n', (size_t)(end - at));
		stop = stop ? stop : end;
		while (at < stop && isspace((unsigned char)*at))
			at++;
		length = (size_t)(stop - at);
		comment = memmem(at, length, " #", 2);
		length = comment ? (size_t)(comment - at) : length;
		if (!length || *at == '#')
			continue;
		loose += *at != '-' && !is_settled(at, length);
		if (*at != '-')
			requirement(unit, at, length);
		else if (!strncmp(at, "-e ", 3) && memmem(at, length, "git+", 4) && !has_commit(at, length))
			flag_at(unit, "SUP002", (size_t)(at - unit->text), length, "the dependency follows a branch or tag, not a commit");
	}
	wants_lock(unit, loose);
}

/* --- pyproject.toml, Pipfile: sections, arrays of strings, tables of names --- */

enum section { SECTION_OTHER, SECTION_PROJECT, SECTION_NAMES };

static enum section section_of(const char *line, size_t length)
{
	if (memmem(line, length, "dependencies", 12) || memmem(line, length, "packages", 8))
		return memmem(line, length, "[project.", 9) || memmem(line, length, "dependency-groups", 17) ? SECTION_PROJECT : SECTION_NAMES;
	return memmem(line, length, "[project]", 9) || memmem(line, length, "dependency-groups", 17) ? SECTION_PROJECT : SECTION_OTHER;
}

/* name = "*", name = {git = "…"} */
static void named_dependency(struct unit *unit, const char *line, size_t length)
{
	const char *equals = memchr(line, '=', length);
	char name[NAME_BYTES];
	size_t count = 0;

	if (!equals)
		return;
	for (const char *at = line; at < equals && count + 1 < sizeof(name); at++)
		if (!isspace((unsigned char)*at) && *at != '"' && *at != '\'')
			name[count++] = *at == '_' ? '-' : (char)tolower((unsigned char)*at);
	name[count] = 0;
	if (memmem(equals, length - (size_t)(equals - line), "git", 3) && memmem(equals, length - (size_t)(equals - line), "://", 3)) {
		if (!memmem(line, length, "rev", 3) || memmem(line, length, "branch", 6))
			flag_at(unit, "SUP002", (size_t)(line - unit->text), length, "%s follows a branch or tag, not a commit", name);
		return;
	}
	if (memmem(equals, length - (size_t)(equals - line), "\"*\"", 3) || memmem(equals, length - (size_t)(equals - line), "\"latest\"", 8))
		unpinned(unit, name, (size_t)(line - unit->text), length);
}

static void quoted(struct unit *unit, const char *line, size_t length)
{
	for (const char *at = line, *end = line + length; at < end;) {
		const char *close;

		if (*at != '"' && *at != '\'') {
			at += *at == '#' ? end - at : 1;
			continue;
		}
		close = memchr(at + 1, *at, (size_t)(end - at - 1));
		if (!close)
			return;
		requirement(unit, at + 1, (size_t)(close - at - 1));
		at = close + 1;
	}
}

static void toml(struct unit *unit)
{
	enum section section = SECTION_OTHER;
	int in_array = 0, dependencies = 0;

	for (const char *at = unit->text, *end = at + unit->length, *stop; at < end; at = stop + 1) {
		size_t length;

		stop = memchr(at, '\n', (size_t)(end - at));
		stop = stop ? stop : end;
		while (at < stop && isspace((unsigned char)*at))
			at++;
		length = (size_t)(stop - at);
		if (!length || *at == '#')
			continue;
		if (*at == '[' && !in_array) {
			section = section_of(at, length);
		} else if (section == SECTION_NAMES) {
			named_dependency(unit, at, length);
			dependencies++;
		} else if (section == SECTION_PROJECT) {
			const char *open = memchr(at, '[', length);

			if (!in_array && open && (memmem(at, length, "dependencies", 12) || !memmem(at, length, "=", 0) || section_of(at, length))) {
				in_array = 1;
				dependencies++;
				quoted(unit, open, length - (size_t)(open - at));
			} else if (in_array) {
				quoted(unit, at, length);
			}
			if (in_array && (memchr(at, ']', length) && (at[length - 1] == ']' || *at == ']')))
				in_array = 0;
		}
	}
	if (dependencies && unit->checker->agent && unit->checker->whole.manifest_count < 8)
		unit->checker->whole.manifests[unit->checker->whole.manifest_count++] = arena_text(unit->checker->arena, unit->path);
}

/* --- package.json --- */

static void package_dependency(struct unit *unit, const struct json *item)
{
	const char *name = json_key(item), *spec = json_text(item), *at;
	size_t offset = 0;
	char key[NAME_BYTES + 4];

	if (!name || !spec || strlen(name) > NAME_BYTES)
		return;
	key[0] = '"';
	strcpy(key + 1, name);
	strcat(key, "\"");
	at = memmem(unit->text, unit->length, key, strlen(key));
	offset = at ? (size_t)(at - unit->text) : 0;
	if (!strncmp(spec, "git", 3) || strstr(spec, "github:") || (strchr(spec, '/') && *spec != '.' && !strstr(spec, ":") && *spec != '@')) {
		if (!has_commit(spec, strlen(spec)))
			flag_at(unit, "SUP002", offset, strlen(key), "%s follows a branch or tag, not a commit", name);
	} else if (!*spec || !strcmp(spec, "*") || !strcmp(spec, "latest") || !strcmp(spec, "x")) {
		unpinned(unit, name, offset, strlen(key));
	}
}

static void package_json(struct unit *unit)
{
	static const char *const groups[] = { "dependencies", "devDependencies", "optionalDependencies" };
	struct json *tree = unit->length < JSON_MAX ? json_parse(unit->text, unit->length, NULL) : NULL;
	int count = 0;

	for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++)
		for (const struct json *item = json_first(json_get(tree, groups[i])); item; item = json_next(item), count++)
			package_dependency(unit, item);
	if (count && unit->checker->agent && unit->checker->whole.manifest_count < 8)
		unit->checker->whole.manifests[unit->checker->whole.manifest_count++] = arena_text(unit->checker->arena, unit->path);
	json_free(tree);
}

/* Kept until the manifests are known: whether it has what they want. */
static void keep_lock(struct unit *unit)
{
	enum { LOCK_MAX = 4 << 20, LOCKS_BYTES = 16 << 20 };
	struct checker *checker = unit->checker;
	struct lock_text *lock;

	checker->whole.locks++;
	if (unit->length > LOCK_MAX || checker->kept_bytes + unit->length > LOCKS_BYTES) {
		checker->whole.locks_unread = 1;
		return;
	}
	lock = arena_alloc(checker->arena, sizeof(*lock));
	*lock = (struct lock_text){ arena_text_n(checker->arena, unit->text, unit->length), unit->length, checker->whole.lock_texts };
	checker->whole.lock_texts = lock;
	checker->kept_bytes += unit->length;
}

void check_supply(struct unit *unit)
{
	const char *name = path_base(unit->path);

	if (unit->kind == SOURCE_LOCK)
		keep_lock(unit);
	else if (unit->kind == SOURCE_REQUIREMENTS)
		requirements(unit);
	else if (!strcmp(name, "pyproject.toml") || !strcmp(name, "Pipfile"))
		toml(unit);
	else if (!strcmp(name, "package.json"))
		package_json(unit);
}
