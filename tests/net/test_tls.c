#include <stdio.h>

#include "base/secret.h"
#include "served.h"
#include "sim/certificate.h"

static struct certificate ca, server, alice, bob;

static void make(struct certificate *certificate, const char *name,
	const struct certificate *issuer, int from_s, int until_s)
{
	struct certificate_wish wish = {
		.name = name, .issuer = issuer, .from_s = from_s, .until_s = until_s
	};

	ck_assert_int_eq(certificate_make(certificate, &wish, &err), 0);
}

static void start(const char *client_ca)
{
	struct faults_options options = { .tls = &server, .client_ca_pem = client_ca };

	serve_with(&options);
}

static void stop(void)
{
	unserve();
	certificate_release(&ca);
	certificate_release(&server);
	certificate_release(&alice);
	certificate_release(&bob);
}

static void make_server(const char *name)
{
	make(&ca, "test-ca", NULL, 0, 0);
	make(&server, name, &ca, 0, 0);
}

START_TEST(trusts_the_ca_it_is_given)
{
	make_server("127.0.0.1");
	start(NULL);
	struct net_tls tls = { .ca_pem = ca.cert_pem };

	ck_fetched("/ok", .tls = &tls);
	ck_assert_str_eq(response.body, "fine");
	ck_fails(ERR_UNREACHABLE, "/ok",
		0); /* the system's CAs do not know it; no connection is borrowed */
	ck_assert_ptr_nonnull(strstr(err.text, "CA not trusted"));
	struct net_tls insecure = { .insecure = 1 };
	ck_fetched("/ok", .tls = &insecure);
	stop();
}
END_TEST

START_TEST(another_ca_is_not_enough)
{
	struct certificate other;

	make_server("127.0.0.1");
	make(&other, "other-ca", NULL, 0, 0);
	start(NULL);
	struct net_tls right = { .ca_pem = ca.cert_pem }, wrong = { .ca_pem = other.cert_pem },
		       broken = { .ca_pem = "no PEM" };

	ck_fetched("/ok", .tls = &right);
	ck_fails(ERR_UNREACHABLE, "/ok", .tls = &wrong);
	ck_fails(ERR_UNREACHABLE, "/ok", .tls = &broken);
	certificate_release(&other);
	stop();
}
END_TEST

START_TEST(an_expired_certificate_is_named_so)
{
	make(&ca, "test-ca", NULL, 0, 0);
	make(&server, "127.0.0.1", &ca, -7200, -3600);
	start(NULL);
	struct net_tls tls = { .ca_pem = ca.cert_pem };

	ck_fails(ERR_UNREACHABLE, "/ok", .tls = &tls);
	ck_assert_ptr_nonnull(strstr(err.text, "has expired"));
	stop();
}
END_TEST

START_TEST(another_name_is_refused_unless_asked_for)
{
	make_server("api.test");
	start(NULL);
	struct net_tls plain = { .ca_pem = ca.cert_pem },
		       named = { .ca_pem = ca.cert_pem, .server_name = "api.test" };
	char host[64];

	ck_fails(ERR_UNREACHABLE, "/echo", .tls = &plain);
	ck_fetched("/echo", .tls = &named);
	snprintf(host, sizeof(host), "\r\nHost: 127.0.0.1:%d\r\n", faults_port(faults));
	ck_assert_ptr_nonnull(strstr(response.body, host));
	ck_fails(ERR_UNREACHABLE, "/echo", .tls = &plain);
	stop();
}
END_TEST

static void ck_is_known_as(const struct net_tls *tls, const char *name)
{
	char line[64];

	ck_fetched("/echo", .tls = tls);
	snprintf(line, sizeof(line), "\nclient %s\n", name);
	ck_assert_msg(strstr(response.body, line) != NULL, "%.80s", response.body);
}

START_TEST(two_identities_never_share_a_connection)
{
	make_server("127.0.0.1");
	make(&alice, "alice", &ca, 0, 0);
	make(&bob, "bob", &ca, 0, 0);
	start(ca.cert_pem);
	struct secret *alice_key = secret_new(alice.key_pem, strlen(alice.key_pem));
	struct secret *bob_key = secret_new(bob.key_pem, strlen(bob.key_pem));
	struct net_tls as_alice = {
		.ca_pem = ca.cert_pem, .cert_pem = alice.cert_pem, .key_pem = alice_key
	};
	struct net_tls as_bob = {
		.ca_pem = ca.cert_pem, .cert_pem = bob.cert_pem, .key_pem = bob_key
	};
	struct net_tls as_nobody = { .ca_pem = ca.cert_pem };

	for (int i = 0; i < 5; i++) {
		ck_is_known_as(&as_alice, "alice");
		ck_is_known_as(&as_bob, "bob");
	}
	ck_assert_uint_eq(faults_connections(faults), 2);
	ck_fails(ERR_UNREACHABLE, "/echo", .tls = &as_nobody);
	struct net_tls mismatched = {
		.ca_pem = ca.cert_pem, .cert_pem = alice.cert_pem, .key_pem = bob_key
	};
	net_free(net);
	net = net_new(&err);
	ck_fails(ERR_UNREACHABLE, "/echo", .tls = &mismatched);
	secret_free(alice_key);
	secret_free(bob_key);
	stop();
}
END_TEST

START_TEST(plain_http_where_tls_is_spoken)
{
	make_server("127.0.0.1");
	start(NULL);
	char url[64];
	struct net_request request = { .url = url, .proxy = "" };

	snprintf(url, sizeof(url), "http://127.0.0.1:%d/ok", faults_port(faults));
	ck_assert_int_eq(net_fetch(net, &request, &response, &err), -1);
	stop();
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, trusts_the_ca_it_is_given);
	tcase_add_test(tc, another_ca_is_not_enough);
	tcase_add_test(tc, an_expired_certificate_is_named_so);
	tcase_add_test(tc, another_name_is_refused_unless_asked_for);
	tcase_add_test(tc, two_identities_never_share_a_connection);
	tcase_add_test(tc, plain_http_where_tls_is_spoken);
}
TEST_MAIN("net/tls")
