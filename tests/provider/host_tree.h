/* host_tree.h - a folder that stands for / in tests of the host provider, and a feed that keeps what it is given. */
#ifndef TESTS_HOST_TREE_H
#define TESTS_HOST_TREE_H

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/config.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "estate/kind.h"
#include "estate/provider.h"
#include "provider/host/lists.h"
#include "provider/host/machine.h"
#include "provider/host/rows.h"

static char tree[64];

__attribute__((unused)) static void tree_put_n(const char *path, const char *bytes, size_t length, mode_t mode)
{
	char full[600], folder[600];

	snprintf(full, sizeof(full), "%s%s", tree, path);
	snprintf(folder, sizeof(folder), "%s", full);
	*strrchr(folder, '/') = 0;
	ck_assert_int_eq(file_make_folder(folder, 0755, NULL), 0);
	FILE *file = fopen(full, "we");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(bytes, 1, length, file), length);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_int_eq(chmod(full, mode), 0);
}

__attribute__((unused)) static void tree_put(const char *path, const char *text)
{
	tree_put_n(path, text, strlen(text), 0644);
}

__attribute__((unused)) static void tree_link(const char *path, const char *target)
{
	char full[600], folder[600];

	snprintf(full, sizeof(full), "%s%s", tree, path);
	snprintf(folder, sizeof(folder), "%s", full);
	*strrchr(folder, '/') = 0;
	ck_assert_int_eq(file_make_folder(folder, 0755, NULL), 0);
	unlink(full);
	ck_assert_int_eq(symlink(target, full), 0);
}

/* A process of the tree: its stat line with what matters here. */
__attribute__((unused)) static void tree_process(int pid, const char *name, int parent, unsigned long ticks, unsigned long start)
{
	char path[64], line[512];

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	snprintf(line, sizeof(line), "%d (%s) S %d %d %d 0 -1 4194560 1 2 3 4 %lu 0 0 0 20 0 3 0 %lu 10000000 250 18446744073709551615\n", pid,
		name, parent, pid, pid, ticks, start);
	tree_put(path, line);
}

__attribute__((unused)) static void tree_make(void)
{
	strcpy(tree, "/tmp/ph-host-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(tree));
	tree_put("/proc/sys/kernel/hostname", "box\n");
	tree_put("/proc/sys/kernel/osrelease", "6.1.0-test\n");
	tree_put("/proc/stat", "cpu  100 0 100 800 0 0 0 0 0 0\ncpu0 100 0 100 800 0 0 0 0 0 0\nbtime 1700000000\nprocs_running 2\nprocs_blocked 1\n");
	tree_put("/sys/x", "");
	tree_put("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n");
}

__attribute__((unused)) static void tree_remove(void)
{
	char command[100];

	snprintf(command, sizeof(command), "rm -rf %s", tree);
	ck_assert_int_eq(system(command), 0);
}

__attribute__((unused)) static void open_tree(struct machine *machine)
{
	ck_assert_int_eq(machine_open(machine, tree, NULL, NULL, NULL), 0);
}

/* --- the configuration: what a test sets here --- */
static __attribute__((unused)) const char *setting_keys[8], *setting_values[8];
static __attribute__((unused)) struct json *setting_trees[8];

const char *config_get(const struct config *config, const char *key)
{
	(void)config;
	for (size_t i = 0; i < 8 && setting_keys[i]; i++)
		if (!strcmp(setting_keys[i], key))
			return setting_values[i];
	return NULL;
}

const struct json *config_tree(const struct config *config, const char *key)
{
	(void)config;
	for (size_t i = 0; i < 8 && setting_keys[i]; i++)
		if (!strcmp(setting_keys[i], key))
			return setting_trees[i];
	return NULL;
}

/* --- the feed: every row's cells joined by '|' and a newline; '>' per page; notes as "!source: text" --- */
struct feed {
	const struct kind *kind;
	struct text rows, notes;
	int pages, ended, cancelled;
};

static __attribute__((unused)) struct feed feed_make(const struct kind *kind)
{
	struct feed feed = { .kind = kind };

	text_init(&feed.rows, 1 << 22);
	text_init(&feed.notes, 1 << 16);
	return feed;
}

static __attribute__((unused)) void feed_drop(struct feed *feed)
{
	text_release(&feed->rows);
	text_release(&feed->notes);
}

void feed_begin(struct feed *feed)
{
	text_clear(&feed->rows);
}

void feed_row(struct feed *feed, const char *const *cells, const size_t *lengths)
{
	for (size_t i = 0; i < feed->kind->column_count; i++) {
		text_add_char(&feed->rows, '|');
		if (cells[i])
			text_add_n(&feed->rows, cells[i], lengths[i]);
	}
	text_add(&feed->rows, "|\n");
}

void feed_page(struct feed *feed)
{
	feed->pages++;
}

void feed_end(struct feed *feed)
{
	feed->ended++;
}

void feed_remove(struct feed *feed, const char *id)
{
	(void)feed;
	(void)id;
}

void feed_total(struct feed *feed, size_t total)
{
	(void)feed;
	(void)total;
}

void feed_note(struct feed *feed, const char *source, const struct error *err)
{
	if (err)
		text_format(&feed->notes, "!%s: %s\n", source, err->text);
}

void feed_by(struct feed *feed, const char *who)
{
	(void)feed;
	(void)who;
}

int feed_is_lasting(const struct feed *feed)
{
	(void)feed;
	return 0;
}

int feed_cancelled(const struct feed *feed)
{
	return feed->cancelled;
}

/* All items of a kind on the tree. */
__attribute__((unused)) static struct json *items_of(struct machine *machine, const char *kind, const char *name)
{
	struct error err = { 0 };
	struct json *items = host_items(machine, kind, name, 0, &err);

	ck_assert_msg(items != NULL, "%s: %s", kind, err.text);
	return items;
}

__attribute__((unused)) static const struct json *item_named(const struct json *items, const char *name)
{
	for (const struct json *item = json_first(items); item; item = json_next(item))
		if (!strcmp(json_text_or(json_get(item, "name"), ""), name))
			return item;
	return NULL;
}

#endif
