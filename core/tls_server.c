/* core/tls_server.c - the server's end of TLS: it asks for a device's certificate and does without one, but not with a
 * wrong one. */
#include "core/tls_internal.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <mbedtls/oid.h>
#include <mbedtls/ssl_ticket.h>

#include "core/key_internal.h"

#define TICKET_SECONDS 86400 /* the ticket key changes as often; a ticket outlives one change */

struct tls_server {
	struct tls_setup setup;
	atomic_int holders; /* whoever opened it, and its connections */
	pthread_mutex_t lock; /* of tickets: mbedTLS may be built without threads */
	mbedtls_ssl_ticket_context tickets;
};

/* ---- tickets ---- */

static int write_ticket(void *server, const mbedtls_ssl_session *session, unsigned char *start,
			const unsigned char *end, size_t *len, uint32_t *lifetime)
{
	struct tls_server *s = server;
	int ret = 0;

	(void)pthread_mutex_lock(&s->lock);
	ret = mbedtls_ssl_ticket_write(&s->tickets, session, start, end, len, lifetime);
	(void)pthread_mutex_unlock(&s->lock);
	return ret;
}

static int parse_ticket(void *server, mbedtls_ssl_session *session, unsigned char *bytes, size_t len)
{
	struct tls_server *s = server;
	int ret = 0;

	(void)pthread_mutex_lock(&s->lock);
	ret = mbedtls_ssl_ticket_parse(&s->tickets, session, bytes, len);
	(void)pthread_mutex_unlock(&s->lock);
	return ret;
}

/* ---- the device's certificate ---- */

/* A name of 1 to 64 printable characters, so that it can be looked up and logged. */
static bool names_device(const mbedtls_x509_crt *crt)
{
	const mbedtls_x509_name *name = &crt->subject;

	while (name && MBEDTLS_OID_CMP(MBEDTLS_OID_AT_CN, &name->oid) != 0)
		name = name->next;
	if (!name || name->val.len == 0 || name->val.len >= TLS_NAME_MAX)
		return false;
	for (size_t i = 0; i < name->val.len; i++)
		if (name->val.p[i] < 0x20 || name->val.p[i] > 0x7e)
			return false;
	return true;
}

/* Called from the authority (highest depth) down to the device (0). With an optional certificate mbedTLS would go on
 * after any flag, so what does not hold has to end the handshake here. */
static int check_certificate(void *conn, mbedtls_x509_crt *crt, int depth, uint32_t *flags)
{
	struct tls_conn *c = conn;

	*flags &= ~(uint32_t)TLS_DATE_FLAGS; /* tls_peer() tells */
	if (depth == 0) {
		*flags |= tls_purpose_flags(crt, MBEDTLS_OID_CLIENT_AUTH, MBEDTLS_OID_SIZE(MBEDTLS_OID_CLIENT_AUTH));
		if (!names_device(crt))
			*flags |= MBEDTLS_X509_BADCERT_OTHER;
	}
	c->refused |= *flags;
	c->checked = depth == 0;
	return depth == 0 && c->refused ? MBEDTLS_ERR_X509_CERT_VERIFY_FAILED : 0;
}

/* ---- open, accept, shake hands ---- */

static enum status set_up(struct tls_server *s, const struct tls_server_options *o, struct error *e)
{
	enum status st = tls_setup_init(&s->setup, MBEDTLS_SSL_IS_SERVER, e);

	if (!st)
		st = tls_setup_trust(&s->setup, o->ca_pem, e);
	/* The authority travels along: a device that joins fetches it from here and checks it by its join code. */
	if (!st)
		st = tls_setup_identity(&s->setup, o->cert_pem, o->chain_pem ? o->chain_pem : o->ca_pem, o->key, e);
	if (st)
		return st;
	if (tls_purpose_flags(&s->setup.chain, MBEDTLS_OID_SERVER_AUTH, MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH)) != 0)
		return error_set(e, STATUS_USAGE, "the own certificate is not one for servers");
	if (mbedtls_ssl_ticket_setup(&s->tickets, key_random, NULL, MBEDTLS_CIPHER_AES_256_GCM, TICKET_SECONDS) != 0)
		return error_set(e, STATUS_CRYPTO, "could not set up TLS session tickets");
	mbedtls_ssl_conf_authmode(&s->setup.conf, MBEDTLS_SSL_VERIFY_OPTIONAL);
	mbedtls_ssl_conf_session_tickets_cb(&s->setup.conf, write_ticket, parse_ticket, s);
	return STATUS_OK;
}

