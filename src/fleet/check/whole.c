/* What only the whole agent tells: no fallback, no evaluation, no owner, no tracing, no health route, no kill switch, no lock, two kinds of embeddings, the
 * three that must not meet. check_remember gathers, check_whole says. */
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "fleet/agent/agent.h"
#include "fleet/check/checker_parts.h"

static struct place place_of(struct unit *unit, const struct code_call *call)
{
	const struct code_token *first = code_token_at(unit->code, call->name), *last = code_token_at(unit->code, call->close > 0 ? call->close : call->open);

	return unit_place(unit, first->offset, last->offset + last->length - first->offset);
}

static void add_text(struct checker *checker, const char **texts, int *count, int max, const char *text)
{
	for (int i = 0; i < *count; i++)
		if (!strcmp(texts[i], text))
			return;
	if (*count < max)
		texts[(*count)++] = arena_text(checker->arena, text);
}

static const char *model_of(struct unit *unit, const struct code_call *call)
{
	static const char *const names[] = { "model", "model_name", "model_id", "modelId", "modelName", "azure_deployment" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const struct code_argument *argument = code_keyword(unit->code, call, names[i]);
		const char *text = argument ? literal(unit, argument->value, argument->end, NULL) : NULL;

		if (text)
			return text;
	}
	return NULL;
}

static void remember_call(struct unit *unit, int i)
{
	struct whole *whole = &unit->checker->whole;
	const struct code_call *call = code_call_at(unit->code, i);
	uint64_t roles = role(unit, i);
	const char *model = roles & (ANY_RUN | ROLE(CLIENT) | ROLE(EMBED) | ROLE(EMBEDDER)) ? model_of(unit, call) : NULL;

	whole->calls += (roles & ANY_MODEL) != 0;
	whole->runs += (roles & ROLE(AGENT_RUN)) != 0;
	if (roles & ANY_RUN && !whole->first_path) {
		whole->first_path = unit->path;
		whole->first_place = place_of(unit, call);
	}
	if (roles & ANY_RUN && block_of_kind(unit, call->block, 1 << BLOCK_WHILE) >= 0 && !whole->loop_path) {
		whole->loop_path = unit->path;
		whole->loop_place = place_of(unit, call);
	}
	if (model && roles & (ANY_RUN | ROLE(CLIENT)))
		add_text(unit->checker, whole->models, &whole->model_count, 8, model);
	if (model && roles & (ROLE(EMBED) | ROLE(EMBEDDER))) {
		add_text(unit->checker, whole->embedders, &whole->embedder_count, 8, model);
		if (whole->embedder_count == 2 && !whole->embedder_path) {
			whole->embedder_path = unit->path;
			whole->embedder_place = place_of(unit, call);
		}
	}
	if (roles & ROLE(RETRIEVE)) {
		if (!whole->retrievals++) {
			whole->retrieve_path = unit->path;
			whole->retrieve_place = place_of(unit, call);
		}
	}
	if (roles & ROLE(APP) && !whole->app_path) {
		whole->app_path = unit->path;
		whole->app_place = place_of(unit, call);
	}
	if (roles & ROLE(CHAT_SURFACE) && !whole->chat_path) {
		whole->chat_path = unit->path;
		whole->chat_place = place_of(unit, call);
	}
	/* The three: what a tool reads of ours, what it reads of others', how it sends. */
	int tool = 0;

	for (int f = call->function; f >= 0; f = code_function_at(unit->code, f)->parent)
		tool |= (unit->functions[f] & IS_TOOL) != 0;
	if (tool) {
		whole->private_data |= (roles & (ROLE(SQL) | ROLE(RETRIEVE))) != 0;
		whole->untrusted_input |= (roles & ROLE(HTTP)) != 0 && !(roles & ROLE(WRITE));
		whole->way_out |= (roles & ROLE(WRITE)) != 0 || (roles & ROLE(DESTROY) && (strstr(call->written, "mail") || strstr(call->written, "send")));
	}
}

void check_words(struct unit *unit)
{
	static const enum word words[] = { WORD_FALLBACK, WORD_TRACING, WORD_USAGE, WORD_KILL, WORD_HEALTH, WORD_DISCLOSURE, WORD_CITE, WORD_LIMITER, WORD_TENANT };
	struct whole *whole = &unit->checker->whole;

	whole->gated |= gates_tools(unit);
	whole->app_auth |= app_has_auth(unit);
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!(whole->words & (uint64_t)1 << words[i]) && file_says(unit, words[i]))
			whole->words |= (uint64_t)1 << words[i];
}

void check_remember(struct unit *unit)
{
	struct whole *whole = &unit->checker->whole;

	whole->code_files++;
	for (int i = 0; i < code_call_count(unit->code); i++)
		remember_call(unit, i);
	pins_in_code(unit);
	for (int i = 0; i < code_function_count(unit->code); i++)
		whole->tools += (unit->functions[i] & IS_TOOL) != 0;
}

static int lacks(const struct whole *whole, enum word word)
{
	return !(whole->words & (uint64_t)1 << word);
}

