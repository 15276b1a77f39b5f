/* core/tls.c - what both ends of TLS share: settings, a connection over a socket, and who is at the other end. */
#include "core/tls_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <mbedtls/net_sockets.h>
#include <mbedtls/oid.h>

#include "core/key_internal.h"

#if !defined(MBEDTLS_SSL_KEEP_PEER_CERTIFICATE)
#error "a resumed connection must still know its peer's certificate"
#endif

#define PEM_MAX_BYTES 65536

/* Without AES instructions ChaCha20 is twice as fast, with them it hardly matters. */
static const int ciphersuites[] = {
	MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
	MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
	MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
	0,
};

/* Without a list mbedTLS prefers secp521r1, at twice the cost of a whole handshake. */
static const mbedtls_ecp_group_id curves[] = {
	MBEDTLS_ECP_DP_CURVE25519,
	MBEDTLS_ECP_DP_SECP256R1,
	MBEDTLS_ECP_DP_NONE,
};

static const int signature_hashes[] = {MBEDTLS_MD_SHA256, MBEDTLS_MD_SHA384, MBEDTLS_MD_SHA512, MBEDTLS_MD_NONE};

/* What core/cert.c makes, and nothing weaker. */
static const mbedtls_x509_crt_profile profile = {
	MBEDTLS_X509_ID_FLAG(MBEDTLS_MD_SHA256),
	MBEDTLS_X509_ID_FLAG(MBEDTLS_PK_ECDSA) | MBEDTLS_X509_ID_FLAG(MBEDTLS_PK_ECKEY),
	MBEDTLS_X509_ID_FLAG(MBEDTLS_ECP_DP_SECP256R1),
	0,
};

/* ---- settings ---- */

