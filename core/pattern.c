/* core/pattern.c - a regular expression enters; leaves a table that says for each state and byte what comes next.
 *
 * Every place of the expression where a byte may stand is a position; which position may follow which is read off while the
 * expression is taken apart (Glushkov 1961). A state is the set of positions where one may be.
 */
#include "core/pattern.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define POSITIONS 128 /* with the first, which stands before the text */
#define STATES 250
#define NESTING 8
#define COUNT_MAX 99

struct set {
	uint64_t bits[POSITIONS / 64];
};

struct pattern {
	uint8_t kinds[256]; /* of bytes: those of a kind are told apart nowhere */
	size_t kinds_len;
	uint8_t *next; /* owned; by state and kind; 0: it does not fit */
	bool ends[STATES];
};

struct builder {
	const char *at, *end;
	struct set follow[POSITIONS], takes[256]; /* takes: by byte, the positions where it may stand */
	size_t positions;
	struct set states[STATES]; /* the first is for what does not fit */
	size_t states_len;
	int nesting;
	enum status st;
};

/* A piece of the expression: where it can begin and end. */
struct piece {
	struct set first, last;
	bool nothing; /* it may be left out */
};

static struct piece read_choice(struct builder *b);

static void put(struct set *s, size_t position)
{
	s->bits[position / 64] |= UINT64_C(1) << position % 64;
}

static bool has(const struct set *s, size_t position)
{
	return s->bits[position / 64] >> position % 64 & 1;
}

static void add_all(struct set *s, const struct set *more)
{
	for (size_t i = 0; i < POSITIONS / 64; i++)
		s->bits[i] |= more->bits[i];
}

static bool is_equal(const struct set *a, const struct set *b)
{
	return memcmp(a->bits, b->bits, sizeof(a->bits)) == 0;
}

static void fail(struct builder *b, enum status st)
{
	if (b->st == STATUS_OK)
		b->st = st;
	b->at = b->end;
}

/* ---- pieces ---- */

static void may_follow(struct builder *b, const struct set *before, const struct set *after)
{
	for (size_t i = 0; i < b->positions; i++) {
		if (has(before, i))
			add_all(&b->follow[i], after);
	}
}

static struct piece join(struct builder *b, const struct piece *x, const struct piece *y)
{
	struct piece both = {.first = x->first, .last = y->last, .nothing = x->nothing && y->nothing};

	may_follow(b, &x->last, &y->first);
	if (x->nothing)
		add_all(&both.first, &y->first);
	if (y->nothing)
		add_all(&both.last, &x->last);
	return both;
}

static struct piece new_position(struct builder *b, size_t *position)
{
	struct piece p = {.nothing = false};

	if (b->positions == POSITIONS) {
		fail(b, STATUS_TOO_BIG);
		return p;
	}
	*position = b->positions++;
	put(&p.first, *position);
	p.last = p.first;
	return p;
}

/* Behind "[". */
static struct piece read_class(struct builder *b)
{
	size_t position = 0;
	struct piece p = new_position(b, &position);
	bool any = false;

	if (b->at < b->end && *b->at == '^')
		fail(b, STATUS_MALFORMED);
	while (b->at < b->end && *b->at != ']') {
		unsigned char low = (unsigned char)*b->at++, high = low;

		if (low == '\\' || low == '[') {
			fail(b, STATUS_MALFORMED); /* the two kinds of expressions differ there */
			return p;
		}
		if (b->end - b->at >= 2 && b->at[0] == '-' && b->at[1] != ']') {
			high = (unsigned char)b->at[1];
			b->at += 2;
		}
		for (unsigned byte = low; byte <= high; byte++)
			put(&b->takes[byte], position);
		any = low <= high;
	}
	if (b->at == b->end || !any)
		fail(b, STATUS_MALFORMED);
	else
		b->at++;
	return p;
}

static struct piece read_group(struct builder *b)
{
	struct piece p = {.nothing = false};

	if (++b->nesting > NESTING) {
		fail(b, STATUS_TOO_BIG);
		return p;
	}
	p = read_choice(b);
	b->nesting--;
	if (b->at == b->end || *b->at != ')')
		fail(b, STATUS_MALFORMED);
	else
		b->at++;
	return p;
}

static struct piece read_atom(struct builder *b)
{
	size_t position = 0;
	struct piece p = {.nothing = false};
	char c = *b->at++;

	if (c == '[')
		return read_class(b);
	if (c == '(')
		return read_group(b);
	if (c == '\\' && b->at < b->end && strchr(".[]{}()*+?|^$\\/", *b->at))
		c = *b->at++;
	else if (strchr(".]{}*+?^$\\", c)) {
		fail(b, STATUS_MALFORMED);
		return p;
	}
	p = new_position(b, &position);
	put(&b->takes[(unsigned char)c], position);
	return p;
}

static unsigned read_count(struct builder *b)
{
	unsigned n = 0;

	if (b->at == b->end || *b->at < '0' || *b->at > '9')
		fail(b, STATUS_MALFORMED);
	while (b->at < b->end && *b->at >= '0' && *b->at <= '9' && n <= COUNT_MAX)
		n = n * 10 + (unsigned)(*b->at++ - '0');
	if (n > COUNT_MAX)
		fail(b, STATUS_TOO_BIG);
	return n;
}

/* Behind "{": {n} or {n,m}. The atom is read anew for each time that it may stand. */
static struct piece repeat(struct builder *b, struct piece p, const char *atom)
{
	unsigned least = read_count(b), most = least;
	const char *behind = NULL;

