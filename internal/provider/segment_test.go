package provider_test

var _ = add("segment", []vector{
	{
		by:     "the words of Segment's source",
		secret: "segment-secret",
		headers: []string{
			"X-Signature", "3006017369f2df1511e2b12631d87e0138d6106a",
		},
		body: `{"anonymousId":"507f191e810c19729de860ea","context":{"ip":"8.8.8.8","library":{"name":"analytics.js","version":"2.11.1"}},"event":"Order Completed","messageId":"022bb90c-bbac-11e4-8dfc-aa07a5b093db","properties":{"total":27.5},"receivedAt":"2015-12-10T04:08:31.909Z","sentAt":"2015-12-10T04:08:31.581Z","timestamp":"2015-12-10T04:08:31.905Z","type":"track","userId":"97980cfea0067","version":2}`,
		id:   "022bb90c-bbac-11e4-8dfc-aa07a5b093db", kind: "track", subject: "97980cfea0067",
	},
	{
		by:     "the words of Segment's source, somebody who isn't known",
		secret: "segment-secret",
		headers: []string{
			"X-Signature", "d777cf7811061fddcfbd5b5c3bf7162119383a2e",
		},
		body: `{"anonymousId":"507f191e810c19729de860ea","context":{"ip":"8.8.8.8"},"messageId":"022bb911-bbac-11e4-8dfc-aa07a5b093db","name":"Home","timestamp":"2015-12-10T04:08:31.905Z","type":"page"}`,
		id:   "022bb911-bbac-11e4-8dfc-aa07a5b093db", kind: "page", subject: "507f191e810c19729de860ea",
	},
})
