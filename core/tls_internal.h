/* core/tls_internal.h - what the two ends of TLS share: one end's settings, and a connection over a socket. */
#ifndef QIP_CORE_TLS_INTERNAL_H
#define QIP_CORE_TLS_INTERNAL_H

#include <mbedtls/ssl.h>

#include "core/tls.h"

#ifndef MBEDTLS_PRIVATE
#define MBEDTLS_PRIVATE(member) member /* mbedTLS 2.28 hides nothing */
#endif

#define TLS_DATE_FLAGS (MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE)

#define TLS_ADDRESS_MAX 16

/* One end's settings; nobody changes them once connections use them, so threads may share them. */
struct tls_setup {
	mbedtls_ssl_config conf;
	mbedtls_x509_crt ca;	/* trusted */
	mbedtls_x509_crt chain; /* own */
	mbedtls_pk_context pk;
};

struct tls_client {
	struct tls_setup setup;
	uint8_t address[TLS_ADDRESS_MAX]; /* the host, if it is an address */
	size_t address_len;		  /* 0: it is a name */
	bool ignore_dates;
	bool has_certificate;
	uint8_t binding[SHA256_LEN]; /* what a session may be resumed with */
};

struct tls_conn {
	mbedtls_ssl_context ssl;
	int fd;
	bool ready;		   /* the handshake is over */
	struct buf flight;	   /* handshake messages not yet sent */
	uint32_t refused;	   /* MBEDTLS_X509_BADCERT_*: why the peer's certificate does not do */
	bool checked;		   /* the peer's certificate was looked at; not so when a session is resumed */
	struct tls_client *client; /* owned; NULL at a server */
	struct tls_server *server; /* held; NULL at a client */
};

/* Defaults of this program for one end (MBEDTLS_SSL_IS_CLIENT or _SERVER). To be ended with tls_setup_free, also on
 * failure. */
enum status tls_setup_init(struct tls_setup *s, int endpoint, struct error *e) MUST_CHECK;
/* STATUS_MALFORMED: not a CA certificate in PEM. */
enum status tls_setup_trust(struct tls_setup *s, const char *ca_pem, struct error *e) MUST_CHECK;
/* Own certificate, with `behind_pem` sent behind it unless NULL. STATUS_USAGE when the key is another one's. */
enum status tls_setup_identity(struct tls_setup *s, const char *cert_pem, const char *behind_pem, const struct key *key,
			       struct error *e) MUST_CHECK;
void tls_setup_free(struct tls_setup *s);

/* *out is freed with tls_conn_free, which leaves the socket alone. */
enum status tls_conn_new(struct tls_conn **out, const struct tls_setup *s, int fd) MUST_CHECK;
void tls_conn_free(struct tls_conn *c);
/* One step of the handshake: 0, MBEDTLS_ERR_SSL_WANT_READ, _WANT_WRITE or another error of mbedTLS. */
int tls_conn_shake(struct tls_conn *c);

/* Flags unless the certificate says that it is for this purpose (an OID of extended key usage) and for signing. */
uint32_t tls_purpose_flags(const mbedtls_x509_crt *crt, const char *oid, size_t oid_len);

/* Say what sessions of these options belong to. */
enum status tls_session_bind(struct tls_client *client, const struct tls_client_options *o) MUST_CHECK;
/* Have the coming handshake resume what tls_session() gave; does nothing with bytes that are damaged, outdated or not
 * for here. */
void tls_session_resume(struct tls_conn *c, const uint8_t *bytes, size_t len);
/* Ends a client's part of a connection, the socket included. */
void tls_client_free(struct tls_client *client, int fd);

#endif
