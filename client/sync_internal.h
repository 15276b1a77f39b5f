/* client/sync_internal.h - what the files of one visit to the server share. */
#ifndef QIP_CLIENT_SYNC_INTERNAL_H
#define QIP_CLIENT_SYNC_INTERNAL_H

#include "client/held.h"

struct answers;

struct sync {
	struct qip *q;
	struct remote remote;
	struct remote_refs refs;
	struct qip_sync_report report;
	size_t most; /* commits in a push, after one was too much or was refused without naming a commit; 0: as many as usual */
	struct answers *answers; /* of a kiosk: its journal */
	struct held held;        /* what copies of it have sent, while answers wait that they may have taken over, too */
	bool ahead;              /* the part after the one that is pushed was looked for */
	struct error failed;     /* why it could not be committed */
	struct error found;      /* STATUS_CONTRADICTED, the first of the visit: told once all else is done */
};

/* sync_send.c: push what waits, in parts; *pushed if there was anything. */
enum status sync_push_all(bool *pushed, struct sync *s, struct error *e) MUST_CHECK;
/* A kiosk: the records of its clock and health that are due, and its journal, to be committed part by part. */
enum status sync_open_answers(struct sync *s, struct error *e) MUST_CHECK;
/* A kiosk's next part, while the server works on the one before; ctx is the struct sync. */
void sync_commit_ahead(void *ctx);

/* sync_tidy.c */
void sync_join_packs(struct qip *q);
void sync_forget_old(struct qip *q, int64_t now_ms);

/* sync_blobs.c: what the erasures that were followed name goes, and this device says so; true when that is to be sent. */
bool sync_erase(struct sync *s);
/* A manager's device hands the comment key to devices that joined, and makes a new one where that is due; true when that is to be sent. */
bool sync_keys(struct sync *s);
/* A manager's device erases comments that were kept long enough; true when that is to be sent. */
bool sync_retain(struct sync *s);
/* Free text and evidence, after the records. What fails is logged and waits. */
void sync_blobs(struct sync *s);
/* A server that no longer holds what it had `accepted`, but `tip`, has lost what got there lately: that waits again. NULL: it says so itself. */
void sync_blobs_again(struct sync *s, const struct oid *accepted, const struct oid *tip);

/* sync_check.c: does the server still say what it said before? Kiosks, which see no log, do not ask. */
/* Before anything is sent or moved, if something waits or the own head moved: STATUS_CONTRADICTED ends the visit, all else is for the steps
 * that follow. Takes over what moved. */
enum status sync_look_first(struct sync *s, struct error *e) MUST_CHECK;
/* What the server acknowledged (`head`, a commit of this device) is in the log that it shows, or it told of a restore; else s->found. */
enum status sync_check_receipt(struct sync *s, const struct oid *head, struct error *e) MUST_CHECK;
/* The same of the own last head, once the log was followed. */
enum status sync_check_receipts(struct sync *s, struct error *e) MUST_CHECK;
/* A server that does not take this device's checkpoint contradicts the log that it showed; else nothing. */
struct push_refusal;
enum status sync_check_refusal(struct sync *s, const struct push_refusal *refusal, struct error *e) MUST_CHECK;

/* sync.c: what the visit ends with, unless it has found another one before. */
void sync_tell_at_end(struct sync *s, const struct error *why);
/* Ask for the refs; take over what moved. */
enum status sync_list(struct sync *s, struct error *e) MUST_CHECK;
enum status sync_follow(struct sync *s, struct error *e) MUST_CHECK;

/* The server's word on where the own head stands. It may be further than known here (a lost receipt) or less far (a server restored from a
 * backup: what it lacks is sent again), but it must be a commit of this device's own branch. Zero: it does not know that the device joined. */
enum status sync_adopt_own(struct sync *s, const struct oid *tip, struct error *e) MUST_CHECK;

#endif
