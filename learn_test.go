package webhookreceiver

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/spf13/cobra"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/cli"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/status"
)

const (
	asanaSecret = "b537207f20cbfa02357cf448134da559e8bd39d61597dcd5631b8012eae53e81"
	stranger    = "0000000000000000000000000000000000000000000000000000000000000000"
	notionToken = "secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl"

	asanaEvent  = `{"events":[{"action":"changed","resource":{"gid":"2","resource_type":"task"}}]}`
	notionEvent = `{"id":"e1","type":"page.created","entity":{"id":"p1","type":"page"}}`
)

// learningCaddy is a Caddy with receivers that learn their secrets, in this process.
type learningCaddy struct {
	*testing.T
	storage, file  string
	address, admin string
}

func newLearningCaddy(t *testing.T) *learningCaddy {
	dir := t.TempDir()
	c := &learningCaddy{t, filepath.Join(dir, "storage"), filepath.Join(dir, "events.jsonl"), freeAddress(t), freeAddress(t)}
	t.Setenv("XDG_DATA_HOME", t.TempDir())
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	t.Cleanup(func() { _ = caddy.Stop() })
	c.load("")
	return c
}

// load loads the config, with options for the first receiver.
func (c *learningCaddy) load(options string) {
	c.Helper()
	if err := caddy.Load(adapted(c.T, c.config(options)), true); err != nil {
		c.Fatal(err)
	}
}

func (c *learningCaddy) config(options string) string {
	return fmt.Sprintf(`{
		admin %s
		auto_https off
		persist_config off
		storage file_system %s
	}
	http://%s {
		webhook_receiver /asana {
			name tasks
			provider asana
			output file %s
			%s
		}
		webhook_receiver /elsewhere {
			name tasks
			provider asana
			output file %[4]s
			%[5]s
		}
		webhook_receiver /notion {
			provider notion
			output file %[4]s
		}
		webhook_receiver /github {
			name code
			provider github
			secret sesame
			output file %[4]s
		}
		webhook_receiver /one {
			name twins
			provider asana
			output file %[4]s
		}
		webhook_receiver /two {
			name twins
			provider asana
			secret "another secret, so another receiver"
			output file %[4]s
		}
	}`, c.admin, c.storage, c.address, c.file, options)
}

// send sends a request, and wants an answer with the status.
func (c *learningCaddy) send(want int, path, body string, headers ...string) http.Header {
	c.Helper()
	d := requestOf(http.MethodPost, path, body, headers...)
	r, err := http.NewRequest(d.method, "http://"+c.address+d.path, strings.NewReader(d.body))
	if err != nil {
		c.Fatal(err)
	}
	r.Header = d.headers
	r.Header.Set("User-Agent", "the sender/1")
	r.Close = true // as Caddy is restarted
	answer, err := http.DefaultClient.Do(r)
	dial := new(net.OpError)
	for tries := 0; errors.As(err, &dial) && dial.Op == "dial" && tries < 1000; tries++ {
		time.Sleep(time.Millisecond) // it came to a listener of the config before, that was just closed
		r.Body = io.NopCloser(strings.NewReader(body))
		answer, err = http.DefaultClient.Do(r)
	}
	if err != nil {
		c.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != want {
		c.Errorf("%s %s: %d, want %d", path, body, answer.StatusCode, want)
	}
	return answer.Header
}

func signedWith(secret, body string) string { return hex.EncodeToString(hmacOf(secret, body)) }

// asana sends the events of Asana, or its sign of life.
func (c *learningCaddy) asana(want int, secret, body string) {
	c.Helper()
	c.send(want, "/asana", body, "X-Hook-Signature", signedWith(secret, body))
}

// offer sends Asana's handshake.
func (c *learningCaddy) offer(want int, secret string) {
	c.Helper()
	echo := c.send(want, "/asana", "", "X-Hook-Secret", secret).Get("X-Hook-Secret")
	if (echo == secret) != (want == 200) {
		c.Errorf("answered %d with %q", want, echo)
	}
}

func (c *learningCaddy) stored() int { return len(lines(c.T, c.file)) }

// running is a command that runs.
type runningCommand struct {
	mu       sync.Mutex
	out, err bytes.Buffer
	answer   *io.PipeWriter
	done     chan error
}

type lockedWriter struct {
	r  *runningCommand
	to *bytes.Buffer
}

func (w lockedWriter) Write(b []byte) (int, error) {
	w.r.mu.Lock()
	defer w.r.mu.Unlock()
	return w.to.Write(b)
}

func (r *runningCommand) said() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err.String()
}

