/* Packages that the file of an MCP client has fetched and run: npx -y NAME@VERSION, uvx NAME. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "fleet/supply/deps_private.h"

static const struct { const char *command; enum ecosystem ecosystem; } runners[] = {
	{ "npx", ECOSYSTEM_NPM }, { "npx.cmd", ECOSYSTEM_NPM }, { "bunx", ECOSYSTEM_NPM }, { "pnpm", ECOSYSTEM_NPM }, { "uvx", ECOSYSTEM_PYPI }, { "pipx", ECOSYSTEM_PYPI },
};

/* -1: it fetches nothing. */
static int ecosystem_of(const char *command)
{
	const char *slash = command ? strrchr(command, '/') : NULL;

	for (size_t i = 0; command && i < sizeof(runners) / sizeof(*runners); i++)
		if (!strcmp(slash ? slash + 1 : command, runners[i].command))
			return (int)runners[i].ecosystem;
	return -1;
}

static int takes_value(const char *option)
{
	static const char *const options[] = { "--with", "--python", "-c", "--directory", "--index-url", "--registry", "--cache" };

	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		if (!strcmp(option, options[i]))
			return 1;
	return 0;
}

/* The argument that names the package: behind --from or --package, else the first that is no option and no word of the runner's own. */
static const char *package_in(const struct json *args)
{
	for (const struct json *item = json_first(args); item; item = json_next(item)) {
		const char *text = json_text(item);

		if (!text)
			return NULL;
		if ((!strcmp(text, "--from") || !strcmp(text, "--package") || !strcmp(text, "-p") || !strcmp(text, "--spec")) && json_next(item))
			return json_text(json_next(item));
		if (*text == '-') {
			item = takes_value(text) && json_next(item) ? json_next(item) : item;
			continue;
		}
		if (strcmp(text, "run") && strcmp(text, "dlx") && strcmp(text, "exec"))
			return text;
	}
	return NULL;
}

/* name@1.2, @scope/name, name[extra]==1.2: the name, and what is wanted of it. 0: no name of an index. */
static int split(const char *package, char name[DEPS_NAME_MAX], const char **wanted)
{
	size_t length = 0;

	while (isalnum((unsigned char)package[length]) || strchr("-_./", package[length]) || (!length && *package == '@'))
		if (!package[length] || ++length >= DEPS_NAME_MAX)
			break;
	if (!length || length >= DEPS_NAME_MAX || strstr(package, "://") || *package == '.' || *package == '/')
		return 0;
	snprintf(name, DEPS_NAME_MAX, "%.*s", (int)length, package);
	*wanted = package + length;
	if (**wanted == '[')
		*wanted += strcspn(*wanted, "]") + (strchr(*wanted, ']') != NULL);
	*wanted += strspn(*wanted, "@=");
	return 1;
}

static void server(struct reading *reading, const struct json *it, size_t *offset, int *line)
{
	int ecosystem = ecosystem_of(json_text(json_get(it, "command")));
	const char *package = ecosystem >= 0 ? package_in(json_get(it, "args")) : NULL, *wanted;
	char name[DEPS_NAME_MAX], key[DEPS_NAME_MAX + 40];

	if (!package || !split(package, name, &wanted))
		return;
	snprintf(key, sizeof(key), "\"%.200s\"", package);
	int exact = isdigit((unsigned char)*wanted) && !wanted[strspn(wanted, "0123456789.abcdefghijklmnopqrstuvwxyz-+")] && strchr(wanted, '.');

	deps_want(reading, &(struct dependency){ .ecosystem = (enum ecosystem)ecosystem, .name = name, .wanted = strcmp(wanted, "latest") ? wanted : "", .version = exact ? wanted : NULL,
		.line = deps_line_of(reading, key, offset, line) });
}

void deps_mcp(struct reading *reading)
{
	struct json *tree = json_parse(reading->bytes, reading->length, NULL); /* with comments it is none: its packages are not known */
	const struct json *servers = json_get(tree, "mcpServers");
	size_t offset = 0;
	int line = 1;

	servers = servers ? servers : json_at(tree, "mcp.servers");
	servers = servers ? servers : json_get(tree, "servers");
	for (const struct json *it = json_is(servers, JSON_OBJECT) ? json_first(servers) : NULL; it; it = json_next(it))
		if (json_is(it, JSON_OBJECT))
			server(reading, it, &offset, &line);
	json_free(tree);
}
