/* Signatures in both directions against the real ssh-keygen, and the ways in which one must not hold. */
#include "core/signature.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/qip-signature-XXXXXX";

static int enter_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int leave_folder(void **state)
{
	char command[64];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -r %s", folder);
	return chdir("/") == 0 ? system(command) : -1;
}

static void write_file(const char *name, const char *text, size_t len)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), (ssize_t)len);
	assert_int_equal(close(fd), 0);
}

static void read_file(struct buf *out, const char *name)
{
	char block[4096];
	ssize_t n = 0;
	int fd = open(name, O_RDONLY);

	assert_true(fd >= 0);
	while ((n = read(fd, block, sizeof(block))) > 0)
		buf_add(out, block, (size_t)n);
	assert_int_equal(n, 0);
	assert_int_equal(close(fd), 0);
}

/* A key whose signatures are the same at every run, since the nonces are. */
static struct key *known_key(const char *label)
{
	struct key *key = NULL;

	assert_int_equal(key_from_seed(&key, (const uint8_t *)"seed", 4, label, NULL), STATUS_OK);
	return key;
}

static void sign(struct buf *out, const struct key *key, const char *ns, const char *msg)
{
	assert_int_equal(signature_make(out, key, ns, msg, strlen(msg), NULL), STATUS_OK);
}

static int check(const struct buf *sig, const struct key *key, const char *ns, const char *msg)
{
	return signature_check(buf_text(sig), sig->len, key, ns, msg, strlen(msg), NULL);
}

static int ssh_keygen_verifies(const struct key *key, const char *ns, const char *msg, const struct buf *sig)
{
	char line[KEY_SSH_MAX + 16], text[KEY_SSH_MAX], command[256];

	key_ssh(text, key);
	(void)snprintf(line, sizeof(line), "device %s\n", text);
	write_file("allowed", line, strlen(line));
	write_file("message", msg, strlen(msg));
	write_file("message.sig", buf_text(sig), sig->len);
	(void)snprintf(command, sizeof(command),
		       "ssh-keygen -Y verify -f allowed -I device -n %s -s message.sig < message > verdict 2>&1", ns);
	return system(command) == 0;
}

/* Among these are numbers with the high bit set, which need a zero in front, without it, and one that is a byte short.
 */
static void ssh_keygen_accepts_what_we_sign(void **state)
{
	static const int numbers[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 112, 368};
	struct key *key = known_key("signer");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		struct buf sig = BUF_INIT;
		char msg[32];

		(void)snprintf(msg, sizeof(msg), "message %d\n", numbers[i]);
		sign(&sig, key, "git", msg);
		assert_true(ssh_keygen_verifies(key, "git", msg, &sig));
		assert_false(ssh_keygen_verifies(key, "git", "another message", &sig));
		assert_int_equal(check(&sig, key, "git", msg), STATUS_OK);
		buf_clear(&sig);
	}
	key_free(key);
}

static void we_accept_what_ssh_keygen_signs(void **state)
{
	struct key *key = known_key("signer");
	struct buf pem = BUF_INIT;
	char line[KEY_SSH_MAX];

	(void)state;
	assert_int_equal(key_to_pem(&pem, key), STATUS_OK);
	write_file("key", buf_text(&pem), pem.len);
	key_ssh(line, key);
	write_file("key.pub", line, strlen(line));
	for (int i = 0; i < 10; i++) {
		struct buf sig = BUF_INIT;
		char msg[32];

		(void)snprintf(msg, sizeof(msg), "message %d\n", i);
		write_file("text", msg, strlen(msg));
		assert_int_equal(system("rm -f text.sig; ssh-keygen -q -Y sign -f key -n qip text 2> verdict"), 0);
		read_file(&sig, "text.sig");
		assert_int_equal(check(&sig, key, "qip", msg), STATUS_OK);
		assert_int_equal(check(&sig, key, "git", msg), STATUS_UNTRUSTED);
		buf_clear(&sig);
	}
	buf_wipe(&pem);
	key_free(key);
}

