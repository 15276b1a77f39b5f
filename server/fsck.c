/* server/fsck.c - is a server folder as it should be? */
#include "server/fsck.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cert.h"
#include "server/certificate.h"
#include "server/closed.h"
#include "server/config.h"
#include "server/fsck_internal.h"
#include "server/kept.h"

void fsck_tell(struct fsck *f, bool damage, const char *fmt, ...)
{
	char text[ERROR_TEXT_MAX];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	f->out->damages += damage;
	f->report(f->ctx, f->ods, damage, text);
}

/* ---- files ---- */

static enum status check_certificate(void *ctx, const char *name, struct error *e)
{
	struct fsck *f = ctx;
	struct certificate given = CERTIFICATE_INIT;
	char device[NAME_MAX_LEN + 1];
	size_t len = strlen(name);
	int64_t until_ms = 0;

	(void)e;
	if (len < 6 || len - 5 > NAME_MAX_LEN || strcmp(name + len - 5, ".json") != 0)
		return STATUS_OK; /* ".new" of a write that was cut short */
	(void)snprintf(device, sizeof(device), "%.*s", (int)(len - 5), name);
	if (certificate_load(&given, f->practice, device, NULL) != STATUS_OK || cert_not_after(&until_ms, buf_text(&given.pem), NULL) != STATUS_OK)
		fsck_tell(f, true, "certificates/%s cannot be read; take it from a backup, or %s has to join anew", name, device);
	certificate_clear(&given);
	return STATUS_OK;
}

static enum status check_kept(void *ctx, const struct kept *k, struct error *e)
{
	struct fsck *f = ctx;
	struct buf bytes = BUF_INIT;
	struct error why = {STATUS_OK, ""};
	struct kept_taken taken;
	enum status st = kept_read(&bytes, f->practice, k->number, &why);

	(void)e;
	if (st != STATUS_OK && st != STATUS_NOT_FOUND)
		fsck_tell(f, true, KEPT_DIR "/%" PRId64 KEPT_END " of %s: %s; take it from a backup, or remove it", k->number, k->device, why.text);
	st = kept_taken_read(&taken, f->practice, k->number, &why);
	if (st != STATUS_OK && st != STATUS_NOT_FOUND)
		fsck_tell(f, true, "%s", why.text);
	buf_clear(&bytes);
	return STATUS_OK;
}

static enum status tell_unreadable(void *ctx, int64_t number, const char *why, struct error *e)
{
	(void)e;
	fsck_tell(ctx, true, KEPT_DIR "/%" PRId64 KEPT_END ": %s; take it from a backup, or remove it", number, why);
	return STATUS_OK;
}

static void check_quarantine(struct fsck *f)
{
	struct error e = {STATUS_OK, ""};
	int64_t next = 0;
	enum status st = kept_each(f->practice, check_kept, tell_unreadable, f, &e);

	if (st == STATUS_OK)
		st = kept_next(&next, f->practice, &e);
	if (st != STATUS_OK)
		fsck_tell(f, true, "%s", e.text);
}

static void check_files(struct fsck *f)
{
	char path[FILE_PATH_MAX];
	struct error e = {STATUS_OK, ""};
	struct first first;
	struct closed closed;
	enum status st = file_path(path, f->practice->dir, "certificates", &e);

	if (st == STATUS_OK)
		st = file_each(path, check_certificate, f, &e);
	if (st != STATUS_OK)
		fsck_tell(f, true, "%s", e.text);
	st = practice_first(&first, f->practice, &e);
	if (st != STATUS_OK && st != STATUS_NOT_FOUND)
		fsck_tell(f, true, "%s", e.text);
	st = closed_read(&closed, f->practice->dir, &e);
	if (st == STATUS_OK)
		fsck_tell(f, false, "it is closed since it was restored at %s; \"qip-server reconcile\" opens it", closed.restored);
	else if (st != STATUS_NOT_FOUND)
		fsck_tell(f, true, "%s", e.text);
}

/* ---- objects ---- */

static enum status tell_damage(void *ctx, const char *text)
{
	fsck_tell(ctx, true, "%s", text);
	return STATUS_OK;
}

