package webhookreceiver

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// draft is a request of a service in the making, for the test command. What the
// receiver takes from a source is put there.
type draft struct {
	*http.Request
	values map[Source]string // what was put where
	doc    any               // the body, if it is JSON
	form   map[string]any    // the body, if it is a form: texts, and JSON
	body   []byte            // the body, if it is neither; or what it comes to
}

func newDraft(method string, to *url.URL) *draft {
	u := *to
	u.User, u.Fragment, u.RawFragment = nil, "", ""
	if u.Path == "" {
		u.Path = "/"
	}
	return &draft{
		Request: &http.Request{Method: method, URL: &u, Host: u.Host, Header: http.Header{}},
		values:  map[Source]string{},
	}
}

// put puts a value, which is a text or a number, at a source.
func (d *draft) put(s Source, value any) error {
	text := fmt.Sprint(value)
	switch kind, name := s.split(); kind {
	case sourceHeader:
		d.Header.Set(name, text)
	case sourceQuery:
		query := d.URL.Query()
		query.Set(name, text)
		d.URL.RawQuery = query.Encode()
	case sourceBody:
		doc, ok := plant(d.doc, strings.Split(name, "."), value)
		if !ok || len(d.form) > 0 {
			return fmt.Errorf("%s: something else is in its place", s)
		}
		d.doc = doc
	case sourceForm:
		path := strings.Split(name, ".")
		field, ok := plant(d.form[path[0]], path[1:], value)
		if !ok || d.doc != nil {
			return fmt.Errorf("%s: something else is in its place", s)
		}
		if d.form == nil {
			d.form = map[string]any{}
		}
		d.form[path[0]] = field
	}
	d.values[s.canonical()] = text
	return nil
}

// offer puts a value at the first of the sources, unless something is there.
func (d *draft) offer(sources []Source, value string) {
	for _, s := range sources {
		if d.at(s) != "" || d.put(s, value) == nil {
			return
		}
	}
}

func (d *draft) at(s Source) string { return d.values[s.canonical()] }

// canonical returns the source as all spellings of it are.
func (s Source) canonical() Source {
	if kind, name := s.split(); kind == sourceHeader {
		return Source(kind + ":" + textproto.CanonicalMIMEHeaderKey(name))
	}
	return s
}

// plant returns the JSON value with another one at the path, of which numbers are
// indexes of arrays, and * is every element. It fails where a value is in the way.
func plant(node any, path []string, value any) (any, bool) {
	const maxIndex = 1000
	if len(path) == 0 {
		return value, node == nil
	}
	index, err := strconv.Atoi(path[0])
	isIndex := err == nil && index >= 0 && index <= maxIndex
	if path[0] == "*" {
		index, isIndex = 0, true
	}
	if object, ok := node.(map[string]any); ok || node == nil && !isIndex {
		if object == nil {
			object = map[string]any{}
		}
		child, ok := plant(object[path[0]], path[1:], value)
		object[path[0]] = child
		return object, ok
	}
	array, ok := node.([]any)
	if !isIndex || !ok && node != nil {
		return node, false
	}
	for len(array) <= index {
		array = append(array, nil)
	}
	ok = true
	for i := range array {
		if ok && (i == index || path[0] == "*") {
			array[i], ok = plant(array[i], path[1:], value)
		}
	}
	return array, ok
}

// encode makes the body of the JSON or the form, unless there is one.
func (d *draft) encode() (err error) {
	switch {
	case d.body != nil:
	case d.form != nil:
		form := url.Values{}
		for name, field := range d.form {
			text := []byte(fmt.Sprint(field))
			if _, isText := field.(string); !isText {
				if text, err = encodeJSON(field); err != nil {
					return err
				}
			}
			form.Set(name, string(text))
		}
		d.body = []byte(form.Encode())
		d.Header.Set("Content-Type", contentTypeForm)
	case d.doc != nil:
		d.body, err = encodeJSON(d.doc)
	}
	return err
}

