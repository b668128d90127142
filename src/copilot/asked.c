/* asked.c - how something is asked for: who asks and whom, an assent or a reason beside it say nothing of what is asked. */
#include <string.h>

#include "copilot/reading.h"

/* "hey,", "prod:", "in staging,": courtesy or a place. */
static int leads_in(const struct marks *marks, size_t token)
{
	return marks_at(marks, token, C_FILL) || marks_at(marks, token, C_SCOPE) || (marks_at(marks, token, C_ON) && marks_at(marks, token + 1, C_SCOPE));
}

size_t rules_first_word(const struct reading *reading)
{
	size_t at = 0;

	while (at + 1 < reading->marks.fold.count && leads_in(&reading->marks, at)) {
		size_t end = at;

		while (end + 1 < reading->marks.fold.count && leads_in(&reading->marks, end) && !rules_clause_ends(reading, end))
			end++;
		if (!leads_in(&reading->marks, end) || !rules_clause_ends(reading, end) ||
			end + 1 >= reading->marks.fold.count)
			break;
		at = end + 1;
	}
	return at;
}

/* "ok, which pods run": said first, with nothing but courtesy beside it, it asks for nothing. */
static void drop_assent(struct reading *reading)
{
	struct clause_span span = rules_clause(reading, 0);
	struct mark *asks = NULL;

	if (span.to + 1 >= reading->marks.fold.count || reading->marks.fold.tokens[span.to].shape & TOKEN_ASKED)
		return;
	for (size_t at = span.from; at <= span.to; at++)
		if (!marks_at(&reading->marks, at, C_FILL) && !marks_at(&reading->marks, at, C_ASK))
			return;
	for (asks = reading->marks.marks; asks < reading->marks.marks + reading->marks.count; asks++)
		if (asks->concept == C_ASK && asks->to <= span.to + 1u)
			rules_say_nothing(reading, asks);
}

static int means_one_of(const struct marks *marks, size_t token, const enum concept *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (marks_at(marks, token, list[i]))
			return 1;
	return 0;
}

static int is_one_of(const struct token *token, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(token->text, words[i]))
			return 1;
	return 0;
}

static int asks_whether(const struct token *token)
{
	static const char *const words[] = { "if", "whether", "ob", "si", "se" };

	return is_one_of(token, words, sizeof(words) / sizeof(*words));
}

static int begins_question(const struct marks *marks, size_t token)
{
	static const enum concept concepts[] = { C_WHICH, C_WHEN, C_WHY, C_IF };
	static const char *const words[] = { "which", "what", "when", "why", "how", "who", "welche", "welcher", "welches", "was", "wann", "warum",
		"wieso", "quels", "quelles", "quel", "quelle", "quand", "pourquoi", "que", "cual", "cuales", "cuando", "quais", "qual", "quando" };

	return asks_whether(&marks->fold.tokens[token]) || is_one_of(&marks->fold.tokens[token], words, sizeof(words) / sizeof(*words)) ||
	       means_one_of(marks, token, concepts, sizeof(concepts) / sizeof(*concepts));
}

/* "find out what aws will cost": of the phrase that ends in the question word only that word asks. */
static void part_inquiry(struct marks *marks, size_t at)
{
	size_t count = marks->count;

	if (!marks->seen[C_FORECAST] && !marks->seen[C_FUTURE] && !marks->seen[C_COST])
		return;
	for (size_t i = 0; i < count && marks->count < MARKS_MAX; i++) {
		struct mark *mark = &marks->marks[i];

		if (mark->from >= at || mark->to != at + 1)
			continue;
		marks->marks[marks->count++] = (struct mark){ .concept = C_FILL, .from = mark->from, .to = (unsigned short)at };
		marks->seen[C_FILL]++;
		marks->seen[mark->concept]--;
		mark->from = (unsigned short)at;
		mark->concept = C_WHICH;
		marks->seen[C_WHICH]++;
	}
}

/* "could someone check which pods run", "keine ahnung, warum ...": who asks and whom says nothing, what is asked begins with the question
 * word; "tell me if web is up" asks whether. */
static void drop_inquiry(struct reading *reading)
{
	static const enum concept asking[] = { C_INVESTIGATE, C_CHECK, C_ASK, C_LIST, C_REVEAL };
	static const enum concept before[] = { C_FILL, C_TELLER, C_IT, C_INVESTIGATE, C_CHECK, C_ASK, C_LIST, C_REVEAL };
	struct marks *marks = &reading->marks;
	int asked = 0;
	size_t at = 0;

	if (marks->fold.count && !strcmp(marks->fold.tokens[0].text, "where"))
		return; /* "where does the load of web come from" */
	while (at < marks->fold.count && (!at || !begins_question(marks, at))) {
		if (!means_one_of(marks, at, before, sizeof(before) / sizeof(*before)))
			return;
		asked |= means_one_of(marks, at, asking, sizeof(asking) / sizeof(*asking));
		at++;
	}
	if (!asked || at + 1 >= marks->fold.count)
		return;
	part_inquiry(marks, at);
	for (struct mark *mark = marks->marks; mark < marks->marks + marks->count; mark++) {
		for (size_t i = 0; mark->to <= at && i < sizeof(asking) / sizeof(*asking); i++)
			if (mark->concept == asking[i])
				rules_say_nothing(reading, mark);
		if (mark->from == at && mark->to == at + 1 && asks_whether(&marks->fold.tokens[at])) {
			marks->seen[mark->concept]--;
			mark->concept = C_CHECK;
			marks->seen[C_CHECK]++;
		}
	}
}

