/* tests/kiosk/test_template.c - values in, HTML out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kiosk/template.h"

static void escapes_what_would_be_markup(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	template_escape(&b, "<b title=\"x\" lang='y'>&amp;</b>");
	assert_string_equal(buf_text(&b), "&lt;b title=&quot;x&quot; lang=&#39;y&#39;&gt;&amp;amp;&lt;/b&gt;");
	buf_clear(&b);
}

static void fills_values_in_escaped(void **state)
{
	struct buf b = BUF_INIT;
	struct error e = {.text = ""};

	(void)state;
	assert_int_equal(template_render(&b, "message.html", (struct template_value[]){
		{"heading", "A <heading>"}, {"text", "It's & \"so\""}, {NULL, NULL}}, &e), STATUS_OK);
	assert_non_null(strstr(buf_text(&b), ">A &lt;heading&gt;</h1>"));
	assert_non_null(strstr(buf_text(&b), "It&#39;s &amp; &quot;so&quot;"));
	assert_null(strstr(buf_text(&b), "{{"));
	buf_clear(&b);
}

static void a_section_without_its_value_is_left_out(void **state)
{
	struct template_value values[] = {{"id", "o1"}, {"name", "n"}, {"value", "v"}, {"text", "t"}, {"checked", ""}, {NULL, NULL}};
	struct buf b = BUF_INIT;
	struct error e = {.text = ""};

	(void)state;
	assert_int_equal(template_render(&b, "option.html", values, &e), STATUS_OK);
	assert_null(strstr(buf_text(&b), " checked"));
	buf_reset(&b);
	values[4].text = "yes";
	assert_int_equal(template_render(&b, "option.html", values, &e), STATUS_OK);
	assert_non_null(strstr(buf_text(&b), "value=\"v\" checked>"));
	buf_clear(&b);
}

static void says_what_is_missing(void **state)
{
	struct buf b = BUF_INIT;
	struct error e = {.text = ""};

	(void)state;
	assert_int_equal(template_render(&b, "nowhere.html", (struct template_value[]){{NULL, NULL}}, &e), STATUS_NOT_FOUND);
	assert_int_equal(template_render(&b, "message.html", (struct template_value[]){{"heading", "x"}, {NULL, NULL}}, &e), STATUS_MALFORMED);
	assert_non_null(strstr(e.text, "message.html"));
	buf_clear(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escapes_what_would_be_markup),
		cmocka_unit_test(fills_values_in_escaped),
		cmocka_unit_test(a_section_without_its_value_is_left_out),
		cmocka_unit_test(says_what_is_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
