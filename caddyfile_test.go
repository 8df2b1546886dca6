package webhookreceiver

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	_ "github.com/caddyserver/caddy/v2/modules/standard"
)

var update = flag.Bool("update", false, "write testdata/adapt and PROVIDERS.md anew")

// TestAdapt compares Caddyfiles with what is below them: the JSON, or a part of
// the error.
func TestAdapt(t *testing.T) {
	files, err := filepath.Glob("testdata/adapt/*.caddyfiletest")
	if err != nil || len(files) == 0 {
		t.Fatal("no tests", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			source, want, _ := strings.Cut(string(b), "----------\n")
			got, err := adapt(source)
			if want != "" && want[0] != '{' {
				if err == nil {
					t.Fatalf("no error, want %q", want)
				}
				mustContain(t, err.Error(), strings.TrimSpace(want))
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if *update {
				if err := os.WriteFile(file, []byte(source+"----------\n"+got+"\n"), 0o600); err != nil {
					t.Fatal(err)
				}
			} else if got != strings.TrimSpace(want) {
				t.Errorf("adapted to\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func adapt(source string) (string, error) {
	adapted, warnings, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(source), nil)
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	if err := json.Indent(&b, adapted, "", "\t"); err != nil {
		return "", err
	}
	for _, w := range warnings {
		b.WriteString("\nwarning: " + w.String())
	}
	return b.String(), nil
}

// TestCaddyfileErrors has what can be told from the Caddyfile alone: the error
// names the line, which is the last of the options here.
func TestCaddyfileErrors(t *testing.T) {
	for options, want := range map[string]string{
		"unknown":                                    "unrecognized option 'unknown'",
		"verify_tokens a":                            "unrecognized option 'verify_tokens'; did you mean verify_token?",
		"provider":                                   "provider takes ",
		"provider a b":                               "provider takes ",
		"provider nobody":                            `provider "nobody": not known; caddy webhook providers lists those that are`,
		"provider \"\"":                              "provider is empty",
		"provider socialboards\nprovider x":          "provider is already specified",
		"verify_token":                               "verify_token takes ",
		"verify_token \"\"":                          "verify_token is empty",
		"verify_token a \"\"":                        "verify_token is empty",
		"verify_token a\nverify_token b":             "verify_token is already specified",
		"secret":                                     "secret takes ",
		"secret \"\"":                                "secret is empty",
		"secret a\nsecret b":                         "secret is already specified",
		"public_url":                                 "public_url takes ",
		"public_url https://a https://b":             "public_url takes ",
		"public_url \"\"":                            "public_url is empty",
		"public_url hooks.example.com":               "must be an absolute http or https URL",
		"public_url /webhooks":                       "must be an absolute http or https URL",
		"public_url ftp://h/":                        "must be an absolute http or https URL",
		"public_url https://h/%zz":                   `public_url: invalid URL escape "%zz"`,
		"public_url https://h/#x":                    "must be an absolute http or https URL",
		"public_url https://:80/":                    "must be an absolute http or https URL",
		"tolerance":                                  "tolerance takes ",
		"tolerance 0":                                "must be positive",
		"tolerance soon":                             "must be a duration such as 5m",
		"public_url https://h:x/":                    "public_url",
		"public_url https://a\npublic_url b":         "public_url is already specified",
		"public_url https://u:s3cret/x@h/":           "not shown",
		"public_url https://u:s3cret@h:x/":           "not shown",
		"public_url https://u:s3cret%40h":            "not shown",
		"public_url https://u:s3cr et@h/":            "takes one URL",
		"verify_token a\ns3cret b":                   "unrecognized option; it is not shown",
		"secret a\ns3cret":                           "unrecognized option; it is not shown, as it may be a secret",
		"secret a\ntimeout 1s\nunknown":              "unrecognized option 'unknown'",
		"output":                                     "output takes ",
		"output nothing":                             "http.webhook_receiver.outputs.nothing",
		"output log x":                               "it takes ",
		"output log {\nx\n}":                         "unrecognized option 'x'",
		"output file a b":                            "it takes ",
		"output file \"\"":                           "filename is empty",
		"output file /x/":                            "name a file in it, such as /x/events.jsonl",
		"output file /x/..":                          "name a file in it",
		"output file \"/x/a\x00b\"":                  "without NUL",
		"output file x.jsonl.GZ":                     "must not end with .gz",
		"output file x.zst":                          "must not end with .zst",
		"output file {\n}\noutput file x.tmp":        "must not end with .tmp",
		"output file e-2026-11-23T17-04-58.123.log":  "is named like a rotated file",
		"output file " + strings.Repeat("x", 215):    "is too long",
		"output file {\nunknown x\n}":                "unrecognized option 'unknown'",
		"output file {\nsync\n}":                     "sync takes ",
		"output file {\nsync always now\n}":          "sync takes ",
		"output file {\nsync sometimes\n}":           `sync "sometimes": must be a duration such as 1s, always or off`,
		"output file {\nsync 0\n}":                   "a duration such as 1s, always or off",
		"output file {\nsync 0s\n}":                  "a duration such as 1s, always or off",
		"output file {\nsync -1s\n}":                 "a duration such as 1s, always or off",
		"output file {\nsync off\nsync off\n}":       "sync is already specified",
		"output file {\nmode\n}":                     "mode takes ",
		"output file {\nmode 0888\n}":                `mode "0888": must be octal such as 0640`,
		"output file {\nmode rw\n}":                  "must be octal such as 0",
		"output file {\nmode 0\n}":                   "must be octal such as 0",
		"output file {\nmode 0440\n}":                "must be octal such as 0",
		"output file {\nmode 4777\n}":                "must be octal such as 0",
		"output file {\nmode 600\nmode 600\n}":       "mode is already specified",
		"output file {\ndir_mode 0600\n}":            "must let the owner enter",
		"output file {\ndir_mode x\n}":               "must be octal such as 0",
		"output file {\nformat xml\n}":               `format "xml": must be cloudevents or raw`,
		"output file {\nformat\n}":                   "format takes ",
		"output file {\nformat raw\nformat b\n}":     "format is already specified",
		"output file {\nroll_size\n}":                "roll_size takes ",
		"output file {\nroll_size big\n}":            "must be a size such as 100MiB or off",
		"output file {\nroll_size -1\n}":             "must be a size such as 100MiB or off",
		"output file {\nroll_size 9EiB\n}":           "less than 8 EiB",
		"output file {\nroll_interval x\n}":          "must be a duration such as 24h or off",
		"output file {\nroll_interval -1h\n}":        "must not be negative",
		"output file {\nroll_keep x\n}":              "must be a number such as 30",
		"output file {\nroll_keep -1\n}":             "must be a number such as 30",
		"output file {\nroll_keep 1.5\n}":            "must be a number such as 30",
		"output file {\nroll_keep_for x\n}":          "must be a duration such as 90d or 0",
		"output file {\nroll_keep_for -1d\n}":        "must not be negative",
		"output file {\nroll_compress xz\n}":         `roll_compress "xz": must be off, gzip or zstd`,
		"output file {\nroll_compress on\n}":         "must be off, gzip or zstd",
		"output file {\nroll_keep 1\nroll_keep 2\n}": "roll_keep is already specified",
		"attribute":                                  "attribute takes ",
		"attribute a":                                "attribute takes ",
		"attribute a b c":                            "attribute takes ",
		"attribute A b":                              `attribute "A": the name must be 1 to 20`,
		"attribute a_b c":                            "the name must be 1 to 20",
		"attribute \"\" c":                           "the name must be 1 to 20",
		"attribute abcdefghijklmnopqrstu c":          "the name must be 1 to 20",
		"attribute id c":                             "the receiver sets this one",
		"attribute specversion c":                    "the receiver sets this one",
		"attribute datacontenttype c":                "the receiver sets this one",
		"attribute data c":                           "the receiver sets this one",
		"attribute a b\nattribute a c":               "attribute a is already specified",
		"max_body_size":                              "max_body_size takes ",
		"max_body_size 1 MiB":                        "max_body_size takes ",
		"max_body_size x":                            "must be a size such as 5MiB",
		"max_body_size -1":                           "must be a size such as 5MiB",
		"max_body_size 0":                            "must be positive",
		"max_body_size 9EiB":                         "must be less than 8 EiB, a size such as 5MiB",
		"max_body_size 1\nmax_body_size 2":           "max_body_size is already specified",
		"timeout":                                    "timeout takes ",
		"timeout 1s 2s":                              "timeout takes ",
		"timeout soon":                               "must be a duration such as 15s",
		"timeout 0":                                  "must be positive",
		"timeout 0s":                                 "must be positive",
		"timeout -1s":                                "must be positive",
		"timeout 1s\ntimeout 2s":                     "timeout is already specified",
		"accept":                                     "accept takes ",
		"accept json any":                            "accept takes ",
		"accept xml":                                 `accept "xml": must be json or any`,
		"accept any\naccept any":                     "accept is already specified",
	} {
		source := ":8080 {\nwebhook_receiver {\n" + options + "\n}\n}\n"
		_, err := adapt(source)
		if err == nil {
			t.Errorf("no error for %q", options)
			continue
		}
		line := 3 + strings.Count(strings.TrimSuffix(options, "\n}"), "\n")
		mustContain(t, strings.ToLower(err.Error()), strings.ToLower(want), "caddyfile:"+string(rune('0'+line)))
		if strings.Contains(err.Error(), "s3cret") {
			t.Errorf("a secret is in the error: %v", err)
		}
	}
	for _, source := range []string{
		":8080 {\nwebhook_receiver a b {\nverify_token x\n}\n}\n",
		":8080 {\nwebhook_receiver secret.jsonl {\nverify_token x\n}\n}\n",
	} {
		if _, err := adapt(source); err == nil {
			t.Errorf("no error for %q", source)
		}
	}
}

// TestProvisionErrors has what only loading the config can tell: the error
// names option and value, but no secret.
func TestProvisionErrors(t *testing.T) {
	t.Setenv("EMPTY", "")
	t.Setenv("BLANK", " \n")
	for config, want := range map[string][]string{
		`{}`:                                                                             {"verify_token", "provider socialboards (the default, as none is written) needs one"},
		`{"verify_tokens":[]}`:                                                           {"verify_token", "needs one"},
		`{"verify_tokens":[""]}`:                                                         {"verify_token", "is empty"},
		`{"verify_tokens":[" "]}`:                                                        {"verify_token", "is empty"},
		`{"verify_tokens":["good",""]}`:                                                  {"verify_token number 2", "is empty"},
		`{"verify_tokens":["{env.EMPTY}"]}`:                                              {"verify_token", "{env.EMPTY}"},
		`{"verify_tokens":["{env.BLANK}"]}`:                                              {"verify_token", "is empty"},
		`{"verify_tokens":["x{env.NOPE}"]}`:                                              {"verify_token", "{env.NOPE}"},
		`{"verify_tokens":["{file./nope}"]}`:                                             {"verify_token", "{file./nope}"},
		`{"verify_tokens":["{nope}"]}`:                                                   {"verify_token", `written \{`},
		`{"verify_tokens":["good{http.nope}"]}`:                                          {"verify_token", `written \{`},
		`{"verify_tokens":["s3cr{good-part}x"]}`:                                         {"verify_token number 1", `written \{`},
		`{"provider":"shopify","secrets":["a","s3cr{good-part}x"]}`:                      {"secret number 2", `written \{`},
		`{"verify_tokens":["good"],"public_url":"https://u:good@h/"}`:                    {"public_url", "does not"},
		`{"verify_tokens":["good"],"public_url":"https://u:go od:good@h/"}`:              {"public_url", "not shown"},
		`{"verify_tokens":["good"],"secrets":["good"]}`:                                  {"secret", "provider socialboards"},
		`{"verify_tokens":["good"],"provider":"nobody"}`:                                 {"provider", `"nobody"`},
		`{"verify_tokens":["good"],"max_body_size":0}`:                                   {"max_body_size 0", "positive"},
		`{"verify_tokens":["good"],"max_body_size":-1}`:                                  {"max_body_size -1", "positive"},
		`{"verify_tokens":["good"],"timeout":0}`:                                         {"timeout 0s", "positive"},
		`{"verify_tokens":["good"],"timeout":"-1s"}`:                                     {"timeout -1s", "positive"},
		`{"verify_tokens":["good"],"accept":"xml"}`:                                      {"accept", `"xml"`},
		`{"verify_tokens":["good"],"public_url":"x"}`:                                    {"public_url", `"x"`},
		`{"verify_tokens":["good"],"public_url":"https://u:p@h/"}`:                       {"public_url: user and password", "socialboards"},
		`{"provider":"github","secrets":["good"],"public_url":"https://u:p@h/"}`:         {"public_url: user and password", "github"},
		`{"verify_tokens":["good"],"tolerance":"1h"}`:                                    {"tolerance", "socialboards"},
		`{"provider":"twilio","secrets":["good"],"tolerance":"1h"}`:                      {"tolerance", "twilio"},
		`{"provider":"zoom","secrets":["good"],"tolerance":"-1h"}`:                       {"tolerance -1h", "positive"},
		`{"verify_tokens":["good"],"attributes":{"a-b":"c"}}`:                            {"attribute", `"a-b"`},
		`{"verify_tokens":["good"],"attributes":{"time":"c"}}`:                           {"attribute", `"time"`},
		`{"verify_tokens":["good"],"nope":1}`:                                            {"nope"},
		`{"verify_tokens":["good"],"outputs":[{}]}`:                                      {"output"},
		`{"verify_tokens":["good"],"outputs":[{"output":"x"}]}`:                          {"outputs.x"},
		`{"verify_tokens":["good"],"outputs":[{"output":"file","nope":1}]}`:              {"nope"},
		`{"verify_tokens":["good"],"outputs":[{"output":"file","sync":"never"}]}`:        {"sync", `"never"`},
		`{"verify_tokens":["good"],"outputs":[{"output":"file","mode":"rw"}]}`:           {"mode", `"rw"`},
		`{"verify_tokens":["good"],"outputs":[{"output":"file","mode":384}]}`:            {"mode"},
		`{"verify_tokens":["good"],"outputs":[{"output":"file","dir_mode":"0600"}]}`:     {"dir_mode 0600"},
		`{"verify_tokens":["good"],"outputs":[{"output":"file","format":"xml"}]}`:        {"format", `"xml"`},
		`{"verify_tokens":["good"],"outputs":[{"output":"file","roll_size":-1}]}`:        {"roll_size -1"},
		`{"verify_tokens":["good"],"outputs":[{"output":"file","roll_interval":"-1h"}]}`: {"roll_interval -1h"},
		`{"verify_tokens":["good"],"outputs":[{"output":"file","roll_keep":-1}]}`:        {"roll_keep -1"},
		`{"verify_tokens":["good"],"outputs":[{"output":"file","roll_keep_for":-1}]}`:    {"roll_keep_for -1ns"},
		`{"verify_tokens":["good"],"outputs":[{"output":"file","roll_compress":"xz"}]}`:  {"roll_compress", `"xz"`},
		`{"verify_tokens":["good"],"outputs":[{"output":"file","filename":"{env.NO}"}]}`: {"filename", "{env.NO}"},
		`{"verify_tokens":["good"],"outputs":[{"output":"log","filename":"x"}]}`:         {"filename"},
	} {
		t.Setenv("XDG_DATA_HOME", filepath.Join(t.TempDir(), "data"))
		_, err := loadJSON(t, config)
		if err == nil {
			t.Errorf("no error for %s", config)
			continue
		}
		mustContain(t, err.Error(), want...)
		if strings.Contains(err.Error(), "good") {
			t.Errorf("a token is in the error: %v", err)
		}
	}
}

func TestReceiverWithoutDurableOutputIsWarnedOf(t *testing.T) {
	for options, warn := range map[string]bool{
		"output log":                      true,
		"output file {\nsync off\n}":      true,
		"output file {\nsync 1s\n}":       true,
		"output file":                     false,
		"output log\noutput file":         false,
		"output test x":                   false,
		"output log\noutput log":          true,
		"output file {\nsync always\n}":   false,
		"output file\noutput log\n":       false,
		"output test x\noutput log":       false,
		"output file {\nformat raw\n}":    false,
		"output log\noutput test durable": false,
	} {
		h := provision(t, options)
		durable := false
		for _, o := range h.outputs {
			durable = durable || o.Durable()
		}
		if durable == warn {
			t.Errorf("%q: durable %v", options, durable)
		}
	}
}

func FuzzCaddyfile(f *testing.F) {
	f.Add("verify_token a b\noutput file x {\nsync 1s\nmode 0600\n}\noutput log\nattribute a b\ntimeout 1s\nmax_body_size 1MiB\naccept any")
	f.Add("public_url https://h/\nprovider socialboards\nsecret x")
	f.Add("<<<")
	f.Fuzz(func(t *testing.T, options string) {
		tokens, err := caddyfile.Tokenize([]byte("webhook_receiver {\n"+options+"\n}"), "Caddyfile")
		if err != nil {
			return
		}
		var h Handler
		if h.UnmarshalCaddyfile(caddyfile.NewDispenser(tokens)) != nil {
			return
		}
		config, err := json.Marshal(h)
		if err != nil {
			t.Fatal(err)
		}
		var back Handler
		d := json.NewDecoder(bytes.NewReader(config))
		d.DisallowUnknownFields()
		if err := d.Decode(&back); err != nil {
			t.Fatalf("%v in %s", err, config)
		}
		again, err := json.Marshal(back)
		if err != nil || !bytes.Equal(again, config) {
			t.Fatalf("%s became %s (%v)", config, again, err)
		}
	})
}
