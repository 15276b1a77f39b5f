/* core/head_note.c - what commit messages say to machines: trailers of device commits and of the server's merges. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/head.h"
#include "core/id.h"

void head_email(char out[HEAD_EMAIL_MAX], const char *device, const char *ods)
{
	char low[7] = {0};

	for (size_t i = 0; i + 1 < sizeof(low) && ods[i]; i++)
		low[i] = (char)tolower((unsigned char)ods[i]);
	(void)snprintf(out, HEAD_EMAIL_MAX, "%s@%s.qip.invalid", device, low);
}

enum status head_message_format(struct buf *message, const char *subject, const char *device)
{
	buf_addf(message, "%s\n\nQip-Device: %s\n", subject, device);
	return buf_ok(message) ? STATUS_OK : STATUS_NOMEM;
}

#define ADOPTS "Qip-Adopts: "

enum status head_message_adopt(struct buf *message, const char *subject, const struct oid *adopts, const char *device)
{
	char hex[OID_HEX_LEN + 1];

	oid_hex(hex, adopts);
	buf_addf(message, "%s\n\n" ADOPTS "%s\nQip-Device: %s\n", subject, hex, device);
	return buf_ok(message) ? STATUS_OK : STATUS_NOMEM;
}

/* Behind the subject and the empty line; NULL when there is no such place. */
static const char *trailers_of(const char *message)
{
	const char *end = strstr(message, "\n\n");

	return end && end != message ? end + 2 : NULL;
}

bool head_message_adopts(struct oid *out, const char *message)
{
	const char *at = trailers_of(message);
	size_t label = strlen(ADOPTS);

	return at && strncmp(at, ADOPTS, label) == 0 && strnlen(at + label, OID_HEX_LEN + 1) == OID_HEX_LEN + 1 && at[label + OID_HEX_LEN] == '\n' &&
	       oid_parse(out, at + label, OID_HEX_LEN) == STATUS_OK;
}

bool head_message_names(const char *message, const char *device)
{
	char trailer[NAME_MAX_LEN + 32];
	const char *at = trailers_of(message);
	struct oid adopted;

	if (at && head_message_adopts(&adopted, message))
		at += strlen(ADOPTS) + OID_HEX_LEN + 1;
	(void)snprintf(trailer, sizeof(trailer), "Qip-Device: %s\n", device);
	return at && strcmp(at, trailer) == 0;
}

enum status merge_note_format(struct buf *message, const struct merge_note *n)
{
	const char *kept = buf_text(&n->kept);

	buf_addf(message, "Merge %s\n\nQip-Device: %s\nQip-Received: %s\nQip-Index: %" PRId64 "\nQip-Rules: %d sha256:%s\n", n->device,
		 n->device, n->received, n->index, n->rules_version, n->rules_digest);
	while (*kept) {
		size_t len = strcspn(kept, "\n");

		buf_addf(message, "Qip-Kept: %.*s\n", (int)len, kept);
		kept += len + (kept[len] == '\n');
	}
	return buf_ok(message) ? STATUS_OK : STATUS_NOMEM;
}

/* Copy the rest of the line behind `label` into out and move on. */
static bool take_line(const char **at, const char *label, char *out, size_t size)
{
	size_t label_len = strlen(label), len;

	if (strncmp(*at, label, label_len) != 0)
		return false;
	*at += label_len;
	len = strcspn(*at, "\n");
	if (len == 0 || len >= size || (*at)[len] != '\n')
		return false;
	memcpy(out, *at, len);
	out[len] = '\0';
	*at += len + 1;
	return true;
}

static bool take_number(const char *text, int64_t max, int64_t *out)
{
	char *end;
	int64_t value;

	if (!isdigit((unsigned char)text[0]))
		return false;
	value = strtoll(text, &end, 10);
	if (*end || value > max)
		return false;
	*out = value;
	return true;
}

static bool take_rules(const char *text, struct merge_note *n)
{
	char number[16];
	uint8_t digest[SHA256_LEN];
	size_t len = strcspn(text, " ");
	int64_t version;

	if (len == 0 || len >= sizeof(number) || strncmp(text + len, " sha256:", 8) != 0)
		return false;
	memcpy(number, text, len);
	number[len] = '\0';
	text += len + 8;
	if (!take_number(number, INT32_MAX, &version) || hex_decode(digest, sizeof(digest), text) != STATUS_OK)
		return false;
	n->rules_version = (int)version;
	(void)snprintf(n->rules_digest, sizeof(n->rules_digest), "%s", text);
	return true;
}

static bool parse(struct merge_note *n, const char *at)
{
	char line[TREE_PATH_MAX], subject[NAME_MAX_LEN + 1];
	int64_t received_ms;

	if (!take_line(&at, "Merge ", subject, sizeof(subject)) || *at++ != '\n')
		return false;
	if (!take_line(&at, "Qip-Device: ", n->device, sizeof(n->device)) || strcmp(subject, n->device) != 0)
		return false;
	if (!name_valid(n->device) && strcmp(n->device, "server") != 0)
		return false;
	if (!take_line(&at, "Qip-Received: ", n->received, sizeof(n->received)) || time_parse(&received_ms, n->received) != STATUS_OK)
		return false;
	if (!take_line(&at, "Qip-Index: ", line, sizeof(line)) || !take_number(line, JSON_MAX_INTEGER, &n->index))
		return false;
	if (!take_line(&at, "Qip-Rules: ", line, sizeof(line)) || !take_rules(line, n))
		return false;
	while (take_line(&at, "Qip-Kept: ", line, sizeof(line))) {
		if (strchr(line, ' '))
			return false; /* no path has one: two lines run together */
		buf_addf(&n->kept, "%s\n", line);
	}
	return *at == '\0';
}

enum status merge_note_parse(struct merge_note *out, const char *message, struct error *e)
{
	struct merge_note n = {.kept = BUF_INIT};
	struct buf again = BUF_INIT;
	bool exact = parse(&n, message) && merge_note_format(&again, &n) == STATUS_OK && strcmp(buf_text(&again), message) == 0;

	buf_clear(&again);
	if (!exact) {
		buf_clear(&n.kept);
		return error_set(e, STATUS_MALFORMED, "the merge's message is not as the server writes it");
	}
	*out = n;
	return STATUS_OK;
}
