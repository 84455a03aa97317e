#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The first process of the guest whose dump is measured; the kernel hands memory_size on to it.
PATH=/bin
/bin/busybox mkdir -p /proc /dev
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t devtmpfs dev /dev
stty raw -echo </dev/console
exec </dev/console >/dev/console 2>&1

# Without it QEMU does not know the kernel's note, which readers of dumps look for.
insmod /modules/qemu_fw_cfg.ko || echo '@failed qemu_fw_cfg.ko'
/memory "$memory_size"
echo '@failed the program ended'
