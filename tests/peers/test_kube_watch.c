/* Watches of a real server: what others change arrives, also for a user who may watch one namespace
 * only. */
#include <stdarg.h>

#include "base/clock.h"
#include "kube_peer.h"

static struct feed *open_feed(const char *kind, const char *account, const char *namespace_)
{
	struct selection selection = { .account = account, .namespace_ = namespace_ };
	struct feed *feed = estate_open(peer.estate, kinds_find(peer.kinds, kind), &selection);
	struct feed_status status;

	ck_assert_ptr_nonnull(feed);
	PEER_WAIT((feed_status(feed, &status), status.state == FEED_LIVE));
	return feed;
}

/* Row of that name: its DATA cell, or -1 when there is none. */
static int data_of(struct feed *feed, const char *name)
{
	struct snapshot *snapshot = feed_snapshot(feed);
	int data = -1;

	for (size_t i = 0; snapshot && i < snapshot_count(snapshot); i++) {
		char *row_name = snapshot_role_text(snapshot, i, ROLE_NAME);

		if (!strcmp(row_name, name))
			data = (int)snapshot_number(
				snapshot, i, kind_column_find(snapshot_kind(snapshot), "DATA"));
		free(row_name);
	}
	snapshot_unref(snapshot);
	return data;
}

static void follow(const char *account, const char *namespace_, const char *place, const char *name)
{
	struct feed *feed = open_feed("configmaps", account, namespace_);

	kubectl(NULL, 0, "-n %s delete configmap %s --ignore-not-found", place, name);
	PEER_WAIT(data_of(feed, name) == -1);
	ck_assert_int_eq(
		kubectl(NULL, 0, "-n %s create configmap %s --from-literal=a=1", place, name), 0);
	PEER_WAIT(data_of(feed, name) == 1);
	kubectl(NULL, 0, "-n %s patch configmap %s -p '{\"data\":{\"b\":\"2\"}}'", place, name);
	PEER_WAIT(data_of(feed, name) == 2);
	kubectl(NULL, 0, "-n %s delete configmap %s", place, name);
	PEER_WAIT(data_of(feed, name) == -1);
	estate_close(peer.estate, feed);
}

START_TEST(changes_in_all_namespaces_arrive)
{
	follow("peer-admin", "*", "search-perf", "ph-watch-all");
}
END_TEST

START_TEST(changes_of_one_namespace_arrive)
{
	follow("peer-admin", "search-perf", "search-perf", "ph-watch-one");
}
END_TEST

/* May neither list namespaces nor watch cluster-wide. */
START_TEST(a_user_of_one_namespace_watches_it)
{
	follow("peer-dev", "*", "payments-prod", "ph-watch-dev");
}
END_TEST

/* May list namespaces, and look into two of them only; makes what gives the rights, and takes it away. */
static void give_rights(const char *who, int give)
{
	const char *verb = give ? "create" : "delete";
	char of_whom[100] = "";

	if (give)
		snprintf(of_whom, sizeof(of_whom), "--verb=list,get --resource=namespaces");
	kubectl(NULL, 0, "%s clusterrole %s %s", verb, who, of_whom);
	if (give)
		snprintf(of_whom, sizeof(of_whom), "--clusterrole=%s --user=%s", who, who);
	kubectl(NULL, 0, "%s clusterrolebinding %s %s", verb, who, of_whom);
	if (give)
		snprintf(of_whom, sizeof(of_whom), "--clusterrole=pilothouse-view --user=%s", who);
	kubectl(NULL, 0, "-n search-perf %s rolebinding %s %s", verb, who, of_whom);
	kubectl(NULL, 0, "-n search-dev %s rolebinding %s %s", verb, who, of_whom);
}

START_TEST(each_permitted_namespace_is_watched)
{
	give_rights("ph-each", 0);
	give_rights("ph-each", 1);
	peer_become("ph-each");
	follow("peer-ph-each", "*", "search-perf", "ph-watch-each");
	follow("peer-ph-each", "*", "search-dev", "ph-watch-each");
	give_rights("ph-each", 0);
}
END_TEST

START_TEST(several_contexts_in_one_table)
{
	follow("*", "payments-perf", "payments-perf", "ph-watch-many");
}
END_TEST

/* Nothing changes, so nothing is published. */
START_TEST(a_quiet_watch_says_nothing)
{
	struct feed *feed = open_feed("serviceaccounts", "peer-admin", "search-perf");
	struct timespec two_seconds = { .tv_sec = 2 };
	unsigned version;

	nanosleep(&(struct timespec){ .tv_sec = 1 }, NULL); /* the list's last publication */
	version = feed_version(feed);
	nanosleep(&two_seconds, NULL); /* time itself is what is tested */
	ck_assert_uint_eq(feed_version(feed), version);
	estate_close(peer.estate, feed);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, changes_in_all_namespaces_arrive);
	tcase_add_test(tc, changes_of_one_namespace_arrive);
	tcase_add_test(tc, a_user_of_one_namespace_watches_it);
	tcase_add_test(tc, each_permitted_namespace_is_watched);
	tcase_add_test(tc, several_contexts_in_one_table);
	tcase_add_test(tc, a_quiet_watch_says_nothing);
}

PEER_MAIN("peers/kube_watch")
