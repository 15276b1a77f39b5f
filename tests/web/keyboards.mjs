// node keyboards.mjs - the keyboards of the screen (kiosk/keyboards): each can write the alphabet that its file lists with its source, capitals,
// digits and punctuation, has a way back to English letters and digits, and fits a screen of 800 px with keys of 60 px.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { layout } from '../../kiosk/keyboards/layout.mjs';

const source = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', '..', 'kiosk');
const files = readdirSync(path.join(source, 'keyboards')).filter((f) => f.endsWith('.json')).sort();
const read = (file) => JSON.parse(readFileSync(path.join(source, 'keyboards', file), 'utf8'));
const english = read('en.json');
const PUNCTUATION = ['.', ',', '!', "'", '"', '(', ')', '-', ':', '@', '&', '/', '%', '+', '£'];
const QUESTION_MARK = { ar: '؟', ur: '؟' };
const MOST_KEYS = 12, MOST_ROWS = 4;
const NATIVE_ZERO = { gu: 0xae6, pa: 0xa66, hi: 0x966, bn: 0x9e6, ar: 0x660, ur: 0x6f0 };

const keysOf = (rows) => rows.flatMap((row) => row.split(' '));
const isFunction = (key) => /^\{.+\}$/.test(key);

test('there is a keyboard for each language of the screen', () => {
	assert.deepEqual(files, readdirSync(path.join(source, 'texts')).filter((f) => f.endsWith('.json')).sort());
});

for (const file of files) {
	const own = read(file);
	const language = own.language;
	const made = layout(own, english);
	const typable = Object.values(made.layers).flatMap(keysOf).filter((key) => !isFunction(key));
	const own_keys = [...['letters', 'shift', 'numbers'].flatMap((layer) => keysOf(own.layers[layer])), ...own.stops];
	const has = (text) => own_keys.includes(text) || [...text].every((c) => own_keys.includes(c));

	test(`${language}: says where its alphabet is from, and whether a reader has reviewed it`, () => {
		assert.equal(`${language}.json`, file);
		assert.match(own.alphabet_source, /CLDR \d+/);
		assert.ok(['reviewed', 'draft'].includes(own.status));
	});
	test(`${language}: every letter of the alphabet can be typed, capitals too`, () => {
		for (const letter of own.alphabet.split(' ')) {
			assert.ok(has(letter), `${letter} is missing`);
			const capital = letter.toLocaleUpperCase(language);
			assert.ok(capital === letter || keysOf(own.layers.shift).includes(capital), `${capital} is missing`);
		}
	});
	test(`${language}: digits, its own too, and punctuation can be typed`, () => {
		for (let digit = 0; digit < 10; digit++) {
			assert.ok(keysOf(own.layers.numbers).includes(String(digit)), `${digit} is missing`);
			const native = NATIVE_ZERO[language] && String.fromCodePoint(NATIVE_ZERO[language] + digit);
			assert.ok(!native || own_keys.includes(native), `${native} is missing`);
		}
		for (const mark of [...PUNCTUATION, QUESTION_MARK[language] ?? '?', ...own.stops]) assert.ok(typable.includes(mark), `${mark} is missing`);
	});
	test(`${language}: English letters can be typed for a name or an address`, () => {
		for (const letter of 'abcdefghijklmnopqrstuvwxyz') {
			assert.ok(typable.includes(letter), `${letter} is missing`);
			assert.ok(typable.includes(letter.toUpperCase()), `${letter.toUpperCase()} is missing`);
		}
	});
	test(`${language}: every layer leads back to the first one, and has space, delete, new line and done`, () => {
		for (const [name, rows] of Object.entries(made.layers)) {
			const keys = keysOf(rows);
			for (const key of ['{space}', '{bksp}', '{enter}', '{done}']) assert.ok(keys.includes(key), `${name} lacks ${key}`);
			for (const key of keys.filter((k) => made.goes[k])) assert.ok(made.layers[made.goes[key][name]], `${key} on ${name} leads nowhere`);
			assert.ok(reaches(made, name, 'letters'), `no way from ${name} to the first layer`);
			assert.ok(reaches(made, 'letters', name), `no way to ${name}`);
		}
	});
	test(`${language}: no key stands twice on a layer, and rows fit a small screen`, () => {
		for (const [name, rows] of Object.entries(made.layers)) {
			assert.ok(rows.length <= MOST_ROWS + 1, `${name} has ${rows.length} rows`);
			for (const row of rows) assert.ok(row.split(' ').length <= MOST_KEYS, `too many keys in '${row}'`);
			const keys = keysOf(rows);
			assert.deepEqual(keys.filter((key, i) => keys.indexOf(key) !== i), [], name);
			for (const key of keys) assert.equal(key, key.normalize('NFC'));
		}
	});
}

function reaches(made, from, to) {
	const seen = new Set([from]);
	for (const layer of seen) {
		for (const key of keysOf(made.layers[layer])) {
			if (made.goes[key]?.[layer]) seen.add(made.goes[key][layer]);
		}
	}
	return seen.has(to);
}
