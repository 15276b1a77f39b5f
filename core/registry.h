/* core/registry.h - who belongs to a practice: its root key, server keys and devices, each along a chain of signatures to the root. */
#ifndef QIP_CORE_REGISTRY_H
#define QIP_CORE_REGISTRY_H

#include <stdbool.h>

#include "core/seal.h"
#include "core/tree.h"
#include "core/json.h"

#define REGISTRY_MAX_DEVICES 1000
#define REGISTRY_MAX_SERVER_KEYS 16
#define NAME_MAX_LEN 40

enum role { ROLE_NONE, ROLE_KIOSK, ROLE_STAFF, ROLE_MANAGER, ROLE_ICB, ROLE_AUDITOR };
const char *role_text(enum role role); /* "kiosk", … */
enum role role_parse(const char *text); /* ROLE_NONE when it is none */

struct device {
	char id[NAME_MAX_LEN + 1];
	enum role role;
	char site[NAME_MAX_LEN + 1]; /* "" for none */
	char invited_by[NAME_MAX_LEN + 1]; /* a manager's device, "root" or "server" */
	char invite_key[KEY_SSH_MAX];
	char key_ssh[KEY_SSH_MAX];   /* "" until it enrolled */
	struct key *key;             /* owned; NULL until it enrolled */
	uint8_t seal_key[SEAL_KEY_LEN];
	bool retired, revoked;
	char replaces[NAME_MAX_LEN + 1];    /* the kiosk whose answers it goes on with; "" for none */
	bool ends;                          /* and under that name nothing more is taken */
	uint64_t carries;                   /* its answers up to this number may be another copy's, too */
	bool answered;                      /* it ends one, was revoked, and answers under its name are in the tree all the same */
	char replaced_by[NAME_MAX_LEN + 1]; /* the one that ended this one so; "" for none */
	struct oid record;           /* its blob */
};

/* A signing key of the server that the root endorsed. */
struct server_key {
	struct key *key; /* owned */
	char ssh[KEY_SSH_MAX];
	bool retired;    /* the root said so: what it signed before stays good, and it signs nothing more */
};

struct registry {
	char ods[7];
	char name[201];
	int schema_level;
	struct key *root; /* owned */
	char root_ssh[KEY_SSH_MAX];
	struct server_key server_keys[REGISTRY_MAX_SERVER_KEYS]; /* in the order of their endorsement */
	size_t server_keys_len;
	struct device *devices; /* sorted by id */
	size_t devices_len;
	struct oid practice;     /* blob of practice.json */
	struct oid retired_keys; /* tree of retired-keys/, zero for none */
};
#define REGISTRY_INIT {0}

/* Read practice.json, retired-keys/ and devices/ of a tree and check every signature: server keys and their end by the root; each invite by the
 * root (managers only), by a server key (auditors only) or by a manager whose own invite holds; each enrolment by its invite key. No
 * key may stand under two names.
 * root_pin (16 bytes, or NULL) must begin the root key's fingerprint. STATUS_NOT_FOUND when there is no practice.json yet;
 * STATUS_UNTRUSTED naming the record whose chain does not hold. */
enum status registry_load(struct registry *out, struct repo *r, const struct oid *tree, const uint8_t *root_pin, struct error *e) MUST_CHECK;
/* The same next to one that was loaded before (NULL: none): records that stand there unchanged, under the same keys, are not checked again. */
enum status registry_load_after(struct registry *out, const struct registry *known, struct repo *r, const struct oid *tree,
				const uint8_t *root_pin, struct error *e) MUST_CHECK;
void registry_clear(struct registry *reg);

/* ---- the server's keys, core/registry_practice.c ---- */

/* What practice.json and retired-keys/ say alone, checked as by registry_load: no devices. `known` as there. */
enum status registry_load_keys(struct registry *out, const struct registry *known, struct repo *r, const struct oid *tree, const uint8_t *root_pin,
			       struct error *e) MUST_CHECK;
/* The server's key of that line, or NULL. */
const struct server_key *registry_server_key(const struct registry *reg, const char *key_ssh);
/* Is it endorsed, and not retired? */
bool registry_key_counts(const struct registry *reg, const char *key_ssh);
/* The key of the server that signed a merge, or a configuration of kiosks: one that the root endorsed by then, in the commit's own practice.json
 * (`after`), and that had not been retired before it (`before`; NULL where there was no practice yet). NULL: none such signed it. So whoever
 * has a key that was retired can add nothing to the log, and a server that lost its key can merge the endorsement of the next by that one. */
