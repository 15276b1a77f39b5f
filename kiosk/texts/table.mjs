// node table.mjs OUT.c LANGUAGE.json… - the texts of the screen as C tables (kiosk/texts_table.h). English says which keys there are.
import { readFileSync, writeFileSync } from 'node:fs';

const [out, ...files] = process.argv.slice(2);
const languages = files.map((file) => JSON.parse(readFileSync(file, 'utf8')));
const order = (a, b) => Number(b === 'en') - Number(a === 'en') || (a < b ? -1 : 1);
languages.sort((a, b) => order(a.language, b.language));

const english = languages[0];
if (english?.language !== 'en')
	throw new Error('there is no English');
const keys = Object.keys(english.texts).sort();

const quote = (text) => `"${[...Buffer.from(text, 'utf8')].map((byte) =>
	byte < 0x20 || byte > 0x7e || byte === 0x22 || byte === 0x5c || byte === 0x3f ? `\\${byte.toString(8).padStart(3, '0')}` : String.fromCharCode(byte)).join('')}"`;

function list(language, i) {
	for (const key of Object.keys(language.texts)) {
		if (!keys.includes(key))
			throw new Error(`${language.language}.json: there is no '${key}' in en.json`);
	}
	const lines = keys.map((key) => `\t${language.texts[key] ? quote(language.texts[key].text) : '0'},`);
	return `static const char *const list_${i}[] = {\n${lines.join('\n')}\n};\n`;
}

function entry(language, i) {
	const draft = keys.some((key) => !['official', 'reviewed'].includes(language.texts[key]?.status));
	return `\t{${[language.language, language.name, language.dir].map(quote).join(', ')}, ${draft}, list_${i}},`;
}

writeFileSync(out, `#include "kiosk/texts_table.h"

const char *const texts_keys[] = {
${keys.map((key) => `\t${quote(key)},`).join('\n')}
};
const size_t texts_keys_len = ${keys.length};

${languages.map(list).join('\n')}
const struct texts texts_table[] = {
${languages.map(entry).join('\n')}
};
const size_t texts_table_len = ${languages.length};
`);
