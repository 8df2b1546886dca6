package provider_test

var _ = add("pusher", []vector{
	{
		by:     "pusher 5.3.4 for Node",
		secret: "7ad3773142a6692b25b8",
		headers: []string{
			"X-Pusher-Key", "278d425bdf160c739803",
			"X-Pusher-Signature", "01a6890ac5fdd440b496be03c6e88dc97d7d5f3d13140f906ad54de8090cc2d4",
		},
		body:    `{"time_ms":1767225600000,"events":[{"name":"channel_occupied","channel":"presence-room-1"},{"name":"member_added","channel":"presence-room-1","user_id":"42"}]}`,
		kind:    "channel_occupied",
		subject: "presence-room-1",
	},
})
