// tests/web/canonical.mjs - random JSON documents of the form that records have, each beside what npm's canonicalize makes of it.
//   node canonical.mjs COUNT SEED
// Written are, for each, the document with its members in any order, white space and escapes of any kind, a NUL, its canonical form, a NUL.
import { once } from 'node:events';
import canonicalize from 'canonicalize';

const MAX_DEPTH = 32; // JSON_MAX_DEPTH
const [count, seed] = process.argv.slice(2).map(Number);

// xorshift32: the same documents from the same seed on every machine
let state = (seed >>> 0) || 1;
function pick(n) {
	state ^= state << 13;
	state ^= state >>> 17;
	state ^= state << 5;
	return (state >>> 0) % n;
}
const one_of = (list) => list[pick(list.length)];

// Ranges of code points: first, how many.
const ranges = [
	[0x01, 0x1f], [0x20, 0x5f], [0x20, 0x5f], [0x7f, 0x21], [0xa0, 0x160], [0x2028, 2], [0x4e00, 0x100], [0xd7f0, 0x10],
	[0xe000, 0x10], [0xfb30, 0x10], [0xfeff, 1], [0xfff0, 0x10], [0x10000, 0x10], [0x1f600, 0x40], [0x10fff0, 0x10],
];
function code_point() {
	const [first, length] = one_of(ranges);
	return first + pick(length);
}
function text(most) {
	return Array.from({ length: pick(most + 1) }, () => String.fromCodePoint(code_point())).join('');
}
const known = ['', 'id', 'schema', 'edits', '__proto__', 'constructor', 'toJSON', 'length', '0', '1', '10', '2', '"', '\\', '/', '\u0080'];
// Names that agree for a while, so that their order is decided within.
const heads = ['', '', 'a', '\u20ac', '\ufb33', '\ud83d\ude00', '\uffff'];
const name = () => (pick(3) === 0 ? one_of(known) : one_of(heads) + text(3));

function integer() {
	switch (pick(4)) {
	case 0: return one_of(['0', '1', '-1', '9007199254740991', '-9007199254740991', '4294967296', '2147483648', '-2147483649', '1000000000000000']);
	case 1: return String(pick(10) - 5);
	default: return String((pick(2) ? -1 : 1) * (pick(0x200000) * 0x100000000 + pick(0xffffffff)) || 0);
	}
}

const short_escapes = { '"': '\\"', '\\': '\\\\', '\b': '\\b', '\f': '\\f', '\n': '\\n', '\r': '\\r', '\t': '\\t' };
function unit(u) {
	const hex = u.toString(16).padStart(4, '0');
	return `\\u${pick(2) ? hex : hex.toUpperCase()}`;
}
function string(s) {
	let out = '"';
	for (const c of s) {
		const how = pick(8);
		if (how === 0) for (let i = 0; i < c.length; i++) out += unit(c.charCodeAt(i));
		else if (short_escapes[c]) out += short_escapes[c];
		else if (c < ' ') out += unit(c.charCodeAt(0));
		else out += c === '/' && how === 1 ? '\\/' : c;
	}
	return `${out}"`;
}
const space = () => (pick(12) ? '' : one_of([' ', '\t', '\n', '\r\n', '    ']));
const around = (s) => space() + s + space();

function members(depth) {
	const names = new Set(Array.from({ length: pick(pick(12) ? 6 : 40) }, name));
	return [...names].map((key) => around(string(key)) + ':' + around(value(depth))).join(',');
}
function items(depth) {
	return Array.from({ length: pick(6) }, () => around(value(depth))).join(',');
}
function value(depth) {
	const what = pick(10);
	if (depth < 5 && what < 2) return `{${space()}${members(depth + 1)}}`;
	if (depth < 5 && what < 4) return `[${space()}${items(depth + 1)}]`;
	if (what < 7) return string(text(12));
	return what < 9 ? integer() : one_of(['true', 'false', 'null']);
}
// At most as deep as is allowed, and often exactly so.
function deep() {
	let out = value(5);
	for (let left = pick(2) ? MAX_DEPTH : pick(MAX_DEPTH); left > 0; left--) {
		out = pick(2) ? `[${around(out)}]` : `{${around(string(name()))}:${around(out)}}`;
	}
	return out;
}

for (let i = 0; i < count; i++) {
	const document = around(one_of([() => deep(), () => value(0), () => `{${members(1)}}`, () => `{${members(1)}}`, () => `[${items(1)}]`])());
	if (!process.stdout.write(`${document}\0${canonicalize(JSON.parse(document))}\0`)) await once(process.stdout, 'drain');
}
