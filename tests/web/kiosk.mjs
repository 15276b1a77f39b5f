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
	const targets = await page.locator('label.nhsuk-radios__label, label.nhsuk-checkboxes__label, button, a.nhsuk-button, textarea').all();
	assert.ok(targets.length > 0, 'nothing to touch');
	for (const target of targets) {
		const host = (await target.evaluate((e) => e.matches('.nhsuk-checkboxes__label'))) ? target.locator('..') : target;
		const box = await host.boundingBox();
		const what = (await target.innerText()) || (await target.getAttribute('id'));
		assert.ok(box && box.height >= TOUCH && box.width >= TOUCH, `'${what}' is ${box?.width} x ${box?.height}, too small to touch`);
		assert.ok(box.x >= 0 && box.x + box.width <= width, `'${what}' is outside the screen`);
	}
}

async function checkScreen(page, name) {
	const screen = SCREENS[name];
	await page.setViewportSize(screen);
	const answer = await page.goto(url);
	assert.equal(answer.status(), 200);
	await checkTargets(page, screen.width);
	const last = await page.locator('label.nhsuk-radios__label').last().boundingBox();
	assert.ok(last.y + last.height <= screen.height, `not all answers are in sight at ${screen.width} x ${screen.height}`);
	const end = await page.locator('.kiosk-small-print').boundingBox();
	assert.ok(end.y + end.height <= screen.height, `what the patient should know before sending is out of sight at ${screen.width} x ${screen.height}`);
	const wide = await page.evaluate(() => document.documentElement.scrollWidth);
	assert.ok(wide <= screen.width, `the page is ${wide} px wide`);
	await shoot(page, `question-${name}`);
}

async function sendNothing(page) {
	await page.getByRole('button', { name: 'Send' }).click();
	await page.getByText('Choose one of the answers').waitFor();
	await shoot(page, 'nothing-chosen');
}

async function answer(page) {
	await page.locator(`input[type=radio][value="${option}"]`).check();
	if (comment) {
		await page.locator('textarea').fill(comment);
		await page.getByLabel('may publish').check();
	}
	await shoot(page, 'answered');
	await page.getByRole('button', { name: 'Send' }).click();
	await page.waitForURL('**/thanks');
	await page.getByRole('heading', { name: 'Thank you' }).waitFor();
	await checkTargets(page, SCREENS.small.width);
	await shoot(page, 'thanks');
}

// The next patient finds nothing of the last one.
async function nextPatient(page) {
	await page.waitForURL(`${origin}/`, { timeout: 20000 });
	assert.equal(await page.locator('input:checked').count(), 0, 'the last answer is still chosen');
	if (comment)
		assert.equal(await page.locator('textarea').inputValue(), '', 'the last comment is still there');
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true, args: FLAGS });
try {
	const context = await browser.newContext({ javaScriptEnabled: false });
	const page = await context.newPage();
	const faults = [];
	page.on('request', (r) => r.url().startsWith(`${origin}/`) || faults.push(`the page asks for ${r.url()}`));
	page.on('console', (m) => m.type() === 'error' && !m.text().includes('400') && faults.push(m.text()));
	await checkScreen(page, 'large');
	await checkScreen(page, 'small');
	await sendNothing(page);
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
