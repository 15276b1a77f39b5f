// node texts.mjs - what the screen says (kiosk/texts) and the survey that is shipped (client/surveys), in each language: complete, translated,
// placeholders kept, status told, and every letter in the font that the style sheet names for the language.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';

const source = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', '..');
const read = (...parts) => JSON.parse(readFileSync(path.join(source, ...parts), 'utf8'));
const LANGUAGES = ['ar', 'bn', 'en', 'gu', 'hi', 'pa', 'pl', 'pt', 'ro', 'so', 'ur'];
const RIGHT_TO_LEFT = ['ar', 'ur'];
const SCRIPTS = { ar: 'Arabic', ur: 'Arabic', bn: 'Bengali', gu: 'Gujarati', hi: 'Devanagari', pa: 'Gurmukhi' };
const STATUSES = ['official', 'reviewed', 'draft'];
const SAME_EVERYWHERE = /\bNHS\b|\{[a-z]+\}/g;

const texts = Object.fromEntries(LANGUAGES.map((language) => [language, read('kiosk', 'texts', `${language}.json`)]));
const english = texts.en.texts;
const fft = read('client', 'surveys', 'fft-1.json');
const wordings = [...fft.questions.map((q) => q.text), ...fft.questions.flatMap((q) => (q.options ?? []).map((o) => o.text))];
const placeholders = (text) => (text.match(/\{[a-z]+\}/g) ?? []).sort();

const everyText = (language) => [
	...Object.entries(texts[language].texts),
	...wordings.map((w, i) => [`fft ${i + 1}`, w[language]]),
];

test('the program carries exactly the languages of the issue', () => {
	assert.deepEqual(readdirSync(path.join(source, 'kiosk', 'texts')).filter((f) => f.endsWith('.json')).sort(), LANGUAGES.map((l) => `${l}.json`));
});

for (const language of LANGUAGES) {
	const own = texts[language];
	test(`${language}: has every key of English, in its order, and no other`, () => {
		assert.equal(own.language, language);
		assert.equal(own.dir, RIGHT_TO_LEFT.includes(language) ? 'rtl' : 'ltr');
		assert.deepEqual(Object.keys(own.texts), Object.keys(english));
		for (const wording of wordings) assert.ok(wording[language], `the survey lacks ${language}`);
	});
	test(`${language}: each text has a status, and an official one of the screen its source`, () => {
		for (const [key, entry] of everyText(language)) {
			assert.ok(STATUSES.includes(entry.status), `${key} has no status`);
			if (entry.status === 'official' && english[key]) assert.match(entry.source ?? '', /^https:\/\//, key);
		}
	});
	test(`${language}: placeholders are kept, and no text is empty or padded`, () => {
		for (const [key, entry] of Object.entries(own.texts)) {
			assert.deepEqual(placeholders(entry.text), placeholders(english[key].text), key);
			assert.equal(entry.text, entry.text.trim().replace(/\s+/g, ' '), key);
			assert.ok(entry.text, key);
			assert.equal(entry.text, entry.text.normalize('NFC'), `${key} is not in NFC`);
		}
	});
	test(`${language}: every letter is in the font that the style sheet names`, () => {
		const [latin, script] = [glyphs('Noto Sans'), glyphs(family(language))];
		const covered = (c) => latin(c) || script(c);
		for (const [key, entry] of [...everyText(language), ['name', { text: own.name }]]) {
			for (const c of entry.text) assert.ok(covered(c), `${key}: ${family(language)} lacks U+${c.codePointAt(0).toString(16)} (${c})`);
		}
	});
}

test('English is the only language that ships on: all of it reviewed or official, in each other one something is draft', () => {
	for (const language of LANGUAGES) {
		const draft = everyText(language).some(([, entry]) => entry.status === 'draft');
		assert.equal(draft, language !== 'en', language);
	}
});

for (const language of LANGUAGES.filter((l) => l !== 'en')) {
	test(`${language}: no English is left over`, () => {
		for (const [key, entry] of everyText(language)) {
			const plain = entry.text.replace(SAME_EVERYWHERE, '');
			if (SCRIPTS[language]) {
				assert.doesNotMatch(plain, /[A-Za-z]/, key);
				assert.match(plain, new RegExp(`\\p{Script=${SCRIPTS[language]}}`, 'u'), key);
			}
			assert.notEqual(entry.text, english[key]?.text ?? wordings[Number(key.slice(4)) - 1]?.en.text, key);
		}
	});
}

function family(language) {
	const scss = readFileSync(path.join(source, 'kiosk', 'web', 'main.scss'), 'utf8');
	const named = scss.match(new RegExp(`^  "?${language}"?: "([^"]+)"`, 'm'));
	assert.ok(named, `main.scss names no font for ${language}`);
	return named[1];
}

// What the regular and the bold face of the family have in common; of nothing else than what fontconfig finds under that very name.
function glyphs(name) {
	const faces = ['regular', 'bold'].map((style) => {
		const found = execFileSync('fc-list', [`:family=${name}:style=${style}`, '--format=%{charset}\n'], { encoding: 'utf8' }).trim().split('\n');
		assert.ok(found[0], `the ${style} face of ${name} is not installed`);
		return found[0].split(' ').map((range) => range.split('-').map((hex) => parseInt(hex, 16)));
	});
	return (c) => faces.every((ranges) => ranges.some(([first, last]) => c.codePointAt(0) >= first && c.codePointAt(0) <= (last ?? first)));
}
