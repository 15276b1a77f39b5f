#!/usr/bin/env bash
# What patients, children and web pages elsewhere can send to the kiosk's page: too large, malformed, repeated, from elsewhere.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

practice_start
join kib-kiosk kiosk kibworth
kiosk_start kib-kiosk
answers() { kiosk_says kib-kiosk last; }

# posted WANTED-STATUS CURL-ARGUMENT… - a post to /answer gives this status, and no answer is kept.
posted() {
	local wanted=$1 before status
	shift
	before=$(answers)
	status=$(curl -qs --max-time 30 -o "$WORK/page.html" -w '%{http_code}' "$@" "$KIOSK_URL/answer" || true)
	grep -Eqx "$wanted" <<<"$status" || die "wanted $wanted, got $status for: $*"
	same 'answers' "$before" "$(answers)"
}

it 'An answer is kept, and only then the page says thank you'
answer good
same 'answers' 1 "$(answers)"

it 'The same form sent again is thanked again and kept once'
token=$(kiosk_token)
same 'first' 200 "$(kiosk_post "$token" very-good)"
same 'again' 200 "$(kiosk_post "$token" very-good)"
same 'with another answer' 200 "$(kiosk_post "$token" poor)"
same 'answers' 2 "$(answers)"

it 'A form without a token, with a made-up one, or without an answer is not kept'
posted '4..' --data 'experience=good'
posted '4..' --data 'token=00000000-0000-7000-8000-000000000000&experience=good'
posted '4..' --data 'token=../../etc&experience=good'
posted '4..|200|303' --data "token=$(kiosk_token)"
posted '4..' --data "token=$(kiosk_token)&experience=splendid"
posted '4..' --data "token=$(kiosk_token)&experience=good&experience=poor"

it 'What is not a form is not kept'
posted '4..' --data-binary @/dev/null
posted '4..' -H 'Content-Type: application/json' --data '{"experience":"good"}'
posted '4..' -H 'Content-Type: application/x-www-form-urlencoded' --data 'experience=%zz&token=%'
head -c 2000 /dev/urandom >"$WORK/noise"
posted '4..' --data-binary "@$WORK/noise"
printf 'token=%s&experience=good&comment=%%ff%%fe' "$(kiosk_token)" >"$WORK/utf8"
posted '4..' --data-binary "@$WORK/utf8"
printf 'token=%s&experience=good&comment=a%%00b' "$(kiosk_token)" >"$WORK/nul"
posted '4..' --data-binary "@$WORK/nul"

it 'What is too large is refused'
{
	printf 'token=%s&experience=good&comment=' "$(kiosk_token)"
	head -c 10001 /dev/zero | tr '\0' a
} >"$WORK/long"
posted '4..' --data-binary "@$WORK/long"
{
	printf 'token=%s&experience=good&comment=' "$(kiosk_token)"
	head -c 4000000 /dev/zero | tr '\0' a
} >"$WORK/huge"
posted '413|4..|000' --data-binary "@$WORK/huge"
posted '4..|100|000' -H 'Transfer-Encoding: chunked' --data-binary "@$WORK/huge"

it 'A page elsewhere cannot post or read'
posted '4..' -H 'Origin: https://elsewhere.example' --data "token=$(kiosk_token)&experience=good"
posted '4..' -H 'Host: elsewhere.example' --data "token=$(kiosk_token)&experience=good"
status=$(curl -qs -o /dev/null -w '%{http_code}' -H 'Host: elsewhere.example' "$KIOSK_URL/")
says '^4..$' "$status"

it 'Other methods and other paths are refused'
status=$(curl -qs -o /dev/null -w '%{http_code}' -X DELETE "$KIOSK_URL/answer")
says '^40[0-9]$' "$status"
for path in /../../etc/passwd /journal /device.key /answer/ /%2e%2e/device.key; do
	status=$(curl -qs --path-as-is -o "$WORK/page.html" -w '%{http_code}' "$KIOSK_URL$path")
	says '^40[0-9]$' "$status"
done

it 'The page asks nothing of anybody else, and says so to the browser'
curl -qsS -D "$WORK/headers" -o "$WORK/page.html" "$KIOSK_URL/"
says "content-security-policy: .*default-src '(self|none)'" "$(tr -d '\r' <"$WORK/headers")"
if grep -Eo '(src|href|action)="(https?:)?//[^"]*"' "$WORK/page.html"; then
	die 'the page points elsewhere'
fi

it 'A comment of 10,000 characters in any script is taken, sealed'
token=$(kiosk_token)
{
	printf 'token=%s&experience=good&comment=' "$token"
	for ((i = 0; i < 10000; i++)); do printf '%%E0%%AA%%95'; done
} >"$WORK/gujarati"
same 'status' 200 "$(curl -qs -L --max-time 30 -o "$WORK/page.html" -w '%{http_code}' --data-binary "@$WORK/gujarati" "$KIOSK_URL/answer")"
answer poor 'SecretWordInAComment'
if grep -rqaF 'SecretWordInAComment' "$HOMES/kib-kiosk"; then
	die 'a comment is on the disk in the clear'
fi

it 'After all that the kiosk still works, and every kept answer arrives once'
answer neither
kept=$(answers)
kiosk_sync kib-kiosk
same 'answers on the server' "$kept" "$(answers_on_main)"
stop kib-kiosk
server_stop
fsck "$(server_history)" "$HOMES/kib-kiosk/history.git"
