package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// signed has a receiver for each kind of signature, with keys of its own. Requests
// are signed once for a run.
func signed() []server {
	secret := []byte("a secret of thirty-two characters")
	edPublic, edKey, _ := ed25519.GenerateKey(nil)
	rsaKey := must(rsa.GenerateKey(rand.Reader, 2048))
	ecKey := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))

	kinds := []struct {
		name, provider, secret string
		sign                   func(now string, body []byte) []string
	}{
		{"HMAC (github)", "github", string(secret), func(_ string, body []byte) []string {
			return []string{
				"X-GitHub-Event: push", "X-GitHub-Delivery: 72d3162e-cc78-11e3-81ab-4c9367dc0958",
				"X-Hub-Signature-256: sha256=" + hex.EncodeToString(mac(secret, body)),
			}
		}},
		{"HMAC and time (stripe)", "stripe", string(secret), func(now string, body []byte) []string {
			return []string{"Stripe-Signature: t=" + now + ",v1=" + hex.EncodeToString(mac(secret, joined(now, ".", body)))}
		}},
		{"Standard Webhooks", "standard_webhooks", "whsec_" + base64.StdEncoding.EncodeToString(secret), func(now string, body []byte) []string {
			const id = "msg_p5jXN8AQM9LWM0D4loKWxJek"
			return []string{
				"webhook-id: " + id, "webhook-timestamp: " + now,
				"webhook-signature: v1," + base64.StdEncoding.EncodeToString(mac(secret, joined(id+"."+now, ".", body))),
			}
		}},
		{"Ed25519 (discord)", "discord", hex.EncodeToString(edPublic), func(now string, body []byte) []string {
			return []string{
				"X-Signature-Timestamp: " + now,
				"X-Signature-Ed25519: " + hex.EncodeToString(ed25519.Sign(edKey, joined(now, "", body))),
			}
		}},
		{"RSA (wechat_pay)", "wechat_pay", publicKey(&rsaKey.PublicKey), func(now string, body []byte) []string {
			const nonce = "8Hha34tz59QVdSNgTbNNu5nhAfSh5fKS"
			digest := sha256.Sum256(slices.Concat([]byte(now+"\n"+nonce+"\n"), body, []byte("\n")))
			signature := must(rsa.SignPKCS1v15(nil, rsaKey, crypto.SHA256, digest[:]))
			return []string{
				"Wechatpay-Timestamp: " + now, "Wechatpay-Nonce: " + nonce,
				"Wechatpay-Signature: " + base64.StdEncoding.EncodeToString(signature),
			}
		}},
		{"ECDSA (sendgrid)", "sendgrid", publicKey(&ecKey.PublicKey), func(now string, body []byte) []string {
			digest := sha256.Sum256(joined(now, "", body))
			signature := must(ecdsa.SignASN1(rand.Reader, ecKey, digest[:]))
			return []string{
				"X-Twilio-Email-Event-Webhook-Timestamp: " + now,
				"X-Twilio-Email-Event-Webhook-Signature: " + base64.StdEncoding.EncodeToString(signature),
			}
		}},
		{"token (gitlab)", "gitlab", string(secret), func(string, []byte) []string {
			return []string{"X-Gitlab-Event: Push Hook", "X-Gitlab-Token: " + string(secret)}
		}},
	}
	var all []server
	for _, kind := range kinds {
		all = append(all, server{
			name:   kind.name,
			config: receiver("always", "provider "+kind.provider, `secret "`+kind.secret+`"`),
			sign: func(body []byte) []string {
				return kind.sign(strconv.FormatInt(time.Now().Unix(), 10), body)
			},
		})
	}
	return all
}

func mac(secret, text []byte) []byte {
	h := hmac.New(sha256.New, secret)
	h.Write(text)
	return h.Sum(nil)
}

func joined(begin, separator string, body []byte) []byte {
	return fmt.Appendf(nil, "%s%s%s", begin, separator, body)
}

func publicKey(key any) string {
	return base64.StdEncoding.EncodeToString(must(x509.MarshalPKIXPublicKey(key)))
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
