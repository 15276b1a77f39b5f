// node screens.mjs URL [--browser chromium|webkitgtk|wpe] [--part PART] [--languages en,ur] [--brief|--long] [--screenshots DIR] - every page of the
// kiosk in every language that it offers (--brief: the main ones): axe-core finds nothing (--long: at each size); targets, contrast and weight are
// computed from the document; nothing is out of reach or cut off; keys alone lead through. Ends with "ok" and what was inspected, or says page by page
// what is wrong.
//
//     patients   what a patient meets (unless --part names another)     staff    the pages for staff, PIN 194837
//     alone      a kiosk with one language and no PIN                   broken   one that cannot keep answers
//     locked     after too many wrong PINs
import { WINDOWS, browser } from './browsers.mjs';
import { Inspector } from './inspector.mjs';
import { alone, patients } from './visits.mjs';
import { broken, locked, staff } from './troubles.mjs';

const PARTS = { alone, patients, staff, broken, locked };

const args = process.argv.slice(2);
const option = (name) => (args.includes(name) ? args.splice(args.indexOf(name), 2)[1] : undefined);
const kind = option('--browser') ?? 'chromium', part = PARTS[option('--part') ?? 'patients'];
const only = option('--languages')?.split(','), shots = option('--screenshots');
const flag = (name) => args.includes(name) && Boolean(args.splice(args.indexOf(name), 1));
const brief = flag('--brief'), long = flag('--long');
const [url] = args;
if (!url || !WINDOWS[kind] || !part) {
	console.error('usage: node screens.mjs URL [--browser chromium|webkitgtk|wpe] [--part patients|staff|alone|broken|locked] [--languages en,ur] [--brief|--long] [--screenshots DIR]');
	process.exit(2);
}

const faults = [], pages = new Set(), keys = new Set();
let looks = 0;
for (const window of WINDOWS[kind]) {
	const b = await browser(kind, window);
	const inspector = new Inspector(b, { kind, shots, brief, long, ...window });
	try {
		await b.size(...Object.values(window.sizes)[0]);
		await part(inspector, url, only);
	} catch (e) {
		faults.push(e.stack);
	} finally {
		await b.close();
	}
	faults.push(...inspector.faults, ...b.faults);
	inspector.pages.forEach((page) => pages.add(page));
	inspector.keys.forEach((page) => keys.add(page));
	looks += inspector.looks;
}
for (const fault of faults)
	console.error(fault);
console.log(`${faults.length ? `${faults.length} faults` : 'ok'}: ${part.name} in ${kind}: ${pages.size} pages, looked at ${looks} times, ${keys.size} of them walked through by keys`);
process.exitCode = faults.length ? 1 : 0;
