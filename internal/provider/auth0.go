package provider

var _ = add(Row{
	Name:  "auth0",
	Title: "Auth0 log streams",
	Kind:  KindIdentity,
	Docs:  "https://auth0.com/docs/customize/log-streams/custom-log-streams",
	Note: "Sends the *authorization token* of the stream in a header, just as it was typed, with `Bearer ` or without: events are not signed. " +
		"Choose *JSON object* as content format to get each log entry as an event. " +
		"*JSON array* and *JSON lines* make one event of several entries.",
	Signature: &Signature{Algorithm: "token", From: []Source{"header:Authorization"}},
	Accept:    "any",
	Secret:    "the *authorization token* of the stream, all of it",
})
