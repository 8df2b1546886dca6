package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
)

// canary is a token that nothing may print.
const canary = "canary-token-7Hq2"

const good = "verify_token " + canary // what a row needs besides

// TestConfigErrors loads configs that are wrong into a running server, which
// must go on with the one that it has. The error must name the file and the
// line that ends with "# here"; elsewhere the file, a line and the option, or
// the option and the value.
func TestConfigErrors(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.env = append(s.env, "E2E_EMPTY=")
	s.mkdir("files", "directory")
	s.write("files/empty", "")
	s.write("files/newline", "\n")
	s.configure(site("verify_token "+rightToken, "output file {$DIR}/files/events.jsonl"))
	s.start()
	s.post(`{"EventType":"before"}`).wantStored(t)
	file := func(options ...string) []string {
		return append(append([]string{good, "output file {$DIR}/events.jsonl {"}, options...), "}")
	}
	long := strings.Repeat("x", 21)
	for _, test := range []struct {
		name    string
		options []string
		want    []string // is in the error
	}{
		{"unknown option", []string{good, "verify_tokens x # here"}, []string{"verify_tokens"}},
		{"option in capitals", []string{good, "Timeout 1s # here"}, []string{"Timeout"}},
		{"brace on a line of its own", []string{good, "{ # here", "timeout 1s", "}"}, nil},

		{"provider without a name", []string{good, "provider # here"}, []string{"provider"}},
		{"two providers", []string{good, "provider socialboards github # here"}, nil},
		{"provider twice", []string{good, "provider socialboards", "provider socialboards # here"}, []string{"provider"}},
		{"unknown provider", []string{good, "provider nobody # here"}, []string{"provider", "nobody"}},
		{"empty provider", []string{good, `provider ""`}, []string{"provider"}},
		{"provider with a block", []string{good, "provider socialboards { # here", "}"}, nil},

		{"no token", []string{"output log"}, []string{"verify_token"}},
		{"verify_token without a token", []string{"verify_token # here"}, []string{"verify_token"}},
		{"verify_token twice", []string{good, "verify_token other # here"}, []string{"verify_token"}},
		{"empty token", []string{`verify_token ""`}, []string{"verify_token"}},
		{"empty token beside another", []string{good + ` ""`}, []string{"verify_token"}},
		{"token of an unset variable", []string{"verify_token {env.E2E_UNSET}"}, []string{"verify_token", "E2E_UNSET"}},
		{"token of an empty variable", []string{"verify_token {env.E2E_EMPTY}"}, []string{"verify_token", "E2E_EMPTY"}},
		{"unset variable beside a token", []string{good + " {env.E2E_UNSET}"}, []string{"verify_token", "E2E_UNSET"}},
		{"unset variable inside a token", []string{"verify_token " + canary + "{env.E2E_UNSET}"}, []string{"verify_token", "E2E_UNSET"}},
		{"token of a missing file", []string{"verify_token {file.{$DIR}/files/missing}"}, []string{"verify_token", "missing"}},
		{"token of an empty file", []string{"verify_token {file.{$DIR}/files/empty}"}, []string{"verify_token", "empty"}},
		{"token of a file with an empty line", []string{"verify_token {file.{$DIR}/files/newline}"}, []string{"verify_token", "newline"}},
		{"token of an unknown placeholder", []string{"verify_token {nonsense.x}"}, []string{"verify_token", "no value"}},
		{"token of a placeholder of requests", []string{"verify_token {http.request.uri.query.verifyToken}"}, []string{"verify_token"}},
		{"file of a placeholder of requests", stored("output file {$DIR}/{http.request.host}.jsonl"), []string{"http.request.host"}},
		{"token with a block", []string{good + " { # here", "other", "}"}, nil},

		{"secret, which the provider does not use", []string{good, "secret " + canary + " # here"}, []string{"secret", "provider socialboards (the default, as none is written)"}},
		{"token of a provider that is named below", []string{good + " # here", "provider github", "secret " + canary}, []string{"verify_token", "provider github"}},
		{"secret that is no key", []string{"secret " + canary + " # here", "provider standard_webhooks"}, []string{"secret", "base64"}},
		{"tolerance, which the provider does not use", []string{good, "tolerance 5m # here"}, []string{"tolerance"}},
		{"dedupe without a key", []string{good, "dedupe 10m # here"}, []string{"dedupe", "{http.webhook_receiver.body_sha256}"}},
		{"misspelt option", []string{good, "timeuot 1s # here"}, []string{"did you mean timeout?"}},
		{"misspelt provider", []string{good, "provider gihub # here"}, []string{"did you mean github?"}},
		{"misspelt output", []string{good, "output fiel # here"}, []string{"did you mean file?"}},
		{"output that is not built in", []string{good, "output nats { # here", "}"}, []string{"xcaddy build --with "}},
		{"option of another block", []string{good, "sync always # here"}, []string{"sync", "output file"}},
		{"source without its kind", []string{"provider generic", "secret x", "signature {", "algorithm hmac-sha256", "from X-Signature # here", "}"}, []string{"did you mean header:X-Signature?"}},
		{"token in the place of its source", []string{"provider generic", "verification {", "token " + canary + " # here", "}"}, []string{"query:NAME"}},

		{"public_url without a URL", []string{good, "public_url # here"}, []string{"public_url"}},
		{"two public URLs", []string{good, "public_url https://a.example https://b.example # here"}, nil},
		{"public_url twice", []string{good, "public_url https://a.example", "public_url https://a.example # here"}, []string{"public_url"}},
		{"public_url that is none", []string{good, `public_url "not a url"`}, []string{"public_url", "not a url"}},
		{"public_url with a bad escape", []string{good, "public_url https://a.example/%zz"}, []string{"public_url", "%zz"}},
		{"public_url without a scheme", []string{good, "public_url a.example/x"}, []string{"public_url", "a.example/x"}},
		{"public_url without a host", []string{good, "public_url https:///x"}, []string{"public_url", "https:///x"}},
		{"public_url of a path", []string{good, "public_url /x"}, []string{"public_url", "/x"}},
		{"public_url with an open bracket", []string{good, "public_url https://[::1/x"}, []string{"public_url"}},
		{"empty public_url", []string{good, `public_url ""`}, []string{"public_url"}},

		{"output without a name", []string{good, "output # here"}, []string{"output"}},
		{"unknown output", []string{good, "output nowhere # here"}, []string{"nowhere"}},
		{"two file names", []string{good, "output file {$DIR}/files/a {$DIR}/files/b # here"}, nil},
		{"output log with an argument", []string{good, "output log x # here"}, nil},
		{"output log with an option", []string{good, "output log {", "format raw # here", "}"}, nil},
		{"empty file name", []string{good, `output file ""`}, []string{"filename"}},
		{"file name of an unset variable", []string{good, "output file {env.E2E_UNSET}"}, []string{"E2E_UNSET"}},
		{"file name of an unknown placeholder", []string{good, "output file {$DIR}/files/{nonsense.x}.jsonl"}, []string{"nonsense.x"}},
		{"file name that is a directory", []string{good, "output file {$DIR}/files/directory"}, []string{"directory"}},
		{"file name that ends with a slash", []string{good, "output file {$DIR}/files/new/"}, []string{"new/"}},
		{"file below a file", []string{good, "output file {$DIR}/files/empty/x/events.jsonl"}, []string{"empty/x/events.jsonl"}},
		{"file where none can be made", []string{good, "output file /proc/e2e/events.jsonl"}, []string{"/proc/e2e/events.jsonl"}},
		{"file name with NUL", []string{good, "output file \"{$DIR}/files/a\x00b\""}, []string{"NUL"}},
		{"file name of a compressed file", []string{good, "output file {$DIR}/files/events.jsonl.gz # here"}, []string{"must not end with .gz"}},
		{"file name of a rotated file", []string{good, "output file {$DIR}/files/events-2026-11-23T17-04-58.123.jsonl # here"}, []string{"like a rotated file"}},
		{"file name that is too long", []string{good, "output file {$DIR}/files/" + strings.Repeat("x", 300)}, []string{"xxx"}},
		{"file as the second output", []string{good, "output log", "output file {$DIR}/files/empty/events.jsonl"}, []string{"empty/events.jsonl"}},

		{"unknown file option", file("colour blue # here"), []string{"colour"}},
		{"sync without a value", file("sync # here"), []string{"sync"}},
		{"sync with two values", file("sync always off # here"), nil},
		{"sync twice", file("sync always", "sync always # here"), []string{"sync"}},
		{"sync that is none", file("sync sometimes"), []string{"sync", "sometimes"}},
		{"sync below zero", file("sync -1s"), []string{"sync", "-1s"}},
		{"sync of zero", file("sync 0s"), []string{"sync"}},
		{"sync without a unit", file("sync 5"), []string{"sync", "5"}},
		{"mode without a value", file("mode # here"), []string{"mode"}},
		{"mode with two values", file("mode 0600 0644 # here"), nil},
		{"mode twice", file("mode 0600", "mode 0600 # here"), []string{"mode"}},
		{"mode that is not octal", file("mode 0689"), []string{"mode", "0689"}},
		{"mode in letters", file("mode rw-r--r-- # here"), []string{"mode", "rw-r--r--", "octal such as 0640"}},
		{"mode below zero", file("mode -1"), []string{"mode", "-1"}},
		{"mode that is too large", file("mode 77777777"), []string{"mode", "77777777"}},
		{"dir_mode without a value", file("dir_mode # here"), []string{"dir_mode"}},
		{"dir_mode twice", file("dir_mode 0700", "dir_mode 0700 # here"), []string{"dir_mode"}},
		{"dir_mode that is not octal", file("dir_mode 0o799"), []string{"dir_mode", "0o799"}},
		{"format without a value", file("format # here"), []string{"format"}},
		{"format twice", file("format raw", "format raw # here"), []string{"format"}},
		{"unknown format", file("format xml"), []string{"format", "xml"}},
		{"roll_size without a size", file("roll_size # here"), []string{"roll_size"}},
		{"roll_size twice", file("roll_size 1MB", "roll_size 1MB # here"), []string{"roll_size"}},
		{"roll_size that is none", file("roll_size big"), []string{"roll_size", "big"}},
		{"roll_size below zero", file("roll_size -1"), []string{"roll_size", "-1"}},
		{"roll_interval that is none", file("roll_interval daily # here"), []string{"roll_interval", "daily", "must be a duration such as 24h or off"}},
		{"roll_interval below zero", file("roll_interval -1h"), []string{"roll_interval", "-1h"}},
		{"roll_interval twice", file("roll_interval 1h", "roll_interval 1h # here"), []string{"roll_interval"}},
		{"roll_keep that is none", file("roll_keep many"), []string{"roll_keep", "many"}},
		{"roll_keep below zero", file("roll_keep -1"), []string{"roll_keep", "-1"}},
		{"roll_keep with a fraction", file("roll_keep 1.5"), []string{"roll_keep", "1.5"}},
		{"roll_keep_for that is none", file("roll_keep_for 90"), []string{"roll_keep_for", "90"}},
		{"roll_keep_for below zero", file("roll_keep_for -1d"), []string{"roll_keep_for", "-1d"}},
		{"unknown roll_compress", file("roll_compress xz"), []string{"roll_compress", "xz"}},
		{"roll_compress with two values", file("roll_compress gzip zstd # here"), nil},
		{"file option with a block", file("format raw { # here", "}"), nil},

		{"attribute without a name", []string{good, "attribute # here"}, []string{"attribute"}},
		{"attribute without a value", []string{good, "attribute a # here"}, nil},
		{"attribute with two values", []string{good, "attribute a b c # here"}, nil},
		{"attribute twice", []string{good, "attribute a b", "attribute a c # here"}, []string{"attribute"}},
		{"attribute name in capitals", []string{good, "attribute Tenant a"}, []string{"attribute", "Tenant"}},
		{"attribute name with an underscore", []string{good, "attribute my_name a"}, []string{"attribute", "my_name"}},
		{"attribute name with a hyphen", []string{good, "attribute my-name a"}, []string{"attribute", "my-name"}},
		{"attribute name with a letter beyond ASCII", []string{good, "attribute né a"}, []string{"attribute", "né"}},
		{"attribute name that is too long", []string{good, "attribute " + long + " a"}, []string{"attribute", long}},
		{"empty attribute name", []string{good, `attribute "" a`}, []string{"attribute"}},
		{"attribute name with quotes", []string{good, "attribute `a\"` a"}, []string{"attribute"}},

		{"max_body_size without a size", []string{good, "max_body_size # here"}, []string{"max_body_size"}},
		{"two sizes", []string{good, "max_body_size 1 MiB # here"}, nil},
		{"max_body_size twice", []string{good, "max_body_size 1MiB", "max_body_size 1MiB # here"}, []string{"max_body_size"}},
		{"max_body_size that is none", []string{good, "max_body_size big # here"}, []string{"max_body_size", "big"}},
		{"max_body_size of zero", []string{good, "max_body_size 0"}, []string{"max_body_size", "0"}},
		{"max_body_size below zero", []string{good, "max_body_size -1"}, []string{"max_body_size", "-1"}},
		{"max_body_size beyond int64", []string{good, "max_body_size 9EiB"}, []string{"max_body_size"}},
		{"max_body_size far beyond int64", []string{good, "max_body_size 18446744073709551615"}, []string{"max_body_size"}},

		{"timeout without a duration", []string{good, "timeout # here"}, []string{"timeout"}},
		{"two timeouts", []string{good, "timeout 1s 2s # here"}, nil},
		{"timeout twice", []string{good, "timeout 1s", "timeout 1s # here"}, []string{"timeout"}},
		{"timeout that is none", []string{good, "timeout soon"}, []string{"timeout", "soon"}},
		{"timeout without a unit", []string{good, "timeout 15 # here"}, []string{"timeout", "15"}},
		{"timeout of zero", []string{good, "timeout 0s"}, []string{"timeout", "0"}},
		{"timeout below zero", []string{good, "timeout -1s"}, []string{"timeout", "-1s"}},
		{"timeout beyond int64", []string{good, "timeout 999999999h"}, []string{"timeout"}},

		{"accept without a value", []string{good, "accept # here"}, []string{"accept"}},
		{"accept with two values", []string{good, "accept json any # here"}, nil},
		{"accept twice", []string{good, "accept any", "accept any # here"}, []string{"accept"}},
		{"unknown accept", []string{good, "accept xml # here"}, []string{"accept", "xml"}},
		{"empty accept", []string{good, `accept ""`}, []string{"accept"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s.in(t).wantConfigError(site(test.options...), test.want)
		})
	}
	for _, name := range []string{"specversion", "id", "source", "type", "subject", "time", "datacontenttype", "data"} {
		t.Run("attribute "+name, func(t *testing.T) {
			s.in(t).wantConfigError(site(good, "attribute "+name+" x"), []string{"attribute", name})
		})
	}
	t.Run("an argument behind the matcher", func(t *testing.T) {
		s.in(t).wantConfigError("http:// {\n\twebhook_receiver /webhooks x { # here\n\t\t"+good+"\n\t}\n}\n", nil)
	})
	t.Run("an argument instead of the matcher", func(t *testing.T) {
		s.in(t).wantConfigError("http:// {\n\twebhook_receiver socialboards { # here\n\t\t"+good+"\n\t}\n}\n", nil)
	})
	t.Run("no block", func(t *testing.T) {
		s.in(t).wantConfigError("http:// {\n\twebhook_receiver\n}\n", []string{"verify_token"})
	})
	t.Run("an empty block", func(t *testing.T) {
		s.in(t).wantConfigError("http:// {\n\twebhook_receiver {\n\t}\n}\n", []string{"verify_token"})
	})

	s.post(`{"EventType":"after"}`).wantStored(t)
	s.verify("x", rightToken).want(t, 200)
	if stored := records(t, s.path("files", "events.jsonl")); len(stored) != 2 {
		t.Errorf("%d events stored, want 2", len(stored))
	}
	if strings.Contains(s.log(), canary) {
		t.Error("the log shows a token")
	}
}

