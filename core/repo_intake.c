/* core/repo_intake.c - taking a pack in. Bytes enter as they arrive; what leaves is a pack in the repository, or
 * nothing. */
#include "core/repo_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PACK_HEADER_LEN 12

enum intake_state { INTAKE_FEEDING, INTAKE_FINISHED, INTAKE_KEPT, INTAKE_FAILED };

struct repo_intake {
	struct repo *repo;
	struct repo_limits limits;
	enum intake_state state;
	struct pack_scan scan; /* from the pack's header on */
	struct quarantine quarantine;
	git_odb_backend *backend; /* owned; the finished pack, NULL if it is empty */
	uint8_t head[PACK_HEADER_LEN +
		     OID_LEN]; /* the first bytes, until the header is there; all bytes of an empty pack */
	size_t head_len;
	uint64_t received_bytes;
	bool header_read;
	uint32_t objects;
};

/* "PACK", version 2, no objects, SHA-1: what stock git sends when it has nothing to send. */
static const uint8_t empty_pack[PACK_HEADER_LEN + OID_LEN] = {
	'P',  'A',  'C',  'K',	0,    0,    0,	  2,	0,    0,    0,	  0,	0x02, 0x9d, 0x08, 0x82,
	0x3b, 0xd8, 0xa8, 0xea, 0xb5, 0x10, 0xad, 0x6a, 0xc7, 0x5c, 0x82, 0x3c, 0xfd, 0x3e, 0xd3, 0x1e,
};

enum status repo_intake_begin(struct repo_intake **out, struct repo *r, const struct repo_limits *limits,
			      struct error *e)
{
	struct repo_intake *in = calloc(1, sizeof(*in));
	enum status st = STATUS_OK;

	if (!in)
		return error_set(e, STATUS_NOMEM, "no memory to take a pack in");
	in->repo = r;
	in->limits = *limits;
	in->quarantine = (struct quarantine)QUARANTINE_INIT;
	if (limits->cpu_ms)
		in->quarantine.cpu_ns_left = (int64_t)limits->cpu_ms * 1000000;
	st = quarantine_open(&in->quarantine, r, e);
	if (st) {
		free(in);
		return st;
	}
	*out = in;
	return STATUS_OK;
}

static enum status read_header(struct repo_intake *in, struct error *e)
{
	if (memcmp(in->head, empty_pack, 8) != 0)
		return error_set(e, STATUS_MALFORMED, "this is not a git pack of version 2");
	in->objects =
		(uint32_t)in->head[8] << 24 | (uint32_t)in->head[9] << 16 | (uint32_t)in->head[10] << 8 | in->head[11];
	if (in->objects > in->limits.objects)
		return error_set(e, STATUS_TOO_BIG, "the pack holds %u objects; at most %u are allowed",
				 (unsigned)in->objects, (unsigned)in->limits.objects);
	in->header_read = true;
	return pack_scan_begin(&in->scan, in->objects, &in->limits, e);
}

/* What is behind the header. */
static enum status take_objects(struct repo_intake *in, const uint8_t *bytes, size_t len, struct error *e)
{
	enum status st = pack_scan_feed(&in->scan, bytes, len, e);

	return st ? st : quarantine_feed(&in->quarantine, bytes, len, e);
}

/* An empty pack is kept in in->head and compared at the end; libgit2 need not see it. */
static enum status collect_head(struct repo_intake *in, const uint8_t *bytes, size_t len, struct error *e)
{
	size_t want = in->header_read ? sizeof(in->head) : PACK_HEADER_LEN;
	size_t take = want - in->head_len < len ? want - in->head_len : len;
	enum status st = STATUS_OK;

	memcpy(in->head + in->head_len, bytes, take);
	in->head_len += take;
	if (in->header_read) {
		if (take < len)
			return error_set(e, STATUS_MALFORMED, "there are bytes behind the end of the pack");
		return STATUS_OK;
	}
	if (in->head_len < PACK_HEADER_LEN)
		return STATUS_OK;
	st = read_header(in, e);
	if (st)
		return st;
	if (in->objects == 0)
		return collect_head(in, bytes + take, len - take, e);
	st = quarantine_feed(&in->quarantine, in->head, PACK_HEADER_LEN, e);
	return st ? st : take_objects(in, bytes + take, len - take, e);
}