// command begins "caddy webhook".
func (c *learningCaddy) command(args ...string) *runningCommand {
	r := &runningCommand{done: make(chan error, 1)}
	cmd := &cobra.Command{Use: "webhook", SilenceUsage: true, SilenceErrors: true}
	cli.Register(cmd, playable(), playConfigured, checkerFor, readConfig)
	cmd.SetArgs(append(args, "--address", c.admin))
	var answers io.Reader
	answers, r.answer = io.Pipe()
	cmd.SetIn(answers)
	cmd.SetOut(lockedWriter{r, &r.out})
	cmd.SetErr(lockedWriter{r, &r.err})
	go func() { r.done <- cmd.Execute() }()
	return r
}

// asks waits until a command has said something.
func (r *runningCommand) asks(t *testing.T, what string) {
	t.Helper()
	eventually(t, "it says "+what, func() bool { return strings.Contains(r.said(), what) })
}

// ends answers, and returns what the command has printed at its end.
func (r *runningCommand) ends(t *testing.T, answer string) (out string, err error) {
	t.Helper()
	go func() { _, _ = io.WriteString(r.answer, answer); r.answer.Close() }()
	select {
	case err = <-r.done:
	case <-time.After(20 * time.Second):
		t.Fatal("it does not end; it said: " + r.said())
	}
	return r.out.String(), err
}

// refusedNow returns all that is kept of requests that were refused, as the admin API has it.
func refusedNow() string {
	kept, _ := json.Marshal(status.LastRefused(0))
	return string(kept)
}

// TestLearn: a secret is learnt when it is asked for and confirmed, and never else.
func TestLearn(t *testing.T) {
	c := newLearningCaddy(t)

	// Nobody waits for one.
	c.offer(403, stranger)
	c.asana(401, stranger, asanaEvent)
	mustContain(t, refusedNow(), "nobody had asked for one", "run caddy webhook learn tasks", "no secret is known yet")

	// The stranger comes too late.
	learn := c.command("learn", "tasks")
	learn.asks(t, "Set the webhook up there now")
	c.send(400, "/asana", "", "X-Hook-Secret", "too short")
	c.offer(200, asanaSecret)
	c.offer(200, asanaSecret) // the answer got lost
	c.offer(403, stranger)
	mustContain(t, refusedNow(), "another one had come before")

	// It is not confirmed yet.
	learn.asks(t, "keep it? [y/N]")
	mustContain(t, learn.said(), "127.0.0.1", "the sender/1")
	c.asana(503, asanaSecret, asanaEvent)
	c.asana(200, asanaSecret, `{"events":[]}`)
	c.asana(401, stranger, asanaEvent)
	c.load("timeout 7s") // a reload meanwhile
	c.asana(503, asanaSecret, asanaEvent)
	mustContain(t, refusedNow(), "not confirmed yet", "answer caddy webhook learn tasks")
	if n := c.stored(); n != 0 {
		t.Fatalf("%d events are stored of nobody", n)
	}
	if strings.Contains(learn.said(), asanaSecret) {
		t.Error("it is shown before it is confirmed")
	}
	out, err := learn.ends(t, "y\n")
	if err != nil || out != asanaSecret+"\n" {
		t.Fatalf("%q, %v: %s", out, err, learn.said())
	}

	// It counts, over reloads and restarts.
	isLearnt := func() {
		t.Helper()
		before := c.stored()
		c.asana(200, asanaSecret, asanaEvent)
		c.asana(200, asanaSecret, `{"events":[]}`)
		c.asana(401, stranger, asanaEvent)
		c.offer(403, stranger)
		c.offer(200, asanaSecret)
		// The same receiver at another address.
		c.send(200, "/elsewhere", asanaEvent, "X-Hook-Signature", signedWith(asanaSecret, asanaEvent))
		before++
		if n := c.stored() - before; n != 1 {
			t.Errorf("%d events are stored, want 1", n)
		}
	}
	isLearnt()
	c.load("timeout 8s")
	isLearnt()
	if err := caddy.Stop(); err != nil {
		t.Fatal(err)
	}
	c.load("")
	isLearnt()

	// Nothing that is kept or told has it.
	list := c.command("learn", "tasks", "--list")
	out, err = list.ends(t, "")
	if err != nil || strings.Count(out, "a secret was learnt") != 1 {
		t.Errorf("%q, %v", out, err)
	}
	kept, _ := json.Marshal(status.Now())
	for what, text := range map[string]string{"refused": refusedNow(), "status": string(kept), "list": out, "file": strings.Join(lines(t, c.file), "")} {
		if strings.Contains(text, asanaSecret) || strings.Contains(text, stranger) {
			t.Errorf("%s: there is a secret in %s", what, text)
		}
	}
	onlyOwner(t, c.storage)

	// A second one is added; no replaces nothing; forgetting takes both.
	c.learn("tasks", "y\n", func() { c.offer(200, strings.Repeat("2", 64)) })
	c.asana(200, asanaSecret, asanaEvent)
	c.asana(200, strings.Repeat("2", 64), asanaEvent)
	for _, no := range []string{"n\n", "", "what?\n"} {
		if _, err := c.learn("tasks", no, func() { c.offer(200, stranger) }); err == nil || err.Error() != "the secret was not kept" {
			t.Errorf("%q: %v", no, err)
		}
		c.asana(401, stranger, asanaEvent)
		c.offer(403, stranger)
	}
	if out, err := c.command("learn", "tasks", "--forget").ends(t, "\n"); err == nil {
		t.Errorf("forgotten without a yes: %s", out)
	}
	out, err = c.command("learn", "tasks", "--forget").ends(t, "yes\n")
	if err != nil || !strings.Contains(out, "tasks: 2 forgotten") {
		t.Errorf("%q, %v", out, err)
	}
	c.asana(401, asanaSecret, asanaEvent)
	c.send(401, "/elsewhere", asanaEvent, "X-Hook-Signature", signedWith(asanaSecret, asanaEvent))
}

