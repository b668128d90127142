/* A lake in a database: one row an agent, one a state it was seen in, one a finding of that state. A state is one transaction; said twice, it changes
 * nothing. Works over the wire protocol of PostgreSQL 12, so also with what speaks it. */
#include <libpq-fe.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/safe.h"
#include "base/secret.h"
#include "provider/lake/provider.h"
#include "store/evidence.h"
#include "store/pq_late.h"

enum { TRIES_MAX = 5, KEY_MAX = 33 + 65, TELL_EVERY = 50, TREE_MAX = 200 };

/* --- the schema --- */

/* Made by whoever comes first: the lock keeps two from making it at once, which IF NOT EXISTS alone does not. */
static const char *const schema[] = {
	"BEGIN",
	"SELECT pg_advisory_xact_lock(7205759403792793)",
	"CREATE SCHEMA IF NOT EXISTS evidence_lake",
	"CREATE TABLE IF NOT EXISTS evidence_lake.agents (tree text NOT NULL, hash text NOT NULL, path text NOT NULL, brain text NOT NULL, framework text NOT NULL,"
	" score integer NOT NULL, content text NOT NULL, observed_at timestamptz NOT NULL, observed_ns bigint NOT NULL, PRIMARY KEY (tree, hash))",
	"CREATE TABLE IF NOT EXISTS evidence_lake.runs (tree text NOT NULL, agent text NOT NULL, content text NOT NULL, observed_at timestamptz NOT NULL,"
	" observed_ns bigint NOT NULL, score integer NOT NULL, files bigint NOT NULL, bytes bigint NOT NULL, PRIMARY KEY (tree, agent, content),"
	" FOREIGN KEY (tree, agent) REFERENCES evidence_lake.agents (tree, hash) ON DELETE CASCADE)",
	"CREATE TABLE IF NOT EXISTS evidence_lake.findings (tree text NOT NULL, agent text NOT NULL, content text NOT NULL, number bigint NOT NULL, rule text NOT NULL,"
	" title text, severity text, class text, fixability text, persona text, state text, path text, line bigint, message text, redacted text, fingerprint text,"
	" PRIMARY KEY (tree, agent, content, number),"
	" FOREIGN KEY (tree, agent, content) REFERENCES evidence_lake.runs (tree, agent, content) ON DELETE CASCADE)",
	"CREATE INDEX IF NOT EXISTS findings_by_rule ON evidence_lake.findings (rule, severity)",
	"COMMIT",
};

static const char says_agent[] =
	"INSERT INTO evidence_lake.agents AS a (tree, hash, path, brain, framework, score, content, observed_at, observed_ns)"
	" VALUES ($1, $2, $3, $4, $5, $6::integer, $7, $8::timestamptz, $9::bigint)"
	" ON CONFLICT (tree, hash) DO UPDATE SET path = EXCLUDED.path, brain = EXCLUDED.brain, framework = EXCLUDED.framework, score = EXCLUDED.score,"
	" content = EXCLUDED.content, observed_at = EXCLUDED.observed_at, observed_ns = EXCLUDED.observed_ns WHERE a.observed_ns < EXCLUDED.observed_ns";

/* A row comes back when the run is new, or was seen again later: its findings may have been suppressed since. */
static const char says_run[] =
	"INSERT INTO evidence_lake.runs AS r (tree, agent, content, observed_at, observed_ns, score, files, bytes)"
	" VALUES ($1, $2, $3, $4::timestamptz, $5::bigint, $6::integer, $7::bigint, $8::bigint)"
	" ON CONFLICT (tree, agent, content) DO UPDATE SET observed_at = EXCLUDED.observed_at, observed_ns = EXCLUDED.observed_ns, score = EXCLUDED.score"
	" WHERE r.observed_ns < EXCLUDED.observed_ns RETURNING 1";

static const char forgets_findings[] = "DELETE FROM evidence_lake.findings WHERE tree = $1 AND agent = $2 AND content = $3";

static const char says_findings[] =
	"INSERT INTO evidence_lake.findings (tree, agent, content, number, rule, title, severity, class, fixability, persona, state, path, line, message, redacted, fingerprint)"
	" SELECT $1, $2, $3, n, f->>'rule', f->>'title', f->>'severity', f->>'class', f->>'fixability', f->>'persona', f->>'state', f->>'path', (f->>'line')::bigint,"
	" f->>'message', f->>'redacted', f->>'fingerprint' FROM jsonb_array_elements($4::jsonb) WITH ORDINALITY AS t(f, n)";

