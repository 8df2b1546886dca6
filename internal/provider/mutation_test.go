package provider_test

import (
	"cmp"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/provider"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/rules"
)

// TestMutations changes and empties each field of what a row says of requests and answers.
// Each time one of the row's vectors or handshakes must fail: else nothing pins it.
func TestMutations(t *testing.T) {
	for _, p := range provider.Rows {
		if p.Name == provider.Generic {
			continue
		}
		t.Run(p.Name, func(t *testing.T) {
			if err := judge(t, p, p); err != nil {
				t.Fatal(err)
			}
			for name, mutant := range mutantsOf(p) {
				if judge(t, mutant, p) == nil {
					t.Errorf("%s: no vector tells", name)
				}
			}
		})
	}
}

// judge returns an error unless a row has all vectors and handshakes of a service as they
// are with the right one.
func judge(t *testing.T, p, right provider.Row) error {
	t.Helper()
	if err := p.Validate(); err != nil {
		return err
	}
	for _, v := range vectors {
		if v.provider == p.Name {
			if err := judgeVector(p, right, v); err != nil {
				return fmt.Errorf("%s: %w", v.by, err)
			}
		}
	}
	if reflect.DeepEqual(p.Signature, right.Signature) && reflect.DeepEqual(p.Verification, right.Verification) && p.Event.Empty == right.Event.Empty {
		return nil // what is left of the row plays no part in a handshake
	}
	for _, test := range handshakes[p.Name] {
		if err := judgeHandshake(t, p, test); err != nil {
			return err
		}
	}
	return nil
}

func judgeVector(p, right provider.Row, v vector) error {
	options := right.Accept == event.AcceptJSON && !json.Valid([]byte(v.decoded()))
	if options {
		p.Accept = event.AcceptAny
	}
	var verifier *rules.Verifier
	says := ""
	if p.Signature != nil {
		public, err := rules.ParsePublicURL(v.url)
		if err != nil {
			return err
		}
		if verifier, err = rules.NewOpener(*p.Signature, v.keys(), public); err != nil {
			return err
		}
		says = p.Signature.Says(len(v.account))
	}
	now := time.Unix(v.at, 0)
	r, err := verified(p, verifier, v, now, v.account)
	if err != nil {
		return err
	}
	if p.Verification != nil && p.Verification.WithDefaults().Recognizes(r, p.Verification.Signed) {
		return errors.New("it is taken for a verification")
	}
	if right.Signature != nil && v.says == "" {
		v.says = event.VerifiedSignature
	}
	answer, answerType := p.Event.Body, p.Event.ContentType
	if verifier.IsSealed() && p.Signature.Sealed.Reply != nil {
		if answerType, answer, err = verifier.Reply(r); err != nil {
			return err
		}
		answer = openReply(v.keys(), answer)
	}
	for what, pair := range map[string][2]string{
		"type of the data": {cmp.Or(v.dataType, r.Event.DataContentType), r.Event.DataContentType},
		"id":               {r.Attribute(p.Event.ID), v.id},
		"type":             {r.Attribute(p.Event.Type), v.kind},
		"subject":          {r.Attribute(p.Event.Subject), v.subject},
		"status":           {fmt.Sprint(cmp.Or(p.Event.Status, 200)), fmt.Sprint(cmp.Or(v.status, 200))},
		"refused":          {fmt.Sprint(cmp.Or(p.Event.Refused, 401)), fmt.Sprint(cmp.Or(v.refused, 401))},
		"body":             {answer, v.answer},
		"type of the body": {answerType, v.answerType},
		"echo":             {p.Event.Echo, v.echo},
		"verification":     {says, v.says},
	} {
		if pair[0] != pair[1] {
			return fmt.Errorf("%s %q, want %q", what, pair[0], pair[1])
		}
	}
	if v.account != "" {
		if !p.Signature.IsSealed() && p.Signature.Says(0) == event.VerifiedSignature {
			return errors.New("it is not said that the key is the service's")
		}
		if _, err := verified(p, verifier, v, now, "another"); err == nil {
			return errors.New("another account's event is taken")
		}
	}
	if v.nonce {
		other := v
		for i := range []int{0, 1} {
			r, err := verified(p, verifier, other, now, v.account)
			if err != nil {
				return err
			}
			if err := verifier.UseNonce(r); (err == nil) != (i == 0) {
				return fmt.Errorf("a nonce used %d times: %w", i+1, err)
			}
			other.body = cmp.Or(v.second, strings.Replace(v.body, "{", "{ ", 1))
		}
	}
	if right.Signature == nil || len(right.Signature.Timestamp) == 0 {
		return nil
	}
	for offset, isTaken := range map[time.Duration]bool{
		v.late - time.Second: true, v.late + 2*time.Second: false, time.Second - v.early: true, -v.early - 2*time.Second: false, -1000 * time.Hour: v.early == unlimited,
	} {
		if v.early == unlimited && offset < 0 && offset != -1000*time.Hour {
			continue
		}
		if _, err := verified(p, verifier, v, now.Add(offset), v.account); (err == nil) != isTaken {
			return fmt.Errorf("%s later: %w", offset, err)
		}
	}
	return nil
}