// wantConfigError checks that a config is refused for a good reason, and
// leaves nothing behind.
func (s *server) wantConfigError(sites string, want []string) {
	s.t.Helper()
	before := tree(s.t, s.path("files"))
	status, message := s.load(sites)
	if status != 400 {
		s.t.Fatalf("loading the config: %d %s", status, message)
	}
	s.checkConfigError(sites, message, want)
	if after := tree(s.t, s.path("files")); after != before {
		s.t.Errorf("the config left something:\n%s\nbefore:\n%s", after, before)
	}
}

func (s *server) checkConfigError(sites, message string, want []string) {
	s.t.Helper()
	if here := lineOf(sites); here != 0 {
		want = append(want, fmt.Sprintf("Caddyfile:%d", here))
	} else if strings.Contains(message, "Caddyfile:") {
		want = want[:1]
	}
	for _, part := range want {
		if !strings.Contains(message, part) {
			s.t.Errorf("the error does not say %q: %s", part, message)
		}
	}
	if strings.Contains(message, canary) {
		s.t.Errorf("the error shows the token: %s", message)
	}
}

// lineOf is the number of the line that ends with "# here", 0 for none.
func lineOf(sites string) int {
	for i, line := range strings.Split(caddyfile(sites), "\n") {
		if strings.HasSuffix(line, "# here") {
			return i + 1
		}
	}
	return 0
}

