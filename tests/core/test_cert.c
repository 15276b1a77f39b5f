/* Certificates and requests: accepted by OpenSSL for their purpose and no other, and read back. */
#include "core/cert.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define DAY_MS ((int64_t)86400000)
#define Y2026_MS ((int64_t)1767225600000)
#define Y2075_MS ((int64_t)3313526400000)

static char folder[] = "/tmp/qip-cert-XXXXXX";
static bool have_openssl;
static struct key *ca_key, *own_key;

static int set_up(void **state)
{
	(void)state;
	have_openssl = system("command -v openssl > /dev/null") == 0;
	if (!mkdtemp(folder) || chdir(folder) != 0)
		return -1;
	return key_generate(&ca_key, NULL) || key_generate(&own_key, NULL) ? -1 : 0;
}

static int tear_down(void **state)
{
	char command[64];

	(void)state;
	key_free(ca_key);
	key_free(own_key);
	(void)snprintf(command, sizeof(command), "rm -r %s", folder);
	return chdir("/") == 0 ? system(command) : -1;
}

static void write_file(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(close(fd), 0);
}

static struct cert_request ca_request(void)
{
	return (struct cert_request){.usage = CERT_CA,
				     .common_name = "qip server authority",
				     .not_before_ms = Y2026_MS,
				     .not_after_ms = Y2075_MS,
				     .subject = ca_key};
}

static struct cert_request server_request(void)
{
	return (struct cert_request){.usage = CERT_SERVER,
				     .common_name = "qip.example",
				     .names = {"qip.example", "127.0.0.1", "2001:db8::7"},
				     .names_len = 3,
				     .not_before_ms = Y2026_MS,
				     .not_after_ms = Y2026_MS + 366 * DAY_MS,
				     .subject = own_key};
}

static struct cert_request client_request(void)
{
	return (struct cert_request){.usage = CERT_CLIENT,
				     .common_name = "kib-kiosk",
				     .organisation = "C82999",
				     .not_before_ms = Y2026_MS,
				     .not_after_ms = Y2026_MS + 366 * DAY_MS,
				     .subject = own_key};
}

static void issue(struct buf *out, struct cert_request req, const char *issuer_pem)
{
	assert_int_equal(cert_issue(out, &req, ca_key, issuer_pem, NULL), STATUS_OK);
}

/* Write ca.pem and own.pem, the latter as `req` asks. */
static void issue_files(struct cert_request req)
{
	struct buf ca = BUF_INIT, own = BUF_INIT;

	issue(&ca, ca_request(), NULL);
	issue(&own, req, buf_text(&ca));
	write_file("ca.pem", buf_text(&ca));
	write_file("own.pem", buf_text(&own));
	buf_clear(&ca);
	buf_clear(&own);
}

static int openssl_accepts(const char *purpose)
{
	char command[256];

	(void)snprintf(
		command, sizeof(command),
		"openssl verify -attime 1780000000 -x509_strict -purpose %s -CAfile ca.pem own.pem > verdict 2>&1",
		purpose);
	return system(command) == 0;
}

/* What `openssl x509 -text` prints of a file contains the text. */
static int openssl_prints(const char *file, const char *text)
{
	char command[512];

	(void)snprintf(command, sizeof(command), "openssl x509 -noout -text -in %s | tr -s ' \\n' ' ' | grep -qF '%s'",
		       file, text);
	return system(command) == 0;
}

static void openssl_accepts_a_server_certificate_for_servers_only(void **state)
{
	(void)state;
	if (!have_openssl)
		skip();
	issue_files(server_request());
	assert_true(openssl_accepts("sslserver -verify_hostname qip.example"));
	assert_true(openssl_accepts("sslserver -verify_ip 127.0.0.1"));
	assert_true(openssl_accepts("sslserver -verify_ip 2001:db8::7"));
	assert_false(openssl_accepts("sslserver -verify_hostname other.example"));
	assert_false(openssl_accepts("sslserver -verify_ip 127.0.0.2"));
	assert_false(openssl_accepts("sslclient"));
}

