package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// address is where the server under test listens.
const address = "127.0.0.1:18480"

// server is something that answers a POST to address with 200. {DIR} in its
// site is a directory of its own.
type server struct {
	name, site string
}

// What others are measured against: Caddy that answers 200, and Caddy that does
// so when it has read the body.
const (
	bare        = "bare"
	bareReading = "bare, reading the body"
)

var servers = []server{
	{bare, `respond 200`},
	{bareReading, `vars body {http.request.body}
	respond 200`},
	{"durable", receiver("always")},
	{"sync 1s", receiver("1s")},
	{"sync off", receiver("off")},
	{"access log", `log_append body {http.request.body}
	log {
		output file {DIR}/access.log {
			roll_disabled
		}
	}
	respond 200`},
}

func receiver(sync string) string {
	return `webhook_receiver {
		verify_token token
		output file {DIR}/events.jsonl {
			sync ` + sync + `
			roll_size 0
		}
	}`
}

// run starts Caddy with the server's site and returns what stops it.
func (s server) run(caddy, dir string) (stop func(), err error) {
	config := fmt.Sprintf(`{
	admin off
	auto_https off
	persist_config off
	log {
		output discard
	}
}
http://%s {
	%s
}
`, address, strings.ReplaceAll(s.site, "{DIR}", dir))
	path := filepath.Join(dir, "Caddyfile")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, caddy, "run", "--config", path, "--adapter", "caddyfile")
	cmd.Env = append(os.Environ(), "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
	if err := cmd.Start(); err != nil {
		cancel()
		return nil, err
	}
	stop = func() {
		cancel()
		_ = cmd.Wait()
	}
	for range 500 {
		if conn, err := net.Dial("tcp", address); err == nil {
			return stop, conn.Close()
		}
		time.Sleep(20 * time.Millisecond)
	}
	stop()
	return nil, errors.New(s.name + " does not listen")
}

// build makes Caddy with the plugin of this work tree and this module's Caddy.
func build(dir string) (path string, err error) {
	path = filepath.Join(dir, "caddy")
	cmd := exec.Command("go", "build", "-o", path, "github.com/caddy-webhook-receiver/caddy-webhook-receiver/cmd/caddy")
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	return path, cmd.Run()
}