static void the_armor_has_the_form_that_git_keeps(void **state)
{
	struct key *key = known_key("signer");
	struct buf sig = BUF_INIT;
	const char *line = NULL, *end = NULL;

	(void)state;
	sign(&sig, key, "git", "tree ...");
	line = buf_text(&sig);
	assert_memory_equal(line, "-----BEGIN SSH SIGNATURE-----\n", 30);
	assert_string_equal(line + sig.len - 28, "\n-----END SSH SIGNATURE-----");
	for (line += 30; (end = strchr(line, '\n')) && end[1] != '-'; line = end + 1)
		assert_int_equal(end - line, 70);
	assert_in_range((uintmax_t)(end - line), 1, 70);
	assert_true(sig.len < SIGNATURE_MAX_BYTES);
	buf_clear(&sig);
	key_free(key);
}

static void a_signature_holds_for_its_message_key_and_namespace_only(void **state)
{
	struct key *key = known_key("signer"), *other = known_key("other");
	struct buf sig = BUF_INIT;
	struct error e = {0};

	(void)state;
	sign(&sig, key, "qip", "statement");
	assert_int_equal(check(&sig, key, "qip", "statement"), STATUS_OK);
	assert_int_equal(check(&sig, key, "qip", "statement2"), STATUS_UNTRUSTED);
	assert_int_equal(check(&sig, key, "qip", ""), STATUS_UNTRUSTED);
	assert_int_equal(check(&sig, key, "git", "statement"), STATUS_UNTRUSTED);
	assert_int_equal(check(&sig, key, "", "statement"), STATUS_UNTRUSTED);
	assert_int_equal(signature_check(buf_text(&sig), sig.len, other, "qip", "statement", 9, &e), STATUS_UNTRUSTED);
	assert_string_equal(e.text, "the signature is by another key");
	buf_clear(&sig);
	key_free(key);
	key_free(other);
}

static void names_its_signer(void **state)
{
	struct key *key = known_key("signer");
	struct buf sig = BUF_INIT;
	char expected[KEY_SSH_MAX], line[KEY_SSH_MAX] = "";

	(void)state;
	sign(&sig, key, "git", "x");
	key_ssh(expected, key);
	assert_int_equal(signature_signer(line, buf_text(&sig), sig.len, NULL), STATUS_OK);
	assert_string_equal(line, expected);
	assert_int_equal(signature_signer(line, buf_text(&sig), sig.len - 1, NULL), STATUS_MALFORMED);
	buf_clear(&sig);
	key_free(key);
}

/* Every single byte matters: none may be changed so that the signature still holds. */
static void any_changed_byte_is_noticed(void **state)
{
	struct key *key = known_key("signer");
	struct buf sig = BUF_INIT;

	(void)state;
	sign(&sig, key, "git", "x");
	for (size_t i = 0; i < sig.len; i++) {
		uint8_t old = sig.data[i];

		sig.data[i] = old == 'A' ? 'B' : 'A';
		assert_int_not_equal(check(&sig, key, "git", "x"), STATUS_OK);
		sig.data[i] = old;
	}
	assert_int_equal(check(&sig, key, "git", "x"), STATUS_OK);
	buf_clear(&sig);
	key_free(key);
}

static void a_torn_signature_is_malformed(void **state)
{
	struct key *key = known_key("signer");
	struct buf sig = BUF_INIT;

	(void)state;
	sign(&sig, key, "git", "x");
	for (size_t len = 0; len < sig.len; len++)
		assert_int_equal(signature_check(buf_text(&sig), len, key, "git", "x", 1, NULL), STATUS_MALFORMED);
	buf_clear(&sig);
	key_free(key);
}

/* Append the bytes inside the armor of `sig`. */
static void bare(struct buf *blob, const struct buf *sig)
{
	struct buf base64 = BUF_INIT;

	for (const char *c = buf_text(sig) + strlen("-----BEGIN SSH SIGNATURE-----\n"); *c != '-'; c++)
		if (*c != '\n')
			buf_addc(&base64, *c);
	assert_int_equal(base64_decode(blob, buf_text(&base64), base64.len), STATUS_OK);
	buf_clear(&base64);
}

/* Put an armor around bytes, as an attacker would. */
static void armor(struct buf *out, const struct buf *blob)
{
	buf_reset(out);
	buf_adds(out, "-----BEGIN SSH SIGNATURE-----\n");
	base64_encode(out, blob->data, blob->len);
	buf_adds(out, "\n-----END SSH SIGNATURE-----");
}