// TestCommandsReportConfigErrors is the same from the command line.
func TestCommandsReportConfigErrors(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		commands []string
		options  []string
		want     []string
	}{
		{"unknown option", []string{"adapt", "validate"}, []string{good, "nonsense # here"}, []string{"nonsense"}},
		{"missing argument", []string{"adapt", "validate"}, []string{good, "timeout # here"}, []string{"timeout"}},
		{"repeated token", []string{"adapt", "validate"}, []string{good, "verify_token " + canary + " # here"}, []string{"verify_token"}},
		{"no token", []string{"validate"}, nil, []string{"verify_token"}},
		{"unset variable", []string{"validate"}, []string{"verify_token " + canary + "{env.E2E_UNSET}"}, []string{"verify_token", "E2E_UNSET"}},
		{"file below a file", []string{"validate"}, []string{good, "output file {$DIR}/Caddyfile/events.jsonl"}, []string{"Caddyfile/events.jsonl"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.configure(site(test.options...))
			before := tree(t, s.dir)
			for _, command := range test.commands {
				out, err := s.run(command, "--adapter", "caddyfile", "--config", s.path("Caddyfile"))
				if err == nil {
					t.Fatalf("caddy %s: no error:\n%s", command, out)
				}
				s.checkConfigError(site(test.options...), out, test.want)
			}
			if after := tree(t, s.dir); after != before {
				t.Errorf("something is left:\n%s\nbefore:\n%s", after, before)
			}
		})
	}
}

