/* client/joining.h - a join under way: what has to survive an interruption so that the same code joins the same device.
 *
 * joining.json beside the keys: {"schema":"joining/1","invite_key","enrolment","roots"}, and "record" where the root key
 * invited: the invite that it signed. It goes when config.json is there.
 */
#ifndef QIP_CLIENT_JOINING_H
#define QIP_CLIENT_JOINING_H

#include "client/home.h"
#include "client/root_join.h"

#define JOINING_MAX_ROOTS 64

struct joining {
	struct code code;
	char invite_key[KEY_SSH_MAX];      /* public half of the code's key */
	uint8_t seal_public[SEAL_KEY_LEN];
	cJSON *enrolment;                  /* owned: {"key","seal_key","at","proof"}, the same at every try */
	cJSON *record;                     /* owned: the device's record with an invite by the root key, the same at every try; NULL: somebody invited it */
	cJSON *roots;                      /* owned: public halves of root keys made for tries at a genesis */
};

/* Make keys and enrolment durable, or find those that an earlier try with the same code made; q->key is set. `root`: who stands for the
 * code's maker; NULL: a manager, or the host. */
enum status joining_begin(struct joining *out, struct qip *q, const struct code *code, const struct root_join *root, struct error *e) MUST_CHECK;
/* With the new name known: say in the enrolment which kiosk q->replaces, signed with that one's key. */
enum status joining_replace(struct joining *j, const struct qip *q, struct error *e) MUST_CHECK;
/* Note a root key before its genesis is sent. */
enum status joining_add_root(struct joining *j, struct qip *q, const char *root_ssh, struct error *e) MUST_CHECK;
/* The device joined: forget. */
enum status joining_end(struct qip *q, struct error *e) MUST_CHECK;
void joining_clear(struct joining *j);

#endif
