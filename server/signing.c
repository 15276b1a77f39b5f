/* server/signing.c - which key signs; see signing.h. */
#include "server/signing.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/log.h"
#include "server/key_file.h"
#include "server/practice.h"

/* ---- the files ---- */

static void drop(struct signing_file *f)
{
	key_free(f->key);
	*f = (struct signing_file){.key = NULL};
}

/* What stat(2) tells a file by; zeros for none. */
static enum status look(struct signing_file *out, const char *dir, const char *name, struct error *e)
{
	char path[FILE_PATH_MAX];
	struct stat st;
	enum status status = file_path(path, dir, name, e);

	*out = (struct signing_file){.key = NULL};
	if (status != STATUS_OK)
		return status;
	if (stat(path, &st) == 0)
		*out = (struct signing_file){.inode = (int64_t)st.st_ino,
					     .changed_ns = (int64_t)st.st_ctim.tv_sec * 1000000000 + st.st_ctim.tv_nsec,
					     .size = (int64_t)st.st_size};
	else if (errno != ENOENT)
		return error_set_errno(e, errno, "cannot look at %s", path);
	return STATUS_OK;
}

static bool same_file(const struct signing_file *a, const struct signing_file *b)
{
	return a->inode == b->inode && a->changed_ns == b->changed_ns && a->size == b->size;
}

static enum status read_file(struct signing_file *f, const char *dir, const char *name, struct error *e)
{
	struct signing_file now;
	enum status st = look(&now, dir, name, e);

	if (st == STATUS_OK && same_file(&now, f))
		return STATUS_OK;
	if (st == STATUS_OK && now.inode) {
		st = key_file_read(&now.key, dir, name, e);
		if (st == STATUS_OK)
			key_ssh(now.ssh, now.key);
	}
	if (st != STATUS_OK)
		return st;
	drop(f);
	*f = now;
	return STATUS_OK;
}

static enum status read_files(struct signing *s, const char *dir, struct error *e)
{
	enum status st = read_file(&s->present, dir, SIGNING_FILE, e);

	return st == STATUS_OK ? read_file(&s->next, dir, SIGNING_NEXT_FILE, e) : st;
}

enum status signing_open(struct signing *out, const char *dir, struct error *e)
{
	struct signing s = {.with = NULL};
	enum status st = read_files(&s, dir, e);

	if (st != STATUS_OK) {
		signing_clear(&s);
		return st;
	}
	*out = s;
	return STATUS_OK;
}

void signing_clear(struct signing *s)
{
	drop(&s->present);
	drop(&s->next);
	s->with = NULL;
}

/* ---- which of them ---- */

/* By one rename, durable before anything is signed. */
static enum status take_over(struct practice *p, struct error *e)
{
	struct signing *s = &p->signing;
	char from[FILE_PATH_MAX], to[FILE_PATH_MAX], fingerprint[KEY_FINGERPRINT_MAX];
	enum status st = file_path(from, p->dir, SIGNING_NEXT_FILE, e);

	if (st == STATUS_OK)
		st = file_path(to, p->dir, SIGNING_FILE, e);
	if (st == STATUS_OK && rename(from, to) != 0)
		st = error_set_errno(e, errno, "cannot rename %s to %s", from, to);
	if (st == STATUS_OK)
		st = file_sync_parent(to, e);
	if (st == STATUS_OK)
		st = read_files(s, p->dir, e);
	if (st != STATUS_OK)
		return st;
	key_fingerprint_text(fingerprint, s->present.key);
	log_line(LOG_LEVEL_INFO, "the server signs with its next key", "practice", p->ods, "key", fingerprint, NULL);
	return STATUS_OK;
}

/* Whatever is wrong with a key is no push's fault: it is tried again. */
static enum status own_fault(enum status st, struct error *e)
{
	if (st != STATUS_IO && st != STATUS_NOMEM && st != STATUS_NO_SPACE)
		st = STATUS_CRYPTO;
	return error_prefix(e, st, "the key that the server signs with");
}

enum status signing_settle(struct practice *p, const struct registry *reg, struct error *e)
{
	struct signing *s = &p->signing;
	enum status st = read_files(s, p->dir, e);

	s->with = NULL;
	s->counts = false;
	if (st == STATUS_OK && reg && s->next.key && registry_key_counts(reg, s->next.ssh))
		st = take_over(p, e);
	if (st != STATUS_OK)
		return own_fault(st, e);
	if (s->present.key && (!reg || registry_key_counts(reg, s->present.ssh))) {
		s->with = &s->present;
		s->counts = true;
	} else {
		s->with = s->next.key ? &s->next : s->present.key ? &s->present : NULL;
	}
	return STATUS_OK;
}

static enum status no_key(const struct practice *p, struct error *e)
{
	return error_set(e, STATUS_CRYPTO,
			 "the server has no key of %s that counts, and can take nothing: its host makes one by qip-server server-key, and a manager "
			 "endorses it by qip server-key endorse",
			 p->ods);
}

static enum status load_keys(struct registry *out, struct repo *r, const struct oid *tree, struct error *e)
{
	return registry_load_keys(out, NULL, r, tree, NULL, e);
}

enum status signing_check(const struct practice *p, struct repo *r, const struct oid *tree, struct error *e)
{
	const struct signing *s = &p->signing;
	struct registry reg = REGISTRY_INIT;
	enum status st = STATUS_OK;

	if (s->counts)
		return STATUS_OK;
	if (!s->with)
		return no_key(p, e);
	st = load_keys(&reg, r, tree, e);
	if (st == STATUS_NOT_FOUND || (st == STATUS_OK && !registry_key_counts(&reg, s->with->ssh)))
		st = no_key(p, e);
	registry_clear(&reg);
	return st;
}

enum status signing_check_left(const struct practice *p, const struct registry *main_reg, struct repo *r, const struct oid *tree, struct error *e)
{
	const struct signing *s = &p->signing;
	struct registry reg = REGISTRY_INIT;
	struct oid retired;
	enum status st = tree_find(&retired, NULL, r, tree, "retired-keys", e);

	if (st == STATUS_NOT_FOUND)
		return STATUS_OK;
	if (st != STATUS_OK || (main_reg && oid_equal(&retired, &main_reg->retired_keys)))
		return st;
	st = load_keys(&reg, r, tree, e);
	if (st == STATUS_OK && !registry_key_counts(&reg, s->present.ssh) && !registry_key_counts(&reg, s->next.ssh))
		st = error_set(e, STATUS_DENIED, "it retires the only key that the server has: endorse its next one first, and sync");
	registry_clear(&reg);
	return st;
}

/* ---- the next ---- */

enum status signing_make_next(bool *made, struct practice *p, const struct registry *reg, struct error *e)
{
	struct signing *s = &p->signing;
	struct key *key = NULL;
	enum status st = STATUS_OK;

	*made = false;
	if (s->next.key)
		return STATUS_OK;
	if (reg->server_keys_len == REGISTRY_MAX_SERVER_KEYS)
		return error_set(e, STATUS_EXISTS, "the practice has endorsed %d keys of the server, and takes no more", REGISTRY_MAX_SERVER_KEYS);
	st = key_file_make(&key, p->dir, SIGNING_NEXT_FILE, e);
	key_free(key);
	if (st == STATUS_OK)
		st = read_files(s, p->dir, e);
	*made = st == STATUS_OK;
	return st;
}
