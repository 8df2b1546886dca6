package keys

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/rules"
)

// maxFile is the size, in bytes, of the largest file with keys.
const maxFile = 1 << 20

var pemBlock = regexp.MustCompile(`(?s)-----BEGIN [A-Z ]+-----.*?-----END [A-Z ]+-----`)

// ReadFile returns the public keys in a file: in PEM, certificates too, or a JSON Web Key
// or a set of them.
func ReadFile(name string, s *rules.Signature) ([]string, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxFile {
		return nil, fmt.Errorf("%s: is larger than %d bytes", name, maxFile)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	public, err := split(string(text))
	if err == nil && len(public) == 0 {
		err = errors.New("there is no public key in it, in PEM or as a JSON Web Key")
	}
	for i, key := range public {
		if keyErr := s.CheckSecret(key); err == nil && keyErr != nil {
			err = fmt.Errorf("key number %d %w", i+1, keyErr)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return public, nil
}

func split(text string) (public []string, err error) {
	if !strings.HasPrefix(strings.TrimSpace(text), "{") {
		return pemBlock.FindAllString(text, -1), nil
	}
	var set struct{ Keys []json.RawMessage }
	if err := json.Unmarshal([]byte(text), &set); err != nil {
		return nil, errors.New("is no JSON Web Key")
	}
	for _, key := range set.Keys {
		public = append(public, string(key))
	}
	if set.Keys == nil {
		public = []string{text}
	}
	return public, nil
}
