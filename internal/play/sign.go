package play

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/provider"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/rules"
)

// signer signs requests as a service does, with the key of one receiver, or with
// one that no receiver has.
type signer struct {
	*rules.Verifier        // nil: nothing is signed but challenges
	secret          string // as it is configured
	key             []byte // of HMACs
	account         string // that events are encrypted for
	sign            func(content []byte) ([]byte, error)
}

func newSigner(p provider.Row, secret, token, account, publicURL string) (*signer, error) {
	public, err := rules.ParsePublicURL(publicURL)
	if err != nil {
		return nil, err
	}
	signature := rules.Signature{Algorithm: rules.HMACSHA256} // for the HMAC of challenges
	if p.Signature != nil {
		signature = *p.Signature
	}
	verifier, err := rules.NewOpener(signature, keysOf(secret, token, account), public)
	if err != nil {
		return nil, err
	}
	if account != "" {
		verifier.Accounts = []string{account}
	}
	k := &signer{secret: secret, account: account, key: verifier.HMACKey(0)}
	if p.Signature == nil {
		return k, nil
	}
	if k.Verifier = verifier; k.key != nil {
		k.sign = func(content []byte) ([]byte, error) { return verifier.Sum(content), nil }
	}
	return k, nil
}

func keysOf(secret, token, account string) rules.Keys {
	keys := rules.Keys{Secrets: []string{secret}}
	if token != "" {
		keys.Tokens = []string{token}
	}
	if account != "" {
		keys.Accounts = []string{account}
	}
	return keys
}

// newStranger returns a signer whose key is made up.
func newStranger(p provider.Row, account, publicURL string) (*signer, error) {
	random := uuid.NewString()
	if p.Signature.IsSealed() {
		key := sha256.Sum256([]byte(random))
		return newSigner(p, base64.RawStdEncoding.EncodeToString(key[:]), random, account, publicURL)
	}
	switch p.Signature.WithDefaults().KeyEncoding {
	case rules.EncodingHex:
		random = hex.EncodeToString([]byte(random))
	case rules.EncodingBase64:
		random = base64.StdEncoding.EncodeToString([]byte(random))
	}
	if !p.SignsWithPrivateKey() {
		return newSigner(p, random, "", "", publicURL)
	}
	private, err := p.Signature.GenerateKey()
	if err != nil {
		return nil, err
	}
	public, err := x509.MarshalPKIXPublicKey(private.Public())
	if err != nil {
		return nil, err
	}
	k, err := newSigner(p, string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})), "", "", publicURL)
	if err == nil {
		k.sign = func(content []byte) ([]byte, error) { return p.Signature.SignWith(private, content) }
	}
	return k, err
}

// prepare puts into the request what goes with the signature: id, time and what else is
// signed with it, or the token that is in its place, unless that goes into the body. It
// returns the time as it is signed.
func (k *signer) prepare(r *request, at time.Time) (timestamp string, err error) {
	if k.IsToken() {
		if k.From[0].InBody() {
			return "", nil
		}
		return "", k.putToken(r)
	}
	if len(k.ID) > 0 {
		if err := r.put(k.ID[0], uuid.NewString()); err != nil {
			return "", err
		}
	}
	if timestamp, err = k.putTime(r, at); err != nil {
		return "", err
	}
	for _, source := range k.ContentSources() {
		if source.Is(rules.SourceSignature) || r.at(source) != "" {
			continue
		}
		if err := r.put(source, uuid.NewString()); err != nil {
			return "", err
		}
	}
	return timestamp, nil
}

// putTime puts the time of signing where it belongs, unless that is beside the signature.
func (k *signer) putTime(r *request, at time.Time) (timestamp string, err error) {
	if len(k.Timestamp) == 0 {
		return "", nil
	}
	var value any
	switch k.TimestampFormat {
	case rules.TimestampRFC3339:
		value = at.UTC().Format(time.RFC3339)
	case rules.TimestampHTTPDate:
		value = at.UTC().Format(http.TimeFormat)
	case rules.TimestampUnixMilli:
		value = at.UnixMilli()
	default:
		value = at.Unix()
	}
	timestamp = fmt.Sprint(value)
	if k.Timestamp[0].Is(rules.SourceSignature) {
		return timestamp, nil
	}
	return timestamp, r.put(k.Timestamp[0], value)
}

// complete puts into the request what goes with everything else in the body.
func (k *signer) complete(r *request) error {
	if k.IsToken() && k.From[0].InBody() {
		return k.putToken(r)
	}
	return nil
}

