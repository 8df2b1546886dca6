//go:build unix

package e2e

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// TestDocumentsCLI runs the examples in docs/commands.md, in their order, with the
// Caddyfile of that document, and looks that they print what stands below them.
func TestDocumentsCLI(t *testing.T) {
	t.Parallel()
	document := readDocument(t, "docs/commands.md")
	s := newDocumented(t, document)
	for i, b := range document.blocks {
		if b.language != "sh" || b.heading == "Commands" { // which TestReadme runs
			continue
		}
		out := s.example(t, b)
		if i+1 < len(document.blocks) && document.blocks[i+1].language == "text" {
			wantPrinted(t, b.text, s.here.Replace(document.blocks[i+1].text), out)
		}
	}
	s.other.takes(t, 5) // all except for the samples
}

// documented is a server with the Caddyfile of docs/commands.md, and some events.
type documented struct {
	*server
	here       *strings.Replacer // of what the document has, by what is here
	client     *http.Client
	app, other *target
}

func newDocumented(t *testing.T, document document) *documented {
	t.Helper()
	s := &documented{server: newServer(t), app: newTarget(t), other: newTarget(t)}
	s.hasCleaned()
	const secret = "whsec_abcdefgh"
	s.here = strings.NewReplacer(
		"https://hooks.example.com/", "https://"+s.https+"/", "Host: hooks.example.com\n", "Host: "+s.https+"\n",
		"http://localhost:3000", s.app.URL,
		"https://other.example.com", s.other.URL,
		"/var/lib/webhooks/", s.mkdir("webhooks")+"/",
	)
	bin := s.mkdir("bin")
	executable(t, filepath.Join(bin, "caddy"), `exec "`+caddyBinary+`" "$@"`)
	s.env = append(s.env, "PATH="+bin+":"+os.Getenv("PATH"), "CADDY_ADMIN="+s.admin, "WEBHOOK_VERIFY_TOKEN="+rightToken, "WEBHOOK_SECRET="+secret,
		"SSL_CERT_FILE="+s.path("data", "caddy", "pki", "authorities", "local", "root.crt"))
	site := document.under(t, "The examples", "caddyfile")[0]
	s.configure(withLocalAuthority(s.here.Replace(strings.Replace(site, "hooks.example.com", "localhost", 1))))
	s.start()
	s.client = s.tlsClient("HTTP/1.1") // waits for the certificate
	s.to(t, "GET", "/tickets?"+handshake("c", rightToken), "").want(t, http.StatusOK)
	for _, event := range []string{
		`"ticket_status_change","TicketId":4478962,"Status":"open"`,
		`"ticket_created","TicketId":4478963,"Title":"Printer on fire","Customer":{"Name":"Zoë Müller"}`,
	} {
		s.to(t, "POST", "/tickets", `{"CommunityName":"acme","EventType":`+event+"}").wantStored(t)
	}
	for _, payment := range []string{
		`{"id":"evt_1Pq8sT","type":"invoice.paid","data":{"object":{"id":"in_1","amount_paid":1999}}}`,
		`{"id":"evt_1Pq8sU","type":"charge.refunded","data":{"object":{"id":"ch_1","amount_refunded":500}}}`,
	} {
		s.to(t, "POST", "/payments", payment, stripeSignature(secret, payment)).wantStored(t)
	}
	s.to(t, "POST", "/payments", "{}", stripeSignature("whsec_another", "{}")).want(t, http.StatusUnauthorized)
	s.app.takes(t, 2)
	return s
}

func (s *documented) to(t *testing.T, method, path, body string, fields ...string) answer {
	t.Helper()
	return do(t, s.client, method, "https://"+s.https+path, strings.NewReader(body), append(fields, "Content-Type: application/json", "User-Agent: example/1.0")...)
}

func (s *documented) allIsDelivered(t *testing.T) {
	t.Helper()
	eventually(t, "all is delivered", func() error {
		if said := s.shown("deliveries"); !strings.Contains(said, "nothing\n") || strings.Contains(said, "none since") {
			return errors.New(said)
		}
		return nil
	})
}

// solve sends one more event.
func (s *documented) solve(t *testing.T) {
	t.Helper()
	s.to(t, "POST", "/tickets", `{"CommunityName":"acme","EventType":"ticket_status_change","TicketId":4478963,"Status":"solved"}`).wantStored(t)
}

// waitFor waits until a command has printed one of the texts.
func (b *lockedBuffer) waitFor(t *testing.T, command string, texts ...string) {
	t.Helper()
	eventually(t, command+" prints "+texts[0], func() error {
		said := b.String()
		if !slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(said, text) }) {
			return errors.New(said)
		}
		return nil
	})
}

