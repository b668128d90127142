#include "check_main.h"
#include "host_tree.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <utmp.h>

#include "base/clock.h"
#include "provider/host/containers.h"
#include "provider/host/timers.h"

static struct machine machine;
static const struct config *const some_config = (const struct config *)&machine;

static void set_up(void)
{
	tree_make();
	open_tree(&machine);
}

static void tear_down(void)
{
	machine_close(&machine);
	json_free(setting_trees[0]);
	setting_trees[0] = NULL;
	tree_remove();
}

START_TEST(test_sessions_by_records)
{
	struct utmp records[3] = { { .ut_type = USER_PROCESS, .ut_pid = 50 }, { .ut_type = USER_PROCESS, .ut_pid = 51 },
		{ .ut_type = DEAD_PROCESS, .ut_pid = 50 } };

	memcpy(records[0].ut_line, "pts/0", 5);
	memcpy(records[0].ut_user, "an\033a", 4);
	memset(records[0].ut_host, 'h', sizeof(records[0].ut_host)); /* filled to the brim: no NUL */
	records[0].ut_tv.tv_sec = 1700000000;
	memcpy(records[1].ut_line, "pts/1", 5);
	memcpy(records[2].ut_line, "pts/2", 5);
	tree_process(50, "bash", 1, 1, 1);
	tree_put_n("/run/utmp", (const char *)records, sizeof(records) - 100, 0644); /* the last is cut */
	struct json *items = items_of(&machine, "sessions", NULL);

	ck_assert_uint_eq(json_count(items), 1); /* 51 runs no more */
	ck_assert_str_eq(json_text(json_get(json_item(items, 0), "terminal")), "pts/0");
	ck_assert_ptr_null(strchr(json_text(json_get(json_item(items, 0), "user")), '\033'));
	ck_assert_uint_eq(strlen(json_text(json_get(json_item(items, 0), "from"))), sizeof(records[0].ut_host));
	ck_assert_str_eq(json_text(json_get(json_item(items, 0), "program")), "bash");
	json_free(items);
}
END_TEST

START_TEST(test_sessions_by_leaders)
{
	tree_put("/proc/60/stat", "60 (login) S 1 60 60 34817 60 0 1 2 3 4 5 0 0 0 20 0 1 0 100 1 1 1\n");
	tree_put("/proc/61/stat", "61 (vi) S 60 61 60 34817 61 0 1 2 3 4 5 0 0 0 20 0 1 0 100 1 1 1\n");
	struct json *items = items_of(&machine, "sessions", NULL);

	ck_assert_uint_eq(json_count(items), 1);
	ck_assert_str_eq(json_text(json_get(json_item(items, 0), "name")), "pts/1");
	ck_assert_str_eq(json_text(json_get(json_item(items, 0), "source")), "processes");
	json_free(items);
}
END_TEST

START_TEST(test_cron)
{
	tree_put("/etc/crontab", "# m h dom\nSHELL=/bin/sh\n17 *\t* * *\troot    cd / && run-parts /etc/cron.hourly\nbroken line\n5 4 * * *\n");
	tree_put("/etc/cron.d/job", "@reboot www /bin/x --password=hunter2hunter2\n");
	tree_put("/etc/cron.d/job.dpkg-old", "@daily root never\n");
	tree_put("/var/spool/cron/crontabs/ana", "*/5 * * * * do it\n");
	struct json *items = items_of(&machine, "timers", NULL);
	const struct json *hourly = item_named(items, "/etc/crontab:3"), *own = item_named(items, "/var/spool/cron/crontabs/ana:1");

	ck_assert_uint_eq(json_count(items), 3);
	ck_assert_str_eq(json_text(json_get(hourly, "user")), "root");
	ck_assert_str_eq(json_text(json_get(hourly, "runs")), "cd / && run-parts /etc/cron.hourly");
	ck_assert_str_eq(json_text(json_get(own, "user")), "ana");
	ck_assert_str_eq(json_text(json_get(own, "schedule")), "*/5 * * * *");
	int64_t next;

	ck_assert_int_eq(clock_parse(json_text(json_get(own, "next")), &next), 0);
	ck_assert(next > clock_now_ns() - CLOCK_SECOND_NS && next <= clock_now_ns() + 300 * CLOCK_SECOND_NS);
	ck_assert_str_eq(json_text(json_get(item_named(items, "/etc/cron.d/job:1"), "next")), "at boot");
	ck_assert_ptr_null(strstr(json_text(json_get(item_named(items, "/etc/cron.d/job:1"), "runs")), "hunter2"));
	json_free(items);
}
END_TEST

