/* server/store_fs_txn.c - objects of the store on local disk: readers, and transactions.
 *
 * What a push sends is kept in memory while it is small: it may be refused, and then no file was written; what is
 * accepted together becomes one pack. A large one waits, as it came, in an unnamed file: what it unpacks to may cost far
 * more than its bytes, and is looked at only by whoever has the time. Then it becomes a pack in a quarantine directory of
 * the repository.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/log.h"
#include "server/file.h"
#include "server/store_fs.h"

#define PIECE_BYTES ((size_t)64 << 10) /* of a file that is read back */

struct store_txn {
	struct store_history *history; /* borrowed */
	struct store_handle handle;
	struct repo *repo; /* the handle's */
	struct buf memory;	    /* the pack so far, while it is small */
	int file;		    /* or, as it came, while it is not taken in; -1 for none */
	size_t file_bytes;	    /* that are, or were, in it; of the store's */
	bool large;		    /* no memory is to be had for it */
	struct repo_intake *intake; /* NULL while no pack on disk is needed */
	bool received;
	bool went_well; /* so the handle may serve another */
	size_t reserved_bytes; /* of the store's memory */
};

static struct repo_limits limits_of(const struct store_txn *t)
{
	const struct limits *l = t->history->store->limits;

	return (struct repo_limits){
		.pack_bytes = (uint64_t)l->push_bytes,
		.objects = (uint32_t)l->push_objects,
		.object_bytes = (uint64_t)l->object_bytes,
		.cpu_ms = (uint32_t)l->push_cpu_ms,
		.inflated_bytes = (uint64_t)l->push_inflated_bytes,
		.delta_depth = (uint32_t)l->delta_depth,
	};
}

enum status store_reader_open(struct repo **out, struct store_history *h, struct error *e)
{
	return repo_open(out, h->git, e);
}

void store_reader_close(struct repo *reader)
{
	repo_close(reader);
}

/* ---- the memory of all transactions ---- */

static bool reserve(struct store_txn *t, size_t bytes)
{
	atomic_size_t *all = &t->history->store->memory_bytes;

	if (bytes <= t->reserved_bytes)
		return true;
	bytes -= t->reserved_bytes;
	if (atomic_fetch_add(all, bytes) + bytes > (size_t)t->history->store->limits->push_memory_bytes) {
		(void)atomic_fetch_sub(all, bytes);
		return false;
	}
	t->reserved_bytes += bytes;
	return true;
}

static void release_memory(struct store_txn *t)
{
	(void)atomic_fetch_sub(&t->history->store->memory_bytes, t->reserved_bytes);
	t->reserved_bytes = 0;
}

/* ---- a transaction ---- */

enum status store_txn_begin(struct store_txn **out, struct store_history *h, struct error *e)
{
	struct store_txn *t = calloc(1, sizeof(*t));
	enum status st = STATUS_OK;

	if (!t)
		return error_set(e, STATUS_NOMEM, "out of memory");
	t->history = h;
	t->file = -1;
	st = store_fs_handle_take(&t->handle, h, e);
	if (st != STATUS_OK) {
		free(t);
		return st;
	}
	t->repo = t->handle.repo;
	*out = t;
	return STATUS_OK;
}

static enum status append(struct store_txn *t, const void *bytes, size_t len, struct error *e)
{
	const struct limits *l = t->history->store->limits;
	atomic_size_t *all = &t->history->store->disk_bytes;

	if (len > (size_t)l->push_bytes || t->file_bytes > (size_t)l->push_bytes - len)
		return error_set(e, STATUS_TOO_BIG, "the pack has more than %lld bytes", (long long)l->push_bytes);
	t->file_bytes += len;
	if (atomic_fetch_add(all, len) + len > (size_t)l->push_disk_bytes)
		return error_set(e, STATUS_BUSY, "large pushes that wait have more than %lld bytes together", (long long)l->push_disk_bytes);
	if (!file_append(t->file, bytes, len))
		return error_set_errno(e, errno, "cannot keep a push in %s", t->history->git);
	return STATUS_OK;
}

