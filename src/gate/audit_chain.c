/* What each kind of tampering leaves behind, and the name it gets:
 *   edit        an entry's bytes do not give its hash
 *   delete      a number is missing        duplicate   an entry stands twice
 *   swap        two neighbours changed places           insert   an entry the next one does not know
 *   splice      an entry of another log or place        rehash   the chain was made anew: it no longer gives a signed root
 *   truncation  a checkpoint in the file is about more entries than there are
 *   rollback    the whole file is older than an anchor  reseal   checkpoints were made anew: they differ from the anchors
 *   clock       wall and running clock parted           format   what cannot be read */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "gate/audit_verify.h"
#include "gate/merkle.h"
#include "gate/seal.h"

enum { CLOCK_TOLERANCE_S = 60, PROBLEMS_MAX = 1000, CHECKPOINT_MAX_BYTES = 64 << 10 };

struct link {               /* what an entry says of itself */
	uint64_t seq;
	uint8_t hash[SHA256_BYTES], given[SHA256_BYTES], prev[SHA256_BYTES];
	int64_t at_ns, up_ms;
	char boot[40];
	int readable;
};

struct mark {               /* a checkpoint to be met at its size */
	uint64_t size;
	char root[SHA256_HEX_MAX], log[SHA256_HEX_MAX], key[SEAL_PUBLIC_HEX_MAX];
	int anchored, good, met;
};

struct verify {
	int own;
	struct mark *marks;
	size_t mark_count;
	struct link current, next;
	int have_current;
	uint8_t expected[SHA256_BYTES], first[SHA256_BYTES];
	uint64_t expected_seq, entries;
	int64_t last_at_ns, last_up_ms;
	char last_boot[40];
	struct merkle merkle;
	uint64_t *seen;         /* hash beginnings, open addressing, for duplicates */
	size_t seen_room, seen_count;
	struct json *problems;
	uint64_t first_problem; /* smallest entry named so far; 0 none */
	int started, sorted;
};

struct verify *verify_new(int own)
{
	struct verify *verify = mem_zero(1, sizeof(*verify));

	verify->own = own;
	verify->problems = json_array();
	verify->expected_seq = 1;
	return verify;
}

void verify_free(struct verify *verify)
{
	if (!verify)
		return;
	free(verify->marks);
	free(verify->seen);
	json_free(verify->problems);
	free(verify);
}

static void problem(struct verify *verify, uint64_t entry, const char *kind, const char *detail)
{
	struct json *row;

	if (!verify->first_problem || entry < verify->first_problem)
		verify->first_problem = entry ? entry : 1;
	if (json_count(verify->problems) >= PROBLEMS_MAX)
		return;
	row = json_object();
	json_set_int(row, "entry", (int64_t)entry);
	json_set_text(row, "kind", kind);
	json_set_text(row, "detail", detail);
	json_add(verify->problems, row);
}

/* --- duplicates --- */

static uint64_t beginning(const uint8_t hash[SHA256_BYTES])
{
	uint64_t begin;

	memcpy(&begin, hash, sizeof(begin));
	return begin ? begin : 1;
}

static size_t slot_of(const struct verify *verify, uint64_t key)
{
	size_t slot = key & (verify->seen_room - 1);

	while (verify->seen[slot] && verify->seen[slot] != key)
		slot = (slot + 1) & (verify->seen_room - 1);
	return slot;
}

static void grow_seen(struct verify *verify)
{
	uint64_t *old = verify->seen;
	size_t old_room = verify->seen_room;

	verify->seen_room = old_room ? old_room * 2 : 1024;
	verify->seen = mem_zero(verify->seen_room, sizeof(*verify->seen));
	for (size_t i = 0; i < old_room; i++)
		if (old[i])
			verify->seen[slot_of(verify, old[i])] = old[i];
	free(old);
}

