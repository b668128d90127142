/* What an index said: the JSON and HTML simple API of Python (PEP 691, 503, 592, 792), npm's packument; and comparing versions. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "fleet/supply/registry_private.h"

enum { VERSION_MAX = 120, VERSIONS_MAX = 20000, WHY_MAX = 300, FILE_MAX = 400, ADVISORIES_MAX = 50 };

/* --- versions --- */

static const struct spelling {
	const char *long_one, *short_one;
} spellings[] = { { "alpha", "a" }, { "beta", "b" }, { "preview", "rc" }, { "pre", "rc" }, { "rev", "post" } };

/* PEP 440, "Normalization", as far as versions in the field need it. */
static void normal_version(const char *version, char *out, size_t size)
{
	size_t count = 0;
	const char *at = version + strspn(version, " vV=");

	while (*at && count + 5 < size) {
		const char *word = NULL;

		if (*at == '+')
			break; /* a local build of the same */
		for (size_t i = 0; i < sizeof(spellings) / sizeof(*spellings) && !word; i++)
			if (!strncasecmp(at, spellings[i].long_one, strlen(spellings[i].long_one))) {
				word = spellings[i].short_one;
				at += strlen(spellings[i].long_one);
			}
		if (!word && (*at == 'c' || *at == 'C') && (!count || isdigit((unsigned char)out[count - 1]))) {
			word = "rc";
			at++;
		}
		if (word) {
			while (count && out[count - 1] == '.')
				count--;
			count += (size_t)snprintf(out + count, size - count, "%s", word);
		} else if (strchr("-_.", *at)) {
			int joins = count && isalpha((unsigned char)out[count - 1]);

			if (!joins && count && out[count - 1] != '.')
				out[count++] = '.';
			at++;
		} else {
			if (isalpha((unsigned char)*at) && count && out[count - 1] == '.')
				count--;
			while (*at == '0' && isdigit((unsigned char)at[1]) && (!count || !isdigit((unsigned char)out[count - 1])))
				at++;
			out[count++] = (char)tolower((unsigned char)*at++);
		}
	}
	while (count && out[count - 1] == '.')
		count--;
	out[count] = 0;
	/* 1.0 and 1.0.0 are the same: zeros at the end of the release go. */
	size_t release = strspn(out, "0123456789.!");
	size_t kept = release;
	while (kept > 2 && out[kept - 1] == '0' && out[kept - 2] == '.')
		kept -= 2;
	memmove(out + kept, out + release, strlen(out + release) + 1);
}

int version_same(enum ecosystem ecosystem, const char *a, const char *b)
{
	char x[VERSION_MAX], y[VERSION_MAX];

	if (ecosystem != ECOSYSTEM_PYPI)
		return !strcmp(a + strspn(a, "v="), b);
	if (!strcmp(a, b))
		return 1;
	normal_version(a, x, sizeof(x));
	normal_version(b, y, sizeof(y));
	return !strcmp(x, y);
}

int version_is_early(const char *version)
{
	size_t release = strspn(version, "0123456789.!vV");

	return version[release] && version[release] != '+' && strncasecmp(version + release + strspn(version + release, "-_"), "post", 4) != 0;
}

int version_compare(const char *a, const char *b)
{
	char x[VERSION_MAX], y[VERSION_MAX];
	const char *p = x, *q = y;

	normal_version(a, x, sizeof(x));
	normal_version(b, y, sizeof(y));
	while (*p || *q) {
		long m = isdigit((unsigned char)*p) ? strtol(p, NULL, 10) : 0, n = isdigit((unsigned char)*q) ? strtol(q, NULL, 10) : 0;

		if (m != n)
			return m < n ? -1 : 1;
		p += strspn(p, "0123456789");
		q += strspn(q, "0123456789");
		if (*p != '.' && *q != '.' && (*p || *q)) {
			int early = version_is_early(a) - version_is_early(b);

			return early ? -early : strcmp(p, q);
		}
		p += *p == '.';
		q += *q == '.';
	}
	return 0;
}

/* --- Python --- */

