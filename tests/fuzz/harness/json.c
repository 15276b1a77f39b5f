/* tests/fuzz/harness/json.c - JSON of anybody's making before the strict parser, and records before their schemas.
 *
 * A byte that says where a second document begins (0: nowhere; it stands for 256 parts of the input), then the text.
 */
#include <string.h>

#include "core/json.h"
#include "core/schema.h"
#include "tests/fuzz/harness/harness.h"

static void check_text(const struct error *e)
{
	HOLDS(e->text[0] != '\0' && memchr(e->text, '\0', sizeof(e->text)) != NULL);
	for (const char *c = e->text; *c; c++)
		HOLDS((unsigned char)*c >= ' ' && *c != 0x7f); /* it goes to terminals and logs */
}

static void check_error(enum status st, const struct error *e)
{
	HOLDS(st == STATUS_TOO_BIG || st == STATUS_MALFORMED || st == STATUS_FORBIDDEN_FORM);
	check_text(e);
}

/* A record that fits its schema does so, or says why not; its canonical form is judged alike. */
static void check_schema(const cJSON *value, const cJSON *again)
{
	struct error e = {0};
	enum status st = schema_check(value, &e);

	HOLDS(st == STATUS_OK || st == STATUS_INVALID || st == STATUS_UNSUPPORTED);
	if (st != STATUS_OK)
		check_text(&e);
	HOLDS(schema_check(again, NULL) == st);
}

/* The canonical form says the same, is canonical, and is its own canonical form. */
static void check_canonical(const cJSON *value)
{
	struct buf first = BUF_INIT, second = BUF_INIT;
	cJSON *again = NULL;
	enum status st = json_canonical(&first, value);

	HOLDS(st == STATUS_OK);
	if (first.len > JSON_MAX_BYTES) { /* escapes of what came without */
		buf_clear(&first);
		return;
	}
	HOLDS(json_parse_canonical(&again, buf_text(&first), first.len, NULL) == STATUS_OK);
	HOLDS(json_equal(again, value));
	check_schema(value, again);
	HOLDS(json_canonical(&second, again) == STATUS_OK);
	HOLDS(first.len == second.len && memcmp(first.data, second.data, first.len) == 0);
	cJSON_Delete(again);
	buf_clear(&first);
	buf_clear(&second);
}

/* Is it said to be canonical when, and only when, it is written as the canonical form? */
static void check_strictness(const cJSON *value, const char *text, size_t len)
{
	struct buf canonical = BUF_INIT;
	cJSON *again = NULL;
	bool is = false;

	HOLDS(json_canonical(&canonical, value) == STATUS_OK);
	is = canonical.len == len && memcmp(canonical.data, text, len) == 0;
	HOLDS((json_parse_canonical(&again, text, len, NULL) == STATUS_OK) == is);
	cJSON_Delete(again);
	buf_clear(&canonical);
}

/* Read into a pool, alone and beside another document: the same as by itself. */
static void check_pool(enum status st, const cJSON *value, const char *text, size_t len, const cJSON *other, const char *other_text)
{
	struct json_pool pool = JSON_POOL_INIT;
	struct json_reading how = {.pool = &pool, .other = other, .other_bytes = other_text};
	cJSON *read = NULL;

	HOLDS(json_read(&read, text, len, &how, NULL) == st);
	HOLDS(st != STATUS_OK || json_equal(read, value));
	json_pool_clear(&pool);
}

/* Whatever is taken is JSON to a parser that is less strict. */
static void check_other_parser(const char *text, size_t len)
{
	cJSON *value = cJSON_ParseWithLength(text, len);

	HOLDS(value != NULL);
	cJSON_Delete(value);
}

static void check(const char *text, size_t len, const cJSON *other, const char *other_text)
{
	struct error e = {0};
	cJSON *value = NULL;
	enum status st = json_parse(&value, text, len, &e);

	check_pool(st, value, text, len, NULL, NULL);
	if (other)
		check_pool(st, value, text, len, other, other_text);
	if (st != STATUS_OK) {
		HOLDS(value == NULL);
		check_error(st, &e);
		return;
	}
	check_other_parser(text, len);
	check_canonical(value);
	check_strictness(value, text, len);
	cJSON_Delete(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct input in = {bytes, len};
	size_t second = input_byte(&in) * in.len / 256;
	const char *text = in.len ? (const char *)in.at : "";
	cJSON *other = NULL;

	if (second > 0 && json_parse(&other, text, second, NULL) == STATUS_OK) {
		check(text + second, in.len - second, other, text);
		cJSON_Delete(other);
		return 0;
	}
	check(text, in.len, NULL, NULL);
	return 0;
}
