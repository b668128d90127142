/* danger_bytes.c - the bytes of a sentence no request has: shell, templates, markup, payloads, disguises. */
#include <ctype.h>
#include <string.h>

#include "copilot/danger.h"
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

static int means_harm(const struct marks *marks, const char *text, size_t length)
{
	const struct words_entry *entry = danger_alone(marks, text, length);

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

const char *danger_in_bytes(const struct marks *marks, const char *text, size_t length)
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
