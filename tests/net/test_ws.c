#include <stdio.h>

#include "base/clock.h"
#include "base/secret.h"
#include "served.h"
#include "sim/certificate.h"

static struct net_response refusal;
static const char *bytes;
static size_t length;
static int closed;

static struct net_ws *open_ws(const char *path, const struct net_tls *tls)
{
	char url[200];
	struct secret *secret = secret_new("t0ken", 5);
	struct net_header header = {
		.name = "Authorization", .value = "Bearer ", .secret = secret
	};
	struct net_request request = {
		.url = url, .tls = tls, .headers = &header, .header_count = 1, .proxy = ""
	};

	snprintf(url, sizeof(url), "%s%s", faults_url(faults), path);
	error_clear(&err);
	net_response_release(&refusal);
	refusal = (struct net_response){ 0 };
	struct net_ws *ws = net_ws_open(
		net, &request, "v5.channel.k8s.io, v4.channel.k8s.io", &refusal, &err);

	secret_free(secret);
	return ws;
}

static void ck_echoes(struct net_ws *ws, const char *message, size_t size)
{
	ck_assert_msg(!net_ws_send(ws, 1, message, size, &err), "%s", err.text);
	ck_assert_msg(
		net_ws_receive(ws, 10000, &bytes, &length, &closed, &err) == 1, "%s", err.text);
	ck_assert_uint_eq(length, size);
	ck_assert(!memcmp(bytes, message, size));
}

START_TEST(what_is_sent_comes_back)
{
	struct net_ws *ws = open_ws("/ws", NULL);
	char *large = mem_zero(1, 3 << 20);

	ck_assert_msg(ws != NULL, "%s", err.text);
	ck_assert_int_eq(refusal.status, 0);
	ck_assert_str_eq(net_ws_protocol(ws), "v5.channel.k8s.io");
	ck_assert_int_ge(net_ws_fd(ws), 0);
	ck_echoes(ws, "a\0b", 3);
	ck_echoes(ws, "", 0);
	memset(large, 'L', 3 << 20);
	ck_echoes(ws, large, 3 << 20);
	free(large);
	net_ws_close(ws);
}
END_TEST

START_TEST(silence_is_not_the_end)
{
	struct net_ws *ws = open_ws("/ws", NULL);

	ck_assert_ptr_nonnull(ws);
	ck_assert_int_eq(net_ws_receive(ws, 20, &bytes, &length, &closed, &err), 0);
	ck_assert_int_eq(closed, 0);
	ck_assert_ptr_null(bytes);
	ck_echoes(ws, "still there", 11);
	net_ws_close(ws);
}
END_TEST

START_TEST(several_messages_in_one_piece)
{
	struct net_ws *ws = open_ws("/ws", NULL);

	ck_assert_ptr_nonnull(ws);
	for (int i = 0; i < 50; i++)
		ck_assert_int_eq(net_ws_send(ws, 0, &"0123456789"[i % 10], 1, &err), 0);
	for (int i = 0; i < 50; i++) {
		ck_assert_int_eq(net_ws_receive(ws, 10000, &bytes, &length, &closed, &err), 1);
		ck_assert_int_eq(bytes[0], '0' + i % 10);
	}
	net_ws_close(ws);
}
END_TEST

START_TEST(the_peer_closes)
{
	struct net_ws *ws = open_ws("/ws-close", NULL);

	ck_assert_ptr_nonnull(ws);
	ck_assert_int_eq(net_ws_send(ws, 0, "bye", 3, &err), 0);
	ck_assert_int_eq(net_ws_receive(ws, 10000, &bytes, &length, &closed, &err), 0);
	ck_assert_int_eq(closed, 1);
	ck_assert_int_eq(net_ws_send(ws, 0, "more", 4, &err), -1);
	net_ws_close(ws);
}
END_TEST

START_TEST(a_message_too_large_is_refused)
{
	struct net_ws *ws = open_ws("/ws-flood?bytes=17000000", NULL);

	ck_assert_ptr_nonnull(ws);
	ck_assert_int_eq(net_ws_receive(ws, 10000, &bytes, &length, &closed, &err), -1);
	ck_assert_msg(err.code == ERR_LIMIT, "%s", err.text);
	net_ws_close(ws);
}
END_TEST

