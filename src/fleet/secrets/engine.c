/* engine.c - finds all literals of a text in one pass: by Vectorscan where the program was built with it, else by secrets_automaton.c. The
 * compiled database is kept in the cache folder under a name made of what it depends on. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "fleet/secrets/private.h"

#ifdef HAVE_VECTORSCAN
#include <hs/hs.h>
#else
typedef struct hs_database hs_database_t;
typedef struct hs_scratch hs_scratch_t;
#endif

struct engine {
	const struct literal *literals;
	size_t count;
	struct automaton *automaton; /* NULL: by Vectorscan */
	hs_database_t *database;
	hs_scratch_t *scratch; /* of which each thread has a copy */
	char name[48];
};

struct engine_state {
	hs_scratch_t *scratch;
	const struct engine *engine;
	engine_hit *hit;
	void *arg;
};

#ifdef HAVE_VECTORSCAN
enum { CACHED_MAX_BYTES = 16 << 20 };

/* The bytes of a database may hold pointers to code of the library: version, platform and literals enter its name. */
static void name_of_database(const struct engine *engine, char *out, size_t size)
{
	struct text all;
	hs_platform_info_t platform = { 0 };
	char hex[SHA256_HEX_MAX];

	hs_populate_platform(&platform);
	text_init(&all, 1 << 20);
	text_format(&all, "%s %u %llu\n", hs_version(), platform.tune, platform.cpu_features);
	for (size_t i = 0; i < engine->count; i++) {
		text_format(&all, "%d %u ", engine->literals[i].caseless, engine->literals[i].length);
		text_add_n(&all, engine->literals[i].text, engine->literals[i].length);
	}
	sha256_hex(all.data, all.length, hex);
	text_release(&all);
	snprintf(out, size, "%s/secrets-%.16s.hs", file_cache_folder(), hex);
}

/* The first 64 bytes are the SHA-256 of the rest: what a broken disk or another program changed is not handed to the library. */
static int load_database(struct engine *engine, const char *path)
{
	size_t length = 0;
	char *bytes = file_load(path, CACHED_MAX_BYTES, &length, NULL), hex[SHA256_HEX_MAX];
	int loaded = 0;

	if (bytes && length > 64) {
		sha256_hex(bytes + 64, length - 64, hex);
		loaded = !memcmp(hex, bytes, 64) && hs_deserialize_database(bytes + 64, length - 64, &engine->database) == HS_SUCCESS;
	}
	free(bytes);
	return loaded;
}

static void save_database(const struct engine *engine, const char *path)
{
	struct error err = { 0 };
	struct text text;
	char *bytes = NULL, hex[SHA256_HEX_MAX];
	size_t length = 0;

	if (hs_serialize_database(engine->database, &bytes, &length) != HS_SUCCESS)
		return;
	text_init(&text, CACHED_MAX_BYTES);
	sha256_hex(bytes, length, hex);
	text_add_n(&text, hex, 64);
	text_add_n(&text, bytes, length);
	if (!text.cut && file_save(path, text.data, text.length, 0600, &err))
		log_write(LOG_DEBUG, "secrets", "the compiled rules are not kept: %s", err.text);
	text_release(&text);
	free(bytes);
}

static int compile_database(struct engine *engine)
{
	const char **texts = mem_zero(engine->count, sizeof(*texts));
	unsigned *flags = mem_zero(engine->count, sizeof(*flags)), *ids = mem_zero(engine->count, sizeof(*ids));
	size_t *lengths = mem_zero(engine->count, sizeof(*lengths));
	hs_compile_error_t *problem = NULL;
	int done;

	for (size_t i = 0; i < engine->count; i++) {
		texts[i] = engine->literals[i].text;
		lengths[i] = engine->literals[i].length;
		flags[i] = engine->literals[i].caseless ? HS_FLAG_CASELESS : 0;
		ids[i] = (unsigned)i;
	}
	done = hs_compile_lit_multi(texts, flags, ids, lengths, (unsigned)engine->count, HS_MODE_BLOCK, NULL, &engine->database, &problem) == HS_SUCCESS;
	if (problem)
		log_write(LOG_WARN, "secrets", "the literals do not compile, the slower engine is used: %s", problem->message);
	hs_free_compile_error(problem);
	free(texts);
	free(flags);
	free(ids);
	free(lengths);
	return done;
}

static int open_vectorscan(struct engine *engine)
{
	char path[4096];

	if (hs_valid_platform() != HS_SUCCESS)
		return 0;
	name_of_database(engine, path, sizeof(path));
	if (!load_database(engine, path)) {
		if (!compile_database(engine))
			return 0;
		save_database(engine, path);
	}
	if (hs_alloc_scratch(engine->database, &engine->scratch) != HS_SUCCESS) {
		hs_free_database(engine->database);
		engine->database = NULL;
		return 0;
	}
	snprintf(engine->name, sizeof(engine->name), "vectorscan %.*s", (int)strcspn(hs_version(), " "), hs_version());
	return 1;
}

static void close_vectorscan(struct engine *engine)
{
	hs_free_scratch(engine->scratch);
	hs_free_database(engine->database);
}

static void copy_scratch(struct engine_state *state)
{
	if (state->engine->scratch && hs_clone_scratch(state->engine->scratch, &state->scratch) != HS_SUCCESS)
		abort(); /* out of memory */
}

static void free_scratch(struct engine_state *state)
{
	hs_free_scratch(state->scratch);
}

static int on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *context)
{
	struct engine_state *state = context;

	(void)from;
	(void)flags;
	state->hit(state->arg, id, (size_t)to - state->engine->literals[id].length);
	return 0;
}

static void scan_vectorscan(const struct engine *engine, struct engine_state *state, const char *text, size_t length)
{
	hs_scan(engine->database, text, (unsigned)length, 0, state->scratch, on_match, state);
}
#else
static int open_vectorscan(struct engine *engine)
{
	(void)engine;
	return 0;
}

static void close_vectorscan(struct engine *engine)
{
	(void)engine;
}

static void copy_scratch(struct engine_state *state)
{
	(void)state;
}

static void free_scratch(struct engine_state *state)
{
	(void)state;
}

static void scan_vectorscan(const struct engine *engine, struct engine_state *state, const char *text, size_t length)
{
	(void)engine, (void)state, (void)text, (void)length;
}
#endif

struct engine *engine_new(const struct literal *literals, size_t count, int no_vectorscan)
{
	struct engine *engine = mem_zero(1, sizeof(*engine));

	engine->literals = literals;
	engine->count = count;
	if (!no_vectorscan && open_vectorscan(engine))
		return engine;
	engine->automaton = automaton_new(literals, count);
	snprintf(engine->name, sizeof(engine->name), "aho-corasick");
	return engine;
}

void engine_free(struct engine *engine)
{
	if (!engine)
		return;
	automaton_free(engine->automaton);
	close_vectorscan(engine);
	free(engine);
}

const char *engine_name(const struct engine *engine)
{
	return engine->name;
}

struct engine_state *engine_state_new(const struct engine *engine)
{
	struct engine_state *state = mem_zero(1, sizeof(*state));

	state->engine = engine;
	copy_scratch(state);
	return state;
}

void engine_state_free(struct engine_state *state)
{
	if (!state)
		return;
	free_scratch(state);
	free(state);
}

void engine_scan(const struct engine *engine, struct engine_state *state, const char *text, size_t length, engine_hit *hit, void *arg)
{
	state->hit = hit;
	state->arg = arg;
	if (engine->automaton)
		automaton_scan(engine->automaton, text, length, hit, arg);
	else
		scan_vectorscan(engine, state, text, length);
}
