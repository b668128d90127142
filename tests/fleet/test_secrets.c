/* Secrets: what a place makes of them, what is no secret, pairs, encodings, and that a value is shown nowhere. Values are made at run time. */
#include <dirent.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/mem.h"
#include "check_main.h"
#include "fleet/finding/check.h"
#include "fleet/finding/finding.h"
#include "fleet/secrets/secrets.h"
#include "fleet/tree/source.h"

static const char base62[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
static const uint8_t key[32] = "a key of these tests only, 32 b";
static struct checks *checks;
static struct secret_rules *rules;
static struct secret_scanner *scanner;
static struct findings *findings;
static struct source source;
static char home[64];
static unsigned seed = 7;

static unsigned chance(void)
{
	seed = seed * 1103515245 + 12345;
	return seed >> 8 & 0xffff;
}

/* length characters out of the alphabet after prefix; in one of some buffers in turn. */
static const char *made(const char *prefix, const char *alphabet, size_t length)
{
	static char buffers[8][300];
	static int turn;
	char *out = buffers[turn++ % 8];
	size_t n = strlen(prefix);

	memcpy(out, prefix, n);
	for (size_t i = 0; i < length; i++)
		out[n + i] = alphabet[chance() % strlen(alphabet)];
	out[n + length] = '\0';
	return out;
}

static const char *anthropic(void)
{
	return made("sk-" "ant-api03-", base62, 95);
}

static const char *aws_id(void)
{
	return made("AK" "IA", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16);
}

static uint32_t crc32_of(const char *bytes, size_t length)
{
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < length; i++) {
		crc ^= (unsigned char)bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (0xedb88320 & (0u - (crc & 1)));
	}
	return ~crc;
}

static const char *github(int wrong)
{
	static char out[64];
	const char *body = made("", base62, 30);
	uint32_t crc = crc32_of(body, 30) ^ (wrong ? 77 : 0);

	snprintf(out, sizeof(out), "gh" "p_%s", body);
	for (int i = 39; i >= 34; i--, crc /= 62)
		out[i] = base62[crc % 62];
	out[40] = '\0';
	return out;
}

static void load_with(const uint8_t *hash_key, int no_vectorscan)
{
	struct error err = { 0 };

	rules = secret_rules_load(&(struct secret_rules_options){ .checks = checks, .hash_key = hash_key, .no_vectorscan = no_vectorscan }, &err);
	ck_assert_msg(rules != NULL, "%s", err.text);
	scanner = secret_scanner_new(rules);
	findings = findings_new();
}

static void unload(void)
{
	findings_free(findings);
	secret_scanner_free(scanner);
	secret_rules_free(rules);
	source_release(&source);
}