// TestOptions loads each option's good values.
func TestOptions(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.env = append(s.env, "E2E_TOKEN=token", "E2E_NAME=named")
	s.mkdir("files")
	s.write("token", "token\n")
	s.configure(site(good))
	s.start()
	file := func(options string) string { return "output file {$DIR}/files/events.jsonl {\n" + options + "\n}" }
	for _, options := range [][]string{
		{},
		{"provider socialboards"},
		{"public_url https://hooks.example.test/webhooks"},
		{"public_url http://hooks.example.test:8080"},
		{"output file"},
		{"output file {$DIR}/files/events.jsonl"},
		{"output file relative/events.jsonl"},
		{`output file "{$DIR}/files/with space/żółw.jsonl"`},
		{"output file {$DIR}/files/{env.E2E_NAME}/events.jsonl"},
		{"output file {\n}"},
		{"output file {\nsync off\n}"},
		{file("sync always")},
		{file("sync off")},
		{file("sync 1s")},
		{file("sync 250ms")},
		{file("sync 1h")},
		{file("sync 1d")},
		{file("mode 0600")},
		{file("mode 640")},
		{file("mode 0644\ndir_mode 0755")},
		{file("dir_mode 750")},
		{file("format cloudevents")},
		{file("format raw")},
		{file("roll_size 0")},
		{file("roll_size 1GiB\nroll_interval 24h\nroll_keep 10\nroll_keep_for 90d\nroll_compress zstd")},
		{file("roll_interval 0")},
		{file("roll_keep 0\nroll_keep_for 0\nroll_compress off")},
		{file("sync 1s\nmode 0640\ndir_mode 0750\nformat raw")},
		{"output log"},
		{"output log {\n}"},
		{"output log", "output file {$DIR}/files/a", "output file {$DIR}/files/b", "output log"},
		{"attribute tenant acme"},
		{"attribute a b", "attribute c {env.E2E_UNSET}", `attribute d ""`, "attribute 1 2"},
		{"attribute " + strings.Repeat("x", 20) + " y"},
		{"max_body_size 1"},
		{"max_body_size 1MB"},
		{"max_body_size 64KiB"},
		{"max_body_size 1GiB"},
		{"timeout 1s"},
		{"timeout 500ms"},
		{"timeout 1m30s"},
		{"timeout 1d"},
		{"accept json"},
		{"accept any"},
	} {
		before := tree(t, s.path("files"))
		options = append(options, "verify_token a {env.E2E_TOKEN} {file.{$DIR}/token}")
		if status, answer := s.load(site(options...)); status != 200 {
			t.Errorf("%q: %d %s", options, status, answer)
		}
		if after := tree(t, s.path("files")); after != before {
			t.Errorf("%q: loading left something:\n%s\nbefore:\n%s", options, after, before)
		}
	}
}

