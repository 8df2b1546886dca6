package provider

var _ = add(Row{
	Name:   Generic,
	Title:  "Any other service",
	Kind:   KindAny,
	Docs:   "https://www.rfc-editor.org/rfc/rfc9110",
	Note:   "Takes every POST, from anybody, unless `verification` and `signature` say more.",
	Token:  "the verify token",
	Secret: "the secret that events are signed with",
	Accept: "any",
})
