/* secretscan.c - the secret scan alone over a tree, a line of JSON for each finding: what tests of recall and benchmarks drive.
 * secretscan [-n] [-q] [-a] FOLDER: -n without Vectorscan, -q only counts, -a also looks into archives. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "base/json.h"
#include "fleet/finding/check.h"
#include "fleet/finding/finding.h"
#include "fleet/secrets/archive.h"
#include "fleet/secrets/secrets.h"
#include "fleet/tree/source.h"
#include "fleet/tree/walk.h"

static size_t scanned_bytes;

static void scan_file(struct secret_scanner *scanner, struct source *source, int root, const char *path, struct findings *findings)
{
	size_t next = 0;
	struct error err = { 0 };

	do {
		if (source_load(source, root, path, path, next, &err)) {
			fprintf(stderr, "%s: %s\n", path, err.text);
			return;
		}
		scanned_bytes += source->byte_length;
		secret_scan(scanner, source, findings);
	} while (source_more(source, &next));
}

static void scan_archive(struct secret_scanner *scanner, int root, const char *path, struct findings *findings)
{
	struct secrets_archive seen;
	struct error err = { 0 };

	if (!secrets_archive_is(path))
		return;
	if (secrets_archive(scanner, root, path, findings, &seen, &err))
		fprintf(stderr, "%s: %s\n", path, err.text);
	if (seen.skipped)
		fprintf(stderr, "%s: %zu files not looked at\n", path, seen.skipped);
}

static void print_finding(const struct finding *f)
{
	struct json *row = json_object();
	char *text;

	json_set_text(row, "path", f->path);
	json_set_int(row, "line", f->place.line);
	json_set_int(row, "column", f->place.column);
	json_set_int(row, "end_line", f->place.end_line);
	json_set_int(row, "offset", (int64_t)f->place.offset);
	json_set_int(row, "length", (int64_t)f->place.length);
	json_set_text(row, "rule", f->rule);
	json_set_text(row, "severity", severity_name(f->severity));
	json_set_text(row, "message", f->message);
	json_set_text(row, "redacted", f->redacted);
	json_set_text(row, "hash", f->secret_hash);
	if (f->also)
		json_set_int(row, "also", f->also->line);
	text = json_format(row);
	puts(text);
	free(text);
	json_free(row);
}

static int scan_tree(const struct secret_rules *rules, const char *folder, int quiet, int archives)
{
	struct error err = { 0 };
	struct walk *walk = walk_tree(folder, NULL, &err);
	struct secret_scanner *scanner = secret_scanner_new(rules);
	struct findings *findings = findings_new();
	struct source source = { 0 };

	if (!walk) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	for (size_t i = 0; i < walk_count(walk); i++)
		if (!walk_at(walk, i)->link) {
			scan_file(scanner, &source, walk_root_fd(walk), walk_at(walk, i)->path, findings);
			if (archives)
				scan_archive(scanner, walk_root_fd(walk), walk_at(walk, i)->path, findings);
		}
	findings_finish(findings);
	for (size_t i = 0; !quiet && i < findings_count(findings); i++)
		print_finding(findings_at(findings, i));
	fprintf(stderr, "%zu findings in %zu files, %zu bytes, %.3f CPU s, %s, %zu rules\n", findings_count(findings), walk_count(walk), scanned_bytes, (double)clock() / CLOCKS_PER_SEC,
		secret_rules_engine(rules), secret_rules_count(rules));
	source_release(&source);
	secret_scanner_free(scanner);
	findings_free(findings);
	walk_free(walk);
	return 0;
}

int main(int argc, char **argv)
{
	struct secret_rules_options options = { .hash_key = (const uint8_t *)"a key of tests, thirty-two bytes" };
	struct error err = { 0 };
	struct secret_rules *rules;
	int quiet = 0, archives = 0, status, i = 1;

	for (; i < argc - 1 && argv[i][0] == '-'; i++) {
		options.no_vectorscan |= !strcmp(argv[i], "-n");
		quiet |= !strcmp(argv[i], "-q");
		archives |= !strcmp(argv[i], "-a");
	}
	if (i != argc - 1)
		return fprintf(stderr, "usage: secretscan [-n] [-q] [-a] FOLDER\n"), 3;
	options.checks = checks_load(&err);
	rules = options.checks ? secret_rules_load(&options, &err) : NULL;
	if (!rules)
		return fprintf(stderr, "%s\n", err.text), 3;
	status = scan_tree(rules, argv[i], quiet, archives);
	secret_rules_free(rules);
	checks_free((struct checks *)(uintptr_t)options.checks);
	return status;
}
