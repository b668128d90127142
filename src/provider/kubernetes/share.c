/* One selection over one or several contexts: each works by itself, so that a slow or dead one
 * holds up nobody. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "estate/provider.h"
#include "provider/kubernetes/account.h"
#include "provider/kubernetes/kubeconfig.h"
#include "provider/kubernetes/list.h"

enum { THREADS_MAX = 64 };

struct task {
	struct share share;
	const char *name;
	int (*work)(struct share *share, struct error *err);
	pthread_t thread;
	int started;
};

static void run(struct task *task)
{
	struct share *share = &task->share;

	share->account = account_find(share->provider, task->name, &share->error);
	share->failed = share->account ? task->work(share, &share->error) : -1;
	if (share->failed && share->several && share->error.code != ERR_CANCELLED)
		feed_note(share->feed, task->name, &share->error);
}

static void *run_thread(void *arg)
{
	run(arg);
	return NULL;
}

/* -1 with the last error when none went well. */
static int join_all(struct task *tasks, size_t count, struct error *err)
{
	int failed = -1;

	for (size_t i = 0; i < count; i++) {
		if (tasks[i].started)
			pthread_join(tasks[i].thread, NULL);
		if (!tasks[i].share.failed)
			failed = 0;
		else if (err && tasks[i].share.error.code)
			*err = tasks[i].share.error;
	}
	return failed;
}

int list_accounts(struct provider *provider, const struct kind *kind,
	const struct selection *selection, struct feed *feed,
	int (*work)(struct share *share, struct error *err), struct error *err)
{
	int several = selection->account && !strcmp(selection->account, "*");
	size_t count = several ? provider->account_count : 1;
	struct task *tasks;

	if (count > THREADS_MAX)
		count = THREADS_MAX;
	if (!count)
		return error_set(err, ERR_NOT_FOUND, "the kubeconfig holds no context");
	tasks = mem_zero(count, sizeof(*tasks));
	for (size_t i = 0; i < count; i++) {
		tasks[i].share = (struct share){ .provider = provider,
			.kind = kind,
			.selection = selection,
			.feed = feed,
			.several = several };
		tasks[i].name = several ? kubeconfig_context_at(provider->kubeconfig, i)
					: selection->account;
		tasks[i].work = work;
		if (!several)
			run(&tasks[i]);
		else
			tasks[i].started =
				!pthread_create(&tasks[i].thread, NULL, run_thread, &tasks[i]);
		if (several && !tasks[i].started)
			run(&tasks[i]);
	}
	int failed = join_all(tasks, count, err);

	free(tasks);
	return failed;
}
