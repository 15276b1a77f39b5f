/* core/tls_client.c - the client's end of TLS: connect, check the server, and talk, all before a deadline. */
#include "core/tls_internal.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mbedtls/oid.h>
#include <mbedtls/pem.h>

#include "core/tls_dial.h"

#define SAN_IP_ADDRESS 0x87 /* context-specific tag 7, RFC 5280, section 4.2.1.6 */
#define PIN_MIN_LEN 16
#define CA_PEM_MAX_BYTES 16384

/* ---- checking the server's certificate ---- */

static bool has_address(const mbedtls_x509_crt *crt, const uint8_t *address, size_t len)
{
	if (!(crt->MBEDTLS_PRIVATE(ext_types) & MBEDTLS_X509_EXT_SUBJECT_ALT_NAME))
		return false;
	for (const mbedtls_x509_sequence *san = &crt->subject_alt_names; san; san = san->next)
		if (san->buf.tag == SAN_IP_ADDRESS && san->buf.len == len && memcmp(san->buf.p, address, len) == 0)
			return true;
	return false;
}

/* Called from the authority (highest depth) down to the server (0). Names are mbedTLS's to check, addresses it cannot.
 */
static int check_certificate(void *conn, mbedtls_x509_crt *crt, int depth, uint32_t *flags)
{
	struct tls_conn *c = conn;
	const struct tls_client *client = c->client;

	if (client->ignore_dates)
		*flags &= ~(uint32_t)TLS_DATE_FLAGS;
	if (depth == 0) {
		*flags |= tls_purpose_flags(crt, MBEDTLS_OID_SERVER_AUTH, MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH));
		if (client->address_len > 0 && !has_address(crt, client->address, client->address_len))
			*flags |= MBEDTLS_X509_BADCERT_CN_MISMATCH;
	}
	c->refused |= *flags;
	c->checked = depth == 0;
	return 0;
}

static const char *refusal_text(uint32_t refused)
{
	if (refused & MBEDTLS_X509_BADCERT_NOT_TRUSTED)
		return "is not from the authority this device was joined with; is the address right? If it is, "
		       "somebody may "
		       "stand between this device and the server: tell whoever runs it";
	if (refused & MBEDTLS_X509_BADCERT_CN_MISMATCH)
		return "is for another name or address; please use the address the server was set up with";
	if (refused & MBEDTLS_X509_BADCERT_EXPIRED)
		return "has expired; is this device's clock right? If it is, tell whoever runs the server";
	if (refused & MBEDTLS_X509_BADCERT_FUTURE)
		return "is not valid yet; is this device's clock right?";
	if (refused & (MBEDTLS_X509_BADCERT_KEY_USAGE | MBEDTLS_X509_BADCERT_EXT_KEY_USAGE))
		return "is not one for servers; tell whoever runs the server";
	return "is of a kind that this program does not take; tell whoever runs the server";
}

/* ---- connecting ---- */

static enum status failed_handshake(const struct tls_conn *c, int ret, const char *host, struct error *e)
{
	if (c->refused)
		return error_set(e, STATUS_UNTRUSTED, "the certificate of the server at %.100s %s", host,
				 refusal_text(c->refused));
	/* Once its own certificate is checked, the server can only dislike ours. */
	if (ret == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE && c->checked && c->client->has_certificate)
		return error_set(
			e, STATUS_UNTRUSTED,
			"the server at %.100s refused this device's certificate; was it joined with that server?",
			host);
	if (ret == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE)
		return error_set(e, STATUS_NETWORK,
				 "the server at %.100s refused the connection: it takes none of our TLS settings",
				 host);
	return error_set(e, STATUS_NETWORK,
			 "the server at %.100s ended the connection or does not speak TLS 1.2 (-0x%04x)", host,
			 (unsigned)-ret);
}

static enum status shake(struct tls_conn *c, const char *host, int64_t until_ms, struct error *e)
{
	for (;;) {
		int ret = tls_conn_shake(c);
		enum status st = STATUS_OK;

		if (ret == 0)
			return STATUS_OK;
		if (ret != MBEDTLS_ERR_SSL_WANT_READ && ret != MBEDTLS_ERR_SSL_WANT_WRITE)
			return failed_handshake(c, ret, host, e);
		st = dial_wait(c->fd, ret == MBEDTLS_ERR_SSL_WANT_READ ? POLLIN : POLLOUT, until_ms);
		if (st == STATUS_TIMEOUT)
			return error_set(e, st, "the server at %.100s took the connection and then said nothing", host);
		if (st)
			return error_set(e, st, "waiting for the server at %.100s failed", host);
	}
}