/* 1 when it was there already. */
static int see(struct verify *verify, const uint8_t hash[SHA256_BYTES])
{
	if (2 * (verify->seen_count + 1) > verify->seen_room)
		grow_seen(verify);
	size_t slot = slot_of(verify, beginning(hash));
	if (verify->seen[slot])
		return 1;
	verify->seen[slot] = beginning(hash);
	verify->seen_count++;
	return 0;
}

static int was_seen(const struct verify *verify, const uint8_t hash[SHA256_BYTES])
{
	return verify->seen_room && verify->seen[slot_of(verify, beginning(hash))];
}

/* --- reading an entry: its members stand in order of name, so each is looked for after the one before --- */

static const char *after(const char **at, const char *end, const char *key, size_t key_length)
{
	const char *found = memmem(*at, (size_t)(end - *at), key, key_length);

	if (!found)
		return NULL;
	*at = found + key_length;
	return *at;
}

#define AFTER(at, end, key) after(at, end, key, sizeof(key) - 1)

/* "boot_id" "prev_hash" are whole-entry members behind "audit_id"; "seq" "timestamp" "up_ms" stand behind "rollback". Remote text inside the
 * action cannot pose as them: quotes in it are escaped. */
static void read_link(struct link *link, const char *body, size_t length)
{
	const char *at = body, *end = body + length;
	char text[CLOCK_RFC3339_MAX] = "";

	*link = (struct link){ 0 };
	sha256(body, length, link->hash);
	if (!AFTER(&at, end, ",\"audit_id\":\"") || !AFTER(&at, end, "\"boot_id\":\"") || end - at < 37)
		return;
	snprintf(link->boot, sizeof(link->boot), "%.*s", (int)strcspn(at, "\""), at);
	char prev[SHA256_HEX_MAX];
	if (!AFTER(&at, end, "\"prev_hash\":\"") || end - at < 64)
		return;
	snprintf(prev, sizeof(prev), "%.64s", at);
	if (hex_parse(prev, link->prev, SHA256_BYTES))
		return;
	/* The last "seq" is the entry's own: the ones in rollback or detail stand before it. */
	const char *own = NULL, *from = at;
	while (AFTER(&from, end, ",\"seq\":"))
		own = from;
	if (!own)
		return;
	link->seq = strtoull(own, NULL, 10);
	at = own;
	if (!AFTER(&at, end, "\"timestamp\":\"") || end - at < 24)
		return;
	snprintf(text, sizeof(text), "%.*s", (int)strcspn(at, "\"") < 35 ? (int)strcspn(at, "\"") : 0, at);
	if (clock_parse(text, &link->at_ns) || !AFTER(&at, end, "\"up_ms\":"))
		return;
	link->up_ms = strtoll(at, NULL, 10);
	link->readable = 1;
}

/* --- checkpoints --- */

static void copy(char *out, size_t size, const struct json *text)
{
	snprintf(out, size, "%s", json_text_or(text, ""));
}

static int signature_good(const struct json *checkpoint)
{
	struct json *unsigned_ = json_copy(checkpoint);
	struct text bytes;

	json_remove(unsigned_, "signature");
	json_remove(unsigned_, "anchor");
	text_init(&bytes, CHECKPOINT_MAX_BYTES);
	json_canonical(unsigned_, &bytes);
	int good = seal_verify(json_text(json_get(checkpoint, "key")), bytes.data, bytes.length, json_text(json_get(checkpoint, "signature")));
	text_release(&bytes);
	json_free(unsigned_);
	return good;
}

void verify_checkpoint(struct verify *verify, const struct json *checkpoint, int anchored)
{
	struct mark mark = { .size = (uint64_t)json_int(json_get(checkpoint, "size"), 0), .anchored = anchored, .good = signature_good(checkpoint) };

	copy(mark.root, sizeof(mark.root), json_get(checkpoint, "root"));
	copy(mark.log, sizeof(mark.log), json_get(checkpoint, "log"));
	copy(mark.key, sizeof(mark.key), json_get(checkpoint, "key"));
	verify->marks = mem_grow(verify->marks, verify->mark_count + 1, sizeof(*verify->marks));
	verify->marks[verify->mark_count++] = mark;
}

