package sealed

import (
	"crypto/aes"
	"crypto/rand"
	"crypto/sha256"
)

// Lark is the cipher of Lark: AES-256-CBC, with the secret's SHA-256 as the key, and the IV
// before the rest.
type Lark struct{}

// CheckKey takes any secret.
func (Lark) CheckKey(string) error { return nil }

// Seal encrypts a message. It is for nobody by name.
func (Lark) Seal(message []byte, secret, _ string) ([]byte, error) {
	iv := make([]byte, aes.BlockSize)
	_, _ = rand.Read(iv) // which never fails
	key := sha256.Sum256([]byte(secret))
	rest, err := encrypt(key[:], iv, message, aes.BlockSize)
	return append(iv, rest...), err
}

// Open decrypts.
func (Lark) Open(into, ciphertext []byte, secret string) (message []byte, account string, err error) {
	if len(ciphertext) < aes.BlockSize {
		return nil, "", errNotOpened
	}
	key := sha256.Sum256([]byte(secret))
	message, err = decrypt(into, key[:], ciphertext[:aes.BlockSize], ciphertext[aes.BlockSize:], aes.BlockSize)
	return message, "", err
}
