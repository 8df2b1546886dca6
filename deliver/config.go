// Package deliver sends stored events on to applications: from a receiver's file, in which a
// cursor notes how far a delivery is, until each of them was taken or is in the dead letters. It knows nothing of how they
// were received. What is sent next is decided in plan, and what must be remembered is kept by cursor; the goroutine of an engine
// puts both together.
package deliver

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/headers"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/deliver/plan"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/expect"
)

// DefaultName is the name of a delivery without one.
const DefaultName = "app"

// The values of some options.
const (
	AsOriginal    = "original"
	AsCloudEvents = "cloudevents"
	OrderSubject  = "subject"
	OrderStrict   = "strict"
	SignOff       = "off"
)

const (
	defaultConcurrency = 8
	maxConcurrency     = 1000
	defaultTimeout     = 30 * time.Second
	maxRetries         = 100
)

// Delivery sends the events of a receiver on to an application, until it has taken each of
// them. It reads them from the receiver's file, so there must be an output `file`, with `sync`
// `always` and `format` `cloudevents`.
type Delivery struct {
	// What logs, metrics and commands call it, and its files beside the receiver's: 1 to 32
	// lower-case letters, digits, `-` and `_`. A delivery of another name begins with the next
	// event. Default: `app`.
	Name string `json:"name,omitempty"`

	// The URL that events are sent to: http, https, or a Unix socket, as in
	// `unix//run/app.sock` or, with a path, `unix//run/app.sock:/webhooks`. User and password in it
	// become the field Authorization. Placeholders are evaluated when the config is loaded.
	// Required.
	URL string `json:"url,omitempty"`

	// How events are sent. `original` is as they came: with the method, the stored header
	// fields, and the body byte for byte. `cloudevents` is a CloudEvent in binary mode.
	// Default: `original`.
	As string `json:"as,omitempty"`

	// The secret with which requests are signed, by the scheme of Standard Webhooks: base64,
	// perhaps behind `whsec_`. Placeholders are evaluated when the config is loaded. Default:
	// they are not signed. Where the provider's own signature would be too old for the
	// application by then, that has to be said: `off`.
	Sign string `json:"sign,omitempty"`

	// What is sent one after the other: events about the same `subject`, or all (`strict`),
	// where an event that is not taken stops the delivery. Default: `subject`.
	Order string `json:"order,omitempty"`

	// How many attempts are made at a time. Default: 8; `strict`: 1.
	Concurrency int `json:"concurrency,omitempty"`

	// How many attempts are made in a second, at most. Default: 0, no limit.
	Rate int `json:"rate,omitempty"`

	// How long one attempt may take, to the end of the answer's header. Default: `30s`.
	Timeout caddy.Duration `json:"timeout,omitempty"`

	// The waits between the attempts for an event, each a fifth longer or shorter. After the
	// last one, what is refused while others are taken goes to the dead letters. Default: `5s 5m 30m 2h 5h 10h 14h 20h 24h`.
	Retry []caddy.Duration `json:"retry,omitempty"`

	// The types of events that are sent, with `*` for any characters; the others are passed
	// over. Default: all, except for those of `caddy webhook test`.
	Only []string `json:"only,omitempty"`

	// What is changed in the header of each request, as `header_up` of `reverse_proxy` does.
	// Default: nothing.
	Header *headers.HeaderOps `json:"header,omitempty"`

	// How the application is reached: TLS, client certificates, HTTP versions.
	// Default: Caddy's `http`.
	TransportRaw json.RawMessage `json:"transport,omitempty" caddy:"namespace=http.reverse_proxy.transport inline_key=protocol"`
}

// validName is what a delivery can be called.
var validName = regexp.MustCompile(`^[a-z0-9_-]{1,32}$`)

func checkName(option, name, where string) error {
	if !validName.MatchString(name) {
		return expect.Wrong(option, name, "1 to 32 lower-case letters, digits, - and _, such as app"+where)
	}
	return nil
}

