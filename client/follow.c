/* client/follow.c - follow the server: take in, judge, move.
 *
 * Enters: a commit that the server's list names. Leaves: the own copy of the ref on it, or the reason why not.
 */
#include "client/follow.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "client/checkpoint.h"
#include "client/lost.h"
#include "client/seen.h"
#include "core/server_chain.h"

/* Objects that are here already were judged when they came: packs are kept only after that. */
static enum status take(struct repo_intake **out, uint64_t *bytes, struct qip *q, struct remote *r, const struct oid *tip,
			const struct oid *known, const struct repo_limits *limits, struct error *e)
{
	struct oid haves[2] = {*known};
	struct fetch f = {.want = tip, .haves = haves, .haves_len = ARRAY_LEN(haves), .limits = limits};
	enum status st = home_ref(&haves[1], q, q->own_ref, e);

	*bytes = 0;
	if (st != STATUS_OK || repo_has(q->repo, tip))
		return st;
	return fetch_pack(out, bytes, r, q->repo, &f, e);
}

/* Keep what was taken in, durably, then move the ref. */
static enum status settle(struct qip *q, struct repo_intake *in, const char *ref, const struct oid *tip, const struct oid *old,
			  const struct oid *base, struct error *e)
{
	enum status st = in ? repo_intake_keep(in, e) : STATUS_OK;

	if (st == STATUS_OK && !oid_equal(base, old))
		st = lost_go_on(q, base, tip, old, e);
	return st == STATUS_OK ? home_move_ref(q, ref, tip, old, e) : st;
}

/* The log's merges and the kiosks' configurations are believed by a signature of the server alone, by a key that counted there. */
static enum status check_signed(struct server_chain *chain, const struct commit *c, const struct oid *id, struct error *e)
{
	char hex[OID_HEX_LEN + 1];
	bool is_signed = false;
	enum status st = server_chain_check(&is_signed, chain, c, e);

	oid_hex(hex, id);
	if (st == STATUS_OK && !is_signed)
		st = error_set(e, STATUS_UNTRUSTED, "commit %s of the server bears no signature of a server key that the practice's root endorsed", hex);
	return st;
}

static enum status other_history(struct error *e)
{
	return error_set(e, STATUS_UNTRUSTED,
			 "the server shows another history than before: nothing was taken over. Ask the host whether the server was restored from a "
			 "backup, and tell the ICB");
}

/* The registry at a commit, and that it is this practice's under the root key that this device was told of. Borrowed as view_registry_of's. */
static enum status load_registry(const struct registry **out, struct qip *q, const struct oid *commit, struct error *e)
{
	const struct registry *reg = NULL;
	struct oid tree;
	enum status st = home_tree_of(&tree, q, commit, e);

	if (st == STATUS_OK)
		st = view_registry_of(&reg, q, &tree, e);
	if (st == STATUS_NOT_FOUND)
		return error_set(e, STATUS_UNTRUSTED, "the server's history has no practice in it");
	if (st != STATUS_OK)
		return st;
	if (strcmp(reg->ods, q->identity.ods) != 0)
		return error_set(e, STATUS_UNTRUSTED, "the server shows practice %s, not %s", reg->ods, q->identity.ods);
	if (q->any_root && !q->any_root(q->any_root_ctx, reg->root_ssh))
		return error_set(e, STATUS_UNTRUSTED, "the practice's root key is not the one that this device made");
	*out = reg;
	return STATUS_OK;
}

static enum status check_own_entry(const struct qip *q, const struct registry *reg, struct error *e)
{
	const struct device *own = registry_find(reg, q->identity.device);
	char key[KEY_SSH_MAX];

	key_ssh(key, q->key);
	if (!own || strcmp(own->key_ssh, key) != 0 || own->role != q->identity.role)
		return error_set(e, STATUS_UNTRUSTED, "the practice's registry does not hold %s with this device's key and role", q->identity.device);
	if (own->revoked)
		return error_set(e, STATUS_REFUSED, "this device (%s) has been revoked: ask a manager for a new invite", q->identity.device);
	return STATUS_OK;
}

/* One merge of the log; *parent is where it goes on, zero at the log's start. */
static enum status check_merge(struct oid *parent, int64_t *index, struct server_chain *chain, const struct oid *at, struct error *e)
{
	struct commit c = COMMIT_INIT;
	struct merge_note note = {0};
	enum status st = repo_commit_read(&c, chain->repo, at, e);

