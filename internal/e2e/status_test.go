package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// refusedRequest is what "caddy webhook refused --json" shows.
type refusedRequest struct {
	Receiver, Provider, Method, Path, Query, Reason, Remedy, Body, ID, Type string
	ClientIP                                                                string `json:"client_ip"`
	Status                                                                  int
	Authentic                                                               bool
	Headers                                                                 map[string][]string
	Signed                                                                  *struct {
		Content  string
		Size     int
		Expected []string
	}
}

// receiverStatus is what "caddy webhook status --json" shows of a receiver.
type receiverStatus struct {
	Name, Provider   string
	Sites            []string
	Outputs          []struct{ Output, File string }
	LastVerification *time.Time `json:"last_verification"`
	LastEvent        *time.Time `json:"last_event"`
	Requests         map[string]int
	LastRefusal      *struct{ Reason string } `json:"last_refusal"`
	Warnings         []string
}

// shown is what a command prints, which must succeed.
func (s *server) shown(args ...string) string {
	s.t.Helper()
	out, _ := s.webhook(0, args...)
	return out
}

// refused are the requests that were refused, as the command tells at an address.
func (s *server) refused(address string) (all []refusedRequest) {
	s.t.Helper()
	for line := range strings.Lines(s.shown("refused", "--json", "--address", address)) {
		var r refusedRequest
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			s.t.Fatalf("%v: %s", err, line)
		}
		all = append(all, r)
	}
	return all
}

// statusOf is how a receiver stands, by its name, or by a part of its site.
func (s *server) statusOf(address, name string) *receiverStatus {
	s.t.Helper()
	var report struct{ Receivers []receiverStatus }
	if err := json.Unmarshal([]byte(s.shown("status", "--json", "--address", address)), &report); err != nil {
		s.t.Fatal(err)
	}
	for _, r := range report.Receivers {
		if r.Name == name || strings.Contains(strings.Join(r.Sites, " "), name) {
			return &r
		}
	}
	return nil
}

// signedBy are the header fields of an event of GitHub's.
func signedBy(secret, body string) []string {
	return []string{"X-Hub-Signature-256: sha256=" + hexMAC(secret, body), "X-GitHub-Event: push", "X-GitHub-Delivery: id1", "X-Plain: plain"}
}

// adminOver has the admin endpoint listen on a network, tcp or unix, and returns its address.
func (s *server) adminOver(network string) (address string) {
	if network == "tcp" {
		return s.admin
	}
	address = "unix/" + s.path("admin.sock")
	s.env = append(s.env, "ADMIN="+address)
	return address
}

