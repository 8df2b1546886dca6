//go:build deps

package main

// What cmd/caddy is made of must be in this module's dependencies.
import (
	_ "github.com/caddyserver/caddy/v2/cmd"
	_ "github.com/caddyserver/caddy/v2/modules/standard"

	_ "github.com/caddy-webhook-receiver/caddy-webhook-receiver"
)
