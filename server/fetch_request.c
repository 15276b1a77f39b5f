/* server/fetch_request.c - what a client asks of upload-pack. */
#include "server/fetch_request.h"

#include <stdlib.h>
#include <string.h>

#include "core/array.h"
#include "core/pkt.h"
#include "server/commands.h"

#define WORD_LEN 5 /* "want " and "have " */

static enum status add_id(struct oid **list, size_t *len, size_t *cap, size_t max, const struct oid *id,
			  struct error *e)
{
	if (*len == max)
		return error_set(e, STATUS_TOO_BIG, "a fetch may name at most %u ids of a kind", (unsigned)max);
	if (!array_room(list, cap, *len))
		return error_set(e, STATUS_NOMEM, "out of memory");
	(*list)[(*len)++] = *id;
	return STATUS_OK;
}

/* "<word> <id>", with capabilities behind the first want. */
static bool read_id(struct oid *out, const struct pkt *p, const char *word, const char **rest, size_t *rest_len)
{
	if (p->len < WORD_LEN + OID_HEX_LEN || memcmp(p->bytes, word, WORD_LEN) != 0 ||
	    oid_parse(out, p->bytes + WORD_LEN, OID_HEX_LEN) != STATUS_OK)
		return false;
	*rest = p->bytes + WORD_LEN + OID_HEX_LEN;
	*rest_len = p->len - WORD_LEN - OID_HEX_LEN;
	if (*rest_len > 0 && (*rest)[*rest_len - 1] == '\n')
		(*rest_len)--;
	return true;
}

/* ---- shallow clones; the words are the same in both versions ---- */

/* Of git's protocol: no bound. */
#define DEPTH_INFINITE 0x7fffffff

/* The digits behind `word` in a packet: 1 to `max`; 0 for anything else. */
static int64_t read_number(const struct pkt *p, const char *word, int64_t max)
{
	size_t at = strlen(word), len = p->len;
	int64_t n = 0;

	if (len > 0 && p->bytes[len - 1] == '\n')
		len--;
	if (at >= len)
		return 0;
	for (; at < len; at++) {
		int digit = p->bytes[at] - '0';

		if (digit < 0 || digit > 9 || n > (max - digit) / 10)
			return 0;
		n = n * 10 + digit;
	}
	return n;
}

static bool begins_with(const struct pkt *p, const char *word)
{
	size_t len = strlen(word);

	return p->kind == PKT_DATA && p->len > len && memcmp(p->bytes, word, len) == 0;
}

static enum status read_without(struct fetch_depth *d, const struct pkt *p, const char *word, struct error *e)
{
	size_t skip = strlen(word), len = p->len - skip;

	if (d->without_len == LIMIT_DEEPEN_NOT)
		return error_set(e, STATUS_TOO_BIG, "a fetch may leave out the history of %d refs at most",
				 LIMIT_DEEPEN_NOT);
	if (p->bytes[p->len - 1] == '\n')
		len--;
	d->without[d->without_len].name = p->bytes + skip;
	d->without[d->without_len++].len = len;
	return STATUS_OK;
}

static enum status check_depth(const struct fetch_depth *d, struct error *e)
{
	if (d->commits > 0 && (d->since_s > 0 || d->without_len > 0))
		return error_set(e, STATUS_MALFORMED, "deepen goes with neither deepen-since nor deepen-not");
	return STATUS_OK;
}

/* *taken: the packet is one of these words. */
static enum status read_shallow(bool *taken, struct fetch_request *f, const struct pkt *p, struct error *e)
{
	struct fetch_depth *d = &f->depth;
	size_t rest_len = 0;
	struct oid id = {{0}};
	int64_t n = 0;

	*taken = true;
	if (begins_with(p, "shallow ")) {
		rest_len = p->len - strlen("shallow ");
		if (p->bytes[p->len - 1] == '\n')
			rest_len--;
		if (oid_parse(&id, p->bytes + strlen("shallow "), rest_len) != STATUS_OK)
			return error_set(e, STATUS_MALFORMED, "a shallow clone ends at commits, named by their ids");
		return add_id(&f->shallows, &f->shallows_len, &f->shallows_cap, LIMIT_SHALLOWS, &id, e);
	}
	if (begins_with(p, "deepen-not "))
		return read_without(d, p, "deepen-not ", e);
	if (begins_with(p, "deepen-since ")) {
		d->since_s = read_number(p, "deepen-since ", INT64_MAX);
		return d->since_s > 0 ? STATUS_OK : error_set(e, STATUS_MALFORMED, "deepen-since names no time");
	}
	if (begins_with(p, "deepen ")) {
		n = read_number(p, "deepen ", DEPTH_INFINITE);
		d->commits = n == DEPTH_INFINITE ? REPO_DEPTH_ALL : (uint32_t)n;
		return n > 0 ? STATUS_OK : error_set(e, STATUS_MALFORMED, "deepen names no number of commits");
	}
	*taken = false;
	return STATUS_OK;
}

/* ---- version 0 ---- */

static enum status read_want(struct fetch_request *f, const struct pkt *p, struct error *e)
{
	char text[LIMIT_CAPABILITY_BYTES];
	const char *rest = NULL;
	size_t rest_len = 0;
	struct oid id = {{0}};

	if (!read_id(&id, p, "want ", &rest, &rest_len) || (rest_len > 0 && (f->wants_len > 0 || *rest != ' ')))
		return error_set(e, STATUS_MALFORMED, "a fetch begins with the ids that are wanted");
	if (rest_len >= sizeof(text))
		return error_set(e, STATUS_TOO_BIG, "the list of capabilities is too long");
	if (f->wants_len == 0) {
		memcpy(text, rest, rest_len);
		text[rest_len] = 0;
		f->multi_ack = capability_has(text, "multi_ack_detailed");
		f->no_done = capability_has(text, "no-done");
		f->side_band = capability_has(text, "side-band-64k");
		f->include_tag = capability_has(text, "include-tag");
		f->ofs_delta = capability_has(text, "ofs-delta");
		f->depth.relative = capability_has(text, "deepen-relative");
	}
	return add_id(&f->wants, &f->wants_len, &f->wants_cap, LIMIT_WANTS, &id, e);
}

