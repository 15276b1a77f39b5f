/* client/http_text.c - what an answer's texts mean: refusals in words, dates. */
#include <stdio.h>
#include <string.h>

#include "client/http.h"
#include "core/env.h"
#include "core/json.h"
#include "core/utf8.h"

#define SENTENCE_MAX 400

void http_clean_text(char *out, size_t size, const char *text, size_t len)
{
	size_t at = 0;

	while (len > 0) {
		uint32_t cp = 0;
		size_t n = utf8_decode(&cp, text, len);

		if (n == 0)
			break;
		if (at + n >= size)
			break;
		if (cp < 0x20 || (cp >= 0x7F && cp < 0xA0)) /* C0, DEL, C1: may steer a terminal */
			out[at++] = ' ';
		else {
			memcpy(out + at, text, n);
			at += n;
		}
		text += n;
		len -= n;
	}
	while (at > 0 && out[at - 1] == ' ')
		at--;
	out[at] = '\0';
}

/* The sentence in a refusal: git's are plain text, an enrolment's JSON with a "message". */
static void refusal_sentence(char out[SENTENCE_MAX], const struct http_response *res)
{
	cJSON *json = NULL;
	const char *message = NULL;

	out[0] = '\0';
	if (strcmp(res->content_type, "application/json") == 0) {
		if (json_parse(&json, buf_text(&res->body), res->body.len, NULL) == STATUS_OK)
			message = json_string(json, "message");
		if (message)
			http_clean_text(out, SENTENCE_MAX, message, strlen(message));
		cJSON_Delete(json);
	} else if (strcmp(res->content_type, "text/plain") == 0)
		http_clean_text(out, SENTENCE_MAX, buf_text(&res->body), res->body.len);
}

enum status http_refusal(const struct http_response *res, struct error *e)
{
	char sentence[SENTENCE_MAX];

	refusal_sentence(sentence, res);
	if (res->closed)
		return error_set(e, STATUS_NETWORK,
				 "the server was restored from a backup and is not open yet: nothing is lost, what waits here is sent once it is");
	if (res->status >= 500 || res->status == 429 || res->status == 408)
		return error_set(e, STATUS_NETWORK, "the server cannot answer now (%d%s%s): try again later", res->status,
				 sentence[0] ? ", " : "", sentence);
	if (res->status == 413)
		return error_set(e, STATUS_TOO_BIG, "the server finds it too large%s%s", sentence[0] ? ": " : "", sentence);
	if (res->status / 100 == 3)
		return error_set(e, STATUS_REFUSED, "the server points to another address, which is not followed: check the address");
	if (sentence[0])
		return error_set(e, STATUS_REFUSED, "%s", sentence);
	return error_set(e, STATUS_REFUSED, "the server refused it (HTTP %d)", res->status);
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" is turned into RFC 3339, so that one parser judges all dates. */
enum status http_date_parse(int64_t *unix_ms, const char *text)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	const char *month = NULL;
	char name[4] = "";
	char iso[TIME_TEXT_MAX];

	if (strlen(text) != 29 || text[3] != ',' || text[4] != ' ' || text[7] != ' ' || text[11] != ' ' || text[16] != ' ' ||
	    strcmp(text + 25, " GMT") != 0)
		return STATUS_MALFORMED;
	memcpy(name, text + 8, 3);
	month = strstr(months, name);
	if (!month || (month - months) % 3 != 0)
		return STATUS_MALFORMED;
	(void)snprintf(iso, sizeof(iso), "%.4s-%02d-%.2sT%.8sZ", text + 12, (int)(month - months) / 3 + 1, text + 5, text + 17);
	return time_parse(unix_ms, iso);
}
