/* told.c - which acts of a sentence are told and not asked for, and its clauses. */
#include <string.h>

#include "base/json.h"
#include "copilot/reading.h"

static const enum concept changes[] = { C_SCALE, C_RESTART, C_STOP, C_START, C_TERMINATE,
	C_ROLLBACK, C_CORDON, C_DRAIN, C_MIGRATE };

int rules_told(const struct reading *reading, const struct mark *mark)
{
	static const char *const lead[] = { "before", "after", "during", "since", "for", "prior",
		"vor", "nach", "seit", "wegen", "avant", "apres", "depuis", "pour", "antes",
		"despues", "desde", "depois", "para" };
	static const char *const between[] = { "the", "a", "its", "my", "our", "dem", "der", "den",
		"le", "la", "el", "o", "to", "de", "du", "del", "do", "last", "next" };
	size_t at = mark->from;

	for (size_t step = 0; at && step < 3; step++) {
		const char *word = reading->marks.fold.tokens[--at].text;
		int filler = 0;

		for (size_t i = 0; i < sizeof(lead) / sizeof(*lead); i++)
			if (!strcmp(word, lead[i]))
				return 1;
		for (size_t i = 0; i < sizeof(between) / sizeof(*between); i++)
			filler |= !strcmp(word, between[i]);
		if (!filler)
			return 0;
	}
	return 0;
}

/* "after the restart": the act is all that is told, with nothing it is done to. */
static int told_alone(const struct reading *reading, const struct mark *mark)
{
	const struct marks *marks = &reading->marks;
	const unsigned ends = TOKEN_END | TOKEN_ASKED | TOKEN_COMMA;

	return rules_told(reading, mark) &&
	       (mark->to >= marks->fold.count || marks->fold.tokens[mark->to - 1].shape & ends ||
		       marks_at(marks, mark->to, C_ON) || marks_at(marks, mark->to, C_AND) ||
		       marks_at(marks, mark->to, C_FROM) || marks_at(marks, mark->to, C_SCOPE));
}

/* "the night is quiet so web can live with 2": what follows is another clause, but for "so slow", "so many". */
static int leads_on(const struct reading *reading, size_t token)
{
	static const char *const words[] = { "so", "therefore", "hence", "thus", "deshalb", "darum", "daher", "donc", "entao",
		"por eso" };
	static const enum concept next[] = { C_FILL, C_IT, C_TELLER, C_ON, C_SCALE, C_RESTART, C_STOP, C_START, C_TERMINATE,
		C_ROLLBACK, C_CORDON, C_DRAIN, C_MIGRATE, C_KIND, C_DB, C_HOST, C_EC2, C_VM, C_LB };
	const struct marks *marks = &reading->marks;
	int word = 0, follows = 0;

	if (token < 1 || token + 2 >= marks->fold.count)
		return 0;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		word |= !strcmp(marks->fold.tokens[token + 1].text, words[i]);
	for (size_t i = 0; word && i < sizeof(next) / sizeof(*next); i++)
		follows |= marks_at(marks, token + 2, next[i]) != NULL;
	return word && (follows || (!marks->taken[token + 2] && marks->fold.tokens[token + 2].length > 2));
}

int rules_clause_ends(const struct reading *reading, size_t token)
{
	return leads_on(reading, token) || (reading->marks.fold.tokens[token].shape &
		       (TOKEN_END | TOKEN_COMMA | TOKEN_ASKED)) != 0 ||
	       (reading->marks.fold.cjk && marks_at(&reading->marks, token, C_REASON));
}

struct clause_span rules_clause(const struct reading *reading, size_t token)
{
	struct clause_span span = { token, token };

	while (span.from && !rules_clause_ends(reading, span.from - 1))
		span.from--;
	while (span.to + 1 < reading->marks.fold.count && !rules_clause_ends(reading, span.to))
		span.to++;
	return span;
}

int rules_is_change(const struct mark *mark)
{
	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++)
		if (mark->concept == changes[i])
			return 1;
	return 0;
}

