/* core/signature.c - SSHSIG: from bytes to an armored signature, and from an armored signature to a verdict. */
#include "core/signature.h"

#include <string.h>

#include <mbedtls/md.h>

#include "core/key_internal.h"

#define MAGIC "SSHSIG"
#define MAGIC_LEN 6
#define VERSION 1
#define HASH "sha512"
#define HASH_LEN 64
#define BEGIN_LINE "-----BEGIN SSH SIGNATURE-----\n"
#define END_LINE "-----END SSH SIGNATURE-----"
#define COLUMNS 70
#define NUMBER_LEN 32 /* r and s */

/* A part of the bytes being read; p is NULL once something did not fit. */
struct reader {
	const uint8_t *p;
	size_t len;
};

/* A signature taken apart; everything points into the decoded bytes. */
struct parts {
	struct reader key, ns, numbers;
};

/* ---- the SSH wire format (RFC 4251, section 5) ---- */

static void add_u32(struct buf *b, size_t v)
{
	const uint8_t bytes[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};

	buf_add(b, bytes, sizeof(bytes));
}

static void add_string(struct buf *b, const void *bytes, size_t len)
{
	add_u32(b, len);
	buf_add(b, bytes, len);
}

/* No leading zeros, but one where the first bit would make the number negative. */
static void add_mpint(struct buf *b, const uint8_t number[NUMBER_LEN])
{
	size_t skip = 0;
	bool high = false;

	while (skip < NUMBER_LEN && number[skip] == 0)
		skip++;
	high = skip < NUMBER_LEN && (number[skip] & 0x80);
	add_u32(b, NUMBER_LEN - skip + high);
	if (high)
		buf_addc(b, '\0');
	buf_add(b, number + skip, NUMBER_LEN - skip);
}

static struct reader take(struct reader *r, size_t len)
{
	struct reader taken = {NULL, 0};

	if (!r->p || r->len < len) {
		r->p = NULL;
		return taken;
	}
	taken = (struct reader){r->p, len};
	r->p += len;
	r->len -= len;
	return taken;
}

static uint32_t take_u32(struct reader *r)
{
	struct reader n = take(r, 4);

	return n.p ? (uint32_t)n.p[0] << 24 | (uint32_t)n.p[1] << 16 | (uint32_t)n.p[2] << 8 | n.p[3] : 0;
}

static struct reader take_string(struct reader *r)
{
	uint32_t len = take_u32(r);

	return take(r, len);
}

static bool reader_is(const struct reader *r, const char *text)
{
	return r->p && r->len == strlen(text) && memcmp(r->p, text, r->len) == 0;
}

static bool take_mpint(uint8_t number[NUMBER_LEN], struct reader *r)
{
	struct reader n = take_string(r);

	if (!n.p || n.len == 0 || (n.p[0] & 0x80))
		return false;
	if (n.p[0] == 0) {
		if (n.len == 1 || !(n.p[1] & 0x80))
			return false;
		(void)take(&n, 1);
	}
	if (n.len > NUMBER_LEN)
		return false;
	memset(number, 0, NUMBER_LEN);
	memcpy(number + NUMBER_LEN - n.len, n.p, n.len);
	return true;
}

/* ---- the format (openssh PROTOCOL.sshsig) ---- */

/* What the key signs: not the message but its hash, bound to the namespace. */
static enum status signed_digest(uint8_t out[SHA256_LEN], const char *ns, const void *msg, size_t len)
{
	const mbedtls_md_info_t *md = mbedtls_md_info_from_type(MBEDTLS_MD_SHA512);
	struct buf blob = BUF_INIT;
	uint8_t hash[HASH_LEN];
	enum status st = STATUS_CRYPTO;

	if (mbedtls_md(md, len ? msg : (const void *)"", len, hash) != 0)
		return STATUS_CRYPTO;
	buf_add(&blob, MAGIC, MAGIC_LEN);
	add_string(&blob, ns, strlen(ns));
	add_string(&blob, "", 0);
	add_string(&blob, HASH, strlen(HASH));
	add_string(&blob, hash, sizeof(hash));
	st = buf_ok(&blob) ? sha256(out, blob.data, blob.len) : STATUS_NOMEM;
	buf_clear(&blob);
	return st;
}

static void add_signature(struct buf *b, const uint8_t sig[64])
{
	struct buf numbers = BUF_INIT;
	struct buf signature = BUF_INIT;

	add_mpint(&numbers, sig);
	add_mpint(&numbers, sig + NUMBER_LEN);
	add_string(&signature, KEY_ALGORITHM, strlen(KEY_ALGORITHM));
	add_string(&signature, numbers.data, numbers.len);
	add_string(b, signature.data, signature.len);
	b->failed = b->failed || !buf_ok(&numbers) || !buf_ok(&signature);
	buf_clear(&numbers);
	buf_clear(&signature);
}

static void add_armor(struct buf *out, const struct buf *blob)
{
	struct buf text = BUF_INIT;

	base64_encode(&text, blob->data, blob->len);
	buf_adds(out, BEGIN_LINE);
	for (size_t i = 0; i < text.len; i += COLUMNS) {
		buf_add(out, text.data + i, text.len - i < COLUMNS ? text.len - i : COLUMNS);
		buf_addc(out, '\n');
	}
	buf_adds(out, END_LINE);
	out->failed = out->failed || !buf_ok(blob) || !buf_ok(&text);
	buf_clear(&text);
}

