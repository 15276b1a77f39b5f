/* server/signing.h - the key that the server signs a practice's log with, and the next one.
 *
 *     DIR/<ODS>/server.key        signs
 *     DIR/<ODS>/server.next.key   made by "qip-server server-key --new"; signs nothing until the practice's root has endorsed it
 *
 * The merge that brings the endorsement is signed by the present key; before the next one, server.next.key is renamed to server.key: that is all
 * of the change, so that a server that is killed has the one or the other, and main says which of them counts. The old key is gone then: it
 * would be good for nothing but misuse. A server that lost its key merges the endorsement of the next by that one: the root's word is in that
 * merge. Whatever no key may sign is not made.
 */
#ifndef QIP_SERVER_SIGNING_H
#define QIP_SERVER_SIGNING_H

#include "core/registry.h"

#define SIGNING_FILE "server.key"
#define SIGNING_NEXT_FILE "server.next.key"

struct practice;

/* One of the two files, as it was read. */
struct signing_file {
	struct key *key; /* owned; NULL: not there */
	char ssh[KEY_SSH_MAX];
	int64_t inode, changed_ns, size; /* by which another one is known */
};

/* Guarded by the practice's lock. */
struct signing {
	struct signing_file present, next;
	const struct signing_file *with; /* what is signed with; NULL: there is no key */
	bool counts;			 /* it does at the main that was settled for */
};

/* Read both files. Neither has to be there: what the practice has can be read all the same. */
enum status signing_open(struct signing *out, const char *dir, struct error *e) MUST_CHECK;
void signing_clear(struct signing *s);

/* Which key signs what comes on top of a main with this registry (NULL: the practice has not begun)? The files are read again if they changed, and
 * the next key takes over if it is endorsed. Needs the practice's lock, and comes before anything is signed under it. Fails with what is the
 * server's own fault. */
enum status signing_settle(struct practice *p, const struct registry *reg, struct error *e) MUST_CHECK;
/* May the key sign a merge, or a configuration of kiosks, with this tree? STATUS_CRYPTO: neither main nor the tree itself has the root's word for
 * it. That is no fault of who pushes. */
enum status signing_check(const struct practice *p, struct repo *r, const struct oid *tree, struct error *e) MUST_CHECK;
/* Would the server have a key left that counts on top of this tree? `reg` as of main. STATUS_DENIED. */
enum status signing_check_left(const struct practice *p, const struct registry *reg, struct repo *r, const struct oid *tree, struct error *e) MUST_CHECK;

/* Make the next key, unless there is one: *made. Needs the lock, and that it was settled. STATUS_EXISTS where it would be one key too many for the
 * practice. */
enum status signing_make_next(bool *made, struct practice *p, const struct registry *reg, struct error *e) MUST_CHECK;

#endif
