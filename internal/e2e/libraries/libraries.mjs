// Signs and verifies webhooks as the services' own libraries do, for
// libraries_test.go: a line of JSON for each question and each answer. A service's
// `verify` is its library's. Its `sign` is the library's too, where it has one that is
// to be called; else it is a few lines of Node's crypto.
import crypto from 'node:crypto'
import querystring from 'node:querystring'
import readline from 'node:readline'

const hmac = (algorithm, key, text, encoding) => crypto.createHmac(algorithm, key).update(text).digest(encoding)
const unix = (at) => String(Math.floor(at / 1000))
const secrets = (make) => [0, 1, 2].map(make) // two that the receiver has, and another one
const texts = () => secrets(() => crypto.randomBytes(24).toString('hex'))
const encoded = (encoding, prefix = '') => () => secrets(() => prefix + crypto.randomBytes(32).toString(encoding))
const passes = async (check) => { await check(); return true }

// pairs makes what can sign only with a private key: the receiver has the public one.
const privateKeys = new Map()
const pairs = (type, options, shown) => () => secrets(() => {
  const pair = crypto.generateKeyPairSync(type, options)
  const secret = shown(pair.publicKey)
  privateKeys.set(secret, pair.privateKey)
  return secret
})
const ed25519 = (encoding) => pairs('ed25519', {}, (key) => Buffer.from(key.export({ format: 'jwk' }).x, 'base64url').toString(encoding))

// hmacOfBody is for services that sign nothing but the body.
const hmacOfBody = (header, algorithm, encoding, verify) => ({
  secrets: texts,
  sign: (r) => [[header, hmac(algorithm, r.secret, r.body, encoding)]],
  verify,
})

// standard is for what follows Standard Webhooks, signed with their library or Svix's.
const standard = (prefix, verify, changed = {}) => ({
  secrets: encoded('base64', 'whsec_'),
  key: (secret) => secret,
  async sign(r) {
    const { Webhook } = await import(prefix === 'svix-' ? 'svix' : 'standardwebhooks')
    const id = 'msg_' + crypto.randomUUID()
    const signature = new Webhook(this.key(r.secret)).sign(id, new Date(r.at), r.body)
    return [[prefix + 'signature', signature], [prefix + 'id', id], [prefix + 'timestamp', unix(r.at)]]
  },
  verify,
  ...changed,
})

const param = (url, name) => new URL(url).searchParams.get(name)
const sha256 = (text, encoding) => crypto.createHash('sha256').update(text).digest(encoding)

