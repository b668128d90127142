/* Repairs that add, change or take out an argument of a call, in Python and in JavaScript. */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "fleet/heal/private.h"

/* --- rows of heal.yaml: which argument a call takes --- */

static int row_fits(const struct json *row, const struct code_call *call)
{
	const char *begins = json_text_or(json_get(row, "begins"), ""), *ends = json_text_or(json_get(row, "ends"), ""), *resolved = call->resolved ? call->resolved : "";

	return (!*begins || !strncmp(resolved, begins, strlen(begins))) && (ends_with(call->written, ends) || ends_with(resolved, ends));
}

const char *argument_by_row(struct site *site, const char *name, const char *safe)
{
	const struct code_call *call = site_call(site);

	for (const struct json *row = call ? json_first(table(site, name)) : NULL; row; row = json_next(row)) {
		const char *argument = json_text(json_get(row, is_python(site) ? "argument" : "option")), *why = json_text(json_get(row, "refused"));
		int on_client = !strcmp(json_text_or(json_get(row, "on"), ""), "client");

		if ((!argument && !why) || !row_fits(row, call))
			continue;
		if (why)
			return refuse(site, "%s", why);
		if (call->argument_count > json_int(json_get(row, "most"), 1000))
			return refuse(site, "its further arguments may set the limit, and do not: add it there");
		if (on_client && !call_that_made(site, call))
			return refuse(site, "its client is not made in this file, or in several places: set it there");
		if (is_python(site))
			return argument_to(site, on_client ? call_that_made(site, call) : call, argument, safe);
		return option_to(site, on_client ? call_that_made(site, call) : call, (int)json_int(json_get(row, "position"), 0), argument, safe);
	}
	return call ? refuse(site, "which argument %.60s takes for it is not known", call->written) : no_call(site);
}

static const char *timeout(struct site *site)
{
	return argument_by_row(site, "timeouts", "one argument is added; a request that took longer fails instead of hanging");
}

static const char *turn_limit(struct site *site)
{
	return argument_by_row(site, "turn_limits", "one argument is added; a run that does not end fails instead of going on");
}

static const char *output_limit(struct site *site)
{
	return argument_by_row(site, "output_limits", "one argument is added; longer replies are cut by the vendor, not by chance");
}

/* "org/bert-base is fetched …": BERT_BASE_REVISION. */
static const char *revision(struct site *site)
{
	const char *message = site->finding->message, *slash = strchr(message, '/');
	const char *name = slash ? arena_text_n(heal_arena(site), slash + 1, strcspn(slash + 1, " ")) : "model";
	char *variable = arena_format(heal_arena(site), "%s_REVISION", as_variable(site, name, strlen(name)));

	if (!is_python(site))
		return only_python(site);
	const char *safe = with_argument(site, arena_format(heal_arena(site), "revision=%s.environ[\"%s\"]", need_module(site, "os"), variable),
		"one keyword argument is added; which commit it is, the environment says: its name is in .env.example");

	if (safe)
		append_line(site, path_of_agent(site, ".env.example"), arena_format(heal_arena(site), "%s=", variable));
	return safe;
}

static const char *temperature(struct site *site)
{
	return replace_value(site, (const char *const[]){ "temperature", NULL }, value(site, "temperature"), "one number is changed; the same question leads to the same tool");
}

static const char *weights_only(struct site *site)
{
	const struct code_call *call = site_call(site);

	if (!call || !ends_with(call->written, "load") || !strstr(call->resolved ? call->resolved : "", "torch"))
		return refuse(site, "only torch.load has a mode that runs no code");
	if (code_keyword(site->code, call, "weights_only"))
		return replace_value(site, (const char *const[]){ "weights_only", NULL }, "True", "one value is changed; only tensors are read");
	return with_argument(site, "weights_only=True", "one keyword argument is added; only tensors are read");
}

static const char *remote_code(struct site *site)
{
	const char *safe = "remote code is not run any more; the library's own code reads the model, or says that it cannot";
	const char *done = site_call(site) ? NULL : switch_line(site, "trust_remote_code", safe);

	return done ? done : remove_named(site, (const char *const[]){ "trust_remote_code", NULL }, safe);
}

/* What the environment says, "" where it says nothing, and what is done with it. */
static const char *environment_read(struct site *site, const char *name, const char *then)
{
	if (is_python(site))
		return arena_format(heal_arena(site), "%s.environ.get(\"%s\", \"\")%s", need_module(site, "os"), name, then);
	return arena_format(heal_arena(site), "(process.env.%s ?? \"\")%s", name, then);
}

static const char *origins(struct site *site)
{
	const char *list = site_call(site) ? environment_read(site, "ALLOWED_ORIGINS", ".split(\",\")") : "";
	const char *safe = replace_value(site, (const char *const[]){ "allow_origins", "origins", "origin", NULL }, list,
		"one value is changed; no site but those the environment lists (ALLOWED_ORIGINS in .env.example)");

	if (safe)
		append_line(site, path_of_agent(site, ".env.example"), "ALLOWED_ORIGINS=");
	return safe;
}

static const char *debug_server(struct site *site)
{
	if (!site_call(site))
		return switch_out(site, (const char *const[]){ "--reload", "--debug", NULL }, "one switch is taken out; the server does not restart or show its inside to the network");
	return replace_value(site, (const char *const[]){ "debug", "reload", NULL }, environment_read(site, "DEBUG", is_python(site) ? " == \"1\"" : " === \"1\""),
		"one value is changed; debugging is on only where the environment says DEBUG=1");
}

