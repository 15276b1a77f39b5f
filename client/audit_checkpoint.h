/* client/audit_checkpoint.h - how far a home's audits came, in its file audit/checkpoint.json ("audit-checkpoint/1",
 * client/schemas/audit-checkpoint-1.json), signed by the home's own device.
 *
 * The next audit trusts it as it would trust itself, and so takes none that this device did not sign, for this practice and root key, and
 * none that is damaged. It holds its own signature (audit_signed.h) and is replaced by one rename: a power cut leaves the one before or the
 * new one.
 */
#ifndef QIP_CLIENT_AUDIT_CHECKPOINT_H
#define QIP_CLIENT_AUDIT_CHECKPOINT_H

#include "client/audit.h"
#include "qip/client.h"

/* root_pin: the first CODE_PIN_LEN bytes of the fingerprint of the root key that the audit is about to trust.
 * STATUS_NOT_FOUND: this home has none. Anything else but STATUS_OK refuses it, in words that say what to do: STATUS_CORRUPT damaged;
 * STATUS_UNTRUSTED unsigned, changed, or of another device, practice or root key; STATUS_UNSUPPORTED a newer program's. */
enum status audit_checkpoint_load(struct audit_checkpoint *out, struct qip *q, const uint8_t *root_pin, struct error *e) MUST_CHECK;
/* Keep what an audit of this home's log reached, durably. Only for one without findings. */
enum status audit_checkpoint_save(struct qip *q, const struct audit *a, struct error *e) MUST_CHECK;
void audit_checkpoint_clear(struct audit_checkpoint *c);

/* The tables that this program merges by, as [{"digest", "version"}, …]; the caller's. NULL: no memory. */
cJSON *audit_rules_json(void);

#endif
