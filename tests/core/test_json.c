#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/json.h"

static enum status parse_text(cJSON **out, const char *text, struct error *e)
{
	return json_parse(out, text, strlen(text), e);
}

static cJSON *must_parse(const char *text)
{
	struct error e = {0};
	cJSON *value = NULL;

	if (parse_text(&value, text, &e) != STATUS_OK)
		fail_msg("%s: %s", text, e.text);
	return value;
}

static void assert_canonical(const char *text, const char *expected)
{
	struct buf out = BUF_INIT;
	cJSON *value = must_parse(text);

	assert_int_equal(json_canonical(&out, value), STATUS_OK);
	assert_string_equal(buf_text(&out), expected);
	cJSON_Delete(value);
	buf_clear(&out);
}

/* ---- nst/JSONTestSuite, https://github.com/nst/JSONTestSuite, MIT (data/json/LICENSE) ---- */

static void read_case(struct buf *out, const char *name)
{
	char path[1024], chunk[4096];
	size_t n = 0;
	FILE *f = NULL;

	snprintf(path, sizeof(path), "%s/json/test_parsing/%s", TEST_DATA, name);
	f = fopen(path, "rb");
	assert_non_null(f);
	buf_reset(out);
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		buf_add(out, chunk, n);
	fclose(f);
	assert_true(buf_ok(out));
}

/* The status of one file, parsed from memory of exactly its size, so that reading past the end is seen. */
static enum status status_of_case(const char *name, struct error *e)
{
	struct buf bytes = BUF_INIT;
	cJSON *value = NULL;
	char *exact = NULL;
	enum status st = STATUS_OK;

	read_case(&bytes, name);
	exact = malloc(bytes.len + (bytes.len == 0));
	assert_non_null(exact);
	if (bytes.len > 0)
		memcpy(exact, bytes.data, bytes.len);
	st = json_parse(&value, exact, bytes.len, e);
	assert_int_equal(st == STATUS_OK, value != NULL);
	cJSON_Delete(value);
	free(exact);
	buf_clear(&bytes);
	return st;
}

static bool in_list(const char *const *list, size_t len, const char *name)
{
	for (size_t i = 0; i < len; i++) {
		if (strcmp(list[i], name) == 0)
			return true;
	}
	return false;
}

/* Visit every file of the suite whose name begins with `prefix`; returns how many. */
static size_t each_case(const char *prefix, void (*check)(const char *name))
{
	DIR *dir = opendir(TEST_DATA "/json/test_parsing");
	struct dirent *entry = NULL;
	size_t n = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0)
			continue;
		check(entry->d_name);
		n++;
	}
	closedir(dir);
	return n;
}

static void check_y(const char *name)
{
	static const char *const outside_the_profile[] = {
		/* fractions, exponents and -0: a whole number has one way to be written, and nothing else is exact everywhere */
		"y_number.json",
		"y_number_0e+1.json",
		"y_number_0e1.json",
		"y_number_double_close_to_zero.json",
		"y_number_int_with_exp.json",
		"y_number_minus_zero.json",
		"y_number_negative_zero.json",
		"y_number_real_capital_e.json",
		"y_number_real_capital_e_neg_exp.json",
		"y_number_real_capital_e_pos_exp.json",
		"y_number_real_exponent.json",
		"y_number_real_fraction_exponent.json",
		"y_number_real_neg_exp.json",
		"y_number_real_pos_exponent.json",
		"y_number_simple_real.json",
		"y_object_extreme_numbers.json",
		"y_structure_lonely_negative_real.json",
		/* a name twice: readers differ in which they take */
		"y_object_duplicated_key.json",
		"y_object_duplicated_key_and_value.json",
		/* U+0000: ends a text in C */
		"y_object_escaped_null_in_key.json",
		"y_string_null_escape.json",
	};
	bool outside = in_list(outside_the_profile, ARRAY_LEN(outside_the_profile), name);
	struct error e = {0};
	enum status st = status_of_case(name, &e);

	if (st != (outside ? STATUS_FORBIDDEN_FORM : STATUS_OK))
		fail_msg("%s: %s (%s)", name, status_text(st), e.text);
}