/* --- errors: the server's words, harmless, without what we sent --- */

static int server_error(const char *text, enum error_code code, const char *doing, struct error *err)
{
	char line[200];
	const char *words = text && *text ? text : "no reason given";

	safe_copy(line, sizeof(line), words, strcspn(words, "\n"));
	return error_set(err, code, "%s: %s", doing, line);
}

/* Classes of SQLSTATE (PostgreSQL, appendix A). */
static enum error_code code_of(const char *state)
{
	static const struct {
		const char *begins;
		enum error_code code;
	} classes[] = { { "28", ERR_UNAUTHORIZED }, { "42501", ERR_FORBIDDEN }, { "40", ERR_CONFLICT }, { "22", ERR_FORMAT }, { "42P01", ERR_NOT_FOUND }, { "3D", ERR_NOT_FOUND },
		{ "57014", ERR_TIMEOUT }, { "08", ERR_UNREACHABLE }, { "53", ERR_UNREACHABLE }, { "57", ERR_UNREACHABLE } };

	for (size_t i = 0; state && i < sizeof(classes) / sizeof(*classes); i++)
		if (!strncmp(state, classes[i].begins, strlen(classes[i].begins)))
			return classes[i].code;
	return state ? ERR_INVALID : ERR_UNREACHABLE;
}

static int check(PGconn *db, PGresult *result, const char *doing, struct error *err)
{
	ExecStatusType status = PQresultStatus(result);

	if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
		return 0;
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *words = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	return server_error(words ? words : PQerrorMessage(db), code_of(state), doing, err);
}

static int run(PGconn *db, const char *sql, const char *doing, struct error *err)
{
	PGresult *result = PQexec(db, sql);
	int failed = check(db, result, doing, err);

	PQclear(result);
	return failed;
}

/* rows: how many came back, or NULL. */
static int ask(PGconn *db, const char *sql, int count, const char *const *values, const char *doing, int *rows, struct error *err)
{
	PGresult *result = PQexecParams(db, sql, count, NULL, values, NULL, NULL, 0);
	int failed = check(db, result, doing, err);

	if (!failed && rows)
		*rows = PQntuples(result);
	PQclear(result);
	return failed;
}

/* --- the connection --- */

static void hush(void *arg, const char *notice)
{
	(void)arg, (void)notice; /* "already exists, skipping": nothing for a person */
}

/* The URL's own options go before ours but for the password, which it does not hold. */
static PGconn *open_database(const struct push *push, struct error *err)
{
	const struct secret *password = lake_password();
	const char *const names[] = { "connect_timeout", "application_name", "tcp_user_timeout", "client_encoding", "dbname", password ? "password" : NULL, NULL };
	const char *const values[] = { "10", "pilothouse", "30000", "UTF8", push->target, password ? secret_reveal(password) : NULL, NULL };

	if (!pq_late_is_there()) {
		error_set(err, ERR_NOT_FOUND, "PostgreSQL's client library %s is not installed (Debian: libpq5)", PQ_SONAME);
		return NULL;
	}
	PGconn *db = PQconnectdbParams(names, values, 1);
	if (db && PQstatus(db) == CONNECTION_OK) {
		PQsetNoticeProcessor(db, hush, NULL);
		return db;
	}
	const char *words = db ? PQerrorMessage(db) : "out of memory";
	int refused = strstr(words, "authentication") || strstr(words, "no password supplied") || strstr(words, "role \"");
	server_error(words, refused ? ERR_UNAUTHORIZED : ERR_UNREACHABLE, refused ? "the database does not let us in (PGPASSWORD or ~/.pgpass gives a password)" : "the database", err);
	PQfinish(db);
	return NULL;
}

static int has_schema(PGconn *db, int *there, struct error *err)
{
	return ask(db, "SELECT 1 FROM information_schema.tables WHERE table_schema = 'evidence_lake' AND table_name = 'findings'", 0, NULL, "looking for the tables", there, err);
}

