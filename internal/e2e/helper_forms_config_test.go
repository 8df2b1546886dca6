//go:build unix

package e2e

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// formsSites are the receivers of a set, with every option that makes a form of its own.
const formsSites = `http:// {
	webhook_receiver /plain {
		name plain
		provider cloudevents
		accept any
		headers all
		attribute stage {http.webhook_receiver.event.type}-stage
		public_url https://hooks.example.com/plain
		dedupe 200000h
		output file {$DIR}/plain/events.jsonl {
			roll_size 6KB
			roll_compress zstd
		}
		deliver app http://{$APP}/hooks {
			retry 5s 5s 5s
		}
		deliver later http://{$LATER}/hooks {
			retry 5s 5s 5s
		}
	}
	webhook_receiver /github {
		provider github
		secret "github secret"
		public_url https://hooks.example.com/github
		output file {$DIR}/signed/events.jsonl
	}
	webhook_receiver /telegram {
		provider telegram
		secret "telegram-secret"
		public_url https://hooks.example.com/telegram
		output file {$DIR}/signed/events.jsonl
	}
	webhook_receiver /mercado_pago {
		provider mercado_pago
		secret "mercado secret"
		public_url https://hooks.example.com
		output file {$DIR}/signed/events.jsonl
	}
	webhook_receiver /lark {
		provider lark
		secret "lark encrypt key"
		public_url https://hooks.example.com/lark
		output file {$DIR}/sealed/events.jsonl
	}
	webhook_receiver /dingtalk {
		provider dingtalk
		verify_token token
		secret abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG
		account ding0123
		public_url https://hooks.example.com
		output file {$DIR}/sealed/events.jsonl
	}
	webhook_receiver /wecom {
		provider wecom
		verify_token token
		secret abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG
		account ww0123456789abcdef
		public_url https://hooks.example.com
		output file {$DIR}/sealed/events.jsonl
	}
	webhook_receiver /plaid {
		provider plaid
		secret client:secret
		public_url https://hooks.example.com/plaid
		output file {$DIR}/keys/events.jsonl
	}
	webhook_receiver /tasks {
		name tasks
		provider asana
		public_url https://hooks.example.com/tasks
		output file {$DIR}/learnt/events.jsonl
	}
	webhook_receiver /raw {
		name raw
		provider cloudevents
		output file {$DIR}/raw/events.jsonl {
			format raw
		}
	}
	webhook_receiver /gzip {
		name gzip
		provider cloudevents
		accept any
		public_url https://hooks.example.com/gzip
		output file {$DIR}/gzip/events.jsonl {
			roll_size 1500KB
			roll_compress gzip
		}
	}
	webhook_receiver /zstd {
		name zstd
		provider cloudevents
		accept any
		public_url https://hooks.example.com/zstd
		output file {$DIR}/zstd/events.jsonl {
			roll_size 1500KB
			roll_compress zstd
		}
	}
	webhook_receiver /timed {
		name timed
		provider cloudevents
		public_url https://hooks.example.com/timed
		output file {$DIR}/timed/events.jsonl {
			roll_interval 1s
		}
	}
	handle_path /inspect* {
		webhook_inspector
	}
}
`

