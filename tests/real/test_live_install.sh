#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs into an empty folder, builds the short example with pkg-config alone, and runs it.
set -eu

dest=$(mktemp -d)
trap 'rm -rf "$dest"; kill "$sleeper" 2>/dev/null || true' EXIT
sleep 60 &
sleeper=$!

fail() {
	echo "FAILED: $*"
	exit 1
}

meson install -C "$TMEM_BUILD" --no-rebuild --quiet --destdir "$dest" >"$dest/log" 2>&1 ||
	{ cat "$dest/log"; fail "meson install"; }

pc=$(find "$dest" -name tmem.pc)
[ -n "$pc" ] || fail "tmem.pc was not installed"
export PKG_CONFIG_PATH="${pc%/*}" PKG_CONFIG_SYSROOT_DIR="$dest"
lib=$(dirname "${pc%/*}")

# Word splitting is what pkg-config's output is made for.
# shellcheck disable=SC2046
cc -Wall -Werror -o "$dest/first_look" "$TMEM_SOURCE/examples/first_look.c" \
	$(pkg-config --cflags --libs tmem) || fail "the example does not build"
LD_LIBRARY_PATH="$lib" "$dest/first_look" "pid:$sleeper" >"$dest/out" || fail "the example fails"
grep -q 'sleep$' "$dest/out" || { cat "$dest/out"; fail "the program is not among the modules"; }
tail -n 1 "$dest/out" | grep -Eq '^[0-9a-f]{16}  7f 45 4c 46' ||
	{ cat "$dest/out"; fail "the first readable bytes are not an ELF header"; }

# C++ programs include the same headers.
echo '#include <tmem.h>
int main() { return tmem_close(nullptr); }' >"$dest/plain.cpp"
# shellcheck disable=SC2046
c++ -Wall -Werror -o "$dest/plain" "$dest/plain.cpp" $(pkg-config --cflags --libs tmem) ||
	fail "a C++ program does not build"
LD_LIBRARY_PATH="$lib" "$dest/plain" || fail "a C++ program does not run"

# The interfaces of dbgeng.h, in C and in C++, and loaded by hand.
[ -f "${pc%/*}/dbgeng.pc" ] || fail "dbgeng.pc was not installed"
for example in cc/dbgeng_tour.c c++/dbgeng_tour.cpp; do
	# shellcheck disable=SC2046
	"${example%%/*}" -Wall -Werror -o "$dest/tour" "$TMEM_SOURCE/examples/${example##*/}" \
		$(pkg-config --cflags --libs dbgeng) || fail "${example##*/} does not build"
	LD_LIBRARY_PATH="$lib" "$dest/tour" -p "$sleeper" -n >"$dest/out" ||
		{ cat "$dest/out"; fail "${example##*/} fails"; }
	grep -q 'sleep' "$dest/out" || { cat "$dest/out"; fail "${example##*/} shows no module"; }
done
cc -Wall -Werror -o "$dest/slots" "$TMEM_SOURCE/examples/dbgeng_slots.c" -ldl ||
	fail "dbgeng_slots.c does not build"
# libdbgeng.so finds libtmem.so beside it.
"$dest/slots" "$lib/libdbgeng.so" "$sleeper" >"$dest/out" ||
	{ cat "$dest/out"; fail "dbgeng_slots.c fails"; }
others=$(nm -D --defined-only "$lib/libdbgeng.so" | sed 's/@.*//; s/.* //' | grep -v '^DBGENG_0$' |
	sort | tr '\n' ' ')
[ "$others" = 'DebugConnect DebugConnectWide DebugCreate DebugCreateEx ' ] ||
	fail "libdbgeng.so exports $others"

# Nothing but tmem_ names leaves the shared library, each with its version.
stray=$(nm -D --defined-only "$lib/libtmem.so" | grep -v ' tmem_.*@@TMEM_0$' | grep -v ' A TMEM_0$' || true)
[ -z "$stray" ] || fail "stray symbols: $stray"

# The installed command needs no libtmem.so beside it.
"$dest"/*/local/bin/tmem --version >/dev/null || fail "the installed command does not run"
echo "installed libraries, examples and command work"
