//go:build deploy

package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// asService is the commands that set the service up on a scratch machine, as docs/deployment.md has
// it, with a token in the variable TOKEN, and that start it with a Caddyfile.
func asService(t *testing.T, caddyfile string) string {
	t.Helper()
	return "echo 'Defaults env_keep += \"DIR\"' >/etc/sudoers.d/test\necho 127.0.0.1 other.example.com >>/etc/hosts\n" +
		readDocument(t, "docs/deployment.md").under(t, "systemd", "sh")[0] +
		"TOKEN=$(cut -d= -f2 /etc/caddy/webhooks.env)\n" + withCaddyfile(caddyfile) + "systemctl restart caddy\n"
}

// begin and end mark what one block of commands prints.
const begin, end = "\n<<<<<<", "\n>>>>>>\n"

// marked are the commands of blocks, with marks around what each of them prints, and numbers.
func marked(blocks []string) (commands []string) {
	for i, block := range blocks {
		commands = append(commands, fmt.Sprintf("echo '%s%d'\n{\n%s} 2>&1\necho '%s'\n", begin, i, block, strings.TrimSuffix(end, "\n")))
	}
	return commands
}

// printed is what the block of that number has printed.
func printed(t *testing.T, output string, i int) string {
	t.Helper()
	_, text, found := strings.Cut(output, fmt.Sprintf("%s%d\n", begin, i))
	text, _, ended := strings.Cut(text, end)
	if !found || !ended {
		t.Errorf("block %d has not run to its end", i)
	}
	return text
}

var (
	timeAgo = regexp.MustCompile(`\b(now|\d+ (second|minute)s? ago)\b`)
	size    = regexp.MustCompile(`\b[\d.]+ [KMGT]?i?B\b`)
	digits  = regexp.MustCompile(`[\d.]*\d`)
	blanks  = regexp.MustCompile(`[ \t]+`)
)

// alike is a text without what differs from run to run.
func alike(text string) string {
	text = timeAgo.ReplaceAllString(text, "ago")
	text = size.ReplaceAllString(text, "0 B")
	text = digits.ReplaceAllString(text, "0")
	text = strings.ReplaceAll(text, ":0Z", ":0.0Z")
	return blanks.ReplaceAllString(text, " ")
}

// mustShow checks that each line that a document shows was printed.
func mustShow(t *testing.T, output, shown string) {
	t.Helper()
	for line := range strings.Lines(shown) {
		if line = strings.TrimSpace(line); line != "" && !strings.Contains(alike(output), alike(line)) {
			t.Errorf("%q is not in\n%s", line, output)
		}
	}
}

// ofMachine replaces what a document shows of the world by what a scratch machine has.
var ofMachine = strings.NewReplacer(
	`"state":"valid"`, `"state":"internal"`,
	`"issuer":"R11"`, `"issuer":"Caddy Local Authority - ECC Intermediate"`,
	"CN=R11,O=Let's Encrypt,C=US", "CN=Caddy Local Authority - ECC Intermediate",
)

