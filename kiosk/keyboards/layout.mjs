// layout.mjs - a keyboard file, and the English one, as the page's script takes them: rows by layer for simple-keyboard, and where each key that
// changes the layer leads. As a program: node layout.mjs OUT.js LANGUAGE.json ENGLISH.json
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const bottom = (more, stops) => [...more, stops[1], '{space}', stops[0], '{enter}', '{bksp}', '{done}'].join(' ');

const sample = (rows, row, between) => rows[row].split(' ').slice(0, 3).join(between);

// {shift} leads to the other case and, one letter later, back; {numbers} and {latin} stay until touched again.
export function layout(own, english) {
	const latin = own.latin ? ['{latin}'] : [];
	const layers = {};
	for (const [name, rows] of Object.entries(own.layers)) layers[name] = [...rows, bottom([name === 'numbers' ? '{letters}' : '{numbers}', ...latin], own.stops)];
	if (own.latin) {
		for (const [name, from] of [['latin', 'letters'], ['latin_shift', 'shift']])
			layers[name] = [...english.layers[from], bottom(['{numbers}', '{letters}'], english.stops)];
	}
	return {
		language: own.language,
		labels: {
			letters: own.latin ? sample(own.layers.letters, 1, ' ') : 'abc', shift: own.shift_label ?? 'ABC',
			...(own.latin ? { latin: 'abc', latin_shift: 'ABC' } : {}),
		},
		layers,
		goes: {
			'{shift}': { letters: 'shift', shift: 'letters', ...(own.latin ? { latin: 'latin_shift', latin_shift: 'latin' } : {}) },
			'{numbers}': Object.fromEntries(Object.keys(layers).filter((name) => name !== 'numbers').map((name) => [name, 'numbers'])),
			'{letters}': Object.fromEntries(Object.keys(layers).map((name) => [name, 'letters'])),
			...(own.latin ? { '{latin}': Object.fromEntries(Object.keys(layers).map((name) => [name, 'latin'])) } : {}),
		},
	};
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	const [out, ...files] = process.argv.slice(2);
	const [own, english] = files.map((file) => JSON.parse(readFileSync(file, 'utf8')));
	writeFileSync(out, `window.kioskKeyboard = ${JSON.stringify(layout(own, english))};\n`);
}
