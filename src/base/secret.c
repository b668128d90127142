#include "base/secret.h"

#include <openssl/crypto.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"

/* Lies wholly in pages of its own, which are locked and left out of core files. */
struct secret {
	struct secret *next, **back; /* in the list of all that live */
	atomic_uint references;
	size_t length, mapped_bytes;
	char bytes[];
};

enum { HIDDEN_MIN = 8 }; /* shorter ones are words that stand anywhere */

static struct {
	pthread_mutex_t lock;
	struct secret *first;
} all = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void enlist(struct secret *secret)
{
	pthread_mutex_lock(&all.lock);
	secret->next = all.first;
	secret->back = &all.first;
	if (all.first)
		all.first->back = &secret->next;
	all.first = secret;
	pthread_mutex_unlock(&all.lock);
}

static void delist(struct secret *secret)
{
	pthread_mutex_lock(&all.lock);
	*secret->back = secret->next;
	if (secret->next)
		secret->next->back = secret->back;
	pthread_mutex_unlock(&all.lock);
}

/* The first place a secret stands at; *length is the secret's. The list is locked. */
static const char *find_secret(const char *bytes, size_t left, size_t *length)
{
	const char *first = NULL;

	for (const struct secret *secret = all.first; secret; secret = secret->next) {
		if (secret->length < HIDDEN_MIN)
			continue;
		const char *at = memmem(bytes, left, secret->bytes, secret->length);

		if (at && (!first || at < first || (at == first && secret->length > *length))) {
			first = at;
			*length = secret->length;
		}
	}
	return first;
}

int secret_hide(struct text *text, const char *bytes, size_t length)
{
	const char *end = bytes + length, *at;
	size_t hidden = 0;

	pthread_mutex_lock(&all.lock);
	while ((at = find_secret(bytes, (size_t)(end - bytes), &hidden))) {
		text_add_n(text, bytes, (size_t)(at - bytes));
		text_add(text, SECRET_SHOWN);
		bytes = at + hidden;
	}
	pthread_mutex_unlock(&all.lock);
	return text_add_n(text, bytes, (size_t)(end - bytes));
}

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
	enlist(secret);
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
	delist(secret);
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
