# shellcheck shell=bash
# tools/bench-pouchdb.sh - for sourcing by tools/bench: PouchDB and PouchDB Server, in the versions of tests/bench/pouchdb/package-lock.json.

POUCHDB_URL='' POUCHDB=$QIP_SOURCE/build/bench/pouchdb

# leveldown comes with its binary; nothing else is to be compiled.
pouchdb_install() {
	mkdir -p "$POUCHDB"
	cp "$QIP_SOURCE"/tests/bench/pouchdb/* "$POUCHDB"
	[ "$POUCHDB/node_modules/.package-lock.json" -nt "$QIP_SOURCE/tests/bench/pouchdb/package-lock.json" ] ||
		npm ci --prefix "$POUCHDB" --ignore-scripts --no-audit --no-fund --loglevel=error >&2
}

pouchdb_answers() { curl -fsS --max-time 5 -o "$WORK/pouchdb.json" "$POUCHDB_URL/" 2>"$WORK/pouchdb.why"; }

# Plain HTTP on loopback, databases on the disk that ours are on; LevelDB does not fsync, ours does.
pouchdb_start() {
	local port
	port=$(free_port)
	POUCHDB_URL=http://127.0.0.1:$port
	mkdir -p "$WORK/pouchdb/server"
	start pouchdb env -C "$WORK/pouchdb/server" node "$POUCHDB/node_modules/pouchdb-server/bin/pouchdb-server" \
		--host 127.0.0.1 --port "$port" --dir "$WORK/pouchdb/server" --no-stdout-logs
	wait_until 60 pouchdb_answers || die 'the PouchDB Server does not start'
}

# pouchdb_sync COUNT - milliseconds.
pouchdb_sync() { node "$POUCHDB/sync.cjs" "$WORK/pouchdb" "$POUCHDB_URL" "$1"; }
