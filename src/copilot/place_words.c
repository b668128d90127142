/* place_words.c - words nothing is called, and those guarded against attacks, wherever they stand. */
#include <string.h>

#include "copilot/place.h"
#include "copilot/reading.h"

int place_is_one_of(const char *text, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(text, words[i]))
			return 1;
	return 0;
}

int place_is_article(const char *text)
{
	static const char *const words[] = { "the", "a", "an", "my", "our", "der", "die", "das", "den", "dem", "ein",
		"eine", "einen", "le", "la", "les", "un", "une", "el", "los", "las", "una", "o", "os", "as", "um", "uma",
		"some", "any", "this", "that", "these", "those" };

	return place_is_one_of(text, words, sizeof(words) / sizeof(*words));
}

/* Things so general that only behind a noun something is called so: "deployment update". */
int place_is_general_thing(const char *text)
{
	static const char *const words[] = { "update", "upgrade", "deploy", "traffic", "memory", "disk", "usage", "access", "rollout", "release", "change",
		"changes", "config", "data", "team", "check", "checks" };

	return place_is_one_of(text, words, sizeof(words) / sizeof(*words));
}

/* Words so general that nothing is called so. */
int place_is_general(const char *text)
{
	static const char *const words[] = { "system", "systems", "platform", "infrastructure", "infra", "data", "internet",
		"world", "people", "everybody", "team", "company", "business", "process", "processes", "info", "information",
		"change", "changes", "config", "configuration", "state", "stuff", "more", "less", "enough", "plenty", "now",
		"here", "kernel", "hardware", "update", "upgrade", "deploy", "reason", "cause", "things", "thing", "work",
		"traffic", "memory", "cpu", "disk", "space", "usage", "performance", "capacity", "access", "rollout", "release",
		"version", "again", "safely", "check", "checks", "open", "closed", "everything", "anything", "something" };

	return place_is_one_of(text, words, sizeof(words) / sizeof(*words));
}

/* "the errors database": a noun for a trouble or a measure, which says nothing of what it stands beside. */
int place_is_thing(const struct reading *reading, size_t token)
{
	static const char *const words[] = { "errors", "alerts", "incidents", "metrics", "logs", "events", "storage", "connections", "requests",
		"restarts", "costs", "limits" };

	return place_is_one_of(reading->marks.fold.tokens[token].text, words, sizeof(words) / sizeof(*words));
}

/* "stop audit in dev": where nobody is watched, and not "disable audit". */
static int stops_plainly(const struct reading *reading, size_t token)
{
	static const char *const offs[] = { "disable", "turn", "switch", "kill", "mute", "deactivate", "suspend", "silence" };
	const struct mark *stop = marks_first(&reading->marks, C_STOP), *scope = marks_first(&reading->marks, C_SCOPE);

	return scope && strcmp(scope->value, "prod") != 0 && !marks_at(&reading->marks, token, C_RULES) &&
	       !place_is_one_of(reading->marks.fold.tokens[stop->from].text, offs, sizeof(offs) / sizeof(*offs));
}

/* Past rules and the audit an attack wants to get: only what cannot mean that may be called so. */
int place_is_guarded(const struct reading *reading, size_t token)
{
	static const enum concept harmful[] = { C_TERMINATE, C_DRAIN, C_CORDON, C_REVEAL, C_OTHER };
	int guarded = marks_at(&reading->marks, token, C_RULES) != NULL ||
		      !strncmp(reading->marks.fold.tokens[token].text, "audit", 5);

	if (guarded && HAS(reading, C_STOP) && !stops_plainly(reading, token))
		return !(place_behind_noun(reading, token) || place_before_noun(reading, token));
	for (size_t i = 0; guarded && i < sizeof(harmful) / sizeof(*harmful); i++)
		for (const struct mark *mark = marks_first(&reading->marks, harmful[i]); mark;
			mark = marks_next(&reading->marks, mark))
			if (mark->from != token)
				return !(place_behind_noun(reading, token) || place_before_noun(reading, token));
	return 0;
}

int place_ails(const struct reading *reading, size_t token)
{
	static const char *const verbs[] = { "is", "was", "has", "keeps", "ist", "hat", "est", "esta", "tem" };

	if (!marks_at(&reading->marks, token, C_INVESTIGATE) || (token && !rules_clause_ends(reading, token - 1)) ||
		token + 2 >= reading->marks.fold.count || rules_clause_ends(reading, token))
		return 0;
	if (!place_is_one_of(reading->marks.fold.tokens[token + 1].text, verbs, sizeof(verbs) / sizeof(*verbs)))
		return 0;
	for (size_t at = token + 1; at < token + 3; at++)
		if (marks_at(&reading->marks, at, C_SYMPTOM) || marks_at(&reading->marks, at, C_DOWN))
			return 1;
	return 0;
}
