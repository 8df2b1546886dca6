// Requests that were refused: equal ones are folded.

let refused = [];
let refusedSeen = 0;
let refusedShown = '';

async function loadRefused() {
	const answer = await ask('refused?after=' + refusedSeen);
	refused.push(...answer.refused);
	if (refused.length) refusedSeen = Math.max(refusedSeen, ...answer.refused.map((r) => r.seq));
	refused = refused.slice(-2000);
}

const foldOf = (r) => JSON.stringify([r.receiver, r.status, r.authentic, r.reason.replace(/\d+/g, '#')]);

function folded() {
	const folds = new Map();
	for (const r of refused) {
		const id = foldOf(r);
		if (!folds.has(id)) folds.set(id, { id, all: [] });
		folds.get(id).all.push(r);
	}
	return [...folds.values()].map((f) => ({ ...f, last: f.all[f.all.length - 1] })).sort((a, b) => b.last.seq - a.last.seq);
}

async function showRefused() {
	fill($('top'), h('p', {}, 'The last refused requests, since ', when(now.started, true), '. Equal ones are one row.'));
	try {
		await loadRefused();
	} catch (err) {
		if (view.kind === 'refused') fill($('list'), h('div', { class: 'foot' }, failed(err)));
		return;
	}
	if (view.kind === 'refused') drawRefused();
}

function drawRefused() {
	const all = folded();
	fill($('list'), all.length
		? h('div', { id: 'rows', role: 'listbox', 'aria-label': 'Refused requests', tabindex: '0' }, all.slice(0, inPage).map((f, i) => h('div', { class: 'row', role: 'option', id: 'row' + i, 'aria-selected': String(f.id === refusedShown), onclick: () => openRefused(f.id) },
			h('span', { class: 'name', title: f.last.reason }, sentence(f.last.reason)), when(f.last.time),
			h('span', { class: 'second' }, f.last.receiver + ' · ' + f.last.method + ' ' + f.last.path + (f.all.length > 1 ? ' · ' + f.all.length + ' times' : '')),
			state(f.last.authentic ? 'bad' : 'warn', f.last.authentic ? f.last.status + ', authentic' : String(f.last.status)))))
		: h('div', { class: 'empty' }, h('p', {}, 'Nothing was refused since Caddy was started, ' + ago(now.started) + ' ago.'), h('p', { class: 'meta' }, 'Here you would see why: a wrong signature with what was signed, a body that is too large, a token of long ago.')));
	const f = all.find((f) => f.id === refusedShown);
	if (f) drawRefusedDetail(f);
}

function openRefused(id) {
	refusedShown = id;
	showDetail();
	drawRefused();
}

function drawRefusedDetail(f) {
	const r = f.last;
	const body = typeof r.body === 'string' ? r.body : '';
	fill($('detail'), backButton(),
		h('h2', {}, sentence(r.reason)),
		r.remedy && note('warn', h('p', {}, sentence(r.remedy) + '.')),
		r.authentic && note('bad', h('p', {}, 'The request was authentic: an event that is real was refused. ', 'It is not stored.')),
		facts(['Status', r.status], ['Receiver', r.receiver + ' (' + r.provider + ')'], ['Time', when(r.time, true)], ['From', code(r.client_ip)], ['Request', code(r.method + ' ' + r.path + (r.query ? '?' + r.query : ''))],
			['Id', r.id && code(r.id)], ['Type', r.type && code(r.type)], ['Times', f.all.length > 1 && f.all.length + ', since ' + new Date(f.all[0].time).toLocaleString()]),
		r.signed && [h('h3', {}, 'What should have been signed'), now.no_payload ? hiddenNote('It is hidden here.') : h('pre', { tabindex: '0' }, r.signed.content),
			facts(['Size', bytes(r.signed.size)], ['SHA-256', r.signed.sha256 && code(r.signed.sha256)], ['Right would begin with', (r.signed.expected || []).length > 0 && code(r.signed.expected.join(' or ')) ])],
		h('h3', {}, 'Headers'), headerTable(Object.keys(r.headers || {}).sort().flatMap((name) => now.no_payload ? [[name, null]] : (r.headers[name] || []).map((value) => [name, value]))),
		r.body_size > 0 && [h('h3', {}, 'Body'), h('p', { class: 'meta' }, bytes(r.body_size) + (r.body_size > 8192 ? ', of which this is the beginning' : '')), now.no_payload ? hiddenNote('It is hidden here.') : h('pre', { tabindex: '0' }, isJSON(body) && indented(body) || body)],
		f.all.length > 1 && [h('h3', {}, 'All of these'), h('ul', {}, f.all.slice(-20).reverse().map((x) => h('li', {}, when(x.time, true), ' from ', code(x.client_ip))))]);
}