static void takes_what_the_suite_takes_but_for_the_profile(void **state)
{
	(void)state;
	assert_int_equal(each_case("y_", check_y), 95);
}

static void check_n(const char *name)
{
	static const char *const too_deep[] = {"n_structure_100000_opening_arrays.json", "n_structure_open_array_object.json"};
	bool deep = in_list(too_deep, ARRAY_LEN(too_deep), name);
	struct error e = {0};
	enum status st = status_of_case(name, &e);

	if (st != (deep ? STATUS_TOO_BIG : STATUS_MALFORMED))
		fail_msg("%s: %s (%s)", name, status_text(st), e.text);
	assert_int_equal(e.status, st);
	assert_true(strlen(e.text) > 0);
}

static void refuses_what_the_suite_refuses(void **state)
{
	(void)state;
	assert_int_equal(each_case("n_", check_n), 188);
}

/* What the suite leaves open is outside the profile or no UTF-8; nothing of it is taken, each for its own reason. */
static void check_i(const char *name)
{
	static const char *const outside_the_profile[] = {
		"i_number_double_huge_neg_exp.json",
		"i_number_huge_exp.json",
		"i_number_neg_int_huge_exp.json",
		"i_number_pos_double_huge_exp.json",
		"i_number_real_neg_overflow.json",
		"i_number_real_pos_overflow.json",
		"i_number_real_underflow.json",
		"i_number_too_big_neg_int.json",
		"i_number_too_big_pos_int.json",
		"i_number_very_big_negative_int.json",
		"i_object_key_lone_2nd_surrogate.json",
		"i_string_1st_surrogate_but_2nd_missing.json",
		"i_string_1st_valid_surrogate_2nd_invalid.json",
		"i_string_incomplete_surrogate_and_escape_valid.json",
		"i_string_incomplete_surrogate_pair.json",
		"i_string_incomplete_surrogates_escape_valid.json",
		"i_string_invalid_lonely_surrogate.json",
		"i_string_invalid_surrogate.json",
		"i_string_inverted_surrogates_U+1D11E.json",
		"i_string_lone_second_surrogate.json",
	};
	bool deep = strcmp(name, "i_structure_500_nested_arrays.json") == 0;
	bool outside = in_list(outside_the_profile, ARRAY_LEN(outside_the_profile), name);
	struct error e = {0};
	enum status st = status_of_case(name, &e);

	if (st != (deep ? STATUS_TOO_BIG : outside ? STATUS_FORBIDDEN_FORM : STATUS_MALFORMED))
		fail_msg("%s: %s (%s)", name, status_text(st), e.text);
}

static void takes_nothing_of_what_the_suite_leaves_open(void **state)
{
	(void)state;
	assert_int_equal(each_case("i_", check_i), 35);
}

/* ---- own cases ---- */