// TestAdapt has the JSON that the Caddyfile becomes.
func TestAdapt(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.configure(site(
		"provider socialboards",
		"verify_token {env.A} b",
		"public_url https://hooks.example.test/webhooks",
		"output file {$DIR}/events.jsonl {", "sync 5s", "mode 0640", "dir_mode 0750", "format raw", "}",
		"output log",
		"attribute tenant acme",
		"attribute region {env.REGION}",
		"max_body_size 1MiB",
		"timeout 10s",
		"accept any",
	))
	out, err := s.run("adapt", "--adapter", "caddyfile", "--config", s.path("Caddyfile"))
	if err != nil {
		t.Fatal(out)
	}
	handler := findHandler(t, out[strings.Index(out, `{"admin"`):])
	got, _ := json.Marshal(handler)
	want := fmt.Sprintf(`{"accept":"any","attributes":{"region":"{env.REGION}","tenant":"acme"},"handler":"webhook_receiver","max_body_size":1048576,`+
		`"outputs":[{"dir_mode":"0750","filename":"%s","format":"raw","mode":"0640","output":"file","sync":"5s"},{"output":"log"}],`+
		`"provider":"socialboards","public_url":"https://hooks.example.test/webhooks","timeout":10000000000,"verify_tokens":["{env.A}","b"]}`, s.path("events.jsonl"))
	if string(got) != want {
		t.Errorf("adapted to\n%s, want\n%s", got, want)
	}
}

