/* refuse.c - what is understood and still asked back: no target, a choice left open, a negation, a
 * supposition, two things at once. */
#include <string.h>

#include "base/json.h"
#include "copilot/grammar.h"
#include "copilot/reading.h"
#include "copilot/refuse.h"

static int is_type(const struct reading *reading, const char *type)
{
	return !strcmp(reading->intent->type, type);
}

static const enum concept changes[] = { C_SCALE, C_RESTART, C_STOP, C_START, C_TERMINATE,
	C_ROLLBACK, C_CORDON, C_DRAIN, C_MIGRATE };

static size_t acts_said(const struct reading *reading)
{
	size_t count = 0;

	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++)
		count += HAS(reading, changes[i]) > 0;
	return count;
}

/* Changes whose words mean nothing else; "run" and "set to" also stand beside others. */
static size_t plain_acts(const struct reading *reading)
{
	static const enum concept plain[] = { C_RESTART, C_STOP, C_TERMINATE, C_ROLLBACK, C_CORDON,
		C_DRAIN, C_MIGRATE };
	size_t count = 0;

	for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++) {
		int asked = 0;

		for (const struct mark *mark = marks_first(&reading->marks, plain[i]); mark;
			mark = marks_next(&reading->marks, mark))
			asked |= !rules_told(reading, mark);
		count += asked;
	}
	return count;
}

static int scopes_said(const struct reading *reading)
{
	const struct mark *first = marks_first(&reading->marks, C_SCOPE);

	for (const struct mark *mark = first; mark; mark = marks_next(&reading->marks, mark))
		if (strcmp(mark->value, first->value))
			return 2;
	return first != NULL;
}

/* "do not restart", "don't show me": what is forbidden is an act. "names do not resolve" is a
 * symptom told. */
static int forbids_act(const struct reading *reading)
{
	for (const struct mark *mark = marks_first(&reading->marks, C_DONT); mark;
		mark = marks_next(&reading->marks, mark)) {
		size_t at = mark->to;

		while (marks_at(&reading->marks, at, C_FILL) || marks_at(&reading->marks, at, C_IT))
			at++;
		for (int act = C_INVESTIGATE; act < C_STATUS; act++)
			if (HAS(reading, act) && marks_at(&reading->marks, at, act))
				return 1;
	}
	return reading->write || acts_said(reading);
}

/* "open port 22 for me", "open all ports"; "open ports" are asked about. */
static int opens_port(const struct reading *reading, size_t at)
{
	const struct token *tokens = reading->marks.fold.tokens;

	if (at + 1 >= reading->marks.fold.count || strcmp(tokens[at].text, "open") != 0)
		return 0;
	return !strcmp(tokens[at + 1].text, "port") || !strcmp(tokens[at + 1].text, "all") ||
	       !strcmp(tokens[at + 1].text, "up") || !strcmp(tokens[at + 1].text, "the") ||
	       !strcmp(tokens[at + 1].text, "every");
}

/* "add 0.0.0.0/0 to sg-1": whom a group lets in is asked about, and never changed. */
static int adds_range(const struct reading *reading, size_t at)
{
	static const char *const words[] = { "add", "put", "insert", "append", "set", "give" };

	for (size_t i = 0; at < reading->marks.fold.count && HAS(reading, C_CIDR) && i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(reading->marks.fold.tokens[at].text, words[i]))
			return 1;
	return 0;
}

static int is_article(const struct token *token)
{
	static const char *const articles[] = { "the", "a", "an", "our", "my", "this", "that", "der",
		"die", "das", "den", "ein", "eine", "unser", "unsere", "le", "la", "les", "un", "une",
		"notre", "el", "los", "las", "una", "nuestro", "nuestra", "o", "os", "as", "um",
		"uma", "nosso", "nossa" };

	for (size_t i = 0; i < sizeof(articles) / sizeof(*articles); i++)
		if (!strcmp(token->text, articles[i]))
			return 1;
	return 0;
}

/* "renew the certificate of x", "open port 22 to me": the sentence begins with an act nobody here
 * does. Further on the same words are nouns: "since the last deploy". */