static void a_fault_is_named_by_its_json_pointer(void **state)
{
	static const struct {
		const char *text;
		enum status st;
		const char *start; /* of the message */
	} cases[] = {
		{"", STATUS_MALFORMED, "top level: a value is missing"},
		{"[1,2", STATUS_MALFORMED, "top level: a comma or ]"},
		{"{\"a\":[1,{\"b\":tru}]}", STATUS_MALFORMED, "/a/1/b: not JSON"},
		{"{\"a\":{\"b\" 1}}", STATUS_MALFORMED, "/a/b: a colon"},
		{"{\"a\":{b:1}}", STATUS_MALFORMED, "/a: a name in double quotes"},
		{"{\"a\":[\"\xc3(\"]}", STATUS_MALFORMED, "/a/0: not valid UTF-8"},
		{"{\"a\":\"\xed\xa0\x80\"}", STATUS_MALFORMED, "/a: not valid UTF-8"},
		{"{\"a\":\"\xc0\xaf\"}", STATUS_MALFORMED, "/a: not valid UTF-8"},
		{"{\"a\":\"\xf4\x90\x80\x80\"}", STATUS_MALFORMED, "/a: not valid UTF-8"},
		{"{\"a\":1}{", STATUS_MALFORMED, "top level: something follows"},
		{"\xef\xbb\xbf{}", STATUS_MALFORMED, "top level: not JSON"},
		{"{\"a\":{\"x\":1,\"y\":2,\"x\":1}}", STATUS_FORBIDDEN_FORM, "/a/x: the name stands twice"},
		{"{\"a\":1,\"\\u0061\":2}", STATUS_FORBIDDEN_FORM, "/a: the name stands twice"},
		{"{\"a\":[0,1.0]}", STATUS_FORBIDDEN_FORM, "/a/1: only whole numbers"},
		{"{\"a\":1e2}", STATUS_FORBIDDEN_FORM, "/a: only whole numbers"},
		{"{\"a\":-0}", STATUS_FORBIDDEN_FORM, "/a: -0"},
		{"9007199254740992", STATUS_FORBIDDEN_FORM, "top level: the number is too large"},
		{"[-9007199254740992]", STATUS_FORBIDDEN_FORM, "/0: the number is too large"},
		{"[99999999999999999999999999999999999]", STATUS_FORBIDDEN_FORM, "/0: the number is too large"},
		{"[\"\\u0000\"]", STATUS_FORBIDDEN_FORM, "/0: the character U+0000"},
		{"[\"\\ud800\"]", STATUS_FORBIDDEN_FORM, "/0: half of a surrogate pair"},
		{"[\"\\udc00\\ud800\"]", STATUS_FORBIDDEN_FORM, "/0: half of a surrogate pair"},
		{"[\"\\ud800\\u0041\"]", STATUS_FORBIDDEN_FORM, "/0: half of a surrogate pair"},
		{"{\"a/b\":{\"m~n\":-0}}", STATUS_FORBIDDEN_FORM, "/a~1b/m~0n: -0"},
		{"{\"\\u001b[31m\":-0}", STATUS_FORBIDDEN_FORM, "/\\u001b[31m: -0"},
		{"{\"\":-0}", STATUS_FORBIDDEN_FORM, "/: -0"},
		{"[1.5,-0,\"\\u0000\"]", STATUS_FORBIDDEN_FORM, "/0: only whole numbers"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct error e = {0};
		cJSON *value = NULL;

		assert_int_equal(parse_text(&value, cases[i].text, &e), cases[i].st);
		assert_null(value);
		assert_int_equal(e.status, cases[i].st);
		if (strncmp(e.text, cases[i].start, strlen(cases[i].start)) != 0)
			fail_msg("%s: said \"%s\"", cases[i].text, e.text);
		assert_int_equal(parse_text(&value, cases[i].text, NULL), cases[i].st);
	}
}

static void no_json_is_never_called_merely_outside_the_profile(void **state)
{
	cJSON *value = NULL;

	(void)state;
	assert_int_equal(parse_text(&value, "[1.5,-0,\"\\ud800\",{\"a\":1,\"a\":2}", NULL), STATUS_MALFORMED);
	assert_int_equal(parse_text(&value, "[1.5] x", NULL), STATUS_MALFORMED);
	assert_null(value);
}

static void the_largest_whole_numbers_are_exact(void **state)
{
	cJSON *value = must_parse("{\"max\":9007199254740991,\"min\":-9007199254740991,\"no\":\"1\"}");
	int64_t n = 0;

	(void)state;
	assert_true(json_integer(value, "max", &n));
	assert_true(n == JSON_MAX_INTEGER);
	assert_true(json_integer(value, "min", &n));
	assert_true(n == -JSON_MAX_INTEGER);
	assert_false(json_integer(value, "no", &n));
	assert_false(json_integer(value, "absent", &n));
	assert_true(n == -JSON_MAX_INTEGER);
	cJSON_Delete(value);
}

static void strings_are_decoded_exactly(void **state)
{
	cJSON *value = must_parse("{\"t\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\u20AC\\ud83d\\ude39\xf0\x9f\x98\xb9\x7f\"}");

	(void)state;
	assert_string_equal(json_string(value, "t"),
			    "\"\\/\b\f\n\r\t\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\xb9\xf0\x9f\x98\xb9\x7f");
	cJSON_Delete(value);
}

static void depth_is_limited_and_exact(void **state)
{
	char text[2 * (JSON_MAX_DEPTH + 1) + 1];
	struct error e = {0};
	cJSON *value = NULL;

	(void)state;
	memset(text, '[', JSON_MAX_DEPTH);
	memset(text + JSON_MAX_DEPTH, ']', JSON_MAX_DEPTH);
	assert_int_equal(json_parse(&value, text, (size_t)2 * JSON_MAX_DEPTH, &e), STATUS_OK);
	cJSON_Delete(value);
	value = NULL;
	memset(text, '[', JSON_MAX_DEPTH + 1);
	memset(text + JSON_MAX_DEPTH + 1, ']', JSON_MAX_DEPTH + 1);
	assert_int_equal(json_parse(&value, text, (size_t)2 * (JSON_MAX_DEPTH + 1), &e), STATUS_TOO_BIG);
	assert_null(value);
	assert_memory_equal(e.text, "/0/0/0/0/", 9);
}

static void size_is_limited_and_exact(void **state)
{
	char *text = malloc(JSON_MAX_BYTES + 1);
	cJSON *value = NULL;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', JSON_MAX_BYTES + 1);
	text[0] = '"';
	text[JSON_MAX_BYTES - 1] = '"';
	assert_int_equal(json_parse(&value, text, JSON_MAX_BYTES, NULL), STATUS_OK);
	cJSON_Delete(value);
	value = NULL;
	text[JSON_MAX_BYTES - 1] = ' ';
	text[JSON_MAX_BYTES] = '"';
	assert_int_equal(json_parse(&value, text, JSON_MAX_BYTES + 1, NULL), STATUS_TOO_BIG);
	assert_null(value);
	free(text);
}

static void a_pointer_that_is_too_long_still_leaves_room_for_the_reason(void **state)
{
	struct buf text = BUF_INIT;
	struct error e = {0};
	cJSON *value = NULL;

	(void)state;
	buf_adds(&text, "{\"");
	for (int i = 0; i < 5000; i++)
		buf_adds(&text, "\xe2\x82\xac");
	buf_adds(&text, "\":-0}");
	assert_int_equal(json_parse(&value, buf_text(&text), text.len, &e), STATUS_FORBIDDEN_FORM);
	assert_non_null(strstr(e.text, "...: -0 is not allowed"));
	buf_clear(&text);
}

/* A hostile object of 60,000 members, one of them twice, must not cost 60,000 squared. */
static void a_duplicate_among_many_is_found_quickly(void **state)
{
	struct buf text = BUF_INIT;
	struct error e = {0};
	cJSON *value = NULL;
	clock_t start = clock();

	(void)state;
	buf_adds(&text, "{\"k31234\":1");
	for (int i = 0; i < 60000; i++)
		buf_addf(&text, ",\"k%d\":1", i);
	buf_adds(&text, "}");
	assert_int_equal(json_parse(&value, buf_text(&text), text.len, &e), STATUS_FORBIDDEN_FORM);
	assert_memory_equal(e.text, "/k31234: the name stands twice", 30);
	assert_true(clock() - start < 3 * CLOCKS_PER_SEC);
	buf_clear(&text);
}

/* RFC 8785, section 3.2.3, and the order that plain bytes would get wrong: U+1F600 before U+FB33. */
static void keys_are_sorted_by_utf16_code_units(void **state)
{
	(void)state;
	assert_canonical("{\"\\u20ac\":\"Euro Sign\",\"\\r\":\"Carriage Return\",\"\\ufb33\":\"Hebrew Letter Dalet With Dagesh\","
			 "\"1\":\"One\",\"\\ud83d\\ude00\":\"Emoji: Grinning Face\",\"\\u0080\":\"Control\","
			 "\"\\u00f6\":\"Latin Small Letter O With Diaeresis\"}",
			 "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xc2\x80\":\"Control\","
			 "\"\xc3\xb6\":\"Latin Small Letter O With Diaeresis\",\"\xe2\x82\xac\":\"Euro Sign\","
			 "\"\xf0\x9f\x98\x80\":\"Emoji: Grinning Face\",\"\xef\xac\xb3\":\"Hebrew Letter Dalet With Dagesh\"}");
	assert_canonical("{\"x\\ue000\":1,\"x\\ud800\\udc00\":2,\"x\\ud7ff\":3,\"x\":4,\"x\\uffff\":5,\"\":6}",
			 "{\"\":6,\"x\":4,\"x\xed\x9f\xbf\":3,\"x\xf0\x90\x80\x80\":2,\"x\xee\x80\x80\":1,\"x\xef\xbf\xbf\":5}");
	assert_canonical("{\"aa\":1,\"a\":2,\"B\":3,\"ab\":4}", "{\"B\":3,\"a\":2,\"aa\":1,\"ab\":4}");
}

/* RFC 8785, section 3.2.2.2. */
static void escapes_are_the_shortest(void **state)
{
	(void)state;
	assert_canonical("\"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\"",
			 "\"\xe2\x82\xac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"");
	assert_canonical("\"\\u0001\\u0008\\u0009\\u000a\\u000b\\u000c\\u000d\\u001f\\u007f\\u2028\"",
			 "\"\\u0001\\b\\t\\n\\u000b\\f\\r\\u001f\x7f\xe2\x80\xa8\"");
}

static void white_space_goes_and_values_stay(void **state)
{
	(void)state;
	assert_canonical(" { \"b\" : [ true , false , null , -5 , { } , [ ] ] ,\n\t\"a\" : \"\" }\r\n",
			 "{\"a\":\"\",\"b\":[true,false,null,-5,{},[]]}");
	assert_canonical("9007199254740991", "9007199254740991");
}

static void only_the_canonical_bytes_parse_as_canonical(void **state)
{
	static const char *const bad[] = {"{\"b\":1,\"a\":2}", "{ }", "{}\n", "\"\\/\"", "\"\\u0041\"", "[1, 2]", " 1",
					  "\"\\u000a\"", "\"\\u001F\"", "[{\"a\":{\"d\":1,\"c\":2}}]", "{\"a\" :1}", "{\"a\":1 }",
					  "{\"\xee\x80\x80\":1,\"\xf0\x90\x80\x80\":2}"};
	static const char *const good[] = {"{\"a\":[1,\"\\u001f\\n\\\"\\\\\"],\"b\":null}",
					   "{\"\xf0\x90\x80\x80\":2,\"\xee\x80\x80\":\"\xc3\xa9\x7f\"}"};
	struct error e = {0};
	cJSON *value = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(json_parse_canonical(&value, bad[i], strlen(bad[i]), &e), STATUS_FORBIDDEN_FORM);
		assert_non_null(strstr(e.text, "canonical"));
		assert_null(value);
	}
	assert_int_equal(json_parse_canonical(&value, "{", 1, &e), STATUS_MALFORMED);
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_int_equal(json_parse_canonical(&value, good[i], strlen(good[i]), &e), STATUS_OK);
		cJSON_Delete(value);
		value = NULL;
	}
}

