package keys

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/rules"
)

// EBay gives a key for the `kid` of a signature to applications that have a token.
var EBay Service = ebay{}

type ebay struct{}

// Name is what its keys are stored under.
func (ebay) Name() string { return "ebay" }

// CheckSecret returns an error for what is no client_id:client_secret.
func (ebay) CheckSecret(secret string) error {
	_, _, _, err := credentials(secret)
	return err
}

// Locate returns the places for the key that the signature names.
func (ebay) Locate(r *rules.Request, _, secrets []string) ([]Place, error) {
	id, err := r.Value("header_json:X-EBAY-SIGNATURE.kid")
	if err != nil {
		return nil, err
	}
	if !keyID.MatchString(id) {
		return nil, errors.New("the signature names no key")
	}
	return placesOf(id, "api.ebay.com", "api.sandbox.ebay.com", secrets), nil
}

// Fetch returns the key, in PEM.
func (ebay) Fetch(ctx context.Context, c *client, p Place, secret string) (string, error) {
	token, err := ebayToken(ctx, c, p, secret)
	if err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+p.Host+"/commerce/notification/v1/public_key/"+p.ID, nil)
	if err != nil {
		return "", err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	body, err := c.do(req)
	if err != nil {
		return "", err
	}
	var answer struct{ Algorithm, Digest, Key string }
	if json.Unmarshal(body, &answer) != nil || answer.Key == "" {
		return "", errors.New("the answer has no key")
	}
	return answer.Key, nil
}

// ebayToken returns an application's token. https://developer.ebay.com/api-docs/static/oauth-client-credentials-grant.html
func ebayToken(ctx context.Context, c *client, p Place, secret string) (string, error) {
	id, secret, _, err := credentials(secret)
	if err != nil {
		return "", err
	}
	form := strings.NewReader("grant_type=client_credentials&scope=https%3A%2F%2Fapi.ebay.com%2Foauth%2Fapi_scope")
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+p.Host+"/identity/v1/oauth2/token", form)
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(id, secret)
	body, err := c.do(req)
	if err != nil {
		return "", err
	}
	var answer struct {
		Token string `json:"access_token"`
	}
	if json.Unmarshal(body, &answer) != nil || answer.Token == "" {
		return "", errors.New("the answer has no access_token")
	}
	return answer.Token, nil
}

// Remedy says what an operator can do.
func (ebay) Remedy(*rules.Request) string {
	return "it is not from eBay, or something in between has changed the body"
}
