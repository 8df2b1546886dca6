package keys

import (
	"context"
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/rules"
)

// SNS is Amazon's Simple Notification Service: the certificate is at a URL in the message,
// which must be of the region of a topic that is configured.
var SNS Service = sns{}

type sns struct{}

var (
	snsTopic       = regexp.MustCompile(`^arn:(aws|aws-us-gov|aws-cn):sns:([a-z]{2}(?:-[a-z]+)+-[0-9]{1,2}):[0-9]{12}:[A-Za-z0-9_.-]{1,256}$`)
	snsCertificate = regexp.MustCompile(`^https://(sns\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?)/([A-Za-z0-9_-]{1,128}\.pem)$`)
)

// snsHost returns the host of a topic's region.
func snsHost(topic string) (host string, ok bool) {
	parts := snsTopic.FindStringSubmatch(topic)
	if parts == nil {
		return "", false
	}
	host = "sns." + parts[2] + ".amazonaws.com"
	if parts[1] == "aws-cn" {
		host += ".cn"
	}
	return host, true
}

// Name is what its keys are stored under.
func (sns) Name() string { return "aws_sns" }

// CheckSecret returns an error, as there is none.
func (sns) CheckSecret(string) error { return errors.New("is not used") }

// CheckAccount returns an error for what is no topic.
func (sns) CheckAccount(account string) error {
	if _, ok := snsHost(account); !ok {
		return errors.New("is not the ARN of a topic, such as arn:aws:sns:us-east-1:123456789012:orders")
	}
	return nil
}

var errSNSVersion = errors.New("the SignatureVersion is neither 1 nor 2")

// Locate returns the place that the message names. Its topic is one of the accounts.
func (sns) Locate(r *rules.Request, accounts, _ []string) ([]Place, error) {
	if version, err := r.Value("body:SignatureVersion"); err != nil || version != "1" && version != "2" {
		return nil, errSNSVersion
	}
	host, err := snsHostOf(r, accounts)
	if err != nil {
		return nil, err
	}
	certificate, err := r.Value("body:SigningCertURL")
	if err != nil {
		return nil, err
	}
	parts := snsCertificate.FindStringSubmatch(certificate)
	if parts == nil || parts[1] != host {
		return nil, errors.New("the SigningCertURL is not of the form that SNS uses in the region of the topic")
	}
	return []Place{{keyName: keyName{Host: host, ID: parts[2]}}}, nil
}

// snsHostOf returns the host of a message's topic.
func snsHostOf(r *rules.Request, accounts []string) (string, error) {
	topic, err := r.Value("body:TopicArn")
	if err != nil {
		return "", err
	}
	host, ok := snsHost(topic)
	if !ok || !slices.Contains(accounts, topic) {
		return "", errors.New("the topic is not one that is configured")
	}
	return host, nil
}

// Fetch returns the certificate.
func (sns) Fetch(ctx context.Context, c *client, p Place, _ string) (string, error) {
	return c.certificate(ctx, "https://"+p.Host+"/"+p.ID)
}

// Remedy says what an operator can do.
func (sns) Remedy(r *rules.Request) string {
	const attribute = "the topic's attribute SignatureVersion must be 1 or 2: aws sns set-topic-attributes --topic-arn ARN --attribute-name SignatureVersion --attribute-value 2"
	if version, _ := r.Value("body:SignatureVersion"); version != "2" && version != "" {
		return attribute
	}
	return "it is not from SNS, or not of a topic that account names, or the subscription has raw message delivery, with which nothing is signed"
}

// Confirms returns the SubscribeURL of the confirmation of a listed topic, on the host of
// its region.
func (sns) Confirms(r *rules.Request, accounts []string) (string, error) {
	if kind, _ := r.Value("body:Type"); kind != "SubscriptionConfirmation" {
		return "", nil
	}
	host, err := snsHostOf(r, accounts)
	if err != nil {
		return "", err
	}
	text, err := r.Value("body:SubscribeURL")
	if err != nil {
		return "", err
	}
	topic, _ := r.Value("body:TopicArn")
	token, _ := r.Value("body:Token")
	u, err := url.Parse(text)
	errOther := errors.New("the SubscribeURL is not of the form that SNS uses in the region of the topic")
	if err != nil || !strings.HasPrefix(text, "https://"+host+"/?") || u.Host != host || u.User != nil || u.Path != "/" || u.Fragment != "" {
		return "", errOther
	}
	query, err := url.ParseQuery(u.RawQuery)
	isOne := func(name, value string) bool { return len(query[name]) == 1 && query[name][0] == value }
	if err != nil || len(query) != 3 || !isOne("Action", "ConfirmSubscription") || !isOne("TopicArn", topic) || !isOne("Token", token) {
		return "", errOther
	}
	// Made anew, of what it must be.
	return "https://" + host + "/?" + query.Encode(), nil
}