/* From memory to a file. */
static enum status spill(struct store_txn *t, struct error *e)
{
	enum status st = repo_intake_file(&t->file, t->repo, e);

	if (st == STATUS_OK)
		st = append(t, t->memory.data, t->memory.len, e);
	t->large = true;
	buf_clear(&t->memory);
	release_memory(t);
	return st;
}

static bool fits_in_memory(struct store_txn *t, size_t len)
{
	return len <= LIMIT_MEMORY_PACK_BYTES - t->memory.len && reserve(t, t->memory.len + len);
}

enum status store_txn_feed(struct store_txn *t, const void *bytes, size_t len, struct error *e)
{
	enum status st = STATUS_OK;

	if (t->intake)
		return repo_intake_feed(t->intake, bytes, len, e);
	if (t->file < 0 && fits_in_memory(t, len)) {
		buf_add(&t->memory, bytes, len);
		return buf_ok(&t->memory) ? STATUS_OK : error_set(e, STATUS_NOMEM, "out of memory");
	}
	if (t->file < 0)
		st = spill(t, e);
	return st == STATUS_OK ? append(t, bytes, len, e) : st;
}

/* STATUS_TOO_BIG: not for memory. */
static enum status unpack(struct store_txn *t, struct error *e)
{
	const struct repo_limits limits = limits_of(t);
	size_t memory_bytes = limits.inflated_bytes < LIMIT_MEMORY_OBJECTS_BYTES ? (size_t)limits.inflated_bytes
										: LIMIT_MEMORY_OBJECTS_BYTES;
	enum status st = repo_unpack(t->repo, t->memory.data, t->memory.len, &limits, memory_bytes, e);

	if (st == STATUS_OK && !reserve(t, t->memory.len + repo_staged_bytes(t->repo))) {
		repo_discard(t->repo);
		st = STATUS_TOO_BIG;
	}
	if (st == STATUS_OK)
		buf_clear(&t->memory);
	return st;
}

enum status store_txn_trust(struct store_txn *t, struct error *e)
{
	static const struct repo_limits own = {
		.pack_bytes = UINT64_MAX, .objects = UINT32_MAX, .object_bytes = LIMIT_BACKUP_OBJECT_BYTES};

	return repo_intake_begin(&t->intake, t->repo, &own, e);
}

static enum status feed_file(struct store_txn *t, struct error *e)
{
	uint8_t *piece = malloc(PIECE_BYTES);
	enum status st = piece ? STATUS_OK : error_set(e, STATUS_NOMEM, "out of memory");

	for (size_t at = 0; st == STATUS_OK && at < t->file_bytes;) {
		ssize_t n = pread(t->file, piece, PIECE_BYTES, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			st = error_set_errno(e, n < 0 ? errno : EIO, "cannot read a push in %s", t->history->git);
		else
			st = repo_intake_feed(t->intake, piece, (size_t)n, e);
		at += n > 0 ? (size_t)n : 0;
	}
	free(piece);
	return st;
}

static void close_file(struct store_txn *t)
{
	if (t->file >= 0)
		(void)close(t->file);
	t->file = -1;
}

/* Into a pack on disk, out of memory or the file. */
static enum status take_in(struct store_txn *t, struct error *e)
{
	const struct repo_limits limits = limits_of(t);
	enum status st = repo_intake_begin(&t->intake, t->repo, &limits, e);

	if (st == STATUS_OK)
		st = t->file < 0 ? repo_intake_feed(t->intake, t->memory.data, t->memory.len, e) : feed_file(t, e);
	close_file(t);
	buf_clear(&t->memory);
	release_memory(t);
	return st;
}

enum status store_txn_unpack(struct store_txn *t, struct error *e)
{
	enum status st = STATUS_OK;

