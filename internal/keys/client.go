package keys

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// maxAnswer is the size, in bytes, of the largest answer with a key.
const maxAnswer = 64 << 10

// client asks services, with TLS and through the proxies of the environment.
type client struct{ http.Client }

// Transport is that of all clients. Only tests set another.
var Transport = sync.OnceValue(func() http.RoundTripper {
	// Not http.DefaultTransport, which any module of this Caddy can have changed.
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		ForceAttemptHTTP2:      true,
		MaxResponseHeaderBytes: maxAnswer,
		MaxIdleConnsPerHost:    1,
		IdleConnTimeout:        time.Minute,
		TLSHandshakeTimeout:    maxFetch,
	}
})

func newClient() *client {
	return &client{http.Client{
		Transport:     Transport(),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// do returns the body of the answer, which must be 200. Errors have nothing of the request
// except its host.
func (c *client) do(req *http.Request) ([]byte, error) {
	resp, err := c.Do(req)
	if err != nil {
		var wrapped *url.Error
		if errors.As(err, &wrapped) {
			err = wrapped.Err // without the URL
		}
		return nil, fmt.Errorf("%s: %w", req.URL.Host, err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case resp.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("%s: answer %d", req.URL.Host, resp.StatusCode)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", req.URL.Host, err)
	case len(body) > maxAnswer:
		return nil, fmt.Errorf("%s: the answer is longer than %d bytes", req.URL.Host, maxAnswer)
	}
	return body, nil
}

// get returns what is at a URL.
func (c *client) get(ctx context.Context, url string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	return c.do(req)
}

// certificate returns the certificate at a URL, in PEM.
func (c *client) certificate(ctx context.Context, url string) (string, error) {
	body, err := c.get(ctx, url)
	if err == nil && !strings.Contains(string(body), "-----BEGIN CERTIFICATE-----") {
		err = errors.New("the answer is no certificate in PEM")
	}
	return string(body), err
}

// Confirm calls the URL by which a subscription is confirmed.
func Confirm(ctx context.Context, url string) error {
	_, err := newClient().get(ctx, url)
	return err
}

// credentials returns the parts of a secret `id:secret`, with which a service's API is
// used, and whether it begins with `sandbox:`, for the API of that name.
func credentials(text string) (id, secret string, isSandbox bool, err error) {
	text, isSandbox = strings.CutPrefix(text, "sandbox:")
	id, secret, ok := strings.Cut(text, ":")
	if !ok || id == "" || secret == "" {
		return "", "", false, errors.New("is not of the form client_id:secret, or sandbox:client_id:secret")
	}
	return id, secret, isSandbox, nil
}
