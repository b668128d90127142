/* Asks the indices: round after round, in each every open package at the next index of its chain; private ones first, the public mirror last. */
#include "fleet/supply/registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "fleet/supply/registry_ask.h"
#include "net/url.h"

enum { TIMEOUT_DEFAULT_MS = 60000, REQUEST_MS = 10000, CONNECT_MS = 4000, PARALLEL = 8, STRIKES_MAX = 3, SLICE_MS = 100, REDIRECTS_MAX = 3,
	ANSWER_MAX_BYTES = 48 << 20, ADVISORIES_ASKED_MAX = 3000 };

struct asking {
	struct registry *registry;
	struct net_batch *batch; /* NULL: offline */
	size_t open;             /* questions without an answer */
	int64_t deadline_ns;     /* of this round */
};

struct question {
	struct package *package;
	struct index *index;
	const char *url, *version; /* version: its advisories are asked for */
	int redirects;
};

const char *registry_state_name(enum registry_state state)
{
	static const char *const names[] = { "known", "absent", "not sent", "not reached", "not cached", "not asked" };

	return names[state];
}

/* --- packages --- */

/* --- failures --- */

static void set_cause(struct registry *registry, struct index *index, const char *detail, const char *words)
{
	if (index->public.cause)
		return;
	index->public.cause = arena_text(registry->arena, words);
	index->public.detail = arena_text(registry->arena, detail);
}

static void give_up(struct registry *registry, struct index *index)
{
	index->public.failed = 1;
	atomic_store(&index->given_up, 1);
	if (registry->options.net)
		net_wake(registry->options.net);
}

static void failed_status(struct registry *registry, struct index *index, int status)
{
	char words[160], detail[16];

	const char *said = registry_status_words(status);

	snprintf(words, sizeof(words), "%d: %s", status, said ? said : "an answer that is not understood");
	snprintf(detail, sizeof(detail), "%d", status);
	set_cause(registry, index, status >= 500 ? "5xx" : said ? detail : "status", words);
	index->strikes += status == 401 || status == 407 ? STRIKES_MAX : 1;
}

static void failed_error(struct registry *registry, struct index *index, const struct error *err)
{
	int is_tls = strstr(err->text, "TLS") || strstr(err->text, "SSL") || strstr(err->text, "certificate");

	if (err->code == ERR_CANCELLED)
		return;
	/* libcurl says of a proxy: "CONNECT tunnel failed, response 407", older ones "Received HTTP code 407 from proxy after CONNECT" */
	int is_asked_who = strstr(err->text, "response 407") || strstr(err->text, "code 407");

	set_cause(registry, index, is_asked_who ? "407" : is_tls ? "tls" : err->code == ERR_TIMEOUT ? "timeout" : err->code == ERR_UNREACHABLE ? "unreachable" : "format", err->text);
	index->strikes += err->code == ERR_UNREACHABLE ? STRIKES_MAX : 1;
}

static void failed_here(struct registry *registry, struct package *package, struct index *index)
{
	if (package)
		package->failed |= registry_bit_of(registry, index);
	if (index->strikes >= STRIKES_MAX && !index->heard)
		give_up(registry, index);
}

/* --- answers --- */

static void known(struct package *package, struct index *index, const struct json *answer)
{
	package->answer = json_copy(answer);
	package->index = index;
	index->heard++;
	index->public.answered++;
}

static void missing(struct registry *registry, struct package *package, struct index *index)
{
	package->missing |= registry_bit_of(registry, index);
	index->public.missing++;
}

static void send(struct asking *asking, const struct question *asked);

/* To the same host only: what we show an index, and the names we ask it for, are not for others. */
static int follow(struct asking *asking, const struct question *question, const struct net_response *response)
{
	char to[REGISTRY_URL_MAX];
	const char *rest = strstr(question->url, "://") + 3;
	size_t origin = (size_t)(rest + strcspn(rest, "/") - question->url);
	struct question next = *question;

	if (!net_header(response, "location", to, sizeof(to)) || question->redirects >= REDIRECTS_MAX)
		return 0;
	if (*to == '/' && to[1] != '/')
		next.url = arena_format(asking->registry->arena, "%.*s%s", (int)origin, question->url, to);
	else if (!strncmp(to, question->url, origin) && strchr("/?", to[origin]))
		next.url = arena_text(asking->registry->arena, to);
	else
		return 0;
	next.redirects++;
	send(asking, &next);
	return 1;
}

static void take_advisories(struct package *package, const char *version, const struct json *list)
{
	if (!package->advisories)
		package->advisories = json_object();
	json_set(package->advisories, version, json_copy(list));
}

static void advisories_answered(const struct question *question, const struct net_response *response)
{
	struct json *list = response->status == 200 ? answer_advisories(response->body, response->body_length) : NULL;

	if (list)
		take_advisories(question->package, question->version, list);
	if (response->status == 200 || response->status == 404)
		registry_cache_save(question->url, list ? 200 : 404, list);
	json_free(list);
}

