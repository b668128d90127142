/* console_open.c - opening things by name, as the palette, the dashboard and the command line's words do. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/mem.h"
#include "estate/estate.h"
#include "gate/gate.h"
#include "gate/playbook.h"
#include "tui/console_private.h"
#include "tui/dialog/choosers.h"
#include "tui/text/text_pane.h"
#include "tui/views/fleet.h"

enum { WORDS_MAX = 1024, PLAYBOOK_MAX = 1 << 20 };

static struct pane *all_changes(struct console *console)
{
	return changes_new(console, NULL);
}

static struct pane *empty_chat(struct console *console)
{
	return chat_new(console, NULL);
}

static const struct {
	const char *name;
	struct pane *(*open)(struct console *console);
} views[] = {
	{ "approvals", approvals_new },
	{ "audit", audit_pane_new },
	{ "changes", all_changes },
	{ "chat", empty_chat },
	{ "dashboard", dashboard_new },
	{ "playbooks", playbooks_new },
	{ "runs", runs_new },
	{ "saturation", saturation_new },
};

static int open_view(struct console *console, const char *name)
{
	for (size_t i = 0; i < sizeof(views) / sizeof(*views); i++) {
		if (strcmp(views[i].name, name) != 0)
			continue;
		console_push(console, views[i].open(console));
		return 1;
	}
	return 0;
}

/* --- kinds that are not known yet are looked up at the source, in a job --- */

struct lookup {
	struct job job;
	struct console *console;
	struct estate *estate;
	char name[128], filter[256], namespace_[254], account[128];
	const struct kind *kind;
	struct error err;
};

static void look_up(struct job *job)
{
	struct lookup *lookup = (struct lookup *)job;

	lookup->kind = estate_kind(lookup->estate, lookup->name, &lookup->err);
}

static void looked_up(struct job *job)
{
	struct lookup *lookup = (struct lookup *)job;
	struct selection selection = { .namespace_ = *lookup->namespace_ ? lookup->namespace_ : NULL,
		.account = *lookup->account ? lookup->account : NULL };

	if (lookup->console->ended || atomic_load(&job->cancelled))
		;
	else if (lookup->kind)
		console_open_kind(lookup->console, lookup->kind, &selection, lookup->filter);
	else
		console_say(lookup->console, STYLE_WARNING, "%s", *lookup->err.text ? lookup->err.text : "no kind, view or command has that name");
	free(lookup);
}

static int open_unknown(struct console *console, const char *name, const struct selection *selection, const char *filter)
{
	struct lookup *lookup = mem_zero(1, sizeof(*lookup));

	lookup->job = (struct job){ .run = look_up, .done = looked_up };
	lookup->console = console;
	lookup->estate = console->estate;
	snprintf(lookup->name, sizeof(lookup->name), "%s", name);
	snprintf(lookup->filter, sizeof(lookup->filter), "%s", filter ? filter : "");
	snprintf(lookup->namespace_, sizeof(lookup->namespace_), "%s", selection->namespace_ ? selection->namespace_ : "");
	snprintf(lookup->account, sizeof(lookup->account), "%s", selection->account ? selection->account : "");
	console_submit(console, &lookup->job);
	return 0;
}

/* The account by its name, so that the same rows on the dashboard and in a table are listed and kept once. */
int console_open_kind(struct console *console, const struct kind *kind, const struct selection *selection, const char *filter)
{
	struct selection whole = *selection;
	if (!whole.account || !*whole.account)
		whole.account = console_account(console, kind->provider);
	if ((!whole.account || !*whole.account) && !strcmp(kind->provider, "fleet"))
		whole.account = console->fleet_folder;
	if (!whole.namespace_ || !*whole.namespace_)
		whole.namespace_ = console_namespace(console, kind, whole.account);
	console_push(console, table_pane_new(console, kind, &whole, filter));
	return 0;
}

static const char *provider_of_account(const struct console *console, const char *account)
{
	for (size_t i = 0; i < console->account_count; i++)
		if (!strcmp(console->accounts[i].name, account))
			return console->account_providers[i];
	return NULL;
}

static const struct kind *kind_of(struct console *console, const char *provider, const char *name)
{
	char whole[200];

	snprintf(whole, sizeof(whole), "%.40s/%.150s", provider, name);
	return kinds_find(estate_kinds(console->estate), whole);
}

