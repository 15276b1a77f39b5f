/* server/callers.c - the addresses that connections come from. */
#include "server/callers.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS 4096
#define IPV6_PREFIX_LEN 8

struct callers {
	struct caller *slots[SLOTS];
	uint64_t seed; /* so that nobody can choose addresses of one slot */
	size_t len;
};

enum status callers_open(struct callers **out, const struct env *env, struct error *e)
{
	struct callers *c = calloc(1, sizeof(*c));
	enum status st = c ? env->random(env->ctx, (uint8_t *)&c->seed, sizeof(c->seed)) : STATUS_NOMEM;

	if (st != STATUS_OK) {
		free(c);
		return error_set(e, st, "cannot count callers: %s", status_text(st));
	}
	*out = c;
	return STATUS_OK;
}

static void free_all(struct caller *at)
{
	struct caller *next = NULL;

	for (; at; at = next) {
		next = at->next;
		free(at);
	}
}

void callers_close(struct callers *c)
{
	for (size_t i = 0; c && i < SLOTS; i++)
		free_all(c->slots[i]);
	free(c);
}

/* An IPv4 address mapped into IPv6 is the IPv4 address. */
static void key_of(uint8_t key[CALLER_KEY_LEN], const struct sockaddr *addr)
{
	const void *bytes = addr;
	const struct sockaddr_in *v4 = bytes;
	const struct sockaddr_in6 *v6 = bytes;

	memset(key, 0, CALLER_KEY_LEN);
	if (addr->sa_family == AF_INET6 && !IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
		key[CALLER_KEY_LEN - 1] = 6;
		memcpy(key, &v6->sin6_addr, IPV6_PREFIX_LEN);
	} else if (addr->sa_family == AF_INET6) {
		memcpy(key, &v6->sin6_addr.s6_addr[12], 4);
	} else if (addr->sa_family == AF_INET) {
		memcpy(key, &v4->sin_addr, 4);
	}
}

static struct caller **slot_of(struct callers *c, const uint8_t key[CALLER_KEY_LEN])
{
	uint64_t halves[2], mixed = c->seed;

	memcpy(halves, key, sizeof(halves));
	for (int i = 0; i < 2; i++) {
		mixed = (mixed ^ halves[i]) * UINT64_C(0x9e3779b97f4a7c15);
		mixed ^= mixed >> 32;
	}
	return &c->slots[mixed % SLOTS];
}

struct caller *callers_enter(struct callers *c, const struct sockaddr *addr)
{
	uint8_t key[CALLER_KEY_LEN];
	struct caller **slot = NULL, *at = NULL;

	key_of(key, addr);
	slot = slot_of(c, key);
	for (at = *slot; at && memcmp(at->key, key, sizeof(key)) != 0; at = at->next)
		;
	if (!at) {
		at = calloc(1, sizeof(*at));
		if (!at)
			return NULL;
		memcpy(at->key, key, sizeof(key));
		at->next = *slot;
		*slot = at;
		c->len++;
	}
	at->connections++;
	return at;
}

/* Who has no connection and cost nothing of late is forgotten. */
static void forget_idle(struct callers *c, struct caller **at)
{
	while (*at) {
		struct caller *caller = *at;

		if (caller->connections > 0 || caller->busy_us > 0) {
			at = &caller->next;
			continue;
		}
		*at = caller->next;
		free(caller);
		c->len--;
	}
}

void callers_leave(struct callers *c, struct caller *caller)
{
	if (!caller)
		return;
	caller->connections--;
	if (caller->connections == 0 && caller->busy_us == 0)
		forget_idle(c, slot_of(c, caller->key));
}

void callers_tick(struct callers *c)
{
	for (size_t i = 0; i < SLOTS; i++) {
		for (struct caller *at = c->slots[i]; at; at = at->next)
			at->busy_us /= 2;
		forget_idle(c, &c->slots[i]);
	}
}

size_t callers_count(const struct callers *c)
{
	return c->len;
}