static int by_size(const void *a, const void *b)
{
	const struct mark *x = a, *y = b;

	return x->size != y->size ? (x->size > y->size) - (x->size < y->size) : y->anchored - x->anchored;
}

/* Anchors of another log say nothing of this one, unless they must be of this one: the newest one of this machine's own, or by the same key. */
static void choose_anchors(struct verify *verify)
{
	char log[SHA256_HEX_MAX], newest[SHA256_HEX_MAX] = "";
	int ours = verify->own, known = 0;

	hex_format(verify->first, SHA256_BYTES, log);
	for (size_t i = 0; i < verify->mark_count; i++) {
		struct mark *mark = &verify->marks[i];

		if (!mark->anchored)
			continue;
		snprintf(newest, sizeof(newest), "%s", mark->log);
		known |= !strcmp(mark->log, log);
		for (size_t j = 0; j < verify->mark_count; j++)
			ours |= !verify->marks[j].anchored && !strcmp(verify->marks[j].key, mark->key);
	}
	const char *wanted = known ? log : ours ? newest : "";
	size_t kept = 0;
	for (size_t i = 0; i < verify->mark_count; i++)
		if (!verify->marks[i].anchored || !strcmp(verify->marks[i].log, wanted))
			verify->marks[kept++] = verify->marks[i];
	verify->mark_count = kept;
	qsort(verify->marks, verify->mark_count, sizeof(*verify->marks), by_size);
}

static int explained(const struct verify *verify, uint64_t size)
{
	return verify->first_problem && verify->first_problem <= size;
}

static int file_agrees(const struct verify *verify, const struct mark *anchor, const char *root)
{
	for (size_t i = 0; i < verify->mark_count; i++) {
		const struct mark *mark = &verify->marks[i];

		if (!mark->anchored && mark->good && mark->size >= anchor->size && (mark->size > anchor->size || !strcmp(mark->root, root)))
			return 1;
	}
	return 0;
}

static void meet(struct verify *verify, struct mark *mark, const char *root)
{
	char detail[200];

	mark->met = 1;
	if (!mark->good) {
		snprintf(detail, sizeof(detail), "the %s over %llu entries is not signed by its key", mark->anchored ? "anchor" : "checkpoint", (unsigned long long)mark->size);
		problem(verify, mark->size, mark->anchored ? "format" : "reseal", detail);
	} else if (strcmp(mark->root, root) && !explained(verify, mark->size)) {
		const char *kind = mark->anchored && file_agrees(verify, mark, root) ? "reseal" : "rehash";

		snprintf(detail, sizeof(detail), "entries 1 to %llu do not give the root that was %s", (unsigned long long)mark->size,
			mark->anchored ? "anchored: chain and checkpoints were made anew" : "signed: the chain was made anew");
		problem(verify, mark->size, kind, detail);
	}
}

static void meet_marks(struct verify *verify)
{
	uint8_t root[SHA256_BYTES];
	char hex[SHA256_HEX_MAX] = "";

	for (size_t i = 0; i < verify->mark_count; i++) {
		struct mark *mark = &verify->marks[i];

		if (mark->size != verify->merkle.size || mark->met)
			continue;
		if (!*hex) {
			merkle_root(&verify->merkle, root);
			hex_format(root, SHA256_BYTES, hex);
		}
		meet(verify, mark, hex);
	}
}

/* --- the chain --- */

static void check_clock(struct verify *verify, const struct link *link)
{
	char detail[160];
	int same_boot = !strcmp(verify->last_boot, link->boot);
	int64_t wall_s = (link->at_ns - verify->last_at_ns) / CLOCK_SECOND_NS;
	int64_t ran_s = (link->up_ms - verify->last_up_ms) / 1000;
	int64_t off_s = same_boot ? wall_s - ran_s : wall_s < 0 ? wall_s : 0;

	if (verify->entries && (off_s > CLOCK_TOLERANCE_S || off_s < -CLOCK_TOLERANCE_S)) {
		snprintf(detail, sizeof(detail), "the wall clock jumped by %+lld s against the running clock", (long long)off_s);
		problem(verify, link->seq, "clock", detail);
	}
	verify->last_at_ns = link->at_ns;
	verify->last_up_ms = link->up_ms;
	memcpy(verify->last_boot, link->boot, sizeof(verify->last_boot));
}