// findHandler finds the receiver in a config.
func findHandler(t *testing.T, config string) map[string]any {
	t.Helper()
	var root any
	if err := json.NewDecoder(strings.NewReader(config)).Decode(&root); err != nil {
		t.Fatalf("%v: %s", err, config)
	}
	var search func(any) map[string]any
	search = func(v any) map[string]any {
		switch v := v.(type) {
		case map[string]any:
			if v["handler"] == "webhook_receiver" {
				return v
			}
			for _, inner := range v {
				if found := search(inner); found != nil {
					return found
				}
			}
		case []any:
			for _, inner := range v {
				if found := search(inner); found != nil {
					return found
				}
			}
		}
		return nil
	}
	found := search(root)
	if found == nil {
		t.Fatalf("no receiver in %s", config)
	}
	return found
}

// jsonConfig is a config of one receiver at the plain address.
func (s *server) jsonConfig(handler string) string {
	return fmt.Sprintf(`{"admin":{"listen":%q},"apps":{"http":{"servers":{"s":{"listen":["127.0.0.1:%s"],"automatic_https":{"disable":true},
		"routes":[{"handle":[%s]}]}}}}}`, s.admin, strings.TrimPrefix(s.http, "localhost:"), handler)
}

func TestJSONConfigs(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.mkdir("files")
	s.configure(site(good))
	s.start()
	for _, test := range []struct {
		name, fields string
		want         []string // of the error; nil where it is valid
	}{
		{"the least", `"verify_tokens":["a"]`, nil},
		{"everything", `"provider":"socialboards","verify_tokens":["a","{env.DIR}"],"public_url":"https://a.example/x","max_body_size":1,"timeout":"1d","accept":"json",
			"attributes":{"a":"b"},"outputs":[{"output":"file","filename":"{env.DIR}/files/a","sync":"1s","mode":"0640","dir_mode":"0750","format":"raw"},{"output":"log"}]`, nil},
		{"no outputs", `"verify_tokens":["a"],"outputs":[]`, nil},
		{"null outputs", `"verify_tokens":["a"],"outputs":null`, nil},
		{"no rotation", `"verify_tokens":["a"],"outputs":[{"output":"file","roll_size":0,"roll_interval":0,"roll_keep":0,"roll_keep_for":0,"roll_compress":"off"}]`, nil},
		{"rotation", `"verify_tokens":["a"],"outputs":[{"output":"file","roll_size":1000000,"roll_interval":"24h","roll_keep":3,"roll_keep_for":"90d","roll_compress":"gzip"}]`, nil},
		{"roll_size below zero", `"verify_tokens":["a"],"outputs":[{"output":"file","roll_size":-1}]`, []string{"roll_size", "-1"}},
		{"roll_keep below zero", `"verify_tokens":["a"],"outputs":[{"output":"file","roll_keep":-1}]`, []string{"roll_keep", "-1"}},
		{"a bad roll_compress", `"verify_tokens":["a"],"outputs":[{"output":"file","roll_compress":"xz"}]`, []string{"roll_compress", "xz"}},
		{"timeout in nanoseconds", `"verify_tokens":["a"],"timeout":1000000000`, nil},

		{"no tokens", `"provider":"socialboards"`, []string{"verify_token"}},
		{"empty tokens", `"verify_tokens":[]`, []string{"verify_token"}},
		{"an empty token", `"verify_tokens":["` + canary + `",""]`, []string{"verify_token"}},
		{"a token of an unset variable", `"verify_tokens":["` + canary + `{env.E2E_UNSET}"]`, []string{"verify_token", "E2E_UNSET"}},
		{"tokens that are no list", `"verify_tokens":"` + canary + `"`, []string{"verify_tokens"}},
		{"an unknown field", `"verify_tokens":["a"],"verify_token":"x"`, []string{"verify_token"}},
		{"an unknown provider", `"verify_tokens":["a"],"provider":"nobody"`, []string{"provider", "nobody"}},
		{"max_body_size of zero", `"verify_tokens":["a"],"max_body_size":0`, []string{"max_body_size", "0"}},
		{"max_body_size below zero", `"verify_tokens":["a"],"max_body_size":-1`, []string{"max_body_size", "-1"}},
		{"timeout of zero", `"verify_tokens":["a"],"timeout":0`, []string{"timeout", "0"}},
		{"timeout of zero as text", `"verify_tokens":["a"],"timeout":"0s"`, []string{"timeout", "0"}},
		{"timeout below zero", `"verify_tokens":["a"],"timeout":"-1s"`, []string{"timeout", "-1s"}},
		{"an unknown accept", `"verify_tokens":["a"],"accept":"xml"`, []string{"accept", "xml"}},
		{"a bad public_url", `"verify_tokens":["a"],"public_url":"x"`, []string{"public_url"}},
		{"a bad attribute name", `"verify_tokens":["a"],"attributes":{"A":"b"}`, []string{"attribute", "A"}},
		{"a reserved attribute name", `"verify_tokens":["a"],"attributes":{"data":"b"}`, []string{"attribute", "data"}},
		{"an output without a name", `"verify_tokens":["a"],"outputs":[{"filename":"/tmp/x"}]`, []string{"output"}},
		{"an unknown output", `"verify_tokens":["a"],"outputs":[{"output":"nowhere"}]`, []string{"nowhere"}},
		{"an unknown field of a file", `"verify_tokens":["a"],"outputs":[{"output":"file","path":"/tmp/x"}]`, []string{"path"}},
		{"an unknown field of the log", `"verify_tokens":["a"],"outputs":[{"output":"log","level":"info"}]`, []string{"level"}},
		{"a bad sync", `"verify_tokens":["a"],"outputs":[{"output":"file","sync":"sometimes"}]`, []string{"sync", "sometimes"}},
		{"a bad mode", `"verify_tokens":["a"],"outputs":[{"output":"file","mode":"0688"}]`, []string{"mode", "0688"}},
		{"a mode as a number", `"verify_tokens":["a"],"outputs":[{"output":"file","mode":384}]`, []string{"mode"}},
		{"a bad format", `"verify_tokens":["a"],"outputs":[{"output":"file","format":"xml"}]`, []string{"format", "xml"}},
		{"a file that cannot be made", `"verify_tokens":["a"],"outputs":[{"output":"file","filename":"/proc/e2e/x"}]`, []string{"/proc/e2e/x"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := s.in(t)
			before := tree(t, s.path("files"))
			status, message := s.loadAs("application/json", s.jsonConfig(`{"handler":"webhook_receiver",`+test.fields+`}`))
			if (status == 200) != (test.want == nil) {
				t.Errorf("loading: %d %s", status, message)
			}
			for _, part := range test.want {
				if !strings.Contains(message, part) {
					t.Errorf("the error does not say %q: %s", part, message)
				}
			}
			if strings.Contains(message, canary) {
				t.Errorf("the error shows the token: %s", message)
			}
			if after := tree(t, s.path("files")); after != before {
				t.Errorf("the config left something:\n%s", after)
			}
		})
	}
	if strings.Contains(s.log(), canary+"{env") {
		t.Error("the log shows a token")
	}
}

