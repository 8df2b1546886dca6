package rules

import (
	"slices"
	"strings"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/jsonscan"
)

// everyItem is what stands in a path for every element of an array.
const everyItem = ".*."

// itemPath returns where the array is whose elements are signed each by itself, and where
// in an element its signature is.
func (s *Signature) itemPath() (array, path []string, ok bool) {
	if len(s.From) == 0 || !s.From[0].Is(SourceBody) {
		return nil, nil, false
	}
	_, name := s.From[0].Split()
	before, after, ok := strings.Cut(name, everyItem)
	return strings.Split(before, "."), strings.Split(after, "."), ok
}

// IsOfItems tells whether elements of an array are signed each by itself, and returns the
// path of the first.
func (s *Signature) IsOfItems() (first string, ok bool) {
	array, _, ok := s.itemPath()
	return strings.Join(append(array, "0"), "."), ok && !s.IsToken()
}

// checkItems returns an error unless each element of the array has a valid signature, and
// there is one.
func (s *Verifier) checkItems(r *Request, array, path []string, mem Memory) error {
	if r.Event.DataKind != event.DataJSON {
		return errNoSignature
	}
	err := errNoSignature // where there is no element
	jsonscan.Each(orNull(jsonscan.Get(r.Event.Data, array...)), func(item []byte) bool {
		err = s.checkItem(r, item, path, mem)
		return err == nil
	})
	if err == nil {
		r.from, r.froms = 0, len(s.From)
	}
	return err
}

func (s *Verifier) checkItem(r *Request, item []byte, path []string, mem Memory) error {
	text, _ := event.Scalar(jsonscan.Get(item, path...))
	signatures := s.signatures(s.split(nil, 0, text))
	if len(signatures) == 0 {
		return errNoSignature
	}
	signed, err := s.signed(&signing{r: r, item: item})
	if err != nil {
		return err
	}
	r.Key, _, err = s.match(signed, signatures, mem)
	return err
}

// checkItemContent allows only what is in an element, and its signature there.
func (s *Signature) checkItemContent(parts contentParts) (isOfItems bool, hasOther bool) {
	_, isOfItems = s.IsOfItems()
	hasOther = slices.ContainsFunc(parts.sources(), func(source Source) bool { return source.Is(SourceItem) != isOfItems }) ||
		isOfItems && (parts.has(bodyParts...) || parts.has(urlParts...))
	return isOfItems, hasOther
}
