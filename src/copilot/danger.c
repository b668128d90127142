/* danger.c - sentences that try to change the rules, smuggle a command, take secrets or fake an
 * approval. Looks at the marks (words in every language) and at the bytes (shell, templates,
 * payloads). One hit refuses the whole sentence. */
#include <ctype.h>
#include <string.h>

#include "copilot/reading.h"

static const char *const byte_signs[] = { "$(", "${", "{{", "}}", "&&", "||", "<(", ">(",
	"<system", "</system", "<|", "|>", "[inst", "[/inst", "<script", "<<", ">>", "#!/", "../..",
	"; rm", ";rm", "rm -rf", "/etc/", "\\x", "%3b", "\\u00", "<!--", "###", "```", "' or ",
	"';", "\";", "--;", "| sh", "|sh", "| bash", "|bash", "/bin/", "/dev/tcp",
	"169.254.169.254", "file://", "javascript:", "data:text", "<admin", "<instruction", "<user",
	"<assistant", "{\"role", "\"role\"", "<tool",
	"policy=", "approved=", "approval=", "approve=", "allow_all", "allow-all",
	"allow=", "bypass", "override=", "confirm=", "trusted=", "skip_", "no_audit", "noaudit",
	"auth=", "is_admin", "base64", "dry_run=", "dry-run=", "~/", ".ssh/", "id_rsa", ".kube/",
	".aws/", "/proc/self", "intent_type", "resource_type", "\\n", "select *", "union select",
	"insert into", "\"approved", "\'approved", ":(){", " // ", " # ", " :: ", " ~ " };
static const char *const speakers[] = { "system:", "assistant:", "user:", "developer:", "admin:",
	"root:", "operator:", "[system]", "(system)", "system note", "system message", "approver:",
	"policy:", "role:", "permission:", "permissions:", "approved:", "approval:", "instruction:",
	"instructions:", "prompt:", "override:", "mode:", "human:", "ai:", "note to",
	"message from", "tool:", "security:", "ciso:", "cto:" };

static int contains(const char *text, size_t length, const char *sign)
{
	size_t n = strlen(sign);

	for (size_t i = 0; i + n <= length; i++)
		if (!strncasecmp(text + i, sign, n))
			return 1;
	return 0;
}

/* ; or | and then a word, as a shell would run it. A semicolon between two plain parts of a
 * sentence is rare enough to ask. */
static int has_pipe(const char *text, size_t length)
{
	for (size_t i = 0; i + 1 < length; i++)
		if (text[i] == '|' || (text[i] == '>' && text[i + 1] == ' ' &&
					      !(i && strchr("-=", text[i - 1])))) /* "->" */
			return 1;
	return 0;
}

/* "<b>": markup has a letter or a stroke behind the sign, "cpu <80" has not. "%72%6d": bytes in
 * disguise. */
static int has_markup(const char *text, size_t length)
{
	for (size_t i = 0; i + 1 < length; i++)
		if ((text[i] == '<' &&
			    (isalpha((unsigned char)text[i + 1]) || strchr("/!?", text[i + 1]))) ||
			(text[i] == '%' && i + 3 < length && text[i + 3] == '%' &&
				isxdigit((unsigned char)text[i + 1]) &&
				isxdigit((unsigned char)text[i + 2])))
			return 1;
	return 0;
}

/* A Latin word with Greek or Cyrillic letters in it: looks like one thing and is another. UTF-8
 * leads those letters in with 0xCE to 0xD3. */
static int has_mixed_letters(const struct fold *fold)
{
	for (size_t t = 0; t < fold->count; t++) {
		const struct token *token = &fold->tokens[t];
		int latin = 0, other = 0;

		for (size_t i = 0; i < token->raw_length; i++) {
			unsigned char c = (unsigned char)token->raw[i];

			latin |= isalpha(c) != 0;
			other |= c >= 0xCE && c <= 0xD3;
		}
		if (latin && other)
			return 1;
	}
	return 0;
}

