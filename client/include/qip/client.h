/* qip/client.h - the embeddable client: one home folder, its identity, its copy of the practice, its edits and answers, and syncing.
 *
 *     struct qip *q;
 *     if (qip_open(&q, &(struct qip_options){.home = "/var/lib/qip", .lock_wait_ms = 30000}, &e)) ... e.text says why
 *     qip_edit_begin(&edit, q, NULL, &e); ... qip_edit_put(edit, path, record, &e); qip_edit_commit(edit, "subject", &e);
 *     qip_sync(q, &report, &e);
 *     qip_close(q);
 *
 * Everything works offline but qip_join, qip_sync. A handle belongs to one thread at a time; qip_capture may be called by any thread.
 */
#ifndef QIP_CLIENT_H
#define QIP_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/env.h"
#include "core/code.h"
#include "core/json.h"
#include "core/record.h"
#include "core/registry.h"

struct qip;

/* Called in a long qip_join or qip_sync whenever a slice of the log is durable: so many merges of so many are here. */
typedef void (*qip_progress)(void *ctx, uint64_t merges, uint64_t of);

struct qip_options {
	const char *home;       /* folder; must exist for qip_open, is made (0700) by qip_join */
	const struct env *env;  /* NULL: the real machine */
	enum role join_as;      /* qip_join: a code for another role is refused, and not used up by that; ROLE_NONE: any */
	int lock_wait_ms;       /* wait this long for another program on the same home, then STATUS_BUSY; -1 for ever */
	qip_progress progress;  /* NULL: nobody is told */
	void *progress_ctx;
};

/* ---- joining and opening ---- */

/* What a practice keeps on paper and nowhere else: all there is of two private keys. Wiped after they were shown. */
#define QIP_PAPER_TEXT_MAX 128
struct qip_papers {
	const char *root;        /* the root key, which appoints managers; NULL: it was shown when the practice began */
	const char *recovery;    /* the recovery key, which opens patients' comments */
	int64_t at_ms;           /* when they were made: a recovery key may be replaced */
	const char *fingerprint; /* of the root key; it tells the papers from those that earlier, interrupted joins showed, and from other practices' */
};
/* Shows them to the person at the device, who has them printed; returns when they are shown. */
typedef void (*qip_show_papers)(void *ctx, const struct qip_papers *papers);

/* Answer an invite: make keys, enrol at the server, check its chain to the root, keep the home. Safe to repeat with the same code after an interruption.
 * For a practice's first manager also makes the root key and the recovery key, and shows both before the server hears of them, so that no such key is ever in
 * force that nobody saw. STATUS_MALFORMED mistyped code; STATUS_REFUSED used or unknown code; STATUS_EXISTS the home is joined already;
 * STATUS_USAGE a first manager's code while `show` is NULL.
 * A kiosk's home that is joined takes a new name of the same practice: its journal stays, what waits goes under the new name, numbered from 1, and
 * nothing that any copy of it has sent goes again. A capture that is open meanwhile goes on. STATUS_EXISTS: another practice's code. */
enum status qip_join(const struct qip_options *o, const char *url, const char *code, qip_show_papers show, void *ctx,
		     struct error *e) MUST_CHECK;

/* Where nobody is left who could invite: this folder becomes a manager's device by the practice's root key, as its paper has it. The device invites itself
 * in that key's name, and checks that the practice's history hangs on this key and no other. Safe to repeat with the same after an interruption.
 * STATUS_MALFORMED mistyped key; STATUS_USAGE a bad name or practice; STATUS_REFUSED another practice's key, or a name that is taken; STATUS_EXISTS the home
 * is joined already. */
struct qip_root {
	const char *ods;
	const char *device;           /* a name that no device of the practice ever had */
	uint8_t ca_pin[CODE_PIN_LEN]; /* first bytes of the SHA-256 fingerprint of the server's authority */
	const char *text;             /* off the paper; the caller wipes it */
};
enum status qip_join_root(const struct qip_options *o, const char *url, const struct qip_root *root, struct error *e) MUST_CHECK;

