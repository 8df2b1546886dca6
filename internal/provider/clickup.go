package provider

import (
	"net/http"
	"time"
)

var _ = add(Row{
	Name:  "clickup",
	Title: "ClickUp",
	Kind:  KindWork,
	Docs:  "https://developer.clickup.com/docs/webhooksignature",
	Note: "ClickUp suspends a webhook at once for an answer 401 or 410, so what is not signed right is answered 403; " +
		"after 100 events that failed it is suspended as well. `taskStatusUpdated` comes along with `taskCreated`. " +
		"Events without `history_items`, as those of spaces and folders, have no id, and two of them may be alike to the byte: do not dedupe them by the body.",
	Signature: &Signature{Algorithm: "hmac-sha256", From: []Source{"header:X-Signature"}},
	Event: EventRules{
		ID:      []Source{"{body:webhook_id}.{body:history_items.0.id}.{body:event}"},
		Type:    []Source{"body:event"},
		Subject: []Source{"body:task_id"},
		Refused: http.StatusForbidden,
	},
	Secret:   "the *secret* in ClickUp's answer to the creation of the webhook",
	Timeout:  5500 * time.Millisecond,
	Patience: 7 * time.Second,
})
