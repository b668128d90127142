/* toml.h - TOML 1.0 into the JSON tree, with limits (64 levels, 1,000,000 values, 4,000 keys of a table). Dates and times stay text. */
#ifndef BASE_TOML_H
#define BASE_TOML_H

#include <stddef.h>

struct error;
struct json;

/* An object; lines are kept (json_line). NULL: ERR_FORMAT, ERR_LIMIT; the error names the line. A key said twice is an error. */
struct json *toml_parse(const char *bytes, size_t length, struct error *err);

#endif
