/* tests/client/test_evidence.c - client/evidence.c: what a file is, and what of a picture is kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "client/evidence.h"

#define BYTES(text) (text), sizeof(text) - 1

#define JFIF "\xff\xe0\x00\x07JFIF\x00"
#define EXIF "\xff\xe1\x00\x0e" "Exif\0\0\x01GPS52"
#define IPTC "\xff\xed\x00\x06Khan"
#define NOTE "\xff\xfe\x00\x06Zoe!"
#define ICC "\xff\xe2\x00\x10ICC_PROFILE\x00\x01\x01"
#define MORE "\xff\xe2\x00\x06MPF\0"
#define TABLE "\xff\xdb\x00\x05\x00\x01\x02"
#define SCAN "\xff\xda\x00\x04\x01\x02" "data\xff\x00more\xff\xd0" "end"
#define END "\xff\xd9"

#define PNG "\x89PNG\r\n\x1a\n"
#define CHUNK(len, name, data) "\0\0\0" len name data "crc!"
#define IHDR CHUNK("\x02", "IHDR", "ab")
#define TEXT CHUNK("\x04", "tEXt", "Khan")
#define PLACE CHUNK("\x03", "eXIf", "GPS")
#define IDAT CHUNK("\x04", "IDAT", "pixl")
#define IEND CHUNK("\x00", "IEND", "")

/* What is kept of a file, and as what. */
static void keeps(const void *file, size_t len, const char *type, const void *kept, size_t kept_len)
{
	struct buf out = BUF_INIT;
	struct error e = {0};
	const char *found = NULL;

	assert_int_equal(evidence_take(&out, &found, file, len, &e), STATUS_OK);
	assert_string_equal(found, type);
	assert_int_equal(out.len, kept_len);
	assert_memory_equal(out.data, kept, kept_len);
	buf_clear(&out);
}

static void refuses(const void *file, size_t len, const char *why)
{
	struct buf out = BUF_INIT;
	struct error e = {0};
	const char *found = NULL;

	assert_int_equal(evidence_take(&out, &found, file, len, &e), STATUS_INVALID);
	assert_null(found);
	assert_non_null(strstr(e.text, why));
	buf_clear(&out);
}

static void a_pdf_is_known_by_its_header_and_kept_as_it_is(void **state)
{
	char late[1100] = "";

	(void)state;
	keeps(BYTES("%PDF-1.7\nAuthor"), "application/pdf", BYTES("%PDF-1.7\nAuthor"));
	keeps(BYTES("\xef\xbb\xbf%PDF-1.4"), "application/pdf", BYTES("\xef\xbb\xbf%PDF-1.4"));
	memcpy(late + 1024, "%PDF-1.7", 8);
	refuses(late, sizeof(late), "neither");
}

static void of_a_jpeg_the_picture_and_its_colours_are_kept_and_no_note(void **state)
{
	static const char whole[] = "\xff\xd8" JFIF EXIF IPTC NOTE ICC MORE TABLE SCAN NOTE TABLE SCAN END "\xff\xd8" "behind the end";
	static const char kept[] = "\xff\xd8" JFIF ICC TABLE SCAN TABLE SCAN END;

	(void)state;
	keeps(BYTES(whole), "image/jpeg", BYTES(kept));
	keeps(BYTES("\xff\xd8\xff" TABLE SCAN END), "image/jpeg", BYTES("\xff\xd8" TABLE SCAN END)); /* with a byte that fills */
	keeps(BYTES(kept), "image/jpeg", BYTES(kept));
}

static void of_a_png_the_picture_is_kept_and_no_note(void **state)
{
	(void)state;
	keeps(BYTES(PNG IHDR TEXT PLACE IDAT TEXT IEND "behind the end"), "image/png", BYTES(PNG IHDR IDAT IEND));
}

static void a_picture_that_is_cut_anywhere_is_refused(void **state)
{
	static const char jpeg[] = "\xff\xd8" JFIF EXIF TABLE SCAN END, png[] = PNG IHDR TEXT IDAT IEND;

	(void)state;
	for (size_t len = 4; len < sizeof(jpeg) - 1; len++)
		refuses(jpeg, len, "JPEG");
	for (size_t len = 9; len < sizeof(png) - 1; len++)
		refuses(png, len, "PNG");
	refuses(BYTES("\xff\xd8\xff\xe1\x00\x01" END END), "JPEG");      /* shorter than its own length */
	refuses(BYTES("\xff\xd8\xff\xe1\xff\xff" END END), "JPEG");      /* longer than the file */
	refuses(BYTES(PNG "\xff\xff\xff\xffIDATpixlcrc!"), "PNG");
}

static void what_is_nothing_that_is_kept_is_refused(void **state)
{
	static const char *const files[] = {"", "M", "MZ", "GIF89a", "<html>", "PK\x03\x04", "\xff\xd8", "\x89PNG"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		refuses(files[i], strlen(files[i]), "neither a PDF nor a picture");
}

static void each_kind_has_a_word(void **state)
{
	(void)state;
	assert_string_equal(evidence_word("application/pdf"), "PDF");
	assert_string_equal(evidence_word("image/png"), "PNG");
	assert_string_equal(evidence_word("text/html"), "file");
	assert_string_equal(evidence_word(NULL), "file");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pdf_is_known_by_its_header_and_kept_as_it_is),
		cmocka_unit_test(of_a_jpeg_the_picture_and_its_colours_are_kept_and_no_note),
		cmocka_unit_test(of_a_png_the_picture_is_kept_and_no_note),
		cmocka_unit_test(a_picture_that_is_cut_anywhere_is_refused),
		cmocka_unit_test(what_is_nothing_that_is_kept_is_refused),
		cmocka_unit_test(each_kind_has_a_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
