/* prod, staging or dev: by what the operator configured, then by the words people use in names. */
#include <ctype.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/config.h"
#include "base/json.h"
#include "base/mem.h"
#include "estate/inside.h"

enum { HOST_MAX = 256 };

struct scopes {
	const struct json *patterns; /* `scopes: {prod: ["shop-*"], dev: [...]}`, the configuration's own */
	char otherwise[12];          /* --scope */
	char host[HOST_MAX];
};

static const char *const scope_names[] = { "prod", "staging", "dev" };

static const struct {
	const char *word, *scope;
} words[] = {
	{ "prod", "prod" },
	{ "production", "prod" },
	{ "prd", "prod" },
	{ "live", "prod" },
	{ "staging", "staging" },
	{ "stage", "staging" },
	{ "stg", "staging" },
	{ "preprod", "staging" },
	{ "nonprod", "staging" },
	{ "uat", "staging" },
	{ "qa", "staging" },
	{ "dev", "dev" },
	{ "develop", "dev" },
	{ "development", "dev" },
	{ "test", "dev" },
	{ "testing", "dev" },
	{ "sandbox", "dev" },
	{ "minikube", "dev" },
	{ "kind", "dev" },
	{ "k3d", "dev" },
};

struct scopes *scopes_new(const struct config *config)
{
	struct scopes *scopes = mem_zero(1, sizeof(*scopes));
	const char *scope = config ? config_get(config, "scope") : NULL;

	scopes->patterns = config ? config_tree(config, "scopes") : NULL;
	for (size_t i = 0; scope && i < sizeof(scope_names) / sizeof(*scope_names); i++)
		if (!strcasecmp(scope, scope_names[i]))
			strcpy(scopes->otherwise, scope_names[i]);
	if (gethostname(scopes->host, sizeof(scopes->host) - 1))
		*scopes->host = '\0';
	return scopes;
}

void scopes_free(struct scopes *scopes)
{
	free(scopes);
}

static int list_matches(const struct json *list, const char *name)
{
	if (json_text(list))
		return !fnmatch(json_text(list), name, FNM_CASEFOLD);
	for (const struct json *item = json_first(list); item; item = json_next(item))
		if (json_text(item) && !fnmatch(json_text(item), name, FNM_CASEFOLD))
			return 1;
	return 0;
}

static const char *configured(const struct scopes *scopes, const char *name)
{
	for (size_t i = 0; i < sizeof(scope_names) / sizeof(*scope_names); i++)
		if (list_matches(json_get(scopes->patterns, scope_names[i]), name))
			return scope_names[i];
	return NULL;
}

/* A part of a name between '-', '_' … without the digits behind it: "prod2". */
static const char *scope_of_part(const char *part, size_t length)
{
	while (length && isdigit((unsigned char)part[length - 1]))
		length--;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strlen(words[i].word) == length && !strncasecmp(part, words[i].word, length))
			return words[i].scope;
	return NULL;
}

static int is_before(const char *name, const char *part, const char *word)
{
	size_t length = strlen(word);

	return (size_t)(part - name) > length && !strncasecmp(part - length - 1, word, length);
}

/* "pre-prod" and "non-prod" are not prod. */
static const char *built_in(const char *name)
{
	const char *found = NULL;

	for (const char *part = name; *part;) {
		const char *end = part, *scope;

		while (isalnum((unsigned char)*end))
			end++;
		scope = scope_of_part(part, (size_t)(end - part));
		if (scope && !strcmp(scope, "prod")) {
			if (!is_before(name, part, "non") && !is_before(name, part, "pre") &&
				!is_before(name, part, "not"))
				return scope;
			scope = "staging";
		}
		if (scope && !found)
			found = scope;
		part = end + (*end != '\0');
	}
	return found;
}

void scopes_find(const struct scopes *scopes, const char *namespace_, const char *account,
	char out[12])
{
	const char *names[] = { namespace_, account, account && *account ? NULL : scopes->host };
	const char *scope = NULL;

	for (size_t i = 0; i < 3 && !scope; i++)
		if (names[i] && *names[i])
			scope = configured(scopes, names[i]);
	for (size_t i = 0; i < 3 && !scope; i++)
		if (names[i] && *names[i])
			scope = built_in(names[i]);
	strcpy(out, scope ? scope : scopes->otherwise);
}
