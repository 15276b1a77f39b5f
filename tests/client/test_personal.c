/* tests/client/test_personal.c - what in a comment is pointed out to the patient, and what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/personal.h"
#include "core/status.h"
#include "core/utf8.h"
#include "tests/fuzz/dice.h"

/* The forms are tables of this file. */
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

#define FOUND_MAX 32
#define SENTENCE_MAX 512

static const char *const before[] = {"", "My number is ", "Please call (", "tel:", "I am ", "મારો નંબર ", "میرا نمبر ", "मेरा ", "It is: "};
static const char *const after[] = {"", ".", ", thanks", " please", ")", " છે", "\nBye", "; good", " 5 stars"};

/* The text must hold one thing, of this kind, and exactly this. */
static void assert_finds(const char *text, enum personal_kind kind, const char *what)
{
	struct personal_found found[FOUND_MAX];
	size_t n = personal_find(found, FOUND_MAX, text);

	if (n == 1 && found[0].kind == kind && found[0].len == strlen(what) && memcmp(text + found[0].at, what, found[0].len) == 0)
		return;
	print_error("\"%s\": wanted %s \"%s\", found %zu\n", text, personal_kind_name(kind), what, n);
	for (size_t i = 0; i < n; i++)
		print_error("  %s \"%.*s\"\n", personal_kind_name(found[i].kind), (int)found[i].len, text + found[i].at);
	fail();
}

static void assert_finds_in_sentences(const char *what, enum personal_kind kind)
{
	char text[SENTENCE_MAX];

	for (size_t i = 0; i < ARRAY_LEN(before); i++) {
		for (size_t k = 0; k < ARRAY_LEN(after); k++) {
			(void)snprintf(text, sizeof(text), "%s%s%s", before[i], what, after[k]);
			assert_finds(text, kind, what);
		}
	}
}

static void assert_finds_nothing(const char *text)
{
	struct personal_found found[FOUND_MAX];
	size_t n = personal_find(found, FOUND_MAX, text);

	if (n == 0)
		return;
	print_error("\"%s\": %s \"%.*s\" is none\n", text, personal_kind_name(found[0].kind), (int)found[0].len, text + found[0].at);
	fail();
}

/* Write the digits of an ASCII text in the script whose zero this is. */
static void in_script(char *out, size_t size, const char *text, uint32_t zero)
{
	size_t len = 0;

	for (; *text && len + 5 < size; text++) {
		if (zero && *text >= '0' && *text <= '9')
			len += utf8_encode(out + len, zero + (uint32_t)(*text - '0'));
		else
			out[len++] = *text;
	}
	out[len] = '\0';
}

static const uint32_t scripts[] = {0, 0x0660, 0x06F0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0xFF10};

static void assert_finds_in_scripts(const char *what, enum personal_kind kind)
{
	char written[SENTENCE_MAX];

	for (size_t i = 0; i < ARRAY_LEN(scripts); i++) {
		in_script(written, sizeof(written), what, scripts[i]);
		assert_finds(written, kind, written);
	}
}

/* Ten digits, the last of them right or, with `off` 1 to 9, wrong by so much; false when nine such digits have no check digit. */
static bool make_nhs_number(char out[11], struct dice *d, unsigned off)
{
	unsigned sum = 0, check = 0;

	for (unsigned i = 0; i < 9; i++) {
		out[i] = (char)('0' + (i == 0 ? 4 + dice_roll(d, 2) : dice_roll(d, 10)));
		sum += (unsigned)(out[i] - '0') * (10 - i);
	}
	check = (11 - sum % 11) % 11;
	if (check == 10)
		return false;
	out[9] = (char)('0' + (check + off) % 10);
	out[10] = '\0';
	return true;
}