static void openssl_accepts_a_client_certificate_for_clients_only(void **state)
{
	(void)state;
	if (!have_openssl)
		skip();
	issue_files(client_request());
	assert_true(openssl_accepts("sslclient"));
	assert_false(openssl_accepts("sslserver"));
	assert_true(openssl_prints("own.pem", "Subject: O = C82999, CN = kib-kiosk"));
	assert_true(openssl_prints("own.pem", "Issuer: CN = qip server authority"));
}

static void the_issuer_s_name_fits_when_it_has_an_organisation(void **state)
{
	struct cert_request authority = ca_request();
	struct buf ca = BUF_INIT, own = BUF_INIT;

	(void)state;
	if (!have_openssl)
		skip();
	authority.organisation = "Kibworth Medical Centre";
	issue(&ca, authority, NULL);
	issue(&own, client_request(), buf_text(&ca));
	write_file("ca.pem", buf_text(&ca));
	write_file("own.pem", buf_text(&own));
	assert_true(openssl_accepts("sslclient"));
	buf_clear(&ca);
	buf_clear(&own);
}

static void the_usage_extensions_are_as_rfc_5280_asks(void **state)
{
	(void)state;
	if (!have_openssl)
		skip();
	issue_files(server_request());
	assert_true(openssl_prints("ca.pem", "X509v3 Basic Constraints: critical CA:TRUE"));
	assert_true(openssl_prints("ca.pem", "X509v3 Key Usage: critical Certificate Sign, CRL Sign"));
	assert_true(openssl_prints("own.pem", "X509v3 Basic Constraints: CA:FALSE"));
	assert_true(openssl_prints("own.pem", "X509v3 Key Usage: critical Digital Signature"));
	assert_true(openssl_prints("own.pem", "X509v3 Extended Key Usage: TLS Web Server Authentication"));
	assert_true(
		openssl_prints("own.pem", "DNS:qip.example, IP Address:127.0.0.1, IP Address:2001:DB8:0:0:0:0:0:7"));
	assert_true(openssl_prints("own.pem", "Signature Algorithm: ecdsa-with-SHA256"));
}

static void many_long_names_fit(void **state)
{
	struct cert_request req = server_request();
	char label[254];

	(void)state;
	if (!have_openssl)
		skip();
	for (size_t i = 0; i < sizeof(label) - 1; i++)
		label[i] = i % 60 == 59 ? '.' : 'a';
	label[sizeof(label) - 1] = '\0';
	for (size_t i = 0; i < CERT_NAMES_MAX; i++)
		req.names[i] = label;
	req.names[CERT_NAMES_MAX - 1] = "last.example";
	req.names_len = CERT_NAMES_MAX;
	issue_files(req);
	assert_true(openssl_accepts("sslserver -verify_hostname last.example"));
}

static void the_end_of_validity_is_read_back_beyond_2050(void **state)
{
	struct buf pem = BUF_INIT;
	int64_t end_ms = 0;

	(void)state;
	issue(&pem, ca_request(), NULL);
	assert_int_equal(cert_not_after(&end_ms, buf_text(&pem), NULL), STATUS_OK);
	assert_int_equal(end_ms, Y2075_MS);
	buf_reset(&pem);
	issue(&pem, client_request(), NULL);
	assert_int_equal(cert_not_after(&end_ms, buf_text(&pem), NULL), STATUS_OK);
	assert_int_equal(end_ms, Y2026_MS + 366 * DAY_MS);
	buf_clear(&pem);
}

static void two_certificates_never_have_one_serial_number(void **state)
{
	struct buf a = BUF_INIT, b = BUF_INIT;
	uint8_t print_a[SHA256_LEN], print_b[SHA256_LEN];

	(void)state;
	issue(&a, ca_request(), NULL);
	issue(&b, ca_request(), NULL);
	assert_int_equal(cert_fingerprint(print_a, buf_text(&a), NULL), STATUS_OK);
	assert_int_equal(cert_fingerprint(print_b, buf_text(&b), NULL), STATUS_OK);
	assert_memory_not_equal(print_a, print_b, SHA256_LEN);
	buf_clear(&a);
	buf_clear(&b);
}

