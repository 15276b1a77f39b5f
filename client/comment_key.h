/* client/comment_key.h - the key pair that patients' free text is sealed to: made by a manager, the private half wrapped to each reader. */
#ifndef QIP_CLIENT_COMMENT_KEY_H
#define QIP_CLIENT_COMMENT_KEY_H

#include "client/home.h"

struct comment_reader {
	const char *device;
	const uint8_t *seal_key; /* SEAL_KEY_LEN bytes, public */
};

/* A generation to be made; all is borrowed. */
struct comment_key_spec {
	const char *ods;
	int64_t generation;
	const char *by;          /* "root" or the signer's device */
	const struct key *signer;
	int64_t at_ms;
	const struct comment_reader *readers;
	size_t readers_len;
	const uint8_t *recovery; /* public half of the recovery key, SEAL_KEY_LEN bytes; NULL: there is no such paper */
	const cJSON *without;    /* array of the names of devices that it is not for, on purpose; NULL or empty: none */
};
/* The record keys/<generation>.json of a fresh pair; the caller's. The private half is nowhere but wrapped in it. */
enum status comment_key_make(cJSON **out, const struct comment_key_spec *spec, struct error *e) MUST_CHECK;

/* STATUS_DENIED, with words, unless this is a manager's device. */
enum status comment_key_check_manager(const struct qip *q, struct error *e) MUST_CHECK;
/* Whether a device is one that patients' free text is for, and that has not ended. */
bool comment_key_may_read(const struct device *d);
/* Add a reader to `wrapped`, which has no entry for it. */
enum status comment_key_wrap(cJSON *wrapped, const char *ods, int64_t generation, const uint8_t private_key[SEAL_KEY_LEN],
			     const struct comment_reader *reader, struct error *e) MUST_CHECK;

struct comment_key {
	int64_t generation;
	uint8_t public_key[SEAL_KEY_LEN];
	bool has_recovery;
	uint8_t recovery[SEAL_KEY_LEN]; /* public half of the recovery key */
};
/* The highest generation that holds along the chain to the root. STATUS_NOT_FOUND when there is none. */
enum status comment_key_find(struct comment_key *out, struct qip *q, struct error *e) MUST_CHECK;
/* Its private half out of what was wrapped to the public half of `secret`, base64url; wipe it. STATUS_UNTRUSTED: that is not what it is. */
enum status comment_key_unwrap(uint8_t private_key[SEAL_KEY_LEN], const char *ods, const cJSON *record, const char *wrapped,
			       const uint8_t secret[SEAL_KEY_LEN], struct error *e) MUST_CHECK;
/* The private half of a generation, unwrapped with this device's seal key; wipe it. STATUS_DENIED: it is not wrapped to this device, or the seal key is
 * locked; STATUS_UNTRUSTED: the generation does not hold along the chain to the root, or what is wrapped is not its private half. */
enum status comment_key_open(uint8_t private_key[SEAL_KEY_LEN], struct qip *q, int64_t generation, struct error *e) MUST_CHECK;
void comment_key_path(char out[TREE_PATH_MAX], int64_t generation);

#endif
