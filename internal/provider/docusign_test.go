package provider_test

var _ = add("docusign", []vector{
	{
		by:     byWords,
		secret: "8bvyqJ0c0Xh7s1W6Zr5pQm3tYk2nB4dF9gLxVwUeRzE=",
		headers: []string{
			"X-DocuSign-Signature-1", "CKHMZicTsIaKbpgG1HoLtc6+WvZfaUaA5qTfoRQDDm0=",
			"x-authorization-digest", "HMACSHA256",
			"x-docusign-accountid", "a1",
		},
		body: `{"event":"envelope-sent","apiVersion":"v2.1","uri":"/restapi/v2.1/accounts/a1/envelopes/8d1d52a8-0d6b-4b5b-9b4d-1f1e2d3c4b5a","retryCount":0,"configurationId":1,"generatedDateTime":"2026-01-01T00:00:00.0000000Z","data":{"accountId":"a1","userId":"u1","envelopeId":"8d1d52a8-0d6b-4b5b-9b4d-1f1e2d3c4b5a"}}`,
		kind: "envelope-sent", subject: "8d1d52a8-0d6b-4b5b-9b4d-1f1e2d3c4b5a",
	},
	{
		by:     "the same, with XML",
		secret: "8bvyqJ0c0Xh7s1W6Zr5pQm3tYk2nB4dF9gLxVwUeRzE=",
		headers: []string{
			"X-DocuSign-Signature-1", "PZqbXMKiV4Y4rBe+EfFqn7yyKk6AFKssMfrmUOnX9AA=",
			"Content-Type", "text/xml; charset=utf-8",
		},
		body: `<?xml version="1.0" encoding="utf-8"?><DocuSignEnvelopeInformation xmlns="http://www.docusign.net/API/3.0"><EnvelopeStatus><EnvelopeID>8d1d52a8-0d6b-4b5b-9b4d-1f1e2d3c4b5a</EnvelopeID><Status>Sent</Status></EnvelopeStatus></DocuSignEnvelopeInformation>`,
	},
	{
		by:     "the same, with the second of two keys",
		secret: "8bvyqJ0c0Xh7s1W6Zr5pQm3tYk2nB4dF9gLxVwUeRzE=",
		headers: []string{
			"X-DocuSign-Signature-1", "9+n/x2MJ6GwSsgTsJPcluyLlXnYpC1vay2Sz77QBOWc=",
			"X-DocuSign-Signature-2", "CKHMZicTsIaKbpgG1HoLtc6+WvZfaUaA5qTfoRQDDm0=",
		},
		body: `{"event":"envelope-sent","apiVersion":"v2.1","uri":"/restapi/v2.1/accounts/a1/envelopes/8d1d52a8-0d6b-4b5b-9b4d-1f1e2d3c4b5a","retryCount":0,"configurationId":1,"generatedDateTime":"2026-01-01T00:00:00.0000000Z","data":{"accountId":"a1","userId":"u1","envelopeId":"8d1d52a8-0d6b-4b5b-9b4d-1f1e2d3c4b5a"}}`,
		kind: "envelope-sent", subject: "8d1d52a8-0d6b-4b5b-9b4d-1f1e2d3c4b5a",
	},
})
