/* core/hardware.h - what tells the real machine and its storage from others, for env_system(). */
#ifndef QIP_CORE_HARDWARE_H
#define QIP_CORE_HARDWARE_H

#include "core/env.h"

/* The board's serial number out of the device tree, or else /etc/machine-id, which lies on the storage and is copied with it. */
void hardware_machine_id(void *ctx, char out[ENV_HARDWARE_MAX]);
/* The serial numbers of the card or disk that the open folder lies on (Linux sysfs; below an encrypted or mapped volume, its disk; of several disks, none). */
void hardware_storage_serial(void *ctx, int dir, char out[ENV_STORAGE_MAX]);
/* The same of a device by its numbers, with sysfs mounted at `sys`. */
void hardware_storage_at(const char *sys, unsigned device_major, unsigned device_minor, char out[ENV_STORAGE_MAX]);

#endif
