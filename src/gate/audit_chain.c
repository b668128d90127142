/* What each kind of tampering leaves behind, and the name it gets:
 *   edit        an entry's bytes do not give its hash
 *   rehash      they do, but the next one names another; or the whole chain no longer gives a signed root
 *   truncation  a checkpoint in the file is about more entries than there are
 *   rollback    the whole file is older than an anchor
 *   reseal      checkpoints were made anew: they differ from the anchors, or are not signed by their key
 *   clock       wall and running clock parted           format   what cannot be read
 * and of a chain that is broken (audit_judge.c): delete insert swap duplicate splice. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "gate/audit_judge.h"
#include "gate/audit_mark.h"
#include "gate/audit_scan.h"
#include "gate/audit_verify.h"

enum { CLOCK_TOLERANCE_S = 60, PROBLEMS_MAX = 1000 };

struct moment {             /* when an entry says it was written */
	int64_t at_ns, up_ms;
	uint64_t boot, seq;
};

struct entry {
	struct audit_link link;
	struct moment moment;
	uint8_t prev[SHA256_BYTES];
	int readable;
};

struct verify {
	enum verify_what what;
	int must_reach, started, broken, begins_here; /* begins_here: the first line has a checkpoint, or says that there was none */
	size_t strange; /* lines that are no entries */
	struct marks marks;
	struct audit_link *links; /* every entry, in short */
	size_t count;
	uint64_t from, expected_seq;
	uint8_t expected[SHA256_BYTES];
	struct moment last;
	struct merkle merkle;
	uint64_t last_good, bad_anchor, bad_mark; /* sizes: last that agreed; first that did not */
	int agreed_after;         /* a checkpoint in the file agrees where an anchor does not */
	struct json *problems;
};

struct verify *verify_new(enum verify_what what)
{
	struct verify *verify = mem_zero(1, sizeof(*verify));

	verify->what = what;
	verify->problems = json_array();
	verify->from = verify->expected_seq = 1;
	return verify;
}

void verify_must_reach(struct verify *verify)
{
	verify->must_reach = 1;
}

void verify_free(struct verify *verify)
{
	if (!verify)
		return;
	marks_release(&verify->marks);
	free(verify->links);
	json_free(verify->problems);
	free(verify);
}

static void problem(void *arg, uint64_t entry, const char *kind, const char *detail)
{
	struct verify *verify = arg;

	if (json_count(verify->problems) >= PROBLEMS_MAX)
		return;
	struct json *row = json_object();
	json_set_int(row, "entry", (int64_t)entry);
	json_set_text(row, "kind", kind);
	json_set_text(row, "detail", detail);
	json_add(verify->problems, row);
}

void verify_checkpoint(struct verify *verify, const struct json *checkpoint, int anchored)
{
	if (!verify->started)
		marks_add(&verify->marks, checkpoint, anchored);
}

/* --- reading an entry --- */

static uint64_t beginning(const uint8_t hash[SHA256_BYTES])
{
	uint64_t begin;

	memcpy(&begin, hash, sizeof(begin));
	return begin;
}

/* FNV-1a, to tell logs and boots apart; who forges one still has the chain against him. */
static uint64_t short_of(const char *text, size_t length)
{
	uint64_t sum = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < length; i++)
		sum = (sum ^ (uint8_t)text[i]) * UINT64_C(1099511628211);
	return sum | 1;
}

