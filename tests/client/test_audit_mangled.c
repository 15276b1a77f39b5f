/* tests/client/test_audit_mangled.c - what an audit leaves behind, as chance and forgers change it: nothing but what was signed is ever believed, and
 * nothing crashes. QIP_MANGLED sets the number of forms, QIP_SEED the first of them. */

#include "client/audit_certificate.h"
#include "client/audit_signed.h"
#include "tests/client/audited_fixture.h"
#include "tests/fuzz/forge_bytes.h"

#define CERTIFICATE "certificate.json"
#define CHECKPOINT "audit/checkpoint.json"
#define FORMS 300

static char path[HOME_PATH_MAX + sizeof("/" CERTIFICATE)];

static int begin_certified(void **state)
{
	(void)begin_audited(state);
	(void)snprintf(path, sizeof(path), "%s/" CERTIFICATE, w.home.path);
	assert_int_equal(audit_certificate_write(&w.home, &w.a, path, &w.e), STATUS_OK);
	return 0;
}

static enum status read_certificate(void)
{
	struct audit_certificate c = AUDIT_CERTIFICATE_INIT;
	enum status st = audit_certificate_read(&c, path, &w.e);

	audit_certificate_clear(&c);
	return st;
}

static enum status read_checkpoint(void)
{
	audit_checkpoint_clear(&w.from);
	return audit_checkpoint_load(&w.from, &w.home, w.home.root_pin, &w.e);
}

/* What is signed: layout and the signature's own form do not matter. */
static void statement_of(struct buf *out, const void *bytes, size_t len)
{
	cJSON *json = NULL;

	assert_int_equal(json_parse(&json, bytes, len, &w.e), STATUS_OK);
	cJSON_DeleteItemFromObjectCaseSensitive(json, AUDIT_SIGNATURE);
	assert_int_equal(json_canonical(out, json), STATUS_OK);
	cJSON_Delete(json);
}

static void judge(const char *name, enum status (*read)(void), const struct buf *form, const struct buf *statement, unsigned long long seed)
{
	struct buf got = BUF_INIT;

	audited_write(&w, name, form->data, form->len);
	if (read() != STATUS_OK) {
		assert_true(w.e.text[0] != '\0');
		return;
	}
	statement_of(&got, form->data, form->len);
	if (got.len != statement->len || memcmp(got.data, statement->data, got.len) != 0)
		fail_msg("%s was believed though it was changed: QIP_SEED=%llu", name, seed);
	buf_clear(&got);
}

static unsigned long long number_of(const char *variable, unsigned long long otherwise)
{
	const char *text = getenv(variable);

	return text ? strtoull(text, NULL, 10) : otherwise;
}

static void mangle(const char *name, enum status (*read)(void))
{
	unsigned long long first = number_of("QIP_SEED", 1), forms = number_of("QIP_MANGLED", FORMS);
	struct buf statement = BUF_INIT;
	size_t len;
	char *bytes = audited_read(&w, name, &len);

	statement_of(&statement, bytes, len);
	for (unsigned long long seed = first; seed < first + forms; seed++) {
		struct dice d = {.state = seed};
		struct buf form = BUF_INIT;

		buf_add(&form, bytes, len);
		if (dice_once_in(&d, 2))
			forge_record(&form, &d);
		if (!dice_once_in(&d, 3))
			forge_bytes(&form, &d);
		judge(name, read, &form, &statement, seed);
		buf_clear(&form);
	}
	audited_write(&w, name, bytes, len);
	assert_int_equal(read(), STATUS_OK);
	buf_clear(&statement);
	free(bytes);
}

/* Deeper than any parser should go, at the front and in the place of a member. */
static void nest(const char *name, enum status (*read)(void))
{
	static const size_t depths[] = {10, 64, 1000, 100000};
	size_t len;
	char *bytes = audited_read(&w, name, &len);

	for (size_t i = 0; i < ARRAY_LEN(depths); i++) {
		for (int kind = 0; kind < 3; kind++) {
			struct buf form = BUF_INIT;

			buf_addf(&form, "%s", kind == 0 ? "" : "{\"at\":");
			for (size_t k = 0; k < depths[i]; k++)
				buf_addf(&form, "%s", kind == 1 ? "[" : "{\"a\":");
			if (kind == 2)
				buf_add(&form, bytes, len);
			audited_write(&w, name, form.data, form.len);
			assert_int_not_equal(read(), STATUS_OK);
			for (size_t k = 0; k < depths[i]; k++)
				buf_addf(&form, "%s", kind == 1 ? "]" : "}");
			buf_addf(&form, "%s", kind == 0 ? "" : "}");
			audited_write(&w, name, form.data, form.len);
			assert_int_not_equal(read(), STATUS_OK);
			buf_clear(&form);
		}
	}
	free(bytes);
}

static void a_mangled_certificate_is_refused_unless_it_says_the_same(void **state)
{
	(void)state;
	mangle(CERTIFICATE, read_certificate);
}

static void a_mangled_checkpoint_is_refused_unless_it_says_the_same(void **state)
{
	(void)state;
	mangle(CHECKPOINT, read_checkpoint);
}

static void however_deep_they_are_nested_they_are_refused(void **state)
{
	(void)state;
	nest(CERTIFICATE, read_certificate);
	nest(CHECKPOINT, read_checkpoint);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_mangled_certificate_is_refused_unless_it_says_the_same, begin_certified, end),
		cmocka_unit_test_setup_teardown(a_mangled_checkpoint_is_refused_unless_it_says_the_same, begin_certified, end),
		cmocka_unit_test_setup_teardown(however_deep_they_are_nested_they_are_refused, begin_certified, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
