#!/bin/sh
# Runs Caddy with the plugin on example.Caddyfile and says how to try it. Data,
# certificates and events are in a directory of its own, under build.
set -eu
cd "$(dirname "$0")/.."

export WEBHOOK_DOMAIN="${WEBHOOK_DOMAIN:-localhost}"
random=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
export WEBHOOK_VERIFY_TOKEN="${WEBHOOK_VERIFY_TOKEN:-$random}"

echo "Building Caddy with the plugin; the first time takes some minutes ..."
go build -buildvcs=false -o build/caddy ./cmd/caddy
go build -buildvcs=false -o build/freeports ./cmd/freeports

# Whichever ports are taken, there are others.
http=:${WEBHOOK_HTTP_PORT:-8080} https=:${WEBHOOK_HTTPS_PORT:-8443} admin=${CADDY_ADMIN:-localhost:2019}
free=$(build/freeports "$http" "$https" "$admin")
line=0
set --
for wanted in "$http" "$https" "$admin"; do
	line=$((line + 1))
	chosen=$(printf '%s\n' "$free" | sed -n "${line}p")
	[ "$wanted" = "$chosen" ] || echo "Port ${wanted##*:} is taken; ${chosen##*:} is used instead."
	set -- "$@" "$chosen"
done
export WEBHOOK_HTTP_PORT="${1#:}" WEBHOOK_HTTPS_PORT="${2#:}" CADDY_ADMIN="$3"

# No two that run at once have the same port, nor then the same directory.
export XDG_DATA_HOME="$PWD/build/run/$WEBHOOK_HTTPS_PORT/data"
export XDG_CONFIG_HOME="$PWD/build/run/$WEBHOOK_HTTPS_PORT/config"

# quote <text>: as a shell reads it.
quote() {
	printf "'%s'" "$(printf %s "$1" | sed "s/'/'\\\\''/g")"
}

data=$(build/caddy environ | sed -n 's/^caddy.AppDataDir=//p')
events=$data/webhooks/events.jsonl
webhook="$(quote "$PWD/build/caddy") webhook"
url="https://$WEBHOOK_DOMAIN:$WEBHOOK_HTTPS_PORT/webhooks"

# Names that no public CA signs get a certificate of Caddy's own CA.
case $WEBHOOK_DOMAIN in
localhost | *.localhost | *.local | *.internal | *.home.arpa | [0-9]*.[0-9]*.[0-9]*.[0-9]*)
	ca=" --cacert $(quote "$data/pki/authorities/local/root.crt")" ;;
*)
	ca= ;;
esac

# In the URL, a token with other characters than these must be escaped.
token=$WEBHOOK_VERIFY_TOKEN
case $token in
*[!A-Za-z0-9._~-]*) token=$(printf %s "$token" | od -An -v -tx1 | tr -d ' \n' | sed 's/../%&/g') ;;
esac

cat <<END

Caddy starts on port $WEBHOOK_HTTPS_PORT (HTTPS). Try it in another shell.

Verify token: $WEBHOOK_VERIFY_TOKEN
Events go to: $events

1. Verify the endpoint, as a service does. It answers 200 and 2135675231.

  curl -i -w '\\n'$ca \\
    '$url?challenge=2135675231&verifyToken=$token'

2. Send an event. It answers 200, once the event is stored.

  curl -i$ca \\
    -H 'Content-Type: application/json' \\
    -d '{"CommunityName":"yourCompany","EventType":"ticket_status_change","TicketId":4478963,"Events":[{"PreviousTicketStatus":"open"}]}' \\
    '$url'

3. Play all that a service does, right and wrong.

  $webhook test$ca \\
    --verify-token $(quote "$WEBHOOK_VERIFY_TOKEN") '$url'

4. See what is stored; with --follow, also what comes.

  $webhook tail $(quote "$events")

5. See how the receiver stands.

  $webhook status --address $(quote "$CADDY_ADMIN")

6. See all of that in the browser: the address of the inspector comes below, among
what Caddy logs, once it is up.

Ctrl-C stops Caddy.

END

# $$ is this shell, which becomes Caddy.
(
	tries=60
	while [ $((tries -= 1)) -gt 0 ] && sleep 1 && kill -0 $$ 2>/dev/null; do
		page=$(build/caddy webhook inspect --address "$CADDY_ADMIN" 2>/dev/null) || continue
		printf '\nThe inspector: %s\n' "$page"
		[ -z "$ca" ] || echo "The browser warns of the certificate, as it is of Caddy's own authority."
		echo
		break
	done
) &
exec build/caddy run --config example.Caddyfile
