package provider_test

var _ = add("cronofy", []vector{
	{
		by:     "cronofy 3.8.4",
		secret: "cronofy-client-secret",
		headers: []string{
			"Cronofy-HMAC-SHA256", "SBGGQqQA3hTuEb4v7w9N+qY6KOnNNM7ihUeVTvqXz5E=",
			"Content-Type", "application/json; charset=utf-8",
		},
		body: `{"notification":{"type":"change","changes_since":"2025-01-17T09:24:16Z"},"channel":{"channel_id":"chn_54cf7c7cb4ad4c1027000001","callback_url":"https://hooks.example.com/webhooks","filters":{"calendar_ids":["cal_n23kjnwrw2_sakdnawerd3"],"only_managed":false}}}`,
		kind: "change", subject: "chn_54cf7c7cb4ad4c1027000001",
	},
	{
		by:     "cronofy 3.8.4, a scheduling request",
		secret: "cronofy-client-secret",
		headers: []string{
			"Cronofy-HMAC-SHA256", "+vBu9scjXFHsOwIr0p0XMhx5e6kR34S+HOuTi5s3IRU=",
		},
		body: `{"notification":{"type":"scheduling_request_time_chosen","triggered_at":"2025-01-19T16:14:11Z"},"scheduling_request":{"scheduling_request_id":"srq_80f7fece4f37897d62d86d80","slot_selection":"complete","summary":"Product Manager Interview at Globex","duration":{"minutes":30}}}`,
		kind: "scheduling_request_time_chosen", subject: "srq_80f7fece4f37897d62d86d80",
	},
	{
		by:     "the same, with two signatures",
		secret: "cronofy-client-secret",
		headers: []string{
			"Cronofy-HMAC-SHA256", "G1YYj73GWohZI4hsi3JxMyFJBQWJ2RgDNkUhCAzQeS0=,SBGGQqQA3hTuEb4v7w9N+qY6KOnNNM7ihUeVTvqXz5E=",
			"Content-Type", "application/json; charset=utf-8",
		},
		body: `{"notification":{"type":"change","changes_since":"2025-01-17T09:24:16Z"},"channel":{"channel_id":"chn_54cf7c7cb4ad4c1027000001","callback_url":"https://hooks.example.com/webhooks","filters":{"calendar_ids":["cal_n23kjnwrw2_sakdnawerd3"],"only_managed":false}}}`,
		kind: "change", subject: "chn_54cf7c7cb4ad4c1027000001",
	},
})