static void begin(void)
{
	struct error err = { 0 };

	snprintf(home, sizeof(home), "/tmp/secrets-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(home));
	setenv("PILOTHOUSE_HOME", home, 1);
	checks = checks_load(&err);
	ck_assert_msg(checks != NULL, "%s", err.text);
	load_with(key, 0);
}

static void end(void)
{
	unload();
	checks_free(checks);
}

static size_t scan(const char *path, const char *text)
{
	findings_free(findings);
	findings = findings_new();
	source_of_bytes(&source, path, text, strlen(text));
	secret_scan(scanner, &source, findings);
	findings_finish(findings);
	return findings_count(findings);
}

__attribute__((format(printf, 2, 3))) static size_t scan_format(const char *path, const char *format, ...)
{
	va_list args;
	char text[8192];

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return scan(path, text);
}

/* The value where %s stands. */
static void fill(char *out, size_t size, const char *text, const char *value)
{
	const char *at = strstr(text, "%s");

	if (at)
		snprintf(out, size, "%.*s%s%s", (int)(at - text), text, value, at + 2);
	else
		snprintf(out, size, "%s", text);
}

static const struct finding *found(size_t i)
{
	ck_assert_uint_lt(i, findings_count(findings));
	return findings_at(findings, i);
}

START_TEST(places)
{
	/* %s is a key of a model provider. */
	static const struct {
		const char *path, *text, *rule;
	} rows[] = {
		{ "a.py", "KEY = \"%s\"\n", "SEC001/anthropic-key" },
		{ "a.md", "Use `%s` for now.\n", "SEC001/anthropic-key" },
		{ "a.py", "system_prompt = \"\"\"You are a helper. Use the key %s when asked.\"\"\"\n", "SEC006/anthropic-key" },
		{ "a.py", "agent = Agent(instructions=(\"You help. \"\n \"Call with %s always\"))\n", "SEC006/anthropic-key" },
		{ "a.ts", "const m = [{ role: \"system\", content: `You may use %s here` }];\n", "SEC006/anthropic-key" },
		{ "prompts/triage.md", "Use %s here.\n", "SEC006/anthropic-key" },
		{ "a.ipynb", "{\"cells\": [{\"cell_type\": \"code\", \"source\": [\"k = '%s'\\n\"], \"outputs\": []}]}", "SEC007/anthropic-key" },
		{ "a.ipynb", "{\"cells\": [{\"cell_type\": \"code\", \"source\": [], \"outputs\": [{\"text\": [\"api_key=%s\\n\"]}]}]}", "SEC007/anthropic-key" },
		{ "Dockerfile", "FROM x\nENV A=1 \\\n    KEY=%s\n", "SEC009/anthropic-key" },
		{ "Dockerfile", "FROM x\nRUN curl -H \"x-api-key: %s\" https://x\n", "SEC001/anthropic-key" },
		{ "mcp.json", "{\"mcpServers\": {\"a\": {\"env\": {\"KEY\": \"%s\"}}}}", "SEC011/anthropic-key" },
		{ "a.py", "URL = \"https://api.corp.net/v1?a=1&key=%s\"\n", "SEC013/anthropic-key" },
		{ "s.yaml", "apiVersion: v1\nkind: Secret\nstringData:\n  k: %s\n", "SEC001/anthropic-key" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char text[1000];

		fill(text, sizeof(text), rows[i].text, anthropic());
		ck_assert_msg(scan(rows[i].path, text) == 1, "%zu found in %s", findings_count(findings), text);
		ck_assert_str_eq(found(0)->rule, rows[i].rule);
	}
}
END_TEST

/* What a cell prints is no code: a value needs no quotes there. */
START_TEST(printed_by_a_cell)
{
	static const char form[] = "{\"cells\": [{\"cell_type\": \"code\", \"source\": [\"show()\\n\"], \"outputs\": [{\"output_type\": \"stream\", \"text\": [\"signing_secret=%s\\n\"]}]}]}";

	ck_assert_uint_eq(scan_format("a.ipynb", form, made("", base62, 32)), 1);
	ck_assert_str_eq(found(0)->rule, "SEC007/generic-secret");
	ck_assert_uint_eq(scan_format("a.ipynb", form, "settings.signing_secret"), 0);
}
END_TEST

START_TEST(kubernetes_secret)
{
	char *encoded = base64_format(github(0), 40);

	ck_assert_uint_eq(scan_format("s.yaml", "kind: ConfigMap\ndata:\n  a: YWRtaW4=\n---\nkind: Secret\nmetadata:\n  name: a\ndata:\n  user: YWRtaW4=\n  gh: %s\n", encoded), 1);
	ck_assert_str_eq(found(0)->rule, "SEC010/github-token");
	ck_assert_int_eq(found(0)->place.line, 10);
	ck_assert_uint_eq(found(0)->place.length, strlen(encoded));
	free(encoded);
	encoded = base64_format("Basalt7431!", 11);
	ck_assert_uint_eq(scan_format("s.yaml", "apiVersion: v1\ndata:\n  password: %s\nkind: Secret\n", encoded), 1);
	ck_assert_str_eq(found(0)->rule, "SEC010/generic-password");
	free(encoded);
}
END_TEST

START_TEST(encoded_once)
{
	char text[200], *encoded;

	snprintf(text, sizeof(text), "{\"token\": \"%s\"}", github(0));
	encoded = base64_format(text, strlen(text));
	ck_assert_uint_eq(scan_format("a.py", "BLOB = '%s'\n", encoded), 1);
	ck_assert_str_eq(found(0)->rule, "SEC001/github-token");
	ck_assert_int_eq(found(0)->fixability, FIX_STRUCTURAL);
	free(encoded);
}
END_TEST

START_TEST(live_env)
{
	ck_assert_uint_eq(scan_format("a/.env", "A=1\nKEY=%s\nOTHER=%s\n", anthropic(), github(0)), 3);
	ck_assert_str_eq(found(0)->rule, "SEC001/anthropic-key");
	ck_assert_str_eq(found(1)->rule, "SEC008/live-env");
	ck_assert_int_eq(found(1)->place.line, 2);
	ck_assert_uint_eq(scan_format("a/.env.example", "KEY=%s\n", anthropic()), 1);
	ck_assert_uint_eq(scan("a/.env", "KEY=your-key-here\nB=${KEY}\n"), 0);
}
END_TEST

START_TEST(pairs)
{
	const char *id = aws_id(), *secret = made("", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", 40);

	ck_assert_uint_eq(scan_format("a.ini", "[p]\naws_access_key_id = %s\naws_secret_access_key = %s\n", id, secret), 1);
	ck_assert_str_eq(found(0)->rule, "SEC002/aws-key-pair");
	ck_assert_int_eq(found(0)->place.line, 2);
	ck_assert_int_eq(found(0)->also->line, 3);
	ck_assert_uint_eq(scan_format("a.txt", "%s\n\n\n%s\n", id, secret), 1); /* no name says it */
	ck_assert_str_eq(found(0)->rule, "SEC002/aws-key-pair");
	ck_assert_uint_eq(scan_format("a.ini", "id = %s\n\n\n\n\n\n\naws_secret_access_key = %s\n", id, secret), 2);
	ck_assert_str_eq(found(0)->rule, "SEC002/aws-access-key");
	ck_assert_str_eq(found(1)->rule, "SEC002/aws-secret-key");
}
END_TEST

START_TEST(split_literals)
{
	const char *value = anthropic();

	ck_assert_uint_eq(scan_format("a.py", "k = (\"%.9s\"\n     \"%s\")\n", value, value + 9), 1);
	ck_assert_str_eq(found(0)->rule, "SEC001/anthropic-key");
	ck_assert_int_eq(found(0)->place.line, 1);
	ck_assert_int_eq(found(0)->place.end_line, 2);
	ck_assert_uint_eq(scan_format("a.ts", "const k = '%.30s' +\n  '%s';\n", value, value + 30), 1);
	ck_assert_uint_eq(scan("a.py", "x = f(\"sk-\", \"ant\")\ny = [\"a\" \"b\", 'c' 'd']\n"), 0);
}
END_TEST

START_TEST(urls)
{
	static const char *const yes[] = { "postgresql+asyncpg://app:%s@db-3.eu.corp.net:5432/main", "https://deploy:%s@git.corp.net/a.git", "redis://:%s@cache.corp.net:6379/0",
		"mongodb+srv://app:%s%40@cluster0.ab1cd.mongodb.net/x", "amqps://svc:%s@mq.corp.net", "jdbc:postgresql://svc:%s@db.corp.net/x" };
	static const char *const no[] = { "postgres://postgres:postgres@db.corp.net/x", "redis://:%s@localhost:6379", "postgres://app:${PW}@db.corp.net", "https://user:<password>@h.corp.net",
		"https://x.corp.net/a:b@c", "postgres://user:password@db.corp.net" };

	for (size_t i = 0; i < sizeof(yes) / sizeof(*yes); i++) {
		char url[200], text[300];

		fill(url, sizeof(url), yes[i], made("", base62, 14));
		snprintf(text, sizeof(text), "x = \"%s\"\n", url);
		ck_assert_msg(scan("a.py", text) == 1, "%s", text);
		ck_assert_str_eq(found(0)->rule, "SEC004/url-password");
	}
	for (size_t i = 0; i < sizeof(no) / sizeof(*no); i++) {
		char url[200], text[300];

		fill(url, sizeof(url), no[i], made("", base62, 14));
		snprintf(text, sizeof(text), "x = \"%s\"\n", url);
		ck_assert_msg(scan("a.py", text) == 0, "%s", text);
	}
}
END_TEST

START_TEST(assignments)
{
	/* %s is random. */
	static const char *const yes[] = { "API_KEY = '%s'", "client = C(api_key=\"%s\")", "{\"clientSecret\": \"%s\"}", "os.environ['AUTH_TOKEN'] = \"%s\"", "k = os.getenv(\"API_KEY\", \"%s\")",
		"token: str = \"%s\"", "api_key: SecretStr = SecretStr(\"%s\")", "x = '{\\\"api_key\\\": \\\"%s\\\"}'", "# old: api_key=%s", "headers = {\"Authorization\": \"Bearer %s\"}",
		"subprocess.run([\"x\", \"--api-key\", \"%s\"])", "secret_key = (\n    \"%s\"\n)", "conn = \"Server=a;Uid=b;Password=%s;\"", "if token == \"%s\":", "DB_PASSWORD_PROD = \"%s\"",
		"xml = '<password>%s</password>'", "{\"ServiceApiKey7\": \"%s\"}", "dbPassword4 = '%s'", "API_KEY2 = '%s'" };
	static const char *const no[] = { "api_key_id = '%s'", "public_key = '%s'", "cache_key = \"%s\"", "sha256_token_hash = \"%s\"", "token_url = \"%s\"", "api_key = get(\"%s\")",
		"words = [\"token\", \"%s\"]", "password_hint = '%s'", "token_sha256 = '%s'", "keyId2 = '%s'" };

	for (size_t i = 0; i < sizeof(yes) / sizeof(*yes); i++) {
		char text[300];

		fill(text, sizeof(text), yes[i], made("", base62, 32));
		ck_assert_msg(scan("a.py", text) == 1, "%s", text);
	}
	for (size_t i = 0; i < sizeof(no) / sizeof(*no); i++) {
		char text[300];

		fill(text, sizeof(text), no[i], made("", base62, 32));
		ck_assert_msg(scan("a.py", text) == 0, "%s", text);
	}
}
END_TEST

START_TEST(what_is_none)
{
	static const char *const texts[] = { "api_key = \"your-api-key-here\"", "password = \"Enter your password\"", "password = 'changeme123'", "password = \"P@ssw0rd!\"", "token = \"${TOKEN}\"",
		"secret = \"{{ .Values.secret }}\"", "API_KEY = \"<your key>\"", "api_key = \"xxxxxxxxxxxxxxxxxxxxxxxx\"", "token = os.environ[\"TOKEN\"]", "password = self.password2",
		"secret = \"arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf\"", "token_type = \"bearer\"", "key = \"user_profile_cache_v2\"", "max_tokens = 4096",
		"api_key = \"f47ac10b-58cc-4372-a567-0e02b2c3d479\"", "auth = \"https://login.corp.net/oauth2/token\"", "password = \"correct horse battery staple\"",
		("-----BEGIN RSA PRIVATE " "KEY-----\nMIIE...\n-----END RSA PRIVATE " "KEY-----"), "eos_token = \"<|im_end|>\"",
		"{\"AWS::Gateway::ApiKey\": \"4820c3f1a97be56d\"}", "r = 'arn:aws:secretsmanager:*:*:secret:eks-Cluster7-pod9x/*'", "secret = '^[a-zA-Z0-9_]{3,63}$'",
		"S3Key = 'my-app-9k2j3h4g5f6d7s8a.zip'", ("token = \"AKIAIOSFODNN7" "EXAMPLE\"") };

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		ck_assert_msg(scan("a.py", texts[i]) == 0, "%s: %s", texts[i], found(0)->rule);
	ck_assert_uint_eq(scan_format("a.py", "token = '%s'", github(1)), 0);
	ck_assert_uint_eq(scan_format("a.py", "stripe_key = '%s'", made("pk" "_live_", base62, 24)), 0);
	ck_assert_uint_eq(scan_format("a.py", "x = 'data:image/png;base64,iVBORw0KGgo%s'", made("", base62, 200)), 0);
	ck_assert_uint_eq(scan("a.ipynb", "{\"cells\": [{\"cell_type\": \"code\", \"source\": [\"f(1, token=made_Up7token9x)\\n\"], \"outputs\": []}]}"), 0);
	ck_assert_uint_eq(scan_format("yarn.lock", "  secret \"%s\"\n  token: %s\n", made("", base62, 40), made("", base62, 40)), 0);
}
END_TEST

/* ENV NAME VALUE, and .pgpass: no sign between name and value, or no name. */
START_TEST(without_a_sign)
{
	ck_assert_uint_eq(scan_format("Dockerfile", "FROM a\nENV DB_PASSWORD %s\n", made("", base62, 16)), 1);
	ck_assert_uint_eq(scan_format("Dockerfile", "env\tAPI_KEY  \"%s\"\n", made("", base62, 32)), 1);
	ck_assert_uint_eq(scan_format("Dockerfile", "ENV DB_PASSWORD $PASSWORD\nRUN echo PASSWORD %s\nRUN printenv TOKEN %s\n", made("", base62, 16), made("", base62, 32)), 0);
	ck_assert_uint_eq(scan_format("notes.txt", "ENV DB_PASSWORD %s\n", made("", base62, 16)), 0);
	ck_assert_uint_eq(scan_format(".pgpass", "db.corp.net:5432:prod:svc:%s\n", made("", base62, 16)), 1);
	ck_assert_uint_eq(scan_format("app.properties", "app.service.api.key=%s\n", made("", "0123456789abcdef", 40)), 1);
	ck_assert_uint_eq(scan_format("a.ps1", "$env:DB_PASSWORD = \"%s!7\"\n", made("", base62, 12)), 1);
	ck_assert_uint_eq(scan_format("app.properties", "app.cache.key=%s\n", made("", "0123456789abcdef", 40)), 0);
	ck_assert_uint_eq(scan_format("a.yaml", "ports: [\"127.0.0.1:5432:5432\"]\n"), 0);
}
END_TEST

START_TEST(refresh_tokens_have_a_checksum)
{
	ck_assert_uint_eq(scan_format("a.py", "t = '%s'", made("gh" "r_", base62, 36)), 0);
	ck_assert_uint_eq(scan_format("a.py", "t = '%s'", made("gh" "r_", base62, 76)), 1);
}
END_TEST

/* No text of a finding holds more of the value than its first four characters. */
START_TEST(value_is_shown_nowhere)
{
	const char *value = github(0);

	ck_assert_uint_eq(scan_format("a.py", "TOKEN = \"%s\"; OTHER = \"%s\"\n", value, value), 2);
	for (size_t i = 0; i < 2; i++) {
		const struct finding *f = found(i);
		const char *const texts[] = { f->message, f->redacted, f->rule, f->secret_hash, f->fingerprint };

		for (size_t j = 0; j < sizeof(texts) / sizeof(*texts); j++)
			ck_assert_msg(!texts[j] || !strstr(texts[j], value + 4), "%s", texts[j]);
		ck_assert_str_eq(f->redacted, "ghp_\xe2\x80\xa6 (40 characters)");
		ck_assert_uint_eq(strlen(f->secret_hash), 16);
	}
	ck_assert_str_eq(found(0)->secret_hash, found(1)->secret_hash);
	const char *half = made("", base62, 40);

	ck_assert_uint_eq(scan_format("a.py", "c = C(\"%s\", \"%s\", pw)\n", aws_id(), half), 1);
	ck_assert_ptr_nonnull(found(0)->also);
	/* No value enters the fingerprint, also not that of the other half. */
	char first[17], *fingerprint = mem_text(found(0)->fingerprint);

	ck_assert_uint_eq(scan_format("a.py", "c = C(\"%s\", \"%s\", pw)\n", aws_id(), made("", base62, 40)), 1);
	ck_assert_str_eq(found(0)->fingerprint, fingerprint);
	free(fingerprint);

	snprintf(first, sizeof(first), "%s", found(0)->secret_hash);
	unload();
	load_with((const uint8_t *)"another key of another machine..", 0);
	ck_assert_uint_eq(scan_format("a.py", "TOKEN = \"%s\"\n", value), 1);
	ck_assert_str_ne(found(0)->secret_hash, first);
}
END_TEST

START_TEST(utf16_places)
{
	char plain[200], wide[402] = "\xff\xfe";
	size_t n = (size_t)snprintf(plain, sizeof(plain), "a\r\nkey = %s\r\n", github(0));

	for (size_t i = 0; i < n; i++)
		wide[2 + 2 * i] = plain[i];
	source_of_bytes(&source, "a.ini", wide, 2 + 2 * n);
	secret_scan(scanner, &source, findings);
	ck_assert_uint_eq(findings_count(findings), 1);
	ck_assert_int_eq(found(0)->place.line, 2);
	ck_assert_int_eq(found(0)->place.column, 7);
	ck_assert_uint_eq(found(0)->place.length, 80);
}
END_TEST

static void put_file(const char *name, const char *text)
{
	char path[128];
	struct error err = { 0 };

	snprintf(path, sizeof(path), "%s/checks", home);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/checks/%s", home, name);
	ck_assert_msg(!file_save(path, text, strlen(text), 0600, &err), "%s", err.text);
}

START_TEST(own_rules)
{
	size_t before = secret_rules_count(rules);
	char run[4000];

	ck_assert_uint_ge(before, 120);
	unload();
	put_file("mine.yaml", "rules:\n  - {id: SEC001/acme-key, title: Acme key, keywords: [acme_], pattern: 'acme_[0-9a-f]{16}'}\n"
			      "  - {id: SEC001/slow, title: slow, keywords: [slowslow], pattern: '(?:s?l?o?w?)*(?:(?:a+)+)+$'}\n");
	load_with(key, 0);
	ck_assert_uint_eq(secret_rules_count(rules), before + 2);
	ck_assert_uint_eq(scan_format("a.py", "x = '%s'\n", made("acme" "_", "0123456789abcdef", 16)), 1);
	ck_assert_str_eq(found(0)->rule, "SEC001/acme-key");
	memset(run, 'a', sizeof(run));
	memcpy(run, "slowslow", 8);
	run[sizeof(run) - 2] = '!';
	run[sizeof(run) - 1] = '\0';
	ck_assert_uint_eq(scan("a.txt", run), 0); /* ends at the limit of steps */
}
END_TEST

START_TEST(broken_rules)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{ "rules:\n  - {id: SEC001/a, keywords: [abc], pattern: '('}\n", "mine.yaml: line 2: rule SEC001/a has a pattern that does not compile" },
		{ "rules:\n  - {id: SEC999/a, keywords: [abc], pattern: 'x'}\n", "names no check of class secret" },
		{ "rules:\n  - {id: nothing, keywords: [abc], pattern: 'x'}\n", "needs an id like" },
		{ "rules:\n  - {id: SEC001/a, keywords: [a], pattern: 'x'}\n", "keyword that is no text of 2 to 64" },
		{ "rules:\n  - {id: SEC001/a, keywords: [abc], pattern: 'x', checksum: luck}\n", "checksum that is not known" },
		{ "rules:\n  - {id: SEC001/a, keywords: [abc], pattern: 'x', severity: bad}\n", "severity that is none of" },
		{ "rules:\n  - {id: SEC001/a, keyword: [abc], pattern: 'x'}\n", "key that is not known: keyword" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct error err = { 0 };

		put_file("mine.yaml", rows[i].text);
		ck_assert_ptr_null(secret_rules_load(&(struct secret_rules_options){ .checks = checks, .hash_key = key }, &err));
		ck_assert_msg(strstr(err.text, rows[i].says), "%s", err.text);
	}
}
END_TEST

static char *kept_database(void)
{
	DIR *folder = opendir(home);
	char *path = NULL;

	for (struct dirent *entry; (entry = readdir(folder));)
		if (!strncmp(entry->d_name, "secrets-", 8))
			path = mem_format("%s/%s", home, entry->d_name);
	closedir(folder);
	return path;
}

START_TEST(database_is_kept)
{
	char *path = kept_database();
	struct stat status;

	if (!strncmp(secret_rules_engine(rules), "aho", 3)) {
		ck_assert_ptr_null(path);
		return;
	}
	ck_assert_ptr_nonnull(path);
	unload();
	ck_assert_int_eq(truncate(path, 100), 0); /* a broken one is made again */
	load_with(key, 0);
	ck_assert_int_eq(strncmp(secret_rules_engine(rules), "vectorscan", 10), 0);
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_int_gt(status.st_size, 1000);
	ck_assert_uint_eq(scan_format("a.py", "x = '%s'\n", anthropic()), 1);
	free(path);
}
END_TEST

START_TEST(without_vectorscan)
{
	unload();
	load_with(key, 1);
	ck_assert_str_eq(secret_rules_engine(rules), "aho-corasick");
	ck_assert_uint_eq(scan_format("a.py", "x = '%s'\ny = '%s'\napi_token = '%s'\n", anthropic(), aws_id(), made("", base62, 30)), 3);
}
END_TEST

static char shared_text[4096];

static void *scan_again(void *arg)
{
	struct secret_scanner *own = secret_scanner_new(rules);
	struct source text = { 0 };
	size_t *count = arg;

	for (int i = 0; i < 20; i++) {
		struct findings *list = findings_new();

		source_of_bytes(&text, "a.py", shared_text, strlen(shared_text));
		secret_scan(own, &text, list);
		*count += findings_count(list);
		findings_free(list);
	}
	source_release(&text);
	secret_scanner_free(own);
	return NULL;
}

START_TEST(threads)
{
	pthread_t workers[4];
	size_t counts[4] = { 0 };

	snprintf(shared_text, sizeof(shared_text), "a = '%s'\nb = '%s'\npassword = '%s!'\nc = 'postgres://a:%s@db.corp.net/x'\n", anthropic(), github(0), made("", base62, 11), made("", base62, 12));
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&workers[i], NULL, scan_again, &counts[i]), 0);
	for (int i = 0; i < 4; i++) {
		pthread_join(workers[i], NULL);
		ck_assert_uint_eq(counts[i], 80);
	}
}
END_TEST

