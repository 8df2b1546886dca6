package sealed

import (
	"crypto/aes"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"
)

// WeCom is the cipher of WeCom and of DingTalk: AES-256-CBC, with a key of 43 letters of
// base64, of which the first half is the IV as well, and padding to 32 bytes. The message is
// between 16 random bytes with its length, and whom it is for.
type WeCom struct{}

const (
	weComBlock  = 32
	weComPrefix = 16 // random bytes
	weComLength = 4
)

func weComKey(secret string) ([]byte, error) {
	key, err := base64.RawStdEncoding.DecodeString(strings.TrimSuffix(secret, "="))
	if err != nil || len(key) != 32 {
		return nil, errors.New("is no key of 43 letters and digits")
	}
	return key, nil
}

// CheckKey takes 32 bytes in base64.
func (WeCom) CheckKey(secret string) error {
	_, err := weComKey(secret)
	return err
}

// Seal encrypts a message for an account.
func (WeCom) Seal(message []byte, secret, account string) ([]byte, error) {
	key, err := weComKey(secret)
	if err != nil {
		return nil, err
	}
	text := make([]byte, weComPrefix, weComPrefix+weComLength+len(message)+len(account))
	_, _ = rand.Read(text) // which never fails
	text = binary.BigEndian.AppendUint32(text, uint32(len(message)))
	text = append(append(text, message...), account...)
	return encrypt(key, key[:aes.BlockSize], text, weComBlock)
}

// Open decrypts.
func (WeCom) Open(into, ciphertext []byte, secret string) (message []byte, account string, err error) {
	key, err := weComKey(secret)
	if err != nil {
		return nil, "", errNotOpened
	}
	text, err := decrypt(into, key, key[:aes.BlockSize], ciphertext, weComBlock)
	if err != nil || len(text) < weComPrefix+weComLength {
		return nil, "", errNotOpened
	}
	length := int64(binary.BigEndian.Uint32(text[weComPrefix:]))
	if text = text[weComPrefix+weComLength:]; length > int64(len(text)) {
		return nil, "", errNotOpened
	}
	return text[:length], string(text[length:]), nil
}