enum status repo_intake_feed(struct repo_intake *in, const void *bytes, size_t len, struct error *e)
{
	enum status st = STATUS_OK;

	if (in->state != INTAKE_FEEDING)
		return error_set(e, STATUS_USAGE, "a pack that is finished takes no more bytes");
	if (len == 0)
		return STATUS_OK;
	if (len > in->limits.pack_bytes - in->received_bytes) {
		in->state = INTAKE_FAILED;
		return error_set(e, STATUS_TOO_BIG, "the pack has more than %llu bytes",
				 (unsigned long long)in->limits.pack_bytes);
	}
	in->received_bytes += len;
	if (in->header_read && in->objects)
		st = take_objects(in, bytes, len, e);
	else
		st = collect_head(in, bytes, len, e);
	if (st)
		in->state = INTAKE_FAILED;
	return st;
}

static enum status open_pack(struct repo_intake *in, struct error *e)
{
	size_t size = strlen(in->quarantine.base) + sizeof(".idx");
	char *path = malloc(size);
	int rc = 0;

	if (!path)
		return error_set(e, STATUS_NOMEM, "no memory to take a pack in");
	(void)snprintf(path, size, "%s.idx", in->quarantine.base);
	rc = git_odb_backend_one_pack(&in->backend, path);
	free(path);
	return rc ? git_failed(e, rc, "the pack cannot be opened") : STATUS_OK;
}

static enum status finish(struct repo_intake *in, struct error *e)
{
	enum status st = STATUS_OK;

	if (!in->header_read)
		return error_set(e, STATUS_MALFORMED, "the pack ends within its header");
	if (in->objects == 0) {
		if (in->head_len != sizeof(empty_pack) || memcmp(in->head, empty_pack, sizeof(empty_pack)) != 0)
			return error_set(e, STATUS_MALFORMED, "the checksum of the empty pack is wrong");
		return STATUS_OK;
	}
	if (in->repo->quarantine)
		return error_set(e, STATUS_USAGE, "one pack is in quarantine already");
	st = quarantine_index(&in->quarantine, e);
	if (!st && in->limits.delta_depth)
		st = pack_check_depth(in->quarantine.base, in->limits.delta_depth, e);
	if (!st)
		st = open_pack(in, e);
	if (!st)
		in->repo->quarantine = in->backend;
	return st;
}

enum status repo_intake_finish(struct repo_intake *in, struct error *e)
{
	enum status st = STATUS_OK;

	if (in->state != INTAKE_FEEDING)
		return error_set(e, STATUS_USAGE, "a pack can be finished once");
	st = finish(in, e);
	in->state = st ? INTAKE_FAILED : INTAKE_FINISHED;
	return st;
}

/* The handle must let go of the pack under its old name before that name is gone. */
static void drop_backend(struct repo_intake *in)
{
	if (!in->backend)
		return;
	if (in->repo->quarantine == in->backend)
		in->repo->quarantine = NULL;
	in->backend->free(in->backend);
	in->backend = NULL;
}

enum status repo_intake_only(struct repo_intake *in, const struct oid *head, struct error *e)
{
	if (in->state != INTAKE_FINISHED)
		return error_set(e, STATUS_USAGE, "only a finished pack can be looked through");
	return in->objects ? pack_check_reached(in->repo, in->backend, in->objects, head, e) : STATUS_OK;
}

enum status repo_intake_keep(struct repo_intake *in, struct error *e)
{
	enum status st = STATUS_OK;

	if (in->state != INTAKE_FINISHED)
		return error_set(e, STATUS_USAGE, "only a finished pack can be kept");
	in->state = INTAKE_FAILED;
	if (in->objects) {
		drop_backend(in);
		st = quarantine_keep(&in->quarantine, in->repo, e);
		if (!st)
			st = repo_refresh(in->repo, e);
	}
	if (!st)
		in->state = INTAKE_KEPT;
	return st;
}

void repo_intake_close(struct repo_intake *in)
{
	if (!in)
		return;
	drop_backend(in);
	pack_scan_end(&in->scan);
	quarantine_close(&in->quarantine);
	free(in);
}
