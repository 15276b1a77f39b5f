/* client/personal.c - what in a comment may tell who wrote it. A comment enters; the places to ask about leave. */
#include "client/personal.h"

#include <string.h>

#include "client/personal_internal.h"

const char *personal_kind_name(enum personal_kind kind)
{
	static const char *const names[PERSONAL_KINDS] = {"nhs-number", "phone", "email", "postcode", "birth-date", "url"};

	return names[kind];
}

/* Parts of one address or word: a new one begins only where the character before is none of them. */
static bool continues_address(uint32_t c)
{
	return reader_is_letter(c) || reader_is_digit(c) || (c != 0 && c < 0x80 && strchr("._%+-", (int)c));
}

struct place {
	const struct reader *at;
	uint32_t before;  /* the character before */
	size_t before_at;
	size_t opening;   /* where the + and brackets directly before begin; else at->at */
};

static bool found(struct personal_found *out, const struct place *p, enum personal_kind kind, size_t end)
{
	if (end == 0)
		return false;
	*out = (struct personal_found){.kind = kind, .at = p->at->at, .len = end - p->at->at};
	return true;
}

static bool find_word(struct personal_found *out, const struct place *p)
{
	bool starts = !reader_is_letter(p->before) && !reader_is_digit(p->before);

	if (!continues_address(p->before) && (found(out, p, PERSONAL_EMAIL, personal_email(p->at)) || found(out, p, PERSONAL_URL, personal_url(p->at))))
		return true;
	if (!starts || !reader_is_letter(p->at->c))
		return false;
	return found(out, p, PERSONAL_POSTCODE, personal_postcode(p->at)) ||
	       found(out, p, PERSONAL_BIRTH_DATE, personal_date_from_month(p->at));
}

static bool find_number(struct personal_found *out, const struct place *p)
{
	struct run run;

	if (!reader_is_digit(p->at->c) || reader_is_digit(p->before) || !run_read(&run, p->at))
		return false;
	run.plus = p->before == '+';
	if (!found(out, p, PERSONAL_BIRTH_DATE, personal_date_of_digits(&run)) &&
	    !found(out, p, PERSONAL_BIRTH_DATE, personal_date_from_day(p->at)) &&
	    !found(out, p, PERSONAL_NHS_NUMBER, personal_nhs_number(&run)) && !found(out, p, PERSONAL_PHONE, personal_phone(&run)))
		return false;
	if (out->kind == PERSONAL_PHONE && (run.plus || run.group[0].after == '(')) {
		size_t from = run.group[0].after == '(' ? p->opening : p->before_at;

		out->len += out->at - from;
		out->at = from;
	}
	return true;
}

/* Pass over all that begins before byte `end`; returns the last character passed over. */
static uint32_t pass(struct reader *r, size_t end)
{
	uint32_t last = 0;

	while (r->c != 0 && r->at < end) {
		last = r->c;
		reader_step(r);
	}
	return last;
}

size_t personal_find(struct personal_found *out, size_t max, const char *text)
{
	struct place p = {.before = 0};
	struct reader r;
	size_t n = 0;

	reader_start(&r, text, strlen(text));
	p.at = &r;
	while (r.c != 0 && n < max) {
		if (!(p.before == '+' || p.before == '('))
			p.opening = r.at;
		if (find_word(&out[n], &p) || find_number(&out[n], &p)) {
			p.before = pass(&r, out[n].at + out[n].len);
			n++;
			continue;
		}
		p.before = r.c;
		p.before_at = r.at;
		reader_step(&r);
	}
	return n;
}