// TestDeployTroubleshooting does what docs/troubleshooting.md says, and compares what that shows.
func TestDeployTroubleshooting(t *testing.T) {
	t.Parallel()
	document := readDocument(t, "docs/troubleshooting.md")
	const steps, nothing = "No event arrives: seven steps", "The application gets nothing"
	arrives, application := document.under(t, steps, "sh"), document.under(t, nothing, "sh")
	if len(arrives) != 7 || len(application) != 3 {
		t.Fatalf("%d and %d blocks", len(arrives), len(application))
	}
	arrives[2] = strings.Replace(arrives[2], "WEBHOOK_VERIFY_TOKEN=…", "WEBHOOK_VERIFY_TOKEN=$TOKEN", 1)
	follow := document.under(t, "Events are refused", "sh")[0]
	starts := document.under(t, "Caddy does not start", "sh")[0]

	service := readDocument(t, "docs/deployment.md").under(t, "systemd", "caddyfile")[0]
	out := newMachine(t, caddyBinary).run(asService(t, service) + strings.Join(marked(arrives), "") +
		"timeout 5 " + strings.TrimSpace(follow) + " || [ $? = 124 ]\n" +
		strings.Join(document.under(t, "The disk is full, or a file was set aside", "sh"), "") + starts)
	mustContain(t, out, "Valid configuration", "events.jsonl")
	for i, shown := range document.under(t, steps, "text") {
		mustShow(t, printed(t, out, i), ofMachine.Replace(shown))
	}

	out = newMachine(t, caddyBinary).run(asService(t, "hooks.example.com {\n"+
		directive("/orders", "name orders", "provider github", "secret s", "output file /var/lib/webhooks/orders.jsonl", "deliver http://localhost:3000/webhooks")+"}\n") + `
caddy respond --listen :3000 --status 500 >/dev/null 2>&1 &
for i in 1 2 3 4 5; do
	curl -sSf -d '{}' -H 'X-GitHub-Event: push' -H "X-GitHub-Delivery: id$i" -H "X-Hub-Signature-256: sha256=` + hexMAC("s", "{}") + `" https://hooks.example.com/orders
done
until caddy webhook deliveries | grep -q 'state *down'; do sleep 0.1; done
` + marked(application)[0] + `
caddy webhook deliveries skip app
until [ -s /var/lib/webhooks/orders.jsonl.app.dead.jsonl ]; do sleep 0.1; done
` + marked(application)[1] + marked(application)[2])
	shown := document.under(t, nothing, "text")
	mustShow(t, printed(t, out, 0), shown[0])
	mustShow(t, printed(t, out, 1), shown[1])
	mustContain(t, printed(t, out, 2), "resumed", "dead letters")
}

// TestDeployDoesNotStart makes each mistake that docs/troubleshooting.md has a message of.
func TestDeployDoesNotStart(t *testing.T) {
	t.Parallel()
	document := readDocument(t, "docs/troubleshooting.md")
	validate := strings.TrimSpace(document.under(t, "Caddy does not start", "sh")[0])
	receiver := func(options ...string) string {
		return "hooks.example.com {\n" + directive("/webhooks", options...) + "}\n"
	}
	good := receiver("verify_token {env.WEBHOOK_VERIFY_TOKEN}", "output file /var/lib/webhooks/events.jsonl")
	run := "sudo sh -c 'set -a; . /etc/caddy/webhooks.env; exec timeout 10 %s /usr/local/bin/caddy run --config /etc/caddy/Caddyfile'"
	mistakes := map[string]struct{ before, caddyfile, command string }{
		"unrecognized directive: webhook_receiver":                     {caddyfile: good, command: strings.ReplaceAll(validate, "/usr/local/bin/caddy", "/usr/bin/caddy")},
		"the placeholder {env.…} has no value":                         {caddyfile: receiver("verify_token {env.NOT_THERE}")},
		"unrecognized option":                                          {caddyfile: receiver("verify_tokens x")},
		"needs one, the secret of the webhook":                         {caddyfile: receiver("provider github")},
		"sends no token, so it uses none: take it out":                 {caddyfile: receiver("provider github", "secret x", "verify_token x")},
		"not known; did you mean":                                      {caddyfile: receiver("provider githb", "secret x")},
		"is a module that is not built into this Caddy":                {caddyfile: receiver("verify_token x", "output nats")},
		"can't be used by user":                                        {before: "install -d -m 0700 /srv/webhooks", caddyfile: receiver("verify_token x", "output file /srv/webhooks/events.jsonl")},
		"read-only file system":                                        {before: "mkdir /srv/ro; mount -t tmpfs -o ro,mode=777 tmpfs /srv/ro", caddyfile: receiver("verify_token x", "output file /srv/ro/events.jsonl")},
		"two receivers of this name store in":                          {caddyfile: "hooks.example.com {\n" + directive("/a", "provider github", "secret x", "deliver http://localhost:3000") + directive("/b", "provider github", "secret y") + "}\n"},
		"write sign with a secret, or sign off if nothing checks them": {caddyfile: receiver("provider stripe", "secret whsec_x", "deliver http://localhost:3000")},
		"bind: permission denied":                                      {caddyfile: good, command: fmt.Sprintf(run, "sudo -E -H -u caddy")},
		"bind: address already in use": {
			before:    "perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(LocalPort => 443, Listen => 1) or die; sleep' &\nuntil ss -ltn | grep -q :443; do sleep 0.1; done",
			caddyfile: good, command: fmt.Sprintf(run, ""),
		},
	}
	text, err := os.ReadFile(project + "/docs/troubleshooting.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n## Caddy does not start\n")
	rows := regexp.MustCompile("(?m)^\\| `(.+?)` \\|").FindAllStringSubmatch(section, -1)
	if len(rows) != len(mistakes) {
		t.Errorf("%d messages, and %d mistakes", len(rows), len(mistakes))
	}
	script := asService(t, good) + "systemctl stop caddy\n"
	for i, row := range rows {
		mistake, ok := mistakes[row[1]]
		if !ok {
			t.Errorf("no mistake leads to %q", row[1])
		}
		if mistake.command == "" {
			mistake.command = validate
		}
		script += mistake.before + "\n" + withCaddyfile(mistake.caddyfile) + marked([]string{"if " + mistake.command + "; then echo it is well; fi\n"})[0] + fmt.Sprintf(": %d\n", i)
	}
	sections := strings.Split(newMachine(t, caddyBinary).run(script), begin+"0\n")[1:]
	if len(sections) != len(rows) {
		t.Fatalf("%d runs", len(sections))
	}
	for i, row := range rows {
		mustContain(t, sections[i], strings.Split(row[1], "…")...)
	}
}

