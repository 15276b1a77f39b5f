/* server/authority.c - the server's own small certificate authority and its TLS certificate. */
#include "server/authority.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/digest.h"
#include "server/file.h"
#include "server/key_file.h"
#include "server/limits.h"

/* 2020-01-01: clients whose clock is years late still find the certificate valid */
#define EARLY_START_MS 1577836800000LL
#define DAY_MS 86400000LL
#define PEM_BEGIN "-----BEGIN CERTIFICATE-----"

/* ---- issuing ---- */

static int64_t end_of_validity(const struct env *env)
{
	int64_t now_ms = env->now_ms(env->ctx);

	return (now_ms < EARLY_START_MS ? EARLY_START_MS : now_ms) + LIMIT_AUTHORITY_DAYS * DAY_MS;
}

static enum status write_text(const char *dir, const char *name, const struct buf *text, struct error *e)
{
	char path[FILE_PATH_MAX];
	enum status st = file_path(path, dir, name, e);

	return st == STATUS_OK ? file_write(path, text->data, text->len, 0644, e) : st;
}

/* `name` takes the authority's name. */
static struct cert_request ca_request(char name[64], const struct key *key, size_t number, const struct env *env)
{
	(void)snprintf(name, 64, number > 1 ? "qip server CA %zu" : "qip server CA", number);
	return (struct cert_request){.usage = CERT_CA,
				     .common_name = name,
				     .subject = key,
				     .not_before_ms = EARLY_START_MS,
				     .not_after_ms = end_of_validity(env)};
}

static enum status make_tls(const char *dir, const struct authority *a, const char *const *names, size_t names_len, const struct env *env,
			    struct error *e)
{
	struct cert_request req = {.usage = CERT_SERVER,
				   .common_name = "qip server",
				   .subject = a->tls_key,
				   .not_before_ms = EARLY_START_MS,
				   .not_after_ms = end_of_validity(env)};
	struct buf pem = BUF_INIT;
	enum status st = names_len > CERT_NAMES_MAX ? error_set(e, STATUS_USAGE, "a certificate takes at most %d names", CERT_NAMES_MAX) : STATUS_OK;

	for (size_t i = 0; st == STATUS_OK && i < names_len; i++)
		req.names[i] = names[i];
	req.names_len = names_len;
	if (st == STATUS_OK)
		st = cert_issue(&pem, &req, a->ca_key, buf_text(&a->ca_pem), e);
	if (st == STATUS_OK)
		st = write_text(dir, "tls.crt", &pem, e);
	buf_clear(&pem);
	return st;
}

enum status authority_create(const char *dir, const char *const *names, size_t names_len, const struct env *env, struct error *e)
{
	struct authority a = {.ca_key = NULL};
	struct cert_request req = {0};
	char name[64];
	enum status st = key_file_make(&a.ca_key, dir, "ca.key", e);

	if (st == STATUS_OK)
		st = key_file_make(&a.tls_key, dir, "tls.key", e);
	if (st == STATUS_OK) {
		req = ca_request(name, a.ca_key, 1, env);
		st = cert_issue(&a.ca_pem, &req, a.ca_key, NULL, e);
	}
	if (st == STATUS_OK)
		st = write_text(dir, "ca.crt", &a.ca_pem, e);
	key_free(a.ca_key);
	key_free(a.tls_key);
	buf_clear(&a.ca_pem);
	return st == STATUS_OK ? authority_renew(dir, names, names_len, env, e) : st;
}

/* ---- loading ---- */

static enum status read_text(struct buf *out, const char *dir, const char *name, struct error *e)
{
	char path[FILE_PATH_MAX];
	enum status st = file_path(path, dir, name, e);

	return st == STATUS_OK ? file_read(out, path, e) : st;
}

static enum status read_if_there(struct buf *out, const char *dir, const char *name, struct error *e)
{
	enum status st = read_text(out, dir, name, e);

	return st == STATUS_NOT_FOUND ? STATUS_OK : st;
}

/* The certificates from the first for this key on. */
static const char *first_for(const struct buf *pem, const struct key *key)
{
	const char *at = strstr(buf_text(pem), PEM_BEGIN);

	while (at && !cert_is_for(at, key))
		at = strstr(at + 1, PEM_BEGIN);
	return at ? at : "";
}

/* The older authorities. Putting a new one in place notes the one in use among them a moment early. */
static const char *before(const struct buf *old, const struct buf *now)
{
	const char *text = buf_text(old);

	return strncmp(text, buf_text(now), now->len) == 0 ? text + now->len : text;
}