static void finds_nhs_numbers_by_their_check_digit(void **state)
{
	struct dice d = {.state = 1};
	char n[11], text[32];
	size_t made = 0;

	(void)state;
	assert_finds_in_sentences("943 476 5919", PERSONAL_NHS_NUMBER);
	assert_finds_in_sentences("943-476-5919", PERSONAL_NHS_NUMBER);
	assert_finds_in_sentences("9434765919", PERSONAL_NHS_NUMBER);
	assert_finds_in_scripts("943 476 5919", PERSONAL_NHS_NUMBER);
	assert_finds("943\u00a0476\u20115919", PERSONAL_NHS_NUMBER, "943\u00a0476\u20115919");
	assert_finds("\u202a943\u200e 476 5919\u202c", PERSONAL_NHS_NUMBER, "943\u200e 476 5919");
	assert_finds("9 4 3 4 7 6 5 9 1 9", PERSONAL_NHS_NUMBER, "9 4 3 4 7 6 5 9 1 9");
	while (made < 3000) {
		static const char *const forms[] = {"%.3s%.3s%.4s", "%.3s %.3s %.4s", "%.3s-%.3s-%.4s", "%.3s  %.3s  %.4s", "%.3s - %.3s - %.4s"};

		if (!make_nhs_number(n, &d, 0))
			continue;
		(void)snprintf(text, sizeof(text), forms[made % ARRAY_LEN(forms)], n, n + 3, n + 6);
		assert_finds_in_scripts(text, PERSONAL_NHS_NUMBER);
		made++;
	}
}

static void takes_ten_digits_with_a_wrong_check_digit_for_no_nhs_number(void **state)
{
	struct dice d = {.state = 2};
	char n[11], text[64];
	size_t made = 0;

	(void)state;
	while (made < 3000) {
		if (!make_nhs_number(n, &d, 1 + (unsigned)dice_roll(&d, 9)))
			continue;
		(void)snprintf(text, sizeof(text), "Order %.3s %.3s %s came", n, n + 3, n + 6);
		assert_finds_nothing(text);
		(void)snprintf(text, sizeof(text), "Order %s came", n);
		assert_finds_nothing(text);
		made++;
	}
}

static void finds_telephone_numbers_as_people_write_them(void **state)
{
	static const char *const numbers[] = {
		"07700 900123", "07700900123", "07700-900-123", "0770 0900 123", "07700 900 123", "07 70 09 00 12 3", "0 7 7 0 0 9 0 0 1 2 3",
		"020 7946 0018", "(020) 7946 0018", "02079460018", "0121 496 0005", "01632 960001", "(01632) 960 001", "01632/960001", "0800 111 1111",
		"+447700900123", "+44 7700 900123", "+44 (0)7700 900123", "+44 (0) 7700 900 123", "+44 20 7946 0018", "+44-20-7946-0018", "0044 7700 900123",
		"00447700900123", "0044 (0)20 7946 0018", "00 44 7700 900123", "+91 98765 43210", "+48 22 123 45 67", "0091 98765 43210", "7700900123",
		"7700 900123", "020.7946.0018",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		assert_finds_in_scripts(numbers[i], PERSONAL_PHONE);
		assert_finds(numbers[i], PERSONAL_PHONE, numbers[i]);
	}
	assert_finds_in_sentences("07700 900123", PERSONAL_PHONE);
	assert_finds_in_sentences("+44 7700 900123", PERSONAL_PHONE);
	assert_finds("Call me at (07700 900123)", PERSONAL_PHONE, "07700 900123");
	assert_finds("+44 7700 900123 45 minutes", PERSONAL_PHONE, "+44 7700 900123");
	assert_finds("07700 900123 2 times", PERSONAL_PHONE, "07700 900123");
	assert_finds("\uff10\uff17\uff17\uff10\uff10 900123", PERSONAL_PHONE, "\uff10\uff17\uff17\uff10\uff10 900123");
}

static void finds_any_mobile_and_landline_number(void **state)
{
	static const char *const forms[] = {"%.5s%.3s%.3s", "%.5s %.3s%.3s", "%.5s %.3s %.3s", "%.5s-%.3s-%.3s", "(%.5s) %.3s%.3s"};
	static const char second[] = "127";
	struct dice d = {.state = 3};
	char n[12] = {'0'}, text[32];

	(void)state;
	for (size_t i = 0; i < 3000; i++) {
		n[1] = second[dice_roll(&d, 3)];
		for (size_t k = 2; k < 11; k++)
			n[k] = (char)('0' + dice_roll(&d, 10));
		(void)snprintf(text, sizeof(text), forms[i % ARRAY_LEN(forms)], n, n + 5, n + 8);
		assert_finds_in_scripts(text, PERSONAL_PHONE);
	}
}