static void about_models(struct checker *checker, struct findings *findings)
{
	const struct whole *whole = &checker->whole;

	if (whole->model_count <= 1 && lacks(whole, WORD_FALLBACK))
		flag_whole(checker, findings, "REL008", whole->first_path, &whole->first_place, "one model, and nothing is done when it fails");
	if (lacks(whole, WORD_TRACING))
		flag_whole(checker, findings, "OBS001", whole->first_path, &whole->first_place, "nothing in the agent traces its model calls");
	if (whole->calls && lacks(whole, WORD_USAGE))
		flag_whole(checker, findings, "OBS002", whole->first_path, &whole->first_place, "the tokens that calls use are never read");
	if (!whole->evals)
		flag_whole(checker, findings, "MOD007", whole->first_path, &whole->first_place, "no evaluation set: no evals folder, golden file or eval test");
	if (whole->loop_path && lacks(whole, WORD_KILL))
		flag_whole(checker, findings, "AGY009", whole->loop_path, &whole->loop_place, "nothing outside can stop the run loop: no flag is read in it");
}

static void about_surfaces(struct checker *checker, struct findings *findings)
{
	const struct whole *whole = &checker->whole;

	if (whole->app_path && lacks(whole, WORD_HEALTH))
		flag_whole(checker, findings, "REL011", whole->app_path, &whole->app_place, "the application has no route that tells its health");
	if (whole->chat_path && lacks(whole, WORD_DISCLOSURE))
		flag_whole(checker, findings, "PRV008", whole->chat_path, &whole->chat_place, "people are not told that an AI answers");
	if (whole->retrieve_path && (whole->calls || whole->runs) && !whole->cites && lacks(whole, WORD_CITE))
		flag_whole(checker, findings, "RAG002", whole->retrieve_path, &whole->retrieve_place, "answers name no sources");
	if (whole->embedder_path)
		flag_whole(checker, findings, "RAG003", whole->embedder_path, &whole->embedder_place, "%s and %s: what one embeds the other does not find", whole->embedders[0],
			whole->embedders[1]);
	if (whole->private_data && whole->untrusted_input && whole->way_out)
		flag_whole(checker, findings, "AGY002/trio", whole->first_path ? whole->first_path : checker->agent->brain, NULL,
			"one agent reads private data, takes in text of others, and can send: any two are enough");
}

/* Beside the manifest or above it. */
static int is_locked(const struct checker *checker, const char *manifest)
{
	const char *slash = strrchr(manifest, '/');

	return tree_has_lock(checker->tree, arena_text_n(checker->arena, manifest, slash ? (size_t)(slash - manifest) : 0));
}

static int is_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

/* name = "openai", "node_modules/openai", openai@^4: the whole name, whatever the lock's form. */
static int lock_names(const struct lock_text *lock, const char *name)
{
	size_t length = strlen(name);

	for (const char *at = lock->text, *end = lock->text + lock->length; (at = memmem(at, (size_t)(end - at), name, length)); at++)
		if ((at == lock->text || !is_name(at[-1])) && !is_name(at[length]) && at[length] != '/')
			return 1;
	return 0;
}

static int has_version(const struct checker *checker, const struct unpinned *wanted)
{
	if (!checker->whole.locks)
		return is_locked(checker, wanted->path);
	for (const struct lock_text *lock = checker->whole.lock_texts; lock; lock = lock->next)
		if (lock_names(lock, wanted->name))
			return 1;
	return checker->whole.locks_unread;
}

static void about_supply(struct checker *checker, struct findings *findings)
{
	const struct whole *whole = &checker->whole;

	for (int i = 0; i < whole->manifest_count && !whole->locks; i++)
		if (!is_locked(checker, whole->manifests[i]))
			flag_whole(checker, findings, "SUP003", whole->manifests[i], NULL, "no lock file stands beside it");
	for (int i = 0; i < whole->unpinned_count; i++)
		if (!has_version(checker, &whole->unpinned[i]))
			flag_whole(checker, findings, "SUP001", whole->unpinned[i].path, &whole->unpinned[i].place, "%s has no version and no lock has one", whole->unpinned[i].name);
}

static void about_owner(struct checker *checker, struct findings *findings)
{
	const struct json *config = checker->agent->config;

	if (json_get(config, "owner") || json_get(config, "owners") || json_get(json_get(config, "metadata"), "owner") || checker->whole.guard_path || tree_has_owner(checker->tree, checker->agent->path))
		return;
	flag_whole(checker, findings, "GOV001", checker->agent->brain && *checker->agent->brain ? checker->agent->brain : *checker->agent->path ? checker->agent->path : "cockpit.yaml", NULL,
		"neither cockpit.yaml nor CODEOWNERS names an owner");
}

void check_whole(struct checker *checker, struct findings *findings)
{
	struct whole *whole = &checker->whole;

	if (whole->calls + whole->runs)
		about_models(checker, findings);
	about_surfaces(checker, findings);
	pins_compare(checker, findings);
	about_supply(checker, findings);
	about_owner(checker, findings);
}
