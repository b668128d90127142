#include <ctype.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "net/transfer.h"

enum { FIRST_MS = 200, MOST_MS = 10000, RETRY_AFTER_MOST_MS = 30000, DOUBLINGS_MAX = 6 };

/* Answers that say "later", not "no": RFC 9110 15.6.3-15.6.5, RFC 6585 4. */
static int passing_status(int status)
{
	return status == 429 || status == 502 || status == 503 || status == 504;
}

/* A write is never repeated here, even where its method is idempotent: whoever sent it must first
 * look at what became of it. */
int retry_wanted(const struct transfer *transfer, int failed)
{
	if (transfer->tries > transfer->request.retries || transfer->delivered)
		return 0;
	if (!transfer_is_read(&transfer->request))
		return 0;
	return failed ? transfer->err.code == ERR_UNREACHABLE
		      : passing_status(transfer->response.status);
}

static uint32_t any(uint32_t below)
{
	uint32_t number = 0;

	RAND_bytes((unsigned char *)&number, sizeof(number));
	return below ? number % below : 0;
}

/* Full jitter: between nothing and a doubling bound, so that many clients do not come back at once.
 * What the server asked for comes on top. */
int64_t retry_delay_ms(int tries, int asked_ms)
{
	int doublings = tries - 1 < DOUBLINGS_MAX ? tries - 1 : DOUBLINGS_MAX;
	int64_t bound = (int64_t)FIRST_MS << doublings;

	if (asked_ms > RETRY_AFTER_MOST_MS)
		return -1;
	if (asked_ms > 0)
		return asked_ms + any(FIRST_MS);
	return any((uint32_t)(bound < MOST_MS ? bound : MOST_MS));
}

/* RFC 9110 10.2.3 */
int retry_after_ms(const char *value, int64_t now_ns)
{
	enum { DAY_S = 86400 };
	char *end;

	if (isdigit((unsigned char)*value)) {
		long seconds = strtol(value, &end, 10);

		if (!*end)
			return (int)(seconds < DAY_S ? seconds : DAY_S) * 1000;
	}
	time_t at = curl_getdate(value, NULL);

	if (at == -1)
		return -1;
	int64_t wait = (int64_t)at - now_ns / CLOCK_SECOND_NS;

	if (wait < 0)
		return 0;
	return (int)(wait < DAY_S ? wait : DAY_S) * 1000;
}
