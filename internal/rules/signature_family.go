package rules

import (
	"crypto/sha256"
	"errors"
	"slices"
	"strings"
)

// signatureFamily are headers that belong together: what a service signs under
// one name, and another, or somebody who passes it on, under another.
type signatureFamily struct {
	from          []int // of Signature.From
	id, timestamp []Source
}

// foundSignature is a signature in a request.
type foundSignature struct {
	from  int // of Signature.From
	bytes []byte

	// Of a JSON Web Signature: its header as it is signed, and whether the payload is
	// signed in base64.
	protected string
	isEncoded bool
}

// element is a part of a signature's header.
type element struct {
	from int // of Signature.From
	text string
}

// inFamilies returns the families of the signature's sources: those at the same
// place, where ids or timestamps are as many as the headers, and else all.
func (s *Signature) inFamilies() []signatureFamily {
	at := func(sources []Source, i int) []Source {
		if len(sources) == len(s.From) {
			return sources[i : i+1]
		}
		return sources
	}
	var families []signatureFamily
	for i := range s.From {
		f := signatureFamily{[]int{i}, at(s.ID, i), at(s.Timestamp, i)}
		same := slices.IndexFunc(families, func(other signatureFamily) bool {
			return slices.Equal(other.id, f.id) && slices.Equal(other.timestamp, f.timestamp)
		})
		if same >= 0 {
			families[same].from = append(families[same].from, i)
		} else {
			families = append(families, f)
		}
	}
	return families
}

// checkFamily returns an error unless there is a valid, timely signature in the
// family's headers.
func (s *Verifier) checkFamily(f signatureFamily, r *Request, body []byte, mem Memory) error {
	elements, err := s.elements(f, r)
	if err != nil {
		return err
	}
	if s.IsJWT() {
		return s.checkJWT(f, r, elements, body, mem)
	}
	signatures := s.signatures(elements)
	if len(signatures) == 0 {
		return errNoSignature
	}
	timestamp, err := s.signedTimestamp(f, r, elements)
	if err != nil {
		return err
	}
	alternatives, err := s.alternatives(r, body, mem)
	if err != nil {
		return err
	}
	if s.needsData {
		// What is signed of the body is taken out of it.
		if err := mem.Take(int64(max(len(body), len(r.Decoded)))); err != nil {
			return err
		}
	}
	var key, from int
	of := &signing{r: r, elements: elements, id: f.id, timestamp: timestamp, body: body}
	for _, of.alternative = range alternatives {
		signed, signedErr := s.signed(of)
		if signedErr != nil {
			return signedErr
		}
		if key, from, err = s.match(signed, signatures, mem); err == nil && s.isForgeable(signed) {
			err = errWrongSignature
		}
		if !errors.Is(err, errWrongSignature) {
			break
		}
	}
	if err != nil {
		return err
	}
	if timestamp != "" {
		if err := s.checkTimestamp(r, timestamp); err != nil {
			return err
		}
	}
	r.Key, r.from, r.froms = key, from, len(s.From)
	if s.Nonce != "" {
		signed, _ := s.signed(of)
		r.signed = [sha256.Size]byte(sum(sha256.New(), signed))
	}
	return nil
}

// elements returns what is in the family's headers. One that is there twice, or
// empty, is passed over if another is not: it would not be clear which counts.
func (s *Verifier) elements(f signatureFamily, r *Request) ([]element, error) {
	var elements []element
	var unusable error
	for _, from := range f.from {
		for _, source := range s.From[from].Numbered() {
			values := r.values(source)
			if len(values) == 0 {
				continue
			}
			if !s.Repeated || !source.Is(SourceHeader) {
				value, err := r.one(source)
				if err != nil {
					unusable = err
					continue
				}
				values = []string{value}
			}
			for _, value := range values[:min(len(values), maxSignatures)] {
				elements = s.split(elements, from, value)
			}
		}
	}
	if len(elements) > 0 {
		return elements, nil
	}
	return nil, unusable
}