/* A file's part in its version: one that is not yanked keeps the version whole. */
static void add_version(struct json *versions, const char *version, const char *yanked)
{
	const struct json *known = json_get(versions, version);
	char why[WHY_MAX];

	if (!*version || strlen(version) >= VERSION_MAX || (!known && json_count(versions) >= VERSIONS_MAX))
		return;
	snprintf(why, sizeof(why), "%.*s", WHY_MAX - 1, yanked ? yanked : "");
	if (!yanked && !json_is(known, JSON_BOOL))
		json_set(versions, version, json_boolean(0));
	else if (yanked && !known)
		json_set_text(versions, version, why);
}

/* "name-1.2.3-py3-none-any.whl", "name-1.2.3.tar.gz": the version; 0: neither. PEP 427, PEP 625; older archives have dashes in their names. */
static int version_of_file(const char *file, size_t length, const char *name, char out[VERSION_MAX])
{
	static const char *const endings[] = { ".tar.gz", ".zip", ".tar.bz2", ".tgz", ".tar.xz" };
	char normal[FILE_MAX];
	const char *dash = memchr(file, '-', length), *end = NULL;

	if (length >= FILE_MAX)
		return 0;
	if (length > 4 && !memcmp(file + length - 4, ".whl", 4) && dash) {
		end = memchr(dash + 1, '-', length - (size_t)(dash + 1 - file));
		if (!end || end - dash - 1 >= VERSION_MAX)
			return 0;
		snprintf(out, VERSION_MAX, "%.*s", (int)(end - dash - 1), dash + 1);
		return 1;
	}
	for (size_t i = 0; i < sizeof(endings) / sizeof(*endings) && !end; i++)
		if (length > strlen(endings[i]) && !memcmp(file + length - strlen(endings[i]), endings[i], strlen(endings[i])))
			end = file + length - strlen(endings[i]);
	for (; end && dash && dash < end; dash = memchr(dash + 1, '-', (size_t)(end - dash - 1))) {
		deps_normal_name(file, (size_t)(dash - file), normal, sizeof(normal));
		if (strcmp(normal, name) || end - dash - 1 >= VERSION_MAX || end == dash + 1)
			continue;
		snprintf(out, VERSION_MAX, "%.*s", (int)(end - dash - 1), dash + 1);
		return 1;
	}
	return 0;
}

static void set_latest(struct json *answer)
{
	const char *latest = NULL;

	for (const struct json *row = json_first(json_get(answer, "versions")); row; row = json_next(row))
		if (!json_text(row) && !version_is_early(json_key(row)) && (!latest || version_compare(json_key(row), latest) > 0))
			latest = json_key(row);
	if (latest)
		json_set_text(answer, "latest", latest);
}

static struct json *read_simple(const char *name, const char *body, size_t length, struct error *err)
{
	struct json *tree = json_parse(body, length, err), *versions = json_object(), *answer = json_set(json_object(), "versions", versions);
	char version[VERSION_MAX];

	if (tree && !json_is(json_get(tree, "files"), JSON_ARRAY)) {
		error_set(err, ERR_FORMAT, "the answer has no `files`");
		json_free(tree);
		tree = NULL;
	}
	if (!tree) {
		json_free(answer);
		return NULL;
	}
	for (const struct json *file = json_first(json_get(tree, "files")); file; file = json_next(file)) {
		const char *named = json_text_or(json_get(file, "filename"), "");
		const struct json *yanked = json_get(file, "yanked");

		if (version_of_file(named, strlen(named), name, version))
			add_version(versions, version, json_text(yanked) ? json_text(yanked) : json_bool(yanked, 0) ? "" : NULL);
	}
	json_set_text(answer, "state", json_text(json_at(tree, "project-status.status")));
	json_free(tree);
	set_latest(answer);
	return answer;
}

/* <a href="…/name-1.0.tar.gz#sha256=…" data-yanked="why">name-1.0.tar.gz</a>: PEP 503, PEP 592 */
static struct json *read_page(const char *name, const char *body, size_t length)
{
	struct json *versions = json_object(), *answer = json_set(json_object(), "versions", versions);
	const char *end = body + length, *at = body;
	char version[VERSION_MAX], why[WHY_MAX];