static void package_answered(struct asking *asking, const struct question *question, const struct net_response *response)
{
	struct registry *registry = asking->registry;
	struct error err = { 0 };
	char type[120] = "";

	if (response->status == 404 || response->status == 410) {
		missing(registry, question->package, question->index);
		registry_cache_save(question->url, 404, NULL);
		return;
	}
	if (response->status >= 300 && response->status < 400) {
		if (!follow(asking, question, response)) {
			set_cause(registry, question->index, "redirect", "it sends on to another host, which is not followed");
			failed_here(registry, question->package, question->index);
		}
		return;
	}
	if (response->status != 200) {
		failed_status(registry, question->index, response->status);
		failed_here(registry, question->package, question->index);
		return;
	}
	net_header(response, "content-type", type, sizeof(type));
	struct json *answer = answer_parse(question->package->ecosystem, question->package->name, response->body, response->body_length, strstr(type, "html") != NULL, &err);
	if (answer) {
		known(question->package, question->index, answer);
		registry_cache_save(question->url, 200, answer);
	} else {
		error_wrap(&err, "its answer");
		err.code = ERR_FORMAT;
		failed_error(registry, question->index, &err);
		failed_here(registry, question->package, question->index);
	}
	json_free(answer);
}

static void answered(struct asking *asking, const struct question *question, const struct net_response *response, const struct error *err)
{
	if (err->code) {
		failed_error(asking->registry, question->index, err);
		failed_here(asking->registry, question->version ? NULL : question->package, question->index);
	} else if (question->version) {
		advisories_answered(question, response);
	} else {
		package_answered(asking, question, response);
	}
}

/* --- questions --- */

static int left_ms(const struct asking *asking)
{
	const atomic_int *cancelled = asking->registry->options.cancelled;
	int64_t left = (asking->deadline_ns - clock_monotonic_ns()) / (CLOCK_SECOND_NS / 1000);

	if (cancelled && atomic_load(cancelled))
		return 0;
	return left > 0 ? (int)left : 0;
}

static void send(struct asking *asking, const struct question *asked)
{
	static const char *const accepts[ECOSYSTEM_COUNT] = { "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1",
		"application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8" };
	struct registry *registry = asking->registry;
	struct index *index = asked->index;
	int left = left_ms(asking);
	struct net_header headers[] = { { .name = "Accept", .value = asked->version ? "application/json" : accepts[index->public.ecosystem] },
		{ .name = "Authorization", .value = index->scheme, .secret = index->authorization } };
	struct net_tls *tls = arena_alloc(registry->arena, sizeof(*tls));
	struct question *question = arena_alloc(registry->arena, sizeof(*question));

	*question = *asked;
	tls->ca_path = index->ca_path;
	index->public.asked++;
	asking->open++;
	net_batch_add(asking->batch, &(struct net_request){ .url = question->url, .headers = headers, .header_count = index->authorization ? 2 : 1, .tls = tls, .gzip = 1,
		.connect_timeout_ms = left < CONNECT_MS ? left : CONNECT_MS, .timeout_ms = left < REQUEST_MS ? left : REQUEST_MS, .max_bytes = ANSWER_MAX_BYTES,
		.cancelled = &index->given_up }, question);
}

static int take_cached(struct registry *registry, struct package *package, struct index *index, const char *url)
{
	struct json *kept = registry_cache_load(url, registry->options.offline);
	int status = (int)json_int(json_get(kept, "status"), 0);

	if (status == 200 && json_get(kept, "answer"))
		known(package, index, json_get(kept, "answer"));
	else if (status == 404)
		missing(registry, package, index);
	json_free(kept);
	return status != 0;
}

static void ask(struct asking *asking, struct package *package, struct index *index)
{
	struct registry *registry = asking->registry;
	char *url;

	if (index->public.is_public && !registry_may_go_public(registry, package)) {
		package->held = 1;
		return;
	}
	if (index->only_named) {
		package->failed |= registry_bit_of(registry, index);
		return;
	}
	url = registry_package_url(index, package);
	if (!take_cached(registry, package, index, url)) {
		if (!asking->batch)
			package->uncached = 1;
		else if (index->public.failed || !left_ms(asking))
			failed_here(registry, package, index);
		else
			send(asking, &(struct question){ .package = package, .index = index, .url = arena_text(registry->arena, url) });
	}
	free(url);
}

/* Until all is answered, or time is over. */
static void wait_for_all(struct asking *asking)
{
	int left;

	while (asking->open && (left = left_ms(asking))) {
		struct net_response response = { 0 };
		struct error err = { 0 };
		void *tag;

		if (!net_batch_wait(asking->batch, left < SLICE_MS ? left : SLICE_MS, &tag, &response, &err))
			continue;
		asking->open--;
		answered(asking, tag, &response, &err);
		net_response_release(&response);
	}
	asking->open = 0;
}

/* shared: others come after it, so it may take half of the time that is left. */
static void begin_round(struct asking *asking, int shared)
{
	int64_t now_ns = clock_monotonic_ns(), left_ns = asking->registry->deadline_ns - now_ns;

	asking->deadline_ns = shared ? now_ns + left_ns / 2 : asking->registry->deadline_ns;
	if (!asking->registry->options.offline && asking->registry->options.net)
		asking->batch = net_batch_new(asking->registry->options.net, PARALLEL);
}