// TestStatusAndRefused asks by both kinds of admin endpoint, over reloads and
// restarts.
func TestStatusAndRefused(t *testing.T) {
	t.Parallel()
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			address := s.adminOver(network)
			github := func(name, secret string) string {
				return directive("/"+name, "name "+name, "provider github", "secret "+secret, "accept json", "output file {$DIR}/"+name+".jsonl")
			}
			sites := "http:// {\n" + directive("/webhooks", stored()...) + github("orders", "secret-of-orders") + github("users", "secret-of-users") +
				directive("/broken", "name broken", "verify_token x", "output file {$DIR}/broken/x/events.jsonl") + "}\n"
			s.configure(sites)
			s.start()
			s.write("broken", "not a directory")

			if got := s.statusOf(address, "socialboards"); got == nil || !strings.Contains(strings.Join(got.Warnings, " "), "never verified") {
				t.Errorf("before anything came: %+v", got)
			}
			if out := s.shown("refused", "--address", address); out != "" {
				t.Errorf("before anything came: %s", out)
			}

			// A good request leaves no trace; each of these does.
			s.post(sample).wantStored(t)
			s.verify("1", rightToken).want(t, http.StatusOK)
			good := `{"a":"good"}`
			s.postTo("/orders", good, signedBy("secret-of-orders", good)...).wantStored(t)
			s.verify("1", "guess").want(t, http.StatusForbidden)
			s.postTo("/orders", good, signedBy("secret-of-users", good)...).want(t, http.StatusUnauthorized)
			s.postTo("/orders", "{\n", signedBy("secret-of-orders", "{\n")...).want(t, http.StatusBadRequest)
			for range 30 {
				s.postTo("/users", "{}", signedBy("guess", "{}")...).want(t, http.StatusUnauthorized)
			}
			for range 5 {
				s.postTo("/broken", "{}").want(t, http.StatusServiceUnavailable)
			}

			check := func(when string) {
				t.Helper()
				all := s.refused(address)
				if len(all) != 3+20+5 {
					t.Fatalf("%s: %d refused requests are kept", when, len(all))
				}
				token, neighbour, authentic, user, broken := all[0], all[1], all[2], all[22], all[27]
				for _, test := range []struct {
					got            refusedRequest
					receiver, path string
					status         int
					reason, remedy string
				}{
					{token, "socialboards", "/webhooks", 403, "verifyToken is not the configured one", "save the same token"},
					{neighbour, "orders", "/orders", 401, "the signature is not one", "secret of the receiver users"},
					{authentic, "orders", "/orders", 400, "not valid JSON", ""},
					{user, "users", "/users", 401, "the signature is not one", ""},
					{broken, "broken", "/broken", 503, "output file", ""},
				} {
					r := test.got
					if r.Receiver != test.receiver || r.Path != test.path || r.Status != test.status || r.ClientIP != "127.0.0.1" ||
						!strings.Contains(r.Reason, test.reason) || !strings.Contains(r.Remedy, test.remedy) || r.Authentic != (test.got.Status == 400) {
						t.Errorf("%s: %+v, want %+v", when, r, test)
					}
				}
				if token.Query != "challenge=REDACTED&verifyToken=REDACTED" || network == "unix" && (neighbour.ID != "id1" || neighbour.Type != "push") {
					t.Errorf("%s: %+v, %+v", when, token, neighbour)
				}
				values, ok := neighbour.Headers["X-Plain"]
				switch {
				case !ok:
					t.Errorf("%s: headers %v", when, neighbour.Headers)
				case network == "unix" && (values[0] != "plain" || authentic.Body != "{\n" || neighbour.Signed == nil || neighbour.Signed.Content != good ||
					neighbour.Signed.Expected[0] != hexMAC("secret-of-orders", good)[:6]):
					t.Errorf("%s: %+v, signed %+v, %+v", when, neighbour, neighbour.Signed, authentic)
				case network == "tcp" && (len(values) != 0 || neighbour.ID+neighbour.Type != "" || authentic.Body != "" || neighbour.Signed != nil):
					t.Errorf("%s: over TCP %+v, %+v", when, neighbour, authentic)
				}
				out := s.shown("refused", "--address", address)
				for _, part := range []string{"POST /orders  from 127.0.0.1", "401: the signature is not one", "secret of the receiver users", "it was authentic, and is lost unless it is sent again"} {
					if !strings.Contains(out, part) {
						t.Errorf("%s: refused does not show %q:\n%s", when, part, out)
					}
				}

				orders := s.statusOf(address, "orders")
				if orders == nil || orders.Provider != "github" || orders.Requests["stored"] != 1 || orders.Requests["bad_signature"] != 1 || orders.Requests["bad_request"] != 1 ||
					orders.LastEvent == nil || orders.Outputs[0].File != s.path("orders.jsonl") || orders.Sites[0] != "http://127.0.0.1:"+fmt.Sprint(port(t, s.http))+"/orders" ||
					!strings.Contains(orders.LastRefusal.Reason, "not valid JSON") {
					t.Errorf("%s: %+v", when, orders)
				}
				if users := s.statusOf(address, "users"); !strings.Contains(strings.Join(users.Warnings, " "), "everything is refused: the last 30 requests") {
					t.Errorf("%s: %+v", when, users)
				}
				if board := s.statusOf(address, "socialboards"); board.LastVerification == nil || board.Requests["verified"] != 1 || len(board.Warnings) > 0 {
					t.Errorf("%s: %+v", when, board)
				}
				if broken := s.statusOf(address, "broken"); !strings.Contains(strings.Join(broken.Warnings, " "), "output file is failing") {
					t.Errorf("%s: %+v", when, broken)
				}
				out = s.shown("status", "--config", "Caddyfile")
				for _, part := range []string{"orders (github)  http://127.0.0.1:", "file " + s.path("orders.jsonl"), "1 stored, 1 bad signature, 1 bad request", "warning: everything is refused", "last verification"} {
					if !strings.Contains(out, part) {
						t.Errorf("%s: status does not show %q:\n%s", when, part, out)
					}
				}
			}
			check("at first")

			// A config that is only validated, or rejected, is nowhere to be seen; what is
			// kept and counted stays over a reload.
			s.write("bad", caddyfile(sites+"http://localhost/rejected {\n"+directive("", "name rejected", "verify_token x", "output file {$DIR}/events.jsonl/x")+"}\n"))
			for _, args := range [][]string{{"validate", "--config", "bad"}, {"reload", "--config", "bad"}} {
				if out, err := s.run(append(args, "--adapter", "caddyfile")...); err == nil {
					t.Errorf("%v: %s", args, out)
				}
			}
			if err := os.Remove(s.path("broken")); err != nil {
				t.Fatal(err)
			}
			s.configure(strings.Replace(sites, "accept json", "accept json\nmax_body_size 10KB", 1))
			if out, err := s.run("reload", "--config", "Caddyfile", "--adapter", "caddyfile"); err != nil {
				t.Fatal(out)
			}
			s.postTo("/broken", "{}").wantStored(t)
			if s.statusOf(address, "rejected") != nil {
				t.Error("a rejected config is reported")
			}
			if got := s.statusOf(address, "broken"); got.Requests["unavailable"] != 5 || got.Requests["stored"] != 1 || len(got.Warnings) != 1 { // never verified
				t.Errorf("after a reload: %+v", got)
			}
			if n := len(s.refused(address)); n != 3+20+5 {
				t.Errorf("after a reload %d are kept", n)
			}

			// A receiver that is gone is no longer reported; what it refused stays.
			s.configure("http:// {\n" + directive("/webhooks", stored()...) + "}\n")
			if out, err := s.run("reload", "--config", "Caddyfile", "--adapter", "caddyfile"); err != nil {
				t.Fatal(out)
			}
			if s.statusOf(address, "orders") != nil || len(s.refused(address)) != 3+20+5 {
				t.Error("after a reload without it the receiver is still there, or what it refused is not")
			}

			s.kill()
			for _, command := range []string{"status", "refused"} {
				if out, err := s.run("webhook", command, "--address", address); err == nil || !strings.Contains(out, "there is nobody to ask") {
					t.Errorf("%s: %v, %s", command, err, out)
				}
			}
			s.start()
			if got := s.statusOf(address, "socialboards"); got.Requests["stored"] != 0 || got.LastEvent != nil || len(got.Warnings) > 0 {
				t.Errorf("after a restart: %+v", got)
			}
			if all := s.refused(address); len(all) != 0 {
				t.Errorf("after a restart %d are kept", len(all))
			}
		})
	}
}

