package provider_test

var _ = add("livekit", []vector{
	{
		by:     "livekit-server-sdk 2.19.2",
		secret: "livekit-api-secret-of-32-characters",
		at:     newYear,
		headers: []string{
			"Authorization", "eyJhbGciOiJIUzI1NiJ9.eyJzaGEyNTYiOiJJRzVrbjlubmIrOFIzeC8rVm93YVFrQ1J0eXhJQkVid2R4M0I3Y1BlN0ZjPSIsImlzcyI6IkFQSWtleSIsImV4cCI6MTc2NzIyNTkwMCwibmJmIjoxNzY3MjI1NjAwfQ.yRK2969R_yYYr4V3iuoFmaCm3VJvtQdr3kSCZQ05Fis",
			"Content-Type", "application/webhook+json",
		},
		body: `{"event":"participant_joined","room":{"sid":"RM_hycBMAjmt6Ub","name":"Demo Room","creationTime":"1767225590"},"participant":{"sid":"PA_1","identity":"user"},"id":"EV_eugWmGhovZmm","createdAt":"1767225600"}`,
		id:   "EV_eugWmGhovZmm", kind: "participant_joined", subject: "Demo Room",
	},
	{
		by:     "livekit-server-sdk 2.19.2, of egress",
		secret: "livekit-api-secret-of-32-characters",
		at:     newYear,
		headers: []string{
			"Authorization", "eyJhbGciOiJIUzI1NiJ9.eyJzaGEyNTYiOiJtalk2eXRYK0hrSzJTNWRaVk84dkRnWVlDNFFaSVFCaVZqbFpRNjQvYzRBPSIsImlzcyI6IkFQSWtleSIsImV4cCI6MTc2NzIyNTkwMCwibmJmIjoxNzY3MjI1NjAwfQ.mr9yCyNsv8c3Iq8DYdDwgS4Q6TqIXa_wOs0zfXckMvc",
			"Content-Type", "application/webhook+json",
		},
		body: `{"event":"egress_ended","egressInfo":{"egressId":"EG_1","roomId":"","status":"EGRESS_COMPLETE"},"id":"EV_2","createdAt":"1767225600"}`,
		id:   "EV_2", kind: "egress_ended", subject: "EG_1",
	},
	{
		by:     "livekit-server-sdk 2.19.2, of ingress",
		secret: "livekit-api-secret-of-32-characters",
		at:     newYear,
		headers: []string{
			"Authorization", "eyJhbGciOiJIUzI1NiJ9.eyJzaGEyNTYiOiJkS1pPTkxWQ05CNWpGNE9pb2VHZGRnM3R0cFlnTUUyK3Azb2ZJbUFNakljPSIsImlzcyI6IkFQSWtleSIsImV4cCI6MTc2NzIyNTkwMCwibmJmIjoxNzY3MjI1NjAwfQ.WEOF17tKMzKLzSZuEtv61hFNMEJOVvc1pXSbo35Ovog",
			"Content-Type", "application/webhook+json",
		},
		body: `{"event":"ingress_started","ingressInfo":{"ingressId":"IN_1","name":"stream"},"id":"EV_3","createdAt":"1767225600"}`,
		id:   "EV_3", kind: "ingress_started", subject: "IN_1",
	},
})
