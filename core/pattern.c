/* core/pattern.c - see pattern.h.
 *
 * Enters: an expression. Leaves: a table. In between are steps, as of a small machine that is in many places at once (Thompson, "Regular
 * expression search algorithm", 1968): where an atom may come several times, it is read and written several times. Each set of places that can
 * be reached becomes a state.
 */
#include "core/pattern.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define STEPS_MAX 512
#define STATES_MAX 255 /* 0: nothing can follow that fits; 1: the start */
#define DEPTH_MAX 8    /* groups within groups */
#define TIMES_MAX 64   /* of an atom */

struct bytes {
	uint64_t bits[4];
};

enum step_kind {
	STEP_BYTE, /* one of the set, then on to `next` */
	STEP_FORK, /* both at once */
	STEP_END,
};

struct step {
	enum step_kind kind;
	uint16_t next, other;
	struct bytes set;
};

struct places {
	uint64_t bits[STEPS_MAX / 64];
};

struct compiler {
	struct step steps[STEPS_MAX];
	size_t len;
	struct places takers[256]; /* of each byte: the steps that it takes on */
	struct places states[STATES_MAX + 1];
	size_t states_len;
	bool wrong; /* not a pattern, or too long */
};

struct pattern {
	uint8_t kinds[256]; /* of each byte: bytes of a kind do the same everywhere */
	size_t kinds_len;
	bool ends[STATES_MAX + 1]; /* the text may end in this state */
	uint8_t next[];            /* [state * kinds_len + kind] */
};

/* ---- steps ---- */

static size_t add_step(struct compiler *c, enum step_kind kind)
{
	if (c->len == STEPS_MAX) {
		c->wrong = true;
		return 0;
	}
	c->steps[c->len] = (struct step){.kind = kind, .next = (uint16_t)(c->len + 1)};
	return c->len++;
}

static void add_byte(struct bytes *set, unsigned char byte)
{
	set->bits[byte / 64] |= UINT64_C(1) << byte % 64;
}

static bool has_byte(const struct bytes *set, unsigned char byte)
{
	return (set->bits[byte / 64] >> byte % 64 & 1) != 0;
}

/* Both point behind the '['. */
static void read_set(struct bytes *set, const char *p, const char *end, bool *wrong)
{
	*wrong = *wrong || p == end || *p == '^';
	while (p < end) {
		unsigned char first = (unsigned char)p[0], last = first;

		if (end - p > 2 && p[1] == '-') {
			last = (unsigned char)p[2];
			p += 2;
		}
		p++;
		*wrong = *wrong || first == '[' || first == '\\' || last == '\\' || first > last || last >= 0x80;
		for (unsigned byte = first; byte <= last; byte++)
			add_byte(set, (unsigned char)byte);
	}
}

/* Behind the atom that begins here, NULL where none does. */
static const char *atom_end(const char *p, const char *end)
{
	int depth = 0;

	if (p == end || strchr("*+?{}^$.|)]", *p))
		return NULL;
	if (*p == '\\')
		return end - p > 1 && strchr(".[](){}*+?^$|\\", p[1]) ? p + 2 : NULL;
	if (*p != '(' && *p != '[')
		return p + 1;
	for (; p < end; p++) {
		if (*p == '[') {
			p = memchr(p, ']', (size_t)(end - p));
			if (!p)
				return NULL;
		} else if (*p == '\\') {
			p++;
		} else {
			depth += (*p == '(') - (*p == ')');
		}
		if (depth == 0)
			return p < end ? p + 1 : NULL;
	}
	return NULL;
}

static void add_forms(struct compiler *c, const char *p, const char *end, int depth);

static void add_atom(struct compiler *c, const char *p, const char *end, int depth)
{
	struct step *s;

	if (*p == '(') {
		add_forms(c, p + 1, end - 1, depth + 1);
		return;
	}
	s = &c->steps[add_step(c, STEP_BYTE)];
	if (*p == '[')
		read_set(&s->set, p + 1, end - 1, &c->wrong);
	else
		add_byte(&s->set, (unsigned char)(*p == '\\' ? p[1] : *p));
	c->wrong = c->wrong || (unsigned char)*p >= 0x80;
}

