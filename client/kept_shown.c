/* client/kept_shown.c - see kept.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/kept.h"

static void ref_of(char out[HOME_REF_MAX], int64_t number)
{
	(void)snprintf(out, HOME_REF_MAX, REF_KEPT "%" PRId64, number);
}

enum status kept_shown_note(struct qip *q, const struct qip_kept *k, struct error *e)
{
	char ref[HOME_REF_MAX];
	struct oid head, old;
	enum status st = oid_parse(&head, k->head, OID_HEX_LEN);

	ref_of(ref, k->number);
	if (st == STATUS_OK)
		st = home_ref(&old, q, ref, e);
	return st == STATUS_OK ? home_move_ref(q, ref, &head, &old, e) : st;
}

enum status kept_shown_check(struct qip *q, const struct qip_kept *k, struct error *e)
{
	char ref[HOME_REF_MAX], hex[OID_HEX_LEN + 1];
	struct oid shown;
	enum status st;

	ref_of(ref, k->number);
	st = home_ref(&shown, q, ref, e);
	if (st == STATUS_OK && oid_is_zero(&shown))
		return error_set(e, STATUS_STALE, "No %" PRId64 " was not looked at here yet: first run qip adopt show %" PRId64, k->number, k->number);
	oid_hex(hex, &shown);
	if (st == STATUS_OK && strcmp(hex, k->head) != 0)
		return error_set(e, STATUS_STALE, "No %" PRId64 " at the server is another than the one that was looked at here: look again, qip adopt show %" PRId64,
				 k->number, k->number);
	return st;
}

enum status kept_shown_forget(struct qip *q, int64_t number, struct error *e)
{
	char ref[HOME_REF_MAX];
	struct oid shown;
	enum status st;

	ref_of(ref, number);
	st = home_ref(&shown, q, ref, e);
	return st == STATUS_OK && !oid_is_zero(&shown) ? repo_ref_update(q->repo, ref, NULL, &shown, e) : st;
}

#define PRUNED_AT_ONCE 64

struct pruning {
	const int64_t *numbers;
	size_t len;
	int64_t gone[PRUNED_AT_ONCE];
	size_t gone_len;
};

static enum status find_gone(void *ctx, const char *name, const struct oid *id)
{
	struct pruning *p = ctx;
	int64_t number = strtoll(name + strlen(REF_KEPT), NULL, 10);
	bool listed = number < 1 || p->gone_len == PRUNED_AT_ONCE;

	(void)id;
	for (size_t i = 0; i < p->len; i++)
		listed = listed || p->numbers[i] == number;
	if (!listed)
		p->gone[p->gone_len++] = number;
	return STATUS_OK;
}

enum status kept_shown_prune(struct qip *q, const int64_t *numbers, size_t len, struct error *e)
{
	struct pruning p = {.numbers = numbers, .len = len};
	enum status st = repo_ref_each(q->repo, REF_KEPT, find_gone, &p, e);

	for (size_t i = 0; st == STATUS_OK && i < p.gone_len; i++)
		st = kept_shown_forget(q, p.gone[i], e);
	return st;
}