static void check_objects(struct fsck *f)
{
	struct error e = {STATUS_OK, ""};
	struct oid *wants = calloc(f->refs.len + 1, sizeof(*wants));
	size_t leftovers = 0;
	uint64_t objects = 0;

	if (!wants) {
		fsck_tell(f, true, "out of memory");
		return;
	}
	for (size_t i = 0; i < f->refs.len; i++)
		wants[i] = f->refs.refs[i].id;
	if (store_check(&objects, &leftovers, f->practice->history, tell_damage, f, &e) != STATUS_OK)
		fsck_tell(f, true, "%s", e.text);
	f->out->objects += objects;
	if (leftovers > 0)
		fsck_tell(f, false, "%zu interrupted push%s left something behind, which the server removes when it starts", leftovers,
			  leftovers == 1 ? "" : "es");
	if (repo_check_complete(f->repo, wants, f->refs.len, NULL, 0, &e) != STATUS_OK)
		fsck_tell(f, true, "the history is not whole: %s", e.text);
	free(wants);
}

/* ---- one practice ---- */

static enum status open_practice(struct fsck *f, struct store *s, struct error *e)
{
	struct store_lock *lock = NULL;
	enum status st = practice_open(&f->practice, f->dir, s, f->ods, e);

	/* refs move under the lock, one after the other */
	if (st == STATUS_OK)
		st = store_lock(&lock, f->practice->history, LIMIT_LOCK_MS, e);
	if (st == STATUS_OK)
		st = store_refs(&f->refs, f->practice->history, e);
	store_unlock(lock);
	return st == STATUS_OK ? store_reader_open(&f->repo, f->practice->history, e) : st;
}

static void check_practice(struct fsck *f, struct store *s)
{
	struct error e = {STATUS_OK, ""};

	f->practice = NULL;
	f->repo = NULL;
	f->refs = (struct store_refs)STORE_REFS_INIT;
	f->out->practices++;
	if (open_practice(f, s, &e) == STATUS_OK) {
		check_files(f);
		check_quarantine(f);
		check_objects(f);
		fsck_check_blobs(f);
		fsck_check_log(f);
	} else {
		fsck_tell(f, true, "%s", e.text);
	}
	if (f->repo)
		store_reader_close(f->repo);
	store_refs_clear(&f->refs);
	practice_close(f->practice);
}

/* ---- the whole ---- */

struct visit {
	struct fsck fsck;
	struct store *store;
};

static enum status visit_entry(void *ctx, const char *name, struct error *e)
{
	struct visit *v = ctx;

	(void)e;
	if (ods_valid(name)) {
		v->fsck.ods = name;
		check_practice(&v->fsck, v->store);
	}
	return STATUS_OK;
}

static enum status check_folder(struct fsck *f, struct error *e)
{
	struct config config = CONFIG_INIT;
	enum status st = config_load(&config, f->dir, e);

	config_clear(&config);
	if (st != STATUS_OK && st != STATUS_NOT_FOUND) {
		f->ods = "-";
		fsck_tell(f, true, "%s", e->text);
		st = STATUS_OK;
	}
	return st;
}

enum status fsck_run(struct fsck_result *out, const char *dir, const char *ods, fsck_report report, void *ctx, struct error *e)
{
	struct fsck_result result = {0};
	struct visit v = {.fsck = {.out = &result, .report = report, .ctx = ctx, .dir = dir}};
	char path[FILE_PATH_MAX];
	enum status st = check_folder(&v.fsck, e);

	if (st == STATUS_OK)
		st = store_open(&v.store, dir, e);
	if (st == STATUS_OK && ods)
		st = file_path(path, dir, ods, e);
	if (st == STATUS_OK && ods && (!ods_valid(ods) || !file_exists(path)))
		st = error_set(e, STATUS_NOT_FOUND, "there is no practice %.20s on this server", ods);
	if (st == STATUS_OK)
		st = ods ? visit_entry(&v, ods, e) : file_each(dir, visit_entry, &v, e);
	store_close(v.store);
	if (st == STATUS_OK)
		*out = result;
	return st;
}
