/* server/address.c - where to listen. */
#include "server/address.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool address_parse(struct address *out, const char *text)
{
	const char *colon = strrchr(text, ':'), *end = colon;
	size_t len = 0;

	if (!colon || colon[1] == 0 || strspn(colon + 1, "0123456789") != strlen(colon + 1) || strlen(colon + 1) > 5 ||
	    strtol(colon + 1, NULL, 10) > 65535)
		return false;
	if (*text == '[' && colon > text + 1 && colon[-1] == ']') {
		text++;
		end--;
	} else if (memchr(text, ':', (size_t)(colon - text))) {
		return false; /* an IPv6 address without brackets: where it ends is a guess */
	}
	len = (size_t)(end - text);
	if (len == 0 || len >= ADDRESS_HOST_MAX)
		return false;
	memcpy(out->host, text, len);
	out->host[len] = 0;
	(void)snprintf(out->port, sizeof(out->port), "%s", colon + 1);
	return true;
}
