package webhookreceiver

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/deliver"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/lock"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/provider"
)

// validateReceiver validates a config with a receiver in it, in JSON.
func validateReceiver(t *testing.T, receiver string) error {
	t.Helper()
	var config caddy.Config
	err := caddy.StrictUnmarshalJSON([]byte(`{"admin":{"disabled":true},"apps":{"http":{"servers":{"s":{"listen":["127.0.0.1:0"],"automatic_https":{"disable":true},"routes":[{"handle":[`+
		strings.Replace(receiver, "{", `{"handler":"webhook_receiver",`, 1)+`]}]}}}}}`), &config)
	if err != nil {
		t.Fatal(err)
	}
	return caddy.Validate(&config)
}

// TestDeliveriesInJSON: errors name the delivery and the option, and show no secret.
func TestDeliveriesInJSON(t *testing.T) {
	t.Setenv("GOOD_URL", "ftp://good")
	const url = `"url":"http://localhost:3000/"`
	for config, want := range map[string][]string{
		`[null]`:                                  {"deliver number 1", "null"},
		`[{}]`:                                    {`deliver "app": url: must be an http or https URL`},
		`[{"url":"ftp://x"}]`:                     {`deliver "app": url "ftp://x": must be an http or https URL`},
		`[{"url":"localhost:3000"}]`:              {"lacks http://"},
		`[{"url":"localhost/in"}]`:                {"lacks http://"},
		`[{"url":"//host/in"}]`:                   {"must be an http"},
		`[{"url":"http://"}]`:                     {"must be an http"},
		`[{"url":"http://:80/"}]`:                 {"must be an http"},
		`[{"url":"http://h/#x"}]`:                 {"must be an http"},
		`[{"url":"http://h:x/"}]`:                 {"must be an http"},
		`[{"url":"unix/"}]`:                       {"must be an http"},
		`[{"url":"unix//run/a.sock:hooks"}]`:      {"must be an http"},
		`[{"url":"{env.GOOD_URL}"}]`:              {"deliver app: url", "must be an http", "placeholders"},
		`[{"url":"http://{env.NO}/"}]`:            {"deliver app: url", "{env.NO}"},
		`[{"url":"http://h/{http.request.uri}"}]`: {"deliver app: url", "{http.request.uri}"},
		`[{"name":"A",` + url + `}]`:              {`name "A": must be 1 to 32 lower-case letters`},
		`[{"name":"` + strings.Repeat("x", 33) + `",` + url + `}]`:           {"name", "1 to 32"},
		`[{"name":"../x",` + url + `}]`:                                      {"name", "1 to 32"},
		`[{` + url + `},{` + url + `}]`:                                      {"deliver: two deliveries are called app"},
		`[{` + url + `},{"name":"app",` + url + `}]`:                         {"deliver: two deliveries are called app"},
		`[{"as":"orginal",` + url + `}]`:                                     {`deliver "app": as "orginal"`, "did you mean original?"},
		`[{"order":"fifo",` + url + `}]`:                                     {`order "fifo": must be subject or strict`},
		`[{"concurrency":-1,` + url + `}]`:                                   {"concurrency -1: must be"},
		`[{"concurrency":1001,` + url + `}]`:                                 {"concurrency 1001: must be"},
		`[{"order":"strict","concurrency":2,` + url + `}]`:                   {"concurrency 2", "strict"},
		`[{"rate":-1,` + url + `}]`:                                          {"rate -1: must be"},
		`[{"timeout":"-1s",` + url + `}]`:                                    {"timeout -1s: must be positive"},
		`[{"retry":["5s","0s"],` + url + `}]`:                                {"retry 0s: must be positive"},
		`[{"retry":["x"],` + url + `}]`:                                      {`"x"`},
		`[{"retry":[` + strings.Repeat(`"1s",`, 100) + `"1s"],` + url + `}]`: {"retry: 101 waits"},
		`[{"only":[""],` + url + `}]`:                                        {"only"},
		`[{"sign":"good",` + url + `}]`:                                      {"sign: must be a secret of Standard Webhooks"},
		`[{"sign":"{env.NO}",` + url + `}]`:                                  {"sign", "{env.NO}"},
		`[{"nope":1,` + url + `}]`:                                           {"nope"},
		`[{"header":{"nope":1},` + url + `}]`:                                {"nope"},
		`[{"transport":{},` + url + `}]`:                                     {"transport"},
		`[{"transport":{"protocol":"x"},` + url + `}]`:                       {"transport.x"},
		`[{"transport":{"protocol":"http","tls":{}},` + url + `}]`:           {"transport: has TLS"},
		`[{"transport":{"protocol":"http","tls":{}},"url":"unix/x"}]`:        {"transport: has TLS"},
		`[{` + url + `}],"outputs":[{"output":"log"}]`:                       {"output file with sync always", "there is none"},
		`[{` + url + `}],"outputs":[{"output":"test"}]`:                      {"output file with sync always", "there is none"},
		`[{` + url + `}],"outputs":[{"output":"file","sync":"off"}]`:         {"output file with sync always", "its sync"},
		`[{` + url + `}],"outputs":[{"output":"file","format":"raw"}]`:       {"output file with sync always", "its format"},
		`[{` + url + `}],"attributes":{"receiver":"x"}`:                      {"attribute receiver", "take it out"},
	} {
		t.Setenv("XDG_DATA_HOME", filepath.Join(t.TempDir(), "data"))
		err := validateReceiver(t, `{"verify_tokens":["x"],"deliver":`+config+`}`)
		if err == nil {
			t.Errorf("no error for %s", config)
			continue
		}
		mustContain(t, err.Error(), want...)
		if strings.Contains(err.Error(), "good") {
			t.Errorf("a secret is in the error: %v", err)
		}
	}
	for _, config := range []string{
		`[{` + url + `}],"outputs":[{"output":"log"},{"output":"file","format":"raw","filename":"/tmp/a"},{"output":"file"}]`,
		`[{` + url + `},{"name":"b",` + url + `}]`,
		`[{"order":"strict","concurrency":1,` + url + `}]`,
		`[]`,
	} {
		t.Setenv("XDG_DATA_HOME", filepath.Join(t.TempDir(), "data"))
		if err := validateReceiver(t, `{"verify_tokens":["x"],"deliver":`+config+`}`); err != nil {
			t.Errorf("%s: %v", config, err)
		}
	}
}

