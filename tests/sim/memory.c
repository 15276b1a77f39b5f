/* tests/sim/memory.c - signatures that were found good once in this process, or made in it, need not be worked out again.
 *
 * Five sites, the server, its restarts and the audit check each signature some ten times over, which would be most of what a run costs. The linker
 * sends key_verify and key_sign here. Only what the product itself found good or made is remembered, by key, digest and signature: a pure function
 * of the three. That what it makes is good is asked by tests/core/test_signature.c.
 */
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "core/key.h"

#define SLOTS 4096

struct good {
	uint8_t key[SHA256_LEN], digest[SHA256_LEN], sig[64];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct good slots[SLOTS];

enum status __real_key_verify(const struct key *key, const uint8_t digest[SHA256_LEN], const uint8_t sig[64]);
enum status __wrap_key_verify(const struct key *key, const uint8_t digest[SHA256_LEN], const uint8_t sig[64]);
enum status __real_key_sign(uint8_t sig[64], const struct key *key, const uint8_t digest[SHA256_LEN]);
enum status __wrap_key_sign(uint8_t sig[64], const struct key *key, const uint8_t digest[SHA256_LEN]);

static struct good *slot_of(struct good *asked, const struct key *key, const uint8_t digest[SHA256_LEN], const uint8_t sig[64])
{
	key_fingerprint(asked->key, key);
	memcpy(asked->digest, digest, sizeof(asked->digest));
	memcpy(asked->sig, sig, sizeof(asked->sig));
	return &slots[(sig[8] << 8 | sig[9]) % SLOTS];
}

static void remember(const struct key *key, const uint8_t digest[SHA256_LEN], const uint8_t sig[64])
{
	struct good good;
	struct good *slot = slot_of(&good, key, digest, sig);

	(void)pthread_mutex_lock(&lock);
	*slot = good;
	(void)pthread_mutex_unlock(&lock);
}

enum status __wrap_key_verify(const struct key *key, const uint8_t digest[SHA256_LEN], const uint8_t sig[64])
{
	struct good asked;
	const struct good *slot = slot_of(&asked, key, digest, sig);
	bool known = false;
	enum status st = STATUS_OK;

	(void)pthread_mutex_lock(&lock);
	known = memcmp(slot, &asked, sizeof(asked)) == 0;
	(void)pthread_mutex_unlock(&lock);
	if (known)
		return STATUS_OK;
	st = __real_key_verify(key, digest, sig);
	if (st == STATUS_OK)
		remember(key, digest, sig);
	return st;
}

enum status __wrap_key_sign(uint8_t sig[64], const struct key *key, const uint8_t digest[SHA256_LEN])
{
	enum status st = __real_key_sign(sig, key, digest);

	if (st == STATUS_OK)
		remember(key, digest, sig);
	return st;
}
