/* server/store_fs_handles.c - handles on repositories, kept from one transaction to the next: opening one costs a small push
 * more than writing its pack.
 *
 * A handle is kept only after a transaction that went well, and used no more once packs were joined since it was opened:
 * it would go on looking for objects in packs whose bytes are deleted some time later. Before it is used again it looks
 * for the packs that came meanwhile, as one that is opened does. So nobody can tell it from a new one. At rest none is
 * kept: libgit2 has a pack mapped as long as any handle knows it.
 */
#include "server/store_fs.h"

static void remove_at(struct store_idle *idle, size_t at)
{
	idle->len--;
	for (size_t i = at; i < idle->len; i++)
		idle->list[i] = idle->list[i + 1];
}

/* The last one given, which knows the most packs; .repo is NULL when there is none. */
static struct store_handle take_idle(struct store_history *h)
{
	struct store_idle *idle = &h->store->idle;
	struct store_handle found = {.repo = NULL};

	(void)pthread_mutex_lock(&idle->mutex);
	for (size_t i = idle->len; i-- > 0 && !found.repo;) {
		if (idle->list[i].history != h)
			continue;
		found = idle->list[i];
		remove_at(idle, i);
	}
	(void)pthread_mutex_unlock(&idle->mutex);
	return found;
}

enum status store_fs_handle_take(struct store_handle *out, struct store_history *h, struct error *e)
{
	struct store_handle taken = take_idle(h);
	enum status st = STATUS_OK;

	while (taken.repo &&
	       (taken.joins != atomic_load(&h->joins) || repo_refresh(taken.repo, NULL) != STATUS_OK)) {
		repo_close(taken.repo);
		taken = take_idle(h);
	}
	if (!taken.repo) {
		taken = (struct store_handle){.history = h, .joins = atomic_load(&h->joins)}; /* before it looks for packs */
		st = repo_open(&taken.repo, h->git, e);
	}
	if (st == STATUS_OK)
		*out = taken;
	return st;
}

void store_fs_handle_give(const struct store_handle *handle)
{
	struct store_idle *idle = &handle->history->store->idle;
	struct repo *oldest = NULL;

	repo_discard(handle->repo);
	(void)pthread_mutex_lock(&idle->mutex);
	if (idle->len == STORE_FS_IDLE_MAX) {
		oldest = idle->list[0].repo;
		remove_at(idle, 0);
	}
	idle->list[idle->len++] = *handle;
	(void)pthread_mutex_unlock(&idle->mutex);
	repo_close(oldest);
}

void store_fs_handles_drop(struct store_history *h)
{
	struct store_handle taken = take_idle(h);

	for (; taken.repo; taken = take_idle(h))
		repo_close(taken.repo);
}

void store_rest(struct store_history *h)
{
	struct store_idle *idle = &h->store->idle;
	struct repo *last = NULL;

	do {
		(void)pthread_mutex_lock(&idle->mutex);
		last = idle->len ? idle->list[--idle->len].repo : NULL;
		(void)pthread_mutex_unlock(&idle->mutex);
		repo_close(last);
	} while (last);
}

void store_fs_packs_joined(struct store_history *h)
{
	(void)atomic_fetch_add(&h->joins, 1);
	store_fs_handles_drop(h);
}
