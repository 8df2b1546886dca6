package e2e

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// TestSecretsAreKept sends every kind of secret, wherever one can be, in requests
// that are taken and in such that are refused, and looks for them in whatever the
// receivers tell: log, admin endpoint and commands. Caddy's own lines show what a
// request has; SECURITY.md says how to filter them.
func TestSecretsAreKept(t *testing.T) {
	t.Parallel()
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			address := s.adminOver(network)
			const wrong = "wrong-guess-Zp81"
			var words []string
			secret := func(name string) string {
				word := "canary/" + name + "-7Hq2"
				words = append(words, word, url.QueryEscape(word), url.PathEscape(word), strings.ReplaceAll(word, "/", `\/`))
				s.env = append(s.env, "S_"+strings.ToUpper(name)+"="+word)
				return word
			}
			token, old, github, gitlab, events, graph, form, slack, square, password := secret("token"), secret("old"), secret("github"), secret("gitlab"),
				secret("events"), secret("graph"), secret("form"), secret("slack"), secret("square"), secret("password")
			receiver := func(path string, options ...string) string {
				return directive("/"+path, append(options, "output file {$DIR}/events.jsonl", "accept json")...)
			}
			sites := "{\n\tdebug\n\tmetrics\n}\nhttp:// {\n" +
				receiver("webhooks*", "verify_token {env.S_TOKEN} {env.S_OLD}") +
				receiver("github", "provider github", "secret {env.S_OLD} {env.S_GITHUB}") +
				receiver("gitlab", "provider gitlab", "secret {env.S_GITLAB}") +
				receiver("events", "provider cloudevents", "secret {env.S_EVENTS}", "verify_token {env.S_TOKEN}") +
				receiver("graph", "provider microsoft_graph", "secret {env.S_GRAPH}") +
				receiver("slack", "provider slack", "secret {env.S_SLACK}") +
				receiver("square", "provider square", "secret {env.S_SQUARE}", "public_url https://user:"+url.PathEscape(password)+"@hooks.example.com/square?q=1") +
				directive("/form", "provider generic", "signature {\nalgorithm token\nfrom form:token\n}", "secret {env.S_FORM}", "output file {$DIR}/events.jsonl") +
				"}\n"
			s.configure(sites)
			s.start()

			client := newClient(t)
			var answers []string
			sent := map[int]int{}
			send := func(method, target, body string, fields ...string) {
				t.Helper()
				a := do(t, client, method, "http://"+s.http+target, strings.NewReader(body), fields...)
				answers = append(answers, a.body, fmt.Sprint(a.header))
				sent[a.status]++
			}
			everywhere := func(word string) []string {
				return []string{
					"Authorization: Bearer " + word, "Cookie: session=" + word, "Proxy-Authorization: Basic " + word, "X-Gitlab-Token: " + word,
					"X-Api-Key: " + word, "X-Client-Secret: " + word, "X-Auth: " + word, "X-Password: " + word,
					"Referer: https://u:" + word + "@x/?verifyToken=" + word, "X-Original-Uri: /webhooks?verifyToken=" + word, "X-Other: bearer " + word,
					"X-Telegram-Bot-Api-Secret-Token: " + word,
				}
			}
			for _, word := range []string{token, old, github, gitlab, events, graph, form, slack, square, password, wrong} {
				escaped := url.QueryEscape(word)
				send("OPTIONS", "/github", "", "WebHook-Request-Origin: "+word)                            // as a sender with the wrong URL
				do(t, client, "OPTIONS", "http://"+s.http+"/events", nil, "WebHook-Request-Origin: "+word) // the answer to the right one has it
				for _, path := range []string{"/webhooks", "/github", "/gitlab", "/events", "/graph", "/slack", "/square", "/form"} {
					for _, method := range []string{"GET", "HEAD", "OPTIONS", "PUT"} {
						send(method, path+"?challenge=1&verifyToken="+escaped, "", everywhere(word)...)
						send(method, path+"?verifyToken="+escaped+"&a=%zz", "", everywhere(word)...)
						send(method, path+"?"+escaped, "", everywhere(word)...)
						send(method, path+"?challenge=1;verifyToken="+escaped, "", everywhere(word)...)
					}
					query := "?access_token=" + escaped + "&validationToken=x&token=" + escaped
					if word == wrong && path != "/graph" && path != "/form" {
						continue // what nobody knows is hidden in its place only
					}
					for _, body := range []string{`{"value":[{"clientState":"` + word + `"}]}`, `{"value":[{"clientState":"` + word + `"`} {
						send("POST", path, body, everywhere(word)...)
						send("POST", path+query, body, everywhere(word)...)
						send("POST", path, body, "Content-Encoding: br")
						send("POST", path, body, "Content-Encoding: gzip")
					}
					send("POST", path, "token="+escaped+"&token="+escaped, "Content-Type: application/x-www-form-urlencoded")
					send("POST", path, "token="+escaped, "Content-Type: application/x-www-form-urlencoded")
				}
				if word == wrong {
					continue
				}
				// Known ones are hidden wherever they are.
				for _, path := range []string{"/webhooks", "/github"} {
					send("POST", path, `{"text":"`+word+`"`, "X-Plain: "+word, "X-"+strings.ReplaceAll(word, "/", "-")+": 1")
				}
				send("GET", "/webhooks/"+word+"?"+escaped+"=1", "")
				send("PUT", "/webhooks/"+escaped, "")
			}
			// Signed with the one, and taken; and with what is in another receiver.
			for _, body := range []string{`{"a":1}`, `{"a":`} {
				for _, key := range []string{github, old, slack, wrong} {
					send("POST", "/github", body, "X-Hub-Signature-256: sha256="+hexMAC(key, body))
				}
			}
			for _, status := range []int{200, 400, 401, 403, 405, 415} {
				if sent[status] == 0 {
					t.Errorf("nothing was answered %d: %v", status, sent)
				}
			}

			shown := map[string]string{}
			for _, args := range [][]string{{"status"}, {"status", "--json"}, {"refused"}, {"refused", "--json"}} {
				shown[strings.Join(args, " ")] = s.shown(append(args, "--address", address)...)
			}
			if network == "tcp" {
				for _, path := range []string{"/webhook_receiver/status", "/webhook_receiver/refused", "/metrics", "/debug/vars", "/config/"} {
					shown[path] = s.fromAdmin(path)
				}
			}
			shown["answers"] = strings.Join(answers, "\n")
			var log []string
			for _, e := range s.entries(func(e logEntry) bool { return strings.Contains(e.field("logger"), "webhook_receiver") }) {
				log = append(log, e.String())
			}
			shown["log"] = strings.Join(log, "\n")
			if len(log) < 50 || len(s.refused(address)) < 50 {
				t.Errorf("%d lines are logged, %d requests are kept", len(log), len(s.refused(address)))
			}
			words = slices.Compact(append(words, wrong))
			for where, text := range shown {
				for _, word := range words {
					if where == "/config/" && strings.HasSuffix(word, "password-7Hq2") {
						continue // the config is as it was written
					}
					if i := strings.Index(text, word); i >= 0 {
						t.Errorf("%s shows %s: …%s", where, word, text[max(0, i-300):min(len(text), i+len(word)+30)])
					}
				}
			}
		})
	}
}