static void the_fingerprint_is_openssl_s(void **state)
{
	struct buf pem = BUF_INIT;
	uint8_t print[SHA256_LEN];
	char hex[SHA256_HEX_LEN + 1], command[256];

	(void)state;
	if (!have_openssl)
		skip();
	issue(&pem, ca_request(), NULL);
	write_file("ca.pem", buf_text(&pem));
	assert_int_equal(cert_fingerprint(print, buf_text(&pem), NULL), STATUS_OK);
	hex_encode(hex, print, sizeof(print));
	(void)snprintf(command, sizeof(command),
		       "openssl x509 -noout -fingerprint -sha256 -in ca.pem | tr -d : | grep -qi '=%s$'", hex);
	assert_int_equal(system(command), 0);
	buf_clear(&pem);
}

static void refuses_names_that_could_mean_something_else(void **state)
{
	static const char *const bad[] = {"",
					  " x",
					  "x ",
					  "a,O=C82999",
					  "a=b",
					  "a+b",
					  "a\\b",
					  "a/b",
					  "caf\xc3\xa9",
					  "a\nb",
					  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
	static const char *const bad_hosts[] = {"", "a b", "*.example", "a/b", "300.1.1.1:80", "::1%lo"};
	struct cert_request req;
	struct buf out = BUF_INIT;
	struct error e = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		req = client_request();
		req.common_name = bad[i];
		assert_int_equal(cert_issue(&out, &req, ca_key, NULL, NULL), STATUS_USAGE);
		req = client_request();
		req.organisation = bad[i];
		assert_int_equal(cert_issue(&out, &req, ca_key, NULL, NULL), STATUS_USAGE);
		assert_int_equal(csr_make(&out, own_key, bad[i], NULL), STATUS_USAGE);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad_hosts); i++) {
		req = server_request();
		req.names[1] = bad_hosts[i];
		assert_int_equal(cert_issue(&out, &req, ca_key, NULL, &e), STATUS_USAGE);
		assert_non_null(strstr(e.text, "neither a host name nor an address"));
	}
	assert_int_equal(out.len, 0);
}

static void refuses_requests_that_make_no_sense(void **state)
{
	struct cert_request backwards = client_request(), nameless = server_request(), later = client_request();
	struct buf ca = BUF_INIT, out = BUF_INIT;

	(void)state;
	issue(&ca, ca_request(), NULL);
	backwards.not_after_ms = backwards.not_before_ms - 1000;
	assert_int_equal(cert_issue(&out, &backwards, ca_key, buf_text(&ca), NULL), STATUS_USAGE);
	nameless.names_len = 0;
	assert_int_equal(cert_issue(&out, &nameless, ca_key, buf_text(&ca), NULL), STATUS_USAGE);
	later.not_after_ms = INT64_MAX / 4;
	assert_int_equal(cert_issue(&out, &later, ca_key, buf_text(&ca), NULL), STATUS_USAGE);
	later = client_request();
	assert_int_equal(cert_issue(&out, &later, own_key, buf_text(&ca), NULL), STATUS_USAGE);
	assert_int_equal(cert_issue(&out, &later, ca_key, "no certificate", NULL), STATUS_MALFORMED);
	assert_int_equal(out.len, 0);
	buf_clear(&ca);
}

static void a_public_half_is_enough_to_be_certified(void **state)
{
	struct cert_request req = client_request();
	struct key *public_half = NULL;
	char line[KEY_SSH_MAX];

	(void)state;
	if (!have_openssl)
		skip();
	key_ssh(line, own_key);
	assert_int_equal(key_from_ssh(&public_half, line, NULL), STATUS_OK);
	req.subject = public_half;
	issue_files(req);
	assert_true(openssl_accepts("sslclient"));
	key_free(public_half);
}

static void a_request_gives_its_key(void **state)
{
	struct buf csr = BUF_INIT;
	struct key *key = NULL;
	char expected[KEY_SSH_MAX], line[KEY_SSH_MAX];

	(void)state;
	assert_int_equal(csr_make(&csr, own_key, "kib-kiosk", NULL), STATUS_OK);
	assert_int_equal(csr_read(&key, buf_text(&csr), NULL), STATUS_OK);
	key_ssh(line, key);
	key_ssh(expected, own_key);
	assert_string_equal(line, expected);
	if (have_openssl) {
		write_file("own.csr", buf_text(&csr));
		assert_int_equal(system("openssl req -verify -noout -in own.csr > verdict 2>&1"), 0);
	}
	key_free(key);
	buf_clear(&csr);
}