func (k *signer) putToken(r *request) error {
	return r.put(k.From[0], k.Token(k.secret))
}

// seal puts the signature into the request, in which everything else is.
func (k *signer) seal(r *request, timestamp string) error {
	if k.IsToken() {
		return nil
	}
	m := &rules.Request{Request: r.Request, Sent: r.URL, Decoded: r.body, Event: new(event.Event)}
	if k.IsSealed() {
		return k.encrypt(r, m)
	}
	if r.URL.Scheme == "https" {
		m.TLS = new(tls.ConnectionState) // as the receiver sees it
	}
	if k.NeedsData() {
		if err := event.SetData(m.Event, r.body, r.Header.Get("Content-Type"), event.AcceptAny); err != nil || m.Event.DataKind != event.DataJSON && !event.IsForm(m.Event) && k.From[0] != rules.WholeBody {
			return nil // there is nothing that could be signed, or a place for it
		}
	}
	if k.BodyHash != "" && !k.Signs(rules.PartForm) {
		sum := sha256.Sum256(r.body)
		if err := r.put(k.BodyHash, hex.EncodeToString(sum[:])); err != nil {
			return err
		}
	}
	encoded, err := k.signatureOf(r, m, timestamp)
	if err != nil {
		return err
	}
	encoded = k.prefix() + encoded
	elements := []string{encoded}
	if len(k.Timestamp) > 0 && k.Timestamp[0].Is(rules.SourceSignature) {
		_, prefix := k.Timestamp[0].Split()
		elements = []string{strings.TrimPrefix(prefix, rules.FirstElement) + timestamp, encoded}
	}
	if k.Separator != "" {
		elements = []string{strings.Join(elements, k.Separator)}
	}
	if len(elements) > len(k.From) {
		return errors.New("a timestamp beside the signature needs a separator, or a header of its own")
	}
	for i, element := range elements {
		if err := k.putSignature(r, k.From[i], element); err != nil {
			return err
		}
	}
	return nil
}

// encrypt encrypts the body, or the challenge where there is one in the query, and signs that.
func (k *signer) encrypt(r *request, m *rules.Request) error {
	isPOST := r.Method == http.MethodPost
	message := r.body
	if !isPOST {
		message = []byte(r.at(r.challenge))
	}
	body, signature, err := k.Seal(m, message, k.account, isPOST)
	if err != nil {
		return err
	}
	if isPOST {
		r.body = body
	} else {
		_, name := r.challenge.Split()
		query := r.URL.Query()
		query.Set(name, string(body))
		r.URL.RawQuery = query.Encode()
	}
	return r.put(k.From[0], signature)
}

// prefix is what the signature begins with.
func (k *signer) prefix() string {
	account := "nobody"
	if len(k.Accounts) > 0 {
		account = k.Accounts[0]
	}
	return strings.ReplaceAll(k.Prefix, rules.PartAccount, account)
}

// signatureOf returns the signature of a request, as it is sent.
func (k *signer) signatureOf(r *request, m *rules.Request, timestamp string) (string, error) {
	switch {
	case k.IsJWT():
		if err := k.putClaims(r, m); err != nil {
			return "", err
		}
		payload, err := encodeJSON(r.claims)
		if err != nil {
			return "", err
		}
		return k.JWS(payload, false, k.sign)
	case k.IsJWS():
		payload, err := k.SignedContent(m, timestamp, r.body)
		if err != nil {
			return "", err
		}
		return k.JWS(payload, true, k.sign)
	}
	content, err := k.SignedContent(m, timestamp, r.body)
	if err != nil {
		return "", err
	}
	signature, err := k.sign(content)
	return k.Encode(signature), err
}

// putClaims makes the claims of a token.
func (k *signer) putClaims(r *request, m *rules.Request) error {
	claims, err := k.ExpandClaims(m, r.body)
	if err != nil {
		return err
	}
	for name, value := range claims {
		if err := r.put(rules.Source(rules.SourceClaim+":"+name), value); err != nil {
			return err
		}
	}
	if r.claims == nil {
		r.claims = map[string]any{}
	}
	return nil
}

// putSignature puts a signature at its source, which may be in a body that is encoded
// already: what is signed with it is the rest.
func (k *signer) putSignature(r *request, source rules.Source, text string) error {
	switch {
	case source == rules.WholeBody:
		r.body = []byte(text)
		r.Header.Set("Content-Type", "application/jwt")
		return nil
	case source.InBody():
		r.body = nil
		if err := r.put(source, text); err != nil {
			return err
		}
		return r.encode()
	}
	return r.put(source, text)
}
