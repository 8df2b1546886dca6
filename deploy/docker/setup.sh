#!/bin/sh
# Writes .env beside this file, once, with what compose.yaml needs for a provider, and
# prints what the sender has to be given. What is there already is never overwritten.
#
#	sh deploy/docker/setup.sh <domain> [<provider>]
set -eu
folder=$(dirname "$0")
env=$folder/.env

print() {
	echo "URL:          https://$(value WEBHOOK_DOMAIN)/webhooks"
	for name in VERIFY_TOKEN SECRET ACCOUNT; do
		if grep -q "^WEBHOOK_$name=''" "$env"; then
			echo "Fill in WEBHOOK_$name in $env:$(sed -n "/^WEBHOOK_$name=/{x;s/^#//;p;};h" "$env")"
		fi
	done
	[ -z "$(value WEBHOOK_VERIFY_TOKEN)" ] || echo "Verify token: $(value WEBHOOK_VERIFY_TOKEN)"
}

value() { sed -n "s/^$1=//p" "$env" | sed "s/^'\(.*\)'\$/\1/; s/^\"\(.*\)\"\$/\1/"; }

if [ -e "$env" ]; then
	echo "$env is there already and stays as it is."
	print
	exit 0
fi

domain=${1:?the name that the sender calls, such as hooks.example.com}
provider=${2:-socialboards}
case $domain in
*[!A-Za-z0-9.-]* | [.-]* | *..* | *[.-])
	echo "$domain: a name without https:// and path is needed, such as hooks.example.com" >&2
	exit 1
	;;
esac
document=$folder/../../docs/providers/$provider.md
case $provider in
*[!a-z0-9_]*) document= ;; # a path
esac
if [ ! -e "$document" ]; then
	echo "$provider: there is no such provider. PROVIDERS.md has all of them." >&2
	exit 1
fi

# needs <option> tells whether the Caddyfile in the provider's document has it.
needs() { grep -q "^		$1 " "$document"; }

# entry <name> <option> <value> writes a variable, below what the document says of the option.
entry() {
	sed -n "s/^| \`$2\` | \(.*\) |$/# \1/p" "$document"
	echo "WEBHOOK_$1='$3'"
}

umask 077
new=$env.$$
trap 'rm -f "$new"' EXIT
{
	echo "# For compose.yaml. Values are in single quotes, as a secret may have a \$ in it."
	echo "WEBHOOK_DOMAIN='$domain'"
	echo "WEBHOOK_PROVIDER='$provider'"
	! needs verify_token || entry VERIFY_TOKEN verify_token "$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')"
	! needs secret || entry SECRET secret ""
	! needs account || entry ACCOUNT account ""
	! needs public_url || entry PUBLIC_URL public_url "$(sed -n "s#^		public_url  *https://hooks.example.com#https://$domain#p" "$document")"
	echo "# Any other options of the receiver, as in the Caddyfile."
	echo "WEBHOOK_OPTIONS=''"
} >"$new"
ln "$new" "$env" # fails where somebody else was faster
print
