/* yaml_scalar.h - for yaml*.c only: what a plain scalar means. */
#ifndef BASE_YAML_SCALAR_H
#define BASE_YAML_SCALAR_H

#include <cjson/cJSON.h>
#include <stddef.h>

/* Null, a boolean or a number (YAML 1.2 10.3.2, core schema); NULL when it is text. */
cJSON *yaml_scalar(const char *text, size_t length);

#endif
