package play

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/provider"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/rules"
)

// SampleEvent is the type of the sample event, wherever the service has types, or what
// that begins with, where it is made of several things.
const SampleEvent = "webhook_receiver_test"

// IsSample tells whether an event of that type is a sample.
func IsSample(eventType string) bool { return strings.HasPrefix(eventType, SampleEvent) }

// Why a step can't be played.
const (
	noPrivateKey = "only the service has the private key that signs it"
	noSecret     = "no secret was given"
	newSecret    = "the service makes a new secret for it, which caddy webhook learn takes"
	noURL        = "the answer is made of public_url, and none is known: use --config"
)

// Of returns the service for the test command, which is played by its row
// alone.
func Of(p provider.Row, publicURL string) Service {
	return Service{
		Name:         p.Name,
		UsesToken:    p.UsesToken(),
		NeedsToken:   p.UsesToken() && !p.TokenOptional,
		UsesSecret:   p.UsesSecret(),
		UsesAccount:  p.UsesAccount(),
		NeedsAccount: p.UsesAccount() && p.Signature.IsSealed(),
		NeedsSecret:  p.UsesSecret() && !p.SecretOptional && !p.SignsWithPrivateKey(),
		Signs:        p.Signature != nil,
		SignsURL:     p.Signature != nil && p.Signature.SignsURL(),
		Refused:      p.Event.Refused,
		Seals:        p.Signature.IsSealed(),
		Patience:     p.Patience,
		Steps: func(a Account) ([]Step, error) {
			s := &role{Row: p, url: a.URL, publicURL: publicURL, token: a.Token, account: a.Account}
			if p.Verification != nil {
				s.verification = p.Verification.WithDefaults()
			}
			if a.Secret != "" && p.Keys == nil {
				k, err := newSigner(p, a.Secret, a.Token, a.Account, publicURL)
				if err != nil {
					return nil, err
				}
				if s.key = k.key; p.Signature != nil {
					s.right = k
				}
			}
			if p.Signature != nil {
				var err error
				if s.wrong, err = newStranger(p, a.Account, publicURL); err != nil {
					return nil, err
				}
				s.wrong.Accounts = []string{a.Account}
			}
			return append(s.verifications(), s.events()...), nil
		},
	}
}

// role plays a service for one receiver.
type role struct {
	provider.Row
	verification *rules.Verification // with defaults; nil: there is none
	url          *url.URL
	token        string
	account      string
	publicURL    string
	key          []byte  // of HMACs
	right, wrong *signer // nil: there is no secret; nothing is signed
}

// verifications returns the steps that verify the endpoint.
func (s *role) verifications() []Step {
	v := s.verification
	if v == nil {
		return nil
	}
	if v.Secret != "" {
		return []Step{
			{Name: "verification", Kind: Verifies, LeftOut: newSecret},
			{Name: "stranger's secret", Kind: Forged, Make: s.makeOffer},
		}
	}
	var k *signer
	name, cannot := "verification", ""
	if v.DigestsURL() && s.publicURL == "" {
		cannot = noURL
	}
	hasToken := v.Token != "" && s.token != "" // else all are allowed
	if hasToken {
		name = "right token"
	}
	if v.Signed {
		if k = s.right; s.SignsWithPrivateKey() {
			cannot = noPrivateKey
		}
	}
	proves := s.Signature.IsSealed() && v.Method != http.MethodPost
	steps := []Step{{Name: name, Kind: Verifies, LeftOut: cannot, Proves: proves, Make: s.makeVerification(k, s.token, true, s.wantVerified)}}
	switch {
	case hasToken:
		steps = append(steps,
			Step{Name: "wrong token", Kind: WrongToken, LeftOut: cannot, Make: s.makeVerification(k, uuid.NewString(), true, func(r *request) Want {
				return Want{Status: http.StatusForbidden, Without: r.at(v.Challenge)}
			})},
			Step{Name: "no token", Kind: BadVerification, LeftOut: cannot, Make: s.makeVerification(k, "", v.Challenge != v.Token, status(http.StatusBadRequest))})
	case v.Challenge != "" && v.Method != http.MethodPost && !v.Signed:
		steps = append(steps, Step{Name: "no challenge", Kind: BadVerification, Make: s.makeVerification(k, "", false, status(http.StatusBadRequest))})
	}
	if v.Signed {
		steps = append(steps, Step{Name: "forged verification", Kind: Forged, Make: s.makeVerification(s.wrong, s.token, true, status(s.refused()))})
	}
	return steps
}

