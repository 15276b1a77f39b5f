/* tests/server/world.h - a server in a child process, one practice, and devices that speak to it over TLS: what the
 * tests of the whole server share. The devices are made of core alone, so that they can also say what a real client
 * never would. */
#ifndef QIP_TESTS_SERVER_WORLD_H
#define QIP_TESTS_SERVER_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/head.h"
#include "core/pkt.h"
#include "core/record_file.h"
#include "core/signature.h"
#include "core/tls.h"
#include "server/auditor.h"
#include "server/config.h"
#include "server/push.h"
#include "server/serve.h"

#define ODS "C82999"
#define WAIT_MS 30000
#define ok(call) assert_int_equal((call), STATUS_OK)

struct world {
	char dir[64], server[128], git[160]; /* git: the practice's history on the server */
	char port[8];
	pid_t pid; /* of the server; 0: not running */
	struct config config;
	struct invite first;
	struct key *root;
	struct repo *local; /* what the devices hold */
	char server_key[KEY_SSH_MAX];
};

struct testdev {
	char name[NAME_MAX_LEN + 1];
	struct key *key;
	uint8_t seal_private[SEAL_KEY_LEN], seal_public[SEAL_KEY_LEN];
	char seal_text[64];
	struct buf cert;
	cJSON *enrolment;
	struct oid head; /* last accepted */
};

struct reply {
	int code;
	struct buf body;
	char head[4096];
	bool cut; /* the server did not take the whole request */
};

/* ---- the server ---- */

void server_start(struct world *w);
int server_stop(struct world *w, int sig);
void world_open(struct world *w);
void world_close(struct world *w);
/* How often the server's log says a text. */
int log_count(const struct world *w, const char *text);
/* git fsck --strict of the practice's history. */
void assert_sound(const struct world *w);
/* How many files, quarantined ones too, lie in the practice's history beside its refs. */
int objects_on_disk(const struct world *w);
/* How many packs it has. */
size_t packs(const struct world *w);
struct oid server_ref(const struct world *w, const char *name);

/* ---- speaking ---- */

enum status world_dial(struct tls_conn **c, const struct world *w, const struct testdev *d, struct error *e);
/* Read to the end of the connection and take the answer apart. */
void read_reply(struct reply *r, struct tls_conn *c);
/* One request with raw header lines (each ended by \r\n), on a connection of its own. Code 0: no answer came. */
void raw_call(struct reply *r, const struct world *w, const struct testdev *d, const char *start, const char *headers,
	      const void *body, size_t len);
void get(struct reply *r, const struct world *w, const struct testdev *d, const char *path);
void post(struct reply *r, const struct world *w, const struct testdev *d, const char *path, const char *type,
	  const void *body, size_t len);
/* The body holds text, wherever NUL bytes stand. */
bool reply_has(const struct reply *r, const char *text);
void reply_clear(struct reply *r);

/* ---- devices ---- */

cJSON *object(const char *const *pairs);
#define OBJECT(...) object((const char *const[]){__VA_ARGS__, NULL})

void sign(struct buf *out, const struct key *key, struct buf *statement);
const char *now_text(void);
/* Keys, and the proof by the invite key. */
void testdev_make(struct testdev *d, const char *name, const struct invite *invite);
/* Its enrolment says that it goes on with the answers of `former`; up to number `carries` its own may be those. */
void testdev_replace(struct testdev *d, const struct invite *invite, const struct testdev *former, int64_t carries);
void testdev_clear(struct testdev *d);
/* Ask for the certificate; on 200 it is kept. *answer (may be NULL) is the caller's. */
int testdev_enrol(struct testdev *d, const struct world *w, const struct invite *invite, cJSON **answer);

/* ---- histories ---- */

struct file {
	const char *path;
	cJSON *record; /* taken over; NULL removes */
};

/* Commit records on top of a parent (NULL: none), signed by the device. */
struct oid commit(struct world *w, const struct testdev *d, const struct oid *parent, struct file *files, size_t len);
enum status add_to_buf(void *ctx, const void *bytes, size_t len);
/* The body of a push: commands, then the pack of what `known` (NULL: nothing) does not reach. */
void push_body(struct buf *out, struct world *w, const char *ref, const struct oid *old_id, const struct oid *new_id,
	       const struct oid *known);
void push_raw(struct reply *r, const struct world *w, const struct testdev *d, const struct buf *body);
/* Push a head to the device's own ref; true if it was accepted. *why (may be NULL) gets the report or sentence. */
bool push(struct world *w, struct testdev *d, const struct oid *id, struct buf *why);
cJSON *practice_record(const struct world *w);
/* A device's record: invited by `by` (whose key signs), enrolled if `d` is given. */
cJSON *device_record(const char *name, const char *role, const char *by, const struct key *signer,
		     const struct invite *invite, const struct testdev *d);
/* Fetch main into the local repository. */
struct oid fetch_main(struct world *w);
/* The first manager joins: certificate, then genesis. */
void join_first(struct world *w, struct testdev *d);
/* The manager writes an invite. */
void invite_device(struct world *w, struct testdev *manager, struct invite *invite, const char *name, const char *role);
/* The manager ends a device: `how` is "retired" or "revoked". */
void end_device(struct world *w, struct testdev *manager, const char *name, const char *how);
/* A site that the manager makes. */
cJSON *site_record(const char *id, const char *name);
/* An invited device's enrolment head. */
struct oid enrolment_head(struct world *w, struct testdev *d, const struct invite *invite, const char *role,
			  const char *by, const struct key *signer);
void join_invited(struct world *w, struct testdev *manager, struct testdev *d, struct invite *invite, const char *name,
		  const char *role);

#endif
