/* client/seal_key.c - this device's private half for what is sealed to it, plain or under a passphrase; see seal_key.h. */
#include "client/seal_key.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "client/build.h"
#include "client/files.h"
#include "core/key_pin.h"
#include "core/log.h"
#include "core/seal_secret.h"

#define SCHEMA "seal-key/1"
#define KDF "pbkdf2-hmac-sha256"
#define INFO "qip seal key"
#define SALT_LEN 16
#define ROUNDS 600000       /* OWASP, Password Storage Cheat Sheet, for PBKDF2 with HMAC-SHA-256 */
#define ROUNDS_MAX 10000000 /* a damaged file must not keep a device busy for hours */

/* Either the key itself, or what it is under a passphrase; json is the caller's. */
struct stored {
	uint8_t plain[SEAL_KEY_LEN];
	cJSON *json; /* NULL: plain is the key */
};

static void stored_clear(struct stored *s)
{
	explicit_bzero(s->plain, sizeof(s->plain));
	cJSON_Delete(s->json);
}

static enum status load(struct stored *out, const struct qip *q, struct error *e)
{
	struct stored s = {.json = NULL};
	struct buf text = BUF_SECRET;
	enum status st = files_read(&text, q->dir, HOME_SEAL_KEY, LIMIT_FILE_BYTES, NULL);

	if (st == STATUS_OK && text.len > 0 && text.data[0] == '{')
		st = json_parse(&s.json, buf_text(&text), text.len, NULL);
	else if (st == STATUS_OK)
		st = build_read_bytes32(s.plain, buf_text(&text));
	buf_wipe(&text);
	*out = s;
	explicit_bzero(s.plain, sizeof(s.plain));
	return st == STATUS_OK ? st : home_lacks(q, HOME_SEAL_KEY, e);
}

enum status seal_key_read(uint8_t key[SEAL_KEY_LEN], const struct qip *q, struct error *e)
{
	struct stored s;
	enum status st = STATUS_OK;

	if (q->seal_key_open) {
		memcpy(key, q->seal_key, SEAL_KEY_LEN);
		return STATUS_OK;
	}
	st = load(&s, q, e);
	if (st == STATUS_OK && s.json)
		st = error_set(e, STATUS_DENIED, "this device's key for free text is under a passphrase: give it with --passphrase-file FILE or QIP_PASSPHRASE_FILE");
	if (st == STATUS_OK)
		memcpy(key, s.plain, SEAL_KEY_LEN);
	stored_clear(&s);
	return st;
}

enum status seal_key_is_protected(bool *out, const struct qip *q, struct error *e)
{
	struct stored s;
	enum status st = load(&s, q, e);

	*out = st == STATUS_OK && s.json;
	stored_clear(&s);
	return st;
}

static enum status open_stored(uint8_t key[SEAL_KEY_LEN], const cJSON *json, const char *passphrase)
{
	const char *schema = json_string(json, "schema"), *kdf = json_string(json, "kdf"), *salt_text = json_string(json, "salt");
	const char *sealed_text = json_string(json, "sealed");
	uint8_t secret[SEAL_SECRET_LEN];
	struct buf salt = BUF_INIT, sealed = BUF_INIT, plain = BUF_SECRET;
	int64_t rounds = 0;
	enum status st = STATUS_MALFORMED;

	if (schema && strcmp(schema, SCHEMA) == 0 && kdf && strcmp(kdf, KDF) == 0 && salt_text && sealed_text && json_integer(json, "rounds", &rounds) &&
	    rounds > 0 && rounds <= ROUNDS_MAX)
		st = base64url_decode(&salt, salt_text, strlen(salt_text));
	if (st == STATUS_OK)
		st = base64url_decode(&sealed, sealed_text, strlen(sealed_text));
	if (st == STATUS_OK)
		st = key_pbkdf2(secret, passphrase, strlen(passphrase), salt.data, salt.len, (uint32_t)rounds);
	if (st == STATUS_OK)
		st = seal_secret_open(&plain, secret, INFO, sealed.data, sealed.len);
	if (st == STATUS_OK && plain.len != SEAL_KEY_LEN)
		st = STATUS_MALFORMED;
	if (st == STATUS_OK)
		memcpy(key, plain.data, SEAL_KEY_LEN);
	explicit_bzero(secret, sizeof(secret));
	buf_clear(&salt);
	buf_clear(&sealed);
	buf_wipe(&plain);
	return st;
}

enum status seal_key_unlock(struct qip *q, const char *passphrase, struct error *e)
{
	struct stored s;
	enum status st = load(&s, q, e);

