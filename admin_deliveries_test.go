package webhookreceiver

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/status"
)

// fakeDelivery does what it is told, unless it is broken, and remembers it.
type fakeDelivery struct {
	status.DeliveryReport
	broken bool
	did    []string
}

func (d *fakeDelivery) SendAgain(context.Context, []byte) (a status.Attempt, err error) {
	return a, nil
}

func (d *fakeDelivery) Knows(context.Context, status.Line) (r status.EventReport) { return r }

func (d *fakeDelivery) InEffect() bool { return true }

func (d *fakeDelivery) Report() status.DeliveryReport { return d.DeliveryReport }

func (d *fakeDelivery) Do(_ context.Context, action string) (string, error) {
	if d.broken {
		return "", errors.New("it can't just now")
	}
	d.did = append(d.did, action)
	return "did " + action, nil
}

// askDeliveries answers a request to the admin API as Caddy does.
func askDeliveries(t *testing.T, method, path string) (code int, answer, allow string) {
	t.Helper()
	mux := http.NewServeMux()
	for _, route := range (adminAPI{}).Routes() {
		mux.HandleFunc(route.Pattern, func(w http.ResponseWriter, r *http.Request) {
			err := route.Handler.ServeHTTP(w, r)
			var failure caddy.APIError
			if errors.As(err, &failure) {
				w.WriteHeader(failure.HTTPStatus)
				_, _ = w.Write([]byte(failure.Err.Error()))
			} else if err != nil {
				t.Error(err)
			}
		})
	}
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(method, "/webhook_receiver/deliveries"+path, nil))
	return w.Code, w.Body.String(), w.Header().Get("Allow")
}

// TestDeliveryAPI does what is asked with the delivery that is named, and with no other.
func TestDeliveryAPI(t *testing.T) {
	if code, answer, _ := askDeliveries(t, "POST", "/orders/app/pause"); code != 404 || answer != "there is no delivery in the config that runs" {
		t.Errorf("%d %s", code, answer)
	}
	all := map[string]*fakeDelivery{}
	for _, d := range []*fakeDelivery{
		{DeliveryReport: status.DeliveryReport{Receiver: "orders", Name: "app", URL: "http://localhost/<>", DeadFile: "/orders"}},
		{DeliveryReport: status.DeliveryReport{Receiver: "orders", Name: "mail", DeadFile: "/mail"}, broken: true},
		{DeliveryReport: status.DeliveryReport{Receiver: "users", Name: "app", DeadFile: "/a"}},
		{DeliveryReport: status.DeliveryReport{Receiver: "users", Name: "app", DeadFile: "/b"}},
		{DeliveryReport: status.DeliveryReport{Receiver: "mixed", Name: "app", DeadFile: "/c"}},
		{DeliveryReport: status.DeliveryReport{Receiver: "mixed", Name: "app", DeadFile: "/d"}, broken: true},
	} {
		all[d.DeadFile] = d
		t.Cleanup(status.PublishDelivery(d))
	}
	const names = "there is no such delivery; there are: mixed/app, orders/app, orders/mail, users/app"
	const paths = "this must be a path such as /webhook_receiver/deliveries/<receiver>/<name>/pause; instead of pause also resume, skip or retry"
	for _, test := range []struct {
		method, path string
		code         int
		answer       string
		did          []string // those whose files these are
	}{
		{"POST", "/orders/app/pause", 200, `{"result":"did pause"}`, []string{"/orders"}},
		{"POST", "/orders/app/resume", 200, `{"result":"did resume"}`, []string{"/orders"}},
		{"POST", "/orders/app/skip?x=y", 200, `{"result":"did skip"}`, []string{"/orders"}},
		{"POST", "/%6frders/app/retry", 200, `{"result":"did retry"}`, []string{"/orders"}},
		{"POST", "/users/app/retry", 200, `{"result":"that with the dead letters in /a: did retry; that with the dead letters in /b: did retry"}`, []string{"/a", "/b"}},
		{"POST", "/mixed/app/skip", 200, `{"result":"that with the dead letters in /c: did skip; that with the dead letters in /d: it can't just now"}`, []string{"/c"}},
		{"POST", "/orders/mail/skip", 409, "it can't just now", nil},
		{"POST", "/orders/crm/skip", 404, names, nil},
		{"POST", "/order/app/skip", 404, names, nil},
		{"POST", "/orders%2fapp/x/skip", 404, paths, nil},
		{"POST", "/orders/app/stop", 404, paths, nil},
		{"POST", "/orders/app", 404, paths, nil},
		{"POST", "/orders/app/skip/", 404, paths, nil},
		{"POST", "/", 404, paths, nil},
		{"GET", "/orders/app/skip", 405, "method not allowed", nil},
		{"PUT", "/orders/app/skip", 405, "method not allowed", nil},
		{"POST", "", 405, "method not allowed", nil},
	} {
		code, answer, allow := askDeliveries(t, test.method, test.path)
		if code != test.code || strings.TrimSpace(answer) != test.answer {
			t.Errorf("%s %s: %d %s", test.method, test.path, code, answer)
		}
		if want := map[bool]string{true: http.MethodGet, false: http.MethodPost}[test.path == ""]; code == 405 && allow != want {
			t.Errorf("%s %s: allows %s", test.method, test.path, allow)
		}
		for name, d := range all {
			if slices.Contains(test.did, name) != (len(d.did) == 1) {
				t.Errorf("%s %s: %s did %q", test.method, test.path, name, d.did)
			}
			d.did = nil
		}
	}

	code, answer, _ := askDeliveries(t, "GET", "")
	var list struct {
		Started    string
		Deliveries []status.DeliveryReport
	}
	if err := json.Unmarshal([]byte(answer), &list); err != nil || code != 200 || len(list.Deliveries) != 6 || list.Started == "" || !strings.Contains(answer, "http://localhost/<>") {
		t.Errorf("%d, %v: %s", code, err, answer)
	}
}
