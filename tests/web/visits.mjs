// visits.mjs - the pages that patients meet, each language from the first page to the last thanks, by finger and by keys alone.
import { readFileSync } from 'node:fs';

const COMMENT = 'Dr A. Sample, 07700 900123, LE8 0SE';
const TOO_LONG = 10001;
const text = (language, key) => JSON.parse(readFileSync(new URL(`../../kiosk/texts/${language}.json`, import.meta.url), 'utf8')).texts[key].text;

export async function patients(inspector, url, only) {
	const b = inspector.browser;
	await b.open(url);
	const offered = await b.run(() => [...document.querySelectorAll('[name=language]')].map((e) => e.value));
	if (offered.length < 2)
		throw new Error('the kiosk offers no choice of languages');
	await inspector.page('languages', { fits: true });
	await inspector.reach('languages');
	for (const language of offered.filter((l) => !only || only.includes(l))) {
		if (inspector.brief) {
			await inBrief(inspector, url, language);
			continue;
		}
		await byFinger(inspector, url, language);
		await byKeys(inspector, url, language);
	}
}

// A practice with one language asks at once.
export async function alone(inspector, url) {
	await inspector.browser.open(url);
	await inspector.page('alone-choice', { fits: true });
	await inspector.reach('alone-choice');
	await inspector.browser.open(new URL('/status', url).href);
	await inspector.page('alone-status');
}

async function begin(b, url, language) {
	await b.open(url);
	await b.go(`[name=language][value=${language}]`);
}

async function otherwise(b) {
	await b.go('[name=go][value=larger]');
	await b.go('[name=go][value=contrast]');
}

async function asUsual(b) {
	await b.go('[name=go][value=smaller]');
	await b.go('[name=go][value=colours]');
}

// The page as it is, then larger and in high contrast.
async function both(inspector, name, options) {
	await inspector.page(name, options);
	await otherwise(inspector.browser);
	await inspector.page(`${name}-larger-contrast`);
	await asUsual(inspector.browser);
}

async function warning(inspector, name) {
	await inspector.browser.run(() => {
		const words = document.getElementById('idle-text');
		words.textContent = words.textContent.replace('{seconds}', '20');
		document.getElementById('idle').showModal();
	});
	await inspector.page(name);
	await inspector.reach(name);
	await inspector.browser.key('Enter');
	if (await inspector.browser.run(() => document.getElementById('idle').open))
		inspector.faults.push(`${name}: a key does not end the warning`);
}

async function write(b, comment) {
	await b.run((c) => { document.querySelector('#comment').value = c; }, comment);
}

async function byFinger(inspector, url, language) {
	const b = inspector.browser;
	await begin(b, url, language);
	await both(inspector, `${language}-choice`, { fits: true });
	await warning(inspector, `${language}-warning`);
	await b.go('[name=go][value=languages]');
	await inspector.page(`${language}-languages`);
	await b.go(`[name=language][value=${language}]`);
	await b.go('[name=answer][value=good]');
	await comment(inspector, language);
	await b.go('[name=go][value=keep]');
	await both(inspector, `${language}-thanks`);
	await warning(inspector, `${language}-thanks-warning`);
	await further(inspector, language);
	await refused(inspector, url, language);
}

// What differs most between browsers: faces, mirroring, the keyboard; walked through by keys.
async function inBrief(inspector, url, language) {
	const b = inspector.browser;
	await begin(b, url, language);
	await otherwise(b);
	await inspector.page(`${language}-choice-larger-contrast`);
	await asUsual(b);
	await warning(inspector, `${language}-warning`);
	await inspector.press('[name=answer][value=good]');
	await inspector.reach(`${language}-text`);
	await b.run(() => document.querySelector('#comment').focus());
	await b.until(() => !document.querySelector('#keyboard').hidden);
	await inspector.page(`${language}-text-keyboard`);
	await write(b, COMMENT);
	await inspector.press('[name=go][value=send]');
	await inspector.page(`${language}-personal`);
	await inspector.press('[name=go][value=keep]');
	await inspector.page(`${language}-thanks`);
	await inspector.reach(`${language}-thanks`);
}

async function comment(inspector, language) {
	const b = inspector.browser;
	await both(inspector, `${language}-text`, { fits: true });
	await b.run(() => document.querySelector('#comment').focus());
	await b.until(() => !document.querySelector('#keyboard').hidden);
	await inspector.page(`${language}-text-keyboard`);
	await write(b, `${text(language, 'urgent')} `.repeat(TOO_LONG / 10).slice(0, TOO_LONG));
	await b.go('[name=go][value=send]');
	await faulty(inspector, `${language}-text-too-long`);
	await write(b, COMMENT);
	await b.go('[name=go][value=send]');
	await both(inspector, `${language}-personal`);
	await warning(inspector, `${language}-personal-warning`);
}

// The same page again, with what is wrong above it.
async function faulty(inspector, name) {
	const b = inspector.browser;
	if (!(await b.run(() => Boolean(document.querySelector('.nhsuk-error-summary')))))
		inspector.faults.push(`${name}: nothing says what is wrong`);
	await inspector.page(name);
	await inspector.reach(name);
}

async function further(inspector, language) {
	const b = inspector.browser;
	await b.go('[name=survey][value=visit]');
	while (await b.run(() => Boolean(document.querySelector('[name=answer]')))) {
		await both(inspector, `${language}-${await b.run(() => document.body.dataset.kind)}`);
		await b.go('[name=answer]');
	}
	await b.go('[name=survey][value=suggestion]');
	await b.go('[name=go][value=send]');
	await faulty(inspector, `${language}-text-empty`);
	await write(b, 'A bench');
	await b.go('[name=go][value=send]');
	await inspector.page(`${language}-thanks-last`);
}

// A form that the page has not; then with the longest of all that such a page may say.
async function refused(inspector, url, language) {
	const b = inspector.browser;
	await begin(b, url, language);
	await otherwise(b);
	await b.run(() => { document.querySelector('[name=answer]').value = 'made-up'; });
	await b.go('[name=answer]');
	if ((await b.run(() => document.documentElement.lang)) !== language)
		inspector.faults.push(`${language}-message: it is in another language`);
	await inspector.page(`${language}-message`);
	await inspector.reach(`${language}-message`);
	await b.run((longest) => { document.querySelector('main p').textContent = longest; }, text(language, 'error_disk_full'));
	await inspector.page(`${language}-message-long`);
}

async function byKeys(inspector, url, language) {
	const b = inspector.browser;
	await b.open(url);
	await inspector.press(`[name=language][value=${language}]`);
	await inspector.reach(`${language}-choice`);
	await inspector.press('[name=go][value=contrast]');
	await inspector.press('[name=answer][value=poor]');
	await inspector.reach(`${language}-text`);
	await inspector.tabTo('#comment');
	for (const key of '07700900123')
		await b.key(key);
	await inspector.tabTo('#publish');
	await b.until(() => document.querySelector('#keyboard').hidden);
	await b.key('Space');
	if (!(await b.run(() => document.querySelector('#publish').checked)))
		inspector.faults.push(`${language}-text: the space bar does not tick`);
	await inspector.press('[name=go][value=send]');
	await inspector.reach(`${language}-personal`);
	await inspector.press('[name=go][value=keep]');
	await inspector.reach(`${language}-thanks`);
	await inspector.press('[name=survey][value=visit]');
	await inspector.reach(`${language}-rating`);
	await inspector.press('[name=answer][value="3"]');
	await inspector.reach(`${language}-yes-no`);
	await inspector.press('[name=answer][value=no]');
	await inspector.press('.kiosk-tiles--more a');
}