	if (!t->large && !t->intake && t->memory.len > 0) {
		st = unpack(t, e);
		t->large = st == STATUS_TOO_BIG;
	}
	return t->large ? STATUS_OK : st;
}

bool store_txn_is_large(const struct store_txn *t)
{
	return t->large;
}

enum status store_txn_received(struct store_txn *t, struct error *e)
{
	enum status st = store_txn_unpack(t, e);

	if (st == STATUS_OK && t->large && !t->intake)
		st = take_in(t, e);
	if (st == STATUS_OK && t->intake)
		st = repo_intake_finish(t->intake, e);
	t->received = st == STATUS_OK;
	return st;
}

enum status store_txn_only(struct store_txn *t, const struct oid *head, struct error *e)
{
	if (!t->received)
		return STATUS_OK;
	return t->intake ? repo_intake_only(t->intake, head, e) : repo_staged_only(t->repo, head, e);
}

bool store_txn_joins(const struct store_txn *t)
{
	return !t->intake;
}

size_t store_txn_bytes(const struct store_txn *t)
{
	return t->memory.len + repo_staged_bytes(t->repo);
}

enum status store_txn_join(struct store_txn *to, struct store_txn *from, struct error *e)
{
	enum status st = repo_adopt(to->repo, from->repo, e);

	if (st != STATUS_OK)
		return st;
	repo_discard(from->repo);
	from->went_well = true;
	to->reserved_bytes += from->reserved_bytes;
	from->reserved_bytes = 0;
	return STATUS_OK;
}

size_t store_txn_mark(struct store_txn *t)
{
	return repo_mark(t->repo);
}

void store_txn_rollback(struct store_txn *t, size_t mark)
{
	repo_rollback(t->repo, mark);
}

enum status store_txn_refresh(struct store_txn *t, struct error *e)
{
	return repo_refresh(t->repo, e);
}

enum status store_txn_look_again(struct store_txn *t, struct error *e)
{
	return repo_look_again(t->repo, e);
}

struct repo *store_txn_repo(struct store_txn *t)
{
	return t->repo;
}

/* Who moves a ref holds the practice's lock: a ref's own lock is one that a killed program left. */
static enum status move_ref(struct repo *r, const struct store_move *m, struct error *e)
{
	enum status st = repo_ref_update(r, m->ref, &m->id, m->old_id, e);

	if (st != STATUS_BUSY)
		return st;
	repo_ref_unlock(r, m->ref);
	return repo_ref_update(r, m->ref, &m->id, m->old_id, e);
}

enum status store_txn_commit(struct store_txn *t, const struct store_move *move, bool *derived_moved, struct error *e)
{
	struct error later = {STATUS_OK, ""};
	enum status st = STATUS_OK;

	if (t->received && t->intake)
		st = repo_intake_keep(t->intake, e);
	if (st == STATUS_OK)
		st = repo_flush(t->repo, e);
	if (st == STATUS_OK)
		st = move_ref(t->repo, move, e);
	if (st != STATUS_OK)
		return st;
	t->went_well = true;
	*derived_moved = true;
	for (size_t i = 0; i < move->derived_len; i++) {
		const struct store_ref *d = &move->derived[i];

		if (store_fs_put_lazily(t->history, d, &later) == STATUS_OK)
			continue;
		*derived_moved = false;
		log_line(LOG_LEVEL_WARN, "a derived ref lags behind", "ref", d->name, "reason", later.text, NULL);
	}
	return STATUS_OK;
}

enum status store_txn_flush(struct store_txn *t, struct error *e)
{
	return repo_flush(t->repo, e);
}

void store_txn_end(struct store_txn *t)
{
	if (!t)
		return;
	if (t->intake)
		repo_intake_close(t->intake);
	close_file(t);
	(void)atomic_fetch_sub(&t->history->store->disk_bytes, t->file_bytes);
	release_memory(t);
	buf_clear(&t->memory);
	if (t->went_well) {
		store_fs_handle_give(&t->handle);
	} else {
		store_fs_handles_drop(t->history);
		repo_close(t->repo);
	}
	free(t);
}
