/* saving.c - a file is written by a worker: the disk may be slow, and what is kept is synced. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "tui/console_private.h"

struct saving {
	struct job job;
	struct console *console;
	char *path, *bytes;
	size_t length;
	int told, tried, failed;
	struct error err;
};

static void save(struct job *job)
{
	struct saving *saving = (struct saving *)job;
	char *folder = mem_text(saving->path);

	*strrchr(folder, '/') = 0;
	saving->tried = 1;
	saving->failed = file_make_folder(folder, 0700, &saving->err) ||
			 file_save(saving->path, saving->bytes, saving->length, 0600, &saving->err);
	if (saving->failed)
		log_write(LOG_WARN, "console", "%s", saving->err.text);
	free(folder);
}

static void saved(struct job *job)
{
	struct saving *saving = (struct saving *)job;

	if (!saving->tried) /* the console ended before its turn came: kept all the same */
		save(job);
	if (saving->console->ended || !saving->told)
		;
	else if (saving->failed)
		console_say_error(saving->console, &saving->err);
	else
		console_say(saving->console, STYLE_OK, "written to %s", saving->path);
	free(saving->path);
	free(saving->bytes);
	free(saving);
}

void console_save(struct console *console, char *path, char *bytes, size_t length, int told)
{
	struct saving *saving = mem_zero(1, sizeof(*saving));

	saving->job = (struct job){ .run = save, .done = saved };
	saving->console = console;
	saving->path = path;
	saving->bytes = bytes;
	saving->length = length;
	saving->told = told;
	console_submit(console, &saving->job);
}
