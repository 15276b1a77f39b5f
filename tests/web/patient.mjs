// node patient.mjs URL - what a patient meets on the kiosk's pages in Chromium beyond what each page looks like: weight, keys alone, the keyboard on
// the screen, reading aloud, silence, and no way back to what somebody wrote. Ends with "ok", or says which of it does not hold.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

const HEAVIEST = 100 * 1024;
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const [url] = process.argv.slice(2);
if (!url) {
	console.error('usage: node patient.mjs URL');
	process.exit(2);
}
const { origin } = new URL(url);
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true, args: FLAGS });

const press = (page, name, value) => page.locator(`button[name="${name}"][value="${value}"]`).click();
async function toComment(page, language) {
	await page.goto(url);
	await press(page, 'language', language);
	await press(page, 'answer', 'good');
	await page.locator('#comment').waitFor();
}

const behaviours = {
	async 'a page weighs at most 100 kB with all that it loads, its own keyboard only, and nothing from elsewhere'(page) {
		let bytes = 0;
		const loaded = [];
		await page.route('**', async (route) => {
			const answer = await route.fetch();
			bytes += (await answer.body()).length;
			loaded.push(route.request().url());
			await route.fulfill({ response: answer });
		});
		await page.goto(url);
		assert.ok(bytes <= HEAVIEST, `the first page weighs ${bytes}`);
		await press(page, 'language', 'gu');
		await page.locator('[name=answer]').first().waitFor();
		const answered = page.waitForResponse((r) => r.url().endsWith('/step') && r.request().method() === 'POST');
		await press(page, 'answer', 'good');
		await page.waitForFunction(() => window.kioskKeyboard && window.SimpleKeyboard);
		// The style sheet and the script came with the page before.
		const cold = await page.evaluate(async () => [...document.querySelectorAll('link[rel=stylesheet], script[src]')].map((e) => e.href ?? e.src));
		bytes = (await (await answered).body()).length;
		for (const file of cold) bytes += (await (await fetch(file)).arrayBuffer()).byteLength;
		assert.ok(bytes <= HEAVIEST, `the page with the keyboard weighs ${bytes}`);
		console.log(`  (${bytes} bytes with the keyboard)`);
		assert.equal(await page.evaluate(() => window.kioskKeyboard.language), 'gu');
		assert.equal(cold.length, 4);
		assert.deepEqual(loaded.filter((u) => !u.startsWith(`${origin}/`)), []);
	},

	async 'keys alone lead through a survey'(page) {
		const tabTo = async (selector) => {
			for (let i = 0; i < 40; i++) {
				if (await page.evaluate((s) => document.activeElement?.matches(s), selector))
					return;
				await page.keyboard.press('Tab');
			}
			assert.fail(`keys do not reach ${selector}`);
		};
		const choose = async (selector, next) => {
			await page.locator(selector).first().waitFor();
			await tabTo(selector);
			await page.keyboard.press('Enter');
			await page.locator(next).first().waitFor();
		};
		await page.goto(url);
		await choose('[name=language][value=ur]', '[name=answer]');
		await choose('[name=go][value=contrast]', '[name=go][value=colours]');
		await choose('[name=answer][value=poor]', '#comment');
		await tabTo('#comment');
		await page.keyboard.type('abc');
		await tabTo('#publish');
		await page.waitForFunction(() => document.querySelector('#keyboard').hidden);
		await page.keyboard.press('Space');
		assert.equal(await page.locator('#publish').isChecked(), true);
		await choose('[name=go][value=send]', '.kiosk-panel');
	},

	async 'the keyboard on the screen writes, changes its layer, deletes, and goes away when done'(page) {
		const key = async (text) => {
			const button = await page.evaluateHandle((t) => [...document.querySelectorAll('#keyboard button')].find((e) => e.dataset.skbtn === t), text);
			assert.ok(button.asElement(), `there is no key ${text} now`);
			await button.asElement().click();
		};
		await toComment(page, 'gu');
		assert.equal(await page.locator('#keyboard').isVisible(), false);
		await page.locator('#comment').click();
		for (const text of ['ક', 'ા', '{shift}', 'અ', 'મ', '{space}', '{latin}', '{shift}', 'B', 'b', '{numbers}', '7', '{enter}', '{letters}', 'ળ', '{bksp}'])
			await key(text);
		assert.equal(await page.locator('#comment').inputValue(), 'કાઅમ Bb7\n');
		assert.equal(await page.evaluate(() => document.activeElement.id), 'comment');
		await page.evaluate(() => document.querySelector('#comment').setSelectionRange(1, 2));
		await key('િ');
		assert.equal(await page.locator('#comment').inputValue(), 'કિઅમ Bb7\n');
		await key('{done}');
		assert.equal(await page.locator('#keyboard').isVisible(), false);
	},

	async 'a question is read aloud where there is a voice, and there is no button where there is none'(page) {
		await page.goto(url);
		await press(page, 'language', 'so');
		await page.locator('[name=answer]').first().waitFor();
		assert.equal(await page.locator('#say').count(), 0);
		if (!existsSync('/usr/bin/espeak-ng'))
			return;
		await page.goto(url);
		await press(page, 'language', 'pl');
		const say = page.locator('#say');
		await say.waitFor();
		const sound = await page.request.get(origin + (await say.getAttribute('data-say')));
		assert.equal(sound.headers()['content-type'], 'audio/wav');
		assert.ok((await sound.body()).length > 44100, 'hardly a second of sound');
		await page.evaluate(() => { Audio.prototype.play = function () { window.plays = this.src; return Promise.resolve(); }; });
		const before = await say.innerText();
		await say.click();
		assert.ok((await page.evaluate(() => window.plays)).startsWith(`${origin}/say/pl/`));
		assert.notEqual(await say.innerText(), before);
	},

	async 'after 30 s of silence it asks, after 20 s more it starts again with nothing of what was written'(page) {
		await page.clock.install();
		await toComment(page, 'en');
		await page.locator('#comment').fill('Left behind');
		await page.clock.runFor(29000);
		assert.equal(await page.locator('#idle').isVisible(), false);
		await page.clock.runFor(1500);
		assert.equal(await page.locator('#idle').isVisible(), true);
		await page.locator('#idle button').click();
		assert.equal(await page.locator('#comment').inputValue(), 'Left behind');
		await page.clock.runFor(31000);
		assert.match(await page.locator('#idle-text').innerText(), /\b(1[89]|20)\b/);
		await page.clock.runFor(21000);
		await page.locator('[name=language]').first().waitFor();
		assert.equal(await page.getByText('Left behind').count(), 0);
	},

	async 'the first page waits for ever'(page) {
		await page.clock.install();
		await page.goto(url);
		await page.evaluate(() => { window.same = true; });
		await page.clock.runFor(3600 * 1000);
		assert.equal(await page.evaluate(() => window.same), true);
		assert.equal(await page.locator('#idle').isVisible(), false);
	},

	async 'neither the browser\'s way back nor loading again shows what somebody wrote'(page) {
		await toComment(page, 'en');
		await page.locator('#comment').fill('Mine alone');
		await press(page, 'go', 'send');
		await page.locator('.kiosk-panel').waitFor();
		for (let back = 0; back < 4; back++) {
			await page.goBack().catch(() => null);
			assert.equal(await page.locator('#comment').count(), 0);
			assert.ok(!(await page.content()).includes('Mine alone'));
		}
		await toComment(page, 'en');
		await page.locator('#comment').fill('Mine alone');
		await page.reload();
		assert.equal(await page.locator('#comment').count(), 0);
		await page.locator('[name=language]').first().waitFor();
	},

	async 'a message gives way to the first page by itself'(page) {
		await page.clock.install();
		await page.goto(url);
		await page.evaluate(() => { document.querySelector('[name=state]').value = 'made-up'; });
		await press(page, 'language', 'en');
		await page.locator('.kiosk-again').waitFor();
		assert.equal(await page.locator('[name=language]').count(), 0);
		await page.clock.runFor(31000);
		await page.locator('[name=language]').first().waitFor();
	},

	async 'the thanks give way to the first page by themselves'(page) {
		await page.clock.install();
		await toComment(page, 'en');
		await press(page, 'go', 'without');
		await page.locator('.kiosk-panel').waitFor();
		await page.clock.runFor(21000);
		await page.locator('[name=language]').first().waitFor();
	},
};

let failed = 0;
for (const [name, behaviour] of Object.entries(behaviours)) {
	const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
	const page = await context.newPage();
	const faults = [];
	page.setDefaultTimeout(60000);
	page.on('console', (m) => m.type() === 'error' && !/status of 4/.test(m.text()) && faults.push(m.text()));
	page.on('pageerror', (e) => faults.push(e.message));
	try {
		await behaviour(page);
		assert.deepEqual(faults, []);
		console.log(`- ${name}`);
	} catch (e) {
		console.error(`not: ${name}\n${e.message}`);
		failed++;
	}
	await context.close();
}
await browser.close();
console.log(failed ? `${failed} of it does not hold` : 'ok');
process.exitCode = failed ? 1 : 0;
