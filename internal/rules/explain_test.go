package rules

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/outcome"
)

func macOf(newHash func() hash.Hash, key, text string) []byte {
	h := hmac.New(newHash, []byte(key))
	h.Write([]byte(text))
	return h.Sum(nil)
}

// The shapes of some providers' signatures.
var (
	likeGitHub = Signature{Algorithm: HMACSHA256, From: []Source{"header:X-Sig"}, Prefix: "sha256="}
	likeStripe = Signature{Algorithm: HMACSHA256, From: []Source{"header:X-Sig"}, Separator: ",", Prefix: "v1=", Content: "{timestamp}.{body}", Timestamp: []Source{"signature:t="}}
	likeSvix   = Signature{
		Algorithm: HMACSHA256, From: []Source{"header:X-Sig"}, Separator: " ", Prefix: "v1,", Encoding: EncodingBase64, KeyEncoding: EncodingBase64, KeyPrefix: "whsec_",
		Content: "{id}.{timestamp}.{body}", ID: []Source{"header:X-Id"}, Timestamp: []Source{"header:X-Time"},
	}
	likeSquare = Signature{Algorithm: HMACSHA256, From: []Source{"header:X-Sig"}, Encoding: EncodingBase64, Content: "{url}{body}"}
	likeTwilio = Signature{Algorithm: HMACSHA1, From: []Source{"header:X-Sig"}, Encoding: EncodingBase64, Content: "{url}{form}", URLForms: []string{URLPort}}
	likeGitLab = Signature{Algorithm: AlgorithmToken, From: []Source{"header:X-Token"}}
	likeEvents = Signature{Algorithm: AlgorithmToken, From: []Source{"header:Authorization", "query:access_token"}, Prefix: "Bearer "}
)

// explained is a request that is refused, and what is told of it.
type explained struct {
	method    string // default: POST
	signature Signature
	secrets   []string
	public    string
	target    string // default: /hooks?a=1
	rewritten string
	host      string
	headers   map[string]string
	body      string
	decoded   []byte
	others    []Neighbour
	many      bool // too many to seek the cause
	took      time.Duration
	want      string
	never     string
}

func (x *explained) explain(t *testing.T) Explanation {
	t.Helper()
	public, err := ParsePublicURL(x.public)
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewVerifier(x.signature, x.secrets, public)
	if err != nil {
		t.Fatal(err)
	}
	if x.target == "" {
		x.target = "/hooks?a=1"
	}
	if x.host == "" {
		x.host = "hooks.example.com"
	}
	request := httptest.NewRequest(cmp.Or(x.method, http.MethodPost), "http://"+x.host+x.target, nil)
	for name, value := range x.headers {
		request.Header.Set(name, value)
	}
	r := &Request{Request: request, Sent: request.URL, Target: x.target, Event: &event.Event{}, Decoded: x.decoded}
	if x.rewritten != "" {
		r.URL = &url.URL{Path: x.rewritten}
	}
	err = s.Verify(r, []byte(x.body), Unbounded{})
	refusal, ok := err.(*outcome.Refusal)
	if !ok {
		t.Fatalf("it is not refused: %v", err)
	}
	began := time.Now()
	defer func() { x.took = time.Since(began) }()
	return s.Explain(r, []byte(x.body), refusal.Reason, !x.many, x.others, func(header string) string {
		return map[string]string{"Stripe-Signature": "stripe"}[header]
	})
}

func neighbour(t *testing.T, signature Signature, secret string) Neighbour {
	t.Helper()
	s, err := NewVerifier(signature, []string{secret}, PublicURL{})
	if err != nil {
		t.Fatal(err)
	}
	return Neighbour{"orders", s}
}

