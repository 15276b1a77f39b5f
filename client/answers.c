/* client/answers.c - stage 3 of 9, for kiosks: the journal's records become signed commits.
 *
 * Enters: journal records beyond the last one on the own branch. Leaves: commits of at most 500 feedback records, on disk, and refs/qip/work on
 * them, one at a time; sealed comments as files of their own. Nothing is taken twice: where the branch ends says what is to come.
 */
#include "client/answers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/blobs.h"
#include "client/build.h"
#include "client/commit.h"
#include "client/files.h"
#include "client/held.h"
#include "core/schema.h"

struct answers {
	const struct held *held; /* borrowed; NULL: nothing */
	struct qip *q;
	struct journal *journal;
	int64_t now_ms;
	int64_t not_before_ms;     /* something sure that is earlier than the record to come */
	struct oid tip, tip_tree;  /* where refs/qip/work stands */
	uint64_t next;             /* number of the record to come */
	uint64_t first;            /* of the commit being filled */
	uint64_t count;            /* records taken since it was asked for the next */
	bool done;                 /* that is a commit by now */
	bool exhausted;            /* the journal held no more */
	struct tree_edit edits[LIMIT_ANSWERS_PER_COMMIT];
	char paths[LIMIT_ANSWERS_PER_COMMIT][TREE_PATH_MAX];
	size_t len;
};

static void build_recorded(enum status *st, cJSON *record, const struct recorded *when)
{
	cJSON *recorded = build_object(st);

	build_time(st, recorded, "at", when->at_ms);
	build_time(st, recorded, "earliest", when->earliest_ms);
	build_time(st, recorded, "latest", when->latest_ms);
	build_string(st, recorded, "quality", clock_quality_text(when->quality));
	build_item(st, record, "recorded", recorded);
}

static void build_copy(enum status *st, cJSON *record, const char *key, const cJSON *captured)
{
	const cJSON *member = json_get(captured, key);

	if (member)
		build_item(st, record, key, cJSON_Duplicate(member, true));
}

/* By nobody's clock the answer belongs to one month: the month's return may have to leave it out or count it by a person's word. */
static bool month_is_unsure(const struct recorded *when)
{
	char earliest[TIME_TEXT_MAX], latest[TIME_TEXT_MAX];

	time_format(earliest, when->earliest_ms);
	time_format(latest, when->latest_ms);
	return when->quality == CLOCK_UNKNOWN || strncmp(earliest, latest, strlen("2026-11")) != 0;
}

/* Those of the capture, and one that only now is known. */
static void build_flags(enum status *st, cJSON *record, const cJSON *captured, const struct recorded *when)
{
	const cJSON *flag = NULL;
	cJSON *flags = cJSON_CreateArray();

	if (month_is_unsure(when))
		cJSON_AddItemToArray(flags, cJSON_CreateString("clock-unsure"));
	cJSON_ArrayForEach(flag, json_get(captured, "flags"))
		cJSON_AddItemToArray(flags, cJSON_Duplicate(flag, true));
	if (cJSON_GetArraySize(flags) > 0)
		build_item(st, record, "flags", flags);
	else
		cJSON_Delete(flags);
}

/* In the order of the canonical form, which is quick to write then. */
enum status answers_record(cJSON **out, const cJSON *captured, const char *device, const char *site, uint64_t seq, const struct recorded *when)
{
	enum status st = STATUS_OK;
	cJSON *record = build_object(&st);

	build_copy(&st, record, "answers", captured);
	build_copy(&st, record, "comment", captured);
	build_string(&st, record, "device", device);
	build_flags(&st, record, captured, when);
	build_copy(&st, record, "id", captured);
	build_copy(&st, record, "language", captured);
	build_copy(&st, record, "mode", captured);
	build_recorded(&st, record, when);
	build_string(&st, record, "schema", "feedback/1");
	build_integer(&st, record, "seq", (int64_t)seq);
	build_string(&st, record, "site", site);
	build_copy(&st, record, "survey", captured);
	if (st == STATUS_OK)
		*out = record;
	else
		cJSON_Delete(record);
	return st;
}

enum status answers_stand_in(cJSON **out, const char *type, const char *id, const char *device, uint64_t seq, const char *reason)
{
	enum status st = STATUS_OK;
	cJSON *record = build_object(&st);
	char schema[SCHEMA_NAME_MAX];

	(void)snprintf(schema, sizeof(schema), "%s/1", type);
	build_string(&st, record, "schema", schema);
	build_string(&st, record, "id", id);
	build_string(&st, record, "device", device);
	build_integer(&st, record, "seq", (int64_t)seq);
	build_string(&st, record, "reason", reason);
	if (st == STATUS_OK)
		*out = record;
	else
		cJSON_Delete(record);
	return st;
}

enum status answers_last(uint64_t *out, struct qip *q, const struct oid *commit, struct error *e)
{
	struct oid tree;
	enum status st = home_tree_of(&tree, q, commit, e);

	return st == STATUS_OK ? head_feedback_last(out, q->repo, &tree, q->identity.device, e) : st;
}

