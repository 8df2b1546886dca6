package provider_test

var _ = add("twilio", []vector{
	{
		by:     "the example in the provider's documents, and twilio 6.2.0 for Node",
		secret: "12345",
		url:    "https://mycompany.com/myapp.php?foo=1&bar=2",
		headers: []string{
			"X-Twilio-Signature", "RSOYDt4T1cUTdK1PDd93/VVr8B8=",
			"I-Twilio-Idempotency-Token", "d9dd8c6a-1e2d-4a3f-8ad5-0c8f3e5b8a11",
			"Content-Type", "application/x-www-form-urlencoded",
		},
		body: "To=%2B18005551212&CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309",
		id:   "d9dd8c6a-1e2d-4a3f-8ad5-0c8f3e5b8a11",
	},
	{
		by:     "twilio 9.13.0 for Python and 6.2.0 for Node, with a field several times",
		secret: "12345",
		url:    "https://mycompany.com",
		target: "/myapp.php?foo=1&bar=2",
		headers: []string{
			"X-Twilio-Signature", "h+e41smeDGV+GStfx+x0e4s177A=",
			"Content-Type", "application/x-www-form-urlencoded",
		},
		body: `A=2&A=1&A=1&B=&C=x`,
	},
	{
		by:     "twilio 9.13.0 for Python and 6.2.0 for Node, JSON, and the example in the provider's documents",
		secret: "12345",
		url:    "https://mycompany.com",
		target: "/myapp.php?foo=1&bar=2&bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620",
		headers: []string{
			"X-Twilio-Signature", "a9nBmqA0ju/hNViExpshrM61xv4=",
			"Content-Type", "application/json",
		},
		body: `{"property": "value", "boolean": true}`,
	},
	{
		by:     "twilio 9.13.0 for Python and 6.2.0 for Node, JSON with a public_url for all",
		secret: "12345",
		url:    "https://mycompany.com/myapp.php?foo=1&bar=2",
		target: "/myapp.php?foo=1&bar=2&bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620",
		headers: []string{
			"X-Twilio-Signature", "a9nBmqA0ju/hNViExpshrM61xv4=",
			"Content-Type", "application/json",
		},
		body: `{"property": "value", "boolean": true}`,
	},
	{
		by:     "twilio 9.13.0 for Python, HMAC-SHA256",
		secret: "12345",
		url:    "https://mycompany.com",
		target: "/myapp.php?foo=1&bar=2",
		headers: []string{
			"X-Twilio-Signature", "opA1bF/e0LRjl2ZesIdEFta1k9tbHOcloxjxEYutyzA=",
			"X-Twilio-Webhooks-Signature-Settings", "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256",
			"Content-Type", "application/x-www-form-urlencoded",
		},
		body: `CallSid=CA1234567890ABCDE&Digits=1234`,
	},
	{
		by:     "twilio 9.13.0 for Python and 6.2.0 for Node, with the port",
		secret: "12345",
		url:    "https://mycompany.com",
		target: "/myapp.php?foo=1&bar=2",
		headers: []string{
			"X-Twilio-Signature", "5nHHtMuhI9wOSzIjrR5qpHKLEus=",
			"Content-Type", "application/x-www-form-urlencoded",
		},
		body: `CallSid=CA1234567890ABCDE&Digits=1234`,
	},
	{
		by:     "twilio 9.13.0 for Python and 6.2.0 for Node, with user and password",
		secret: "12345",
		url:    "https://user:pass@mycompany.com",
		target: "/myapp.php?foo=1&bar=2",
		headers: []string{
			"X-Twilio-Signature", "utsYKpwPMxwZKVZV8yuU30TJ5Tw=",
			"Content-Type", "application/x-www-form-urlencoded",
		},
		body: `CallSid=CA1234567890ABCDE&Digits=1234`,
	},
	{
		by:     "twilio 9.13.0 for Python, sorted by characters",
		secret: "12345",
		url:    "https://mycompany.com",
		target: "/myapp.php?foo=1&bar=2",
		headers: []string{
			"X-Twilio-Signature", "BIz3gz6iytZjS1mEid9G8Yscv8c=",
			"Content-Type", "application/x-www-form-urlencoded",
		},
		body: `%EE%80%80=1&%F0%90%80%80=2`,
	},
	{
		by:     "twilio 6.2.0 for Node, sorted by UTF-16",
		secret: "12345",
		url:    "https://mycompany.com",
		target: "/myapp.php?foo=1&bar=2",
		headers: []string{
			"X-Twilio-Signature", "lMUfK806HsYy2XwaxQxZ/iIkQD0=",
			"Content-Type", "application/x-www-form-urlencoded",
		},
		body: `%EE%80%80=1&%F0%90%80%80=2`,
	},
})
