/* tests/core/test_hardware.c - serial numbers of storage, out of sysfs as kernels show it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/hardware.h"

static char sys[] = "/tmp/qip-hardware-XXXXXX";

static void shell(const char *command)
{
	assert_int_equal(setenv("SYS", sys, 1), 0);
	assert_int_equal(system(command), 0); // NOLINT(cert-env33-c): of the test's own
}

static const char *storage(unsigned minor)
{
	static char out[ENV_STORAGE_MAX];

	hardware_storage_at(sys, 8, minor, out);
	return out;
}

static int set_up(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(sys));
	shell("mkdir -p $SYS/dev/block && cd $SYS && d=devices/card/block/mmcblk0 && mkdir -p $d/device $d/mmcblk0p2 $d/slaves && echo 744a4520 >$d/device/cid &&"
	      " echo 0x12 >$d/device/serial && ln -s ../../$d dev/block/8:1 && ln -s ../../$d/mmcblk0p2 dev/block/8:2");
	shell("cd $SYS && d=devices/usb/block/sda && mkdir -p $d/device $d/sda1 && printf '  t10.ATA\\001X  \\n' >$d/device/wwid && ln -s ../../$d/sda1 dev/block/8:3");
	shell("cd $SYS && mkdir -p devices/virtual/dm-0/slaves devices/virtual/md0/slaves && ln -s ../../../usb/block/sda/sda1 devices/virtual/dm-0/slaves/sda1 &&"
	      " ln -s ../../devices/virtual/dm-0 dev/block/8:4 && ln -s ../../../usb/block/sda/sda1 devices/virtual/md0/slaves/sda1 &&"
	      " ln -s ../../../card/block/mmcblk0/mmcblk0p2 devices/virtual/md0/slaves/mmcblk0p2 && ln -s ../../devices/virtual/md0 dev/block/8:5");
	shell("cd $SYS && mkdir -p devices/virtio/vda && echo abc >devices/virtio/vda/serial && ln -s ../../devices/virtio/vda dev/block/8:6");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	shell("rm -rf \"$SYS\"");
	return 0;
}

static void a_card_and_its_partition_show_the_same_numbers(void **state)
{
	(void)state;
	assert_string_equal(storage(1), "device/cid=744a4520\ndevice/serial=0x12\n");
	assert_string_equal(storage(2), "device/cid=744a4520\ndevice/serial=0x12\n");
}

static void a_disk_below_a_mapped_volume_is_found(void **state)
{
	(void)state;
	assert_string_equal(storage(3), "device/wwid=t10.ATA X\n");
	assert_string_equal(storage(4), "device/wwid=t10.ATA X\n");
	assert_string_equal(storage(6), "serial=abc\n");
}

static void a_mirror_and_what_is_not_there_tell_nothing(void **state)
{
	(void)state;
	assert_string_equal(storage(5), "");
	assert_string_equal(storage(7), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_card_and_its_partition_show_the_same_numbers),
		cmocka_unit_test(a_disk_below_a_mapped_volume_is_found),
		cmocka_unit_test(a_mirror_and_what_is_not_there_tell_nothing),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