// TestStatusOfSameNames: receivers of one provider are told apart by where they
// are, and the log says that metrics don't.
func TestStatusOfSameNames(t *testing.T) {
	t.Parallel()
	s := start(t, "http://a.localhost {\nhandle_path /in/* {\n"+directive("/hooks", stored()...)+"}\n}\n"+
		"http://b.localhost {\n@bc path /b /c\n"+directive("@bc", "verify_token x", "output file {$DIR}/events.jsonl")+"}\n"+
		"http://c.localhost, http://d.localhost {\n"+directive("", "verify_token x", "name both", "output file {$DIR}/events.jsonl")+"}\n")
	req, _ := http.NewRequest(http.MethodPost, "http://"+s.http+"/in/hooks", strings.NewReader("{}"))
	req.Host = "a.localhost"
	resp, err := newClient(t).Do(req)
	if err != nil || resp.StatusCode != 200 {
		t.Fatal(resp, err)
	}
	resp.Body.Close()
	a, b := s.statusOf(s.admin, "a.localhost"), s.statusOf(s.admin, "b.localhost")
	number := fmt.Sprint(port(t, s.http))
	if a == nil || b == nil || a.Requests["stored"] != 1 || b.Requests["stored"] != 0 || strings.Join(b.Sites, " ") != "http://b.localhost:"+number+"/b http://b.localhost:"+number+"/c" || strings.Join(a.Sites, " ") != "http://a.localhost:"+number+"/in/hooks" {
		t.Errorf("%+v, %+v", a, b)
	}
	if both := s.statusOf(s.admin, "both"); both == nil || strings.Join(both.Sites, " ") != "http://c.localhost:"+number+"/* http://d.localhost:"+number+"/*" {
		t.Errorf("%+v", both)
	}
	if n := len(s.entries(func(e logEntry) bool { return strings.Contains(e.field("msg"), "another receiver has the same name") })); n != 1 {
		t.Errorf("told %d times", n)
	}
}

