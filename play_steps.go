package webhookreceiver

import (
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/cli"
)

// sampleType is the type of the sample event, wherever the service has types.
const sampleType = "webhook_receiver_test"

// Why a step can't be played.
const (
	noPrivateKey = "only the service has the private key that signs it"
	noSecret     = "no secret was given"
)

// playable returns the service for the test command, which is played by its row
// alone.
func (p provider) playable(publicURL string) cli.Provider {
	return cli.Provider{
		Name:        p.name,
		UsesToken:   p.usesToken(),
		NeedsToken:  p.usesToken() && !p.tokenOptional,
		UsesSecret:  p.usesSecret(),
		NeedsSecret: p.usesSecret() && !p.secretOptional && !p.signsWithPrivateKey(),
		Signs:       p.signature != nil,
		SignsURL:    p.signature != nil && p.signature.signs(partURL),
		Patience:    p.patience,
		Steps: func(a cli.Account) ([]cli.Step, error) {
			s := &sender{provider: p, url: a.URL, token: a.Token}
			if p.verification != nil {
				s.verification = p.verification.WithDefaults()
			}
			if a.Secret != "" {
				k, err := newSigner(p, a.Secret, publicURL)
				if err != nil {
					return nil, err
				}
				if s.key = k.key; p.signature != nil {
					s.right = k
				}
			}
			if p.signature != nil {
				var err error
				if s.wrong, err = newStranger(p, publicURL); err != nil {
					return nil, err
				}
			}
			return append(s.verifications(), s.events()...), nil
		},
	}
}

func (p *provider) signsWithPrivateKey() bool {
	return p.signature != nil && slices.Contains([]string{algorithmEd25519, algorithmECDSA}, p.signature.Algorithm)
}

// signs tells whether a placeholder is in what is signed.
func (s *Signature) signs(part string) bool {
	parts, err := parseContent(s.WithDefaults().Content)
	return err == nil && slices.Contains(parts, part)
}

// sender plays a service for one receiver.
type sender struct {
	provider
	verification *Verification // with defaults; nil: there is none
	url          *url.URL
	token        string
	key          []byte  // of HMACs
	right, wrong *signer // nil: there is no secret; nothing is signed
}

// verifications returns the steps that verify the endpoint.
func (s *sender) verifications() []cli.Step {
	v := s.verification
	if v == nil {
		return nil
	}
	var k *signer
	name, cannot := "verification", ""
	hasToken := v.Token != "" && s.token != "" // else all are allowed
	if hasToken {
		name = "right token"
	}
	if v.Signed {
		if k = s.right; s.signsWithPrivateKey() {
			cannot = noPrivateKey
		}
	}
	steps := []cli.Step{{Name: name, Kind: cli.Verifies, LeftOut: cannot, Make: s.verify(k, s.token, true, s.verified)}}
	switch {
	case hasToken:
		steps = append(steps,
			cli.Step{Name: "wrong token", Kind: cli.WrongToken, LeftOut: cannot, Make: s.verify(k, uuid.NewString(), true, func(d *draft) cli.Want {
				return cli.Want{Status: http.StatusForbidden, Without: d.at(v.Challenge)}
			})},
			cli.Step{Name: "no token", Kind: cli.BadVerification, LeftOut: cannot, Make: s.verify(k, "", v.Challenge != v.Token, status(http.StatusBadRequest))})
	case v.Challenge != "" && v.Method != http.MethodPost && !v.Signed:
		steps = append(steps, cli.Step{Name: "no challenge", Kind: cli.BadVerification, Make: s.verify(k, "", false, status(http.StatusBadRequest))})
	}
	if v.Signed {
		steps = append(steps, cli.Step{Name: "forged verification", Kind: cli.Forged, Make: s.verify(s.wrong, s.token, true, status(http.StatusUnauthorized))})
	}
	return steps
}

// verify makes a verification request.
func (s *sender) verify(k *signer, token string, challenge bool, want func(*draft) cli.Want) func() (*http.Request, cli.Want, error) {
	v := s.verification
	return s.make(v.Method, k, 0, want, func(d *draft) error {
		for source, value := range v.Match {
			if err := d.put(source, value); err != nil {
				return err
			}
		}
		if v.Challenge != "" && challenge {
			d.offer([]Source{v.Challenge}, uuid.NewString())
		}
		if v.Token != "" && token != "" {
			return d.put(v.Token, token)
		}
		return nil
	})
}

// verified says what the answer to the right verification is.
func (s *sender) verified(d *draft) cli.Want {
	v := s.verification
	challenge, mac := d.at(v.Challenge), ""
	if v.HMAC != "" {
		mac = v.MAC(s.key, challenge)
	}
	want := cli.Want{Status: v.Status, ContentType: v.ContentType, HMAC: v.HMAC != ""}
	want.Header, want.Body = v.Answer(challenge, mac)
	return typed(want)
}

