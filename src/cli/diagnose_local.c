/* What is on this machine: configuration, folders, terminal, database, audit log. */
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/problem.h"
#include "cli/diagnose.h"
#include "gate/audit.h"
#include "store/health.h"

#define MIB (INT64_C(1) << 20)
enum { COLUMNS_WANTED = 80, LINES_WANTED = 24, ANCHOR_OLD_HOURS = 24 };
static const int64_t space_low = 512 * MIB, space_none = 32 * MIB;

/* --- configuration --- */

static void configuration(struct task *task)
{
	const struct config *config = task_surroundings(task)->config;
	struct json *problems = json_array(), *unread = config_unread(config);
	size_t count;

	config_validate(config, problems);
	count = json_count(problems);
	for (const struct json *problem = json_first(problems); problem; problem = json_next(problem)) {
		char *text = problem_format(problem);

		task_tell(task, NULL, CHECK_FAIL, "correct it; pilothouse config list shows every setting and its type", "%s", text);
		free(text);
	}
	for (const struct json *row = json_first(unread); row; row = json_next(row))
		task_tell(task, NULL, CHECK_WARN, "unset it, or wait for the part that reads it", "%s is set and nothing here reads it yet (%s)", json_text_or(json_get(row, "name"), "?"),
			json_text_or(json_get(row, "part"), "?"));
	if (!count && !json_count(unread))
		task_tell(task, NULL, CHECK_OK, NULL, "%s%s", config_path(config), access(config_path(config), F_OK) ? " is not there: defaults hold" : " is understood");
	json_free(problems);
	json_free(unread);
}

/* --- folders --- */

static void rights(struct task *task, const char *path)
{
	struct stat about;

	if (stat(path, &about)) {
		task_tell(task, NULL, CHECK_FAIL, "make the folder, or set PILOTHOUSE_HOME to one you may write", "%s: %s", path, strerror(errno));
		return;
	}
	if (access(path, W_OK | X_OK))
		task_tell(task, NULL, CHECK_FAIL, "give yourself the right to write there, or set PILOTHOUSE_HOME", "%s cannot be written: %s", path, strerror(errno));
	else if (about.st_uid != geteuid())
		task_tell(task, NULL, CHECK_WARN, "chown it to yourself: its owner can read and change what is kept", "%s belongs to another user (uid %u)", path, (unsigned)about.st_uid);
	else if (about.st_mode & (S_IWGRP | S_IWOTH))
		task_tell(task, NULL, CHECK_FAIL, "chmod go-w on it", "%s can be written by others (mode %03o)", path, (unsigned)(about.st_mode & 0777));
}

static void space(struct task *task, const char *path)
{
	struct statvfs disk;

	if (statvfs(path, &disk)) {
		task_tell(task, NULL, CHECK_FAIL, "look at the disk it is on", "%s: %s", path, strerror(errno));
		return;
	}
	int64_t free_bytes = (int64_t)disk.f_bavail * (int64_t)disk.f_frsize;
	double inodes = disk.f_files ? 100.0 * (double)disk.f_favail / (double)disk.f_files : 100;

	if (disk.f_flag & ST_RDONLY)
		task_tell(task, NULL, CHECK_FAIL, "mount it for writing, or set PILOTHOUSE_HOME", "%s is on a disk mounted read-only", path);
	else if (free_bytes < space_low)
		task_tell(task, NULL, free_bytes < space_none ? CHECK_FAIL : CHECK_WARN, "free some space: the audit log must be able to grow", "%s: %lld MiB are free", path, (long long)(free_bytes / MIB));
	else if (inodes < 5)
		task_tell(task, NULL, inodes < 1 ? CHECK_FAIL : CHECK_WARN, "remove many small files on this disk", "%s: %.1f %% of the inodes are free", path, inodes);
	else
		task_tell(task, NULL, CHECK_OK, NULL, "%s: %.1f GiB and %.0f %% of the inodes are free", path, (double)free_bytes / (double)(1024 * MIB), inodes);
}

static void folder(struct task *task)
{
	rights(task, task_argument(task));
	space(task, task_argument(task));
}

