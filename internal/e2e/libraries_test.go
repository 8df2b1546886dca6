//go:build libraries

package e2e

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// compared is a service whose library is asked what it thinks of each request that a
// receiver gets. libraries/libraries.mjs has the libraries, by the same names.
type compared struct {
	name     string
	provider string // "": name
	options  string // of the receiver, beyond provider and secret

	late, early time.Duration // how late and early the receiver takes it; 0: it says no time
	refused     int           // status of the answer to what is not signed right; 0: 401

	wrap     func(r *rand.Rand, value string) string // what the service puts around any JSON
	change   func(r *rand.Rand, body string) string  // of something that is signed; nil: of any byte
	partial  bool                                    // whether the body is not signed
	forms    bool                                    // whether it sends forms
	noJSON   bool                                    // whether it sends nothing else
	urls     bool                                    // whether the URL is signed
	urlForms int                                     // how many other forms of it may be signed instead
	queries  []string                                // where the query has what is signed

	// several makes one header of two, where the service sends several signatures while a
	// secret is changed.
	several func(first, second string) string

	differs map[string]difference // by what the request is called
}

// difference is where receiver and library differ, and why that is right.
type difference struct {
	receiver bool // what the receiver does: it takes the request
	why      string
}

const (
	noTime    = "the library checks no time"
	repeats   = "repeats have the time of the first attempt, so the receiver takes them for as long as they come"
	noFuture  = "the library takes any time ahead; a receiver takes no more than it takes late"
	clocks    = "the receiver allows for clocks that differ by a minute"
	rewrites  = "the library parses the body and makes JSON of it again, which is not what was signed"
	alsoNeeds = "the library needs it, and nothing in it is signed"
	lastOnly  = "the library looks at the last signature only; the documents say that there can be several"
)

var (
	minutes      = 5 * time.Minute
	timeless     = map[string]difference{"late, outside": {false, noTime}, "early, outside": {false, noTime}}
	anyFuture    = map[string]difference{"early, outside": {false, noFuture}}
	tokenClocks  = map[string]difference{"late, inside": {true, clocks}, "early, inside": {true, clocks}}
	bodyRewriter = map[string]difference{
		"escapes": {true, rewrites}, "big numbers": {true, rewrites}, "pretty-printed": {true, rewrites},
		"line feed": {true, rewrites}, "random": {true, rewrites},
	}
)