int rules_acts_later(const struct reading *reading, size_t token)
{
	size_t end = rules_clause(reading, token).to;

	for (size_t i = 0; i < reading->marks.count; i++)
		if (rules_is_change(&reading->marks.marks[i]) && reading->marks.marks[i].from > end)
			return 1;
	return 0;
}

int rules_acts_near(const struct reading *reading, size_t token)
{
	struct clause_span span = rules_clause(reading, token);

	for (size_t i = 0; i < reading->marks.count; i++)
		if (rules_is_change(&reading->marks.marks[i]) &&
			reading->marks.marks[i].from >= span.from &&
			reading->marks.marks[i].from <= span.to)
			return 1;
	return 0;
}

/* "we restarted web, is it up again?" */
static int done_by_us(const struct reading *reading, const struct mark *mark)
{
	static const char *const between[] = { "already", "just", "also", "have", "had", "ve", "then", "only" };
	const struct token *word = &reading->marks.fold.tokens[mark->from];
	size_t at = mark->from;

	for (size_t i = 0; at > 1 && i < sizeof(between) / sizeof(*between); i++)
		if (!strcmp(reading->marks.fold.tokens[at - 1].text, between[i])) {
			at--;
			i = (size_t)-1; /* "we have already restarted web" */
		}
	return at && marks_at(&reading->marks, at - 1u, C_TELLER) && word->length > 4 &&
	       !strcmp(word->text + word->length - 2, "ed");
}

static int says_one_of(const struct fold *fold, size_t token, const char *const *words, size_t count)
{
	for (size_t i = 0; token < fold->count && i < count; i++)
		if (!strcmp(fold->tokens[token].text, words[i]))
			return 1;
	return 0;
}

/* "the scaling of web is done", "restart of web: done". */
static int is_over(const struct reading *reading, size_t token)
{
	static const char *const is[] = { "is", "are", "ist", "sind", "est", "sont", "esta", "ha" };
	static const char *const over[] = { "done", "finished", "complete", "completed", "over", "abgeschlossen", "fertig", "beendet", "erledigt",
		"termine", "terminee", "fini", "finie", "terminado", "terminada", "hecho", "hecha", "concluido", "concluida", "feito", "feita" };
	const struct fold *fold = &reading->marks.fold;

	if (says_one_of(fold, token, is, sizeof(is) / sizeof(*is)))
		return says_one_of(fold, token + 1, over, sizeof(over) / sizeof(*over));
	return token + 1 == fold->count && token && fold->tokens[token - 1].shape & TOKEN_END &&
	       says_one_of(fold, token, over, sizeof(over) / sizeof(*over));
}

/* "web has been rolled back already", "ein kollege hat web neu gestartet", "ana reinició web": somebody has done it. */
static int done_by_another(const struct reading *reading, const struct mark *mark)
{
	static const char *const has[] = { "hat", "haben", "habe" };
	const struct fold *fold = &reading->marks.fold;
	struct clause_span span = rules_clause(reading, mark->from);
	const struct token *last = &fold->tokens[mark->to - 1];

	if (!rules_is_change(mark) || !mark->from || fold->tokens[span.to].shape & TOKEN_ASKED || HAS(reading, C_WHICH) ||
		!strcmp(fold->tokens[span.from].text, "wer"))
		return 0;
	if (mark->to == mark->from + 1 && last->raw_length > 4 && !memcmp(last->raw + last->raw_length - 2, "\xC3\xB3", 2))
		return 1; /* -ó */
	if (mark->from > 1 && !strcmp(fold->tokens[mark->from - 1].text, "been") && span.from < mark->from - 2u)
		return 1;
	for (size_t at = span.from + 1; mark->to == span.to + 1u && at < mark->from; at++)
		if (says_one_of(fold, at, has, sizeof(has) / sizeof(*has)))
			return 1;
	return 0;
}

