package webhookreceiver

import "time"

// providersGeneral are senders of any kind, and those whose events are not
// signed.
var providersGeneral = []provider{
	{
		name:   genericProvider,
		title:  "Any other service",
		docs:   "https://www.rfc-editor.org/rfc/rfc9110",
		note:   "Takes every POST, from anybody, unless `verification` and `signature` say more.",
		token:  "the verify token",
		secret: "the secret that events are signed with",
		accept: acceptAny,
	},
	{
		// The sender stores nothing itself.
		name:         defaultProvider,
		title:        "Socialboards",
		docs:         "https://developers.socialboards.com/docs/apis/tickets/webhooks",
		verification: &Verification{Challenge: "query:challenge", Token: "query:verifyToken", StrictQuery: true},
		event:        EventRules{Type: []Source{"body:EventType"}, Subject: []Source{"body:TicketId"}},
		token:        "the field *Verify Token* of the webhook's settings",
		timeout:      15 * time.Second,
		patience:     20 * time.Second,
	},
	{
		name:  "strava",
		title: "Strava",
		docs:  "https://developers.strava.com/docs/webhooks/",
		verification: &Verification{
			Match:       map[Source]string{"query:hub.mode": "subscribe"},
			Challenge:   "query:hub.challenge",
			Token:       "query:hub.verify_token",
			ContentType: contentTypeJSON,
			Body:        `{"hub.challenge":"{challenge}"}`,
		},
		event:    EventRules{Type: []Source{"body:object_type"}, Subject: []Source{"body:object_id"}},
		token:    "the `verify_token` of the subscription",
		timeout:  1800 * time.Millisecond,
		patience: 2 * time.Second,
	},
	{
		name:  "cloudevents",
		title: "CloudEvents over HTTP (Azure Event Grid and others)",
		docs:  "https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/http-webhook.md",
		note: "`verify_token` names the origins that may send, such as `eventgrid.azure.net`: others are not allowed to. It is optional: without it all are. " +
			"That binds services that ask first, and keeps nobody else out. A `secret` is optional: if there is one, events must carry it in " +
			"`Authorization: Bearer`, or in the query parameter `access_token`. An event in structured mode is stored with its envelope as the data; " +
			"batches are stored as one event.",
		verification: &Verification{
			Method:    "OPTIONS",
			Token:     "header:WebHook-Request-Origin",
			Challenge: "header:WebHook-Request-Origin",
			Headers:   map[string]string{"WebHook-Allowed-Origin": "{challenge}", "WebHook-Allowed-Rate": "*", "Allow": "OPTIONS, POST"},
		},
		signature:      &Signature{Algorithm: algorithmToken, From: []Source{"header:Authorization", "query:access_token"}, Prefix: "Bearer "},
		event:          EventRules{ID: []Source{"header:ce-id", "body:id"}, Type: []Source{"header:ce-type", "body:type"}, Subject: []Source{"header:ce-subject", "body:subject"}},
		token:          "the origin that may send",
		tokenOptional:  true,
		secret:         "the access token that the sender is given",
		secretOptional: true,
		accept:         acceptAny,
	},
	{
		name:  "okta",
		title: "Okta event hooks",
		docs:  "https://developer.okta.com/docs/concepts/event-hooks/",
		verification: &Verification{
			Challenge:   "header:X-Okta-Verification-Challenge",
			ContentType: contentTypeJSON,
			Body:        `{"verification":"{challenge}"}`,
		},
		signature: &Signature{Algorithm: algorithmToken, From: []Source{"header:Authorization"}},
		event:     EventRules{ID: []Source{"body:eventId"}, Type: []Source{"body:data.events.0.eventType", "body:eventType"}},
		secret:    "the *authentication secret* of the event hook, with *authentication field* `Authorization`",
		timeout:   2500 * time.Millisecond,
		patience:  3 * time.Second,
	},
	{
		// An answer is better there in 3 seconds.
		name:  "microsoft_graph",
		title: "Microsoft Graph (also OneDrive, SharePoint, Outlook, Teams)",
		docs:  "https://learn.microsoft.com/en-us/graph/change-notifications-delivery-webhooks",
		note:  "Every element of `value` must have the `clientState`.",
		verification: &Verification{
			Method:    "POST",
			Challenge: "query:validationToken",
		},
		signature: &Signature{Algorithm: algorithmToken, From: []Source{"body:value.*.clientState"}},
		event:     EventRules{Type: []Source{"body:value.0.changeType", "body:value.0.lifecycleEvent"}, Subject: []Source{"body:value.0.resource"}, Status: 202},
		secret:    "the `clientState` of the subscription",
		timeout:   8 * time.Second,
		patience:  10 * time.Second,
	},
	{
		name:      "gitlab",
		title:     "GitLab",
		docs:      "https://docs.gitlab.com/user/project/integrations/webhooks/",
		note:      "For a webhook with a *signing token* use `standard_webhooks`.",
		signature: &Signature{Algorithm: algorithmToken, From: []Source{"header:X-Gitlab-Token"}},
		event: EventRules{
			ID:      []Source{"header:Idempotency-Key"},
			Type:    []Source{"header:X-Gitlab-Event"},
			Subject: []Source{"body:project.path_with_namespace"},
		},
		secret:      "the *secret token* of the webhook",
		maxBodySize: 25 << 20,
		timeout:     8 * time.Second,
		patience:    10 * time.Second,
	},
	{
		name:  "adobe_sign",
		title: "Adobe Acrobat Sign",
		docs:  "https://helpx.adobe.com/sign/developer/webhooks/overview.html",
		note:  "The client id goes with every request; whoever knows it can send events.",
		verification: &Verification{
			Signed:    true,
			Challenge: "header:X-AdobeSign-ClientId",
			Headers:   map[string]string{"X-AdobeSign-ClientId": "{challenge}"},
		},
		signature: &Signature{Algorithm: algorithmToken, From: []Source{"header:X-AdobeSign-ClientId"}},
		event: EventRules{
			ID:      []Source{"body:webhookNotificationId"},
			Type:    []Source{"body:event"},
			Subject: []Source{"body:agreement.id"},
			Echo:    "X-AdobeSign-ClientId",
		},
		secret:      "the client id of the application that made the webhook",
		maxBodySize: 10 << 20,
		timeout:     4 * time.Second,
	},
}