var allCompared = []compared{
	{name: "stripe", late: minutes, early: minutes, several: secondAfter(",", "v1="), differs: anyFuture},
	{name: "github", forms: true},
	{name: "slack", late: minutes, early: minutes, forms: true, differs: anyFuture},
	{name: "twilio", forms: true, noJSON: true, urls: true, urlForms: 5},
	{name: "twilio_json", provider: "twilio", urls: true, urlForms: 5},
	{name: "square", urls: true},
	{name: "standard_webhooks", late: minutes, early: minutes, several: joined(" ")},
	{name: "svix", provider: "standard_webhooks", late: minutes, early: minutes, several: joined(" ")},
	{name: "clerk", late: minutes, early: minutes, several: joined(" ")},
	{name: "resend", late: minutes, early: minutes, several: joined(" ")},
	{name: "replicate", late: minutes, early: minutes, several: joined(" "), differs: timeless},
	{name: "openai", late: minutes, early: minutes, several: joined(" ")},
	{name: "lithic", late: minutes, early: minutes, several: joined(" ")},
	{name: "polar", late: minutes, early: minutes, several: joined(" ")},
	{name: "finch", late: minutes, early: minutes, several: joined(" ")},
	{name: "hubspot", late: minutes, early: minutes, urls: true, differs: anyFuture},
	{name: "workos", late: 3 * time.Minute, early: 3 * time.Minute, differs: merged(anyFuture, bodyRewriter)},
	{name: "sanity", late: time.Hour, early: time.Hour, differs: timeless},
	{name: "mux", late: minutes, early: minutes, several: secondAfter(",", "v1="), differs: anyFuture},
	{name: "livekit", late: 2 * time.Minute, early: time.Minute, differs: tokenClocks},
	{name: "cloudinary", late: 2 * time.Hour, early: 2 * time.Hour, differs: anyFuture},
	{name: "messagebird", late: 2 * time.Minute, early: time.Minute, urls: true, differs: tokenClocks},
	{
		name: "mercado_pago", late: 7 * 24 * time.Hour, early: 7 * 24 * time.Hour, partial: true,
		queries: []string{"?data.id=123456&type=payment", "?data.id=ORD%2D01&type=order", "?type=payment&data.id=a%20b", "?type=payment", "?data.id=7", "?topic=a"},
		differs: timeless,
	},
	{name: "razorpay"},
	{name: "gocardless", refused: 498},
	{name: "adyen", wrap: adyenItems, change: adyenChange},
	{name: "adyen_platform"},
	{name: "line"},
	{name: "viber"},
	{name: "orb", late: minutes, early: minutes, several: joined(" ")},
	{name: "modern_treasury"},
	{name: "cronofy", several: joined(",")},
	{name: "sinch", late: 24 * time.Hour, early: 24 * time.Hour, differs: timeless},
	{name: "sinch_numbers"},
	{name: "commercelayer"},
	{name: "pusher", differs: map[string]difference{"without X-Pusher-Key": {true, alsoNeeds}}},
	{
		name: "paddle", late: minutes, early: minutes, several: secondAfter(";", "h1="),
		differs: merged(anyFuture, map[string]difference{"late, inside": {true, repeats}, "another signature after": {true, lastOnly}}),
	},
	{name: "telnyx", late: minutes, early: minutes},
	{name: "shopify", differs: map[string]difference{
		"without X-Shopify-Topic": {true, alsoNeeds}, "without X-Shopify-Webhook-Id": {true, alsoNeeds},
		"without X-Shopify-Shop-Domain": {true, alsoNeeds}, "without X-Shopify-API-Version": {true, alsoNeeds},
	}},
	{name: "fireblocks", options: "account w1"},
	{name: "neon_auth", late: minutes, early: minutes, differs: timeless},
	{name: "linear", late: time.Minute, early: time.Minute, wrap: linearEvent},
	{name: "discord", late: 15 * time.Minute, early: 15 * time.Minute, differs: timeless},
	{name: "sendgrid", late: 25 * time.Hour, early: 25 * time.Hour, differs: timeless},
	{name: "onfido"},
}

// joined has one header after the other.
func joined(separator string) func(first, second string) string {
	return func(first, second string) string { return first + separator + second }
}

// secondAfter has the elements of the second that begin so, after the first.
func secondAfter(separator, prefix string) func(first, second string) string {
	return func(first, second string) string {
		for _, element := range strings.Split(second, separator) {
			if strings.HasPrefix(element, prefix) {
				first += separator + element
			}
		}
		return first
	}
}

func merged(all ...map[string]difference) map[string]difference {
	one := map[string]difference{}
	for _, m := range all {
		for what, d := range m {
			one[what] = d
		}
	}
	return one
}

// TestServicesLibraries sends each service's receiver requests that are right and ones
// that are wrong: what it does is what the service's own library says, except where a
// difference is declared.
func TestServicesLibraries(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	l := startLibraries(t)
	secrets := map[string][]string{}
	sites := "http:// {\n"
	for i := range allCompared {
		c := &allCompared[i]
		secrets[c.name] = l.ask(t, question{Service: c.name, Op: "secrets"}).Secrets
		sites += directive(c.path()+"*", c.receiverOptions(secrets[c.name])...)
	}
	s := start(t, sites+"}\n")
	if names := l.ask(t, question{}).Services; len(names) != len(allCompared) {
		t.Errorf("%d services are compared, and there are libraries of %v", len(allCompared), names)
	}
	t.Run("services", func(t *testing.T) {
		for i, c := range allCompared {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				compare(t, &comparison{
					compared: c, l: l, server: s.in(t), client: newClient(t), secrets: secrets[c.name],
					r: rand.New(rand.NewPCG(seed, uint64(i))), differed: map[string]bool{},
				})
			})
		}
	})
	for name, all := range secrets {
		for _, secret := range all {
			if strings.Contains(s.log(), secret) {
				t.Errorf("a secret of %s is in the log", name)
			}
		}
	}
}

func (c *compared) path() string { return "/" + c.name }