static void what_no_reader_would_take_is_not_written(void **state)
{
	static const double bad[] = {0.5, 9007199254740992.0, -9007199254740992.0, 1e300, -1e300};
	struct buf out = BUF_INIT;
	cJSON *value = NULL;

	(void)state;
	buf_adds(&out, "before");
	for (size_t i = 0; i < ARRAY_LEN(bad) + 2; i++) {
		value = cJSON_CreateArray();
		cJSON_AddItemToArray(value, cJSON_CreateNumber(i < ARRAY_LEN(bad) ? bad[i] : i % 2 ? NAN : INFINITY));
		assert_int_equal(json_canonical(&out, value), STATUS_FORBIDDEN_FORM);
		cJSON_Delete(value);
	}
	value = cJSON_CreateString("\xc3(");
	assert_int_equal(json_canonical(&out, value), STATUS_FORBIDDEN_FORM);
	cJSON_Delete(value);
	value = cJSON_CreateObject();
	cJSON_AddNumberToObject(value, "a", 1);
	cJSON_AddNumberToObject(value, "a", 1);
	assert_int_equal(json_canonical(&out, value), STATUS_FORBIDDEN_FORM);
	cJSON_Delete(value);
	value = cJSON_CreateRaw("{}");
	assert_int_equal(json_canonical(&out, value), STATUS_FORBIDDEN_FORM);
	cJSON_Delete(value);
	assert_string_equal(buf_text(&out), "before");
	buf_clear(&out);
}

