/* client/personal_internal.h - what client/personal*.c share: each form looks from one place of the text on, and none looks further than its own
 * length, so that the whole stays linear. */
#ifndef QIP_CLIENT_PERSONAL_INTERNAL_H
#define QIP_CLIENT_PERSONAL_INTERNAL_H

#include "client/personal.h"
#include "client/personal_reader.h"

/* Digits in groups, as in "+44 (0)20 7946 0018". */
#define RUN_DIGITS_MAX 20
#define RUN_GROUPS_MAX 16

struct run {
	char digits[RUN_DIGITS_MAX]; /* '0' to '9', not ended */
	size_t groups;
	struct run_group {
		size_t from, len; /* of the digits */
		size_t end;       /* byte behind the group */
		uint32_t after;   /* what separates it from the next: ' ' - . / ( for anything with brackets, 'x' for a mixture, 0 for nothing */
		bool tight;       /* and no space with it */
	} group[RUN_GROUPS_MAX];
	bool plus; /* a + stands before */
};

/* From the first digit on, as much as fits; false for a first group that does not. */
bool run_read(struct run *out, const struct reader *at);
/* The groups' lengths, as in "334" for 943 476 5919, from group 0 to the n-th. */
bool run_grouped(const struct run *run, size_t groups, const char *lengths);
int run_number(const struct run *run, size_t group);

/* Each: the byte behind what stands at the start of the run or reader, or 0. */
size_t personal_nhs_number(const struct run *run);
size_t personal_phone(const struct run *run);
size_t personal_date_of_digits(const struct run *run);
size_t personal_date_from_day(const struct reader *at);
size_t personal_date_from_month(const struct reader *at);
size_t personal_email(const struct reader *at);
size_t personal_url(const struct reader *at);
size_t personal_postcode(const struct reader *at);

#endif
