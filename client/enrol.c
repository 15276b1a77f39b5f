/* client/enrol.c - qip_join: a code becomes a home.
 *
 * Enters: the server's address and a join code. Leaves: keys, certificate, the own head on the server, and a first verified copy of what this
 * device may read. Each step may be repeated: keys are durable before the server hears of them, the server gives the same certificate for
 * the same key, and its list of refs says whether the own head has come through. config.json, written last, makes the home joined.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/build.h"
#include "client/commit.h"
#include "client/enrol.h"
#include "client/enrol_folder.h"
#include "client/enrol_request.h"
#include "client/files.h"
#include "client/genesis.h"
#include "client/own_head.h"
#include "client/push.h"
#include "client/rejoin.h"
#include "client/slices.h"
#include "core/cert.h"
#include "core/log.h"
#include "core/record_file.h"
#include "core/signature.h"

struct join {
	struct qip q;
	struct joining joining;
	struct enrol_answer answer;
	struct remote remote;
	struct remote_refs refs;
	qip_show_papers show;
	void *show_ctx;
	const struct root_join *root; /* borrowed; NULL: somebody invited it */
};

static enum status show_papers(struct join *j, const struct genesis_papers *made, int64_t at_ms, struct error *e)
{
	char fingerprint[KEY_FINGERPRINT_MAX];
	const struct qip_papers papers = {.root = made->root, .recovery = made->recovery, .at_ms = at_ms, .fingerprint = fingerprint};
	struct key *root = NULL;
	enum status st = key_from_ssh(&root, made->root_ssh, e);

	if (st != STATUS_OK)
		return st;
	key_fingerprint_text(fingerprint, root);
	key_free(root);
	j->show(j->show_ctx, &papers);
	return STATUS_OK;
}

/* Stage a practice's start. Its root key is noted, and both keys on paper are shown, before anything is sent. */
static enum status make_genesis(struct oid *out, struct join *j, const struct genesis_input *in, struct error *e)
{
	struct genesis_papers papers = {.root = ""};
	enum status st = STATUS_OK;

	if (!j->show)
		return error_set(e, STATUS_USAGE, "this is the code of a practice's first manager: use it with `qip join`");
	st = genesis_make(out, &papers, &j->q, in, e);
	if (st == STATUS_OK)
		st = joining_add_root(&j->joining, &j->q, papers.root_ssh, e);
	if (st == STATUS_OK)
		st = show_papers(j, &papers, in->at_ms, e);
	explicit_bzero(&papers, sizeof(papers));
	return st;
}

/* Stage the head that says who this device is: its record alone, or the whole start of a practice. */
static enum status make_head(struct oid *out, struct join *j, struct error *e)
{
	struct qip *q = &j->q;
	int64_t now_ms = state_now_ms(&q->state, q->env);
	struct genesis_input in = {
		.name = j->answer.name,
		.server_key = j->answer.server_key,
		.invite_key = j->joining.invite_key,
		.seal_public = j->joining.seal_public,
		.enrolment = j->joining.enrolment,
		.at_ms = now_ms,
	};
	struct tree_edit edit = {0};
	char path[TREE_PATH_MAX], subject[NAME_MAX_LEN + 16];
	struct oid tree, none = {0};
	enum status st = STATUS_OK;

	if (!j->answer.record)
		return make_genesis(out, j, &in, e);
	(void)snprintf(path, sizeof(path), "devices/%s.json", q->identity.device);
	(void)snprintf(subject, sizeof(subject), "Enrol %s", q->identity.device);
	edit.path = path;
	build_item(&st, j->answer.record, "enrolment", cJSON_Duplicate(j->joining.enrolment, true));
	if (st == STATUS_OK)
		st = commit_stage(&edit.id, q, j->answer.record, e);
	if (st == STATUS_OK)
		st = tree_apply(&tree, q->repo, NULL, &edit, 1, e);
	return st == STATUS_OK ? commit_write(out, q, &tree, &none, now_ms, subject, e) : st;
}

static enum status send_head(struct join *j, struct error *e)
{
	struct push_refusal refusal = {0};
	enum push_outcome outcome = PUSH_ACCEPTED;
	struct oid head, tip, none = {0};
	enum status st = make_head(&head, j, e);

	if (st == STATUS_OK)
		st = repo_flush(j->q.repo, e);
	if (st != STATUS_OK)
		return st;
	st = push_ref(&outcome, &tip, &refusal, &j->remote, &j->q, &none, &head, &none, e);
	if (st == STATUS_OK && outcome == PUSH_REFUSED)
		st = error_set(e, STATUS_REFUSED, "the server refused the enrolment: %s", refusal.reason);
	return st == STATUS_OK ? remote_list(&j->refs, &j->remote, &j->q, e) : st;
}