// Check returns an error about what can be told without loading the config. It begins with the
// option that it is about, and quotes no secret.
func (d *Delivery) Check() error {
	var errs []error
	if d.Name != "" {
		errs = append(errs, checkName("name", d.Name, ""))
	}
	errs = append(errs, checkURL("url", d.URL))
	if d.As != "" {
		errs = append(errs, expect.Word("as", d.As, AsOriginal, AsCloudEvents))
	}
	if d.Order != "" {
		errs = append(errs, expect.Word("order", d.Order, OrderSubject, OrderStrict))
	}
	if d.Concurrency < 0 || d.Concurrency > maxConcurrency {
		errs = append(errs, fmt.Errorf("concurrency %d: must be a number from 1 to %d, such as %d", d.Concurrency, maxConcurrency, defaultConcurrency))
	}
	if d.Order == OrderStrict && d.Concurrency > 1 {
		errs = append(errs, fmt.Errorf("concurrency %d: with order strict there is one attempt at a time: leave one of the two out", d.Concurrency))
	}
	if d.Rate < 0 {
		errs = append(errs, fmt.Errorf("rate %d: must be a number of attempts a second, such as 50", d.Rate))
	}
	if d.Timeout < 0 {
		errs = append(errs, fmt.Errorf("timeout %s: must be positive, a duration such as 30s", time.Duration(d.Timeout)))
	}
	if len(d.Retry) > maxRetries {
		errs = append(errs, fmt.Errorf("retry: %d waits are too many: %d at most", len(d.Retry), maxRetries))
	}
	for _, wait := range d.Retry {
		if wait <= 0 {
			errs = append(errs, fmt.Errorf("retry %s: must be positive, durations such as 5s 5m 1h", time.Duration(wait)))
		}
	}
	errs = append(errs, checkPatterns(d.Only), checkSign(d.Sign))
	return errors.Join(errs...)
}

func checkPatterns(patterns []string) error {
	for _, pattern := range patterns {
		if pattern == "" || strings.Contains(pattern, "{") {
			return expect.Wrong("only", pattern, "types of events, with * for any characters, such as order.*")
		}
	}
	return nil
}

func checkSign(secret string) error {
	if secret == "" || secret == SignOff || strings.Contains(secret, "{") {
		return nil
	}
	_, err := signingKey(secret)
	return err
}

const urlSuch = "an http or https URL, or a Unix socket, such as http://localhost:3000/webhooks or unix//run/app.sock:/webhooks"

// checkURL returns an error for what is no URL, as far as it has no placeholders.
func checkURL(option, text string) error {
	switch {
	case text == "":
		return fmt.Errorf("%s: must be %s", option, urlSuch)
	case strings.Contains(text, "{"):
		return nil
	}
	_, _, err := parseURL(option, text)
	return err
}

// parseURL returns the URL to which requests are made, and the Unix socket that they go to, if
// they do.
func parseURL(option, text string) (u *url.URL, socket string, err error) {
	wrong := expect.Wrong(option, text, urlSuch)
	if rest, ok := strings.CutPrefix(text, "unix/"); ok {
		socket, path, _ := strings.Cut(rest, ":")
		if socket == "" || path != "" && !strings.HasPrefix(path, "/") {
			return nil, "", wrong
		}
		u, err := url.Parse("http://localhost" + cmp.Or(path, "/"))
		if err != nil || u.Fragment != "" {
			return nil, "", wrong
		}
		return u, socket, nil
	}
	switch u, err = url.Parse(text); {
	case lacksScheme(text):
		return nil, "", fmt.Errorf("%w; it lacks http:// or https:// at its beginning", wrong)
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.Fragment != "":
		return nil, "", wrong
	}
	return u, "", nil
}

// lacksScheme tells whether a text is a URL as browsers complete it.
func lacksScheme(text string) bool {
	host, _, _ := strings.Cut(text, "/")
	_, port, err := net.SplitHostPort(host)
	if err != nil {
		return host == "localhost" || strings.Contains(host, ".") && !strings.Contains(host, ":")
	}
	_, err = strconv.ParseUint(port, 10, 16)
	return err == nil
}

// signingKey returns the key that a secret of Standard Webhooks stands for.
func signingKey(secret string) ([]byte, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil || len(key) < 16 || len(key) > 128 {
		return nil, errors.New("sign: must be a secret of Standard Webhooks: base64 of 16 to 128 random bytes (24 are usual), perhaps behind whsec_, such as openssl rand -base64 24 makes; or off")
	}
	return key, nil
}

// DisplayName is the delivery's name, also where it has none.
func (d *Delivery) DisplayName() string { return cmp.Or(d.Name, DefaultName) }

// plan returns the settings for attempts.
func (d *Delivery) plan() plan.Settings {
	s := plan.Settings{
		Strict: d.Order == OrderStrict, Concurrency: cmp.Or(d.Concurrency, defaultConcurrency), Rate: d.Rate,
		Retry: plan.DefaultRetry,
	}
	if len(d.Retry) > 0 {
		s.Retry = make([]time.Duration, len(d.Retry))
		for i, wait := range d.Retry {
			s.Retry[i] = time.Duration(wait)
		}
	}
	return s
}