/* STATUS_NOT_FOUND: not a home; STATUS_BUSY. */
enum status qip_open(struct qip **out, const struct qip_options *o, struct error *e) MUST_CHECK;
/* Kiosk, while another program has the home locked: what can be had without it, for qip_capture_open, qip_identity and qip_last_sync_ms alone. */
enum status qip_open_beside(struct qip **out, const struct qip_options *o, struct error *e) MUST_CHECK;
void qip_close(struct qip *q);

struct qip_identity {
	char url[512];   /* "https://host:port" */
	char ods[7];
	char device[NAME_MAX_LEN + 1];
	enum role role;
	char site[NAME_MAX_LEN + 1];
	char root_fingerprint[KEY_FINGERPRINT_MAX];
};
const struct qip_identity *qip_identity(const struct qip *q);
/* Path of a file or folder of the home ("device.crt", "history.git"), into out. */
enum status qip_home_path(char *out, size_t size, const struct qip *q, const char *name) MUST_CHECK;
const struct env *qip_env(const struct qip *q);
/* Kiosks: why this home may be one of two copies, half a sentence; "" when all is well. In doubt it collects, and syncs no more until it is joined
 * again, see qip_join. */
const char *qip_doubt(const struct qip *q);

/* ---- reading: the practice as this device sees it, own unsynced edits included ---- */

/* The record at a path; the caller's. STATUS_NOT_FOUND. */
enum status qip_read(cJSON **out, struct qip *q, const char *path, struct error *e) MUST_CHECK;
/* Each record below a folder ("qip/"), sorted by path. The record is the visitor's for the call only. Non-OK stops. */
typedef enum status (*qip_visit)(void *ctx, const char *path, const cJSON *record, struct error *e);
enum status qip_each(struct qip *q, const char *folder, qip_visit visit, void *ctx, struct error *e) MUST_CHECK;
/* Each record in conflict, wherever it stands: the practice, its sites, the plan, and so on through every kind of record that can be; a
 * folder's records sorted by path. */
enum status qip_conflicts_each(struct qip *q, qip_visit visit, void *ctx, struct error *e) MUST_CHECK;
/* The registry at that place; *out to be cleared by the caller. */
enum status qip_registry(struct registry *out, struct qip *q, struct error *e) MUST_CHECK;
/* The repository, the log's end as last synced, and the tip that reads and edits start from (main or own commits on it). For stages that read history. */
struct repo *qip_repo(struct qip *q);
enum status qip_main(struct oid *out, struct qip *q, struct error *e) MUST_CHECK; /* STATUS_NOT_FOUND before the first sync */
enum status qip_tip(struct oid *out, struct qip *q, struct error *e) MUST_CHECK;

/* ---- editing: one signed commit ---- */
struct qip_edit;

/* effective: "YYYY-MM-DD", or NULL for today. */
enum status qip_edit_begin(struct qip_edit **out, struct qip *q, const char *effective, struct error *e) MUST_CHECK;
/* A fresh stamp (own id) in this device's name and role, of the person whose home it is, if that was said, with the edit's effective day; n = 0. */
enum status qip_edit_stamp(struct stamp *out, struct qip_edit *edit, struct error *e) MUST_CHECK;
/* Write a record (NULL: remove the file). Checked against schema and policy at once, so that the server will not refuse it later. */
enum status qip_edit_put(struct qip_edit *edit, const char *path, const cJSON *record, struct error *e) MUST_CHECK;
/* Sign and keep, durably. Nothing put: no commit, STATUS_OK. The edit is ended in every case. subject: one line without personal data. */
enum status qip_edit_commit(struct qip_edit *edit, const char *subject, struct error *e) MUST_CHECK;
void qip_edit_abort(struct qip_edit *edit);

/* ---- capturing answers (kiosks) ---- */
struct qip_answer {
	const char *id;        /* UUIDv7 made when the form was shown: the same id again is the same answer */
	const char *survey;    /* "fft" */
	int64_t survey_version; /* the one that was shown, though a newer one may be in force by now */
	const char *language;  /* "en" */
	const char *mode;      /* "kiosk" */
	const cJSON *answers;  /* {"experience": "good"}; borrowed */
	const char *comment;   /* UTF-8, or NULL; sealed before anything is written */
	bool publish;          /* the patient lets the comment be published */
	const char *const *flags; /* what makes staff look twice: "out-of-hours", "rapid-repeat", in that order, ended by NULL; or NULL */
};
#define QIP_COMMENT_MAX 10000 /* code points */

