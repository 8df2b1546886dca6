#!/bin/sh
# After dpkg or rpm has put the files in place: "configure" or a number, for an
# installation and an upgrade. It never restarts Caddy: that is a gap for senders, and
# the new binary may not take the Caddyfile.
set -e
case "$1" in
configure | 1 | 2) ;;
*) exit 0 ;;
esac

# The unit makes it, too, but the Caddyfile is checked before the service starts. One
# that is there stays as it is.
[ -e /var/lib/webhooks ] || [ -L /var/lib/webhooks ] || install -d -o caddy -g caddy -m 0700 /var/lib/webhooks

if [ -d /run/systemd/system ]; then
	systemctl daemon-reload || true
fi
dropin=/etc/systemd/system/caddy.service.d/webhooks.conf
if [ -e "$dropin" ]; then
	echo "caddy-webhook: $dropin hides the drop-in of this package. Until you delete it, Caddy's service runs the program that is named there."
else
	echo "caddy-webhook: from its next start on, Caddy's service runs /usr/bin/caddy-webhook. Nothing was restarted: first check the Caddyfile with it."
fi
