/* kiosk/texts_table.h - the form of the table that kiosk/texts/table.mjs writes; for kiosk/texts.c alone. */
#ifndef QIP_KIOSK_TEXTS_TABLE_H
#define QIP_KIOSK_TEXTS_TABLE_H

#include <stdbool.h>
#include <stddef.h>

struct texts {
	const char *language, *name, *direction;
	bool draft;
	const char *const *text; /* one for each of texts_keys; NULL where there is none */
};

extern const char *const texts_keys[]; /* sorted by bytes */
extern const size_t texts_keys_len;
extern const struct texts texts_table[]; /* English first */
extern const size_t texts_table_len;

#endif
