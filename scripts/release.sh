#!/bin/sh
# Makes what is published for a version, in build/release: Caddy with the plugin for
# each platform, an SBOM of each (CycloneDX), the packages of that version that "make
# packages" has left in build/packages, and SHA256SUMS of them all.
# build/release-notes.md is the text, from CHANGELOG.md.
#
# The plugin is the tagged version as Go fetches it, and not what lies here. So
# whoever builds it again with the same Caddy and Go gets the same bytes.
set -eu
cd "$(dirname "$0")/.."
version=${1:?a version, such as v0.1.0}
shift
[ $# -gt 0 ] || set -- linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64

module=github.com/caddy-webhook-receiver/caddy-webhook-receiver
out=$PWD/build/release
rm -rf "$out"
mkdir -p "$out"
sh scripts/release-notes.sh "$version" >build/release-notes.md
# What runs here must not be built for the release's system.
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
go build -modfile=tools.mod -o "$tools/" github.com/caddyserver/xcaddy/cmd/xcaddy github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod
when=$(git log -1 --format=%cI "$version^{commit}")

for platform; do
	os=${platform%/*} arch=${platform#*/}
	name=caddy-webhook-receiver_${version#v}_${os}_$arch
	binary=caddy
	[ "$os" != windows ] || binary=caddy.exe
	echo "== $name"
	dir=$(mktemp -d)
	GOOS=$os GOARCH=$arch "$tools/xcaddy" build --output "$dir/$binary" --with "$module@$version"
	chmod 755 "$dir/$binary"
	cp LICENSE "$dir"
	# Nothing of when, by whom and where: the bytes are the same each time.
	tar --create --directory "$dir" --sort name --owner 0 --group 0 --numeric-owner --mtime "$when" \
		LICENSE "$binary" | gzip -n9 >"$out/$name.tar.gz"
	"$tools/cyclonedx-gomod" bin -json -std -licenses -noserial -notimestamp -output "$out/$name.cdx.json" "$dir/$binary"
	rm -rf "$dir"
done
# Those of another version are left. GitHub has no ~ in the names of files.
packaged=$(printf %s "${version#v}" | sed 's/-/~/g')
for package in "build/packages/caddy-webhook_$packaged-1_"*.deb "build/packages/caddy-webhook-$packaged-1."*.rpm; do
	if [ -e "$package" ]; then
		cp "$package" "$out/$(basename "$package" | tr '~' .)"
	else
		echo "There is no ${package##*/} in build/packages: \"make packages VERSION=$version\" makes it." >&2
	fi
done
cd "$out"
sha256sum -- * >"$out.sums"
mv "$out.sums" SHA256SUMS
cat SHA256SUMS