static int begins_with_other(const struct reading *reading)
{
	size_t at = 0;

	while (marks_at(&reading->marks, at, C_FILL))
		at++;
	if (opens_port(reading, at) || adds_range(reading, at))
		return 1;
	for (size_t i = 0; i + 1 < reading->marks.fold.count; i++)
		if (rules_clause_ends(reading, i) && opens_port(reading, i + 1))
			return 1;
	if (!HAS(reading, C_OTHER))
		return 0;
	for (size_t i = 0; i < at; i++) /* "the new build eats orders" */
		if (is_article(&reading->marks.fold.tokens[i]) || marks_at(&reading->marks, i, C_TELLER))
			return 0;
	const struct mark *mark = marks_first(&reading->marks, C_OTHER);
	return mark->from == at || reading->marks.fold.tokens[mark->from].shape & TOKEN_CJK;
}

/* "list pods and stop web-1": a change hung on to something else. */
static int second_act(const struct reading *reading)
{
	for (const struct mark *mark = marks_first(&reading->marks, C_AND); mark;
		mark = marks_next(&reading->marks, mark)) {
		size_t at = mark->to;

		while (marks_at(&reading->marks, at, C_FILL) ||
			marks_at(&reading->marks, at, C_AND))
			at++;
		for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++)
			if (HAS(reading, changes[i]) && marks_at(&reading->marks, at, changes[i]) &&
				mark->from)
				return 1;
	}
	return 0;
}

/* "stop web? no, restart web": what was said before is taken back. */
static int takes_back(const struct reading *reading, const struct mark *mark)
{
	const struct token *word = &reading->marks.fold.tokens[mark->from];

	return !strcmp(word->text, "no") && mark->to == mark->from + 1 && word->shape & TOKEN_COMMA;
}

/* "web no da abasto, sube a 8": a clause about the target that only tells what is wrong. */
static int tells_ill(const struct reading *reading, const struct mark *mark)
{
	struct clause_span span = rules_clause(reading, mark->from);

	if (!rules_acts_later(reading, mark->from) || rules_acts_near(reading, mark->from))
		return 0;
	for (size_t i = 0; i < reading->names; i++)
		if (reading->name[i] >= span.from && reading->name[i] <= span.to)
			return 1;
	return 0;
}

/* "no new pods on node-3" is how a cordon is asked for; "no cordon of node-3" is not. */
static int negated(const struct reading *reading)
{
	if (!is_type(reading, "cordon")) {
		for (const struct mark *mark = marks_first(&reading->marks, C_NOT); mark;
			mark = marks_next(&reading->marks, mark))
			if (!takes_back(reading, mark) && !tells_ill(reading, mark))
				return 1;
		return 0;
	}
	for (const struct mark *mark = marks_first(&reading->marks, C_CORDON); mark;
		mark = marks_next(&reading->marks, mark))
		if (mark->from && marks_at(&reading->marks, mark->from - 1u, C_NOT))
			return 1;
	return 0;
}

/* "what if node-3 dies": nothing has happened, and nothing is asked for. */
static int begins_with_if(const struct reading *reading)
{
	size_t at = 0;

	while (marks_at(&reading->marks, at, C_FILL))
		at++;
	const struct mark *mark = marks_at(&reading->marks, at, C_IF);

	if (at && marks_at(&reading->marks, at - 1, C_TELLER) && !reading->write)
		return 0; /* "my boss wants to know if web is up" */
	const char *last = mark ? reading->marks.fold.tokens[mark->to - 1].text : "";

	/* "can i have the logs" only asks */
	return mark && (!strcmp(reading->marks.fold.tokens[at].text, "what") ||
			       (strcmp(last, "i") != 0 && strcmp(last, "we") != 0));
}

/* "fix it by removing the firewall": the sentence never chooses the fix. */
static int chooses_fix(const struct reading *reading)
{
	static const char *const lead[] = { "by", "indem", "durch", "via" };
	const struct marks *marks = &reading->marks;

	if (!is_type(reading, "investigate"))
		return 0;
	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++)
		for (const struct mark *mark = marks_first(marks, changes[i]); mark;
			mark = marks_next(marks, mark))
			for (size_t l = 0; mark->from && l < sizeof(lead) / sizeof(*lead); l++)
				if (!strcmp(marks->fold.tokens[mark->from - 1].text, lead[l]))
					return 1;
	return 0;
}

