#include "tests/fuzz/memo.h"

#include <pthread.h>
#include <string.h>

#define SLOTS (1u << 18)

struct mark {
	uint64_t a, b;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct mark marks[SLOTS]; /* an older one gives way */

static void mix(struct mark *m, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;

	for (size_t i = 0; i < len; i++) {
		m->a = (m->a ^ at[i]) * 0x100000001b3u;
		m->b = (m->b + at[i]) * 0x9e3779b97f4a7c15u;
		m->b ^= m->b >> 29;
	}
	m->a = (m->a ^ len) * 0x100000001b3u; /* where one part ends */
}

static struct mark mark_of(const struct key *key, const char *ns, const void *msg, size_t len, const char *armored, size_t armored_len)
{
	struct mark m = {0xcbf29ce484222325u, 1};
	char line[KEY_SSH_MAX];

	key_ssh(line, key);
	mix(&m, line, strlen(line));
	mix(&m, ns, strlen(ns));
	mix(&m, msg, len);
	mix(&m, armored, armored_len);
	return m;
}

static void put(struct mark m)
{
	(void)pthread_mutex_lock(&lock);
	marks[m.a % SLOTS] = m;
	(void)pthread_mutex_unlock(&lock);
}

void memo_learn(const struct key *key, const char *ns, const void *msg, size_t len, const char *armored, size_t armored_len)
{
	put(mark_of(key, ns, msg, len, armored, armored_len));
}

enum status __real_signature_check(const char *armored, size_t armored_len, const struct key *key, const char *ns, const void *msg, size_t len,
				   struct error *e);
enum status __wrap_signature_check(const char *armored, size_t armored_len, const struct key *key, const char *ns, const void *msg, size_t len,
				   struct error *e);

enum status __wrap_signature_check(const char *armored, size_t armored_len, const struct key *key, const char *ns, const void *msg, size_t len,
				   struct error *e)
{
	struct mark m = mark_of(key, ns, msg, len, armored, armored_len), known;
	enum status st;

	(void)pthread_mutex_lock(&lock);
	known = marks[m.a % SLOTS];
	(void)pthread_mutex_unlock(&lock);
	if (known.a == m.a && known.b == m.b)
		return STATUS_OK;
	st = __real_signature_check(armored, armored_len, key, ns, msg, len, e);
	if (st == STATUS_OK)
		put(m);
	return st;
}

/* Nothing here has to outlive a power cut. */
int __wrap_fsync(int fd);
int __wrap_fsync(int fd)
{
	(void)fd;
	return 0;
}
