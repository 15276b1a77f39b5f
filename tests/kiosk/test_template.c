/* tests/kiosk/test_template.c - values in, HTML out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kiosk/template.h"

static struct assets assets;
static struct template_setting setting;

static int set_up(void **state)
{
	(void)state;
	setting = (struct template_setting){.texts = texts_at(0), .assets = &assets};
	return assets_list(&assets, NULL) == STATUS_OK ? 0 : -1;
}

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
	assert_int_equal(template_render(&b, &setting, "message.html", (struct texts_value[]){
		{"heading", "A <heading>"}, {"text", "It's & \"so\""}, {"again", ""}, {NULL, NULL}}, &e), STATUS_OK);
	assert_non_null(strstr(buf_text(&b), ">A &lt;heading&gt;</h1>"));
	assert_non_null(strstr(buf_text(&b), "It&#39;s &amp; &quot;so&quot;"));
	assert_null(strstr(buf_text(&b), "{{"));
	buf_clear(&b);
}

static void a_section_without_its_value_is_left_out(void **state)
{
	struct texts_value values[] = {{"value", "v"}, {"text", "t"}, {"chosen", ""}, {NULL, NULL}};
	struct buf b = BUF_INIT;
	struct error e = {.text = ""};

	(void)state;
	assert_int_equal(template_render(&b, &setting, "option.html", values, &e), STATUS_OK);
	assert_null(strstr(buf_text(&b), " aria-current"));
	buf_reset(&b);
	values[2].text = "yes";
	assert_int_equal(template_render(&b, &setting, "option.html", values, &e), STATUS_OK);
	assert_non_null(strstr(buf_text(&b), "value=\"v\" aria-current=\"true\">"));
	buf_clear(&b);
}

static void says_what_is_missing(void **state)
{
	struct buf b = BUF_INIT;
	struct error e = {.text = ""};

	(void)state;
	assert_int_equal(template_render(&b, &setting, "nowhere.html", (struct texts_value[]){{NULL, NULL}}, &e), STATUS_NOT_FOUND);
	assert_int_equal(template_render(&b, &setting, "message.html", (struct texts_value[]){{"heading", "x"}, {NULL, NULL}}, &e), STATUS_MALFORMED);
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

	return cmocka_run_group_tests(tests, set_up, NULL);
}
