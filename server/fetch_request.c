/* server/fetch_request.c - what a client asks of upload-pack. */
#include "server/fetch_request.h"

#include <stdlib.h>
#include <string.h>

#include "core/pkt.h"
#include "server/commands.h"

#define WORD_LEN 5 /* "want " and "have " */

static enum status add_id(struct oid **list, size_t *len, size_t *cap, size_t max, const struct oid *id,
			  struct error *e)
{
	if (*len == max)
		return error_set(e, STATUS_TOO_BIG, "a fetch may name at most %u ids of a kind", (unsigned)max);
	if (*len == *cap) {
		size_t more = *cap ? *cap * 2 : 16;
		struct oid *grown = realloc(*list, more * sizeof(*grown));

		if (!grown)
			return error_set(e, STATUS_NOMEM, "out of memory");
		*list = grown;
		*cap = more;
	}
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
			st = wants_done ? read_have(f, &p, e) : read_want(f, &p, e);
	}
	return st;
}

/* ---- version 2 ---- */

/* One argument of the command. Packs are never thin, and there is no tag and no progress to tell of. */
static enum status read_argument(struct fetch_request *f, const struct pkt *p, struct error *e)
{
	static const char *const needless[] = {"thin-pack", "no-progress", "include-tag", "ofs-delta"};
	const char *rest = NULL;
	size_t rest_len = 0;
	struct oid id = {{0}};

	if (p->kind == PKT_DATA && read_id(&id, p, "want ", &rest, &rest_len) && rest_len == 0)
		return add_id(&f->wants, &f->wants_len, &f->wants_cap, LIMIT_WANTS, &id, e);
	if (p->kind == PKT_DATA && read_id(&id, p, "have ", &rest, &rest_len) && rest_len == 0)
		return add_id(&f->haves, &f->haves_len, &f->haves_cap, LIMIT_HAVES, &id, e);
	if (pkt_is(p, "done")) {
		f->done = true;
		return STATUS_OK;
	}
	for (size_t i = 0; i < ARRAY_LEN(needless); i++) {
		if (pkt_is(p, needless[i]))
			return STATUS_OK;
	}
	return error_set(e, STATUS_MALFORMED, "a fetch has an argument that this server did not offer");
}

static enum status read_arguments(struct fetch_request *f, const char *bytes, size_t len, struct error *e)
{
	enum status st = STATUS_OK;
	struct pkt p = {0};
	size_t at = 0;

	f->multi_ack = f->side_band = true;
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
	*f = (struct fetch_request)FETCH_REQUEST_INIT;
}