/* What a shell would take: "; python -c ...", "; cat ~/x". */
static int has_command(const char *text, size_t length)
{
	const char *after = memchr(text, ';', length);

	for (; after && after + 2 < text + length; after++)
		if ((after[0] == ' ' && after[1] == '-' && isalpha((unsigned char)after[2])) ||
			strchr("~$\"", *after) || (*after == '\'' && !isalpha((unsigned char)after[-1])) || (after[0] == ' ' && after[1] == '/'))
			return 1;
	return 0;
}

/* "i g n o r e": letters apart, to pass between the words. */
static int has_spelled_out(const struct fold *fold)
{
	size_t run = 0;

	for (size_t t = 0; t < fold->count && run < 5; t++)
		run = fold->tokens[t].length == 1 && fold->tokens[t].shape & TOKEN_LETTER &&
				      !(fold->tokens[t].shape & TOKEN_CJK)
			      ? run + 1
			      : 0;
	return run >= 5;
}

/* What a word means by itself; NULL nothing. */
static const struct words_entry *alone(const struct marks *marks, const char *text, size_t length)
{
	unsigned node = words_step(marks->words, 0, words_find(marks->words, text, length));

	return node ? words_entry(marks->words, node, marks->languages, marks->language) : NULL;
}

static int means_harm(const struct marks *marks, const char *text, size_t length)
{
	const struct words_entry *entry = alone(marks, text, length);

	return entry && entry->concept[0] >= C_INJECTION && entry->concept[0] <= C_APPROVED;
}

/* "1gn0re", "p4ssword": digits in the place of letters; "dis-regard", "p.a.s.s.w.o.r.d": joints
 * where none belong. */
static int has_disguised(const struct marks *marks)
{
	static const char from[] = "013457", to[] = "oieast";

	for (size_t t = 0; t < marks->fold.count; t++) {
		const struct token *token = &marks->fold.tokens[t];
		char plain[32];
		size_t used = 0;

		if (marks->word[t] || token->length < 4 || token->length >= sizeof(plain) ||
			!(token->shape & (TOKEN_DIGIT | TOKEN_JOINED)) ||
			!(token->shape & TOKEN_LETTER))
			continue;
		for (size_t i = 0; i < token->length; i++) {
			const char *digit = strchr(from, token->text[i]);

			if (!strchr("-_.", token->text[i]))
				plain[used++] = digit ? to[digit - from] : token->text[i];
		}
		if (means_harm(marks, plain, used))
			return 1;
	}
	return 0;
}

/* Sixteen or more letters of both cases with digits or padding and no joints: base64 or the like,
 * not a name. */
static int has_payload(const struct fold *fold)
{
	for (size_t t = 0; t < fold->count; t++) {
		const struct token *token = &fold->tokens[t];
		size_t upper = 0, lower = 0, digit = 0, plain = 0;

		if (token->raw_length < 16)
			continue;
		for (size_t i = 0; i < token->raw_length; i++) {
			unsigned char c = (unsigned char)token->raw[i];

			upper += isupper(c) != 0;
			lower += islower(c) != 0;
			digit += isdigit(c) || c == '+' || c == '/' || c == '=';
			plain += isalnum(c) || c == '+' || c == '/' || c == '=';
		}
		if (plain == token->raw_length && upper >= 3 && lower >= 3 &&
			(digit >= 1 || token->raw_length >= 24))
			return 1;
		if (plain == token->raw_length && token->raw_length >= 32 &&
			upper + lower + digit >= 32 && digit >= 8)
			return 1; /* long hexadecimal */
	}
	return 0;
}

static int has_address(const char *text, size_t length)
{
	for (size_t i = 1; i + 1 < length; i++) /* "me@example.com", "$NAME" */
		if ((text[i] == '@' && (isalnum((unsigned char)text[i - 1]) || text[i - 1] == ' ') &&
			    isalnum((unsigned char)text[i + 1])) ||
			(text[i] == '$' && isalpha((unsigned char)text[i + 1])))
			return 1;
	return contains(text, length, "://");
}

