package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// address is where the server under test listens, and path what it is asked for.
const (
	address = "127.0.0.1:18480"
	path    = "/webhooks"
)

// server is something that answers a POST to address without a body. {DIR} in its
// config is a directory of its own.
type server struct {
	name     string
	config   string
	caddy    string                           // the Caddy that runs the config as its site
	program  func(config string) *exec.Cmd    // what runs it instead
	missing  func() bool                      // nil: it is there
	build    func(dir string) error           // makes the program, in the directory of all runs
	sign     func(body []byte) []string       // the fields that make a request authentic
	beside   func(dir string) (beside, error) // what goes on while it is measured, which has a figure
	besideIs string                           // what that figure is
}

// What others are measured against: Caddy that answers 200, and Caddy that does
// so when it has read the body; the receiver as it is by default, and one of a
// service that signs nothing.
const (
	bare        = "bare"
	bareReading = "bare, reading the body"
	durable     = "durable"
	unsigned    = "unsigned"
)

var servers = append([]server{
	{name: bare, config: `respond 200`},
	{name: bareReading, config: `vars body {http.request.body}
	respond 200`},
	{name: durable, config: receiver("always", "verify_token token")},
	{name: "sync 1s", config: receiver("1s", "verify_token token")},
	{name: "sync off", config: receiver("off", "verify_token token")},
	{name: "access log", config: `log_append body {http.request.body}
	log {
		output file {DIR}/access.log {
			roll_disabled
		}
	}
	respond 200`},
	benthos,
	nginx,
	// Without subjects, as events of one subject are delivered one after the other.
	{
		name: "deliver", config: receiver("always", "provider generic", "deliver http://"+applicationAddress),
		beside: application, besideIs: "events that were not delivered yet at the end",
	},
	{name: "inspector", config: receiver("always", "verify_token token") + `
	handle_path /inspect* {
		webhook_inspector
	}`, beside: followers, besideIs: "messages that each page got"},
	{name: "dedupe", config: receiver("always", "verify_token token", "dedupe 10m {http.request.header."+numberField+"}")},
	{name: "headers all", config: receiver("always", "verify_token token", "headers all")},
	{name: unsigned, config: receiver("always", "provider generic")},
}, signed()...)

// receiver is one with an output that is fsynced as sync says, and other options.
func receiver(sync string, options ...string) string {
	return `webhook_receiver {
		` + strings.Join(options, "\n\t\t") + `
		output file {DIR}/events.jsonl {
			sync ` + sync + `
			roll_size 0
		}
	}`
}

// benthos appends bodies to a file, without an fsync, and answers when they are
// there. It is a module of its own.
var benthos = server{
	name: "Benthos",
	config: `http: { enabled: false }
logger: { level: "OFF" }
metrics: { none: {} }
input:
  http_server: { address: "` + address + `", path: "` + path + `" }
output:
  file: { path: "{DIR}/events.jsonl", codec: lines }
`,
	program: func(config string) *exec.Cmd {
		return exec.Command(benthosIn(filepath.Dir(filepath.Dir(config))), "-c", config)
	},
	build: func(dir string) error { return goBuild("benthos", benthosIn(dir), ".") },
}

func benthosIn(dir string) string { return filepath.Join(dir, "benthos") }

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

// running is a server that listens.
type running struct{ cmd *exec.Cmd }

// start runs the server and waits until it listens.
func (s server) start(dir string) (*running, error) {
	if !eventually(5*time.Second, func() bool { return !listens() }) { // workers of the last one may take a moment
		return nil, errors.New("something else listens at " + address)
	}
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
			return exec.Command(s.caddy, "run", "--config", config, "--adapter", "caddyfile")
		}
	}
	name := filepath.Join(dir, "config")
	if err := os.WriteFile(name, []byte(config), 0o600); err != nil {
		return nil, err
	}
	said := new(bytes.Buffer)
	r := &running{program(name)}
	r.cmd.Env = append(os.Environ(), "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
	r.cmd.Stderr = said
	if err := r.cmd.Start(); err != nil {
		return nil, err
	}
	if eventually(10*time.Second, listens) {
		return r, nil
	}
	r.stop()
	return nil, fmt.Errorf("it does not listen: %s", said)
}

// listens tells whether a server is at the address.
func listens() bool {
	conn, err := net.Dial("tcp", address)
	if err == nil {
		_ = conn.Close()
	}
	return err == nil
}

// eventually tells whether something comes true in time.
func eventually(limit time.Duration, is func() bool) bool {
	for deadline := time.Now().Add(limit); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			return false
		}
	}
	return true
}

// stop ends the server and says how much memory it had at most, in bytes, or 0
// where that is not known.
func (r *running) stop() int64 {
	if r.cmd.Process.Signal(os.Interrupt) != nil {
		_ = r.cmd.Process.Kill()
	}
	_ = r.cmd.Wait()
	return peakMemory(r.cmd.ProcessState)
}

// processorTime is what the server has used so far, or 0 where that is not known.
func (r *running) processorTime() time.Duration {
	used, _ := processorTime(r.cmd.Process.Pid)
	return used
}

// signed is the post as this server wants it.
func (s server) signed(p post) post {
	if s.sign != nil {
		p.fields = slices.Concat(p.fields, s.sign(p.body))
	}
	return p
}

// check sees that the server takes the post, and only if it is signed. It returns
// how many were taken.
func (s server) check(p post) (taken int64, err error) {
	if err := once(s.signed(p)); err != nil {
		return 0, err
	}
	if s.sign != nil && once(p) == nil {
		return 0, errors.New("it takes what is not signed")
	}
	return 1, nil
}

func once(p post) error {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	return exchange(conn, p.text(), make([]byte, 4096))
}

// buildCaddy makes Caddy with the plugin of this work tree and this module's Caddy.
func buildCaddy(dir string) (program string, err error) {
	program = filepath.Join(dir, "caddy")
	return program, goBuild(".", program, "github.com/caddy-webhook-receiver/caddy-webhook-receiver/cmd/caddy")
}

func goBuild(dir, program, of string) error {
	cmd := exec.Command("go", "build", "-o", program, of)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, os.Stderr, os.Stderr
	return cmd.Run()
}
