/* client/home.h - the folder that is an installation: config.json, device.key, seal.key (0600), device.crt, ca.crt, history.git/, blobs/,
 * outbox/, wanted.json, refused/, state.json, tls.session, and a kiosk's journal/.
 *
 * home_lock(); then either a join fills the folder, or qip_open() reads it. Refs of history.git:
 *   staff and others: refs/heads/main (the log as last verified), refs/devices/<self> (own head last accepted), refs/qip/work (what reads and
 *   edits start from: main, or own commits on it);
 *   kiosk: refs/kiosk/config (last verified), refs/devices/<self>, refs/qip/work (own branch).
 */
#ifndef QIP_CLIENT_HOME_H
#define QIP_CLIENT_HOME_H

#include "client/include/qip/client.h"
#include "client/journal.h"
#include "client/numbers.h"
#include "client/state.h"
#include "core/head.h"

#define HOME_PATH_MAX 1024
#define HOME_REF_MAX 64

#define HOME_CONFIG "config.json"
#define HOME_KEY "device.key"
#define HOME_SEAL_KEY "seal.key"
#define HOME_CERT "device.crt"
#define HOME_CA "ca.crt"
#define HOME_SESSION "tls.session"
#define HOME_HISTORY "history.git"
#define HOME_BLOBS "blobs"
#define HOME_OUTBOX "outbox"
#define HOME_WANTED "wanted.json"
#define HOME_REFUSED "refused"
#define HOME_JOURNAL "journal"
#define HOME_AUDIT "audit"

#define REF_MAIN "refs/heads/main"
#define REF_CONFIG "refs/kiosk/config"
#define REF_WORK "refs/qip/work"

/* A kiosk that is joined again under a new name says whose answers it goes on with, and signs that with the old key. */
struct replacement {
	const char *device;    /* the old name */
	const struct key *key; /* and its key */
	bool ends;             /* nothing more is to be taken under it */
	uint64_t carries;      /* at most so many answers may wait in another copy, too */
};

/* Why this home may be one of two copies; of kiosks alone, see client/incarnation.h. */
enum home_doubt { HOME_DOUBT_NONE, HOME_DOUBT_HARDWARE, HOME_DOUBT_HEAD };

struct qip {
	char path[HOME_PATH_MAX];
	int dir;  /* the folder */
	int lock; /* holds the lock while open */
	const struct env *env;
	struct qip_identity identity;
	char root_ssh[KEY_SSH_MAX];
	uint8_t root_pin[CODE_PIN_LEN];
	bool (*any_root)(void *ctx, const char *root_ssh); /* while the first manager joins: is it a root key made here? NULL: root_pin decides */
	void *any_root_ctx;
	uint64_t sent_bytes; /* kiosk: of history, before it forgets the oldest; LIMIT_SENT_BYTES but in tests */
	enum role join_as;          /* while it joins: see qip_options */
	const struct replacement *replaces; /* while it joins, or NULL */
	char own_ref[HOME_REF_MAX]; /* refs/devices/<self> */
	struct key *key;            /* owned */
	struct buf ca_pem, cert_pem; /* empty: not there */
	bool swept; /* since it was opened: no copy of what was erased was put back beside its mark */
	uint8_t seal_key[SEAL_KEY_LEN]; /* of a seal.key under a passphrase, */
	bool seal_key_open;             /* once that was given */
	struct repo *repo;          /* owned */
	const struct rules *rules;
	struct state state;
	const struct qip_health *health; /* borrowed: what the next sync of a kiosk tells; or NULL */
	struct numbers numbers;
	enum home_doubt doubt;
	uint64_t doubt_noticed;     /* the journal's last record when the doubt came up: a copy may have those up to here, too */
	const char *acts_as;        /* edits are of this person, whosever home it is, or NULL: client/people.h */
	bool went_back;             /* in this sync, the server's log went on from an earlier place, see client/lost.h */
	qip_progress progress;      /* or NULL */
	void *progress_ctx;
	struct registry registry;   /* of the tree parts named next; loaded when first asked for */
	struct oid registry_devices;
};

/* Open the folder and take its lock, waiting as the options say; `make` makes a folder that is not there. */
enum status home_lock(struct qip *q, const struct qip_options *o, bool make, struct error *e) MUST_CHECK;
/* Read identity, keys, repository and state of a joined home, and repair what an interruption left. */
enum status home_load(struct qip *q, struct error *e) MUST_CHECK;
/* Write config.json: from now on the home is joined. */
enum status home_save_config(const struct qip *q, struct error *e) MUST_CHECK;
/* Read it. STATUS_NOT_FOUND: not joined; STATUS_CORRUPT. */
enum status home_load_config(struct qip *q, struct error *e) MUST_CHECK;
/* The identity and all that follows from it. STATUS_MALFORMED. */
enum status home_set_root(struct qip *q, const char *root_ssh, struct error *e) MUST_CHECK;
enum status home_set_device(struct qip *q, const char *device, enum role role, const char *site, struct error *e) MUST_CHECK;
void home_close(struct qip *q);
/* A file without which nothing goes on; STATUS_CORRUPT, in words that say what to do. */
enum status home_lacks(const struct qip *q, const char *name, struct error *e);
/* The own copy of the history cannot be read, for the reason given. What was not found, but must be there, is STATUS_CORRUPT. */
enum status home_unreadable(const struct qip *q, const struct error *why, struct error *e);

bool home_is_kiosk(const struct qip *q);
/* A ref, or a zero id when there is none. */
enum status home_ref(struct oid *out, struct qip *q, const char *name, struct error *e) MUST_CHECK;
/* Compare and swap; a zero `old` means that there was none. Nothing to do when both are equal. */
enum status home_move_ref(struct qip *q, const char *name, const struct oid *to, const struct oid *from, struct error *e) MUST_CHECK;
/* Keep a commit as evidence, under the next free number below `prefix` ("refs/lost/"), or where it is kept already; `ref` is its name. */
enum status home_keep(char ref[HOME_REF_MAX], struct qip *q, const char *prefix, const struct oid *id, struct error *e) MUST_CHECK;
/* The tree of a commit; a zero commit gives a zero tree. */
enum status home_tree_of(struct oid *out, struct qip *q, const struct oid *commit, struct error *e) MUST_CHECK;

/* The number of a merge of the log that was checked before: 0 for the log's start, and for a zero id. */
enum status home_log_number(int64_t *out, struct qip *q, const struct oid *commit, struct error *e) MUST_CHECK;

/* client/view.c: the tree in which this device reads a path ("" for the practice as a whole). */
enum status view_tree(struct oid *out, struct qip *q, const char *path, struct error *e) MUST_CHECK;
/* The registry of the practice as this device sees it; borrowed until the next call of either. */
enum status view_registry(const struct registry **out, struct qip *q, struct error *e) MUST_CHECK;
/* The registry of a tree. It must hang on the root key that this device was told of. STATUS_NOT_FOUND: there is no practice in it. */
enum status view_registry_of(const struct registry **out, struct qip *q, const struct oid *tree, struct error *e) MUST_CHECK;

#endif
