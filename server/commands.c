/* server/commands.c - the commands in front of a push's pack. */
#include "server/commands.h"

#include <stdlib.h>
#include <string.h>

#include "core/array.h"
#include "core/pkt.h"

bool capability_has(const char *capabilities, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = capabilities; (at = strstr(at, word)) != NULL; at += len) {
		if ((at == capabilities || at[-1] == ' ') && (at[len] == 0 || at[len] == ' '))
			return true;
	}
	return false;
}

static enum status read_capabilities(struct commands *c, const char *bytes, size_t len, struct error *e)
{
	char text[LIMIT_CAPABILITY_BYTES];

	if (len >= sizeof(text))
		return error_set(e, STATUS_TOO_BIG, "the list of capabilities is too long");
	memcpy(text, bytes, len);
	text[len] = 0;
	if (len > 0 && text[len - 1] == '\n')
		text[len - 1] = 0;
	c->report_status = capability_has(text, "report-status");
	c->side_band = capability_has(text, "side-band-64k");
	c->quiet = capability_has(text, "quiet");
	c->atomic = capability_has(text, "atomic");
	return STATUS_OK;
}

static enum status check_name(const char *ref, size_t len, struct error *e)
{
	if (len >= LIMIT_PLAIN_REF_BYTES)
		return error_set(e, STATUS_TOO_BIG, "the name of the ref is too long");
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)ref[i] <= ' ' || ref[i] == 0x7f)
			return error_set(e, STATUS_MALFORMED, "the name of the ref holds strange characters");
	}
	return STATUS_OK;
}

static enum status add_command(struct commands *c, const struct command *cmd, const char *ref, size_t len,
			       struct error *e)
{
	size_t max = c->many ? LIMIT_PLAIN_COMMANDS : LIMIT_COMMANDS;

	if (c->len == max)
		return error_set(e, STATUS_TOO_BIG, "a push may not update more than %zu refs", max);
	if (!array_room(&c->list, &c->cap, c->len))
		return error_set(e, STATUS_NOMEM, "out of memory");
	c->list[c->len] = *cmd;
	c->list[c->len].ref = strndup(ref, len);
	if (!c->list[c->len].ref)
		return error_set(e, STATUS_NOMEM, "out of memory");
	c->len++;
	return STATUS_OK;
}

/* "<old> <new> <ref>", the first with NUL and capabilities behind it. */
static enum status read_command(struct commands *c, const struct pkt *p, struct error *e)
{
	struct command cmd = {.ref = NULL};
	const char *nul = memchr(p->bytes, 0, p->len);
	size_t len = nul ? (size_t)(nul - p->bytes) : p->len, at = 2 * (OID_HEX_LEN + 1);
	enum status st = STATUS_OK;

	if (!nul && len > 0 && p->bytes[len - 1] == '\n')
		len--;
	if (len <= at || p->bytes[OID_HEX_LEN] != ' ' || p->bytes[at - 1] != ' ' ||
	    oid_parse(&cmd.old_id, p->bytes, OID_HEX_LEN) != STATUS_OK ||
	    oid_parse(&cmd.new_id, p->bytes + OID_HEX_LEN + 1, OID_HEX_LEN) != STATUS_OK)
		return error_set(e, STATUS_MALFORMED, "that is no update of a ref");
	st = check_name(p->bytes + at, len - at, e);
	if (st == STATUS_OK)
		st = add_command(c, &cmd, p->bytes + at, len - at, e);
	return st == STATUS_OK && nul && c->len == 1 ? read_capabilities(c, nul + 1, p->len - len - 1, e) : st;
}

/* Before the commands: "shallow <id>". Which they are does not matter: what a new head needs must be here in any case. */
static bool read_shallow(struct commands *c, const struct pkt *p)
{
	static const char word[] = "shallow ";
	size_t skip = sizeof(word) - 1, len = p->len;
	struct oid id;

	if (len > 0 && p->bytes[len - 1] == '\n')
		len--;
	if (c->len > 0 || len != skip + OID_HEX_LEN || memcmp(p->bytes, word, skip) != 0 ||
	    oid_parse(&id, p->bytes + skip, OID_HEX_LEN) != STATUS_OK)
		return false;
	c->shallow = true;
	return true;
}

enum status commands_feed(struct commands *c, const char *bytes, size_t len, size_t *used, struct error *e)
{
	size_t before = c->pending.len, at = 0, max = c->many ? LIMIT_PLAIN_COMMAND_BYTES : LIMIT_COMMAND_BYTES;
	enum status st = STATUS_OK;
	struct pkt p = {0};

	*used = 0;
	if (c->done)
		return STATUS_OK;
	buf_add(&c->pending, bytes, len);
	if (!buf_ok(&c->pending))
		return error_set(e, STATUS_NOMEM, "out of memory");
	while (st == STATUS_OK && !c->done) {
		st = pkt_next(&p, buf_text(&c->pending), c->pending.len, &at);
		if (st == STATUS_NOT_FOUND)
			break;
		if (st == STATUS_OK && p.kind == PKT_FLUSH)
			c->done = true;
		else if (st == STATUS_OK && p.kind == PKT_DATA)
			st = read_shallow(c, &p) ? STATUS_OK : read_command(c, &p, e);
		else
			st = error_set(e, STATUS_MALFORMED, "the push does not begin with packets of commands");
	}
	if (st != STATUS_OK && st != STATUS_NOT_FOUND)
		return st;
	c->bytes += at;
	if (c->bytes + (c->done ? 0 : c->pending.len - at) > max)
		return error_set(e, STATUS_TOO_BIG, "the commands of a push take more than %zu bytes", max);
	*used = c->done ? at - before : len;
	if (c->done)
		buf_clear(&c->pending);
	else
		buf_consume(&c->pending, at);
	return STATUS_OK;
}

void commands_clear(struct commands *c)
{
	for (size_t i = 0; i < c->len; i++)
		free(c->list[i].ref);
	free(c->list);
	buf_clear(&c->pending);
	*c = (struct commands)COMMANDS_INIT;
}