/* "hands off web, don't start it": where a clause begins it is no trouble told. */
static int begins_with_dont(const struct reading *reading)
{
	for (const struct mark *mark = marks_first(&reading->marks, C_SYMPTOM); mark; mark = marks_next(&reading->marks, mark)) {
		const char *word = reading->marks.fold.tokens[mark->from].text;

		if (mark->from && rules_clause_ends(reading, mark->from - 1u) && (!strcmp(word, "don") || !strcmp(word, "do")) &&
			!(reading->marks.fold.tokens[reading->marks.fold.count - 1].shape & TOKEN_ASKED))
			return 1;
	}
	return 0;
}

static int is_forbidden(const struct reading *reading)
{
	if (HAS(reading, C_DONT) && begins_with_dont(reading))
		return 1;
	return HAS(reading, C_DONT) && forbids_act(reading);
}

static int is_supposed(const struct reading *reading)
{
	return HAS(reading, C_IF) &&
	       (reading->write || acts_said(reading) || begins_with_if(reading));
}

static int leaves_choice(const struct reading *reading)
{
	return HAS(reading, C_OR) && (acts_said(reading) > 1 || reading->write ||
					     HAS(reading, C_DONT) || HAS(reading, C_SCALE));
}

/* "why is web slow? run top on it": an act begins a clause after the question. */
static int acts_after_question(const struct reading *reading)
{
	const struct marks *marks = &reading->marks;

	if (!HAS(reading, C_WHY))
		return 0;
	for (size_t i = 0; i < marks->count; i++)
		if (rules_is_change(&marks->marks[i]) && marks->marks[i].from &&
			marks->fold.tokens[marks->marks[i].from - 1].shape & TOKEN_ASKED)
			return 1;
	return 0;
}

/* "list pods in prod. delete all": an act begins a clause behind what is asked. */
static int acts_in_later_clause(const struct reading *reading)
{
	const struct marks *marks = &reading->marks;

	for (size_t i = 0; i < marks->count; i++)
		if (rules_is_change(&marks->marks[i]) && marks->marks[i].from &&
			rules_clause_ends(reading, marks->marks[i].from - 1u) && !marks_at(marks, marks->marks[i].from, C_TYPICAL) &&
			!marks_at(marks, marks->marks[i].from, C_START))
			return 1;
	return 0;
}

static int asks_twice(const struct reading *reading)
{
	if (is_type(reading, "investigate"))
		return acts_after_question(reading);
	if (!reading->write && acts_in_later_clause(reading))
		return 1;
	return !reading->write && !is_type(reading, "investigate") && second_act(reading);
}

static int several_scopes(const struct reading *reading)
{
	return scopes_said(reading) > 1 && !is_type(reading, "migrate");
}

/* "...; thanks": what follows asks for nothing, and every word of it is known. */
static int remarks_behind(const struct reading *reading, size_t token)
{
	for (size_t at = token; at < reading->marks.fold.count; at++)
		if (!reading->marks.taken[at])
			return 0;
	return rules_is_remark(reading, token) && rules_clause(reading, token).to + 1 == reading->marks.fold.count;
}

/* "the deploy was a mistake; undo it": before ; something is only told. */
static int tells_beside(const struct reading *reading, const char *semicolon)
{
	const struct fold *fold = &reading->marks.fold;
	size_t last = 0;

	if (memchr(semicolon + 1, ';', reading->length - (size_t)(semicolon + 1 - reading->sentence)))
		return 0;
	while (last + 1 < fold->count && fold->tokens[last + 1].raw < semicolon)
		last++;
	if (last + 1 >= fold->count)
		return 0;
	return (reading->write && rules_is_remark(reading, last)) || remarks_behind(reading, last + 1);
}

static int second_sentence(const struct reading *reading)
{
	const char *semicolon = memchr(reading->sentence, ';', reading->length);

	return !is_type(reading, "investigate") &&
	       ((semicolon && !tells_beside(reading, semicolon)) ||
		       (reading->write && memchr(reading->sentence, '\n', reading->length)));
}

static int several_changes(const struct reading *reading)
{
	/* "remove web-3 from the balancer, let connections finish" is one */
	if (is_type(reading, "drain") && HAS(reading, C_LB) && HAS(reading, C_TERMINATE))
		return plain_acts(reading) > 2;
	return plain_acts(reading) > 1;
}