// TestSignIsNeeded with every provider whose signatures have a time, unless events are sent
// as CloudEvents.
func TestSignIsNeeded(t *testing.T) {
	for _, row := range provider.Rows {
		if row.Name == provider.Generic {
			continue
		}
		options := "provider " + row.Name + "\n"
		if row.UsesToken() {
			options += "verify_token {env.X}\n"
		}
		if row.UsesSecret() {
			options += "secret {env.X}\n"
		}
		options += strings.TrimPrefix(exampleNeeds(row), "\n") + "\n"
		ages := row.Signature != nil && len(row.Signature.Timestamp) > 0
		for block, fails := range map[string]bool{"": ages, "{\nsign off\n}": false, "{\nas cloudevents\n}": false, "{\nsign {env.X}\n}": false} {
			err := inReceiver("", "")(options + "deliver http://localhost:3000/ " + block)
			if (err != nil) != fails {
				t.Errorf("%s, deliver %s: %v", row.Name, block, err)
			}
			if err != nil {
				mustContain(t, err.Error(), "deliver app: signatures of "+row.Name, "write sign with a secret, or sign off")
			}
		}
	}
}

// TestNamesAreOfFiles: what a receiver is called can be a part of a file's name, also where that is
// the provider's.
func TestNamesAreOfFiles(t *testing.T) {
	for _, row := range provider.Rows {
		if err := checkName(row.Name); err != nil {
			t.Error(err)
		}
	}
}

// validated validates sites in a Caddyfile.
func validated(t *testing.T, sites string) error {
	t.Helper()
	t.Setenv("XDG_DATA_HOME", t.TempDir())
	return validate("{\nadmin off\nauto_https off\n}\n" + sites)
}

// TestReceiversOfOneFile: those that share the file with one that delivers are told apart by
// their names.
func TestReceiversOfOneFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "events.jsonl")
	plain := "verify_token x\noutput file " + file + "\n"
	delivers := plain + "deliver http://localhost:3000/\n"
	for name, test := range map[string]struct {
		a, b  string
		wrong bool
	}{
		"the same in two sites":           {delivers, delivers, false},
		"another URL":                     {delivers, plain + "deliver http://localhost:3001/\n", true},
		"another name of the delivery":    {delivers, plain + "deliver b http://localhost:3001/\n", true},
		"another token":                   {delivers, strings.Replace(delivers, " x", " y", 1), true},
		"one does not deliver":            {delivers, plain, true},
		"none delivers":                   {plain, plain + "timeout 1s\n", false},
		"other names":                     {delivers, delivers + "name b\n", false},
		"the provider's name, written":    {delivers, delivers + "name socialboards\n", true},
		"other files":                     {delivers, strings.Replace(delivers, "events.jsonl", "others.jsonl", 1), false},
		"the same, by another name of it": {delivers, strings.Replace(plain, "/events.jsonl", "/../"+filepath.Base(filepath.Dir(file))+"/events.jsonl", 1), true},
		"among several outputs":           {delivers, "verify_token x\noutput log\noutput file " + file + ".2\noutput file " + file, true},
	} {
		for _, order := range [][2]string{{test.a, test.b}, {test.b, test.a}} {
			err := validated(t, fmt.Sprintf("http://a.example.com {\nwebhook_receiver {\n%s\n}\n}\nhttp://b.example.com {\nwebhook_receiver {\n%s\n}\n}", order[0], order[1]))
			switch {
			case (err != nil) != test.wrong:
				t.Errorf("%s: %v", name, err)
			case err != nil:
				mustContain(t, err.Error(), "name socialboards: two receivers of this name store in "+file, "give each a name of its own")
			}
		}
	}
}

