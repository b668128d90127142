/* Files as text: encodings, notebooks, windows, what is no text, and that a place in the text is the place in the file. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "check_main.h"
#include "fleet/tree/source.h"

static struct source source;

static void open_bytes(const char *path, const char *bytes, size_t length)
{
	ck_assert_int_eq(source_of_bytes(&source, path, bytes, length), 0);
}

static struct place place_of(const char *word)
{
	const char *at = memmem(source.text, source.length, word, strlen(word));

	ck_assert_ptr_nonnull(at);
	return source_place(&source, (size_t)(at - source.text), strlen(word));
}

START_TEST(kinds)
{
	static const struct {
		const char *path, *bytes;
		enum source_kind kind;
	} rows[] = {
		{ "a/agent.py", "x", SOURCE_PYTHON },
		{ "a/App.TSX", "x", SOURCE_SCRIPT },
		{ "Dockerfile", "x", SOURCE_DOCKERFILE },
		{ "a/Dockerfile.prod", "x", SOURCE_DOCKERFILE },
		{ ".env.local", "x", SOURCE_ENV },
		{ "requirements-dev.txt", "x", SOURCE_REQUIREMENTS },
		{ "uv.lock", "x", SOURCE_LOCK },
		{ "package-lock.json", "{}", SOURCE_LOCK },
		{ "main.tf", "x", SOURCE_TERRAFORM },
		{ "run", "#!/usr/bin/env python3\n", SOURCE_PYTHON },
		{ "run", "#!/bin/bash\n", SOURCE_SHELL },
		{ "notes", "plain", SOURCE_TEXT },
		{ "a.py", "", SOURCE_PYTHON },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		ck_assert_msg(source_kind_of(rows[i].path, rows[i].bytes, strlen(rows[i].bytes)) == rows[i].kind, "%s", rows[i].path);
	ck_assert_int_eq(source_kind_of("a.py", "a\0b", 3), SOURCE_BINARY);
}
END_TEST

START_TEST(plain_places)
{
	struct place place;
	size_t length;

	open_bytes("a.txt", "one\n\xc3\xa4\xc3\xb6 two\r\nthree", 18);
	place = place_of("two");
	ck_assert_uint_eq(place.offset, 9);
	ck_assert_uint_eq(place.length, 3);
	ck_assert_int_eq(place.line, 2);
	ck_assert_int_eq(place.column, 4);
	ck_assert_int_eq(place.end_column, 7);
	ck_assert_int_eq(strncmp(source_line(&source, 10, &length), "\xc3\xa4\xc3\xb6 two", 8), 0);
	ck_assert_uint_eq(length, 8);
	for (int i = 0; i < SOURCE_SLACK; i++)
		ck_assert_int_eq(source.text[source.length + (size_t)i], 0);
}
END_TEST

/* In whatever order they are asked for: a range that ended in the next line does not count back over its end. */
START_TEST(places_are_the_same_in_any_order)
{
	const char bytes[] = "x = 1\nab\n\nsome \xc3\xa9t\xc3\xa9\n";
	size_t length = sizeof(bytes) - 1;

	for (size_t first = 0; first <= length; first++)
		for (size_t then = 0; then <= length; then++) {
			int line = 1, column = 1;

			for (size_t i = 0; i < then; i++) {
				column = bytes[i] == '\n' ? 1 : column + ((bytes[i + 1] & 0xc0) != 0x80);
				line += bytes[i] == '\n';
			}
			open_bytes("a.txt", bytes, length);
			source_place(&source, 0, first);
			struct place place = source_place(&source, then, 0);

			ck_assert_int_eq(place.line, line);
			if (then == length || (bytes[then] & 0xc0) != 0x80)
				ck_assert_int_eq(place.column, column);
		}
}
END_TEST

START_TEST(utf16)
{
	static const char little[] = "\xff\xfe" "a\0\n\0\xe4\0k\0e\0y\0", big[] = "\xfe\xff" "\0a\0\n\0\xe4\0k\0e\0y";
	struct place place;

	for (int i = 0; i < 2; i++) {
		open_bytes("a.ini", i ? big : little, 14);
		ck_assert_uint_eq(source.length, 7);
		ck_assert_int_eq(memcmp(source.text, "a\n\xc3\xa4key", 7), 0);
		place = place_of("key");
		ck_assert_uint_eq(place.offset, 8);
		ck_assert_uint_eq(place.length, 6);
		ck_assert_int_eq(place.line, 2);
		ck_assert_int_eq(place.column, 2);
	}
	open_bytes("a.ini", "\xff\xfe\x3d\xd8\x00\xde\x00\xd8z\0", 10); /* a pair, and half of one */
	ck_assert_int_eq(memcmp(source.text, "\xf0\x9f\x98\x80\xef\xbf\xbdz", 8), 0);
}
END_TEST

