// One event.

let opened = null; // the event that is shown
let tab = 'pretty';
const maxRows = 1000; // of a table of what was sent, which can be made to have any number

const linkTo = (id) => location.origin + location.pathname + location.search + '#event=' + encodeURIComponent(id);

async function openEvent(summary, keepAddress) {
	opened = { summary };
	showDetail();
	if (!keepAddress) history.replaceState(null, '', summary.id ? '#event=' + encodeURIComponent(summary.id) : addressOf(view)); // a raw line has no id
	const done = whileWaiting(() => fill($('detail'), backButton(), h('p', {}, 'Opening …')));
	const of = opened;
	try {
		const e = await ask('event', { key: summary.key });
		if (of === opened) {
			opened = e;
			drawEvent();
		}
	} catch (err) {
		if (of === opened) fill($('detail'), backButton(), failed(err));
	} finally {
		done();
	}
}

// findEvent looks for an event by its id, the newest first, until it is found or everything was looked at.
async function findEvent(id) {
	opened = { summary: { id } };
	const of = opened;
	showDetail();
	let cursor = null;
	const q = { ids: [id], limit: 1 };
	const looking = (looked) => fill($('detail'), backButton(), h('p', {}, 'Looking for the event ', code(id), looked && looked.back_to ? [', back to ', when(looked.back_to, true)] : ' …'));
	const done = whileWaiting(() => looking());
	try {
		for (;;) {
			const answer = await ask('events', cursor ? { ...q, cursor } : q);
			if (of !== opened) return;
			if (answer.events.length) {
				await openEvent(answer.events[0], true);
				return;
			}
			if (answer.complete) {
				done();
				fill($('detail'), backButton(), note('warn', h('p', {}, 'There is no event with the id ', code(id), ' in any file (', count(answer.looked.of, 'file'), ').'),
					h('p', { class: 'meta' }, 'It may have been removed for its age: see roll_keep and roll_keep_for.')));
				return;
			}
			cursor = answer.cursor;
			done();
			looking(answer.looked);
		}
	} catch (err) {
		if (of === opened) fill($('detail'), backButton(), failed(err));
	} finally {
		done();
	}
}

function drawEvent() {
	const e = opened;
	const check = { __proto__: null, signature: ['good', 'Its signature was right'], partial: ['warn', 'Its signature was right, but is not of the whole body'], service: ['warn', 'Its signature was right, by a key that the service uses for all its customers'], token: ['good', 'Its token was right'] }[e.verification] || ['off', e.verification || 'Nothing was checked'];
	const tabs = [['pretty', 'Pretty'], ['raw', 'As it was sent'], ['headers', 'Headers'], ['record', 'Stored line'], ['curl', 'curl']].filter(([name]) => name !== 'curl' && name !== 'record' || e[name] !== undefined);
	if (!tabs.some(([name]) => name === tab)) tab = 'pretty';
	const said = h('div', { 'aria-live': 'polite' });
	const of = receiverNamed(e.receiver);
	fill($('detail'), backButton(),
		h('h2', {}, e.type || 'Raw line'),
		facts(['Subject', e.subject && code(e.subject)], ['Id', e.id && code(e.id)], ['Received', when(e.time, true)], ['Receiver', e.receiver],
			['Check', [state(check[0], check[1]), ['signature', 'partial', 'service'].includes(e.verification) && of && of.check && h('span', { class: 'meta' }, ' ' + of.check)]],
			...(e.attributes || []).map(([name, value]) => [name, code(value)]),
			['Body', bytes(e.body_size) + (e.content_type ? ', ' + e.content_type : '')]),
		h('div', { class: 'actions' },
			e.curl !== undefined && copyButton('Copy as curl', () => e.curl),
			e.body && e.body.text !== undefined && copyButton('Copy body', () => request('body', { key: e.key }).then((r) => r.text())),
			!now.no_payload && e.body_size > 0 && button('Save body', () => saveBody(e, said)),
			e.id && copyButton('Copy id', e.id), e.id && copyButton('Copy link', linkTo(e.id))),
		said,
		drawDelivered(e, said),
		h('div', { class: 'tabs', role: 'tablist', 'aria-label': 'Forms of the event' }, tabs.map(([name, label]) =>
			button(label, () => { tab = name; drawEvent(); $('tab-' + name).focus(); }, { role: 'tab', id: 'tab-' + name, 'aria-selected': String(name === tab), 'aria-controls': 'form' }))),
		h('div', { id: 'form', role: 'tabpanel', 'aria-labelledby': 'tab-' + tab }, drawForm(e)));
}

