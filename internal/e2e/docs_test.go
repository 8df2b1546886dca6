package e2e

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/cloudevents/sdk-go/v2/event"
)

// ownPages is how links from elsewhere to a file of the project begin.
const ownPages = "https://github.com/caddy-webhook-receiver/caddy-webhook-receiver/blob/main/"

// TestDocumentsLinks follows every link to a file, an image or a heading, in documents
// and in the forms that GitHub shows.
func TestDocumentsLinks(t *testing.T) {
	t.Parallel()
	all := map[string]document{}
	for _, d := range documents(t) {
		all[d.path] = d
	}
	forms, _ := filepath.Glob(filepath.Join(project, ".github", "ISSUE_TEMPLATE", "*.yml"))
	if len(forms) < 4 {
		t.Errorf("only the forms %q", forms)
	}
	for _, form := range forms {
		content, err := os.ReadFile(form)
		if err != nil {
			t.Fatal(err)
		}
		path, _ := filepath.Rel(project, form)
		all[path] = document{path: path, links: regexp.MustCompile(`https?://[^\s)]+`).FindAllString(string(content), -1)}
	}
	local := 0
	for _, d := range all {
		for _, link := range d.links {
			if rest, ok := strings.CutPrefix(link, ownPages); ok {
				up, _ := filepath.Rel(filepath.Dir(d.path), ".")
				link = up + "/" + rest
			}
			target, err := url.Parse(link)
			if err != nil {
				t.Errorf("%s: %v", d.path, err)
				continue
			}
			if target.Scheme != "" {
				continue
			}
			local++
			path := d.path
			if target.Path != "" {
				path = filepath.Join(filepath.Dir(d.path), target.Path)
			}
			if _, err := os.Stat(filepath.Join(project, path)); err != nil || strings.HasPrefix(path, "..") {
				t.Errorf("%s links to %s, which is not there", d.path, link)
			} else if target.Fragment != "" && !all[path].anchors[target.Fragment] {
				t.Errorf("%s links to %s, which is no heading", d.path, link)
			}
		}
	}
	if local < 50 {
		t.Errorf("only %d links", local)
	}
}

// TestReadmeIsShort keeps README.md to two screens.
func TestReadmeIsShort(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile(filepath.Join(project, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(content), "\n"); n > 120 {
		t.Errorf("README.md has %d lines, over 120", n)
	}
}

// TestDocumentsPictures looks that each picture has a text for those who don't see
// it.
func TestDocumentsPictures(t *testing.T) {
	t.Parallel()
	pictures := 0
	for _, d := range documents(t) {
		for _, p := range d.pictures {
			pictures++
			if len(strings.Fields(p.text)) < 2 {
				t.Errorf("%s: %s has no text, only %q", d.path, p.target, p.text)
			}
		}
	}
	if pictures < 3 {
		t.Errorf("only %d pictures", pictures)
	}
}

// elsewhere is what configs may have that is in a module of its own: the tests
// there have a Caddy with it.
var elsewhere = regexp.MustCompile(`(?m)^\s*output\s+(nats|kafka)\b|"output":\s*"(nats|kafka)"`)

// TestDocumentsCaddyfiles loads every Caddyfile into a running Caddy. It is as it
// stands there, except for directories and the certificates' authority.
func TestDocumentsCaddyfiles(t *testing.T) {
	t.Parallel()
	loaded := 0
	for _, d := range ownDocuments(t) {
		var caddyfiles []string
		for _, b := range d.blocks {
			if b.language == "caddyfile" && !elsewhere.MatchString(b.text) {
				caddyfiles = append(caddyfiles, b.text)
			}
		}
		if len(caddyfiles) == 0 || strings.HasPrefix(d.path, "docs/providers/") { // internal/provider loads those, with secrets
			continue
		}
		loaded += len(caddyfiles)
		t.Run(d.path, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.hasCleaned()
			s.binary, s.env = os.Args[0], append(s.env, asCaddy+"=1")
			for _, name := range []string{"WEBHOOK_VERIFY_TOKEN", "WEBHOOK_SECRET", "TICKETS_VERIFY_TOKEN", "MEMBERS_VERIFY_TOKEN", "GITHUB_SECRET", "STRIPE_SECRET"} {
				s.env = append(s.env, name+"="+rightToken)
			}
			s.env = append(s.env, "APP_SECRET=whsec_"+base64.StdEncoding.EncodeToString(make([]byte, 24)))
			s.env = append(s.env, "WEBHOOK_PASSWORD_HASH=$2a$14$GRq9kyiHWOFmYFXXGjLOeOTnB6bnLFTgW4fxX9ICxzrSDBoDoSMkO")
			s.env = append(s.env, "INSPECTOR_PASSWORD_HASH=$2a$14$GRq9kyiHWOFmYFXXGjLOeOTnB6bnLFTgW4fxX9ICxzrSDBoDoSMkO")
			for _, name := range []string{"sender-ca.pem", "team-ca.pem"} {
				s.write(name, newIssuer(t).pem)
			}
			s.configure("http:// {\n}\n")
			s.start()
			local := strings.NewReplacer("/var/lib/webhooks/", s.dir+"/", "/var/log/caddy/", s.dir+"/", "/etc/caddy/", s.dir+"/", "localhost:2020", "localhost:"+freePort(t))
			for _, text := range caddyfiles {
				before := len(s.entries(ours("info")))
				if status, answer := s.load(withLocalAuthority(local.Replace(text))); status != 200 {
					t.Errorf("%d %s\n%s", status, answer, text)
				}
				if len(s.entries(ours("info"))) == before {
					t.Errorf("no receiver has started:\n%s", text)
				}
			}
		})
	}
	if loaded < 20 {
		t.Errorf("only %d Caddyfiles", loaded)
	}
}

