#include "copilot/variants.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "copilot/grammar.h"
#include "copilot/marks.h"

enum { TEXT = 1200, SHARE = 4 /* one in so many sentences for the changes that suit nearly all */ };

static const char *const names[] = { "name", "frame", "inquiry", "passive", "terse", "remark", "order", "slip", "attack", "refusal", "world" };

/* One line of a corpus, read right as it stands. */
struct line {
	char text[TEXT];
	struct variant_gold gold;
	const char *name, *language; /* name NULL: none, or several */
	struct marks *marks;
	unsigned number; /* in the corpus */
};

const char *variant_name(enum variant variant)
{
	return names[variant];
}

static int is_right(const struct grammar_answer *got, const struct variant_gold *gold)
{
	return got->class == WORDS_OK && got->intent.confidence >= INTENT_ACCEPT && !strcmp(got->intent.type, gold->type) &&
	       !strcmp(got->intent.resource, gold->resource) && !strcmp(got->intent.scope, gold->scope);
}

/* gold NULL: nothing may be read. */
void variants_try(struct variants_run *run, enum variant variant, const struct variant_gold *gold, const char *text)
{
	struct grammar_answer got;
	int right;

	grammar_parse(run->grammar, text, NULL, &got, NULL);
	right = gold ? is_right(&got, gold) : !(got.class == WORDS_OK && got.intent.confidence >= INTENT_ACCEPT);
	run->made[variant]++;
	run->right[variant] += (size_t)right;
	if (!right && run->verbose == (int)variant)
		printf("%s: %s | want %s %s %s | got %s %s %s %s\n", names[variant], text, gold ? gold->type : "nothing", gold ? gold->resource : "",
			gold ? gold->scope : "", words_class_name(got.class), got.intent.type, got.intent.resource, got.intent.scope);
	grammar_answer_release(&got);
}

static int is_edge(char c)
{
	return !c || strchr(" ,.;:?!()'\"", c);
}

/* Where word stands alone in text, the only time; NULL otherwise. */
static const char *only_place(const char *text, const char *word)
{
	const char *found = NULL, *at = text;
	size_t length = strlen(word);

	for (; (at = strstr(at, word)); at += length) {
		if (found || (at > text && !is_edge(at[-1])) || !is_edge(at[length]))
			return NULL;
		found = at;
	}
	return found;
}

static void put_in_place(char *out, const char *text, const char *at, size_t length, const char *instead)
{
	snprintf(out, TEXT, "%.*s%s%s", (int)(at - text), text, instead, at + length);
}

/* --- names --- */

static const char *const called[] = { "inventory", "audit", "rates", "backup", "billing", "search", "status", "reports", "logs", "drain", "live",
	"stage", "errors", "memory", "events", "list", "pricing", "traffic", "exposed", "users", "storage", "metrics", "alerts", "inventaire", "kosten",
	"relatorios", "bericht", "precios", "usuarios", "rapports" };

static int covered(const struct marks *marks, size_t token, const enum concept *list, size_t count)
{
	for (size_t i = 0; token < marks->fold.count && i < count; i++)
		if (marks_at(marks, token, list[i]))
			return 1;
	return 0;
}

/* Beside a noun that wants a name, or right behind the act with its place or an amount after it. */
static int stands_as_name(const struct marks *marks, size_t token)
{
	static const enum concept nouns[] = { C_KIND, C_DB, C_APP, C_NAMESPACE, C_LB, C_VM, C_HOST, C_CALLED, C_EC2 };
	static const enum concept acts[] = { C_SCALE, C_RESTART, C_STOP, C_START, C_TERMINATE, C_ROLLBACK, C_MIGRATE, C_DRAIN, C_CORDON };
	static const enum concept behind[] = { C_ON, C_INTO, C_SCOPE };

	return (token && covered(marks, token - 1, nouns, sizeof(nouns) / sizeof(*nouns))) ||
	       covered(marks, token + 1, nouns, sizeof(nouns) / sizeof(*nouns)) ||
	       (token && covered(marks, token - 1, acts, sizeof(acts) / sizeof(*acts)) &&
		       (token + 1 == marks->fold.count || covered(marks, token + 1, behind, sizeof(behind) / sizeof(*behind))));
}

static int token_at(const struct marks *marks, const char *raw)
{
	for (size_t i = 0; i < marks->fold.count; i++)
		if (marks->fold.tokens[i].raw == raw)
			return (int)i;
	return -1;
}

