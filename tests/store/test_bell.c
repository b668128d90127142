#include "store/bell.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check_main.h"

static FILE *file;
static struct bell *mine; /* here, so that valgrind sees in a child what it only inherited */

static void set_up(void)
{
	file = tmpfile();
	ck_assert_ptr_nonnull(file);
}

static void tear_down(void)
{
	fclose(file);
}

static void on_ring(void *arg)
{
	atomic_fetch_add((atomic_int *)arg, 1);
}

static void ring_in_child(int times)
{
	pid_t child = fork();
	int status;

	ck_assert_int_ge(child, 0);
	if (!child) {
		struct bell *bell = bell_new(fileno(file));

		for (int i = 0; bell && i < times; i++)
			bell_ring(bell);
		bell_free(bell);
		_exit(!bell);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
}

START_TEST(other_processes_are_heard)
{
	atomic_int heard = 0;
	mine = bell_new(fileno(file));
	ck_assert_ptr_nonnull(mine);
	ck_assert_int_eq(bell_listen(mine, on_ring, &heard), 0);
	for (int i = 1; i <= 3; i++) {
		int before = atomic_load(&heard);

		ring_in_child(i);
		while (atomic_load(&heard) == before)
			sched_yield();
		ck_assert_int_le(atomic_load(&heard), before + i);
	}
	bell_free(mine);
}
END_TEST

/* Two mappings in one process are as two processes; the first one's own rings are none of its business. */
START_TEST(our_own_rings_are_not_told)
{
	atomic_int heard = 0;
	struct bell *ours = bell_new(fileno(file)), *other = bell_new(fileno(file));

	ck_assert_int_eq(bell_listen(ours, on_ring, &heard), 0);
	for (int i = 0; i < 1000; i++)
		bell_ring(ours);
	bell_ring(other);
	while (!atomic_load(&heard))
		sched_yield();
	bell_listen(ours, NULL, NULL);
	ck_assert_int_eq(atomic_load(&heard), 1);
	bell_ring(other);
	bell_free(ours);
	bell_free(other);
}
END_TEST

START_TEST(without_a_place_there_is_none)
{
	char path[] = "/tmp/test_bell.XXXXXX";
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	close(fd);
	fd = -1;
	ck_assert_ptr_null(bell_new(fd));
	FILE *reading = fopen(path, "r");

	ck_assert_ptr_null(bell_new(fileno(reading)));
	fclose(reading);
	unlink(path);
	bell_free(NULL);
	bell_ring(NULL);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, other_processes_are_heard);
	tcase_add_test(tc, our_own_rings_are_not_told);
	tcase_add_test(tc, without_a_place_there_is_none);
}
TEST_MAIN("store/bell")
