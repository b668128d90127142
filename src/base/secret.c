#include "base/secret.h"

#include <openssl/crypto.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"

/* Lies wholly in pages of its own, which are locked and left out of core files. */
struct secret {
	atomic_uint references;
	size_t length, mapped_bytes;
	char bytes[];
};

struct secret *secret_new(const char *bytes, size_t length)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t mapped = (sizeof(struct secret) + length + 1 + page - 1) / page * page;
	struct secret *secret =
		mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (secret == MAP_FAILED) { /* too many maps: better kept in plain memory than not at all */
		secret = mem_zero(1, sizeof(*secret) + length + 1);
		mapped = 0;
	} else {
		madvise(secret, mapped, MADV_DONTDUMP);
		mlock(secret, mapped); /* refused past RLIMIT_MEMLOCK: then it may be swapped */
	}
	atomic_init(&secret->references, 1);
	secret->length = length;
	secret->mapped_bytes = mapped;
	if (length)
		memcpy(secret->bytes, bytes, length);
	secret->bytes[length] = 0;
	return secret;
}

struct secret *secret_ref(struct secret *secret)
{
	if (secret)
		atomic_fetch_add_explicit(&secret->references, 1, memory_order_relaxed);
	return secret;
}

void secret_free(struct secret *secret)
{
	size_t mapped;

	if (!secret || atomic_fetch_sub_explicit(&secret->references, 1, memory_order_acq_rel) > 1)
		return;
	mapped = secret->mapped_bytes;
	secret_wipe(secret->bytes, secret->length);
	if (mapped)
		munmap(secret, mapped);
	else
		free(secret);
}

const char *secret_reveal(const struct secret *secret)
{
	return secret->bytes;
}

size_t secret_length(const struct secret *secret)
{
	return secret->length;
}

void secret_wipe(void *bytes, size_t length)
{
	if (bytes && length)
		OPENSSL_cleanse(bytes, length);
}
