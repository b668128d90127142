/* libpcre2, loaded when the first regular expression is compiled. The functions here have its names and hand each call on, so callers need not know. */

#include <pthread.h>
#include <stdio.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/late.h"

enum { NOT_THERE = -10000 }; /* no number of PCRE2's own */

static struct {
	__typeof__(pcre2_code_free) *code_free;
	__typeof__(pcre2_compile) *compile;
	__typeof__(pcre2_get_error_message) *get_error_message;
	__typeof__(pcre2_get_ovector_pointer) *get_ovector_pointer;
	__typeof__(pcre2_jit_compile) *jit_compile;
	__typeof__(pcre2_jit_stack_assign) *jit_stack_assign;
	__typeof__(pcre2_jit_stack_create) *jit_stack_create;
	__typeof__(pcre2_jit_stack_free) *jit_stack_free;
	__typeof__(pcre2_match) *match;
	__typeof__(pcre2_match_context_create) *match_context_create;
	__typeof__(pcre2_match_context_free) *match_context_free;
	__typeof__(pcre2_match_data_create) *match_data_create;
	__typeof__(pcre2_match_data_create_from_pattern) *match_data_create_from_pattern;
	__typeof__(pcre2_match_data_free) *match_data_free;
	__typeof__(pcre2_pattern_info) *pattern_info;
	__typeof__(pcre2_set_depth_limit) *set_depth_limit;
	__typeof__(pcre2_set_heap_limit) *set_heap_limit;
	__typeof__(pcre2_set_match_limit) *set_match_limit;
} lib;

static const struct late_symbol symbols[] = {
	{ "pcre2_code_free_8", &lib.code_free },
	{ "pcre2_compile_8", &lib.compile },
	{ "pcre2_get_error_message_8", &lib.get_error_message },
	{ "pcre2_get_ovector_pointer_8", &lib.get_ovector_pointer },
	{ "pcre2_jit_compile_8", &lib.jit_compile },
	{ "pcre2_jit_stack_assign_8", &lib.jit_stack_assign },
	{ "pcre2_jit_stack_create_8", &lib.jit_stack_create },
	{ "pcre2_jit_stack_free_8", &lib.jit_stack_free },
	{ "pcre2_match_8", &lib.match },
	{ "pcre2_match_context_create_8", &lib.match_context_create },
	{ "pcre2_match_context_free_8", &lib.match_context_free },
	{ "pcre2_match_data_create_8", &lib.match_data_create },
	{ "pcre2_match_data_create_from_pattern_8", &lib.match_data_create_from_pattern },
	{ "pcre2_match_data_free_8", &lib.match_data_free },
	{ "pcre2_pattern_info_8", &lib.pattern_info },
	{ "pcre2_set_depth_limit_8", &lib.set_depth_limit },
	{ "pcre2_set_heap_limit_8", &lib.set_heap_limit },
	{ "pcre2_set_match_limit_8", &lib.set_match_limit },
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int loaded;

static void load(void)
{
	loaded = !late_load(PCRE2_SONAME, symbols, sizeof(symbols) / sizeof(*symbols));
}

static int is_there(void)
{
	pthread_once(&once, load);
	return loaded;
}

void pcre2_code_free(pcre2_code *code)
{
	if (!code)
		return;
	lib.code_free(code);
}

pcre2_code *pcre2_compile(PCRE2_SPTR pattern, size_t length, uint32_t options, int *problem, size_t *offset, pcre2_compile_context *context)
{
	if (!is_there()) {
		*problem = NOT_THERE;
		*offset = 0;
		return NULL;
	}
	return lib.compile(pattern, length, options, problem, offset, context);
}

int pcre2_get_error_message(int problem, PCRE2_UCHAR *out, size_t size)
{
	if (problem == NOT_THERE || !is_there())
		return snprintf((char *)out, size, "regular expressions need " PCRE2_SONAME ", which is not installed");
	return lib.get_error_message(problem, out, size);
}

PCRE2_SIZE *pcre2_get_ovector_pointer(pcre2_match_data *data)
{
	return lib.get_ovector_pointer(data);
}

int pcre2_jit_compile(pcre2_code *code, uint32_t options)
{
	return lib.jit_compile(code, options);
}

void pcre2_jit_stack_assign(pcre2_match_context *context, pcre2_jit_callback callback, void *arg)
{
	if (!is_there())
		return;
	lib.jit_stack_assign(context, callback, arg);
}

pcre2_jit_stack *pcre2_jit_stack_create(size_t least, size_t most, pcre2_general_context *context)
{
	if (!is_there())
		return NULL;
	return lib.jit_stack_create(least, most, context);
}

void pcre2_jit_stack_free(pcre2_jit_stack *stack)
{
	if (!stack)
		return;
	lib.jit_stack_free(stack);
}

int pcre2_match(const pcre2_code *code, PCRE2_SPTR text, size_t length, size_t start, uint32_t options, pcre2_match_data *data, pcre2_match_context *context)
{
	return lib.match(code, text, length, start, options, data, context);
}

pcre2_match_context *pcre2_match_context_create(pcre2_general_context *context)
{
	if (!is_there())
		return NULL;
	return lib.match_context_create(context);
}

void pcre2_match_context_free(pcre2_match_context *context)
{
	if (!context)
		return;
	lib.match_context_free(context);
}

pcre2_match_data *pcre2_match_data_create(uint32_t pairs, pcre2_general_context *context)
{
	if (!is_there())
		return NULL;
	return lib.match_data_create(pairs, context);
}

pcre2_match_data *pcre2_match_data_create_from_pattern(const pcre2_code *code, pcre2_general_context *context)
{
	return lib.match_data_create_from_pattern(code, context);
}

void pcre2_match_data_free(pcre2_match_data *data)
{
	if (!data)
		return;
	lib.match_data_free(data);
}

int pcre2_pattern_info(const pcre2_code *code, uint32_t what, void *where)
{
	return lib.pattern_info(code, what, where);
}

int pcre2_set_depth_limit(pcre2_match_context *context, uint32_t limit)
{
	if (!is_there())
		return NOT_THERE;
	return lib.set_depth_limit(context, limit);
}

int pcre2_set_heap_limit(pcre2_match_context *context, uint32_t limit)
{
	if (!is_there())
		return NOT_THERE;
	return lib.set_heap_limit(context, limit);
}

int pcre2_set_match_limit(pcre2_match_context *context, uint32_t limit)
{
	if (!is_there())
		return NOT_THERE;
	return lib.set_match_limit(context, limit);
}