static void add_folders(struct diagnosis *diagnosis)
{
	const char *const paths[] = { file_config_folder(), file_state_folder(), file_cache_folder() };
	static const char *const names[] = { "disk config", "disk state", "disk cache" };

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		int known = 0;

		for (size_t k = 0; k < i; k++)
			known |= !strcmp(paths[i], paths[k]);
		if (!known)
			diagnosis_add(diagnosis, strcmp(paths[0], paths[1]) != 0 ? names[i] : "disk", paths[i], 0, folder);
	}
}

/* --- terminal --- */

/* Where ncurses looks: terminfo(5), "Fetching Compiled Descriptions". */
static int is_described(const char *term)
{
	const char *home = getenv("HOME"), *own = getenv("TERMINFO");
	char *folders[] = { mem_format("%s", own ? own : "/nowhere"), mem_format("%s/.terminfo", home ? home : ""), mem_text("/etc/terminfo"), mem_text("/lib/terminfo"),
		mem_text("/usr/share/terminfo"), mem_text("/usr/lib/terminfo"), mem_text("/usr/local/share/terminfo") };
	int found = 0;

	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
		char *by_letter = mem_format("%s/%c/%s", folders[i], *term, term), *by_code = mem_format("%s/%02x/%s", folders[i], (unsigned char)*term, term);

		found |= !access(by_letter, R_OK) || !access(by_code, R_OK);
		free(by_letter);
		free(by_code);
		free(folders[i]);
	}
	return found;
}

static void terminal(struct task *task)
{
	const char *term = getenv("TERM"), *colours = getenv("COLORTERM"), *set = nl_langinfo(CODESET);
	struct winsize size = { 0 };
	int is_terminal = isatty(STDOUT_FILENO) && !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);

	if (!is_terminal)
		task_tell(task, NULL, CHECK_SKIP, NULL, "standard output is no terminal");
	else if (!term || !*term || strchr(term, '/') || !strcmp(term, "dumb"))
		task_tell(task, NULL, CHECK_FAIL, "export TERM=xterm-256color, or what your terminal says it is", "TERM is %s: the console cannot be drawn", term && *term ? term : "not set");
	else if (!is_described(term))
		task_tell(task, NULL, CHECK_FAIL, "install its description (Debian: ncurses-term), or export TERM=xterm-256color", "no description of the terminal %s is installed", term);
	else if (size.ws_col && (size.ws_col < COLUMNS_WANTED || size.ws_row < LINES_WANTED))
		task_tell(task, NULL, CHECK_WARN, "make the window larger", "%s, %d columns and %d lines: the console is made for 80 and 24", term, size.ws_col, size.ws_row);
	else
		task_tell(task, NULL, CHECK_OK, NULL, "%s, %d columns and %d lines, %s", term, size.ws_col, size.ws_row,
			getenv("NO_COLOR") && *getenv("NO_COLOR")             ? "no colours (NO_COLOR)"
			: colours && (strstr(colours, "true") || strstr(colours, "24")) ? "true colour"
			: strstr(term, "256")                                 ? "256 colours"
									      : "few colours");
	if (is_terminal && strcmp(set, "UTF-8") != 0)
		task_tell(task, NULL, CHECK_WARN, "export LANG=C.UTF-8", "the locale's characters are %s: lines and signs are drawn in ASCII", set);
}

/* --- database and audit log --- */

static const char *database_path(const struct task *task)
{
	const char *path = config_get(task_surroundings(task)->config, "store.path");

	return path && *path ? path : NULL;
}

