/* yaml.h - YAML 1.1/1.2 core by libyaml into the JSON tree, with limits against bombs
 * (bytes, depth 64, nodes 200,000, aliases expanded count towards nodes). */
#ifndef BASE_YAML_H
#define BASE_YAML_H

#include <stddef.h>

struct error;
struct json;
struct text;

/* One document. Duplicate keys are an error. Lines are kept (json_line). Plain scalars: null ~ true false
 * (only those; yes/no/on/off stay text), integers, floats; quoted ones are text. Errors name the line. */
struct json *yaml_parse(const char *bytes, size_t length, struct error *err);
/* Several documents ("---"): a JSON array of them. */
struct json *yaml_parse_all(const char *bytes, size_t length, struct error *err);
/* Like kubectl -o yaml: block style, strings quoted only where needed. Appends. */
void yaml_format(const struct json *json, struct text *out);

#endif