START_TEST(a_wrong_handshake_is_refused)
{
	ck_assert_ptr_null(open_ws("/ws-wrong-key", NULL));
	ck_assert_int_eq(err.code, ERR_FORMAT);
	ck_assert_ptr_nonnull(strstr(err.text, "our WebSocket key"));
	ck_assert_ptr_null(open_ws("/ws-wrong-protocol", NULL));
	ck_assert_int_eq(err.code, ERR_FORMAT);
	ck_assert_ptr_null(open_ws("/status/403", NULL));
	ck_assert_int_eq(refusal.status, 403);
	ck_assert_uint_gt(refusal.body_length, 0); /* it says why */
	ck_assert_uint_eq(strlen(refusal.body), refusal.body_length);
	ck_assert_ptr_null(open_ws("/close", NULL));
	ck_assert_int_eq(err.code, ERR_UNREACHABLE);
	ck_assert_ptr_null(open_ws("/garbage", NULL));
	ck_assert_int_eq(err.code, ERR_FORMAT);
}
END_TEST

START_TEST(the_end_of_the_server_is_told)
{
	struct net_ws *ws = open_ws("/ws", NULL);

	ck_assert_ptr_nonnull(ws);
	faults_free(faults);
	faults = NULL;
	ck_assert_int_eq(net_ws_receive(ws, 10000, &bytes, &length, &closed, &err), -1);
	ck_assert_int_eq(err.code, ERR_UNREACHABLE);
	net_ws_close(ws);
}
END_TEST

START_TEST(cancels)
{
	atomic_int cancelled = 1;
	char url[200];
	struct net_request request = { .url = url, .proxy = "", .cancelled = &cancelled };

	snprintf(url, sizeof(url), "%s/ws", faults_url(faults));
	ck_assert_ptr_null(net_ws_open(net, &request, NULL, NULL, &err));
	ck_assert_int_eq(err.code, ERR_CANCELLED);
}
END_TEST

START_TEST(read_only_mode_opens_none)
{
	net_set_read_only(net, 1);
	ck_assert_ptr_null(open_ws("/ws", NULL));
	ck_assert_int_eq(err.code, ERR_DENIED);
	ck_assert_uint_eq(faults_connections(faults), 0);
}
END_TEST

START_TEST(over_tls_too)
{
	struct certificate ca, server;
	struct certificate_wish ca_wish = { .name = "test-ca" },
				wish = { .name = "127.0.0.1", .issuer = &ca };

	unserve();
	ck_assert_int_eq(certificate_make(&ca, &ca_wish, &err), 0);
	ck_assert_int_eq(certificate_make(&server, &wish, &err), 0);
	struct faults_options options = { .tls = &server };
	serve_with(&options);
	struct net_tls tls = { .ca_pem = ca.cert_pem };
	struct net_ws *ws = open_ws("/ws", &tls);

	ck_assert_msg(ws != NULL, "%s", err.text);
	char *large = mem_zero(1, 300000);
	ck_echoes(ws, large, 300000);
	free(large);
	net_ws_close(ws);
	ck_assert_ptr_null(open_ws("/ws", NULL));
	certificate_release(&ca);
	certificate_release(&server);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_checked_fixture(tc, serve, unserve);
	tcase_add_test(tc, what_is_sent_comes_back);
	tcase_add_test(tc, silence_is_not_the_end);
	tcase_add_test(tc, several_messages_in_one_piece);
	tcase_add_test(tc, the_peer_closes);
	tcase_add_test(tc, a_message_too_large_is_refused);
	tcase_add_test(tc, a_wrong_handshake_is_refused);
	tcase_add_test(tc, the_end_of_the_server_is_told);
	tcase_add_test(tc, cancels);
	tcase_add_test(tc, read_only_mode_opens_none);
	tcase_add_test(tc, over_tls_too);
}
TEST_MAIN("net/ws")
