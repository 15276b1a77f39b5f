/* core/cert.h - X.509 certificates: the server's own small CA, its TLS certificate, and one client certificate a device. */
#ifndef QIP_CORE_CERT_H
#define QIP_CORE_CERT_H

#include <stdbool.h>

#include "core/key.h"

#define CERT_NAMES_MAX 8

enum cert_usage { CERT_CA, CERT_SERVER, CERT_CLIENT };

struct cert_request {
	enum cert_usage usage;
	const char *common_name;           /* device, host, or CA name; letters, digits, '-', '.', ' ' and at most 64 bytes */
	const char *organisation;          /* ODS code, or NULL */
	const char *names[CERT_NAMES_MAX]; /* CERT_SERVER: subjectAltNames; IPv4/IPv6 literals become iPAddress, others dNSName */
	size_t names_len;
	int64_t not_before_ms, not_after_ms; /* Unix time */
	const struct key *subject;           /* public half is enough */
};

/* Append a PEM certificate signed by `issuer` (issuer_pem NULL: self-signed). 128 random bits of serial; key usage and
 * extended key usage (serverAuth or clientAuth) set and critical where RFC 5280 asks. */
enum status cert_issue(struct buf *out, const struct cert_request *req, const struct key *issuer, const char *issuer_pem,
		       struct error *e) MUST_CHECK;

/* A PKCS #10 request in PEM with CN, signed by `key`. */
enum status csr_make(struct buf *out, const struct key *key, const char *common_name, struct error *e) MUST_CHECK;
/* Check the request's own signature (proof of possession) and give its public key. STATUS_MALFORMED, STATUS_UNTRUSTED. */
enum status csr_read(struct key **out, const char *pem, struct error *e) MUST_CHECK;

/* SHA-256 of the DER of the first certificate in `pem`. */
enum status cert_fingerprint(uint8_t out[SHA256_LEN], const char *pem, struct error *e) MUST_CHECK;
/* Is the first certificate for this key? */
bool cert_is_for(const char *pem, const struct key *key);
/* End of validity of the first certificate. */
enum status cert_not_after(int64_t *unix_ms, const char *pem, struct error *e) MUST_CHECK;

#endif