func TestOrderNeedsNoOption(t *testing.T) {
	t.Parallel()
	s := start(t, "http:// {\n\trespond \"fallback\" 418\n"+directive("/webhooks", stored()...)+"}\n")
	if a := s.verify("x", rightToken); a.body != "x" {
		t.Errorf("the receiver is not reached: %d %q", a.status, a.body)
	}
	s.post("{}").wantStored(t)
	if a := s.postTo("/other", "{}"); a.status != 418 || a.body != "fallback" {
		t.Errorf("another path: %d %q", a.status, a.body)
	}
}

func TestDefaultOutput(t *testing.T) {
	t.Parallel()
	s := start(t, site("verify_token a"))
	path := s.path("data", "caddy", "webhooks", "events.jsonl")
	if !strings.Contains(s.log(), `"`+path+`"`) {
		t.Errorf("the path %s is not logged", path)
	}
	if _, err := os.Stat(s.path("data", "caddy", "webhooks")); !os.IsNotExist(err) {
		t.Errorf("the directory is there before the first event: %v", err)
	}
	s.post(`{"EventType":"first"}`).wantStored(t)
	if r := records(t, path); len(r) != 1 || r[0].kind() != "first" {
		t.Errorf("stored: %v", r)
	}
	checkMode(t, path, 0o600)
	checkMode(t, s.path("data", "caddy", "webhooks"), 0o700)
}