// split appends the elements of a header's value.
func (s *Verifier) split(elements []element, from int, value string) []element {
	if s.Separator == "" {
		return append(elements, element{from, value})
	}
	texts := strings.SplitN(value, s.Separator, maxElements+1)
	for _, text := range texts[:min(len(texts), maxElements)] {
		elements = append(elements, element{from, strings.Trim(text, " \t,")})
	}
	return elements
}

// cutPrefix returns a signature without what it begins with.
func (s *Verifier) cutPrefix(text string) (rest string, ok bool) {
	if !strings.Contains(s.Prefix, PartAccount) {
		return strings.CutPrefix(text, s.Prefix)
	}
	for _, account := range s.Accounts {
		if rest, ok := strings.CutPrefix(text, strings.ReplaceAll(s.Prefix, PartAccount, account)); ok {
			return rest, true
		}
	}
	return "", false
}

// isForgeable tells whether anybody can have had a text signed.
func (s *Verifier) isForgeable(signed [][]byte) bool {
	const longest = maxChallenge
	if s.Forgeable == nil {
		return false
	}
	var text []byte
	for _, part := range signed {
		if text = append(text, part[:min(len(part), longest)]...); len(text) > longest {
			return false
		}
	}
	return s.Forgeable.Match(text)
}

// signatures returns those of the elements that can be signatures.
func (s *Verifier) signatures(elements []element) []foundSignature {
	var signatures []foundSignature
	for _, e := range elements {
		encoded, ok := s.cutPrefix(e.text)
		if !ok || encoded == "" || len(signatures) == maxSignatures {
			continue
		}
		if len(encoded) > 2 && encoded[0] == '"' && encoded[len(encoded)-1] == '"' {
			encoded = encoded[1 : len(encoded)-1]
		}
		if s.scheme().jose != "" {
			if signature, ok := s.detached(e.from, encoded); ok {
				signatures = append(signatures, signature)
			}
		} else if signature, err := decodeText(s.Encoding, encoded); err == nil {
			signatures = append(signatures, foundSignature{from: e.from, bytes: signature})
		}
	}
	return signatures
}

// signedTimestamp returns the family's timestamp, or nothing where there is none,
// or it is in the body and signed with that.
func (s *Verifier) signedTimestamp(f signatureFamily, r *Request, elements []element) (string, error) {
	switch {
	case len(f.timestamp) == 0, f.timestamp[0].InBody() && !s.template.has(partTimestamp):
		return "", nil
	case !f.timestamp[0].Is(SourceSignature):
		return r.first(f.timestamp)
	}
	return elementAt(f.timestamp[0], elements)
}

// elementAt returns what stands at a source signature:… in the elements.
func elementAt(source Source, elements []element) (string, error) {
	_, prefix := source.Split()
	var found []string
	for i, e := range elements {
		if prefix == FirstElement {
			if i == 0 {
				found = append(found, e.text)
			}
		} else if text, ok := strings.CutPrefix(e.text, prefix); ok {
			found = append(found, text)
		}
	}
	if len(found) != 1 || found[0] == "" {
		return "", errors.New("there must be exactly one timestamp in the signature's header")
	}
	return found[0], nil
}

// match returns the index of a key that one of the signatures is of, and where
// that was.
func (s *Verifier) match(signed [][]byte, signatures []foundSignature, mem Memory) (key, from int, err error) {
	scheme := s.scheme()
	if scheme.jose != "" || scheme.verify != nil && scheme.hash == 0 {
		// It is needed in one piece, and in base64.
		size := 0
		for _, part := range signed {
			size += len(part)
		}
		if err := mem.Take(3 * int64(size)); err != nil {
			return 0, 0, err
		}
	}
	switch {
	case scheme.jose != "":
		return s.matchDetached(signed, signatures)
	case scheme.verify != nil:
		signed = [][]byte{scheme.message(signed)}
	}
	return s.matchKeys(signed, signatures)
}

func (s *Verifier) matchKeys(signed [][]byte, signatures []foundSignature) (key, from int, err error) {
	err = errWrongSignature
	keys := s.keys()
	for i := range keys {
		if match := keys[i].match(&s.Signature, signed, signatures); match >= 0 {
			key, from, err = i, signatures[match].from, nil
		}
	}
	return key, from, err
}
