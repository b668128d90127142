/* console_act.c - from a verb to the approval dialog: parameters by a form, the plan in a job. Nothing is changed here; the dialog and the
 * gate decide. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/yaml.h"
#include "estate/estate.h"
#include "gate/gate.h"
#include "tui/console_private.h"
#include "tui/dialog/choosers.h"

enum { EDIT_MAX = 4 * 1024 * 1024 };

struct act {
	struct job job;
	struct console *console;
	struct gate *gate;
	struct ref ref;
	char verb[64], run[64];
	struct json *params;
	struct plan *plan;
	struct error err;
};

static void plan_it(struct job *job)
{
	struct act *act = (struct act *)job;

	if (!*act->verb)
		gate_plan_undo(act->gate, *act->run ? act->run : NULL, &act->plan, &act->err);
	else
		gate_plan_act(act->gate, &act->ref, act->verb, act->params, NULL, &act->plan, &act->err);
}

/* verb "": the run is undone, NULL the newest of this user. Takes params. */
static void submit(struct console *console, const struct ref *ref, const char *verb, struct json *params, const char *run);

/* --- fields that others manage: said in full, and taken over only when that is chosen --- */

struct held {
	struct ref ref;
	char verb[64];
	struct json *params;
};

static void free_held(void *arg)
{
	struct held *held = arg;

	json_free(held->params);
	free(held);
}

static void choose_held(struct console *console, size_t row, void *arg)
{
	struct held *held = arg;
	struct json *params;

	if (!row)
		return;
	params = json_copy(held->params);
	json_set_text(params, "force", "true");
	submit(console, &held->ref, held->verb, params, "");
}

/* A conflict of a verb that can take over, and was not told to. */
static int is_held(const struct console *console, const struct act *act)
{
	const struct kind *kind = kinds_of(estate_kinds(console->estate), &act->ref);
	const struct kind_verb *verb = kind ? kind_verb_find(kind, act->verb) : NULL;

	if (act->err.code != ERR_CONFLICT || !verb || !act->params || !strcmp(json_text_or(json_get(act->params, "force"), ""), "true"))
		return 0;
	for (size_t i = 0; i < verb->param_count; i++)
		if (!strcmp(verb->params[i].name, "force"))
			return 1;
	return 0;
}

static void ask_held(struct console *console, struct act *act)
{
	static const char ahead[] = "dry run: "; /* which object and verb it was is known */
	struct held *held = mem_zero(1, sizeof(*held));
	const char *why = strstr(act->err.text, ahead);
	struct menu_row rows[] = { { .label = "Leave it", .note = "nothing is changed" },
		{ .label = "Take over", .note = why ? why + strlen(ahead) : act->err.text, .style = STYLE_WARNING } };

	held->ref = act->ref;
	snprintf(held->verb, sizeof(held->verb), "%s", act->verb);
	held->params = act->params;
	act->params = NULL;
	*console->message = 0;
	console_dialog(console, menu_new(console, "others manage what you changed", rows, 2, 0, choose_held, held, free_held));
}

static void planned(struct job *job)
{
	struct act *act = (struct act *)job;
	struct console *console = act->console;

	if (!console->ended && act->plan) {
		*console->message = 0;
		console_dialog(console, approve_dialog_new(console, act->plan));
		act->plan = NULL;
	} else if (!console->ended && is_held(console, act)) {
		ask_held(console, act);
	} else if (!console->ended) {
		console_say_error(console, &act->err);
	}
	plan_free(act->plan);
	json_free(act->params);
	free(act);
}

static void submit(struct console *console, const struct ref *ref, const char *verb, struct json *params, const char *run)
{
	struct act *act = mem_zero(1, sizeof(*act));

	act->job = (struct job){ .run = plan_it, .done = planned };
	act->console = console;
	act->gate = console->gate;
	if (ref)
		act->ref = *ref;
	snprintf(act->verb, sizeof(act->verb), "%s", verb);
	snprintf(act->run, sizeof(act->run), "%s", run ? run : "");
	act->params = params;
	console_note_asked(console);
	console_say(console, STYLE_DIM, "planning …");
	console_submit(console, &act->job);
}

struct asked {
	struct ref *refs;
	size_t count;
	char verb[64];
};

static void free_asked(void *arg)
{
	struct asked *asked = arg;

	free(asked->refs);
	free(asked);
}

/* The answers hold for all that was marked; each has its own plan and is asked for by itself. */
static void answered(struct console *console, struct json *params, void *arg)
{
	struct asked *asked = arg;

	for (size_t i = asked->count; i-- > 1;)
		submit(console, &asked->refs[i], asked->verb, json_copy(params), "");
	submit(console, &asked->refs[0], asked->verb, params, "");
}