struct qip_capture;
/* Open the journal of q's home for writing. The capture keeps nothing of q, which may be closed at once, so that
 * syncs, of this process or another, find the home free. A journal that cannot be written for now is opened again for each answer: see
 * qip_capture_journal. STATUS_UNTRUSTED: no survey or key that holds; STATUS_BUSY: another capture is open. */
enum status qip_capture_open(struct qip_capture **out, struct qip *q, struct error *e) MUST_CHECK;
/* Durable on STATUS_OK; STATUS_NO_SPACE: the journal or its disk is full; STATUS_IO: the disk failed. *seq is the answer's number. STATUS_EXISTS: this id is in the journal already (*seq set): a success to the patient.
 * STATUS_INVALID: not an answer to this survey. Thread-safe. */
enum status qip_capture(uint64_t *seq, struct qip_capture *c, const struct qip_answer *a, struct error *e) MUST_CHECK;
uint64_t qip_capture_last(struct qip_capture *c);
/* True if an answer of that id is in the journal, as far back as its last ids are remembered. Thread-safe. */
bool qip_capture_has(struct qip_capture *c, const char *id);

/* How the journal stands that a capture writes. */
struct qip_journal_standing {
	unsigned percent;         /* full: at 90 it is time to ask why nothing is sent; 100: it takes no answers */
	unsigned damaged;         /* places in it that cannot be read any more */
	bool news;                /* some of them were found lately: the practice was not told of them, or less than a week ago */
	enum status trouble;      /* why the last try to keep an answer or to open it failed; STATUS_OK: it did not */
	char why[ERROR_TEXT_MAX]; /* the same in words; "" */
};
/* One that failed is opened again first, at most every few seconds: when the cause is gone, so is the trouble. */
void qip_capture_journal(struct qip_journal_standing *out, struct qip_capture *c);
/* Copies of practice.json and of the site's record, the caller's; NULL where there is none. */
enum status qip_capture_settings(cJSON **practice, cJSON **site, struct qip_capture *c, struct error *e) MUST_CHECK;
/* Now, as well as an answer of this moment would be dated, and how well that is. Thread-safe. */
enum clock_quality qip_capture_clock(int64_t *now_ms, struct qip_capture *c);
/* True if comments can be sealed (a comment key is known). */
bool qip_capture_can_seal(struct qip_capture *c);
/* The surveys that this kiosk may show now: those for its site and in force today, the Friends and Family Test first, then by id: an array of
 * survey records, the caller's; see client/survey.h for what they ask. With a clock that cannot be relied on, today is the day of the last
 * sync; without one, surveys that begin or end on some day are left out. Thread-safe. */
enum status qip_surveys(cJSON **out, struct qip_capture *c, struct error *e) MUST_CHECK;
/* One version of a survey, for an answer that was begun under it; the caller's. STATUS_NOT_FOUND: that version is not known here (any more).
 * Thread-safe. */
enum status qip_survey(cJSON **out, struct qip_capture *c, const char *id, int64_t version, struct error *e) MUST_CHECK;
/* Read surveys and comment key again, after a sync brought new ones. What is read meanwhile does not hold up an answer; the journal is not read. */
enum status qip_capture_reload(struct qip_capture *c, struct qip *q, struct error *e) MUST_CHECK;
/* qip_waiting of the home it was opened with, without reading the journal. */
enum status qip_capture_waiting(uint64_t *out, struct qip_capture *c, struct qip *q, struct error *e) MUST_CHECK;
void qip_capture_close(struct qip_capture *c);