/* Change one bit of the DER inside the PEM. */
static void flip_bit(struct buf *pem, size_t from_end)
{
	static const char begin[] = "-----BEGIN CERTIFICATE REQUEST-----\n", end[] = "-----END";
	struct buf base64 = BUF_INIT, der = BUF_INIT;
	const char *stop = strstr(buf_text(pem), end);

	assert_non_null(stop);
	for (const char *c = buf_text(pem) + strlen(begin); c < stop; c++)
		if (*c != '\n')
			buf_addc(&base64, *c);
	assert_int_equal(base64_decode(&der, buf_text(&base64), base64.len), STATUS_OK);
	der.data[der.len - from_end] ^= 1;
	buf_reset(pem);
	buf_adds(pem, begin);
	base64_encode(pem, der.data, der.len);
	buf_adds(pem, "\n-----END CERTIFICATE REQUEST-----\n");
	buf_clear(&base64);
	buf_clear(&der);
}

static void a_request_not_signed_by_its_key_is_refused(void **state)
{
	struct buf csr = BUF_INIT;
	struct key *key = NULL;
	struct error e = {0};

	(void)state;
	assert_int_equal(csr_make(&csr, own_key, "kib-kiosk", NULL), STATUS_OK);
	flip_bit(&csr, 2);
	assert_int_equal(csr_read(&key, buf_text(&csr), &e), STATUS_UNTRUSTED);
	assert_non_null(strstr(e.text, "not signed by the key"));
	assert_null(key);
	buf_clear(&csr);
}

static void refuses_what_is_no_request_or_certificate(void **state)
{
	static const char *const bad[] = {
		"", "x", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
		"-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n"};
	uint8_t print[SHA256_LEN];
	struct key *key = NULL;
	int64_t end_ms = 7;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(csr_read(&key, bad[i], NULL), STATUS_MALFORMED);
		assert_int_equal(cert_fingerprint(print, bad[i], NULL), STATUS_MALFORMED);
		assert_int_equal(cert_not_after(&end_ms, bad[i], NULL), STATUS_MALFORMED);
	}
	assert_null(key);
	assert_int_equal(end_ms, 7);
}

static void refuses_a_request_for_another_kind_of_key(void **state)
{
	struct buf csr = BUF_INIT;
	struct key *key = NULL;
	char block[4096];
	FILE *file = NULL;

	(void)state;
	if (!have_openssl)
		skip();
	assert_int_equal(system("openssl ecparam -name secp384r1 -genkey -noout -out big.key && "
				"openssl req -new -key big.key -subj /CN=x -sha256 -out big.csr"),
			 0);
	file = fopen("big.csr", "r");
	assert_non_null(file);
	buf_add(&csr, block, fread(block, 1, sizeof(block), file));
	assert_int_equal(fclose(file), 0);
	assert_int_equal(csr_read(&key, buf_text(&csr), NULL), STATUS_MALFORMED);
	assert_null(key);
	buf_clear(&csr);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(openssl_accepts_a_server_certificate_for_servers_only),
		cmocka_unit_test(openssl_accepts_a_client_certificate_for_clients_only),
		cmocka_unit_test(the_issuer_s_name_fits_when_it_has_an_organisation),
		cmocka_unit_test(the_usage_extensions_are_as_rfc_5280_asks),
		cmocka_unit_test(many_long_names_fit),
		cmocka_unit_test(the_end_of_validity_is_read_back_beyond_2050),
		cmocka_unit_test(two_certificates_never_have_one_serial_number),
		cmocka_unit_test(the_fingerprint_is_openssl_s),
		cmocka_unit_test(refuses_names_that_could_mean_something_else),
		cmocka_unit_test(refuses_requests_that_make_no_sense),
		cmocka_unit_test(a_public_half_is_enough_to_be_certified),
		cmocka_unit_test(a_request_gives_its_key),
		cmocka_unit_test(a_request_not_signed_by_its_key_is_refused),
		cmocka_unit_test(refuses_what_is_no_request_or_certificate),
		cmocka_unit_test(refuses_a_request_for_another_kind_of_key),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
