// Package e2e holds black-box tests of the webhook_receiver plugin: each starts
// a real Caddy process of its own, speaks to it over real connections and looks
// at what it answers, logs and leaves on disk. They are written against the
// plugin's contract, not against its code.
//
// By default the binary is built once, with the race detector, from this
// module's dependencies, that is with the newest Caddy. Where E2E_CADDY names a
// binary, that one is tested instead:
//
//	go build -o /tmp/caddy ./cmd/caddy # in the plugin's module: its oldest Caddy
//	cd internal/e2e && E2E_CADDY=/tmp/caddy go test ./...
//
// The recipe that needs another plugin is an exception: it always runs in the
// tests' own program, which has it.
//
// The tests need Linux.
package e2e
