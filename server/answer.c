/* server/answer.c - what a request is answered with. */
#include "server/answer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/utf8.h"

#define TYPE_TEXT "text/plain; charset=utf-8"

unsigned answer_code(enum status st)
{
	switch (st) {
	case STATUS_OK:
		return 200;
	case STATUS_MALFORMED:
	case STATUS_FORBIDDEN_FORM:
	case STATUS_INVALID:
		return 400;
	case STATUS_DENIED:
	case STATUS_UNTRUSTED:
		return 403;
	case STATUS_NOT_FOUND:
		return 404;
	case STATUS_USAGE:
		return 405;
	case STATUS_EXISTS:
	case STATUS_STALE:
		return 409;
	case STATUS_GONE:
		return 410;
	case STATUS_TOO_BIG:
		return 413;
	case STATUS_UNSUPPORTED:
		return 415;
	case STATUS_CORRUPT:
	case STATUS_CRYPTO:
		return 500;
	case STATUS_NO_SPACE:
		return 507;
	default:
		return 503;
	}
}

const char *answer_words(const struct error *e)
{
	if (answer_code(e->status) < 500)
		return e->text[0] ? e->text : status_text(e->status);
	switch (e->status) {
	case STATUS_NO_SPACE:
		return "the server's disk is full; nothing was lost, try again when whoever runs it has made room";
	case STATUS_CLOSED:
		return e->text;
	case STATUS_BUSY:
		return "the server is busy with this practice; try again in a minute";
	default:
		return "the server has a fault of its own; nothing was lost, try again later and tell whoever runs it";
	}
}

void answer_note(struct answer *a, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(a->note, sizeof(a->note), fmt, args);
	va_end(args);
}

/* What a request says of itself may be any bytes, and words about it may have been cut: what is no UTF-8 becomes "?". */
static void keep_utf8(char *text)
{
	for (size_t left = strlen(text); left > 0;) {
		size_t n = utf8_decode(NULL, text, left);

		if (n == 0)
			*text = '?';
		text += n ? n : 1;
		left -= n ? n : 1;
	}
}

static void put(struct answer *a, unsigned code, const char *type, const void *bytes, size_t len)
{
	spool_clear(&a->body);
	a->code = code;
	a->type = type;
	/* memory may be out; the status alone then has to do */
	if (spool_add(&a->body, bytes, len, NULL) != STATUS_OK)
		spool_clear(&a->body);
}

void answer_text(struct answer *a, unsigned code, const char *fmt, ...)
{
	char text[ERROR_TEXT_MAX + 2];
	va_list args;
	int n = 0;

	va_start(args, fmt);
	n = vsnprintf(text, sizeof(text) - 1, fmt, args);
	va_end(args);
	if (n < 0)
		n = 0;
	if ((size_t)n > sizeof(text) - 2)
		n = sizeof(text) - 2;
	text[n] = 0;
	keep_utf8(text);
	answer_note(a, "%s", text);
	text[n] = '\n';
	put(a, code, TYPE_TEXT, text, (size_t)n + 1);
}

void answer_error(struct answer *a, const struct error *e)
{
	answer_text(a, answer_code(e->status), "%s", answer_words(e));
	a->closed = e->status == STATUS_CLOSED;
	answer_note(a, "%s", e->text);
}

void answer_json(struct answer *a, unsigned code, const cJSON *value)
{
	struct buf text = BUF_INIT;

	if (value && json_canonical(&text, value) == STATUS_OK && buf_ok(&text))
		put(a, code, ANSWER_JSON, text.data, text.len);
	else
		answer_text(a, 503, "%s", answer_words(&(struct error){.status = STATUS_NOMEM}));
	buf_clear(&text);
}

/* For programs; people read the message. */
static const char *word_of(unsigned code)
{
	static const struct {
		unsigned code;
		const char *word;
	} words[] = {{400, "malformed"}, {403, "denied"},  {404, "not-found"},	 {405, "method"},
		     {409, "conflict"},	 {410, "gone"},	   {413, "too-big"}, {415, "content-type"}};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (words[i].code == code)
			return words[i].word;
	}
	return "later";
}

void answer_json_error(struct answer *a, const struct error *e)
{
	unsigned code = answer_code(e->status);
	char words[ERROR_TEXT_MAX];
	cJSON *root = cJSON_CreateObject();

	(void)snprintf(words, sizeof(words), "%s", answer_words(e));
	keep_utf8(words);
	if (root && json_set_string(root, "error", word_of(code)) == STATUS_OK &&
	    json_set_string(root, "message", words) == STATUS_OK)
		answer_json(a, code, root);
	else
		answer_json(a, code, NULL);
	a->closed = e->status == STATUS_CLOSED;
	answer_note(a, "%s", e->text);
	cJSON_Delete(root);
}

void answer_bytes(struct answer *a, unsigned code, const char *type, const struct buf *bytes)
{
	if (buf_ok(bytes))
		put(a, code, type, bytes->data, bytes->len);
	else
		answer_text(a, 503, "%s", answer_words(&(struct error){.status = STATUS_NOMEM}));
}

void answer_clear(struct answer *a)
{
	spool_clear(&a->body);
	*a = (struct answer)ANSWER_INIT;
}
