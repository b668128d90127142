/* AGY001 to AGY012 in code, OBS004: what an agent may do, and who is asked. */
#include <string.h>

#include "fleet/check/checker_parts.h"
#include "fleet/check/place_url.h"

static const struct code_call *call_at(const struct unit *unit, int i)
{
	return code_call_at(unit->code, i);
}

static int ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), n = strlen(end);

	return length >= n && !strcmp(text + length - n, end);
}

/* interrupt_before=["tools"], needs_approval=True somewhere in the file stands before every tool. */
int gates_tools(const struct unit *unit)
{
	static const char *const gates[] = { "interrupt_before", "interrupt_after", "interrupt_on", "needs_approval", "HumanInTheLoopMiddleware", "needsApproval", "require_confirmation",
		"HumanApprovalCallbackHandler", "interruptBefore" };

	for (size_t i = 0; i < sizeof(gates) / sizeof(*gates); i++)
		if (memmem(unit->vocabulary, unit->vocabulary_length, gates[i], strlen(gates[i])))
			return 1;
	return 0;
}

static int destroys(const struct unit *unit, int f)
{
	const struct code_function *function = code_function_at(unit->code, f);

	for (int i = code_call_from(unit->code, function->body); i < code_call_count(unit->code) && call_at(unit, i)->open < function->end; i++)
		if (role(unit, i) & ROLE(DESTROY))
			return i;
	return -1;
}

static int writes_sql(struct unit *unit, int f)
{
	const struct code_function *function = code_function_at(unit->code, f);

	for (int i = function->body; i < function->end; i++) {
		const char *text = code_token_at(unit->code, i)->kind == CODE_STRING ? code_string(unit->code, i, i + 1, NULL) : NULL;

		if (text && (!strncmp(text, "DELETE FROM", 11) || !strncmp(text, "DROP TABLE", 10) || !strncmp(text, "TRUNCATE", 8)))
			return 1;
	}
	return 0;
}

static const char *tool_name(const struct unit *unit, int f)
{
	const char *name = code_function_at(unit->code, f)->name;

	return *name ? name : "the tool";
}

static void destructive_tool(struct unit *unit, int f, int gated)
{
	const struct code_function *function = code_function_at(unit->code, f);

	if (!(unit->functions[f] & IS_TOOL) || gated)
		return;
	if (!says(unit, WORD_DESTRUCTIVE_NAME, function->name) && destroys(unit, f) < 0 && !writes_sql(unit, f))
		return;
	if (!function_says(unit, f, WORD_APPROVAL))
		flag(unit, "AGY001", function->def, function->def + 2 + (function->is_async && unit->kind == SOURCE_PYTHON), "%s does what cannot be taken back and nobody is asked before",
			tool_name(unit, f));
}

/* AGY002: tools="*", every tool of a server. */
static void wildcard_tools(struct unit *unit, int i)
{
	static const char *const names[] = { "tools", "allowed_tools", "allowedTools", "tool_filter", "enabled_tools", "permissions" };
	const struct code_call *call = call_at(unit, i);

	for (size_t k = 0; k < sizeof(names) / sizeof(*names); k++) {
		const struct code_argument *argument = code_keyword(unit->code, call, names[k]);
		int from, to;

		if (!argument)
			continue;
		from = argument->value;
		to = argument->end;
		value_of(unit, &from, &to);
		for (int t = from; t < to; t++)
			if (code_token_at(unit->code, t)->kind == CODE_STRING && !strcmp(code_string(unit->code, t, t + 1, NULL) ? code_string(unit->code, t, t + 1, NULL) : "", "*"))
				flag(unit, "AGY002", argument->token, argument->end, "%s=\"*\" grants every tool there is", names[k]);
		for (int c = code_call_from(unit->code, from); c < code_call_count(unit->code) && call_at(unit, c)->open < to; c++)
			if ((call_at(unit, c)->resolved && (ends_with(call_at(unit, c)->resolved, "MCPToolset") || ends_with(call_at(unit, c)->resolved, "McpToolset")) &&
				    !code_keyword(unit->code, call_at(unit, c), "tool_filter")) ||
				(role(unit, c) & ROLE(MCP_TOOLS) && call_at(unit, c)->close == to - 1))
				flag_call(unit, "AGY002", call_at(unit, c), "every tool of the server is attached");
	}
}

