// node kiosk.mjs URL OPTION [COMMENT] [--screenshots DIR] - one patient at the kiosk's page in the system's own Chromium, without JavaScript, at two
// sizes of screen. Ends with "ok" and status 0 once the page has said thank you, or says what is wrong with the page.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright-core';

const SCREENS = { large: { width: 1280, height: 800 }, small: { width: 800, height: 480 } };
const TOUCH = 60;
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

const args = process.argv.slice(2);
const shots = args.includes('--screenshots') ? args.splice(args.indexOf('--screenshots'), 2)[1] : undefined;
const [url, option, comment] = args;
if (!url || !option) {
	console.error('usage: node kiosk.mjs URL OPTION [COMMENT] [--screenshots DIR]');
	process.exit(2);
}
const origin = new URL(url).origin;

async function shoot(page, name) {
	if (!shots)
		return;
	mkdirSync(shots, { recursive: true });
	await page.screenshot({ path: path.join(shots, `${name}.png`) });
}

// Whatever a finger can hit is at least TOUCH high and wide, and nothing of it lies outside the screen's width.
async function checkTargets(page, width) {
	const targets = await page.locator('label.nhsuk-checkboxes__label, button, a.nhsuk-button, textarea').all();
	assert.ok(targets.length > 0, 'nothing to touch');
	for (const target of targets) {
		const host = (await target.evaluate((e) => e.matches('.nhsuk-checkboxes__label'))) ? target.locator('..') : target;
		if (!(await host.isVisible()))
			continue;
		const box = await host.boundingBox();
		const what = (await target.innerText()) || (await target.getAttribute('id'));
		assert.ok(box && box.height >= TOUCH && box.width >= TOUCH, `'${what}' is ${box?.width} x ${box?.height}, too small to touch`);
		assert.ok(box.x >= 0 && box.x + box.width <= width, `'${what}' is outside the screen`);
	}
	const wide = await page.evaluate(() => document.documentElement.scrollWidth);
	assert.ok(wide <= width, `the page is ${wide} px wide`);
}

// The same page at each size of screen; it stays as large as the last.
async function checkSizes(page, name) {
	for (const [size, screen] of Object.entries(SCREENS)) {
		await page.setViewportSize(screen);
		await checkTargets(page, screen.width);
		await shoot(page, `${name}-${size}`);
	}
}

const press = (page, name, value) => page.locator(`button[name="${name}"][value="${value}"]`).click();

async function ask(page) {
	const answer = await page.goto(url);
	assert.equal(answer.status(), 200);
	await checkSizes(page, 'question');
	const last = await page.locator('button[name="answer"]').last().boundingBox();
	assert.ok(last.y + last.height <= SCREENS.small.height, 'not all answers are in sight on a small screen');
}

// One touch shows the page otherwise, another as it was.
async function showOtherwise(page) {
	await press(page, 'go', 'larger');
	await press(page, 'go', 'contrast');
	await page.locator('html.kiosk--larger.kiosk--contrast').waitFor();
	await checkSizes(page, 'question-larger');
	await press(page, 'go', 'smaller');
	await press(page, 'go', 'colours');
	assert.equal(await page.locator('html.kiosk--larger, html.kiosk--contrast').count(), 0);
}

// Back to the first question and on again: what was written is still there.
async function goBackAndForth(page) {
	await page.locator('textarea').fill('Half a thought');
	await press(page, 'go', 'back');
	await press(page, 'answer', option);
	assert.equal(await page.locator('textarea').inputValue(), 'Half a thought');
}

async function answer(page) {
	await press(page, 'answer', option);
	await page.locator('textarea').waitFor();
	assert.equal(await page.locator('#publish').isChecked(), false, 'publishing is allowed before anybody said so');
	await checkSizes(page, 'comment');
	await goBackAndForth(page);
	if (comment) {
		await page.locator('textarea').fill(`${comment}, call 07700 900123`);
		await page.locator('#publish').check();
		await press(page, 'go', 'send');
		await page.locator('mark').first().waitFor();
		await checkSizes(page, 'personal');
		await press(page, 'go', 'change');
		assert.equal(await page.locator('#publish').isChecked(), true);
		await page.locator('textarea').fill(comment);
		await press(page, 'go', 'send');
	} else {
		await press(page, 'go', 'without');
	}
	await page.waitForURL('**/thanks?*');
	await page.getByRole('heading', { name: 'Thank you' }).waitFor();
	await checkSizes(page, 'thanks');
}

// The next patient finds nothing of the last one.
async function nextPatient(page) {
	await page.waitForURL(`${origin}/`, { timeout: 20000 });
	assert.equal(await page.locator('[aria-current]').count(), 0, 'the last answer is still chosen');
	await press(page, 'answer', option);
	assert.equal(await page.locator('textarea').inputValue(), '', 'the last comment is still there');
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true, args: FLAGS });
try {
	const context = await browser.newContext({ javaScriptEnabled: false });
	const page = await context.newPage();
	const faults = [];
	page.on('request', (r) => r.url().startsWith(`${origin}/`) || faults.push(`the page asks for ${r.url()}`));
	page.on('console', (m) => m.type() === 'error' && faults.push(m.text()));
	await ask(page);
	await showOtherwise(page);
	await answer(page);
	await nextPatient(page);
	await page.goto(`${origin}/status`);
	await shoot(page, 'status');
	assert.deepEqual(faults, []);
	console.log('ok');
} catch (e) {
	console.error(`kiosk page: ${e.message}`);
	process.exitCode = 1;
} finally {
	await browser.close();
}