// verified returns the request of a vector, as it is taken at a time, for an account.
func verified(p provider.Row, verifier *rules.Verifier, v vector, at time.Time, account string) (*rules.Request, error) {
	d := v.delivery()
	r := httptest.NewRequest(d.method, d.path, nil)
	r.Header = d.headers
	e := new(event.Event)
	m := &rules.Request{Request: r, Sent: r.URL, Target: r.RequestURI, Event: e, At: at, Decoded: []byte(v.decoded())}
	if verifier.IsSealed() {
		return m, openSealed(p, v, m, account)
	}
	if verifier != nil {
		verifier.Accounts = []string{account}
		if err := verifier.Verify(m, []byte(v.body), noLimit{}); err != nil {
			return nil, err
		}
	}
	if err := event.SetData(e, m.Decoded, r.Header.Get("Content-Type"), p.Accept); err != nil {
		return nil, err
	}
	if verifier == nil {
		return m, nil
	}
	if err := verifier.VerifyData(m, []byte(v.body), noLimit{}); err != nil {
		return nil, err
	}
	var accounts []string
	if account != "" {
		accounts = []string{account}
	}
	return m, verifier.CheckAccount(m, accounts)
}

// openSealed opens what is encrypted in a vector, for an account.
func openSealed(p provider.Row, v vector, m *rules.Request, account string) error {
	v.account = account
	verifier, err := rules.NewOpener(*p.Signature, v.keys(), rules.PublicURL{})
	if err != nil {
		return err
	}
	var verification *rules.Verification
	if p.Verification != nil {
		verification = p.Verification.WithDefaults()
	}
	message, err := verifier.OpenData(m, []byte(v.body), verification, noLimit{})
	if err != nil {
		return err
	}
	return event.SetData(m.Event, message, p.Signature.Sealed.MediaType, p.Accept)
}

// decoded is the body before it was compressed.
func (v vector) decoded() string {
	if v.delivery().headers.Get("Content-Encoding") != "gzip" {
		return v.body
	}
	r, err := gzip.NewReader(strings.NewReader(v.body))
	if err != nil {
		return err.Error()
	}
	body, err := io.ReadAll(r)
	if err != nil {
		return err.Error()
	}
	return string(body)
}

// judgeHandshake has a receiver with the row as rules of its own verified.
func judgeHandshake(t *testing.T, p provider.Row, test handshake) error {
	t.Helper()
	rc, err := newReceiverOf(t, p, test.secret)
	if p.Signature.IsSealed() {
		rc, err = newSealedReceiver(t, p, test.secret)
	}
	if err != nil {
		return err
	}
	setTime(t, now)
	defer rc.Server.Close()
	resp, body := rc.send(t, test.request)
	if v, _ := attacked(p); p.Signature.IsSealed() && v.answer != "" {
		body = openReply(v.keys(), body)
	}
	if resp.StatusCode != test.status || body != test.body {
		return fmt.Errorf("answer %d %q, want %d %q", resp.StatusCode, body, test.status, test.body)
	}
	for i := 0; i+1 < len(test.headers); i += 2 {
		if got := resp.Header.Get(test.headers[i]); got != test.headers[i+1] {
			return fmt.Errorf("%s %q, want %q", test.headers[i], got, test.headers[i+1])
		}
	}
	if len(rc.events()) != 0 {
		return errors.New("an event is stored")
	}
	return nil
}

// newReceiverOf returns a receiver whose config has the row's rules in it.
func newReceiverOf(t *testing.T, p provider.Row, secret string) (*receiver, error) {
	t.Helper()
	if p.Keys != nil {
		secret = vectors[slices.IndexFunc(vectors, func(v vector) bool { return v.provider == p.Name })].secret
	}
	config := map[string]any{"provider": provider.Generic, "verification": p.Verification, "event": p.Event, "accept": p.Accept}
	if p.Signature != nil && (secret != "" || !p.SecretOptional) {
		config["signature"] = p.Signature
	}
	if secret != "" {
		config["secrets"] = []string{secret}
	}
	if p.NeedsURL() {
		config["public_url"] = handshakeURL
	}
	if p.UsesToken() {
		config["verify_tokens"] = []string{"sesame"}
	}
	if v, _ := attacked(p); v.account != "" && p.UsesAccount() {
		config["accounts"] = []string{v.account}
	}
	return loadReceiver(t, config)
}