static int is_bare_word(const char *word)
{
	return strspn(word, "abcdefghijklmnopqrstuvwxyz") == strlen(word);
}

static void try_names(struct variants_run *run, const struct line *line)
{
	const char *at = line->name && is_bare_word(line->name) ? only_place(line->text, line->name) : NULL;
	int token = at ? token_at(line->marks, at) : -1;
	char out[TEXT];

	if (token < 0 || !stands_as_name(line->marks, (size_t)token))
		return;
	for (unsigned i = 0; i < 3; i++) {
		const char *other = called[(line->number * 7 + i * 11) % (sizeof(called) / sizeof(*called))];

		if (strstr(line->text, other))
			continue;
		put_in_place(out, line->text, at, strlen(line->name), other);
		variants_try(run, VARIANT_NAME, &line->gold, out);
	}
}

/* --- remarks --- */

struct remark {
	const char *language, *before, *behind;
};

static const struct remark remarks[] = {
	{ "en", "", ", thanks a lot" }, { "en", "hey team, ", "" }, { "en", "", " - because customers complain" }, { "en", "morning! ", "" },
	{ "en", "", ", no rush" }, { "en", "quick one: ", "" }, { "en", "", "; we need it for the demo" }, { "en", "", ", it is getting urgent" },
	{ "en", "dafuq, ", "" }, { "en", "sorry to bother you, ", "" }, { "en", "", " so we can go home" }, { "en", "ok, ", "" },
	{ "en", "", " - the customer is on the phone" }, { "en", "when you have a minute, ", "" },
	{ "de", "", ", danke dir" }, { "de", "moin, ", "" }, { "de", "", ", weil sich Kunden beschweren" }, { "de", "", ", eilt nicht" },
	{ "de", "kurze Frage: ", "" }, { "de", "", "; das brauchen wir für die Demo" }, { "de", "ey Leute, ", "" }, { "de", "", ", damit wir heim können" },
	{ "fr", "", ", merci d'avance" }, { "fr", "salut, ", "" }, { "fr", "", " parce que les clients se plaignent" }, { "fr", "", ", ça ne presse pas" },
	{ "fr", "", ", c'est urgent" }, { "fr", "bon, ", "" }, { "fr", "", " pour qu'on puisse rentrer" }, { "fr", "dis donc, ", "" },
	{ "es", "", ", gracias de antemano" }, { "es", "oye, ", "" }, { "es", "", " porque los clientes se quejan" }, { "es", "", ", no hay prisa" },
	{ "es", "", ", es urgente" }, { "es", "bueno, ", "" }, { "es", "", " para que podamos irnos" }, { "es", "buenas, ", "" },
	{ "pt", "", ", obrigado desde já" }, { "pt", "oi, ", "" }, { "pt", "", " porque os clientes estão reclamando" }, { "pt", "", ", sem pressa" },
	{ "pt", "", ", é urgente" }, { "pt", "bom dia, ", "" }, { "pt", "", " pra gente poder ir embora" }, { "pt", "galera, ", "" },
	{ "ja", "すみません、", "" }, { "ja", "", "、急ぎです" }, { "ja", "お疲れ様です、", "" }, { "ja", "", "、よろしくお願いします" },
	{ "ja", "", "、お客様が困っています" }, { "ja", "ちょっといいですか、", "" },
	{ "en", "", "; one is enough" },
	{ "en", "", " - nobody uses it anyway" },

	{ "en", "we had this last week too: ", "" },
	{ "en", "", " so that QA can continue" },
	{ "en", "", " before lunch please" },
	{ "en", "so, ", "" },
	{ "en", "", ", my shift ends soon" },
	{ "en", "alright folks, ", "" },
	{ "en", "", " – we promised that to marketing" },
	{ "en", "", ", it annoys me" },
	{ "en", "i hate mondays. ", "" },
	{ "en", "", ", as discussed this morning" },
	{ "en", "good evening, ", "" },
	{ "en", "", " (asap)" },
	{ "en", "", ", cheers mate" },
	{ "en", "", " :)" },
	{ "de", "", ", ich gehe dann heim" },
	{ "de", "guten Morgen zusammen, ", "" },
	{ "de", "", " - niemand braucht das heute" },
	{ "de", "", ", wie besprochen" },
	{ "de", "so, ", "" },
	{ "de", "", ", der Kunde ruft dauernd an" },
	{ "de", "Mist, ", "" },
	{ "de", "", " weil wir patchen müssen" },
	{ "fr", "bonjour l'équipe, ", "" },
	{ "fr", "", ", comme convenu" },
	{ "fr", "", " - personne ne s'en sert" },
	{ "fr", "", ", le client attend" },
	{ "fr", "alors, ", "" },
	{ "es", "hola chicos, ", "" },
	{ "es", "", ", como acordamos" },
	{ "es", "", " - nadie lo usa" },
	{ "es", "", ", el cliente espera" },
	{ "es", "a ver, ", "" },
	{ "pt", "e aí pessoal, ", "" },
	{ "pt", "", ", como combinado" },
	{ "pt", "", " - ninguém usa isso" },
	{ "pt", "", ", o cliente está esperando" },
	{ "pt", "então, ", "" },
	{ "ja", "ごめん、", "" },
	{ "ja", "", "、ありがとう" },
	{ "ja", "", "、会議の前に" },
	{ "ja", "みなさん、", "" },
};

