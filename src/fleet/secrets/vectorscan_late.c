/* Vectorscan, loaded at its first call: with the C++ library it needs it is more than a megabyte, which only audits use. The functions here
 * have its names and hand each call on; hs_valid_platform() is asked first, and is no success where the library cannot be had. */
#ifdef HAVE_VECTORSCAN
#include <hs/hs.h>
#include <pthread.h>

#include "base/late.h"

static struct {
	__typeof__(hs_alloc_scratch) *alloc_scratch;
	__typeof__(hs_clone_scratch) *clone_scratch;
	__typeof__(hs_compile_lit_multi) *compile_lit_multi;
	__typeof__(hs_deserialize_database) *deserialize_database;
	__typeof__(hs_free_compile_error) *free_compile_error;
	__typeof__(hs_free_database) *free_database;
	__typeof__(hs_free_scratch) *free_scratch;
	__typeof__(hs_populate_platform) *populate_platform;
	__typeof__(hs_scan) *scan;
	__typeof__(hs_serialize_database) *serialize_database;
	__typeof__(hs_valid_platform) *valid_platform;
	__typeof__(hs_version) *version;
} lib;

static const struct late_symbol symbols[] = {
	{ "hs_alloc_scratch", &lib.alloc_scratch },
	{ "hs_clone_scratch", &lib.clone_scratch },
	{ "hs_compile_lit_multi", &lib.compile_lit_multi },
	{ "hs_deserialize_database", &lib.deserialize_database },
	{ "hs_free_compile_error", &lib.free_compile_error },
	{ "hs_free_database", &lib.free_database },
	{ "hs_free_scratch", &lib.free_scratch },
	{ "hs_populate_platform", &lib.populate_platform },
	{ "hs_scan", &lib.scan },
	{ "hs_serialize_database", &lib.serialize_database },
	{ "hs_valid_platform", &lib.valid_platform },
	{ "hs_version", &lib.version },
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int loaded;

static void load(void)
{
	loaded = !late_load(HS_SONAME, symbols, sizeof(symbols) / sizeof(*symbols));
}

hs_error_t hs_valid_platform(void)
{
	pthread_once(&once, load);
	return loaded ? lib.valid_platform() : HS_ARCH_ERROR;
}

/* --- NULL where there is none --- */

hs_error_t hs_free_scratch(hs_scratch_t *scratch)
{
	return scratch ? lib.free_scratch(scratch) : HS_SUCCESS;
}

hs_error_t hs_free_database(hs_database_t *database)
{
	return database ? lib.free_database(database) : HS_SUCCESS;
}

hs_error_t hs_free_compile_error(hs_compile_error_t *error)
{
	return error ? lib.free_compile_error(error) : HS_SUCCESS;
}

/* --- the rest --- */

const char *hs_version(void)
{
	return lib.version();
}

hs_error_t hs_populate_platform(hs_platform_info_t *platform)
{
	return lib.populate_platform(platform);
}

hs_error_t hs_alloc_scratch(const hs_database_t *database, hs_scratch_t **scratch)
{
	return lib.alloc_scratch(database, scratch);
}

hs_error_t hs_clone_scratch(const hs_scratch_t *from, hs_scratch_t **to)
{
	return lib.clone_scratch(from, to);
}

hs_error_t hs_compile_lit_multi(const char *const *texts, const unsigned *flags, const unsigned *ids, const size_t *lengths, unsigned count,
	unsigned mode, const hs_platform_info_t *platform, hs_database_t **database, hs_compile_error_t **error)
{
	return lib.compile_lit_multi(texts, flags, ids, lengths, count, mode, platform, database, error);
}

hs_error_t hs_serialize_database(const hs_database_t *database, char **bytes, size_t *length)
{
	return lib.serialize_database(database, bytes, length);
}

hs_error_t hs_deserialize_database(const char *bytes, size_t length, hs_database_t **database)
{
	return lib.deserialize_database(bytes, length, database);
}

hs_error_t hs_scan(const hs_database_t *database, const char *text, unsigned length, unsigned flags, hs_scratch_t *scratch,
	match_event_handler on_match, void *arg)
{
	return lib.scan(database, text, length, flags, scratch, on_match, arg);
}
#endif