// learn has a receiver learn what is sent meanwhile.
func (c *learningCaddy) learn(receiver, answer string, send func()) (out string, err error) {
	c.Helper()
	r := c.command("learn", receiver)
	r.asks(c.T, "Set the webhook up there now")
	send()
	r.asks(c.T, "keep it?")
	return r.ends(c.T, answer)
}

// onlyOwner fails if anybody else may read a file below dir.
func onlyOwner(t *testing.T, dir string) {
	t.Helper()
	n := 0
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(name) != ".json" || !strings.Contains(name, "secrets") {
			return err
		}
		n++
		info, err := entry.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %s", name, info.Mode())
		}
		return err
	})
	if err != nil || n != 1 {
		t.Errorf("%d secrets are in %s: %v", n, dir, err)
	}
}

// TestLearnNotion: the token comes in a body that is signed with it.
func TestLearnNotion(t *testing.T) {
	c := newLearningCaddy(t)
	offer := func(want int, token, signer string) {
		t.Helper()
		body := `{"verification_token":"` + token + `"}`
		c.send(want, "/notion", body, "X-Notion-Signature", "sha256="+signedWith(signer, body))
	}
	send := func(want int, token string) {
		t.Helper()
		c.send(want, "/notion", notionEvent, "X-Notion-Signature", "sha256="+signedWith(token, notionEvent))
	}
	offer(403, notionToken, notionToken)
	offer(401, notionToken, "another one altogether")
	out, err := c.learn("notion", "y\n", func() {
		offer(401, notionToken, "another one altogether")
		offer(200, notionToken, notionToken)
		offer(403, "secret_of_a_stranger", "secret_of_a_stranger")
		send(503, notionToken)
	})
	if err != nil || out != notionToken+"\n" {
		t.Fatalf("%q, %v", out, err)
	}
	send(200, notionToken)
	send(401, "secret_of_a_stranger")
	offer(200, notionToken, notionToken)
	offer(403, "secret_of_a_stranger", "secret_of_a_stranger")
	if c.stored() != 1 {
		t.Errorf("%d events are stored, want 1", c.stored())
	}
	if kept := refusedNow(); strings.Contains(kept, notionToken) || strings.Contains(kept, "secret_of_a_stranger") {
		t.Errorf("there is a secret in %s", kept)
	}
}

