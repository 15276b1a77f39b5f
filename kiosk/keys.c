/* kiosk/keys.c - qip-kiosk quiet-keys: the keyboard taken away from a console of Linux, as root, before the screen's browser starts.
 *
 * The browser reads keys from the input devices themselves. The console would read them, too: show what a patient writes, switch to a login, restart.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "kiosk/command.h"

enum status command_quiet_keys(const struct command_options *o, struct error *e)
{
	const char *console = o->words[0];
	int fd = open(console, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	enum status st = STATUS_OK;

	if (fd < 0)
		return error_set_errno(e, errno, "cannot open the console %s", console);
	if (ioctl(fd, KDSKBMODE, K_OFF) != 0)
		st = errno == ENOTTY ? error_set(e, STATUS_INVALID, "%s is no console with a keyboard", console)
				     : error_set_errno(e, errno, "cannot take the keyboard away from %s", console);
	(void)close(fd);
	return st;
}