/* The own head on the server is a commit that this device's key signed. */
static enum status check_own_head(struct join *j, struct error *e)
{
	if (oid_is_zero(&j->refs.own))
		return error_set(e, STATUS_NETWORK, "the server took the enrolment but does not list it yet: join again in a moment");
	return own_head_fetch(&j->q, &j->remote, &j->refs.own, e);
}

/* A kiosk does not see its entry on main; its own head holds it, and the chain that its invite hangs on is in the configuration. */
static enum status check_kiosk_entry(struct join *j, struct error *e)
{
	struct qip *q = &j->q;
	const struct registry *reg = NULL;
	cJSON *record = NULL;
	struct oid tree;
	char path[TREE_PATH_MAX];
	enum status st = home_tree_of(&tree, q, &j->refs.own, e);

	(void)snprintf(path, sizeof(path), "devices/%s.json", q->identity.device);
	if (st == STATUS_OK)
		st = record_read_path(&record, q->repo, &tree, path, e);
	if (st == STATUS_OK)
		st = view_registry(&reg, q, e);
	if (st == STATUS_OK)
		st = registry_check_device(reg, record, e);
	cJSON_Delete(record);
	return st;
}

static bool is_own_root(void *ctx, const char *root_ssh)
{
	const struct join *j = ctx;
	const cJSON *item = NULL;

	cJSON_ArrayForEach(item, j->joining.roots)
	{
		if (cJSON_IsString(item) && strcmp(item->valuestring, root_ssh) == 0)
			return true;
	}
	return false;
}

/* Put a ref where it belongs, wherever an earlier try left it. */
static enum status force_ref(struct qip *q, const char *name, const struct oid *to, struct error *e)
{
	struct oid now;
	enum status st = home_ref(&now, q, name, e);

	return st == STATUS_OK ? home_move_ref(q, name, to, &now, e) : st;
}

static enum status forget_ref(struct qip *q, const char *name, struct error *e)
{
	struct oid now;
	enum status st = home_ref(&now, q, name, e);

	return st == STATUS_OK && !oid_is_zero(&now) ? repo_ref_update(q->repo, name, NULL, &now, e) : st;
}

/* An earlier try may have got part of the way: that counts. It may also be of another practice: then all is asked for anew. */
static enum status take_log(struct join *j, struct error *e)
{
	struct qip *q = &j->q;
	struct oid left;
	uint64_t merges = 0;
	int64_t index = 0;
	enum status st = home_ref(&left, q, REF_MAIN, e);

	if (st == STATUS_OK)
		st = slices_follow(&merges, &index, q, &j->remote, &j->refs, e);
	if (st != STATUS_UNTRUSTED || oid_is_zero(&left))
		return st;
	st = forget_ref(q, REF_MAIN, e);
	return st == STATUS_OK ? slices_follow(&merges, &index, q, &j->remote, &j->refs, e) : st;
}

static enum status take_config(struct join *j, struct error *e)
{
	enum status st = forget_ref(&j->q, REF_CONFIG, e); /* an earlier try's may be of another practice */

	if (st == STATUS_OK)
		st = follow_config(&j->q, &j->remote, &j->refs.config, e);
	return st == STATUS_OK ? check_kiosk_entry(j, e) : st;
}

static enum status take_copy(struct join *j, struct error *e)
{
	struct qip *q = &j->q;
	const struct oid *tip = home_is_kiosk(q) ? &j->refs.config : &j->refs.main;
	enum status st = STATUS_OK;

	if (oid_is_zero(tip))
		return error_set(e, STATUS_NETWORK, "the server lists no history for this device yet: join again in a moment");
	st = home_is_kiosk(q) ? take_config(j, e) : take_log(j, e);
	if (st == STATUS_OK)
		st = force_ref(q, q->own_ref, &j->refs.own, e);
	return st == STATUS_OK ? force_ref(q, REF_WORK, home_is_kiosk(q) ? &j->refs.own : tip, e) : st;
}

static enum status enrol(struct join *j, struct error *e)
{
	struct qip *q = &j->q;
	enum status st = enrol_request(&j->answer, q, &j->joining, e);

