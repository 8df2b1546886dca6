package cli

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/status"
)

// withDeliveries answers as a running Caddy with these deliveries, whose receivers have one each
// at most, and returns its address and the actions that it was asked for.
func withDeliveries(t *testing.T, answers map[string]string, names ...string) (address string, asked *[]string) {
	t.Helper()
	asked = new([]string)
	list := []status.DeliveryReport{}
	for _, full := range names {
		receiver, name, _ := strings.Cut(full, "/")
		list = append(list, status.DeliveryReport{Receiver: receiver, Name: name})
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/webhook_receiver/deliveries" && r.Method == http.MethodGet {
			_ = json.NewEncoder(w).Encode(map[string]any{"deliveries": list})
			return
		}
		action := r.Method + " " + strings.TrimPrefix(r.URL.Path, "/webhook_receiver/deliveries/")
		*asked = append(*asked, action)
		answer := answers[action]
		if code := 0; strings.HasPrefix(answer, "4") {
			_, _ = fmt.Sscan(answer, &code)
			w.WriteHeader(code)
			answer = answer[4:]
		}
		_, _ = w.Write([]byte(answer))
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://"), asked
}

// TestDeliveries shows all that there is, of one that is well and one that is not.
func TestDeliveries(t *testing.T) {
	now := time.Now().UTC().Truncate(time.Second)
	ago := func(d time.Duration) *time.Time { at := now.Add(-d); return &at }
	at := func(d time.Duration) string { return now.Add(-d).Format(time.RFC3339) }
	all := []status.DeliveryReport{{
		Receiver: "orders", Name: "app", URL: "http://localhost:3000/hooks", State: status.DeliveryUp, DeadFile: "/x/events.jsonl.app.dead.jsonl",
		LastAttempt: ago(time.Minute), LastTaken: ago(time.Minute), Outcomes: map[string]uint64{"delivered": 12, "refused": 0},
	}, {
		Receiver: "orders", Name: "mail", URL: "unix//run/mail.sock:/", State: status.DeliveryDown, Since: ago(2 * time.Hour), DeadFile: "/x/events.jsonl.mail.dead.jsonl",
		Backlog: 3 << 20, Undone: 17, Retrying: 3, Oldest: ago(3 * time.Hour), DeadLetters: 2, LastAttempt: ago(time.Minute),
		LastError: "503 Service Unavailable", Outcomes: map[string]uint64{"refused": 7, "failed": 2, "dead": 2}, Warnings: []string{"the application is down"},
	}}
	answer, err := json.Marshal(map[string]any{"deliveries": all})
	if err != nil {
		t.Fatal(err)
	}
	address := caddyLike(t, map[string]string{"/webhook_receiver/deliveries": string(answer)})
	want := `orders/app  http://localhost:3000/hooks
  state              up
  not delivered      nothing
  last attempt       ` + at(time.Minute) + ` (1 minute ago)
  last taken         ` + at(time.Minute) + ` (1 minute ago)
  attempts           12 delivered
  dead letters       0, in /x/events.jsonl.app.dead.jsonl

orders/mail  unix//run/mail.sock:/
  state              down since ` + at(2*time.Hour) + ` (2 hours ago)
  not delivered      17 events (3 to be tried again), 3.0 MiB not read yet, the oldest received ` + at(3*time.Hour) + ` (3 hours ago)
  last attempt       ` + at(time.Minute) + ` (1 minute ago)
  last taken         none since Caddy was started
  attempts           7 refused, 2 failed, 2 dead
  last error         503 Service Unavailable
  dead letters       2, in /x/events.jsonl.mail.dead.jsonl
  warning: the application is down
`
	if out, notes, err := webhook("deliveries", "--address", address); err != nil || out != want || notes != "" {
		t.Errorf("%v, %s, shows\n%s\nwant\n%s", err, notes, out, want)
	}
	if out, _, err := webhook("deliveries", "--json", "--address", address); err != nil || out != string(answer)+"\n" {
		t.Errorf("%v: %s", err, out)
	}

	// status has a line for each.
	answer, err = json.Marshal(status.Report{Receivers: []status.ReceiverReport{{Name: "orders", Provider: "github", Deliveries: all}}})
	if err != nil {
		t.Fatal(err)
	}
	out, _, err := webhook("status", "--address", caddyLike(t, map[string]string{"/webhook_receiver/status": string(answer)}))
	if err != nil {
		t.Fatal(err)
	}
	mustContain(t, out, "  delivery           app: up; not delivered: nothing\n",
		"  delivery           mail: down since "+at(2*time.Hour)+" (2 hours ago); not delivered: 17 events (3 to be tried again), 3.0 MiB not read yet, the oldest received "+
			at(3*time.Hour)+" (3 hours ago); dead letters: 2\n  warning: mail: the application is down\n")
}

