package provider_test

var _ = add("line", []vector{
	{
		by:     "@line/bot-sdk 11.0.0",
		secret: "8c570fa6dd201bb328f1c1eac23a96d8",
		headers: []string{
			"X-Line-Signature", "XnMRB8Cqvg/GK9mmOZTLzSH9nYTxAUbI/nXtkhfrqfw=",
		},
		body:    `{"destination":"U0123456789abcdef0123456789abcdef","events":[{"type":"message","mode":"active","timestamp":1767225600000,"webhookEventId":"01FZ74A0TDDPYRVKNK77XKC3ZR","deliveryContext":{"isRedelivery":false},"source":{"type":"user","userId":"U80696558e1aa831d6eb1a2b3c4d5e6f7"},"replyToken":"nHuyWiB7yP5Zw52FIkcQobQuGDXCTA","message":{"id":"468789577898262530","type":"text","text":"hello"}},{"type":"follow","mode":"active","timestamp":1767225600100,"webhookEventId":"01FZ74A0TDDPYRVKNK77XKC3ZS","deliveryContext":{"isRedelivery":false},"source":{"type":"user","userId":"U80696558e1aa831d6eb1a2b3c4d5e6f8"},"replyToken":"85cbe770fa8b4f45bbe077b1d4be4a36"}]}`,
		kind:    "message",
		subject: "U0123456789abcdef0123456789abcdef",
	},
})

const lineEmpty = `{"destination":"U0123456789abcdef0123456789abcdef","events":[]}`

var _ = verifies("line", []handshake{
	{"s", post("", lineEmpty, "X-Line-Signature", "DMXKR2DS06RBX7Md2ABkHMvlHS5fY/ElNfNvmdwuRTc="), 200, "", nil},
	{"s", post("", lineEmpty, "X-Line-Signature", "Vz1iRvFr4WpBILuV61dI/sF/q62GSQXU1f73wbbB9TY="), 401, "", nil},
	{"s", post("", lineEmpty), 401, "", nil},
	{"s", get(""), 405, "", []string{"Allow", "POST"}},
})