// TestLearnFrom another Caddy: what it has put into the storage is found when it is needed.
func TestLearnFromAnotherCaddy(t *testing.T) {
	c := newLearningCaddy(t)
	c.learn("tasks", "y\n", func() { c.offer(200, asanaSecret) })
	folder := filepath.Join(c.storage, "webhook_receiver", "secrets", "tasks")
	aside := folder + "-aside"
	if err := os.Rename(folder, aside); err != nil {
		t.Fatal(err)
	}
	c.load("timeout 9s")
	if err := os.Rename(aside, folder); err != nil {
		t.Fatal(err)
	}
	// It was read a moment ago; a while later it is read again.
	eventually(t, "what the other one has learnt is found", func() bool {
		r, _ := http.NewRequest(http.MethodPost, "http://"+c.address+"/asana", strings.NewReader(asanaEvent))
		r.Header.Set("X-Hook-Signature", signedWith(asanaSecret, asanaEvent))
		r.Close = true
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		return answer.StatusCode == 200
	})

	// What can't be read is no reason to say that a signature is wrong.
	names, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil || len(names) != 1 {
		t.Fatal(names, err)
	}
	if err := os.WriteFile(names[0], []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	c.load("timeout 10s")
	c.asana(503, asanaSecret, asanaEvent)
	mustContain(t, refusedNow(), "can't be read from Caddy's storage")
}

// TestLearnAPI: who asks for what is not there is told so, and nothing is done by GET.
func TestLearnAPI(t *testing.T) {
	c := newLearningCaddy(t)
	for _, test := range []struct {
		method, path string
		status       int
		says         string
	}{
		{"GET", "tasks", 200, `"learnt":[]`},
		{"GET", "nobody", 404, "notion, tasks"},
		{"GET", "code", 404, "sends no secret itself"},
		{"GET", "twins", 409, "give each its own name"},
		{"GET", "tasks/open", 405, ""},
		{"POST", "tasks", 405, ""},
		{"POST", "tasks/opne", 404, "also close, keep, reject or forget"},
		{"POST", "tasks/keep?candidate=", 409, "no longer there"},
		{"POST", "tasks/reject?candidate=00", 409, "no longer there"},
		{"POST", "twins/open", 409, "give each its own name"},
		{"POST", "tasks/open", 200, `"window":{"until":`},
		{"POST", "tasks/keep?candidate=", 409, "no longer there"},
		{"POST", "tasks/close", 200, `"learnt":[]}`},
	} {
		r, _ := http.NewRequest(test.method, "http://"+c.admin+"/webhook_receiver/learn/"+test.path, nil)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		if answer.StatusCode != test.status || !strings.Contains(string(body), test.says) {
			t.Errorf("%s %s: %d %s, want %d %s", test.method, test.path, answer.StatusCode, body, test.status, test.says)
		}
	}
	c.offer(403, stranger)
	// A page in a browser on the same machine, or, where that tells its origin only, in the same network.
	for _, test := range []struct {
		name, value string
		status      int
	}{
		{"Sec-Fetch-Site", "cross-site", 403},
		{"Sec-Fetch-Site", "same-site", 403},
		{"Origin", "http://attacker.example", 403},
		{"Origin", "http://localhost:80", 403},
		{"Origin", "null", 403},
		{"Origin", "http://" + c.admin, 200},
	} {
		r, _ := http.NewRequest("POST", "http://"+c.admin+"/webhook_receiver/learn/tasks/forget", nil)
		r.Header.Set(test.name, test.value)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		byCaddy := test.value == "null" && answer.StatusCode == 400 // a newer one says so itself
		if answer.StatusCode != test.status && !byCaddy {
			t.Errorf("%s %s: %d, want %d", test.name, test.value, answer.StatusCode, test.status)
		}
	}
}

// TestLearnWhileEventsCome: a secret is added under load, and no event is told that it is wrong.
func TestLearnWhileEventsCome(t *testing.T) {
	c := newLearningCaddy(t)
	second := strings.Repeat("2", 64)
	c.learn("tasks", "y\n", func() { c.offer(200, asanaSecret) })
	stop := make(chan struct{})
	var all sync.WaitGroup
	_, err := c.learn("tasks", "y\n", func() {
		c.offer(200, second)
		for i := range 4 { // in both places
			secret, path := []string{asanaSecret, second}[i%2], []string{"/asana", "/elsewhere"}[i/2]
			all.Add(1)
			go func() {
				defer all.Done()
				for ended := false; !ended; {
					select {
					case <-stop:
						ended = true // once more
					default:
					}
					r, _ := http.NewRequest(http.MethodPost, "http://"+c.address+path, strings.NewReader(asanaEvent))
					r.Header.Set("X-Hook-Signature", signedWith(secret, asanaEvent))
					answer, err := http.DefaultClient.Do(r)
					if err != nil {
						t.Error(err)
						return
					}
					answer.Body.Close()
					if code := answer.StatusCode; code != 200 && (secret == asanaSecret || ended || code != 503) {
						t.Errorf("%.1s: %d", secret, code)
						return
					}
				}
			}()
		}
	})
	close(stop)
	all.Wait()
	if err != nil {
		t.Error(err)
	}
}

// TestOfferedSecretIsNotStored: not in header fields, whatever they are.
func TestOfferedSecretIsNotStored(t *testing.T) {
	h := provision(t, "provider asana\nheaders all\noutput log")
	if !h.headers.IsSecret("X-Hook-Secret") {
		t.Error("it is stored")
	}
	h = provision(t, "provider generic\nverification {\nmethod POST\nsecret header:X-Plain\n}\nsignature {\nalgorithm hmac-sha256\nfrom header:X-S\n}\noutput log")
	if !h.headers.IsSecret("X-Plain") {
		t.Error("of a row with another name it is stored")
	}
	for options, want := range map[string]string{
		"verification {\nsecret header:X\n}":                                                         "method POST",
		"verification {\nmethod POST\nsecret header:X\nsigned\n}":                                    "without",
		"verification {\nmethod POST\nsecret body:x\n}":                                              "goes with signed",
		"verification {\nmethod POST\nsecret query:x\n}":                                             "source",
		"verification {\nmethod POST\nsecret header:X\n}":                                            "needs a block signature",
		"event {\nempty header:X\n}":                                                                 "empty",
		"verification {\nmethod POST\nsecret header:X\nchallenge header:X\nhmac hex\nbody {hmac}\n}": "hmac",
	} {
		if _, err := load(t, "provider generic\noutput log\n"+options); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", options, err, want)
		}
	}
}