static void note_address(struct tls_client *client, const char *host)
{
	if (inet_pton(AF_INET, host, client->address) == 1)
		client->address_len = 4;
	else if (inet_pton(AF_INET6, host, client->address) == 1)
		client->address_len = 16;
}

static enum status reach(int *fd, const struct tls_client_options *o, int64_t until_ms, struct error *e)
{
	enum status st = STATUS_OK;

	if (!o->proxy)
		return dial(fd, o->host, o->port, until_ms, e);
	st = dial(fd, o->proxy->host, o->proxy->port, until_ms, e);
	if (st)
		return e ? error_prefix(e, st, "by the proxy") : st;
	st = proxy_connect(*fd, o->proxy, o->host, o->port, until_ms, e);
	if (st)
		(void)close(*fd);
	return st;
}

/* A connection that owns `client` and the socket, on STATUS_OK only. */
static enum status open_conn(struct tls_conn **out, struct tls_client *client, const struct tls_client_options *o, int64_t until_ms,
			     struct error *e)
{
	const char *host = o->host;
	struct tls_conn *c = NULL;
	enum status st = STATUS_OK;
	int fd = -1;

	note_address(client, host);
	st = reach(&fd, o, until_ms, e);
	if (st)
		return st;
	st = tls_conn_new(&c, &client->setup, fd);
	/* No name is sent or checked for an address (RFC 6066, section 3): see check_certificate. */
	if (!st && mbedtls_ssl_set_hostname(&c->ssl, client->address_len > 0 ? NULL : host) != 0)
		st = STATUS_USAGE;
	if (st) {
		tls_conn_free(c);
		(void)close(fd);
		return error_set(e, st, "could not set up TLS with \"%.100s\": %s", host, status_text(st));
	}
	c->client = client;
	*out = c;
	return STATUS_OK;
}

static enum status set_up(struct tls_client *client, const struct tls_client_options *o, struct error *e)
{
	enum status st = tls_setup_init(&client->setup, MBEDTLS_SSL_IS_CLIENT, e);

	if (!st)
		st = tls_setup_trust(&client->setup, o->ca_pem, e);
	if (!st && o->cert_pem && o->key) {
		st = tls_setup_identity(&client->setup, o->cert_pem, NULL, o->key, e);
		client->has_certificate = true;
	}
	if (st)
		return st;
	client->ignore_dates = o->ignore_dates;
	mbedtls_ssl_conf_authmode(&client->setup.conf, MBEDTLS_SSL_VERIFY_REQUIRED);
	mbedtls_ssl_conf_session_tickets(&client->setup.conf, MBEDTLS_SSL_SESSION_TICKETS_ENABLED);
	st = tls_session_bind(client, o);
	return st ? error_set(e, st, "out of memory while setting up TLS") : STATUS_OK;
}

enum status tls_connect(struct tls_conn **out, const struct tls_client_options *o, struct error *e)
{
	int64_t until_ms = dial_now_ms() + o->deadline_ms;
	struct tls_client *client = calloc(1, sizeof(*client));
	struct tls_conn *c = NULL;
	enum status st = STATUS_NOMEM;

	if (!client)
		return error_set(e, st, "out of memory while connecting");
	st = set_up(client, o, e);
	if (!st)
		st = open_conn(&c, client, o, until_ms, e);
	if (st) {
		tls_client_free(client, -1);
		return st;
	}
	mbedtls_ssl_set_verify(&c->ssl, check_certificate, c);
	tls_session_resume(c, o->session, o->session_len);
	st = shake(c, o->host, until_ms, e);
	if (st)
		tls_close(c);
	else
		*out = c;
	return st;
}

void tls_client_free(struct tls_client *client, int fd)
{
	if (!client)
		return;
	if (fd >= 0)
		(void)close(fd);
	tls_setup_free(&client->setup);
	free(client);
}

/* ---- fetching the authority ---- */

static enum status append_pem(struct buf *out, const mbedtls_x509_crt *crt, struct error *e)
{
	unsigned char pem[CA_PEM_MAX_BYTES];
	size_t len = 0;

