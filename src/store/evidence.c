#include "store/evidence.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/safe.h"

enum { ENTRY_MAX_BYTES = 64 << 20, HEAD_BYTES = 16 << 10, HASH_DIGITS = 32, CONTENT_DIGITS = 64, SCORE_FULL = 100, NAME_SHOWN = 200 };

static int is_hex(const char *text, size_t digits)
{
	return text && strlen(text) == digits && strspn(text, "0123456789abcdef") == digits;
}

int evidence_is_hash(const char *text)
{
	return is_hex(text, HASH_DIGITS);
}

/* --- one entry --- */

/* NULL: it is an entry. Otherwise what is wrong with it. */
static const char *fault_of(const struct json *json, const char *hash)
{
	const struct json *agent = json_get(json, "agent");
	int64_t score = json_int(json_get(agent, "score"), -1);

	if (!json_is(json, JSON_OBJECT) || json_int(json_get(json, "schema"), 0) != EVIDENCE_SCHEMA)
		return "it is no entry of schema 1";
	if (!evidence_is_hash(json_text(json_get(agent, "hash"))) || !json_text(json_get(agent, "path")))
		return "it names no agent";
	if (hash && strcmp(json_text(json_get(agent, "hash")), hash))
		return "it is of another agent than its folder";
	if (score < 0 || score > SCORE_FULL)
		return "its score is not from 0 to 100";
	if (!is_hex(json_text(json_get(json, "content")), CONTENT_DIGITS) || json_int(json_get(json, "observed_ns"), 0) <= 0)
		return "it does not say of what and when it is";
	return json_is(json_get(json, "findings"), JSON_ARRAY) ? NULL : "it has no list of findings";
}

int evidence_parse(const char *name, const char *hash, char *bytes, size_t size, int keep, struct evidence *out, struct error *err)
{
	struct json *json = json_parse(bytes, size, err);
	const char *fault = json ? fault_of(json, hash) : NULL;

	if (fault)
		error_set(err, ERR_FORMAT, "%s", fault);
	if (!json || fault) {
		json_free(json);
		return -1;
	}
	const struct json *agent = json_get(json, "agent");
	*out = (struct evidence){ .name = mem_text(name), .path = json_text(json_get(agent, "path")), .content = json_text(json_get(json, "content")),
		.observed_ns = json_int(json_get(json, "observed_ns"), 0), .score = (int)json_int(json_get(agent, "score"), 0), .json = json,
		.bytes = keep ? bytes : NULL, .size = size };
	memcpy(out->hash, json_text(json_get(agent, "hash")), EVIDENCE_HASH_MAX);
	return 0;
}

/* What stands before the findings, closed so that it is a document: they come last, and such bytes stand in no text before them, since its
 * quotes are escaped. NULL: not found in the first bytes. */
static char *load_head(const char *path, size_t *size)
{
	static const char mark[] = "\"findings\":[";
	char *bytes = mem_alloc(HEAD_BYTES + sizeof(mark) + 2);
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	ssize_t got = fd < 0 ? -1 : read(fd, bytes, HEAD_BYTES);

	if (fd >= 0)
		close(fd);
	bytes[got > 0 ? got : 0] = '\0';
	char *found = strstr(bytes, mark);
	if (!found) {
		free(bytes);
		return NULL;
	}
	strcpy(found + strlen(mark), "]}");
	*size = strlen(bytes);
	return bytes;
}

int evidence_load(const char *folder, const char *name, enum evidence_part part, struct evidence *out, struct error *err)
{
	char *path = mem_format("%s/%s", folder, name), *hash = mem_text_n(name, strcspn(name, "/")), *bytes = NULL;
	int keep = part == EVIDENCE_BYTES;
	struct stat about;
	size_t size = 0;

	if (lstat(path, &about))
		error_errno(err, "reading");
	else if (!S_ISREG(about.st_mode))
		error_set(err, ERR_INVALID, "it is no plain file");
	else if (part != EVIDENCE_HEAD || !(bytes = load_head(path, &size)))
		bytes = file_load(path, ENTRY_MAX_BYTES, &size, err);
	int failed = bytes ? evidence_parse(name, hash, bytes, size, keep, out, err) : -1;
	if (failed || !keep)
		free(bytes);
	free(hash);
	free(path);
	return failed;
}

void evidence_release(struct evidence *evidence)
{
	free(evidence->name);
	free(evidence->bytes);
	json_free(evidence->json);
	*evidence = (struct evidence){ 0 };
}

/* --- many --- */

static void note(struct evidence_list *list, const char *name, const char *why)
{
	char safe[NAME_SHOWN];

	safe_copy(safe, sizeof(safe), name, strlen(name));
	list->notes = mem_grow(list->notes, list->note_count + 1, sizeof(*list->notes));
	list->notes[list->note_count++] = (struct evidence_note){ mem_text(safe), mem_text(why) };
}