/* ---- how often ---- */

struct times {
	int least, most; /* most: -1 for any number */
};

static const char *read_number(int *out, const char *p, const char *end)
{
	int n = 0;

	if (p == end || *p < '0' || *p > '9')
		return NULL;
	for (; p < end && *p >= '0' && *p <= '9' && n <= TIMES_MAX; p++)
		n = 10 * n + (*p - '0');
	*out = n;
	return n <= TIMES_MAX ? p : NULL;
}

/* Behind it; NULL where it is wrong. */
static const char *read_times(struct times *out, const char *p, const char *end)
{
	*out = (struct times){1, 1};
	if (p == end || !strchr("*+?{", *p))
		return p;
	if (*p != '{') {
		*out = (struct times){*p == '+', *p == '?' ? 1 : -1};
		return p + 1;
	}
	p = read_number(&out->least, p + 1, end);
	out->most = out->least;
	if (p && p < end && *p == ',')
		p = read_number(&out->most, p + 1, end);
	return p && p < end && *p == '}' && out->least <= out->most ? p + 1 : NULL;
}

static void repeat(struct compiler *c, const char *p, const char *end, const struct times *t, int depth)
{
	size_t forks[TIMES_MAX];
	int forks_len = 0;

	for (int i = 0; i < t->least && !c->wrong; i++)
		add_atom(c, p, end, depth);
	for (int i = t->least; i < t->most && !c->wrong; i++) {
		forks[forks_len++] = add_step(c, STEP_FORK);
		add_atom(c, p, end, depth);
	}
	if (t->most < 0 && !c->wrong) {
		size_t fork = add_step(c, STEP_FORK);

		add_atom(c, p, end, depth);
		c->steps[add_step(c, STEP_FORK)] = (struct step){.kind = STEP_FORK, .next = (uint16_t)fork, .other = (uint16_t)fork};
		forks[forks_len++] = fork;
	}
	while (forks_len > 0)
		c->steps[forks[--forks_len]].other = (uint16_t)c->len;
}

/* ---- forms ---- */

/* To the end, or to the '|' where another form begins. */
static const char *add_form(struct compiler *c, const char *p, const char *end, int depth)
{
	while (!c->wrong && p < end && *p != '|') {
		const char *behind = atom_end(p, end);
		struct times t;
		const char *next = behind ? read_times(&t, behind, end) : NULL;

		c->wrong = c->wrong || !next;
		if (next)
			repeat(c, p, behind, &t, depth);
		p = next;
	}
	return p;
}

static void add_forms(struct compiler *c, const char *p, const char *end, int depth)
{
	size_t joins[STEPS_MAX];
	size_t joins_len = 0;

	c->wrong = c->wrong || depth > DEPTH_MAX;
	while (!c->wrong) {
		size_t fork = add_step(c, STEP_FORK);

		c->wrong = c->wrong || p == end || *p == '|'; /* a form of nothing */
		p = add_form(c, p, end, depth);
		c->wrong = c->wrong || (depth == 0 && p < end); /* "^a|b$" is another thing */
		if (c->wrong)
			return;
		joins[joins_len++] = add_step(c, STEP_FORK);
		c->steps[fork].other = (uint16_t)(p < end ? c->len : fork + 1);
		if (p == end)
			break;
		p++;
	}
	while (joins_len > 0) {
		struct step *s = &c->steps[joins[--joins_len]];

		s->next = s->other = (uint16_t)c->len;
	}
}

/* ---- states ---- */

static bool has_place(const struct places *set, size_t place)
{
	return (set->bits[place / 64] >> place % 64 & 1) != 0;
}

static void add_place(struct places *set, size_t place)
{
	set->bits[place / 64] |= UINT64_C(1) << place % 64;
}

/* The place, and all that forks lead to from it. */
static void reach(const struct compiler *c, struct places *set, size_t place)
{
	size_t left[STEPS_MAX + 2]; /* each place is entered once, and leaves one behind at most */
	size_t len = 0;

	left[len++] = place;
	while (len > 0) {
		size_t at = left[--len];

		while (!has_place(set, at)) {
			const struct step *s = &c->steps[at];

			add_place(set, at);
			if (s->kind != STEP_FORK)
				break;
			left[len++] = s->other;
			at = s->next;
		}
	}
}