// makeVerification makes a verification request.
func (s *role) makeVerification(k *signer, token string, challenge bool, want func(*request) Want) func() (*http.Request, Want, error) {
	v := s.verification
	return s.makeRequest(v.Method, k, 0, want, func(r *request) error {
		for source, value := range v.Match {
			var what any = value
			if value == rules.EmptyArray && source.Is(rules.SourceBody) {
				what = []any{}
			}
			if err := r.put(source, what); err != nil {
				return err
			}
		}
		if v.Challenge != "" && challenge {
			text := uuid.NewString()
			if v.Pattern != "" {
				text = strings.ReplaceAll(text, "-", "") // as hexadecimal digits most are
			}
			r.offer([]rules.Source{v.Challenge}, text)
			r.challenge = v.Challenge
		}
		if sources := s.sealedToken(); len(sources) > 0 && token != "" {
			return r.put(sources[len(sources)-1], token) // before there were versions
		}
		if v.Token != "" && token != "" {
			return r.put(v.Token, token)
		}
		return nil
	})
}

// makeOffer makes a verification that brings a secret which nobody has asked for.
func (s *role) makeOffer() (*http.Request, Want, error) {
	var k *signer
	if s.verification.Signed {
		k = s.wrong
	}
	return s.makeRequest(http.MethodPost, k, 0, status(http.StatusForbidden), func(r *request) error {
		for source, value := range s.verification.Match {
			if err := r.put(source, value); err != nil {
				return err
			}
		}
		return r.put(s.verification.Secret, s.wrong.secret)
	})()
}

// wantVerified says what the answer to the right verification is.
func (s *role) wantVerified(r *request) Want {
	v := s.verification
	challenge, mac := r.at(v.Challenge), ""
	if v.HMAC != "" {
		mac = v.MAC(s.key, challenge)
	}
	want := Want{Status: v.Status, ContentType: v.ContentType, HMAC: v.HMAC != ""}
	want.Header, want.Body = v.Answer(challenge, mac, v.DigestOf(challenge, s.token, s.publicURL), s.account)
	return typed(s.sealed(want))
}

// events returns the steps that send events. The one that is to be stored comes
// last, when it is known how what is wrong is answered.
func (s *role) events() []Step {
	signs := s.Signature != nil
	isToken := signs && s.Signature.IsToken()
	cannot := ""
	if s.SignsWithPrivateKey() {
		cannot = noPrivateKey
	}
	makeEvent := func(k *signer, age time.Duration, body []byte, want func(*request) Want) func() (*http.Request, Want, error) {
		return s.makeRequest(http.MethodPost, k, age, want, func(r *request) error { return s.fillEvent(r, body) })
	}

	steps := []Step{{
		Name: "empty event", Kind: BadEvent, LeftOut: cannot, Proves: signs && !isToken && s.right != nil && !s.Signature.NeedsData(),
		Make: makeEvent(s.right, 0, []byte{}, status(http.StatusBadRequest)),
	}}
	if s.Accept == event.AcceptJSON {
		steps = append(steps, Step{
			Name: "broken JSON", Kind: BadEvent, LeftOut: cannot, Stores: true,
			Make: makeEvent(s.right, 0, []byte(`{"`+SampleEvent+`":`), status(http.StatusBadRequest)),
		})
	}
	if signs {
		forged := Step{Name: "wrong signature", Kind: Forged, Make: makeEvent(s.wrong, 0, nil, status(s.refused()))}
		if isToken {
			forged.Name = "wrong secret"
		}
		if s.right == nil && cannot == "" {
			forged.LeftOut = noSecret
		}
		steps = append(steps, forged)
	}
	if signs && len(s.Signature.Timestamp) > 0 {
		age := time.Duration(s.Signature.WithDefaults().Tolerance) + time.Hour
		steps = append(steps, Step{
			Name: "stale event", Kind: Stale, LeftOut: cannot,
			Make: makeEvent(s.right, age, nil, status(s.refused())),
		})
	}
	return append(steps, Step{
		Name: "event", Kind: Delivers, LeftOut: cannot, Stores: true,
		Make: makeEvent(s.right, 0, nil, s.wantStored),
	})
}

