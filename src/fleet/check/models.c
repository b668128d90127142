/* MOD001, MOD002, MOD005, MOD006: which model it is, and whether it stays that one. */
#include <string.h>

#include "base/arena.h"
#include "fleet/check/checker_parts.h"

static int ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), n = strlen(end);

	return length >= n && !strcmp(text + length - n, end);
}

/* provider/model, models/model, region.provider.model-v1:0 */
static const char *bare(const char *id)
{
	const char *slash = strrchr(id, '/');

	return slash ? slash + 1 : id;
}

const char *model_fault(struct unit *unit, const char *id, const char **rule, const char **fix)
{
	const struct lexicon_model *model;

	*fix = NULL;
	*rule = "MOD001";
	if ((model = lexicon_retired(unit->checker->lexicon, bare(id)))) {
		*rule = "MOD002";
		*fix = model->use;
		return arena_format(unit->arena, "%s is retired since %s; %s follows it", id, model->date, model->use);
	}
	if ((model = lexicon_moving(unit->checker->lexicon, bare(id)))) {
		*fix = model->use;
		return arena_format(unit->arena, "%s moves; %s stays", id, model->use);
	}
	return ends_with(id, "-latest") || ends_with(id, ":latest") ? arena_format(unit->arena, "%s moves whenever its vendor says so", id) : NULL;
}

static void model_id(struct unit *unit, int from, int to)
{
	const char *id = code_string(unit->code, from, to, NULL), *rule, *fix, *fault;

	if (!id || !*id || strlen(id) > 100 || strpbrk(id, " \n{}") || !(fault = model_fault(unit, id, &rule, &fix)))
		return;
	struct finding *finding = flag(unit, rule, from, to, "%s", fault);

	if (fix)
		flag_fix(unit, finding, "write %s", fix);
}

static int names_model(const struct unit *unit, const char *name)
{
	const char *point = strrchr(name, '.');

	name = point ? point + 1 : name;
	return lexicon_lists(unit->checker->lexicon, LIST_MODEL_ARGUMENTS, name) || strstr(name, "MODEL") || ends_with(name, "_model") || ends_with(name, "Model");
}

/* M = "claude-3-5-sonnet-latest": no word says model, the value does. */
static int is_moving_name(struct unit *unit, int token)
{
	static const char *const families[] = { "claude-", "gpt-", "chatgpt-", "gemini-", "mistral-", "codestral-", "ministral-", "pixtral-", "grok-", "command-" };
	const char *id = code_string(unit->code, token, token + 1, NULL);

	for (size_t i = 0; id && i < sizeof(families) / sizeof(*families); i++)
		if (!strncmp(bare(id), families[i], strlen(families[i])))
			return ends_with(id, "-latest");
	return 0;
}

