/* client/evidence.c - see evidence.h. */
#include "client/evidence.h"

#include <stdint.h>
#include <string.h>

#define PDF_SEARCHED 1024 /* readers accept other bytes before the header, within so many */

/* JPEG markers */
#define SOI 0xd8
#define EOI 0xd9
#define SOS 0xda
#define COM 0xfe
#define APP1 0xe1  /* Exif, XMP */
#define APP2 0xe2  /* colour profiles; of several pictures in one file, where the others are */
#define APP13 0xed /* IPTC */

static const uint8_t png_start[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

static enum status broken(const char *what, struct error *e)
{
	return error_set(e, STATUS_INVALID, "the file begins as a %s and is none, or is cut short; please save it anew", what);
}

static bool is_pdf(const uint8_t *file, size_t len)
{
	return memmem(file, len < PDF_SEARCHED ? len : PDF_SEARCHED, "%PDF-", 5) != NULL;
}

static bool is_note(uint8_t marker, const uint8_t *body, size_t len)
{
	if (marker == APP2)
		return len < 12 || memcmp(body, "ICC_PROFILE", 12) != 0;
	return marker == COM || (marker >= APP1 && marker <= APP13);
}

/* From a scan's header to the marker behind its data: 0xff is followed by 0 in data, and by 0xd0 to 0xd7 where decoders can begin anew. */
static size_t scan_end(const uint8_t *file, size_t at, size_t len)
{
	while (at + 1 < len && !(file[at] == 0xff && file[at + 1] != 0 && file[at + 1] != 0xff && (file[at + 1] < 0xd0 || file[at + 1] > 0xd7)))
		at++;
	return at;
}

static enum status take_jpeg(struct buf *out, const uint8_t *file, size_t len, struct error *e)
{
	size_t at = 2;

	buf_add(out, file, 2);
	while (at + 4 <= len && file[at] == 0xff && file[at + 1] != EOI) {
		uint8_t marker = file[at + 1];
		size_t segment = 2 + ((size_t)file[at + 2] << 8 | file[at + 3]), end;

		if (marker == 0xff) { /* fills */
			at++;
			continue;
		}
		if (marker < 0xc0 || (marker >= 0xd0 && marker <= SOI) || segment < 4 || segment > len - at)
			return broken("JPEG", e);
		end = at + segment;
		if (marker == SOS)
			end = scan_end(file, end, len);
		if (!is_note(marker, file + at + 4, segment - 4))
			buf_add(out, file + at, end - at);
		at = end;
	}
	if (at + 2 > len || file[at] != 0xff || file[at + 1] != EOI)
		return broken("JPEG", e);
	buf_add(out, file + at, 2);
	return STATUS_OK;
}

static bool is_note_chunk(const uint8_t *name)
{
	static const char *const notes[] = {"tEXt", "zTXt", "iTXt", "eXIf", "tIME"};

	for (size_t i = 0; i < ARRAY_LEN(notes); i++)
		if (memcmp(name, notes[i], 4) == 0)
			return true;
	return false;
}

static enum status take_png(struct buf *out, const uint8_t *file, size_t len, struct error *e)
{
	size_t at = sizeof(png_start);
	bool ended = false;

	buf_add(out, file, at);
	while (!ended && len - at >= 12) {
		size_t data = (size_t)file[at] << 24 | (size_t)file[at + 1] << 16 | (size_t)file[at + 2] << 8 | file[at + 3];

		if (data > len - at - 12)
			return broken("PNG", e);
		if (!is_note_chunk(file + at + 4))
			buf_add(out, file + at, data + 12);
		ended = memcmp(file + at + 4, "IEND", 4) == 0;
		at += data + 12;
	}
	return ended ? STATUS_OK : broken("PNG", e);
}

enum status evidence_take(struct buf *out, const char **type, const void *file, size_t len, struct error *e)
{
	const uint8_t *bytes = file;
	const char *found = "application/pdf";
	enum status st = STATUS_OK;

	if (len > 3 && bytes[0] == 0xff && bytes[1] == SOI && bytes[2] == 0xff) {
		found = "image/jpeg";
		st = take_jpeg(out, bytes, len, e);
	} else if (len > sizeof(png_start) && memcmp(bytes, png_start, sizeof(png_start)) == 0) {
		found = "image/png";
		st = take_png(out, bytes, len, e);
	} else if (is_pdf(bytes, len)) {
		buf_add(out, bytes, len);
	} else {
		return error_set(e, STATUS_INVALID, "the file is neither a PDF nor a picture (JPEG, PNG); please save it as one of these");
	}
	if (st == STATUS_OK && !buf_ok(out))
		st = error_set(e, STATUS_NOMEM, "out of memory");
	if (st == STATUS_OK)
		*type = found;
	return st;
}

const char *evidence_word(const char *type)
{
	static const char *const words[][2] = {{"application/pdf", "PDF"}, {"image/jpeg", "JPEG"}, {"image/png", "PNG"}};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (type && strcmp(type, words[i][0]) == 0)
			return words[i][1];
	return "file";
}