static void finds_email_addresses(void **state)
{
	static const char *const emails[] = {
		"jan@example.com", "Jan.Novak+gp@mail.example.co.uk", "j_n-1%x@a-b.org", "JAN@EXAMPLE.COM", "1@2.nl", "jan @ gmail.com", "jan@ gmail.com",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(emails); i++)
		assert_finds(emails[i], PERSONAL_EMAIL, emails[i]);
	assert_finds("<jan@example.com>", PERSONAL_EMAIL, "jan@example.com");
	assert_finds("Write to jan@example.com.", PERSONAL_EMAIL, "jan@example.com");
	assert_finds("ઇમેલ:jan@example.com, આભાર", PERSONAL_EMAIL, "jan@example.com");
	assert_finds("a@b@jan@example.com", PERSONAL_EMAIL, "jan@example.com");
}

static void finds_web_addresses(void **state)
{
	(void)state;
	assert_finds("See https://example.org/a?b=1#c.", PERSONAL_URL, "https://example.org/a?b=1#c");
	assert_finds("see HTTP://example.org", PERSONAL_URL, "HTTP://example.org");
	assert_finds("www.facebook.com/jan.novak is me", PERSONAL_URL, "www.facebook.com/jan.novak");
	assert_finds("(facebook.com/jan)", PERSONAL_URL, "facebook.com/jan");
	assert_finds("my site jan.co.uk, yes", PERSONAL_URL, "jan.co.uk");
	assert_finds("https://उदाहरण.भारत/पथ है", PERSONAL_URL, "https://उदाहरण.भारत/पथ");
}

static void finds_postcodes_in_any_spelling(void **state)
{
	static const char *const postcodes[] = {
		"SW1A 1AA", "sw1a1aa", "M1 1AE", "m11ae", "B33 8TH", "CR2 6XH", "DN55 1PT", "EC1A 1BB", "ec1a-1bb", "W1A 0AX", "So15  2aB", "w1 1st",
	};
	char text[SENTENCE_MAX];

	(void)state;
	for (size_t i = 0; i + 1 < ARRAY_LEN(postcodes); i++) {
		assert_finds(postcodes[i], PERSONAL_POSTCODE, postcodes[i]);
		(void)snprintf(text, sizeof(text), "I live at %s, flat 2", postcodes[i]);
		assert_finds(text, PERSONAL_POSTCODE, postcodes[i]);
	}
	assert_finds_in_scripts("SO15 2AB", PERSONAL_POSTCODE);
	assert_finds("\uff33\uff2f\uff11\uff15\u3000\uff12\uff21\uff22", PERSONAL_POSTCODE, "\uff33\uff2f\uff11\uff15\u3000\uff12\uff21\uff22");
	assert_finds("W1 1ST", PERSONAL_POSTCODE, "W1 1ST");
	assert_finds_nothing(postcodes[ARRAY_LEN(postcodes) - 1]);
}

static void finds_any_postcode_of_an_area_in_use(void **state)
{
	static const char *const in_use[] = {"AB", "B", "CF", "E", "EC", "G", "LE", "M", "N", "SE", "SO", "W", "WC", "ZE"};
	static const char letters[] = "ABDEFGHJLNPQRSTUWXYZ";
	struct dice d = {.state = 4};
	char text[32];

	(void)state;
	for (size_t i = 0; i < 3000; i++) {
		char district[3] = {(char)('1' + dice_roll(&d, 9)), dice_once_in(&d, 2) ? (char)('0' + dice_roll(&d, 10)) : '\0', '\0'};

		(void)snprintf(text, sizeof(text), "%s%s%s%zu%c%c", in_use[dice_roll(&d, ARRAY_LEN(in_use))], district, dice_once_in(&d, 2) ? " " : "",
			       dice_roll(&d, 10), letters[dice_roll(&d, 20)], letters[dice_roll(&d, 20)]);
		assert_finds(text, PERSONAL_POSTCODE, text);
	}
}

static void finds_full_dates_in_digits(void **state)
{
	static const char *const forms[] = {"%02d/%02d/%04d", "%d/%d/%d", "%02d-%02d-%04d", "%d.%d.%d", "%02d %02d %04d", "%02d%02d%04d", "%d / %d / %d"};
	struct dice d = {.state = 5};
	char text[64];

	(void)state;
	for (size_t i = 0; i < 3000; i++) {
		int day = 1 + (int)dice_roll(&d, 28), month = 1 + (int)dice_roll(&d, 12), year = 1900 + (int)dice_roll(&d, 130);
		const char *form = forms[i % ARRAY_LEN(forms)];

		(void)snprintf(text, sizeof(text), form, day, month, year);
		assert_finds_in_scripts(text, PERSONAL_BIRTH_DATE);
		(void)snprintf(text, sizeof(text), "%04d-%02d-%02d", year, month, day);
		assert_finds_in_scripts(text, PERSONAL_BIRTH_DATE);
	}
	assert_finds("dob 3/4/85", PERSONAL_BIRTH_DATE, "3/4/85");
	assert_finds("born 12.03.45.", PERSONAL_BIRTH_DATE, "12.03.45");
	assert_finds("03/25/1990", PERSONAL_BIRTH_DATE, "03/25/1990");
}

