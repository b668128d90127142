/* Logs of containers: the lines of the data (a workload's own, a trouble's while it lasts), each at a time that stays the same. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "sim/api.h"
#include "sim/build.h"
#include "sim/live.h"
#include "sim/peer.h"
#include "sim/resources.h"
#include "sim/tree.h"
#include "sim/world.h"

enum { EVERY_MS = 2500, FOLLOW_MS = 250, LINES_MAX = 2000, BYTES_MAX = 1 << 20 };

/* One run of a container: what it writes from its start on. */
struct run {
	int64_t start_ns, end_ns;  /* end 0: it runs */
	const struct json *lines;  /* of the data */
	int64_t every_ns;
	int once;                  /* a trouble's lines come once, ending with the run */
};

static struct run run_of(const struct world *world, const struct object *pod, int previous)
{
	const struct life *life = &pod->life;
	const struct json *row = build_row(world, object_namespace(pod), json_text_or(json_at(pod->json, "metadata.labels.app"), ""));
	int over = life->state == LIFE_DIED || life->state == LIFE_BACKOFF;
	/* Between two runs the one that ended is the container's: previous is the one before it, until it is about to be made anew. */
	const struct life_run *ended = previous && life->state == LIFE_DIED ? &life->before : previous || over ? &life->last : NULL;
	const struct json *trouble = ended ? ended->trouble : life->trouble;
	struct run run = { .start_ns = ended ? ended->started_ns : life->started_ns,
		.end_ns = ended ? ended->finished_ns : 0,
		.lines = json_get(trouble, "log"),
		.every_ns = EVERY_MS * INT64_C(1000000) };

	run.once = run.lines != NULL;
	if (run.once)
		run.every_ns = trouble_ns(trouble, "after", 4 * CLOCK_SECOND_NS) / (int64_t)(json_count(run.lines) + 1);
	else
		run.lines = json_get(row, "log");
	return run;
}

/* Line i of a run, or NULL: it has not come (yet). */
static const char *line_at(const struct run *run, int64_t i, int64_t now_ns, int64_t *at_ns)
{
	size_t count = json_count(run->lines);

	*at_ns = run->start_ns + i * run->every_ns;
	if (!count || !run->start_ns || *at_ns > now_ns || (run->end_ns && *at_ns > run->end_ns) || (run->once && i >= (int64_t)count))
		return NULL;
	return json_text_or(json_item(run->lines, (size_t)i % count), "");
}

static void add_line(const struct api_call *call, struct text *out, int64_t at_ns, const char *line)
{
	char stamps[8] = "", when[CLOCK_RFC3339_MAX];

	if (peer_option_text(call->peer, "timestamps", stamps, sizeof(stamps)) && !strcmp(stamps, "true")) {
		clock_format(at_ns, when);
		text_format(out, "%s ", when);
	}
	text_format(out, "%s\n", line);
}

/* Where to begin: `tailLines`, `sinceTime`, `sinceSeconds`; at most LINES_MAX. */
static int64_t first_line(const struct api_call *call, const struct run *run, int64_t now_ns)
{
	int64_t end_ns = run->end_ns && run->end_ns < now_ns ? run->end_ns : now_ns, since_ns = 0, first;
	int64_t count = run->start_ns && end_ns >= run->start_ns ? (end_ns - run->start_ns) / run->every_ns + 1 : 0;
	long tail = peer_option(call->peer, "tailLines", LINES_MAX), seconds = peer_option(call->peer, "sinceSeconds", 0);
	char since[64] = "";

	if (run->once && count > (int64_t)json_count(run->lines))
		count = (int64_t)json_count(run->lines);
	first = count > tail ? count - tail : 0;
	if (peer_option_text(call->peer, "sinceTime", since, sizeof(since)))
		clock_parse(since, &since_ns);
	if (seconds > 0)
		since_ns = now_ns - seconds * CLOCK_SECOND_NS;
	while (first < count && run->start_ns + first * run->every_ns < since_ns)
		first++;
	return first;
}

static int64_t add_lines(const struct api_call *call, const struct run *run, int64_t i, int64_t now_ns, struct text *out)
{
	const char *line;
	int64_t at_ns;

	for (; (line = line_at(run, i, now_ns, &at_ns)); i++)
		add_line(call, out, at_ns, line);
	return i;
}

/* One turn of following, the world locked: what is new. -1: that run is over, or the pod gone. */
static int more(const struct api_call *call, int64_t started_ns, int64_t *i, struct text *out)
{
	const struct object *pod = world_find(call->world, resource_pods, call->namespace_, call->name);
	int64_t now_ns = clock_now_ns();
	struct run run;

	if (!pod)
		return -1;
	run = run_of(call->world, pod, 0);
	if (run.start_ns != started_ns)
		return -1;
	*i = add_lines(call, &run, *i, now_ns, out);
	return run.end_ns ? -1 : 0;
}

static int send_chunk(struct peer *peer, struct text *out)
{
	int failed = out->length && (peer_print(peer, "%zx\r\n", out->length) || peer_write(peer, out->data, out->length) || peer_print(peer, "\r\n"));

	text_clear(out);
	return failed;
}

static int follow(struct api_call *call, int64_t started_ns, int64_t i, struct text *out)
{
	int over = 0;

	if (peer_print(call->peer, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"))
		return 0;
	while (!send_chunk(call->peer, out) && !over && !peer_pause(call->peer, FOLLOW_MS)) {
		world_lock(call->world);
		over = more(call, started_ns, &i, out);
		world_unlock(call->world);
	}
	if (!over)
		return 0;
	return !send_chunk(call->peer, out) && !peer_print(call->peer, "0\r\n\r\n");
}

static int is_on(const struct api_call *call, const char *option)
{
	char value[8] = "";

	return peer_option_text(call->peer, option, value, sizeof(value)) && (!strcmp(value, "true") || !strcmp(value, "1"));
}

static int refuse_waiting(struct api_call *call)
{
	return api_refuse(call->peer, 400, "BadRequest", "container in pod \"%s\" is waiting to start", call->name);
}

int api_logs(struct api_call *call)
{
	int previous = is_on(call, "previous");
	struct text out;
	struct run run = { 0 };
	int64_t i = 0;
	int again;

	text_init(&out, BYTES_MAX);
	world_lock(call->world);
	const struct object *pod = world_find(call->world, resource_pods, call->namespace_, call->name);

	if (pod) {
		run = run_of(call->world, pod, previous);
		i = add_lines(call, &run, first_line(call, &run, clock_now_ns()), clock_now_ns(), &out);
	}
	world_unlock(call->world);
	if (!pod)
		again = api_refuse(call->peer, 404, "NotFound", "pods \"%s\" not found", call->name);
	else if (!run.start_ns && previous)
		again = api_refuse(call->peer, 400, "BadRequest", "previous terminated container in pod \"%s\" not found", call->name);
	else if (!run.start_ns)
		again = refuse_waiting(call);
	else if (is_on(call, "follow"))
		again = follow(call, run.start_ns, i, &out);
	else
		again = !peer_print(call->peer, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n\r\n", out.length) &&
			!peer_write(call->peer, out.data, out.length);
	text_release(&out);
	return again;
}
