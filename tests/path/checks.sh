#!/usr/bin/env bash
# The checks of the sources can fail, and the scripts are clean.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

it 'The sources keep to the layout'
"$QIP_SOURCE/tools/check-includes" >/dev/null || die 'tools/check-includes finds faults'

copy=$WORK/copy
mkdir "$copy"
cp -a "$QIP_SOURCE/core" "$QIP_SOURCE/client" "$QIP_SOURCE/server" "$QIP_SOURCE/kiosk" "$copy/"

# planted FILE LINE - is found.
planted() {
	local file=$copy/$1
	if [ -e "$file" ]; then
		cp "$file" "$WORK/saved"
	fi
	printf '%s\n' "$2" >>"$file"
	refused "^$1:[0-9]+: " "$QIP_SOURCE/tools/check-includes" "$copy"
	rm "$file"
	if [ -e "$WORK/saved" ]; then
		mv "$WORK/saved" "$file"
	fi
}

it 'An include against the direction is found'
planted core/id.c '#include "client/journal.h"'
planted core/id.c '#include "server/main.h"'
planted client/planted.c '#include "kiosk/capture.h"'
planted server/planted.c '#include "client/journal.h"'
planted server/planted.c '#include "qip/client.h"'
planted kiosk/planted.c '#include "server/verify.h"'
planted client/cli/planted.h ' #  include "server/verify.h"'
planted kiosk/planted.c '#include "../core/id.h"'
planted core/id.c '#include "id.h"'

it 'A library outside its files is found'
planted core/tree.c '#include <git2.h>'
planted client/planted.c '#include <git2/sys/transport.h>'
planted server/planted.c '#include <mbedtls/ssl.h>'
planted core/tree.c '#include "mbedtls/sha256.h"'

it 'A banned function is found, but not in a comment, a string or a longer name'
for name in strcpy strcat sprintf gets strtok atoi system popen; do
	planted core/id.c "static void planted(char *a) { $name(a, a); }"
done
printf '%s\n' '/* strcpy(a, b) and' ' * system("x") */' 'static const char *text = "gets(x)";' '// atoi(x)' 'int my_atoi(int);' 'void f(void) { env->system(1); }' >"$copy/core/harmless.c"
"$QIP_SOURCE/tools/check-includes" "$copy" >/dev/null || die 'a harmless line is refused'

it 'A folder without sources is not taken for a clean one'
mkdir -p "$WORK/empty/core" "$WORK/empty/client" "$WORK/empty/server" "$WORK/empty/kiosk"
refused 'no sources' "$QIP_SOURCE/tools/check-includes" "$WORK/empty"

cd "$QIP_SOURCE"
scripts=(tools/{setup,build,test,demo,bench,check-includes,fuzz,simulate,simulate-kiosk,package,crash-test,soak,upgrade-test,screen-test,git-tests,git-tests-httpd,verify-history}
	tools/*.sh .ci/run tests/path/*.sh tests/support/machine*.sh {kiosk/appliance,server/service}/p{ostinst,rerm,ostrm})

it 'The shell scripts are clean'
# One by one, and not into what they source, over and over: that is a minute of a processor. What needs it is left out: unassigned and unused names.
printf '%s\n' "${scripts[@]}" | xargs -n 1 shellcheck --exclude SC1091,SC2034,SC2153,SC2154,SC2317

it 'No script leaves a program while it speaks: under pipefail that is a failure by chance, or hides one'
if grep -nE '[^|]\|[[:space:]]*grep -[a-zA-Z]*[qm]' "${scripts[@]}"; then
	die 'grep -q behind a pipe: send its lines to /dev/null instead'
fi