/* "the restart of web took an hour": the noun of an act, and behind it in its clause what has become of it. */
static int told_by_noun(const struct reading *reading, const struct mark *mark)
{
	static const char *const went[] = { "was", "were", "went", "took", "succeeded", "failed", "finished", "caused", "broke",
		"surprised", "worked", "helped", "ended", "lasted", "war", "waren", "ging", "lief", "hat", "dauerte", "verlief",
		"klappte", "scheiterte", "brachte", "etait", "fut", "fue", "salio", "tardo", "fallo", "era", "duro", "funciono", "termino",
		"acabo", "causo", "foi", "deu", "demorou", "falhou", "durou", "funcionou", "terminou", "acabou", "causou" };
	static const char *const done[] = { "pris", "dure", "echoue", "reussi", "marche", "ete", "cause", "aide", "casse" };
	const struct fold *fold = &reading->marks.fold;
	const struct token *before = mark->from ? &fold->tokens[mark->from - 1] : NULL;
	size_t end = rules_clause(reading, mark->from).to;
	static const char *const articles[] = { "the", "a", "der", "die", "das", "le", "la", "el", "o", "un", "une", "ein", "eine", "um", "uma",
		"l", "our", "that", "this" };
	static const char *const of[] = { "of", "von", "des", "de", "du", "del", "do", "da" };
	int noun = 0;

	if (!rules_is_change(mark) || fold->tokens[end].shape & TOKEN_ASKED)
		return 0;
	for (size_t at = mark->to; at + 1 <= end; at++) /* "a restart is not needed" */
		if (!strcmp(fold->tokens[at].text, "not") && at > mark->to && !strcmp(fold->tokens[at - 1].text, "is") &&
			(!strcmp(fold->tokens[at + 1].text, "needed") || !strcmp(fold->tokens[at + 1].text, "required") ||
				!strcmp(fold->tokens[at + 1].text, "necessary")))
			return 1;
	for (size_t i = 0; i < sizeof(articles) / sizeof(*articles); i++)
		noun |= (before && !strcmp(before->text, articles[i])) ||
			(mark->to > mark->from + 1 && !strcmp(fold->tokens[mark->from].text, articles[i]));
	noun |= says_one_of(fold, mark->to, of, sizeof(of) / sizeof(*of)) || says_one_of(fold, mark->to - 1u, of, sizeof(of) / sizeof(*of));
	for (size_t at = mark->to; noun && at < fold->count && at <= end + 1; at++)
		if (is_over(reading, at))
			return 1;
	for (size_t at = mark->to; noun && at <= end; at++) {
		for (size_t i = 0; i < sizeof(went) / sizeof(*went); i++)
			if (!strcmp(fold->tokens[at].text, went[i]) &&
				(strncmp(went[i], "war", 3) || fold->tokens[at].raw_length == fold->tokens[at].length)) /* not "wär" */
				return 1;
		for (size_t i = 0; !strcmp(fold->tokens[at].text, "a") && at < end && i < sizeof(done) / sizeof(*done); i++)
			if (!strcmp(fold->tokens[at + 1].text, done[i]))
				return 1;
		if (!strcmp(fold->tokens[at].text, "s") && at < end && !strcmp(fold->tokens[at + 1].text, "est"))
			return 1;
	}
	return 0;
}

/* "after the drain of node-7", "thanks for the rollback of web": it has been done. */
static int done_before(const struct reading *reading, const struct mark *mark)
{
	static const char *const lead[] = { "after", "since", "nach", "seit", "apres", "depuis", "despues", "desde", "depois", "apos" };
	static const char *const thanks[] = { "thanks", "thank", "danke", "merci", "gracias", "obrigado", "obrigada" };
	const struct fold *fold = &reading->marks.fold;
	size_t at = mark->from;
	int thanked = 0;

	if (!rules_is_change(mark) || at < 2)
		return 0;
	for (size_t i = 0; i < sizeof(thanks) / sizeof(*thanks); i++)
		thanked |= !strcmp(fold->tokens[0].text, thanks[i]);
	if (thanked && rules_told(reading, mark) && rules_clause(reading, at).from == 0)
		return 1;
	if (strcmp(fold->tokens[at - 1].text, "the") && strcmp(fold->tokens[at - 1].text, "dem") && strcmp(fold->tokens[at - 1].text, "der") &&
		strcmp(fold->tokens[at - 1].text, "le") && strcmp(fold->tokens[at - 1].text, "la") && strcmp(fold->tokens[at - 1].text, "o") &&
		strcmp(fold->tokens[at - 1].text, "a") && strcmp(fold->tokens[at - 1].text, "el"))
		return 0;
	for (size_t i = 0; i < sizeof(lead) / sizeof(*lead); i++)
		if (!strcmp(fold->tokens[at - 2].text, lead[i]))
			return 1;
	return 0;
}

