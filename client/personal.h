/* client/personal.h - what in a text may tell who somebody is: so that a patient can be asked before a comment is kept, and so that staff release a comment
 * without it and write none into records, which stay for ever.
 *
 * Pure, and in one pass over the text. Digits of Gujarati, Gurmukhi, Devanagari, Bengali, Arabic and Persian or Urdu, and full-width letters and
 * digits, count as what they stand for; characters that do not show (direction marks, joiners) are passed over.
 */
#ifndef QIP_CLIENT_PERSONAL_H
#define QIP_CLIENT_PERSONAL_H

#include <stddef.h>

enum personal_kind {
	PERSONAL_NHS_NUMBER, /* ten digits with a right check digit (NHS Data Dictionary: modulus 11) */
	PERSONAL_PHONE,      /* a number of the United Kingdom's numbering plan, or one with + or 00 and a country */
	PERSONAL_EMAIL,
	PERSONAL_POSTCODE,   /* BS 7666, and one of the postcode areas in use */
	PERSONAL_BIRTH_DATE, /* any full date: day, month and year; which of them is a birth only the patient knows */
	PERSONAL_URL,
};
#define PERSONAL_KINDS 6

struct personal_found {
	enum personal_kind kind;
	size_t at, len; /* bytes of the text; whole characters */
};

/* "nhs-number", "phone", "email", "postcode", "birth-date", "url": in names of texts and tests. */
const char *personal_kind_name(enum personal_kind kind);

/* Fill out with the first max that are found, in the text's order and not overlapping; returns how many. Bytes that are not UTF-8 are passed over. */
size_t personal_find(struct personal_found *out, size_t max, const char *text);

#endif