// formsOptions are those options that need no form of their own. It is loaded, and runs nowhere.
const formsOptions = `http:// {
	webhook_receiver /a {
		name a
		provider socialboards
		verify_token new old
		public_url https://hooks.example.com/a
		output file {$DIR}/options/a.jsonl {
			sync always
			mode 0640
			dir_mode 0750
			format cloudevents
			roll_size 1GiB
			roll_interval 24h
			roll_keep 30
			roll_keep_for 90d
			roll_compress gzip
		}
		output log
		attribute community {http.webhook_receiver.body.CommunityName}
		max_body_size 1MiB
		timeout 1m
		accept json
		dedupe 10m {http.webhook_receiver.body_sha256}
		headers User-Agent X-Request-Id
		deliver shop http://localhost:3000/webhooks {
			as cloudevents
			sign whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw
			order subject
			concurrency 4
			rate 50
			timeout 20s
			retry 5s 5m
			only ticket_*
			header X-Tenant acme
			header -Cookie
			transport http {
				dial_timeout 2s
			}
		}
		deliver mail unix//run/mail.sock:/hooks {
			order strict
			sign off
		}
	}
	webhook_receiver /b {
		name b
		provider stripe
		secret whsec_a whsec_b
		tolerance 10m
		headers none
		output file {$DIR}/options/b.jsonl {
			sync 1s
			format raw
			roll_size off
			roll_interval off
			roll_compress off
		}
	}
	webhook_receiver /c {
		name c
		provider plaid
		keys {$DIR}/keys.json
		output file {$DIR}/options/c.jsonl {
			sync off
		}
	}
	webhook_receiver /d {
		name d
		provider generic
		verify_token token
		secret whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw
		public_url https://hooks.example.com/d
		verification {
			method GET
			match query:mode subscribe
			strict_query
			token query:token
			challenge query:challenge
			hmac hex
			hmac_algorithm hmac-sha256
			pattern [0-9a-f]{32}
			digest {challenge}{verify_token}{url}
			status 202
			header X-Challenge {challenge}
			content_type text/plain
			body "{hmac} {digest}"
		}
		signature {
			algorithm hmac-sha256
			from header:X-Signature
			repeated
			separator ,
			prefix v1=
			encoding hex
			key_encoding base64
			key_prefix whsec_
			content {id}.{timestamp}.{body}
			id header:X-Id
			timestamp header:X-Time
			timestamp_format unix_ms
			tolerance 10m
			past_only
		}
		event {
			id header:X-Id
			type body:event.name
			subject body:event.id
			status 202
			body stored
			content_type text/plain
			echo X-Id
			refused 403
		}
		output file {$DIR}/options/d.jsonl
	}
	webhook_receiver /e {
		name e
		provider generic
		secret sesame
		signature {
			algorithm jwt-hs256
			from header:Authorization
			prefix "Bearer "
			claims body_sha256 {sha256}
		}
		output file {$DIR}/options/e.jsonl
	}
	webhook_receiver /f {
		name f
		provider generic
		secret sesame
		signature {
			algorithm hmac-sha256
			from header:X-Signature
			content {header:X-Nonce}
			partial
			nonce header:X-Nonce
		}
		output file {$DIR}/options/f.jsonl
	}
	webhook_receiver /g {
		name g
		provider generic
		secret sesame
		accept any
		signature {
			algorithm hmac-sha1
			from header:X-Signature
			encoding base64
			content {url}{form}
			url_forms port escaped
			body_hash query:sha
		}
		output file {$DIR}/options/g.jsonl
	}
	webhook_receiver /h {
		name h
		provider generic
		secret 2aadd7bdd3d6f3a0a3ed7a5d9e0a2be14b7e1b4f25ff1ed4e1a4f3f5c6a2bb97
		account shop1
		signature {
			algorithm ed25519
			from header:X-Signature
			shared_key
			account body:account
		}
		output file {$DIR}/options/h.jsonl
	}
	webhook_receiver /i {
		name i
		provider generic
		verification {
			method POST
			signed
			match body:kind verification
			secret body:token
		}
		signature {
			algorithm hmac-sha256
			from header:X-Signature
		}
		event {
			empty body:events
		}
		output file {$DIR}/options/i.jsonl
	}
	handle_path /inspect* {
		webhook_inspector {
			receivers a b
			user {http.reverse_proxy.header.Remote-User}
			certificates
			read_only
			no_payload
		}
	}
}
`

// formsText puts in what is this run's for what stands for it, or the other way round.
func (s *server) formsText(text string, apps map[string]string, back bool) string {
	_, httpPort, _ := strings.Cut(s.http, ":")
	_, httpsPort, _ := strings.Cut(s.https, ":")
	pairs := [][2]string{
		{`"` + formsAdmin, `"` + s.admin},
		{`"http_port":8080`, `"http_port":` + httpPort},
		{`"https_port":8443`, `"https_port":` + httpsPort},
		{`127.0.0.1:8080`, "127.0.0.1:" + httpPort},
		{`:8080"`, ":" + httpPort + `"`},
		{formsDir + "/", s.dir + "/"},
	}
	for name, address := range apps {
		pairs = append(pairs, [2]string{"http://" + name, "http://" + address})
	}
	for _, pair := range pairs {
		if back {
			pair[0], pair[1] = pair[1], pair[0]
		}
		text = strings.ReplaceAll(text, pair[0], pair[1])
	}
	return text
}