static void follow(const struct compiler *c, struct places *out, const struct places *from, unsigned char byte)
{
	*out = (struct places){{0}};
	for (size_t word = 0; word < ARRAY_LEN(from->bits); word++)
		for (uint64_t left = from->bits[word] & c->takers[byte].bits[word]; left; left &= left - 1)
			reach(c, out, c->steps[word * 64 + (size_t)__builtin_ctzll(left)].next);
}

/* The number of a state, new or not. */
static uint8_t state_of(struct compiler *c, const struct places *set)
{
	size_t i = 0;

	while (i < c->states_len && memcmp(&c->states[i], set, sizeof(*set)) != 0)
		i++;
	if (i == c->states_len && i > STATES_MAX) {
		c->wrong = true;
		return 0;
	}
	if (i == c->states_len)
		c->states[c->states_len++] = *set;
	return (uint8_t)i;
}

static void find_takers(struct compiler *c)
{
	for (size_t i = 0; i < c->len; i++)
		for (unsigned byte = 0; byte < 256; byte++)
			if (has_byte(&c->steps[i].set, (unsigned char)byte))
				add_place(&c->takers[byte], i);
}

/* examples: a byte of each kind. */
static size_t sort_bytes(uint8_t kinds[256], unsigned char examples[256], const struct compiler *c)
{
	size_t len = 0;

	for (unsigned byte = 0; byte < 256; byte++) {
		size_t kind = 0;

		while (kind < len && memcmp(&c->takers[byte], &c->takers[examples[kind]], sizeof(c->takers[byte])) != 0)
			kind++;
		if (kind == len)
			examples[len++] = (unsigned char)byte;
		kinds[byte] = (uint8_t)kind;
	}
	return len;
}

static enum status make_table(struct pattern **out, struct compiler *c)
{
	unsigned char examples[256];
	struct places start = {{0}};
	uint8_t kinds[256];
	size_t kinds_len;
	struct pattern *p = NULL, *fitting = NULL;

	find_takers(c);
	kinds_len = sort_bytes(kinds, examples, c);
	p = calloc(1, sizeof(*p) + (STATES_MAX + 1) * kinds_len);
	if (!p)
		return STATUS_NOMEM;
	p->kinds_len = kinds_len;
	memcpy(p->kinds, kinds, sizeof(kinds));
	(void)state_of(c, &start); /* 0 */
	reach(c, &start, 0);
	(void)state_of(c, &start);
	for (size_t i = 1; i < c->states_len && !c->wrong; i++) {
		p->ends[i] = has_place(&c->states[i], c->len - 1);
		for (size_t kind = 0; kind < kinds_len; kind++) {
			struct places next;

			follow(c, &next, &c->states[i], examples[kind]);
			p->next[i * kinds_len + kind] = state_of(c, &next);
		}
	}
	if (c->wrong) {
		free(p);
		return STATUS_INVALID;
	}
	fitting = realloc(p, sizeof(*p) + c->states_len * kinds_len);
	*out = fitting ? fitting : p;
	return STATUS_OK;
}

enum status pattern_compile(struct pattern **out, const char *text)
{
	size_t len = strlen(text);
	struct compiler *c = calloc(1, sizeof(*c));
	struct pattern *p = NULL;
	enum status st = STATUS_INVALID;

	if (!c)
		return STATUS_NOMEM;
	c->wrong = len < 2 || text[0] != '^' || text[len - 1] != '$';
	if (!c->wrong)
		add_forms(c, text + 1, text + len - 1, 0);
	(void)add_step(c, STEP_END);
	if (!c->wrong)
		st = make_table(&p, c);
	free(c);
	if (st == STATUS_OK)
		*out = p;
	return st;
}

void pattern_free(struct pattern *p)
{
	free(p);
}

bool pattern_fits(const struct pattern *p, const char *text)
{
	size_t state = 1;

	for (const unsigned char *at = (const unsigned char *)text; *at && state; at++)
		state = p->next[state * p->kinds_len + p->kinds[*at]];
	return p->ends[state];
}
