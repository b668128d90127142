/* What stands above an agent: lock files of a workspace, and CODEOWNERS. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/mem.h"
#include "base/text.h"
#include "fleet/agent/agent.h"
#include "fleet/check/checker_parts.h"
#include "fleet/tree/ignore.h"
#include "fleet/tree/walk.h"

enum { LOCKS_MAX = 2000, OWNERS_BYTES = 256 << 10 };

struct tree {
	struct arena *arena;
	const char **locks; /* folders that have one, "" the root */
	size_t lock_count;
	struct ignore *owned; /* patterns of CODEOWNERS, or NULL */
};

static const char *const lock_names[] = { "uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "package-lock.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb",
	"npm-shrinkwrap.json", "requirements.lock" };

static void add_lock(struct tree *tree, const char *path, const char *name)
{
	for (size_t i = 0; i < sizeof(lock_names) / sizeof(*lock_names); i++)
		if (!strcmp(name, lock_names[i]) && tree->lock_count < LOCKS_MAX) {
			tree->locks = mem_grow(tree->locks, tree->lock_count + 1, sizeof(*tree->locks));
			tree->locks[tree->lock_count++] = arena_text_n(tree->arena, path, name > path ? (size_t)(name - path) - 1 : 0);
		}
}

/* The patterns of lines that name an owner; they are those of gitignore but for `!` and classes. */
static void read_owners(struct tree *tree, int root, const char *path)
{
	char *bytes = mem_alloc(OWNERS_BYTES + 1);
	int fd = openat(root, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	ssize_t length = fd < 0 ? -1 : read(fd, bytes, OWNERS_BYTES);
	struct text patterns;

	if (fd >= 0)
		close(fd);
	bytes[length > 0 ? length : 0] = 0;
	text_init(&patterns, OWNERS_BYTES);
	for (char *line = bytes, *next; length > 0 && line; line = next) {
		size_t pattern;

		next = strchr(line, '\n');
		if (next)
			*next++ = 0;
		line += strspn(line, " \t");
		pattern = strcspn(line, " \t\r");
		if (*line != '#' && *line != '[' && pattern && (strchr(line + pattern, '@')))
			text_format(&patterns, "%.*s\n", (int)pattern, line);
	}
	if (patterns.length && !tree->owned)
		tree->owned = ignore_new(NULL, "", patterns.data, patterns.length);
	text_release(&patterns);
	free(bytes);
}

void checker_tree(struct checker *checker, const struct walk *walk)
{
	struct tree *tree = mem_zero(1, sizeof(*tree));

	tree->arena = arena_new();
	for (size_t i = 0; i < walk_count(walk); i++) {
		const char *path = walk_at(walk, i)->path, *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

		add_lock(tree, path, name);
		/* Where GitHub and GitLab look. */
		if (!strcmp(path, "CODEOWNERS") || !strcmp(path, ".github/CODEOWNERS") || !strcmp(path, "docs/CODEOWNERS") || !strcmp(path, ".gitlab/CODEOWNERS"))
			read_owners(tree, walk_root_fd(walk), path);
	}
	tree_free(checker->tree);
	checker->tree = tree;
}

void tree_free(struct tree *tree)
{
	if (!tree)
		return;
	ignore_free(tree->owned);
	free(tree->locks);
	arena_free(tree->arena);
	free(tree);
}

int tree_has_lock(const struct tree *tree, const char *folder)
{
	for (size_t i = 0; tree && i < tree->lock_count; i++) {
		size_t length = strlen(tree->locks[i]);

		if (!length || (!strncmp(folder, tree->locks[i], length) && (!folder[length] || folder[length] == '/')))
			return 1;
	}
	return 0;
}

int tree_has_owner(const struct tree *tree, const char *folder)
{
	char path[4096];

	if (!tree || !tree->owned || strlen(folder) >= sizeof(path) - 16)
		return 0;
	/* A pattern may match the folder, one above it, or what lies in it. */
	for (const char *at = folder;; at++)
		if (*at == '/' || !*at) {
			memcpy(path, folder, (size_t)(at - folder));
			path[at - folder] = 0;
			if (*path && ignore_matches(tree->owned, path, 1))
				return 1;
			if (!*at)
				break;
		}
	strcpy(path, folder);
	strcat(path, *folder ? "/any.file" : "any.file");
	return ignore_matches(tree->owned, path, 0);
}