enum status tls_setup_init(struct tls_setup *s, int endpoint, struct error *e)
{
	mbedtls_ssl_config_init(&s->conf);
	mbedtls_x509_crt_init(&s->ca);
	mbedtls_x509_crt_init(&s->chain);
	mbedtls_pk_init(&s->pk);
	if (mbedtls_ssl_config_defaults(&s->conf, endpoint, MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT) !=
	    0)
		return error_set(e, STATUS_NOMEM, "out of memory while setting up TLS");
	mbedtls_ssl_conf_min_version(&s->conf, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
	mbedtls_ssl_conf_max_version(&s->conf, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
	mbedtls_ssl_conf_ciphersuites(&s->conf, ciphersuites);
	mbedtls_ssl_conf_curves(&s->conf, curves);
	mbedtls_ssl_conf_sig_hashes(&s->conf, signature_hashes);
	mbedtls_ssl_conf_cert_profile(&s->conf, &profile);
	mbedtls_ssl_conf_rng(&s->conf, key_random, NULL);
	return STATUS_OK;
}

static enum status add_pem(mbedtls_x509_crt *crt, const char *pem, const char *whose, struct error *e)
{
	size_t len = strnlen(pem, PEM_MAX_BYTES);

	if (len < PEM_MAX_BYTES && strstr(pem, "-----BEGIN CERTIFICATE-----") &&
	    mbedtls_x509_crt_parse(crt, (const unsigned char *)pem, len + 1) == 0)
		return STATUS_OK;
	return error_set(e, STATUS_MALFORMED, "%s certificate is not one in PEM form", whose);
}

enum status tls_setup_trust(struct tls_setup *s, const char *ca_pem, struct error *e)
{
	enum status st = add_pem(&s->ca, ca_pem, "the authority's", e);

	if (!st)
		mbedtls_ssl_conf_ca_chain(&s->conf, &s->ca, NULL);
	return st;
}

enum status tls_setup_identity(struct tls_setup *s, const char *cert_pem, const char *behind_pem, const struct key *key,
			       struct error *e)
{
	enum status st = add_pem(&s->chain, cert_pem, "the own", e);

	if (!st && behind_pem)
		st = add_pem(&s->chain, behind_pem, "the authority's", e);
	if (st)
		return st;
	if (!key_is_pk(key, &s->chain.pk))
		return error_set(e, STATUS_USAGE, "the own certificate is for another key than the one that is here");
	if (key_to_pk(&s->pk, key) != STATUS_OK || mbedtls_ssl_conf_own_cert(&s->conf, &s->chain, &s->pk) != 0)
		return error_set(e, STATUS_NOMEM, "out of memory while setting up TLS");
	return STATUS_OK;
}

void tls_setup_free(struct tls_setup *s)
{
	mbedtls_ssl_config_free(&s->conf);
	mbedtls_x509_crt_free(&s->ca);
	mbedtls_x509_crt_free(&s->chain);
	mbedtls_pk_free(&s->pk);
}

uint32_t tls_purpose_flags(const mbedtls_x509_crt *crt, const char *oid, size_t oid_len)
{
	uint32_t flags = 0;

	/* mbedTLS takes a certificate that names no purpose for any purpose; ours all name one. */
	if (!(crt->MBEDTLS_PRIVATE(ext_types) & MBEDTLS_X509_EXT_EXTENDED_KEY_USAGE) ||
	    mbedtls_x509_crt_check_extended_key_usage(crt, oid, oid_len) != 0)
		flags |= MBEDTLS_X509_BADCERT_EXT_KEY_USAGE;
	if (mbedtls_x509_crt_check_key_usage(crt, MBEDTLS_X509_KU_DIGITAL_SIGNATURE) != 0)
		flags |= MBEDTLS_X509_BADCERT_KEY_USAGE;
	return flags;
}

/* ---- the socket ---- */

static int send_now(const struct tls_conn *c, const unsigned char *bytes, size_t len)
{
	ssize_t n = 0;

	do
		n = send(c->fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n >= 0)
		return (int)n;
	return errno == EAGAIN || errno == EWOULDBLOCK ? MBEDTLS_ERR_SSL_WANT_WRITE : MBEDTLS_ERR_NET_SEND_FAILED;
}

static int send_flight(struct tls_conn *c)
{
	while (c->flight.len > 0) {
		int n = send_now(c, c->flight.data, c->flight.len);

		if (n < 0)
			return n;
		buf_consume(&c->flight, (size_t)n);
	}
	return 0;
}

/* While shaking hands mbedTLS sends message by message. They are held back until it wants to read: a flight then costs
 * one packet, and a peer that dislikes the first message has not reset the connection before its reason could be read.
 */
static int send_or_hold(void *conn, const unsigned char *bytes, size_t len)
{
	struct tls_conn *c = conn;

	if (c->ready)
		return send_now(c, bytes, len);
	buf_add(&c->flight, bytes, len);
	return buf_ok(&c->flight) ? (int)len : MBEDTLS_ERR_SSL_ALLOC_FAILED;
}

static int receive(void *conn, unsigned char *bytes, size_t len)
{
	struct tls_conn *c = conn;
	ssize_t n = send_flight(c);

	if (n < 0)
		return (int)n;
	do
		n = recv(c->fd, bytes, len, MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n >= 0)
		return (int)n;
	if (errno == EAGAIN || errno == EWOULDBLOCK)
		return MBEDTLS_ERR_SSL_WANT_READ;
	return errno == ECONNRESET ? MBEDTLS_ERR_NET_CONN_RESET : MBEDTLS_ERR_NET_RECV_FAILED;
}

/* ---- a connection ---- */

enum status tls_conn_new(struct tls_conn **out, const struct tls_setup *s, int fd)
{
	struct tls_conn *c = calloc(1, sizeof(*c));

	if (!c)
		return STATUS_NOMEM;
	mbedtls_ssl_init(&c->ssl);
	c->fd = fd;
	if (mbedtls_ssl_setup(&c->ssl, &s->conf) != 0) {
		tls_conn_free(c);
		return STATUS_NOMEM;
	}
	mbedtls_ssl_set_bio(&c->ssl, c, send_or_hold, receive, NULL);
	*out = c;
	return STATUS_OK;
}

void tls_conn_free(struct tls_conn *c)
{
	if (!c)
		return;
	mbedtls_ssl_free(&c->ssl);
	buf_clear(&c->flight);
	free(c);
}

int tls_conn_shake(struct tls_conn *c)
{
	int ret = c->ready ? 0 : mbedtls_ssl_handshake(&c->ssl);
	int sent = send_flight(c); /* after a failure too: it is the alert */

	if (ret == 0)
		ret = sent;
	if (ret == 0 && !c->ready) {
		c->ready = true;
		buf_clear(&c->flight);
	}
	return ret;
}

static enum tls_io io_result(int ret)
{
	switch (ret) {
	case MBEDTLS_ERR_SSL_WANT_READ:
		return TLS_WANT_READ;
	case MBEDTLS_ERR_SSL_WANT_WRITE:
		return TLS_WANT_WRITE;
	case MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY:
		return TLS_CLOSED;
	default:
		return TLS_FAILED;
	}
}

enum tls_io tls_recv(struct tls_conn *c, void *buf, size_t *n)
{
	int ret = mbedtls_ssl_read(&c->ssl, buf, *n);

	/* 0: the stream ended without a close_notify, so the end may be a forger's. */
	if (ret <= 0)
		return io_result(ret);
	*n = (size_t)ret;
	return TLS_OK;
}

enum tls_io tls_send(struct tls_conn *c, const void *buf, size_t *n)
{
	int ret = mbedtls_ssl_write(&c->ssl, buf, *n);

	if (ret < 0)
		return io_result(ret);
	*n = (size_t)ret;
	return TLS_OK;
}

bool tls_pending(const struct tls_conn *c)
{
	return mbedtls_ssl_check_pending(&c->ssl) != 0;
}

void tls_close(struct tls_conn *c)
{
	struct tls_client *client = NULL;
	struct tls_server *server = NULL;
	int fd = -1;

	if (!c)
		return;
	client = c->client;
	server = c->server;
	fd = c->fd;
	if (c->ready)
		(void)mbedtls_ssl_close_notify(&c->ssl);
	tls_conn_free(c);
	/* last: the connection's settings are in them */
	tls_client_free(client, fd);
	tls_server_close(server);
}

/* ---- the peer ---- */

static void copy_name(char out[TLS_NAME_MAX], const mbedtls_x509_name *name, const char *oid, size_t oid_len)
{
	out[0] = '\0';
	for (; name; name = name->next) {
		if (name->oid.len != oid_len || memcmp(name->oid.p, oid, oid_len) != 0 || name->val.len >= TLS_NAME_MAX)
			continue;
		memcpy(out, name->val.p, name->val.len);
		out[name->val.len] = '\0';
		return;
	}
}

void tls_peer(struct tls_peer *out, const struct tls_conn *c)
{
	const mbedtls_x509_crt *crt = mbedtls_ssl_get_peer_cert(&c->ssl);
	mbedtls_pk_context *pk = NULL;
	struct key *key = NULL;

	*out = (struct tls_peer){0};
	if (!crt || !c->ready)
		return;
	/* mbedTLS 2.28 asks for a pk that it may change, and does not change it. */
	pk = (mbedtls_pk_context *)&crt->pk;
	if (key_from_pk(&key, pk) != STATUS_OK)
		return;
	key_ssh(out->key, key);
	key_free(key);
	copy_name(out->device, &crt->subject, MBEDTLS_OID_AT_CN, MBEDTLS_OID_SIZE(MBEDTLS_OID_AT_CN));
	copy_name(out->ods, &crt->subject, MBEDTLS_OID_AT_ORGANIZATION, MBEDTLS_OID_SIZE(MBEDTLS_OID_AT_ORGANIZATION));
	/* Now, not as it was at the handshake: a resumed connection shows the certificate of an earlier one. */
	out->expired = mbedtls_x509_time_is_past(&crt->valid_to) || mbedtls_x509_time_is_future(&crt->valid_from);
	out->present = true;
}