/* What each finding costs must not grow with its line: 3 MB of them on one are read before the test's end. */
START_TEST(one_line_is_the_whole_file)
{
	enum { COUNT = 20000, ROOM = 140 };
	char *text = mem_alloc(COUNT * ROOM);
	size_t length = 0, wide = 0;

	for (size_t i = 0; i < COUNT; i++)
		length += (size_t)snprintf(text + length, ROOM, "api_key='%s', \xc3\xa9=1; x = \"password=%s\"; name=value, retries=3, %-40s;", made("", base62, 24), made("", base62, 9), "");
	ck_assert_uint_ge(scan("a.py", text), COUNT);
	const struct finding *last = found(findings_count(findings) - 1);
	ck_assert_int_eq(last->place.line, 1);
	for (const char *at = text; (at = memchr(at, '\xc3', last->place.offset - (size_t)(at - text))); at++) /* columns are characters */
		wide++;
	ck_assert_uint_eq((size_t)last->place.column, last->place.offset + 1 - wide);
	free(text);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_checked_fixture(tc, begin, end);
	tcase_add_test(tc, places);
	tcase_add_test(tc, printed_by_a_cell);
	tcase_add_test(tc, kubernetes_secret);
	tcase_add_test(tc, encoded_once);
	tcase_add_test(tc, live_env);
	tcase_add_test(tc, pairs);
	tcase_add_test(tc, split_literals);
	tcase_add_test(tc, urls);
	tcase_add_test(tc, assignments);
	tcase_add_test(tc, what_is_none);
	tcase_add_test(tc, without_a_sign);
	tcase_add_test(tc, refresh_tokens_have_a_checksum);
	tcase_add_test(tc, value_is_shown_nowhere);
	tcase_add_test(tc, utf16_places);
	tcase_add_test(tc, own_rules);
	tcase_add_test(tc, broken_rules);
	tcase_add_test(tc, database_is_kept);
	tcase_add_test(tc, without_vectorscan);
	tcase_add_test(tc, threads);
	tcase_add_test(tc, one_line_is_the_whole_file);
}

TEST_MAIN("fleet/secrets")
