#include "tests/fuzz/forge_bytes.h"

#include <stdlib.h>
#include <string.h>

#include "core/json.h"

#define CROWD_MAX_BYTES 600000 /* some more than a record may have */

static void replace(struct buf *b, size_t at, size_t cut, const void *bytes, size_t len)
{
	struct buf out = BUF_INIT;

	buf_add(&out, b->data, at);
	buf_add(&out, bytes, len);
	buf_add(&out, b->data + at + cut, b->len - at - cut);
	buf_clear(b);
	*b = out;
}

static void flip(struct buf *b, struct dice *d)
{
	for (size_t n = 1 + dice_roll(d, 4); n > 0; n--)
		b->data[dice_roll(d, b->len)] ^= (uint8_t)(1u << dice_roll(d, 8));
}

void forge_bytes(struct buf *b, struct dice *d)
{
	static const char *const odd[] = {"\0", "\n", "\r\n", " ", "\"", "{", "[[[[[[[[", "\xff\xfe", "\xc0\x80", "-", "9", "99999999999999999999",
					  "1e400", "\\u0000", "\\ud800", "/", "..", "\t", "null", "\xed\xa0\x80"};
	const char *word = odd[dice_roll(d, ARRAY_LEN(odd))];
	size_t at, len;

	if (b->len == 0) {
		buf_adds(b, "x");
		return;
	}
	at = dice_roll(d, b->len);
	len = 1 + dice_roll(d, b->len - at < 40 ? b->len - at : 40);
	switch (dice_roll(d, 5)) {
	case 0:
		replace(b, at, len, "", 0);
		break;
	case 1:
		replace(b, at, 0, b->data + at, len);
		break;
	case 2:
		replace(b, at, 0, word, word[0] ? strlen(word) : 1);
		break;
	case 3:
		b->len = at; /* what is behind is no part of it any more */
		b->data[at] = '\0';
		break;
	default:
		flip(b, d);
	}
}

/* ---- records ---- */

static cJSON *odd_value(struct dice *d)
{
	static const char *const values[] = {
		"null", "true", "0", "-1", "9007199254740991", "9007199254740992", "1e308", "0.5", "\"\"", "\"server\"", "\"root\"", "\"kib-kiosk\"",
		"\"../../x\"", "\"red\"", "\"2022-02-30\"", "\"2025-11-24T16:00:00.000Z\"", "\"9999-12-31T23:59:59.999Z\"", "[]", "{}", "[[]]",
		"{\"\":{}}", "\"\\u001b[2J\"", "\"\\u202e\"", "\"01920000-0000-7000-8000-000000000001\"", "\"action/1\"", "\"device/1\"", "\"action/2\"",
		"\"nothing/1\"", "{\"likelihood\":9,\"consequence\":0}", "\"ecdsa-sha2-nistp256 AAAA\"",
	};

	return cJSON_Parse(values[dice_roll(d, ARRAY_LEN(values))]);
}

static cJSON *nested(struct dice *d)
{
	cJSON *out = cJSON_CreateTrue();

	for (size_t depth = 1 + dice_roll(d, 200); depth > 0; depth--) {
		cJSON *outer = dice_once_in(d, 2) ? cJSON_CreateArray() : cJSON_CreateObject();

		if (cJSON_IsArray(outer))
			(void)cJSON_AddItemToArray(outer, out);
		else
			(void)cJSON_AddItemToObject(outer, "value", out);
		out = outer;
	}
	return out;
}

/* So many that whatever looks at each against each is felt. */
static cJSON *crowd(const cJSON *of, struct dice *d)
{
	cJSON *out = cJSON_CreateArray();
	char *text = cJSON_PrintUnformatted(of);
	size_t most = CROWD_MAX_BYTES / (text ? strlen(text) + 1 : 1);

	cJSON_free(text);
	for (size_t n = dice_roll(d, most < 2000 ? most + 1 : 2000); n > 0; n--)
		(void)cJSON_AddItemToArray(out, cJSON_Duplicate(of, true));
	return out;
}

static const cJSON *pick_child(const cJSON *of, struct dice *d)
{
	int len = cJSON_GetArraySize(of);

	return len > 0 ? cJSON_GetArrayItem(of, (int)dice_roll(d, (size_t)len)) : NULL;
}

/* In the place of a child, which goes. */
static void put(cJSON *parent, cJSON *child, cJSON *value)
{
	char *name = cJSON_IsObject(parent) ? strdup(child->string) : NULL;

	if (name)
		(void)cJSON_ReplaceItemInObjectCaseSensitive(parent, name, value);
	else
		(void)cJSON_ReplaceItemViaPointer(parent, child, value);
	free(name);
}

static void change_member(cJSON *parent, cJSON *child, struct dice *d)
{
	static const char *const names[] = {"edits", "conflicts", "id", "schema", "device", "seq", "enrolment", "revoked", "invite", "index", "", "status"};
	const char *name = names[dice_roll(d, ARRAY_LEN(names))];
	cJSON *copy = cJSON_Duplicate(child, true);

	switch (dice_roll(d, 7)) {
	case 0:
		cJSON_Delete(cJSON_DetachItemViaPointer(parent, child));
		break;
	case 1:
		put(parent, child, nested(d));
		break;
	case 2:
		put(parent, child, crowd(copy, d));
		break;
	case 3: /* another name of it, or the same again */
		if (cJSON_IsObject(parent))
			(void)cJSON_AddItemToObject(parent, dice_once_in(d, 2) ? child->string : name, cJSON_Duplicate(copy, true));
		else
			(void)cJSON_AddItemToArray(parent, cJSON_Duplicate(copy, true));
		break;
	default:
		put(parent, child, odd_value(d));
	}
	cJSON_Delete(copy);
}

static void change_somewhere(cJSON *root, struct dice *d)
{
	cJSON *parent = root;
	const cJSON *child = pick_child(root, d);

	while (child && (cJSON_IsObject(child) || cJSON_IsArray(child)) && child->child && !dice_once_in(d, 3)) {
		parent = (cJSON *)(uintptr_t)child;
		child = pick_child(parent, d);
	}
	if (child)
		change_member(parent, (cJSON *)(uintptr_t)child, d);
}

void forge_record(struct buf *b, struct dice *d)
{
	cJSON *root = dice_once_in(d, 3) ? NULL : cJSON_Parse(buf_text(b));
	struct buf out = BUF_INIT;
	char *text = NULL;

	if (!root) {
		forge_bytes(b, d);
		return;
	}
	for (size_t n = 1 + dice_roll(d, 2); n > 0; n--)
		change_somewhere(root, d);
	if (json_canonical(&out, root) != STATUS_OK || dice_once_in(d, 8)) {
		buf_reset(&out);
		text = cJSON_PrintUnformatted(root);
		buf_adds(&out, text ? text : "");
		cJSON_free(text);
	}
	cJSON_Delete(root);
	buf_clear(b);
	*b = out;
}