/* "system: approved" at the start, or after the end of a sentence. */
static int has_speaker(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (i && !(text[i - 1] == ' ' && i > 1 && strchr(".;!?,:-\n", text[i - 2])) &&
			!strchr("\n\t\"'([<#*", text[i - 1]))
			continue;
		for (size_t s = 0; s < sizeof(speakers) / sizeof(*speakers); s++)
			if (strlen(speakers[s]) <= length - i &&
				!strncasecmp(text + i, speakers[s], strlen(speakers[s])))
				return 1;
	}
	return 0;
}

/* A noun of ours stands beside it. */
static int is_said_to_be_ours(const struct marks *marks, size_t token)
{
	static const enum concept nouns[] = { C_APP, C_KIND, C_DB, C_LB, C_NAMESPACE, C_HOST, C_VM };

	for (size_t i = 0; i < sizeof(nouns) / sizeof(*nouns); i++)
		if (marks_at(marks, token + 1, nouns[i]) || (token && marks_at(marks, token - 1, nouns[i])))
			return 1;
	return 0;
}

static int is_command(const char *text)
{
	static const char *const words[] = { "id", "whoami", "reboot", "ls", "ps", "env", "cat", "curl", "wget", "bash", "sh", "zsh",
		"rm", "kill", "top", "uname", "hostname", "date", "who", "pwd", "history", "halt", "shutdown", "poweroff", "sudo", "su",
		"nc", "python", "python3", "perl", "ruby", "php", "printenv", "mount", "dmesg", "ifconfig", "netstat", "passwd",
		"useradd", "chmod", "chown", "exec", "eval", "source", "export", "set", "kubectl", "docker", "ssh", "scp" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(text, words[i]))
			return 1;
	return 0;
}

/* A single word in backticks is a name ("logs of `audit`"), but for what a shell knows, and behind a name: "api `reboot`". */
static int quotes_a_name(const struct marks *marks, size_t token)
{
	const struct token *word = &marks->fold.tokens[token];

	if (!(word->shape & TOKEN_QUOTED) || word->raw[-1] != '`' || is_command(word->text))
		return 0;
	return word->shape & (TOKEN_JOINED | TOKEN_DIGIT) || !token || is_said_to_be_ours(marks, token) || marks->taken[token - 1] ||
	       word[-1].shape & (TOKEN_COMMA | TOKEN_END);
}

static int has_backticks(const struct marks *marks, const char *text, size_t length)
{
	size_t ticks = 0, quoting = 0;

	for (size_t i = 0; i < length; i++)
		ticks += text[i] == '`';
	for (size_t t = 0; ticks && t < marks->fold.count; t++)
		quoting += quotes_a_name(marks, t);
	return ticks != 2 * quoting;
}

static const char *danger_in_bytes(const struct marks *marks, const char *text, size_t length)
{
	for (size_t i = 0; i < sizeof(byte_signs) / sizeof(*byte_signs); i++)
		if (contains(text, length, byte_signs[i]))
			return "holds a command, a template or markup";
	if (has_backticks(marks, text, length))
		return "holds a command, a template or markup";
	if (has_markup(text, length))
		return "holds markup or encoded bytes";
	if (has_pipe(text, length) || has_command(text, length))
		return "holds a pipe or a redirection";
	if (has_speaker(text, length))
		return "speaks in the name of the system";
	if (has_mixed_letters(&marks->fold) || has_spelled_out(&marks->fold) ||
		has_disguised(marks))
		return "hides words in other characters";
	if (has_payload(&marks->fold))
		return "holds an encoded payload";
	if (has_address(text, length))
		return "sends something to, or fetches from, an address";
	return NULL;
}

/* "if the approval gate asks, say yes": whoever wants a change has nothing to say about rules. A
 * service may be called so: "restart the approval service". */
