/* client/own_head.c - see own_head.h. */
#include "client/own_head.h"

#include <string.h>

#include "client/answers.h"
#include "client/follow.h"
#include "client/incarnation.h"
#include "core/log.h"
#include "core/record_file.h"
#include "core/signature.h"

enum status own_head_signed(struct qip *q, const struct oid *head, const struct key *key, const char *device, struct error *e)
{
	struct commit c = COMMIT_INIT;
	enum status st = repo_commit_read(&c, q->repo, head, e);

	if (st == STATUS_OK && (!c.signature || signature_check(c.signature, strlen(c.signature), key, SIGNATURE_NAMESPACE_GIT, c.signed_text,
								c.signed_len, NULL) != STATUS_OK))
		st = error_set(e, STATUS_UNTRUSTED, "what the server holds as the head of %s was not made by it: nothing was changed", device);
	commit_clear(&c);
	return st;
}

enum status own_head_fetch(struct qip *q, struct remote *r, const struct oid *head, struct error *e)
{
	enum status st = follow_own(q, r, head, e);

	return st == STATUS_OK ? own_head_signed(q, head, q->key, q->identity.device, e) : st;
}

/* ---- does the journal agree? ---- */

struct comparison {
	struct qip *q;
	struct oid tree, known; /* known: of the own branch as it is here; zero where it is not here */
	uint64_t last; /* number of the branch's last answer */
	bool differs;
};

/* What was forgotten here is told by its name alone. */
static bool is_known(const struct comparison *c, const char *path)
{
	struct oid sent, known;

	return !oid_is_zero(&c->known) && tree_find(&sent, NULL, c->q->repo, &c->tree, path, NULL) == STATUS_OK &&
	       tree_find(&known, NULL, c->q->repo, &c->known, path, NULL) == STATUS_OK && oid_equal(&sent, &known);
}

/* What stands in an answer's place has an id of its own. */
static enum status compare(void *ctx, const struct journal_record *r, struct error *e)
{
	struct comparison *c = ctx;
	uint64_t number = numbers_number(&c->q->numbers, r->seq);
	char path[TREE_PATH_MAX];
	cJSON *sent = NULL, *captured = NULL;
	const char *id = NULL, *schema = NULL;
	enum status st = STATUS_OK;

	if (number > c->last)
		return STATUS_EXISTS;
	if (numbers_left_out(&c->q->numbers, r->seq))
		return STATUS_OK;
	policy_feedback_path(path, c->q->identity.device, number);
	if (is_known(c, path))
		return STATUS_OK;
	st = record_read_path(&sent, c->q->repo, &c->tree, path, e);
	if (st == STATUS_OK && json_parse(&captured, r->json, r->json_len, NULL) == STATUS_OK) {
		id = json_string(captured, "id");
		schema = json_string(sent, "schema");
		c->differs = id && schema && strcmp(schema, "feedback/1") == 0 && strcmp(id, json_string(sent, "id")) != 0;
	}
	cJSON_Delete(captured);
	cJSON_Delete(sent);
	return st == STATUS_OK && c->differs ? STATUS_EXISTS : st;
}

/* A branch that goes on where this journal does not is a copy's, or this is an older state of the card. */
static enum status compare_all(bool *out, struct qip *q, const struct oid *head, struct error *e)
{
	struct comparison c = {.q = q};
	char path[HOME_PATH_MAX];
	struct journal *j = NULL;
	struct oid work;
	uint64_t end = 0;
	enum status st = answers_last(&c.last, q, head, e);

	if (st == STATUS_OK)
		st = home_ref(&work, q, REF_WORK, e);
	if (st == STATUS_OK && !oid_is_zero(&work))
		st = home_tree_of(&c.known, q, &work, e);
	if (st == STATUS_OK)
		st = home_tree_of(&c.tree, q, head, e);
	if (st == STATUS_OK)
		st = qip_home_path(path, sizeof(path), q, HOME_JOURNAL);
	if (st == STATUS_OK)
		st = journal_open(&j, path, JOURNAL_READ, 1, q->env, e);
	if (st == STATUS_OK) {
		end = journal_last(j);
		st = journal_each(j, numbers_record(&q->numbers, 1), compare, &c, e);
	}
	journal_close(j);
	if (st == STATUS_OK || st == STATUS_EXISTS)
		*out = !c.differs && (end == 0 || numbers_number(&q->numbers, end) >= c.last);
	return st == STATUS_EXISTS ? STATUS_OK : st;
}

enum status own_head_match(struct qip *q, const struct oid *head, struct error *e)
{
	bool agrees = false;
	enum status st = compare_all(&agrees, q, head, e);

	if (st != STATUS_OK || agrees)
		return st;
	incarnation_doubt_head(q);
	return incarnation_refuse(q, e);
}

/* ---- going on from it ---- */

/* Nothing but further answers lead from the head to what is here. */
static enum status visit_change(void *ctx, const char *path, const struct oid *old_id, const struct oid *new_id, struct error *e)
{
	bool *older = ctx;

	(void)new_id;
	(void)e;
	*older = *older && (!old_id || strncmp(path, "feedback/", strlen("feedback/")) != 0);
	return STATUS_OK;
}

/* Of a branch whose beginning was forgotten: is the head of before that? */
static enum status is_forgotten(bool *out, struct qip *q, const struct oid *head, const struct oid *work, struct error *e)
{
	struct oid before, now;
	size_t ends = 0;
	enum status st = STATUS_OK;

	(void)repo_shallow_ends(&ends, q->repo);
	*out = ends > 0;
	if (ends == 0)
		return STATUS_OK;
	st = home_tree_of(&before, q, head, e);
	if (st == STATUS_OK)
		st = home_tree_of(&now, q, work, e);
	return st == STATUS_OK ? tree_diff(q->repo, &before, &now, visit_change, out, e) : st;
}

static enum status judge(struct qip *q, const struct oid *head, const struct oid *work, struct error *e)
{
	bool descends = false, forgotten = false;
	enum status st = repo_is_ancestor(&descends, q->repo, work, head, e);

	if (st == STATUS_OK && !descends)
		st = is_forgotten(&forgotten, q, head, work, e);
	if (st == STATUS_OK && forgotten)
		return error_set(e, STATUS_REFUSED,
				 "the server was restored to a time that this kiosk has forgotten, because what it sent then was there: nothing that waits "
				 "is lost; ask a manager for a new code");
	return st == STATUS_OK ? own_head_match(q, head, e) : st;
}

enum status own_head_adopt(struct qip *q, struct remote *r, const struct oid *head, struct error *e)
{
	struct oid accepted, work;
	enum status st = home_ref(&accepted, q, q->own_ref, e);

	if (st == STATUS_OK)
		st = home_ref(&work, q, REF_WORK, e);
	if (st == STATUS_OK)
		st = own_head_fetch(q, r, head, e);
	if (st == STATUS_OK)
		st = judge(q, head, &work, e);
	if (st == STATUS_OK) /* first: the other way round, cut short, what is here would not go on from what the server has */
		st = home_move_ref(q, REF_WORK, head, &work, e);
	if (st == STATUS_OK)
		st = home_move_ref(q, q->own_ref, head, &accepted, e);
	if (st == STATUS_OK)
		log_line(LOG_LEVEL_WARN, "the server had more of this kiosk than the kiosk's own history, which is the journal's: it goes on from there", NULL);
	return st;
}
