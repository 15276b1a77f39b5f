/* tests/fuzz/harness/receive_commands.c - what stands in front of a push's pack.
 *
 * A byte of options, a byte that says how large the pieces are in which it comes, and the bytes: as they are, or lines that are made packets
 * of (an empty one is a flush), so that lengths need not be guessed.
 */
#include <string.h>

#include "core/pkt.h"
#include "server/commands.h"
#include "tests/fuzz/harness/harness.h"

#define OPTION_MANY 1
#define OPTION_LINES 2

static void make_packets(struct buf *out, struct input *in)
{
	while (in->len > 0) {
		size_t len = 0;
		const uint8_t *line = input_until(&len, in, '\n');

		if (len == 0)
			pkt_flush(out);
		else
			pkt_add(out, line, len < PKT_MAX_PAYLOAD ? len : PKT_MAX_PAYLOAD);
	}
	HOLDS(buf_ok(out));
}

/* *used: how many bytes of all were taken for commands. */
static enum status feed(struct commands *c, size_t *used, const struct buf *bytes, size_t piece)
{
	enum status st = STATUS_OK;
	struct error e = {0};

	*used = 0;
	for (size_t at = 0; at < bytes->len && st == STATUS_OK && !c->done; at += piece) {
		size_t len = bytes->len - at < piece ? bytes->len - at : piece, taken = 0;

		st = commands_feed(c, buf_text(bytes) + at, len, &taken, &e);
		HOLDS(st != STATUS_OK || (taken <= len && (c->done || taken == len)));
		HOLDS(st == STATUS_OK || e.text[0]);
		*used += st == STATUS_OK ? taken : 0;
	}
	return st;
}

static void check_form(const struct commands *c)
{
	HOLDS(c->len <= (c->many ? LIMIT_PLAIN_COMMANDS : LIMIT_COMMANDS));
	HOLDS(c->bytes <= (c->many ? LIMIT_PLAIN_COMMAND_BYTES : LIMIT_COMMAND_BYTES));
	for (size_t i = 0; i < c->len; i++) {
		const char *ref = c->list[i].ref;

		HOLDS(ref[0] && strlen(ref) < LIMIT_PLAIN_REF_BYTES);
		for (; *ref; ref++)
			HOLDS((unsigned char)*ref > ' ' && *ref != 0x7f);
	}
}

static void check_same(const struct commands *a, const struct commands *b)
{
	HOLDS(a->len == b->len && a->done == b->done && a->shallow == b->shallow);
	HOLDS(a->report_status == b->report_status && a->side_band == b->side_band && a->quiet == b->quiet && a->atomic == b->atomic);
	for (size_t i = 0; i < a->len; i++) {
		HOLDS(strcmp(a->list[i].ref, b->list[i].ref) == 0);
		HOLDS(oid_equal(&a->list[i].old_id, &b->list[i].old_id) && oid_equal(&a->list[i].new_id, &b->list[i].new_id));
	}
}

/* What was understood, as git would say it. */
static void say_again(struct buf *out, const struct commands *c)
{
	char old_id[OID_HEX_LEN + 1], new_id[OID_HEX_LEN + 1];

	if (c->shallow)
		pkt_addf(out, "shallow %040d", 0);
	for (size_t i = 0; i < c->len; i++) {
		oid_hex(old_id, &c->list[i].old_id);
		oid_hex(new_id, &c->list[i].new_id);
		if (i > 0) {
			pkt_addf(out, "%s %s %s", old_id, new_id, c->list[i].ref);
			continue;
		}
		pkt_addf(out, "%s %s %s%c%s%s%s%s", old_id, new_id, c->list[i].ref, 0, c->report_status ? " report-status" : "",
			 c->side_band ? " side-band-64k" : "", c->quiet ? " quiet" : "", c->atomic ? " atomic" : "");
	}
	pkt_flush(out);
	HOLDS(buf_ok(out));
}

static void check_again(const struct commands *c)
{
	struct commands again = COMMANDS_INIT;
	struct buf out = BUF_INIT;
	size_t used = 0;

	again.many = c->many;
	say_again(&out, c);
	if (out.len <= LIMIT_COMMAND_BYTES) { /* it says all capabilities, which may take more room than what came */
		HOLDS(feed(&again, &used, &out, out.len) == STATUS_OK);
		HOLDS(used == out.len);
		check_same(c, &again);
	}
	commands_clear(&again);
	buf_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct input in = {bytes, len};
	uint8_t options = input_byte(&in);
	size_t piece = 1 + (size_t)input_byte(&in), whole_used = 0, used = 0;
	struct commands whole = COMMANDS_INIT, pieces = COMMANDS_INIT;
	struct buf sent = BUF_INIT;
	enum status st = STATUS_OK;

	whole.many = pieces.many = options & OPTION_MANY;
	if (options & OPTION_LINES)
		make_packets(&sent, &in);
	else
		buf_add(&sent, in.at, in.len);
	if (sent.len == 0)
		return 0;
	st = feed(&whole, &whole_used, &sent, sent.len);
	/* how the network cuts it changes nothing */
	HOLDS((feed(&pieces, &used, &sent, piece) == STATUS_OK) == (st == STATUS_OK));
	if (st == STATUS_OK) {
		HOLDS(used == whole_used);
		check_same(&whole, &pieces);
		check_form(&whole);
	}
	if (st == STATUS_OK && whole.done)
		check_again(&whole);
	commands_clear(&whole);
	commands_clear(&pieces);
	buf_clear(&sent);
	return 0;
}