static int misses_one(const struct kind_verb *verb, const struct json *params)
{
	for (size_t i = 0; i < verb->param_count; i++)
		if (verb->params[i].required && !json_get(params, verb->params[i].name))
			return 1;
	return 0;
}

/* Who would be refused need not fill in the form first. It can be sent all the same: the source's own answer is the truth. */
struct foresight {
	struct job job;
	struct console *console;
	struct estate *estate;
	const struct kind *kind;
	const struct kind_verb *verb;
	struct ref ref;
	struct json *refused;
};

static void foresee(struct job *job)
{
	struct foresight *foresight = (struct foresight *)job;

	foresight->refused = estate_refused(foresight->estate, &foresight->ref, foresight->kind);
}

static void foreseen(struct job *job)
{
	struct foresight *foresight = (struct foresight *)job;
	const char *why = json_text(json_get(foresight->refused, foresight->verb->name));

	if (why && !foresight->console->ended)
		console_say(foresight->console, STYLE_WARNING, "%s: %s", foresight->verb->name, why);
	json_free(foresight->refused);
	free(foresight);
}

static void ask_whether_refused(struct console *console, const struct kind *kind, const struct kind_verb *verb, const struct ref *ref)
{
	struct foresight *foresight = mem_zero(1, sizeof(*foresight));

	foresight->job = (struct job){ .run = foresee, .done = foreseen };
	foresight->console = console;
	foresight->estate = console->estate;
	foresight->kind = kind;
	foresight->verb = verb;
	foresight->ref = *ref;
	console_submit(console, &foresight->job);
}

static void ask_params(struct console *console, const struct kind *kind, const struct kind_verb *verb, const struct ref *refs, size_t count,
	const struct json *params)
{
	struct asked *asked = mem_zero(1, sizeof(*asked));
	const char *title = verb->title ? verb->title : verb->name;
	char heading[700];

	asked->refs = mem_zero(count, sizeof(*asked->refs));
	memcpy(asked->refs, refs, count * sizeof(*refs));
	asked->count = count;
	snprintf(asked->verb, sizeof(asked->verb), "%s", verb->name);
	if (count > 1)
		snprintf(heading, sizeof(heading), "%s: %zu marked %s", title, count, kind->name);
	else
		snprintf(heading, sizeof(heading), "%s: %s", title, refs->name);
	console_dialog(console, form_new(console, heading, verb, params, answered, asked, free_asked));
	ask_whether_refused(console, kind, verb, refs);
}

void console_ask_params(struct console *console, const struct ref *ref, const struct kind_verb *verb, const struct json *given)
{
	const struct kind *kind = kinds_of(estate_kinds(console->estate), ref);

	if (kind)
		ask_params(console, kind, verb, ref, 1, given);
}

/* Without a form the plan is made at once; whether it would be refused is asked beside it and said, as with a form. */
static void begin(struct console *console, const struct kind *kind, const struct kind_verb *verb, const struct ref *refs, size_t count,
	const struct json *params)
{
	for (size_t i = count; i-- > 0;) /* the first is on top of the dialogs */
		submit(console, &refs[i], verb->name, params ? json_copy(params) : NULL, "");
	ask_whether_refused(console, kind, verb, refs);
}

void console_act_all(struct console *console, const struct ref *refs, size_t count, const char *verb, struct json *params)
{
	const struct kind *kind = console->estate && count ? kinds_of(estate_kinds(console->estate), refs) : NULL;
	const struct kind_verb *row = kind ? kind_verb_find(kind, verb) : NULL;

	if (!row || !console->gate)
		console_say(console, STYLE_WARNING, row ? "the gate is not open: nothing can be changed" : "%s cannot be done to a %s", verb,
			count ? refs->kind : "nothing");
	else if (count == 1 && console_chooses(console, refs, row, params))
		; /* and goes on from there */
	else if (row->param_count && (!params || misses_one(row, params)))
		ask_params(console, kind, row, refs, count, params);
	else
		begin(console, kind, row, refs, count, params);
	json_free(params);
}

void console_act(struct console *console, const struct ref *ref, const char *verb, struct json *params)
{
	console_act_all(console, ref, 1, verb, params);
}

/* --- undo --- */

void console_undo_last(struct console *console)
{
	console_undo_run(console, NULL);
}

void console_undo_run(struct console *console, const char *run_id)
{
	if (console->gate)
		submit(console, NULL, "", NULL, run_id);
	else
		console_say(console, STYLE_WARNING, "the gate is not open yet");
}

/* --- edit: fetch, $EDITOR, plan what was saved --- */

struct editing {
	struct job job;
	struct console *console;
	struct estate *estate;
	struct ref ref;
	char path[4096];
	struct text before; /* as it was fetched */
	int saved;          /* the file is there */
	struct json *after; /* what the person made of it; NULL with no err: it is unchanged */
	struct error err;
};