func encodeJSON(value any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// request returns what is to be sent.
func (d *draft) request() (*http.Request, error) {
	req, err := http.NewRequest(d.Method, d.URL.String(), bytes.NewReader(d.body))
	if err != nil {
		return nil, err
	}
	req.Header = d.Header
	return req, nil
}

// signer signs drafts as a service does, with the key of one receiver, or with
// one that no receiver has.
type signer struct {
	*signatureCheck        // nil: nothing is signed but challenges
	secret          string // as it is configured
	key             []byte // of HMACs
	sign            func(signed [][]byte) ([]byte, error)
}

func newSigner(p provider, secret, publicURL string) (*signer, error) {
	public, err := parsePublicURL(publicURL)
	if err != nil {
		return nil, err
	}
	h := &Handler{provider: p, public: public}
	if err := h.provisionSignature([]string{secret}); err != nil {
		return nil, err
	}
	k := &signer{signatureCheck: h.signature, secret: secret, key: h.secrets[0]}
	if k.key != nil && k.signatureCheck != nil {
		newHash := k.keys[0].hashes[0]
		k.sign = func(signed [][]byte) ([]byte, error) { return sum(hmac.New(newHash, k.key), signed), nil }
	}
	return k, nil
}

// newStranger returns a signer whose key is made up.
func newStranger(p provider, publicURL string) (*signer, error) {
	random := []byte(uuid.NewString())
	secret := random
	var sign func([][]byte) ([]byte, error)
	var err error
	switch p.signature.Algorithm {
	case algorithmEd25519:
		var private ed25519.PrivateKey
		if secret, private, err = ed25519.GenerateKey(nil); err != nil {
			return nil, err
		}
		sign = func(signed [][]byte) ([]byte, error) {
			return ed25519.Sign(private, bytes.Join(signed, nil)), nil
		}
	case algorithmECDSA:
		private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, err
		}
		if secret, err = x509.MarshalPKIXPublicKey(&private.PublicKey); err != nil {
			return nil, err
		}
		sign = func(signed [][]byte) ([]byte, error) {
			return ecdsa.SignASN1(rand.Reader, private, sum(sha256.New(), signed))
		}
	}
	encoded := string(secret)
	switch p.signature.withDefaults().KeyEncoding {
	case encodingHex:
		encoded = hex.EncodeToString(secret)
	case encodingBase64:
		encoded = base64.StdEncoding.EncodeToString(secret)
	}
	k, err := newSigner(p, encoded, publicURL)
	if err == nil && sign != nil {
		k.sign = sign
	}
	return k, err
}

// prepare puts into the draft what goes with the signature: id and time, or the
// token that is in its place, unless that goes into the body. It returns the time
// as it is signed.
func (k *signer) prepare(d *draft, at time.Time) (timestamp string, err error) {
	if k.Algorithm == algorithmToken {
		if k.From[0].inBody() {
			return "", nil
		}
		return "", k.putToken(d)
	}
	if len(k.ID) > 0 {
		if err := d.put(k.ID[0], uuid.NewString()); err != nil {
			return "", err
		}
	}
	if len(k.Timestamp) == 0 {
		return "", nil
	}
	var value any
	switch k.TimestampFormat {
	case timestampRFC3339:
		value = at.UTC().Format(time.RFC3339)
	case timestampUnixMilli:
		value = at.UnixMilli()
	default:
		value = at.Unix()
	}
	timestamp = fmt.Sprint(value)
	if k.Timestamp[0].is(sourceSignature) {
		return timestamp, nil
	}
	return timestamp, d.put(k.Timestamp[0], value)
}

// complete puts into the draft what goes with everything else in the body.
func (k *signer) complete(d *draft) error {
	if k.Algorithm == algorithmToken && k.From[0].inBody() {
		return k.putToken(d)
	}
	return nil
}

func (k *signer) putToken(d *draft) error { return d.put(k.From[0], k.Prefix+k.secret) }

// seal puts the signature into the draft, in which everything else is.
func (k *signer) seal(d *draft, timestamp string) error {
	if k.Algorithm == algorithmToken {
		return nil
	}
	lease := memory.lease()
	defer lease.release()
	m := &message{Request: d.Request, decoded: d.body}
	if d.URL.Scheme == "https" {
		m.TLS = new(tls.ConnectionState) // as the receiver sees it
	}
	if k.BodyHash != "" && !k.signsForm() {
		if err := d.put(k.BodyHash, hex.EncodeToString(sha256Of(d.body))); err != nil {
			return err
		}
	}
	alternatives, err := k.alternatives(m, d.body, lease)
	if err != nil {
		return err
	}
	signed, err := k.signed(m, k.families[0].id, timestamp, d.body, alternatives[0])
	if err != nil {
		return err
	}
	signature, err := k.sign(signed)
	if err != nil {
		return err
	}
	encoded := hex.EncodeToString(signature)
	if k.Encoding == encodingBase64 {
		encoded = base64.StdEncoding.EncodeToString(signature)
	}
	elements := []string{k.Prefix + encoded}
	if len(k.Timestamp) > 0 && k.Timestamp[0].is(sourceSignature) {
		_, prefix := k.Timestamp[0].split()
		elements = []string{prefix + timestamp, k.Prefix + encoded}
	}
	if k.Separator != "" {
		elements = []string{strings.Join(elements, k.Separator)}
	}
	if len(elements) > len(k.From) {
		return errors.New("a timestamp beside the signature needs a separator, or a header of its own")
	}
	for i, element := range elements {
		if err := d.put(k.From[i], element); err != nil {
			return err
		}
	}
	return nil
}