// TestExplain has a request refused for each cause that can be told.
func TestExplain(t *testing.T) {
	const body = `{"a":"x/ü😀","b":[1,2]}`
	github := func(key, text string) map[string]string {
		return map[string]string{"X-Sig": "sha256=" + hex.EncodeToString(macOf(sha256.New, key, text))}
	}
	now := time.Now()
	stripe := func(key, timestamp, text string) map[string]string {
		return map[string]string{"X-Sig": "t=" + timestamp + ",v1=" + hex.EncodeToString(macOf(sha256.New, key, timestamp+"."+text))}
	}
	unix := fmt.Sprint(now.Unix())
	svix := func(key, text string) map[string]string {
		return map[string]string{"X-Id": "msg", "X-Time": unix, "X-Sig": "v1," + base64.StdEncoding.EncodeToString(macOf(sha256.New, key, "msg."+unix+"."+text))}
	}
	square := func(u, text string) map[string]string {
		return map[string]string{"X-Sig": base64.StdEncoding.EncodeToString(macOf(sha256.New, "sesame", u+text))}
	}
	raw := "0123456789abcdef0123456789abcdef"
	asBase64 := base64.StdEncoding.EncodeToString([]byte(raw))
	var compressed bytes.Buffer
	w := gzip.NewWriter(&compressed)
	_, _ = w.Write([]byte(body))
	_ = w.Close()
	one := []string{"sesame"}
	// Nobody knows these keys.
	private := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32))
	public := hex.EncodeToString(private.Public().(ed25519.PublicKey))
	likeDiscord := Signature{Algorithm: AlgorithmEd25519, From: []Source{"header:X-Sig"}, Content: "{timestamp}{body}", Timestamp: []Source{"header:X-Time"}}
	discord := func(text string) map[string]string {
		return map[string]string{"X-Time": unix, "X-Sig": hex.EncodeToString(ed25519.Sign(private, []byte(unix+text)))}
	}

	for name, test := range map[string]explained{
		"nothing is signed":        {signature: likeGitHub, secrets: one, body: body, want: "there is no X-Sig: if it was the sender, no secret is set there"},
		"another provider":         {signature: likeGitHub, secrets: one, body: body, headers: map[string]string{"Stripe-Signature": "x"}, want: "Stripe-Signature, which is how provider stripe signs"},
		"another header":           {signature: likeGitHub, secrets: one, body: body, headers: map[string]string{"X-Hub-Signature": "sha1=00"}, want: "the signature is in X-Hub-Signature"},
		"twice":                    {signature: likeGitHub, secrets: one, body: body, headers: map[string]string{"X-Sig": ""}, want: "X-Sig is empty, or there more than once"},
		"no signature":             {signature: likeGitHub, secrets: one, body: body, headers: map[string]string{"X-Sig": "hello"}, want: `no signature in hex after "sha256="`},
		"without prefix":           {signature: likeGitHub, secrets: one, body: body, headers: map[string]string{"X-Sig": github("sesame", body)["X-Sig"][7:]}, want: `not written in hex after "sha256="`},
		"another encoding":         {signature: likeGitHub, secrets: one, body: body, headers: map[string]string{"X-Sig": "sha256=" + base64.StdEncoding.EncodeToString(macOf(sha256.New, "sesame", body))}, want: "not written in hex"},
		"another prefix":           {signature: likeGitHub, secrets: one, body: body, headers: map[string]string{"X-Sig": "v0=" + github("sesame", body)["X-Sig"][7:]}, want: "not written in hex"},
		"hex instead of base64":    {signature: likeSquare, secrets: one, target: "/", host: "h", body: body, headers: map[string]string{"X-Sig": hex.EncodeToString(macOf(sha256.New, "sesame", "http://h/"+body))}, want: "not written in base64"},
		"line feed here":           {signature: likeGitHub, secrets: []string{"other", "sesame\n"}, body: body, headers: github("sesame", body), want: "secret number 2 without the white space at its ends"},
		"line feed there":          {signature: likeGitHub, secrets: one, body: body, headers: github("sesame\n", body), want: "with a line feed at its end"},
		"quotes":                   {signature: likeGitHub, secrets: []string{`"sesame"`}, body: body, headers: github("sesame", body), want: "without the quotes"},
		"prefix of the secret":     {signature: likeStripe, secrets: []string{"whsec_sesame"}, body: body, headers: stripe("sesame", unix, body), want: "without what is before the _"},
		"secret in base64":         {signature: likeStripe, secrets: []string{"whsec_" + asBase64}, body: body, headers: stripe(raw, unix, body), want: "stands for in base64"},
		"secret in hex":            {signature: likeGitHub, secrets: []string{hex.EncodeToString([]byte(raw))}, body: body, headers: github(raw, body), want: "stands for in hex"},
		"secret as text":           {signature: likeSvix, secrets: []string{"whsec_" + asBase64}, body: body, headers: svix("whsec_"+asBase64, body), want: "as it is written"},
		"another hash":             {signature: likeGitHub, secrets: one, body: body, headers: map[string]string{"X-Sig": "sha256=" + hex.EncodeToString(macOf(sha1.New, "sesame", body))}, want: "hmac-sha1"},
		"another receiver's":       {signature: likeGitHub, secrets: one, body: body, headers: github("of the orders", body), others: []Neighbour{neighbour(t, likeStripe, "of the orders")}, want: "secret of the receiver orders"},
		"another receiver's key":   {signature: likeDiscord, secrets: []string{"00" + public[2:]}, body: body, headers: discord(body), others: []Neighbour{neighbour(t, likeDiscord, public)}, want: "secret of the receiver orders"},
		"of the other, a token":    {signature: likeGitHub, secrets: one, body: body, headers: github("token of the other", body), others: []Neighbour{neighbour(t, likeGitLab, "token of the other")}, want: "secret of the receiver orders"},
		"compressed by a proxy":    {signature: likeGitHub, secrets: one, body: compressed.String(), decoded: []byte(body), headers: github("sesame", body), want: "before it was compressed"},
		"form":                     {signature: likeGitHub, secrets: one, body: "payload=" + url.QueryEscape(body), headers: github("sesame", body), want: "form's field payload"},
		"line feed added":          {signature: likeGitHub, secrets: one, body: body + "\n", headers: github("sesame", body), want: "without the white space at its end"},
		"line feed taken away":     {signature: likeGitHub, secrets: one, body: body, headers: github("sesame", body+"\n"), want: "with a line feed at its end"},
		"mark taken away":          {signature: likeGitHub, secrets: one, body: body, headers: github("sesame", "\ufeff"+body), want: "byte order mark"},
		"line breaks":              {signature: likeGitHub, secrets: one, body: "a\r\nb", headers: github("sesame", "a\nb"), want: "line feeds where there are CR LF"},
		"line breaks, back":        {signature: likeGitHub, secrets: one, body: "a\nb", headers: github("sesame", "a\r\nb"), want: "CR LF where there are line feeds"},
		"made pretty":              {signature: likeGitHub, secrets: one, body: "{\n \"a\": \"x/ü😀\",\n \"b\": [1, 2]\n}", headers: github("sesame", body), want: "JSON was written anew"},
		"from Python":              {signature: likeGitHub, secrets: one, body: body, headers: github("sesame", `{"a": "x/\u00fc\ud83d\ude00", "b": [1, 2]}`), want: "JSON was written anew"},
		"from PHP":                 {signature: likeGitHub, secrets: one, body: body, headers: github("sesame", `{"a":"x\/ü😀","b":[1,2]}`), want: "JSON was written anew"},
		"to PHP":                   {signature: likeGitHub, secrets: one, body: `{"a":"x\/ü😀","b":[1,2]}`, headers: github("sesame", body), want: "JSON was written anew"},
		"to ASCII":                 {signature: likeGitHub, secrets: one, body: `{"a":"x/\u00fc\ud83d\ude00","b":[1,2]}`, headers: github("sesame", body), want: "JSON was written anew"},
		"made pretty, public key":  {signature: likeDiscord, secrets: []string{public}, body: "{ \"a\": \"x/ü😀\", \"b\": [1, 2] }", headers: discord(body), want: "JSON was written anew"},
		"https":                    {signature: likeSquare, secrets: one, body: body, headers: square("https://hooks.example.com/hooks?a=1", body), want: "has signed the URL https://hooks.example.com/hooks, and Caddy expected another: set public_url to https://hooks.example.com (or"},
		"port":                     {signature: likeSquare, secrets: one, host: "hooks.example.com:8443", body: body, headers: square("https://hooks.example.com/hooks?a=1", body), want: "set public_url to https://hooks.example.com (or"},
		"forwarded host":           {signature: likeSquare, secrets: one, host: "10.0.0.1:8080", body: body, headers: with(square("https://hooks.example.com/hooks?a=1", body), "X-Forwarded-Host", "hooks.example.com"), want: "set public_url to https://hooks.example.com (or"},
		"slash":                    {signature: likeSquare, secrets: one, body: body, headers: square("http://hooks.example.com/hooks/?a=1", body), want: "signed the URL http://hooks.example.com/hooks/, and"},
		"query":                    {signature: likeSquare, secrets: one, body: body, headers: square("http://hooks.example.com/hooks", body), want: "word for word"},
		"rewritten":                {signature: likeSquare, secrets: one, rewritten: "/inner", body: body, headers: square("http://hooks.example.com/inner", body), want: "signed the URL http://hooks.example.com/inner"},
		"public URL is another":    {signature: likeSquare, secrets: one, public: "https://old.example.com/x", body: body, headers: square("https://hooks.example.com/hooks?a=1", body), want: "set public_url to https://hooks.example.com (or"},
		"form's URL":               {signature: likeTwilio, secrets: one, body: "A=1&B=2", headers: map[string]string{"X-Sig": base64.StdEncoding.EncodeToString(macOf(sha1.New, "sesame", "https://hooks.example.com:443/hooks?a=1A1B2"))}, want: "set public_url to https://hooks.example.com (or"},
		"milliseconds":             {signature: likeStripe, secrets: one, body: body, headers: stripe("sesame", fmt.Sprint(now.UnixMilli()), body), want: "the timestamp is in milliseconds"},
		"RFC 3339":                 {signature: likeStripe, secrets: one, body: body, headers: stripe("sesame", now.Format(time.RFC3339), body), want: "the timestamp is in RFC 3339"},
		"no timestamp":             {signature: likeStripe, secrets: one, body: body, headers: stripe("sesame", "today", body), want: "the timestamp is none"},
		"old":                      {signature: likeStripe, secrets: one, body: body, headers: stripe("sesame", fmt.Sprint(now.Unix()-3600), body), want: "old, and 5m0s is allowed"},
		"ahead":                    {signature: likeStripe, secrets: one, body: body, headers: stripe("sesame", fmt.Sprint(now.Unix()+3600), body), want: "ahead, and 5m0s is allowed"},
		"unknown":                  {signature: likeGitHub, secrets: one, body: body, headers: github("unknown", body), want: "the secret is not the sender's"},
		"unknown, of two":          {signature: likeGitHub, secrets: []string{"a1", "b2"}, body: body, headers: github("unknown", body), want: "none of the secrets is the sender's"},
		"unknown, empty":           {signature: likeGitHub, secrets: one, body: "", headers: github("sesame", body), want: "dropped the body, which is empty"},
		"unknown, by GET":          {method: http.MethodGet, signature: likeSquare, secrets: one, headers: square("http://else.example/", ""), want: "the secret is not the sender's", never: "dropped the body"},
		"unknown, through a proxy": {signature: likeGitHub, secrets: one, body: body, headers: with(github("unknown", body), "X-Forwarded-For", "10.0.0.1"), want: "the proxy in front changes the body"},
		"unknown, with a URL":      {signature: likeSquare, secrets: one, body: body, headers: square("http://else.example/", body), want: "must be public_url"},
		"token is missing":         {signature: likeGitLab, secrets: one, body: body, want: "there is no X-Token"},
		"token of another":         {signature: likeGitLab, secrets: one, headers: map[string]string{"X-Token": "of the orders"}, others: []Neighbour{neighbour(t, likeGitLab, "of the orders")}, want: "secret of the receiver orders"},
		"token with a line feed":   {signature: likeGitLab, secrets: []string{"sesame\n"}, headers: map[string]string{"X-Token": "sesame"}, want: "the secret here has white space"},
		"token with white space":   {signature: likeGitLab, secrets: one, headers: map[string]string{"X-Token": "sesame "}, want: "white space around it in X-Token"},
		"token without Bearer":     {signature: likeEvents, secrets: one, headers: map[string]string{"Authorization": "sesame"}, want: `Authorization must be "Bearer " before it`},
		"no time":                  {signature: likeSvix, secrets: []string{"whsec_" + asBase64}, body: body, headers: with(svix(raw, body), "X-Time", ""), want: "is not there as the reason says"},
		"no id":                    {signature: likeSvix, secrets: []string{"whsec_" + asBase64}, body: body, headers: with(svix(raw, body), "X-Id", ""), want: "is not there as the reason says"},
		"no time beside":           {signature: likeStripe, secrets: one, body: body, headers: map[string]string{"X-Sig": "v1=" + strings.Repeat("00", 32)}, want: "is not there as the reason says"},
		"old, one of many":         {signature: likeStripe, secrets: one, many: true, body: body, headers: stripe("sesame", fmt.Sprint(now.Unix()-3600), body), want: "old, and 5m0s is allowed"},
		"token is empty":           {signature: likeGitLab, secrets: one, headers: map[string]string{"X-Token": ""}, want: "X-Token is empty, or there more than once"},
		"token twice":              {signature: likeEvents, secrets: one, target: "/?access_token=sesame&access_token=sesame", want: "access_token is empty, or there more than once"},
		"wrong token":              {signature: likeEvents, secrets: one, target: "/?access_token=x", want: "save the same secret there"},
	} {
		t.Run(name, func(t *testing.T) {
			got := test.explain(t)
			if !strings.Contains(got.Remedy, test.want) || test.never != "" && strings.Contains(got.Remedy, test.never) {
				t.Errorf("%q, want %q", got.Remedy, test.want)
			}
			for _, secret := range append(test.secrets, "unknown", "of the orders", asBase64) {
				if strings.Contains(got.Remedy, strings.TrimSpace(secret)) {
					t.Errorf("the secret is shown: %q", got.Remedy)
				}
			}
		})
	}
}