static int make_schema(PGconn *db, struct error *err)
{
	int there = 0;

	if (has_schema(db, &there, err))
		return -1;
	for (size_t i = 0; i < sizeof(schema) / sizeof(*schema) && !there; i++)
		if (run(db, schema[i], "making the tables of schema evidence_lake", err)) {
			run(db, "ROLLBACK", "", NULL);
			return -1;
		}
	return 0;
}

/* --- what is there --- */

struct known {
	char key[KEY_MAX]; /* agent/content */
	int64_t observed_ns;
};

struct known_list {
	struct known *rows;
	size_t count;
};

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct known *)a)->key, ((const struct known *)b)->key);
}

static int load_known(PGconn *db, const struct push *push, struct known_list *list, struct error *err)
{
	const char *const values[] = { push->tree };

	*list = (struct known_list){ 0 };
	PGresult *result = PQexecParams(db, "SELECT agent, content, observed_ns FROM evidence_lake.runs WHERE tree = $1", 1, NULL, values, NULL, NULL, 0);
	int failed = check(db, result, "reading what is there", err), count = failed ? 0 : PQntuples(result);
	list->rows = mem_zero((size_t)count + 1, sizeof(*list->rows));
	for (int i = 0; i < count; i++) {
		struct known *row = &list->rows[list->count++];

		snprintf(row->key, sizeof(row->key), "%.32s/%.64s", PQgetvalue(result, i, 0), PQgetvalue(result, i, 1));
		row->observed_ns = strtoll(PQgetvalue(result, i, 2), NULL, 10);
	}
	PQclear(result);
	if (list->count)
		qsort(list->rows, list->count, sizeof(*list->rows), by_key);
	return failed;
}

static int is_known(const struct known_list *list, const struct evidence *entry)
{
	struct known wanted;

	snprintf(wanted.key, sizeof(wanted.key), "%s/%.64s", entry->hash, entry->content);
	const struct known *row = list->count ? bsearch(&wanted, list->rows, list->count, sizeof(wanted), by_key) : NULL;
	return row && row->observed_ns >= entry->observed_ns;
}

static int plan(const struct push *push, struct push_plan *out, struct error *err)
{
	struct known_list known = { 0 };
	int there = 0;
	PGconn *db = open_database(push, err);

	if (!db)
		return -1;
	int failed = has_schema(db, &there, err) || (there && load_known(db, push, &known, err)) ? -1 : 0;
	for (size_t i = 0; i < push->files->count && !failed; i++) {
		const struct lake_file *file = &push->files->rows[i];
		struct evidence entry;

		if (evidence_load(push->folder, file->name, EVIDENCE_HEAD, &entry, NULL))
			continue; /* named when it is sent */
		if (is_known(&known, &entry))
			out->there++;
		else
			push_plan_add(out, file->name, *entry.path ? entry.path : ".", file->size);
		evidence_release(&entry);
	}
	free(known.rows);
	PQfinish(db);
	return failed;
}

/* --- one state --- */

struct sending {
	const struct push *push;
	PGconn *db;
	struct known_list known;
	size_t sent, there, looked, retries;
	struct json *passed_over;
};

static const char *text_of(const struct json *json, const char *key)
{
	return json_text_or(json_get(json, key), "");
}

static int say_agent(struct sending *s, const struct evidence *entry, const char *at, const char *at_ns, const char *score, struct error *err)
{
	const struct json *agent = json_get(entry->json, "agent");
	const char *const values[] = { s->push->tree, entry->hash, entry->path, text_of(agent, "brain"), text_of(agent, "framework"), score, entry->content, at, at_ns };

	return ask(s->db, says_agent, 9, values, "an agent", NULL, err);
}

static int say_findings(struct sending *s, const struct evidence *entry, struct error *err)
{
	char *findings = json_format(json_get(entry->json, "findings"));
	const char *const values[] = { s->push->tree, entry->hash, entry->content, findings };
	int failed = ask(s->db, forgets_findings, 3, values, "findings", NULL, err) || ask(s->db, says_findings, 4, values, "findings", NULL, err);

	free(findings);
	return failed ? -1 : 0;
}

