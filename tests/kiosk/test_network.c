/* tests/kiosk/test_network.c - the kernel tells that the network came back, in a network of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "kiosk/network.h"

static atomic_int told;

static void back(void *ctx)
{
	(void)ctx;
	atomic_fetch_add(&told, 1);
}

static struct network *start(void)
{
	struct network *n = NULL;
	struct error e;

	atomic_store(&told, 0);
	assert_int_equal(network_start(&n, back, NULL, &e), STATUS_OK);
	return n;
}

static size_t message(uint8_t *out, uint16_t type, unsigned flags)
{
	struct {
		struct nlmsghdr head;
		struct ifinfomsg link;
	} m = {.head = {.nlmsg_len = NLMSG_LENGTH(sizeof(m.link)), .nlmsg_type = type}, .link = {.ifi_flags = flags}};

	memcpy(out, &m, m.head.nlmsg_len);
	return m.head.nlmsg_len;
}

static void news_is_what_comes_and_not_what_goes(void **state)
{
	uint8_t m[256];
	size_t len;

	(void)state;
	assert_true(network_is_news(m, message(m, RTM_NEWADDR, 0)));
	assert_true(network_is_news(m, message(m, RTM_NEWROUTE, 0)));
	assert_true(network_is_news(m, message(m, RTM_NEWLINK, IFF_UP | IFF_RUNNING)));
	assert_false(network_is_news(m, message(m, RTM_NEWLINK, IFF_UP))); /* no carrier */
	assert_false(network_is_news(m, message(m, RTM_DELADDR, 0)));
	assert_false(network_is_news(m, message(m, RTM_DELROUTE, 0)));
	len = message(m, RTM_DELADDR, 0);
	assert_true(network_is_news(m, len + message(m + len, RTM_NEWADDR, 0))); /* behind another */
	for (size_t cut = 0; cut < sizeof(struct nlmsghdr); cut++)
		assert_false(network_is_news(m, cut));
}

static void stops_at_once_while_nothing_happens(void **state)
{
	(void)state;
	network_stop(start());
	network_stop(NULL);
	assert_int_equal(atomic_load(&told), 0);
}

static void set_up_link(const char *name)
{
	struct ifreq r = {.ifr_flags = IFF_UP | IFF_RUNNING};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	strcpy(r.ifr_name, name);
	assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &r), 0);
	(void)close(fd);
}

static void a_link_that_comes_up_with_its_addresses_is_told_once(void **state)
{
	struct network *n = NULL;

	(void)state;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
		print_message("no network of one's own is allowed here\n");
		skip();
	}
	n = start();
	set_up_link("lo");
	for (int i = 0; i < 2000 && atomic_load(&told) == 0; i++)
		(void)nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	assert_int_equal(atomic_load(&told), 1);
	(void)nanosleep(&(struct timespec){.tv_sec = 3}, NULL);
	assert_int_equal(atomic_load(&told), 1);
	network_stop(n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(news_is_what_comes_and_not_what_goes),
		cmocka_unit_test(stops_at_once_while_nothing_happens),
		cmocka_unit_test(a_link_that_comes_up_with_its_addresses_is_told_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
