#include "store/bell.h"

#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"

enum { BELL_BYTES = 64, LISTENER_STACK = 64 << 10 };

struct bell {
	atomic_uint *count; /* shared: commits of all processes */
	atomic_uint own;    /* ours among them */
	pthread_mutex_t lock; /* over all below; held while on_ring is called */
	void (*on_ring)(void *arg);
	void *arg;
	unsigned seen, foreign; /* when listening began: of all, of others */
	int listens, ended; /* a thread sleeps on it; which frees it when it has ended */
};

/* Bytes that were written have their place on the disk: storing to a hole of a full one would be SIGBUS. */
static int has_place(int fd)
{
	static const char zeros[BELL_BYTES];
	struct stat now;

	return !fstat(fd, &now) && (now.st_size >= BELL_BYTES || pwrite(fd, zeros, BELL_BYTES, 0) == BELL_BYTES);
}

struct bell *bell_new(int fd)
{
	void *place = fd >= 0 && has_place(fd) ? mmap(NULL, BELL_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;

	if (place == MAP_FAILED)
		return NULL;
	struct bell *bell = mem_zero(1, sizeof(*bell));

	bell->count = place;
	pthread_mutex_init(&bell->lock, NULL);
	return bell;
}

static void let_go(struct bell *bell)
{
	munmap(bell->count, BELL_BYTES);
	pthread_mutex_destroy(&bell->lock);
	free(bell);
}

static void wake_all(struct bell *bell)
{
	syscall(SYS_futex, bell->count, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

/* Nobody waits for the listener's end: it lets go of the bell itself. */
void bell_free(struct bell *bell)
{
	if (!bell)
		return;
	pthread_mutex_lock(&bell->lock);
	int listens = bell->listens;

	bell->on_ring = NULL;
	bell->ended = 1;
	if (listens) {
		atomic_fetch_add(&bell->own, 1);
		atomic_fetch_add(bell->count, 1);
		wake_all(bell);
	}
	pthread_mutex_unlock(&bell->lock);
	if (!listens)
		let_go(bell);
}

void bell_ring(struct bell *bell)
{
	if (!bell)
		return;
	atomic_fetch_add(&bell->own, 1);
	atomic_fetch_add(bell->count, 1);
	wake_all(bell);
}

/* Returns 1 at the end. */
static int tell(struct bell *bell, int others)
{
	pthread_mutex_lock(&bell->lock);
	int ended = bell->ended;

	if (others && bell->on_ring)
		bell->on_ring(bell->arg);
	pthread_mutex_unlock(&bell->lock);
	return ended;
}

static void *listen_main(void *arg)
{
	struct bell *bell = arg;
	unsigned seen = bell->seen, foreign = bell->foreign, now;

	prctl(PR_SET_NAME, "ph-bell");

	for (;;) {
		while ((now = atomic_load(bell->count)) == seen)
			syscall(SYS_futex, bell->count, FUTEX_WAIT, seen, NULL, NULL, 0);
		/* Ours is counted before it is rung: until then this is one too low, never too high. */
		unsigned others = now - atomic_load(&bell->own);
		int news = (int)(others - foreign) > 0;

		foreign = news ? others : foreign;
		seen = now;
		if (tell(bell, news))
			break;
	}
	let_go(bell);
	return NULL;
}

static int start(struct bell *bell)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	pthread_t thread;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, LISTENER_STACK);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before); /* signals belong to the main thread */
	int failed = pthread_create(&thread, &attributes, listen_main, bell);

	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	return failed ? -1 : 0;
}

int bell_listen(struct bell *bell, void (*on_ring)(void *arg), void *arg)
{
	int failed = 0;

	pthread_mutex_lock(&bell->lock);
	bell->on_ring = on_ring;
	bell->arg = arg;
	if (on_ring && !bell->listens) {
		bell->seen = atomic_load(bell->count);
		bell->foreign = bell->seen - atomic_load(&bell->own);
		failed = start(bell);
		bell->listens = !failed;
	}
	pthread_mutex_unlock(&bell->lock);
	return failed;
}
