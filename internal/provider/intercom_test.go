package provider_test

import "net/http"

var _ = add("intercom", []vector{
	{
		by:      byWords,
		secret:  "intercom-client-secret",
		headers: []string{"X-Hub-Signature", "sha1=2e57695d2a5bdd0c33900ffc17ab0b77cd3ad918"},
		body:    `{"type":"notification_event","app_id":"a86dr8yl","data":{"type":"notification_event_data","item":{"type":"conversation","id":"6"}},"links":{},"id":"notif_4e3504a3-ba3f-46dc-ab48-8e4d5bdfdf4e","topic":"conversation.user.created","delivery_status":"pending","delivery_attempts":1,"created_at":1767225600}`,
		id:      "notif_4e3504a3-ba3f-46dc-ab48-8e4d5bdfdf4e", kind: "conversation.user.created", subject: "a86dr8yl",
	},
})

var _ = verifies("intercom", []handshake{
	{"s", requestOf(http.MethodHead, "/", ""), 200, "", nil},
	{"s", get(""), 405, "", []string{"Allow", "HEAD, POST"}},
})
