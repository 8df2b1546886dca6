package main

import (
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
// config is a directory of its own.
type server struct {
	name    string
	config  string
	program func(config string) *exec.Cmd // nil: the Caddy to measure, with the config as its site
	missing func() bool                   // nil: it is there
}

// What others are measured against: Caddy that answers 200, and Caddy that does
// so when it has read the body.
const (
	bare        = "bare"
	bareReading = "bare, reading the body"
)

var servers = []server{
	{name: bare, config: `respond 200`},
	{name: bareReading, config: `vars body {http.request.body}
	respond 200`},
	{name: "durable", config: receiver("always")},
	{name: "sync 1s", config: receiver("1s")},
	{name: "sync off", config: receiver("off")},
	{name: "access log", config: `log_append body {http.request.body}
	log {
		output file {DIR}/access.log {
			roll_disabled
		}
	}
	respond 200`},
	nginx,
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

// nginx appends bodies to a file with Lua, without an fsync. It is measured where
// Debian's packages nginx-light and libnginx-mod-http-lua are installed.
var nginx = server{
	name: "nginx with Lua",
	config: `load_module ` + nginxModules + `ndk_http_module.so;
load_module ` + nginxModules + `ngx_http_lua_module.so;
user root; # where started by root, else ignored
daemon off;
pid {DIR}/nginx.pid;
error_log {DIR}/error.log crit;
worker_processes auto;
events { worker_connections 4096; }
http {
	access_log off;
	client_body_buffer_size 64k;
	client_body_temp_path {DIR}/body;
	init_worker_by_lua_block { events = io.open("{DIR}/events.jsonl", "a") }
	server {
		listen ` + address + `;
		keepalive_requests 1000000000;
		location / {
			content_by_lua_block {
				ngx.req.read_body()
				events:write(ngx.req.get_body_data(), "\n")
				events:flush()
				ngx.header["Content-Length"] = 0
				ngx.exit(200)
			}
		}
	}
}
`,
	program: func(config string) *exec.Cmd { return exec.Command("nginx", "-c", config, "-p", filepath.Dir(config)) },
	missing: func() bool {
		_, err := exec.LookPath("nginx")
		if err == nil {
			_, err = os.Stat(nginxModules + "ngx_http_lua_module.so")
		}
		return err != nil
	},
}

const nginxModules = "/usr/lib/nginx/modules/"

// run starts the server and returns what stops it and says how much memory it
// had at most, in bytes, or 0 where that is not known.
func (s server) run(caddy, dir string) (stop func() int64, err error) {
	config := strings.ReplaceAll(s.config, "{DIR}", dir)
	program := s.program
	if program == nil {
		config = fmt.Sprintf(`{
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
`, address, config)
		program = func(config string) *exec.Cmd {
			return exec.Command(caddy, "run", "--config", config, "--adapter", "caddyfile")
		}
	}
	path := filepath.Join(dir, "config")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		return nil, err
	}
	cmd := program(path)
	cmd.Env = append(os.Environ(), "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	stop = func() int64 {
		if cmd.Process.Signal(os.Interrupt) != nil {
			_ = cmd.Process.Kill()
		}
		_ = cmd.Wait()
		return peakMemory(cmd.ProcessState)
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