static void try_remarks(struct variants_run *run, const struct line *line)
{
	size_t count = sizeof(remarks) / sizeof(*remarks), body = strlen(line->text);
	unsigned done = 0;
	char out[TEXT];

	while (body && strchr(".!", line->text[body - 1]))
		body--;
	for (size_t i = 0; i < count && done < 2; i++) {
		const struct remark *remark = &remarks[(line->number * 5 + i) % count];

		if (strcmp(remark->language, line->language) != 0 || (*remark->behind && body && line->text[body - 1] == '?'))
			continue;
		done++;
		if (*remark->behind)
			snprintf(out, sizeof(out), "%.*s%s", (int)body, line->text, remark->behind);
		else
			snprintf(out, sizeof(out), "%s%s", remark->before, line->text);
		variants_try(run, VARIANT_REMARK, &line->gold, out);
	}
}

/* --- order --- */

static const char *const leads[] = { "in", "on", "auf", "im", "en", "em", "sur" };
static const char *const places[] = { "prod", "production", "live", "staging", "stage", "stg", "dev", "producción", "produktion" };

/* "in prod" at the end of a sentence: how many bytes before the end it begins; 0 none. */
static size_t place_at_end(const char *text)
{
	size_t length = strlen(text);
	char tail[64];

	for (size_t l = 0; l < sizeof(leads) / sizeof(*leads); l++)
		for (size_t p = 0; p < sizeof(places) / sizeof(*places); p++) {
			int tail_length = snprintf(tail, sizeof(tail), " %s %s", leads[l], places[p]);

			if (length > (size_t)tail_length && !strcmp(text + length - (size_t)tail_length, tail))
				return (size_t)tail_length;
		}
	return 0;
}

static void try_order(struct variants_run *run, const struct line *line)
{
	size_t tail = place_at_end(line->text), length = strlen(line->text), body = length - tail;
	const char *place = tail ? strrchr(line->text, ' ') + 1 : NULL;
	char out[TEXT];

	if (!tail || strchr(line->text, ','))
		return;
	snprintf(out, sizeof(out), "%s: %.*s", place, (int)body, line->text);
	variants_try(run, VARIANT_ORDER, &line->gold, out);
	snprintf(out, sizeof(out), "%.*s (%s)", (int)body, line->text, place);
	variants_try(run, VARIANT_ORDER, &line->gold, out);
	snprintf(out, sizeof(out), "%s, %.*s", line->text + body + 1, (int)body, line->text);
	variants_try(run, VARIANT_ORDER, &line->gold, out);
	snprintf(out, sizeof(out), "%.*s, %s", (int)body, line->text, line->text + body + 1);
	variants_try(run, VARIANT_ORDER, &line->gold, out);
}

/* --- slips --- */

static int is_ascii(const struct token *token)
{
	for (unsigned i = 0; i < token->raw_length; i++)
		if ((token->raw[i] | 32) < 'a' || (token->raw[i] | 32) > 'z')
			return 0;
	return 1;
}

static void misspell(char *out, const struct line *line, const struct token *token, unsigned how)
{
	char word[64];
	size_t n = token->raw_length, at = 1 + line->number % (n - 2);

	memcpy(word, token->raw, n);
	word[n] = 0;
	if (how == 0) /* dropped */
		memmove(word + at, word + at + 1, n - at);
	else if (how == 1) /* doubled */
		memmove(word + at + 1, word + at, n - at + 1);
	else {
		word[at] = token->raw[at + 1];
		word[at + 1] = token->raw[at];
	}
	put_in_place(out, line->text, token->raw, n, word);
}

