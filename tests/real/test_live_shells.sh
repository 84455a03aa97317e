#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The manual page and the completion of bash and zsh, as installed files.
set -u

dest=$(mktemp -d)
trap 'rm -rf "$dest"' EXIT
failed=0 passed=0

check() { # NAME EXPECTED FOUND: every expected word is a line of what was found
	local word
	for word in $2; do
		if ! grep -qxF -- "$word" <<<"$3"; then
			echo "FAILED $1: $word is not in: $3"
			failed=$((failed + 1))
			return
		fi
	done
	passed=$((passed + 1))
}

check_empty() { # NAME FOUND
	if [ -n "$2" ]; then
		echo "FAILED $1: $2"
		failed=$((failed + 1))
	else
		passed=$((passed + 1))
	fi
}

meson install -C "$TMEM_BUILD" --no-rebuild --quiet --destdir "$dest" >"$dest/log" 2>&1 ||
	{ cat "$dest/log"; exit 1; }
page=$(find "$dest" -path '*/man1/tmem.1')
bash=$(find "$dest" -path '*/bash-completion/completions/tmem')
zsh=$(find "$dest" -path '*/zsh/site-functions/_tmem')
[ -n "$page" ] && [ -n "$bash" ] && [ -n "$zsh" ] ||
	{ echo "FAILED: not installed: page '$page', bash '$bash', zsh '$zsh'"; exit 1; }
PATH=$(dirname "$(find "$dest" -path '*/bin/tmem')"):$PATH

# The page.
check_empty "mandoc -Tlint" "$(mandoc -Tlint -W warning "$page" 2>&1)"
check_empty "groff -ww" "$(groff -man -ww -z -Tutf8 "$page" 2>&1)"
text=$(groff -man -Tutf8 -P-cbou "$page" | tr -s ' ' '\n')
printf 'tmem synth 1\nprocess 1\n' >"$dest/a.synth"
names=$(tmem "synth:$dest/a.synth" .help | sed -n 's/^  \([^ ]*\) .*/\1/p')
[ "$(wc -w <<<"$names")" -gt 40 ] || { echo "FAILED: .help lists only: $names"; failed=1; }
set -f
check "commands in the page" "$names" "$text"
check "options in the page" "--json --no-sandbox" "$text"
set +f

# bash, as it calls: the line, the cursor at its end.
completed() {
	bash --norc -c '
		. "$1"
		COMP_LINE=$2 COMP_POINT=${#2}
		cd "$3" && _tmem && printf "%s\n" "${COMPREPLY[@]}"' - "$bash" "$1" "$dest" 2>&1
}
touch "$dest/my.core"
check "bash: options" "--json --no-sandbox -o" "$(completed 'tmem -')"
check "bash: one option" "--json" "$(completed 'tmem --js')"
check "bash: colours" "auto always never" "$(completed 'tmem --color ')"
check "bash: keys" "suspend=on" "$(completed 'tmem -o sus')"
check "bash: files" "my.core" "$(completed 'tmem my')"
check "bash: kinds" "core: synth: pid:" "$(completed 'tmem ')"
check "bash: a file of a kind" "my.core" "$(completed 'tmem core:my')"
check "bash: processes" "$$" "$(completed 'tmem pid:')"
check "bash: commands" "db dps" "$(completed 'tmem my.core d')"
check "bash: later commands" "!address" "$(completed 'tmem -o cache=on my.core db !a')"
set -f
check "bash: every command" "$names" "$(completed 'tmem my.core ')"
set +f

# zsh, with its builtins of completion replaced by ones that print.
completed_zsh() { # WORD... of which the last is completed
	zsh -fc '
		compadd() { while [[ $1 != -- ]]; do shift; done; shift; print -l -- "$@" }
		compset() { return 1 }
		_files() { print FILES }
		file=$1; shift
		words=("$@"); CURRENT=$#words
		source $file' - "$zsh" "$@" 2>&1
}
check "zsh: options" "--json --no-sandbox -o" "$(completed_zsh tmem -)"
check "zsh: colours" "auto always never" "$(completed_zsh tmem --color '')"
check "zsh: keys" "suspend=on" "$(completed_zsh tmem -o '')"
check "zsh: kinds and files" "core: pid: FILES" "$(completed_zsh tmem '')"
check "zsh: a file of a kind" "FILES" "$(completed_zsh tmem core:my)"
check "zsh: processes" "pid:$$" "$(completed_zsh tmem pid:)"
set -f
check "zsh: every command" "$names" "$(completed_zsh tmem my.core '')"
set +f
head -n 1 "$zsh" | grep -qx '#compdef tmem' || { echo "FAILED: zsh would not load it"; failed=1; }

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