static void bytes_torn_inside_the_armor_are_malformed(void **state)
{
	struct key *key = known_key("signer");
	struct buf sig = BUF_INIT, blob = BUF_INIT;

	(void)state;
	sign(&sig, key, "git", "x");
	bare(&blob, &sig);
	armor(&sig, &blob);
	assert_int_equal(check(&sig, key, "git", "x"), STATUS_OK);
	buf_addc(&blob, '\0');
	armor(&sig, &blob);
	assert_int_equal(check(&sig, key, "git", "x"), STATUS_MALFORMED);
	while (blob.len > 1) {
		blob.len -= blob.len == 2 ? 1 : 2;
		armor(&sig, &blob);
		assert_int_equal(check(&sig, key, "git", "x"), STATUS_MALFORMED);
	}
	buf_clear(&blob);
	buf_clear(&sig);
	key_free(key);
}

/* Else one signature could be written in many ways. */
static void refuses_a_number_with_a_needless_zero_in_front(void **state)
{
	/* The last byte of each length that counts r: the signature, its two numbers together, r itself. */
	static const size_t lengths[] = {142, 169, 173};
	struct key *key = known_key("signer");
	struct buf sig = BUF_INIT, blob = BUF_INIT, longer = BUF_INIT;
	struct error e = {0};

	(void)state;
	sign(&sig, key, "git", "x");
	bare(&blob, &sig);
	for (size_t i = 0; i < ARRAY_LEN(lengths); i++)
		blob.data[lengths[i]]++;
	buf_add(&longer, blob.data, 174);
	buf_addc(&longer, '\0');
	buf_add(&longer, blob.data + 174, blob.len - 174);
	armor(&sig, &longer);
	assert_int_equal(signature_check(buf_text(&sig), sig.len, key, "git", "x", 1, &e), STATUS_MALFORMED);
	assert_string_equal(e.text, "the numbers of the signature are not in their one form");
	buf_clear(&longer);
	buf_clear(&blob);
	buf_clear(&sig);
	key_free(key);
}

static void refuses_signatures_of_other_algorithms(void **state)
{
	struct key *key = known_key("signer");
	struct buf sig = BUF_INIT;
	struct error e = {0};

	(void)state;
	write_file("text", "x", 1);
	assert_int_equal(system("rm -f text.sig; ssh-keygen -q -t ed25519 -N '' -f other && ssh-keygen -q -Y sign -f "
				"other -n git text "
				"2> verdict"),
			 0);
	read_file(&sig, "text.sig");
	assert_int_equal(signature_check(buf_text(&sig), sig.len, key, "git", "x", 1, &e), STATUS_MALFORMED);
	assert_non_null(strstr(e.text, "ecdsa-sha2-nistp256"));
	buf_clear(&sig);
	key_free(key);
}

static void refuses_a_signature_over_the_size_limit(void **state)
{
	struct key *key = known_key("signer");
	struct buf sig = BUF_INIT, blob = BUF_INIT;

	(void)state;
	while (blob.len < SIGNATURE_MAX_BYTES)
		buf_adds(&blob, "SSHSIG");
	armor(&sig, &blob);
	assert_int_equal(check(&sig, key, "git", "x"), STATUS_MALFORMED);
	buf_clear(&blob);
	buf_clear(&sig);
	key_free(key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ssh_keygen_accepts_what_we_sign),
		cmocka_unit_test(we_accept_what_ssh_keygen_signs),
		cmocka_unit_test(the_armor_has_the_form_that_git_keeps),
		cmocka_unit_test(a_signature_holds_for_its_message_key_and_namespace_only),
		cmocka_unit_test(names_its_signer),
		cmocka_unit_test(any_changed_byte_is_noticed),
		cmocka_unit_test(a_torn_signature_is_malformed),
		cmocka_unit_test(bytes_torn_inside_the_armor_are_malformed),
		cmocka_unit_test(refuses_a_number_with_a_needless_zero_in_front),
		cmocka_unit_test(refuses_signatures_of_other_algorithms),
		cmocka_unit_test(refuses_a_signature_over_the_size_limit),
	};

	return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
