package webhookreceiver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap/zapcore"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/metrics"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/outcome"
)

// TestOtherHandlersErrors: where another handler's reading of the body fails, as
// with Caddy's request_body, its status counts.
func TestOtherHandlersErrors(t *testing.T) {
	for status, want := range map[int]string{
		0: "bad_request", 400: "bad_request", 401: "bad_request", 408: "timeout", 413: "too_large", 500: "bad_request", 503: "unavailable",
	} {
		rc := newReceiver(t, "")
		r := httptest.NewRequest(http.MethodPost, "/", failing{caddyhttp.Error(status, errors.New("x"))})
		d := newRequest(httptest.NewRecorder(), r, time.Now(), time.Minute)
		became, err := rc.handle(d)
		if err != nil {
			became, err = rc.refuse(d, err)
		}
		var answer caddyhttp.HandlerError
		if !errors.As(err, &answer) || answer.StatusCode != cmp.Or(status, 400) || became != want {
			t.Errorf("%d: %v, counts as %s, want %s", status, err, became, want)
		}
	}
}

// TestOtherHandlersErrorsWithoutReason is of Caddy's errors that have no other.
func TestOtherHandlersErrorsWithoutReason(t *testing.T) {
	rc := newReceiver(t, "")
	r := caddyhttp.PrepareRequest(httptest.NewRequest(http.MethodPost, "/", failing{caddyhttp.Error(413, nil)}), caddy.NewReplacer(), httptest.NewRecorder(), &caddyhttp.Server{})
	err := rc.Handler.ServeHTTP(httptest.NewRecorder(), r, nil)
	var answer caddyhttp.HandlerError
	if !errors.As(err, &answer) || answer.StatusCode != 413 || len(linesOf(rc.logs, lineMaybe)) != 1 {
		t.Errorf("%v: %s", err, text(rc.logs))
	}
}

// TestOtherHandlersErrorsComeLate: what comes after the timeout is the timeout.
func TestOtherHandlersErrorsComeLate(t *testing.T) {
	rc := newReceiver(t, "")
	r := httptest.NewRequest(http.MethodPost, "/", failing{caddyhttp.Error(413, errors.New("x"))})
	_, err := rc.handle(newRequest(httptest.NewRecorder(), r, time.Now().Add(-time.Hour), time.Minute))
	var refusal *outcome.Refusal
	if !errors.As(err, &refusal) || refusal.Status != 408 || refusal.Outcome != "timeout" {
		t.Errorf("%v", err)
	}
}

// failing is a body that can't be read.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// counter returns the value of a counter in a registry, and the number of
// observations of a histogram.
func counter(t *testing.T, registry *prometheus.Registry, name string, labels ...string) float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() != "caddy_webhook_receiver_"+name {
			continue
		}
		for _, m := range family.GetMetric() {
			var values []string
			for _, l := range m.GetLabel() { // sorted by name
				values = append(values, l.GetValue())
			}
			if strings.Join(values, " ") == strings.Join(labels, " ") {
				return m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
			}
		}
	}
	return -1
}

// TestMetricsOfEveryConfig: values belong to the process, and every registry
// shows them.
func TestMetricsOfEveryConfig(t *testing.T) {
	rc := newReceiver(t, "")
	ctx, cancel := caddy.NewContext(caddy.Context{Context: context.Background()})
	defer cancel()
	later := ctx.GetMetricsRegistry()
	for range 2 { // as two receivers of one config do
		if err := metrics.Register(later); err != nil {
			t.Fatal(err)
		}
	}
	if counter(t, later, "requests_total", "duplicate", "socialboards", "socialboards") != 0 {
		t.Error("an outcome that has not been seen is not zero")
	}
	before := map[string]float64{}
	series := [][]string{
		{"requests_total", "stored", "socialboards", "socialboards"},
		{"store_duration_seconds", "file"},
		{"fsync_duration_seconds"},
		{"batch_events"},
	}
	for _, s := range series {
		before[s[0]] = counter(t, later, s[0], s[1:]...)
	}
	bytes := counter(t, later, "stored_bytes_total", "file")
	if resp := rc.post(t, `{"a":1}`); resp.StatusCode != 200 {
		t.Fatal(resp.Status)
	}
	for _, s := range series {
		if got := counter(t, later, s[0], s[1:]...); got != before[s[0]]+1 {
			t.Errorf("%v went from %v to %v", s, before[s[0]], got)
		}
	}
	if got := counter(t, later, "stored_bytes_total", "file"); got != bytes+7 {
		t.Errorf("stored bytes went from %v to %v, want 7 more", bytes, got)
	}
}

func TestFirstsAreLogged(t *testing.T) {
	rc := newReceiver(t, "")
	for range 3 {
		rc.post(t, `{"EventType":"secret"}`)
		resp, err := http.Get(rc.URL + "/?challenge=1&verifyToken=sesame")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	for _, message := range []string{
		"the first event since the config was loaded is stored", "the first verification since the config was loaded was answered",
	} {
		if n := logged(rc.logs, zapcore.InfoLevel, message); n != 1 {
			t.Errorf("%q was logged %d times, want once", message, n)
		}
	}
	if all := text(rc.logs); strings.Contains(all, "secret") || strings.Contains(all, "sesame") {
		t.Errorf("the log holds a payload or a token: %s", all)
	}
}

func TestRemedies(t *testing.T) {
	for _, test := range []struct {
		err  error
		want string
	}{
		{&fs.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}, "make room"},
		{&fs.PathError{Op: "open", Path: "x", Err: syscall.EACCES}, "let the user"},
		{syscall.EROFS, "let the user"},
		{syscall.EIO, "kernel's log"},
		{syscall.EMFILE, "LimitNOFILE"},
		{fmt.Errorf("x: %w", context.DeadlineExceeded), "too slow"},
		{errors.New("x"), "see the error"},
	} {
		mustContain(t, remedyFor(fmt.Errorf("output file: %w", test.err)), test.want)
	}
}