// TestDeliveryStates shows each in words.
func TestDeliveryStates(t *testing.T) {
	soon := time.Now().Add(time.Hour)
	for want, d := range map[string]status.DeliveryReport{
		"paused; not delivered: 1 event":                                         {State: "paused", Undone: 1},
		"standby; not delivered: 5 B not read yet":                               {State: "standby", Backlog: 5},
		"held until " + soon.UTC().Format(time.RFC3339) + " (1 hour ahead); not": {State: "held", HeldUntil: &soon},
		"starting; not delivered: nothing":                                       {State: "starting"},
	} {
		if got := deliveryLine(&d, soon.Add(-time.Hour)); !strings.HasPrefix(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestDeliveryActions finds the delivery, and tells what became of it.
func TestDeliveryActions(t *testing.T) {
	address, asked := withDeliveries(t, map[string]string{
		"POST orders/app/pause":  `{"result":"paused"}`,
		"POST orders/mail/skip":  `409 {"error":"no event was tried and not taken"}`,
		"POST users/crm/retry":   `{"result":"2 dead letters are sent again\u001b[31m"}`,
		"POST users/crm/skip":    `404 {"error":"there is no such delivery\u001b[31m"}`,
		"POST users/app/resume":  `{"result":"goes on"}`,
		"POST users/crm/pause":   `rubbish`,
		"POST users/crm/resume":  `404 page not found`,
		"POST orders/mail/pause": `400 {"error":"odd"}`,
	}, "orders/app", "orders/mail", "users/app", "users/crm", "users/crm")
	for _, test := range []struct {
		args      string
		out, fail string // what it prints, or says instead
		asked     string
	}{
		{"pause orders/app", "orders/app: paused\n", "", "POST orders/app/pause"},
		{"retry crm", "users/crm: 2 dead letters are sent again\\u001b[31m\n", "", "POST users/crm/retry"}, // of two receivers of one name
		{"resume users/app", "users/app: goes on\n", "", "POST users/app/resume"},
		{"pause app", "", "several deliveries have the name app; which one: orders/app or users/app?", ""},
		{"pause crn", "", "there is no delivery crn; there are: orders/app, orders/mail, users/app, users/crm", ""},
		{"pause orders/crm", "", "there is no delivery orders/crm; there are: ", ""},
		{"skip mail", "", "no event was tried and not taken", "POST orders/mail/skip"},
		{"skip crm", "", `there is no such delivery\u001b[31m`, "POST users/crm/skip"},
		{"pause crm", "", "it is no JSON", "POST users/crm/pause"},
		{"resume crm", "", "does not know its receivers", "POST users/crm/resume"},
		{"pause mail", "", "HTTP 400", "POST orders/mail/pause"},
		{"pause", "", "which one? Give the name of a delivery, as in caddy webhook deliveries pause app", ""},
		{"pause app mail", "", "which one?", ""},
		{"stop app", "", "unknown command", ""},
		{"app", "", "unknown command", ""},
	} {
		*asked = nil
		out, _, err := webhook(append(append([]string{"deliveries"}, strings.Fields(test.args)...), "--address", address)...)
		if (err != nil) != (test.fail != "") || err != nil && !strings.Contains(err.Error(), test.fail) || out != test.out || strings.Join(*asked, ", ") != test.asked {
			t.Errorf("%s: %v, %q, asked %q", test.args, err, out, *asked)
		}
		if err != nil && strings.Contains(err.Error(), "\x1b") {
			t.Errorf("%s: %q", test.args, err)
		}
	}
}

// TestNoDeliveries says so.
func TestNoDeliveries(t *testing.T) {
	address, _ := withDeliveries(t, nil)
	if out, _, err := webhook("deliveries", "--address", address); err != nil || !strings.Contains(out, "There is no delivery in the config") {
		t.Errorf("%v: %s", err, out)
	}
	if _, _, err := webhook("deliveries", "pause", "app", "--address", address); err == nil || !strings.Contains(err.Error(), "there is no delivery in the config") {
		t.Errorf("%v", err)
	}
}

// TestDeliveryCompletion completes names for a shell, as far as somebody answers.
func TestDeliveryCompletion(t *testing.T) {
	address, _ := withDeliveries(t, nil, "orders/app", "users/app")
	out, _, err := webhook("__complete", "deliveries", "pause", "--address", address, "")
	if err != nil || !strings.HasPrefix(out, "orders/app\nusers/app\n:") {
		t.Errorf("%v: %q", err, out)
	}
	if out, _, err = webhook("__complete", "deliveries", "pause", "--address", "localhost:1", ""); err != nil || !strings.HasPrefix(out, ":") {
		t.Errorf("%v: %q", err, out)
	}
}