const services = {
  stripe: {
    secrets: encoded('hex', 'whsec_'),
    sign: async (r) => [['Stripe-Signature', (await stripe()).webhooks.generateTestHeaderString({ payload: r.body, secret: r.secret, timestamp: Number(unix(r.at)) })]],
    verify: async (r) => (await stripe()).webhooks.constructEvent(r.body, r.headers['stripe-signature'], r.secret),
  },
  github: {
    secrets: texts,
    sign: async (r) => [['X-Hub-Signature-256', await (await import('@octokit/webhooks-methods')).sign(r.secret, r.body)]],
    verify: async (r) => (await import('@octokit/webhooks-methods')).verify(r.secret, r.body, r.headers['x-hub-signature-256']),
  },
  slack: {
    secrets: texts,
    sign: (r) => [['X-Slack-Signature', 'v0=' + hmac('sha256', r.secret, `v0:${unix(r.at)}:${r.body}`, 'hex')], ['X-Slack-Request-Timestamp', unix(r.at)]],
    verify: async (r) => passes(async () => (await import('@slack/bolt')).verifySlackRequest({
      signingSecret: r.secret, body: r.body,
      headers: { 'x-slack-signature': r.headers['x-slack-signature'], 'x-slack-request-timestamp': Number(r.headers['x-slack-request-timestamp']) },
    })),
  },
  twilio: {
    secrets: texts,
    sign: async (r) => [['X-Twilio-Signature', (await twilio()).getExpectedTwilioSignature(r.secret, otherForm(r), form(r.body))]],
    verify: async (r) => (await twilio()).validateRequest(r.secret, r.headers['x-twilio-signature'], r.url, form(r.body)),
  },
  twilio_json: {
    secrets: texts,
    url: (r) => r.url + (r.url.includes('?') ? '&' : '?') + 'bodySHA256=' + sha256(r.body, 'hex'),
    sign: async (r) => [['X-Twilio-Signature', (await twilio()).getExpectedTwilioSignature(r.secret, otherForm(r), {})]],
    verify: async (r) => (await twilio()).validateRequestWithBody(r.secret, r.headers['x-twilio-signature'], r.url, r.body),
  },
  square: {
    secrets: texts,
    sign: (r) => [['x-square-hmacsha256-signature', hmac('sha256', r.secret, r.url + r.body, 'base64')]],
    verify: async (r) => (await import('square')).WebhooksHelper.isValidWebhookEventSignature(r.body, r.headers['x-square-hmacsha256-signature'], r.secret, r.url),
  },
  standard_webhooks: standard('webhook-', async (r) => new (await import('standardwebhooks')).Webhook(r.secret).verify(r.body, r.headers)),
  svix: standard('svix-', async (r) => new (await import('svix')).Webhook(r.secret).verify(r.body, r.headers)),
  clerk: standard('svix-', async (r) => passes(async () => (await import('@clerk/backend/webhooks')).verifyWebhook(
    new Request(r.url, { method: 'POST', headers: r.headers, body: r.body }), { signingSecret: r.secret }))),
  resend: standard('svix-', async (r) => new (await import('resend')).Resend('re_1').webhooks.verify({
    payload: r.body, webhookSecret: r.secret,
    headers: { id: r.headers['svix-id'], timestamp: r.headers['svix-timestamp'], signature: r.headers['svix-signature'] },
  })),
  replicate: standard('webhook-', async (r) => (await import('replicate')).validateWebhook({
    id: r.headers['webhook-id'], timestamp: r.headers['webhook-timestamp'], signature: r.headers['webhook-signature'], body: r.body, secret: r.secret,
  })),
  openai: standard('webhook-', async (r) => passes(async () => new (await import('openai')).default({ apiKey: 'k' }).webhooks.verifySignature(r.body, r.headers, r.secret))),
  lithic: standard('webhook-', async (r) => passes(async () => new (await import('lithic')).default({ apiKey: 'k' }).webhooks.verifySignature(r.body, r.headers, r.secret))),
  polar: standard('webhook-', async (r) => {
    const { validateEvent, WebhookVerificationError } = await import('@polar-sh/sdk/webhooks')
    try {
      validateEvent(r.body, r.headers, r.secret)
    } catch (err) { // of what comes after that, the event is of no known type
      if (err instanceof WebhookVerificationError || err instanceof SyntaxError) return false
    }
    return true
  }, { secrets: texts, key: (secret) => Buffer.from(secret).toString('base64') }),
  finch: {
    secrets: encoded('base64'),
    async sign(r) {
      const id = crypto.randomUUID()
      return [['Finch-Signature', 'v1,' + hmac('sha256', Buffer.from(r.secret, 'base64'), `${id}.${unix(r.at)}.${r.body}`, 'base64')], ['Finch-Event-Id', id], ['Finch-Timestamp', unix(r.at)]]
    },
    verify: async (r) => passes(async () => new (await import('@tryfinch/finch-api')).default({ accessToken: 'k' }).webhooks.verifySignature(r.body, r.headers, r.secret)),
  },
  hubspot: {
    secrets: texts,
    sign: (r) => [['X-HubSpot-Signature-v3', hmac('sha256', r.secret, 'POST' + r.url + r.body + r.at, 'base64')], ['X-HubSpot-Request-Timestamp', String(r.at)]],
    verify: async (r) => (await import('@hubspot/api-client')).Signature.isValid({
      signatureVersion: 'v3', method: 'POST', clientSecret: r.secret, requestBody: r.body, url: r.url,
      signature: r.headers['x-hubspot-signature-v3'], timestamp: r.headers['x-hubspot-request-timestamp'],
    }),
  },
  workos: {
    secrets: texts,
    sign: (r) => [['WorkOS-Signature', `t=${r.at}, v1=${hmac('sha256', r.secret, `${r.at}.${r.body}`, 'hex')}`]],
    verify: async (r) => new (await import('@workos-inc/node')).WorkOS('k').webhooks.verifyHeader({ payload: JSON.parse(r.body), sigHeader: r.headers['workos-signature'], secret: r.secret }),
  },
  sanity: {
    secrets: texts,
    sign: async (r) => [['sanity-webhook-signature', await (await import('@sanity/webhook')).encodeSignatureHeader(r.body, r.at, r.secret)]],
    verify: async (r) => (await import('@sanity/webhook')).isValidRequest({ headers: r.headers, body: r.body }, r.secret),
  },
  mux: {
    secrets: texts,
    sign: (r) => [['mux-signature', `t=${unix(r.at)},v1=${hmac('sha256', r.secret, `${unix(r.at)}.${r.body}`, 'hex')}`]],
    verify: async (r) => passes(async () => new (await import('@mux/mux-node')).default({ tokenId: 'i', tokenSecret: 's' }).webhooks.verifySignature(r.body, r.headers, r.secret)),
  },
  livekit: {
    secrets: texts,
    sign: (r) => jwt(r, 'Authorization', { iss: 'key', sha256: sha256(r.body, 'base64') }),
    async verify(r) {
      const { TokenVerifier, WebhookReceiver } = await import('livekit-server-sdk')
      const receiver = new WebhookReceiver('key', r.secret)
      receiver.verifier = new TokenVerifier('key', r.secret)
      try {
        await receiver.receive(r.body, r.headers.authorization)
      } catch (err) { // after the check, the body is to be one of its events
        if (!String(err.message).includes('cannot decode')) throw err
      }
      return true
    },
  },
  cloudinary: {
    secrets: texts,
    sign: async (r) => [['X-Cld-Signature', (await cloudinary(r)).utils.webhook_signature(r.body, unix(r.at), { api_secret: r.secret })], ['X-Cld-Timestamp', unix(r.at)]],
    verify: async (r) => (await cloudinary(r)).utils.verifyNotificationSignature(r.body, Number(r.headers['x-cld-timestamp']), r.headers['x-cld-signature']),
  },
  messagebird: {
    secrets: texts,
    sign: (r) => jwt(r, 'MessageBird-Signature-JWT', { iss: 'MessageBird', jti: crypto.randomUUID(), url_hash: sha256(r.url, 'hex'), payload_hash: sha256(r.body, 'hex') }),
    verify: async (r) => (await import('messagebird/lib/webhook-signature-jwt.js')).default.verify(
      r.url, Buffer.from(r.body), r.headers['messagebird-signature-jwt'], crypto.createSecretKey(Buffer.from(r.secret))),
  },
  mercado_pago: {
    secrets: texts,
    sign(r) {
      const id = param(r.url, 'data.id')
      const request = param(r.url, 'type') && crypto.randomUUID()
      const text = (id ? `id:${id};` : '') + (request ? `request-id:${request};` : '') + `ts:${unix(r.at)};`
      const headers = [['x-signature', `ts=${unix(r.at)},v1=${hmac('sha256', r.secret, text, 'hex')}`]]
      return request ? [...headers, ['x-request-id', request]] : headers
    },
    verify: async (r) => passes(async () => (await import('mercadopago')).WebhookSignatureValidator.validate({
      xSignature: r.headers['x-signature'], xRequestId: r.headers['x-request-id'], dataId: param(r.url, 'data.id'), secret: r.secret,
    })),
  },
  razorpay: hmacOfBody('X-Razorpay-Signature', 'sha256', 'hex', async (r) =>
    (await import('razorpay')).default.validateWebhookSignature(r.body, r.headers['x-razorpay-signature'], r.secret)),
  gocardless: hmacOfBody('Webhook-Signature', 'sha256', 'hex', async (r) =>
    passes(async () => (await import('gocardless-nodejs/webhooks')).verifySignature(r.body, r.secret, r.headers['webhook-signature']))),
  adyen: {
    secrets: encoded('hex'),
    // Each item is signed by itself; what is signed goes in where the body says so.
    body: async (r) => {
      const sums = await Promise.all(JSON.parse(r.body).notificationItems.map(async (i) => (await adyen()).calculateHmac(i.NotificationRequestItem, r.secret)))
      return r.body.replace(/SIGNATURE/g, () => sums.shift())
    },
    sign: () => [],
    verify: async (r) => {
      const items = JSON.parse(r.body).notificationItems
      const results = await Promise.all(items.map(async (i) => (await adyen()).validateHMAC(i.NotificationRequestItem, r.secret)))
      return results.length > 0 && results.every(Boolean)
    },
  },
  adyen_platform: {
    secrets: encoded('hex'),
    sign: async (r) => [['HmacSignature', (await adyen()).calculateHmac(r.body, r.secret)]],
    verify: async (r) => (await adyen()).validateHMACSignature(r.secret, r.headers.hmacsignature, r.body),
  },
  line: hmacOfBody('X-Line-Signature', 'sha256', 'base64', async (r) => (await import('@line/bot-sdk')).validateSignature(r.body, r.secret, r.headers['x-line-signature'])),
  viber: hmacOfBody('X-Viber-Content-Signature', 'sha256', 'hex', async (r) =>
    new (await import('viber-bot/lib/message/message-validator.js')).default({ debug() {} }, r.secret).validateMessage(r.headers['x-viber-content-signature'], r.body)),
  orb: {
    secrets: texts,
    sign(r) {
      const at = new Date(r.at).toISOString().slice(0, -1) // without a zone
      return [['X-Orb-Signature', 'v1=' + hmac('sha256', r.secret, `v1:${at}:${r.body}`, 'hex')], ['X-Orb-Timestamp', at]]
    },
    verify: async (r) => passes(async () => new (await import('orb-billing')).default({ apiKey: 'k' }).webhooks.verifySignature(r.body, r.headers, r.secret)),
  },
  modern_treasury: {
    secrets: texts,
    sign: async (r) => [['X-Signature', await (await modernTreasury()).webhooks.getSignature(r.body, { key: r.secret })]],
    verify: async (r) => (await modernTreasury()).webhooks.validateSignature(r.body, r.headers, { key: r.secret }),
  },
  cronofy: hmacOfBody('Cronofy-HMAC-SHA256', 'sha256', 'base64', async (r) =>
    new (await import('cronofy')).default({ client_id: 'i', client_secret: r.secret }).hmacValid({ hmac: r.headers['cronofy-hmac-sha256'], body: r.body, client_secret: r.secret })),
  sinch: {
    secrets: texts,
    sign(r) {
      const nonce = crypto.randomUUID()
      return [
        ['x-sinch-webhook-signature', hmac('sha256', r.secret, `${r.body}.${nonce}.${unix(r.at)}`, 'base64')],
        ['x-sinch-webhook-signature-nonce', nonce], ['x-sinch-webhook-signature-timestamp', unix(r.at)],
      ]
    },
    verify: async (r) => (await sinch()).validateWebhookSignature(r.secret, r.headers, r.body),
  },
  sinch_numbers: hmacOfBody('X-Sinch-Signature', 'sha1', 'hex', async (r) => (await sinch()).validateSignatureHeader(r.secret, r.headers, r.body)),
  commercelayer: hmacOfBody('X-CommerceLayer-Signature', 'sha256', 'base64', async (r) =>
    (await import('@commercelayer/sdk-utils')).checkSignature(r.body, r.headers['x-commercelayer-signature'], r.secret).ok),
  pusher: {
    secrets: texts,
    sign: (r) => [['X-Pusher-Signature', hmac('sha256', r.secret, r.body, 'hex')], ['X-Pusher-Key', 'key']],
    verify: async (r) => new (await import('pusher')).default({ appId: '1', key: 'key', secret: r.secret }).webhook({ headers: r.headers, rawBody: r.body }).isValid(),
  },
  paddle: {
    secrets: texts,
    sign: (r) => [['Paddle-Signature', `ts=${unix(r.at)};h1=${hmac('sha256', r.secret, `${unix(r.at)}:${r.body}`, 'hex')}`]],
    verify: async (r) => new (await import('@paddle/paddle-node-sdk')).Paddle('k').webhooks.isSignatureValid(r.body, r.secret, r.headers['paddle-signature']),
  },
  telnyx: {
    secrets: ed25519('base64'),
    sign: (r) => [['telnyx-signature-ed25519', crypto.sign(null, Buffer.from(`${unix(r.at)}|${r.body}`), privateKeys.get(r.secret)).toString('base64')], ['telnyx-timestamp', unix(r.at)]],
    verify: async (r) => passes(async () => new (await import('telnyx')).default({ apiKey: 'k' }).webhooks.unwrap(r.body, { headers: r.headers, key: r.secret })),
  },
  shopify: {
    secrets: texts,
    sign: (r) => [
      ['X-Shopify-Hmac-SHA256', hmac('sha256', r.secret, r.body, 'base64')], ['X-Shopify-Topic', 'orders/create'],
      ['X-Shopify-Webhook-Id', crypto.randomUUID()], ['X-Shopify-Shop-Domain', 'a.myshopify.com'], ['X-Shopify-API-Version', '2025-01'],
    ],
    async verify(r) {
      await import('@shopify/shopify-api/adapters/node')
      const { shopifyApi, ApiVersion, LogSeverity } = await import('@shopify/shopify-api')
      const api = shopifyApi({
        apiKey: 'k', apiSecretKey: r.secret, hostName: 'example.com', isEmbeddedApp: false, apiVersion: Object.values(ApiVersion)[0], logger: { level: LogSeverity.Error },
      })
      return (await api.webhooks.validate({ rawBody: r.body, rawRequest: { method: 'POST', url: '/', headers: r.headers }, rawResponse: {} })).valid
    },
  },
  fireblocks: {
    secrets: pairs('rsa', { modulusLength: 2048 }, (key) => key.export({ type: 'spki', format: 'der' }).toString('base64')),
    async sign(r) {
      const { FlattenedSign } = await import('jose')
      const jws = await new FlattenedSign(Buffer.from(r.body)).setProtectedHeader({ alg: 'RS512', kid: 'k' }).sign(privateKeys.get(r.secret))
      return [['Fireblocks-Webhook-Signature', `${jws.protected}..${jws.signature}`]]
    },
    verify: async (r) => detached(r, r.headers['fireblocks-webhook-signature'], Buffer.from(r.body).toString('base64url'), 'RS512',
      crypto.createPublicKey({ key: Buffer.from(r.secret, 'base64'), type: 'spki', format: 'der' })),
  },
  neon_auth: {
    secrets: ed25519('base64url'),
    async sign(r) {
      const { FlattenedSign } = await import('jose')
      const payload = `${r.at}.${Buffer.from(r.body).toString('base64url')}`
      const jws = await new FlattenedSign(Buffer.from(payload)).setProtectedHeader({ alg: 'EdDSA', kid: 'k' }).sign(privateKeys.get(r.secret))
      return [['X-Neon-Signature', `${jws.protected}..${jws.signature}`], ['X-Neon-Timestamp', String(r.at)]]
    },
    verify: async (r) => detached(r, r.headers['x-neon-signature'],
      Buffer.from(`${r.headers['x-neon-timestamp']}.${Buffer.from(r.body).toString('base64url')}`).toString('base64url'), 'EdDSA',
      crypto.createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: r.secret }, format: 'jwk' })),
  },
  linear: {
    ...hmacOfBody('Linear-Signature', 'sha256', 'hex', async (r) => new (await import('@linear/sdk/webhooks')).LinearWebhookClient(r.secret).verify(Buffer.from(r.body), r.headers['linear-signature'])),
    body: (r) => r.body.replace('"TIMESTAMP"', r.at),
  },
  discord: {
    secrets: ed25519('hex'),
    sign: (r) => [['X-Signature-Ed25519', crypto.sign(null, Buffer.from(unix(r.at) + r.body), privateKeys.get(r.secret)).toString('hex')], ['X-Signature-Timestamp', unix(r.at)]],
    verify: async (r) => (await import('discord-interactions')).verifyKey(r.body, r.headers['x-signature-ed25519'], r.headers['x-signature-timestamp'], r.secret),
  },
  sendgrid: {
    secrets: pairs('ec', { namedCurve: 'prime256v1' }, (key) => key.export({ type: 'spki', format: 'der' }).toString('base64')),
    sign: (r) => [
      ['X-Twilio-Email-Event-Webhook-Signature', crypto.sign('sha256', Buffer.from(unix(r.at) + r.body), privateKeys.get(r.secret)).toString('base64')],
      ['X-Twilio-Email-Event-Webhook-Timestamp', unix(r.at)],
    ],
    async verify(r) {
      const webhook = new (await import('@sendgrid/eventwebhook')).default.EventWebhook()
      return webhook.verifySignature(webhook.convertPublicKeyToECDSA(r.secret), r.body,
        r.headers['x-twilio-email-event-webhook-signature'], r.headers['x-twilio-email-event-webhook-timestamp'])
    },
  },
  onfido: hmacOfBody('X-SHA2-Signature', 'sha256', 'hex', async (r) => new (await import('@onfido/api')).WebhookEventVerifier(r.secret).readPayload(r.body, r.headers['x-sha2-signature'])),
}

