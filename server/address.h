/* server/address.h - where to listen: "host:port", "[IPv6 address]:port". */
#ifndef QIP_SERVER_ADDRESS_H
#define QIP_SERVER_ADDRESS_H

#include <stdbool.h>

#define ADDRESS_HOST_MAX 256

struct address {
	char host[ADDRESS_HOST_MAX]; /* name or address, without brackets */
	char port[6];		     /* decimal; "0": a free one */
};

/* False for anything else; *out is then untouched. */
bool address_parse(struct address *out, const char *text);

#endif