// TestDeployQuestions does what docs/questions.md says.
func TestDeployQuestions(t *testing.T) {
	t.Parallel()
	document := readDocument(t, "docs/questions.md")
	commands := func(question string) string {
		return strings.Join(document.under(t, "How do I "+question+"?", "sh"), "")
	}
	service := strings.Replace(readDocument(t, "docs/deployment.md").under(t, "systemd", "caddyfile")[0], "/webhooks {", "/webhooks {\n\t\tdeliver http://localhost:3000/webhooks", 1)
	today := time.Now().UTC().Truncate(24 * time.Hour)
	here := strings.NewReplacer("<id>", "$id", "2026-11-23", today.AddDate(0, 0, -1).Format(time.DateOnly), "2026-11-24", today.AddDate(0, 0, 2).Format(time.DateOnly))
	file := "/var/lib/webhooks/events.jsonl"
	forget := document.under(t, "How do I delete a person's data?", "sh")
	out := newMachine(t, caddyBinary).run(asService(t, service) + `
caddy respond --listen :3000 --access-log >$DIR/application 2>&1 &
until curl -s localhost:3000; do sleep 0.1; done
post() { curl -sSf -d "$1" https://hooks.example.com/webhooks; }
post '{"EventType":"a","TicketId":4478963,"user":{"name":"Jo"},"mail":"jo@example.com"}'
post '{"EventType":"b","TicketId":2}'
id=$(jq -r 'select(.type=="a").id' ` + file + `)
calm() { until caddy webhook deliveries | grep -q 'not delivered *nothing'; do sleep 0.1; done; }
taken() { grep -c '"uri":"/webhooks"' $DIR/application || true; }
calm
echo "delivered $(taken)"
` + echoed(here.Replace(commands("find an event")), here.Replace(commands("send events again"))) + `
echo "sent again $(taken)"

replay() { sudo -u caddy caddy webhook replay /var/lib/webhooks/ --to http://localhost:3000/replayed --state /var/lib/webhooks/replay.state "$@"; }
replayed() { echo "$1: $(grep -c '"uri":"/replayed"' $DIR/application || true) replayed"; }
replay
since=$(date -u +%FT%TZ -d '1 second')
until [ $(date -u +%FT%TZ) = $since ]; do sleep 0.1; done
` + echoed(forget[0]) + `
post '{"EventType":"d"}'
replay
replayed before
calm
` + echoed(forget[2]) + `
replay --since $since
replayed after
post '{"EventType":"e"}'
replay
replayed "one more"
` + echoed(commands("back up and restore")) + `
post '{"EventType":"c"}'
calm
` + echoed(commands("move to another machine without a gap")) + `
ls /var/lib/webhooks/old
post=$(wc -l <` + file + `)
echo "events $post, and $(wc -l </var/lib/webhooks/old/events.jsonl) in old"
`)
	mustContain(t, out, "delivered 2\n", "sent again 5\n", "before: 3 replayed", "1 events deleted", "after: 3 replayed", "one more: 4 replayed", "events 3, and 3 in old")
	if n := strings.Count(out, "  a  4478963"); n != 2 {
		t.Errorf("found %d times:\n%s", n, out)
	}
}

