#include "base/mem.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static _Atomic(void (*)(void)) restore_hook;

void mem_on_exhausted(void (*restore_terminal)(void))
{
	atomic_store(&restore_hook, restore_terminal);
}

static _Noreturn void exhausted(void)
{
	static const char message[] = "pilothouse: out of memory\n";
	void (*restore)(void) = atomic_exchange(&restore_hook, NULL);

	if (restore)
		restore();
	if (write(STDERR_FILENO, message, sizeof(message) - 1) < 0)
		abort();
	abort();
}

static void *checked(void *block)
{
	if (!block)
		exhausted();
	return block;
}

void *mem_alloc(size_t size_bytes)
{
	return checked(malloc(size_bytes ? size_bytes : 1));
}

void *mem_zero(size_t count, size_t size_bytes)
{
	if (!count || !size_bytes)
		count = size_bytes = 1;
	return checked(calloc(count, size_bytes));
}

void *mem_resize(void *block, size_t size_bytes)
{
	return checked(realloc(block, size_bytes ? size_bytes : 1));
}

void *mem_grow(void *block, size_t count, size_t size_bytes)
{
	size_t capacity = 1, bytes;

	/* Full exactly when count - 1 is 0 or a power of two: every other append has room already.
	 */
	if (block && count > 1 && ((count - 1) & (count - 2)))
		return block;
	while (capacity < count) {
		if (capacity > SIZE_MAX / 2)
			exhausted();
		capacity *= 2;
	}
	if (__builtin_mul_overflow(capacity, size_bytes, &bytes))
		exhausted();
	return mem_resize(block, bytes);
}

char *mem_text(const char *text)
{
	return text ? mem_text_n(text, strlen(text)) : NULL;
}

char *mem_text_n(const char *text, size_t length)
{
	char *copy = mem_alloc(length + 1);

	if (length)
		memcpy(copy, text, length);
	copy[length] = 0;
	return copy;
}

char *mem_format(const char *format, ...)
{
	va_list args;
	char *text;
	int length;

	va_start(args, format);
	length = vasprintf(&text, format, args);
	va_end(args);
	if (length < 0)
		exhausted();
	return text;
}
