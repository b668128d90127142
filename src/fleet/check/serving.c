/* NET002, NET005, OBS003, PRV007 in code: where an agent is reached and where it calls. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "fleet/agent/agent.h"
#include "fleet/check/checker_parts.h"
#include "fleet/check/place_url.h"

static int ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), n = strlen(end);

	return length >= n && !strcmp(text + length - n, end);
}

/* NET002: base_url="http://…" of a client, or a constant for one. */
static void plain_http(struct unit *unit)
{
	static const char *const keywords[] = { "base_url", "api_base", "openai_api_base", "azure_endpoint", "endpoint", "endpoint_url", "baseURL", "baseUrl", "host", "api_endpoint", "server_url" };

	for (int i = 0; i < code_call_count(unit->code); i++) {
		const struct code_call *call = code_call_at(unit->code, i);

		for (size_t k = 0; k < sizeof(keywords) / sizeof(*keywords); k++) {
			const struct code_argument *argument = code_keyword(unit->code, call, keywords[k]);
			const char *url = argument ? literal(unit, argument->value, argument->end, NULL) : NULL;

			if (url && !strncmp(url, "http://", 7) && !url_is_local(url))
				flag(unit, "NET002", argument->token, argument->end, "%s is reached without TLS", url);
		}
	}
	for (int i = 0; i < code_assign_count(unit->code); i++) {
		const struct code_assign *assign = code_assign_at(unit->code, i);
		const char *name = assign->target, *url;

		if (!strstr(name, "BASE_URL") && !strstr(name, "ENDPOINT") && !strstr(name, "API_BASE") && !strstr(name, "AGENT_URL") && !strstr(name, "api_base"))
			continue;
		url = code_string(unit->code, assign->value, assign->end, NULL);
		if (url && !strncmp(url, "http://", 7) && !url_is_local(url))
			flag(unit, "NET002", assign->token, assign->end, "%s is reached without TLS", url);
	}
}

/* NET001 as an attribute: session.verify = False, context.check_hostname = False. */
static void unverified(struct unit *unit)
{
	for (int i = 0; i < code_assign_count(unit->code); i++) {
		const struct code_assign *assign = code_assign_at(unit->code, i);

		if ((ends_with(assign->target, ".verify") || ends_with(assign->target, ".check_hostname") || ends_with(assign->target, ".verify_ssl")) &&
			assign->end == assign->value + 1 && code_is(unit->code, assign->value, "False"))
			flag(unit, "NET001", assign->token, assign->end, "%s: whoever answers is believed", assign->target);
	}
}

/* Middleware or a dependency of the whole application. */
int app_has_auth(struct unit *unit)
{
	for (int i = 0; i < code_call_count(unit->code); i++) {
		const struct code_call *call = code_call_at(unit->code, i);

		if ((role(unit, i) & ROLE(APP) || ends_with(call->written, "APIRouter") || ends_with(call->written, ".include_router")) &&
			(code_keyword(unit->code, call, "dependencies") || code_keyword(unit->code, call, "middleware")))
			return 1;
		if ((ends_with(call->written, ".add_middleware") || ends_with(call->written, "app.use") || ends_with(call->written, "router.use")) &&
			range_says(unit, call->open, call->close, WORD_AUTH) && !range_has_word(unit, call->open, call->close, "CORSMiddleware", 0))
			return 1;
	}
	for (int i = 0; i < code_function_count(unit->code); i++) {
		const struct code_function *function = code_function_at(unit->code, i);

		for (int k = 0; k < function->decorator_count; k++) {
			const char *written = code_decorator_at(unit->code, function->decorators + k)->written;

			if ((ends_with(written, ".middleware") || ends_with(written, ".before_request")) && function_says(unit, i, WORD_AUTH))
				return 1;
		}
	}
	return 0;
}

static int parameter_auth(struct unit *unit, const struct code_function *function)
{
	int last = function->def;

	for (int k = 0; k < function->parameter_count; k++) {
		const struct code_parameter *parameter = code_parameter_at(unit->code, function->parameters + k);

		last = parameter->value_end > last ? parameter->value_end : parameter->annotation_end > last ? parameter->annotation_end : last;
	}
	return range_says(unit, function->def, last, WORD_AUTH);
}