// refused is the status of the answer to a signature that is not right.
func (s *role) refused() int { return cmp.Or(s.Event.Refused, http.StatusUnauthorized) }

// sealedToken returns where the verify token is in what is encrypted.
func (s *role) sealedToken() []rules.Source {
	if !s.Signature.IsSealed() {
		return nil
	}
	return s.Signature.Sealed.Token
}

// fillEvent makes the request the sample event, or one with that body.
func (s *role) fillEvent(r *request, body []byte) error {
	isForm := s.Signature != nil && (s.Signature.Signs(rules.PartForm) || s.Signature.From[0].Is(rules.SourceForm))
	if s.Signature != nil && s.Signature.Account != "" && s.account != "" {
		r.offer([]rules.Source{s.Signature.Account}, s.account)
	}
	if s.token != "" {
		r.offer(s.sealedToken(), s.token)
	}
	r.offer(s.Event.Type, SampleEvent)
	r.offer(s.Event.ID, uuid.NewString())
	if len(s.Event.Type) == 0 || !s.Event.Type[0].Is(rules.SourceKey) { // else it is the type
		r.offer(s.Event.Subject, SampleEvent)
	}
	if s.Event.Echo != "" {
		r.offer([]rules.Source{rules.SourceHeader + ":" + rules.Source(s.Event.Echo)}, uuid.NewString())
	}
	isForm = isForm && r.doc == nil || len(r.form) > 0
	if r.Header.Get("Content-Type") == "" {
		r.Header.Set("Content-Type", map[bool]string{true: event.ContentTypeForm, false: event.ContentTypeJSON}[isForm])
	}
	switch {
	case body != nil:
		r.body = body
	case isForm && (len(r.form) == 0 || !r.has(SampleEvent)):
		return r.put(rules.SourceForm+":test", SampleEvent)
	case !isForm && (r.doc == nil || !r.has(SampleEvent)):
		return r.put(rules.SourceBody+":test", SampleEvent)
	}
	return nil
}

// wantStored says what the answer to the sample event is.
func (s *role) wantStored(r *request) Want {
	want := Want{Status: s.Event.Status, ContentType: s.Event.ContentType, Body: s.Event.Body}
	if want.Status == 0 {
		want.Status = http.StatusOK
	}
	if s.Event.Echo != "" {
		want.Header = map[string]string{s.Event.Echo: r.Header.Get(s.Event.Echo)}
	}
	return typed(s.sealed(want))
}

// sealed has the answer encrypted, where the service wants that.
func (s *role) sealed(want Want) Want {
	if s.right != nil && s.right.IsSealed() && s.right.Sealed.Reply != nil {
		reply := s.right.Sealed.Reply
		want.Body, want.ContentType, want.Open = reply.Message, reply.ContentType, s.right.OpenReply
	}
	return want
}

// makeRequest returns what makes a request, signed so long ago, and not at all if there
// is no signer.
func (s *role) makeRequest(method string, k *signer, age time.Duration, want func(*request) Want, fill func(*request) error) func() (*http.Request, Want, error) {
	return func() (*http.Request, Want, error) {
		r := newRequest(method, s.url)
		timestamp := ""
		var err error
		if k != nil {
			timestamp, err = k.prepare(r, time.Now().Add(-age))
		}
		if err == nil {
			err = fill(r)
		}
		if err == nil && k != nil {
			err = k.complete(r)
		}
		if err == nil {
			err = r.encode()
		}
		if err == nil && k != nil {
			err = k.seal(r, timestamp)
		}
		if err != nil {
			return nil, Want{}, err
		}
		req, err := r.build()
		return req, want(r), err
	}
}

// typed fills in the Content-Type that a body has by default.
func typed(w Want) Want {
	if w.Body != "" && w.ContentType == "" {
		w.ContentType = "text/plain"
	}
	return w
}

func status(code int) func(*request) Want {
	return func(*request) Want { return Want{Status: code} }
}