static void remove_file(struct job *job)
{
	struct editing *editing = (struct editing *)job;

	if (editing->saved)
		unlink(editing->path);
	editing->saved = 0;
}

static void free_edit(struct job *job)
{
	struct editing *editing = (struct editing *)job;

	remove_file(job); /* if no worker came to it */
	text_release(&editing->before);
	json_free(editing->after);
	free(editing);
}

static void drop_edit(struct job *job)
{
	struct editing *editing = (struct editing *)job;

	*job = (struct job){ .run = remove_file, .done = free_edit };
	console_submit(editing->console, job);
}

static void fetch(struct job *job)
{
	struct editing *editing = (struct editing *)job;
	struct json *object = NULL;

	if (estate_get(editing->estate, &editing->ref, &object, &editing->err))
		return;
	yaml_format(object, &editing->before);
	json_free(object);
	if (editing->before.cut)
		error_set(&editing->err, ERR_LIMIT, "the object is too large to edit here");
	else
		editing->saved = !file_save(editing->path, editing->before.data, editing->before.length, 0600, &editing->err);
}

/* What the person saved: unchanged, changed, or no YAML. */
static void read_back(struct job *job)
{
	struct editing *editing = (struct editing *)job;
	size_t length;
	char *after = file_load(editing->path, EDIT_MAX, &length, &editing->err);

	if (after && strcmp(after, editing->before.data) != 0)
		editing->after = yaml_parse(after, length, &editing->err);
	free(after);
	remove_file(job);
}

int console_run_program(struct console *console, const char *const *argv, struct error *err)
{
	screen_suspend();
	int status = run_in_foreground(argv, err);

	screen_resume();
	console->all_dirty = 1;
	return status;
}

/* The parameter that takes a whole object, by the kind's table. */
static const char *file_param(struct console *console, const struct ref *ref)
{
	const struct kind *kind = kinds_of(estate_kinds(console->estate), ref);
	const struct kind_verb *verb = kind ? kind_verb_find(kind, "edit") : NULL;

	for (size_t i = 0; verb && i < verb->param_count; i++)
		if (verb->params[i].type && !strcmp(verb->params[i].type, "file"))
			return verb->params[i].name;
	return "manifest";
}

static void edited(struct job *job)
{
	struct editing *editing = (struct editing *)job;
	struct console *console = editing->console;

	if (console->ended || atomic_load(&job->cancelled)) {
		;
	} else if (editing->after) {
		struct json *params = json_object();
		char *text = json_format(editing->after);

		json_set_text(params, file_param(console, &editing->ref), text);
		free(text);
		console_act(console, &editing->ref, "edit", params);
	} else if (editing->err.code) {
		console_say_error(console, &editing->err);
	} else {
		console_say(console, STYLE_DIM, "nothing was changed");
	}
	drop_edit(job);
}

static void run_editor(struct job *job)
{
	struct editing *editing = (struct editing *)job;
	struct console *console = editing->console;
	struct error err = { 0 };
	const char *editor = getenv("VISUAL") ? getenv("VISUAL") : getenv("EDITOR") ? getenv("EDITOR") : "vi";
	const char *argv[] = { editor, editing->path, NULL };

	if (console_run_program(console, argv, &err)) {
		console_say(console, STYLE_WARNING, "%s did not end well; nothing is changed%s%s", editor, *err.text ? ": " : "", err.text);
		drop_edit(job);
		return;
	}
	editing->job = (struct job){ .run = read_back, .done = edited };
	console_submit(console, &editing->job);
}

static void fetched(struct job *job)
{
	struct editing *editing = (struct editing *)job;
	struct console *console = editing->console;

	if (!console->ended && !atomic_load(&job->cancelled) && editing->saved) {
		run_editor(job);
		return;
	}
	if (!console->ended && editing->err.code)
		console_say_error(console, &editing->err);
	drop_edit(job);
}

void console_edit(struct console *console, const struct ref *ref)
{
	const struct kind *kind = console->estate ? kinds_of(estate_kinds(console->estate), ref) : NULL;

	if (!kind || !kind_verb_find(kind, "edit")) {
		console_say(console, STYLE_WARNING, "%s cannot be edited", ref->kind);
		return;
	}
	struct editing *editing = mem_zero(1, sizeof(*editing));
	static unsigned number;

	editing->job = (struct job){ .run = fetch, .done = fetched };
	editing->console = console;
	editing->estate = console->estate;
	editing->ref = *ref;
	snprintf(editing->path, sizeof(editing->path), "%s/edit-%d-%u.yaml", file_state_folder(), (int)getpid(), ++number);
	text_init(&editing->before, EDIT_MAX);
	console_submit(console, &editing->job);
}
