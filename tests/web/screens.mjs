// node screens.mjs URL [--browser chromium|webkitgtk|wpe] [--languages en,ur] [--screenshots DIR] - every page of the kiosk in every language that it
// offers, at two sizes of screen: axe-core finds nothing, targets and contrast are computed from the document, nothing is out of reach. Ends with
// "ok", or says page by page what is wrong.
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { browser } from './browsers.mjs';
import { look } from './look.mjs';

const SCREENS = { large: [1280, 800], small: [800, 480] };
const TOUCH = 60, CONTRAST = 4.5;
const PIN = '194837';
const COMMENT = 'Dr A. Sample, 07700 900123, LE8 0SE';
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const args = process.argv.slice(2);
const option = (name) => (args.includes(name) ? args.splice(args.indexOf(name), 2)[1] : undefined);
const kind = option('--browser') ?? 'chromium', only = option('--languages')?.split(','), shots = option('--screenshots');
const [url] = args;
if (!url) {
	console.error('usage: node screens.mjs URL [--browser chromium|webkitgtk|wpe] [--languages en,ur] [--screenshots DIR]');
	process.exit(2);
}
if (shots)
	mkdirSync(shots, { recursive: true });

const faults = [];
let looks = 0;
const b = await browser(kind);

async function inspect(name, { scrolls = true } = {}) {
	const say = (fault) => faults.push(`${name}: ${fault}`);
	if (await b.run(() => !document.body.matches('.kiosk-typing') && Boolean(document.querySelector('[style], style, script:not([src])'))))
		say('there is inline style or script');
	await b.run(`() => { ${axe} }`);
	const found = await b.run(() => axe.run(document, { resultTypes: ['violations'] }).then((r) => r.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target).join(', ')}`)));
	found.forEach((f) => say(`axe ${f}`));
	for (const [screen, [width, height]] of Object.entries(SCREENS)) {
		await b.size(width, height);
		const [inner, tall] = await b.run(() => [innerWidth, document.documentElement.scrollHeight]);
		(await b.run(look, TOUCH, CONTRAST, inner)).forEach((f) => say(`${screen}: ${f}`));
		if (!scrolls && kind === 'chromium' && tall > height)
			say(`${screen}: the page is ${tall} px high`);
		if (shots)
			await b.shot(path.join(shots, `${kind}-${name}-${screen}.png`));
	}
	looks++;
}

async function kept(language) {
	await b.open(url);
	await b.go(`[name=language][value=${language}]`);
	await inspect(`${language}-choice`, { scrolls: false });
	await b.go('[name=go][value=larger]');
	await b.go('[name=go][value=contrast]');
	await inspect(`${language}-choice-larger-contrast`);
	await b.go('[name=answer][value=good]');
	await inspect(`${language}-text-larger-contrast`);
	await b.go('[name=go][value=smaller]');
	await b.go('[name=go][value=colours]');
	await inspect(`${language}-text`);
	await b.run(() => document.querySelector('#comment').focus());
	await b.until(() => !document.querySelector('#keyboard').hidden);
	await inspect(`${language}-text-keyboard`);
	await b.run((comment) => { document.querySelector('#comment').value = comment; }, COMMENT);
	await b.go('[name=go][value=send]');
	await inspect(`${language}-personal`);
	await b.go('[name=go][value=keep]');
	await inspect(`${language}-thanks`);
	if (!(await b.run(() => Boolean(document.querySelector('[name=survey]')))))
		return;
	await b.go('[name=survey]');
	for (let left = 10; left > 0 && (await b.run(() => Boolean(document.querySelector('[name=answer]')))); left--) {
		await inspect(`${language}-${await b.run(() => document.body.dataset.kind)}-further`);
		await b.go('[name=answer]');
	}
}

async function refused(language) {
	await b.open(url);
	await b.go(`[name=language][value=${language}]`);
	await b.run(() => { document.querySelector('[name=state]').value = 'made-up'; });
	await b.go('[name=answer]');
	await inspect(`${language}-message`);
}

async function forStaff() {
	await b.open(new URL('/status', url).href);
	await inspect('status', { scrolls: false });
	await b.go('[href="/staff"]');
	await inspect('staff-pin', { scrolls: false });
	for (const key of [...PIN, 'open'])
		await b.go(`[name=go][value="${key}"]`);
	if (!(await b.run(() => document.body.matches('.kiosk-page--staff'))))
		faults.push('staff: the PIN does not open it');
	await inspect('staff');
}

try {
	await b.size(...SCREENS.large);
	await b.open(url);
	const offered = await b.run(() => [...document.querySelectorAll('[name=language]')].map((e) => e.value));
	await inspect('languages', { scrolls: false });
	for (const language of offered.filter((l) => !only || only.includes(l)))
		await kept(language);
	for (const language of offered.filter((l) => !only || only.includes(l)).slice(0, 2))
		await refused(language);
	await forStaff();
	faults.push(...b.faults);
	if (offered.length < 2)
		faults.push('the kiosk offers no choice of languages');
} catch (e) {
	faults.push(e.stack);
} finally {
	await b.close();
}
for (const fault of faults)
	console.error(fault);
console.log(faults.length ? `${faults.length} faults on ${looks} pages` : `ok: ${looks} pages in ${kind}`);
process.exitCode = faults.length ? 1 : 0;