START_TEST(test_systemd_timers)
{
	static const char text[] = "[{\"next\":1700000000000000,\"left\":5,\"last\":0,\"passed\":0,\"unit\":\"a.timer\",\"activates\":\"a.service\"},{\"unit\":7},3]";
	/* as systemd 252 prints them */
	static const char shown[] = "TimersCalendar={ OnCalendar=*-*-* 06,18:00:00 ; next_elapse=Mon 2026-11-30 06:00:00 UTC }\nId=b.timer\n\n"
				    "TimersMonotonic={ OnUnitActiveUSec=1d ; next_elapse=0 }\n"
				    "TimersMonotonic={ OnBootUSec=15min ; next_elapse=25min 29.211897s }\nId=a.timer\n";
	struct rows rows;

	rows_to_items(&rows, &machine, &timer_fields, NULL);
	timers_of_systemd(&rows, text, sizeof(text) - 1, shown, sizeof(shown) - 1);
	timers_of_systemd(&rows, "No timers", 9, "", 0);
	ck_assert_uint_eq(json_count(rows.items), 1);
	ck_assert_str_eq(json_text(json_get(json_item(rows.items, 0), "schedule")), "OnUnitActiveUSec=1d; OnBootUSec=15min");
	ck_assert_str_eq(json_text(json_get(json_item(rows.items, 0), "next")), "2023-11-14T22:13:20.000Z");
	ck_assert_str_eq(json_text(json_get(json_item(rows.items, 0), "last")), "");
	json_free(rows.items);
}
END_TEST

#define ID64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

