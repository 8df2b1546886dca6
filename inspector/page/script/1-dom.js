// Elements are made here, and get what was sent as text only: there is no HTML from strings anywhere.

const $ = (id) => document.getElementById(id);

// h makes an element: h('a', {class: 'x', onclick: f}, 'text', element, …). What is null or false is left out.
function h(name, properties, ...children) {
	const e = document.createElement(name);
	for (const [key, value] of Object.entries(properties || {})) {
		if (value === null || value === undefined || value === false) continue;
		if (key.startsWith('on')) e.addEventListener(key.slice(2), value);
		else e.setAttribute(key, value === true ? '' : value);
	}
	add(e, children);
	return e;
}

function add(e, children) {
	for (const child of children.flat(9)) {
		if (child !== null && child !== undefined && child !== false) e.append(child);
	}
}

function fill(e, ...children) {
	e.replaceChildren();
	add(e, children);
}

// keepingFocus has something drawn anew, and the focus stay where it is.
function keepingFocus(box, draw) {
	const all = () => [...box.querySelectorAll('button, a, [tabindex]')];
	const active = box.contains(document.activeElement) ? document.activeElement : null;
	const at = active ? all().indexOf(active) : -1;
	draw();
	if (at < 0) return;
	const now = all();
	const again = now[at] && now[at].textContent === active.textContent ? now[at] : now.find((e) => e.textContent === active.textContent) || now[Math.min(at, now.length - 1)];
	if (again) again.focus({ preventScroll: true });
}

const button = (text, onclick, properties) => h('button', { type: 'button', onclick, ...properties }, text);
const state = (kind, text, properties) => h('span', { class: 'state ' + kind, ...properties }, text);
const note = (kind, ...children) => h('div', { class: 'note ' + kind }, ...children);
const code = (text) => h('code', {}, text);

// facts makes a list of [name, value] pairs; what has no value is left out.
function facts(...pairs) {
	return h('dl', { class: 'facts' }, pairs.filter((p) => p && p[1] !== '' && p[1] !== null && p[1] !== undefined && p[1] !== false)
		.map(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]));
}

// when shows a time as the browser's clock has it, and in UTC on hover.
function when(text, long) {
	if (!text) return null;
	const t = new Date(text);
	if (isNaN(t)) return h('span', {}, text);
	const today = new Date();
	const sameDay = t.toDateString() === today.toDateString();
	const clock = t.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit' });
	const day = t.toLocaleDateString([], t.getFullYear() === today.getFullYear() ? { month: 'short', day: 'numeric' } : { year: 'numeric', month: 'short', day: 'numeric' });
	return h('time', { datetime: text, title: text }, sameDay && !long ? clock : day + ', ' + clock);
}

function span(ms) {
	const s = Math.round(Math.abs(ms) / 1000);
	if (s < 100) return s + ' s';
	if (s < 6000) return Math.round(s / 60) + ' min';
	if (s < 48 * 3600) return Math.round(s / 3600) + ' h';
	return Math.round(s / 86400) + ' days';
}

const ago = (text) => span(Date.now() - new Date(text));

function bytes(n) {
	if (n < 1000) return n + ' bytes';
	for (const unit of ['kB', 'MB', 'GB']) {
		n /= 1000;
		if (n < 999.5) return (n < 10 ? n.toFixed(1) : Math.round(n)) + ' ' + unit;
	}
	return (n / 1000).toFixed(1) + ' TB';
}

const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);
const count = (n, one, many) => n.toLocaleString() + ' ' + (n === 1 ? one : many || one + 's');

// say tells screen readers, at most once in ten seconds.
let saidAt = 0;
let toSay = 0;
function say(text) {
	clearTimeout(toSay);
	toSay = setTimeout(() => {
		saidAt = Date.now();
		$('said').textContent = text;
	}, Math.max(0, saidAt + 10000 - Date.now()));
}

// copy copies a text, and says so in the button.
async function copy(text, of) {
	const label = of.textContent;
	hold();
	try {
		const value = await text;
		if (navigator.clipboard) await navigator.clipboard.writeText(value);
		else copyOld(value);
		of.textContent = 'Copied';
	} catch (err) {
		of.textContent = 'Not copied: ' + (err.message || err);
	}
	setTimeout(() => {
		of.textContent = label;
		release();
	}, 2000);
}

// copyOld is for pages over plain HTTP, where browsers have no clipboard.
function copyOld(text) {
	const area = h('textarea', { class: 'hidden' });
	area.value = text;
	document.body.append(area);
	area.select();
	const ok = document.execCommand('copy');
	area.remove();
	if (!ok) throw new Error('the browser does not allow it');
}

const copyButton = (label, text) => button(label, (e) => copy(typeof text === 'function' ? text() : text, e.currentTarget));

// confirmed asks before something is done.
function confirmed(title, text, label, act) {
	const close = () => $('dialog').close();
	fill($('dialog'), h('h2', { id: 'dialog-title' }, title), h('p', {}, text),
		h('div', { class: 'actions' }, button(label, () => { close(); act(); }, { class: 'primary' }), button('Cancel', close)));
	$('dialog').showModal();
}

// whileWaiting shows something once it takes longer than 300 ms; what it returns ends that.
function whileWaiting(show) {
	const timer = setTimeout(show, 300);
	return () => clearTimeout(timer);
}
