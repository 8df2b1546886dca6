package reader

import "testing"

func TestEncodeAttribute(t *testing.T) {
	// The example of the binding, and its rules.
	for text, want := range map[string]string{
		"Euro € 😀": "Euro%20%E2%82%AC%20%F0%9F%98%80", `a"b%c`: "a%22b%25c", "!#$&'()*+,-./:;<=>?@[\\]^_`{|}~": "!#$&'()*+,-./:;<=>?@[\\]^_`{|}~",
		"\x7f\x00": "%7F%00",
	} {
		if got := encodeAttribute(text); got != want {
			t.Errorf("%q is encoded as %q, want %q", text, got, want)
		}
	}
}
