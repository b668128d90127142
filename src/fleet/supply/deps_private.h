/* deps_private.h - for src/fleet/deps*.c: rows while files are read. */
#ifndef FLEET_DEPS_PRIVATE_H
#define FLEET_DEPS_PRIVATE_H

#include "fleet/supply/deps.h"

struct agents;
struct walk;

enum { DEPS_NAME_MAX = 215, DEPS_TEXT_MAX = 2048, DEPS_ROWS_MAX = 500000 };

/* What a lock file, or an exact requirement, settled on. */
struct locked {
	enum ecosystem ecosystem;
	enum dependency_origin origin;
	const char *name, *version, *source;
	const char *path;
	size_t folder; /* length of the folder's part of path */
	int line;
	int is_lock; /* 0: a mere ==; 1: a lock file; 2: the one of the lock that the project itself gets */
	int used;
};

struct reading {
	struct deps *deps;
	const char *path;
	const char *bytes;
	size_t length;
	int misses;      /* of deps_line_of */
	int constraints; /* its requirements bind others and want nothing themselves */
};

struct deps_own {
	enum ecosystem ecosystem;
	const char *name;
};

struct deps {
	struct arena *arena;
	const struct walk *walk;
	struct dependency *rows;
	size_t count;
	struct locked *locked; /* ordered by ecosystem and name once all is read */
	size_t locked_count;
	struct deps_own *own;
	size_t own_count;
	struct deps_index *indices;
	size_t index_count;
	struct deps_problem *problems;
	size_t problem_count;
	struct listed {
		size_t at; /* of the walk */
		int constraints;
	} *files; /* to be read; grows by includes */
	size_t file_count;
	size_t *by_path;        /* files of the walk in order of path; made when first asked for */
	unsigned char *listed;  /* of each file of the walk: it is in files */
};

struct arena *deps_arena(struct deps *deps);
/* deps_settle.c: all files are read: rows and locked versions are ordered and joined, agents named. */
void deps_settle(struct deps *deps, const struct agents *agents);
int deps_reads(const char *path); /* a manifest or lock by its name */
/* Copies the texts; path is set. */
void deps_want(struct reading *reading, const struct dependency *row);
void deps_lock(struct reading *reading, const struct locked *row);
void deps_own(struct reading *reading, enum ecosystem ecosystem, const char *name);
/* Keeps an address of an index, once a file. scope "": all. */
void deps_name_index(struct reading *reading, enum ecosystem ecosystem, const char *url, const char *scope, int line);
void deps_problem(struct reading *reading, int line, const char *text);
/* A file that another one includes, by its path as written there; read when the walk has it. */
void deps_include(struct reading *reading, int line, const char *target, size_t length, int constraints);
/* In the arena, harmless, without user and password. NULL for NULL. */
const char *deps_url(struct deps *deps, const char *url);
/* Lines of keys in a file read in the same order as its tree: the line of needle at or behind *offset; moves there. 0: not found. */
int deps_line_of(struct reading *reading, const char *needle, size_t *offset, int *line);

/* Each reads one file whose bytes end with a NUL. */
void deps_requirements(struct reading *reading);
void deps_pyproject(struct reading *reading);
void deps_pipfile(struct reading *reading);
void deps_python_lock(struct reading *reading); /* poetry, uv, pdm */
void deps_pipfile_lock(struct reading *reading);
void deps_package_json(struct reading *reading);
void deps_npmrc(struct reading *reading);
void deps_pip_conf(struct reading *reading);
void deps_uv_toml(struct reading *reading);
void deps_npm_lock(struct reading *reading); /* package-lock.json v1 to v3, npm-shrinkwrap.json */
void deps_yarn_lock(struct reading *reading);
void deps_pnpm_lock(struct reading *reading);
void deps_mcp(struct reading *reading); /* of MCP clients */
/* One requirement as PEP 508 has it. */
void deps_pep508(struct reading *reading, const char *text, size_t length, int line, int development);

#endif
