/* Logs of what a row names: a pod's own, a workload's of all its pods. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "provider/kubernetes/account.h"
#include "provider/kubernetes/get.h"
#include "provider/kubernetes/logs.h"
#include "provider/kubernetes/resource.h"
#include "provider/kubernetes/revisions.h"
#include "provider/kubernetes/selector.h"

int kube_logs(struct provider *provider, const struct ref *ref, const struct log_request *request,
	log_line_fn on_line, void *arg, struct error *err)
{
	struct account *account;
	struct resource resource;
	struct json *live;
	char *selector;
	int failed;

	if (get_target(provider, ref, &account, &resource, err))
		return -1;
	if (!strcmp(resource.name, "pods"))
		return kubernetes_logs(
			account->cluster, ref->namespace_, ref->name, request, on_line, arg, err);
	live = get_live(account, &resource, ref, err);
	if (!live)
		return -1;
	selector = selector_text(json_at(live, "spec.selector"));
	failed = selector ? kubernetes_logs_selected(account->cluster, ref->namespace_, selector,
				    request, on_line, arg, err)
			  : error_set(err, ERR_INVALID, "%s selects no pods: it has no log",
				    ref->name);
	free(selector);
	json_free(live);
	return failed;
}
