# shellcheck shell=bash
# tools/bench-git.sh - for sourcing by tools/bench: the other side, git http-backend behind nginx with client certificates.
#
# Its settings are those that make it fast and leave it durable, each with its reason.

export GIT_URL='' GIT_TIDY='' # address; script that puts it in the best order
GIT_ROOT=''                    # holds <ODS>/history.git

# git_copy - of the practice as the stopped or idle server has it: same objects, same refs.
git_copy() {
	local repo=$WORK/git/$QIP_ODS/history.git
	"$QIP_SOURCE/tools/setup" bench >&2
	GIT_ROOT=$WORK/git
	mkdir -p "$GIT_ROOT/$QIP_ODS"
	git clone -q --mirror --no-local "$(server_history)" "$repo"
	git_settings "$repo"
	GIT_TIDY=$WORK/git/tidy
	git_tidy_script >"$GIT_TIDY"
	sh "$GIT_TIDY"
}

git_settings() {
	local -a settings=(
		http.receivepack true
		# Durable: what a push brings and the ref that it moves are on disk before the report, as on our side. git's default leaves out refs.
		core.fsync 'loose-object,pack,pack-metadata,reference'
		core.fsyncMethod fsync # "batch" is for loose objects, which a push with unpackLimit=1 does not write
		receive.unpackLimit 1  # one pack and two fsyncs instead of a file and an fsync an object
		transfer.fsckObjects false
		# Housekeeping while pushes are timed would cost it more than it gains; GIT_TIDY does it between rounds, off the clock.
		gc.auto 0
		receive.autogc false
		maintenance.auto false
		receive.advertiseAtomic false
		pack.threads 1 # a small push is over before a second thread has started; clones are served out of reused packs
		pack.window 0  # nothing to win by looking for deltas among signed records; GIT_TIDY looks for them
		core.logAllRefUpdates false
		uploadpack.allowAnySHA1InWant true # spares it a walk for each want
		core.commitGraph true
		repack.writeBitmaps true # a clone is counted without walking
		pack.useBitmaps true
	)
	local i
	for ((i = 0; i < ${#settings[@]}; i += 2)); do
		git -C "$1" config "${settings[i]}" "${settings[i + 1]}"
	done
}

# A device's own repository: as durable, the many objects of an "add" by one flush of the disk's cache for all of them.
git_client_settings() {
	git -C "$1" config core.fsync 'loose-object,pack,pack-metadata,reference'
	git -C "$1" config core.fsyncMethod batch
	git -C "$1" config gc.auto 0
	git -C "$1" config pack.threads 2
	git -C "$1" config http.postBuffer 16777216 # one request instead of two
}

# A script that leaves what its housekeeping would, at no cost to it: one pack with a bitmap, packed refs, a commit graph.
git_tidy_script() {
	cat <<-END
		set -e
		cd '$GIT_ROOT/$QIP_ODS/history.git'
		git -c pack.window=10 -c pack.threads=2 repack -adbq
		git pack-refs --all
		git commit-graph write --reachable --no-progress
	END
}

free_port() {
	local port
	while :; do
		port=$((20000 + RANDOM % 12000))
		(: >"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
	done
	printf '%s' "$port"
}

nginx_configuration() {
	cat <<-END
		user $(id -un);
		daemon off;
		worker_processes 2;
		pid $1/nginx.pid;
		error_log $1/error.log;
		events { worker_connections 4096; }
		http {
			access_log off;
			server_tokens off;
			client_body_temp_path $1/body;
			fastcgi_temp_path $1/fastcgi;
			proxy_temp_path $1/proxy;
			uwsgi_temp_path $1/uwsgi;
			scgi_temp_path $1/scgi;
			client_max_body_size 0;
			client_body_buffer_size 1m; # a small push stays in memory
			fastcgi_buffers 64 16k;
			tcp_nodelay on;
			keepalive_timeout 600s;
			keepalive_requests 1000000;
			upstream workers {
				least_conn;
				$(printf 'server unix:%s;\n' "$1"/fcgi-{1..8})
			}
			server {
				listen 127.0.0.1:$2 ssl;
				server_name localhost;
				# the same certificates, curves and tickets as qip-server
				ssl_certificate $1/chain.pem;
				ssl_certificate_key $WORK/server/tls.key;
				ssl_client_certificate $WORK/server/ca.crt;
				ssl_verify_client on;
				ssl_protocols TLSv1.2 TLSv1.3;
				ssl_ecdh_curve X25519:prime256v1;
				ssl_session_cache shared:tls:16m;
				ssl_session_tickets on;
				ssl_session_timeout 1d;
				location ~ ^/[A-Z][0-9]+/[a-z]+\.git/ {
					fastcgi_pass workers;
					fastcgi_param SCRIPT_FILENAME $(git --exec-path)/git-http-backend;
					fastcgi_param GIT_PROJECT_ROOT $GIT_ROOT;
					fastcgi_param GIT_HTTP_EXPORT_ALL 1;
					fastcgi_param GIT_CONFIG_NOSYSTEM 1;
					fastcgi_param GIT_PROTOCOL \$http_git_protocol;
					fastcgi_param PATH_INFO \$uri;
					fastcgi_param QUERY_STRING \$query_string;
					fastcgi_param REQUEST_METHOD \$request_method;
					fastcgi_param CONTENT_TYPE \$content_type;
					fastcgi_param CONTENT_LENGTH \$content_length;
					fastcgi_param HTTP_CONTENT_ENCODING \$http_content_encoding;
					fastcgi_param REMOTE_USER \$ssl_client_s_dn;
					fastcgi_param REMOTE_ADDR \$remote_addr;
				}
			}
		}
	END
}

git_is_up() { [ -s "$1/nginx.pid" ] && [ -S "$1/fcgi-8" ]; }

# git_start - serve what git_copy made; our server's folder has the certificates.
git_start() {
	local dir=$WORK/nginx port i
	port=$(free_port)
	mkdir -p "$dir"
	cat "$WORK/server/tls.crt" "$WORK/server/ca.crt" >"$dir/chain.pem"
	nginx_configuration "$dir" "$port" >"$dir/nginx.conf"
	# As many workers as devices: more do not help, fewer make pushes wait for each other's fsync. Each is started by itself, because the
	# children of "fcgiwrap -c 8" outlive it.
	for i in 8 7 6 5 4 3 2 1; do
		start "fcgiwrap-$i" fcgiwrap -s "unix:$dir/fcgi-$i"
	done
	start nginx nginx -e "$dir/error.log" -p "$dir" -c "$dir/nginx.conf"
	wait_until 20 git_is_up "$dir" || die "nginx or fcgiwrap does not start: $(cat "$dir/error.log")"
	GIT_URL=https://localhost:$port
}
