package provider_test

import "time"

var _ = add("keygen", []vector{
	{
		by:     "the words of Keygen's source",
		secret: rfc8032Hex,
		at:     newYear,
		url:    "https://hooks.example.com/webhooks",
		headers: []string{
			"Keygen-Date", "Thu, 01 Jan 2026 00:00:00 GMT",
			"Keygen-Digest", "sha-256=LQMYAIKTMevL0qHRVxJw4fX/vdT5jW0W1sNmkOVF/PM=",
			"Keygen-Signature", `signature="gcU46ifqhHfeXDRc6yARwWuQ70J4dk+J7nd/2oTug/0inw38btZoNt1821Pefn+GMAn7QO7F8yVnGUf5Jrv+CA=="`,
		},
		body: `{"data":{"id":"fd5ac3a2-3c6e-4cbb-9aef-2ae7a6f2b9b7","type":"webhook-events","attributes":{"endpoint":"https://hooks.example.com/webhooks","payload":"{\"data\":{\"id\":\"b18e3f3a-7e3a-4a35-8d4f-6a1c5d2b9e10\",\"type\":\"licenses\"}}","event":"license.created","status":"DELIVERING","created":"2026-01-01T00:00:00.000Z","updated":"2026-01-01T00:00:00.000Z"}}}`,
		id:   "fd5ac3a2-3c6e-4cbb-9aef-2ae7a6f2b9b7", kind: "license.created",
		late: 5 * time.Minute, early: 5 * time.Minute,
	},
	{
		by:     "the same, with all elements of the header",
		secret: rfc8032Hex,
		at:     newYear,
		url:    "https://hooks.example.com/webhooks",
		headers: []string{
			"Keygen-Date", "Thu, 01 Jan 2026 00:00:00 GMT",
			"Keygen-Digest", "sha-256=LQMYAIKTMevL0qHRVxJw4fX/vdT5jW0W1sNmkOVF/PM=",
			"Keygen-Signature", `keyid="1fddcec8-8dd3-4d8d-9b16-215cac0f9b52", algorithm="ed25519", signature="gcU46ifqhHfeXDRc6yARwWuQ70J4dk+J7nd/2oTug/0inw38btZoNt1821Pefn+GMAn7QO7F8yVnGUf5Jrv+CA==", headers="(request-target) host date digest"`,
		},
		body: `{"data":{"id":"fd5ac3a2-3c6e-4cbb-9aef-2ae7a6f2b9b7","type":"webhook-events","attributes":{"endpoint":"https://hooks.example.com/webhooks","payload":"{\"data\":{\"id\":\"b18e3f3a-7e3a-4a35-8d4f-6a1c5d2b9e10\",\"type\":\"licenses\"}}","event":"license.created","status":"DELIVERING","created":"2026-01-01T00:00:00.000Z","updated":"2026-01-01T00:00:00.000Z"}}}`,
		id:   "fd5ac3a2-3c6e-4cbb-9aef-2ae7a6f2b9b7", kind: "license.created",
		late: 5 * time.Minute, early: 5 * time.Minute,
	},
})
