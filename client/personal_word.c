/* client/personal_word.c - what is written in letters. A place in the text enters; an e-mail address, web address or postcode there leaves. */
#include "client/personal_internal.h"

#include <string.h>

/* The postcode areas in use (Royal Mail). */
static const char areas[] =
	" ab al b ba bb bd bf bh bl bn br bs bt bx ca cb cf ch cm co cr ct cv cw da dd de dg dh dl dn dt dy e ec eh en ex fk fy g gl gu gy ha hd hg "
	"hp hr hs ht hu hx ig im ip iv je ka kt kw ky l la ld le ll ln ls lu m me mk ml n ne ng nn np nr nw ol ox pa pe ph pl po pr rg rh rm s sa "
	"se sg sk sl sm sn so sp sr ss st sw sy ta td tf tn tq tr ts tw ub w wa wc wd wf wn wr ws wv yo ze ";

static bool is_listed(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = strstr(list, word); p; p = strstr(p + 1, word)) {
		if (p > list && p[-1] == ' ' && p[len] == ' ')
			return true;
	}
	return false;
}

/* The area and its first digit. */
static bool read_outward(struct reader *r)
{
	struct reader ahead = *r;
	char area[3];

	if (!reader_word(&ahead, area, sizeof(area)) || !is_listed(areas, area) || !reader_is_digit(ahead.c))
		return false;
	reader_step(&ahead);
	*r = ahead;
	return true;
}

/* "2nd", "1st" and "2hr" in small letters behind a space are words: "on ward B1 2nd floor". */
static bool is_word(const struct reader *digit, const struct reader *first, const struct reader *second)
{
	char word[3] = {(char)first->c, (char)second->c, '\0'};

	if (digit->raw >= 0x80 || first->raw != first->c || second->raw != second->c)
		return false;
	return is_listed(" st nd rd th hr yr ", word);
}

/* "2ab" with no letter or digit behind; the byte behind it, or 0. */
static size_t read_inward(const struct reader *at, bool spaced)
{
	struct reader r = *at, first, second;
	size_t end = 0;

	if (!reader_is_digit(r.c))
		return 0;
	reader_step(&r);
	first = r;
	reader_step(&r);
	second = r;
	if (!reader_is_letter(first.c) || !reader_is_letter(second.c) || strchr("cikmov", (int)first.c) || strchr("cikmov", (int)second.c))
		return 0;
	end = r.next;
	reader_step(&r);
	if (reader_is_letter(r.c) || reader_is_digit(r.c))
		return 0;
	return spaced && is_word(at, &first, &second) ? 0 : end;
}

/* Behind the area's first digit come no more, a digit or a letter; without a space each of these has to be tried ("w11aa", "so152ab", "sw1a1aa"). */
size_t personal_postcode(const struct reader *at)
{
	struct reader r = *at;

	if (!read_outward(&r))
		return 0;
	for (int i = 0; i < 2; i++) {
		struct reader inward = r;
		bool spaced = reader_spaces(&inward, 2) > 0;
		size_t end = 0;

		if (!spaced)
			(void)reader_take(&inward, '-');
		end = read_inward(&inward, spaced);
		if (end > 0)
			return end;
		if (!reader_is_digit(r.c) && !reader_is_letter(r.c))
			return 0;
		reader_step(&r);
	}
	return 0;
}

static bool is_local(uint32_t c)
{
	return reader_is_letter(c) || reader_is_digit(c) || c == '.' || c == '_' || c == '%' || c == '+' || c == '-';
}

/* Top-level domains that count also where a sentence might have lost its space: "at home.Then". */
static bool is_common(const char *tld)
{
	return is_listed(" com net org uk eu biz io ", tld);
}

struct domain {
	size_t end;    /* byte behind it; 0: there is none */
	size_t labels;
	bool common;
	bool whole;    /* nothing of it comes behind `end` */
};

/* Labels of letters, digits and hyphens; the last of two letters or more. A full stop at the end is the sentence's. */
static struct domain read_domain(struct reader *r)
{
	struct domain out = {.labels = 0};
	char tld[25];

	for (;;) {
		size_t len = 0, end = 0;
		bool letters = true;
		struct reader dot;

		for (; reader_is_letter(r->c) || reader_is_digit(r->c) || r->c == '-'; reader_step(r)) {
			letters = letters && reader_is_letter(r->c);
			if (len < sizeof(tld) - 1)
				tld[len] = (char)r->c;
			len++;
			end = r->next;
		}
		if (len == 0)
			break;
		out.labels++;
		out.whole = false;
		if (out.labels > 1 && letters && len >= 2 && len < sizeof(tld)) {
			tld[len] = '\0';
			out.end = end;
			out.common = is_common(tld);
			out.whole = true;
		}
		dot = *r;
		if (!reader_take(&dot, '.'))
			break;
		if (!reader_is_letter(dot.c) && !reader_is_digit(dot.c))
			break;
		*r = dot;
	}
	return out;
}

size_t personal_email(const struct reader *at)
{
	struct reader r = *at;
	struct domain domain;
	size_t spaces = 0;

	while (is_local(r.c))
		reader_step(&r);
	if (r.at == at->at)
		return 0;
	spaces = reader_spaces(&r, 1);
	if (!reader_take(&r, '@'))
		return 0;
	spaces += reader_spaces(&r, 1);
	domain = read_domain(&r);
	return domain.labels >= 2 && (spaces == 0 || domain.common) ? domain.end : 0;
}

static bool take_text(struct reader *r, const char *text)
{
	struct reader ahead = *r;

	for (; *text; text++) {
		if (!reader_take(&ahead, (uint32_t)*text))
			return false;
	}
	*r = ahead;
	return true;
}

/* To the next space, but for the sentence's own punctuation. */
static size_t rest_of_address(struct reader *r, size_t end)
{
	for (; r->c != 0 && r->c != ' ' && r->c != '\n' && r->c != '<' && r->c != '>' && r->c != '"'; reader_step(r)) {
		if (r->c >= 0x80 || !strchr(".,;:!?)']", (int)r->c))
			end = r->next;
	}
	return end;
}

size_t personal_url(const struct reader *at)
{
	struct reader r = *at, start;
	bool scheme = take_text(&r, "https://") || take_text(&r, "http://");
	bool www = false;
	struct domain domain;

	start = r;
	www = take_text(&r, "www.");
	if (www && !reader_is_letter(r.c) && !reader_is_digit(r.c))
		return 0;
	if (scheme || www)
		return rest_of_address(&start, 0);
	domain = read_domain(&r);
	if (domain.labels < 2 || domain.end == 0)
		return 0;
	if (r.c == '/' && domain.common)
		return rest_of_address(&r, domain.end);
	return domain.common && domain.whole ? domain.end : 0;
}