const stripe = async () => new (await import('stripe')).default('sk_test_1')
const twilio = async () => (await import('twilio')).default
const adyen = async () => new (await import('@adyen/api-library')).hmacValidator()
const modernTreasury = async () => new (await import('modern-treasury')).default({ apiKey: 'k', organizationID: 'o' })
const sinch = async () => (await import(new URL('node_modules/@sinch/sdk-client/dist/utils/authorization.helper.js', import.meta.url))).default
const form = (body) => querystring.parse(body, undefined, undefined, { maxKeys: 0 })
const cloudinary = async (r) => {
  const { v2 } = await import('cloudinary')
  v2.config({ api_secret: r.secret, signature_algorithm: 'sha1' })
  return v2
}

// otherForm is what Twilio's servers may sign instead of the URL, by r.form: with the
// port, and escaped anew.
function otherForm(r) {
  const withPort = (url) => url.replace('//hooks.example.com', '$&:443')
  const encoded = (url) => {
    const [before, query] = url.split(/\?(.*)/s)
    return query ? `${before}?${querystring.stringify(querystring.parse(query))}` : url
  }
  const normal = new URL(r.url).toString()
  return [r.url, withPort(r.url), normal, withPort(normal), encoded(normal), withPort(encoded(normal))][r.form ?? 0]
}

