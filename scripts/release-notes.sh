#!/bin/sh
# Prints what CHANGELOG.md says of a version, with links that work outside of the
# repository.
set -eu
cd "$(dirname "$0")/.."
version=$1
notes=$(awk -v heading="## ${version#v} " '
	/^## / { inside = index($0, heading) == 1; next }
	inside' CHANGELOG.md)
[ -n "$notes" ] || {
	echo "CHANGELOG.md says nothing of $version" >&2
	exit 1
}
printf '%s\n' "$notes" | sed -E "s,\]\(([^):]+)\),](https://github.com/caddy-webhook-receiver/caddy-webhook-receiver/blob/$version/\1),g" |
	sed '1{/^$/d;}'
