#!/bin/sh
# Debian and RPM packages in build/packages, for "make packages". From the environment:
# VERSION, such as 0.1.0 or v0.1.0-rc.1 (of the git tag otherwise), ARCHES, CADDY_VERSION (the newest otherwise), and
# BINARIES, a folder whose binaries are taken as they are.
set -eu
cd "$(dirname "$0")/../.."
module=github.com/caddy-webhook-receiver/caddy-webhook-receiver
out=$PWD/build/packages
binaries=${BINARIES:-$out/binaries}
rm -rf "$out"
mkdir -p "$out"
umask 022

commit=$(git log -1 --format=%h 2>/dev/null || echo unknown)
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct 2>/dev/null || date +%s) # nothing in a package is newer
export SOURCE_DATE_EPOCH
[ -n "${VERSION:-}" ] || VERSION=$(git describe --tags --dirty=+dirty --match 'v[0-9]*' 2>/dev/null || true)
# v0.1.0-rc.1 is 0.1.0~rc.1, which is older than 0.1.0; five commits later it is +5.g and the commit.
VERSION=$(printf %s "$VERSION" | sed 's/^v//; s/-\([0-9]*\)-g\([0-9a-f]*\)\(+dirty\)*$/+\1.g\2\3/; s/-/~/g')
VERSION=${VERSION:-0.0.0~git$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y%m%d%H%M%S).$commit}
export VERSION

# What runs here must not be built for the package's system.
go build -modfile=tools.mod -o "$out/tools/" github.com/caddyserver/xcaddy/cmd/xcaddy github.com/goreleaser/nfpm/v2/cmd/nfpm
go build -C deploy -o "$out/tools/" ./packages/licenses

# With the flags that xcaddy has by itself, except that the program knows its name.
binary() { # binary <architecture>
	[ -e "$binaries/$1/caddy-webhook" ] || GOOS=linux GOARCH=$1 CGO_ENABLED=0 \
		XCADDY_GO_BUILD_FLAGS="-trimpath -tags=nobadger,nomysql,nopgx -ldflags='-w -s -X github.com/caddyserver/caddy/v2.CustomBinaryName=caddy-webhook'" \
		"$out/tools/xcaddy" build ${CADDY_VERSION:+"$CADDY_VERSION"} --output "$binaries/$1/caddy-webhook" \
		--with "$module@v0.0.0=." --with "$module/nats@v0.0.0=./nats" --with "$module/kafka@v0.0.0=./kafka"
}

# What all architectures have in common.
common=$out/common
mkdir -p "$common/completions" "$common/man" "$common/deploy"
cp -R docs "$common/"
cp -R deploy/logrotate deploy/shippers deploy/prometheus deploy/grafana "$common/deploy/"
# Whatever umask and time the clone was made with.
chmod -R u=rwX,go=rX "$common/docs" "$common/deploy"
find "$common/docs" "$common/deploy" -exec touch -d "@$SOURCE_DATE_EPOCH" {} +
native=$(go env GOHOSTARCH)
binary "$native"
caddy=$binaries/$native/caddy-webhook
for shell in bash zsh fish; do
	"$caddy" completion $shell >"$common/completions/$shell"
done
"$caddy" manpage --directory "$common/man"
# Caddy's root command has no description of one line, which "man -k" needs.
sed -i 's/^caddy-webhook - *$/caddy-webhook - Caddy with a receiver for webhooks/' "$common/man/caddy-webhook.8"
gzip -9n "$common"/man/*
"$out/tools/licenses" "$caddy" >"$common/third-party-licenses"
gzip -9n "$common/third-party-licenses"
sed -e '1,3d' -e 's#/usr/local/bin/caddy#/usr/bin/caddy-webhook#' deploy/systemd/webhooks.conf >"$common/webhooks.conf"
sed -i '1i # Of the package caddy-webhook. To change something, run "systemctl edit caddy".' "$common/webhooks.conf"
gzip -9nc >"$common/changelog.Debian.gz" <<END
caddy-webhook ($VERSION-1) unstable; urgency=medium

  * Built from the commit $commit.
  * What has changed is in CHANGELOG.md beside this file.

 -- The webhook_receiver authors <caddy-webhook-receiver@users.noreply.github.com>  $(LC_ALL=C date -u -R -d "@$SOURCE_DATE_EPOCH")
END

for ARCH in ${ARCHES:-amd64 arm64}; do
	export ARCH
	binary "$ARCH"
	cp "$binaries/$ARCH/caddy-webhook" "$common/"
	for format in deb rpm; do
		"$out/tools/nfpm" package --config deploy/packages/nfpm.yaml --packager $format --target "$out/"
	done
done
rm -r "$common" "$out/tools"
[ -n "${BINARIES:-}" ] || rm -r "$binaries"
ls "$out"
