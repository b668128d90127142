#include "fleet/secrets/secrets.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/mem.h"
#include "fleet/finding/finding.h"
#include "fleet/secrets/private.h"
#include "fleet/tree/source.h"

/* A pattern of an operator must not hold us: what takes more than this is no match. */
enum { MATCH_STEPS = 200000, MATCH_DEPTH = 2000, MATCH_HEAP_KIB = 2048, STACK_BYTES = 512 << 10, WINDOW_BYTES = 4096, WALK_BACK_BYTES = 128, CANDIDATES_MAX = 100000,
	SECRET_KINDS_MAX = 1000 };

struct secret_scanner *secret_scanner_new(const struct secret_rules *rules)
{
	struct secret_scanner *scanner = mem_zero(1, sizeof(*scanner));

	scanner->rules = rules;
	scanner->state = engine_state_new(rules->engine);
	scanner->limits = pcre2_match_context_create(NULL);
	scanner->match = pcre2_match_data_create(8, NULL);
	scanner->stack = pcre2_jit_stack_create(16 << 10, STACK_BYTES, NULL);
	if (!scanner->limits || !scanner->match || !scanner->stack)
		abort(); /* out of memory */
	pcre2_set_match_limit(scanner->limits, MATCH_STEPS);
	pcre2_set_depth_limit(scanner->limits, MATCH_DEPTH);
	pcre2_set_heap_limit(scanner->limits, MATCH_HEAP_KIB);
	pcre2_jit_stack_assign(scanner->limits, NULL, scanner->stack);
	return scanner;
}

void secret_scanner_free(struct secret_scanner *scanner)
{
	if (!scanner)
		return;
	engine_state_free(scanner->state);
	pcre2_match_data_free(scanner->match);
	pcre2_match_context_free(scanner->limits);
	pcre2_jit_stack_free(scanner->stack);
	free(scanner->found);
	free(scanner->joined);
	free(scanner->joins);
	free(scanner->kinds);
	free(scanner);
}

/* Patterns are made machine code when first needed: most runs need few of them. */
static void make_fast(const struct secret_rules *shared, const struct secret_rule *rule)
{
	struct secret_rules *rules = (struct secret_rules *)(uintptr_t)shared; /* frozen but for this */
	struct secret_rule *own = (struct secret_rule *)(uintptr_t)rule;

	if (atomic_load_explicit(&own->compiled, memory_order_acquire))
		return;
	pthread_mutex_lock(&rules->jit);
	if (!atomic_load_explicit(&own->compiled, memory_order_relaxed)) {
		pcre2_jit_compile(own->code, PCRE2_JIT_COMPLETE);
		atomic_store_explicit(&own->compiled, 1, memory_order_release);
	}
	pthread_mutex_unlock(&rules->jit);
}

/* The value of a match at the start of text: group 1 where there is one. Returns the length of the whole match, 0: none. */
static size_t match(struct secret_scanner *scanner, const struct secret_rule *rule, const char *text, size_t length, struct span *value)
{
	PCRE2_SIZE *ends;
	int groups;

	make_fast(scanner->rules, rule);
	groups = pcre2_match(rule->code, (PCRE2_SPTR)text, length, 0, 0, scanner->match, scanner->limits);
	if (groups <= 0)
		return 0;
	ends = pcre2_get_ovector_pointer(scanner->match);
	*value = (struct span){ ends[0], ends[1] - ends[0] };
	if (groups > 1 && ends[2] != PCRE2_UNSET)
		*value = (struct span){ ends[2], ends[3] - ends[2] };
	return ends[1];
}

int secrets_matches_whole(struct secret_scanner *scanner, const struct secret_rule *rule, const char *value, size_t length)
{
	struct span span;

	return match(scanner, rule, value, length, &span) == length;
}

int secrets_is_example(const struct secret_rules *rules, const char *value, size_t length)
{
	char hex[SHA256_HEX_MAX];

	sha256_hex(value, length, hex);
	return rules->example_count && bsearch(hex, rules->examples, rules->example_count, sizeof(*rules->examples), (int (*)(const void *, const void *))strcmp) != NULL;
}

/* Offset of the file's text for one of the joined text. */
static size_t unjoined(const struct secret_scanner *scanner, size_t offset)
{
	size_t low = 0, high = scanner->join_count;

	while (high - low > 1) {
		size_t middle = (low + high) / 2;

		if (scanner->joins[middle].joined <= offset)
			low = middle;
		else
			high = middle;
	}
	return scanner->joins[low].text + (offset - scanner->joins[low].joined);
}

static struct span span_of_view(const struct secret_scanner *scanner, struct span span)
{
	size_t start, end;

	if (scanner->view.kind == VIEW_TEXT || !span.length)
		return span;
	if (scanner->view.kind == VIEW_DECODED)
		return scanner->view.whole;
	start = unjoined(scanner, span.at);
	end = unjoined(scanner, span.at + span.length - 1) + 1;
	return (struct span){ start, end > start ? end - start : 1 };
}

void secrets_add(struct secret_scanner *scanner, const struct candidate *candidate)
{
	struct candidate *kept;

	if (scanner->count == CANDIDATES_MAX) {
		scanner->dropped++;
		return;
	}
	if (secrets_is_example(scanner->rules, candidate->value, candidate->value_length))
		return;
	scanner->found = mem_grow(scanner->found, scanner->count + 1, sizeof(*scanner->found));
	kept = &scanner->found[scanner->count++];
	*kept = *candidate;
	kept->span = span_of_view(scanner, candidate->span);
	kept->in_secret = scanner->view.in_secret;
	if (scanner->view.kind != VIEW_TEXT) {
		kept->value = arena_text_n(scanner->texts, candidate->value, candidate->value_length);
		kept->name = candidate->name ? arena_text_n(scanner->texts, candidate->name, candidate->name_length) : NULL;
	}
}