static void too_deep_a_tree_is_not_written(void **state)
{
	struct buf out = BUF_INIT;
	cJSON *value = cJSON_CreateNumber(-0.0);

	(void)state;
	for (int i = 0; i < JSON_MAX_DEPTH; i++) {
		cJSON *outer = cJSON_CreateArray();

		cJSON_AddItemToArray(outer, value);
		value = outer;
	}
	assert_int_equal(json_canonical(&out, value), STATUS_OK);
	assert_int_equal(buf_text(&out)[JSON_MAX_DEPTH], '0');
	assert_int_equal(out.len, 2 * JSON_MAX_DEPTH + 1);
	buf_reset(&out);
	cJSON *outer = cJSON_CreateArray();
	cJSON_AddItemToArray(outer, value);
	assert_int_equal(json_canonical(&out, outer), STATUS_TOO_BIG);
	assert_int_equal(out.len, 0);
	cJSON_Delete(outer);
	buf_clear(&out);
}

static void members_are_found_by_exact_name_and_type(void **state)
{
	cJSON *value = must_parse("{\"Name\":\"upper\",\"name\":\"lower\",\"n\":7}");

	(void)state;
	assert_string_equal(json_string(value, "name"), "lower");
	assert_string_equal(json_string(value, "Name"), "upper");
	assert_null(json_string(value, "NAME"));
	assert_null(json_string(value, "n"));
	assert_non_null(json_get(value, "n"));
	assert_null(json_get(NULL, "n"));
	assert_null(json_get(json_get(value, "n"), "n"));
	cJSON_Delete(value);
}

