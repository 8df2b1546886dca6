package rules

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/expect"
)

// Validate returns an error for a signature that could not work, or would let
// anything pass. It begins with the name of the option that it is about.
func (s *Signature) Validate() error {
	full := s.WithDefaults()
	if err := CheckAlgorithm(s.Algorithm); err != nil {
		return err
	}
	if len(s.From) == 0 {
		return errors.New("from: is needed, as in from header:X-Signature")
	}
	if err := s.checkUnused(); err != nil {
		return err
	}
	for _, err := range []error{
		expect.Word("encoding", full.Encoding, Encodings...),
		expect.Word("key_encoding", full.KeyEncoding, KeyEncodings...),
		expect.Word("timestamp_format", full.TimestampFormat, TimestampFormats...),
	} {
		if err != nil {
			return err
		}
	}
	switch {
	case s.HasPublicKey() && s.Algorithm == AlgorithmEd25519 && full.KeyEncoding != EncodingHex && full.KeyEncoding != EncodingBase64:
		return fmt.Errorf("key_encoding %s: keys of %s are in hex or base64", full.KeyEncoding, s.Algorithm)
	case s.HasPublicKey() && s.Algorithm != AlgorithmEd25519 && full.KeyEncoding != EncodingBase64:
		return fmt.Errorf("key_encoding %s: keys of %s are in base64", full.KeyEncoding, s.Algorithm)
	case s.Tolerance < 0:
		return fmt.Errorf("tolerance %s: must be positive, a duration such as 5m", time.Duration(s.Tolerance))
	case len(s.Timestamp) == 0 && s.Tolerance != 0:
		return errors.New("tolerance: needs a timestamp, as in timestamp header:X-Timestamp")
	case len(s.Timestamp) == 0 && s.TimestampFormat != "":
		return errors.New("timestamp_format: needs a timestamp, as in timestamp header:X-Timestamp")
	case len(s.Timestamp) == 0 && s.PastOnly:
		return errors.New("past_only: needs a timestamp, as in timestamp header:X-Timestamp")
	case s.Nonce != "" && !s.Partial:
		return errors.New("nonce: is for a signature that is partial, as any other body needs another signature: take it out, or write partial")
	case s.SharedKey && s.IsToken():
		return errors.New("shared_key: a token that all customers of a service share is none: take it out")
	}
	if s.Sealed == nil && s.Signs(partSealed) {
		return errors.New("content: {sealed} in it is for what is encrypted, which has a provider of its own")
	}
	err := s.checkSources()
	if err != nil || s.IsToken() {
		return err
	}
	if s.IsJWT() {
		err = s.checkClaimTexts()
	} else {
		err = s.checkContent(full.Content)
	}
	if err != nil {
		return err
	}
	return s.checkSigned()
}

// checkSigned returns an error for a source that decides whether an event is taken, and is
// not signed.
func (s *Signature) checkSigned() error {
	options := []struct {
		name   string
		source Source
	}{{"nonce", s.Nonce}, {"account", s.Account}}
	if s.IsJWT() && len(s.Timestamp) > 0 {
		options = append(options, struct {
			name   string
			source Source
		}{"timestamp", s.Timestamp[0]})
	}
	for _, option := range options {
		if option.source != "" && !s.isSigned(option.source) {
			return fmt.Errorf("%s: must be signed: have it in content, in braces", option.name)
		}
	}
	return nil
}

// isSigned tells whether the signature covers a source.
func (s *Signature) isSigned(source Source) bool {
	signed := slices.Concat(s.ContentSources(), s.ID)
	return !slices.ContainsFunc(source.Parts(), func(part Source) bool {
		return !part.Is(SourceClaim) && !(part.InBody() && !s.Partial) && !slices.Contains(signed, part)
	})
}

