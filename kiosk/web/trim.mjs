// node trim.mjs FILE.css - takes out of a style sheet what no kiosk can need: rules for paper and for forced colours of a desktop.
import { readFileSync, writeFileSync } from 'node:fs';

const [file] = process.argv.slice(2);
const css = readFileSync(file, 'utf8');
const needless = /@media [^{]*(\bprint\b|forced-colors|-ms-high-contrast)[^{]*\{/g;
let out = '', from = 0, found;
while ((found = needless.exec(css))) {
	out += css.slice(from, found.index);
	let depth = 1;
	for (from = needless.lastIndex; depth > 0; from++) depth += { '{': 1, '}': -1 }[css[from]] ?? 0;
	needless.lastIndex = from;
}
writeFileSync(file, out + css.slice(from));
