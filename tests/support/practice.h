/* tests/support/practice.h - a small practice in a temporary repository, made the way its programs make it: log, genesis, invites,
 * enrolments, device commits, server merges. Every step fails the test with words if it does not succeed. */
#ifndef QIP_TESTS_SUPPORT_PRACTICE_H
#define QIP_TESTS_SUPPORT_PRACTICE_H

#include "core/head.h"

#define FIXTURE_ODS "C82999"
#define FIXTURE_DEVICES 8

struct fixture_device {
	char id[NAME_MAX_LEN + 1];
	enum role role;
	struct key *invite, *key;
	char seal_key[64];   /* base64url */
	struct oid tip;      /* own last commit, pushed or not; zero for none */
	struct oid accepted; /* last accepted head */
	struct oid adopts;   /* what its commits say they take over; zero for nothing */
};

struct practice {
	char dir[64];
	struct repo *repo;
	struct key *root, *server;
	struct registry registry;
	bool has_registry;
	struct oid main, main_tree;
	int64_t index;
	int rules_version;    /* that the server merges by; 0: RULES_VERSION */
	const char *received; /* what the server's merges say; NULL: 24 November 2025 */
	unsigned next_id;
	struct fixture_device devices[FIXTURE_DEVICES]; /* the first is manager "kib-manager" */
	size_t devices_len;
};

/* Log start only. */
void practice_open(struct practice *p);
/* practice_open, genesis by kib-manager, and devices fle-staff (staff), kib-kiosk (kiosk), lead-icb (icb), enrolled. */
void practice_begin(struct practice *p);
void practice_end(struct practice *p);

struct fixture_device *practice_device(struct practice *p, const char *id);
/* An id that rises with every call, the same in every run. */
void practice_id(struct practice *p, char out[ID_TEXT_LEN + 1]);
struct stamp practice_stamp(struct practice *p, const struct fixture_device *d, const char *effective);

/* Stage a blob of canonical JSON; takes the record over. */
struct oid practice_blob(struct practice *p, cJSON *record);
/* A commit by the device on a tree, with the parent given (zero: none), signed by `key` (NULL: its own). */
struct oid practice_commit(struct practice *p, const struct fixture_device *d, const struct oid *tree, const struct oid *parent,
			   const struct key *key);
/* Write one record on top of the device's tip (staff: of main when the tip is in main); moves the tip. NULL record: remove. */
void practice_write(struct practice *p, struct fixture_device *d, const char *path, cJSON *record);

/* The same on top of `base`, whatever the device's tip is. */
void practice_write_on(struct practice *p, struct fixture_device *d, const struct oid *base, const char *path, cJSON *record);

/* Judge a head as the server does. */
enum status practice_judge(struct practice *p, const char *device, const struct oid *head, struct head *out, struct head_fault *fault,
			   struct error *e);
/* Judge, merge, sign, move main; or the refusal, by judge or merge, and nothing has changed. */
enum status practice_try(struct practice *p, struct fixture_device *d, struct head_fault *fault, struct error *e);
/* practice_try; fails the test when it is refused. */
void practice_push(struct practice *p, struct fixture_device *d);
/* The server's commit that merges a head with the tree given; does not move main. */
struct oid practice_merge_commit(struct practice *p, const char *device, const struct oid *head, const struct oid *tree, const char *kept);
/* Take a merge commit as the new end of the log, whatever it holds. */
void practice_set_main(struct practice *p, const struct oid *merge);

/* Records as on main; the caller's. NULL when absent. */
cJSON *practice_read(struct practice *p, const struct oid *tree, const char *path);
/* An invite for a new device, signed by `by` (a manager), the root (by NULL and role manager) or whoever `key` is. */
cJSON *practice_invite(struct practice *p, struct fixture_device *d, const char *by, const struct key *key);
/* A person with a device that the practice does not know yet. */
struct fixture_device *practice_stranger(struct practice *p, const char *id, enum role role);
/* The same record with the device's enrolment. */
cJSON *practice_enrolment(struct practice *p, struct fixture_device *d, cJSON *invite);
/* Invite, enrol, push; the new device. */
struct fixture_device *practice_add(struct practice *p, const char *id, enum role role);
/* practice.json as on main with one key of the server more, endorsed by `signer`, who should be the root; and the record that retires a key, in the
 * device's name, its path into `path`. */
cJSON *practice_endorse(struct practice *p, const struct key *key, const struct key *signer);
cJSON *practice_retire(char path[TREE_PATH_MAX], const struct key *key, const char *device, const struct key *signer);
/* A feedback record of a kiosk. */
cJSON *practice_answer(struct practice *p, const char *device, int64_t seq);

#endif