func with(headers map[string]string, name, value string) map[string]string {
	headers[name] = value
	return headers
}

// TestExplainContent shows what should have been signed, and no more of what would
// have been right than a comparison needs.
func TestExplainContent(t *testing.T) {
	now := fmt.Sprint(time.Now().Unix())
	body := strings.Repeat("x", 10_000)
	x := explained{signature: likeStripe, secrets: []string{"one", "two"}, body: body, headers: map[string]string{"X-Sig": "t=" + now + ",v1=" + strings.Repeat("0", 64)}}
	got := x.explain(t)
	content := now + "." + body
	if got.Size != len(content) || string(got.Content) != content[:contentShown] || got.SHA256 != hex.EncodeToString(sha256Of([]byte(content))) {
		t.Errorf("%d bytes %q, %s", got.Size, got.Content[:20], got.SHA256)
	}
	for i, key := range []string{"one", "two"} {
		if right := hex.EncodeToString(macOf(sha256.New, key, content)); len(got.Expected) != 2 || got.Expected[i] != right[:6] {
			t.Errorf("%q, want the first six of %s", got.Expected, right)
		}
	}
}

// TestExplainOfMany shows what should have been signed, and seeks no cause.
func TestExplainOfMany(t *testing.T) {
	x := explained{signature: likeGitHub, secrets: []string{"sesame\n"}, body: "{}", many: true, headers: map[string]string{"X-Sig": "sha256=" + hex.EncodeToString(macOf(sha256.New, "sesame", "{}"))}}
	if got := x.explain(t); got.Remedy != "" || string(got.Content) != "{}" || len(got.Expected) != 1 {
		t.Errorf("%+v", got)
	}
	x.body = strings.Repeat("x", 1<<20)
	if got := x.explain(t); got.Remedy != "" || got.Size != 0 {
		t.Errorf("%+v", got)
	}
}