/* ---- syncing ---- */
struct qip_sync_report {
	uint64_t commits_sent, records_sent;
	uint64_t merges_received;   /* new merges on main */
	uint64_t refused;           /* commits that the server refused in this sync; see qip_refused_each */
	uint64_t answers_committed; /* kiosk: journal records turned into commits */
	uint64_t waiting;           /* kiosk: answers not yet receipted */
	int64_t server_time_ms;     /* authenticated */
	int64_t main_index;         /* staff: place of the log reached */
	uint64_t blobs_sent, blobs_waiting;     /* free text and evidence, sealed: sent; not at the server yet */
	uint64_t blobs_received, blobs_missing; /* staff: fetched; named by the log, and not at the server yet */
	bool blobs_more;                        /* than one visit takes: the next ones fetch them */
	uint64_t retention_erased;              /* a manager's: comments erased because the practice keeps them no longer */
	char blobs_why[ERROR_TEXT_MAX];         /* why not all of that went or came; "": it did. The rest of the sync went through all the same */
	bool checkpoint;            /* this device's own word on how far it followed the log was sent, too */
};
/* What a kiosk knows of itself beyond its home; for the practice to see. */
struct qip_health {
	uint64_t last;                /* number of its last answer */
	unsigned journal_percent;     /* full */
	unsigned damaged;             /* places in the journal: news are told as lost-records, whatever the troubles say */
	const char *const *languages; /* on, ended by NULL */
	const char *const *troubles;  /* codes of core/schemas/health-1.json, ended by NULL */
};
/* Kiosk: have the syncs of this open home write health/<device>.json where it is due: every six days, and when the troubles are others than
 * last time, once a day at most. h is borrowed until qip_close(); NULL: no more. */
void qip_tell_health(struct qip *q, const struct qip_health *h);

/* Commit what the journal holds (kiosk), push own commits, fetch. Success only on the server's receipt. STATUS_NETWORK, STATUS_TIMEOUT: nothing is lost, try again.
 * STATUS_REFUSED: the device may not sync (revoked, unknown): *e says what to do. STATUS_UNTRUSTED: what the server shows does not hold.
 * STATUS_CONTRADICTED: it contradicts what it showed before, or to others; nothing of it was taken over, and it is kept: see qip_seen_each. */
enum status qip_sync(struct qip *q, struct qip_sync_report *out, struct error *e) MUST_CHECK;
/* Kiosk, after something of the home could not be read: if it is the copy of the history that is damaged, put it aside. True: that was so; until
 * the next sync, which asks for it anew, there is no configuration. Answers that wait are in the journal. Opening and syncing do so by themselves. */
bool qip_heal(struct qip *q);

/* Answers captured but not yet receipted (kiosk), commits not yet accepted (others). */
enum status qip_waiting(uint64_t *out, struct qip *q, struct error *e) MUST_CHECK;

/* Free text and evidence, sealed: files here that are not at the server yet; and, for staff, those that records name and that were not at the server when this
 * device asked last. */
struct qip_blobs {
	uint64_t waiting, missing;
};
enum status qip_blobs(struct qip_blobs *out, struct qip *q, struct error *e) MUST_CHECK;

/* Of a revoked device: what of that the server keeps aside, for a manager to look at. */
struct qip_handed {
	uint64_t alone;           /* edits that wait, and are on this device alone */
	char at[TIME_TEXT_MAX];   /* when the server was asked last */
	char why[ERROR_TEXT_MAX]; /* it does not keep what waited then; "": it does, but for what is more than it takes */
};
/* STATUS_NOT_FOUND: the server did not say that this device is revoked. */
enum status qip_handed(struct qip_handed *out, struct qip *q, struct error *e) MUST_CHECK;

enum qip_refusal_state {
	QIP_REFUSAL_OPEN,    /* waits for somebody */
	QIP_REFUSAL_MAKING,  /* a retry was cut short; the next sync or retry finds out how far it came */
	QIP_REFUSAL_MADE,    /* made again, and not yet accepted */
	QIP_REFUSAL_DONE,    /* made again and accepted */
	QIP_REFUSAL_AGAIN,   /* made again, and refused again under the number `again` */
	QIP_REFUSAL_DROPPED, /* nobody wants it: `why` */
};
const char *qip_refusal_state_text(enum qip_refusal_state state);
struct qip_refusal {
	int number;             /* refs/refused/<number> */
	char commit[41];
	char path[TREE_PATH_MAX];
	char subject[256];
	char reason[ERROR_TEXT_MAX];
	char at[TIME_TEXT_MAX];
	enum qip_refusal_state state;
	int again;
	char since[TIME_TEXT_MAX]; /* when its state was last set; "" never */
	char why[256];
};
typedef enum status (*qip_refused_visit)(void *ctx, const struct qip_refusal *r, struct error *e);
enum status qip_refused_each(struct qip *q, qip_refused_visit visit, void *ctx, struct error *e) MUST_CHECK;