static void setting_replaces_or_adds_one_member(void **state)
{
	struct buf out = BUF_INIT;
	cJSON *value = must_parse("{\"a\":1,\"A\":2}");

	(void)state;
	assert_int_equal(json_set_string(value, "a", "x"), STATUS_OK);
	assert_int_equal(json_set_integer(value, "b", -3), STATUS_OK);
	assert_int_equal(json_set(value, "c", cJSON_CreateNull()), STATUS_OK);
	assert_int_equal(json_set_string(value, "a", json_string(value, "a")), STATUS_OK);
	assert_int_equal(json_set(value, "d", NULL), STATUS_NOMEM);
	assert_int_equal(json_set_integer(value, "d", JSON_MAX_INTEGER + 1), STATUS_FORBIDDEN_FORM);
	assert_int_equal(json_set(cJSON_GetObjectItem(value, "b"), "d", cJSON_CreateNull()), STATUS_USAGE);
	assert_int_equal(json_canonical(&out, value), STATUS_OK);
	assert_string_equal(buf_text(&out), "{\"A\":2,\"a\":\"x\",\"b\":-3,\"c\":null}");
	cJSON_Delete(value);
	buf_clear(&out);
}

static void what_two_documents_have_in_common_is_taken_apart_once(void **state)
{
	static const char first[] = "{\"a\":{\"x\":[1,2],\"y\":\"s\"},\"b\":[1,{\"c\":null}],\"e\":{},\"n\":1}";
	static const char *const others[] = {
		first,
		"{\"a\":{\"x\":[1,2],\"y\":\"t\"},\"b\":[1,{\"c\":null}],\"n\":12}",
		"{\"b\":[1,{\"c\":null}],\"a\":{\"x\":[1,2],\"y\":\"s\"}}",
		"{\"a\":[1,{\"c\":null}],\"b\":{\"x\":[1,2],\"y\":\"s\"},\"e\":{},\"n\":[]}",
		"{\"aa\":{\"x\":[1,2]},\"b\":[1,{\"c\":null},3],\"z\":{\"x\":[1,2]}}",
		" { \"b\" : [1,{\"c\":null}] } ",
		"[{\"x\":[1,2],\"y\":\"s\"}]",
		"1",
	};
	static const char *const faulty[] = {"{\"b\":[1,{\"c\":null}", "{\"b\":[1,{\"c\":null}]]", "{\"b\":[1,{\"c\":null}],\"b\":1}",
					     "{\"a\":{\"x\":[1,2],\"y\":\"s\"}", "{\"n\":1.5}"};
	struct json_pool pool = JSON_POOL_INIT;
	struct json_reading how = {.other_bytes = first};
	struct error e = {0};
	cJSON *base = must_parse(first), *other = NULL, *plain = NULL;

	(void)state;
	how.other = base;
	for (size_t i = 0; i < 2 * ARRAY_LEN(others); i++) {
		const char *text = others[i / 2];

		how.pool = i % 2 ? &pool : NULL;
		assert_int_equal(json_read(&other, text, strlen(text), &how, &e), STATUS_OK);
		plain = must_parse(text);
		assert_true(json_equal(other, plain));
		if (i / 2 == 1)
			assert_ptr_equal(json_get(other, "b")->child, json_get(base, "b")->child);
		if (!how.pool)
			cJSON_Delete(other);
		cJSON_Delete(plain);
		json_pool_reset(&pool);
	}
	for (size_t i = 0; i < ARRAY_LEN(faulty); i++) {
		enum status st = json_parse(&plain, faulty[i], strlen(faulty[i]), NULL);

		other = NULL;
		assert_int_not_equal(st, STATUS_OK);
		how.pool = i % 2 ? &pool : NULL;
		assert_int_equal(json_read(&other, faulty[i], strlen(faulty[i]), &how, &e), st);
		assert_null(other);
	}
	json_pool_clear(&pool);
	cJSON_Delete(base);
}

