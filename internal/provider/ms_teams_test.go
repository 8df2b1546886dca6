package provider_test

var _ = add("ms_teams", []vector{
	{
		by:         byWords,
		answerType: "application/json",
		secret:     "vqF0En+Z0ucuRTM/01o2GuhMH3hKKk/N2bOmlM31zaA=",
		headers: []string{
			"Authorization", "HMAC YeFfNSwLiZJF7DUp/LjfCoYBknRuI3dGDYxxyf0vv0s=",
			"Content-Type", "application/json; charset=utf-8",
		},
		body: `{"type":"message","id":"1767225600000","timestamp":"2026-01-01T00:00:00.000Z","serviceUrl":"https://smba.trafficmanager.net/amer/","channelId":"msteams","from":{"id":"29:1XJKJMvc5GBtc2JwZq0oj8tHZmzrQgFmB39ATiQWA85g","name":"Megan Bowen"},"conversation":{"isGroup":true,"id":"19:253b1f341670408fb6fe51050b6e5ceb@thread.tacv2;messageid=1767225600000"},"text":"<at>Contoso</at> hello","attachments":[]}`,
		id:   "1767225600000", kind: "message", subject: "19:253b1f341670408fb6fe51050b6e5ceb@thread.tacv2;messageid=1767225600000", answer: `{"type":"message","text":"Received."}`,
	},
})
