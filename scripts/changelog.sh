#!/bin/sh
# What CHANGELOG.md has under Unreleased becomes the version, of today.
set -eu
cd "$(dirname "$0")/.."
version=${1:?a version, such as v0.1.0}
version=${version#v}
if grep -qF "## $version " CHANGELOG.md; then
	echo "CHANGELOG.md has $version already" >&2
	exit 1
fi
awk -v heading="## $version – $(date +%F)" '
	/^## Unreleased$/ { print; print ""; print heading; done = 1; next }
	{ print }
	END { exit !done }' CHANGELOG.md >CHANGELOG.md.new || {
	rm CHANGELOG.md.new
	echo "CHANGELOG.md has no Unreleased" >&2
	exit 1
}
mv CHANGELOG.md.new CHANGELOG.md
