#include "base/file.h"

#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mem.h"
#include "check_main.h"

static char root[64];

static void make_root(void)
{
	strcpy(root, "/tmp/test_file.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(root));
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *where)
{
	(void)info, (void)kind, (void)where;
	return remove(path);
}

static void remove_root(void)
{
	nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static char *in_root(const char *name)
{
	return mem_format("%s/%s", root, name);
}

static void put(const char *name, const char *content)
{
	char *path = in_root(name), *folder = mem_text(path);

	*strrchr(folder, '/') = 0;
	ck_assert_int_eq(file_make_folder(folder, 0755, NULL), 0);
	ck_assert_int_eq(file_save(path, content, strlen(content), 0644, NULL), 0);
	free(path);
	free(folder);
}

START_TEST(loads_and_saves)
{
	char *path = in_root("a"), *bytes;
	struct error err;
	struct stat info;
	size_t length;

	ck_assert_int_eq(file_save(path, "x\0y", 3, 0600, &err), 0);
	bytes = file_load(path, 3, &length, &err);
	ck_assert_uint_eq(length, 3);
	ck_assert_mem_eq(bytes, "x\0y", 4);
	free(bytes);
	stat(path, &info);
	ck_assert_int_eq(info.st_mode & 0777, 0600);
	ck_assert_int_eq(file_save(path, "new", 3, 0640, &err), 0);
	bytes = file_load(path, 100, NULL, &err);
	ck_assert_str_eq(bytes, "new");
	free(bytes);
	stat(path, &info);
	ck_assert_int_eq(info.st_mode & 0777, 0640);
	free(path);
}
END_TEST

START_TEST(a_limit_is_a_limit)
{
	char *path = in_root("big"), *bytes, content[10000];
	struct error err;
	size_t length;

	memset(content, 'x', sizeof(content));
	file_save(path, content, sizeof(content), 0600, NULL);
	ck_assert_ptr_null(file_load(path, 9999, &length, &err));
	ck_assert_int_eq(err.code, ERR_LIMIT);
	bytes = file_load(path, 10000, &length, &err);
	ck_assert_uint_eq(length, 10000);
	free(bytes);
	ck_assert_ptr_null(file_load(path, 0, &length, &err));
	ck_assert_int_eq(err.code, ERR_LIMIT);
	free(path);
}
END_TEST

START_TEST(failures_have_their_code)
{
	char *path = in_root("none/x"), *bytes;
	struct error err;
	size_t length;

	ck_assert_ptr_null(file_load(path, 10, &length, &err));
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
	ck_assert_int_eq(file_save(path, "x", 1, 0600, &err), -1);
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
	ck_assert_ptr_null(file_load(root, 10, &length, &err));
	ck_assert_int_eq(err.code, ERR_IO);
	bytes = file_load(
		"/proc/self/status", 100000, &length, &err); /* its size is said to be 0 */
	ck_assert_ptr_nonnull(strstr(bytes, "Pid:"));
	free(bytes);
	free(path);
}
END_TEST

START_TEST(a_failed_save_leaves_the_old)
{
	char *path = in_root("folder"), *inside = in_root("folder/x");
	struct error err;

	put("folder/x", "old");
	ck_assert_int_eq(file_save(path, "new", 3, 0600, &err), -1); /* a folder is in the way */
	char *bytes = file_load(inside, 10, NULL, &err);

	ck_assert_str_eq(bytes, "old");
	free(bytes);
	free(inside);
	/* and no temporary file */
	char *pattern = mem_format("test -z \"$(ls %s | grep -v '^folder$')\"", root);

	ck_assert_int_eq(system(pattern), 0);
	free(pattern);
	free(path);
}
END_TEST

START_TEST(a_link_stays_a_link)
{
	char *target = in_root("target"), *link = in_root("link");
	struct stat info;

	put("target", "old");
	ck_assert_int_eq(symlink("target", link), 0);
	ck_assert_int_eq(file_save(link, "new", 3, 0600, NULL), 0);
	ck_assert_int_eq(lstat(link, &info), 0);
	ck_assert(S_ISLNK(info.st_mode));
	char *bytes = file_load(target, 10, NULL, NULL);

	ck_assert_str_eq(bytes, "new");
	free(bytes);
	free(target);
	free(link);
}
END_TEST

START_TEST(folders_are_made_with_parents)
{
	char *deep = in_root("a//b/c/"), *file = in_root("f/x");
	struct error err;
	struct stat info;

	ck_assert_int_eq(file_make_folder(deep, 0700, &err), 0);
	ck_assert_int_eq(file_make_folder(deep, 0700, &err), 0);
	ck_assert_int_eq(stat(deep, &info), 0);
	ck_assert_int_eq(info.st_mode & 0777, 0700);
	put("f", "a file");
	ck_assert_int_eq(file_make_folder(file, 0700, &err), -1);
	free(deep);
	free(file);
}
END_TEST

START_TEST(one_home_for_all)
{
	char *home = in_root("home");

	setenv("PILOTHOUSE_HOME", home, 1);
	ck_assert_str_eq(file_config_folder(), home);
	ck_assert_str_eq(file_state_folder(), home);
	ck_assert_str_eq(file_cache_folder(), home);
	ck_assert_int_eq(access(home, F_OK), 0);
	free(home);
}
END_TEST

START_TEST(xdg_folders)
{
	char *state = in_root("s/pilothouse"), *base = in_root("s"),
	     *config = in_root(".config/pilothouse");
	struct stat info;

	unsetenv("PILOTHOUSE_HOME");
	setenv("HOME", root, 1);
	setenv("XDG_CONFIG_HOME", "relative", 1); /* is to be ignored, says the specification */
	setenv("XDG_STATE_HOME", base, 1);
	ck_assert_str_eq(file_state_folder(), state);
	ck_assert_str_eq(file_config_folder(), config);
	ck_assert_int_eq(stat(config, &info), 0);
	ck_assert_int_eq(info.st_mode & 0777, 0700);
	free(base);
	free(state);
	free(config);
}
END_TEST

START_TEST(own_data_first_and_hides)
{
	static const char *const wanted[] = { "own/kinds/aws/ec2.yaml", "own/kinds/z.yml",
		"data/kinds/aws/s3.yaml", "data/kinds/b.yaml", "data/kinds/host/service.yaml" };
	char *own = in_root("own"), *data = in_root("data"), **list;
	size_t n = 0;

	setenv("PILOTHOUSE_HOME", own, 1);
	setenv("PILOTHOUSE_DATA", data, 1);
	put("own/kinds/z.yml", "");
	put("own/kinds/aws/ec2.yaml", "");
	put("own/kinds/.#hidden.yaml", "");
	put("own/kinds/notes.txt", "");
	put("data/kinds/b.yaml", "");
	put("data/kinds/z.yml", "");
	put("data/kinds/aws/ec2.yaml", "");
	put("data/kinds/aws/s3.yaml", "");
	put("data/kinds/host/service.yaml", "");
	put("data/kinds/host/deeper/no.yaml", "");
	list = file_list_data("kinds");
	for (; list[n]; n++) {
		char *path = in_root(wanted[n < 5 ? n : 4]);

		ck_assert_str_eq(list[n], path);
		free(path);
	}
	ck_assert_uint_eq(n, 5);
	file_free_list(list);
	list = file_list_data("nothing");
	ck_assert_ptr_null(*list);
	file_free_list(list);
	file_free_list(NULL);
	free(own);
	free(data);
}
END_TEST

START_TEST(nobody_is_waited_for)
{
	char path[300];
	size_t length = 9;

	snprintf(path, sizeof(path), "%s/fifo", root);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	char *bytes = file_load(path, 100, &length, NULL);
	ck_assert_ptr_nonnull(bytes);
	ck_assert_uint_eq(length, 0);
	free(bytes);
	int both = open(path, O_RDWR); /* a writer that says something, then goes */
	ck_assert_int_eq(write(both, "said", 4), 4);
	pid_t reader = fork();
	if (!reader) {
		close(both);
		bytes = file_load(path, 100, &length, NULL);
		int heard = bytes && length == 4;
		free(bytes);
		_exit(heard ? 0 : 1);
	}
	int left = 1, status;
	while (!ioctl(both, FIONREAD, &left) && left)
		poll(NULL, 0, 1);
	close(both);
	ck_assert_int_eq(waitpid(reader, &status, 0), reader);
	ck_assert_int_eq(status, 0);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_checked_fixture(tc, make_root, remove_root);
	tcase_add_test(tc, loads_and_saves);
	tcase_add_test(tc, a_limit_is_a_limit);
	tcase_add_test(tc, failures_have_their_code);
	tcase_add_test(tc, a_failed_save_leaves_the_old);
	tcase_add_test(tc, a_link_stays_a_link);
	tcase_add_test(tc, folders_are_made_with_parents);
	tcase_add_test(tc, one_home_for_all);
	tcase_add_test(tc, xdg_folders);
	tcase_add_test(tc, own_data_first_and_hides);
	tcase_add_test(tc, nobody_is_waited_for);
}

TEST_MAIN("base/file")
