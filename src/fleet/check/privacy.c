/* PRV002, PRV003, SEC012, SEC013 in code: what leaves by prompts, logs and addresses. */
#include <string.h>

#include "fleet/check/checker_parts.h"

static const struct code_call *call_at(const struct unit *unit, int i)
{
	return code_call_at(unit->code, i);
}

/* --- PRV002 --- */

struct personal {
	struct unit *unit;
	const char *field;
};

static int personal_name(const char *name, const char *chain, int token, void *data)
{
	struct personal *personal = data;
	const char *point = strrchr(chain, '.');

	(void)name;
	(void)token;
	if (!point || !says(personal->unit, WORD_PERSONAL, point + 1))
		return 0;
	personal->field = chain;
	return 1;
}

/* Strings with fields that go to a model: an argument of a call of one, or a name that says prompt. */
static int is_prompt(struct unit *unit, int from)
{
	const struct code_assign *assign = code_assign_at(unit->code, code_assign_around(unit->code, from));
	const char *key = from > 1 && code_is(unit->code, from - 1, ":") && code_token_at(unit->code, from - 2)->kind == CODE_STRING ?
		code_string(unit->code, from - 2, from - 1, NULL) : NULL;

	/* {"role": "user", "content": f"…"}, wherever it is kept until it is sent. */
	if (key && !strcmp(key, "content"))
		return 1;
	if (assign && (says(unit, WORD_PROMPT_NAME, assign->target) || says(unit, WORD_CONTENT, assign->target)))
		return 1;
	for (int i = code_call_from(unit->code, from) - 1; i >= 0; i = call_at(unit, i)->outer)
		if (role(unit, i) & ANY_RUN && from < call_at(unit, i)->close)
			return 1;
	return 0;
}

static void personal_fields(struct unit *unit)
{
	for (int i = 0; i < code_token_count(unit->code); i++) {
		struct personal personal = { unit, NULL };
		int fields = 0;

		if (!code_has_fields(unit->code, i) || !code_string(unit->code, i, i + 1, &fields) || !fields)
			continue;
		if (!code_names(unit->code, i, i + 1, personal_name, &personal) || !is_prompt(unit, i))
			continue;
		if (!function_says(unit, code_function_around(unit->code, i), WORD_REDACT))
			flag(unit, "PRV002", i, i + 1, "%s goes to the model as it is", personal.field);
	}
}

/* --- PRV003, SEC012 --- */

static int is_quiet(const char *written)
{
	const char *point = strrchr(written, '.');

	return point && (!strcmp(point, ".debug") || !strcmp(point, ".trace") || !strcmp(point, ".getLogger") || !strcmp(point, ".bind") || !strcmp(point, ".setLevel"));
}

struct logged {
	struct unit *unit;
	const char *what;
	int secret;
};

static int is_content(const char *chain)
{
	static const char *const parts[] = { ".content", ".choices", ".output_text", ".text", ".final_output", ".output", ".candidates" };

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if (strstr(chain, parts[i]))
			return 1;
	return 0;
}

/* Parts of a reply that are no content. */
static int is_measure(const char *chain)
{
	static const char *const parts[] = { ".usage", ".id", ".model", ".status", "_id", ".finish_reason", ".stop_reason", "_count", "_tokens", ".latency", ".length", ".role", ".name", ".created",
		".error" };

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if (strstr(chain, parts[i]))
			return 1;
	return 0;
}

static int logged_name(const char *name, const char *chain, int token, void *data)
{
	struct logged *logged = data;
	struct unit *unit = logged->unit;

	/* len(x), sha256(x), x[:20] say less than x. */
	for (int i = token - 1; i > 0 && i > token - 4; i--)
		if (code_is(unit->code, i, "len") || code_is(unit->code, i, "type") || code_is(unit->code, i, "hash") || code_is(unit->code, i, "id") || code_is(unit->code, i, "redact") ||
			code_is(unit->code, i, "mask"))
			return 0;
	int reply = (taint_of(unit, token, token + 1) & FROM_REPLY) != 0, bare = !strchr(chain, '.'), whole = says(unit, WORD_CONTENT, name) || (reply && says(unit, WORD_REPLY_NAME, name));

	if (logged->secret ? (taint_of(unit, token, token + 1) & FROM_SECRET) && !is_measure(chain) : ((bare && whole) || ((whole || reply) && is_content(chain))) && !is_measure(chain)) {
		logged->what = chain;
		return 1;
	}
	return 0;
}

/* Whether a call in the arguments makes the text harmless. */
static int is_masked(struct unit *unit, const struct code_call *call)
{
	for (int i = code_call_from(unit->code, call->open + 1); i < code_call_count(unit->code) && call_at(unit, i)->open < call->close; i++) {
		const char *written = call_at(unit, i)->written;

		if (says(unit, WORD_REDACT, written) || !strcmp(written, "len") || !strcmp(written, "bool") || strstr(written, "hash") || strstr(written, "sha256"))
			return 1;
	}
	return 0;
}

/* print in a file that is run by hand is how it answers; in a service it is a log. */
static int is_log(const struct unit *unit, int i)
{
	if (!strcmp(call_at(unit, i)->written, "print") || !strcmp(call_at(unit, i)->written, "console.log"))
		return unit->is_service;
	return 1;
}

static void logs(struct unit *unit, int i)
{
	const struct code_call *call = call_at(unit, i);
	struct logged logged = { .unit = unit };

	if (!(role(unit, i) & ROLE(LOG)) || is_masked(unit, call))
		return;
	logged.secret = 1;
	if (code_names(unit->code, call->open + 1, call->close, logged_name, &logged)) {
		struct finding *finding = flag_call(unit, "SEC012", call, "%s writes %s, which holds a credential", call->written, logged.what);

		(void)finding;
		return;
	}
	logged.secret = 0;
	if (!is_quiet(call->written) && is_log(unit, i) && code_names(unit->code, call->open + 1, call->close, logged_name, &logged))
		flag_call(unit, "PRV003", call, "%s writes all of %s", call->written, logged.what);
}

/* SEC013: f"…?key={api_key}" */
static void secret_in_query(struct unit *unit)
{
	static const char *const keys[] = { "key={", "token={", "api_key={", "apikey={", "access_token={", "secret={", "password={" };

	for (int i = 0; i < code_token_count(unit->code); i++) {
		int fields = 0, hit = 0;
		const char *text = code_has_fields(unit->code, i) ? code_string(unit->code, i, i + 1, &fields) : NULL;

		for (size_t k = 0; text && fields && k < sizeof(keys) / sizeof(*keys); k++) {
			const char *at = strstr(text, keys[k]);

			hit |= at && at > text && (at[-1] == '?' || at[-1] == '&' || strstr(text, "?api_") || strstr(text, "&api_"));
		}
		if (hit && (taint_of(unit, i, i + 1) & FROM_SECRET || range_says(unit, i, i + 1, WORD_SECRET_NAME)))
			flag(unit, "SEC013", i, i + 1, "a credential is sent in the query of a URL");
	}
}

void check_privacy(struct unit *unit)
{
	personal_fields(unit);
	for (int i = 0; i < code_call_count(unit->code); i++)
		logs(unit, i);
	secret_in_query(unit);
}