// formsEnv is the environment in which a set's Caddyfiles are adapted, the same for all.
func (s *server) formsAdapt(caddyfile string) string {
	s.t.Helper()
	path := s.write("adapted.Caddyfile", caddyfile)
	c := *s
	c.env = append(slices.Clone(s.env), "DIR="+formsDir, "HTTP=8080", "HTTPS=8443", "ADMIN="+formsAdmin, "APP="+formsApp, "LATER="+formsLater)
	cmd := c.command()
	cmd.Args = []string{s.binary, "adapt", "--config", path, "--adapter", "caddyfile"}
	cmd.Env = c.env
	var out, notes bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &notes
	if err := cmd.Run(); err != nil {
		s.t.Fatalf("%v: %s", err, notes.String())
	}
	return strings.TrimSpace(out.String())
}

// wantEveryOption looks whether the kept configs have all options that the reference knows.
func (s *server) wantEveryOption(configs string) {
	s.t.Helper()
	reference, err := os.ReadFile(filepath.Join(project, "docs", "reference.md"))
	if err != nil {
		s.t.Fatal(err)
	}
	known := map[string]bool{}
	for _, block := range regexp.MustCompile("(?s)\n```\n(webhook_.*?)```").FindAllStringSubmatch(string(reference), -1) {
		for _, m := range regexp.MustCompile(`(?m)^\s+(\w+)`).FindAllStringSubmatch(block[1], -1) {
			known[m[1]] = true
		}
	}
	for _, table := range strings.Split(string(reference), "\n\n") {
		if !regexp.MustCompile("^\\| `(verification|signature|event)` \\| \\|\n").MatchString(table) {
			continue
		}
		for _, row := range strings.Split(table, "\n")[2:] {
			cell, _, _ := strings.Cut(strings.ReplaceAll(strings.TrimPrefix(row, "| "), `\|`, "/"), " |")
			for _, m := range regexp.MustCompile("`(\\w+)").FindAllStringSubmatch(cell, -1) {
				known[m[1]] = true
			}
		}
	}
	if len(known) < 70 {
		s.t.Errorf("the reference has only the options %v", known)
	}
	for name := range known {
		if !regexp.MustCompile(`(?m)^\s*` + name + `\b`).MatchString(configs) {
			s.t.Errorf("the kept configs lack the option %s", name)
		}
	}
}

const formsReadmeText = `# Forms of a version

What a version of the plugin has left on the disk, in Caddy's storage and in configs, by a real run of ` + "`TestForms`" + `. The newest
version reads it: that is what the test looks at. **Nothing here is ever altered.** ` + "`FILES`" + ` has the SHA-256, the mode, the time
and the name of each file. ` + "`go test -run 'TestForms$' . -keep <name>`" + ` in ` + "`internal/e2e`" + ` keeps a new set. All secrets are made up.

| | |
| --- | --- |
| ` + "`config/Caddyfile`, `config/adapted.json`" + ` | the receivers that wrote the files, and what ` + "`caddy adapt`" + ` made of it |
| ` + "`config/options.…`" + ` | the same with every other option |
| ` + "`expected.json`" + ` | which events there are, and the SHA-256 of each line and body; which were not delivered; keys for further events |
| ` + "`admin/*.names`" + ` | the members of what the admin API answered, and the metrics with their labels |
| ` + "`files/plain/`" + ` | bodies of every kind: JSON, with a byte order mark and line breaks, gzip, zstd, text, binary, a form, XML; rotated by size, zstd; one has come from a delivery. Cursors, dead letters, and those that are being sent again, of two deliveries. ` + "`*.packed.gz`" + ` is packed for its size, by gzip |
| ` + "`files/signed/`" + ` | ` + "`verification`" + ` ` + "`signature`, `token` and `partial`" + `; a file as a failed fsync sets it aside, which the test has made by hand: it is read-only |
| ` + "`files/sealed/`" + ` | what Lark, DingTalk and WeCom encrypt |
| ` + "`files/keys/`" + ` | ` + "`verification` `service`, with `signingkey`" + ` |
| ` + "`files/learnt/`" + ` | signed with a secret that the receiver had learnt |
| ` + "`files/raw/`" + ` | ` + "`format raw`" + ` |
| ` + "`files/gzip/`, `files/zstd/`" + ` | rotated by size, and compressed in frames with a seek table |
| ` + "`files/timed/`" + ` | rotated by time; the last line is torn |
| ` + "`files/replay.state`" + ` | of ` + "`caddy webhook replay`" + ` |
| ` + "`files/data/caddy/webhook_receiver/`" + ` | Caddy's storage: the learnt secret, the inspector's key, and a service's key, which the test wrote there as nothing is fetched in it |
`