static void database(struct task *task)
{
	struct store_health health;
	struct error err = { 0 };

	if (store_health(database_path(task), &health, &err)) {
		if (err.code == ERR_NOT_FOUND)
			task_tell(task, NULL, CHECK_SKIP, NULL, "there is none yet; the first command that needs it makes it");
		else
			task_tell(task, NULL, CHECK_FAIL, "move the file aside and start again, or copy a sound one back; pilothouse audit verify FILE says what is left of the log", "%s", err.text);
	} else if (health.foreign) {
		task_tell(task, NULL, CHECK_FAIL, "set store.path to a file of ours", "the file is another program's database");
	} else if (*health.problem) {
		task_tell(task, NULL, CHECK_FAIL, "copy a sound one back; pilothouse audit verify FILE says what is left of the log", "it is damaged: %s", health.problem);
	} else if (health.version > health.newest) {
		task_tell(task, NULL, CHECK_FAIL, "use the newer program", "schema %d is newer than this program, which knows %d", health.version, health.newest);
	} else {
		task_tell(task, NULL, CHECK_OK, NULL, "sound, schema %d%s, %.1f MiB", health.version, health.version < health.newest ? " (an older one: brought up when it is opened)" : "",
			(double)health.size_bytes / (double)MIB);
	}
}

/* When the log was last anchored outside the database. */
static void anchor_age(struct task *task, int64_t entries, int64_t unwitnessed)
{
	const char *where = config_get(task_surroundings(task)->config, "audit.anchor");
	char *own = mem_format("%s/anchors/audit.jsonl", file_state_folder()), age[CLOCK_AGE_MAX];
	const char *path = where && !strncmp(where, "file:", 5) ? where + 5 : own;
	struct stat about;

	if (!entries) {
		task_tell(task, "audit anchor", CHECK_SKIP, NULL, "nothing is logged yet");
	} else if (where && strncmp(where, "file:", 5) != 0) {
		task_tell(task, "audit anchor", CHECK_SKIP, NULL, "anchors go to %s, which is not read back", where);
	} else if (stat(path, &about)) {
		task_tell(task, "audit anchor", CHECK_WARN, "pilothouse audit anchor", "the log was never anchored: %s: %s", path, strerror(errno));
	} else {
		int64_t age_ns = clock_now_ns() - (int64_t)about.st_mtim.tv_sec * CLOCK_SECOND_NS;
		int old = age_ns > ANCHOR_OLD_HOURS * 3600 * CLOCK_SECOND_NS && unwitnessed;

		clock_format_age(age_ns > 0 ? age_ns : 0, age);
		task_tell(task, "audit anchor", old ? CHECK_WARN : CHECK_OK, old ? "pilothouse audit anchor" : NULL, "anchored %s ago, %lld entries since are not witnessed", age, (long long)unwitnessed);
	}
	free(own);
}

static void audit_log(struct task *task)
{
	const char *path = database_path(task);
	char *own = path ? mem_text(path) : mem_format("%s/pilothouse.db", file_state_folder());
	struct json *report = NULL;
	struct error err = { 0 };

	if (access(own, F_OK)) {
		task_tell(task, NULL, CHECK_SKIP, NULL, "nothing is logged yet");
	} else if (audit_verify(path, NULL, &report, &err)) {
		task_tell(task, NULL, CHECK_FAIL, "pilothouse audit verify", "%s", err.text);
	} else {
		const struct json *problem = json_first(json_get(report, "problems"));
		int64_t entries = json_int(json_get(report, "entries"), 0);

		if (json_bool(json_get(report, "ok"), 0))
			task_tell(task, NULL, CHECK_OK, NULL, "the chain of %lld entries is whole", (long long)entries);
		else
			task_tell(task, NULL, CHECK_FAIL, "pilothouse audit verify lists everything; keep the file as it is", "the log does not verify: entry %lld %s: %s",
				(long long)json_int(json_get(problem, "entry"), 0), json_text_or(json_get(problem, "kind"), "?"), json_text_or(json_get(problem, "detail"), ""));
		anchor_age(task, entries, json_int(json_get(report, "unwitnessed"), 0));
	}
	json_free(report);
	free(own);
}

void diagnose_local(struct diagnosis *diagnosis, const struct surroundings *surroundings)
{
	(void)surroundings;
	diagnosis_add(diagnosis, "config", NULL, 0, configuration);
	add_folders(diagnosis);
	diagnosis_add(diagnosis, "terminal", NULL, 0, terminal);
	diagnosis_add(diagnosis, "database", NULL, 0, database);
	diagnosis_add(diagnosis, "audit", NULL, 0, audit_log);
}
