/* core/id.c - UUID version 7, and the names that may stand in paths. */
#include "core/id.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define COUNT_BITS 12
#define COUNT_START_MASK 0x7FF		      /* a fresh count starts in the lower half, so that it has room to rise */
#define TIME_LAST_MS INT64_C(253402300799999) /* 9999-12-31T23:59:59.999Z */
#define NAME_MAX_LEN 40

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t last; /* ms << COUNT_BITS | count of the newest id of this process, under `lock` */

/* The next position in time; when the clock stands still or steps back, the last one counted on. */
static uint64_t next_position(int64_t now_ms, unsigned random)
{
	uint64_t position = 0;

	if (now_ms < 0)
		now_ms = 0;
	if (now_ms > TIME_LAST_MS)
		now_ms = TIME_LAST_MS;
	position = (uint64_t)now_ms << COUNT_BITS | (random & COUNT_START_MASK);
	(void)pthread_mutex_lock(&lock);
	if (position <= last)
		position = last + 1;
	last = position;
	(void)pthread_mutex_unlock(&lock);
	return position;
}

enum status id_make(char out[ID_TEXT_LEN + 1], const struct env *env)
{
	uint8_t r[10];
	uint64_t position = 0;
	uint64_t tail = 0;

	if (env->random(env->ctx, r, sizeof(r)) != STATUS_OK)
		return STATUS_IO;
	position = next_position(env->now_ms(env->ctx), (unsigned)r[8] << 8 | r[9]);
	for (size_t i = 0; i < 8; i++)
		tail = tail << 8 | r[i];
	tail = (tail & UINT64_C(0x3FFFFFFFFFFFFFFF)) | UINT64_C(0x8000000000000000); /* variant 10 */
	(void)snprintf(out, ID_TEXT_LEN + 1, "%08x-%04x-7%03x-%04x-%012llx",
		       (unsigned)(position >> (COUNT_BITS + 16) & 0xFFFFFFFF),
		       (unsigned)(position >> COUNT_BITS & 0xFFFF), (unsigned)(position & 0xFFF),
		       (unsigned)(tail >> 48), (unsigned long long)(tail & 0xFFFFFFFFFFFF));
	return STATUS_OK;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

int id_valid(const char *text)
{
	static const char form[] = "xxxxxxxx-xxxx-7xxx-Vxxx-xxxxxxxxxxxx";

	for (size_t i = 0; i < ID_TEXT_LEN; i++) {
		char c = text[i];

		if (form[i] == 'x'   ? !is_digit(c) && !(c >= 'a' && c <= 'f')
		    : form[i] == 'V' ? c != '8' && c != '9' && c != 'a' && c != 'b'
				     : c != form[i])
			return false;
	}
	return text[ID_TEXT_LEN] == '\0';
}

int name_valid(const char *text)
{
	size_t len = 0;

	if (!is_lower(text[0]) && !is_digit(text[0]))
		return false;
	for (; text[len]; len++) {
		if (len == NAME_MAX_LEN || !(is_lower(text[len]) || is_digit(text[len]) || text[len] == '-'))
			return false;
	}
	return strcmp(text, "root") != 0 && strcmp(text, "server") != 0;
}

int ods_valid(const char *text)
{
	if (text[0] < 'A' || text[0] > 'Z')
		return false;
	for (size_t i = 1; i <= 5; i++) {
		if (!is_digit(text[i]))
			return false;
	}
	return text[6] == '\0';
}
