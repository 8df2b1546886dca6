// The JSON of this page, and what happens live.

let key = '';

const keyInAddress = /(?:^#|&)key=([^&]*)/;

// asKey returns a key without what came along as it was copied, such as a line break, or what can't be seen.
const asKey = (text) => text.replace(/%..|[^\w-]/g, '');

// takeKey takes the inspector's key out of the address, and keeps it for this tab.
function takeKey() {
	const found = keyInAddress.exec(location.hash);
	if (found) {
		key = asKey(found[1]);
		const rest = location.hash.slice(1).split('&').filter((p) => !p.startsWith('key=')).join('&');
		history.replaceState(null, '', location.pathname + location.search + (rest ? '#' + rest : ''));
		keep('key', key);
	} else {
		key = kept('key') || '';
	}
}

// What is kept is gone where the browser keeps nothing.
function keep(name, value, store) {
	try { (store || sessionStorage).setItem('webhook_inspector_' + name, value); } catch { /* it holds until the page is closed */ }
}

function kept(name, store) {
	try { return (store || sessionStorage).getItem('webhook_inspector_' + name); } catch { return null; }
}

// mayCarryKey tells whether the key can be sent without anybody reading it.
const mayCarryKey = () => location.protocol === 'https:' || /^(localhost|127\.\d+\.\d+\.\d+|\[::1\]|.*\.localhost)$/.test(location.hostname);

// sendsKey: a user needs no key, and his browser may have something else for Authorization.
let sendsKey = !('user' in document.body.dataset);

async function send(path, options) {
	const canSendKey = key && mayCarryKey();
	// Relative to the address without a password that may be in it, which browsers would refuse.
	const attempt = () => fetch(new URL('api/' + path, location.origin + location.pathname), {
		cache: 'no-store', redirect: 'manual', ...options,
		headers: sendsKey && canSendKey ? { ...options.headers, Authorization: 'Bearer ' + key } : options.headers,
	});
	const response = await attempt();
	if (response.status !== 401 || !canSendKey) return response;
	const asksForKey = response.headers.get('Content-Type') === 'application/json'; // else it is of what stands in front of the inspector
	if (sendsKey === asksForKey) return response;
	sendsKey = asksForKey;
	return attempt();
}

class Failure extends Error {
	constructor(status, message, remedy) {
		super(message);
		this.status = status;
		this.remedy = remedy;
	}
}

async function request(path, body, signal) {
	const options = { headers: {}, signal };
	if (body !== undefined) {
		options.method = 'POST';
		options.body = JSON.stringify(body);
		Object.assign(options.headers, { 'Content-Type': 'application/json', 'X-Webhook-Inspector': '1' });
	}
	let response;
	try {
		response = await send(path, options);
	} catch (err) {
		if (err.name === 'AbortError') throw err;
		throw new Failure(0, 'Caddy does not answer.', 'See whether it runs. This page goes on by itself once it does.');
	}
	if (response.type === 'opaqueredirect') throw new Failure(401, 'You are signed out.', 'Load this page again to sign in.');
	if (!response.ok) {
		let said = {};
		try { said = await response.json(); } catch { /* it is not the inspector's */ }
		throw new Failure(response.status, said.error || 'The answer is ' + response.status + ' ' + response.statusText + '.', said.remedy || '');
	}
	return response;
}

const ask = async (path, body, signal) => (await request(path, body, signal)).json();

// failed shows what went wrong, and what to do.
function failed(err) {
	if (err.status === 401) showGate(err);
	return note('bad', h('p', {}, err.message || String(err)), err.remedy && h('p', { class: 'meta' }, err.remedy));
}

// follow reads the stream for as long as the page is open, and calls on(type, data) for each message.
async function follow(on) {
	let last = '';
	for (let wait = 1000; ; wait = Math.min(wait * 2, 15000)) {
		try {
			const response = await send('stream', { headers: last ? { 'Last-Event-ID': last } : {} });
			if (response.ok && response.body) {
				on('open', last);
				wait = 500;
				await messages(response.body, (type, data, id) => {
					last = id || last;
					on(type, data);
				});
			} else if (response.status === 401 || response.type === 'opaqueredirect') {
				showGate(new Failure(401, 'You are signed out.', 'Load this page again to sign in.'));
				return;
			}
		} catch { /* it is tried again */ }
		on('closed');
		await new Promise((resolve) => {
			setTimeout(resolve, wait + Math.random() * 500);
			document.addEventListener('visibilitychange', resolve, { once: true });
		});
	}
}

// messages reads server-sent events. https://html.spec.whatwg.org/multipage/server-sent-events.html
async function messages(body, on) {
	const reader = body.pipeThrough(new TextDecoderStream()).getReader();
	let rest = '';
	let type = '';
	let data = '';
	let id = '';
	for (;;) {
		const { done, value } = await reader.read();
		if (done) return;
		const lines = (rest + value).split('\n');
		rest = lines.pop();
		for (const line of lines) {
			if (line === '') {
				if (data) on(type, JSON.parse(data), id);
				type = data = id = '';
			} else if (line.startsWith('event: ')) type = line.slice(7);
			else if (line.startsWith('data: ')) data += line.slice(6);
			else if (line.startsWith('id: ')) id = line.slice(4);
		}
	}
}