static void try_slips(struct variants_run *run, const struct line *line)
{
	static const enum concept meant[] = { C_INVESTIGATE, C_LIST, C_SCALE, C_RESTART, C_STOP, C_START, C_TERMINATE, C_ROLLBACK, C_CORDON, C_DRAIN,
		C_FORECAST, C_MIGRATE, C_KIND, C_DB, C_NAMESPACE, C_LB, C_HOST, C_CERT };
	char out[TEXT];

	for (size_t i = 0; i < line->marks->fold.count; i++) {
		const struct token *token = &line->marks->fold.tokens[i];

		if (token->raw_length < 6 || token->raw_length > 40 || !is_ascii(token) || line->marks->slip[i] ||
			!covered(line->marks, i, meant, sizeof(meant) / sizeof(*meant)) || (line->name && strstr(line->name, token->text)))
			continue;
		misspell(out, line, token, line->number % 3);
		variants_try(run, VARIANT_SLIP, &line->gold, out);
		return;
	}
}

/* --- what must not be taken --- */

static void try_refusal(struct variants_run *run, enum variant variant, struct line *line, const char *text)
{
	static const char *const frames[] = { "could someone ", "please ", "i need you to ", "prod: ", "can you tell me " };
	size_t count = sizeof(remarks) / sizeof(*remarks);
	unsigned done = 0;
	char out[TEXT];

	marks_find(line->marks, run->words, text, strlen(text), (struct marks_guess){ 0 }, NULL, NULL);
	for (size_t i = 0; i < count && done < 3; i++) {
		const struct remark *remark = &remarks[(line->number * 5 + i) % count];

		if (strcmp(remark->language, words_language(run->words, line->marks->language)) != 0)
			continue;
		done++;
		snprintf(out, sizeof(out), "%s%s%s", remark->before, text, remark->behind);
		variants_try(run, variant, NULL, out);
	}
	if (variant != VARIANT_ATTACK)
		return;
	snprintf(out, sizeof(out), "%s%s", frames[line->number % (sizeof(frames) / sizeof(*frames))], text);
	variants_try(run, variant, NULL, out);
}

/* --- a corpus --- */

static void vary(struct variants_run *run, struct line *line)
{
	struct grammar_answer got;
	int right;

	grammar_parse(run->grammar, line->text, NULL, &got, NULL);
	right = is_right(&got, &line->gold);
	grammar_answer_release(&got);
	if (!right)
		return;
	marks_find(line->marks, run->words, line->text, strlen(line->text), (struct marks_guess){ 0 }, NULL, NULL);
	line->language = words_language(run->words, line->marks->language);
	try_names(run, line);
	try_order(run, line);
	if (line->number % SHARE != 3)
		try_remarks(run, line);
	if (line->number % SHARE <= 2)
		try_slips(run, line);
}

int variants_of_corpus(struct variants_run *run, const char *path)
{
	char *bytes = file_load(path, 1 << 20, NULL, NULL), *rest = bytes, *text;
	struct line line = { .marks = malloc(sizeof(struct marks)) };

	while (bytes && line.marks && (text = strsep(&rest, "\n"))) {
		struct json *json = json_parse(text, strlen(text), NULL);
		const struct json *target = json_at(json, "gold.target");

		const char *class = json_text_or(json_get(json, "class"), "");

		line.number++;
		if (!strcmp(class, "injection"))
			try_refusal(run, VARIANT_ATTACK, &line, json_text_or(json_get(json, "text"), ""));
		if (!strcmp(class, "reject"))
			try_refusal(run, VARIANT_REFUSAL, &line, json_text_or(json_get(json, "text"), ""));
		if (json && !strcmp(class, "ok")) {
			snprintf(line.text, sizeof(line.text), "%s", json_text_or(json_get(json, "text"), ""));
			line.gold = (struct variant_gold){ json_text_or(json_at(json, "gold.intent_type"), ""), json_text_or(json_get(target, "resource_type"), ""),
				json_text_or(json_get(target, "scope"), "") };
			line.name = json_text(json_at(target, "filters.name"));
			vary(run, &line);
		}
		json_free(json);
	}
	free(bytes);
	free(line.marks);
	return bytes ? 0 : -1;
}