START_TEST(utf8_mark)
{
	open_bytes("a.py", "\xef\xbb\xbfkey", 6);
	ck_assert_uint_eq(source.length, 3);
	ck_assert_uint_eq(place_of("key").offset, 3);
	ck_assert_uint_eq(place_of("key").length, 3);
}
END_TEST

START_TEST(notebook)
{
	static const char bytes[] = "{\"cells\": [\n {\"cell_type\": \"code\",\n  \"outputs\": [{\"data\": {\"image/png\": \"iVBORw0\", \"text/plain\": [\"out \\u00e4\"]}}],\n"
				    "  \"source\": [\"import os\\n\",\n   \"k = \\\"v\\\\n\\\"\\n\"]}],\n \"nbformat\": 4}";
	struct place place;

	open_bytes("a.ipynb", bytes, sizeof(bytes) - 1);
	ck_assert_int_eq(source.kind, SOURCE_NOTEBOOK);
	ck_assert_ptr_null(memmem(source.text, source.length, "iVBOR", 5));
	ck_assert_ptr_nonnull(memmem(source.text, source.length, "out \xc3\xa4", 6));
	ck_assert_ptr_nonnull(memmem(source.text, source.length, "import os\nk = \"v\\n\"\n", 20));
	place = place_of("k = \"v");
	ck_assert_int_eq(place.line, 5);
	ck_assert_int_eq(strncmp(bytes + place.offset, "k = \\\"v", place.length), 0);
	ck_assert_uint_eq(place.length, 7);
}
END_TEST

START_TEST(notebook_broken)
{
	static const char bytes[] = "{\"cells\": [{\"source\": [\"key";

	open_bytes("a.ipynb", bytes, sizeof(bytes) - 1);
	ck_assert_int_eq(source.kind, SOURCE_JSON);
	ck_assert_uint_eq(source.length, sizeof(bytes) - 1);
	ck_assert_uint_eq(place_of("key").offset, 24);
}
END_TEST

static char folder[64];

static void in_folder(void)
{
	snprintf(folder, sizeof(folder), "/tmp/source-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(chdir(folder), 0);
}

START_TEST(windows)
{
	struct error err = { 0 };
	size_t next = 0, total = (size_t)SOURCE_WHOLE_BYTES * 2 + 12345, count = 0;
	char line[65];
	FILE *file;
	int seen = 0;

	in_folder();
	file = fopen("big.txt", "w");
	for (size_t i = 0; i < total; i += 64) {
		snprintf(line, sizeof(line), "%-63zu\n", i);
		fwrite(line, 1, 64, file);
	}
	fputs("needle\n", file);
	fclose(file);
	do {
		const char *at;

		ck_assert_msg(!source_load(&source, AT_FDCWD, "big.txt", "big.txt", next, &err), "%s", err.text);
		ck_assert_uint_le(source.length, SOURCE_WHOLE_BYTES);
		at = memmem(source.text, source.length, "needle", 6);
		if (at) {
			struct place place = source_place(&source, (size_t)(at - source.text), 6);

			ck_assert_int_eq(place.line, (int)((total + 63) / 64) + 1);
			ck_assert_uint_eq(place.offset, (total + 63) / 64 * 64);
			seen++;
		}
		count++;
	} while (source_more(&source, &next));
	ck_assert_int_eq(seen, 1);
	ck_assert_uint_eq(count, 3);
	unlink("big.txt");
}
END_TEST

START_TEST(what_is_no_file)
{
	struct error err = { 0 };

	in_folder();
	ck_assert_int_eq(mkfifo("pipe", 0600), 0);
	ck_assert_int_eq(source_load(&source, AT_FDCWD, "pipe", "pipe", 0, &err), -1);
	ck_assert_int_eq(err.code, ERR_INVALID);
	ck_assert_int_eq(symlink("/etc/passwd", "link"), 0);
	ck_assert_int_eq(source_load(&source, AT_FDCWD, "link", "link", 0, &err), -1);
	ck_assert_int_eq(source_load(&source, AT_FDCWD, "gone", "gone", 0, &err), -1);
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
	ck_assert_uint_eq(source.length, 0);
	open_bytes("a.bin", "\x7f" "ELF\0\0", 6);
	ck_assert_int_eq(source.kind, SOURCE_BINARY);
	ck_assert_uint_eq(source.length, 0);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, kinds);
	tcase_add_test(tc, plain_places);
	tcase_add_test(tc, places_are_the_same_in_any_order);
	tcase_add_test(tc, utf16);
	tcase_add_test(tc, utf8_mark);
	tcase_add_test(tc, notebook);
	tcase_add_test(tc, notebook_broken);
	tcase_add_test(tc, windows);
	tcase_add_test(tc, what_is_no_file);
}

TEST_MAIN("fleet/source")