const forms = {
	pretty(e) {
		if (now.no_payload) return hiddenNote('The body is hidden here.');
		if (!e.body) return h('p', {}, 'The body is empty.');
		if (e.body.text === undefined) return h('p', {}, 'The body is no text: ' + bytes(e.body_size) + '. Save it to look at it.');
		if (/^application\/x-www-form-urlencoded/i.test(e.content_type || '')) return drawFields(e.body.text);
		const text = e.body.text;
		const nodes = isJSON(text) && indented(text);
		return [!nodes && text.length > maxLines && h('p', { class: 'meta' }, 'It is large, so it is shown as it was sent.'), cutNote(e), h('pre', { tabindex: '0' }, nodes || text)];
	},
	raw(e) {
		if (now.no_payload) return hiddenNote('The body is hidden here.');
		if (!e.body) return h('p', {}, 'The body is empty.');
		return [cutNote(e), e.body.text === undefined && h('p', { class: 'meta' }, 'The body is no text. This is its base64.'), h('pre', { tabindex: '0' }, e.body.text === undefined ? e.body.base64 : e.body.text)];
	},
	headers(e) {
		if (!e.headers || !e.headers.length) return [e.target && h('p', {}, code(e.method + ' ' + e.target)), h('p', {}, 'No header fields were stored. ', code('headers all'), ' in the receiver stores them.')];
		return [h('p', { class: 'data' }, e.method + ' ' + e.target), now.no_payload && hiddenNote('Values are hidden here.'), headerTable(e.headers)];
	},
	record: (e) => h('pre', { tabindex: '0' }, e.record),
	curl: (e) => [(e.curl_notes || []).map((text) => h('p', { class: 'meta' }, text)), h('pre', { tabindex: '0' }, e.curl)],
};

const drawForm = (e) => forms[tab](e);
const hiddenNote = (text) => h('p', { class: 'meta' }, text + ' The config says no_payload.');
const cutNote = (e) => e.body.cut && h('p', { class: 'meta' }, 'The first ' + bytes(e.body.cut) + ' of it. Save the body to have all.');

const headerTable = (fields) => h('div', { class: 'scroll', tabindex: '0' }, h('table', { class: 'fields' }, h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, 'Name'), h('th', { scope: 'col' }, 'Value'))),
	h('tbody', { class: 'data' }, fields.slice(0, maxRows).map(([name, value]) => h('tr', {}, h('td', {}, name), h('td', {}, value === null ? '…' : value))))),
	fields.length > maxRows && h('p', { class: 'meta' }, 'The first ' + maxRows + ' of ' + fields.length + '.'));

function drawFields(text) {
	const fields = [...new URLSearchParams(text)];
	if (fields.length > maxRows) return [h('p', { class: 'meta' }, 'Over ' + count(maxRows, 'field') + ', so it is shown as it was sent.'), h('pre', { tabindex: '0' }, text)];
	return h('div', { class: 'scroll', tabindex: '0' }, h('table', { class: 'fields' }, h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, 'Field'), h('th', { scope: 'col' }, 'Value'))),
		h('tbody', { class: 'data' }, fields.map(([name, value]) => h('tr', {}, h('td', {}, name), h('td', {}, isJSON(value) && /^[[{]/.test(value) ? h('pre', {}, indented(value) || value) : value))))));
}

async function saveBody(e, said) {
	try {
		const url = URL.createObjectURL(await (await request('body', { key: e.key })).blob());
		const name = (e.id || 'body').replace(/[^\w.-]/g, '_').slice(0, 80) + (/json/.test(e.content_type || 'json') ? '.json' : '.bin');
		h('a', { href: url, download: name }).click();
		setTimeout(() => URL.revokeObjectURL(url), 60000);
	} catch (err) {
		fill(said, failed(err));
	}
}

const eventStates = {
	waiting: ['off', 'Not sent yet'], retrying: ['warn', 'Is tried again'], sending: ['off', 'Is being sent'], taken: ['good', 'Taken'], dead: ['bad', 'Dead letter'],
	unwanted: ['off', 'Not for this application'], past: ['off', 'Done with'], unknown: ['off', 'Not known'],
};

// drawDelivered shows what became of the event at each application.
function drawDelivered(e, said) {
	if (!e.deliveries || !e.deliveries.length) return null;
	return [h('h3', {}, 'Delivered to'), e.deliveries.map((d) => {
		const [kind, word] = eventStates[d.state] || ['off', d.state];
		const tries = (d.attempts || []).slice(-5).reverse();
		return h('div', { class: 'delivery' },
			h('p', {}, h('strong', {}, d.name), ' ', state(kind, word), d.tried ? h('span', { class: 'meta' }, ' ' + count(d.tried, 'attempt')) : '', d.due && h('span', { class: 'meta' }, ', next ', when(d.due)), d.why && h('span', { class: 'meta' }, ' ' + d.why)),
			tries.length > 0 && h('ul', {}, tries.map((a) => h('li', {}, when(a.time), ' ', attemptText(a)))),
			!now.read_only && d.state !== 'unwanted' && h('div', { class: 'actions' }, button('Deliver again to ' + d.name, () => confirmed('Deliver again?', ['The event is sent to ' + d.name + ' at once, as one attempt more, whatever became of it before. Its id stays the same, so that an application that has it can tell.'],
				'Deliver again', () => act(said, { action: 'again', receiver: e.receiver, delivery: d.name, key: e.key })))));
	})];
}

const attemptText = (a) => (a.taken ? 'taken: ' + a.status : a.reason || 'not taken') + ' (' + (a.again ? 'by hand, ' : '') + a.took_ms + ' ms)';

// act does something, and says what became of it.
async function act(said, what) {
	fill(said, h('p', { class: 'meta' }, 'Working …'));
	try {
		const answer = await ask('act', what);
		fill(said, note('good', h('p', {}, answer.result)));
		say(answer.result);
	} catch (err) {
		fill(said, failed(err));
	}
}