static int is_unsure(const struct reading *reading)
{
	return HAS(reading, C_MAYBE);
}

/* "restart web as user root", "list pods, as root please": as whom a thing is done is not said. */
static int acts_as_root(const struct reading *reading)
{
	for (const struct mark *mark = marks_first(&reading->marks, C_STATE); mark; mark = marks_next(&reading->marks, mark)) {
		struct clause_span span = rules_clause(reading, mark->from);

		if (mark->value && !strcmp(mark->value, "root") &&
			((reading->write && !HAS(reading, C_KIND)) || (span.from == mark->from && (span.from || span.to + 1 < reading->marks.fold.count))))
			return 1;
	}
	return 0;
}

/* "run id on web-1": a command, and nothing that can be started there. */
static int runs_command(const struct reading *reading)
{
	const struct mark *start = marks_first(&reading->marks, C_START);

	return start && is_type(reading, "start") && !strcmp(reading->intent->resource, "host") && !HAS(reading, C_SERVICE) &&
	       !HAS(reading, C_APP) && !strcmp(reading->marks.fold.tokens[start->from].text, "run");
}

/* "restart web, blank the journal": logs are read, and nothing else. */
static int changes_log(const struct reading *reading)
{
	return !strcmp(reading->intent->resource, "log");
}

/* "the restart of web went fine": done, and nothing is asked about it. */
static int only_tells(const struct reading *reading)
{
	static const enum concept asks[] = { C_ASK, C_CHECK, C_WHICH, C_WHY, C_LIST, C_INVESTIGATE, C_IF, C_AUDIT };

	for (size_t i = 0; i < sizeof(asks) / sizeof(*asks); i++)
		if (HAS(reading, asks[i]))
			return 0;
	return reading->told && is_type(reading, "status") && !(reading->marks.fold.tokens[reading->marks.fold.count - 1].shape & TOKEN_ASKED);
}

static const char ask_what[] =
	"What should be done, and to what? For example: restart checkout in staging.";

/* In this order: the first that holds is told. */
static const struct {
	int (*holds)(const struct reading *reading);
	int of_changes; /* only asked of what would change something */
	const char *why, *question;
} reasons[] = {
	{ is_forbidden, 0, "says what not to do", ask_what },
	{ only_tells, 0, "tells what was done, and asks for nothing", ask_what },
	{ changes_log, 1, "would change a log", "Logs I only read. Which one?" },
	{ acts_as_root, 0, "says as whom to do it", ask_what },
	{ runs_command, 1, "asks for a command to be run", "I run no commands. Which service should be started?" },
	{ negated, 1, "a negation stands in it", ask_what },
	{ is_supposed, 0, "is a supposition, not a request", ask_what },
	{ chooses_fix, 0, "chooses the fix itself",
		"I find the cause first. Leave out how to fix it." },
	{ leaves_choice, 0, "leaves a choice open", "Which of the two should be done?" },
	{ begins_with_other, 0, "asks for an act there is none of here",
		"That is not an action I have. Which of mine: restart, scale, rollback?" },
	{ asks_twice, 0, "asks for two things at once",
		"One thing at a time, please: which one first?" },
	{ several_scopes, 0, "names two scopes", "In which scope: prod, staging or dev?" },
	{ several_changes, 1, "asks for two changes at once",
		"One action at a time, please: which one first?" },
	{ second_sentence, 0, "holds more than one sentence",
		"One request in one sentence, please." },
	{ is_unsure, 1, "is not sure itself", ask_what },
	{ refuse_number_unusable, 1, "the number cannot be used", "To how many exactly?" },
	{ refuse_lacks_target, 1, "no target is named",
		"Which one? Name it, give a label, or a whole group in one scope." },
	{ refuse_lacks_destination, 1, "does not say to where",
		"To which region, cluster, provider or engine?" },
	{ refuse_lacks_amount, 1, "does not say to what", "To how many, or to which size?" },
};

const char *rules_reject(const struct reading *reading, const char **question)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++)
		if ((reading->write || !reasons[i].of_changes) && reasons[i].holds(reading)) {
			*question = reasons[i].question;
			return reasons[i].why;
		}
	return NULL;
}