const struct kind *console_kind(struct console *console, const char *name, const char *account)
{
	const struct kind *kind = kinds_find(estate_kinds(console->estate), name);
	const char *provider = account && *account ? provider_of_account(console, account) : console_provider(console);
	const struct kind *near = kind && provider && !strchr(name, '/') ? kind_of(console, provider, name) : NULL;

	return near ? near : kind;
}

/* Of another provider that has something to look at, by the same name. NULL none. */
static const struct kind *namesake(struct console *console, const struct kind *kind)
{
	struct kinds *kinds = estate_kinds(console->estate);

	for (size_t i = 0; i < kinds_count(kinds); i++) {
		const struct kind *other = kinds_at(kinds, i);

		if (other != kind && !strcmp(other->name, kind->name) && console_account(console, other->provider))
			return other;
	}
	return NULL;
}

/* Where "PROVIDER/KIND" is meant the slash begins no filter. */
static char *take_filter(struct console *console, char *words)
{
	size_t first = strcspn(words, " ");
	char name[200], *slash;

	snprintf(name, sizeof(name), "%.*s", (int)(first < 199 ? first : 199), words);
	int is_whole = console->estate && strchr(name, '/') && kinds_find(estate_kinds(console->estate), name);

	slash = strchr(is_whole ? words + first : words, '/');
	if (slash)
		*slash++ = 0;
	return slash;
}