static int is_change_at(const struct marks *marks, size_t token)
{
	for (size_t i = 0; i < marks->count; i++)
		if (marks->marks[i].from == token && rules_is_change(&marks->marks[i]))
			return 1;
	return 0;
}

static int wishes(const struct reading *reading, size_t token)
{
	static const char *const words[] = { "want", "need", "have", "get", "like", "bekommen", "kriegen", "brauche", "brauchen", "gehort", "quiero",
		"necesito", "quero", "preciso" };
	struct clause_span span = rules_clause(reading, token);

	for (size_t at = span.from; at <= span.to; at++)
		if (is_one_of(&reading->marks.fold.tokens[at], words, sizeof(words) / sizeof(*words)))
			return 1;
	return 0;
}

/* "get web bounced", "i want web in dev stopped": how it shall be is what is to be done, and nothing is to be shown. */
static void turn_into_acts(struct reading *reading)
{
	static const enum concept asks[] = { C_WHICH, C_WHY, C_STATUS, C_ASK, C_CHECK, C_SYMPTOM, C_WHEN };
	struct marks *marks = &reading->marks;
	struct mark *get = NULL;
	int acts = 0;

	for (size_t i = 0; i < sizeof(asks) / sizeof(*asks); i++)
		if (marks->seen[asks[i]])
			return;
	for (struct mark *mark = marks->marks; mark < marks->marks + marks->count && reading->names; mark++) {
		/* "devrait être redémarré" */
		if (mark->concept == C_FORECAST && !strcmp(marks->fold.tokens[mark->from].text, "devrait") && is_change_at(marks, mark->to))
			rules_say_nothing(reading, mark);
		if (mark->concept == C_LIST && !strcmp(marks->fold.tokens[mark->to - 1].text, "get"))
			get = mark;
		if (mark->concept == C_STATE && mark->value && !strcmp(mark->value, "stopped") && mark->from > reading->name[0] &&
			rules_clause(reading, mark->from).to + 1u == mark->to && wishes(reading, mark->from)) {
			marks->seen[C_STATE]--;
			mark->concept = C_STOP;
			marks->seen[C_STOP]++;
		}
		acts |= rules_is_change(mark) && mark->from > reading->name[0];
	}
	if (get && acts && get->to <= reading->name[0])
		rules_say_nothing(reading, get);
}

/* "borra web porque los clientes se quejan": behind what is asked for it is why, and no question. */
static void turn_into_reasons(struct reading *reading)
{
	static const enum concept asks[] = { C_STATUS, C_ASK, C_CHECK, C_VALID, C_LIST, C_LOG };
	struct marks *marks = &reading->marks;

	for (struct mark *why = marks->marks; why < marks->marks + marks->count; why++) {
		int asked = 0;

		if (why->concept != C_WHY || strcmp(marks->fold.tokens[why->from].text, "porque") != 0 || why->to >= marks->fold.count)
			continue;
		for (const struct mark *mark = marks->marks; mark < marks->marks + marks->count; mark++)
			for (size_t i = 0; i < sizeof(asks) / sizeof(*asks); i++)
				asked |= (mark->to <= why->from && (rules_is_change(mark) || mark->concept == C_DONT)) ||
					 (mark->to + 1u < why->from && mark->concept == asks[i]);
		if (!asked)
			continue;
		marks->seen[C_WHY]--;
		why->concept = C_REASON;
		marks->seen[C_REASON]++;
	}
}

/* "need the vm web-1 back on": what a machine goes back to is running, when no version is said. */
static void turn_back_on(struct reading *reading)
{
	static const enum concept machines[] = { C_VM, C_EC2, C_HOST, C_MACHINE };
	struct marks *marks = &reading->marks;
	int machine = rules_has_entity(reading, ENTITY_MACHINE_ID);

	for (size_t i = 0; i < sizeof(machines) / sizeof(*machines); i++)
		machine |= HAS(reading, machines[i]) > 0;
	if (!machine || HAS(reading, C_VERSION) || rules_has_entity(reading, ENTITY_VERSION))
		return;
	for (struct mark *mark = marks->marks; mark < marks->marks + marks->count; mark++) {
		size_t last = rules_clause(reading, mark->from).to;
		const struct token *word = &marks->fold.tokens[last];

		if (mark->concept != C_ROLLBACK || last <= mark->from || strcmp(word->text, "on") != 0 || strcmp(word[-1].text, "back") != 0)
			continue;
		marks->seen[C_ROLLBACK]--;
		mark->concept = C_START;
		marks->seen[C_START]++;
	}
}

void rules_drop_asking(struct reading *reading)
{
	drop_assent(reading);
	drop_inquiry(reading);
	turn_into_acts(reading);
	turn_into_reasons(reading);
	turn_back_on(reading);
}
