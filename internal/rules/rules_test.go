package rules

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"slices"
	"strings"
	"testing"
)

// TestFormField: of values that come again no more are copied than tell that.
func TestFormField(t *testing.T) {
	if values := formField([]byte(strings.Repeat("t=1&", 2000)), "t"); len(values) != 2 {
		t.Errorf("%d values", len(values))
	}
}

// TestDecodeCloudEventsHeader decodes headers as the binding says.
func TestDecodeCloudEventsHeader(t *testing.T) {
	for value, want := range map[string]string{
		"plain":                           "plain",
		"a+b":                             "a+b",
		"Euro%20%E2%82%AC%20%f0%9f%98%80": "Euro € 😀",
		"100%25":                          "100%",
		"100%":                            "100%",
		"%zz":                             "%zz",
		"%2520":                           "%20", // one round
		"%C0%A0":                          "%C0%A0",
		`"a b"`:                           "a b",
		`"a\"b\\%20c"`:                    `a"b\ c`,
		`"`:                               `"`,
		`""`:                              "",
	} {
		if got := decodeCloudEventsHeader(value); got != want {
			t.Errorf("%q: %q, want %q", value, got, want)
		}
	}
}

// TestURLForms has the forms of a URL tried that a row names.
func TestURLForms(t *testing.T) {
	for _, test := range []struct {
		form, url string
		want      []string
	}{
		{URLPort, "https://h/a", []string{"https://h:443/a"}},
		{URLPort, "http://u:p@h?a:1", []string{"http://u:p@h:80?a:1"}},
		{URLPort, "https://h:8443/a:1", []string{"https://h/a:1"}},
		{URLPort, "https://u:p@[::1]:443/", []string{"https://u:p@[::1]/"}},
		{URLPort, "https://[::1]/", []string{"https://[::1]:443/"}},
		{URLEscaped, "https://h/a|'\"^{}<>`ü", []string{"https://h/a|'%22%5E%7B%7D%3C%3E%60%C3%BC"}},
		{URLEscaped, "https://h/a?b='|\"^{}<>`ü", []string{"https://h/a?b=%27|%22^{}%3C%3E`%C3%BC", "https://h/a?b='%7C%22%5E%7B%7D%3C%3E%60%C3%BC"}},
		{URLEscaped, "https://h/?a=%27+%20&b&&a=c=d", []string{"https://h/?a=%27+%20&b&&a=c=d", "https://h/?a='%20%20&a=c%3Dd&b="}},
		{URLDecoded, "https://h/%3a%2F%3f?%40%20%2C=%7e", []string{"https://h/:/??@%20,=%7e"}},
	} {
		if got := urlForms[test.form](test.url); !slices.Equal(got, test.want) {
			t.Errorf("%s of %s: %q, want %q", test.form, test.url, got, test.want)
		}
	}
}

// TestSecretSpellings: how a key is written is one thing, what it stands for
// another.
func TestSecretSpellings(t *testing.T) {
	key := base64.StdEncoding.EncodeToString([]byte{0xfb, 0xff, 0xbf, 1}) // +/+/AQ==
	url := strings.NewReplacer("+", "-", "/", "_")
	standard := (&Signature{Algorithm: HMACSHA256, KeyEncoding: EncodingBase64, KeyPrefix: "whsec_"}).WithDefaults()
	for _, secret := range []string{key, "whsec_" + key, "whsec_" + strings.TrimRight(key, "="), "whsec_" + url.Replace(key), " whsec_" + key + "\r\n", key[:4] + "\n" + key[4:]} {
		got, err := newSignatureKey(&standard, secret)
		if err != nil || string(got.secret) != "\xfb\xff\xbf\x01" {
			t.Errorf("%q: key %x, %v", secret, got.secret, err)
		}
	}
}

// TestPublicKeysInPEM takes a public key in PEM where a row has it in hex or
// base64, however the line breaks came through.
func TestPublicKeysInPEM(t *testing.T) {
	public, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	edDER, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ecDER, err := x509.MarshalPKIXPublicKey(&ecKey.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	for name, signature := range map[string]Signature{
		"hex": {Algorithm: AlgorithmEd25519}, "base64": {Algorithm: AlgorithmEd25519, KeyEncoding: EncodingBase64}, "DER": {Algorithm: AlgorithmECDSA},
	} {
		full := signature.WithDefaults()
		right, other := edDER, ecDER
		if name == "DER" {
			right, other = ecDER, edDER
		}
		for _, der := range [][]byte{right, other} {
			text := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
			for _, secret := range []string{
				text, strings.TrimSpace(text), "\r\n" + strings.ReplaceAll(text, "\n", "\r\n"),
				strings.ReplaceAll(text, "\n", " "), strings.ReplaceAll(text, "\n", `\n`), strings.ReplaceAll(text, "\n", ""),
			} {
				key, err := newSignatureKey(&full, secret)
				if string(der) == string(other) {
					if err == nil || strings.Contains(err.Error(), strings.Split(text, "\n")[1]) {
						t.Errorf("%s: a key of another kind: %v", name, err)
					}
					continue
				}
				if err != nil || name == "DER" && !ecKey.PublicKey.Equal(key.public) || name != "DER" && !public.Equal(key.public) {
					t.Errorf("%s: %q: %v", name, secret, err)
				}
			}
			for _, secret := range []string{strings.ReplaceAll(text, "PUBLIC", "PRIVATE"), text[:40], "-----BEGIN PUBLIC KEY----------END PUBLIC KEY-----", text[:60] + "!" + text[60:]} {
				if _, err := newSignatureKey(&full, secret); err == nil {
					t.Errorf("%s: %q is taken", name, secret)
				}
			}
		}
	}
}
