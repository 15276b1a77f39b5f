/* client/carry.c - see carry.h.
 *
 * Enters: the journal, the own branch, and the heads of all copies. Leaves: which records of the journal the new name's numbers stand for.
 */
#include "client/carry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/answers.h"
#include "client/follow.h"
#include "client/own_head.h"
#include "core/array.h"
#include "core/record_file.h"

struct held_id {
	char text[ID_TEXT_LEN + 1];
};

struct carrying {
	struct qip *q;
	struct held_id *ids; /* owned; what copies have sent; sorted once all are there */
	size_t len, cap;
	uint64_t base;       /* answers of q's name up to this number are at the server as they are here */
	uint64_t beyond;     /* answers that its head has beyond those */
	uint64_t matched;    /* of them, how many the journal has, too */
	uint64_t receipted;  /* record of the last answer with a receipt */
	bool unknown;        /* or the own branch is damaged, which would tell it */
	bool first;          /* no record was visited yet */
	struct carry carry;
};

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct held_id *)a)->text, ((const struct held_id *)b)->text);
}

/* ---- what copies have sent ---- */

static enum status add_id(void *ctx, const char *path, const struct oid *old_id, const struct oid *new_id, struct error *e)
{
	struct carrying *c = ctx;
	cJSON *record = NULL;
	const char *id = NULL;
	enum status st = STATUS_OK;

	(void)old_id;
	if (!new_id || strncmp(path, "feedback/", strlen("feedback/")) != 0)
		return STATUS_OK;
	if (c->len == LIMIT_HELD_IDS)
		return error_set(e, STATUS_TOO_BIG, "another copy of this kiosk has sent more than %d answers: ask for help", LIMIT_HELD_IDS);
	if (!array_room(&c->ids, &c->cap, c->len))
		return error_set(e, STATUS_NOMEM, "out of memory");
	st = record_read(&record, c->q->repo, new_id, e);
	id = json_string(record, "id");
	if (st == STATUS_OK && id && id_valid(id))
		(void)snprintf(c->ids[c->len++].text, sizeof(c->ids[0].text), "%s", id);
	cJSON_Delete(record);
	return st;
}

static enum status add_between(struct carrying *c, const struct oid *from, const struct oid *to, struct error *e)
{
	struct oid before, after;
	enum status st = home_tree_of(&before, c->q, from, e);

	if (st == STATUS_OK)
		st = home_tree_of(&after, c->q, to, e);
	return st == STATUS_OK ? tree_diff(c->q->repo, &before, &after, add_id, c, e) : st;
}

/* The head under q's own name: all, or what goes beyond the own branch, is what a copy sent. */
static enum status look_at_own(struct carrying *c, struct remote *r, const struct oid *head, struct error *e)
{
	struct qip *q = c->q;
	struct oid accepted, work, from = {0};
	bool inside = false;
	uint64_t last = 0;
	enum status st = home_ref(&accepted, q, q->own_ref, e);

	if (st == STATUS_OK)
		st = home_ref(&work, q, REF_WORK, e);
	if (st == STATUS_OK)
		st = own_head_fetch(q, r, head, e);
	if (st == STATUS_OK && !oid_is_zero(&work)) /* zero: it was damaged, and is not here again yet */
		st = repo_is_ancestor(&inside, q->repo, head, &work, e);
	if (st == STATUS_OK && inside)
		from = *head;
	else if (st == STATUS_OK && !oid_is_zero(&accepted)) {
		st = repo_is_ancestor(&inside, q->repo, &accepted, head, e);
		if (inside)
			from = accepted;
	}
	if (st == STATUS_OK)
		st = answers_last(&c->base, q, &from, e);
	if (st == STATUS_OK)
		st = answers_last(&last, q, head, e);
	if (st != STATUS_OK)
		return st;
	c->beyond = last > c->base ? last - c->base : 0;
	return add_between(c, &from, head, e);
}

/* Another kiosk that goes on with the same answers. Its record hangs on a manager; its head is by the key that the record names. */
static enum status look_at_kin(struct carrying *c, struct remote *r, const struct remote_kin *kin, struct error *e)
{
	const struct oid none = {{0}};
	const struct registry *reg = NULL;
	char path[TREE_PATH_MAX];
	cJSON *record = NULL;
	const char *line = NULL;
	struct key *key = NULL;
	struct oid tree;
	enum status st = follow_own(c->q, r, &kin->head, e);

	(void)snprintf(path, sizeof(path), "devices/%s.json", kin->device);
	if (st == STATUS_OK)
		st = home_tree_of(&tree, c->q, &kin->head, e);
	if (st == STATUS_OK)
		st = record_read_path(&record, c->q->repo, &tree, path, e);
	if (st == STATUS_OK)
		st = view_registry(&reg, c->q, e);
	if (st == STATUS_OK)
		st = registry_check_device(reg, record, e);
	line = json_string(json_get(record, "enrolment"), "key");
	if (st == STATUS_OK)
		st = line ? key_from_ssh(&key, line, e) : error_set(e, STATUS_UNTRUSTED, "%s has not enrolled", kin->device);
	if (st == STATUS_OK)
		st = own_head_signed(c->q, &kin->head, key, kin->device, e);
	if (st == STATUS_OK)
		st = add_between(c, &none, &kin->head, e);
	key_free(key);
	cJSON_Delete(record);
	return st;
}

