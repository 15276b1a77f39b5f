/* core/key_pin.c - the staff's PIN of a kiosk. Digits enter; salt, rounds and hash leave, and nothing that the digits could be read from but by trying. */
#include "core/key_pin.h"

#include <string.h>

#include <mbedtls/md.h>
#include <mbedtls/platform_util.h>

static bool hmac_of(mbedtls_md_context_t *md, uint8_t out[SHA256_LEN], const void *bytes, size_t len, bool with_index)
{
	static const uint8_t first_block[4] = {0, 0, 0, 1};

	return mbedtls_md_hmac_reset(md) == 0 && mbedtls_md_hmac_update(md, bytes, len) == 0 &&
	       (!with_index || mbedtls_md_hmac_update(md, first_block, sizeof(first_block)) == 0) && mbedtls_md_hmac_finish(md, out) == 0;
}

enum status key_pbkdf2(uint8_t out[SHA256_LEN], const void *password, size_t password_len, const void *salt, size_t salt_len, uint32_t rounds)
{
	uint8_t u[SHA256_LEN], sum[SHA256_LEN];
	mbedtls_md_context_t md;
	bool good = false;

	mbedtls_md_init(&md);
	good = rounds > 0 && mbedtls_md_setup(&md, mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), 1) == 0 &&
	       mbedtls_md_hmac_starts(&md, password, password_len) == 0 && hmac_of(&md, u, salt, salt_len, true);
	if (good)
		memcpy(sum, u, sizeof(sum));
	for (uint32_t i = 1; good && i < rounds; i++) {
		good = hmac_of(&md, u, u, sizeof(u), false);
		for (size_t k = 0; k < sizeof(sum); k++)
			sum[k] ^= u[k];
	}
	if (good)
		memcpy(out, sum, sizeof(sum));
	mbedtls_md_free(&md);
	mbedtls_platform_zeroize(u, sizeof(u));
	mbedtls_platform_zeroize(sum, sizeof(sum));
	return good ? STATUS_OK : STATUS_CRYPTO;
}

static bool is_pin(const char *pin)
{
	size_t len = strspn(pin, "0123456789");

	return pin[len] == '\0' && len >= KEY_PIN_DIGITS_MIN && len <= KEY_PIN_DIGITS_MAX;
}

/* 000000, 123456, 987654: the first that anybody tries. */
static bool is_plain(const char *pin)
{
	int step = pin[1] - pin[0];

	if (step < -1 || step > 1)
		return false;
	for (size_t i = 1; pin[i]; i++) {
		if (pin[i] - pin[i - 1] != step)
			return false;
	}
	return true;
}

enum status key_pin_make(struct key_pin *out, const char *pin, const struct env *env, struct error *e)
{
	struct key_pin p = {.rounds = KEY_PIN_ROUNDS};
	enum status st = STATUS_OK;

	if (!is_pin(pin))
		return error_set(e, STATUS_INVALID, "a PIN is %d to %d digits", KEY_PIN_DIGITS_MIN, KEY_PIN_DIGITS_MAX);
	if (is_plain(pin))
		return error_set(e, STATUS_INVALID, "that PIN is one of the first that anybody tries: choose digits that do not just repeat or count");
	st = env->random(env->ctx, p.salt, sizeof(p.salt));
	if (st == STATUS_OK)
		st = key_pbkdf2(p.hash, pin, strlen(pin), p.salt, sizeof(p.salt), p.rounds);
	if (st != STATUS_OK)
		return error_set(e, st, "the PIN cannot be made: %s", status_text(st));
	*out = p;
	return STATUS_OK;
}

enum status key_pin_check(const struct key_pin *p, const char *pin)
{
	uint8_t hash[KEY_PIN_HASH_LEN], differ = 0;
	enum status st = STATUS_OK;

	if (!is_pin(pin) || p->rounds == 0 || p->rounds > KEY_PIN_ROUNDS_MAX)
		return STATUS_DENIED;
	st = key_pbkdf2(hash, pin, strlen(pin), p->salt, sizeof(p->salt), p->rounds);
	if (st != STATUS_OK)
		return st;
	for (size_t i = 0; i < sizeof(hash); i++)
		differ |= (uint8_t)(hash[i] ^ p->hash[i]);
	mbedtls_platform_zeroize(hash, sizeof(hash));
	return differ == 0 ? STATUS_OK : STATUS_DENIED;
}

cJSON *key_pin_json(const struct key_pin *p)
{
	char salt[2 * KEY_PIN_SALT_LEN + 1], hash[2 * KEY_PIN_HASH_LEN + 1];
	cJSON *o = cJSON_CreateObject();

	hex_encode(salt, p->salt, sizeof(p->salt));
	hex_encode(hash, p->hash, sizeof(p->hash));
	if (cJSON_AddStringToObject(o, "hash", hash) && cJSON_AddNumberToObject(o, "rounds", p->rounds) && cJSON_AddStringToObject(o, "salt", salt))
		return o;
	cJSON_Delete(o);
	return NULL;
}

enum status key_pin_read(struct key_pin *out, const cJSON *json)
{
	const char *salt = json_string(json, "salt"), *hash = json_string(json, "hash");
	struct key_pin p;
	int64_t rounds = 0;

	if (!salt || !hash || !json_integer(json, "rounds", &rounds) || rounds < 1 || rounds > KEY_PIN_ROUNDS_MAX ||
	    hex_decode(p.salt, sizeof(p.salt), salt) != STATUS_OK || hex_decode(p.hash, sizeof(p.hash), hash) != STATUS_OK)
		return STATUS_MALFORMED;
	p.rounds = (uint32_t)rounds;
	*out = p;
	return STATUS_OK;
}
