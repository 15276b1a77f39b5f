/* core/cert.c - certificates and requests: from a request's fields to signed PEM, and from PEM to the few facts we
 * need. */
#include "core/cert.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <mbedtls/oid.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crt.h>
#include <mbedtls/x509_csr.h>

#include "core/key_internal.h"

#define PEM_MAX_BYTES 16384
#define SERIAL_LEN 17 /* 1 in front, so that it is positive and never zero, then 128 random bits */
#define NAME_MAX_BYTES 64
#define DNS_NAME_MAX_BYTES 253
#define SUBJECT_MAX (2 * NAME_MAX_BYTES + 16)
#define SAN_MAX_BYTES (CERT_NAMES_MAX * (DNS_NAME_MAX_BYTES + 3))
#define TIME_LEN 15 /* YYYYMMDDhhmmss with NUL */

static bool plain_name(const char *name)
{
	size_t len = strnlen(name, NAME_MAX_BYTES + 1);

	if (len == 0 || len > NAME_MAX_BYTES || name[0] == ' ' || name[len - 1] == ' ')
		return false;
	for (size_t i = 0; i < len; i++)
		if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-. ", name[i]))
			return false;
	return true;
}

static bool dns_name(const char *name)
{
	size_t len = strnlen(name, DNS_NAME_MAX_BYTES + 1);

	return len > 0 && len <= DNS_NAME_MAX_BYTES &&
	       strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.") == len;
}

/* *out is the caller's to free on STATUS_OK only. */
static enum status parse_pem(mbedtls_x509_crt *out, const char *pem, struct error *e)
{
	size_t len = strnlen(pem, PEM_MAX_BYTES);

	mbedtls_x509_crt_init(out);
	if (len < PEM_MAX_BYTES && strstr(pem, "-----BEGIN CERTIFICATE-----") &&
	    mbedtls_x509_crt_parse(out, (const unsigned char *)pem, len + 1) == 0)
		return STATUS_OK;
	mbedtls_x509_crt_free(out);
	return error_set(e, STATUS_MALFORMED, "not a certificate in PEM form");
}

/* ---- extensions (RFC 5280, section 4.2.1), in the little DER that they need ---- */

static void add_tlv(uint8_t *out, size_t *len, uint8_t tag, const void *bytes, size_t n)
{
	out[(*len)++] = tag;
	if (n > 0xff) {
		out[(*len)++] = 0x82;
		out[(*len)++] = (uint8_t)(n >> 8);
	} else if (n > 0x7f) {
		out[(*len)++] = 0x81;
	}
	out[(*len)++] = (uint8_t)n;
	memcpy(out + *len, bytes, n);
	*len += n;
}

static enum status add_names(mbedtls_x509write_cert *crt, const struct cert_request *req, struct error *e)
{
	uint8_t names[SAN_MAX_BYTES], san[SAN_MAX_BYTES + 4];
	size_t names_len = 0, len = 0;

	if (req->names_len == 0 || req->names_len > CERT_NAMES_MAX)
		return error_set(e, STATUS_USAGE, "a server certificate needs 1 to %d names", CERT_NAMES_MAX);
	for (size_t i = 0; i < req->names_len; i++) {
		const char *name = req->names[i];
		uint8_t address[16];

		if (inet_pton(AF_INET, name, address) == 1)
			add_tlv(names, &names_len, 0x87, address, 4);
		else if (inet_pton(AF_INET6, name, address) == 1)
			add_tlv(names, &names_len, 0x87, address, 16);
		else if (dns_name(name))
			add_tlv(names, &names_len, 0x82, name, strlen(name));
		else
			return error_set(e, STATUS_USAGE, "\"%.100s\" is neither a host name nor an address", name);
	}
	add_tlv(san, &len, 0x30, names, names_len);
	if (mbedtls_x509write_crt_set_extension(crt, MBEDTLS_OID_SUBJECT_ALT_NAME,
						MBEDTLS_OID_SIZE(MBEDTLS_OID_SUBJECT_ALT_NAME), 0, san, len) != 0)
		return STATUS_NOMEM;
	return STATUS_OK;
}