// checkUnused returns an error for what the algorithm has no use for.
func (s *Signature) checkUnused() error {
	options := []struct {
		name string
		set  bool
	}{
		{"separator", s.Separator != ""},
		{"encoding", s.Encoding != "" && (s.Encoding != EncodingBase64 || !s.IsToken())},
		{"content", s.Content != ""},
		{"url_forms", len(s.URLForms) > 0},
		{"body_hash", s.BodyHash != ""},
		{"id", len(s.ID) > 0},
		// A token uses none of those from here on.
		{"key_encoding", s.KeyEncoding != ""},
		{"key_prefix", s.KeyPrefix != ""},
		{"timestamp", len(s.Timestamp) > 0},
		{"partial", s.Partial},
		{"repeated", s.Repeated},
	}
	const ofJWT = 6
	switch {
	case s.IsToken():
		for _, option := range options {
			if option.set {
				return fmt.Errorf("%s: algorithm token goes with from, prefix and encoding base64 only: take it out", option.name)
			}
		}
	case s.IsJWT():
		for _, option := range options[:ofJWT] {
			if option.set && option.name != "url_forms" {
				return fmt.Errorf("%s: algorithm %s has claims instead: take it out", option.name, s.Algorithm)
			}
		}
	}
	if len(s.Claims) > 0 && !s.IsJWT() {
		return errors.New("claims: are those of a JSON Web Token, as in algorithm jwt-hs256")
	}
	return nil
}

