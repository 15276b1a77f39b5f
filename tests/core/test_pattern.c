#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "core/pattern.h"
#include "core/schema.h"

#define ROUNDS 400 /* of a pattern */
#define TEXT_MAX 600

static uint64_t seed = 20250101;

static unsigned below(unsigned n)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(seed >> 33) % n;
}

/* ---- texts that fit, made from the pattern ---- */

static char text[TEXT_MAX];
static size_t text_len;

static void put(char c)
{
	assert_true(text_len + 8 < TEXT_MAX);
	text[text_len++] = c;
	text[text_len] = '\0';
}

static const char *make_forms(const char *p, bool emit);

static const char *make_set(const char *p, bool emit)
{
	const char *end = strchr(p, ']');
	char any[256];
	size_t len = 0;

	while (p < end) {
		char last = end - p > 2 && p[1] == '-' ? p[2] : *p;

		for (char c = *p; c <= last; c++)
			any[len++] = c;
		p += end - p > 2 && p[1] == '-' ? 3 : 1;
	}
	if (emit)
		put(any[below((unsigned)len)]);
	return end + 1;
}

static const char *make_atom(const char *p, bool emit)
{
	if (*p == '(')
		return make_forms(p + 1, emit) + 1;
	if (*p == '[')
		return make_set(p + 1, emit);
	if (*p == '\\')
		p++;
	if (emit)
		put(*p);
	return p + 1;
}

static const char *make_form(const char *p, bool emit)
{
	while (!strchr("|)$", *p)) {
		const char *atom = p;
		int least = 1, most = 1, used = 0;

		p = make_atom(p, false);
		if (sscanf(p, "{%d,%d}%n", &least, &most, &used) == 2 && used > 0) {
			p += used;
		} else if (used = 0, *p == '{' && sscanf(p, "{%d}%n", &least, &used) == 1 && used > 0) {
			p += used;
			most = least;
		} else if (strchr("*+?", *p)) {
			least = *p == '+';
			most = *p == '?' ? 1 : 4;
			p++;
		}
		for (int n = least + (int)below((unsigned)(most - least + 1)); n > 0; n--)
			(void)make_atom(atom, emit);
	}
	return p;
}

/* One of the forms up to the ')' or the end. */
static const char *make_forms(const char *p, bool emit)
{
	const char *at = p;
	unsigned forms = 1, chosen;

	for (at = make_form(at, false); *at == '|'; forms++)
		at = make_form(at + 1, false);
	chosen = emit ? below(forms) : forms;
	for (unsigned i = 0; i < forms; i++)
		p = make_form(p, emit && i == chosen) + 1;
	return at;
}

/* ---- and texts that nearly fit ---- */

static void spoil(void)
{
	static const char odd[] = "aZ09-_.:TW/ \n\x7f\xc3\xa9=+A[]{}";
	size_t at = text_len ? below((unsigned)text_len) : 0;

	switch (below(5)) {
	case 0:
		text[at] = text_len ? odd[below(sizeof(odd) - 1)] : '\0';
		break;
	case 1:
		memmove(text + at, text + at + (text_len > 0), text_len - at + (text_len == 0));
		break;
	case 2:
		memmove(text + at + 1, text + at, text_len - at + 1);
		text[at] = odd[below(sizeof(odd) - 1)];
		break;
	case 3:
		text[at] = '\0';
		break;
	default:
		put(odd[below(sizeof(odd) - 1)]);
	}
	text_len = strlen(text);
}

static size_t agreed, fitted;

static void agree(const char *expression)
{
	struct pattern *p = NULL;
	regex_t regex;

	if (pattern_compile(&p, expression) != STATUS_OK)
		fail_msg("not taken: %s", expression);
	assert_int_equal(regcomp(&regex, expression, REG_EXTENDED | REG_NOSUB), 0);
	for (int round = 0; round < ROUNDS; round++) {
		text_len = 0;
		text[0] = '\0';
		(void)make_forms(expression + 1, true);
		for (int i = 0; i < 4; i++) {
			bool fits = regexec(&regex, text, 0, NULL, 0) == 0;

			if (pattern_fits(p, text) != fits)
				fail_msg("%s: \"%s\" %s", expression, text, fits ? "fits" : "does not fit");
			assert_true(fits || i > 0);
			agreed++;
			fitted += fits;
			spoil();
		}
	}
	regfree(&regex);
	pattern_free(p);
}

static void agree_in(const cJSON *schema)
{
	const char *expression = json_string(schema, "pattern");
	const cJSON *item;

	if (expression)
		agree(expression);
	cJSON_ArrayForEach(item, schema) {
		agree_in(item);
	}
}

static void all_patterns_of_the_schemas_mean_what_posix_says(void **state)
{
	const char *file;

	(void)state;
	for (size_t i = 0; (file = schema_file(i)) != NULL; i++) {
		char type[SCHEMA_NAME_MAX];
		const char *version = strrchr(file, '-');
		cJSON *schema = NULL;

		(void)snprintf(type, sizeof(type), "%.*s", (int)(version - file), file);
		schema = cJSON_Parse(schema_text(type, atoi(version + 1)));
		assert_non_null(schema);
		agree_in(schema);
		cJSON_Delete(schema);
	}
	assert_true(fitted > agreed / 4 && fitted < agreed * 3 / 4);
}

static void forms_within_forms_and_repeats_mean_what_posix_says(void **state)
{
	static const char *const expressions[] = {
		"^a$",	 "^a*$",      "^(a|b+)*c?$",	  "^(a?){0,3}b$",     "^((a|bc){2}|d)*$", "^[a-c]{2,4}(x|y|z){0,2}$", "^(a*)*b$",
		"^(a|ab)(c|bcd)$", "^\\.\\(\\[$", "^(ab|a)*b{3}$", "^[-a]+[a-]$",   "^(a{1,3}){1,3}$",   "^(((a|b)?c)+d?)*$", "^a{0}b$",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(expressions); i++)
		agree(expressions[i]);
}

static void what_it_does_not_know_is_refused(void **state)
{
	static const char *const expressions[] = {
		"",	 "^",	  "$",	     "a",      "^a",	  "a$",	      "^(a$",	   "^a)$",   "^a**$",	 "^*a$",
		"^.$",	 "^[^a]$", "^[a$", "^[]$",   "^[b-a]$", "^[[:alpha:]]$", "^[\\d]$", "^\\d$", "^()$",	 "^(a|)$",
		"^a|b$", "^a{2,1}$", "^a{2,}$", "^a{$",   "^a{65}$", "^(?:a)$",    "^a\\$",   "^\xc3\xa9$", "^((((((((((a))))))))))$", "^([a-z]{64}){64}$",
		"^[a-\xff]$", "^(a|b){9",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(expressions); i++) {
		struct pattern *p = NULL;

		if (pattern_compile(&p, expressions[i]) != STATUS_INVALID || p)
			fail_msg("taken: %s", expressions[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_patterns_of_the_schemas_mean_what_posix_says),
		cmocka_unit_test(forms_within_forms_and_repeats_mean_what_posix_says),
		cmocka_unit_test(what_it_does_not_know_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
