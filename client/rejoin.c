/* client/rejoin.c - see rejoin.h. */
#include "client/rejoin.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/build.h"
#include "client/carry.h"
#include "client/enrol.h"
#include "client/files.h"
#include "client/incarnation.h"
#include "core/log.h"
#include "core/record_file.h"

#define REJOIN "rejoin"
#define REJOIN_READY REJOIN "/ready"
#define REJOIN_DONE "rejoin.done" /* what is left of it: nothing that anybody wants */

static bool is_there(const struct qip *q, const char *name)
{
	return faccessat(q->dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* ---- may it, and how ---- */

/* The code that the home was joined with: the same command again, after all was done. */
static enum status is_own_code(bool *out, struct qip *q, const struct code *code, struct error *e)
{
	char path[TREE_PATH_MAX], line[KEY_SSH_MAX];
	const char *invited = NULL;
	cJSON *record = NULL;
	struct key *invite = NULL;
	struct oid work, tree;
	enum status st = code_invite_key(&invite, code, e);

	(void)snprintf(path, sizeof(path), "devices/%s.json", q->identity.device);
	if (st == STATUS_OK)
		st = home_ref(&work, q, REF_WORK, e);
	if (st == STATUS_OK)
		st = home_tree_of(&tree, q, &work, e);
	if (st == STATUS_OK)
		st = record_read_path(&record, q->repo, &tree, path, e);
	if (st == STATUS_NOT_FOUND && oid_is_zero(&work)) /* the history was damaged, and is not here again yet */
		st = STATUS_OK;
	else if (st == STATUS_OK) {
		key_ssh(line, invite);
		invited = json_string(json_get(record, "invite"), "key");
		*out = invited && strcmp(invited, line) == 0;
	}
	cJSON_Delete(record);
	key_free(invite);
	return st;
}

/* Patients' answers go to nobody but the practice that they were given to. */
static enum status check_practice(const struct qip *q, const struct code *code, struct error *e)
{
	if (strcmp(code->ods, q->identity.ods) == 0 && code->has_root && memcmp(code->root_pin, q->root_pin, CODE_PIN_LEN) == 0)
		return STATUS_OK;
	return error_set(e, STATUS_EXISTS, "%s holds answers for practice %s, and this code is for another one: join that in a home of its own", q->path,
			 q->identity.ods);
}

struct old_name {
	bool known; /* the log has it, with its key */
	bool ends;  /* the new name ends it */
};

/* Does the new name end the old one? Always where this is the one installation of it. A copy lets the other go on, unless both might send the
 * same answers. One that was ended, or that a restored log does not have, needs no end. What cannot be found out is no reason to end anybody. */
static enum status look_at_old_name(struct old_name *out, struct qip *q, struct error *e)
{
	struct old_name old = {.known = true, .ends = true};
	struct remote r = {0};
	struct remote_refs refs = {0};
	struct carry carry = {.shared = false};
	enum status st = remote_open(&r, q, true, e);

	if (st == STATUS_OK)
		st = remote_list(&refs, &r, q, e);
	if (st == STATUS_OK && oid_is_zero(&refs.own))
		old = (struct old_name){.known = false};
	else if (st == STATUS_OK && q->doubt != HOME_DOUBT_NONE) {
		st = carry_look(&carry, q, &(struct carry_place){.remote = &r, .refs = &refs, .head = &refs.own, .judge = q}, e);
		old.ends = carry.shared;
	} else if (st == STATUS_REFUSED && r.device != HTTP_DEVICE_UNSAID) {
		old = (struct old_name){.known = r.device == HTTP_DEVICE_ENDED};
		st = STATUS_OK;
	}
	remote_close(&r);
	if (st == STATUS_OK)
		*out = old;
	return st;
}

/* ---- the new name ---- */

static enum status find_own_head(struct oid *out, const struct qip *old, const struct remote_refs *refs, struct error *e)
{
	for (size_t i = 0; i < refs->kin_len; i++) {
		if (strcmp(refs->kin[i].device, old->identity.device) == 0) {
			*out = refs->kin[i].head;
			return STATUS_OK;
		}
	}
	return error_set(e, STATUS_NETWORK, "the server does not list what it holds of %s yet: join again in a moment", old->identity.device);
}

/* Its own entry says whether it goes on with the old name's answers: the log that it joined may not know that name. */
static enum status goes_on(bool *out, struct qip *fresh, struct error *e)
{
	char path[TREE_PATH_MAX];
	cJSON *record = NULL;
	struct oid own, tree;
	enum status st = home_ref(&own, fresh, fresh->own_ref, e);

	(void)snprintf(path, sizeof(path), "devices/%s.json", fresh->identity.device);
	if (st == STATUS_OK)
		st = home_tree_of(&tree, fresh, &own, e);
	if (st == STATUS_OK)
		st = record_read_path(&record, fresh->repo, &tree, path, e);
	if (st == STATUS_OK)
		*out = json_get(json_get(record, "enrolment"), "replaces") != NULL;
	cJSON_Delete(record);
	return st;
}

static enum status find_numbers(struct qip *fresh, struct qip *old, struct error *e)
{
	struct remote r = {0};
	struct remote_refs refs = {0};
	struct carry carry;
	struct oid head = {0};
	bool replaces = false;
	enum status st = goes_on(&replaces, fresh, e);

	if (st == STATUS_OK)
		st = remote_open(&r, fresh, true, e);
	if (st == STATUS_OK)
		st = remote_list(&refs, &r, fresh, e);
	if (st == STATUS_OK && replaces)
		st = find_own_head(&head, old, &refs, e);
	if (st == STATUS_OK)
		st = carry_look(&carry, old, &(struct carry_place){.remote = &r, .refs = &refs, .head = &head, .judge = fresh}, e);
	if (st == STATUS_OK)
		fresh->numbers = carry.numbers;
	remote_close(&r);
	return st;
}

static enum status prepare(struct qip *old, const struct qip_options *o, struct error *e)
{
	struct qip *fresh = NULL;
	enum status st = qip_open(&fresh, o, e);

	if (st == STATUS_OK && !home_is_kiosk(fresh))
		st = error_set(e, STATUS_DENIED, "the code was not for a kiosk");
	if (st == STATUS_OK)
		st = find_numbers(fresh, old, e);
	if (st == STATUS_OK)
		st = home_save_config(fresh, e);
	qip_close(fresh);
	if (st == STATUS_OK && !is_there(old, REJOIN "/" INCARNATION_FILE)) /* the old one's doubt would stay */
		st = error_set(e, STATUS_IO, "where this home lies could not be noted: join again");
	return st == STATUS_OK ? files_write(old->dir, REJOIN_READY, "", 0, 0600, e) : st;
}

static enum status join_anew(struct qip *q, const struct qip_options *o, const char *url, const char *code, struct error *e)
{
	struct replacement replaces = {.device = q->identity.device, .key = q->key};
	char path[HOME_PATH_MAX];
	struct qip_options inner = *o;
	struct old_name name = {.known = false};
	enum status st = STATUS_OK;

	if (qip_home_path(path, sizeof(path), q, REJOIN) != STATUS_OK)
		return error_set(e, STATUS_TOO_BIG, "the name of the home folder is too long");
	inner.home = path;
	inner.join_as = ROLE_KIOSK;
	if (faccessat(q->dir, REJOIN "/" HOME_CONFIG, F_OK, 0) != 0) { /* or it was done, and cut short after that */
		st = look_at_old_name(&name, q, e);
		replaces.ends = name.ends;
		if (st == STATUS_OK)
			st = carry_most(&replaces.carries, q, e);
		if (st == STATUS_OK)
			st = enrol_home(&inner, url, code, name.known ? &replaces : NULL, e);
	}
	return st == STATUS_OK ? prepare(q, &inner, e) : st;
}

enum status rejoin(struct qip *q, const struct qip_options *o, const char *url, const char *code, struct error *e)
{
	struct code c = {0};
	bool own = false;
	enum status st = code_parse(&c, code, e);

	if (st == STATUS_OK)
		st = check_practice(q, &c, e);
	if (st == STATUS_OK)
		st = is_own_code(&own, q, &c, e);
	explicit_bzero(&c, sizeof(c));
	if (st != STATUS_OK || (own && q->doubt == HOME_DOUBT_NONE))
		return st;
	if (own)
		return error_set(e, STATUS_EXISTS, "this is the code that %s was joined with: ask a manager for one under a new name",
				 q->identity.device);
	st = join_anew(q, o, url, code, e);
	repo_close(q->repo);
	q->repo = NULL;
	return st == STATUS_OK ? rejoin_finish(q, e) : st;
}

/* ---- moving over ---- */

static enum status move(const struct qip *q, const char *from, const char *to, struct error *e)
{
	if (renameat(q->dir, from, q->dir, to) == 0 || errno == ENOENT) /* it was moved before */
		return STATUS_OK;
	return error_set_errno(e, errno, "cannot move %s/%s to %s", q->path, from, to);
}

/* Both folders: on some file systems a name may be gone from the one before it is in the other. */
static enum status settle(const struct qip *q, struct error *e)
{
	int from = openat(q->dir, REJOIN, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok = fsync(q->dir) == 0 && (from < 0 || fsync(from) == 0);

	if (from >= 0)
		(void)close(from);
	return ok ? STATUS_OK : error_set_errno(e, errno, "cannot save %s", q->path);
}

static enum status move_history(const struct qip *q, struct error *e)
{
	enum status st = STATUS_OK;

	if (!is_there(q, REJOIN "/" HOME_HISTORY))
		return STATUS_OK;
	if (is_there(q, HOME_HISTORY)) {
		files_remove_tree(q->dir, REJOIN_FORMER);
		st = move(q, HOME_HISTORY, REJOIN_FORMER, e);
	}
	return st == STATUS_OK ? move(q, REJOIN "/" HOME_HISTORY, HOME_HISTORY, e) : st;
}

enum status rejoin_finish(struct qip *q, struct error *e)
{
	static const char *const files[][2] = {
		{REJOIN "/" HOME_KEY, HOME_KEY},   {REJOIN "/" HOME_SEAL_KEY, HOME_SEAL_KEY},
		{REJOIN "/" HOME_CERT, HOME_CERT}, {REJOIN "/" HOME_CA, HOME_CA},
		{REJOIN "/" INCARNATION_FILE, INCARNATION_FILE},
	};
	enum status st = STATUS_OK;

	if (is_there(q, REJOIN_DONE))
		files_remove_tree(q->dir, REJOIN_DONE);
	if (!is_there(q, REJOIN_READY))
		return STATUS_OK;
	st = move_history(q, e);
	for (size_t i = 0; st == STATUS_OK && i < ARRAY_LEN(files); i++)
		st = move(q, files[i][0], files[i][1], e);
	if (st == STATUS_OK)
		st = files_remove(q->dir, HOME_SESSION, e); /* it is the old name's */
	if (st == STATUS_OK)
		st = settle(q, e);
	if (st == STATUS_OK)
		st = move(q, REJOIN "/" HOME_CONFIG, HOME_CONFIG, e);
	if (st == STATUS_OK)
		st = settle(q, e);
	if (st == STATUS_OK)
		st = move(q, REJOIN, REJOIN_DONE, e);
	if (st == STATUS_OK)
		st = settle(q, e);
	if (st == STATUS_OK) {
		files_remove_tree(q->dir, REJOIN_DONE);
		log_line(LOG_LEVEL_INFO, "this home goes on under a new name", "home", q->path, NULL);
	}
	return st;
}

/* By the server's clock. Noted in the folder itself, so that it goes with it. */
static enum status note_receipts(const struct qip *q, int64_t now_ms, struct error *e)
{
	enum status st = STATUS_OK;
	cJSON *note = build_object(&st);

	build_integer(&st, note, "at", now_ms);
	st = st == STATUS_OK ? files_write_json(q->dir, REJOIN_RECEIPTS, note, 0600, e) : error_set(e, st, "out of memory");
	cJSON_Delete(note);
	return st;
}

void rejoin_tidy(const struct qip *q, int64_t now_ms)
{
	struct error why = {0};
	cJSON *note = NULL;
	int64_t at_ms = 0;

	if (!is_there(q, REJOIN_FORMER))
		return;
	if (files_read_json(&note, q->dir, REJOIN_RECEIPTS, NULL) != STATUS_OK || !json_integer(note, "at", &at_ms) || at_ms > now_ms) {
		if (note_receipts(q, now_ms, &why) != STATUS_OK)
			log_line(LOG_LEVEL_WARN, "since when the former history is not needed could not be noted", "reason", why.text, NULL);
	} else if (now_ms - at_ms >= LIMIT_KEEP_RECEIPTED_MS)
		files_remove_tree(q->dir, REJOIN_FORMER);
	cJSON_Delete(note);
}
