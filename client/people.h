/* client/people.h - members of staff. The history has an id, a job and the last day of each; the name is sealed beside it (client/sealed.h), so that it can be
 * erased. A home can say whose it is: person.json, {"schema": "home-person/1", "person": id}; what is edited in it then carries that id.
 */
#ifndef QIP_CLIENT_PEOPLE_H
#define QIP_CLIENT_PEOPLE_H

#include "client/home.h"

#define PEOPLE_NAME_MAX 400 /* bytes */

void people_path(char out[TREE_PATH_MAX], const char *id);

/* Seal a name for the person of that id, and give the object that names it; the caller's. All names take the same room, so that sizes tell nothing of them. As
 * sealed_make; STATUS_TOO_BIG over PEOPLE_NAME_MAX. */
enum status people_seal_name(cJSON **ref, struct qip *q, const char *id, const char *name, struct error *e) MUST_CHECK;
/* Append the name of a person's record, as it shows. As sealed_open; STATUS_NOT_FOUND, too, for a record that has no name. */
enum status people_name(struct buf *out, struct qip *q, const cJSON *person, struct error *e) MUST_CHECK;

/* The record of the person whose id begins with at least 8 characters of `ref`; the caller's. STATUS_NOT_FOUND; STATUS_INVALID: several do. */
enum status people_find(cJSON **person, struct qip *q, const char *ref, struct error *e) MUST_CHECK;

/* Whose home this is, "" when it was not said. STATUS_CORRUPT. */
enum status people_me(char out[ID_TEXT_LEN + 1], const struct qip *q, struct error *e) MUST_CHECK;
/* Say so, durably; NULL: nobody's. */
enum status people_set_me(const struct qip *q, const char *id, struct error *e) MUST_CHECK;
/* Edits that are made until it is closed are of the person that `ref` names, whosever home it is; "": of nobody who is known. Borrowed; looked up by the edit. */
void people_act_as(struct qip *q, const char *ref);
/* Who edits now: "" when it is not known. STATUS_INVALID: somebody that there is no record of, or who has left. */
enum status people_editor(char out[ID_TEXT_LEN + 1], struct qip *q, struct error *e) MUST_CHECK;

#endif