static bool add_purpose(mbedtls_x509write_cert *crt, const char *oid, size_t oid_len)
{
	uint8_t purpose[16], list[20];
	size_t purpose_len = 0, len = 0;

	add_tlv(purpose, &purpose_len, 0x06, oid, oid_len);
	add_tlv(list, &len, 0x30, purpose, purpose_len);
	return mbedtls_x509write_crt_set_extension(crt, MBEDTLS_OID_EXTENDED_KEY_USAGE,
						   MBEDTLS_OID_SIZE(MBEDTLS_OID_EXTENDED_KEY_USAGE), 0, list, len) == 0;
}

static enum status add_extensions(mbedtls_x509write_cert *crt, const struct cert_request *req, struct error *e)
{
	bool ca = req->usage == CERT_CA;
	unsigned usage =
		ca ? MBEDTLS_X509_KU_KEY_CERT_SIGN | MBEDTLS_X509_KU_CRL_SIGN : MBEDTLS_X509_KU_DIGITAL_SIGNATURE;

	if (mbedtls_x509write_crt_set_basic_constraints(crt, ca, -1) != 0 ||
	    mbedtls_x509write_crt_set_key_usage(crt, usage) != 0 ||
	    mbedtls_x509write_crt_set_subject_key_identifier(crt) != 0 ||
	    mbedtls_x509write_crt_set_authority_key_identifier(crt) != 0)
		return STATUS_CRYPTO;
	if (req->usage == CERT_CLIENT &&
	    !add_purpose(crt, MBEDTLS_OID_CLIENT_AUTH, MBEDTLS_OID_SIZE(MBEDTLS_OID_CLIENT_AUTH)))
		return STATUS_NOMEM;
	if (req->usage == CERT_SERVER &&
	    !add_purpose(crt, MBEDTLS_OID_SERVER_AUTH, MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH)))
		return STATUS_NOMEM;
	return req->usage == CERT_SERVER ? add_names(crt, req, e) : STATUS_OK;
}

/* ---- fields ---- */

static bool format_time(char out[TIME_LEN], int64_t unix_ms)
{
	time_t seconds = (time_t)(unix_ms / 1000);
	struct tm tm;

	return unix_ms >= 0 && gmtime_r(&seconds, &tm) && tm.tm_year + 1900 <= 9999 &&
	       strftime(out, TIME_LEN, "%Y%m%d%H%M%S", &tm) == TIME_LEN - 1;
}

static enum status set_validity(mbedtls_x509write_cert *crt, const struct cert_request *req, struct error *e)
{
	char from[TIME_LEN], to[TIME_LEN];

	if (req->not_before_ms > req->not_after_ms || !format_time(from, req->not_before_ms) ||
	    !format_time(to, req->not_after_ms))
		return error_set(e, STATUS_USAGE, "a certificate cannot be valid in that time");
	return mbedtls_x509write_crt_set_validity(crt, from, to) == 0 ? STATUS_OK : STATUS_CRYPTO;
}

static bool set_serial(mbedtls_x509write_cert *crt)
{
	unsigned char serial[SERIAL_LEN] = {1};

	if (key_random(NULL, serial + 1, sizeof(serial) - 1) != 0)
		return false;
#if MBEDTLS_VERSION_NUMBER >= 0x03040000
	return mbedtls_x509write_crt_set_serial_raw(crt, serial, sizeof(serial)) == 0;
#else
	mbedtls_mpi number;
	bool ok = false;

	mbedtls_mpi_init(&number);
	ok = mbedtls_mpi_read_binary(&number, serial, sizeof(serial)) == 0 &&
	     mbedtls_x509write_crt_set_serial(crt, &number) == 0;
	mbedtls_mpi_free(&number);
	return ok;
#endif
}

static enum status set_issuer(mbedtls_x509write_cert *crt, const struct key *issuer, const char *issuer_pem,
			      struct error *e)
{
	char name[2 * SUBJECT_MAX];
	mbedtls_x509_crt parent;
	enum status st = parse_pem(&parent, issuer_pem, e);

