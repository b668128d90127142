#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <wslay/wslay.h>

#include "base/digest.h"
#include "base/mem.h"
#include "sim/peer.h"

enum { SHA1_BYTES = 20 };

static ssize_t on_receive(
	wslay_event_context_ptr frames, uint8_t *bytes, size_t length, int flags, void *arg)
{
	long n = peer_read(arg, bytes, length);

	(void)flags;
	if (n > 0)
		return n;
	wslay_event_set_error(frames, WSLAY_ERR_CALLBACK_FAILURE);
	return -1;
}

static ssize_t on_send(
	wslay_event_context_ptr frames, const uint8_t *bytes, size_t length, int flags, void *arg)
{
	(void)flags;
	if (!peer_write(arg, bytes, length))
		return (ssize_t)length;
	wslay_event_set_error(frames, WSLAY_ERR_CALLBACK_FAILURE);
	return -1;
}

/* Echoes, after a ping that a proper client answers. */
static void on_message(wslay_event_context_ptr frames,
	const struct wslay_event_on_msg_recv_arg *received, void *arg)
{
	struct peer *peer = arg;
	struct wslay_event_msg ping = { .opcode = WSLAY_PING };
	struct wslay_event_msg copy = {
		.opcode = received->opcode, .msg = received->msg, .msg_length = received->msg_length
	};

	if (wslay_is_ctrl_frame(received->opcode))
		return;
	wslay_event_queue_msg(frames, &ping);
	if (!strcmp(peer->path, "/ws-close"))
		wslay_event_queue_close(frames, WSLAY_CODE_GOING_AWAY, NULL, 0);
	else
		wslay_event_queue_msg(frames, &copy);
	wslay_event_send(frames);
}

static void flood(struct peer *peer, wslay_event_context_ptr frames)
{
	size_t length = (size_t)peer_option(peer, "bytes", 0);
	uint8_t *bytes = mem_zero(1, length + 1);
	struct wslay_event_msg message = {
		.opcode = WSLAY_BINARY_FRAME, .msg = bytes, .msg_length = length
	};

	if (length) {
		wslay_event_queue_msg(frames, &message);
		wslay_event_send(frames);
	}
	free(bytes);
}

static void talk(struct peer *peer)
{
	struct wslay_event_callbacks callbacks = { .recv_callback = on_receive,
		.send_callback = on_send,
		.on_msg_recv_callback = on_message };
	wslay_event_context_ptr frames;

	if (wslay_event_context_server_init(&frames, &callbacks, peer))
		return;
	if (!strncmp(peer->path, "/ws-flood", 9))
		flood(peer, frames);
	while (wslay_event_want_read(frames) && !wslay_event_recv(frames))
		;
	if (wslay_event_want_write(frames))
		wslay_event_send(frames);
	wslay_event_context_free(frames);
}

static char *accept_of(const char *key)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	char *joined = mem_format("%s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key); /* RFC 6455 1.3 */

	EVP_Digest(joined, strlen(joined), digest, NULL, EVP_sha1(), NULL);
	free(joined);
	return base64_format(digest, SHA1_BYTES);
}

int peer_web_socket(struct peer *peer)
{
	char key[64] = "", offered[128] = "";

	peer_header(peer, "Sec-WebSocket-Key", key, sizeof(key));
	peer_header(peer, "Sec-WebSocket-Protocol", offered, sizeof(offered));
	offered[strcspn(offered, ",")] = 0;
	char *accept = accept_of(!strcmp(peer->path, "/ws-wrong-key") ? "another key" : key);
	const char *chosen = !strcmp(peer->path, "/ws-wrong-protocol") ? "not.offered" : offered;
	int failed = peer_print(peer,
		"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: "
		"Upgrade\r\nSec-WebSocket-Accept: %s\r\n%s%s%s\r\n",
		accept, *chosen ? "Sec-WebSocket-Protocol: " : "", chosen, *chosen ? "\r\n" : "");

	free(accept);
	if (!failed)
		talk(peer);
	return 0;
}