/* AGY003, AGY004: servers started or reached from code. */
static int is_pinned(const char *package)
{
	const char *at = strrchr(package, '@');

	if (strstr(package, "==") || strstr(package, "sha256:"))
		return 1;
	if (strchr(package, '/') == NULL && !at)
		return 0;
	return at && at != package && strcmp(at, "@latest") && at[1] >= '0' && at[1] <= '9';
}

static void unpinned_server(struct unit *unit, int i)
{
	const struct code_call *call = call_at(unit, i);
	int runner = -1;

	if (!strstr(call->written, "StdioServer") && !strstr(call->written, "MCPServerStdio") && !strstr(call->written, "StdioClientTransport") && !strstr(call->written, "MCPStdioTool") &&
		!strstr(call->written, "MultiServerMCPClient"))
		return;
	for (int t = call->open; t < call->close; t++) {
		const char *text = code_token_at(unit->code, t)->kind == CODE_STRING ? code_string(unit->code, t, t + 1, NULL) : NULL;

		if (!text)
			continue;
		if (!strcmp(text, "npx") || !strcmp(text, "uvx") || !strcmp(text, "bunx") || !strcmp(text, "pipx")) {
			runner = t;
		} else if (runner >= 0 && *text != '-' && strcmp(text, "args") && strcmp(text, "run") && strcmp(text, "transport") && strcmp(text, "stdio")) {
			if (!is_pinned(text))
				flag(unit, "AGY003", t, t + 1, "the MCP server %s is fetched without a version", text);
			runner = -1;
		}
	}
}

static void open_server(struct unit *unit, int i)
{
	static const char *const makers[] = { "sse_client", "streamablehttp_client", "MCPServerSse", "MCPServerStreamableHttp", "SSEClientTransport", "StreamableHTTPClientTransport", "SseServerParams",
		"SseConnectionParams", "StreamableHTTPConnectionParams", "streamable_http_client" };
	const struct code_call *call = call_at(unit, i);
	const char *url = NULL;
	int known = 0;

	for (size_t k = 0; k < sizeof(makers) / sizeof(*makers); k++)
		known |= ends_with(call->written, makers[k]);
	for (int t = call->open; known && t < call->close && !url; t++) {
		int from = t, to = t + 1;

		if (code_token_at(unit->code, t)->kind == CODE_NAME)
			value_of(unit, &from, &to);
		url = code_string(unit->code, from, to, NULL);
		url = url && strstr(url, "://") ? url : NULL;
	}
	if (!url || url_is_local(url))
		return;
	if (!strncmp(url, "http://", 7))
		flag_call(unit, "AGY004", call, "the MCP server is reached without TLS");
	else if (!range_says(unit, call->open, call->close, WORD_AUTH) && !range_has_word(unit, call->open, call->close, "headers", 1))
		flag_call(unit, "AGY004", call, "the MCP server is reached without credentials");
}

static void card_without_scheme(struct unit *unit, int i)
{
	const struct code_call *call = call_at(unit, i);

	if (!ends_with(call->written, "AgentCard") || has_unpacked(unit, call) || !code_keyword(unit->code, call, "name"))
		return;
	if (!code_keyword(unit->code, call, "security_schemes") && !code_keyword(unit->code, call, "securitySchemes") && !code_keyword(unit->code, call, "security") &&
		!code_keyword(unit->code, call, "authentication"))
		flag_call(unit, "AGY007", call, "the agent card names no security scheme");
}

static void never_asked(struct unit *unit, int i)
{
	const struct code_call *call = call_at(unit, i);
	const struct code_argument *code = code_keyword(unit->code, call, "code_execution_config");

	if (argument_is(unit, call, "human_input_mode", "NEVER") && code && !code_is(unit->code, code->value, "False"))
		flag_call(unit, "AGY010", call, "code is run and nobody is ever asked");
}