/* What was added becomes a commit: durable, and the branch says so. */
static enum status close_commit(struct answers *b, struct error *e)
{
	char subject[64];
	struct oid tree, commit;
	enum status st = STATUS_OK;

	if (b->len == 0)
		return STATUS_OK;
	(void)snprintf(subject, sizeof(subject), "Answers %" PRIu64 " to %" PRIu64, b->first, b->next - 1);
	st = tree_apply(&tree, b->q->repo, &b->tip_tree, b->edits, b->len, e);
	if (st == STATUS_OK)
		st = commit_write(&commit, b->q, &tree, &b->tip, b->now_ms, subject, e);
	if (st == STATUS_OK)
		st = repo_flush(b->q->repo, e);
	if (st == STATUS_OK)
		st = home_move_ref(b->q, REF_WORK, &commit, &b->tip, e);
	if (st != STATUS_OK)
		return st;
	b->tip = commit;
	b->tip_tree = tree;
	b->len = 0;
	b->done = true;
	return STATUS_OK;
}

static enum status add_record(struct answers *b, const cJSON *record, struct error *e)
{
	struct tree_edit *edit = &b->edits[b->len];
	enum status st = STATUS_OK;

	policy_feedback_path(b->paths[b->len], b->q->identity.device, b->next);
	*edit = (struct tree_edit){.path = b->paths[b->len]};
	st = commit_stage(&edit->id, b->q, record, e);
	if (st != STATUS_OK)
		return st;
	if (b->len == 0)
		b->first = b->next;
	b->len++;
	b->next++;
	b->count++;
	return b->len == LIMIT_ANSWERS_PER_COMMIT ? close_commit(b, e) : STATUS_OK;
}

static enum status add_stand_in(struct answers *b, const char *type, const char *id, const char *reason, struct error *e)
{
	cJSON *record = NULL;
	enum status st = answers_stand_in(&record, type, id, b->q->identity.device, b->next, reason);

	st = st == STATUS_OK ? add_record(b, record, e) : error_set(e, st, "a %s answer cannot be noted: %s", type, status_text(st));
	cJSON_Delete(record);
	return st;
}

static enum status add_lost(struct answers *b, const char *reason, struct error *e)
{
	char id[ID_TEXT_LEN + 1];
	enum status st = id_make(id, b->q->env);

	return st == STATUS_OK ? add_stand_in(b, "lost", id, reason, e) : error_set(e, st, "a lost answer cannot be noted: %s", status_text(st));
}

/* Nothing of it is kept here a second time. */
static enum status add_held(struct answers *b, const struct journal_record *r, struct error *e)
{
	cJSON *captured = NULL;
	enum status st = json_parse(&captured, r->json, r->json_len, e);

	if (st == STATUS_OK)
		st = add_stand_in(b, "void", json_string(captured, "id"), ANSWERS_SENT_BY_COPY, e);
	cJSON_Delete(captured);
	return st;
}

/* Its comment was erased: the answer stays (client/journal_scrub.h). */
static bool is_scrubbed(const struct journal_record *r)
{
	const uint8_t *bytes = r->attachment;

	for (size_t i = 0; i < r->attachment_len; i++)
		if (bytes[i])
			return false;
	return true;
}

/* The sealed comment goes to a file named by its hash, before the commit that names it; the sync that sends that sends it, too. */
static enum status keep_comment(struct answers *b, const cJSON *captured, const struct journal_record *r, struct error *e)
{
	const char *named = json_string(json_get(captured, "comment"), "sha256");
	uint8_t digest[SHA256_LEN];
	char hex[SHA256_HEX_LEN + 1];
	enum status st = STATUS_OK;

	if (!named && !r->attachment)
		return STATUS_OK;
	if (!named || !r->attachment)
		return STATUS_CORRUPT;
	if (is_scrubbed(r))
		return STATUS_OK;
	st = sha256(digest, r->attachment, r->attachment_len);
	if (st != STATUS_OK)
		return error_set(e, st, "a comment's hash cannot be computed");
	hex_encode(hex, digest, sizeof(digest));
	if (strcmp(hex, named) != 0)
		return STATUS_CORRUPT;
	st = blobs_put(hex, b->q, r->attachment, r->attachment_len, e);
	return st == STATUS_GONE ? STATUS_OK : st; /* erased meanwhile: the answer stays */
}

/* Where it was given, which is not where the kiosk is after it was joined again for another site: a screen that runs on meanwhile knows its new
 * site some time later. Records of earlier programs do not say it. */
static const char *site_of(const struct qip *q, const cJSON *captured, uint64_t record)
{
	const char *site = json_string(captured, "site");

	if (site)
		return site;
	return record <= q->numbers.carried ? q->numbers.carried_site : q->identity.site;
}

static enum status add_answer(struct answers *b, const struct journal_record *r, struct error *e)
{
	struct recorded when;
	cJSON *captured = NULL, *record = NULL;
	int64_t floor_ms = r->seq > b->q->state.last_sync_seq && b->q->state.last_sync_ms > b->not_before_ms ? b->q->state.last_sync_ms
													   : b->not_before_ms;
	enum status st = json_parse(&captured, r->json, r->json_len, NULL);