	if (st == STATUS_OK)
		st = check_signed(chain, &c, at, e);
	if (st != STATUS_OK) {
		commit_clear(&c);
		return st;
	}
	if (c.parents_len == 0) {
		*parent = (struct oid){0};
		*index = 0;
	} else if (c.parents_len != 2 || merge_note_parse(&note, c.message, NULL) != STATUS_OK) {
		st = error_set(e, STATUS_UNTRUSTED, "the server's log holds a commit that is no merge");
	} else {
		*parent = c.parents[0];
		*index = note.index;
	}
	buf_clear(&note.kept);
	commit_clear(&c);
	return st;
}

static enum status jumps(int64_t number, int64_t expected, struct error *e)
{
	return error_set(e, STATUS_UNTRUSTED, "the server's log jumps from number %" PRId64 " to %" PRId64 ": nothing was taken over", number,
			 expected + 1);
}

/* Walk the log back to where it was known; numbers must fall by one at each step. */
static enum status walk_log(uint64_t *merges, int64_t *index, struct server_chain *chain, const struct oid *tip, const struct oid *known, struct error *e)
{
	struct oid at = *tip, parent;
	int64_t number = 0, expected = -1;
	uint64_t count = 0;
	enum status st = STATUS_OK;

	while (!oid_equal(&at, known)) {
		if (oid_is_zero(&at))
			return other_history(e);
		st = check_merge(&parent, &number, chain, &at, e);
		if (st != STATUS_OK)
			return st;
		if (expected >= 0 && number != expected)
			return jumps(number, expected, e);
		if (count == 0)
			*index = number;
		expected = number - 1;
		at = parent;
		count++;
		if (oid_is_zero(&at) && number != 0)
			return error_set(e, STATUS_UNTRUSTED, "the server's log starts with number %" PRId64, number);
	}
	if (!oid_is_zero(known)) {
		st = check_merge(&parent, &number, chain, known, e);
		if (st == STATUS_OK && count > 0 && number != expected)
			st = jumps(number, expected, e);
		if (count == 0)
			*index = number;
	}
	if (st == STATUS_OK)
		*merges = count;
	return st;
}

static enum status check_log(uint64_t *merges, int64_t *index, struct qip *q, const struct registry *reg, const struct oid *tip,
			     const struct oid *known, struct error *e)
{
	struct server_chain chain;
	enum status st;

	server_chain_begin(&chain, q->repo, reg->root_ssh);
	st = walk_log(merges, index, &chain, tip, known, e);
	server_chain_clear(&chain);
	return st;
}

/* A log that does not go on from the known one, nor tells of a restore. It is the server's own word only if it is signed. */
static enum status other_log(const struct follow_part *part, struct qip *q, const struct registry *reg, struct repo_intake *in,
			     const struct oid *known, const struct oid *parting, struct error *e)
{
	struct seen seen = SEEN_INIT;
	bool older = oid_equal(parting, &part->to);
	uint64_t merges = 0;
	int64_t index = 0;
	enum status st = check_log(&merges, &index, q, reg, &part->to, parting, e);

	if (st != STATUS_OK)
		return st;
	if (older && !part->last) /* a slice is not what it shows as the log's end */
		return other_history(e);
	st = older ? seen_older(&seen, q, known, &part->to, e) : seen_parted(&seen, q, known, &part->to, parting, e);
	seen.in = in;
	return st == STATUS_OK ? seen_contradiction(q, &seen, e) : st;
}

/* What other readers of the log signed has to agree with it. */
static enum status check_others(const struct follow_part *part, struct qip *q, const struct registry *reg, struct repo_intake *in,
				const struct oid *base, struct error *e)
{
	struct checkpoint_fault fault;
	struct seen seen = SEEN_INIT;
	enum status st = checkpoint_compare(&fault, q, reg, base, &part->to, e);

	if (st != STATUS_OK || !fault.device[0])
		return st;
	seen_checkpoint(&seen, &fault, &part->to);
	seen.in = in;
	return seen_contradiction(q, &seen, e);
}

