/* automaton.c - Aho-Corasick over the literals, in lower case: finds what Vectorscan finds, slower, with nothing installed. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "fleet/secrets/private.h"

enum { NO_STATE = 0 };

struct state {
	unsigned fail;
	unsigned first_output; /* index into outputs, 0: none */
	unsigned next_output;  /* nearest state on the failure path that has outputs, 0: none */
};

struct output {
	unsigned literal, next;
};

struct automaton {
	unsigned char class_of[256]; /* columns of the table; 0: in no literal */
	unsigned classes;
	unsigned *table; /* states * classes */
	struct state *states;
	unsigned count, room;
	struct output *outputs;
	unsigned output_count;
	const struct literal *literals;
};

static unsigned char lower(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

static void make_classes(struct automaton *a, size_t count)
{
	a->classes = 1;
	for (size_t i = 0; i < count; i++)
		for (unsigned j = 0; j < a->literals[i].length; j++) {
			unsigned char c = lower((unsigned char)a->literals[i].text[j]);

			if (!a->class_of[c])
				a->class_of[c] = (unsigned char)a->classes++;
		}
	for (int c = 'A'; c <= 'Z'; c++)
		a->class_of[c] = a->class_of[c | 0x20];
}

static unsigned new_state(struct automaton *a)
{
	a->states = mem_grow(a->states, a->count + 1, sizeof(*a->states));
	a->states[a->count] = (struct state){ 0 };
	if (a->count == a->room) {
		a->room = a->room ? a->room * 2 : 256;
		a->table = mem_resize(a->table, (size_t)a->room * a->classes * sizeof(*a->table));
	}
	memset(a->table + (size_t)a->count * a->classes, 0, a->classes * sizeof(*a->table));
	return a->count++;
}

static void add_output(struct automaton *a, unsigned state, unsigned literal)
{
	a->outputs = mem_grow(a->outputs, a->output_count + 1, sizeof(*a->outputs));
	a->outputs[a->output_count] = (struct output){ literal, a->states[state].first_output };
	a->states[state].first_output = a->output_count++;
}

static void add_literal(struct automaton *a, unsigned index)
{
	const struct literal *literal = &a->literals[index];
	unsigned state = 0;

	for (unsigned j = 0; j < literal->length; j++) {
		unsigned column = a->class_of[lower((unsigned char)literal->text[j])];
		unsigned next = a->table[(size_t)state * a->classes + column];

		if (next == NO_STATE) {
			next = new_state(a);
			a->table[(size_t)state * a->classes + column] = next;
		}
		state = next;
	}
	add_output(a, state, index);
}

/* Breadth first: a state's failure is known when its children are looked at; the table becomes complete. */
static void close_table(struct automaton *a)
{
	unsigned *queue = mem_alloc(a->count * sizeof(*queue)), head = 0, tail = 0;

	for (unsigned c = 0; c < a->classes; c++)
		if (a->table[c])
			queue[tail++] = a->table[c];
	while (head < tail) {
		unsigned s = queue[head++], fail = a->states[s].fail;

		a->states[s].next_output = a->states[fail].first_output ? fail : a->states[fail].next_output;
		for (unsigned c = 0; c < a->classes; c++) {
			unsigned *next = &a->table[(size_t)s * a->classes + c];
			unsigned other = a->table[(size_t)fail * a->classes + c];

			if (*next == NO_STATE) {
				*next = other;
				continue;
			}
			a->states[*next].fail = other;
			queue[tail++] = *next;
		}
	}
	free(queue);
}

struct automaton *automaton_new(const struct literal *literals, size_t count)
{
	struct automaton *a = mem_zero(1, sizeof(*a));

	a->literals = literals;
	make_classes(a, count);
	a->outputs = mem_grow(NULL, 1, sizeof(*a->outputs));
	a->output_count = 1; /* 0 says none */
	new_state(a);
	for (size_t i = 0; i < count; i++)
		add_literal(a, (unsigned)i);
	close_table(a);
	return a;
}

void automaton_free(struct automaton *a)
{
	if (!a)
		return;
	free(a->table);
	free(a->states);
	free(a->outputs);
	free(a);
}

static void tell(const struct automaton *a, unsigned state, const char *text, size_t end, engine_hit *hit, void *arg)
{
	for (; state; state = a->states[state].next_output)
		for (unsigned i = a->states[state].first_output; i; i = a->outputs[i].next) {
			const struct literal *literal = &a->literals[a->outputs[i].literal];
			size_t start = end - literal->length;

			if (literal->caseless || !memcmp(text + start, literal->text, literal->length))
				hit(arg, a->outputs[i].literal, start);
		}
}

void automaton_scan(const struct automaton *a, const char *text, size_t length, engine_hit *hit, void *arg)
{
	unsigned state = 0;

	for (size_t i = 0; i < length; i++) {
		state = a->table[(size_t)state * a->classes + a->class_of[(unsigned char)text[i]]];
		if (a->states[state].first_output)
			tell(a, state, text, i + 1, hit, arg);
		else if (a->states[state].next_output)
			tell(a, a->states[state].next_output, text, i + 1, hit, arg);
	}
}
