/* kiosk/token.c - the hidden field of a question page. A secret and an id enter; a text that only this kiosk can have made leaves. */
#include "kiosk/token.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define KEY_FILE "device.key"
#define KEY_FILE_MAX 4096
#define LABEL "qip kiosk form 1\n"

enum status token_secret_load(struct token_secret *out, const char *home, struct error *e)
{
	uint8_t bytes[sizeof(LABEL) - 1 + KEY_FILE_MAX] = LABEL;
	int dir = open(home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd = dir < 0 ? -1 : openat(dir, KEY_FILE, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, bytes + sizeof(LABEL) - 1, KEY_FILE_MAX);
	enum status st = STATUS_OK;

	if (n <= 0)
		st = error_set_errno(e, errno, "cannot read %s/" KEY_FILE, home);
	else if (sha256(out->bytes, bytes, sizeof(LABEL) - 1 + (size_t)n) != STATUS_OK)
		st = error_set(e, STATUS_CRYPTO, "cannot make the secret of the forms");
	explicit_bzero(bytes, sizeof(bytes));
	if (fd >= 0)
		(void)close(fd);
	if (dir >= 0)
		(void)close(dir);
	return st;
}

/* The id has one length, so nothing can be put behind it: a plain hash of secret and id is a seal. */
static enum status seal(char out[2 * TOKEN_SEAL_LEN + 1], const struct token_secret *secret, const char *id)
{
	uint8_t input[SHA256_LEN + ID_TEXT_LEN];
	uint8_t digest[SHA256_LEN];
	enum status st = STATUS_OK;

	memcpy(input, secret->bytes, SHA256_LEN);
	memcpy(input + SHA256_LEN, id, ID_TEXT_LEN);
	st = sha256(digest, input, sizeof(input));
	if (st == STATUS_OK)
		hex_encode(out, digest, TOKEN_SEAL_LEN);
	return st;
}

enum status token_make(char out[TOKEN_TEXT_MAX], const struct token_secret *secret, const struct env *env)
{
	char id[ID_TEXT_LEN + 1];
	enum status st = id_make(id, env);

	if (st != STATUS_OK)
		return st;
	memcpy(out, id, ID_TEXT_LEN);
	out[ID_TEXT_LEN] = '.';
	return seal(out + ID_TEXT_LEN + 1, secret, id);
}

enum status token_read(char id[ID_TEXT_LEN + 1], const struct token_secret *secret, const char *text)
{
	char made[ID_TEXT_LEN + 1];
	char expected[2 * TOKEN_SEAL_LEN + 1];
	unsigned difference = 0;

	if (strlen(text) != TOKEN_TEXT_MAX - 1 || text[ID_TEXT_LEN] != '.')
		return STATUS_UNTRUSTED;
	memcpy(made, text, ID_TEXT_LEN);
	made[ID_TEXT_LEN] = '\0';
	if (!id_valid(made) || seal(expected, secret, made) != STATUS_OK)
		return STATUS_UNTRUSTED;
	for (size_t i = 0; i < 2 * TOKEN_SEAL_LEN; i++)
		difference |= (unsigned)(expected[i] ^ text[ID_TEXT_LEN + 1 + i]);
	if (difference != 0)
		return STATUS_UNTRUSTED;
	memcpy(id, made, sizeof(made));
	return STATUS_OK;
}
