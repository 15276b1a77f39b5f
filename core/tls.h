/* core/tls.h - TLS 1.2 over a socket, both ends, with mutual authentication by certificates of one private CA.
 *
 * Settings: TLS 1.2 only, ECDHE-ECDSA with AES-GCM or ChaCha20-Poly1305, curves X25519 and P-256, session tickets, no
 * renegotiation, no compression.
 */
#ifndef QIP_CORE_TLS_H
#define QIP_CORE_TLS_H

#include <stdbool.h>

#include "core/env.h"
#include "core/key.h"
#include "core/tls_proxy.h"

#define TLS_NAME_MAX 65

/* Who is at the other end, out of its verified certificate. */
struct tls_peer {
	bool present;             /* false: the client showed no certificate */
	bool expired;             /* outside its dates; chain and key hold all the same */
	char device[TLS_NAME_MAX]; /* CN */
	char ods[TLS_NAME_MAX];    /* O */
	char key[KEY_SSH_MAX];     /* public key */
};

enum tls_io { TLS_OK, TLS_WANT_READ, TLS_WANT_WRITE, TLS_CLOSED, TLS_FAILED };

struct tls_conn;

/* ---- server side: non-blocking; the socket's owner waits ---- */
struct tls_server;

struct tls_server_options {
	const char *ca_pem;    /* issuers of device certificates */
	const char *cert_pem;  /* own certificate */
	const char *chain_pem; /* sent behind it; NULL: ca_pem */
	const struct key *key;
};

enum status tls_server_open(struct tls_server **out, const struct tls_server_options *o, struct error *e) MUST_CHECK;
/* Its connections go on with its settings, which go with the last of them. */
void tls_server_close(struct tls_server *s);

/* `fd` is a connected non-blocking socket and stays the caller's. Client certificates are asked for, not demanded; one that does
 * not chain to the CA fails the handshake; expiry alone is noted in the peer. */
enum status tls_accept(struct tls_conn **out, struct tls_server *s, int fd) MUST_CHECK;
/* TLS_OK when done. On TLS_FAILED *e says why. */
enum tls_io tls_handshake(struct tls_conn *c, struct error *e);
/* *n: in capacity or length, out bytes moved (> 0 on TLS_OK). After TLS_WANT_* of a write, call again with the same bytes. */
enum tls_io tls_recv(struct tls_conn *c, void *buf, size_t *n);
enum tls_io tls_send(struct tls_conn *c, const void *buf, size_t *n);
bool tls_pending(const struct tls_conn *c); /* decrypted bytes wait inside */

/* ---- client side: blocking, under deadlines ---- */
struct tls_client_options {
	const char *host;     /* name or address; must match the server certificate */
	const char *port;     /* decimal */
	const char *ca_pem;   /* the only trusted issuer */
	const char *cert_pem; /* own certificate and key, or NULL */
	const struct key *key;
	bool ignore_dates;    /* the own clock is not to be trusted: check the chain without dates */
	const struct tls_proxy *proxy; /* to go through, or NULL */
	int deadline_ms;      /* for connecting and shaking hands */
	const uint8_t *session; /* of tls_session(), to resume; NULL for none. A bad one is ignored */
	size_t session_len;
};

/* STATUS_NETWORK, STATUS_TIMEOUT, STATUS_UNTRUSTED (the certificate; *e says what to check). */
enum status tls_connect(struct tls_conn **out, const struct tls_client_options *o, struct error *e) MUST_CHECK;
/* Connect without trust (by o's host, port, proxy and deadline), fetch the presented chain, and append the PEM of the CA in it whose SHA-256 begins with `pin`.
 * Nothing is sent beyond the handshake. STATUS_UNTRUSTED when the chain has no such certificate. */
enum status tls_fetch_ca(struct buf *ca_pem, const struct tls_client_options *o, const uint8_t *pin, size_t pin_len, struct error *e) MUST_CHECK;
/* Read 1..*n bytes; *n = 0 at the orderly end. */
enum status tls_read(struct tls_conn *c, void *buf, size_t *n, int deadline_ms, struct error *e) MUST_CHECK;
enum status tls_write(struct tls_conn *c, const void *buf, size_t len, int deadline_ms, struct error *e) MUST_CHECK;
/* True if the handshake was the short one of a session that was given: it serves again as it is. At a server: of a peer with a certificate. */
bool tls_resumed(const struct tls_conn *c);
/* Append the session for a later resumption; secret, store with mode 0600. */
enum status tls_session(struct buf *out, const struct tls_conn *c) MUST_CHECK;

/* ---- both ---- */
void tls_peer(struct tls_peer *out, const struct tls_conn *c);
/* Sends close_notify if it can without waiting. Closes the socket on the client side only. NULL is allowed. */
void tls_close(struct tls_conn *c);

#endif