const char *heal_code_bypass(struct site *site)
{
	static const struct { const char *name, *to; } rows[] = { { "auto_approve", "False" }, { "require_approval", "\"always\"" }, { "human_input_mode", "\"ALWAYS\"" } };
	const struct code_call *call = site_call(site);

	for (size_t i = 0; call && i < sizeof(rows) / sizeof(*rows); i++)
		if (code_keyword(site->code, call, rows[i].name))
			return replace_value(site, (const char *const[]){ rows[i].name, NULL }, is_script(site) && !i ? "false" : rows[i].to, "one value is changed; a person is asked first");
	return NULL;
}

static const char *delegation(struct site *site)
{
	const char *safe = "one value is changed; work stays with the agent it was given to";
	const char *done = site_call(site) ? NULL : switch_line(site, "allow_delegation", safe);

	return done ? done : replace_value(site, (const char *const[]){ "allow_delegation", NULL }, is_script(site) ? "false" : "False", safe);
}

const char *heal_code_trace(struct site *site)
{
	return replace_value(site, (const char *const[]){ "trace_include_sensitive_data", "enable_content_recording", "capture_message_content", "enable_sensitive_data", NULL },
		is_script(site) ? "false" : "False", "one value is changed; traces keep their shape and lose what people wrote");
}

/* `k = 50` as tokens k, =, 50. */
static const char *passages(struct site *site)
{
	for (int t = 0; site->code && t + 2 < code_token_count(site->code); t++) {
		const struct code_token *number = code_token_at(site->code, t + 2);

		if (token_offset(site, t) != site->finding->place.offset || number->kind != CODE_NUMBER)
			continue;
		edit(site, EDIT_PLAIN, number->offset, number->length, "%s", value(site, "passages"));
		return "one number is changed; fewer passages are sent to the model";
	}
	return refuse(site, "the number stands elsewhere, where other calls may use it too");
}

/* --- score floors --- */

/* store.similarity_search(q) as [d for d, _ in store.similarity_search_with_relevance_scores(q, score_threshold=0.5)], which LangChain's stores have. */
static const char *scored_search(struct site *site, const struct code_call *call)
{
	int name = call->open - 1, awaited = code_is(site->code, call->name - 1, "await");
	const char *why = code_keyword(site->code, call, "**") ? NULL : add_argument(site, call, arena_format(heal_arena(site), "score_threshold=%s", value(site, "score_floor")));

	if (why)
		return refuse(site, "%s", why);
	edit(site, EDIT_PLAIN, token_offset(site, call->name - (awaited ? 1 : 0)), 0, "[document for document, _ in ");
	edit(site, EDIT_PLAIN, token_end(site, name), 0, "_with_relevance_scores");
	edit(site, EDIT_PLAIN, token_end(site, call->close), 0, "]");
	return "the same search with scores: passages far from the question are left out, the others come as before";
}

static const char *score_floor(struct site *site)
{
	const struct code_call *call = site_call(site);

	if (!is_python(site) || !call)
		return only_python(site);
	if (ends_with(call->written, ".similarity_search") || ends_with(call->written, ".asimilarity_search"))
		return scored_search(site, call);
	if (!ends_with(call->written, "as_retriever") || call->argument_count)
		return refuse(site, "what is done with the passages decides where a floor goes");
	return with_argument(site, arena_format(heal_arena(site), "search_type=\"similarity_score_threshold\", search_kwargs={\"score_threshold\": %s}", value(site, "score_floor")),
		"two arguments are added; passages far from the question are left out");
}

/* --- regions --- */

/* The one region that cockpit.yaml asks for, or NULL. */
static const char *wanted_region(struct site *site)
{
	static const char *const names[] = { "region", "data_residency", "location", "residency" };
	const struct json *config = heal_config(site), *policy = json_get(config, "policy");
	const char *wanted = NULL;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names) && !wanted; i++) {
		wanted = json_text(json_get(config, names[i]));
		wanted = wanted ? wanted : json_text(json_get(policy, names[i]));
	}
	const struct json *regions = json_get(config, "regions") ? json_get(config, "regions") : json_get(policy, "regions");
	return wanted ? wanted : json_count(regions) == 1 ? json_text(json_item(regions, 0)) : NULL;
}

/* As this client's argument. */
static const char *region(struct site *site)
{
	static const struct { const char *call, *argument; } rows[] = { { "boto3.client", "region_name" }, { "boto3.resource", "region_name" }, { "boto3.Session", "region_name" },
		{ "ChatBedrock", "region_name" }, { "vertexai.init", "location" }, { "aiplatform.init", "location" }, { "google.genai.Client", "location" }, { "ChatVertexAI", "location" },
		{ "AnthropicVertex", "region" }, { "AnthropicBedrock", "aws_region" } };
	const struct code_call *call = site_call(site);
	const char *wanted = wanted_region(site);

	for (size_t i = 0; call && call->resolved && wanted && i < sizeof(rows) / sizeof(*rows); i++)
		if (ends_with(call->resolved, rows[i].call))
			return with_argument(site, arena_format(heal_arena(site), "%s=\"%s\"", rows[i].argument, wanted), "one argument is added; it is the region cockpit.yaml asks for");
	return refuse(site, wanted ? "which argument of this client takes the region is not known" : "cockpit.yaml names no single region");
}

const struct heal_row heal_argument_rows[] = {
	{ "AGY008", delegation }, { "COST001", output_limit }, { "COST005", passages }, { "MOD003", temperature }, { "MOD004", remote_code }, { "MOD005", weights_only },
	{ "MOD006", revision }, { "NET003", origins }, { "NET004", debug_server }, { "PRV007", region }, { "RAG005", score_floor }, { "REL002", timeout },
	{ "REL005", turn_limit }, { NULL, NULL },
};
