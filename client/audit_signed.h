/* client/audit_signed.h - a JSON document with a signature inside: what an audit leaves behind.
 *
 * The member "signature" is an SSHSIG (namespace "qip-audit") over the canonical JSON of all the others, so that one file is both, a
 * rename swaps both at once, and stock ssh-keygen checks it.
 */
#ifndef QIP_CLIENT_AUDIT_SIGNED_H
#define QIP_CLIENT_AUDIT_SIGNED_H

#include "core/json.h"
#include "core/key.h"

#define AUDIT_SIGNATURE "signature"

/* Append the canonical JSON of `document` with its signature, which becomes a member of it. */
enum status audit_sign(struct buf *out, cJSON *document, const struct key *key, struct error *e) MUST_CHECK;

/* Parse, and check the signature against the key that it names, which comes out too: whose that is, is the caller's to know. The document is the
 * caller's, without its signature. STATUS_MALFORMED no JSON object, in any layout; STATUS_UNTRUSTED not signed, or not as it stands. */
enum status audit_read_signed(cJSON **out, char signer[KEY_SSH_MAX], const char *bytes, size_t len, struct error *e) MUST_CHECK;

#endif
