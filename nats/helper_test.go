package natsoutput

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	_ "github.com/caddyserver/caddy/v2/modules/standard"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	webhookreceiver "github.com/caddy-webhook-receiver/caddy-webhook-receiver"
)

var torture = flag.Bool("torture", false, "run the fault tests five times over")

// The test program is also Caddy, and a NATS server, so that both can be
// processes that are killed.
const roleVariable = "NATSOUTPUT_TEST_ROLE"

func TestMain(m *testing.M) {
	role := os.Getenv(roleVariable)
	if role != "" {
		go func() { // nobody is left behind when the tests are killed
			_, _ = io.Copy(io.Discard, os.Stdin)
			os.Exit(1)
		}()
	}
	switch role {
	case "caddy":
		caddycmd.Main()
		return
	case "nats":
		runServer(os.Args[1])
		return
	}
	flag.Parse()
	dir, err := os.MkdirTemp("", "natsoutput")
	if err != nil {
		log.Fatal(err)
	}
	for _, name := range []string{"XDG_DATA_HOME", "XDG_CONFIG_HOME"} {
		if err := os.Setenv(name, filepath.Join(dir, name)); err != nil {
			log.Fatal(err)
		}
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

func runServer(config string) {
	options, err := server.ProcessConfigFile(config)
	if err != nil {
		log.Fatal(err)
	}
	s, err := server.NewServer(options)
	if err != nil {
		log.Fatal(err)
	}
	s.ConfigureLogger()
	s.Start()
	s.WaitForShutdown()
}

// process is this program in another role.
type process struct {
	t    testing.TB
	role string
	args []string
	log  string // file
	cmd  *exec.Cmd
}

func startProcess(t testing.TB, role string, args ...string) *process {
	t.Helper()
	p := &process{t: t, role: role, args: args, log: filepath.Join(t.TempDir(), role+".log")}
	p.start()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			out, _ := os.ReadFile(p.log)
			t.Logf("%s %v:\n%s", role, args, tail(out, 6000))
		}
	})
	return p
}

func (p *process) start() {
	p.t.Helper()
	f, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	must(p.t, err)
	defer f.Close()
	p.cmd = exec.Command(os.Args[0], p.args...)
	p.cmd.Env = append(os.Environ(), roleVariable+"="+p.role)
	p.cmd.Stdout, p.cmd.Stderr = f, f
	_, err = p.cmd.StdinPipe()
	must(p.t, err)
	must(p.t, p.cmd.Start())
}

// kill is kill -9, and waits for the end.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

func tail(b []byte, n int) []byte { return b[max(0, len(b)-n):] }

// node is a single server in this process.
func node(t testing.TB, configure func(*server.Options)) *server.Server {
	t.Helper()
	options := &server.Options{
		Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: t.TempDir(),
		NoLog: true, NoSigs: true, SyncAlways: true,
	}
	if configure != nil {
		configure(options)
	}
	s, err := server.NewServer(options)
	must(t, err)
	s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("the server does not start")
	}
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	return s
}

// admin returns JetStream as somebody else uses it.
func admin(t testing.TB, url string, options ...nats.Option) jetstream.JetStream {
	t.Helper()
	nc, err := nats.Connect(url, append(options, nats.MaxReconnects(-1), nats.RetryOnFailedConnect(true),
		nats.ReconnectWait(100*time.Millisecond), nats.PingInterval(time.Second))...)
	must(t, err)
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	must(t, err)
	return js
}

func createStream(t testing.TB, js jetstream.JetStream, config jetstream.StreamConfig) {
	t.Helper()
	eventually(t, 30*time.Second, "the stream is made", func() error {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		_, err := js.CreateOrUpdateStream(ctx, config)
		return err
	})
}