func (s *Signature) checkSources() error {
	for i, source := range s.From {
		if err := s.checkFrom(i, source); err != nil {
			return fmt.Errorf("from: %w", err)
		}
	}
	for _, source := range s.ID {
		if err := source.check(SourceHeader); err != nil {
			return fmt.Errorf("id: %w", err)
		}
	}
	kinds := []string{SourceHeader, SourceQuery, SourceForm, SourceBody}
	if s.IsJWT() {
		kinds = append(kinds, SourceClaim)
	} else {
		kinds = append(kinds, SourceSignature)
	}
	for _, source := range s.Timestamp {
		if err := source.check(kinds...); err != nil {
			return fmt.Errorf("timestamp: %w", err)
		}
		if !source.Is(SourceHeader) && len(s.Timestamp) > 1 {
			return errors.New("timestamp: one that is not in a header must be the only source")
		}
	}
	values := []string{SourceHeader, SourceQuery, SourceForm, SourceBody, SourceClaim}
	for name, source := range map[string]Source{"account": s.Account, "nonce": s.Nonce} {
		if source != "" {
			if err := source.check(values...); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return nil
}

func (s *Signature) checkFrom(i int, source Source) error {
	if source.IsJoined() {
		return fmt.Errorf("source %s: a signature is at one source", expect.Quote(string(source)))
	}
	checked := source
	switch {
	case source == WholeBody && s.IsJWT():
		checked = SourceBody + ":token"
	case source.Is(SourceBody) && !s.IsJWT():
		checked = Source(strings.Replace(string(source), ".*.", ".", 1))
	case source.Is(SourceHeader):
		checked = Source(strings.TrimSuffix(string(source), "*"))
	}
	if err := checked.check(SourceHeader, SourceEncoded, SourceQuery, SourceForm, SourceBody); err != nil {
		return err
	}
	if source.InBody() && len(s.From) > 1 {
		return errors.New("a source in the body must be the only one")
	}
	return nil
}

func (s *Signature) checkContent(content string) error {
	parts, err := parseContent(content)
	if err != nil {
		return err
	}
	if isOfItems, hasOther := s.checkItemContent(parts); hasOther {
		return errors.New("content: {item:PATH} goes with from body:PATH.*.PATH, and nothing else does")
	} else if isOfItems && (len(s.Timestamp) > 0 || len(s.ID) > 0 || s.BodyHash != "") {
		return errors.New("from: a signature of each element has neither timestamp nor id, nor body_hash")
	}
	timestampSigned := len(s.Timestamp) > 0 && (!s.Timestamp[0].InBody() || s.Partial)
	switch {
	case !parts.has(partID) && len(s.ID) > 0:
		return errors.New("id: is used in content only, which must have {id} in it")
	case parts.has(partID) && len(s.ID) == 0:
		return errors.New("content: {id} in it needs id, as in id header:X-Delivery")
	case !parts.has(partTimestamp) && timestampSigned:
		return errors.New("timestamp: is not signed unless content has {timestamp} in it")
	case parts.has(partTimestamp) && len(s.Timestamp) == 0:
		return errors.New("content: {timestamp} in it needs timestamp, as in timestamp header:X-Timestamp")
	case parts.has(partSecret) != s.IsDigest():
		return errors.New("content: {secret} is for a plain digest, which must have it, as in algorithm sha256, content {body}{secret}")
	case !signsRequest(parts):
		return errors.New("content: must have something in it that differs between requests, outside of {?…?}: else the signature is always the same")
	case s.IsDigest() && s.Sealed == nil && !endsWithSecret(parts) && slices.ContainsFunc(parts.sources(), func(source Source) bool { return !source.Is(SourceHeader) && !source.Is(SourceBody) }):
		return errors.New("content: a plain digest that does not end with {secret} can be had for any event where a value in it can be any bytes, as those of a query can: have {secret} at its end")
	}
	return s.checkURL(parts)
}

// signsRequest tells whether there is something in the content that differs between requests.
func signsRequest(parts contentParts) bool {
	return slices.ContainsFunc(parts, func(p part) bool {
		return p.source != "" || p.text != "" && p.text[0] == '{' && !slices.Contains([]string{partSecret, PartMethod, partHost}, p.text)
	})
}

// checkURL checks what there is for the URL, and that the body is signed.
func (s *Signature) checkURL(parts contentParts) error {
	signsURL := parts.has(PartURL)
	if !parts.has(urlParts...) && len(s.URLForms) > 0 {
		return errors.New("url_forms: need {url} in content")
	}
	if err := CheckURLForms(s.URLForms); err != nil {
		return err
	}
	if s.BodyHash == "" {
		return s.checkCover(parts.has(bodyParts...) || parts.has(partSealed), "content: must have {body}, {decoded} or {form} in it, as in {timestamp}.{body}")
	}
	if err := s.BodyHash.check(SourceQuery); err != nil {
		return fmt.Errorf("body_hash: %w", err)
	}
	if !signsURL || parts.has(PartBody, partDecoded) {
		return errors.New("body_hash: needs {url} in content, and there neither {body} nor {decoded}")
	}
	return nil
}

// checkCover has partial say whether all of the body is signed.
func (s *Signature) checkCover(signsBody bool, must string) error {
	switch {
	case !signsBody && !s.Partial:
		return fmt.Errorf("%s, else the body is not signed: write partial if that is so", must)
	case signsBody && s.Partial:
		return errors.New("partial: is for a signature that does not cover the body, and this one does: take it out")
	}
	return nil
}

func (s *Signature) checkClaimTexts() error {
	claims, err := parseClaims(s.Claims)
	if err != nil {
		return err
	}
	if err := CheckURLForms(s.URLForms); err != nil {
		return err
	}
	signsBody := s.From[0] == WholeBody
	for _, c := range claims {
		if c.parts.has(partSecret, partID, partTimestamp, partDecoded, PartForm) {
			return fmt.Errorf("claims %s: {secret}, {id}, {timestamp}, {decoded} and {form} are not for claims", c.name)
		}
		signsBody = signsBody || c.parts.has(bodyParts...)
	}
	return s.checkCover(signsBody, "claims: one must have something of the body in it, as in claims payload_hash {sha256}")
}

// ExtendsSecret tells whether it is a plain digest of what begins with the secret, which
// anybody can extend without knowing it: by bytes that are in no JSON.
// https://en.wikipedia.org/wiki/Length_extension_attack
func (s *Signature) ExtendsSecret() bool {
	parts, err := parseContent(s.WithDefaults().Content)
	return err == nil && s.IsDigest() && s.Sealed == nil && !endsWithSecret(parts)
}

func endsWithSecret(parts contentParts) bool { return parts[len(parts)-1].text == partSecret }