static void add(const char *folder, const char *name, enum evidence_part part, struct evidence_list *list)
{
	struct error err = { 0 };
	struct evidence row;

	if (evidence_load(folder, name, part, &row, &err)) {
		note(list, name, err.text);
		return;
	}
	list->rows = mem_grow(list->rows, list->count + 1, sizeof(*list->rows));
	list->rows[list->count++] = row;
}

/* CONTENT.json: what is written beside it ends otherwise, and is of no interest. */
static int is_state(const char *name)
{
	size_t length = strlen(name);

	return length > 5 && !strcmp(name + length - 5, ".json") && *name != '.';
}

/* Links are not followed: they could lead out of the lake. */
static DIR *open_folder(const char *folder, const char *below)
{
	char *path = mem_format("%s/%s", folder, below);
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | (*below ? O_NOFOLLOW : 0));
	DIR *opened = fd < 0 ? NULL : fdopendir(fd);

	if (fd >= 0 && !opened)
		close(fd);
	free(path);
	return opened;
}

static void each_state(const char *folder, const char *hash, void (*on_name)(void *arg, const char *name), void *arg)
{
	char *below = mem_format("%s/history", hash);
	DIR *opened = open_folder(folder, below);
	struct dirent *row;

	while (opened && (row = readdir(opened)))
		if (is_state(row->d_name)) {
			char *name = mem_format("%s/%s", below, row->d_name);

			on_name(arg, name);
			free(name);
		}
	if (opened)
		closedir(opened);
	free(below);
}

static int each_agent(const char *folder, void (*on_hash)(void *arg, const char *hash), void *arg, struct error *err)
{
	DIR *opened = open_folder(folder, "");
	struct dirent *row;

	if (!opened && (errno == ENOENT || errno == ENOTDIR))
		return error_set(err, ERR_NOT_FOUND, "no evidence lake at %.150s; pilothouse report writes one, --lake names another", folder);
	if (!opened)
		return error_errno(err, "%.180s", folder);
	while ((row = readdir(opened)))
		if (evidence_is_hash(row->d_name))
			on_hash(arg, row->d_name);
	closedir(opened);
	return 0;
}

struct each {
	const char *folder;
	struct evidence_list *list;
	enum evidence_part part;
	void (*on_name)(void *arg, const char *name);
	void *arg;
};

static void each_name(void *arg, const char *hash)
{
	struct each *each = arg;
	char *latest = mem_format("%s/latest.json", hash);

	each->on_name(each->arg, latest);
	each_state(each->folder, hash, each->on_name, each->arg);
	free(latest);
}

int evidence_each(const char *folder, void (*on_name)(void *arg, const char *name), void *arg, struct error *err)
{
	struct each each = { .folder = folder, .on_name = on_name, .arg = arg };

	return each_agent(folder, each_name, &each, err);
}

static void add_latest(void *arg, const char *hash)
{
	struct each *each = arg;
	char *name = mem_format("%s/latest.json", hash);

	add(each->folder, name, each->part, each->list);
	free(name);
}

static void add_state(void *arg, const char *name)
{
	struct each *each = arg;

	add(each->folder, name, each->part, each->list);
}

static int by_path(const void *a, const void *b)
{
	const struct evidence *x = a, *y = b;
	int order = strcmp(x->path, y->path);

	return order ? order : strcmp(x->hash, y->hash);
}

static int by_time(const void *a, const void *b)
{
	const struct evidence *x = a, *y = b;

	if (x->observed_ns != y->observed_ns)
		return x->observed_ns < y->observed_ns ? -1 : 1;
	return strcmp(x->name, y->name);
}

int evidence_latest(const char *folder, struct evidence_list *list, struct error *err)
{
	struct each each = { .folder = folder, .list = list };

	*list = (struct evidence_list){ 0 };
	if (each_agent(folder, add_latest, &each, err))
		return -1;
	if (list->count)
		qsort(list->rows, list->count, sizeof(*list->rows), by_path);
	return 0;
}

void evidence_history(const char *folder, const char *hash, enum evidence_part part, struct evidence_list *list)
{
	struct each each = { .folder = folder, .list = list, .part = part };
	size_t before = list->count;

	each_state(folder, hash, add_state, &each);
	if (list->count > before)
		qsort(list->rows + before, list->count - before, sizeof(*list->rows), by_time);
}

void evidence_list_release(struct evidence_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		evidence_release(&list->rows[i]);
	for (size_t i = 0; i < list->note_count; i++) {
		free(list->notes[i].name);
		free(list->notes[i].why);
	}
	free(list->rows);
	free(list->notes);
	*list = (struct evidence_list){ 0 };
}