// messages returns everything in the stream, in order.
func messages(t testing.TB, js jetstream.JetStream, stream string) (all []jetstream.Msg) {
	t.Helper()
	eventually(t, 60*time.Second, "the stream can be read", func() error {
		all = nil
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		s, err := js.Stream(ctx, stream)
		if err != nil {
			return err
		}
		count := int(s.CachedInfo().State.Msgs)
		consumer, err := s.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{})
		if err != nil {
			return err
		}
		for len(all) < count {
			batch, err := consumer.Fetch(min(count-len(all), 5000), jetstream.FetchMaxWait(10*time.Second))
			if err != nil {
				return err
			}
			before := len(all)
			for m := range batch.Messages() {
				all = append(all, m)
			}
			if len(all) == before {
				return fmt.Errorf("%d of %d messages: %w", len(all), count, batch.Error())
			}
		}
		return nil
	})
	return all
}

// receiver is a Caddyfile with one site, whose receiver has the options.
func receiver(addr, adminAddr, options string) string {
	return fmt.Sprintf(`{
	admin %s
	auto_https off
}
http://%s {
	webhook_receiver /webhooks {
		provider generic
		verify_token secret-token
		verification {
			token query:token
			challenge query:challenge
		}
		public_url https://hooks.example.com/webhooks
		event {
			id header:X-Delivery
			type body:type
		}
		%s
	}
}
`, adminAddr, addr, options)
}

// caddyServer is a Caddy in a process of its own.
type caddyServer struct {
	*process
	t           testing.TB
	addr, admin string
}

func startCaddy(t testing.TB, options string) *caddyServer {
	t.Helper()
	c := &caddyServer{t: t, addr: freeAddr(t), admin: freeAddr(t)}
	file := filepath.Join(t.TempDir(), "Caddyfile")
	must(t, os.WriteFile(file, []byte(receiver(c.addr, c.admin, options)), 0o600))
	c.process = startProcess(t, "caddy", "run", "--config", file)
	c.ready()
	return c
}

func (c *caddyServer) url() string { return "http://" + c.addr + "/webhooks" }

func (c *caddyServer) ready() {
	c.t.Helper()
	eventually(c.t, 60*time.Second, "Caddy answers", func() error { return c.verify(time.Second) })
}

// verify sends a verification request.
func (c *caddyServer) verify(timeout time.Duration) error {
	client := &http.Client{Timeout: timeout}
	response, err := client.Get(c.url() + "?token=secret-token&challenge=4711")
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if body, err := io.ReadAll(response.Body); err != nil || string(body) != "4711" {
		return fmt.Errorf("%s %q %w", response.Status, body, err)
	}
	return nil
}

// reload loads the config with other options.
func (c *caddyServer) reload(options string) error {
	response, err := http.Post("http://"+c.admin+"/load", "text/caddyfile", strings.NewReader(receiver(c.addr, c.admin, options)))
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(response.Body)
		return fmt.Errorf("%s: %s", response.Status, body)
	}
	return nil
}

// post sends an event and returns the status of the answer, or 0 for none.
func post(client *http.Client, url, id, body string) int {
	request, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return 0
	}
	request.Header.Set("X-Delivery", id)
	response, err := client.Do(request)
	if err != nil {
		return 0
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, response.Body)
	return response.StatusCode
}

// validate does what "caddy validate" does, and returns its error and log.
func validate(t testing.TB, output string) (logged string, err error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "log")
	config := strings.Replace(receiver("127.0.0.1:1", "off", output), "{\n",
		fmt.Sprintf("{\n\tlog {\n\t\toutput file %s\n\t\tlevel DEBUG\n\t}\n", file), 1)
	adapted, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(config), map[string]any{"filename": "Caddyfile"})
	if err == nil {
		var c caddy.Config
		must(t, json.Unmarshal(adapted, &c))
		err = caddy.Validate(&c)
	}
	out, _ := os.ReadFile(file)
	for line := range strings.Lines(string(out)) {
		if !strings.Contains(line, `"msg":"adjusted config"`) { // Caddy's, with all that is literal
			logged += line
		}
	}
	return logged, err
}

// provision returns an output of its own, and what ends its config.
func provision(t testing.TB, o *Output) (end func()) {
	t.Helper()
	ctx, cancel := caddy.NewContext(caddy.Context{Context: context.Background()})
	must(t, o.Provision(ctx))
	end = sync.OnceFunc(func() {
		cancel()
		must(t, o.Cleanup())
	})
	t.Cleanup(end)
	return end
}

