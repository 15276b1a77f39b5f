// troubles.mjs - the pages that staff meet, and a patient's page when answers cannot be kept.
const PIN = '194837', WRONG = '000000';

async function enter(b, pin) {
	for (const key of [...pin, 'open'])
		await b.go(`[name=go][value="${key}"]`);
}

export async function staff(inspector, url) {
	const b = inspector.browser;
	await b.open(new URL('/status', url).href);
	await inspector.page('status', { fits: true });
	await inspector.reach('status');
	await b.go('[href="/staff"]');
	await inspector.page('staff-pin', { fits: true });
	await inspector.reach('staff-pin');
	await enter(b, WRONG);
	await inspector.page('staff-pin-wrong');
	await enter(b, PIN);
	if (!(await b.run(() => document.body.matches('.kiosk-page--staff'))))
		inspector.faults.push('staff: the PIN does not open it');
	await inspector.page('staff');
	await inspector.reach('staff');
}

// Nobody gets in for a while after this.
export async function locked(inspector, url) {
	const b = inspector.browser;
	for (let tries = 0; tries < 6; tries++) {
		await b.open(new URL('/staff', url).href);
		if (/minute/.test(await b.run(() => document.querySelector('[role=alert]')?.textContent ?? '')))
			break;
		await b.run((pin) => { document.querySelector('#pin').value = pin; }, WRONG);
		await b.go('[name=go][value=open]');
	}
	await inspector.page('staff-locked');
	await inspector.reach('staff-locked');
}

export async function broken(inspector, url, only) {
	const b = inspector.browser;
	await b.open(url);
	const offered = await b.run(() => [...document.querySelectorAll('[name=language]')].map((e) => e.value));
	for (const language of offered.filter((l) => !only || only.includes(l))) {
		await b.open(url);
		await b.go(`[name=language][value=${language}]`);
		await b.go('[name=answer]');
		await b.go('[name=go][value=without]');
		if (await b.run(() => document.body.matches('.kiosk-page--thanks')))
			inspector.faults.push(`${language}-broken: it thanks for what is not kept`);
		await inspector.page(`${language}-broken`);
		await inspector.reach(`${language}-broken`);
	}
	await b.open(new URL('/status', url).href);
	await inspector.page('status-broken');
}