enum status signature_make(struct buf *out, const struct key *key, const char *ns, const void *msg, size_t len,
			   struct error *e)
{
	struct buf blob = BUF_INIT;
	uint8_t digest[SHA256_LEN], sig[64], public_blob[KEY_BLOB_LEN];
	enum status st = signed_digest(digest, ns, msg, len);

	if (!st)
		st = key_sign(sig, key, digest);
	if (st)
		return error_set(e, st, "could not sign: %s", status_text(st));
	key_blob(public_blob, key);
	buf_add(&blob, MAGIC, MAGIC_LEN);
	add_u32(&blob, VERSION);
	add_string(&blob, public_blob, sizeof(public_blob));
	add_string(&blob, ns, strlen(ns));
	add_string(&blob, "", 0);
	add_string(&blob, HASH, strlen(HASH));
	add_signature(&blob, sig);
	add_armor(out, &blob);
	buf_clear(&blob);
	return buf_ok(out) ? STATUS_OK : error_set(e, STATUS_NOMEM, "could not sign: out of memory");
}

/* Append the bytes between the BEGIN and END lines. One newline after END is allowed: ssh-keygen writes it. */
static enum status unarmor(struct buf *blob, const char *text, size_t len)
{
	const size_t begin = strlen(BEGIN_LINE), end = strlen(END_LINE);
	struct buf base64 = BUF_INIT;
	enum status st = STATUS_NOMEM;

	if (len > SIGNATURE_MAX_BYTES)
		return STATUS_MALFORMED;
	if (len > 0 && text[len - 1] == '\n')
		len--;
	if (len < begin + end || memcmp(text, BEGIN_LINE, begin) != 0 || memcmp(text + len - end, END_LINE, end) != 0 ||
	    text[len - end - 1] != '\n')
		return STATUS_MALFORMED;
	for (size_t i = begin; i < len - end; i++)
		if (text[i] != '\n')
			buf_addc(&base64, text[i]);
	if (buf_ok(&base64))
		st = base64_decode(blob, buf_text(&base64), base64.len);
	buf_clear(&base64);
	return st;
}

static enum status take_apart(struct parts *out, const struct buf *blob)
{
	struct reader r = {blob->data, blob->len};
	struct reader magic = take(&r, MAGIC_LEN);
	uint32_t version = take_u32(&r);
	struct reader key = take_string(&r);
	struct reader ns = take_string(&r);
	struct reader reserved = take_string(&r);
	struct reader hash = take_string(&r);
	struct reader signature = take_string(&r);
	struct reader algorithm = take_string(&signature);
	struct reader numbers = take_string(&signature);

	if (!reader_is(&magic, MAGIC) || version != VERSION || !reader_is(&reserved, "") || !reader_is(&hash, HASH) ||
	    !reader_is(&algorithm, KEY_ALGORITHM) || !numbers.p || signature.len != 0 || r.len != 0)
		return STATUS_MALFORMED;
	*out = (struct parts){key, ns, numbers};
	return STATUS_OK;
}

/* Decode into `blob` and point `out` into it. */
static enum status read_signature(struct parts *out, struct buf *blob, const char *armored, size_t len, struct error *e)
{
	enum status st = unarmor(blob, armored, len);

	if (!st)
		st = take_apart(out, blob);
	return st ? error_set(e, st, "not an SSH signature with " KEY_ALGORITHM " and " HASH) : STATUS_OK;
}

static enum status verify(struct parts *p, const struct key *key, const char *ns, const void *msg, size_t len,
			  struct error *e)
{
	uint8_t digest[SHA256_LEN], sig[64], public_blob[KEY_BLOB_LEN];
	enum status st = STATUS_OK;

	if (!take_mpint(sig, &p->numbers) || !take_mpint(sig + NUMBER_LEN, &p->numbers) || p->numbers.len != 0)
		return error_set(e, STATUS_MALFORMED, "the numbers of the signature are not in their one form");
	key_blob(public_blob, key);
	if (p->key.len != KEY_BLOB_LEN || memcmp(p->key.p, public_blob, KEY_BLOB_LEN) != 0)
		return error_set(e, STATUS_UNTRUSTED, "the signature is by another key");
	if (!reader_is(&p->ns, ns))
		return error_set(e, STATUS_UNTRUSTED, "the signature was made for another purpose than \"%s\"", ns);
	st = signed_digest(digest, ns, msg, len);
	if (!st)
		st = key_verify(key, digest, sig);
	if (st == STATUS_UNTRUSTED)
		return error_set(e, st, "the signature does not fit what it is said to sign");
	return st ? error_set(e, st, "could not check a signature: %s", status_text(st)) : STATUS_OK;
}

enum status signature_check(const char *armored, size_t armored_len, const struct key *key, const char *ns,
			    const void *msg, size_t len, struct error *e)
{
	struct buf blob = BUF_INIT;
	struct parts parts;
	enum status st = read_signature(&parts, &blob, armored, armored_len, e);

	if (!st)
		st = verify(&parts, key, ns, msg, len, e);
	buf_clear(&blob);
	return st;
}

enum status signature_signer(char out[KEY_SSH_MAX], const char *armored, size_t len, struct error *e)
{
	struct buf blob = BUF_INIT;
	struct key *key = NULL;
	struct parts parts;
	enum status st = read_signature(&parts, &blob, armored, len, e);

	if (st)
		goto done;
	st = key_from_blob(&key, parts.key.p, parts.key.len);
	if (st)
		(void)error_set(e, st, "the signature names no key of the kind " KEY_ALGORITHM);
	else
		key_ssh(out, key);
done:
	key_free(key);
	buf_clear(&blob);
	return st;
}
