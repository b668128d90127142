/* libjq, loaded by the process that runs expressions: with Oniguruma it would be read in at each start of the program, which itself never calls it. The
 * functions here have its names and hand each call on, so that the worker need not know. */

#include <jq.h>
#include <jv.h>

#include "base/jq_worker.h"
#include "base/late.h"

static struct {
	__typeof__(jq_compile) *jq_compile;
	__typeof__(jq_get_error_message) *jq_get_error_message;
	__typeof__(jq_halted) *jq_halted;
	__typeof__(jq_init) *jq_init;
	__typeof__(jq_next) *jq_next;
	__typeof__(jq_set_attr) *jq_set_attr;
	__typeof__(jq_set_debug_cb) *jq_set_debug_cb;
	__typeof__(jq_set_error_cb) *jq_set_error_cb;
	__typeof__(jq_set_input_cb) *jq_set_input_cb;
	__typeof__(jq_start) *jq_start;
	__typeof__(jq_teardown) *jq_teardown;
	__typeof__(jv_array) *jv_array;
	__typeof__(jv_copy) *jv_copy;
	__typeof__(jv_dump_string) *jv_dump_string;
	__typeof__(jv_free) *jv_free;
	__typeof__(jv_get_kind) *jv_get_kind;
	__typeof__(jv_invalid) *jv_invalid;
	__typeof__(jv_invalid_get_msg) *jv_invalid_get_msg;
	__typeof__(jv_invalid_has_msg) *jv_invalid_has_msg;
	__typeof__(jv_nomem_handler) *jv_nomem_handler;
	__typeof__(jv_null) *jv_null;
	__typeof__(jv_parse_sized) *jv_parse_sized;
	__typeof__(jv_string) *jv_string;
	__typeof__(jv_string_length_bytes) *jv_string_length_bytes;
	__typeof__(jv_string_value) *jv_string_value;
} lib;

static const struct late_symbol symbols[] = {
	{ "jq_compile", &lib.jq_compile },
	{ "jq_get_error_message", &lib.jq_get_error_message },
	{ "jq_halted", &lib.jq_halted },
	{ "jq_init", &lib.jq_init },
	{ "jq_next", &lib.jq_next },
	{ "jq_set_attr", &lib.jq_set_attr },
	{ "jq_set_debug_cb", &lib.jq_set_debug_cb },
	{ "jq_set_error_cb", &lib.jq_set_error_cb },
	{ "jq_set_input_cb", &lib.jq_set_input_cb },
	{ "jq_start", &lib.jq_start },
	{ "jq_teardown", &lib.jq_teardown },
	{ "jv_array", &lib.jv_array },
	{ "jv_copy", &lib.jv_copy },
	{ "jv_dump_string", &lib.jv_dump_string },
	{ "jv_free", &lib.jv_free },
	{ "jv_get_kind", &lib.jv_get_kind },
	{ "jv_invalid", &lib.jv_invalid },
	{ "jv_invalid_get_msg", &lib.jv_invalid_get_msg },
	{ "jv_invalid_has_msg", &lib.jv_invalid_has_msg },
	{ "jv_nomem_handler", &lib.jv_nomem_handler },
	{ "jv_null", &lib.jv_null },
	{ "jv_parse_sized", &lib.jv_parse_sized },
	{ "jv_string", &lib.jv_string },
	{ "jv_string_length_bytes", &lib.jv_string_length_bytes },
	{ "jv_string_value", &lib.jv_string_value },
};

int jq_load(void)
{
	return late_load(JQ_SONAME, symbols, sizeof(symbols) / sizeof(*symbols));
}

int jq_compile(jq_state *jq, const char *text)
{
	return lib.jq_compile(jq, text);
}

jv jq_get_error_message(jq_state *jq)
{
	return lib.jq_get_error_message(jq);
}

int jq_halted(jq_state *jq)
{
	return lib.jq_halted(jq);
}

jq_state *jq_init(void)
{
	return lib.jq_init();
}

jv jq_next(jq_state *jq)
{
	return lib.jq_next(jq);
}

void jq_set_attr(jq_state *jq, jv name, jv value)
{
	lib.jq_set_attr(jq, name, value);
}

void jq_set_debug_cb(jq_state *jq, jq_msg_cb callback, void *arg)
{
	lib.jq_set_debug_cb(jq, callback, arg);
}

void jq_set_error_cb(jq_state *jq, jq_msg_cb callback, void *arg)
{
	lib.jq_set_error_cb(jq, callback, arg);
}

void jq_set_input_cb(jq_state *jq, jq_input_cb callback, void *arg)
{
	lib.jq_set_input_cb(jq, callback, arg);
}

void jq_start(jq_state *jq, jv input, int flags)
{
	lib.jq_start(jq, input, flags);
}

void jq_teardown(jq_state **jq)
{
	lib.jq_teardown(jq);
}

jv jv_array(void)
{
	return lib.jv_array();
}

jv jv_copy(jv value)
{
	return lib.jv_copy(value);
}

jv jv_dump_string(jv value, int flags)
{
	return lib.jv_dump_string(value, flags);
}

void jv_free(jv value)
{
	lib.jv_free(value);
}

jv_kind jv_get_kind(jv value)
{
	return lib.jv_get_kind(value);
}

jv jv_invalid(void)
{
	return lib.jv_invalid();
}

jv jv_invalid_get_msg(jv value)
{
	return lib.jv_invalid_get_msg(value);
}

int jv_invalid_has_msg(jv value)
{
	return lib.jv_invalid_has_msg(value);
}

void jv_nomem_handler(jv_nomem_handler_f handler, void *arg)
{
	lib.jv_nomem_handler(handler, arg);
}

jv jv_null(void)
{
	return lib.jv_null();
}

jv jv_parse_sized(const char *text, int length)
{
	return lib.jv_parse_sized(text, length);
}

jv jv_string(const char *text)
{
	return lib.jv_string(text);
}

int jv_string_length_bytes(jv value)
{
	return lib.jv_string_length_bytes(value);
}

const char *jv_string_value(jv value)
{
	return lib.jv_string_value(value);
}