static void end_round(struct asking *asking)
{
	wait_for_all(asking);
	net_batch_free(asking->batch);
	asking->batch = NULL;
}

static int others_follow(struct registry *registry, size_t step)
{
	for (size_t i = 0; i < registry->count; i++)
		if (!registry->packages[i].answer && registry_chain_at(registry, &registry->packages[i], step + 1))
			return 1;
	return 0;
}

static void ask_packages(struct registry *registry)
{
	struct asking asking = { .registry = registry };
	int more = 1;

	for (size_t step = 0; more && step < REGISTRY_INDICES_MAX; step++) {
		more = 0;
		begin_round(&asking, others_follow(registry, step));
		for (size_t i = 0; i < registry->count; i++) {
			struct package *package = &registry->packages[i];
			struct index *index = package->answer ? NULL : registry_chain_at(registry, package, step);

			if (!index)
				continue;
			more = 1;
			package->asked |= registry_bit_of(registry, index);
			ask(&asking, package, index);
		}
		end_round(&asking);
		for (size_t i = 0; i < registry->count; i++) { /* asked, and no answer came in time */
			struct package *package = &registry->packages[i];
			struct index *index = registry_chain_at(registry, package, step);

			if (!index || package->answer || package->held || package->uncached || !(package->asked & registry_bit_of(registry, index)))
				continue;
			if (!((package->missing | package->failed) & registry_bit_of(registry, index))) {
				package->failed |= registry_bit_of(registry, index);
				set_cause(registry, index, "timeout", "it did not answer in time");
			}
		}
	}
}

/* --- advisories --- */

/* https://index/simple/ to https://index/pypi/NAME/VERSION/json; NULL: not laid out like that. */
static const char *version_url(struct registry *registry, const struct package *package, const char *version)
{
	static const char tail[] = "/simple/";
	const char *base = package->index->public.url;
	size_t length = strlen(base);
	struct text url;

	if (length < sizeof(tail) || strcmp(base + length - sizeof(tail) + 1, tail) != 0)
		return NULL;
	text_init(&url, REGISTRY_URL_MAX * 2);
	text_format(&url, "%.*s/pypi/", (int)(length - sizeof(tail) + 1), base);
	url_encode(&url, package->name);
	text_add_char(&url, '/');
	url_encode(&url, version);
	text_add(&url, "/json");
	const char *kept = arena_text(registry->arena, url.data);
	text_release(&url);
	return kept;
}

static void ask_advisories_of(struct asking *asking, struct package *package, const char *version)
{
	struct registry *registry = asking->registry;
	const char *url = version_url(registry, package, version);
	struct json *kept = url ? registry_cache_load(url, registry->options.offline) : NULL;

	if (json_get(kept, "answer"))
		take_advisories(package, version, json_get(kept, "answer"));
	else if (url && !kept && asking->batch && !package->index->public.failed && left_ms(asking))
		send(asking, &(struct question){ .package = package, .index = package->index, .url = url, .version = version });
	json_free(kept);
}

/* Of the versions in use, at the index that had the package: no other hears of it. */
static void ask_advisories(struct registry *registry)
{
	struct asking asking = { .registry = registry };
	struct json *seen = json_object();

	begin_round(&asking, 0);
	for (size_t i = 0; i < deps_count(registry->deps) && json_count(seen) < ADVISORIES_ASKED_MAX; i++) {
		const struct dependency *row = deps_at(registry->deps, i);
		struct package *package = registry_package(registry, row->ecosystem, row->name);
		char key[400];

		if (!row->version || row->ecosystem != ECOSYSTEM_PYPI || !package || !package->answer)
			continue;
		snprintf(key, sizeof(key), "%s %s", row->name, row->version);
		if (json_get(seen, key))
			continue;
		json_set(seen, key, json_null());
		ask_advisories_of(&asking, package, row->version);
	}
	end_round(&asking);
	json_free(seen);
	int left = left_ms(&asking);
	registry_ask_npm(registry, left < REQUEST_MS ? left : REQUEST_MS);
}

/* --- the whole --- */

struct registry *registry_ask(const struct deps *deps, const struct registry_options *options)
{
	struct registry *registry = mem_zero(1, sizeof(*registry));

	registry->deps = deps;
	registry->options = *options;
	registry->arena = arena_new();
	registry->deadline_ns = clock_monotonic_ns() + (int64_t)(options->timeout_ms > 0 ? options->timeout_ms : TIMEOUT_DEFAULT_MS) * (CLOCK_SECOND_NS / 1000);
	indices_find(&registry->indices, deps, options->public_index);
	registry_add_packages(registry);
	registry_mark_public(registry);
	ask_packages(registry);
	ask_advisories(registry);
	return registry;
}

void registry_free(struct registry *registry)
{
	if (!registry)
		return;
	for (size_t i = 0; i < registry->count; i++) {
		json_free(registry->packages[i].answer);
		json_free(registry->packages[i].advisories);
	}
	free(registry->packages);
	indices_release(&registry->indices);
	arena_free(registry->arena);
	free(registry);
}