static enum status judge_log(struct oid *base, struct follow_part *part, struct qip *q, const struct registry *reg, struct repo_intake *in,
			     const struct oid *known, struct error *e)
{
	struct oid parting;
	enum status st = lost_base(base, &parting, q, &part->to, known, e);

	if (st == STATUS_OK && oid_equal(base, known) && !oid_equal(&parting, known))
		return other_log(part, q, reg, in, known, &parting, e);
	if (st == STATUS_OK)
		st = check_log(&part->merges, &part->index, q, reg, &part->to, base, e);
	if (st == STATUS_OK && part->number >= 0 && part->index != part->number)
		st = error_set(e, STATUS_UNTRUSTED, "what the server calls number %" PRId64 " of its log is number %" PRId64 ": nothing was taken over",
			       part->number, part->index);
	return st == STATUS_OK ? check_others(part, q, reg, in, base, e) : st;
}

enum status follow_log(struct follow_part *part, struct qip *q, struct remote *r, struct error *e)
{
	const struct registry *reg = NULL;
	struct repo_intake *in = NULL;
	struct oid known, base;
	enum status own = STATUS_OK;
	enum status st = home_ref(&known, q, REF_MAIN, e);

	if (st == STATUS_OK)
		st = take(&in, &part->bytes, q, r, &part->to, &known, part->limits, e);
	if (st == STATUS_OK)
		st = load_registry(&reg, q, &part->to, e);
	if (st == STATUS_OK)
		st = judge_log(&base, part, q, reg, in, &known, e);
	if (st == STATUS_OK)
		st = home_set_root(q, reg->root_ssh, e);
	if (st == STATUS_OK && part->last)
		own = check_own_entry(q, reg, e);
	if (st == STATUS_OK && (own == STATUS_OK || own == STATUS_REFUSED)) /* a revoked device may see who revoked it */
		st = settle(q, in, REF_MAIN, &part->to, &known, &base, e);
	if (st == STATUS_OK)
		st = own;
	repo_intake_close(in);
	return st;
}

/* Each configuration is a commit on the one before, so that an old one cannot come back. */
static enum status walk_config(struct server_chain *chain, const struct oid *tip, const struct oid *known, struct error *e)
{
	struct oid at = *tip;
	enum status st = STATUS_OK;

	while (st == STATUS_OK && !oid_equal(&at, known)) {
		struct commit c = COMMIT_INIT;

		if (oid_is_zero(&at))
			return other_history(e);
		st = repo_commit_read(&c, chain->repo, &at, e);
		if (st == STATUS_OK)
			st = check_signed(chain, &c, &at, e);
		if (st == STATUS_OK && c.parents_len > 1)
			st = error_set(e, STATUS_UNTRUSTED, "the kiosk configuration is not well-formed");
		if (st == STATUS_OK)
			at = c.parents_len == 1 ? c.parents[0] : (struct oid){0};
		commit_clear(&c);
	}
	return st;
}

static enum status check_config(struct qip *q, const struct registry *reg, const struct oid *tip, const struct oid *known, struct error *e)
{
	struct server_chain chain;
	enum status st;

	server_chain_begin(&chain, q->repo, reg->root_ssh);
	st = walk_config(&chain, tip, known, e);
	server_chain_clear(&chain);
	return st;
}

enum status follow_config(struct qip *q, struct remote *r, const struct oid *tip, struct error *e)
{
	const struct registry *reg = NULL;
	struct repo_intake *in = NULL;
	struct oid known, base;
	uint64_t bytes = 0;
	enum status st = home_ref(&known, q, REF_CONFIG, e);

	if (st == STATUS_OK)
		st = take(&in, &bytes, q, r, tip, &known, &fetch_whole, e);
	if (st == STATUS_OK)
		st = load_registry(&reg, q, tip, e);
	if (st == STATUS_OK)
		st = lost_config_base(&base, q, tip, &known, e);
	if (st == STATUS_OK)
		st = check_config(q, reg, tip, &base, e);
	if (st == STATUS_OK)
		st = home_set_root(q, reg->root_ssh, e);
	if (st == STATUS_OK)
		st = settle(q, in, REF_CONFIG, tip, &known, &base, e);
	repo_intake_close(in);
	return st;
}

enum status follow_own(struct qip *q, struct remote *r, const struct oid *tip, struct error *e)
{
	struct repo_intake *in = NULL;
	struct oid none = {0};
	uint64_t bytes = 0;
	enum status st = take(&in, &bytes, q, r, tip, &none, &fetch_whole, e);

	if (st == STATUS_OK && in)
		st = repo_intake_keep(in, e);
	repo_intake_close(in);
	return st;
}
