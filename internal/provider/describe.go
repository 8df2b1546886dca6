package provider

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/rules"
)

// Property is something that there is to say of a row.
type Property struct {
	Name string
	Text string // Markdown, in a line
}

// Properties returns what there is to say of a row, for docs/providers and `caddy webhook
// providers`.
func (p *Row) Properties() []Property {
	var all []Property
	add := func(name, text string) {
		if text != "" {
			all = append(all, Property{name, text})
		}
	}
	optional := func(text string, isOptional bool) string {
		if isOptional {
			return text + " (optional)"
		}
		return text
	}
	verification := describeVerification(p.Verification)
	if p.Signature.IsSealed() && p.Signature.Sealed.OpenVerification {
		verification = strings.Replace(verification, "signed like an event", "it may be encrypted like an event, and is not signed", 1)
	}
	add("verification", verification)
	add("signature", describeSignature(p.Signature))
	if p.Signature != nil {
		add("stored `verification`", "`"+p.Signature.Says(map[bool]int{true: 1}[p.UsesAccount()])+"`")
	}
	add("id", describeSources(p.Event.ID))
	add("type", describeSources(p.Event.Type))
	add("subject", describeSources(p.Event.Subject))
	if p.Event.Empty != "" {
		add("not stored", "a request with nothing in "+describeSource(p.Event.Empty)+"; it is answered like an event")
	}
	add("answer to an event", describeAnswer(&p.Event))
	if p.Event.Refused != 0 {
		add("answer to a missing or wrong signature", fmt.Sprint(p.Event.Refused))
	}
	if p.UsesToken() {
		add("`verify_token`", optional(p.Token, p.TokenOptional))
	}
	if p.UsesSecret() {
		add("`secret`", optional(p.Secret, p.SecretOptional || p.LearnsSecret()))
	}
	if p.Keys != nil {
		add("`keys`", "a file with the service's public keys (optional); without it they are fetched from the service")
	}
	if p.UsesAccount() {
		add("`account`", p.Account)
	}
	size := strings.NewReplacer(" ", "", ".0", "").Replace(humanize.IBytes(uint64(p.MaxBodySize)))
	add("defaults", fmt.Sprintf("`max_body_size %s`, `timeout %s`, `accept %s`", size, short(p.Timeout), p.Accept))
	return all
}

// Caddyfile returns the least that a site for the service needs.
func (p *Row) Caddyfile() string {
	return "hooks.example.com {\n\twebhook_receiver /webhooks {\n\t\t" + strings.Join(p.Options(), "\n\t\t") + "\n\t}\n}\n"
}

// Options returns the options that a receiver for the service needs, a line each.
func (p *Row) Options() []string {
	needed := [][2]string{{"provider", p.Name}}
	if p.UsesToken() && !p.TokenOptional {
		needed = append(needed, [2]string{"verify_token", "{env.WEBHOOK_VERIFY_TOKEN}"})
	}
	if p.UsesSecret() && !p.LearnsSecret() {
		needed = append(needed, [2]string{"secret", "{env.WEBHOOK_SECRET}"})
	}
	if p.UsesAccount() {
		needed = append(needed, [2]string{"account", "{env.WEBHOOK_ACCOUNT}"})
	}
	switch {
	case p.NeedsURL():
		needed = append(needed, [2]string{"public_url", "https://hooks.example.com/webhooks"})
	case p.Signature != nil && p.Signature.SignsURL():
		needed = append(needed, [2]string{"public_url", "https://hooks.example.com"})
	}
	width := 0
	for _, option := range needed {
		width = max(width, len(option[0]))
	}
	var lines []string
	for _, option := range needed {
		lines = append(lines, fmt.Sprintf("%-*s %s", width, option[0], option[1]))
	}
	return lines
}

func describeVerification(v *rules.Verification) string {
	if v == nil {
		return "none"
	}
	v = v.WithDefaults()
	parts := []string{"`" + v.Method + "`"}
	if v.Method == http.MethodGet {
		parts[0] = "`GET` or `HEAD`"
	}
	if len(v.Match) > 0 {
		var matches []string
		for _, source := range sorted(v.Match) {
			matches = append(matches, fmt.Sprintf("%s is `%s`", describeSource(source), v.Match[source]))
		}
		parts = append(parts, strings.Join(matches, " and "))
	}
	if v.Signed {
		parts = append(parts, "signed like an event")
	}
	if v.StrictQuery {
		parts = append(parts, "all of the query must parse")
	}
	if v.Token != "" {
		parts = append(parts, "token in "+describeSource(v.Token))
	}
	if v.Secret != "" {
		parts = append(parts, "the new secret in "+describeSource(v.Secret))
	}
	if v.Challenge != "" {
		parts = append(parts, "challenge in "+describeSource(v.Challenge))
	}
	answer := fmt.Sprintf("answer %d", v.Status)
	for _, name := range sorted(v.Headers) {
		answer += fmt.Sprintf(", `%s: %s`", name, v.Headers[name])
	}
	if v.Body != "" {
		answer += ", `" + v.Body + "`"
	}
	if v.Digest != "" {
		answer += ", where `{digest}` is the SHA-256 of `" + v.Digest + "` in hex"
	}
	if v.HMAC != "" {
		algorithm := strings.ToUpper(cmp.Or(v.HMACAlgorithm, rules.HMACSHA256))
		answer += ", where `{hmac}` is the challenge's " + algorithm + " in " + v.HMAC
	}
	return strings.Join(append(parts, answer), "; ")
}