/* ca.key, or ca.next.key where putting a new authority in place was cut short behind its turning point. */
static enum status read_ca_key(struct authority *a, const char *dir, struct error *e)
{
	static const char *const names[] = {"ca.key", "ca.next.key"};
	enum status st = STATUS_OK;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		st = key_file_read(&a->ca_key, dir, names[i], i == 0 ? e : NULL);
		if (st == STATUS_OK && cert_is_for(buf_text(&a->ca_pem), a->ca_key))
			return STATUS_OK;
		if (st != STATUS_OK && i == 0)
			return st;
		key_free(a->ca_key);
		a->ca_key = NULL;
	}
	return error_set(e, STATUS_INVALID, "ca.key is not the key of ca.crt; put back both of one backup");
}

static enum status read_certificates(struct authority *a, const char *dir, struct error *e)
{
	struct buf old = BUF_INIT, cross = BUF_INIT;
	enum status st = read_text(&a->ca_pem, dir, "ca.crt", e);

	if (st == STATUS_OK)
		st = read_text(&a->tls_pem, dir, "tls.crt", e);
	if (st == STATUS_OK)
		st = read_if_there(&old, dir, "ca.old.crt", e);
	if (st == STATUS_OK)
		st = read_if_there(&cross, dir, "ca.cross.crt", e);
	if (st == STATUS_OK)
		st = read_ca_key(a, dir, e);
	if (st == STATUS_OK) {
		buf_adds(&a->trust_pem, buf_text(&a->ca_pem));
		buf_adds(&a->trust_pem, before(&old, &a->ca_pem));
		/* in front: who looks for an issuer by name alone takes the first */
		buf_adds(&a->chain_pem, first_for(&cross, a->ca_key));
		buf_adds(&a->chain_pem, buf_text(&a->trust_pem));
		a->rolled = a->trust_pem.len > a->ca_pem.len;
		if (!buf_ok(&a->trust_pem) || !buf_ok(&a->chain_pem))
			st = error_set(e, STATUS_NOMEM, "out of memory");
	}
	buf_clear(&old);
	buf_clear(&cross);
	return st;
}

static enum status set_told(struct authority *a, struct error *e)
{
	uint8_t digest[SHA256_LEN];
	char hex[SHA256_HEX_LEN + 1];
	enum status st = sha256(digest, a->trust_pem.data, a->trust_pem.len);

	if (st != STATUS_OK)
		return error_set(e, st, "could not hash the authorities");
	hex_encode(hex, digest, SHA256_LEN);
	(void)snprintf(a->told, sizeof(a->told), "%.*s", AUTHORITY_TOLD_LEN, hex);
	return STATUS_OK;
}

static void clear(struct authority *a)
{
	key_free(a->ca_key);
	key_free(a->tls_key);
	buf_clear(&a->ca_pem);
	buf_clear(&a->trust_pem);
	buf_clear(&a->tls_pem);
	buf_clear(&a->chain_pem);
	free(a);
}

enum status authority_load(struct authority **out, const char *dir, struct error *e)
{
	struct authority *a = calloc(1, sizeof(*a));
	enum status st = a ? read_certificates(a, dir, e) : error_set(e, STATUS_NOMEM, "out of memory");

	if (st == STATUS_OK)
		st = key_file_read(&a->tls_key, dir, "tls.key", e);
	if (st == STATUS_OK && !cert_is_for(buf_text(&a->tls_pem), a->tls_key))
		st = error_set(e, STATUS_INVALID, "tls.key is not the key of tls.crt; make a new one with: qip-server certificates %s --renew", dir);
	if (st == STATUS_OK)
		st = cert_fingerprint(a->ca_fingerprint, buf_text(&a->ca_pem), e);
	if (st == STATUS_OK)
		st = set_told(a, e);
	if (st != STATUS_OK) {
		if (a)
			clear(a);
		return st;
	}
	atomic_init(&a->holders, 1);
	*out = a;
	return STATUS_OK;
}

void authority_release(struct authority *a)
{
	if (a && atomic_fetch_sub(&a->holders, 1) == 1)
		clear(a);
}

void authority_slot_init(struct authority_slot *s, struct authority *a)
{
	(void)pthread_mutex_init(&s->mutex, NULL);
	s->now = a;
}

void authority_slot_put(struct authority_slot *s, struct authority *a)
{
	struct authority *before = NULL;

	(void)pthread_mutex_lock(&s->mutex);
	before = s->now;
	s->now = a;
	(void)pthread_mutex_unlock(&s->mutex);
	authority_release(before);
}

struct authority *authority_slot_hold(struct authority_slot *s)
{
	struct authority *a = NULL;

	(void)pthread_mutex_lock(&s->mutex);
	a = s->now;
	if (a)
		(void)atomic_fetch_add(&a->holders, 1);
	(void)pthread_mutex_unlock(&s->mutex);
	return a;
}

