#include "cli/demo.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "sim/scenario.h"
#include "sim/sim.h"

enum { FILE_MAX_BYTES = 64 << 10, OPEN_MAX = 16 };

/* --- the folder --- */

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *at)
{
	(void)info;
	(void)kind;
	(void)at;
	remove(path);
	return 0;
}

static void remove_folder(const char *path)
{
	nftw(path, remove_one, OPEN_MAX, FTW_DEPTH | FTW_PHYS);
}

static int make_folder(struct demo *demo, struct error *err)
{
	const char *base = getenv("TMPDIR");

	snprintf(demo->folder, sizeof(demo->folder), "%.200s/pilothouse-demo-XXXXXX", base && *base == '/' ? base : "/tmp");
	if (mkdtemp(demo->folder))
		return 0;
	return error_set(err, ERR_IO, "the folder of the demo, %.200s: %s", demo->folder, strerror(errno));
}

static int save(const struct demo *demo, const char *name, const struct text *content, struct error *err)
{
	char *path = mem_format("%s/%s", demo->folder, name);
	int failed = file_save(path, content->data, content->length, 0600, err);

	free(path);
	return failed;
}

/* The console is the one every estate has; only this says that what it shows is simulated. */
static void write_config(const struct scenario *scenario, const struct sim *sim, struct text *out)
{
	struct json *config = json_object(), *contexts = json_array(), *dashboard = json_array(), *ui = json_object();
	static const char *const widgets[] = { "wrong-now", "changes", "runs", "audit" };
	char *hint = mem_format("press c and ask: %s", json_text_or(json_get(scenario->json, "ask"), ""));

	for (size_t i = 0; i < sim_clusters(sim); i++)
		json_add(contexts, json_string(sim_name(sim, i)));
	for (size_t i = 0; i < sizeof(widgets) / sizeof(*widgets); i++)
		json_add(dashboard, json_string(widgets[i]));
	json_set_text(ui, "banner", "DEMO, simulated");
	json_set_text(ui, "welcome", hint);
	json_set(ui, "dashboard", dashboard);
	json_set(config, "ui", ui);
	json_set(config, "host", json_set(json_object(), "enabled", json_boolean(0)));
	json_set(config, "kubernetes", json_set(json_object(), "contexts", contexts));
	json_set(config, "user", json_set_text(json_object(), "role", "sre"));
	char *text = json_format_pretty(config); /* JSON is YAML */

	text_add(out, text);
	free(text);
	free(hint);
	json_free(config);
}

static int write_files(const struct demo *demo, const struct scenario *scenario, const struct sim *sim, struct error *err)
{
	struct text config, kubeconfig;

	text_init(&config, FILE_MAX_BYTES);
	text_init(&kubeconfig, FILE_MAX_BYTES);
	write_config(scenario, sim, &config);
	sim_kubeconfig(sim, &kubeconfig);
	int failed = save(demo, "config.yaml", &config, err) || save(demo, "kubeconfig", &kubeconfig, err);

	text_release(&config);
	text_release(&kubeconfig);
	return failed ? -1 : 0;
}

/* --- the simulated estate's process --- */

static void wait_for_the_end(void)
{
	sigset_t ends;
	int which;

	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigwait(&ends, &which);
}

/* Standard input and output are the parent's: a pipe's reader must see its end when the parent ends. */
static void let_go_of_the_terminal(void)
{
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);

	setsid();
	for (int fd = 0; fd < 3 && nothing >= 0; fd++)
		dup2(nothing, fd);
}

/* The kernel sends SIGTERM when the parent dies, of SIGKILL too (prctl(2)); it is blocked until it is waited for. */
static void die_with(pid_t parent)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	prctl(PR_SET_NAME, "pilothouse-demo");
	if (getppid() != parent)
		raise(SIGTERM);
}

__attribute__((noreturn)) static void live(const struct demo *demo, const char *name, int report, pid_t parent)
{
	struct scenario scenario = { 0 };
	struct error err = { 0 };
	struct sim *sim = NULL;

	die_with(parent);
	let_go_of_the_terminal();
	if (!scenario_load(&scenario, name, &err))
		sim = sim_new(&scenario, &err);
	int failed = !sim || write_files(demo, &scenario, sim, &err);

	/* What happened goes to the parent: an error that by its size cannot come in pieces (pipe(7), PIPE_BUF). */
	if (write(report, &err, sizeof(err)) == (ssize_t)sizeof(err) && !failed) {
		close(report);
		wait_for_the_end();
	}
	sim_free(sim);
	scenario_release(&scenario);
	remove_folder(demo->folder);
	_exit(failed);
}

/* --- the console's process --- */

static int hear(int from, struct error *err)
{
	struct error heard = { 0 };
	ssize_t length;

	do {
		length = read(from, &heard, sizeof(heard));
	} while (length < 0 && errno == EINTR);
	if (length != (ssize_t)sizeof(heard))
		return error_set(err, ERR_IO, "the simulated estate ended before it was ready");
	if (!heard.code)
		return 0;
	*err = heard;
	return -1;
}

/* Settings by variable go before any file: PILOTHOUSE_STORE_PATH would lead to a real database. */
static void forget_settings(void)
{
	static const char prefix[] = "PILOTHOUSE_";
	static const char *const kept[] = { "PILOTHOUSE_DATA=", "PILOTHOUSE_RECORD=", NULL };
	char name[256];

	for (char **at = environ; *at;) {
		size_t i = 0;

		while (kept[i] && strncmp(*at, kept[i], strlen(kept[i])))
			i++;
		if (strncmp(*at, prefix, strlen(prefix)) || kept[i] || strcspn(*at, "=") >= sizeof(name)) {
			at++;
			continue;
		}
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(*at, "="), *at);
		unsetenv(name);
		at = environ; /* it moved */
	}
}

/* The demo must not reach what is real: neither by a variable that is set, nor through a proxy. */
static void turn_towards(const struct demo *demo)
{
	static const char *const gone[] = { "OPA_ENDPOINT", "LOG_LEVEL", "http_proxy", "all_proxy", "ALL_PROXY", NULL };
	char *kubeconfig = mem_format("%s/kubeconfig", demo->folder), *database = mem_format("%s/pilothouse.db", demo->folder);

	for (size_t i = 0; gone[i]; i++)
		unsetenv(gone[i]);
	forget_settings();
	setenv("PILOTHOUSE_HOME", demo->folder, 1);
	setenv("KUBECONFIG", kubeconfig, 1);
	setenv("DB_PATH", database, 1);
	free(kubeconfig);
	free(database);
}

int demo_begin(struct demo *demo, const char *scenario, struct error *err)
{
	int ends[2];
	pid_t parent = getpid();

	if (make_folder(demo, err))
		return -1;
	if (pipe2(ends, O_CLOEXEC) || (demo->child = fork()) < 0) {
		remove_folder(demo->folder);
		return error_set(err, ERR_IO, "starting the simulated estate: %s", strerror(errno));
	}
	if (!demo->child) {
		close(ends[0]);
		live(demo, scenario, ends[1], parent);
	}
	close(ends[1]);
	int failed = hear(ends[0], err);

	close(ends[0]);
	if (failed)
		demo_end(demo);
	else
		turn_towards(demo);
	return failed;
}

void demo_end(struct demo *demo)
{
	kill(demo->child, SIGTERM);
	while (waitpid(demo->child, NULL, 0) < 0 && errno == EINTR)
		;
	remove_folder(demo->folder); /* what was still written while the child went */
}
