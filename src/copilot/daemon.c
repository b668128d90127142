/* daemon.c - "halt sidekiq on worker-5", "memcached on cache-1": a daemon, and the machine it runs on. */
#include <string.h>

#include "copilot/reading.h"

static int has_any(const struct reading *reading, const enum concept *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (HAS(reading, list[i]))
			return 1;
	return 0;
}

static int says_at(const struct token *token)
{
	static const char *const words[] = { "on", "at", "of", "auf", "an", "sur", "en", "em", "na",
		"no" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(token->text, words[i]))
			return 1;
	return 0;
}

/* "worker-5", "ci-runner-2": ends in a number, and is no cluster or node. */
static int like_a_machine(const struct token *token)
{
	static const char *const others[] = { "cluster", "node", "pool", "k8s", "kube", "eks", "gke",
		"aks", "prod", "staging", "stage", "dev", "lb", "rev", "rds" };

	if (!(token->shape & TOKEN_DIGIT) || token->text[token->length - 1] < '0' ||
		token->text[token->length - 1] > '9' || token->text[0] < 'a')
		return 0;
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (strstr(token->text, others[i]))
			return 0;
	return 1;
}

/* "cache-1", "orders-db-2": rather a database than a machine, when the word before is nobody's. */
static int like_a_database(const struct token *token)
{
	static const char *const parts[] = { "db", "cache", "redis", "pg", "mysql", "postgres" };

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if (strstr(token->text, parts[i]))
			return 1;
	return 0;
}

/* Where the machine stands: a name like one, or a name beside a word for one. */
static int is_machine(const struct reading *reading, size_t token)
{
	const struct marks *marks = &reading->marks;

	if (marks_at(marks, token, C_HERE))
		return 1;
	return !marks->taken[token] && !reading->used[token] &&
	       reading->entity[token] >= ENTITY_DOMAIN &&
	       (like_a_machine(&marks->fold.tokens[token]) ||
		       reading->entity[token] == ENTITY_DOMAIN ||
		       (token && marks_at(marks, token - 1, C_HOST)));
}

/* "memcached on cache-1": an engine by the name of its daemon, right before the machine. */
static int is_engine_daemon(const struct reading *reading, size_t token)
{
	static const char *const daemons[] = { "memcached", "mysql", "mariadb", "postgres",
		"postgresql", "redis", "valkey", "mongodb", "cassandra" };

	if (!marks_at(&reading->marks, token, C_DB) ||
		!(HAS(reading, C_RESTART) || HAS(reading, C_STOP) || HAS(reading, C_START) ||
			HAS(reading, C_STATUS)))
		return 0;
	for (size_t i = 0; i < sizeof(daemons) / sizeof(*daemons); i++)
		if (!strcmp(reading->marks.fold.tokens[token].text, daemons[i]))
			return 1;
	return 0;
}

/* A word nobody knows, which may be the daemon's. */
static int is_unknown_daemon(const struct reading *reading, size_t token, size_t machine)
{
	const struct marks *marks = &reading->marks;

	/* "run whoami on web-1" is a command, and no daemon's */
	const struct mark *start = marks_first(marks, C_START);

	if (start && !strcmp(marks->fold.tokens[start->from].text, "run"))
		return 0;
	return !HAS(reading, C_DB) && !like_a_database(&marks->fold.tokens[machine]) &&
	       !marks->taken[token] && !reading->used[token] &&
	       marks->fold.tokens[token].length > 2 && reading->entity[token] >= ENTITY_DASHED &&
	       !(marks->fold.tokens[token].shape & (TOKEN_CJK | TOKEN_DIGIT));
}

/* The rest of an act, or a small word. */
static int is_between(const struct marks *marks, size_t token)
{
	if (marks_at(marks, token, C_FILL))
		return 1;
	for (size_t i = 0; i < marks->count; i++)
		if (marks->marks[i].from <= token && token < marks->marks[i].to)
			return 0;
	return marks->taken[token];
}

static void set_daemon(struct reading *reading, size_t token, size_t machine)
{
	filters_set(reading, "service", token);
	reading->marks.seen[C_SERVICE]++;
	reading->unknown -= reading->unknown > 0;
	reading->names = 0;
	if (marks_at(&reading->marks, machine, C_HERE))
		return;
	reading->name[0] = (unsigned short)machine;
	reading->names = 1;
	reading->points = 10;
}

/* "halt sidekiq on worker-5": a word nobody knows, on a machine, is a daemon. */
void names_daemon(struct reading *reading)
{
	static const enum concept others[] = { C_KUBERNETES, C_LB, C_CERT, C_DNS, C_LOG,
		C_SCALE, C_MIGRATE, C_EC2, C_VM, C_SG, C_COST, C_SERVICE, C_DRAIN, C_CORDON,
		C_ROLLBACK, C_LIST };
	struct marks *marks = &reading->marks;

	if (has_any(reading, others, sizeof(others) / sizeof(*others)) || (HAS(reading, C_APP) && !HAS(reading, C_HOST)))
		return;
	for (size_t i = 2; i < marks->fold.count; i++) {
		size_t at = i;

		if (!is_machine(reading, i))
			continue;
		while (at && !says_at(&marks->fold.tokens[at - 1]) &&
			(marks_at(marks, at - 1, C_FILL) || marks_at(marks, at - 1, C_HOST) ||
				marks_at(marks, at - 1, C_MACHINE)))
			at--;
		if (at < 2 || !says_at(&marks->fold.tokens[at - 1]))
			continue;
		at -= at > 2 && marks_at(marks, at - 2, C_APP); /* "the strongswan service on host gw-3" */
		while (at > 3 && HAS(reading, C_HOST) && is_between(marks, at - 2))
			at--; /* "give mosquitto a restart on host gw-3" */
		if (is_engine_daemon(reading, at - 2) || is_unknown_daemon(reading, at - 2, i)) {
			set_daemon(reading, at - 2, i);
			return;
		}
	}
}