// TestAdminEndpoint takes GET only.
func TestAdminEndpoint(t *testing.T) {
	t.Parallel()
	s := start(t, site(stored()...))
	for _, path := range []string{"status", "refused"} {
		for _, method := range []string{"POST", "PUT", "DELETE", "HEAD"} {
			if a := s.askAdmin(method, "/webhook_receiver/"+path, ""); a.status != http.StatusMethodNotAllowed {
				t.Errorf("%s %s: %d", method, path, a.status)
			}
		}
		if a := s.askAdmin("GET", "/webhook_receiver/"+path, ""); a.status != 200 || a.header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d %v", path, a.status, a.header)
		}
	}
	if a := s.askAdmin("GET", "/webhook_receiver/refused?after=x", ""); a.status != http.StatusBadRequest {
		t.Errorf("after=x: %d", a.status)
	}
	if a := s.askAdmin("GET", "/webhook_receiver/", ""); a.status != http.StatusNotFound {
		t.Errorf("another path: %d", a.status)
	}
}

// TestAdminOff says so, and that there is nobody to ask.
func TestAdminOff(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.write("Caddyfile", "{\n\tadmin off\n}\n"+site("verify_token x"))
	out, err := s.run("webhook", "status", "--config", "Caddyfile")
	if err == nil || !strings.Contains(out, "has admin off, so there is nobody to ask") {
		t.Errorf("%v: %s", err, out)
	}
	out, err = s.run("webhook", "refused", "--address", s.admin)
	if err == nil || !strings.Contains(out, "nobody listens at "+s.admin) {
		t.Errorf("%v: %s", err, out)
	}
	s.env = append(s.env, "CADDY_ADMIN="+s.admin)
	if out, err = s.run("webhook", "refused", "--follow"); err == nil || !strings.Contains(out, "nobody listens at "+s.admin) {
		t.Errorf("%v: %s", err, out)
	}
}

// TestRefusedFollow shows requests as they are refused, also after a restart.
func TestRefusedFollow(t *testing.T) {
	t.Parallel()
	s := start(t, site(stored()...))
	s.verify("1", "guess").want(t, http.StatusForbidden)
	cmd := exec.Command(s.binary, "webhook", "refused", "--follow", "--address", s.admin)
	cmd.Env = s.env
	out, err := os.Create(filepath.Join(s.dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, io.Discard
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	shows := func(reason string, n int) {
		t.Helper()
		eventually(t, reason+" is shown", func() error {
			content, err := os.ReadFile(out.Name())
			if got := strings.Count(string(content), reason); got != n {
				return fmt.Errorf("%d times, %v: %s", got, err, content)
			}
			return nil
		})
	}
	shows("403: verifyToken", 1)
	s.post("{").want(t, http.StatusBadRequest)
	shows("400: not valid JSON", 1)
	shows("403: verifyToken", 1)
	s.kill()
	s.start()
	s.verify("1", "guess").want(t, http.StatusForbidden)
	shows("403: verifyToken", 2)
}
