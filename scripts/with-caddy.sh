#!/bin/sh
# Tests with a Caddy of choice: lowest (of go.mod), latest, master or a version, in a
# copy: the root, the outputs that are modules of their own, and a build by xcaddy.
# Packages after the version are tested instead of all.
set -eu
cd "$(dirname "$0")/.."
version=$1
shift
[ "$version" != lowest ] || version=$(go list -m -f '{{.Version}}' github.com/caddyserver/caddy/v2)
[ $# -gt 0 ] || set -- ./...
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
git ls-files -z --cached --others --exclude-standard | tar --null -T - -cf - | tar -xf - -C "$copy"
for module in . nats kafka; do
	echo "== $module"
	cd "$copy/$module"
	go get "github.com/caddyserver/caddy/v2@$version"
	go mod tidy
	go list -m github.com/caddyserver/caddy/v2
	go vet "$@"
	go test -count=1 -p 1 "$@"
done
cd "$copy"
CADDY_VERSION=$version make build WITH="nats kafka"
./caddy version
./caddy list-modules >modules
grep -x 'http.webhook_receiver.outputs.kafka' modules