struct qip_retried {
	enum qip_refusal_state state; /* MADE: the next sync sends it; DONE: nothing was left to do; OPEN: it sends what could be made, but for `left` */
	bool already;                 /* it was so before */
	uint64_t changes, overtaken;  /* fields, entries and records made again; and left alone, because they were set anew since */
	uint64_t left;                /* records that are not here now, so that nothing could be made in them: try again when they are */
	char why[ERROR_TEXT_MAX];     /* the last of them, in words */
};
/* Make what a refused commit changed again, as one new commit on the practice as it is now: of earlier edits it replaces those alone that the
 * original replaced. May be repeated after an interruption. STATUS_NOT_FOUND: no such number, or no record that it changed is here now;
 * STATUS_DENIED, STATUS_INVALID: it would be refused again; STATUS_USAGE: it was dropped, or refused again, or this is a kiosk. Nothing is made then. */
enum status qip_refused_retry(struct qip_retried *out, struct qip *q, int number, struct error *e) MUST_CHECK;
/* Mark it as not wanted, for a reason. What it would have changed is kept in words in refused/<n>.json, and so is the chain, for 35 days. What the server has accepted
 * is not touched. STATUS_NOT_FOUND; STATUS_USAGE: there is nothing to drop any more; STATUS_EXISTS: it was dropped before. */
enum status qip_refused_drop(struct qip *q, int number, const char *why, struct error *e) MUST_CHECK;

/* ---- what revoked devices still sent: the server keeps it aside, for managers alone. All but qip_kept_changes want the server. ---- */
struct qip_kept {
	int64_t number;
	char device[NAME_MAX_LEN + 1];
	char head[41];
	char received[TIME_TEXT_MAX];
	int64_t commits;
	char taken_by[NAME_MAX_LEN + 1]; /* the manager's device that said last that it takes it over; "" for none */
	char unreadable[256];            /* why the server cannot read it: then all but its number is empty; "" when it can */
};
typedef enum status (*qip_kept_visit)(void *ctx, const struct qip_kept *k, struct error *e);
/* STATUS_DENIED: not a manager's device. What is not kept any more is let go of in this home, too. */
enum status qip_kept_each(struct qip *q, qip_kept_visit visit, void *ctx, struct error *e) MUST_CHECK;
/* Fetch it, check it against the device's key, and keep its commits in this home as what was shown. STATUS_NOT_FOUND; STATUS_UNTRUSTED: not by
 * that device; STATUS_STALE: it builds on what this home lacks: sync first; STATUS_EXISTS: the log has all of it. */
enum status qip_kept_fetch(struct qip_kept *out, struct qip *q, int64_t number, struct error *e) MUST_CHECK;
/* What taking it over would change now, once it was fetched: each record that one of its commits, oldest first, would change of the practice as it
 * is then. `left`: instead, why a part of a record cannot be taken over; `taken_by`: instead, who has taken over all of the commit. */
struct qip_kept_change {
	const char *commit, *subject;
	int64_t at_ms; /* by the device's clock */
	const char *path, *slot; /* "" without a record; slot is "" unless one field alone is left */
	const cJSON *before, *after; /* before is NULL for a new record; of what is left, after is as the device made it, NULL if it went */
	const char *left, *taken_by;
};
typedef enum status (*qip_kept_change_visit)(void *ctx, const struct qip_kept_change *change, struct error *e);
enum status qip_kept_changes(struct qip *q, const struct qip_kept *k, qip_kept_change_visit visit, void *ctx, struct error *e) MUST_CHECK;

