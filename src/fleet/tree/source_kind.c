/* source_kind.c - what a file is: by its name, then by its first line and content. */
#include "fleet/tree/source.h"

#include <string.h>
#include <strings.h>

struct name_row {
	const char *name; /* whole base name, in any case */
	enum source_kind kind;
};

static const struct name_row whole_names[] = {
	{ "Dockerfile", SOURCE_DOCKERFILE },
	{ "Containerfile", SOURCE_DOCKERFILE },
	{ ".env", SOURCE_ENV },
	{ ".envrc", SOURCE_ENV },
	{ "Pipfile", SOURCE_TOML },
	{ "Pipfile.lock", SOURCE_LOCK },
	{ "package-lock.json", SOURCE_LOCK },
	{ "npm-shrinkwrap.json", SOURCE_LOCK },
	{ "pnpm-lock.yaml", SOURCE_LOCK },
	{ "yarn.lock", SOURCE_LOCK },
	{ "poetry.lock", SOURCE_LOCK },
	{ "uv.lock", SOURCE_LOCK },
	{ "pdm.lock", SOURCE_LOCK },
	{ "Cargo.lock", SOURCE_LOCK },
	{ "Gemfile.lock", SOURCE_LOCK },
	{ "composer.lock", SOURCE_LOCK },
	{ "bun.lock", SOURCE_LOCK },
	{ "bun.lockb", SOURCE_LOCK },
	{ "conda-lock.yml", SOURCE_LOCK },
	{ ".terraform.lock.hcl", SOURCE_LOCK },
	{ "go.sum", SOURCE_LOCK },
	{ "flake.lock", SOURCE_LOCK },
	{ ".npmrc", SOURCE_INI },
	{ ".pypirc", SOURCE_INI },
	{ ".netrc", SOURCE_INI },
	{ ".pgpass", SOURCE_INI },
	{ "credentials", SOURCE_INI },
	{ ".bashrc", SOURCE_SHELL },
	{ ".zshrc", SOURCE_SHELL },
	{ ".profile", SOURCE_SHELL },
	{ "Makefile", SOURCE_SHELL },
};

static const struct name_row endings[] = {
	{ ".py", SOURCE_PYTHON },
	{ ".pyi", SOURCE_PYTHON },
	{ ".pyw", SOURCE_PYTHON },
	{ ".js", SOURCE_SCRIPT },
	{ ".mjs", SOURCE_SCRIPT },
	{ ".cjs", SOURCE_SCRIPT },
	{ ".jsx", SOURCE_SCRIPT },
	{ ".ts", SOURCE_SCRIPT },
	{ ".mts", SOURCE_SCRIPT },
	{ ".cts", SOURCE_SCRIPT },
	{ ".tsx", SOURCE_SCRIPT },
	{ ".ipynb", SOURCE_NOTEBOOK },
	{ ".yaml", SOURCE_YAML },
	{ ".yml", SOURCE_YAML },
	{ ".json", SOURCE_JSON },
	{ ".jsonl", SOURCE_JSON },
	{ ".ndjson", SOURCE_JSON },
	{ ".jsonc", SOURCE_JSON },
	{ ".json5", SOURCE_JSON },
	{ ".toml", SOURCE_TOML },
	{ ".ini", SOURCE_INI },
	{ ".cfg", SOURCE_INI },
	{ ".conf", SOURCE_INI },
	{ ".properties", SOURCE_INI },
	{ ".env", SOURCE_ENV },
	{ ".dockerfile", SOURCE_DOCKERFILE },
	{ ".tf", SOURCE_TERRAFORM },
	{ ".tfvars", SOURCE_TERRAFORM },
	{ ".hcl", SOURCE_TERRAFORM },
	{ ".md", SOURCE_MARKDOWN },
	{ ".markdown", SOURCE_MARKDOWN },
	{ ".mdx", SOURCE_MARKDOWN },
	{ ".rst", SOURCE_MARKDOWN },
	{ ".sh", SOURCE_SHELL },
	{ ".bash", SOURCE_SHELL },
	{ ".zsh", SOURCE_SHELL },
	{ ".fish", SOURCE_SHELL },
	{ ".lock", SOURCE_LOCK },
};

static int ends_with(const char *name, const char *ending)
{
	size_t length = strlen(name), n = strlen(ending);

	return length >= n && !strcasecmp(name + length - n, ending);
}

static enum source_kind kind_of_name(const char *name)
{
	for (size_t i = 0; i < sizeof(whole_names) / sizeof(*whole_names); i++)
		if (!strcasecmp(name, whole_names[i].name))
			return whole_names[i].kind;
	if (!strncasecmp(name, "Dockerfile.", 11))
		return SOURCE_DOCKERFILE;
	if (!strncasecmp(name, ".env.", 5))
		return SOURCE_ENV;
	if (!strncasecmp(name, "requirements", 12) && (ends_with(name, ".txt") || ends_with(name, ".in")))
		return SOURCE_REQUIREMENTS;
	if (!strncasecmp(name, "constraints", 11) && ends_with(name, ".txt"))
		return SOURCE_REQUIREMENTS;
	for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++)
		if (ends_with(name, endings[i].name))
			return endings[i].kind;
	return SOURCE_TEXT;
}

static int line_names(const char *bytes, size_t length, const char *word)
{
	return memmem(bytes, length, word, strlen(word)) != NULL;
}

/* "#!/usr/bin/env python3" of a file whose name says nothing. */
static enum source_kind kind_of_first_line(const char *bytes, size_t length)
{
	const char *end;

	if (length < 3 || bytes[0] != '#' || bytes[1] != '!')
		return SOURCE_TEXT;
	length = length > 256 ? 256 : length;
	end = memchr(bytes, '\n', length);
	length = end ? (size_t)(end - bytes) : length;
	if (line_names(bytes, length, "python"))
		return SOURCE_PYTHON;
	if (line_names(bytes, length, "node") || line_names(bytes, length, "deno") || line_names(bytes, length, "bun"))
		return SOURCE_SCRIPT;
	return line_names(bytes, length, "sh") ? SOURCE_SHELL : SOURCE_TEXT;
}

enum { HEAD_BYTES = 8192 }; /* as git looks at for a NUL */

/* A NUL in the head; UTF-16 is told before this is asked. */
static int is_binary(const char *bytes, size_t length)
{
	return memchr(bytes, 0, length < HEAD_BYTES ? length : HEAD_BYTES) != NULL;
}

enum source_kind source_kind_of(const char *path, const char *bytes, size_t length)
{
	const char *slash = strrchr(path, '/');
	enum source_kind kind = kind_of_name(slash ? slash + 1 : path);

	if (is_binary(bytes, length))
		return SOURCE_BINARY;
	return kind == SOURCE_TEXT ? kind_of_first_line(bytes, length) : kind;
}