/* Accepts link as the next of the chain. */
static void take(struct verify *verify, const struct link *link)
{
	if (memcmp(link->hash, link->given, SHA256_BYTES))
		problem(verify, link->seq, "edit", "its bytes do not give its hash");
	see(verify, link->given);
	check_clock(verify, link);
	merkle_add(&verify->merkle, link->hash);
	memcpy(verify->expected, link->given, SHA256_BYTES);
	verify->expected_seq = link->seq + 1;
	verify->entries++;
	for (size_t i = 0; i < verify->mark_count; i++)
		if (verify->marks[i].size == verify->merkle.size && !verify->marks[i].met) {
			meet_marks(verify);
			break;
		}
}

static int fits(const struct verify *verify, const struct link *link)
{
	return link->readable && link->seq == verify->expected_seq && !memcmp(link->prev, verify->expected, SHA256_BYTES);
}

static int is_swap(const struct verify *verify, const struct link *link, const struct link *next)
{
	return next && fits(verify, next) && link->seq == verify->expected_seq + 1 && !memcmp(link->prev, next->given, SHA256_BYTES);
}

static void name_break(struct verify *verify, const struct link *link, const struct link *next)
{
	char detail[160];

	if (link->seq > verify->expected_seq) {
		snprintf(detail, sizeof(detail), "entries %llu to %llu are missing", (unsigned long long)verify->expected_seq, (unsigned long long)link->seq - 1);
		problem(verify, verify->expected_seq, "delete", detail);
	} else if (link->seq < verify->expected_seq) {
		snprintf(detail, sizeof(detail), "entry %llu stands where %llu should", (unsigned long long)link->seq, (unsigned long long)verify->expected_seq);
		problem(verify, verify->expected_seq, "splice", detail);
	} else if (next && memcmp(next->prev, link->given, SHA256_BYTES)) {
		problem(verify, link->seq, "splice", "neither the entry before nor the one after belongs to it");
	} else {
		problem(verify, link->seq > 1 ? link->seq - 1 : 1, "rehash", "the next entry names another hash: it was changed and its hash made anew");
	}
}

/* One entry, its follower (NULL at the end) known. Returns 1 when it used up the follower too. */
static int judge(struct verify *verify, const struct link *link, const struct link *next)
{
	if (!link->readable) {
		problem(verify, verify->expected_seq, memcmp(link->hash, link->given, SHA256_BYTES) ? "edit" : "format", "it cannot be read as an entry");
		see(verify, link->given);
		merkle_add(&verify->merkle, link->hash);
		memcpy(verify->expected, link->given, SHA256_BYTES);
		verify->expected_seq++;
		verify->entries++;
		return 0;
	}
	if (fits(verify, link)) {
		take(verify, link);
		return 0;
	}
	if (was_seen(verify, link->given)) {
		problem(verify, verify->expected_seq, "duplicate", "an entry stands here a second time");
		return 0;
	}
	if (is_swap(verify, link, next)) {
		problem(verify, next->seq, "swap", "it and the entry before it changed places");
		take(verify, next);
		take(verify, link);
		return 1;
	}
	if (next && fits(verify, next)) {
		problem(verify, verify->expected_seq, "insert", "an entry that the next one does not know stands here");
		return 0;
	}
	name_break(verify, link, next);
	take(verify, link);
	return 0;
}

static void advance(struct verify *verify, const struct link *next)
{
	int both = judge(verify, &verify->current, next);

	verify->have_current = next && !both;
	if (verify->have_current)
		verify->current = *next;
}

