/* hpke_check - core's sealing beside another implementation of RFC 9180.
 *
 * Each line of stdin is PRIVATE PUBLIC INFO AAD SEALED PLAIN: bytes in hexadecimal, INFO as it is, "-" for none. What is sealed must open to what is plain;
 * the line of stdout is the same plain bytes sealed anew to PUBLIC, for the other to open. The first that does not hold ends it with status 1.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/seal.h"

enum word { PRIVATE, PUBLIC, INFO, AAD, SEALED, PLAIN, WORDS };

struct bytes {
	uint8_t *data;
	size_t len;
};

static struct bytes unhex(const char *word)
{
	size_t len = strcmp(word, "-") == 0 ? 0 : strlen(word) / 2;
	struct bytes b = {malloc(len + 1), len};

	if (!b.data || (len > 0 && hex_decode(b.data, len, word) != STATUS_OK))
		exit(2);
	return b;
}

static bool opens(const struct bytes b[WORDS], const char *info)
{
	struct buf plain = BUF_INIT;
	bool same = b[PRIVATE].len == SEAL_KEY_LEN &&
		    seal_open(&plain, b[PRIVATE].data, info, b[AAD].data, b[AAD].len, b[SEALED].data, b[SEALED].len, NULL) == STATUS_OK &&
		    plain.len == b[PLAIN].len && (plain.len == 0 || memcmp(plain.data, b[PLAIN].data, plain.len) == 0);

	buf_clear(&plain);
	return same;
}

static bool seals(const struct bytes b[WORDS], const char *info)
{
	struct buf sealed = BUF_INIT;
	bool done = b[PUBLIC].len == SEAL_KEY_LEN &&
		    seal_to(&sealed, b[PUBLIC].data, info, b[AAD].data, b[AAD].len, b[PLAIN].data, b[PLAIN].len, NULL) == STATUS_OK && buf_ok(&sealed);
	char *hex = done ? malloc(2 * sealed.len + 1) : NULL;

	if (hex) {
		hex_encode(hex, sealed.data, sealed.len);
		(void)puts(hex);
	}
	free(hex);
	buf_clear(&sealed);
	return hex != NULL;
}

static bool check(char *line)
{
	struct bytes b[WORDS];
	const char *info = "";
	char *rest = NULL, *word = strtok_r(line, " \n", &rest);
	bool holds = true;

	for (int i = 0; i < WORDS; i++, word = strtok_r(NULL, " \n", &rest)) {
		if (!word)
			exit(2);
		if (i == INFO && strcmp(word, "-") != 0)
			info = word;
		b[i] = unhex(i == INFO ? "-" : word);
	}
	holds = opens(b, info) && seals(b, info);
	for (int i = 0; i < WORDS; i++)
		free(b[i].data);
	return holds;
}

int main(void)
{
	char *line = NULL;
	size_t room = 0, number = 0;
	bool holds = true;

	while (holds && getline(&line, &room, stdin) > 0) {
		number++;
		holds = check(line);
	}
	free(line);
	if (!holds)
		(void)fprintf(stderr, "line %zu does not open to what was sealed\n", number);
	return holds ? EXIT_SUCCESS : EXIT_FAILURE;
}
