#!/bin/sh
# Runs Caddy with the plugin on example.Caddyfile and says how to try it.
set -eu
cd "$(dirname "$0")/.."

export WEBHOOK_DOMAIN="${WEBHOOK_DOMAIN:-localhost}"
export WEBHOOK_HTTP_PORT="${WEBHOOK_HTTP_PORT:-8080}"
export WEBHOOK_HTTPS_PORT="${WEBHOOK_HTTPS_PORT:-8443}"
random=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
export WEBHOOK_VERIFY_TOKEN="${WEBHOOK_VERIFY_TOKEN:-$random}"

echo "Building Caddy with the plugin (the first time takes some minutes) ..."
go build -buildvcs=false -o build/caddy ./cmd/caddy

data=$(build/caddy environ | sed -n 's/^caddy.AppDataDir=//p')
url="https://$WEBHOOK_DOMAIN:$WEBHOOK_HTTPS_PORT/webhooks"

# Names that no public CA signs get a certificate of Caddy's own CA.
case $WEBHOOK_DOMAIN in
localhost | *.localhost | *.local | *.internal | *.home.arpa | [0-9]*.[0-9]*.[0-9]*.[0-9]*)
	ca=" --cacert '$data/pki/authorities/local/root.crt'" ;;
*)
	ca= ;;
esac

# In the URL, a token with other characters than these must be escaped.
token=$WEBHOOK_VERIFY_TOKEN
case $token in
*[!A-Za-z0-9._~-]*) token=$(printf %s "$token" | od -An -v -tx1 | tr -d ' \n' | sed 's/../%&/g') ;;
esac

cat <<END

Verify token: $WEBHOOK_VERIFY_TOKEN
Events go to: $data/webhooks/events.jsonl

When Caddy is up, try it in another shell. The verification request:

  curl -i -w '\\n'$ca \\
    '$url?challenge=2135675231&verifyToken=$token'

An event:

  curl -i$ca \\
    -H 'Content-Type: application/json' \\
    -d '{"CommunityName":"yourCompany","EventType":"ticket_status_change","TicketId":4478963,"Events":[{"PreviousTicketStatus":"open"}]}' \\
    '$url'

Ctrl-C stops it.

END
exec build/caddy run --config example.Caddyfile