void authority_slot_clear(struct authority_slot *s)
{
	authority_release(s->now);
	s->now = NULL;
	(void)pthread_mutex_destroy(&s->mutex);
}

/* ---- rolling over ---- */

enum status authority_renew(const char *dir, const char *const *names, size_t names_len, const struct env *env, struct error *e)
{
	struct authority a = {.ca_key = NULL};
	enum status st = read_text(&a.ca_pem, dir, "ca.crt", e);

	if (st == STATUS_OK)
		st = read_ca_key(&a, dir, e);
	if (st == STATUS_OK)
		st = key_file_read(&a.tls_key, dir, "tls.key", e);
	if (st == STATUS_OK)
		st = make_tls(dir, &a, names, names_len, env, e);
	key_free(a.ca_key);
	key_free(a.tls_key);
	buf_clear(&a.ca_pem);
	return st;
}

static size_t count(const struct buf *pem)
{
	size_t n = 0;

	for (const char *at = buf_text(pem); (at = strstr(at, PEM_BEGIN)) != NULL; at++)
		n++;
	return n;
}

/* The new key as certified by the authority before it, in front of what leads from that one further back. */
static enum status write_cross(const char *dir, const struct authority *last, const struct cert_request *req, struct error *e)
{
	struct buf cross = BUF_INIT, further = BUF_INIT;
	enum status st = cert_issue(&cross, req, last->ca_key, buf_text(&last->ca_pem), e);

	if (st == STATUS_OK)
		st = read_if_there(&further, dir, "ca.cross.crt", e);
	if (st == STATUS_OK) {
		buf_adds(&cross, first_for(&further, last->ca_key));
		st = buf_ok(&cross) ? write_text(dir, "ca.cross.crt", &cross, e) : error_set(e, STATUS_NOMEM, "out of memory");
	}
	buf_clear(&cross);
	buf_clear(&further);
	return st;
}

static enum status make_next(const char *dir, const struct authority *last, const struct env *env, struct error *e)
{
	char name[64];
	struct cert_request req = {0};
	struct key *key = NULL;
	struct buf pem = BUF_INIT;
	enum status st = key_file_make(&key, dir, "ca.next.key", e);

	req = ca_request(name, key, count(&last->trust_pem) + 1, env);
	if (st == STATUS_OK)
		st = write_cross(dir, last, &req, e);
	if (st == STATUS_OK)
		st = write_text(dir, "ca.old.crt", &last->trust_pem, e);
	if (st == STATUS_OK)
		st = cert_issue(&pem, &req, key, NULL, e);
	if (st == STATUS_OK)
		st = write_text(dir, "ca.crt", &pem, e); /* the turning point */
	key_free(key);
	buf_clear(&pem);
	return st;
}

/* Was a new authority put in place, all but its last steps? */
static bool turned(const char *dir)
{
	struct buf pem = BUF_INIT;
	struct key *next = NULL;
	bool is = read_text(&pem, dir, "ca.crt", NULL) == STATUS_OK && key_file_read(&next, dir, "ca.next.key", NULL) == STATUS_OK &&
		  cert_is_for(buf_text(&pem), next);

	key_free(next);
	buf_clear(&pem);
	return is;
}

static enum status settle_key(const char *dir, struct error *e)
{
	char next[FILE_PATH_MAX], now[FILE_PATH_MAX];
	enum status st = file_path(next, dir, "ca.next.key", e);

	if (st == STATUS_OK)
		st = file_path(now, dir, "ca.key", e);
	if (st == STATUS_OK && rename(next, now) != 0)
		st = error_set_errno(e, errno, "cannot rename %s", next);
	return st == STATUS_OK ? file_sync_dir(dir, e) : st;
}

enum status authority_roll(const char *dir, const char *const *names, size_t names_len, const struct env *env, struct error *e)
{
	struct authority *last = NULL;
	enum status st = STATUS_OK;

	if (!turned(dir)) {
		st = authority_load(&last, dir, e);
		if (st == STATUS_OK)
			st = make_next(dir, last, env, e);
		authority_release(last);
	}
	if (st == STATUS_OK)
		st = authority_renew(dir, names, names_len, env, e);
	return st == STATUS_OK ? settle_key(dir, e) : st;
}

enum status authority_forget(const char *dir, struct error *e)
{
	static const char *const names[] = {"ca.old.crt", "ca.cross.crt"};
	char path[FILE_PATH_MAX];
	enum status st = STATUS_OK;

	for (size_t i = 0; st == STATUS_OK && i < ARRAY_LEN(names); i++) {
		st = file_path(path, dir, names[i], e);
		if (st == STATUS_OK)
			st = file_remove(path, e);
	}
	return st;
}