	if (st == STATUS_OK)
		st = keep_comment(b, captured, r, e);
	if (st == STATUS_OK) {
		recorded_work_out(&when, r, &b->q->state, floor_ms, b->now_ms);
		st = answers_record(&record, captured, b->q->identity.device, site_of(b->q, captured, r->seq), b->next, &when);
	}
	if (st == STATUS_OK && schema_check(record, NULL) != STATUS_OK)
		st = STATUS_CORRUPT;
	if (st == STATUS_OK)
		st = add_record(b, record, e);
	else if (st == STATUS_CORRUPT || st == STATUS_MALFORMED || st == STATUS_FORBIDDEN_FORM)
		st = add_lost(b, "What the journal holds under this number is no answer.", e);
	if (record && when.quality != CLOCK_UNKNOWN && when.earliest_ms > b->not_before_ms)
		b->not_before_ms = when.earliest_ms;
	cJSON_Delete(record);
	cJSON_Delete(captured);
	return st;
}

static enum status take(void *ctx, const struct journal_record *r, struct error *e)
{
	struct answers *b = ctx;
	uint64_t number = numbers_number(&b->q->numbers, r->seq);
	enum status st = STATUS_OK;

	if (b->done)
		return STATUS_EXISTS; /* in the next */
	if (numbers_left_out(&b->q->numbers, r->seq))
		return STATUS_OK;
	if (number - b->next > LIMIT_LOST)
		return error_set(e, STATUS_CORRUPT, "the journal jumps from answer %" PRIu64 " to %" PRIu64 ", and nothing is sent: join this kiosk again with a code for a new "
				 "name, which leaves out the numbers between; what it collected stays", b->next - 1, number);
	while (st == STATUS_OK && b->next < number)
		st = add_lost(b, "The journal has no readable record of this number.", e);
	if (st == STATUS_OK && b->held && r->seq <= b->q->numbers.carried && held_has_record(b->held, r))
		return add_held(b, r, e);
	return st == STATUS_OK ? add_answer(b, r, e) : st;
}

static enum status take_next(struct answers *b, struct error *e)
{
	uint64_t last = 0;
	enum status st = home_ref(&b->tip, b->q, REF_WORK, e);

	if (st == STATUS_OK)
		st = home_tree_of(&b->tip_tree, b->q, &b->tip, e);
	if (st == STATUS_OK)
		st = answers_last(&last, b->q, &b->tip, e);
	if (st != STATUS_OK)
		return st;
	b->next = last + 1;
	st = journal_each(b->journal, numbers_record(&b->q->numbers, b->next), take, b, e);
	b->exhausted = st == STATUS_OK;
	if (b->done && st == STATUS_EXISTS)
		st = STATUS_OK;
	return st == STATUS_OK ? close_commit(b, e) : st;
}

enum status answers_next(uint64_t *committed, struct answers *a, struct error *e)
{
	enum status st = STATUS_OK;

	a->len = 0;
	a->count = 0;
	a->done = false;
	if (!a->exhausted)
		st = take_next(a, e);
	repo_discard(a->q->repo);
	if (st == STATUS_OK)
		*committed = a->count;
	return st;
}

/* What the disk does not give may come back, on another day or in another reader: only after a week its numbers become lost ones. */
static void consider_unreadable(struct answers *a)
{
	struct state *s = &a->q->state;

	if (!journal_has_unreadable(a->journal)) {
		s->unreadable_ms = 0;
		return;
	}
	if (s->unreadable_ms <= 0 || s->unreadable_ms > a->now_ms) {
		s->unreadable_ms = a->now_ms;
		(void)(state_save(s, a->q->dir, NULL) == STATUS_OK); /* else the week begins with the next visit */
	}
	if (a->now_ms - s->unreadable_ms >= LIMIT_UNREADABLE_MS)
		journal_pass_unreadable(a->journal);
}

enum status answers_open(struct answers **out, struct qip *q, int64_t now_ms, struct error *e)
{
	char path[HOME_PATH_MAX];
	struct answers *a = calloc(1, sizeof(*a));
	enum status st = STATUS_OK;

	if (!a)
		return error_set(e, STATUS_NOMEM, "out of memory");
	a->q = q;
	a->now_ms = now_ms;
	a->not_before_ms = RECORDED_FLOOR_MS;
	st = qip_home_path(path, sizeof(path), q, HOME_JOURNAL);
	if (st == STATUS_OK)
		st = journal_open(&a->journal, path, JOURNAL_READ, 1, q->env, e);
	if (st == STATUS_OK) {
		consider_unreadable(a);
		*out = a;
	}
	else
		answers_close(a);
	return st;
}

void answers_held_elsewhere(struct answers *a, const struct held *h)
{
	a->held = h;
}

struct journal *answers_journal(struct answers *a)
{
	return a->journal;
}

void answers_close(struct answers *a)
{
	if (!a)
		return;
	journal_close(a->journal);
	free(a);
}