static void finds_full_dates_with_the_months_name(void **state)
{
	static const char *const months[] = {"January", "february", "MARCH", "Apr", "may", "Jun", "july", "Aug.", "Sept", "Oct", "november", "Dec"};
	static const char *const from_day[] = {"12 %s 1990", "12th of %s 1990", "12th %s, 1990", "12-%s-1990", "12%s1990", "1st %s '85", "3rd  %s 1985", "12/%s/1990"};
	static const char *const from_month[] = {"%s 12 1990", "%s 12th, 1990", "%s 2nd '85", "%s 12, 1990"};
	char text[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(months); i++) {
		for (size_t k = 0; k < ARRAY_LEN(from_day); k++) {
			(void)snprintf(text, sizeof(text), from_day[k], months[i]);
			assert_finds_in_scripts(text, PERSONAL_BIRTH_DATE);
		}
		for (size_t k = 0; k < ARRAY_LEN(from_month); k++) {
			(void)snprintf(text, sizeof(text), from_month[k], months[i]);
			assert_finds_in_scripts(text, PERSONAL_BIRTH_DATE);
		}
	}
	assert_finds("born 12 March 45", PERSONAL_BIRTH_DATE, "12 March 45");
}

static void finds_several_in_their_order(void **state)
{
	struct personal_found found[FOUND_MAX];
	const char *text = "I am Jan (jan@example.com, 07700 900123), SO15 2AB, born 3 May 1950, NHS 943 476 5919, see www.example.com";
	static const enum personal_kind kinds[] = {PERSONAL_EMAIL, PERSONAL_PHONE, PERSONAL_POSTCODE, PERSONAL_BIRTH_DATE, PERSONAL_NHS_NUMBER, PERSONAL_URL};
	size_t n = personal_find(found, FOUND_MAX, text);

	(void)state;
	assert_int_equal(n, ARRAY_LEN(kinds));
	for (size_t i = 0; i < n; i++)
		assert_int_equal(found[i].kind, kinds[i]);
	assert_int_equal(personal_find(found, 2, text), 2);
	assert_int_equal(personal_find(found, 0, text), 0);
	assert_finds("12 345 943 476 5919", PERSONAL_NHS_NUMBER, "943 476 5919");
}

static void leaves_ordinary_sentences_alone(void **state)
{
	static const char *const sentences[] = {
		"", " ", "0", "+", "(", "@", "...", "I waited 45 minutes.", "I waited 45-60 minutes, from 9.30 to 10:15.", "Take 2 tablets 3 times a day, 500mg, for 10-14 days.",
		"My blood pressure was 120/80, then 135/85 and 128/79.", "120 80 130 90 125 85", "Open 24/7, 365 days a year.", "I have come here since 1985.",
		"In 1999 and 2004 it was better than 2020 2021 2022.", "The letter of March 2020 came in April.", "On 12 March 45 people waited.", "Room 12, 2nd floor, ward B1 2nd door.",
		"B12 5mg and B6 50 mg", "vitamin D3 1000iu", "Dial 111 or 999.", "I was 3rd in the queue at 08:30.", "It cost £12.50, then £1,200.99.", "5 @ 3.50 each", "tea @ 5.30pm",
		"Very good.Thank you", "It was good.The nurse was kind.", "e.g. the toilets, i.e. not clean", "a.m. or p.m.", "Dr. Smith is no.1!", "10/10 would come again", "8.5/10", "9/10, 10/10 and 7/10",
		"At 0900 or 1400 or 1630", "Open 0900-1200 30 patients", "1 2 3 4 5 6 7 8 9", "100,000,000 times", "0.5 0.25 0.125", "Covid-19 in 2020-2021", "May 2020 was 10 times worse",
		"version 10.2.15.1", "192.168.1.1", "Flat 2, 45 High Street", "I am 45 years old", "aged 70-75", "my 2 sons, 5 and 7", "between 10 and 12 on the 3rd", "M1 was closed, the A34 too",
		"the M25 2 hours", "bus N1 2 stops", "E1 2hr wait", "મેં 45 મિનિટ રાહ જોઈ", "میں نے ۴۵ منٹ انتظار کیا", "मैंने २०२० में 30 मिनट", "٣٠ دقيقة", "Czekałem 45 minut", "1234567", "0 0 0 0 0", "1st, 2nd, 3rd",
		"I rated it 1/5 and 2/5.", "mask @ home.", "@nurse was great", "Mar 5 at 10", "March 12 at 10.30", "on 3 May 10% were late", "on 3 May 10:30 it was shut", "12 of May", "sec 20 30", "1/2 tablet, 1/4 later",
		"20-30-40 minutes", "step 3-2-1", "07.30", "07.30 - 18.30", "0730 1830", "00 00 00", "000000000000000000000000000000",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sentences); i++)
		assert_finds_nothing(sentences[i]);
}