func describeSignature(s *rules.Signature) string {
	if s == nil {
		return "none: events can come from anybody"
	}
	full := s.WithDefaults()
	where := describeFrom(s)
	algorithm := strings.ReplaceAll(s.Algorithm, " ", " or ")
	var text string
	switch {
	case s.IsToken() && s.Encoding != "":
		return "none, but the secret itself, in " + s.Encoding + ", in " + where
	case s.IsToken():
		return "none, but the secret itself in " + where
	case s.IsJWT():
		text = fmt.Sprintf("a JSON Web Token by %s in %s", algorithm, where)
		for _, name := range sorted(s.Claims) {
			text += fmt.Sprintf("; its claim `%s` is `%s`", name, inLine(s.Claims[name]))
		}
	case s.IsJWS():
		text = fmt.Sprintf("%s, detached, of `%s`, in %s", algorithm, inLine(full.Content), where)
	default:
		text = fmt.Sprintf("%s of `%s`, in %s, in %s", algorithm, inLine(full.Content), full.Encoding, where)
		if s.IsSealed() {
			text = describeSealed(s, text)
		}
	}
	if len(s.URLForms) > 0 {
		text += fmt.Sprintf("; `url_forms %s`", strings.Join(s.URLForms, " "))
	}
	if s.BodyHash != "" {
		text += fmt.Sprintf("; the body's SHA-256 in %s instead of `{form}`", describeSource(s.BodyHash))
	}
	return text + describeTime(&full)
}

// describeSealed adds what there is to say of a signature of what is encrypted.
func describeSealed(s *rules.Signature, text string) string {
	if s.Sealed.TokenSigns {
		text = strings.ReplaceAll(text, "{secret}", "{verify_token}")
	}
	if s.Sealed.Sorted {
		text += "; these parts are sorted first, and `{sealed}` is what is encrypted, in the base64 that it is sent in"
	}
	return text + "; the body is encrypted under the `secret`"
}

// short returns a duration without what is 0 at its end, as in 5m.
func short(d time.Duration) string {
	text := d.String()
	if rest, ok := strings.CutSuffix(text, "m0s"); ok {
		text = rest + "m"
	}
	if rest, ok := strings.CutSuffix(text, "h0m"); ok {
		text = rest + "h"
	}
	return text
}

func describeTime(s *rules.Signature) string {
	if len(s.Timestamp) == 0 {
		return ""
	}
	text := fmt.Sprintf("; timestamp in %s, at most %s ", describeSources(s.Timestamp), short(time.Duration(s.Tolerance)))
	if s.PastOnly {
		return text + "old"
	}
	return text + "old or ahead"
}

// describeFrom says where signatures are. All headers have the prefix, of which the last
// one tells; of a token what is in no header need not.
func describeFrom(s *rules.Signature) string {
	var from []string
	for i, source := range s.From {
		text := describeSource(source)
		isLast := i == len(s.From)-1 || !s.From[i+1].Is(rules.SourceHeader)
		if s.Prefix != "" && source.Is(rules.SourceHeader) && isLast {
			text += " after `" + s.Prefix + "`"
		}
		from = append(from, text)
	}
	return strings.Join(from, " or ")
}

// inLine returns a text with its line breaks written out.
func inLine(text string) string { return strings.ReplaceAll(text, "\n", `\n`) }

func describeAnswer(e *rules.EventRules) string {
	answer := "200"
	if e.Status != 0 {
		answer = fmt.Sprint(e.Status)
	}
	if e.Echo != "" {
		answer += ", repeats the header `" + e.Echo + "`"
	}
	if e.Body != "" {
		answer += ", `" + e.Body + "`"
	}
	if answer == "200" {
		return ""
	}
	return answer
}

func describeSources(sources []rules.Source) string {
	var all []string
	for _, source := range sources {
		all = append(all, describeSource(source))
	}
	return strings.Join(all, ", else ")
}

func describeSource(s rules.Source) string {
	if s.IsJoined() {
		return "`" + string(s) + "`"
	}
	if s == rules.WholeBody {
		return "the body"
	}
	kind, name := s.Split()
	if kind == rules.SourceSignature && name == rules.FirstElement {
		return "the signature's first element"
	}
	return map[string]string{
		rules.SourceHeader: "header", rules.SourceEncoded: "JSON in base64 in header", rules.SourceQuery: "query parameter", rules.SourceBody: "body's", rules.SourceForm: "form's",
		rules.SourceSignature: "the signature's", rules.SourceClaim: "the token's", rules.SourceKey: "the body's first key except", rules.SourceXML: "the XML's",
	}[kind] + " `" + name + "`"
}

func sorted[K ~string](m map[K]string) (all []K) {
	for key := range m {
		all = append(all, key)
	}
	slices.Sort(all)
	return all
}