static int say_state(struct sending *s, const struct evidence *entry, int *is_new, struct error *err)
{
	char at[CLOCK_RFC3339_MAX], at_ns[24], score[16], files[24], bytes[24];

	clock_format(entry->observed_ns, at);
	snprintf(at_ns, sizeof(at_ns), "%lld", (long long)entry->observed_ns);
	snprintf(score, sizeof(score), "%d", entry->score);
	snprintf(files, sizeof(files), "%lld", (long long)json_int(json_get(entry->json, "files"), 0));
	snprintf(bytes, sizeof(bytes), "%lld", (long long)json_int(json_get(entry->json, "bytes"), 0));
	const char *const values[] = { s->push->tree, entry->hash, entry->content, at, at_ns, score, files, bytes };
	if (run(s->db, "BEGIN", "a transaction", err) || say_agent(s, entry, at, at_ns, score, err) || ask(s->db, says_run, 8, values, "a run", is_new, err))
		return -1;
	if (*is_new && say_findings(s, entry, err))
		return -1;
	return run(s->db, "COMMIT", "a transaction", err);
}

/* What another's transaction was in the way of is said again (serialization failure, deadlock). */
static int send_state(struct sending *s, const struct evidence *entry, struct error *err)
{
	for (int tries = 1;; tries++) {
		struct error now = { 0 };
		int is_new = 0;

		if (!say_state(s, entry, &is_new, &now)) {
			*(is_new ? &s->sent : &s->there) += 1;
			return 0;
		}
		if (PQstatus(s->db) == CONNECTION_OK)
			run(s->db, "ROLLBACK", "", NULL);
		if (now.code != ERR_CONFLICT || tries == TRIES_MAX) {
			if (err)
				*err = now;
			return -1;
		}
		s->retries++;
	}
}

static void pass_over(struct sending *s, const char *name, const char *why)
{
	json_add(s->passed_over, json_set_text(json_set_text(json_object(), "file", name), "why", why));
}

static int send_file(struct sending *s, const char *name, struct error *err)
{
	struct error why = { 0 };
	struct evidence entry;

	if (evidence_load(s->push->folder, name, EVIDENCE_WHOLE, &entry, &why)) {
		pass_over(s, name, why.text);
		return 0;
	}
	int failed = 0;
	if (is_known(&s->known, &entry))
		s->there++;
	else
		failed = send_state(s, &entry, &why);
	evidence_release(&entry);
	if (failed && why.code == ERR_FORMAT) { /* a value no database takes: this one, not the others */
		pass_over(s, name, why.text);
		return 0;
	}
	if (failed && err)
		*err = why;
	return failed;
}

static void tell(const struct sending *s)
{
	char line[120];

	snprintf(line, sizeof(line), "%zu of %zu looked at; %zu states sent", s->looked, s->push->files->count, s->sent);
	if (s->push->progress)
		s->push->progress(s->push->arg, line);
}

static int send_files(struct sending *s, struct error *err)
{
	const struct push *push = s->push;

	for (size_t i = 0; i < push->files->count; i++) {
		if (push->cancelled && atomic_load((const atomic_int *)push->cancelled))
			return error_set(err, ERR_CANCELLED, "stopped; what was sent stays, the next push sends the rest");
		if (send_file(s, push->files->rows[i].name, err))
			return -1;
		if (++s->looked % TELL_EVERY == 0)
			tell(s);
	}
	tell(s);
	return 0;
}

static int send_lake(const struct push *push, struct json **output, struct error *err)
{
	struct sending s = { .push = push };

	if (!*push->tree || strlen(push->tree) > TREE_MAX)
		return error_set(err, ERR_INVALID, "several lakes lie in one database: this one needs a name (--tree), of at most %d bytes", TREE_MAX);
	s.db = open_database(push, err);
	if (!s.db)
		return -1;
	s.passed_over = json_array();
	int failed = make_schema(s.db, err) || load_known(s.db, push, &s.known, err) || send_files(&s, err) ? -1 : 0;
	push_tell_passed_over(push, s.passed_over);
	*output = json_set_int(json_object(), "sent", (int64_t)s.sent);
	json_set_int(*output, "already_there", (int64_t)s.there);
	json_set_int(*output, "retries", (int64_t)s.retries);
	json_set(*output, "passed_over", s.passed_over);
	free(s.known.rows);
	PQfinish(s.db);
	return failed;
}

const struct sink_ops lake_postgres = { .scheme = "postgres://", .plan = plan, .send = send_lake };
const struct sink_ops lake_postgresql = { .scheme = "postgresql://", .plan = plan, .send = send_lake };