static enum status read_have(struct fetch_request *f, const struct pkt *p, struct error *e)
{
	const char *rest = NULL;
	size_t rest_len = 0;
	struct oid id = {{0}};

	if (!read_id(&id, p, "have ", &rest, &rest_len) || rest_len > 0)
		return error_set(e, STATUS_MALFORMED,
				 "behind the wanted ids a fetch names those that it has, then is done");
	return add_id(&f->haves, &f->haves_len, &f->haves_cap, LIMIT_HAVES, &id, e);
}

/* Before the first flush: wants, then where the clone ends and shall end. */
static enum status read_wish(struct fetch_request *f, const struct pkt *p, struct error *e)
{
	bool taken = false;
	enum status st = f->wants_len > 0 ? read_shallow(&taken, f, p, e) : STATUS_OK;

	return st != STATUS_OK || taken ? st : read_want(f, p, e);
}

static enum status read_all(struct fetch_request *f, const char *bytes, size_t len, struct error *e)
{
	bool wants_done = false;
	enum status st = STATUS_OK;
	struct pkt p = {0};
	size_t at = 0;

	while (st == STATUS_OK && at < len && !f->done && !f->flushed) {
		if (pkt_next(&p, bytes, len, &at) != STATUS_OK)
			return error_set(e, STATUS_MALFORMED, "the request is torn or no sequence of git's packets");
		if (p.kind == PKT_FLUSH && !wants_done)
			wants_done = true;
		else if (p.kind == PKT_FLUSH)
			f->flushed = true;
		else if (p.kind == PKT_DELIM)
			st = error_set(e, STATUS_MALFORMED,
				       "that packet is of version 2 of git's protocol, which was not asked for");
		else if (wants_done && pkt_is(&p, "done"))
			f->done = true;
		else
			st = wants_done ? read_have(f, &p, e) : read_wish(f, &p, e);
	}
	return st;
}

/* ---- version 2 ---- */

/* One argument of the command. Two change nothing: packs are never thin, and there is no progress to tell of. */
static enum status read_argument(struct fetch_request *f, const struct pkt *p, struct error *e)
{
	static const char *const known[] = {"thin-pack", "no-progress",	    "include-tag",
					    "ofs-delta", "deepen-relative", "done", "wait-for-done"};
	const char *rest = NULL;
	size_t rest_len = 0;
	struct oid id = {{0}};
	bool taken = false;
	enum status st = read_shallow(&taken, f, p, e);

	if (st != STATUS_OK || taken)
		return st;
	if (p->kind == PKT_DATA && read_id(&id, p, "want ", &rest, &rest_len) && rest_len == 0)
		return add_id(&f->wants, &f->wants_len, &f->wants_cap, LIMIT_WANTS, &id, e);
	if (p->kind == PKT_DATA && read_id(&id, p, "have ", &rest, &rest_len) && rest_len == 0)
		return add_id(&f->haves, &f->haves_len, &f->haves_cap, LIMIT_HAVES, &id, e);
	f->done = f->done || pkt_is(p, "done");
	f->depth.relative = f->depth.relative || pkt_is(p, "deepen-relative");
	f->include_tag = f->include_tag || pkt_is(p, "include-tag");
	f->wait_for_done = f->wait_for_done || pkt_is(p, "wait-for-done");
	f->ofs_delta = f->ofs_delta || pkt_is(p, "ofs-delta");
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (pkt_is(p, known[i]))
			return STATUS_OK;
	}
	return error_set(e, STATUS_MALFORMED, "a fetch has an argument that this server did not offer");
}

static enum status read_arguments(struct fetch_request *f, const char *bytes, size_t len, struct error *e)
{
	enum status st = STATUS_OK;
	struct pkt p = {0};
	size_t at = 0;

	f->v2 = f->multi_ack = f->side_band = true;
	while (st == STATUS_OK && !f->flushed) {
		if (pkt_next(&p, bytes, len, &at) != STATUS_OK)
			return error_set(e, STATUS_MALFORMED, "the request is torn or no sequence of git's packets");
		if (p.kind == PKT_FLUSH)
			f->flushed = true;
		else
			st = read_argument(f, &p, e);
	}
	return st;
}

/* ---- both ---- */

static enum status parse(struct fetch_request *out, const char *bytes, size_t len, bool v2, struct error *e)
{
	struct fetch_request f = FETCH_REQUEST_INIT;
	enum status st = v2 ? read_arguments(&f, bytes, len, e) : read_all(&f, bytes, len, e);

	if (st == STATUS_OK)
		st = check_depth(&f.depth, e);
	if (st != STATUS_OK) {
		fetch_request_clear(&f);
		return st;
	}
	*out = f;
	return STATUS_OK;
}

enum status fetch_request_parse(struct fetch_request *out, const char *bytes, size_t len, struct error *e)
{
	return parse(out, bytes, len, false, e);
}

enum status fetch_request_parse_v2(struct fetch_request *out, const char *bytes, size_t len, struct error *e)
{
	return parse(out, bytes, len, true, e);
}

void fetch_request_clear(struct fetch_request *f)
{
	free(f->wants);
	free(f->haves);
	free(f->shallows);
	free(f->commits);
	*f = (struct fetch_request)FETCH_REQUEST_INIT;
}
