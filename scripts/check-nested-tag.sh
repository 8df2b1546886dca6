#!/bin/sh
# Looks that a nested module can be tagged, or was rightly: the version of the root
# that it requires is a tag of this repository.
set -eu
cd "$(dirname "$0")/.."
module=${1%/v*}
required=$(cd "$module" && go mod edit -json | sed -n '/"Path": "github.com\/caddy-webhook-receiver\/caddy-webhook-receiver"/{n;s/.*"Version": "\(.*\)".*/\1/p;}' | head -n 1)
git rev-parse --quiet --verify "refs/tags/$required" >/dev/null || {
	echo "$1: $module/go.mod requires $required of the root, which is no tag" >&2
	exit 1
}
echo "$1 requires $required"
