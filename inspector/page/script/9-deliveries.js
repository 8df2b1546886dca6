// Deliveries: how they stand, what was tried, and what can be done.

let attempts = [];
let attemptsSeen = 0;
let deliveryShown = '';
let attemptsMore = false;

async function loadAttempts() {
	const answer = await ask('attempts?after=' + attemptsSeen);
	attempts = attempts.concat(answer.attempts).slice(-1000);
	if (answer.attempts.length) attemptsSeen = answer.attempts[answer.attempts.length - 1].seq;
}

const idOf = (d) => d.receiver + '/' + d.name;
const fileOf = (d) => d.dead_file; // which no other delivery has, also of receivers of one name

async function showDeliveries() {
	fill($('top'));
	drawDeliveries();
	try {
		await loadAttempts();
		if (view.kind === 'deliveries') drawDeliveries();
	} catch (err) {
		if (view.kind === 'deliveries') fill($('top'), failed(err));
	}
}

function drawDeliveries() {
	const all = deliveries();
	if (!all.some((d) => fileOf(d) === deliveryShown)) deliveryShown = all.length ? fileOf(all[0]) : '';
	fill($('list'), all.length
		? h('div', { id: 'rows', role: 'listbox', 'aria-label': 'Deliveries', tabindex: '0' }, all.map((d, i) => h('div', { class: 'row', role: 'option', id: 'row' + i, 'aria-selected': String(fileOf(d) === deliveryShown), onclick: () => { deliveryShown = fileOf(d); attemptsMore = false; showDetail(); drawDeliveries(); } },
			h('span', { class: 'name' }, idOf(d)), d.last_attempt ? when(d.last_attempt) : h('span', {}),
			h('span', { class: 'second' }, backlogText(d)), state(deliveryKinds[d.state] || 'off', d.state))))
		: h('div', { class: 'empty' }, h('p', {}, 'Events are stored, and sent to nobody.'), h('p', {}, 'Add ', code('deliver http://localhost:3000/webhooks'), ' to a receiver to have them sent on to your application.')));
	const shown = all.find((d) => fileOf(d) === deliveryShown);
	if (shown) drawDelivery(shown);
	else fill($('detail'), backButton());
}

function backlogText(d) {
	const parts = [];
	if (d.backlog_bytes || d.undone) parts.push(count(d.undone, 'event') + ' not taken yet' + (d.backlog_bytes ? ', ' + bytes(d.backlog_bytes) + ' not read' : ''));
	if (d.dead_letters) parts.push(count(d.dead_letters, 'dead letter'));
	return parts.join(' · ') || 'nothing waits';
}

let deliverySaid = null;

function drawDelivery(d) {
	if (!deliverySaid || deliverySaid.of !== fileOf(d)) deliverySaid = { of: fileOf(d), box: h('div', { 'aria-live': 'polite' }) };
	const said = deliverySaid.box;
	const go_ = (action) => act(said, { action, receiver: d.receiver, delivery: d.name });
	const of = attempts.filter((a) => a.receiver === d.receiver && a.delivery === d.name).reverse();
	const shown = of.slice(0, attemptsMore ? inPage : 25);
	const scroll = $('detail').scrollTop;
	fill($('detail'), backButton(),
		h('h2', {}, idOf(d)), h('p', {}, state(deliveryKinds[d.state] || 'off', d.state), d.since && [' since ', when(d.since, true)], d.held_until && [' until ', when(d.held_until)]),
		(d.warnings || []).map((w) => note('warn', sentence(w))),
		d.last_error && !(d.warnings || []).some((w) => w.includes(d.last_error)) && note(d.state === 'up' ? '' : 'bad', h('p', {}, 'Last failure: ' + d.last_error)),
		facts(['Sends to', code(d.url)], ['Backlog', backlogText(d)], ['Being tried again', d.retrying || false], ['Oldest that waits', d.oldest && [when(d.oldest, true), ' (' + ago(d.oldest) + ')']],
			['Last attempt', when(d.last_attempt, true)], ['Last taken', when(d.last_taken, true)],
			['Since the start', outcomesText(d.outcomes)],
			['Dead letters', [d.dead_letters ? count(d.dead_letters, 'event') + ' in ' : 'none; they would be in ', code(d.dead_file)]]),
		!now.read_only && h('div', { class: 'actions' },
			d.state === 'paused' ? button('Resume', () => go_('resume'), { class: 'primary' }) : button('Pause', () => confirmed('Pause this delivery?', 'Nothing is sent to ' + d.name + ' until it is resumed, over restarts too. Events are received and kept meanwhile.', 'Pause', () => go_('pause'))),
			button('Send dead letters again', () => confirmed('Send the dead letters again?', 'All ' + d.dead_letters + ' of them are sent again, with new retries.', 'Send them', () => go_('retry')), { disabled: !d.dead_letters }),
			button('Give up the oldest', () => confirmed('Give up the oldest event?', 'The oldest event that was tried and not taken goes to the dead letters at once.', 'Give it up', () => go_('skip')), { disabled: !d.retrying })),
		said,
		h('h3', {}, 'Last attempts'),
		of.length ? h('div', { class: 'scroll', tabindex: '0' }, h('table', {},
			h('thead', {}, h('tr', {}, ['Time', 'Event', 'No.', 'Answer'].map((t) => h('th', { scope: 'col' }, t)))),
			h('tbody', {}, shown.map((a) => h('tr', {}, h('td', {}, when(a.time)), h('td', {}, button(a.type || a.id, () => go('#event=' + encodeURIComponent(a.id)), { class: 'link', title: a.id }), a.subject && h('div', { class: 'meta' }, a.subject)), h('td', {}, a.attempt),
				h('td', {}, state(a.taken ? 'good' : 'bad', (a.status || 'none') + ', ' + a.took_ms + ' ms'), a.again && h('span', { class: 'meta' }, ' by hand'), a.reason && h('div', { class: 'meta' }, a.reason)))))))
			: h('p', {}, 'None since Caddy was started.'),
		shown.length < of.length && !attemptsMore && h('p', {}, button('Show up to ' + Math.min(inPage, of.length), () => { attemptsMore = true; drawDelivery(d); })),
		of.length > inPage && attemptsMore && h('p', { class: 'meta' }, 'The last ' + inPage + ' of ' + of.length + '.'));
	$('detail').scrollTop = scroll;
}
