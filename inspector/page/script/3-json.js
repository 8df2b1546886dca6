// JSON is indented without being parsed: numbers, escapes and repeated keys stay as they were sent.

const tokens = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+|\s+|"/g;
const opens = (t) => t === '{' || t === '[';
const closes = (t) => t === '}' || t === ']';

// indented returns a text of JSON in lines, with its keys marked, as nodes; null if it is too large for that.
function indented(text) {
	if (text.length > 256 << 10) return null;
	const all = text.match(tokens).filter((t) => t.trim() !== '' && t !== '\ufeff');
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
			out.append(plain, h('span', { class: 'key' }, t));
			plain = '';
		} else {
			plain += t === ':' ? ': ' : t;
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