// TestDocumentsJSON loads what is a handler's config, and reads what are stored
// events.
func TestDocumentsJSON(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.env = append(s.env, "WEBHOOK_VERIFY_TOKEN="+rightToken)
	s.configure("http:// {\n}\n")
	s.start()
	handlers, events := 0, 0
	for _, d := range ownDocuments(t) {
		for _, b := range d.blocks {
			switch {
			case b.language != "json" || elsewhere.MatchString(b.text):
			case strings.Contains(b.text, `"handler"`):
				handlers++
				config := fmt.Sprintf(`{"admin":{"listen":%q},"apps":{"http":{"servers":{"s":{"listen":[%q],"routes":[{"handle":[%s]}]}}}}}`,
					s.admin, s.http, strings.ReplaceAll(b.text, "/var/lib/webhooks/", s.dir+"/"))
				if status, answer := s.loadAs("application/json", config); status != 200 {
					t.Errorf("%s: %d %s", d.path, status, answer)
					continue
				}
				s.postTo("/", sample).wantStored(t)
				if stored := records(t, s.path("events.jsonl")); len(stored) != 1 {
					t.Errorf("%s: %d events stored", d.path, len(stored))
				}
			default:
				for line := range strings.Lines(b.text) {
					events++
					e := event.New()
					if err := e.UnmarshalJSON([]byte(line)); err != nil {
						t.Errorf("%s: %v: %s", d.path, err, line)
					} else if err := e.Validate(); err != nil {
						t.Errorf("%s: %v: %s", d.path, err, line)
					}
				}
			}
		}
	}
	if handlers < 1 || events < 6 {
		t.Errorf("%d handlers, %d events", handlers, events)
	}
}

// TestDocumentsNameTests looks for each test that SECURITY.md and RELIABILITY.md
// name.
func TestDocumentsNameTests(t *testing.T) {
	t.Parallel()
	var tests []byte
	for _, pattern := range []string{"*_test.go", "../*/*_test.go", "../../*_test.go", "../../outputs/*/*_test.go", "../../deliver/*_test.go", "../../deliver/*/*_test.go", "../../inspector/*_test.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			tests = append(tests, content...)
		}
	}
	named := regexp.MustCompile("`((?:Test|Fuzz)[A-Za-z]+)(…?)`") // with an ellipsis: all that begin so
	for _, document := range []string{"../../SECURITY.md", "../../RELIABILITY.md"} {
		content, err := os.ReadFile(document)
		if err != nil {
			t.Fatal(err)
		}
		names := named.FindAllSubmatch(content, -1)
		if len(names) < 20 {
			t.Errorf("%s names %d tests", document, len(names))
		}
		for _, name := range names {
			end := `\(`
			if len(name[2]) > 0 {
				end = ""
			}
			if !regexp.MustCompile(`(?m)^func ` + string(name[1]) + end).Match(tests) {
				t.Errorf("there is no %s", name[1])
			}
		}
	}
}
