#!/bin/sh
# What CHANGELOG.md has under Unreleased becomes the version, of today.
set -eu
cd "$(dirname "$0")/.."
version=${1#v}
if grep -qF "## $version " CHANGELOG.md; then
	echo "CHANGELOG.md has $version already" >&2
	exit 1
fi
awk -v heading="## $version – $(date +%F)" '
	/^## Unreleased$/ { print; print ""; print heading; done = 1; next }
	{ print }
	END { exit !done }' CHANGELOG.md >CHANGELOG.md.new
mv CHANGELOG.md.new CHANGELOG.md