// newSealedReceiver returns a receiver for the row instead of that of its name: no config
// can have its rules.
func newSealedReceiver(t *testing.T, p provider.Row, secret string) (*receiver, error) {
	t.Helper()
	i := slices.IndexFunc(provider.Rows, func(row provider.Row) bool { return row.Name == p.Name })
	defer func(row provider.Row) { provider.Rows[i] = row }(provider.Rows[i])
	provider.Rows[i] = p
	v, _ := attacked(p)
	config := map[string]any{"provider": p.Name, "secrets": []string{secret}, "verify_tokens": v.keys().Tokens}
	if p.UsesAccount() {
		config["accounts"] = v.keys().Accounts
	}
	return loadReceiver(t, config)
}

// mutantsOf returns rows in each of which one field is changed or empty.
func mutantsOf(p provider.Row) map[string]provider.Row {
	all := map[string]provider.Row{}
	mutate := func(name string, field func(p *provider.Row) reflect.Value) {
		if field(&p).Kind() == reflect.Interface {
			return // code
		}
		for how, change := range changesOf(field(&p)) {
			mutant := p
			mutant.Event = p.Event
			if p.Signature != nil {
				own := *p.Signature
				if mutant.Signature = &own; own.Sealed != nil {
					sealed := *own.Sealed
					own.Sealed = &sealed
				}
			}
			if p.Verification != nil {
				own := *p.Verification
				mutant.Verification = &own
			}
			field(&mutant).Set(change)
			all[name+" "+how] = mutant
		}
	}
	each := func(prefix string, of func(p *provider.Row) reflect.Value) {
		for i := range of(&p).NumField() {
			mutate(prefix+of(&p).Type().Field(i).Name, func(p *provider.Row) reflect.Value { return of(p).Field(i) })
		}
	}
	each("Event.", func(p *provider.Row) reflect.Value { return reflect.ValueOf(&p.Event).Elem() })
	if p.Signature != nil {
		each("Signature.", func(p *provider.Row) reflect.Value { return reflect.ValueOf(p.Signature).Elem() })
	}
	if p.Signature.IsSealed() {
		each("Signature.Sealed.", func(p *provider.Row) reflect.Value { return reflect.ValueOf(p.Signature.Sealed).Elem() })
	}
	if p.Verification != nil {
		each("Verification.", func(p *provider.Row) reflect.Value { return reflect.ValueOf(p.Verification).Elem() })
	}
	if p.Accept != event.AcceptJSON {
		mutant := p
		mutant.Accept = event.AcceptJSON
		all["Accept json"] = mutant
	}
	return all
}

// changesOf returns other values for a field that has one.
func changesOf(field reflect.Value) map[string]reflect.Value {
	all := map[string]reflect.Value{}
	if field.IsZero() {
		return all
	}
	all["emptied"] = reflect.Zero(field.Type())
	switch value := field.Interface().(type) {
	case string:
		all["changed"] = reflect.ValueOf(value + "x").Convert(field.Type())
	case rules.Source:
		all["changed"] = reflect.ValueOf(value + "x")
	case []rules.Source:
		for i := range value {
			changed := append([]rules.Source{}, value...)
			changed[i] += "x"
			all[fmt.Sprintf("%d changed", i)] = reflect.ValueOf(changed)
			if len(value) > 1 {
				all[fmt.Sprintf("without %d", i)] = reflect.ValueOf(append(append([]rules.Source{}, value[:i]...), value[i+1:]...))
			}
		}
	case []string:
		for i := range value {
			all[fmt.Sprintf("without %d", i)] = reflect.ValueOf(append(append([]string{}, value[:i]...), value[i+1:]...))
		}
	case int:
		all["changed"] = reflect.ValueOf(value + 1)
	case caddy.Duration:
		all["more"] = reflect.ValueOf(value + caddy.Duration(3*time.Second))
		all["less"] = reflect.ValueOf(value - caddy.Duration(3*time.Second))
	case map[string]string:
		mutateMap(all, value)
	case map[rules.Source]string:
		mutateMap(all, value)
	}
	return all
}

func mutateMap[K ~string](all map[string]reflect.Value, m map[K]string) {
	for key := range m {
		without, changed := map[K]string{}, map[K]string{}
		for k, v := range m {
			if k != key {
				without[k] = v
			}
			changed[k] = v
		}
		changed[key] += "x"
		all["without "+string(key)] = reflect.ValueOf(without)
		all["changed "+string(key)] = reflect.ValueOf(changed)
	}
}
