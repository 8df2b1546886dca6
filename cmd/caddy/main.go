// Command caddy is a standard Caddy with the webhook_receiver plugin in it,
// for "make run" and the tests. For production, build with xcaddy, which takes
// the newest Caddy.
package main

import (
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	_ "github.com/caddyserver/caddy/v2/modules/standard"

	_ "github.com/caddy-webhook-receiver/caddy-webhook-receiver"
)

func main() {
	caddycmd.Main()
}