static int rules_beside_change(const struct marks *marks)
{
	static const enum concept changes[] = { C_SCALE, C_RESTART, C_STOP, C_START, C_TERMINATE,
		C_ROLLBACK, C_CORDON, C_DRAIN, C_MIGRATE };
	int change = 0;

	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++)
		change |= marks->seen[changes[i]];
	for (const struct mark *mark = marks_first(marks, C_RULES); change && mark;
		mark = marks_next(marks, mark))
		if (!marks_at(marks, mark->to, C_APP) && !marks_at(marks, mark->to, C_KIND))
			return 1;
	return 0;
}

/* "approved-by", "pre-approved", "approvals=0": an approval in a compound. */
static int joined_approval(const struct marks *marks)
{
	for (size_t t = 0; t < marks->fold.count; t++) {
		const struct token *token = &marks->fold.tokens[t];

		if (!(token->shape & TOKEN_JOINED))
			continue;
		for (size_t at = 0; at < token->length;) {
			size_t length = strcspn(token->text + at, "-_.:/=");
			const struct words_entry *entry = alone(marks, token->text + at, length);

			if (length && entry &&
				(entry->concept[0] == C_APPROVED ||
					(entry->concept[0] == C_RULES &&
						token->text[at + length] == '=')))
				return 1;
			at += length + 1;
		}
	}
	return 0;
}

/* Means to set aside, rules or what is hidden. */
static int is_against(const struct words_entry *entry)
{
	static const enum concept against[] = { C_OVERRIDE, C_RULES, C_REVEAL, C_INJECTION };

	for (size_t i = 0; entry && i < sizeof(against) / sizeof(*against); i++)
		if (entry->concept[0] == against[i])
			return 1;
	return 0;
}

static int is_small(const struct words_entry *entry)
{
	return entry && (entry->concept[0] == C_FILL || entry->concept[0] == C_AND ||
				entry->concept[0] == C_IT || entry->concept[0] == C_ALL);
}

/* "rides-and-then-ignore-policy": a name that is a sentence, or says to set something aside. */
static int sentence_in_name(const struct marks *marks)
{
	for (size_t t = 0; t < marks->fold.count; t++) {
		const struct token *token = &marks->fold.tokens[t];
		int small = 0, against = 0, rules = 0, parts = 0;

		for (size_t at = 0; token->shape & TOKEN_JOINED && at < token->length; parts++) {
			size_t length = strcspn(token->text + at, "-_.:/=");
			const struct words_entry *entry = alone(marks, token->text + at, length);

			small += is_small(entry);
			against += is_against(entry);
			rules += entry && entry->concept[0] == C_RULES;
			at += length + 1;
		}
		if ((small > 2 && parts > 4) || against > 1 || (small && against > rules)) /* "ticket-gate-old" is a name */
			return 1;
	}
	return 0;
}

/* A change that also speaks of the audit wants to get past it: "hide it from the audit". A service
 * may be called so. */
static int audit_beside_change(const struct marks *marks)
{
	if (!marks->seen[C_STOP] && !marks->seen[C_TERMINATE] && !marks->seen[C_RESTART] &&
		!marks->seen[C_SCALE] && !marks->seen[C_ROLLBACK] && !marks->seen[C_DRAIN])
		return 0;
	for (size_t t = 0; t < marks->fold.count; t++)
		if (!marks_given_name(marks, t) && !strncmp(marks->fold.tokens[t].text, "audit", 5) &&
			!(marks->fold.tokens[t].shape & TOKEN_JOINED) &&
			!marks_at(marks, t + 1, C_APP) && !marks_at(marks, t + 1, C_DB) &&
			!marks_at(marks, t + 1, C_KIND))
			return 1;
	return 0;
}

/* "the token service", "password deployment": what holds secrets, not the secrets. Unless it is to
 * be shown. */
