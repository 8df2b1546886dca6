// Setting a receiver up, and how it stands.

let receiverSaid = null;

// drawReceivers shows all of one name.
function drawReceivers(all) {
	const name = all[0].name;
	if (!receiverSaid || receiverSaid.of !== name) receiverSaid = { of: name, box: h('div', { 'aria-live': 'polite' }) };
	const scroll = $('detail').scrollTop;
	const canTest = all.findLast((r) => r.can_test);
	fill($('detail'), backButton(), all.map((r) => drawReceiver(r, r === canTest && [
		!now.read_only && h('div', { class: 'actions' }, button('Send a test event', () => confirmed('Send a test event?', 'A sample event goes through ' + (all.length > 1 ? 'each receiver of this name' : 'the receiver') + ', as ' + (r.title || r.provider) + ' would send it, and is stored like any other. It is of the type webhook_receiver_test, which deliveries leave out.', 'Send it',
			() => act(receiverSaid.box, { action: 'test', receiver: name })))),
		receiverSaid.box])));
	$('detail').scrollTop = scroll;
}

function drawReceiver(r, test) {
	const waits = !r.last_event;
	return [
		h('h2', {}, r.name), h('p', { class: 'meta' }, r.title || r.provider),
		(r.warnings || []).filter((w) => !waits || !w.startsWith('never verified')).map((w) => note('warn', sentence(w))),
		waits && drawWaiting(r),
		h('h3', {}, 'Set up at ' + (r.title || r.provider)),
		h('p', {}, 'Address to enter:'), drawAddress(r),
		drawPaste(r),
		drawLights(r),
		test,
		h('h3', {}, 'How it stands'),
		facts(['Last event', r.last_event ? [when(r.last_event, true), ' (' + ago(r.last_event) + ' ago)'] : 'none since Caddy was started'],
			['Requests', outcomesText(r.requests) || 'none'],
			['Last refusal', r.last_refusal && [when(r.last_refusal.time, true), ' ' + r.last_refusal.status + ': ' + r.last_refusal.reason]],
			...(r.outputs || []).map((o) => ['Output ' + o.output, [o.file && code(o.file), o.size ? ' ' + bytes(o.size) : '', ' ', o.failing ? state('bad', 'failing') : state('good', o.durable ? 'durable' : 'not durable')]]),
			...(r.deliveries || []).map((d) => ['Delivery ' + d.name, [state(deliveryKinds[d.state] || 'off', d.state), ' ', code(d.url)]])),
		h('div', { class: 'actions' }, (r.deliveries || []).length > 0 && button('See deliveries', () => go('#deliveries')),
			r.last_refusal && button('See what was refused', () => go('#refused'))),
	];
}

// drawOverview shows all receivers.
function drawOverview() {
	fill($('detail'), h('h2', {}, 'Receivers'), h('p', { class: 'meta' }, 'Choose one to set it up, or an event to see it.'),
		now.receivers.map((r) => {
			const [kind, word] = standing(r);
			return [h('h3', {}, button(r.name, () => go('#receiver=' + encodeURIComponent(r.name)), { class: 'link' })),
				facts(['State', state(kind, word)], ['Service', r.title || r.provider], ['Address', r.address.url ? code(r.address.url) : 'not known'],
					['Last event', r.last_event ? [when(r.last_event, true), ' (' + ago(r.last_event) + ' ago)'] : 'none since Caddy was started'])];
		}));
}

function drawWaiting(r) {
	const title = r.title || r.provider;
	if (r.last_verification) {
		return note('', 'Verified ', when(r.last_verification), r.last_verification_by ? ' by ' + r.last_verification_by : '', '. No event yet.');
	}
	return note('', 'Waiting for the first event. Enter the address below at ' + title + '. Then: ', code('caddy webhook test ' + (r.address.url || '<address>')));
}

function drawAddress(r) {
	if (!r.address.url) return note('warn', 'It is not known from outside under which address this receiver is reached. Set ', code('public_url'), ' in it to have it shown here.');
	return [h('p', { class: 'address' }, code(r.address.url), copyButton('Copy', r.address.url)),
		r.address.from !== 'public_url' && h('p', { class: 'meta' }, 'As the config has it. Behind a proxy it may be another one: set ', code('public_url'), ' then.'),
		r.address.url.startsWith('http:') && note('warn', 'Services that send webhooks want https. For tests on this machine it is good enough.')];
}

// marked shows *this* and `this` of a text as they are meant.
const marked = (text) => text.split(/(\*[^*]+\*|`[^`]+`)/).map((part) => part.length > 2 && part[0] === '*' ? h('em', {}, part.slice(1, -1)) : part.length > 2 && part[0] === '`' ? code(part.slice(1, -1)) : part);

function drawPaste(r) {
	return [h('ul', {},
		r.token && h('li', {}, code('verify_token'), ' of this receiver is ', marked(r.token), '.'),
		r.secret && h('li', {}, code('secret'), ' of this receiver is ', marked(r.secret), '.'),
		r.docs && h('li', {}, 'Where to enter what: ', h('a', { href: r.docs, rel: 'noreferrer noopener', target: '_blank' }, 'the documents of ' + (r.title || r.provider)), '.')),
	r.note && note('', marked(r.note))];
}

// drawLights shows how far setting up has come.
function drawLights(r) {
	const light = (kind, text, ...more) => h('li', {}, state(kind, text), more.length > 0 && h('div', { class: 'meta' }, more));
	const cs = r.certificates || [];
	const bad = cs.find((c) => c.state !== 'valid') || cs[0];
	const certificate = !bad ? light('off', 'Certificate: not known') : {
		valid: () => light('good', 'Certificate: valid', 'for ' + bad.host + ', until ', when(bad.until, true), bad.issuer ? ', from ' + bad.issuer : ''),
		internal: () => light('warn', 'Certificate: of an authority that only this machine trusts', 'for ' + bad.host + ', until ', when(bad.until, true), '. A service outside takes it only if its check of certificates is off.'),
		expired: () => light('bad', 'Certificate: expired', 'for ' + bad.host + ', since ', when(bad.until, true), '. See Caddy’s log for why it was not renewed.'),
		none: () => light('bad', 'Certificate: none yet', 'for ' + bad.host + '. See Caddy’s log: the name must lead here, and port 80 or 443 be open.'),
		http: () => light('warn', 'Certificate: none, as the site is plain HTTP', 'Something in front of Caddy may have one.'),
	}[bad.state]();
	const verified = !r.verifies ? light('good', 'Verified: ' + (r.title || r.provider) + ' does not verify endpoints')
		: r.last_verification ? light('good', 'Verified', when(r.last_verification, true), r.last_verification_by ? ' by ' + r.last_verification_by : '')
			: light('off', 'Verified: not since Caddy was started', 'Save the webhook’s settings at ' + (r.title || r.provider) + ' to have it verified.');
	const first = r.last_event ? light('good', 'Events arrive', 'the last one ', when(r.last_event, true)) : light('off', 'First event: not since Caddy was started');
	return h('ul', { class: 'lights', 'aria-label': 'How far setting up has come' }, certificate, verified, first);
}
