/* console_rows.c - the console on a synthetic kind of many rows (ROWS in the environment, default 100,000), for measuring keys, filters and
 * memory without a cluster. Same rows each time: 96 bytes of text or so. CHANGES: so many rows a second get another RESTARTS. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/jq.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/yaml.h"
#include "estate/kind.h"
#include "estate/provider.h"
#include "gate/session.h"
#include "tui/console.h"

enum { COLUMNS = 7, COLUMNS_MAX = 16 };

static const char definition[] = "kind: rows\n"
				 "provider: bench\n"
				 "title: Rows\n"
				 "singular: row\n"
				 "poll: 1h\n"
				 "history: false\n"
				 "columns:\n"
				 "  - {name: NAME, path: name, role: name}\n"
				 "  - {name: SPACE, path: space}\n"
				 "  - {name: STATE, path: state, role: state}\n"
				 "  - {name: RESTARTS, type: number, path: restarts}\n"
				 "  - {name: NODE, path: node}\n"
				 "  - {name: IMAGE, path: image}\n"
				 "hidden:\n"
				 "  - {name: id, path: id}\n"
				 "  - {name: severity}\n"
				 "  - {name: why}\n"
				 "severity:\n"
				 "  - {when: 'state == CrashLoopBackOff', severity: high, why: 'restarts {RESTARTS}'}\n";

struct provider {
	long rows, changes; /* changes a second */
};

static int open_rows(struct provider **out, struct kinds *kinds, struct net *net, const struct config *config, struct error *err)
{
	const char *rows = getenv("ROWS"), *changes = getenv("CHANGES");
	char *text = mem_format("%s%s", definition, changes ? "watch: true\n" : "");
	struct json *json = yaml_parse(text, strlen(text), err);

	free(text);

	(void)net;
	(void)config;
	const struct kind *kind = json ? kinds_add(kinds, json, "bench", err) : NULL;

	if (!kind || kind->column_count > COLUMNS_MAX) {
		json_free(json);
		return -1;
	}
	json_free(json);
	*out = mem_zero(1, sizeof(**out));
	(*out)->rows = rows ? atol(rows) : 100000;
	(*out)->changes = changes ? atol(changes) : 0;
	return 0;
}

static void close_rows(struct provider *provider)
{
	free(provider);
}

static size_t accounts(struct provider *provider, struct provider_account *out, size_t max)
{
	(void)provider;
	if (!max)
		return 1;
	out[0] = (struct provider_account){ .name = "bench", .current = 1, .state = "ok" };
	return 1;
}

static void give_row(struct feed *feed, long i, long restarts)
{
	static const char *const states[] = { "Running", "Running", "Running", "Running", "Pending", "Running", "CrashLoopBackOff", "Running" };
	char text[COLUMNS][64];
	const char *cells[COLUMNS_MAX] = { NULL }; /* those after ours are filled by the kind's rules */
	size_t lengths[COLUMNS_MAX] = { 0 };

	snprintf(text[0], sizeof(text[0]), "row-%06ld", i);
	snprintf(text[1], sizeof(text[1]), "team-%02ld", i % 54);
	snprintf(text[2], sizeof(text[2]), "%s", states[i * 7 % 8]);
	snprintf(text[3], sizeof(text[3]), "%ld", restarts);
	snprintf(text[4], sizeof(text[4]), "node-%03ld", i * 13 % 200);
	snprintf(text[5], sizeof(text[5]), "registry.example.net/shop/service-%03ld:v%ld", i * 17 % 300, i % 40);
	snprintf(text[6], sizeof(text[6]), "bench:bench/rows//row-%06ld", i);
	for (int c = 0; c < COLUMNS; c++) {
		cells[c] = text[c];
		lengths[c] = strlen(text[c]);
	}
	feed_row(feed, cells, lengths);
}

static int list(struct provider *provider, const struct kind *kind, const struct selection *selection, struct feed *feed, struct error *err)
{
	long first = selection->name && !strncmp(selection->name, "row-", 4) ? atol(selection->name + 4) : 0;
	long end = selection->name && *selection->name ? first + 1 : provider->rows;

	(void)kind;
	(void)err;
	feed_begin(feed);
	for (long i = first; i < end && !feed_cancelled(feed); i++)
		give_row(feed, i, i * 31 % 17);
	feed_end(feed);
	return 0;
}

/* Changes come one by one, as from a server. */
static int watch(struct provider *provider, const struct kind *kind, const struct selection *selection, struct feed *feed, struct error *err)
{
	list(provider, kind, selection, feed, err);
	for (long n = 0; !feed_cancelled(feed); n++) {
		give_row(feed, n * 7919 % provider->rows, n % 90 + 20);
		poll(NULL, 0, (int)(1000 / provider->changes));
	}
	return 0;
}

static int get(struct provider *provider, const struct ref *ref, struct json **object, struct error *err)
{
	(void)provider;
	(void)err;
	*object = json_set_text(json_object(), "name", ref->name);
	return 0;
}

static const struct provider_ops bench_provider = {
	.name = "bench",
	.title = "Synthetic rows",
	.open = open_rows,
	.close = close_rows,
	.accounts = accounts,
	.list = list,
	.watch = watch,
	.get = get,
};

int main(int argc, char **argv)
{
	static const struct provider_ops *const providers[] = { &bench_provider, NULL };
	struct session_options options = { .providers = providers };
	struct error err = { 0 };

	if (argc > 1 && !strcmp(argv[1], "--jq-worker"))
		return jq_worker_main();
	struct session *session = session_new(&options, &err);
	struct console_options console = { .session = session, .open = argc > 1 ? argv[1] : "rows" };
	int failed = !session || console_run(&console, &err);

	if (failed)
		fprintf(stderr, "console_rows: %s\n", err.text);
	session_free(session);
	return failed;
}
