/* server/practice.c - one practice's folder. */
#include "server/practice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/head.h"
#include "server/config.h"
#include "server/key_file.h"
#include "server/milestones.h"
#include "server/rates.h"
#include "server/view.h"

static enum status write_entry(const char *dir, const char *name, struct error *e)
{
	char path[FILE_PATH_MAX];
	cJSON *root = cJSON_CreateObject();
	enum status st = root ? json_set_string(root, "name", name) : STATUS_NOMEM;

	if (st == STATUS_OK)
		st = json_set_string(root, "schema", "practice-entry/1");
	if (st == STATUS_OK)
		st = file_path(path, dir, "practice.json", e);
	if (st == STATUS_OK)
		st = file_write_json(path, root, e);
	cJSON_Delete(root);
	return st;
}

static enum status write_first(const char *dir, const struct first *first, struct error *e)
{
	char path[FILE_PATH_MAX];
	cJSON *root = cJSON_CreateObject();
	enum status st = root ? json_set_string(root, "device", first->device) : STATUS_NOMEM;

	if (st == STATUS_OK)
		st = json_set_string(root, "invite_key", first->invite_key);
	if (st == STATUS_OK)
		st = json_set_string(root, "schema", "first/1");
	if (st == STATUS_OK)
		st = file_path(path, dir, "first.json", e);
	if (st == STATUS_OK)
		st = file_write_json(path, root, e);
	cJSON_Delete(root);
	return st;
}

/* M0: the root commit of the empty tree, from which the log grows. */
static enum status write_start(struct store *s, const char *ods, const struct key *key, const struct env *env,
			       struct error *e)
{
	struct store_history *h = NULL;
	struct store_txn *t = NULL;
	struct buf message = BUF_INIT;
	struct oid id = {{0}};
	char email[HEAD_EMAIL_MAX];
	bool moved = false;
	struct commit_spec spec = {.name = "server", .email = email, .time_ms = env->now_ms(env->ctx), .key = key};
	enum status st = store_create(s, ods, e);

	if (st == STATUS_OK || st == STATUS_EXISTS)
		st = store_history_open(&h, s, ods, e);
	if (st == STATUS_OK)
		st = store_txn_begin(&t, h, e);
	if (st == STATUS_OK)
		st = repo_write(&spec.tree, store_txn_repo(t), REPO_TREE, "", 0, e);
	head_email(email, "server", ods);
	buf_addf(&message, "Start of the log of %s\n\nQip-Index: 0\n", ods);
	spec.message = buf_text(&message);
	if (st == STATUS_OK && !buf_ok(&message))
		st = error_set(e, STATUS_NOMEM, "out of memory");
	if (st == STATUS_OK)
		st = repo_commit_write(&id, store_txn_repo(t), &spec, e);
	if (st == STATUS_OK)
		st = store_txn_commit(t, &(struct store_move){.ref = "refs/heads/main", .id = id}, &moved, e);
	if (st == STATUS_STALE)
		st = STATUS_OK; /* an interrupted `practice add` got this far */
	store_txn_end(t);
	store_history_close(h);
	buf_clear(&message);
	return st;
}

enum status practice_create(const char *dir, struct store *s, const char *ods, const char *name,
			    const struct first *first, const struct env *env, struct error *e)
{
	char own[FILE_PATH_MAX], path[FILE_PATH_MAX];
	struct key *key = NULL;
	enum status st = file_path(own, dir, ods, e);

	if (st == STATUS_OK)
		st = file_path(path, own, "practice.json", e);
	if (st == STATUS_OK && file_exists(path))
		st = error_set(e, STATUS_EXISTS, "the practice %s is on this server already", ods);
	if (st == STATUS_OK)
		st = file_mkdir(own, 0700, e);
	if (st == STATUS_OK)
		st = file_path(path, own, "certificates", e);
	if (st == STATUS_OK)
		st = file_mkdir(path, 0700, e);
	if (st == STATUS_OK) {
		st = key_file_read(&key, own, SIGNING_FILE, e);
		if (st == STATUS_NOT_FOUND)
			st = key_file_make(&key, own, SIGNING_FILE, e);
	}
	if (st == STATUS_OK)
		st = write_start(s, ods, key, env, e);
	if (st == STATUS_OK)
		st = write_first(own, first, e);
	if (st == STATUS_OK)
		st = write_entry(own, name, e);
	key_free(key);
	return st;
}