// TestDeploySeveralProviders does what docs/questions.md says of several providers, and of sending on
// every minute.
func TestDeploySeveralProviders(t *testing.T) {
	t.Parallel()
	const several, minute = "How do I have several providers on one site?", "How do I send events on every minute?"
	document := readDocument(t, "docs/questions.md")
	caddyfile := document.under(t, several, "caddyfile")[0]
	enter := document.under(t, several, "sh")
	enter[0] = strings.NewReplacer("whsec_…", "whsec_secretofstripe", "GITHUB_SECRET=…", "GITHUB_SECRET=secretofgithub", "TOKEN=…", "TOKEN=tokenoftickets").Replace(enter[0])
	send := document.under(t, minute, "sh")
	replay := func(n int) string {
		return fmt.Sprintf("[ \"$(grep -c '\"uri\":\"/events\"' /var/lib/webhooks/other.log)\" = %d ]\n", n)
	}
	const post = `curl -sSf -d '{"EventType":"a"}' https://hooks.example.com/tickets` + "\n"
	out := newMachine(t, caddyBinary).run(strings.TrimSuffix(asService(t, caddyfile+`
other.example.com {
	log {
		output file /var/lib/webhooks/other.log
	}
	respond 200
}
`), "systemctl restart caddy\n") + echoed(enter...) + `
for name in github stripe tickets; do caddy webhook status | grep "/$name.jsonl"; done
systemd-analyze verify ./deploy/systemd/webhooks-replay.service ./deploy/systemd/webhooks-replay.timer 2>&1 | grep . && exit 1
rm /var/lib/webhooks/*.jsonl
` + post + post + echoed(send[0]) + replay(2) + post + echoed(send[1]) + `
sudo -u caddy sh -c "$(sed 's/^\* \* \* \* \* caddy //' /etc/cron.d/webhooks-replay)"
` + replay(3) + "echo it is well\n")
	mustContain(t, out, "it is well", "All 4 checks passed.", "All 7 checks passed.")
}