struct qip_adopted {
	uint64_t commits, changes; /* made in this device's name, each naming the one it was made of */
	uint64_t overtaken;        /* fields left alone, because this device has set them anew since */
	uint64_t left;             /* records that nobody but the device itself could say, or that are not acceptable */
	uint64_t before;           /* commits that somebody had taken over already */
	char before_by[NAME_MAX_LEN + 1]; /* whose device did so with the last of them */
	bool before_by_others;     /* and others with others */
	char why[ERROR_TEXT_MAX];  /* of the last record that was left */
};
/* Make what it says again, on the practice as it is now, as commits of this device; sent by the next sync. May be repeated: nothing is made twice.
 * STATUS_STALE: it is not what was fetched here before, or nothing was. STATUS_REFUSED: another manager's device is taking it over. */
enum status qip_kept_adopt(struct qip_adopted *out, struct qip *q, int64_t number, struct error *e) MUST_CHECK;
/* Have the server delete it. `head`: which it is; NULL: the one that was fetched here before. STATUS_STALE: it is another, or none was. */
enum status qip_kept_drop(struct qip *q, int64_t number, const char *head, struct error *e) MUST_CHECK;

/* ---- is it the same history that others are shown? ---- */

/* What the server showed that contradicts what it showed before, or to others. */
struct qip_seen {
	int number;           /* from 1 */
	char kind[16];        /* "parted", "older", "gone", "dropped", "checkpoint", "forged", "stated", "held-back", "not-taken" */
	char device[NAME_MAX_LEN + 1]; /* whose word says otherwise; "" for this home's own */
	char commit[41];      /* the first that was other than before, that somebody's word names, or that was dropped */
	char ref[64];         /* under which it is kept; "" where it is not */
	char text[512];       /* one sentence, with both commits */
	char at[TIME_TEXT_MAX];
	char settled[256];    /* how a person explained it; "" open */
	char settled_at[TIME_TEXT_MAX]; /* when, by this home's clock; "" open */
};
typedef enum status (*qip_seen_visit)(void *ctx, const struct qip_seen *s, struct error *e);
/* In the order in which they were found. STATUS_CORRUPT, STATUS_MALFORMED: the file that holds them is damaged. */
enum status qip_seen_each(struct qip *q, qip_seen_visit visit, void *ctx, struct error *e) MUST_CHECK;
/* A person knows the reason. STATUS_NOT_FOUND. */
enum status qip_seen_settle(struct qip *q, int number, const char *why, struct error *e) MUST_CHECK;

/* How far this home has followed the log, as others can compare it by another way than the server. */
struct qip_checkpoint {
	int64_t index;
	char main[41];
	char received[TIME_TEXT_MAX];
	struct buf text; /* the statement and its signature; owned */
};
/* STATUS_NOT_FOUND before the first sync. Clear out->text with buf_clear. */
enum status qip_checkpoint(struct qip_checkpoint *out, struct qip *q, struct error *e) MUST_CHECK;

struct qip_checked {
	char device[NAME_MAX_LEN + 1]; /* "": the text was a number and a commit, unsigned */
	int64_t index;
	bool waits; /* it speaks of a merge that this home has not reached; the next sync compares it */
};
/* Compare what another device's qip_checkpoint gave, or "<number> <commit>" as read out by phone, with the log here. STATUS_OK: it agrees, or
 * waits. STATUS_CONTRADICTED: that device was shown another history. STATUS_GONE: the log tells that this merge was lost. STATUS_UNTRUSTED: not
 * signed by a device of this practice; STATUS_MALFORMED. */
enum status qip_checkpoint_check(struct qip_checked *out, struct qip *q, const char *text, size_t len, struct error *e) MUST_CHECK;

/* When the last successful sync ended, by the server's clock; 0 never. */
int64_t qip_last_sync_ms(struct qip *q);
/* Now, as well as it is known: by the own clock where that is kept right, else by the server's, carried on since a sync of this boot. */
int64_t qip_now_ms(const struct qip *q);

/* ---- inviting ---- */
/* Write the invite as an edit of its own and give the code to pass on. STATUS_DENIED: not a manager; STATUS_EXISTS. */
enum status qip_invite(char code[CODE_TEXT_MAX], struct qip *q, const char *device, enum role role, const char *site, struct error *e) MUST_CHECK;
/* revoke false: retire. */
enum status qip_end_device(struct qip *q, const char *device, bool revoke, const char *reason, struct error *e) MUST_CHECK;

#endif