START_TEST(test_container_names)
{
	static const struct {
		const char *path, *name, *runtime, *shown;
	} cases[] = {
		{ "system.slice", "docker-" ID64 ".scope", "docker", "0123456789ab" },
		{ "docker", ID64, "docker", "0123456789ab" },
		{ "kubepods/burstable/pod12345678-1234", ID64, "kubernetes", "0123456789ab" },
		{ "machine.slice", "libpod-" ID64 ".scope", "podman", "0123456789ab" },
		{ "kubepods.slice", "cri-containerd-" ID64 ".scope", "containerd", "0123456789ab" },
		{ "", "lxc.payload.web", "lxc", "web" },
		{ "machine.slice", "machine-db.scope", "machine", "db" },
		{ "system.slice", "nginx.service", NULL, NULL },
		{ "", ID64, NULL, NULL },
		{ "machine.slice", "libpod-conmon-" ID64 ".scope", NULL, NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char out[256] = "";
		const char *runtime = container_of_group(cases[i].path, cases[i].name, out, sizeof(out));

		ck_assert_pstr_eq(runtime, cases[i].runtime);
		if (runtime)
			ck_assert_str_eq(out, cases[i].shown);
	}
}
END_TEST

START_TEST(test_containers_v2)
{
	const char *folder = "/sys/fs/cgroup/kubepods.slice/kubepods-pod12345678_aa.slice/cri-containerd-" ID64 ".scope";
	char path[600];

	tree_put("/sys/fs/cgroup/cgroup.controllers", "cpu memory\n");
#define PUT(file, text) (snprintf(path, sizeof(path), "%s/%s", folder, file), tree_put(path, text))
	PUT("memory.current", "950\n");
	PUT("memory.max", "1000\n");
	PUT("memory.events", "low 0\nhigh 0\nmax 9\noom 2\noom_kill 2\n");
	PUT("cpu.stat", "usage_usec 123\nnr_throttled 4\n");
	PUT("pids.current", "3\n");
	struct json *items = items_of(&machine, "containers", NULL);
	const struct json *one = item_named(items, "0123456789ab");

	ck_assert_uint_eq(json_count(items), 1);
	ck_assert_int_eq(json_int(json_get(one, "oom_kills"), -1), 2);
	ck_assert_double_eq_tol(json_number(json_get(one, "use"), -1), 95, 0.01);
	ck_assert_int_eq(json_int(json_get(one, "processes"), -1), 3);
	ck_assert_str_eq(json_text(json_get(one, "pod")), "12345678_aa");
	ck_assert_double_eq_tol(json_number(json_get(one, "cpu"), -1), 0, 0.01); /* read twice: it did not grow */
	json_free(items);
	PUT("memory.max", "max\n");
	items = items_of(&machine, "containers", NULL);
	ck_assert(json_is(json_get(json_item(items, 0), "limit"), JSON_NULL)); /* no limit is not a limit of 0 */
	ck_assert(json_is(json_get(json_item(items, 0), "use"), JSON_NULL));
	json_free(items);
}
END_TEST

START_TEST(test_containers_v1)
{
	tree_put("/sys/fs/cgroup/memory/docker/" ID64 "/memory.usage_in_bytes", "500\n");
	tree_put("/sys/fs/cgroup/memory/docker/" ID64 "/memory.limit_in_bytes", "9223372036854771712\n");
	tree_put("/sys/fs/cgroup/pids/docker/" ID64 "/pids.current", "2\n");
	struct json *items = items_of(&machine, "containers", NULL);

	ck_assert_uint_eq(json_count(items), 1);
	ck_assert_int_eq(json_int(json_get(json_item(items, 0), "memory"), -1), 500);
	ck_assert_int_eq(json_int(json_get(json_item(items, 0), "processes"), -1), 2);
	ck_assert(json_is(json_get(json_item(items, 0), "limit"), JSON_NULL));
	json_free(items);
}
END_TEST

/* --- certificates --- */
static EVP_PKEY *key;

static X509 *make_certificate(long from_seconds, long to_seconds, const char *name)
{
	X509 *certificate = X509_new();
	char names[200];

	if (!key)
		key = EVP_EC_gen("P-256");
	X509_set_version(certificate, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
	X509_gmtime_adj(X509_getm_notBefore(certificate), from_seconds);
	X509_gmtime_adj(X509_getm_notAfter(certificate), to_seconds);
	X509_set_pubkey(certificate, key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
	snprintf(names, sizeof(names), "DNS:%s", name);
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names);

	X509_add_ext(certificate, extension, -1);
	X509_EXTENSION_free(extension);
	X509_sign(certificate, key, EVP_sha256());
	return certificate;
}

static void save(const char *path, X509 *certificate)
{
	char full[600];

	tree_put(path, "");
	snprintf(full, sizeof(full), "%s%s", tree, path);
	FILE *file = fopen(full, "ae");

	PEM_write_X509(file, certificate);
	PEM_write_X509(file, certificate);
	fclose(file);
}

static void set_list(const char *setting, const char *value)
{
	json_free(setting_trees[0]);
	setting_keys[0] = setting;
	setting_trees[0] = json_add(json_array(), json_string(value));
	machine.config = some_config;
}

START_TEST(test_certificate_files)
{
	X509 *old = make_certificate(-1000, -90000, "old.example"), *new = make_certificate(-1000, 86400 * 10 + 60, "new.example");
	char folder[200], name[300];

	save("/certs/a.pem", old);
	save("/certs/b.pem", new);
	tree_put("/certs/key.pem", "-----BEGIN CERTIFICATE-----\nbroken\n-----END CERTIFICATE-----\n");
	snprintf(folder, sizeof(folder), "%s/certs", tree);
	set_list("host.certificates", folder);
	struct json *items = items_of(&machine, "certificates", NULL);

	ck_assert_uint_eq(json_count(items), 4);
	snprintf(name, sizeof(name), "%s/a.pem", folder);
	ck_assert_str_eq(json_text(json_get(item_named(items, name), "state")), "expired");
	ck_assert_int_eq(json_int(json_get(item_named(items, name), "days"), 0), -2);
	snprintf(name, sizeof(name), "%s/b.pem#1", folder);
	ck_assert_str_eq(json_text(json_get(item_named(items, name), "state")), "valid");
	ck_assert_int_eq(json_int(json_get(item_named(items, name), "days"), 0), 10);
	ck_assert_str_eq(json_text(json_get(item_named(items, name), "names")), "new.example");
	json_free(items);
	X509_free(old);
	X509_free(new);
}
END_TEST

struct server {
	int fd;
	X509 *certificate; /* NULL: it closes without a word of TLS */
};

static void *serve(void *arg)
{
	struct server *server = arg;
	sigset_t broken_pipe;

	sigemptyset(&broken_pipe);
	sigaddset(&broken_pipe, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &broken_pipe, NULL); /* of this side; the other has to look after itself */
	int fd = accept(server->fd, NULL, NULL);

	if (server->certificate && fd >= 0) {
		SSL_CTX *context = SSL_CTX_new(TLS_server_method());
		SSL *tls;

		SSL_CTX_use_certificate(context, server->certificate);
		SSL_CTX_use_PrivateKey(context, key);
		tls = SSL_new(context);
		SSL_set_fd(tls, fd);
		SSL_accept(tls);
		SSL_free(tls);
		SSL_CTX_free(context);
	}
	close(fd);
	return NULL;
}

static struct json *ask_server(X509 *certificate)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	struct server server = { .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), .certificate = certificate };
	char endpoint[64];
	pthread_t thread;

	ck_assert_int_eq(bind(server.fd, (struct sockaddr *)&address, size), 0);
	ck_assert_int_eq(listen(server.fd, 1), 0);
	getsockname(server.fd, (struct sockaddr *)&address, &size);
	snprintf(endpoint, sizeof(endpoint), "localhost:%u", (unsigned)ntohs(address.sin_port));
	set_list("host.tls", endpoint);
	pthread_create(&thread, NULL, serve, &server);
	struct json *items = items_of(&machine, "certificates", NULL);

	pthread_join(thread, NULL);
	close(server.fd);
	return items;
}