func checkMode(t *testing.T, path string, want os.FileMode) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != want {
		t.Errorf("%s has the mode %v, want %v", path, got, want)
	}
}

func TestRelativeFilenameIsLoggedResolved(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.env = append(s.env, "E2E_NAME=named")
	s.configure(site("verify_token a", "output file logs/../{env.E2E_NAME}.jsonl"))
	s.start()
	if path := s.path("named.jsonl"); !strings.Contains(s.log(), `"`+path+`"`) {
		t.Errorf("the path %s is not logged", path)
	}
	s.post("{}").wantStored(t)
	if r := records(t, s.path("named.jsonl")); len(r) != 1 {
		t.Errorf("stored: %v", r)
	}
}

func TestWarningWithoutADurableOutput(t *testing.T) {
	t.Parallel()
	durable := start(t, site(stored("output log")...))
	if w := durable.entries(ours("warn")); len(w) != 0 {
		t.Errorf("warnings with a durable output: %v", w)
	}
	s := start(t, site("verify_token a", "output log"))
	if w := s.entries(ours("warn")); len(w) == 0 {
		t.Error("no warning without a durable output")
	}
	s.post("{}").wantStored(t)
}

// TestLoadingLeavesNothing compares the directories of files that are there,
// missing, and missing with their directories, beside a server that serves.
func TestLoadingLeavesNothing(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.mkdir("events", "present")
	s.write("events/present/whole.jsonl", "{}\n")
	s.write("events/present/torn.jsonl", `{"specversion":`)
	s.write("events/present/empty.jsonl", "")
	if err := os.Symlink(s.path("events", "nowhere", "target.jsonl"), s.path("events", "dangling.jsonl")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("present/whole.jsonl", s.path("events", "link.jsonl")); err != nil {
		t.Fatal(err)
	}
	var options []string
	for _, name := range []string{"present/whole.jsonl", "present/torn.jsonl", "present/empty.jsonl", "present/missing.jsonl", "link.jsonl", "missing/events.jsonl", "missing/a/b/c/events.jsonl"} {
		options = append(options, "output file {$DIR}/events/"+name)
	}
	s.configure(site(append(options, good)...))
	before := tree(t, s.path("events"))
	validate := func(when string) {
		t.Helper()
		if out, err := s.run("validate", "--adapter", "caddyfile", "--config", s.path("Caddyfile")); err != nil {
			t.Fatalf("%s: %v\n%s", when, err, out)
		}
		if after := tree(t, s.path("events")); after != before {
			t.Errorf("%s: something changed:\n%s\nbefore:\n%s", when, after, before)
		}
	}
	validate("before the start")
	s.start()
	validate("beside a server without an event")
	s.reload(site(append(options, good, "timeout 7s")...))
	validate("after a reload")

	s.post("{}").wantStored(t)
	before = tree(t, s.path("events"))
	validate("beside a server with an event")
	s.post("{}").wantStored(t)
	for _, name := range []string{"present/whole.jsonl", "present/empty.jsonl", "present/missing.jsonl", "missing/events.jsonl", "missing/a/b/c/events.jsonl"} {
		if n := len(lines(t, s.path("events", name))); n < 2 {
			t.Errorf("%s has %d lines", name, n)
		}
	}
}

// Traffic and "caddy validate" at the same time do not disturb each other.
func TestValidateBesideTraffic(t *testing.T) {
	t.Parallel()
	s := start(t, site(stored()...))
	traffic := s.traffic(4, "http://"+s.http+"/webhooks")
	for range 5 {
		if out, err := s.run("validate", "--adapter", "caddyfile", "--config", s.path("Caddyfile")); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	}
	traffic.stop()
	traffic.wantNoFailure()
	traffic.wantEachOnce(lines(t, s.path("events.jsonl")))
}
