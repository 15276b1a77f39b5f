/* client/audit_certificate.h - a certificate of audit ("audit-certificate/1", client/schemas/audit-certificate-1.json): what was audited, from
 * where to where, and what was found, signed by the auditor's device (audit_signed.h), for people who have no copy of the history.
 */
#ifndef QIP_CLIENT_AUDIT_CERTIFICATE_H
#define QIP_CLIENT_AUDIT_CERTIFICATE_H

#include "client/audit.h"
#include "qip/client.h"

#define AUDIT_CERTIFICATE_MAX_BYTES JSON_MAX_BYTES /* some 300 kB with as many and as long findings as there may be */

/* Write a certificate of an audit of this home's log, with findings or without, to a file of any folder, durably. */
enum status audit_certificate_write(struct qip *q, const struct audit *a, const char *path, struct error *e) MUST_CHECK;

struct audit_certificate {
	cJSON *json;                             /* owned; all that was signed */
	const char *ods, *device, *role, *root, *main, *at; /* borrowed from it, as is all below but the key */
	int64_t index;
	int64_t from;                            /* 0: the whole log was audited */
	const char *from_main, *from_at;         /* "" then */
	bool passed;
	char key_fingerprint[KEY_FINGERPRINT_MAX];
	char key[KEY_SSH_MAX];                   /* whose signature it bears */
};
#define AUDIT_CERTIFICATE_INIT {0}

/* STATUS_OK: it is as it was signed, by the key that it names; whose key that is, audit_certificate_judge says. STATUS_MALFORMED no
 * certificate; STATUS_UNTRUSTED altered; STATUS_UNSUPPORTED a newer program's; STATUS_NOT_FOUND, STATUS_IO, STATUS_TOO_BIG. */
enum status audit_certificate_read(struct audit_certificate *out, const char *path, struct error *e) MUST_CHECK;
void audit_certificate_clear(struct audit_certificate *c);

/* Hold it against a copy of the log that ends at `main`: practice, root key, the auditor's device, key and role, and, as far as the copy goes (*reaches),
 * the places of the log that it names. STATUS_UNTRUSTED in words. */
enum status audit_certificate_judge(bool *reaches, const struct audit_certificate *c, struct repo *r, const struct oid *main,
				    const uint8_t root_pin[CODE_PIN_LEN], struct error *e) MUST_CHECK;

/* Parts of it that are printed as well; the caller's, NULL without memory. */
cJSON *audit_findings_json(const struct audit *a);
cJSON *audit_rooted_json(const struct audit *a);
cJSON *audit_server_keys_json(const struct audit *a);
cJSON *audit_incidents_json(const struct audit *a);
cJSON *audit_settled_json(const struct audit *a);
/* {"index": 0}, or the earlier audit's place with "main", "at" and "counts". */
cJSON *audit_from_json(const struct audit *a);

#endif