	if (mbedtls_pem_write_buffer("-----BEGIN CERTIFICATE-----\n", "-----END CERTIFICATE-----\n", crt->raw.p,
				     crt->raw.len, pem, sizeof(pem), &len) != 0)
		return error_set(e, STATUS_TOO_BIG, "the authority's certificate is too large");
	buf_adds(out, (const char *)pem);
	return buf_ok(out) ? STATUS_OK : error_set(e, STATUS_NOMEM, "out of memory while connecting");
}

static enum status find_pinned(struct buf *out, const struct tls_conn *c, const uint8_t *pin, size_t pin_len,
			       const char *host, struct error *e)
{
	for (const mbedtls_x509_crt *crt = mbedtls_ssl_get_peer_cert(&c->ssl); crt; crt = crt->next) {
		uint8_t digest[SHA256_LEN];

		if (!crt->MBEDTLS_PRIVATE(ca_istrue) || sha256(digest, crt->raw.p, crt->raw.len) != STATUS_OK)
			continue;
		if (memcmp(digest, pin, pin_len) == 0)
			return append_pem(out, crt, e);
	}
	return error_set(e, STATUS_UNTRUSTED,
			 "the server at %.100s is not the one that the join code or the fingerprint is for; is the address "
			 "right?",
			 host);
}

enum status tls_fetch_ca(struct buf *ca_pem, const struct tls_client_options *o, const uint8_t *pin, size_t pin_len, struct error *e)
{
	int64_t until_ms = dial_now_ms() + o->deadline_ms;
	struct tls_client *client = NULL;
	struct tls_conn *c = NULL;
	enum status st = STATUS_OK;

	if (pin_len < PIN_MIN_LEN || pin_len > SHA256_LEN)
		return error_set(e, STATUS_USAGE, "a fingerprint of %zu bytes is not safe to look for", pin_len);
	client = calloc(1, sizeof(*client));
	if (!client)
		return error_set(e, STATUS_NOMEM, "out of memory while connecting");
	st = tls_setup_init(&client->setup, MBEDTLS_SSL_IS_CLIENT, e);
	if (!st) {
		/* The pin decides afterwards; until then nothing is believed and nothing is sent. */
		mbedtls_ssl_conf_authmode(&client->setup.conf, MBEDTLS_SSL_VERIFY_NONE);
		st = open_conn(&c, client, o, until_ms, e);
	}
	if (st) {
		tls_client_free(client, -1);
		return st;
	}
	st = shake(c, o->host, until_ms, e);
	if (!st)
		st = find_pinned(ca_pem, c, pin, pin_len, o->host, e);
	tls_close(c);
	return st;
}

/* ---- talking ---- */

/* Wait as the last operation asked. */
static enum status wait_for(const struct tls_conn *c, enum tls_io io, int64_t until_ms, struct error *e)
{
	enum status st = dial_wait(c->fd, io == TLS_WANT_READ ? POLLIN : POLLOUT, until_ms);

	if (st == STATUS_TIMEOUT)
		return error_set(e, st, "the server stopped answering");
	return st ? error_set(e, st, "waiting for the server failed") : STATUS_OK;
}

enum status tls_read(struct tls_conn *c, void *buf, size_t *n, int deadline_ms, struct error *e)
{
	int64_t until_ms = dial_now_ms() + deadline_ms;

	for (;;) {
		enum tls_io io = tls_recv(c, buf, n);
		enum status st = STATUS_OK;

		if (io == TLS_CLOSED)
			*n = 0;
		if (io == TLS_OK || io == TLS_CLOSED)
			return STATUS_OK;
		if (io == TLS_FAILED)
			return error_set(e, STATUS_NETWORK, "the connection to the server broke off");
		st = wait_for(c, io, until_ms, e);
		if (st)
			return st;
	}
}

enum status tls_write(struct tls_conn *c, const void *buf, size_t len, int deadline_ms, struct error *e)
{
	int64_t until_ms = dial_now_ms() + deadline_ms;
	const uint8_t *at = buf;

	while (len > 0) {
		size_t n = len;
		enum tls_io io = tls_send(c, at, &n);
		enum status st = STATUS_OK;

		if (io == TLS_OK) {
			at += n;
			len -= n;
			continue;
		}
		if (io == TLS_CLOSED || io == TLS_FAILED)
			return error_set(e, STATUS_NETWORK, "the connection to the server broke off");
		st = wait_for(c, io, until_ms, e);
		if (st)
			return st;
	}
	return STATUS_OK;
}