static int nibble(char c)
{
	static const signed char digit[256] = { ['0'] = 1, ['1'] = 2, ['2'] = 3, ['3'] = 4, ['4'] = 5, ['5'] = 6, ['6'] = 7, ['7'] = 8, ['8'] = 9,
		['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16 };

	return digit[(unsigned char)c] - 1;
}

/* 64 digits in lower case, the one form entries have. */
static int read_hash(const char *hex, uint8_t out[SHA256_BYTES])
{
	for (size_t i = 0; i < SHA256_BYTES; i++) {
		int byte = nibble(hex[2 * i]) * 16 | nibble(hex[2 * i + 1]);

		if (byte < 0)
			return -1;
		out[i] = (uint8_t)byte;
	}
	return 0;
}

static int read_number(const char *body, const struct audit_span *span, uint64_t *out)
{
	uint64_t number = 0;

	if (span->end == span->value || span->end - span->value > 18)
		return -1;
	for (size_t i = span->value; i < span->end; i++) {
		if (body[i] < '0' || body[i] > '9')
			return -1;
		number = number * 10 + (uint64_t)(body[i] - '0');
	}
	*out = number;
	return 0;
}

static int digits(const char *text, int count)
{
	int number = 0;

	for (int i = 0; i < count; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		number = number * 10 + text[i] - '0';
	}
	return number;
}

/* Days since 1970 of a date of the Gregorian calendar (Hinnant, "chrono-compatible low-level date algorithms"). */
static int64_t days_of(int64_t year, int month, int day)
{
	year -= month <= 2;
	int64_t era = (year >= 0 ? year : year - 399) / 400;
	int64_t of_era = year - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* "2026-11-21T09:40:45.123Z", the one form entries have; clock_parse takes many, and costs more than the rest of an entry. */
static int read_time(const char *text, size_t length, int64_t *at_ns)
{
	static const char shape[] = "0000-00-00T00:00:00.000Z";

	if (length != sizeof(shape) - 1)
		return -1;
	for (size_t i = 0; i < length; i++)
		if (shape[i] != '0' && text[i] != shape[i])
			return -1;
	int year = digits(text, 4), month = digits(text + 5, 2), day = digits(text + 8, 2), hour = digits(text + 11, 2), minute = digits(text + 14, 2),
	    second = digits(text + 17, 2), milli = digits(text + 20, 3);
	if (year < 0 || month < 1 || month > 12 || day < 1 || day > 31 || hour < 0 || minute < 0 || second < 0 || milli < 0)
		return -1;
	int64_t seconds = days_of(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
	*at_ns = seconds * CLOCK_SECOND_NS + milli * INT64_C(1000000);
	return 0;
}

static int read_members(struct entry *entry, const char *body, const struct audit_scan *scan)
{
	size_t boot_length = 0, prev_length = 2 * SHA256_BYTES, time_length = 0, log_length = 0;
	uint64_t up_ms;
	const char *boot = audit_scan_text(body, scan, AUDIT_BOOT, &boot_length), *prev = audit_scan_text(body, scan, AUDIT_PREV, &prev_length);
	const char *time = audit_scan_text(body, scan, AUDIT_TIME, &time_length), *log = audit_scan_text(body, scan, AUDIT_LOG, &log_length);

	if (!boot || !prev || !time || read_hash(prev, entry->prev) || read_time(time, time_length, &entry->moment.at_ns))
		return -1;
	if (read_number(body, &scan->span[AUDIT_SEQ], &entry->link.seq) || !entry->link.seq || read_number(body, &scan->span[AUDIT_UP], &up_ms))
		return -1;
	entry->moment.up_ms = (int64_t)up_ms;
	entry->moment.boot = short_of(boot, boot_length);
	entry->moment.seq = entry->link.seq;
	entry->link.log = log ? short_of(log, log_length) : 0;
	return 0;
}

static void read_entry(struct entry *entry, const char *body, size_t length, const uint8_t given[SHA256_BYTES], int *edited)
{
	uint8_t hash[SHA256_BYTES];
	struct audit_scan scan;

	memset(entry, 0, sizeof(*entry));
	sha256(body, length, hash);
	*edited = memcmp(hash, given, SHA256_BYTES) != 0;
	entry->readable = !audit_scan(body, length, &scan) && !read_members(entry, body, &scan);
	entry->link.given = beginning(given);
	entry->link.prev = beginning(entry->prev);
	entry->link.trusted = entry->readable && !*edited;
}

/* --- checkpoints --- */

static void tell_unsigned(struct verify *verify, const struct mark *mark)
{
	char detail[200];

	snprintf(detail, sizeof(detail), "the %s over %llu entries is not signed by its key", mark->anchored ? "anchor" : "checkpoint",
		(unsigned long long)mark->size);
	problem(verify, mark->size, mark->anchored ? "format" : "reseal", detail);
}

static void meet(struct verify *verify, struct mark *mark, const char *root, const char *last)
{
	mark->met = 1;
	/* A part does not know the tree before it: there the checkpoint's last entry has to be this one. */
	mark->agrees = verify->from == 1 ? !strcmp(mark->root, root) : !strcmp(mark->last, last);
	if (!mark->good) {
		tell_unsigned(verify, mark);
	} else if (mark->agrees) {
		verify->last_good = verify->bad_anchor || verify->bad_mark ? verify->last_good : mark->size;
		verify->agreed_after |= !mark->anchored && verify->bad_anchor;
	} else if (mark->anchored) {
		verify->bad_anchor = verify->bad_anchor ? verify->bad_anchor : mark->size;
	} else {
		verify->bad_mark = verify->bad_mark ? verify->bad_mark : mark->size;
	}
}

static void meet_marks(struct verify *verify, uint64_t size, const uint8_t given[SHA256_BYTES])
{
	uint8_t root[SHA256_BYTES];
	char root_hex[SHA256_HEX_MAX] = "", last_hex[SHA256_HEX_MAX];
	struct mark *mark;

	while ((mark = marks_of_size(&verify->marks, size))) {
		if (!*root_hex) {
			merkle_root(&verify->merkle, root);
			hex_format(root, SHA256_BYTES, root_hex);
			hex_format(given, SHA256_BYTES, last_hex);
		}
		meet(verify, mark, root_hex, last_hex);
	}
}

/* --- the chain --- */

static void check_clock(struct verify *verify, const struct moment *moment)
{
	const struct moment *last = &verify->last;
	int64_t wall_s = (moment->at_ns - last->at_ns) / CLOCK_SECOND_NS, ran_s = (moment->up_ms - last->up_ms) / 1000;
	int64_t off_s = last->boot == moment->boot ? wall_s - ran_s : wall_s < 0 ? wall_s : 0;
	char detail[160];

	if (last->seq && moment->seq == last->seq + 1 && (off_s > CLOCK_TOLERANCE_S || off_s < -CLOCK_TOLERANCE_S)) {
		snprintf(detail, sizeof(detail), "the wall clock jumped by %+lld s against the running clock", (long long)off_s);
		problem(verify, moment->seq, "clock", detail);
	}
	verify->last = *moment;
}

static void keep(struct verify *verify, const struct audit_link *link)
{
	verify->links = mem_grow(verify->links, verify->count + 1, sizeof(*verify->links));
	verify->links[verify->count++] = *link;
}

static void start(struct verify *verify, const struct entry *entry, const uint8_t given[SHA256_BYTES])
{
	char first[SHA256_HEX_MAX];

	verify->started = 1;
	if (verify->what == VERIFY_PART && entry->link.trusted && entry->link.seq > 1) {
		verify->from = verify->expected_seq = entry->link.seq;
		memcpy(verify->expected, entry->prev, SHA256_BYTES);
		marks_choose(&verify->marks, 0, NULL);
		return;
	}
	hex_format(given, SHA256_BYTES, first);
	marks_choose(&verify->marks, verify->what == VERIFY_OWN, first);
}

static int fits(const struct verify *verify, const struct entry *entry)
{
	return entry->readable && entry->link.seq == verify->expected_seq && !memcmp(entry->prev, verify->expected, SHA256_BYTES);
}

/* What was edited still stands where the one before and the one after say, unless it says itself that others are missing before it. */
static void place(struct verify *verify, struct entry *entry)
{
	if (entry->readable && entry->link.seq > verify->expected_seq)
		return;
	entry->link.seq = verify->expected_seq;
	memcpy(entry->prev, verify->expected, SHA256_BYTES);
	entry->link.prev = beginning(entry->prev);
	entry->readable = 1;
}

void verify_entry(struct verify *verify, const char *body, size_t length, const uint8_t hash[32])
{
	struct entry entry;
	int edited;

	read_entry(&entry, body, length, hash, &edited);
	if (!verify->started)
		start(verify, &entry, hash);
	if (entry.link.trusted) {
		check_clock(verify, &entry.moment);
	} else {
		entry.link.kind = edited ? "edit" : "format";
		place(verify, &entry);
	}
	verify->broken |= !fits(verify, &entry);
	keep(verify, &entry.link);
	memcpy(verify->expected, hash, SHA256_BYTES);
	verify->expected_seq = entry.link.seq + 1;
	if (verify->broken)
		return; /* roots from here on say nothing more */
	merkle_add(&verify->merkle, hash);
	meet_marks(verify, entry.link.seq, hash);
}

void verify_broken(struct verify *verify, const char *detail)
{
	problem(verify, verify->started ? verify->expected_seq : 1, "format", detail);
}

/* --- after the last --- */

/* A stretch that begins later than the log was cut out on purpose, by an export or a new day, and its first line has the mark of that. */
static void judge_head(struct verify *verify)
{
	char detail[160];

	if (verify->from == 1 || verify->begins_here)
		return;
	snprintf(detail, sizeof(detail), "1 to %llu are missing: the file does not begin as an export or a day does", (unsigned long long)verify->from - 1);
	problem(verify, 1, "delete", detail);
}

/* Lines, and no entry among them: told once. */
static void judge_strange(struct verify *verify)
{
	char detail[160];

	if (verify->count || !verify->strange)
		return;
	snprintf(detail, sizeof(detail), "none of %zu lines is an entry: the file was overwritten, or is no audit log", verify->strange);
	json_free(verify->problems);
	verify->problems = json_array();
	problem(verify, 1, "format", detail);
}

/* Each fault of an entry's own. The number an edited one gives itself is believed unless the next one's leaves just one place for it. */
static void judge_entries(struct verify *verify)
{
	for (size_t i = 0; i < verify->count; i++) {
		struct audit_link *link = &verify->links[i];
		uint64_t before = i ? verify->links[i - 1].seq : verify->from - 1;

		if (!link->kind)
			continue;
		if (i + 1 < verify->count && verify->links[i + 1].trusted && verify->links[i + 1].seq == before + 2)
			link->seq = before + 1;
		problem(verify, link->seq, link->kind, *link->kind == 'e' ? "its bytes do not give its hash" : "it cannot be read as an entry");
	}
}

static uint64_t last_of(const struct verify *verify)
{
	uint64_t last = 0;

	for (size_t i = 0; i < verify->count; i++)
		if (verify->links[i].seq > last)
			last = verify->links[i].seq;
	return last;
}

static void judge_roots(struct verify *verify)
{
	uint64_t first = verify->bad_anchor && (!verify->bad_mark || verify->bad_anchor <= verify->bad_mark) ? verify->bad_anchor : verify->bad_mark;
	int resealed = verify->bad_anchor && !verify->bad_mark && verify->agreed_after;
	char detail[200];

	if (!first)
		return;
	snprintf(detail, sizeof(detail), "entries %llu to %llu do not give the root that was %s", (unsigned long long)verify->last_good + 1,
		(unsigned long long)first, resealed ? "anchored: chain and checkpoints were made anew" : "signed: the chain was made anew");
	problem(verify, verify->last_good + 1, resealed ? "reseal" : "rehash", detail);
}

/* A checkpoint whose key no anchor knows, though anchors reach past it: signed by somebody else. */
static int known_key(const struct verify *verify, const struct mark *mark)
{
	int reached = 0, same_size = 0;

	for (size_t i = 0; i < verify->marks.count; i++) {
		const struct mark *anchor = &verify->marks.list[i];

		if (!anchor->anchored || !anchor->good)
			continue;
		if (!strcmp(anchor->key, mark->key))
			return 1;
		reached |= anchor->size >= mark->size;
		same_size |= anchor->size == mark->size;
	}
	return !reached && !same_size;
}

static void judge_keys(struct verify *verify)
{
	char detail[160];

	for (size_t i = 0; i < verify->marks.count; i++) {
		const struct mark *mark = &verify->marks.list[i];

		if (mark->anchored || !mark->met || !mark->good || known_key(verify, mark))
			continue;
		snprintf(detail, sizeof(detail), "the checkpoint over %llu entries is signed by a key that no anchor knows", (unsigned long long)mark->size);
		problem(verify, mark->size, "reseal", detail);
		return;
	}
}

/* One whose signature does not hold may also say a size at which there is nothing to meet. */
static void judge_unmet(struct verify *verify)
{
	for (size_t i = 0; i < verify->marks.count; i++)
		if (!verify->marks.list[i].met && !verify->marks.list[i].good && !verify->marks.list[i].anchored)
			tell_unsigned(verify, &verify->marks.list[i]);
}

static void judge_end(struct verify *verify)
{
	uint64_t in_file = 0, anchored = 0, last = last_of(verify);
	char detail[160];

	for (size_t i = 0; i < verify->marks.count; i++) {
		const struct mark *mark = &verify->marks.list[i];

		if (mark->good && mark->anchored && mark->size > anchored)
			anchored = mark->size;
		if (mark->good && !mark->anchored && mark->size > in_file)
			in_file = mark->size;
	}
	if (in_file > last) {
		snprintf(detail, sizeof(detail), "entries %llu to %llu are missing: a checkpoint in the file covers them", (unsigned long long)last + 1,
			(unsigned long long)in_file);
		problem(verify, last + 1, "truncation", detail);
	} else if (anchored > last && (verify->what != VERIFY_PART || verify->must_reach)) {
		int whole = in_file < anchored && in_file > 0;

		snprintf(detail, sizeof(detail), "an anchor covers %llu entries, here are %llu%s", (unsigned long long)anchored, (unsigned long long)last,
			whole ? ": the file is an older one" : "");
		problem(verify, last + 1, whole ? "rollback" : "truncation", detail);
	}
}

static uint64_t unwitnessed(const struct verify *verify)
{
	uint64_t size = verify->from - 1, last = last_of(verify);

	for (size_t i = 0; i < verify->marks.count; i++)
		if (verify->marks.list[i].met && verify->marks.list[i].good && verify->marks.list[i].size > size)
			size = verify->marks.list[i].size;
	return last > size ? last - size : 0;
}

struct json *verify_report(struct verify *verify)
{
	struct json *report = json_object();
	int64_t checkpoints = 0;

	if (!verify->started) /* a database without entries and checkpoints does not say which log it was: that of the newest anchor */
		marks_choose(&verify->marks, verify->what != VERIFY_PART || verify->must_reach, verify->what == VERIFY_PART ? NULL : "");
	judge_head(verify);
	judge_entries(verify);
	judge_end(verify);
	judge_unmet(verify);
	judge_roots(verify);
	judge_keys(verify);
	if (verify->broken)
		audit_judge(verify->links, verify->count, verify->from, problem, verify);
	judge_strange(verify);
	for (size_t i = 0; i < verify->marks.count; i++)
		checkpoints += verify->marks.list[i].met;
	json_set(report, "ok", json_boolean(json_count(verify->problems) == 0));
	json_set_int(report, "entries", (int64_t)verify->count);
	json_set_int(report, "checkpoints", checkpoints);
	json_set_int(report, "unwitnessed", (int64_t)unwitnessed(verify));
	json_set(report, "problems", json_copy(verify->problems));
	return report;
}

/* --- lines --- */

/* A member out of the line, with the comma before it. */
static void add_without(struct text *body, const char *line, size_t length, const struct audit_scan *scan)
{
	const struct audit_span *hash = &scan->span[AUDIT_HASH], *checkpoint = &scan->span[AUDIT_CHECKPOINT];
	size_t from = 0;

	if (checkpoint->end) {
		text_add_n(body, line, checkpoint->at - 1);
		from = checkpoint->end;
	}
	text_add_n(body, line + from, hash->at - 1 - from);
	text_add_n(body, line + hash->end, length - hash->end);
}

static int split(const char *line, size_t length, const struct audit_scan *scan, struct text *body, uint8_t hash[SHA256_BYTES])
{
	size_t hex_length = 2 * SHA256_BYTES;
	const char *hex = audit_scan_text(line, scan, AUDIT_HASH, &hex_length);

	/* Both stand in the middle of an entry: never first. */
	if (!hex || scan->span[AUDIT_HASH].at < 2 || (scan->span[AUDIT_CHECKPOINT].end && scan->span[AUDIT_CHECKPOINT].at < 2) ||
		read_hash(hex, hash))
		return -1;
	add_without(body, line, length, scan);
	return body->cut ? -1 : 0;
}

int verify_split_line(const char *line, size_t length, struct text *body, uint8_t hash[32])
{
	struct audit_scan scan;

	return audit_scan(line, length, &scan) ? -1 : split(line, length, &scan, body, hash);
}

/* The checkpoint in an export's first line is about the export. */
static void take_checkpoint(struct verify *verify, const char *line, const struct audit_span *span)
{
	verify->begins_here = span->end != 0;
	struct json *checkpoint = span->end ? json_parse(line + span->value, span->end - span->value, NULL) : NULL;

	if (json_is(checkpoint, JSON_OBJECT))
		verify_checkpoint(verify, checkpoint, 0);
	json_free(checkpoint);
}

void verify_line(struct verify *verify, const char *line, size_t length, size_t number, struct text *scratch)
{
	uint8_t hash[SHA256_BYTES];
	struct audit_scan scan;
	char detail[64];

	text_clear(scratch);
	if (audit_scan(line, length, &scan) || split(line, length, &scan, scratch, hash)) {
		snprintf(detail, sizeof(detail), "line %zu is no entry", number);
		verify->strange++;
		verify_broken(verify, detail);
		return;
	}
	if (!verify->started)
		take_checkpoint(verify, line, &scan.span[AUDIT_CHECKPOINT]);
	verify_entry(verify, scratch->data, scratch->length, hash);
}
