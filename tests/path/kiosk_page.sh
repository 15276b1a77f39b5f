#!/usr/bin/env bash
# What patients, children and web pages elsewhere can send to the kiosk's page: too large, malformed, repeated, from elsewhere.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

practice_start
join kib-kiosk kiosk kibworth
kiosk_start kib-kiosk
answers() { kiosk_says kib-kiosk last; }

# posted WANTED-STATUS CURL-ARGUMENT… - a post to /step gives this status, and no answer is kept.
posted() {
	local wanted=$1 before status
	shift
	before=$(answers)
	status=$(curl -qs --max-time 30 -o "$WORK/page.html" -w '%{http_code}' "$@" "$KIOSK_URL/step" || true)
	grep -Eqx "$wanted" <<<"$status" || die "wanted $wanted, got $status for: $*"
	same 'answers' "$before" "$(answers)"
}

# The state of a page that asks for a comment, which is the last one.
comment_state() {
	same 'status' 200 "$(kiosk_step "$(kiosk_state)" answer=good)" || return 1
	kiosk_state "$WORK/kiosk-page.html"
}

it 'An answer is kept, and only then the page says thank you'
answer good
same 'answers' 1 "$(answers)"

it 'The same page sent again is thanked again and kept once, and so is an earlier page of that answer'
first=$(kiosk_state)
same 'first page' 200 "$(kiosk_step "$first" answer=very-good)"
last=$(kiosk_state "$WORK/kiosk-page.html")
for fields in go=without go=without 'go=send comment=Another'; do
	# shellcheck disable=SC2086 # several fields
	same 'last page' 200 "$(kiosk_step "$last" $fields)"
	says 'kiosk-page--thanks' "$(cat "$WORK/kiosk-page.html")"
done
same 'first page again' 200 "$(kiosk_step "$first" answer=poor)"
says 'kiosk-page--thanks' "$(cat "$WORK/kiosk-page.html")"
same 'answers' 2 "$(answers)"

it 'Also after the kiosk was killed and started again'
crash kib-kiosk
kiosk_start kib-kiosk
same 'last page' 200 "$(kiosk_step "$last" go=without)"
says 'kiosk-page--thanks' "$(cat "$WORK/kiosk-page.html")"
same 'answers' 2 "$(answers)"

it 'A page that was on its way when the kiosk was killed can be answered after it'
state=$(comment_state)
crash kib-kiosk
kiosk_start kib-kiosk
same 'last page' 200 "$(kiosk_step "$state" comment=Late go=send)"
same 'answers' 3 "$(answers)"

it 'What is typed shows nowhere once it is sent'
state=$(comment_state)
same 'sent' 200 "$(kiosk_step "$state" comment=SaidByOneAlone go=send)"
for path in / /thanks /status /status.json; do
	curl -qsS "$KIOSK_URL$path" >"$WORK/page.html"
	if grep -q SaidByOneAlone "$WORK/page.html" "$WORK/kiosk-page.html"; then
		die "$path shows what the last patient wrote"
	fi
done
kiosk_step "$state" go=larger >/dev/null
if grep -q SaidByOneAlone "$WORK/kiosk-page.html"; then
	die 'the page sent again shows what was written'
fi

it 'A form without a state, with a made-up one, or without an answer is not kept'
posted '4..' --data 'answer=good'
posted '4..' --data 'state=00000000-0000-7000-8000-000000000000&answer=good'
posted '4..' --data 'state=../../etc&answer=good'
posted '4..' --data "state=$(kiosk_state)"
posted '4..' --data "state=$(kiosk_state)&answer=splendid"
posted '4..' --data "state=$(kiosk_state)&answer=good&answer=poor"
posted '4..' --data "state=$(kiosk_state)x&answer=good"

it 'What is not a form is not kept'
posted '4..' --data-binary @/dev/null
posted '4..' -H 'Content-Type: application/json' --data '{"answer":"good"}'
posted '4..' -H 'Content-Type: application/x-www-form-urlencoded' --data 'answer=%zz&state=%'
head -c 2000 /dev/urandom >"$WORK/noise"
posted '4..' --data-binary "@$WORK/noise"
printf 'state=%s&go=send&comment=%%ff%%fe' "$(comment_state)" >"$WORK/utf8"
posted '4..' --data-binary "@$WORK/utf8"
printf 'state=%s&go=send&comment=a%%00b' "$(comment_state)" >"$WORK/nul"
posted '4..' --data-binary "@$WORK/nul"

it 'What is too large is refused'
{
	printf 'state=%s&go=send&comment=' "$(comment_state)"
	head -c 10001 /dev/zero | tr '\0' a
} >"$WORK/long"
posted '4..' --data-binary "@$WORK/long"
{
	printf 'state=%s&go=send&comment=' "$(comment_state)"
	head -c 4000000 /dev/zero | tr '\0' a
} >"$WORK/huge"
posted '413|4..|000' --data-binary "@$WORK/huge"
posted '4..|100|000' -H 'Transfer-Encoding: chunked' --data-binary "@$WORK/huge"

it 'A page elsewhere cannot post or read'
posted '4..' -H 'Origin: https://elsewhere.example' --data "state=$(comment_state)&go=without"
posted '4..' -H 'Host: elsewhere.example' --data "state=$(comment_state)&go=without"
posted '4..' -H 'Sec-Fetch-Site: cross-site' --data "state=$(comment_state)&go=without"
status=$(curl -qs -o /dev/null -w '%{http_code}' -H 'Host: elsewhere.example' "$KIOSK_URL/")
says '^4..$' "$status"

it 'Other methods and other paths are refused'
status=$(curl -qs -o /dev/null -w '%{http_code}' -X DELETE "$KIOSK_URL/step")
says '^40[0-9]$' "$status"
for path in /../../etc/passwd /journal /device.key /step/ /a/ /a/layout.html /a/../device.key /%2e%2e/device.key; do
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
state=$(comment_state)
{
	printf 'state=%s&go=send&comment=' "$state"
	for ((i = 0; i < 10000; i++)); do printf '%%E0%%AA%%95'; done
} >"$WORK/gujarati"
same 'status' 200 "$(curl -qs -L --max-time 30 -o "$WORK/page.html" -w '%{http_code}' --data-binary "@$WORK/gujarati" "$KIOSK_URL/step")"
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