// TestExplainIsBounded: a large body, or many secrets, are not sought for long.
func TestExplainIsBounded(t *testing.T) {
	secrets := make([]string, 200)
	for i := range secrets {
		secrets[i] = fmt.Sprintf("secret number %d", i)
	}
	for name, x := range map[string]explained{
		"large":        {signature: likeGitHub, secrets: secrets[:1], body: strings.Repeat("x", 24<<20)},
		"many":         {signature: likeSquare, secrets: secrets, body: `{"a":"` + strings.Repeat("/ü", 50<<10) + `"}`},
		"many fields":  {signature: likeTwilio, secrets: secrets, body: strings.Repeat("a=1&", 900) + strings.Repeat("x", 200<<10)},
		"long headers": {signature: likeGitHub, secrets: secrets, headers: map[string]string{"X-Signature": strings.Repeat("x", 100<<10)}},
	} {
		if x.headers == nil {
			x.headers = map[string]string{"X-Sig": "sha256=" + strings.Repeat("0", 64)}
		}
		got := x.explain(t)
		if x.took > 2*time.Second { // on a busy machine
			t.Errorf("%s: %s", name, x.took)
		}
		if len(got.Remedy) > 1000 || len(got.Content) > contentShown {
			t.Errorf("%s: %d bytes of remedy, %d of content", name, len(got.Remedy), len(got.Content))
		}
	}
}