	while ((at = memmem(at, (size_t)(end - at), "<a ", 3))) {
		const char *close = memchr(at, '>', (size_t)(end - at)), *stop = close ? memchr(close, '<', (size_t)(end - close)) : NULL, *yanked;

		if (!stop)
			break;
		yanked = memmem(at, (size_t)(close - at), "data-yanked", 11);
		why[0] = 0;
		if (yanked && yanked[11] == '=' && (yanked[12] == '"' || yanked[12] == '\'')) {
			const char *quote = memchr(yanked + 13, yanked[12], (size_t)(close - yanked - 13));

			snprintf(why, sizeof(why), "%.*s", quote ? (int)(quote - yanked - 13 < WHY_MAX ? quote - yanked - 13 : WHY_MAX) : 0, yanked + 13);
		}
		for (close++; close < stop && isspace((unsigned char)*close); close++)
			;
		const char *last = stop;
		while (last > close && isspace((unsigned char)last[-1]))
			last--;
		if (version_of_file(close, (size_t)(last - close), name, version))
			add_version(versions, version, yanked ? why : NULL);
		at = stop;
	}
	set_latest(answer);
	return answer;
}

/* --- npm --- */

static struct json *read_packument(const char *body, size_t length, struct error *err)
{
	struct json *tree = json_parse(body, length, err);
	const struct json *rows = json_get(tree, "versions");

	if (tree && !json_is(rows, JSON_OBJECT))
		error_set(err, ERR_FORMAT, "the answer has no `versions`");
	if (!json_is(rows, JSON_OBJECT)) {
		json_free(tree);
		return NULL;
	}
	struct json *versions = json_object(), *answer = json_set(json_object(), "versions", versions);
	for (const struct json *row = json_first(rows); row; row = json_next(row)) {
		const struct json *why = json_get(row, "deprecated");

		add_version(versions, json_key(row), json_text(why) ? (*json_text(why) ? json_text(why) : NULL) : json_bool(why, 0) ? "" : NULL);
	}
	json_set_text(answer, "latest", json_text(json_at(tree, "dist-tags.latest")));
	json_free(tree);
	return answer;
}

struct json *answer_parse(enum ecosystem ecosystem, const char *name, const char *body, size_t length, int is_html, struct error *err)
{
	struct json *answer = ecosystem == ECOSYSTEM_NPM ? read_packument(body, length, err) : is_html ? read_page(name, body, length) : read_simple(name, body, length, err);

	json_make_safe(answer);
	return answer;
}

int answer_has(const struct json *answer, enum ecosystem ecosystem, const char *version, const char **yanked)
{
	*yanked = NULL;
	for (const struct json *row = json_first(json_get(answer, "versions")); row; row = json_next(row))
		if (version_same(ecosystem, version, json_key(row))) {
			*yanked = json_text(row);
			return 1;
		}
	return 0;
}

struct json *answer_advisories(const char *body, size_t length)
{
	struct json *tree = json_parse(body, length, NULL), *list;
	const struct json *rows = json_get(tree, "vulnerabilities");

	if (!json_is(rows, JSON_ARRAY)) {
		json_free(tree);
		return NULL;
	}
	list = json_array();
	for (const struct json *row = json_first(rows); row && json_count(list) < ADVISORIES_MAX; row = json_next(row)) {
		struct json *advisory;

		if (!json_text(json_get(row, "id")) || json_text(json_get(row, "withdrawn")))
			continue;
		advisory = json_set_text(json_object(), "id", json_text(json_get(row, "id")));
		json_set_text(advisory, "alias", json_text(json_item(json_get(row, "aliases"), 0)));
		json_set_text(advisory, "fixed", json_text(json_item(json_get(row, "fixed_in"), 0)));
		json_set_text(advisory, "summary", json_text(json_get(row, "summary")));
		json_add(list, advisory);
	}
	json_free(tree);
	json_make_safe(list);
	return list;
}
