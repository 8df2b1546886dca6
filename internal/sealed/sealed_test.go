package sealed

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/rules"
)

const weComExample = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"

// TestOpen opens what the services have published.
func TestOpen(t *testing.T) {
	for name, test := range map[string]struct {
		from interface {
			Open(into, ciphertext []byte, secret string) ([]byte, string, error)
		}
		secret, ciphertext, message, account string
	}{
		"Lark":     {Lark{}, "test key", "P37w+VZImNgPEO1RBhJ6RtKl7n6zymIbEG1pReEzghk=", "hello world", ""},
		"WeCom":    {WeCom{}, weComExample, "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ==", "1616140317555161061", "wx5823bf96d3bd56c7"},
		"DingTalk": {WeCom{}, "o1w0aum42yaptlz8alnhwikjd3jenzt9cb9wmzptgus", "X1VSe9cTJUMZu60d3kyLYTrBq5578ZRJtteU94wG0Q4Uk6E/wQYeJRIC0/UFW5Wkya1Ihz9oXAdLlyC9TRaqsQ==", "success", "dingxxxxxx"},
	} {
		ciphertext, err := base64.StdEncoding.DecodeString(test.ciphertext)
		if err != nil {
			t.Fatal(err)
		}
		before := bytes.Clone(ciphertext)
		message, account, err := test.from.Open(make([]byte, len(ciphertext)), ciphertext, test.secret)
		if err != nil || string(message) != test.message || account != test.account || !bytes.Equal(before, ciphertext) {
			t.Errorf("%s: %q for %q, %v", name, message, account, err)
		}
		for n := range ciphertext { // cut anywhere, it is refused, or another message, and never more
			message, _, err := test.from.Open(make([]byte, n), ciphertext[:n], test.secret)
			if err == nil && (len(message) >= n || string(message) == test.message) || err != nil && !errors.Is(err, errNotOpened) {
				t.Errorf("%s: %q, %v of the first %d bytes", name, message, err, n)
			}
		}
	}
}

func FuzzSeal(f *testing.F) {
	f.Add([]byte("message"), "account", []byte("x"))
	f.Fuzz(func(t *testing.T, message []byte, account string, any []byte) {
		for _, c := range []interface {
			Seal(message []byte, secret, account string) ([]byte, error)
			Open(into, ciphertext []byte, secret string) ([]byte, string, error)
		}{Lark{}, WeCom{}} {
			ciphertext, err := c.Seal(message, weComExample, account)
			if err != nil {
				t.Fatal(err)
			}
			opened, whose, err := c.Open(make([]byte, len(ciphertext)), ciphertext, weComExample)
			if err != nil || !bytes.Equal(opened, message) || c == (WeCom{}) && whose != account {
				t.Errorf("%q for %q, %v", opened, whose, err)
			}
			_, _, _ = c.Open(make([]byte, len(any)), any, weComExample) // does not panic
		}
	})
}

func TestFind(t *testing.T) {
	long := strings.Repeat("A", 300<<10)
	for body, want := range map[string]string{
		`{"encrypt":"AA\/="}`: "AA/=", `{"x":{"encrypt":"B"},"encrypt":"A","y":1}`: "A",
		`{"encrypt":"` + long + `"}`: long,
		`{}`:                         "", `{"encrypt":1}`: "", `{"encrypt":""}`: "", `[]`: "", `{"encrypt":{"encrypt":"A"}}`: "", ``: "", `{"encrypt":"A"`: "",
	} {
		if got, err := (JSON{}).Find([]byte(body)); got != want || (err != nil) != (want == "") {
			t.Errorf("%.40s: %.40q, %v", body, got, err)
		}
	}
	for body, want := range map[string]string{
		"<xml><Encrypt>A</Encrypt></xml>": "A", "<xml><Encrypt><![CDATA[" + long + "]]></Encrypt></xml>": long,
		"<xml><Encrypt>A</Encrypt><Encrypt>B</Encrypt></xml>": "", "<xml><x><Encrypt>A</Encrypt></x></xml>": "", "<xml/>": "", "{}": "", "": "", "<xml><Encrypt></Encrypt></xml>": "",
	} {
		if got, err := (XML{}).Find([]byte(body)); got != want || (err != nil) != (want == "") {
			t.Errorf("%.40s: %.40q, %v", body, got, err)
		}
	}
	for _, e := range []interface {
		Find([]byte) (string, error)
		Wrap(string) []byte
	}{JSON{}, XML{}} {
		if got, err := e.Find(e.Wrap("AA+/=")); got != "AA+/=" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	}
}

func TestKeys(t *testing.T) {
	for secret, isKey := range map[string]bool{weComExample: true, weComExample + "=": true, weComExample[1:]: false, "": false, strings.Repeat("?", 43): false, weComExample + "A": false} {
		if err := (WeCom{}).CheckKey(secret); (err == nil) != isKey || err != nil && secret != "" && strings.Contains(err.Error(), secret) {
			t.Errorf("%q: %v", secret, err)
		}
	}
}

// TestPadding refuses all but that of PKCS #7.
func TestPadding(t *testing.T) {
	key, iv := bytes.Repeat([]byte("k"), 32), bytes.Repeat([]byte("i"), aes.BlockSize)
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	x := strings.Repeat("x", aes.BlockSize)
	for padded, want := range map[string]string{
		x[1:] + "\x01": x[1:], x[2:] + "\x02\x02": x[2:], strings.Repeat("\x10", aes.BlockSize): "",
		x[1:] + "\x00": "?", x[2:] + "\x01\x02": "?", x: "?", strings.Repeat("\x11", 2*aes.BlockSize): "?", "": "?",
	} {
		ciphertext := []byte(padded)
		cipher.NewCBCEncrypter(block, iv).CryptBlocks(ciphertext, ciphertext)
		message, err := decrypt(make([]byte, len(ciphertext)), key, iv, ciphertext, aes.BlockSize)
		if (err != nil) != (want == "?") || err == nil && string(message) != want {
			t.Errorf("%q: %q, %v", padded, message, err)
		}
	}
	short := strings.Repeat("\x20", aes.BlockSize) // more than there is
	ciphertext := []byte(short)
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(ciphertext, ciphertext)
	if message, err := decrypt(make([]byte, len(ciphertext)), key, iv, ciphertext, weComBlock); err == nil {
		t.Errorf("%q", message)
	}
}

// TestXMLMemory: a document takes no more memory than is counted for it, whatever is in it.
func TestXMLMemory(t *testing.T) {
	for name, document := range map[string]string{
		"attributes":      "<xml" + strings.Repeat(` a=""`, 1<<20) + "><Encrypt>x</Encrypt></xml>",
		"long attributes": "<xml" + strings.Repeat(` aaaaaaa = ''`, 1<<19) + "><Encrypt>x</Encrypt></xml>",
		"a comment":       "<xml><!--" + strings.Repeat("x", 5<<20) + "--><Encrypt>x</Encrypt></xml>",
		"a ciphertext":    string(XML{}.Wrap(strings.Repeat("x", 5<<20))),
		"elements":        "<xml>" + strings.Repeat("<a/>", 1<<20) + "<Encrypt>x</Encrypt></xml>",
	} {
		body := []byte(document)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _ = XML{}.Find(body)
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; took > rules.SealedTimes*uint64(len(body)) {
			t.Errorf("%s: %d times its size", name, took/uint64(len(body)))
		}
	}
}
