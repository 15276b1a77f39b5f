/* core/signature.h - SSHSIG signatures (openssh PROTOCOL.sshsig), as `ssh-keygen -Y sign` makes and git stores in commits.
 * Message hash SHA-512, signature algorithm ecdsa-sha2-nistp256 (which hashes with SHA-256). */
#ifndef QIP_CORE_SIGNATURE_H
#define QIP_CORE_SIGNATURE_H

#include "core/key.h"

#define SIGNATURE_NAMESPACE_GIT "git"       /* commits */
#define SIGNATURE_NAMESPACE_RECORD "qip"    /* statements inside records */
#define SIGNATURE_NAMESPACE_AUDIT "qip-audit" /* what an audit leaves: its checkpoint, its certificate */
#define SIGNATURE_NAMESPACE_CHECKPOINT "qip-checkpoint" /* how far a device has followed the log, as a text */
#define SIGNATURE_MAX_BYTES 2048

/* Append the armored signature: BEGIN line, base64 at 70 columns, END line, no newline after END. */
enum status signature_make(struct buf *out, const struct key *key, const char *ns, const void *msg, size_t len,
			   struct error *e) MUST_CHECK;

/* STATUS_OK: `armored` is a signature of exactly these bytes, in this namespace, by this key.
 * STATUS_MALFORMED not an SSHSIG of our algorithms; STATUS_UNTRUSTED another key, namespace or message. */
enum status signature_check(const char *armored, size_t armored_len, const struct key *key, const char *ns, const void *msg,
			    size_t len, struct error *e) MUST_CHECK;

/* The public key line that the signature names; says nothing of its validity. */
enum status signature_signer(char out[KEY_SSH_MAX], const char *armored, size_t len, struct error *e) MUST_CHECK;

#endif