const struct server_key *registry_server_signer(const struct registry *before, const struct registry *after, const struct commit *c);
/* "retired-keys/<first 40 hexadecimal digits of the key's fingerprint>.json" */
#define RETIRED_KEYS "retired-keys/"
void registry_retired_path(char out[TREE_PATH_MAX], const struct key *key);

/* The order of registry.devices, for qsort. */
int registry_by_id(const void *a, const void *b);
/* NULL when there is none. */
const struct device *registry_find(const struct registry *reg, const char *id);
/* The device with this public key, or NULL. */
const struct device *registry_find_key(const struct registry *reg, const char *key_ssh);

/* Does one go on with the answers of the other, or both, directly or not, with those of a third? So they may hold the same ones. Both have to be
 * known. */
bool registry_are_kin(const struct registry *reg, const char *a, const char *b);
/* The kiosk with which a line of such began: the same for all of them. NULL: nobody else goes on with its answers, nor it with another's. */
const struct device *registry_line(const struct registry *reg, const char *id);
/* Has it taken answers over that another may have taken over as well? Then what it sends is judged by what that one has sent. */
bool registry_may_double(const struct registry *reg, const struct device *d);

/* Who is ended by whom, in the tree that the registry was read from. A successor that was revoked before it brought an answer ends nobody, so that
 * whoever took a kiosk's key does not silence it for good. For registry_load. */
enum status registry_find_ends(struct registry *reg, struct repo *r, const struct oid *tree, struct error *e) MUST_CHECK;
/* Is it the same in a tree whose devices/ is the same? Answers of a revoked successor may have come to it. */
enum status registry_same_ends(bool *out, const struct registry *reg, struct repo *r, const struct oid *tree, struct error *e) MUST_CHECK;

/* Canonical statements, ready to sign or check (see signature_make with SIGNATURE_NAMESPACE_RECORD). */
enum status statement_server_key(struct buf *out, const char *ods, const char *key) MUST_CHECK;
enum status statement_invite(struct buf *out, const char *ods, const char *device, const char *role, const char *site,
			     const char *invite_key) MUST_CHECK;
enum status statement_enrolment(struct buf *out, const char *ods, const char *invite_key, const char *key,
				const char *seal_key) MUST_CHECK;
struct statement_replacement {
	const char *ods, *replaces, *device, *invite_key, *key; /* the old name; the new one, its invite's key and its own */
	bool ends;
};
enum status statement_replacement(struct buf *out, const struct statement_replacement *s) MUST_CHECK;
/* recovery: its public key; NULL where there is none. */
enum status statement_comment_key(struct buf *out, const char *ods, int64_t generation, const char *public_key, const char *recovery) MUST_CHECK;

/* What the server says when it is asked for its next key, signed by that one and by the present one; present: NULL where it has lost that. */
enum status statement_next_key(struct buf *out, const char *ods, const char *present, const char *key) MUST_CHECK;
enum status statement_retired_key(struct buf *out, const char *ods, const char *key) MUST_CHECK;

/* Check an element of practice.json's server_keys: the root endorses the key, which is on the curve. *out (or NULL) is the caller's. */
enum status registry_check_server_key(struct key **out, const struct registry *reg, const cJSON *item, struct error *e) MUST_CHECK;
/* Check a record of retired-keys/: the root retires a key that it endorsed. */
enum status registry_check_retired_key(const struct registry *reg, const cJSON *record, struct error *e) MUST_CHECK;
/* Check keys/<generation>.json against the registry. */
enum status registry_check_comment_key(const struct registry *reg, const cJSON *record, struct error *e) MUST_CHECK;
/* Check one device record by itself: invite signature by whoever it names, enrolment proof. */
enum status registry_check_device(const struct registry *reg, const cJSON *record, struct error *e) MUST_CHECK;
/* And that it may go on with the answers of the kiosk that it says it replaces, which has to be in the registry: kiosks see no other kiosks. */
enum status registry_check_replacement(const struct registry *reg, const cJSON *record, struct error *e) MUST_CHECK;

#endif
