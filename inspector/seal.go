package inspector

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
)

// Positions have a hash of the line, by which whoever may not see it could guess it. So what is given away is
// sealed: it tells nothing, nobody else can make it, and of the same it is the same, until the process ends.
var sealing = struct {
	cipher cipher.Block
	key    []byte
}{newCipher(), random()}

func newCipher() cipher.Block {
	block, err := aes.NewCipher(random())
	if err != nil {
		panic(err) // of the wrong length
	}
	return block
}

func random() []byte {
	b := make([]byte, 32)
	if _, err := rand.Read(b); err != nil {
		panic(err) // as crypto/tls could do nothing either
	}
	return b
}

func seal(plain []byte) string {
	sealed := append(tagOf(plain), plain...)
	cipher.NewCTR(sealing.cipher, sealed[:aes.BlockSize]).XORKeyStream(sealed[aes.BlockSize:], plain)
	return base64.RawURLEncoding.EncodeToString(sealed)
}

// unseal returns what was sealed by this process.
func unseal(text string) (plain []byte, ok bool) {
	sealed, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(sealed) < aes.BlockSize {
		return nil, false
	}
	plain = make([]byte, len(sealed)-aes.BlockSize)
	cipher.NewCTR(sealing.cipher, sealed[:aes.BlockSize]).XORKeyStream(plain, sealed[aes.BlockSize:])
	return plain, subtle.ConstantTimeCompare(tagOf(plain), sealed[:aes.BlockSize]) == 1
}

func tagOf(plain []byte) []byte {
	mac := hmac.New(sha256.New, sealing.key)
	_, _ = mac.Write(plain)
	return mac.Sum(nil)[:aes.BlockSize]
}
