package provider_test

var asanaSecret = "b537207f20cbfa02357cf448134da559e8bd39d61597dcd5631b8012eae53e81"

var _ = add("asana", []vector{{
	by:      byWords,
	secret:  asanaSecret,
	headers: []string{"X-Hook-Signature", "f11981947de6c7df24d89d9f8377b1229bd4e9cb2c7a194aa644d2bf183095f9"},
	body:    `{"events":[{"user":{"gid":"1201","resource_type":"user"},"created_at":"2026-01-02T03:04:05.000Z","action":"changed","resource":{"gid":"1337","resource_type":"task","resource_subtype":"default_task"},"parent":null,"change":{"field":"name","action":"changed"}},{"user":null,"created_at":"2026-01-02T03:04:06.000Z","action":"added","resource":{"gid":"1338","resource_type":"story"},"parent":{"gid":"1337","resource_type":"task"}}]}`,
	kind:    "changed.task", subject: "1337",
}})

// The secret is known here: TestLearn in the root package has it learnt.
var _ = verifies("asana", []handshake{
	{asanaSecret, post("", "", "X-Hook-Secret", asanaSecret), 200, "", []string{"X-Hook-Secret", asanaSecret}},
	{asanaSecret, post("", "{}", "X-Hook-Secret", "0"+asanaSecret[1:]), 403, "", []string{"X-Hook-Secret", ""}},
	{asanaSecret, post("", "{}", "X-Hook-Secret", "short"), 400, "", []string{"X-Hook-Secret", ""}},
	{asanaSecret, post("", "{}"), 401, "", nil},
	// A sign of life.
	{asanaSecret, post("", `{"events":[]}`, "X-Hook-Signature", hexMAC(asanaSecret, `{"events":[]}`)), 200, "", nil},
	{asanaSecret, post("", `{"events":[]}`, "X-Hook-Signature", hexMAC("another", `{"events":[]}`)), 401, "", nil},
	{asanaSecret, post("", `{"events":[]}`), 401, "", nil},
})
