#!/bin/sh
# After dpkg or rpm has taken the files away: "remove", "purge", "upgrade" or a number, 0
# when nothing is left. Events, cursors and dead letters in /var/lib/webhooks stay.
set -e
case "$1" in
remove | 0)
	if [ -d /run/systemd/system ]; then
		systemctl daemon-reload || true
	fi
	echo "caddy-webhook: events stay in /var/lib/webhooks. From its next start on, Caddy's service runs Caddy's own binary, which takes no Caddyfile with webhook_receiver in it."
	;;
esac