/* "pods", "pods payments" (a namespace), "pods @prod-eu", "pods /crash loop", "kubernetes/services" */
static int open_kind_words(struct console *console, char *words, struct error *err)
{
	char *filter = take_filter(console, words), *save = NULL;
	struct selection selection = { 0 };
	char *name = strtok_r(words, " ", &save);

	if (!name)
		return error_set(err, ERR_INVALID, "name a kind, a view or a command");
	for (char *word = strtok_r(NULL, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		if (*word == '@')
			selection.account = word + 1;
		else
			selection.namespace_ = strcmp(word, "all") != 0 ? word : "*";
	}
	if (!console->estate)
		return error_set(err, ERR_INVALID, "%s", *console->problem ? console->problem : "still opening; try again in a moment");
	const struct kind *kind = console_kind(console, name, selection.account), *other = kind ? namesake(console, kind) : NULL;

	if (other)
		console_say(console, STYLE_DIM, "%s of %s; those of %s are :%s/%s", kind->name, kind->provider, other->provider, other->provider, other->name);
	return kind ? console_open_kind(console, kind, &selection, filter) : open_unknown(console, name, &selection, filter);
}

/* --- "describe pod web-1" and the like: found in a job, opened when found --- */

struct find {
	struct job job;
	struct console *console;
	struct estate *estate;
	char verb[16], kind[128], name[512];
	struct ref ref;
	int found;
	struct error err;
};

static void find(struct job *job)
{
	struct find *find = (struct find *)job;
	const struct kind *kind = estate_kind(find->estate, find->kind, &find->err);
	struct selection all = { .namespace_ = "*" };

	find->found = kind && !estate_find(find->estate, kind, &all, find->name, &find->ref, NULL, NULL, &find->err);
}

static void found(struct job *job)
{
	struct find *find = (struct find *)job;
	struct console *console = find->console;

	if (console->ended || atomic_load(&job->cancelled))
		;
	else if (!find->found)
		console_say_error(console, &find->err);
	else if (!strcmp(find->verb, "describe"))
		console_push(console, detail_new(console, &find->ref));
	else if (!strcmp(find->verb, "yaml"))
		console_push(console, yaml_new(console, &find->ref));
	else
		console_push(console, logs_new(console, &find->ref, 1, 0));
	free(find);
}

static int open_found(struct console *console, const char *verb, const char *rest, struct error *err)
{
	struct find *job = mem_zero(1, sizeof(*job));

	snprintf(job->verb, sizeof(job->verb), "%.15s", verb);
	if (!console->estate || sscanf(rest, "%127s %511s", job->kind, job->name) != 2) {
		free(job);
		return error_set(err, ERR_INVALID, "%s KIND NAME", verb);
	}
	const struct kind *kind = console_kind(console, job->kind, NULL);

	if (kind)
		snprintf(job->kind, sizeof(job->kind), "%.40s/%.80s", kind->provider, kind->name);
	job->job = (struct job){ .run = find, .done = found };
	job->console = console;
	job->estate = console->estate;
	console_submit(console, &job->job);
	return 0;
}

/* --- a playbook as it is written: read in a job --- */

struct reading {
	struct job job;
	struct console *console;
	struct gate *gate;
	char name[128];
	char *text;
	struct error err;
};

static void read_playbook(struct job *job)
{
	struct reading *reading = (struct reading *)job;
	struct playbooks *playbooks = gate_playbooks(reading->gate);
	const struct playbook *playbook = playbooks ? playbooks_find(playbooks, reading->name) : NULL;
	size_t length;

	if (playbook)
		reading->text = file_load(playbook->file, PLAYBOOK_MAX, &length, &reading->err);
	else
		error_set(&reading->err, ERR_NOT_FOUND, "no playbook is called \"%.80s\"", reading->name);
}

static void playbook_is_read(struct job *job)
{
	struct reading *reading = (struct reading *)job;
	char title[160];

	snprintf(title, sizeof(title), "playbook %.127s", reading->name);
	if (reading->console->ended || atomic_load(&job->cancelled))
		;
	else if (reading->text)
		console_push(reading->console, text_pane_new(reading->console, title, reading->text, TEXT_YAML));
	else
		console_say_error(reading->console, &reading->err);
	free(reading->text);
	free(reading);
}

static int open_playbook(struct console *console, const char *name, struct error *err)
{
	struct reading *reading;

	if (!console->gate)
		return error_set(err, ERR_NOT_FOUND, "no playbook is called \"%.80s\"", name);
	reading = mem_zero(1, sizeof(*reading));
	reading->job = (struct job){ .run = read_playbook, .done = playbook_is_read };
	reading->console = console;
	reading->gate = console->gate;
	snprintf(reading->name, sizeof(reading->name), "%s", name);
	console_submit(console, &reading->job);
	return 0;
}

/* --- words --- */

int console_opens_named(const char *word)
{
	return !strcmp(word, "describe") || !strcmp(word, "yaml") || !strcmp(word, "logs");
}

static int open_with_rest(struct console *console, const char *first, const char *rest, struct error *err)
{
	if (!strcmp(first, "chat") || !strcmp(first, "ask") || !strcmp(first, "investigate")) {
		char *words = strcmp(first, "investigate") ? mem_text(rest) : mem_format("investigate %s", rest);

		console_push(console, chat_new(console, words));
		free(words);
		return 0;
	}
	if (console_opens_named(first))
		return open_found(console, first, rest, err);
	if (!strcmp(first, "report"))
		return fleet_open(console, rest, 1, err);
	if (!strcmp(first, "playbook"))
		return open_playbook(console, rest, err);
	if (!strcmp(first, "theme"))
		console_use_theme(console, rest);
	else if (!strcmp(first, "changes") && *rest == '/')
		console_push(console, changes_of(console, rest + 1));
	else if (!strcmp(first, "run"))
		console_push(console, run_new(console, rest));
	else if (!strcmp(first, "plan"))
		console_push(console, plan_new_pane(console, rest));
	else
		return 1;
	return 0;
}

static const struct command *named_command(const char *words)
{
	char name[64];
	const struct command *command = command_find(words);

	if (command)
		return command;
	snprintf(name, sizeof(name), "global.%.50s", words);
	return command_find(name);
}

int console_open(struct console *console, const char *words, struct error *err)
{
	char copy[WORDS_MAX];
	const char *rest = strchr(words, ' ');

	snprintf(copy, sizeof(copy), "%s", words);
	if (!rest && open_view(console, words))
		return 0;
	if (!strcmp(words, "report"))
		return fleet_open(console, NULL, 1, err);
	if (rest) {
		char first[32];

		snprintf(first, sizeof(first), "%.*s", (int)(rest - words < 31 ? rest - words : 31), words);
		int result = open_with_rest(console, first, rest + 1, err);

		if (result <= 0)
			return result;
	}
	int is_kind = console->estate && kinds_find(estate_kinds(console->estate), words); /* "logs" is both: the table of logs */
	const struct command *command = rest || is_kind ? NULL : named_command(words);
	struct pane *top = console_top(console);

	if (command && ((top && top->ops->command && top->ops->command(top, command)) || console_command(console, command)))
		return 0;
	return open_kind_words(console, copy, err);
}
