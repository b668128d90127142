#include "copilot/words.h"

#include <string.h>

#include "copilot/words_table.h"

const char *const concept_names[CONCEPTS] = {
	"none",
	"investigate",
	"list",
	"explain_cost",
	"audit",
	"scale",
	"restart",
	"stop",
	"start",
	"terminate",
	"rollback",
	"cordon",
	"drain",
	"forecast",
	"migrate",
	"status",
	"why",
	"symptom",
	"cost",
	"exposed",
	"future",
	"runout",
	"when",
	"ask",
	"which",
	"anomaly",
	"open",
	"up",
	"down",
	"many",
	"check",
	"valid",
	"remove",
	"kubernetes",
	"ec2",
	"vm",
	"sg",
	"db",
	"lb",
	"log",
	"host",
	"dns",
	"cert",
	"risky",
	"machine",
	"app",
	"scope",
	"provider",
	"time",
	"metric",
	"state",
	"status_code",
	"level",
	"kind",
	"service",
	"billed",
	"cidr",
	"port",
	"version",
	"constraint",
	"number",
	"unit",
	"namespace",
	"to",
	"region",
	"replicas",
	"port_noun",
	"label",
	"revision",
	"called",
	"cluster",
	"into",
	"from",
	"on",
	"last",
	"node",
	"dont",
	"not",
	"or",
	"and",
	"all",
	"it",
	"if",
	"vague",
	"impossible",
	"maybe",
	"injection",
	"override",
	"rules",
	"secret",
	"reveal",
	"shell",
	"fetch",
	"approved",
	"harmless",
	"fill",
	"ood",
	"plain",
	"other",
	"typical",
	"address",
	"reason",
	"teller",
	"event",
	"power",
	"here",
	"talk",
	"changed",
	"suspect",
};
unsigned words_hash(const char *text, size_t length) /* FNV-1a */
{
	unsigned h = 2166136261u;

	for (size_t i = 0; i < length; i++)
		h = (h ^ (unsigned char)text[i]) * 16777619u;
	return h & (WORDS_TABLE - 1);
}

unsigned words_hash_pair(unsigned node, unsigned word)
{
	return (node * 2654435761u ^ word * 40503u) >> 7 & (WORDS_TABLE - 1);
}

const char *words_language(const struct words *words, unsigned language)
{
	return language < words->languages ? words->language[language] : NULL;
}

const char *words_letters(const struct words *words, unsigned language)
{
	return words->letters[language] ? words->letters[language] : "";
}

unsigned words_find(const struct words *words, const char *text, size_t length)
{
	for (unsigned i = words->word_slot[words_hash(text, length)]; i;
		i = words->words[i].slot_next)
		if (words->words[i].length == length && !memcmp(words->words[i].text, text, length))
			return i;
	return 0;
}

unsigned words_languages(const struct words *words, unsigned word)
{
	return words->words[word].languages;
}

int words_telling(const struct words *words, unsigned word, unsigned language)
{
	return words->words[word].telling == 1u << language;
}

int words_joins(const struct words *words, unsigned word, unsigned language)
{
	return words->words[word].idle && words->words[word].languages == 1u << language;
}

int words_doer(const struct words *words, unsigned word)
{
	const char *end = words->words[word].text + words->words[word].length - 2;

	return words->words[word].length > 2 && (!strcmp(end, "er") || !strcmp(end, "or"));
}

unsigned words_step(const struct words *words, unsigned node, unsigned word)
{
	if (!word)
		return 0;
	for (unsigned i = words->node_slot[words_hash_pair(node, word)]; i;
		i = words->nodes[i].slot_next)
		if (words->nodes[i].parent == node && words->nodes[i].word == word)
			return i;
	return 0;
}

const struct words_entry *words_entry(
	const struct words *words, unsigned node, unsigned languages, unsigned prefer)
{
	const struct words_entry *best = NULL;

	for (unsigned i = words->nodes[node].entry; i; i = words->entries[i].next) {
		const struct words_entry *entry = &words->entries[i].entry;

		if (!(languages & 1u << entry->language))
			continue;
		if (entry->language == prefer)
			return entry;
		if (!best || !entry->language)
			best = entry;
	}
	return best;
}

const struct words_gap *words_gap_first(const struct words *words, unsigned node)
{
	return words->nodes[node].gap ? &words->gaps[words->nodes[node].gap] : NULL;
}

const struct words_gap *words_gap_next(const struct words *words, const struct words_gap *gap)
{
	return gap->next ? &words->gaps[gap->next] : NULL;
}