// TestOfferedSecretIsNotShown: also of a request that is not signed with it, where there are
// others, so that it is told what should have been signed.
func TestOfferedSecretIsNotShown(t *testing.T) {
	rc := newReceiver(t, "provider notion\nsecret \"the secret of the config\"")
	const shown = "secret_of_another_webhook"
	const body = `{"verification_token":"` + shown + `"}`
	for _, signature := range []string{"", "xx", "sha256=" + signedWith("something else", body), "sha256=" + signedWith(shown, body)} {
		after := lastSeq()
		rc.send(t, requestOf(http.MethodPost, "/", body, "X-Notion-Signature", signature))
		kept, _ := json.Marshal(status.LastRefused(after))
		if len(status.LastRefused(after)) != 1 || strings.Contains(string(kept), shown) {
			t.Errorf("signed %q: %s", signature, kept)
		}
	}
	for _, entry := range rc.logs.All() {
		if text := fmt.Sprint(entry.Message, entry.ContextMap()); strings.Contains(text, shown) {
			t.Error(text)
		}
	}
}

// TestVerifyLearnt: stored signatures are checked with the secrets that were learnt, where the storage can be read.
func TestVerifyLearnt(t *testing.T) {
	c := newLearningCaddy(t)
	c.learn("tasks", "y\n", func() { c.offer(200, asanaSecret) })
	c.asana(200, asanaSecret, asanaEvent)
	config := filepath.Join(t.TempDir(), "Caddyfile")
	verify := func(more ...string) (string, error) {
		text := c.config("")
		if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		r := &runningCommand{done: make(chan error, 1)}
		cmd := &cobra.Command{Use: "webhook", SilenceUsage: true, SilenceErrors: true}
		cli.Register(cmd, playable(), playConfigured, checkerFor, readConfig)
		cmd.SetArgs(append([]string{"verify", c.file, "--config", config}, more...))
		cmd.SetOut(lockedWriter{r, &r.out})
		cmd.SetErr(lockedWriter{r, &r.err})
		err := cmd.Execute()
		return r.out.String(), err
	}
	// Notion's receiver has learnt none, so that nothing could be checked of it.
	if _, err := verify(); err == nil || !strings.Contains(err.Error(), "no secret of the receiver notion is in the config, nor in its storage as this user sees it") {
		t.Error(err)
	}
	if out, err := verify("--secret", "one of another receiver"); err != nil || !strings.Contains(out, "1 fit\n") {
		t.Errorf("%q, %v", out, err)
	}
	c.storage = filepath.Join(t.TempDir(), "another")
	if out, err := verify("--secret", "one of another receiver"); err == nil || !strings.Contains(out, "1 fit no secret\n") {
		t.Errorf("%q, %v", out, err)
	}
}
