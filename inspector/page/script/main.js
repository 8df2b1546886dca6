// Where to go, keys, and the beginning.

function go(to) {
	if (location.hash === to) route();
	else location.hash = to;
}

const backButton = () => button('Back', () => { document.body.dataset.pane = 'list'; $('list').focus(); }, { class: 'back' });

// showDetail turns to the details, where there is room for one pane only.
function showDetail() {
	if (document.body.dataset.pane !== 'detail') {
		document.body.dataset.pane = 'detail';
		$('detail').scrollTop = 0;
	}
}

// route shows what the address says.
function route() {
	if (keyInAddress.test(location.hash)) {
		takeKey();
		start();
		return;
	}
	if (!now) return;
	const [, what, value] = /^#?([a-z]*)=?(.*)$/.exec(location.hash) || [];
	let named = '';
	try { named = decodeURIComponent(value || ''); } catch { named = value; }
	const before = addressOf(view);
	if (what === 'event' && named) {
		if (view.kind !== 'events') turnTo({ kind: 'events', receiver: '' });
		else drawNav();
		if (!opened || opened.id !== named) findEvent(named);
		return;
	}
	opened = null;
	document.body.dataset.pane = 'list';
	const next = what === 'refused' || what === 'deliveries' ? { kind: what, receiver: '' } : { kind: 'events', receiver: what === 'receiver' ? named : '' };
	if (addressOf(next) !== before || !$('foot') && next.kind === 'events' || next.kind !== 'events') turnTo(next);
	drawAside();
}

function turnTo(next) {
	view = next;
	list = emptyList();
	receiverSaid = deliverySaid = null;
	drawNav();
	$('list').scrollTop = $('detail').scrollTop = 0;
	fill($('list'));
	if (view.kind === 'refused') showRefused();
	else if (view.kind === 'deliveries') showDeliveries();
	else {
		drawTop();
		listAnew();
	}
}

// drawAside shows what there is to see while nothing is opened.
function drawAside() {
	if (opened || view.kind === 'deliveries') return;
	if (view.kind === 'refused') {
		if (!refusedShown) fill($('detail'), h('p', { class: 'meta' }, 'Choose a request to see why it was refused.'));
		return;
	}
	const all = view.receiver ? receiversNamed(view.receiver) : now.receivers.length === 1 ? now.receivers : [];
	if (all.length) drawReceivers(all);
	else if (view.receiver) fill($('detail'), note('warn', 'There is no receiver called ', code(view.receiver), ' in the config that runs.'));
	else drawOverview();
}

// told is called with the state of everything.
function told(next) {
	const isNew = !now;
	const other = now && now.process !== next.process;
	const had = now;
	now = next;
	if (next.user) fill($('user'), next.user); // the stream does not tell
	if (other) {
		refused = [];
		attempts = [];
		refusedSeen = attemptsSeen = 0;
	}
	if (isNew) return;
	if (view.kind === 'refused' && next.refused_seq !== had.refused_seq) showRefused();
	if (view.kind === 'deliveries' && next.attempts_seq !== had.attempts_seq) loadAttempts().then(redraw, () => { /* the next one tries again */ });
	redraw();
}

// While a button is held down, or says something, or a text is selected, nothing is drawn anew.
let held = 0;
let stale = false;
const hold = () => { held++; };
const release = () => {
	held = Math.max(0, held - 1);
	if (stale) redraw();
};
document.addEventListener('pointerdown', hold, true);
for (const type of ['pointerup', 'pointercancel']) document.addEventListener(type, () => setTimeout(release), true);

// redraw shows how everything stands by now.
function redraw() {
	stale = held > 0 || String(getSelection()) !== '' || document.activeElement.tagName === 'SELECT';
	if (stale || !now) return;
	keepingFocus($('nav'), drawNav);
	if (view.kind === 'events') refreshChart();
	if (view.kind === 'events' && !opened) keepingFocus($('detail'), drawAside);
	if (view.kind === 'deliveries') keepingFocus($('main'), drawDeliveries);
}

function onMessage(type, data) {
	if (type === 'open') fill($('connection'), 'live');
	if (type === 'closed') fill($('connection'), 'connecting …');
	$('connection').className = 'state ' + (type === 'closed' ? 'warn' : 'good');
	if (type === 'open') isFirst = data === '';
	if (type === 'state') {
		told(data);
		if (isFirst) catchUp();
		isFirst = false;
	}
	if (type === 'events') arrived(data);
	if (type === 'reset') missed();
}

let isFirst = false; // nothing was told before

// catchUp looks whether something came after the list was made, and before the stream began.
async function catchUp() {
	if (view.kind !== 'events') return;
	try {
		const [newest] = (await ask('events', { ...question(), limit: 1 })).events;
		if (newest && !(list.events[0] && list.events[0].key === newest.key)) missed();
	} catch { /* the list says so itself */ }
}

// missed is called when more may have come than was told.
function missed() {
	fresh.more += 1;
	if (view.kind === 'events' && list.selected < 0 && list.first === 0 && $('list').scrollTop === 0) listAnew();
	else drawPill();
}

