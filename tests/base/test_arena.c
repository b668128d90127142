#include "base/arena.h"

#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include "base/mem.h"
#include "check_main.h"

START_TEST(pieces_are_zeroed_aligned_and_apart)
{
	struct arena *arena = arena_new();
	unsigned char *pieces[500];

	for (size_t i = 0; i < 500; i++) {
		pieces[i] = arena_alloc(arena, i);
		ck_assert_uint_eq((uintptr_t)pieces[i] % alignof(max_align_t), 0);
		for (size_t j = 0; j < i; j++)
			ck_assert_uint_eq(pieces[i][j], 0);
		memset(pieces[i], (int)i & 0xff, i);
		arena_text(
			arena, "odd"); /* leaves the next one unaligned unless arena_alloc cares */
	}
	for (size_t i = 0; i < 500; i++)
		for (size_t j = 0; j < i; j++)
			ck_assert_uint_eq(pieces[i][j], i & 0xff);
	arena_free(arena);
	arena_free(NULL);
}
END_TEST

START_TEST(large_piece_keeps_the_room_of_the_small)
{
	struct arena *arena = arena_new();
	char *before = arena_text(arena, "a"), *large = arena_alloc(arena, 1 << 20), *after;

	large[(1 << 20) - 1] = 'x';
	after = arena_text(arena, "b");
	ck_assert_ptr_eq(after, before + 2);
	ck_assert_uint_ge(arena_size_bytes(arena), 1 << 20);
	ck_assert_uint_lt(arena_size_bytes(arena), (1 << 20) + 8192);
	arena_free(arena);
}
END_TEST

START_TEST(texts_are_copies)
{
	struct arena *arena = arena_new();
	char source[] = "hello", *copy = arena_text(arena, source);
	char wide[3000];

	source[0] = 'j';
	ck_assert_str_eq(copy, "hello");
	ck_assert_ptr_null(arena_text(arena, NULL));
	ck_assert_str_eq(arena_text_n(arena, "abcdef", 3), "abc");
	ck_assert_str_eq(arena_text_n(arena, NULL, 0), "");
	ck_assert_str_eq(arena_format(arena, "%s-%d", "x", 5), "x-5");
	memset(wide, 'w', sizeof(wide) - 1);
	wide[sizeof(wide) - 1] = 0;
	ck_assert_str_eq(arena_format(arena, "%s", wide), wide);
	arena_free(arena);
}
END_TEST

START_TEST(grow_doubles)
{
	int *items = NULL;

	for (size_t n = 1; n <= 1000; n++) {
		items = mem_grow(items, n, sizeof(*items));
		items[n - 1] = (int)n;
	}
	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(items[i], i + 1);
	free(items);
}
END_TEST

static void say_restored(void)
{
	_exit(42);
}

START_TEST(exhaustion_restores_the_terminal)
{
	mem_on_exhausted(say_restored);
	free(mem_grow(NULL, SIZE_MAX / 2 + 2, 16));
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, pieces_are_zeroed_aligned_and_apart);
	tcase_add_test(tc, large_piece_keeps_the_room_of_the_small);
	tcase_add_test(tc, texts_are_copies);
	tcase_add_test(tc, grow_doubles);
	tcase_add_exit_test(tc, exhaustion_restores_the_terminal, 42);
}

TEST_MAIN("base/arena")
