#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/safe.h"
#include "base/secret.h"
#include "base/text.h"

enum { LINE_MAX_BYTES = 8192 };

static const char *const level_names[] = { "error", "warn", "info", "debug" };

static atomic_int level_wanted = LOG_WARN;
static atomic_int as_json;
/* Guards the descriptor, so that log_done does not close it under a writer. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int log_fd = STDERR_FILENO;

/* Their own names, and those of the systems before this one. -1: none. */
static int level_named(const char *name)
{
	static const struct { const char *name; int level; } others[] = {
		{ "warning", LOG_WARN }, { "critical", LOG_ERROR }, { "fatal", LOG_ERROR }, { "notice", LOG_INFO }, { "trace", LOG_DEBUG },
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (!strcasecmp(name, others[i].name))
			return others[i].level;
	for (int i = LOG_ERROR; i <= LOG_DEBUG; i++)
		if (!strcasecmp(name, level_names[i]))
			return i;
	return -1;
}

int log_knows_level(const char *name)
{
	return level_named(name) >= 0;
}

static int parse_level(const char *name)
{
	int level = name ? level_named(name) : -1;

	return level < 0 ? LOG_WARN : level;
}

static void use_fd(int fd)
{
	pthread_mutex_lock(&lock);
	if (log_fd != STDERR_FILENO && log_fd >= 0)
		close(log_fd);
	log_fd = fd;
	pthread_mutex_unlock(&lock);
}

static void use_file(const char *path)
{
	/* -1 when it cannot be opened: then nothing is logged, as stderr may be the console's screen */
	use_fd(open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0600));
}

void log_init(const char *path_or_null)
{
	const char *format = getenv("LOG_FORMAT");

	atomic_store(&level_wanted, parse_level(getenv("LOG_LEVEL")));
	atomic_store(&as_json, format && !strcasecmp(format, "json"));
	if (!path_or_null)
		use_fd(STDERR_FILENO);
	else
		use_file(path_or_null);
}

void log_configure(const char *level, const char *format, const char *file)
{
	if (level)
		atomic_store(&level_wanted, parse_level(level));
	if (format)
		atomic_store(&as_json, !strcasecmp(format, "json"));
	if (file && *file)
		use_file(file);
}

void log_done(void)
{
	use_fd(STDERR_FILENO);
}

/* One write a line: lines of several processes on one file do not mix (O_APPEND). */
static void write_line(const struct text *line)
{
	const char *at = line->data;
	size_t left = line->length;

	pthread_mutex_lock(&lock);
	while (left && log_fd >= 0) {
		ssize_t n = write(log_fd, at, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		at += n;
		left -= (size_t)n;
	}
	pthread_mutex_unlock(&lock);
}

static void add_json_member(struct text *line, const char *key, const char *value, size_t length)
{
	text_format(line, "%s\"%s\":", line->length > 1 ? "," : "", key);
	json_quote(line, value, length);
}

static void add_json(struct text *line, const char *at, enum log_level level, const char *area,
	const struct text *message)
{
	text_add_char(line, '{');
	add_json_member(line, "timestamp", at, strlen(at));
	add_json_member(line, "level", level_names[level], strlen(level_names[level]));
	add_json_member(line, "area", area, strlen(area));
	add_json_member(line, "message", message->data, message->length);
	text_add(line, "}\n");
}

void log_write(enum log_level level, const char *area, const char *format, ...)
{
	struct text raw, redacted, message, line;
	char at[CLOCK_RFC3339_MAX];
	int error_number = errno; /* a caller may log before it looks at errno */
	va_list args;

	if ((int)level > atomic_load(&level_wanted))
		return;
	text_init(&raw, LINE_MAX_BYTES);
	text_init(&redacted, LINE_MAX_BYTES);
	text_init(&message, LINE_MAX_BYTES);
	text_init(&line, 8 * LINE_MAX_BYTES); /* quoting may lengthen, never by more than six */
	va_start(args, format);
	text_vformat(&raw, format, args);
	va_end(args);
	secret_redact(&redacted, raw.data, raw.length);
	safe_add(&message, redacted.data, redacted.length);
	clock_format(clock_now_ns(), at);
	if (atomic_load(&as_json))
		add_json(&line, at, level, area, &message);
	else
		text_format(&line, "%s %-5s %s: %s\n", at, level_names[level], area, message.data);
	write_line(&line);
	text_release(&raw);
	text_release(&redacted);
	text_release(&message);
	text_release(&line);
	errno = error_number;
}
