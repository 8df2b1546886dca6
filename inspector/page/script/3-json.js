// JSON is indented without being parsed: numbers and repeated keys stay as they were sent. Of
// escapes, letters and signs that can be seen are shown as what they stand for.

const tokens = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+|\s+|"/g;
const opens = (t) => t === '{' || t === '[';
const closes = (t) => t === '}' || t === ']';
const escapes = /\\u(?:d[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}|[0-9a-f]{4})|\\./gi;
const readable = (t) => t.replace(escapes, (e) => {
	if (e[1] !== 'u' || e.length < 6) return e;
	const c = String.fromCharCode(...e.split('\\u').slice(1).map((hex) => parseInt(hex, 16)));
	return /^[\p{L}\p{N}\p{P}\p{S}]$/u.test(c) && c !== '"' && c !== '\\' ? c : e;
});

const maxLines = 30000; // more, made of nothing but brackets, would keep the browser busy

// indented returns a text of JSON in lines, with its keys marked, as nodes; null if it is too large for that.
function indented(text) {
	if (text.length > 256 << 10) return null;
	const all = text.match(tokens).filter((t) => t.trim() !== '' && t !== '\ufeff');
	if (all.filter((t) => opens(t) || closes(t) || t === ',').length > maxLines) return null;
	const out = document.createDocumentFragment();
	let depth = 0;
	let plain = '';
	const line = () => { plain += '\n' + '  '.repeat(Math.min(depth, 40)); };
	all.forEach((t, i) => {
		const before = all[i - 1] || '';
		if (closes(t)) {
			depth--;
			if (!opens(before)) line();
		} else if (opens(before) || before === ',') {
			line();
		}
		if (t[0] === '"' && all[i + 1] === ':') {
			out.append(plain, h('span', { class: 'key' }, readable(t)));
			plain = '';
		} else {
			plain += t === ':' ? ': ' : t[0] === '"' ? readable(t) : t;
		}
		if (opens(t)) depth++;
	});
	out.append(plain);
	return out;
}

function isJSON(text) {
	try {
		JSON.parse(text.replace(/^\ufeff/, ''));
		return true;
	} catch {
		return false;
	}
}