	if (b->at < b->end && *b->at == ',') {
		b->at++;
		most = read_count(b);
	}
	if (b->at == b->end || *b->at != '}' || most == 0 || most < least)
		fail(b, STATUS_MALFORMED);
	else
		b->at++;
	behind = b->at;
	p.nothing = p.nothing || least == 0;
	for (unsigned i = 1; i < most && b->st == STATUS_OK; i++) {
		struct piece again;

		b->at = atom;
		again = read_atom(b);
		again.nothing = again.nothing || i >= least;
		p = join(b, &p, &again);
	}
	b->at = b->st == STATUS_OK ? behind : b->end;
	return p;
}

static struct piece read_repeated(struct builder *b)
{
	const char *atom = b->at;
	struct piece p = read_atom(b);
	char c = b->at < b->end ? *b->at : '\0';

	if (c == '{') {
		b->at++;
		return repeat(b, p, atom);
	}
	if (c != '?' && c != '*' && c != '+')
		return p;
	b->at++;
	if (c != '?')
		may_follow(b, &p.last, &p.first);
	p.nothing = p.nothing || c != '+';
	return p;
}

static struct piece read_sequence(struct builder *b)
{
	struct piece all = {.nothing = true};

	while (b->at < b->end && *b->at != '|' && *b->at != ')') {
		struct piece next = read_repeated(b);

		all = join(b, &all, &next);
	}
	return all;
}

static struct piece read_choice(struct builder *b)
{
	struct piece all = read_sequence(b);

	while (b->at < b->end && *b->at == '|') {
		struct piece other;

		b->at++;
		other = read_sequence(b);
		add_all(&all.first, &other.first);
		add_all(&all.last, &other.last);
		all.nothing = all.nothing || other.nothing;
	}
	return all;
}

/* ---- the table ---- */

static void sort_bytes(struct pattern *p, const struct builder *b, uint8_t *example)
{
	for (unsigned byte = 0; byte < 256; byte++) {
		size_t kind = 0;

		while (kind < p->kinds_len && !is_equal(&b->takes[example[kind]], &b->takes[byte]))
			kind++;
		if (kind == p->kinds_len)
			example[p->kinds_len++] = (uint8_t)byte;
		p->kinds[byte] = (uint8_t)kind;
	}
}

static uint8_t state_of(struct builder *b, const struct set *s)
{
	size_t i = 0;

	while (i < b->states_len && !is_equal(&b->states[i], s))
		i++;
	if (i == STATES) {
		fail(b, STATUS_TOO_BIG);
		return 0;
	}
	if (i == b->states_len)
		b->states[b->states_len++] = *s;
	return (uint8_t)i;
}

static void follow_state(struct pattern *p, struct builder *b, size_t state, const uint8_t *example, const struct set *last)
{
	struct set after = {{0}};

	for (size_t i = 0; i < b->positions; i++) {
		if (has(&b->states[state], i)) {
			add_all(&after, &b->follow[i]);
			p->ends[state] = p->ends[state] || has(last, i);
		}
	}
	for (size_t kind = 0; kind < p->kinds_len; kind++) {
		struct set to = after;

		for (size_t i = 0; i < POSITIONS / 64; i++)
			to.bits[i] &= b->takes[example[kind]].bits[i];
		p->next[state * p->kinds_len + kind] = state_of(b, &to);
	}
}

/* From state 1, where nothing was read; state 0 is the set of no positions, which stays so. */
static enum status make_table(struct pattern *p, struct builder *b, const struct set *last)
{
	uint8_t example[256], *fitting = NULL;
	struct set nowhere = {{0}}, start = {{0}};

	sort_bytes(p, b, example);
	p->next = calloc(STATES, p->kinds_len);
	if (!p->next)
		return STATUS_NOMEM;
	put(&start, 0);
	(void)state_of(b, &nowhere);
	(void)state_of(b, &start);
	for (size_t i = 1; i < b->states_len && b->st == STATUS_OK; i++)
		follow_state(p, b, i, example, last);
	if (b->st != STATUS_OK)
		return b->st;
	fitting = realloc(p->next, b->states_len * p->kinds_len);
	if (fitting)
		p->next = fitting;
	return STATUS_OK;
}

static enum status build(struct pattern *p, struct builder *b)
{
	struct piece start, whole;
	size_t position = 0;

	start = new_position(b, &position);
	whole = read_sequence(b);
	if (b->st == STATUS_OK && b->at != b->end)
		return STATUS_MALFORMED;
	if (b->st != STATUS_OK)
		return b->st;
	whole = join(b, &start, &whole);
	return make_table(p, b, &whole.last);
}

enum status pattern_open(struct pattern **out, const char *text)
{
	size_t len = strlen(text);
	struct pattern *p = calloc(1, sizeof(*p));
	struct builder *b = calloc(1, sizeof(*b));
	enum status st = STATUS_NOMEM;

	if (!p || !b)
		goto done;
	st = STATUS_MALFORMED;
	if (len < 2 || text[0] != '^' || text[len - 1] != '$')
		goto done;
	b->at = text + 1;
	b->end = text + len - 1;
	st = build(p, b);
	if (st == STATUS_OK) {
		*out = p;
		p = NULL;
	}
done:
	pattern_close(p);
	free(b);
	return st;
}

bool pattern_fits(const struct pattern *p, const char *text)
{
	size_t state = 1;

	for (; *text && state; text++)
		state = p->next[state * p->kinds_len + p->kinds[(unsigned char)*text]];
	return state && p->ends[state];
}

void pattern_close(struct pattern *p)
{
	if (!p)
		return;
	free(p->next);
	free(p);
}