static void memory_write(struct unit *unit, int i)
{
	const struct code_call *call = call_at(unit, i);
	unsigned flags = 0;

	if (!(role(unit, i) & ROLE(MEMORY_WRITE)))
		return;
	for (int k = 0; k < call->argument_count; k++)
		flags |= taint_of(unit, code_argument_at(unit->code, call->arguments + k)->value, code_argument_at(unit->code, call->arguments + k)->end);
	if (flags & (FROM_REPLY | FROM_USER | FROM_TOOL) && !function_says(unit, call->function, WORD_VETTED))
		flag_call(unit, "AGY011", call, "%s keeps what %s said, unchecked and without its source", call->written, flags & FROM_REPLY ? "a model" : "a user");
}

/* AGY012 */
static void undescribed_tool(struct unit *unit, int f)
{
	const struct code_function *function = code_function_at(unit->code, f);
	int untyped = 0, described = function->docstring >= 0;

	if (!(unit->functions[f] & IS_TOOL) || unit->kind != SOURCE_PYTHON || function->class >= 0)
		return;
	for (int k = 0; k < function->decorator_count && !described; k++) {
		const struct code_decorator *decorator = code_decorator_at(unit->code, function->decorators + k);
		const struct code_call *call = code_call_at(unit->code, decorator->call);

		described = call && (code_keyword(unit->code, call, "description") || code_keyword(unit->code, call, "description_override") || code_keyword(unit->code, call, "args_schema"));
	}
	for (int k = 0; k < function->parameter_count; k++) {
		const struct code_parameter *parameter = code_parameter_at(unit->code, function->parameters + k);

		untyped += parameter->annotation < 0 && !parameter->stars && strcmp(parameter->name, "self") && strcmp(parameter->name, "ctx") && strcmp(parameter->name, "context");
	}
	if (!described || untyped)
		flag(unit, "AGY012", function->def, function->def + 2 + function->is_async, "the tool %s has no %s", function->name,
			!described && untyped ? "description and no types" : !described ? "description" : "types for its parameters");
}

static void undescribed_script_tool(struct unit *unit, int i)
{
	const struct code_call *call = call_at(unit, i);

	if (unit->kind == SOURCE_SCRIPT && role(unit, i) & ROLE(TOOL) && call->resolved && (!strcmp(call->resolved, "ai.tool") || ends_with(call->resolved, ".createTool")) &&
		!code_keyword(unit->code, call, "description"))
		flag_call(unit, "AGY012", call, "the tool has no description");
}

/* OBS004: TOOLS[name](**args), getattr(tools, name)(…) for what a model asked. */
static void silent_dispatch(struct unit *unit, int i)
{
	const struct code_call *call = call_at(unit, i);
	int indexed = ends_with(call->written, "[]") || ends_with(call->written, ".get()");
	const char *name = call->written;

	if (!indexed || call->function < 0)
		return;
	if (!strstr(name, "tool") && !strstr(name, "TOOL") && !strstr(name, "func") && !strstr(name, "FUNC") && !strstr(name, "handler") && !strstr(name, "HANDLER") &&
		!strstr(name, "registry") && !strstr(name, "REGISTRY") && !strstr(name, "dispatch"))
		return;
	if (range_has_word(unit, code_function_at(unit->code, call->function)->def, code_function_at(unit->code, call->function)->end, "tool_calls", 0) ||
		range_has_word(unit, code_function_at(unit->code, call->function)->def, code_function_at(unit->code, call->function)->end, "tool_use", 0) ||
		range_has_word(unit, code_function_at(unit->code, call->function)->def, code_function_at(unit->code, call->function)->end, "tool_call", 0) ||
		unit->functions[call->function] & REACHES_MODEL || strstr(name, "TOOL") || strstr(name, "tool")) {
		if (!function_says(unit, call->function, WORD_AUDIT))
			flag_call(unit, "OBS004", call, "%s runs what the model asked for and leaves no record", call->written);
	}
}

void check_agency(struct unit *unit)
{
	int gated = unit->checker->whole.gated || gates_tools(unit);

	for (int i = 0; i < code_function_count(unit->code); i++) {
		destructive_tool(unit, i, gated);
		undescribed_tool(unit, i);
	}
	for (int i = 0; i < code_call_count(unit->code); i++) {
		wildcard_tools(unit, i);
		unpinned_server(unit, i);
		open_server(unit, i);
		card_without_scheme(unit, i);
		never_asked(unit, i);
		memory_write(unit, i);
		undescribed_script_tool(unit, i);
		silent_dispatch(unit, i);
	}
}
