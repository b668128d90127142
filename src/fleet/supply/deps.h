/* deps.h - what the agents of a tree are built of: what manifests want and what lock files settled on. Only files of the walk are opened; nothing is
 * resolved, fetched or run. */
#ifndef FLEET_DEPS_H
#define FLEET_DEPS_H

#include <stddef.h>

struct agents;
struct deps;
struct json;
struct walk;

enum ecosystem { ECOSYSTEM_PYPI, ECOSYSTEM_NPM, ECOSYSTEM_COUNT };

/* Where a package comes from, as far as the files say. */
enum dependency_origin {
	ORIGIN_INDEX, /* the index, whichever is configured */
	ORIGIN_URL,   /* an address of its own: git, an archive */
	ORIGIN_LOCAL, /* a folder: of the workspace, a path, a link */
};

struct dependency {
	enum ecosystem ecosystem;
	enum dependency_origin origin;
	const char *name;    /* Python's as PEP 503 has it */
	const char *wanted;  /* ">=1,<2" as written, "" any; NULL: only a lock file names it */
	const char *version; /* the one settled on: by the lock file, else by ==; NULL: none */
	const char *extras, *marker; /* "a,b" and "python_version < '3.9'"; NULL: none */
	const char *source;  /* address the lock or manifest names, without user and password; NULL */
	const char *path;    /* from the root of the report: the manifest, or the lock where none wants it */
	int line;            /* from 1; 0 unknown */
	const char *lock;    /* file the version is from, or NULL */
	int lock_line;
	int development;     /* of a group for developers */
	const char *agent;   /* path of the agent the file belongs to; NULL: none */
};

/* An index that a file of the tree names. */
struct deps_index {
	enum ecosystem ecosystem;
	const char *url;   /* without user and password */
	const char *scope; /* "@acme"; "" all */
	const char *path;
	int line;
};

/* A file, or a line of it, that was not understood. */
struct deps_problem {
	const char *path, *text;
	int line; /* 0: the whole file */
};

/* Never NULL. The walk must outlive it; agents may be NULL. */
struct deps *deps_read(const struct walk *walk, const struct agents *agents);
/* Of one file alone, read by its name; nothing it includes. For tests. bytes end with a NUL. */
struct deps *deps_of_bytes(const char *path, const char *bytes, size_t length);
void deps_free(struct deps *deps);
size_t deps_count(const struct deps *deps); /* ordered by path, line and name */
const struct dependency *deps_at(const struct deps *deps, size_t i);
size_t deps_problems(const struct deps *deps);
const struct deps_problem *deps_problem_at(const struct deps *deps, size_t i);
size_t deps_indices(const struct deps *deps);
const struct deps_index *deps_index_at(const struct deps *deps, size_t i);
/* 1: a package of this tree has that name itself, so that no index is asked for it. */
int deps_is_own(const struct deps *deps, enum ecosystem ecosystem, const char *name);
/* Version a lock file settled on for a manifest or an agent's folder: the lock beside it, else the nearest one above. name as it is written anywhere.
 * NULL: no lock has it, or the nearest lock has several. */
const char *deps_locked_version(const struct deps *deps, const char *path, enum ecosystem ecosystem, const char *name);
/* The version every lock file of the tree that has the package settled on. NULL: none has it, or they differ. */
const char *deps_agreed_version(const struct deps *deps, enum ecosystem ecosystem, const char *name);
/* [{"ecosystem","name","version","path","line","direct"}], and where a manifest wants it "wanted","lock","lock_line","development","origin","source","extras",
 * "marker","agent": harmless text. */
struct json *deps_to_json(const struct deps *deps);

const char *ecosystem_name(enum ecosystem ecosystem); /* "pypi" */
/* PEP 503: lower case, runs of - _ . are one -. Cut to size. */
void deps_normal_name(const char *name, size_t length, char *out, size_t size);

#endif