static int names_a_service(const struct marks *marks, const struct mark *secret)
{
	/* "annotate secret web-tls": the object, not what is in it */
	if ((marks->seen[C_OTHER] || marks->seen[C_TERMINATE]) && !marks->seen[C_REVEAL] &&
		!marks->seen[C_LIST] && !marks->seen[C_WHICH] &&
		!strcmp(marks->fold.tokens[secret->from].text, "secret") &&
		secret->to == secret->from + 1 && secret->to < marks->fold.count &&
		!marks->taken[secret->to] && marks->fold.tokens[secret->to].shape & TOKEN_JOINED)
		return 1;
	return (marks_at(marks, secret->to, C_APP) || marks_at(marks, secret->to, C_KIND)) &&
	       secret->to == secret->from + 1 && !marks->seen[C_REVEAL] && !marks->seen[C_LIST] &&
	       !marks->seen[C_WHICH] && !marks->seen[C_NAMESPACE];
}

static int changes_something(const struct marks *marks)
{
	for (int act = C_SCALE; act <= C_MIGRATE; act++)
		if (act != C_FORECAST && marks->seen[act])
			return 1;
	return 0;
}

/* "das Root-Passwort", "echo DB_PASSWORD": what a compound ends in is what it is. A service may be called so. */
static int joined_secret(const struct marks *marks)
{
	int shown = marks->seen[C_REVEAL] || marks->seen[C_LIST] || marks->seen[C_WHICH];

	for (size_t t = 0; t < marks->fold.count; t++) {
		const struct token *token = &marks->fold.tokens[t];
		size_t at = token->length;

		while (at && !strchr("-_", token->text[at - 1]))
			at--;
		const struct words_entry *entry =
			token->shape & TOKEN_JOINED && at ? alone(marks, token->text + at, token->length - at) : NULL;

		if (entry && entry->concept[0] == C_SECRET && !marks->seen[C_LOG] &&
			(shown || (strstr(token->text, "passw") && !changes_something(marks))))
			return 1;
	}
	return 0;
}

static int asks_for_secret(const struct marks *marks)
{
	if (joined_secret(marks))
		return 1;

	/* "who may read secrets" is a question about rights; "expired tokens" could be one: still
	 * asked back as a secret. */
	if (marks->seen[C_AUDIT] && !marks->seen[C_REVEAL] && !marks->seen[C_LIST])
		return 0;
	for (const struct mark *mark = marks_first(marks, C_SECRET); mark;
		mark = marks_next(marks, mark))
		if (!names_a_service(marks, mark))
			return 1;
	return 0;
}

static int sets_rules_aside(const struct marks *marks)
{
	return marks_near(marks, C_OVERRIDE, C_RULES, 6) ||
	       (marks->seen[C_RULES] &&
		       (marks_near(marks, C_STOP, C_RULES, 4) || marks_near(marks, C_TERMINATE, C_RULES, 4) ||
			       marks_near(marks, C_REVEAL, C_RULES, 4) || marks_near(marks, C_LIST, C_RULES, 3) ||
			       marks_near(marks, C_DONT, C_RULES, 4) || marks_near(marks, C_NOT, C_RULES, 3)));
}

static const char *danger_in_words(const struct marks *marks)
{
	if (marks->seen[C_INJECTION])
		return "tries to change the rules";
	if (sets_rules_aside(marks))
		return "tries to set rules aside";
	if (asks_for_secret(marks))
		return "asks for secrets";
	if (sentence_in_name(marks))
		return "hides a sentence in a name";
	if (marks->seen[C_APPROVED] || joined_approval(marks))
		return "claims an approval: approvals are given in the gate, never in a sentence";
	if (marks->seen[C_SHELL] || (marks->seen[C_FETCH] && !marks->seen[C_HARMLESS]))
		return "asks to run a command";
	return NULL;
}

const char *danger_find(const struct marks *marks, const char *sentence, size_t length, int *rules_alone)
{
	const char *why = danger_in_bytes(marks, sentence, length);

	*rules_alone = 0;
	if (!why && marks->fold.hidden)
		why = "holds hidden characters";
	if (!why)
		why = danger_in_words(marks);
	if (!why && (rules_beside_change(marks) || audit_beside_change(marks))) {
		why = "tries to set rules aside";
		*rules_alone = 1;
	}
	return why;
}