// events returns the steps that send events. The one that is to be stored comes
// last, when it is known how what is wrong is answered.
func (s *sender) events() []cli.Step {
	signs := s.signature != nil
	isToken := signs && s.signature.Algorithm == algorithmToken
	cannot := ""
	if s.signsWithPrivateKey() {
		cannot = noPrivateKey
	}
	event := func(k *signer, age time.Duration, body []byte, want func(*draft) cli.Want) func() (*http.Request, cli.Want, error) {
		return s.make(http.MethodPost, k, age, want, func(d *draft) error { return s.describe(d, body) })
	}

	steps := []cli.Step{{
		Name: "empty event", Kind: cli.BadEvent, LeftOut: cannot, Proves: signs && !isToken && s.right != nil,
		Make: event(s.right, 0, []byte{}, status(http.StatusBadRequest)),
	}}
	if s.accept == acceptJSON {
		steps = append(steps, cli.Step{
			Name: "broken JSON", Kind: cli.BadEvent, LeftOut: cannot, Stores: true,
			Make: event(s.right, 0, []byte(`{"`+sampleType+`":`), status(http.StatusBadRequest)),
		})
	}
	if signs {
		forged := cli.Step{Name: "wrong signature", Kind: cli.Forged, Make: event(s.wrong, 0, nil, status(http.StatusUnauthorized))}
		if isToken {
			forged.Name = "wrong secret"
		}
		if s.right == nil && cannot == "" {
			forged.LeftOut = noSecret
		}
		steps = append(steps, forged)
	}
	if signs && len(s.signature.Timestamp) > 0 {
		age := time.Duration(s.signature.WithDefaults().Tolerance) + time.Hour
		steps = append(steps, cli.Step{
			Name: "stale event", Kind: cli.Stale, LeftOut: cannot,
			Make: event(s.right, age, nil, status(http.StatusUnauthorized)),
		})
	}
	return append(steps, cli.Step{
		Name: "event", Kind: cli.Delivers, LeftOut: cannot, Stores: true,
		Make: event(s.right, 0, nil, s.stored),
	})
}

// describe makes the draft the sample event, or one with that body.
func (s *sender) describe(d *draft, body []byte) error {
	isForm := s.signature != nil && (s.signature.signs(partForm) || s.signature.From[0].is(sourceForm))
	d.offer(s.event.Type, sampleType)
	d.offer(s.event.ID, uuid.NewString())
	d.offer(s.event.Subject, sampleType)
	if s.event.Echo != "" {
		d.offer([]Source{sourceHeader + ":" + Source(s.event.Echo)}, uuid.NewString())
	}
	isForm = isForm && d.doc == nil || len(d.form) > 0
	if d.Header.Get("Content-Type") == "" {
		d.Header.Set("Content-Type", map[bool]string{true: contentTypeForm, false: contentTypeJSON}[isForm])
	}
	switch {
	case body != nil:
		d.body = body
	case isForm && len(d.form) == 0:
		return d.put(sourceForm+":test", sampleType)
	case !isForm && d.doc == nil:
		return d.put(sourceBody+":test", sampleType)
	}
	return nil
}

// stored says what the answer to the sample event is.
func (s *sender) stored(d *draft) cli.Want {
	want := cli.Want{Status: s.event.Status, ContentType: s.event.ContentType, Body: s.event.Body}
	if want.Status == 0 {
		want.Status = http.StatusOK
	}
	if s.event.Echo != "" {
		want.Header = map[string]string{s.event.Echo: d.Header.Get(s.event.Echo)}
	}
	return typed(want)
}

// make returns what makes a request, signed so long ago, and not at all if there
// is no signer.
func (s *sender) make(method string, k *signer, age time.Duration, want func(*draft) cli.Want, fill func(*draft) error) func() (*http.Request, cli.Want, error) {
	return func() (*http.Request, cli.Want, error) {
		d := newDraft(method, s.url)
		timestamp := ""
		var err error
		if k != nil {
			timestamp, err = k.prepare(d, time.Now().Add(-age))
		}
		if err == nil {
			err = fill(d)
		}
		if err == nil && k != nil {
			err = k.complete(d)
		}
		if err == nil {
			err = d.encode()
		}
		if err == nil && k != nil {
			err = k.seal(d, timestamp)
		}
		if err != nil {
			return nil, cli.Want{}, err
		}
		req, err := d.request()
		return req, want(d), err
	}
}

// typed fills in the Content-Type that a body has by default.
func typed(w cli.Want) cli.Want {
	if w.Body != "" && w.ContentType == "" {
		w.ContentType = "text/plain"
	}
	return w
}

func status(code int) func(*draft) cli.Want {
	return func(*draft) cli.Want { return cli.Want{Status: code} }
}
