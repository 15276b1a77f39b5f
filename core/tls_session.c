/* core/tls_session.c - sessions kept by a client: from a connection to bytes for a file, and back into the next
 * connection. */
#include "core/tls_internal.h"

#include <stdlib.h>
#include <string.h>

#define SESSION_MAX_BYTES 65536

static void add_part(struct buf *b, const char *text)
{
	buf_adds(b, text ? text : "");
	buf_addc(b, '\0');
}

/* A session is for one server, one authority and one own certificate: with another it would show the server an identity
 * that this device has given up, or trust a server that it no longer should. */
enum status tls_session_bind(struct tls_client *client, const struct tls_client_options *o)
{
	struct buf parts = BUF_INIT;
	enum status st = STATUS_NOMEM;

	add_part(&parts, o->host);
	add_part(&parts, o->port);
	add_part(&parts, o->ca_pem);
	add_part(&parts, o->cert_pem);
	if (buf_ok(&parts))
		st = sha256(client->binding, parts.data, parts.len);
	buf_clear(&parts);
	return st;
}

/* In front of a stored session: over what it is bound to and its bytes, since mbedTLS trusts what it loads. */
static enum status session_digest(uint8_t out[SHA256_LEN], const struct tls_client *client, const uint8_t *bytes,
				  size_t len)
{
	struct buf all = BUF_INIT;
	enum status st = STATUS_NOMEM;

	buf_add(&all, client->binding, sizeof(client->binding));
	buf_add(&all, bytes, len);
	if (buf_ok(&all))
		st = sha256(out, all.data, all.len);
	buf_wipe(&all);
	return st;
}

/* Beside a stored session: how long the server's certificate holds. mbedTLS knows it too, in a structure that holds a time_t, whose size on 32 bits
 * depends on how the library was built. */
struct dates {
	mbedtls_x509_time from, to;
};

/* No handshake will look at the server's certificate again, so its dates are looked at here. */
static bool dates_hold(const uint8_t *bytes)
{
	struct dates d;

	memcpy(&d, bytes, sizeof(d));
	return !mbedtls_x509_time_is_past(&d.to) && !mbedtls_x509_time_is_future(&d.from);
}

void tls_session_resume(struct tls_conn *c, const uint8_t *bytes, size_t len)
{
	const size_t head = SHA256_LEN + sizeof(struct dates);
	uint8_t digest[SHA256_LEN];
	mbedtls_ssl_session session;

	if (!bytes || len <= head || len > SESSION_MAX_BYTES)
		return;
	if (session_digest(digest, c->client, bytes + SHA256_LEN, len - SHA256_LEN) != STATUS_OK ||
	    memcmp(digest, bytes, SHA256_LEN) != 0 || (!c->client->ignore_dates && !dates_hold(bytes + SHA256_LEN)))
		return;
	mbedtls_ssl_session_init(&session);
	if (mbedtls_ssl_session_load(&session, bytes + head, len - head) == 0)
		(void)mbedtls_ssl_set_session(&c->ssl, &session); /* without it the handshake is a full one */
	mbedtls_ssl_session_free(&session);
}

static enum status save_session(struct buf *out, const struct tls_conn *c, const mbedtls_x509_crt *server, const mbedtls_ssl_session *session)
{
	const struct dates d = {.from = server->valid_from, .to = server->valid_to};
	uint8_t digest[SHA256_LEN];
	uint8_t *bytes = malloc(SESSION_MAX_BYTES);
	enum status st = STATUS_CRYPTO;
	size_t len = 0;

	if (!bytes)
		return STATUS_NOMEM;
	memcpy(bytes, &d, sizeof(d));
	if (mbedtls_ssl_session_save(session, bytes + sizeof(d), SESSION_MAX_BYTES - SHA256_LEN - sizeof(d), &len) == 0) {
		len += sizeof(d);
		st = session_digest(digest, c->client, bytes, len);
	}
	if (!st) {
		buf_add(out, digest, sizeof(digest));
		buf_add(out, bytes, len);
		st = buf_ok(out) ? STATUS_OK : STATUS_NOMEM;
	}
	explicit_bzero(bytes, len);
	free(bytes);
	return st;
}

bool tls_resumed(const struct tls_conn *c)
{
	return c->ready && !c->checked && (c->client || mbedtls_ssl_get_peer_cert(&c->ssl));
}

enum status tls_session(struct buf *out, const struct tls_conn *c)
{
	const mbedtls_x509_crt *server = c->client && c->ready ? mbedtls_ssl_get_peer_cert(&c->ssl) : NULL;
	mbedtls_ssl_session session;
	enum status st = STATUS_CRYPTO;

	if (!c->client || !c->ready)
		return STATUS_USAGE;
	mbedtls_ssl_session_init(&session);
	if (server && mbedtls_ssl_get_session(&c->ssl, &session) == 0)
		st = save_session(out, c, server, &session);
	mbedtls_ssl_session_free(&session);
	return st;
}
