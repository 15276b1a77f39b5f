/* client/refused_note.h - what a home knows of each chain that the server refused: refused/<n>.json beside refs/refused/<n>. */
#ifndef QIP_CLIENT_REFUSED_NOTE_H
#define QIP_CLIENT_REFUSED_NOTE_H

#include "client/home.h"

#define REF_REFUSED "refs/refused/"

/* The number in such a ref's name, 0 for none. */
int refused_number(const char *ref);
void refused_note_name(char *out, size_t size, int number);
/* Everything but what stays empty: a note that is missing gives the number alone, for the chain itself is there. */
enum status refused_note_read(struct qip_refusal *out, struct qip *q, int number, struct error *e) MUST_CHECK;
/* Durably: what has become of it, and one member more (`key` NULL: none; `value` is taken over in every case). */
enum status refused_note_set(struct qip *q, int number, enum qip_refusal_state state, const char *key, cJSON *value, struct error *e) MUST_CHECK;
/* Visit each, by number. Visits may set notes. */
enum status refused_note_each(struct qip *q, qip_refused_visit visit, void *ctx, struct error *e) MUST_CHECK;

#endif