	if (st != STATUS_OK || !s.json || q->seal_key_open)
		goto done;
	st = open_stored(q->seal_key, s.json, passphrase);
	q->seal_key_open = st == STATUS_OK;
	if (st == STATUS_UNTRUSTED)
		st = error_set(e, STATUS_DENIED, "that is not the passphrase of this device's key");
	else if (st == STATUS_MALFORMED)
		st = home_lacks(q, HOME_SEAL_KEY, e);
	else if (st != STATUS_OK)
		st = error_set(e, st, "this device's key for free text cannot be opened: %s", status_text(st));
done:
	stored_clear(&s);
	return st;
}

static enum status build_stored(cJSON **out, const struct qip *q, const uint8_t key[SEAL_KEY_LEN], const char *passphrase)
{
	uint8_t salt[SALT_LEN], secret[SEAL_SECRET_LEN];
	struct buf sealed = BUF_INIT;
	enum status st = q->env->random(q->env->ctx, salt, sizeof(salt));
	cJSON *json = build_object(&st);

	if (st == STATUS_OK)
		st = key_pbkdf2(secret, passphrase, strlen(passphrase), salt, sizeof(salt), ROUNDS);
	if (st == STATUS_OK)
		st = seal_secret(&sealed, secret, INFO, key, SEAL_KEY_LEN);
	if (st == STATUS_OK && !buf_ok(&sealed))
		st = STATUS_NOMEM;
	build_string(&st, json, "schema", SCHEMA);
	build_string(&st, json, "kdf", KDF);
	build_integer(&st, json, "rounds", ROUNDS);
	build_bytes(&st, json, "salt", salt, sizeof(salt));
	build_bytes(&st, json, "sealed", sealed.data, sealed.len);
	explicit_bzero(secret, sizeof(secret));
	buf_clear(&sealed);
	if (st == STATUS_OK)
		*out = json;
	else
		cJSON_Delete(json);
	return st;
}

enum status seal_key_protect(struct qip *q, const char *passphrase, struct error *e)
{
	size_t len = strlen(passphrase);
	uint8_t key[SEAL_KEY_LEN] = {0};
	cJSON *json = NULL;
	enum status st = STATUS_OK;

	if (len < SEAL_KEY_PASSPHRASE_MIN || len > SEAL_KEY_PASSPHRASE_MAX)
		return error_set(e, STATUS_INVALID, "a passphrase has %d to %d characters: three words that do not belong together are easy to remember and hard to guess",
				 SEAL_KEY_PASSPHRASE_MIN, SEAL_KEY_PASSPHRASE_MAX);
	st = seal_key_read(key, q, e);
	if (st != STATUS_OK)
		return st;
	st = build_stored(&json, q, key, passphrase);
	if (st == STATUS_OK)
		st = files_write_json(q->dir, HOME_SEAL_KEY, json, 0600, e);
	else
		st = error_set(e, st, "the key cannot be put under a passphrase: %s", status_text(st));
	explicit_bzero(key, sizeof(key));
	cJSON_Delete(json);
	return st;
}

enum status seal_key_unprotect(struct qip *q, struct error *e)
{
	uint8_t key[SEAL_KEY_LEN] = {0};
	struct buf text = BUF_SECRET;
	bool is_protected = false;
	enum status st = seal_key_is_protected(&is_protected, q, e);

	if (st == STATUS_OK && !is_protected)
		st = error_set(e, STATUS_NOT_FOUND, "this device's key is under no passphrase");
	if (st == STATUS_OK)
		st = seal_key_read(key, q, e);
	if (st != STATUS_OK)
		return st;
	base64url_encode(&text, key, sizeof(key));
	st = buf_ok(&text) ? files_write(q->dir, HOME_SEAL_KEY, text.data, text.len, 0600, e) : error_set(e, STATUS_NOMEM, "out of memory");
	explicit_bzero(key, sizeof(key));
	buf_wipe(&text);
	return st;
}

static void guard(const struct qip *q, const char *name)
{
	struct stat s;

	if (fstatat(q->dir, name, &s, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(s.st_mode) || (s.st_mode & 077) == 0)
		return;
	if (fchmodat(q->dir, name, 0600, 0) == 0)
		log_line(LOG_LEVEL_WARN, "other accounts of this machine could read a key of this device: it is closed to them now; if they may have, revoke the device and join a new one",
			 "file", name, NULL);
	else
		log_line(LOG_LEVEL_WARN, "other accounts of this machine can read a key of this device: close it to them (chmod 600)", "file", name, NULL);
}

void seal_key_guard(const struct qip *q)
{
	guard(q, HOME_KEY);
	guard(q, HOME_SEAL_KEY);
}
