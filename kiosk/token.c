/* kiosk/token.c - the hidden field of every page. A secret and bytes enter; a text that only this kiosk can have made, or read, leaves. */
#include "kiosk/token.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define KEY_FILE "device.key"
#define KEY_FILE_MAX 4096
#define LABEL "qip kiosk form 2\n"
#define INFO "qip kiosk page"

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

enum status token_make(struct buf *out, const struct token_secret *secret, const void *bytes, size_t len)
{
	struct buf sealed = BUF_INIT;
	enum status st = seal_secret(&sealed, secret->bytes, INFO, bytes, len);

	if (st == STATUS_OK)
		base64url_encode(out, sealed.data, sealed.len);
	buf_clear(&sealed);
	return st == STATUS_OK && !buf_ok(out) ? STATUS_NOMEM : st;
}

enum status token_read(struct buf *out, const struct token_secret *secret, const char *text)
{
	struct buf sealed = BUF_INIT;
	enum status st = base64url_decode(&sealed, text, strlen(text));

	st = st == STATUS_OK && sealed.len ? seal_secret_open(out, secret->bytes, INFO, sealed.data, sealed.len) : STATUS_UNTRUSTED;
	buf_clear(&sealed);
	return st;
}