	if (st)
		return st;
	if (!key_is_pk(issuer, &parent.pk))
		st = error_set(e, STATUS_USAGE, "the authority's certificate is not for the key that is to sign");
	else if (mbedtls_x509_dn_gets(name, sizeof(name), &parent.subject) < 0 ||
		 mbedtls_x509write_crt_set_issuer_name(crt, name) != 0)
		st = error_set(e, STATUS_MALFORMED, "the authority's certificate has a name of another form");
	mbedtls_x509_crt_free(&parent);
	return st;
}

static enum status set_names(mbedtls_x509write_cert *crt, const struct cert_request *req, const struct key *issuer,
			     const char *issuer_pem, struct error *e)
{
	const char *organisation = req->organisation;
	char subject[SUBJECT_MAX];

	if (!plain_name(req->common_name) || (organisation && !plain_name(organisation)))
		return error_set(e, STATUS_USAGE,
				 "a name in a certificate takes 1 to %d letters, digits, '-', '.' and ' '",
				 NAME_MAX_BYTES);
	(void)snprintf(subject, sizeof(subject), "%s%s%sCN=%s", organisation ? "O=" : "",
		       organisation ? organisation : "", organisation ? "," : "", req->common_name);
	if (mbedtls_x509write_crt_set_subject_name(crt, subject) != 0)
		return STATUS_NOMEM;
	if (issuer_pem)
		return set_issuer(crt, issuer, issuer_pem, e);
	return mbedtls_x509write_crt_set_issuer_name(crt, subject) == 0 ? STATUS_OK : STATUS_NOMEM;
}

/* ---- certificates ---- */

static enum status write_certificate(struct buf *out, mbedtls_x509write_cert *crt)
{
	unsigned char pem[PEM_MAX_BYTES];

	if (mbedtls_x509write_crt_pem(crt, pem, sizeof(pem), key_random, NULL) != 0)
		return STATUS_CRYPTO;
	buf_adds(out, (const char *)pem);
	return buf_ok(out) ? STATUS_OK : STATUS_NOMEM;
}

enum status cert_issue(struct buf *out, const struct cert_request *req, const struct key *issuer,
		       const char *issuer_pem, struct error *e)
{
	struct error why = {0};
	mbedtls_pk_context subject_pk, issuer_pk;
	mbedtls_x509write_cert crt;
	enum status st = STATUS_OK;

	mbedtls_x509write_crt_init(&crt);
	mbedtls_pk_init(&issuer_pk);
	st = key_to_pk(&subject_pk, req->subject);
	if (!st)
		st = key_to_pk(&issuer_pk, issuer);
	if (st)
		goto done;
	mbedtls_x509write_crt_set_md_alg(&crt, MBEDTLS_MD_SHA256);
	mbedtls_x509write_crt_set_subject_key(&crt, &subject_pk);
	mbedtls_x509write_crt_set_issuer_key(&crt, &issuer_pk);
	st = set_serial(&crt) ? set_names(&crt, req, issuer, issuer_pem, &why) : STATUS_CRYPTO;
	if (!st)
		st = set_validity(&crt, req, &why);
	if (!st)
		st = add_extensions(&crt, req, &why);
	if (!st)
		st = write_certificate(out, &crt);
done:
	mbedtls_x509write_crt_free(&crt);
	mbedtls_pk_free(&subject_pk);
	mbedtls_pk_free(&issuer_pk);
	return st ? error_set(e, st, "could not issue a certificate: %s", why.text[0] ? why.text : status_text(st))
		  : STATUS_OK;
}

enum status cert_fingerprint(uint8_t out[SHA256_LEN], const char *pem, struct error *e)
{
	mbedtls_x509_crt crt;
	enum status st = parse_pem(&crt, pem, e);

	if (st)
		return st;
	st = sha256(out, crt.raw.p, crt.raw.len);
	mbedtls_x509_crt_free(&crt);
	return st ? error_set(e, st, "could not hash a certificate") : STATUS_OK;
}

bool cert_is_for(const char *pem, const struct key *key)
{
	mbedtls_x509_crt crt;
	bool is = false;

	if (parse_pem(&crt, pem, NULL) != STATUS_OK)
		return false;
	is = key_is_pk(key, &crt.pk);
	mbedtls_x509_crt_free(&crt);
	return is;
}

