package expect

import (
	"strings"
	"testing"
	"time"
)

func TestNearest(t *testing.T) {
	options := []string{"verify_token", "secret", "timeout", "max_body_size", "provider", "accept", "output", "roll_keep", "roll_keep_for"}
	for text, want := range map[string]string{
		"verify_tokens": "verify_token", "Verify-Token": "verify_token", "token": "verify_token", "verifytoken": "verify_token",
		"secrets": "secret", "timout": "timeout", "tiemout": "timeout", "Timeout": "timeout", "TIMEOUT": "timeout",
		"body_size": "max_body_size", "max_bodysize": "max_body_size", "prvider": "provider", "roll_kep": "roll_keep",
		"roll": "", "": "", "x": "", "colour": "", "correcthorse": "", "ou": "", "keep_for": "roll_keep_for",
	} {
		if got := Nearest(text, options); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if got := Nearest("x", nil); got != "" {
		t.Errorf("of nothing: %q", got)
	}
}

func TestErrors(t *testing.T) {
	duration := func(value, such string, least time.Duration) error {
		_, err := Duration("timeout", value, such, least)
		return err
	}
	size := func(value string) error {
		_, err := Size("max_body_size", value, "5MiB")
		return err
	}
	for want, err := range map[string]error{
		`sync "alway": must be always or off; did you mean always?`:                                                           Word("sync", "alway", "always", "off"),
		`sync "never": must be always, off or x`:                                                                              Word("sync", "never", "always", "off", "x"),
		`timeout "daily": must be a duration such as 24h or off`:                                                              duration("daily", "24h or off", 1),
		`timeout "24": must be a duration such as 15s, and needs a unit: 24h, 24m, 24s`:                                       duration("24", "15s", 1),
		`timeout "1.5": must be a duration such as 15s, and needs a unit: 1.5h, 1.5m, 1.5s`:                                   duration("1.5", "15s", 1),
		`timeout "0": must be positive, a duration such as 15s`:                                                               duration("0", "15s", 1),
		`timeout "-1s": must not be negative: a duration such as 15s`:                                                         duration("-1s", "15s", 0),
		`max_body_size "big": must be a size such as 5MiB`:                                                                    size("big"),
		`max_body_size "9EiB": must be less than 8 EiB, a size such as 5MiB`:                                                  size("9EiB"),
		`max_body_size (not shown, as it may be a secret): must be a size such as 5MiB`:                                       size("canary-token-7Hq2"),
		`accept (not shown, as it may be a secret): must be json or any`:                                                      Word("accept", "someverificationtoken", "json", "any"),
		`accept "{env.ACCEPT}": must be json or any; a placeholder is not evaluated here, only {$VARIABLE} in a Caddyfile is`: Word("accept", "{env.ACCEPT}", "json", "any"),
	} {
		if err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
	for _, err := range []error{
		Word("sync", "off", "always", "off"), duration("1d", "", 1), duration("0", "", 0), duration("1m30s", "", 1), size("5MiB"), size("0"), size("7EiB"),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	if got := AllOf([]string{"a", "b", "c"}) + OneOf([]string{"a"}) + OneOf(nil) + OneOf(strings.Fields("a b")); got != "a, b and caa or b" {
		t.Error(got)
	}
}
