/* Answers of indices, kept for a day (a name an index has not: an hour), one file an address. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "fleet/supply/registry_private.h"

enum { FILE_MAX_BYTES = 16 << 20, STATUS_MISSING = 404 };

static char *path_of(const char *url)
{
	char hex[SHA256_HEX_MAX];

	sha256_hex(url, strlen(url), hex);
	return mem_format("%s/registry/%s.json", file_cache_folder(), hex);
}

struct json *registry_cache_load(const char *url, int any_age)
{
	char *path = path_of(url);
	size_t length;
	char *bytes = file_load(path, FILE_MAX_BYTES, &length, NULL);
	struct json *kept = bytes ? json_parse(bytes, length, NULL) : NULL;
	const char *same = json_text(json_get(kept, "url"));
	int64_t age_s = (clock_now_ns() - json_int(json_get(kept, "at"), 0)) / CLOCK_SECOND_NS;
	int64_t most_s = json_int(json_get(kept, "status"), 0) == STATUS_MISSING ? CACHE_MISSING_S : CACHE_KNOWN_S;

	free(bytes);
	free(path);
	if (same && !strcmp(same, url) && (any_age || (age_s >= 0 && age_s < most_s)))
		return kept;
	json_free(kept);
	return NULL;
}

void registry_cache_save(const char *url, int status, const struct json *answer)
{
	struct json *kept = json_set_text(json_object(), "url", url);
	char *path = path_of(url), *folder = mem_format("%s/registry", file_cache_folder()), *bytes;

	json_set_int(kept, "at", clock_now_ns());
	json_set_int(kept, "status", status);
	if (answer)
		json_set(kept, "answer", json_copy(answer));
	bytes = json_format(kept);
	if (!file_make_folder(folder, 0700, NULL))
		file_save(path, bytes, strlen(bytes), 0600, NULL); /* where it cannot be kept it is asked again */
	free(bytes);
	free(folder);
	free(path);
	json_free(kept);
}