/* Each literal that stands where a model's name does: an argument, a constant, a default, a value of a key. */
static void model_ids(struct unit *unit)
{
	for (int i = 0; i + 2 < code_token_count(unit->code); i++) {
		const struct code_token *token = code_token_at(unit->code, i);
		char *word;
		int value = i + 2;

		if (token->length > 40 || (token->kind != CODE_NAME && token->kind != CODE_STRING))
			continue;
		if (!code_is(unit->code, i + 1, "=") && !code_is(unit->code, i + 1, ":"))
			continue;
		/* model: str = "…" */
		if (code_is(unit->code, i + 1, ":") && code_token_at(unit->code, value)->kind == CODE_NAME && code_is(unit->code, value + 1, "="))
			value += 2;
		if (code_token_at(unit->code, value) == NULL || code_token_at(unit->code, value)->kind != CODE_STRING) {
			/* os.getenv("MODEL", "gpt-4o") */
			int close = code_is(unit->code, value + 1, "(") ? code_match(unit->code, value + 1) : code_is(unit->code, value + 3, "(") ? code_match(unit->code, value + 3) :
				code_is(unit->code, value + 5, "(") ? code_match(unit->code, value + 5) : -1;

			if (close < 0 || close > value + 12 || code_token_at(unit->code, close - 1)->kind != CODE_STRING || !code_is(unit->code, close - 2, ","))
				continue;
			value = close - 1;
		}
		word = code_text(unit->code, i, i + 1);
		if (token->kind == CODE_STRING) {
			const char *key = code_string(unit->code, i, i + 1, NULL);

			if (key && (names_model(unit, key) || is_moving_name(unit, value)))
				model_id(unit, value, value + 1);
		} else if (names_model(unit, word) || is_moving_name(unit, value)) {
			model_id(unit, value, value + 1);
		}
	}
	/* init_chat_model("gpt-4o"), GenerativeModel("gemini-pro"), openai("gpt-4o") of the AI SDK. */
	for (int i = 0; i < code_call_count(unit->code); i++) {
		const struct code_call *call = code_call_at(unit->code, i);
		const struct code_argument *first = code_positional(unit->code, call, 0);

		if (first && first->end == first->value + 1 && code_token_at(unit->code, first->value)->kind == CODE_STRING &&
			(ends_with(call->written, "GenerativeModel") || ends_with(call->written, "init_chat_model") || (call->resolved && (!strncmp(call->resolved, "@ai-sdk/", 8) ||
				!strcmp(call->resolved, "pydantic_ai.Agent") || strstr(call->resolved, "Model")))))
			model_id(unit, first->value, first->end);
	}
}

static int is_hub_id(const char *text)
{
	const char *slash = strchr(text, '/');

	return slash && slash != text && slash[1] && !strchr(slash + 1, '/') && *text != '.' && *text != '/' && *text != '~' && !strpbrk(text, " :\\{");
}

static void unpinned_weights(struct unit *unit, int i)
{
	const struct code_call *call = code_call_at(unit->code, i);
	const struct code_argument *name = code_positional(unit->code, call, 0);
	int pipeline = call->resolved && !strcmp(call->resolved, "transformers.pipeline");
	const char *text;

	if (!pipeline && !ends_with(call->written, ".from_pretrained") && !(call->resolved && (!strcmp(call->resolved, "huggingface_hub.snapshot_download") ||
		!strcmp(call->resolved, "huggingface_hub.hf_hub_download"))))
		return;
	if (pipeline)
		name = code_keyword(unit->code, call, "model");
	else if (!name)
		name = code_keyword(unit->code, call, ends_with(call->written, "download") ? "repo_id" : "pretrained_model_name_or_path");
	text = name ? literal(unit, name->value, name->end, NULL) : NULL;
	if (text && is_hub_id(text) && !code_keyword(unit->code, call, "revision") && !has_unpacked(unit, call))
		flag_call(unit, "MOD006", call, "%s is fetched without a revision", text);
}

/* MOD005: what joblib loads came from elsewhere. */
static void downloaded_pickle(struct unit *unit, int i)
{
	const struct code_call *call = code_call_at(unit->code, i);
	const struct code_argument *path = code_positional(unit->code, call, 0);
	int from, to;

	if (!call->resolved || strcmp(call->resolved, "joblib.load") || !path)
		return;
	from = path->value;
	to = path->end;
	value_of(unit, &from, &to);
	for (int k = code_call_from(unit->code, from); k < code_call_count(unit->code) && code_call_at(unit->code, k)->open < to; k++)
		if (role(unit, k) & ROLE(HTTP) || strstr(code_call_at(unit->code, k)->written, "download") || strstr(code_call_at(unit->code, k)->written, "retrieve"))
			flag_call(unit, "MOD005", call, "%s unpickles what was downloaded", call->written);
}

void check_models(struct unit *unit)
{
	model_ids(unit);
	for (int i = 0; i < code_call_count(unit->code); i++) {
		unpinned_weights(unit, i);
		downloaded_pickle(unit, i);
	}
}