/* What the names before this one had sent was asked when this one began. */
static bool is_former(const struct qip *q, const char *device)
{
	for (size_t i = 0; i < q->numbers.former_len; i++)
		if (strcmp(q->numbers.former[i], device) == 0)
			return true;
	return strcmp(q->identity.device, device) == 0;
}

static enum status look_at_heads(struct carrying *c, struct remote *r, const struct remote_refs *refs, const struct oid *head, struct error *e)
{
	enum status st = oid_is_zero(head) ? STATUS_OK : look_at_own(c, r, head, e);

	for (size_t i = 0; st == STATUS_OK && i < refs->kin_len; i++)
		if (!is_former(c->q, refs->kin[i].device))
			st = look_at_kin(c, r, &refs->kin[i], e);
	if (c->len > 0)
		qsort(c->ids, c->len, sizeof(*c->ids), compare);
	return st;
}

/* ---- what waits here ---- */

static bool was_sent(struct carrying *c, const struct journal_record *r)
{
	struct held_id key;
	cJSON *captured = NULL;
	const char *id = NULL;
	bool held = false;

	if (json_parse(&captured, r->json, r->json_len, NULL) == STATUS_OK)
		id = json_string(captured, "id");
	if (id && strlen(id) < sizeof(key.text) && c->len > 0) {
		(void)snprintf(key.text, sizeof(key.text), "%s", id);
		held = bsearch(&key, c->ids, c->len, sizeof(*c->ids), compare) != NULL;
	}
	cJSON_Delete(captured);
	return held;
}

static enum status visit(void *ctx, const struct journal_record *r, struct error *e)
{
	struct carrying *c = ctx;
	const struct numbers *old = &c->q->numbers;
	struct numbers *n = &c->carry.numbers;
	bool sent = false;

	/* records with a receipt are released with time, and no others: those are not lost */
	if (c->first && r->seq > n->after + 1 && (r->seq - 1 <= c->receipted || c->unknown))
		n->after = r->seq - 1;
	c->first = false;
	n->carried = r->seq;
	sent = was_sent(c, r);
	c->matched += sent;
	if (!sent && !numbers_left_out(old, r->seq)) {
		c->carry.shared = c->carry.shared || r->seq <= c->q->doubt_noticed;
		return STATUS_OK;
	}
	if (numbers_leave_out(n, r->seq) != STATUS_OK)
		return error_set(e, STATUS_TOO_BIG, "what waits and what a copy has sent are mixed up more than can be noted: ask for help");
	return STATUS_OK;
}

static enum status look_at_journal(struct carrying *c, struct error *e)
{
	struct numbers *n = &c->carry.numbers;
	struct qip *q = c->q;
	char path[HOME_PATH_MAX];
	struct journal *j = NULL;
	struct oid accepted;
	uint64_t last = 0;
	enum status st = home_ref(&accepted, q, q->own_ref, e);

	if (st == STATUS_OK)
		st = answers_last(&last, q, &accepted, e);
	if (st == STATUS_OK && qip_home_path(path, sizeof(path), q, HOME_JOURNAL) != STATUS_OK)
		st = error_set(e, STATUS_TOO_BIG, "the name of the home folder is too long");
	if (st == STATUS_OK)
		st = journal_open(&j, path, JOURNAL_READ, 1, q->env, e);
	if (st != STATUS_OK)
		return st;
	c->receipted = numbers_record(&q->numbers, last);
	c->unknown = oid_is_zero(&accepted);
	n->after = n->carried = numbers_record(&q->numbers, c->base);
	c->first = true;
	st = journal_each(j, n->after + 1, visit, c, e);
	journal_close(j);
	return st;
}

static void add_former(struct numbers *n, const struct qip *q)
{
	size_t kept = q->numbers.former_len < LIMIT_FORMER ? q->numbers.former_len : LIMIT_FORMER - 1;

	memcpy(n->former, q->numbers.former + (q->numbers.former_len - kept), kept * sizeof(n->former[0]));
	(void)snprintf(n->former[kept], sizeof(n->former[0]), "%s", q->identity.device);
	n->former_len = kept + 1;
	(void)snprintf(n->carried_site, sizeof(n->carried_site), "%s", q->identity.site);
}

enum status carry_look(struct carry *out, struct qip *q, struct remote *r, const struct remote_refs *refs, const struct oid *head, struct error *e)
{
	struct carrying *c = calloc(1, sizeof(*c));
	enum status st = STATUS_OK;

	if (!c)
		return error_set(e, STATUS_NOMEM, "out of memory");
	c->q = q;
	st = look_at_heads(c, r, refs, head, e);
	if (st == STATUS_OK)
		st = look_at_journal(c, e);
	if (st == STATUS_OK) {
		add_former(&c->carry.numbers, q);
		c->carry.shared = c->carry.shared && c->matched >= c->beyond;
		*out = c->carry;
	}
	free(c->ids);
	free(c);
	return st;
}