static void values_are_equal_by_their_canonical_form(void **state)
{
	cJSON *a = must_parse("{\"x\":[1,\"\\u0041\"],\"y\":null}");
	cJSON *b = must_parse("{\"y\":null,\"x\":[1,\"A\"]}");
	cJSON *c = must_parse("{\"y\":null,\"x\":[\"A\",1]}");
	cJSON *text = must_parse("\"1\"");
	cJSON *number = must_parse("1");

	(void)state;
	assert_true(json_equal(a, b));
	assert_false(json_equal(a, c));
	assert_false(json_equal(text, number));
	assert_true(json_equal(text, text));
	assert_false(json_equal(a, NULL));
	assert_true(json_equal(NULL, NULL));
	cJSON_Delete(a);
	cJSON_Delete(b);
	cJSON_Delete(c);
	cJSON_Delete(text);
	cJSON_Delete(number);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_what_the_suite_takes_but_for_the_profile),
		cmocka_unit_test(refuses_what_the_suite_refuses),
		cmocka_unit_test(takes_nothing_of_what_the_suite_leaves_open),
		cmocka_unit_test(a_fault_is_named_by_its_json_pointer),
		cmocka_unit_test(no_json_is_never_called_merely_outside_the_profile),
		cmocka_unit_test(the_largest_whole_numbers_are_exact),
		cmocka_unit_test(strings_are_decoded_exactly),
		cmocka_unit_test(depth_is_limited_and_exact),
		cmocka_unit_test(size_is_limited_and_exact),
		cmocka_unit_test(a_pointer_that_is_too_long_still_leaves_room_for_the_reason),
		cmocka_unit_test(a_duplicate_among_many_is_found_quickly),
		cmocka_unit_test(keys_are_sorted_by_utf16_code_units),
		cmocka_unit_test(escapes_are_the_shortest),
		cmocka_unit_test(white_space_goes_and_values_stay),
		cmocka_unit_test(only_the_canonical_bytes_parse_as_canonical),
		cmocka_unit_test(what_no_reader_would_take_is_not_written),
		cmocka_unit_test(too_deep_a_tree_is_not_written),
		cmocka_unit_test(members_are_found_by_exact_name_and_type),
		cmocka_unit_test(setting_replaces_or_adds_one_member),
		cmocka_unit_test(what_two_documents_have_in_common_is_taken_apart_once),
		cmocka_unit_test(values_are_equal_by_their_canonical_form),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