/* "昨日webを再起動した": done, and not asked. */
static int done_in_japanese(const struct reading *reading, const struct mark *mark)
{
	const struct fold *fold = &reading->marks.fold;
	const struct token *last = &fold->tokens[fold->count - 1];

	return rules_is_change(mark) && fold->cjk && fold->count > 3 && !(last->shape & TOKEN_ASKED) && !strcmp(last->text, "\xE3\x81\x9F") &&
	       !strcmp(last[-1].text, "\xE3\x81\x97") && mark->to + 2u >= fold->count - 1u;
}

/* "web est arrêté, démarre-le": what stands after a word for "is", with an act in a later clause. */
static int told_state(const struct reading *reading, const struct mark *mark)
{
	static const char *const words[] = { "is", "are", "was", "were", "ist", "sind", "wurde", "est",
		"sont", "esta", "estan", "estao", "foi", "fue", "sigue", "got", "gets", "ta", "been",
		"sido", "ete" };

	if (done_in_japanese(reading, mark) || told_by_noun(reading, mark) || done_by_another(reading, mark))
		return 1;
	if (!rules_is_change(mark) || !mark->from)
		return 0;
	if (done_by_us(reading, mark) || done_before(reading, mark))
		return 1;
	if (!rules_acts_later(reading, mark->from))
		return 0;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(reading->marks.fold.tokens[mark->from - 1].text, words[i]))
			return 1;
	return 0;
}

void rules_say_nothing(struct reading *reading, struct mark *mark)
{
	reading->marks.seen[mark->concept]--;
	mark->concept = C_FILL;
	reading->marks.seen[C_FILL]++;
}

static int begins_clause(const struct marks *marks, size_t token)
{
	while (token && marks_at(marks, token - 1, C_FILL) &&
		!(marks->fold.tokens[token - 1].shape & (TOKEN_END | TOKEN_COMMA)))
		token--;
	return !token || marks->fold.tokens[token - 1].shape & (TOKEN_END | TOKEN_COMMA);
}

static int is_mine(const struct token *token)
{
	static const char *const words[] = { "my", "your", "his", "her", "their", "mein", "meine", "mon", "ma", "mi", "meu", "minha" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(token->text, words[i]))
			return 1;
	return 0;
}

/* "i merged the fix", "before the audit", "nobody knows what web is for, delete it": neither asks for anything. */
static int is_noun_here(const struct reading *reading, const struct mark *mark)
{
	static const char *const fixes[] = { "fix", "cure", "repair", "analysis", "postmortem" };
	const struct token *word = &reading->marks.fold.tokens[mark->from];
	int fix = 0;

	if (!mark->from || mark->to != mark->from + 1)
		return 0;
	if (mark->concept == C_AUDIT && !strcmp(word->text, "audit"))
		return rules_told(reading, mark);
	if (mark->concept == C_WHICH && !strcmp(word->text, "what"))
		return !rules_clause_ends(reading, mark->from - 1u) && rules_acts_later(reading, mark->from);
	for (size_t i = 0; i < sizeof(fixes) / sizeof(*fixes); i++)
		fix |= !strcmp(word->text, fixes[i]);
	return mark->concept == C_INVESTIGATE && fix && (!strcmp(word[-1].text, "the") || !strcmp(word[-1].text, "a"));
}

/* "tiene que volver", "vms we run": "que" inside a clause asks nothing, and what we run is there
 * already. */
