// The list of events, the newest first.

const perAnswer = 50;
const inPage = 200; // rows that are in the document at a time

const noFilter = () => ({ since: '', type: '', subject: '', verification: '', text: '' });
let filter = noFilter();
const emptyList = () => ({ events: [], cursor: null, complete: false, looked: null, problems: [], first: 0, selected: -1 });
let list = emptyList(); // that is shown
let listing = null; // what stops the question that is under way
let fresh = { events: 0, more: 0 };
const isFiltered = () => Object.values(filter).some((v) => v !== '');

const spans = [['', 'Any time'], ['3600', 'Last hour'], ['86400', 'Last day'], ['604800', 'Last 7 days'], ['2592000', 'Last 30 days']];

// On phones filters are folded.
const wide = matchMedia('(min-width: 720px)');
wide.addEventListener('change', () => { if ($('filters') && wide.matches) $('filters').open = true; });

function drawTop() {
	const set = (name) => (e) => {
		filter[name] = e.target.value.trim();
		listAnew();
	};
	const input = (name, label, hint) => h('input', { 'aria-label': label, placeholder: label, title: hint, value: filter[name], autocomplete: 'off', spellcheck: 'false', onchange: set(name) });
	const select = (name, label, options) => h('select', { 'aria-label': label, onchange: set(name) }, options.map(([value, text]) => h('option', { value, selected: filter[name] === value }, text)));
	fill($('top'), drawChart(),
		button(view.receiver ? 'Set up' : 'Receivers', () => { drawAside(); showDetail(); }, { class: 'only-narrow' }),
		h('details', { id: 'filters', open: wide.matches || isFiltered() }, h('summary', {}, 'Filters'), h('div', { class: 'filters' },
			select('since', 'Time', spans), input('type', 'Type', 'such as order.*'), input('subject', 'Subject', 'such as T-10*'),
			select('verification', 'Verification', [['', 'Check'], ['signature', 'Signature'], ['partial', 'Partly signed'], ['service', 'Service’s key'], ['token', 'Token'], ['none', 'Not checked']]),
			button('Clear', clear, { id: 'clear', hidden: !isFiltered() }))),
		h('div', { id: 'pill' }));
	drawPill();
}

function clear() {
	filter = noFilter();
	$('search').value = '';
	drawTop();
	listAnew();
}

function refreshChart() {
	const old = $('top').querySelector('figure');
	if (old) old.replaceWith(drawChart());
}

function drawPill() {
	const n = fresh.events + fresh.more;
	if ($('pill')) fill($('pill'), n > 0 && button(n.toLocaleString() + ' new', () => listAnew(), { class: 'pill' }));
}

// question is what the server is asked for.
function question(cursor) {
	const q = { limit: perAnswer };
	if (cursor) q.cursor = cursor;
	if (view.receiver) q.receivers = [view.receiver];
	if (filter.since) q.since = new Date(Date.now() - 1000 * filter.since).toISOString();
	if (filter.type) q.types = [filter.type];
	if (filter.subject) q.subjects = [filter.subject];
	if (filter.verification) q.verifications = [filter.verification];
	if (filter.text) q.text = filter.text;
	return q;
}

// listAnew lists from the newest on. What is shown stays until there is an answer.
function listAnew() {
	fresh = { events: 0, more: 0 };
	if ($('clear')) $('clear').hidden = !isFiltered();
	drawPill();
	return look(emptyList());
}

const lookFurther = () => look(list);

// look asks for more of a list, and goes on by itself until there is a screenful, for at most ten answers.
async function look(of) {
	if (listing) listing.abort();
	const stop = listing = new AbortController();
	const wanted = of.events.length + (of.events.length ? 1 : 20);
	const show = (what) => {
		if (stop.signal.aborted) return;
		list = of;
		drawRows();
		drawFoot(what);
	};
	const done = whileWaiting(() => show('looking'));
	try {
		for (let i = 0; i < 10 && !of.complete && of.events.length < wanted; i++) {
			const answer = await ask('events', question(of.cursor), stop.signal);
			of.events.push(...answer.events);
			of.cursor = answer.cursor;
			of.complete = answer.complete;
			of.looked = answer.looked;
			of.problems = answer.problems || [];
			done();
			show(of.complete || of.events.length >= wanted ? '' : 'looking');
		}
		show();
	} catch (err) {
		if (err.name !== 'AbortError') show(err);
	} finally {
		done();
		if (listing === stop) listing = null;
	}
}

const checks = { __proto__: null, signature: ['good', 'signed'], partial: ['warn', 'partly signed'], service: ['warn', 'service’s key'], token: ['good', 'token'], '': ['off', 'not checked'] };

function rowOf(e, i) {
	const check = checks[e.verification] || ['off', e.verification];
	return h('div', { class: 'row', role: 'option', id: 'row' + i, 'aria-selected': String(i === list.selected), onclick: () => select(i, true) },
		h('span', { class: 'name', title: e.type }, e.type || '(raw line)'), when(e.time),
		h('span', { class: 'second', title: e.subject }, [e.subject, !view.receiver && e.receiver].filter(Boolean).join(' · ') || bytes(e.size)),
		state(check[0], check[1]));
}