/* Sentences of the kind that patients write, with any numbers. */
static void raises_no_alarm_at_numbers_of_daily_life(void **state)
{
	static const char *const forms[] = {
		"I waited %zu minutes and then %zu more.", "Since %zu it has been %zu times better.", "%zu tablets of %zu mg", "At %zu.%zu I was still waiting.",
		"From %zu to %zu people", "%zu-%zu minutes late", "I paid %zu pounds %zu", "room %zu on floor %zu", "%zu%% of %zu", "%zu/%zu", "%zu:%zu h", "B%zu %zumg", "the A%zu, %zu miles",
		"%zu years and %zu months", "%zu, %zu", "%zu %zu", "£%zu.%zu", "%zu.%zu", "મેં %zu વાર %zu મિનિટ",
	};
	static const size_t sizes[] = {10, 60, 200, 1000, 2100};
	struct dice d = {.state = 6};
	char text[SENTENCE_MAX], written[SENTENCE_MAX];

	(void)state;
	for (size_t i = 0; i < 20000; i++) {
		(void)snprintf(text, sizeof(text), forms[i % ARRAY_LEN(forms)], dice_roll(&d, sizes[dice_roll(&d, 5)]), dice_roll(&d, sizes[dice_roll(&d, 5)]));
		in_script(written, sizeof(written), text, scripts[dice_roll(&d, ARRAY_LEN(scripts))]);
		assert_finds_nothing(written);
	}
}

static void passes_over_what_is_not_utf8(void **state)
{
	(void)state;
	assert_finds_nothing("\xff\xfe\x80\xc3");
	assert_finds("\xff" "943 476 5919\xc3", PERSONAL_NHS_NUMBER, "943 476 5919");
	assert_finds_nothing("943 476\xff 5919");
}

/* Parts that each form could begin with: under a sanitizer, and in no time that a person would notice. */
static void reads_the_longest_comment_of_any_making(void **state)
{
	static const char *const parts[] = {"1 ", "1", "0 1", "a.", "a@", "a", "+", "(", "w1", "w1 1", "12 may ", "may 1 ", "http:/", "www", "07700 ", "1/", "1/1/", "-", ".", "\u200e", "૧ "};
	struct personal_found found[FOUND_MAX];
	size_t size = 40000;
	char *text = malloc(size + 16);

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		size_t len = 0;

		while (len < size) {
			memcpy(text + len, parts[i], strlen(parts[i]));
			len += strlen(parts[i]);
		}
		text[len] = '\0';
		(void)personal_find(found, FOUND_MAX, text);
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_nhs_numbers_by_their_check_digit),
		cmocka_unit_test(takes_ten_digits_with_a_wrong_check_digit_for_no_nhs_number),
		cmocka_unit_test(finds_telephone_numbers_as_people_write_them),
		cmocka_unit_test(finds_any_mobile_and_landline_number),
		cmocka_unit_test(finds_email_addresses),
		cmocka_unit_test(finds_web_addresses),
		cmocka_unit_test(finds_postcodes_in_any_spelling),
		cmocka_unit_test(finds_any_postcode_of_an_area_in_use),
		cmocka_unit_test(finds_full_dates_in_digits),
		cmocka_unit_test(finds_full_dates_with_the_months_name),
		cmocka_unit_test(finds_several_in_their_order),
		cmocka_unit_test(leaves_ordinary_sentences_alone),
		cmocka_unit_test(raises_no_alarm_at_numbers_of_daily_life),
		cmocka_unit_test(passes_over_what_is_not_utf8),
		cmocka_unit_test(reads_the_longest_comment_of_any_making),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