enum status cert_not_after(int64_t *unix_ms, const char *pem, struct error *e)
{
	mbedtls_x509_crt crt;
	struct tm tm = {0};
	enum status st = parse_pem(&crt, pem, e);

	if (st)
		return st;
	tm.tm_year = crt.valid_to.year - 1900;
	tm.tm_mon = crt.valid_to.mon - 1;
	tm.tm_mday = crt.valid_to.day;
	tm.tm_hour = crt.valid_to.hour;
	tm.tm_min = crt.valid_to.min;
	tm.tm_sec = crt.valid_to.sec;
	*unix_ms = (int64_t)timegm(&tm) * 1000;
	mbedtls_x509_crt_free(&crt);
	return STATUS_OK;
}

/* ---- requests (RFC 2986) ---- */

static enum status write_request(struct buf *out, mbedtls_x509write_csr *csr)
{
	unsigned char pem[2048];

	if (mbedtls_x509write_csr_pem(csr, pem, sizeof(pem), key_random, NULL) != 0)
		return STATUS_CRYPTO;
	buf_adds(out, (const char *)pem);
	return buf_ok(out) ? STATUS_OK : STATUS_NOMEM;
}

enum status csr_make(struct buf *out, const struct key *key, const char *common_name, struct error *e)
{
	char subject[SUBJECT_MAX];
	mbedtls_x509write_csr csr;
	mbedtls_pk_context pk;
	enum status st = STATUS_USAGE;

	if (!plain_name(common_name))
		return error_set(e, st, "\"%.100s\" cannot be the name in a certificate", common_name);
	mbedtls_x509write_csr_init(&csr);
	(void)snprintf(subject, sizeof(subject), "CN=%s", common_name);
	st = key_to_pk(&pk, key);
	if (!st && mbedtls_x509write_csr_set_subject_name(&csr, subject) != 0)
		st = STATUS_NOMEM;
	if (!st) {
		mbedtls_x509write_csr_set_md_alg(&csr, MBEDTLS_MD_SHA256);
		mbedtls_x509write_csr_set_key(&csr, &pk);
		st = write_request(out, &csr);
	}
	mbedtls_x509write_csr_free(&csr);
	mbedtls_pk_free(&pk);
	return st ? error_set(e, st, "could not make a certificate request: %s", status_text(st)) : STATUS_OK;
}

/* mbedTLS parses a request but leaves its signature, the proof that the sender holds the key, to us. */
static enum status check_own_signature(mbedtls_x509_csr *csr)
{
	uint8_t digest[SHA256_LEN];

	if (csr->MBEDTLS_PRIVATE(sig_md) != MBEDTLS_MD_SHA256 || csr->MBEDTLS_PRIVATE(sig_pk) != MBEDTLS_PK_ECDSA)
		return STATUS_MALFORMED;
	if (sha256(digest, csr->cri.p, csr->cri.len) != STATUS_OK)
		return STATUS_CRYPTO;
	if (mbedtls_pk_verify(&csr->pk, MBEDTLS_MD_SHA256, digest, sizeof(digest), csr->MBEDTLS_PRIVATE(sig).p,
			      csr->MBEDTLS_PRIVATE(sig).len) != 0)
		return STATUS_UNTRUSTED;
	return STATUS_OK;
}

enum status csr_read(struct key **out, const char *pem, struct error *e)
{
	size_t len = strnlen(pem, PEM_MAX_BYTES);
	struct key *key = NULL;
	mbedtls_x509_csr csr;
	enum status st = STATUS_MALFORMED;

	mbedtls_x509_csr_init(&csr);
	if (len < PEM_MAX_BYTES && mbedtls_x509_csr_parse(&csr, (const unsigned char *)pem, len + 1) == 0)
		st = key_from_pk(&key, &csr.pk);
	if (!st)
		st = check_own_signature(&csr);
	if (!st) {
		*out = key;
		key = NULL;
	}
	key_free(key);
	mbedtls_x509_csr_free(&csr);
	if (st == STATUS_UNTRUSTED)
		return error_set(e, st, "the certificate request is not signed by the key that it names");
	return st ? error_set(e, st, "not a certificate request for a P-256 key") : STATUS_OK;
}