enum status tls_server_open(struct tls_server **out, const struct tls_server_options *o, struct error *e)
{
	struct tls_server *s = calloc(1, sizeof(*s));
	enum status st = STATUS_OK;

	if (!s)
		return error_set(e, STATUS_NOMEM, "out of memory while setting up TLS");
	if (pthread_mutex_init(&s->lock, NULL) != 0) {
		free(s);
		return error_set(e, STATUS_NOMEM, "out of memory while setting up TLS");
	}
	atomic_init(&s->holders, 1);
	mbedtls_ssl_ticket_init(&s->tickets);
	st = set_up(s, o, e);
	if (st)
		tls_server_close(s);
	else
		*out = s;
	return st;
}

void tls_server_close(struct tls_server *s)
{
	if (!s || atomic_fetch_sub(&s->holders, 1) > 1)
		return;
	mbedtls_ssl_ticket_free(&s->tickets);
	tls_setup_free(&s->setup);
	(void)pthread_mutex_destroy(&s->lock);
	free(s);
}

enum status tls_accept(struct tls_conn **out, struct tls_server *s, int fd)
{
	struct tls_conn *c = NULL;
	enum status st = tls_conn_new(&c, &s->setup, fd);

	if (st)
		return st;
	mbedtls_ssl_set_verify(&c->ssl, check_certificate, c);
	(void)atomic_fetch_add(&s->holders, 1);
	c->server = s;
	*out = c;
	return STATUS_OK;
}

static const char *refusal_text(uint32_t refused)
{
	if (refused & MBEDTLS_X509_BADCERT_NOT_TRUSTED)
		return "the client's certificate is not from this server's authority";
	if (refused & (MBEDTLS_X509_BADCERT_KEY_USAGE | MBEDTLS_X509_BADCERT_EXT_KEY_USAGE))
		return "the client's certificate is not one for clients";
	if (refused & MBEDTLS_X509_BADCERT_OTHER)
		return "the client's certificate names no device";
	return "the client's certificate is of a kind that this server does not take";
}

static enum tls_io failed_handshake(const struct tls_conn *c, int ret, struct error *e)
{
	if (c->refused)
		(void)error_set(e, STATUS_UNTRUSTED, "%s", refusal_text(c->refused));
	else if (ret == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE)
		(void)error_set(e, STATUS_UNTRUSTED,
				"the client ended the handshake: it does not accept this server's "
				"certificate or settings");
	else
		(void)error_set(e, STATUS_NETWORK,
				"the client ended the connection or does not speak TLS 1.2 (-0x%04x)", (unsigned)-ret);
	return TLS_FAILED;
}

enum tls_io tls_handshake(struct tls_conn *c, struct error *e)
{
	int ret = tls_conn_shake(c);
	uint32_t flags = 0;

	if (ret == MBEDTLS_ERR_SSL_WANT_READ)
		return TLS_WANT_READ;
	if (ret == MBEDTLS_ERR_SSL_WANT_WRITE)
		return TLS_WANT_WRITE;
	if (ret != 0)
		return failed_handshake(c, ret, e);
	/* What mbedTLS found wrong after the callback, it would only have noted. */
	flags = mbedtls_ssl_get_verify_result(&c->ssl);
	if (flags != 0 && (flags != MBEDTLS_X509_BADCERT_MISSING || mbedtls_ssl_get_peer_cert(&c->ssl))) {
		c->refused = flags;
		return failed_handshake(c, 0, e);
	}
	return TLS_OK;
}
