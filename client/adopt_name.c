/* client/adopt_name.c - see adopt_name.h. */
#include "client/adopt_name.h"

#include <stdio.h>
#include <string.h>

#include "core/digest.h"

#define TIME_DIGITS 13 /* of an id, with the dash between them */

enum status adopt_id(char out[ID_TEXT_LEN + 1], const char *id, const char *device)
{
	static const char digits[] = "0123456789abcdef";
	char text[ID_TEXT_LEN + NAME_MAX_LEN + 16];
	uint8_t hash[SHA256_LEN];
	enum status st = STATUS_OK;

	(void)snprintf(text, sizeof(text), "qip-adopts %.36s %.40s", id, device);
	st = sha256(hash, text, strlen(text));
	if (st != STATUS_OK || !id_valid(id))
		return st == STATUS_OK ? STATUS_INVALID : st;
	memcpy(out, id, ID_TEXT_LEN + 1);
	for (size_t i = 15, n = 0; i < ID_TEXT_LEN; i++) /* behind the time and the version; 19 is the variant */
		if (out[i] != '-' && i != 19)
			out[i] = digits[hash[n++] & 15];
	return STATUS_OK;
}

bool adopt_made(const cJSON *original, const cJSON *claim)
{
	const char *id = json_string(original, "id"), *own = json_string(claim, "id"), *device = json_string(claim, "device");
	char expected[ID_TEXT_LEN + 1];

	return id && own && device && strncmp(id, own, TIME_DIGITS) == 0 && adopt_id(expected, id, device) == STATUS_OK && strcmp(expected, own) == 0;
}

enum status adopt_stamp(cJSON *stamp, struct qip *q)
{
	char at[TIME_TEXT_MAX];
	enum status st = json_set_string(stamp, "device", q->identity.device);

	time_format(at, state_now_ms(&q->state, q->env));
	cJSON_DeleteItemFromObjectCaseSensitive(stamp, "person"); /* only the revoked device says that it was them */
	if (st == STATUS_OK)
		st = json_set_string(stamp, "by", role_text(q->identity.role));
	return st == STATUS_OK ? json_set_string(stamp, "at", at) : st;
}

enum status adopt_claim(cJSON *claim, struct qip *q)
{
	const char *old = json_string(claim, "id");
	char id[ID_TEXT_LEN + 1];
	enum status st = old ? adopt_id(id, old, q->identity.device) : STATUS_INVALID;

	if (st == STATUS_OK)
		st = json_set_string(claim, "id", id);
	return st == STATUS_OK ? adopt_stamp(claim, q) : st;
}