// TestDeployForget deletes a person's data with the commands of docs/questions.md, under load, with
// each compression, and a delivery that goes on, and is then killed. Nobody else's event is lost.
func TestDeployForget(t *testing.T) {
	t.Parallel()
	steps := readDocument(t, "docs/questions.md").under(t, "How do I delete a person's data?", "sh")
	if len(steps) != 4 {
		t.Fatalf("%d steps", len(steps))
	}
	const person = "0-3" // whose events one of the senders sends
	for _, compress := range []string{"off", "gzip", "zstd"} {
		t.Run(compress, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			dir, bin := s.mkdir("webhooks"), s.mkdir("bin")
			executable(t, bin+"/caddy", `exec "`+caddyBinary+`" "$@"`)
			s.env = append(s.env, "PATH="+bin+":"+os.Getenv("PATH"), "CADDY_ADMIN="+s.admin)
			app := s.newApplication()
			s.configure(site("verify_token x", "output file "+dir+"/events.jsonl {", "roll_compress "+compress, "}", app.deliver("retry 1ms")))
			s.start()
			app.start()
			app.behave(takesSound)
			here := strings.NewReplacer("sudo -u caddy ", "", "sudo ", "", "/var/lib/webhooks", dir, "(--subject 4478963)", "(--subject "+person+" --subject "+poison+")", "4478963", person)
			run := func(step int) string {
				t.Helper()
				out, err := s.bash(here.Replace(steps[step])).CombinedOutput()
				if err != nil {
					t.Fatalf("step %d: %v\n%s", step+1, err, out)
				}
				return string(out)
			}
			quiet := func(what string) {
				t.Helper()
				within(t, time.Minute, what, func() error {
					if out := run(1); !regexp.MustCompile(`not delivered +nothing`).MatchString(out) {
						return fmt.Errorf("%s", out)
					}
					return nil
				})
			}

			s.post(tagged(poison + "-0")).wantStored(t) // becomes a dead letter
			traffic := s.traffic(8, "http://"+s.http+"/webhooks")
			traffic.wait(500)
			eventually(t, "there is a dead letter", func() error {
				_, err := os.Stat(dir + "/events.jsonl.app.dead.jsonl")
				return err
			})
			for range 2 {
				run(0)
				traffic.wait(500)
			}
			rotated := time.Now()
			within(t, time.Minute, "what is in the old files was delivered", func() error {
				var report struct {
					Deliveries []struct{ Oldest *time.Time }
				}
				if err := json.Unmarshal([]byte(s.shown("deliveries", "--json")), &report); err != nil {
					return err
				}
				if oldest := report.Deliveries[0].Oldest; oldest != nil && oldest.Before(rotated) {
					return fmt.Errorf("%v", oldest)
				}
				return nil
			})
			var out string
			eventually(t, "no file is just being compressed", func() error {
				if out += run(2); strings.Contains(run(2), "run this again") {
					return errors.New("one is")
				}
				return nil
			})
			if n := strings.Count(out, " events deleted"); n < 3 { // two files and the dead letters
				t.Errorf("%d files: %s", n, out)
			}
			traffic.wait(500)

			// A delivery that is begun anew finds its place.
			s.terminate()
			s.stopped()
			s.start()
			traffic.wait(500)
			traffic.stop()
			traffic.wantNoRefusal()
			quiet("all is delivered")
			// Those of which each sender has one at each renaming may be in two files, and others be in flight.
			if again := app.wantAll(traffic, time.Minute); again > 4*8 {
				t.Errorf("%d of %d events were delivered again", again, len(app.taken()))
			}

			run(0)
			if out, err := s.bash(here.Replace(steps[2])).CombinedOutput(); err == nil || !strings.Contains(string(out), "see step 2") {
				t.Errorf("without an event in the fresh file: %v %s", err, out)
			}
			s.post(strings.Replace(tagged("sample-0"), `"tagged"`, `"webhook_receiver_test"`, 1)).wantStored(t)
			eventually(t, "nothing is left", func() error {
				quiet("all is delivered")
				run(2)
				if out := run(3); out != "" && !strings.Contains(out, "nothing") {
					return fmt.Errorf("%s", out)
				}
				return nil
			})
			// Also in a file of which there is something less by now.
			delivered := len(app.taken())
			s.terminate()
			s.stopped()
			s.start()
			s.post(tagged("after-0")).wantStored(t)
			eventually(t, "it is delivered", func() error {
				if !slices.ContainsFunc(app.taken(), func(r request) bool { return r.tag == "after-0" }) {
					return errors.New("not yet")
				}
				return nil
			})
			if n := len(app.taken()) - delivered; n != 1 {
				t.Errorf("%d events were delivered again", n-1)
			}
			if strings.Contains(s.log(), "taken away") {
				t.Error("the delivery has missed something")
			}

			var others []ack
			for _, done := range traffic.acked {
				if !strings.HasPrefix(done.tag, person+"-") {
					others = append(others, done)
				}
			}
			deleted := len(traffic.acked) - len(others)
			traffic.acked = others
			repeated := traffic.wantEach(s.stoppedLines(dir))
			if found, _ := filepath.Glob(dir + "/*"); strings.Contains(contents(t, found), `"subject":"`+person+`"`) {
				t.Errorf("there is something left in %q", found)
			}
			t.Logf("%s: %d events of others, %d in two files; %d deleted", compress, len(others), len(repeated), deleted)
		})
	}
}

// contents is what files have, decompressed.
func contents(t *testing.T, names []string) string {
	t.Helper()
	var all strings.Builder
	for _, name := range names {
		content, err := unpacked(name)
		if err != nil {
			t.Fatal(err)
		}
		all.WriteString(content)
	}
	return all.String()
}
