// browsers.mjs - one small set of verbs over Chromium (playwright-core) and the two WebKits (their own WebDriver programs):
//   open(url) run(function, ...arguments) key('Tab' | 'Enter' | 'Space' | a letter) size(width, height) shot(file) close(),
//   go(selector): touch what leads to another page, goByKey(): press what is in focus and does so, until(condition).
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import net from 'node:net';
import { chromium } from 'playwright-core';

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--hide-scrollbars'];
const LOAD_MS = 60000;
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

// The windows that a browser can show: each opens a browser of its own, which takes on the sizes that it names. WPE without a screen has one size,
// and shows the page of a larger one by a smaller scale.
export const WINDOWS = {
	chromium: [{ sizes: { large: [1280, 800], small: [800, 480] } }],
	webkitgtk: [{ sizes: { large: [1280, 800], small: [800, 480] } }],
	wpe: [{ sizes: { large: [1280, 960] }, scale: 0.625 }, { sizes: { small: [800, 600] } }],
};

export async function browser(kind, window = WINDOWS[kind][0]) {
	return kind === 'chromium' ? new Chromium().start() : new WebDriver(kind, window).start();
}

class Browser {
	// Leaves the page by what a finger would touch, and waits for the next one.
	async go(selector) {
		const left = await this.run((s) => {
			const e = document.querySelector(s);
			if (!e)
				return false;
			window.leaving = true;
			e.click();
			return true;
		}, selector);
		if (!left)
			throw new Error(`there is no ${selector} on the page '${await this.run(() => document.title)}'`);
		await this.until(() => !window.leaving && document.readyState === 'complete');
	}
	async goByKey() {
		await this.run(() => { window.leaving = true; });
		await this.key('Enter');
		await this.until(() => !window.leaving && document.readyState === 'complete');
	}
	async until(condition, ...args) {
		const end = Date.now() + LOAD_MS;
		while (!(await this.run(condition, ...args).catch(() => false))) {
			if (Date.now() > end)
				throw new Error(`waited in vain for ${condition}`);
			await pause(50);
		}
	}
}

class Chromium extends Browser {
	async start() {
		this.program = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true, args: FLAGS });
		this.context = await this.program.newContext({ hasTouch: true });
		this.page = await this.context.newPage();
		this.page.setDefaultTimeout(LOAD_MS);
		this.faults = [];
		this.page.on('console', (m) => m.type() === 'error' && !/status of [45]/.test(m.text()) && this.faults.push(m.text()));
		this.page.on('pageerror', (e) => this.faults.push(e.message));
		return this;
	}
	open(url) { return this.page.goto(url); }
	run(f, ...args) { return this.page.evaluate(`(${f})(...${JSON.stringify(args)})`); }
	key(name) { return this.page.keyboard.press(name); }
	size(width, height) { return this.page.setViewportSize({ width, height }); }
	shot(file) { return this.page.screenshot({ path: file }); }
	close() { return this.program.close(); }
}

const KINDS = {
	webkitgtk: { program: 'WebKitWebDriver', options: { 'webkitgtk:browserOptions': { binary: '/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser', args: ['--automation'] } } },
	wpe: { program: 'WPEWebDriver', options: { 'wpe:browserOptions': { binary: '/usr/bin/cog', args: ['--automation', '--platform=headless'] } } },
};

const KEYS = { Tab: '\uE004', Enter: '\uE007', Space: ' ' };

class WebDriver extends Browser {
	constructor(kind, { scale }) {
		super();
		this.kind = structuredClone(KINDS[kind]);
		this.faults = [];
		if (scale)
			Object.values(this.kind.options)[0].args.push(`--scale=${scale}`);
	}
	async start() {
		const port = await freePort();
		this.program = spawn(this.kind.program, [`--port=${port}`, '--host=127.0.0.1'], { stdio: 'ignore', env: { ...process.env, WEBKIT_DISABLE_COMPOSITING_MODE: '1' } });
		this.base = `http://127.0.0.1:${port}`;
		for (let tries = 0; ; tries++) {
			try {
				const made = await this.ask('POST', '/session', { capabilities: { alwaysMatch: this.kind.options } });
				this.base += `/session/${made.sessionId}`;
				break;
			} catch (e) {
				if (tries === 100)
					throw e;
				await pause(200);
			}
		}
		await this.ask('POST', '/timeouts', { pageLoad: LOAD_MS, script: LOAD_MS });
		return this;
	}
	async ask(method, path, body) {
		const answer = await fetch(this.base + path, { method, body: body && JSON.stringify(body), headers: body && { 'Content-Type': 'application/json' } });
		const { value } = await answer.json();
		if (!answer.ok)
			throw new Error(`${method} ${path}: ${value.message ?? value.error}`);
		return value;
	}
	open(url) { return this.ask('POST', '/url', { url }); }
	async run(f, ...args) {
		const script = `const done = arguments[arguments.length - 1]; Promise.resolve((${f})(...Array.from(arguments).slice(0, -1))).then(v => done({v}), e => done({e: String(e)}));`;
		const { v, e } = await this.ask('POST', '/execute/async', { script, args });
		if (e)
			throw new Error(e);
		return v;
	}
	key(name) {
		const value = KEYS[name] ?? name;
		const press = { type: 'key', id: 'keys', actions: [{ type: 'keyDown', value }, { type: 'keyUp', value }] };
		return this.ask('POST', '/actions', { actions: [press] });
	}
	// The page's own size: a window of WebKitGTK has a bar above it, and WPE without a screen stays as it is.
	async size(width, height) {
		const shown = () => this.run(() => [innerWidth, innerHeight]);
		for (let tries = 0, grown = [0, 0]; tries < 20; tries++) {
			const [w, h] = await shown();
			if (w === width && h === height)
				return;
			grown = tries % 5 === 0 && tries > 0 ? [grown[0] + width - w, grown[1] + height - h] : grown;
			await this.ask('POST', '/window/rect', { width: width + grown[0], height: height + grown[1] }).catch(() => {});
			await pause(20);
		}
		throw new Error(`the window is ${await shown()}, not ${width} x ${height}`);
	}
	async shot(file) { writeFileSync(file, Buffer.from(await this.ask('GET', '/screenshot'), 'base64')); }
	async close() {
		await this.ask('DELETE', '').catch(() => {});
		this.program.kill();
		await once(this.program, 'exit');
	}
}

function freePort() {
	return new Promise((done) => {
		const server = net.createServer().listen(0, '127.0.0.1', () => {
			const { port } = server.address();
			server.close(() => done(port));
		});
	});
}