// TestFilesOfDeliveries: what could not be written later is told when the config is loaded.
func TestFilesOfDeliveries(t *testing.T) {
	dir := t.TempDir()
	load := func(file, name string) error {
		err := validateReceiver(t, fmt.Sprintf(`{"verify_tokens":["x"],"name":"shop","outputs":[{"output":"file","filename":%q}],"deliver":[{"name":%q,"url":"http://localhost:3000/"}]}`, file, name))
		return err
	}
	for _, ending := range []string{".shop.app.cursor", ".shop.app.cursor.lock", ".app.dead.jsonl"} {
		file := filepath.Join(dir, "a"+ending[1:3]+fmt.Sprint(len(ending)), "events.jsonl")
		if err := load(file, "app"); err != nil {
			t.Errorf("%s: %v", ending, err)
		}
		if err := os.MkdirAll(file+ending, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := load(file, "app"); err == nil {
			t.Errorf("no error where %s is a directory", ending)
		} else {
			mustContain(t, err.Error(), "deliver app: needs files beside the receiver's: "+file+ending+" is not a regular file")
		}
		if err := load(file, "other"); err != nil {
			t.Errorf("another delivery: %v", err)
		}
	}
	// 214 bytes are enough for a file that is not delivered from.
	for _, into := range []string{dir, filepath.Join(dir, "missing", "sub")} {
		longest := 0
		for n := 100; n <= 214; n++ {
			err := load(filepath.Join(into, strings.Repeat("x", n)), strings.Repeat("y", 32))
			if err == nil {
				longest = n
				continue
			}
			mustContain(t, err.Error(), "deliver yyy", "is too long with what is added to it")
			break
		}
		if longest < 150 || longest == 214 {
			t.Errorf("the longest name has %d bytes", longest)
		}
	}
}

// everyOption is a delivery with each of the options.
const everyOption = `http://a.example.com {
	webhook_receiver /in {
		name shop
		verify_token x
		output file %s
		deliver http://localhost:3000/webhooks
		deliver billing-2 https://billing.example.com/in?a=b {
			as cloudevents
			sign whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3
			order strict
			concurrency 1
			rate 50
			timeout 10s
			retry 5s 5m 1h
			only order.* invoice.paid
			header X-Tenant acme
			header -User-Agent
			header +X-More {http.webhook_receiver.event.type}
			header X-Old a b
			transport http {
				dial_timeout 1s
				tls_server_name billing.internal
			}
		}
		deliver socket unix//run/app.sock:/webhooks {
			sign off
		}
	}
}
`

// TestDeliveriesInCaddyfile goes from there to JSON, and loads that.
func TestDeliveriesInCaddyfile(t *testing.T) {
	t.Setenv("XDG_DATA_HOME", t.TempDir())
	source := fmt.Sprintf("{\n\tadmin off\n\tauto_https off\n}\n"+everyOption, filepath.Join(t.TempDir(), "events.jsonl"))
	adapted, warnings, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(source), map[string]any{"filename": "Caddyfile"})
	if err != nil || len(warnings) > 0 { // one that is not formatted is warned of
		t.Fatal(err, warnings)
	}
	var config caddy.Config
	if err := caddy.StrictUnmarshalJSON(adapted, &config); err != nil {
		t.Fatal(err)
	}
	if err := caddy.Validate(&config); err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(adapted), `"deliver":`)
	var got []*deliver.Delivery
	if err := json.NewDecoder(strings.NewReader(rest)).Decode(&got); err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`{"url":"http://localhost:3000/webhooks"}`, `"name":"billing-2"`, `"url":"https://billing.example.com/in?a=b"`, `"as":"cloudevents"`, `"sign":"whsec_`,
		`"order":"strict"`, `"concurrency":1`, `"rate":50`, `"timeout":10000000000`, `"retry":[5000000000,300000000000,3600000000000]`, `"only":["order.*","invoice.paid"]`,
		`"X-Tenant":["acme"]`, `"delete":["User-Agent"]`, `"X-More":["{http.webhook_receiver.event.type}"]`, `"replace":{"X-Old"`,
		`"protocol":"http"`, `"server_name":"billing.internal"`, `"compression":false`, `{"name":"socket","url":"unix//run/app.sock:/webhooks","sign":"off"}`,
	} {
		mustContain(t, string(again), want)
	}
}