	if (st == STATUS_OK && q->replaces)
		st = joining_replace(&j->joining, q, e);
	if (st == STATUS_OK)
		st = remote_open(&j->remote, q, true, e);
	j->remote.service = "git-receive-pack"; /* who is not in the registry yet may push its enrolment and nothing else */
	if (st == STATUS_OK)
		st = remote_list(&j->refs, &j->remote, q, e);
	if (st == STATUS_OK && oid_is_zero(&j->refs.own))
		st = send_head(j, e);
	if (st == STATUS_OK)
		st = check_own_head(j, e);
	if (st == STATUS_OK)
		st = take_copy(j, e);
	if (st == STATUS_OK)
		st = state_save(&q->state, q->dir, e);
	if (st == STATUS_OK)
		st = home_save_config(q, e);
	return st == STATUS_OK ? joining_end(q, e) : st;
}

static enum status start(struct join *j, const char *url, const struct code *code, struct error *e)
{
	struct qip *q = &j->q;
	struct wire w = {0};
	enum status st = wire_set_url(&w, url, e);

	if (st == STATUS_OK)
		st = enrol_folder(q, e);
	if (st != STATUS_OK)
		return st;
	wire_url(q->identity.url, &w);
	(void)snprintf(q->identity.ods, sizeof(q->identity.ods), "%s", code->ods);
	memcpy(q->root_pin, code->root_pin, CODE_PIN_LEN);
	if (!code->has_root) {
		q->any_root = is_own_root;
		q->any_root_ctx = j;
	}
	st = enrol_fetch_ca(q, code, e);
	if (st == STATUS_OK)
		st = enrol_open_history(q, e);
	return st == STATUS_OK ? joining_begin(&j->joining, q, code, j->root, e) : st;
}

static enum status join_new(struct join *j, const char *url, const char *code, struct error *e)
{
	struct code c = {0};
	enum status st = code_parse(&c, code, e);

	if (st == STATUS_OK)
		st = start(j, url, &c, e);
	if (st == STATUS_OK)
		st = enrol(j, e);
	explicit_bzero(&c, sizeof(c));
	return st;
}

static void join_free(struct join *j)
{
	remote_close(&j->remote);
	enrol_answer_clear(&j->answer);
	joining_clear(&j->joining);
	home_close(&j->q);
	free(j);
}

static enum status join_begin(struct join **out, const struct qip_options *o, struct error *e)
{
	struct join *j = calloc(1, sizeof(*j));
	enum status st = STATUS_OK;

	if (!j)
		return error_set(e, STATUS_NOMEM, "out of memory");
	j->q.dir = j->q.lock = -1;
	st = home_lock(&j->q, o, true, e);
	if (st != STATUS_OK) {
		join_free(j);
		return st;
	}
	*out = j;
	return STATUS_OK;
}

enum status enrol_home(const struct qip_options *o, const char *url, const char *code, const struct replacement *replaces, struct error *e)
{
	struct join *j = NULL;
	enum status st = join_begin(&j, o, e);

	if (st != STATUS_OK)
		return st;
	j->q.replaces = replaces;
	st = join_new(j, url, code, e);
	join_free(j);
	return st;
}

enum status enrol_by_root(const struct qip_options *o, const char *url, const struct code *code, const struct root_join *root, struct error *e)
{
	struct join *j = NULL;
	enum status st = join_begin(&j, o, e);

	if (st != STATUS_OK)
		return st;
	j->root = root;
	st = start(j, url, code, e);
	if (st == STATUS_OK)
		st = enrol(j, e);
	join_free(j);
	return st;
}

/* A kiosk's home may take a new name; all others are joined once. */
static enum status join_again(struct join *j, const struct qip_options *o, const char *url, const char *code, struct error *e)
{
	enum status st = home_load(&j->q, e);

	if (st != STATUS_OK)
		return st;
	return home_is_kiosk(&j->q) ? rejoin(&j->q, o, url, code, e) : enrol_folder(&j->q, e);
}

enum status qip_join(const struct qip_options *o, const char *url, const char *code, qip_show_papers show, void *ctx, struct error *e)
{
	struct code c = {0};
	struct wire w = {0};
	struct join *j = NULL;
	enum status st = code_parse(&c, code, e); /* what is mistyped leaves no folder behind */

	explicit_bzero(&c, sizeof(c));
	if (st == STATUS_OK)
		st = wire_set_url(&w, url, e);
	if (st == STATUS_OK)
		st = join_begin(&j, o, e);
	if (st != STATUS_OK)
		return st;
	j->show = show;
	j->show_ctx = ctx;
	if (faccessat(j->q.dir, HOME_CONFIG, F_OK, 0) == 0)
		st = join_again(j, o, url, code, e);
	else
		st = join_new(j, url, code, e);
	join_free(j);
	return st;
}
