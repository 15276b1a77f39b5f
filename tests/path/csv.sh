#!/usr/bin/env bash
# Importing a plan: twice adds nothing; a fault in the file is named by line and column, and nothing of the file is taken.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

practice_start
sample=$QIP_SOURCE/tests/data/qip-sample.csv
actions() { q "$MANAGER" action list --json | jq length; }

# import_refused PATTERN FILE - and the home is as before.
import_refused() {
	local tip
	tip=$(git -C "$HOMES/$MANAGER/history.git" for-each-ref)
	refused "$1" q "$MANAGER" import "$2" --effective 2022-06-06
	same 'actions' 0 "$(actions)"
	same 'the history' "$tip" "$(git -C "$HOMES/$MANAGER/history.git" for-each-ref)"
}

it 'A file that is not there, is empty, or is no CSV'
import_refused 'no such file|cannot' "$WORK/none.csv"
: >"$WORK/empty.csv"
import_refused 'empty|column|header' "$WORK/empty.csv"
head -c 3000 /dev/urandom >"$WORK/noise.csv"
import_refused 'UTF-8|column|line 1' "$WORK/noise.csv"

it 'A missing column is named'
sed '1s/,due_date,/,deadline,/' "$sample" >"$WORK/column.csv"
import_refused 'due_date' "$WORK/column.csv"

it 'A bad value is named by line and column'
# bad_value LINE COLUMN SED
bad_value() {
	sed "$1$3" "$sample" >"$WORK/value.csv"
	if cmp -s "$sample" "$WORK/value.csv"; then
		die "the test changes nothing: $3"
	fi
	import_refused "line $1.*$2|$2.*line $1" "$WORK/value.csv"
}
bad_value 5 start_date 's/2022-06-06/2022-06-31/'
bad_value 6 due_date 's/2022-07-31/soon/'
bad_value 8 initial_likelihood 's/,all,4,4,/,all,6,4,/'
bad_value 9 initial_consequence 's/,Kibworth,5,4,/,Kibworth,5,x,/'
bad_value 10 key_question 's/,safe,/,save,/'
bad_value 11 sites 's/,all,/,Nowhere,/'
bad_value 12 regulation 's/,18,/,99,/'

it 'A line with a field too few or a quotation that does not end'
sed '24s/,patient involvement.*//' "$sample" >"$WORK/short.csv"
import_refused 'line 24' "$WORK/short.csv"
sed '24s/"FFT/""FFT/' "$sample" >"$WORK/quote.csv"
import_refused 'line 24|quot' "$WORK/quote.csv"

it 'Two lines with one reference'
sed '24s/QIP-23/QIP-22/' "$sample" >"$WORK/twice.csv"
import_refused 'line 24.*ref|QIP-22' "$WORK/twice.csv"

it 'A bad day on the command line is a usage error'
refused_with 2 'effective|day|date' q "$MANAGER" import "$sample" --effective yesterday

it 'The good file goes in whole, with a byte order mark and the line ends of other systems too'
{ printf '\357\273\277'; sed 's/$/\r/' "$sample"; } >"$WORK/windows.csv"
q "$MANAGER" import "$WORK/windows.csv" --effective 2022-06-06 >/dev/null
same 'actions' 23 "$(actions)"

it 'The same file again adds nothing and says so'
tip=$(git -C "$HOMES/$MANAGER/history.git" for-each-ref)
says 'nothing|already|no new' "$(q "$MANAGER" import "$sample" --effective 2022-06-06)"
same 'actions' 23 "$(actions)"
same 'the history' "$tip" "$(git -C "$HOMES/$MANAGER/history.git" for-each-ref)"

it 'The plan reaches the server'
q "$MANAGER" sync >/dev/null
same 'actions on the server' 23 "$(git -C "$(server_history)" ls-tree --name-only main qip/ | wc -l)"
server_stop
fsck "$(server_history)" "$HOMES/$MANAGER/history.git"
