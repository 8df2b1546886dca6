// Package sealed has the ciphers of services that encrypt what they send, and what is around
// a ciphertext. Which service uses which is in its row.
package sealed

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/json"
	"errors"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/jsonscan"
)

// errNotOpened is the one error of decrypting: which of its steps fails tells whoever sent
// a ciphertext what is in others.
var errNotOpened = errors.New("it does not decrypt")

// encrypt encrypts with AES-256-CBC, padded to blocks of that size as by PKCS #7.
func encrypt(key, iv, message []byte, blockSize int) ([]byte, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	n := blockSize - len(message)%blockSize
	padded := append(bytes.Clone(message), bytes.Repeat([]byte{byte(n)}, n)...)
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(padded, padded)
	return padded, nil
}

// decrypt does the opposite, into memory as large as the ciphertext.
func decrypt(into, key, iv, ciphertext []byte, blockSize int) ([]byte, error) {
	block, err := aes.NewCipher(key)
	if err != nil || len(ciphertext) == 0 || len(ciphertext)%aes.BlockSize != 0 {
		return nil, errNotOpened
	}
	padded := into[:len(ciphertext)]
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(padded, ciphertext)
	n := int(padded[len(padded)-1])
	if n == 0 || n > blockSize || n > len(padded) {
		return nil, errNotOpened
	}
	message, padding := padded[:len(padded)-n], padded[len(padded)-n:]
	if !bytes.Equal(padding, bytes.Repeat([]byte{byte(n)}, n)) {
		return nil, errNotOpened
	}
	return message, nil
}

// maxDepth is of the object around a ciphertext.
const maxDepth = 100

var errNoCiphertext = errors.New("there is no ciphertext")

// JSON is an object with the ciphertext as `encrypt`.
type JSON struct{}

// Find returns the ciphertext.
func (JSON) Find(body []byte) (string, error) {
	var doc jsonscan.Doc
	if doc.Parse(body, maxDepth) != nil {
		return "", errNoCiphertext
	}
	value := doc.Get("encrypt")
	if len(value) == 0 || value[0] != '"' {
		return "", errNoCiphertext
	}
	text, ok := jsonscan.Unquote(value)
	if !ok || text == "" {
		return "", errNoCiphertext
	}
	return text, nil
}

// Wrap returns such an object.
func (JSON) Wrap(ciphertext string) []byte {
	body, _ := json.Marshal(map[string]string{"encrypt": ciphertext}) // which can't fail
	return body
}

// XML is a document with the ciphertext in an element `Encrypt`.
type XML struct{}

// Find returns the ciphertext.
func (XML) Find(body []byte) (string, error) {
	texts, err := event.XMLTexts(body, "Encrypt")
	if err != nil || len(texts) != 1 || texts[0] == "" {
		return "", errNoCiphertext
	}
	return texts[0], nil
}

// Wrap returns such a document.
func (XML) Wrap(ciphertext string) []byte {
	return []byte("<xml><Encrypt><![CDATA[" + ciphertext + "]]></Encrypt></xml>")
}