void verify_entry(struct verify *verify, const char *body, size_t length, const uint8_t hash[32])
{
	struct link link;

	read_link(&link, body, length);
	memcpy(link.given, hash, SHA256_BYTES);
	if (!verify->started) {
		verify->started = 1;
		memcpy(verify->first, hash, SHA256_BYTES);
		choose_anchors(verify);
		/* A part of a log (an export of some days) begins where it begins. */
		if (link.readable && link.seq > 1 && !verify->own) {
			verify->expected_seq = link.seq;
			memcpy(verify->expected, link.prev, SHA256_BYTES);
			verify->mark_count = 0;
		}
	}
	if (verify->have_current) {
		advance(verify, &link);
	} else {
		verify->current = link;
		verify->have_current = 1;
	}
}

void verify_broken(struct verify *verify, const char *detail)
{
	problem(verify, verify->expected_seq + (uint64_t)verify->have_current, "format", detail);
}

static void missing_end(struct verify *verify)
{
	uint64_t in_file = 0, anchored = 0;
	char detail[160];

	for (size_t i = 0; i < verify->mark_count; i++) {
		struct mark *mark = &verify->marks[i];

		if (mark->good && mark->anchored && mark->size > anchored)
			anchored = mark->size;
		if (mark->good && !mark->anchored && mark->size > in_file)
			in_file = mark->size;
	}
	uint64_t last = verify->expected_seq - 1;
	if (in_file > last) {
		snprintf(detail, sizeof(detail), "entries %llu to %llu are missing: a checkpoint in the file covers them", (unsigned long long)last + 1, (unsigned long long)in_file);
		problem(verify, last + 1, "truncation", detail);
	} else if (anchored > last) {
		int whole = in_file < anchored && in_file > 0;

		snprintf(detail, sizeof(detail), "an anchor covers %llu entries, here are %llu%s", (unsigned long long)anchored, (unsigned long long)last,
			whole ? ": the file is an older one" : "");
		problem(verify, last + 1, whole ? "rollback" : "truncation", detail);
	}
}

static uint64_t witnessed(const struct verify *verify)
{
	uint64_t size = 0;

	for (size_t i = 0; i < verify->mark_count; i++)
		if (verify->marks[i].met && verify->marks[i].good && verify->marks[i].size > size)
			size = verify->marks[i].size;
	return size;
}

struct json *verify_report(struct verify *verify)
{
	struct json *report = json_object();
	int64_t checkpoints = 0;

	if (!verify->started)
		choose_anchors(verify);
	while (verify->have_current)
		advance(verify, NULL);
	missing_end(verify);
	for (size_t i = 0; i < verify->mark_count; i++)
		checkpoints += verify->marks[i].met;
	json_set(report, "ok", json_boolean(json_count(verify->problems) == 0));
	json_set_int(report, "entries", (int64_t)verify->entries);
	json_set_int(report, "checkpoints", checkpoints);
	json_set_int(report, "unwitnessed", (int64_t)(verify->merkle.size - (witnessed(verify) < verify->merkle.size ? witnessed(verify) : verify->merkle.size)));
	json_set(report, "problems", json_copy(verify->problems));
	return report;
}

int verify_split_line(const char *line, size_t length, struct text *body, uint8_t hash[32])
{
	const char *at = memmem(line, length, ",\"hash\":\"", 9);
	char hex[SHA256_HEX_MAX];
	/* The whole-entry member stands right before "prev_hash"; one in remote text would have its quotes escaped. */
	while (at && ((size_t)(line + length - at) < 88 || memcmp(at + 73, "\",\"prev_hash\":", 14)))
		at = memmem(at + 9, (size_t)(line + length - at - 9), ",\"hash\":\"", 9);
	if (!at)
		return -1;
	snprintf(hex, sizeof(hex), "%.64s", at + 9);
	if (hex_parse(hex, hash, SHA256_BYTES))
		return -1;
	text_add_n(body, line, (size_t)(at - line));
	text_add_n(body, at + 74, length - (size_t)(at + 74 - line));
	return 0;
}
