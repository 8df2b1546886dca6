#!/bin/sh
# Looks for known vulnerabilities in what the code of each module calls, its tests
# included, as it is built with the newest Caddy: go.mod asks for the lowest that
# works, and users build with a newer one. $GOVULNDB names another database than
# https://vuln.go.dev, as a URL: with file://, a directory of OSV files will do.
set -eu
cd "$(dirname "$0")/.."
db=${GOVULNDB:-https://vuln.go.dev}
tools=$PWD/tools.mod

copy=$(mktemp -d)
trap 'rm -rf "$copy" "$copy.log"' EXIT
git ls-files -z --cached --others --exclude-standard | tar --null -T - -cf - | tar -xf - -C "$copy"
cd "$copy"
[ -e go.mod ] # without git, nothing is here
failed=
for module in $(find . -name go.mod -exec dirname {} \; | sort); do
	echo "== $module"
	cd "$copy/$module"
	if grep -q 'github.com/caddyserver/caddy/v2 ' go.mod; then
		{ go get github.com/caddyserver/caddy/v2@latest && go mod tidy; } >"$copy.log" 2>&1 || {
			cat "$copy.log" >&2
			exit 1
		}
		go list -m github.com/caddyserver/caddy/v2
	fi
	go tool -modfile="$tools" govulncheck -db "$db" -test ./... || failed="$failed $module"
done
[ -z "$failed" ] || {
	echo "FAIL: govulncheck, in$failed" >&2
	exit 1
}
