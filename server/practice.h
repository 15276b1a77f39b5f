/* server/practice.h - one practice as the server holds it:
 *
 *     DIR/<ODS>/practice.json         {"schema":"practice-entry/1","name":…}; written last
 *     DIR/<ODS>/server.key            signs merges; server.next.key will, see server/signing.h
 *     DIR/<ODS>/first.json            {"schema":"first/1","device","invite_key"} until the first manager's records are
 * in the log DIR/<ODS>/certificates/<device>.json, see server/certificate.h DIR/<ODS>/history.git, lock     see
 * server/store.h
 */
#ifndef QIP_SERVER_PRACTICE_H
#define QIP_SERVER_PRACTICE_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/env.h"
#include "core/id.h"
#include "core/registry.h"
#include "server/file.h"
#include "server/jobs.h"
#include "server/limits.h"
#include "server/signing.h"
#include "server/store.h"

#define PRACTICE_NAME_MAX 201

struct milestones;
struct rates;
struct view;

/* Guarded by the mutex of server/upkeep.c. */
struct practice_upkeep {
	unsigned pushes; /* since the start */
	bool waits;	 /* in the queue, or among those that are tried again */
	struct practice *next;
};

/* Up to which erasures/ of the log blobs have been erased. */
struct practice_erasures {
	bool known;	 /* the store's note was read */
	struct oid tree; /* zero for none */
};

struct push;

/* Of server/merge_queue.h. */
struct merge_queue {
	pthread_mutex_t mutex; /* guards the rest */
	struct push *first, **last;
	bool running; /* its job is queued or at work */
	struct job job;
	struct jobs *jobs;	/* borrowed */
	const struct env *env; /* borrowed */
};

struct practice {
	char ods[7];
	char name[PRACTICE_NAME_MAX];
	char dir[FILE_PATH_MAX];
	char first_key[KEY_SSH_MAX]; /* server.key when it was opened, which the first manager endorses; "" for none */
	struct store_history *history; /* owned */
	pthread_mutex_t view_mutex;
	struct view *view;  /* the latest known, see server/view.h; guarded by view_mutex */
	struct rates *rates; /* owned; what devices send */
	struct milestones *milestones; /* owned; see server/milestones.h */
	struct practice_upkeep upkeep;
	struct merge_queue queue;
	struct large *large; /* of its devices, see server/large.h */
	char keeping[LIMIT_KEPT_AT_ONCE][NAME_MAX_LEN + 1]; /* devices whose last words come or are judged at the moment, see server/kept_places.c */
	atomic_bool lags; /* refs that derive from main could not be moved with it */
	atomic_bool unerased; /* what main has erased may still be here: nothing is read until it is gone */
	_Atomic int64_t last_sync_ms; /* when a device was last served, monotonic; 0: not since the start */
	atomic_bool seen_open; /* see server/closed.h */
	/* guarded by the practice's lock: */
	struct oid derived; /* the derived refs follow from this main */
	struct practice_erasures erasures;
	bool in_doubt;	    /* main may hold a move that the disk does not */
	struct signing signing;
};

/* The first manager, as `practice add` invited them. */
struct first {
	char device[NAME_MAX_LEN + 1];
	char invite_key[KEY_SSH_MAX];
};

/* Make a practice's folder, signing key and history with its root commit M0. STATUS_EXISTS; after an interruption it
 * may be repeated. */
enum status practice_create(const char *dir, struct store *s, const char *ods, const char *name,
			    const struct first *first, const struct env *env, struct error *e) MUST_CHECK;
/* STATUS_NOT_FOUND: no such practice (or no ODS code). */
enum status practice_open(struct practice **out, const char *dir, struct store *s, const char *ods,
			  struct error *e) MUST_CHECK;
void practice_close(struct practice *p);

/* STATUS_NOT_FOUND once the first manager is in the log. */
enum status practice_first(struct first *out, const struct practice *p, struct error *e) MUST_CHECK;
enum status practice_forget_first(const struct practice *p, struct error *e) MUST_CHECK;

#endif
