package keys

import (
	"context"
	"errors"
	"regexp"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/rules"
)

// PayPal has a certificate at a URL in a header.
var PayPal Service = paypal{}

type paypal struct{}

var paypalCertificate = regexp.MustCompile(`^https://(api(?:-m)?(?:\.sandbox)?\.paypal\.com)/(v1/notifications/certs/CERT-[0-9A-Za-z-]{1,100})$`)

// Name is what its keys are stored under.
func (paypal) Name() string { return "paypal" }

// CheckSecret returns an error, as there is none.
func (paypal) CheckSecret(string) error { return errors.New("is not used") }

// Locate returns the place that the header names.
func (paypal) Locate(r *rules.Request, _, _ []string) ([]Place, error) {
	certificate, err := r.Value("header:PayPal-Cert-Url")
	if err != nil {
		return nil, err
	}
	parts := paypalCertificate.FindStringSubmatch(certificate)
	if parts == nil {
		return nil, errors.New("the PayPal-Cert-Url is not of the form that PayPal uses")
	}
	return []Place{{keyName: keyName{Host: parts[1], ID: parts[2]}}}, nil
}

// Fetch returns the certificate.
func (paypal) Fetch(ctx context.Context, c *client, p Place, _ string) (string, error) {
	return c.certificate(ctx, "https://"+p.Host+"/"+p.ID)
}

// Remedy says what an operator can do.
func (paypal) Remedy(*rules.Request) string {
	return "it is not from PayPal, or not of a webhook whose id account names; events of the simulator have the id WEBHOOK_ID"
}
