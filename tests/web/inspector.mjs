// inspector.mjs - one page of the kiosk in whatever browser shows it: axe-core, then targets, contrast, overlaps and weight out of the document.
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { look } from './look.mjs';

const TOUCH = 60, CONTRAST = 4.5, EDGE_CONTRAST = 3;
const HEAVIEST = 100 * 1024;
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export class Inspector {
	// brief: visits are short. long: axe looks at each page at each size, and not at one only.
	constructor(browser, { kind, sizes, shots, brief, long }) {
		Object.assign(this, { browser, kind, sizes, shots, brief, long, faults: [], pages: new Set(), looks: 0, keys: new Set() });
		if (shots)
			mkdirSync(shots, { recursive: true });
	}

	// fits: all of it is in sight without scrolling, on a screen of each size.
	async page(name, { fits = false } = {}) {
		const b = this.browser;
		const say = (fault) => this.faults.push(`${this.kind} ${name}: ${fault}`);

		(await b.run(strange)).forEach(say);
		const weight = await b.run(weigh);
		if (weight > HEAVIEST)
			say(`it weighs ${weight} bytes`);
		await b.run(`() => { ${axe} }`);
		let searched = false;
		for (const [size, [width, height]] of Object.entries(this.sizes)) {
			await b.size(width, height);
			if (!searched || this.long)
				(await b.run(search)).forEach((f) => say(`${size}: axe ${f}`));
			searched = true;
			(await b.run(look, TOUCH, CONTRAST, EDGE_CONTRAST)).forEach((f) => say(`${size}: ${f}`));
			const tall = await b.run(() => document.documentElement.scrollHeight);
			if (fits && tall > height)
				say(`${size}: the page is ${tall} px high`);
			if (this.shots)
				await b.shot(path.join(this.shots, `${this.kind}-${name}-${size}.png`));
			this.looks++;
		}
		this.pages.add(name);
	}

	// Keys alone reach each control of the page, in its order, and one sees where the focus is.
	async reach(name) {
		const b = this.browser;
		const missing = new Set(await b.run(controlsByKey));
		const count = missing.size;
		let last = -1;

		for (let i = 0; i < count + 3 && missing.size > 0; i++) {
			await b.key('Tab');
			const { at, what, fault } = await b.run(focused);
			if (fault)
				this.faults.push(`${this.kind} ${name}: ${what} ${fault}`);
			if (at >= 0 && at < last && missing.has(at))
				this.faults.push(`${this.kind} ${name}: ${what} comes out of turn`);
			last = Math.max(last, at);
			missing.delete(at);
		}
		if (missing.size > 0)
			this.faults.push(`${this.kind} ${name}: keys do not reach controls ${[...missing]} of ${count}`);
		this.keys.add(name);
	}

	async tabTo(selector) {
		for (let i = 0; i < 40; i++) {
			if (await this.browser.run((s) => document.activeElement.matches(s), selector))
				return;
			await this.browser.key('Tab');
		}
		throw new Error(`keys do not reach ${selector}`);
	}

	async press(selector) {
		await this.tabTo(selector);
		await this.browser.goByKey();
	}
}

function strange() {
	const faults = [];
	if (!document.body.matches('.kiosk-typing') && document.querySelector('[style], style, script:not([src])'))
		faults.push('there is inline style or script');
	if (/[{}]/.test(document.body.innerText))
		faults.push('a placeholder is left over');
	if (document.querySelector('[role=alert], .nhsuk-error-summary') && document.querySelector('textarea')) {
		const field = document.querySelector('textarea');
		if (field.getAttribute('aria-invalid') !== 'true' || !document.getElementById(field.getAttribute('aria-describedby').split(' ')[0]))
			faults.push('the field does not say that it is at fault');
	}
	return faults;
}

// All that the page consists of, also what came with the page before; neither a sound nor what the patient wrote is part of it.
function weigh() {
	const written = new TextEncoder().encode(document.querySelector('textarea')?.defaultValue ?? '').length;
	return -written + ['navigation', 'resource'].flatMap((type) => performance.getEntriesByType(type)).filter((e) => !e.name.includes('/say/')).reduce((sum, e) => sum + (e.decodedBodySize ?? 0), 0);
}

function search() {
	const said = (v) => `${v.id}: ${v.nodes.map((n) => n.target).join(', ')}`;
	return axe.run(document, { resultTypes: ['violations'] }).then((r) => r.violations.map(said));
}

function controlsByKey() {
	const seen = (e) => e.getClientRects().length > 0 && getComputedStyle(e).visibility === 'visible' && e.tabIndex >= 0;
	const top = document.querySelector('dialog[open]') ?? document.body;
	window.inTurn = [...top.querySelectorAll('button, a[href], textarea, input:not([type=hidden])')].filter(seen);
	return window.inTurn.map((e, i) => i);
}

function focused() {
	const e = document.activeElement;
	const at = window.inTurn.indexOf(e);
	if (at < 0)
		return { at };
	// A checkbox lies unseen over its label, which shows the focus for it.
	const shows = e.type === 'checkbox' ? document.querySelector(`label[for="${e.id}"]`) : e;
	const style = getComputedStyle(shows), box = e.getBoundingClientRect();
	const what = `'${(e.textContent || e.id).trim().slice(0, 30)}'`;
	if (style.outlineStyle === 'none' || parseFloat(style.outlineWidth) < 3)
		return { at, what, fault: 'does not show that it is in focus' };
	if (box.bottom < 1 || box.top > innerHeight - 1)
		return { at, what, fault: 'is in focus out of sight' };
	return { at, what };
}