// awaitCertificateCache waits until the cache of certificates is maintained. If another
// config is provisioned before, Caddy's certmagic panics (a ticker without interval), and
// then waits forever for the cache to stop.
func awaitCertificateCache(t *testing.T) {
	t.Helper()
	eventually(t, "the cache of certificates is maintained", func() bool {
		stacks := make([]byte, 4<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		for _, stack := range strings.Split(string(stacks), "\n\n") {
			state, _, _ := strings.Cut(stack, "\n")
			if strings.Contains(stack, "certmagic.(*Cache).maintainAssets(") && strings.Contains(state, "[select") {
				return true
			}
		}
		return false
	})
}

// TestValidateDoesNothing: a config that is only validated sends, locks, writes and deletes nothing,
// where there is nothing yet and beside what there is.
func TestValidateDoesNothing(t *testing.T) {
	var requests atomic.Int32
	application := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests.Add(1) }))
	defer application.Close()
	dir := t.TempDir()
	events := filepath.Join(dir, "events.jsonl")
	sites := fmt.Sprintf("http://%s {\nwebhook_receiver /in {\nverify_token x\noutput file %s\ndeliver %s\n}\n}", freeAddress(t), events, application.URL)
	nothing := func(when string) {
		t.Helper()
		before := contents(t, dir)
		if err := validated(t, sites); err != nil {
			t.Fatal(err)
		}
		// Where something was begun, it would be within a tenth of a second.
		for end := time.Now().Add(500 * time.Millisecond); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
			if after := contents(t, dir); !reflect.DeepEqual(before, after) {
				t.Fatalf("%s: %v became %v", when, before, after)
			}
		}
	}
	nothing("at first")
	// Nor does one that is provisioned, and does not take effect for a while, or ever.
	var config caddy.Config
	if err := caddy.StrictUnmarshalJSON(adapted(t, "{\nadmin off\nauto_https off\n}\n"+sites), &config); err != nil {
		t.Fatal(err)
	}
	if _, err := caddy.ProvisionContext(&config); err != nil { // which nobody can cancel from here
		t.Fatal(err)
	}
	awaitCertificateCache(t)
	nothing("while it is provisioned")
	if n := requests.Load(); n != 0 {
		t.Errorf("%d requests", n)
	}

	runCaddy(t, sites)
	address, _, _ := strings.Cut(strings.TrimPrefix(sites, "http://"), " ")
	postTo(t, "http://"+address+"/in", `{"n":1}`)
	eventually(t, "delivered", func() bool { return requests.Load() == 1 })
	if err := caddy.Stop(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the delivery has ended", func() bool {
		held, err := lock.Open(events + ".socialboards.app.cursor.lock")
		if err == nil {
			held.Close()
		}
		return err == nil
	})
	// What was stored, and not delivered, while nobody delivers.
	f, err := os.OpenFile(events, os.O_APPEND|os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	line := lines(t, events)[0]
	if _, err := f.WriteString(strings.Replace(line, `{"n":1}`, `{"n":2}`, 1) + "\n"); err != nil {
		t.Fatal(err)
	}
	f.Close()
	nothing("beside a backlog")
	if n := requests.Load(); n != 1 {
		t.Errorf("%d requests", n)
	}
}

// contents returns the files in a directory, with what is in them.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string]string)
	for _, entry := range entries {
		b, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		found[entry.Name()] = string(b)
	}
	return found
}

// TestTokenOfDeliveries: an application gets the token as the provider sends it.
func TestTokenOfDeliveries(t *testing.T) {
	for options, want := range map[string]string{
		"provider chargebee\nsecret user:password": "Basic dXNlcjpwYXNzd29yZA==",
		"provider auth0\nsecret sesame":            "sesame",
	} {
		if got := provision(t, options+"\noutput log").tokenFields().Get("Authorization"); got != want {
			t.Errorf("%s: %q, want %q", options, got, want)
		}
	}
}