static int is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static int is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f');
}

/* No token goes on to the left: "\n" and "%3D" end one. */
static int starts_token(const struct view *view, size_t at)
{
	const char *t = view->text;

	if (!at || !is_word(t[at - 1]))
		return 1;
	if (at >= 2 && t[at - 2] == '\\' && strchr("nrtbf", t[at - 1]))
		return 1;
	return at >= 3 && t[at - 3] == '%' && is_hex(t[at - 2]) && is_hex(t[at - 1]);
}

static int ends_token(const struct view *view, size_t end)
{
	return end >= view->length || !is_word(view->text[end]);
}

static int is_token(char c)
{
	return is_word(c) || c == '-' || c == '.' || c == '~';
}

static int is_refused(const struct secret_scanner *scanner, const struct secret_rule *rule, const char *value, size_t length)
{
	if (value_is_placeholder(scanner->rules, value, length))
		return 1;
	return rule->entropy > 0 && entropy_bits(value, length) < rule->entropy;
}

/* A form that says little: the value is judged as any that only its place names. */
static int looks_like_none(const struct secret_rule *rule, const char *value, size_t length)
{
	if (rule->judge == JUDGE_FORM)
		return 0;
	if (value_is_reference(value, length) || value_is_uuid(value, length))
		return 1;
	return rule->judge == JUDGE_PASSWORD ? !value_is_password(value, length) : !value_is_key(value, length);
}

int secrets_try(struct secret_scanner *scanner, const struct secret_rule *rule, size_t at)
{
	const struct view *view = &scanner->view;
	struct candidate candidate = { .rule = rule, .rank = rule->is_public ? RANK_PUBLIC : rule->judge ? RANK_GENERIC : RANK_RULE };
	size_t start = at, left, matched;
	struct span value;

	while (rule->walk_back && start && at - start < WALK_BACK_BYTES && is_token(view->text[start - 1]))
		start--;
	if (!starts_token(view, start))
		return 0;
	left = view->length - start > WINDOW_BYTES ? WINDOW_BYTES : view->length - start;
	matched = match(scanner, rule, view->text + start, left, &value);
	if (!matched || start + matched < at || !ends_token(view, start + matched))
		return 0;
	candidate.span = (struct span){ start + value.at, value.length };
	candidate.value = view->text + candidate.span.at;
	candidate.value_length = value.length;
	if (!rule->is_public && (is_refused(scanner, rule, candidate.value, value.length) || looks_like_none(rule, candidate.value, value.length)))
		return 1;
	if (!rule->is_public && !proof_holds(rule->proof, candidate.value, value.length))
		candidate.rank = RANK_REFUSED;
	secrets_add(scanner, &candidate);
	return 1;
}

static void try_pem(struct secret_scanner *scanner, size_t at)
{
	const struct view *view = &scanner->view;
	size_t length = pem_block(view->text, view->length, at);

	if (length)
		secrets_add(scanner, &(struct candidate){ .rule = scanner->rules->pem, .rank = RANK_RULE, .span = { at, length }, .value = view->text + at, .value_length = length });
}

static void on_literal(void *arg, unsigned index, size_t start)
{
	struct secret_scanner *scanner = arg;
	const struct literal *literal = &scanner->rules->literals[index];

	for (unsigned i = 0; i < literal->rule_count; i++)
		if (!scanner->rules->rules[literal->rules[i]].names)
			secrets_try(scanner, &scanner->rules->rules[literal->rules[i]], start);
	if (literal->use & USE_PEM)
		try_pem(scanner, start);
	if (literal->use & USE_NAME && scanner->view.kind != VIEW_JOINED)
		secrets_assignment(scanner, start, literal->length);
	if (literal->use & USE_URL)
		secrets_url(scanner, start);
	/* Not now: a scan is under way. */
	if (literal->use & USE_SECRET_KIND && scanner->view.kind == VIEW_TEXT && scanner->kind_count < SECRET_KINDS_MAX) {
		scanner->kinds = mem_grow(scanner->kinds, scanner->kind_count + 1, sizeof(*scanner->kinds));
		scanner->kinds[scanner->kind_count++] = start;
	}
}

void secrets_scan_view(struct secret_scanner *scanner, const struct view *view)
{
	struct view before = scanner->view;
	size_t name_seen = scanner->name_seen, url_seen = scanner->url_seen;

	scanner->view = *view;
	scanner->name_seen = scanner->url_seen = 0;
	engine_scan(scanner->rules->engine, scanner->state, view->text, view->length, on_literal, scanner);
	scanner->view = before;
	scanner->name_seen = name_seen;
	scanner->url_seen = url_seen;
}

void secret_scan(struct secret_scanner *scanner, struct source *source, struct findings *findings)
{
	if (source->kind == SOURCE_BINARY || !source->length)
		return;
	scanner->source = source;
	scanner->is_code = secrets_is_code(source);
	scanner->count = scanner->dropped = scanner->kind_count = scanner->kind_end = 0;
	scanner->texts = arena_new();
	secrets_scan_view(scanner, &(struct view){ .text = source->text, .length = source->length });
	for (size_t i = 0; i < scanner->kind_count; i++)
		secrets_kind_secret(scanner, scanner->kinds[i]);
	secrets_decode(scanner);
	secrets_join(scanner);
	secrets_report(scanner, findings);
	findings_miss(findings, scanner->dropped);
	arena_free(scanner->texts);
	scanner->texts = NULL;
}