// jwt is a token that is good for a minute.
async function jwt(r, header, claims) {
  const { SignJWT } = await import('jose')
  const at = Number(unix(r.at))
  const token = new SignJWT(claims).setProtectedHeader({ alg: 'HS256', typ: 'JWT' }).setNotBefore(at).setExpirationTime(at + 60)
  return [[header, await token.sign(Buffer.from(r.secret))]]
}

async function detached(r, jws, payload, algorithm, key) {
  const { flattenedVerify } = await import('jose')
  const [head, between, signature] = jws.split('.')
  if (between !== '') return false
  return passes(() => flattenedVerify({ protected: head, payload, signature }, key, { algorithms: [algorithm] }))
}

const operations = {
  secrets: (service) => ({ secrets: service.secrets() }),
  async sign(service, r) {
    if (service.body) r.body = await service.body(r)
    if (service.url) r.url = service.url(r)
    return { body: r.body, url: r.url, headers: await service.sign(r) }
  },
  async verify(service, r) {
    try {
      return { ok: Boolean(await service.verify(r)) }
    } catch (err) {
      return { ok: false, why: String(err?.message ?? err) }
    }
  },
}

console.log = console.info = console.debug = console.warn = console.error // stdout is for answers
for await (const line of readline.createInterface({ input: process.stdin })) {
  const r = JSON.parse(line)
  let answer
  try {
    answer = r.service ? await operations[r.op](services[r.service], r) : { services: Object.keys(services) }
  } catch (err) {
    answer = { error: String(err?.stack ?? err) }
  }
  process.stdout.write(JSON.stringify(answer) + '\n')
}
