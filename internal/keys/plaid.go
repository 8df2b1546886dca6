package keys

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/rules"
)

// Plaid gives a JSON Web Key for the `kid` of the token that an event is signed with.
var Plaid Service = plaid{}

type plaid struct{}

// keyID is what an id of a key may be.
var keyID = regexp.MustCompile(`^[0-9A-Za-z_-]{1,100}$`)

// Name is what its keys are stored under.
func (plaid) Name() string { return "plaid" }

// CheckSecret returns an error for what is no client_id:secret.
func (plaid) CheckSecret(secret string) error {
	_, _, _, err := credentials(secret)
	return err
}

// Locate returns the places for the key that the token names.
func (plaid) Locate(r *rules.Request, _, secrets []string) ([]Place, error) {
	token, err := r.Value("header:Plaid-Verification")
	if err != nil {
		return nil, err
	}
	protected, _, _ := strings.Cut(strings.TrimSpace(token), ".")
	raw, err := base64.RawURLEncoding.DecodeString(protected)
	var header struct{ Kid string }
	if err != nil || json.Unmarshal(raw, &header) != nil || !keyID.MatchString(header.Kid) {
		return nil, errors.New("the token names no key")
	}
	return placesOf(header.Kid, "production.plaid.com", "sandbox.plaid.com", secrets), nil
}

// placesOf returns the places of a key that has to be asked for with one of the secrets.
func placesOf(id, production, sandbox string, secrets []string) (all []Place) {
	for _, secret := range secrets {
		host := production
		if _, _, isSandbox, _ := credentials(secret); isSandbox {
			host = sandbox
		}
		i := slices.IndexFunc(all, func(p Place) bool { return p.Host == host })
		if i < 0 {
			i, all = len(all), append(all, Place{keyName: keyName{Host: host, ID: id}})
		}
		all[i].secrets = append(all[i].secrets, secret)
	}
	return all
}

// Fetch returns the key, as a JSON Web Key.
func (plaid) Fetch(ctx context.Context, c *client, p Place, secret string) (string, error) {
	id, secret, _, err := credentials(secret)
	if err != nil {
		return "", err
	}
	body, err := json.Marshal(map[string]string{"client_id": id, "secret": secret, "key_id": p.ID})
	if err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+p.Host+"/webhook_verification_key/get", bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/json")
	if body, err = c.do(req); err != nil {
		return "", err
	}
	var answer struct{ Key map[string]any }
	if json.Unmarshal(body, &answer) != nil || answer.Key["kid"] != p.ID || answer.Key["alg"] != "ES256" {
		return "", errors.New("the answer has no such key")
	}
	if answer.Key["expired_at"] != nil {
		return "", errRevoked
	}
	public, err := json.Marshal(answer.Key)
	return string(public), err
}

// Remedy says what an operator can do.
func (plaid) Remedy(*rules.Request) string {
	return "it is not from Plaid, or something in between has changed the body, or one of the clocks is wrong"
}