static enum status read_name(struct practice *p, struct error *e)
{
	char path[FILE_PATH_MAX];
	cJSON *root = NULL;
	const char *name = NULL;
	enum status st = file_path(path, p->dir, "practice.json", e);

	if (st == STATUS_OK)
		st = file_read_json(&root, path, e);
	if (st == STATUS_NOT_FOUND)
		return error_set(e, STATUS_NOT_FOUND, "there is no practice %s on this server", p->ods);
	if (st != STATUS_OK)
		return st;
	name = json_string(root, "name");
	if (name && strlen(name) < sizeof(p->name))
		(void)snprintf(p->name, sizeof(p->name), "%s", name);
	else
		st = error_set(e, STATUS_CORRUPT, "%s holds no name", path);
	cJSON_Delete(root);
	return st;
}

enum status practice_open(struct practice **out, const char *dir, struct store *s, const char *ods, struct error *e)
{
	struct practice *p = NULL;
	enum status st = STATUS_OK;

	if (!ods_valid(ods))
		return error_set(e, STATUS_NOT_FOUND, "\"%.20s\" is no ODS code of a practice", ods);
	p = calloc(1, sizeof(*p));
	if (!p)
		return error_set(e, STATUS_NOMEM, "out of memory");
	(void)pthread_mutex_init(&p->view_mutex, NULL);
	(void)pthread_mutex_init(&p->queue.mutex, NULL);
	(void)snprintf(p->ods, sizeof(p->ods), "%s", ods);
	st = file_path(p->dir, dir, ods, e);
	if (st == STATUS_OK)
		st = read_name(p, e);
	if (st == STATUS_OK)
		st = signing_open(&p->signing, p->dir, e);
	if (st == STATUS_OK)
		st = store_history_open(&p->history, s, ods, e);
	if (st == STATUS_OK)
		st = milestones_open(&p->milestones, e);
	if (st == STATUS_OK)
		st = rates_open(&p->rates, e);
	if (st != STATUS_OK) {
		practice_close(p);
		return st;
	}
	memcpy(p->first_key, p->signing.present.ssh, sizeof(p->first_key));
	*out = p;
	return STATUS_OK;
}

void practice_close(struct practice *p)
{
	if (!p)
		return;
	milestones_close(p->milestones);
	rates_close(p->rates);
	view_put(p->view);
	store_history_close(p->history);
	signing_clear(&p->signing);
	(void)pthread_mutex_destroy(&p->view_mutex);
	(void)pthread_mutex_destroy(&p->queue.mutex);
	free(p);
}

enum status practice_first(struct first *out, const struct practice *p, struct error *e)
{
	char path[FILE_PATH_MAX];
	cJSON *root = NULL;
	const char *device = NULL, *key = NULL;
	enum status st = file_path(path, p->dir, "first.json", e);

	if (st == STATUS_OK)
		st = file_read_json(&root, path, e);
	if (st != STATUS_OK)
		return st;
	device = json_string(root, "device");
	key = json_string(root, "invite_key");
	if (device && name_valid(device) && key && strlen(key) < KEY_SSH_MAX) {
		*out = (struct first){{0}, {0}};
		(void)snprintf(out->device, sizeof(out->device), "%s", device);
		(void)snprintf(out->invite_key, sizeof(out->invite_key), "%s", key);
	} else {
		st = error_set(e, STATUS_CORRUPT, "%s is damaged", path);
	}
	cJSON_Delete(root);
	return st;
}

enum status practice_forget_first(const struct practice *p, struct error *e)
{
	char path[FILE_PATH_MAX];
	enum status st = file_path(path, p->dir, "first.json", e);

	return st == STATUS_OK ? file_remove(path, e) : st;
}