function drawRows() {
	const box = $('list');
	const shown = list.events.slice(list.first, list.first + inPage);
	const move = (by) => {
		list.first = Math.max(0, list.first + by);
		drawRows();
		drawFoot();
		box.scrollTop = 0;
	};
	fill(box,
		list.first > 0 && h('div', { class: 'foot' }, button('Newer', () => move(-inPage))),
		h('div', { id: 'rows', ...(shown.length && { role: 'listbox', 'aria-label': 'Events, the newest first', tabindex: '0' }), 'aria-activedescendant': list.selected >= 0 ? 'row' + list.selected : null },
			shown.map((e, i) => rowOf(e, list.first + i))),
		list.first + inPage < list.events.length && h('div', { class: 'foot' }, button('Older', () => move(inPage))),
		h('div', { id: 'foot' }));
}

// drawFoot says how far was looked, and what can be done about it.
function drawFoot(what) {
	if (!$('foot')) drawRows();
	if (what instanceof Error) {
		fill($('foot'), h('div', { class: 'foot' }, failed(what), what.status === 410 ? button('List anew', listAnew) : button('Try again', lookFurther)));
		return;
	}
	const looked = list.looked;
	const far = looked && looked.back_to ? ['the last ', h('span', { title: looked.back_to }, ago(looked.back_to))] : '';
	const files = looked ? ' (' + looked.files + ' of ' + count(looked.of, 'file') + ')' : '';
	if (what === 'looking') {
		fill($('foot'), h('p', { class: 'foot' }, far ? ['Looked at ', far] : 'Looking …', files, ' ', button('Stop', () => { if (listing) listing.abort(); drawFoot(); })));
		return;
	}
	if (list.first + inPage < list.events.length) {
		fill($('foot'));
		return;
	}
	const problems = list.problems.map((text) => note('warn', 'Can’t be read: ' + text));
	if (list.complete) {
		fill($('foot'), list.events.length ? h('p', { class: 'foot meta' }, 'That is all.') : nothing(files), problems);
		return;
	}
	fill($('foot'), h('div', { class: 'foot' },
		h('p', { class: list.events.length ? 'meta' : '' }, list.events.length ? 'Looked at ' : 'Nothing in ', far || 'what was looked at', files, '.'),
		problems, button('Look further', lookFurther)));
}

function nothing(files) {
	if (isFiltered()) {
		return h('div', { class: 'empty' }, h('p', {}, 'Nothing fits' + (filter.since ? ' in this time' : '') + files + '.'),
			h('p', {}, button('Clear the filters', clear)));
	}
	const waiting = view.receiver ? receiversNamed(view.receiver) : now.receivers;
	if (!now.receivers.length) {
		return h('div', { class: 'empty' }, h('p', {}, 'There is no receiver in the config that runs.'), h('p', {}, 'Add ', code('webhook_receiver /webhooks { … }'), ' to the Caddyfile, and reload.'));
	}
	if (!waiting.some((r) => (r.outputs || []).some((o) => o.file))) {
		return h('div', { class: 'empty' }, h('p', {}, 'Events of this receiver go to no file, so none can be shown here.'), h('p', {}, 'Add ', code('output file'), ' to it to see them.'));
	}
	return h('div', { class: 'empty' }, h('p', {}, 'Waiting for the first event. It shows up here by itself.'),
		!view.receiver && h('p', {}, 'Choose a receiver to see which address to enter, and where.'));
}

// arrived is called for events that came while the page was open.
function arrived(message) {
	if (view.kind !== 'events') return;
	const fits = message.events.filter((e) => (!view.receiver || e.receiver === view.receiver) && fitsFilter(e));
	const more = isFiltered() || view.receiver ? 0 : message.more;
	if (!fits.length && !more) return;
	if (!list.events.length && !listing) {
		listAnew();
		return;
	}
	fresh.events += fits.length;
	fresh.more += more;
	drawPill();
	say(count(fresh.events + fresh.more, 'new event'));
}

// fitsFilter tells whether a summary may fit: the text is looked for in what is in the summary.
function fitsFilter(e) {
	const like = (pattern, value) => !pattern || new RegExp('^' + pattern.split('*').map((p) => p.replace(/[.+?^${}()|[\]\\]/g, '\\$&')).join('.*') + '$').test(value || '');
	return like(filter.type, e.type) && like(filter.subject, e.subject) &&
		(!filter.verification || (e.verification || 'none') === filter.verification) &&
		(!filter.text || [e.id, e.type, e.subject].some((v) => (v || '').includes(filter.text)));
}

function select(i, open) {
	if (i < 0 || i >= list.events.length) return;
	const old = $('row' + list.selected);
	if (old) old.setAttribute('aria-selected', 'false');
	list.selected = i;
	if (i < list.first || i >= list.first + inPage) {
		list.first = Math.max(0, i - inPage / 2);
		drawRows();
		drawFoot();
	}
	const row = $('row' + i);
	row.setAttribute('aria-selected', 'true');
	row.scrollIntoView({ block: 'nearest' });
	$('rows').setAttribute('aria-activedescendant', 'row' + i);
	if (open) openEvent(list.events[i]);
}
