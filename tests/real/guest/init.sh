#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The first process of a guest: says on the console what there is, each line with @, then obeys.
PATH=/bin
/bin/busybox mkdir -p /proc /sys /dev /tmp
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmp /tmp
stty raw -echo </dev/console
exec </dev/console >/dev/console 2>&1
# The kernel turns these off when it has little memory.
echo madvise >/sys/kernel/mm/transparent_hugepage/enabled

for module in /modules/*.ko; do
	case $module in
	*/brd.ko) insmod "$module" rd_nr=1 rd_size=4096 ;;
	*) insmod "$module" ;;
	esac || echo "@failed 0 $module"
done
mkswap /dev/ram0 >/dev/null && swapon /dev/ram0 || echo '@failed 0 swap'

say_processes() {
	for stat in /proc/[0-9]*/stat; do
		read -r line <"$stat" && echo "@stat $line"
	done 2>/dev/null
	echo '@reply 0 done'
}

start_process() {
	sleep 100000 &
	echo "@reply 0 $!"
}

end_process() {
	kill "$1"
	wait "$1"
	echo '@reply 0 done'
}

echo "@uname $(uname -a)"
echo "@cmdline $(cat /proc/cmdline)"
echo "@vmcoreinfo $(cat /sys/kernel/vmcoreinfo)"
echo "@btf $(stat -c %s /sys/kernel/btf/vmlinux 2>/dev/null)"
sed 's/^/@iomem /' /proc/iomem
sed 's/^/@module /' /proc/modules
grep -E " ($(cat /symbols))$" /proc/kallsyms | sed 's/^/@symbol /'
sed 's/^/@swap /' /proc/swaps

for instance in 1 2 3; do
	mkfifo /tmp/pipe.$instance
	spin=
	[ $instance = 3 ] && spin=spin
	/guest $instance /tmp/pipe.$instance $spin &
	while [ ! -e /tmp/done.$instance ]; do usleep 50000; done
done
exec 4<>/tmp/pipe.1 5<>/tmp/pipe.2 6<>/tmp/pipe.3
echo '@ready'

while read -r who line; do
	case $who in
	0)
		case $line in
		processes) say_processes ;;
		start) start_process ;;
		"end "*) end_process "${line#end }" ;;
		*) echo '@reply 0 ?' ;;
		esac
		;;
	1) echo "$line" >&4 ;;
	2) echo "$line" >&5 ;;
	3) echo "$line" >&6 ;;
	*) echo "@reply 0 ?" ;;
	esac
done
