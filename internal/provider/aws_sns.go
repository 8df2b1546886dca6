package provider

import (
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/keys"
)

var _ = add(Row{
	Name:  "aws_sns",
	Title: "Amazon SNS",
	Kind:  KindOperations,
	Docs:  "https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html",
	Note: "The certificate is fetched from `sns.<region>.amazonaws.com`, of the region of the topic. A subscription to a topic that `account` names is " +
		"confirmed by calling its `SubscribeURL`; the confirmation is no event. A topic that it does not name is refused, as anybody's topic is signed by Amazon. " +
		"Leave *raw message delivery* off: nothing is signed with it. `MessageAttributes` and `UnsubscribeURL` are not signed. " +
		"Both values of the topic's attribute `SignatureVersion` are taken; 2 is better. After a 4xx SNS does not send the message again.",
	// As in aws/aws-php-sns-message-validator: the names that are there, in this order.
	Signature: &Signature{
		Algorithm: "rsa-sha1 rsa-sha256",
		From:      []Source{"body:Signature"},
		Encoding:  "base64",
		Content: "Message\n{body:Message}\nMessageId\n{body:MessageId}\n{?Subject\n{body:Subject}\n?}{?SubscribeURL\n{body:SubscribeURL}\n?}" +
			"Timestamp\n{timestamp}\n{?Token\n{body:Token}\n?}TopicArn\n{body:TopicArn}\nType\n{body:Type}\n",
		Partial:         true,
		Timestamp:       []Source{"body:Timestamp"},
		TimestampFormat: "rfc3339",
		Tolerance:       caddy.Duration(24 * time.Hour),
		Account:         "body:TopicArn",
	},
	Event:    EventRules{ID: []Source{"body:MessageId"}, Type: []Source{"body:Type"}, Subject: []Source{"body:TopicArn"}},
	Account:  "the *ARN* of the topic",
	Keys:     keys.SNS,
	Timeout:  12 * time.Second,
	Patience: 15 * time.Second,
})