static void drop_joints(struct reading *reading)
{
	struct marks *marks = &reading->marks;

	for (struct mark *mark = marks->marks; mark < marks->marks + marks->count; mark++) {
		const struct token *word = &marks->fold.tokens[mark->from];
		int first = !mark->from ||
			    word[-1].shape & (TOKEN_END | TOKEN_ASKED | TOKEN_COMMA);

		if (told_state(reading, mark)) {
			reading->told |= told_by_noun(reading, mark) || done_in_japanese(reading, mark) || done_by_another(reading, mark);
			rules_say_nothing(reading, mark);
		}
		/* "para el próximo mes": only where a clause begins is it an act */
		if (mark->concept == C_STOP && !strcmp(word->text, "para") &&
			(!begins_clause(marks, mark->from) || (mark->to < marks->fold.count && is_mine(&word[1]))))
			rules_say_nothing(reading, mark);
		if (rules_is_change(mark) && mark->from && is_mine(&word[-1]))
			rules_say_nothing(reading, mark); /* "my drain is clogged": a thing, and no act */
		if (is_noun_here(reading, mark))
			rules_say_nothing(reading, mark);
		/* "que se borre web": let it be deleted, and no question */
		if (first && mark->concept == C_WHICH && word->raw_length == 3 && !strcmp(word->text, "que") &&
			mark->from + 2u < marks->fold.count &&
			(!strcmp(word[1].text, "se") || rules_acts_near(reading, mark->from)))
			rules_say_nothing(reading, mark);
		if (mark->to != mark->from + 1 || first)
			continue;
		if ((mark->concept == C_WHICH && word->raw_length == 3 &&
			    !strcmp(word->text, "que") && marks->seen[C_WHICH] == 1) ||
			(mark->concept == C_START && !strcmp(word->text, "run") &&
				marks_at(marks, mark->from - 1u, C_TELLER)))
			rules_say_nothing(reading, mark);
	}
}

/* "joga o checkout pra versão anterior": what goes to the version before is rolled back, and moves nowhere. */
static void drop_moves_back(struct reading *reading)
{
	const struct mark *version = marks_first(&reading->marks, C_VERSION);

	while (version && (!version->value || strcmp(version->value, "previous") != 0))
		version = marks_next(&reading->marks, version);
	if (!version || !HAS(reading, C_ROLLBACK) || json_get(reading->intent->filters, "to"))
		return;
	for (struct mark *mark = reading->marks.marks; mark < reading->marks.marks + reading->marks.count; mark++)
		if (mark->concept == C_MIGRATE)
			rules_say_nothing(reading, mark);
}

/* "would you list the pods", "power on i-1 would you": said first or last, it is courtesy and no supposition. */
static void drop_courtesy(struct reading *reading)
{
	static const char *const lead[] = { "would", "could", "can", "will", "wurdest", "konntest", "kannst", "podrias",
		"puedes", "poderia", "pode", "pourrais", "peux", "pourrait-on" };

	for (struct mark *mark = reading->marks.marks; mark < reading->marks.marks + reading->marks.count; mark++) {
		const struct token *word = &reading->marks.fold.tokens[mark->from];
		int first = !mark->from && reading->marks.seen[C_IF] == 1 && reading->marks.fold.count > 3 && !strcmp(word[1].text, "you");

		first |= !mark->from && !strcmp(word->text, "pourrait-on");
		if (mark->concept != C_IF || (!first && (!mark->from || mark->from + 2u < reading->marks.fold.count)))
			continue;
		for (size_t i = 0; i < sizeof(lead) / sizeof(*lead); i++)
			if (mark->concept == C_IF && !strcmp(reading->marks.fold.tokens[mark->from].text, lead[i]))
				rules_say_nothing(reading, mark);
	}
}

/* An act that is told gives way to one that is asked for: "restart web before the shutdown". */
void rules_drop_told(struct reading *reading)
{
	int asked = 0;

	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++)
			for (struct mark *mark = reading->marks.marks;
				mark < reading->marks.marks + reading->marks.count; mark++) {
				if (mark->concept != changes[i])
					continue;
				if (!told_alone(reading, mark)) {
					asked = 1;
				} else if (pass && asked) {
					rules_say_nothing(reading, mark);
				}
			}
	rules_drop_asking(reading);
	drop_joints(reading);
	drop_moves_back(reading);
	drop_courtesy(reading);
	rules_drop_remarks(reading);
}
