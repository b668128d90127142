#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/text.h"
#include "provider/lake/provider.h"
#include "store/evidence.h"

enum { DIGESTED_MAX = 256 << 20, FILES_MAX = 1000000 };

struct listing {
	const char *folder;
	struct lake_files *files;
};

static void add(void *arg, const char *name)
{
	struct listing *listing = arg;
	struct lake_files *files = listing->files;
	char *path = mem_format("%s/%s", listing->folder, name);
	struct stat about;

	if (files->count < FILES_MAX && !lstat(path, &about)) {
		files->rows = mem_grow(files->rows, files->count + 1, sizeof(*files->rows));
		files->rows[files->count++] = (struct lake_file){ mem_text(name), (size_t)about.st_size,
			(int64_t)about.st_mtim.tv_sec * CLOCK_SECOND_NS + about.st_mtim.tv_nsec };
		files->bytes += about.st_size;
		files->agents += (size_t)lake_file_is_latest(name);
	}
	free(path);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct lake_file *)a)->name, ((const struct lake_file *)b)->name);
}

static void set_digest(struct lake_files *files)
{
	struct text text;

	text_init(&text, DIGESTED_MAX);
	for (size_t i = 0; i < files->count; i++)
		text_format(&text, "%s\n%zu\n%lld\n", files->rows[i].name, files->rows[i].size, (long long)files->rows[i].modified_ns);
	sha256_hex(text.data, text.length, files->digest);
	text_release(&text);
}

int lake_file_is_latest(const char *name)
{
	const char *slash = strrchr(name, '/');

	return slash && !strcmp(slash, "/latest.json");
}

int lake_files_list(const char *folder, struct lake_files *files, struct error *err)
{
	struct listing listing = { folder, files };

	*files = (struct lake_files){ 0 };
	if (evidence_each(folder, add, &listing, err)) {
		lake_files_release(files);
		return -1;
	}
	if (files->count)
		qsort(files->rows, files->count, sizeof(*files->rows), by_name);
	set_digest(files);
	return 0;
}

void lake_files_release(struct lake_files *files)
{
	for (size_t i = 0; i < files->count; i++)
		free(files->rows[i].name);
	free(files->rows);
	*files = (struct lake_files){ 0 };
}
