/* tests/client/test_renew.c - what a device takes of a server that renews its certificate: an authority that leads on from its own, or nothing. */
#include "tests/client/practice.h"

#include "client/files.h"
#include "client/renew.h"
#include "core/cert.h"

#define NOW_MS INT64_C(1795323600000)
#define YEAR_MS (INT64_C(365) * 86400000)

static struct practice p;
static struct qip *q;
static const char *said_certificate, *said_ca;

enum status __real_remote_ask(cJSON **answer, struct remote *r, const struct remote_question *question, struct error *e);
enum status __wrap_remote_ask(cJSON **answer, struct remote *r, const struct remote_question *question, struct error *e);

/* The server, once the device has joined: it answers as a test says. */
enum status __wrap_remote_ask(cJSON **answer, struct remote *r, const struct remote_question *question, struct error *e)
{
	if (!said_ca)
		return __real_remote_ask(answer, r, question, e);
	*answer = cJSON_CreateObject();
	assert_non_null(cJSON_AddStringToObject(*answer, "certificate", said_certificate));
	assert_non_null(cJSON_AddStringToObject(*answer, "ca", said_ca));
	return STATUS_OK;
}

static int set_up(void **state)
{
	(void)state;
	practice_start(&p);
	q = practice_manager(&p, "manager");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	qip_close(q);
	practice_stop(&p);
	return 0;
}

static struct buf other_authority(void)
{
	struct buf pem = BUF_INIT;
	struct key *key = NULL;
	struct cert_request req = {.usage = CERT_CA, .common_name = "another CA", .not_before_ms = NOW_MS - YEAR_MS, .not_after_ms = NOW_MS + YEAR_MS};

	OK(key_generate(&key, &last_error));
	req.subject = key;
	OK(cert_issue(&pem, &req, key, NULL, &last_error));
	key_free(key);
	return pem;
}

static struct buf file(const char *name)
{
	struct buf bytes = BUF_INIT;

	OK(files_read(&bytes, q->dir, name, 65536, &last_error));
	return bytes;
}

static void stands(const char *name, const char *text)
{
	struct buf bytes = file(name);

	assert_string_equal(buf_text(&bytes), text);
	buf_clear(&bytes);
}

static enum status ask(const struct buf *ca)
{
	struct remote r = {0};
	const struct remote_refs refs = {.authorities = "0000"};

	said_ca = buf_text(ca);
	return renew_if_due(&r, q, &refs, NOW_MS, &last_error);
}

static void an_authority_that_does_not_lead_on_costs_the_device_nothing(void **state)
{
	struct buf certificate = file(HOME_CERT), ca = file(HOME_CA), other = other_authority(), bad = BUF_INIT;

	(void)state;
	said_certificate = buf_text(&other); /* whatever it is */
	FAILS(ask(&other), STATUS_UNTRUSTED);
	stands(HOME_CERT, buf_text(&certificate));
	stands(HOME_CA, buf_text(&ca));
	buf_adds(&bad, "no authority");
	FAILS(ask(&bad), STATUS_MALFORMED);
	stands(HOME_CERT, buf_text(&certificate));
	buf_clear(&bad);
	buf_clear(&other);
	buf_clear(&ca);
	buf_clear(&certificate);
}

static void one_that_leads_on_is_taken_with_its_certificate(void **state)
{
	struct buf both = other_authority(), ca = file(HOME_CA), next = file(HOME_CERT);

	(void)state;
	buf_add(&both, ca.data, ca.len);
	buf_adds(&next, "\n");
	said_certificate = buf_text(&next);
	OK(ask(&both));
	stands(HOME_CERT, buf_text(&next));
	stands(HOME_CA, buf_text(&both));
	buf_clear(&both);
	buf_clear(&ca);
	buf_clear(&next);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_authority_that_does_not_lead_on_costs_the_device_nothing),
		cmocka_unit_test(one_that_leads_on_is_taken_with_its_certificate),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