START_TEST(test_tls_endpoints)
{
	X509 *good = make_certificate(-1000, 86400 * 5, "localhost"), *other = make_certificate(-1000, 86400 * 5, "other.example"),
	     *old = make_certificate(-9000, -1000, "localhost");
	struct json *items = ask_server(good);

	ck_assert_uint_eq(json_count(items), 1);
	ck_assert_str_eq(json_text(json_get(json_item(items, 0), "state")), "untrusted"); /* it signed itself */
	ck_assert_str_eq(json_text(json_get(json_item(items, 0), "match")), "yes");
	ck_assert_str_ne(json_text(json_get(json_item(items, 0), "chain")), "ok");
	json_free(items);
	items = ask_server(other);
	ck_assert_str_eq(json_text(json_get(json_item(items, 0), "state")), "wrong name");
	json_free(items);
	items = ask_server(old);
	ck_assert_str_eq(json_text(json_get(json_item(items, 0), "state")), "expired");
	json_free(items);
	items = ask_server(NULL);
	ck_assert_str_eq(json_text(json_get(json_item(items, 0), "state")), "unreachable");
	ck_assert(json_is(json_get(json_item(items, 0), "days"), JSON_NULL));
	json_free(items);
	X509_free(good);
	X509_free(other);
	X509_free(old);
}
END_TEST

START_TEST(test_tls_bad_settings)
{
	static const char *const bad[] = { "", ":443", "host:abc", "[::1", "host:" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		set_list("host.tls", bad[i]);
		struct json *items = items_of(&machine, "certificates", NULL);

		ck_assert_uint_eq(json_count(items), 0);
		json_free(items);
	}
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, test_sessions_by_records);
	tcase_add_test(tc, test_sessions_by_leaders);
	tcase_add_test(tc, test_cron);
	tcase_add_test(tc, test_systemd_timers);
	tcase_add_test(tc, test_container_names);
	tcase_add_test(tc, test_containers_v2);
	tcase_add_test(tc, test_containers_v1);
	tcase_add_test(tc, test_certificate_files);
	tcase_add_test(tc, test_tls_endpoints);
	tcase_add_test(tc, test_tls_bad_settings);
}
TEST_MAIN("provider/host sessions, timers, containers, certificates")
