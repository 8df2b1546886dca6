// What there is to look at, and the last hour.

let now = null; // the state of everything, as the server told it last
let view = { kind: 'events', receiver: '' };

const receiverNamed = (name) => now.receivers.find((r) => r.name === name);
const receiversNamed = (name) => now.receivers.filter((r) => r.name === name); // several may have one name
const deliveries = () => now.receivers.flatMap((r) => r.deliveries || []);
const refusedOf = (r) => Object.entries(r.requests || {}).reduce((n, [outcome, of]) => n + (now.refused_outcomes.includes(outcome) ? of : 0), 0);

const outcomesText = (of) => Object.entries(of || {}).filter(([, n]) => n).map(([name, n]) => n.toLocaleString() + ' ' + name.replaceAll('_', ' ')).join(', ');

// standing is how a receiver stands, in a word.
function standing(r) {
	if ((r.outputs || []).some((o) => o.failing)) return ['bad', 'can’t store'];
	if ((r.warnings || []).some((w) => w.startsWith('everything is refused'))) return ['bad', 'refusing'];
	if ((r.warnings || []).some((w) => r.last_event || !w.startsWith('never verified'))) return ['warn', 'look at it'];
	if (r.last_event) return ['good', 'receiving'];
	return ['off', 'waiting'];
}

const deliveryKinds = { up: 'good', down: 'bad', held: 'warn', paused: 'warn', starting: 'off', standby: 'off' };

function drawNav() {
	const items = [['#events', 'All events', null]];
	for (const name of new Set(now.receivers.map((r) => r.name))) {
		const all = receiversNamed(name).map(standing);
		items.push(['#receiver=' + encodeURIComponent(name), name, ['bad', 'warn', 'good', 'off'].map((kind) => all.find((s) => s[0] === kind)).find(Boolean), 'Receivers']);
	}
	const refused = now.receivers.reduce((n, r) => n + refusedOf(r), 0);
	items.push(['#refused', 'Refused', refused ? ['bad', String(refused)] : null, 'Problems and deliveries']);
	const down = deliveries().filter((d) => d.state === 'down').length;
	const dead = deliveries().reduce((n, d) => n + d.dead_letters, 0);
	items.push(['#deliveries', 'Deliveries', down ? ['bad', 'down'] : dead ? ['warn', count(dead, 'dead letter')] : deliveries().length ? ['good', 'up'] : null, 'Problems and deliveries']);
	const current = addressOf(view);
	let group = '';
	fill($('nav'),
		h('select', { 'aria-label': 'What to look at', onchange: (e) => go(e.target.value) },
			items.map(([to, name, s]) => h('option', { value: to, selected: to === current }, name + (s ? ' – ' + s[1] : '')))),
		items.map(([to, name, s, of]) => {
			const title = of && of !== group ? h('h2', {}, of) : null;
			group = of || '';
			return [title, h('button', { type: 'button', 'aria-current': to === current ? 'true' : null, onclick: () => go(to) }, h('span', {}, name), s && state(s[0], s[1], { class: 'state meta ' + s[0] }))];
		}));
}

const addressOf = (v) => v.kind === 'events' ? (v.receiver ? '#receiver=' + encodeURIComponent(v.receiver) : '#events') : '#' + v.kind;

// drawChart shows the last hour by minutes: stored, and on top refused.
function drawChart() {
	const of = now.receivers.filter((r) => !view.receiver || r.name === view.receiver);
	const minutes = Array.from({ length: 60 }, (_, i) => of.reduce((sum, r) => [sum[0] + r.minutes[i][0], sum[1] + r.minutes[i][1]], [0, 0]));
	const stored = minutes.reduce((n, m) => n + m[0], 0);
	const refused = minutes.reduce((n, m) => n + m[1], 0);
	const most = Math.max(1, ...minutes.map((m) => m[0] + m[1]));
	const text = 'Last hour: ' + count(stored, 'event') + (refused ? ', ' + refused.toLocaleString() + ' refused' : '');
	const chart = h('div', { class: 'chart', role: 'img', 'aria-label': text });
	minutes.forEach(([s, r], i) => {
		const bar = h('span', { title: (59 - i) + ' min ago: ' + count(s, 'event') + (r ? ', ' + r + ' refused' : '') }, h('i', {}), h('b', {}));
		for (const [e, n] of [[bar.firstChild, r], [bar.lastChild, s]]) {
			e.style.height = n ? 'max(2px, ' + (100 * n / most) + '%)' : '0';
		}
		chart.append(bar);
	});
	return h('figure', {}, chart, h('figcaption', { class: 'meta' }, text));
}
