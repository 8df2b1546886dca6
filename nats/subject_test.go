package natsoutput

import (
	"context"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
)

func TestParseSubject(t *testing.T) {
	t.Setenv("NATS_PREFIX", "acme.hooks")
	for _, test := range []struct{ configured, pattern, err string }{
		{"webhooks", "webhooks", ""},
		{"webhooks.{http.webhook_receiver.event.type}", "webhooks.*", ""},
		{"webhooks.{a}-{b}.x", "webhooks.*.x", ""},
		{"{env.NATS_PREFIX}.{a}", "acme.hooks.*", ""},
		{"", "", "subject: is required"},
		{"{http.webhook_receiver.event.type}", "", "the first token must have no placeholder"},
		{"x{a}.b", "", "the first token must have no placeholder"},
		{"{env.NATS_UNSET_PREFIX}.b", "", "env.NATS_UNSET_PREFIX"},
		{"webhooks.>", "", "without wildcards"},
		{"webhooks.*", "", "without wildcards"},
		{"webhooks..x", "", "tokens separated by dots"},
		{".x", "", "tokens separated by dots"},
		{"webhooks x", "", "without wildcards, white space"},
		{"$JS.API.STREAM.DELETE", "", "without wildcards"},
		{"webhooks.{a", "", "unclosed placeholders"},
		{"webhooks" + strings.Repeat(".{a}", 16), "", "too long"},
	} {
		s, err := parseSubject(test.configured)
		if test.err != "" {
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("%q: got %v, want %q", test.configured, err, test.err)
			}
		} else if err != nil || s.pattern != test.pattern {
			t.Errorf("%q: got %+v, %v, want %q", test.configured, s, err, test.pattern)
		}
	}
}

func TestSubjectForEvent(t *testing.T) {
	s, err := parseSubject("webhooks.{type}")
	must(t, err)
	long := strings.Repeat("ä", 100)
	for _, test := range []struct{ value, want string }{
		{"ticket_status_change", "ticket_status_change"},
		{"ticket.status.change", "ticket_status_change"},
		{"Ünïcode-日本", "Ünïcode-日本"},
		{"", "_"},
		{"*", "_"},
		{">", "_"},
		{"a.>", "a__"},
		{" a\tb\r\nc\u00a0d\u3000e", "_a_b__c_d_e"},
		{"$JS.API", "_JS_API"},
		{"a$b", "a$b"},
		{"x\x00\x7f\u200by", "x___y"},
		{"bad\xffutf8", "bad_utf8"},
		{long, long[:128]},
		{strings.Repeat("x", 127) + "ä", strings.Repeat("x", 127)},
		{"{env.HOME}", "{env_HOME}"}, // not evaluated again
	} {
		repl := caddy.NewEmptyReplacer()
		repl.Set("type", test.value)
		ctx := context.WithValue(t.Context(), caddy.ReplacerCtxKey, repl)
		if got, err := s.forEvent(ctx); err != nil || got != "webhooks."+test.want {
			t.Errorf("%q: got %q, %v, want %q", test.value, got, err, test.want)
		}
	}
	if got, err := s.forEvent(t.Context()); err != nil || got != "webhooks._" {
		t.Errorf("without a replacer: got %q, %v", got, err)
	}
}

// A sender can't get out of the token that it may fill.
func FuzzSubject(f *testing.F) {
	s, err := parseSubject("webhooks.{type}.x")
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{"", "a", "a.b", "*", ">", "$SYS", "\xff\x00 \t", "\\{x\\}", "{type}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		repl := caddy.NewEmptyReplacer()
		repl.Set("type", value)
		got, err := s.forEvent(context.WithValue(t.Context(), caddy.ReplacerCtxKey, repl))
		if err != nil || !covers("webhooks.*.x", got) || strings.ContainsAny(got, "*> \t\r\n\x00") || len(got) > len("webhooks..x")+maxValue {
			t.Errorf("%q: %q, %v", value, got, err)
		}
	})
}

func TestCovers(t *testing.T) {
	for _, test := range []struct {
		filter, pattern string
		want            bool
	}{
		{"webhooks", "webhooks", true},
		{"webhooks.>", "webhooks.*", true},
		{"webhooks.*", "webhooks.*", true},
		{">", "webhooks.*.x", true},
		{"webhooks.a", "webhooks.*", false},
		{"webhooks.>", "webhooks", false},
		{"webhooks.*", "webhooks.*.x", false},
		{"webhooks.*.x", "webhooks.*", false},
		{"other.>", "webhooks.a", false},
	} {
		if got := covers(test.filter, test.pattern); got != test.want {
			t.Errorf("%s, %s: got %t", test.filter, test.pattern, got)
		}
	}
}
