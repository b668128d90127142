/* kind_parse.h - one kind from its YAML, and lists of names that the layout knows. Inside src/estate. */
#ifndef ESTATE_KIND_PARSE_H
#define ESTATE_KIND_PARSE_H

struct arena;
struct error;
struct json;
struct kind;

/* Fills *kind; texts and specs point into definition or lie in arena: both outlive the kind. On an error *line is
 * where (0 unknown) and nothing needs releasing. */
int kind_parse(struct kind *kind, const struct json *definition, struct arena *arena,
	const char *file, int *line, struct error *err);
void kind_release(struct kind *kind); /* the filters of its rules */

#endif
