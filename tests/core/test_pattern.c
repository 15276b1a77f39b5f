/* tests/core/test_pattern.c - patterns say of every text what the C library's expressions say of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/json.h"
#include "core/pattern.h"
#include "core/schema.h"

static uint32_t chance = 1;

static uint32_t next_chance(uint32_t below)
{
	chance = chance * 1664525 + 1013904223;
	return chance / 65536 % below;
}

/* Texts that come near to what the pattern wants: from it itself, from examples, and altered in a few bytes. */
static void vary(char *out, size_t size, const char *example)
{
	static const char alphabet[] = "0123456789abcdefghijxyzABZ-_:.TZ/+= \n";
	size_t len = strlen(example) < size - 2 ? strlen(example) : size - 2;

	memcpy(out, example, len);
	out[len] = '\0';
	for (uint32_t n = next_chance(4); n > 0; n--) {
		size_t at = len ? next_chance((uint32_t)len) : 0;
		uint32_t how = next_chance(4);

		if (how == 0 && len > 0)
			out[at] = alphabet[next_chance(sizeof(alphabet) - 1)];
		else if (how == 1 && len > 0) {
			memmove(out + at, out + at + 1, len - at);
			len--;
		} else if (how == 2 && len < size - 2) {
			memmove(out + at + 1, out + at, len - at + 1);
			out[at] = alphabet[next_chance(sizeof(alphabet) - 1)];
			len++;
		} else {
			len = at;
			out[at] = '\0';
		}
	}
}

static void assert_agrees(const char *pattern)
{
	static const char *const examples[] = {
		"", "01a202fa-c118-77b8-8887-eeef724c26dc", "kib-kiosk", "2026-11-22T11:18:37.206Z", "2026-11-22", "en", "pt-BR", "zh-Hans-CN",
		"a1b2c3", "C82999", "U12345", "12A", "ABC", "E12345678", "set/a name (of one)", "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTY=",
		"-----BEGIN SSH SIGNATURE-----\nU1NI/+\nAA==\n-----END SSH SIGNATURE-----", "aaaaaaab", "abcabcab", "xyxyxx",
	};
	struct pattern *p = NULL;
	regex_t r;

	assert_int_equal(pattern_open(&p, pattern), STATUS_OK);
	assert_int_equal(regcomp(&r, pattern, REG_EXTENDED | REG_NOSUB), 0);
	for (size_t i = 0; i < 4000; i++) {
		char text[200];
		bool fits = false;

		vary(text, sizeof(text), examples[i % ARRAY_LEN(examples)]);
		fits = regexec(&r, text, 0, NULL, 0) == 0;
		if (pattern_fits(p, text) != fits)
			fail_msg("%s: \"%s\" %s", pattern, text, fits ? "fits" : "does not fit");
	}
	regfree(&r);
	pattern_close(p);
}

static void visit_patterns(const cJSON *value)
{
	for (const cJSON *item = value->child; item; item = item->next) {
		if (item->string && strcmp(item->string, "pattern") == 0 && cJSON_IsString(item))
			assert_agrees(item->valuestring);
		visit_patterns(item);
	}
}

static void the_patterns_of_all_schemas_mean_what_others_read_in_them(void **state)
{
	(void)state;
	for (size_t i = 0; schema_file(i); i++) {
		char type[80];
		const char *hyphen = strrchr(schema_file(i), '-');
		struct error e = {0};
		cJSON *schema = NULL;
		const char *text = NULL;

		assert_non_null(hyphen);
		assert_in_range(hyphen - schema_file(i), 1, sizeof(type) - 1);
		memcpy(type, schema_file(i), (size_t)(hyphen - schema_file(i)));
		type[hyphen - schema_file(i)] = '\0';
		text = schema_text(type, atoi(hyphen + 1));
		assert_non_null(text);
		assert_int_equal(json_parse(&schema, text, strlen(text), &e), STATUS_OK);
		visit_patterns(schema);
		cJSON_Delete(schema);
	}
}

static void repetitions_and_choices_mean_what_they_say(void **state)
{
	static const char *const patterns[] = {"^a*b$", "^(ab|ba)+c?$", "^(a|b){2,4}x?$", "^((a|b)c){0,2}a*$", "^a{3}$", "^(abc){1,3}a?b?$",
					       "^[a-c]?[b-d]{2}$", "^(x|xy)+$", "^(a?b?){2}c?$", "^\\.?[0-9-]+$"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(patterns); i++)
		assert_agrees(patterns[i]);
}

static void what_is_read_otherwise_by_others_is_refused(void **state)
{
	static const char *const bad[] = {"", "a", "^a", "a$", "^(a$", "^a)$", "^[a$", "^[]$", "^[^a]$", "^a{}$", "^a{2$", "^a{3,2}$", "^a{0}$", "^*a$", "^a**$",
					  "^a.b$", "^\\d$", "^[\\d]$", "^[[:alpha:]]$", "^a|b$", "^a\\$", "^a^b$", "^a{2,}$"};
	struct pattern *p = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (pattern_open(&p, bad[i]) != STATUS_MALFORMED)
			fail_msg("%s", bad[i]);
	}
	assert_int_equal(pattern_open(&p, "^((a{9}){9}){9}$"), STATUS_TOO_BIG);
	assert_int_equal(pattern_open(&p, "^a{1000}$"), STATUS_TOO_BIG);
	assert_int_equal(pattern_open(&p, "^(((((((((a)))))))))$"), STATUS_TOO_BIG);
	assert_int_equal(pattern_open(&p, "^(a|b)*a(a|b){12}$"), STATUS_TOO_BIG);
	assert_null(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_patterns_of_all_schemas_mean_what_others_read_in_them),
		cmocka_unit_test(repetitions_and_choices_mean_what_they_say),
		cmocka_unit_test(what_is_read_otherwise_by_others_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