// example runs a block of commands, and returns what it prints.
func (s *documented) example(t *testing.T, b block) string {
	t.Helper()
	script := s.here.Replace(b.text)
	var printed lockedBuffer
	cmd := s.bash(script)
	cmd.Stdout, cmd.Stderr = &printed, &printed
	switch {
	case strings.Contains(script, "--follow"):
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		printed.waitFor(t, script, "charge.refunded")
		s.solve(t)
		printed.waitFor(t, script, "solved")
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGINT)
		_ = cmd.Wait()
		return printed.String()
	case b.heading == "learn":
		cmd.Stdin = strings.NewReader("y\n")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		printed.waitFor(t, script, "Set the webhook up")
		s.to(t, "POST", "/tasks", "", "X-Hook-Secret: "+strings.Repeat("5e3f", 16)).want(t, http.StatusOK)
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s: %v\n%s", script, err, printed.String())
		}
		return strings.Replace(printed.String(), "[y/N] ", "[y/N] y\n", 1) // as a terminal shows it
	case b.heading == "status" || b.heading == "deliveries":
		s.allIsDelivered(t)
	}
	if err := cmd.Run(); err != nil {
		t.Errorf("%s: %v\n%s", script, err, printed.String())
	}
	return printed.String()
}

// Spaces, numbers and how long ago something was are not the same each time.
var (
	numbers = regexp.MustCompile(`[0-9]+`)
	spaces  = regexp.MustCompile(` +`)
	now     = regexp.MustCompile(`\bnow\b`)
)

// wantPrinted checks that a document shows what was printed: line by line, where any
// number stands for any other, now for some time ago, … for anything, and a line of it for any lines.
func wantPrinted(t *testing.T, command, shown, printed string) {
	t.Helper()
	rest, gap := strings.Split(strings.TrimRight(strings.ReplaceAll(printed, "\r\n", "\n"), "\n"), "\n"), false
	for line := range strings.Lines(shown) {
		if line = strings.TrimRight(line, "\n"); line == "…" {
			gap = true
			continue
		}
		pattern := numbers.ReplaceAllString(spaces.ReplaceAllString(regexp.QuoteMeta(line), " +"), "[0-9]+")
		pattern = now.ReplaceAllString(pattern, "(now|[0-9]+ seconds? ago)")
		fits := regexp.MustCompile("^" + strings.ReplaceAll(pattern, "…", ".*") + "$")
		i := 0
		for gap && i < len(rest)-1 && !fits.MatchString(rest[i]) {
			i++
		}
		if len(rest) == 0 || !fits.MatchString(rest[i]) {
			t.Errorf("%s\nprints no %q in its place:\n%s", command, line, printed)
			return
		}
		rest, gap = rest[i+1:], false
	}
	if len(rest) > 0 && !gap {
		t.Errorf("%s\nprints more than the document has:\n%s", command, strings.Join(rest, "\n"))
	}
}

var helpFlag = regexp.MustCompile(`(?m)^ +(?:-., |    )(--[a-z-]+)`)

// TestDocumentsHelp: every flag of every command is in the command's entry in
// docs/commands.md, or in what that says of several commands, and both say what the
// exit status is.
func TestDocumentsHelp(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(project + "/docs/commands.md")
	if err != nil {
		t.Fatal(err)
	}
	entries := map[string]string{}
	for _, section := range regexp.MustCompile(`(?m)^#+ `).Split(string(text), -1) {
		title, entry, _ := strings.Cut(section, "\n")
		entries[title] = entry
	}
	s := newServer(t)
	all := s.shown("--help")
	commands := regexp.MustCompile(`(?m)^  ([a-z]+)  `).FindAllStringSubmatch(all, -1)
	if len(commands) != 13 {
		t.Errorf("%d commands in %s", len(commands), all)
	}
	for _, c := range commands {
		name, help := c[1], s.shown(c[1], "--help")
		entry := entries[name]
		if !strings.Contains(help, "\nExit status: ") || !strings.Contains(entry, "\nExit status: ") {
			t.Errorf("%s: no exit status in the help, or in the document", name)
		}
		if strings.Contains(entry, "(#filters)") {
			entry += entries["Filters"]
		}
		if strings.Contains(help, "--address") {
			entry += entries["Ask the running Caddy"]
		}
		for _, flag := range helpFlag.FindAllStringSubmatch(help, -1) {
			if flag[1] != "--help" && !strings.Contains(entry, "`"+flag[1]) {
				t.Errorf("%s: %s is not in the document", name, flag[1])
			}
		}
		for _, line := range strings.Split(entries[name], "\n") {
			if flag, _, ok := strings.Cut(strings.TrimPrefix(line, "| `--"), "`"); ok && strings.HasPrefix(line, "| `--") {
				if flag, _, _ = strings.Cut(flag, " "); !strings.Contains(help, "--"+flag+" ") {
					t.Errorf("%s: the help has no --%s", name, flag)
				}
			}
		}
	}
}
