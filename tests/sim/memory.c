/* tests/sim/memory.c - signatures that were found good once in this process need not be worked out again.
 *
 * Five sites, the server, its restarts and the audit check each signature some ten times over, which would be most of what a run costs. The linker
 * sends key_verify here. Only what the product itself found good is remembered, by key, digest and signature: a pure function of the three.
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

enum status __wrap_key_verify(const struct key *key, const uint8_t digest[SHA256_LEN], const uint8_t sig[64])
{
	struct good *slot = &slots[(sig[8] << 8 | sig[9]) % SLOTS];
	struct good asked;
	bool known = false;
	enum status st = STATUS_OK;

	key_fingerprint(asked.key, key);
	memcpy(asked.digest, digest, sizeof(asked.digest));
	memcpy(asked.sig, sig, sizeof(asked.sig));
	(void)pthread_mutex_lock(&lock);
	known = memcmp(slot, &asked, sizeof(asked)) == 0;
	(void)pthread_mutex_unlock(&lock);
	if (known)
		return STATUS_OK;
	st = __real_key_verify(key, digest, sig);
	if (st != STATUS_OK)
		return st;
	(void)pthread_mutex_lock(&lock);
	*slot = asked;
	(void)pthread_mutex_unlock(&lock);
	return STATUS_OK;
}
