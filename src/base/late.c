#include "base/late.h"

#include <dlfcn.h>
#include <string.h>

#include "base/log.h"

int late_load(const char *soname, const struct late_symbol *symbols, size_t count)
{
	void *library = dlopen(soname, RTLD_NOW | RTLD_LOCAL);

	if (!library) {
		log_write(LOG_ERROR, "late", "%s", dlerror());
		return -1;
	}
	for (size_t i = 0; i < count; i++) {
		void *found = dlsym(library, symbols[i].name);

		if (!found) {
			log_write(LOG_ERROR, "late", "%s has no %s", soname, symbols[i].name);
			return -1;
		}
		memcpy(symbols[i].place, &found, sizeof(found));
	}
	return 0;
}