func (c *compared) receiverOptions(secrets []string) []string {
	name := c.provider
	if name == "" {
		name = c.name
	}
	options := []string{"name " + c.path()[1:], "provider " + name, fmt.Sprintf("secret %s %s", secrets[0], secrets[1]), "output file {$DIR}/events.jsonl"}
	if c.urls {
		options = append(options, "public_url https://hooks.example.com")
	}
	if c.options != "" {
		options = append(options, c.options)
	}
	return options
}

// comparison is one service's receiver beside its library.
type comparison struct {
	compared
	l        *librariesProcess
	server   *server
	client   *http.Client
	secrets  []string // the receiver has the first two
	r        *rand.Rand
	differed map[string]bool
	now      time.Time // zero: it goes on
}

func compare(t *testing.T, c *comparison) {
	for what, bodies := range c.bodies() {
		for _, body := range bodies {
			c.judge(t, what, true, c.signed(t, body, 0))
		}
	}
	c.judgeURLs(t)
	c.judgeTimes(t)

	right := c.signed(t, c.body(), 0)
	right.upper = true
	c.judge(t, "header names", true, right)
	right = c.signedBy(t, 1, c.body(), 0)
	c.judge(t, "second secret", true, right)
	c.judge(t, "another secret", false, c.signedBy(t, 2, c.body(), 0))
	for range 10 {
		changed := c.signed(t, c.body(), 0)
		changed.body = c.changed(changed.body)
		c.judge(t, "body changed", c.partial, changed)
	}
	signed := c.signed(t, c.body(), 0)
	for i, h := range signed.headers {
		without := signed
		without.headers = slices.Delete(slices.Clone(signed.headers), i, i+1)
		c.judge(t, "without "+h[0], false, without)
	}
	if len(signed.headers) > 0 {
		value := strings.TrimRight(signed.headers[0][1], "=") // as the padding may be missing
		for _, n := range []int{2, 4, len(value) / 2} {
			c.judge(t, "truncated signature", false, signed.withSignature(value[:len(value)-n]))
		}
	}
	if c.several != nil {
		c.now = time.Now() // as they are of one time
		signed, other := c.signedBy(t, 0, signed.body, 0), c.signedBy(t, 2, signed.body, 0)
		both := func(first, second sent) sent {
			return signed.withSignature(c.several(first.headers[0][1], second.headers[0][1]))
		}
		c.judge(t, "another signature before", true, both(other, signed))
		c.judge(t, "another signature after", true, both(signed, other))
		c.judge(t, "two other signatures", false, both(other, other))
	}
	for what := range c.differs {
		if !c.differed[what] {
			t.Errorf("%s: receiver and library do not differ, as is declared", what)
		}
	}
}

// ofJavaScript is what a library in another language makes another URL of, as it is escaped
// anew: bytes that are no UTF-8, and a number, which comes first of the names in an object.
var ofJavaScript = regexp.MustCompile(`%FF|[?&]0(=|&|$)`)

// judgeURLs sends odd URLs, and one other than was signed.
func (c *comparison) judgeURLs(t *testing.T) {
	queries := c.queries
	if c.urls {
		queries = slices.Clone(oddQueries)
		for range 10 {
			queries = append(queries, c.randomQuery())
		}
	}
	for _, query := range queries {
		for form := range c.urlForms + 1 {
			if form > 0 && ofJavaScript.MatchString(query) {
				continue
			}
			c.judge(t, "URL", true, c.signedAs(t, question{Secret: c.secrets[0], Body: c.body(), URL: query, Form: form}))
		}
	}
	if c.urls || c.queries != nil {
		other := c.signedFor(t, 0, c.body(), "?data.id=1&a=1", 0)
		other.url = strings.Replace(other.url, "=1", "=2", 1)
		c.judge(t, "URL changed", false, other)
	}
}

// judgeTimes sends what was signed just inside and just outside of the window.
func (c *comparison) judgeTimes(t *testing.T) {
	if c.late == 0 {
		return
	}
	const margin = 30 * time.Second
	c.judge(t, "late, inside", true, c.signed(t, c.body(), -c.late+margin))
	c.judge(t, "late, outside", false, c.signed(t, c.body(), -c.late-margin))
	c.judge(t, "early, inside", true, c.signed(t, c.body(), c.early-margin))
	c.judge(t, "early, outside", false, c.signed(t, c.body(), c.early+margin))
}

// sent is a request to a receiver.
type sent struct {
	url, body string
	headers   [][2]string // the signature's first
	upper     bool        // names of headers in upper case
	form      bool
}