// showGate is for whoever is no user.
function showGate(err) {
	if (!$('gate').hidden && $('key') && $('key').value) return; // somebody is entering it
	$('main').hidden = true;
	$('gate').hidden = false;
	const input = h('input', { type: 'password', id: 'key', autocomplete: 'off', spellcheck: 'false', 'aria-describedby': 'gate-why' });
	const use = () => {
		const address = /[#&]key=([^&]*)/.exec(input.value);
		key = asKey(address ? address[1] : input.value);
		keep('key', key);
		start();
	};
	input.addEventListener('keydown', (e) => { if (e.key === 'Enter') use(); });
	fill($('gate'), h('h2', {}, 'Who are you?'),
		h('p', { id: 'gate-why' }, err.message, ' ', err.remedy),
		mayCarryKey()
			? [h('p', {}, 'On the machine where Caddy runs, ', code('caddy webhook inspect'), ' prints the address of this page with its key.'), h('label', { for: 'key' }, 'Inspector’s key'), input, h('div', { class: 'actions' }, button('Open', use, { class: 'primary' }))]
			: note('warn', 'Over plain HTTP the key is not sent, except to this machine itself: anybody on the way could read it. Use HTTPS, or ssh -L to reach it at localhost.'));
	if (mayCarryKey()) input.focus();
}

let following = false;

async function start() {
	$('gate').hidden = true;
	try {
		now = null;
		told(await ask('state'));
	} catch (err) {
		if (err.status === 401 || err.status === 403) showGate(err);
		else {
			$('gate').hidden = false;
			fill($('gate'), failed(err), button('Try again', start));
		}
		return;
	}
	$('main').hidden = false;
	view = { kind: 'events', receiver: '' };
	drawNav();
	drawTop();
	listAnew();
	route();
	drawAside();
	if (!following) {
		following = true;
		await follow(onMessage);
		following = false;
	}
}

// Keys, except while something is being typed.
const keysAreOff = () => kept('keys', localStorageOrNothing()) === 'off';
function localStorageOrNothing() {
	try { return localStorage; } catch { return sessionStorage; }
}

function moveBy(step) {
	if (view.kind === 'events') {
		if (step > 0 && list.selected === list.events.length - 1 && !list.complete && !listing) lookFurther();
		select(Math.min(Math.max(list.selected + step, 0), list.events.length - 1), document.body.dataset.pane === 'detail' || innerWidth >= 720);
		return;
	}
	const rows = [...document.querySelectorAll('#rows .row')];
	const at = rows.findIndex((r) => r.getAttribute('aria-selected') === 'true');
	const next = rows[Math.min(Math.max(at + step, 0), rows.length - 1)];
	if (next) {
		next.click();
		const again = $(next.id);
		if (again) again.scrollIntoView({ block: 'nearest' });
	}
}

document.addEventListener('keydown', (e) => {
	const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(e.target.tagName);
	if (e.key === 'Escape' && !$('dialog').open) {
		if (typing) e.target.blur();
		else if (document.body.dataset.pane === 'detail') {
			document.body.dataset.pane = 'list';
			if ($('rows')) $('rows').focus();
		}
		return;
	}
	if (typing || e.ctrlKey || e.metaKey || e.altKey || $('dialog').open || $('main').hidden) return;
	const inList = e.target.id === 'rows';
	if (inList && (e.key === 'ArrowDown' || e.key === 'ArrowUp')) {
		e.preventDefault();
		moveBy(e.key === 'ArrowDown' ? 1 : -1);
		return;
	}
	if (e.key === 'Enter' && (inList || e.target === document.body) && view.kind === 'events' && list.selected >= 0) {
		openEvent(list.events[list.selected]);
		$('detail').focus();
		return;
	}
	if (keysAreOff()) return;
	if (e.key === 'j') moveBy(1);
	else if (e.key === 'k') moveBy(-1);
	else if (e.key === '?') showHelp();
	else if (e.key === '/') {
		e.preventDefault();
		$('search').focus();
		$('search').select();
	}
});

function showHelp() {
	const keys = [['j', 'next one'], ['k', 'the one before'], ['Enter', 'open it'], ['/', 'search'], ['Esc', 'back'], ['?', 'this help']];
	const box = h('input', { type: 'checkbox', checked: !keysAreOff(), onchange: (e) => keep('keys', e.target.checked ? 'on' : 'off', localStorageOrNothing()) });
	fill($('dialog'), h('h2', { id: 'dialog-title' }, 'Help'),
		h('p', {}, 'Events are shown as they are stored, the newest first. The search looks for a text in bodies, ids, types, subjects and stored headers of all files; an asterisk in Type or Subject stands for anything.'),
		h('table', {}, h('tbody', {}, keys.map(([k, text]) => h('tr', {}, h('td', {}, h('kbd', {}, k)), h('td', {}, text))))),
		h('label', { class: 'check' }, box, 'Letters and signs are keys'),
		h('p', { class: 'meta' }, 'Times are your browser’s; hover to see them in UTC.'),
		h('div', { class: 'actions' }, button('Close', () => $('dialog').close(), { class: 'primary' })));
	$('dialog').showModal();
}

$('help-button').addEventListener('click', showHelp);
$('search').addEventListener('change', (e) => {
	filter.text = e.target.value.trim();
	if (!now) return;
	if (view.kind !== 'events') location.hash = '#events';
	else {
		drawTop();
		listAnew();
	}
});
window.addEventListener('hashchange', route);
takeKey();
start();
