/* client/release.c - when a receipted answer was given, by its record on the own branch; what is long ago leaves the journal. */
#include "client/release.h"

#include "client/answers.h"
#include "core/record_file.h"

#define STAND_INS 1000 /* in a row that say no time, and are stepped over */

struct age {
	struct qip *q;
	struct oid tree;    /* of what the server has acknowledged */
	uint64_t accepted;  /* number of the last answer in it */
	int64_t before_ms;
};

/* *known: the record says a time. One that is not here any more was forgotten, which happens to none that is younger. */
static bool was_given_before(bool *known, const struct age *a, uint64_t number)
{
	char path[TREE_PATH_MAX];
	cJSON *record = NULL;
	const char *text = NULL;
	int64_t latest_ms = 0;
	enum status st = STATUS_OK;

	policy_feedback_path(path, a->q->identity.device, number);
	st = record_read_path(&record, a->q->repo, &a->tree, path, NULL);
	text = st == STATUS_OK ? json_string(json_get(record, "recorded"), "latest") : NULL;
	if (!text || time_parse(&latest_ms, text) != STATUS_OK)
		latest_ms = INT64_MAX;
	*known = st != STATUS_OK || latest_ms < INT64_MAX;
	cJSON_Delete(record);
	return st == STATUS_NOT_FOUND || (st == STATUS_OK && latest_ms < a->before_ms);
}

/* What came before an old answer is older. So of a record that went under another name, or that is no answer, the next one is asked. */
static bool is_old(void *ctx, uint64_t record)
{
	const struct age *a = ctx;
	uint64_t number = numbers_number(&a->q->numbers, record) + (numbers_left_out(&a->q->numbers, record) ? 1 : 0);
	bool known = false, old = false;

	for (uint64_t i = 0; !known && i < STAND_INS && number + i <= a->accepted; i++)
		old = was_given_before(&known, a, number + i);
	return known && old;
}

enum status release_receipted(struct qip *q, struct journal *j, const struct release_bounds *b, int64_t now_ms, struct error *e)
{
	struct age a = {.q = q, .before_ms = now_ms - b->keep_ms};
	struct oid accepted;
	enum status st = home_ref(&accepted, q, q->own_ref, e);

	if (st == STATUS_OK)
		st = home_tree_of(&a.tree, q, &accepted, e);
	if (st == STATUS_OK)
		st = head_feedback_last(&a.accepted, q->repo, &a.tree, q->identity.device, e);
	if (st == STATUS_OK && a.accepted > 0)
		st = journal_release(j, numbers_record(&q->numbers, a.accepted), b->bytes, is_old, &a, e);
	return st;
}