func (c *comparison) signed(t *testing.T, body string, ahead time.Duration) sent {
	t.Helper()
	return c.signedBy(t, 0, body, ahead)
}

func (c *comparison) signedBy(t *testing.T, secret int, body string, ahead time.Duration) sent {
	t.Helper()
	query := ""
	if c.queries != nil {
		query = c.queries[0]
	}
	return c.signedFor(t, secret, body, query, ahead)
}

func (c *comparison) signedFor(t *testing.T, secret int, body, query string, ahead time.Duration) sent {
	t.Helper()
	now := c.now
	if now.IsZero() {
		now = time.Now()
	}
	return c.signedAs(t, question{Secret: c.secrets[secret], Body: body, URL: query, At: now.Add(ahead).UnixMilli()})
}

// signedAs signs for the URL with that query.
func (c *comparison) signedAs(t *testing.T, q question) sent {
	t.Helper()
	q.Service, q.Op, q.URL = c.name, "sign", "https://hooks.example.com"+c.path()+q.URL
	if q.At == 0 {
		q.At = time.Now().UnixMilli()
	}
	a := c.l.ask(t, q)
	return sent{url: a.URL, body: a.Body, headers: a.Headers, form: c.isForm(q.Body)}
}

// judge has the library and the receiver look at a request, which is right or wrong.
func (c *comparison) judge(t *testing.T, what string, right bool, r sent) {
	t.Helper()
	receiver, library := right, right
	if d, ok := c.differs[what]; ok {
		receiver, library = d.receiver, !d.receiver
	}
	said, why := c.asked(t, r)
	status := c.send(t, r)
	refused := 401
	if c.refused != 0 {
		refused = c.refused
	}
	switch {
	case status/100 == 2 && !receiver:
		t.Errorf("%s: the receiver takes it", what)
	case status/100 != 2 && receiver:
		t.Errorf("%s: answer %d of the receiver, which is to take it", what, status)
	case !receiver && status != refused:
		t.Errorf("%s: answer %d of the receiver, want %d", what, status, refused)
	}
	_, mayAgree := c.differs[what]
	if said == library {
		c.differed[what] = true
	} else if !mayAgree {
		t.Errorf("%s: the library says %v (%s), want %v", what, said, why, library)
	}
	if t.Failed() {
		t.Fatalf("%s %v\n%s", r.url, r.headers, clip(r.body))
	}
}

// withSignature is the request with another value of the signature's header.
func (r sent) withSignature(value string) sent {
	r.headers = slices.Clone(r.headers)
	r.headers[0][1] = value
	return r
}

// asked is what the library says, with any of the receiver's secrets.
func (c *comparison) asked(t *testing.T, r sent) (ok bool, why string) {
	t.Helper()
	headers := map[string]string{"content-type": r.contentType()}
	for _, h := range r.headers {
		headers[strings.ToLower(h[0])] = h[1] // as Node's HTTP server has them
	}
	for _, secret := range c.secrets[:2] {
		a := c.l.ask(t, question{Service: c.name, Op: "verify", Secret: secret, Body: r.body, URL: r.url, Headers: headers})
		if a.OK {
			return true, ""
		}
		why = a.Why
	}
	return false, why
}

func (r *sent) contentType() string {
	if r.form {
		return "application/x-www-form-urlencoded"
	}
	return "application/json"
}

func (c *comparison) send(t *testing.T, r sent) (status int) {
	t.Helper()
	_, target, _ := strings.Cut(r.url, "//hooks.example.com")
	path, query, hasQuery := strings.Cut(target, "?")
	req, err := http.NewRequest(http.MethodPost, "http://"+c.server.http+path, strings.NewReader(r.body))
	if err != nil {
		t.Fatal(err)
	}
	req.URL = &url.URL{Scheme: "http", Host: c.server.http, Opaque: path, RawQuery: query, ForceQuery: hasQuery}
	req.Header.Set("Content-Type", r.contentType())
	for _, h := range r.headers {
		name := h[0]
		if r.upper {
			name = strings.ToUpper(name)
		}
		req.Header[name] = []string{h[1]}
	}
	a, err := read(c.client.Do(req))
	if err != nil {
		t.Fatal(err)
	}
	return a.status
}
