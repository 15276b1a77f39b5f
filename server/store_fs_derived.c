/* server/store_fs_derived.c - refs that derive from main, on local disk. They move in memory with the commit, get into
 * their files when nobody waits any more, and are made durable now and then: what a crash leaves behind is made up from
 * main by who starts next. Under load a device's ref is written once for many pushes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/store_fs.h"

/* NULL: it was not moved since all were durable. */
static struct store_lazy *find(const struct store_history *h, const char *name)
{
	for (size_t i = 0; i < h->lazy_len; i++) {
		if (strcmp(h->lazy[i].ref.name, name) == 0)
			return &h->lazy[i];
	}
	return NULL;
}

/* NULL without memory, or room. */
static struct store_lazy *add(struct store_history *h, const char *name)
{
	if (!h->lazy)
		h->lazy = calloc(STORE_FS_LAZY_MAX, sizeof(*h->lazy));
	if (!h->lazy || h->lazy_len == STORE_FS_LAZY_MAX)
		return NULL;
	(void)snprintf(h->lazy[h->lazy_len].ref.name, LIMIT_REF_BYTES, "%s", name);
	return &h->lazy[h->lazy_len++];
}

enum status store_fs_put_lazily(struct store_history *h, const struct store_ref *ref, struct error *e)
{
	struct store_lazy *lazy = NULL;

	(void)pthread_mutex_lock(&h->mutex);
	lazy = find(h, ref->name);
	if (!lazy)
		lazy = add(h, ref->name);
	if (lazy) {
		lazy->ref.id = ref->id;
		lazy->waits = true;
	}
	(void)pthread_mutex_unlock(&h->mutex);
	return lazy ? STATUS_OK : store_ref_move(h, ref->name, &ref->id, e);
}

const struct store_ref *store_fs_waiting(const struct store_history *h, const char *name)
{
	const struct store_lazy *lazy = find(h, name);

	return lazy && lazy->waits ? &lazy->ref : NULL;
}

void store_fs_written(struct store_history *h, const char *name)
{
	struct store_lazy *lazy = find(h, name);

	if (lazy)
		lazy->waits = false;
}

static enum status write_waiting(struct store_history *h, struct error *e)
{
	enum status st = STATUS_OK;

	for (size_t i = 0; i < h->lazy_len && st == STATUS_OK; i++) {
		struct store_lazy *lazy = &h->lazy[i];

		if (!lazy->waits)
			continue;
		st = repo_ref_put(h->refs, lazy->ref.name, &lazy->ref.id, false, e);
		lazy->waits = st != STATUS_OK;
	}
	return st;
}

enum status store_derived_write(struct store_history *h, struct error *e)
{
	enum status st = STATUS_OK;

	(void)pthread_mutex_lock(&h->mutex);
	st = write_waiting(h, e);
	(void)pthread_mutex_unlock(&h->mutex);
	return st;
}

enum status store_derived_sync(struct store_history *h, struct error *e)
{
	enum status st = STATUS_OK;

	(void)pthread_mutex_lock(&h->mutex);
	st = write_waiting(h, e);
	for (size_t i = 0; i < h->lazy_len && st == STATUS_OK; i++)
		st = repo_ref_sync(h->refs, h->lazy[i].ref.name, e);
	if (st == STATUS_OK)
		h->lazy_len = 0;
	(void)pthread_mutex_unlock(&h->mutex);
	return st;
}