/* In the body what counts is a check: Authorization, verify_…(), HTTPException(401). */
static int body_auth(struct unit *unit, const struct code_function *function)
{
	static const char *const words[] = { "Authorization", "authorization", "x-api-key", "X-API-Key", "current_user", "verify_token", "verify_api_key", "authenticate", "check_auth", "401", "compare_digest", "require_auth",
		"get_jwt_identity", "getSession", "verifyToken", "auth" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (range_has_word(unit, function->body, function->end, words[i], 0))
			return 1;
	return 0;
}

static void open_endpoint(struct unit *unit, int f)
{
	const struct code_function *function = code_function_at(unit->code, f);
	unsigned flags = unit->functions[f];

	if (!(flags & IS_POST) || flags & HAS_AUTH)
		return;
	/* Reach across files counts as well. */
	int reaches = (flags & REACHES_MODEL) != 0;

	for (int i = code_call_from(unit->code, function->body); i < code_call_count(unit->code) && code_call_at(unit->code, i)->open < function->end; i++)
		reaches |= (role(unit, i) & (ANY_RUN | ROLE_REACHES)) != 0;
	if (!reaches)
		return;
	for (int k = 0; k < function->decorator_count; k++) {
		const struct code_decorator *decorator = code_decorator_at(unit->code, function->decorators + k);

		if (range_has_word(unit, decorator->at, decorator->end, "dependencies", 0))
			return;
	}
	if (unit->checker->whole.app_auth || app_has_auth(unit) || parameter_auth(unit, function) || body_auth(unit, function))
		return;
	flag(unit, "NET005", function->def, function->def + 2 + (function->is_async && unit->kind == SOURCE_PYTHON), "whoever reaches %s%s runs the agent", *function->name ? function->name : "the route",
		*function->name ? "()" : "");
}

static void prints(struct unit *unit, int i)
{
	if (unit->is_service && unit->kind == SOURCE_PYTHON && code_call_at(unit->code, i)->resolved && !strcmp(code_call_at(unit->code, i)->resolved, "print"))
		flag_call(unit, "OBS003", code_call_at(unit->code, i), "print in a module that serves");
}

/* PRV007: only where the agent's cockpit.yaml names a region. */
static void region(struct unit *unit, int i)
{
	const struct code_call *call = code_call_at(unit->code, i);
	const struct json *config = unit->checker->agent ? unit->checker->agent->config : NULL;
	static const char *const names[] = { "region", "regions", "data_residency", "location", "residency" };
	int wanted = 0, known;

	for (size_t k = 0; k < sizeof(names) / sizeof(*names); k++)
		wanted |= json_get(config, names[k]) != NULL || json_get(json_get(config, "policy"), names[k]) != NULL;
	if (!wanted || !call->resolved)
		return;
	known = !strcmp(call->resolved, "vertexai.init") || !strcmp(call->resolved, "boto3.client") || !strcmp(call->resolved, "boto3.resource") || !strcmp(call->resolved, "boto3.Session") ||
		!strcmp(call->resolved, "google.cloud.aiplatform.init") || (!strcmp(call->resolved, "google.genai.Client") && code_keyword(unit->code, call, "vertexai")) ||
		ends_with(call->resolved, "AnthropicVertex") || ends_with(call->resolved, "AnthropicBedrock") || ends_with(call->resolved, "ChatVertexAI") || ends_with(call->resolved, "ChatBedrock");
	if (known && !code_keyword(unit->code, call, "location") && !code_keyword(unit->code, call, "region_name") && !code_keyword(unit->code, call, "region") &&
		!code_keyword(unit->code, call, "aws_region") && !has_unpacked(unit, call))
		flag_call(unit, "PRV007", call, "%s names no region, and cockpit.yaml asks for one", call->written);
}

void check_serving(struct unit *unit)
{
	plain_http(unit);
	unverified(unit);
	for (int i = 0; i < code_function_count(unit->code); i++)
		open_endpoint(unit, i);
	for (int i = 0; i < code_call_count(unit->code); i++) {
		prints(unit, i);
		region(unit, i);
	}
}