// event returns an event of which only the data are particular.
func event(id, data string) *webhookreceiver.Event {
	return &webhookreceiver.Event{
		ID: id, Source: "https://hooks.example.com/webhooks", Type: "test", Time: time.Now(),
		DataContentType: "application/json", Data: []byte(data), Body: []byte(data),
	}
}

func within(t testing.TB, timeout time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	t.Cleanup(cancel)
	return ctx
}

// freeAddr returns an address for a process that is still to start. Its port is
// below those that outgoing connections, and listeners on port 0, get.
func freeAddr(t testing.TB) string {
	t.Helper()
	for range 100 {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 20000+rand.IntN(10000)))
		if err == nil {
			defer l.Close()
			return l.Addr().String()
		}
	}
	t.Fatal("no port is free")
	return ""
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// eventually polls until f returns nil.
func eventually(t testing.TB, timeout time.Duration, what string, f func() error) {
	t.Helper()
	deadline := time.Now().Add(timeout)
	for {
		err := f()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not after %s: %s: %v", timeout, what, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// proxy passes connections on to a server, and can be made to stop doing so.
type proxy struct {
	net.Listener

	mu     sync.Mutex
	target string
	stuck  bool // nothing passes, but connections stay
	cut    bool // no connections
	wake   *sync.Cond
	conns  []net.Conn
}

func newProxy(t testing.TB, addr, target string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", addr)
	must(t, err)
	p := &proxy{Listener: l, target: target}
	p.wake = sync.NewCond(&p.mu)
	go p.serve()
	t.Cleanup(func() { p.set(false, true); l.Close() })
	return p
}

func (p *proxy) addr() string { return p.Listener.Addr().String() }

func (p *proxy) set(stuck, cut bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stuck, p.cut = stuck, cut
	p.wake.Broadcast()
	if cut {
		for _, c := range p.conns {
			c.Close()
		}
		p.conns = nil
	}
}

// lead passes connections on to another server from now on.
func (p *proxy) lead(target string) {
	p.set(false, true)
	p.mu.Lock()
	p.target = target
	p.mu.Unlock()
	p.set(false, false)
}

func (p *proxy) serve() {
	for {
		from, err := p.Accept()
		if err != nil {
			return
		}
		go func() {
			p.mu.Lock()
			target := p.target
			p.mu.Unlock()
			to, err := net.Dial("tcp", target)
			p.mu.Lock()
			if err != nil || p.cut {
				from.Close()
				if err == nil {
					to.Close()
				}
				p.mu.Unlock()
				return
			}
			p.conns = append(p.conns, from, to)
			p.mu.Unlock()
			go p.pass(from, to)
			p.pass(to, from)
		}()
	}
}

func (p *proxy) pass(to, from net.Conn) {
	defer to.Close()
	defer from.Close()
	b := make([]byte, 32<<10)
	for {
		n, err := from.Read(b)
		p.mu.Lock()
		for p.stuck && !p.cut {
			p.wake.Wait()
		}
		p.mu.Unlock()
		if n > 0 {
			if _, err := to.Write(b[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// idOf returns the id of a structured message.
func idOf(t testing.TB, m jetstream.Msg) string {
	t.Helper()
	var e struct{ ID string }
	must(t, json.NewDecoder(bytes.NewReader(m.Data())).Decode(&e))
	return e.ID
}

func newContext(t testing.TB) caddy.Context {
	ctx, cancel := caddy.NewContext(caddy.Context{Context: context.Background()})
	t.Cleanup(cancel)
	return ctx
}

func testClient() *http.Client {
	return &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 1000}}
}

func statusIs(got, want int) error {
	if got != want {
		return fmt.Errorf("status %d", got)
	}
	return nil
}

func portOf(t testing.TB, addr string) int {
	t.Helper()
	a, err := net.ResolveTCPAddr("tcp", addr)
	must(t, err)
	return a.Port
}

// logs returns nil if the process has logged the text.
func (p *process) logs(text string) error {
	out, err := os.ReadFile(p.log)
	if err == nil && !bytes.Contains(out, []byte(text)) {
		err = fmt.Errorf("%q is not in the log", text)
	}
	return err
}
