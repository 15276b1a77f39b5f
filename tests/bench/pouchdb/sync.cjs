// sync.cjs DIR URL COUNT - replicate COUNT documents that a local PouchDB holds to a new database of the PouchDB Server at URL; prints
// milliseconds. Once before, uncounted, so that the compiler has warmed up. All in one batch, which is its fastest.
'use strict';
const path = require('node:path');
const PouchDB = require('pouchdb');

const [dir, url, count] = process.argv.slice(2);

function answer(seq) {
	const now = new Date().toISOString();
	return {
		_id: String(seq).padStart(8, '0'),
		schema: 'feedback/1',
		device: 'kiosk-1',
		seq,
		site: 'kibworth',
		survey: { id: 'fft', version: 1 },
		mode: 'kiosk',
		language: 'en',
		answers: { experience: 'good' },
		recorded: { at: now, quality: 'synchronised', earliest: now, latest: now },
	};
}

async function replicate(name) {
	const local = new PouchDB(path.join(dir, name));
	const remote = new PouchDB(`${url}/${name}`);
	await local.bulkDocs(Array.from({ length: Number(count) }, (_, i) => answer(i + 1)));
	await remote.info(); // makes it
	const begin = process.hrtime.bigint();
	const result = await local.replicate.to(remote, { batch_size: Number(count) });
	const ms = Number(process.hrtime.bigint() - begin) / 1e6;
	if (!result.ok || result.docs_written !== Number(count)) throw new Error(JSON.stringify(result));
	await local.close();
	return ms;
}

async function main() {
	const name = `answers-${process.pid}`;
	await replicate(`${name}-warm`);
	console.log((await replicate(name)).toFixed(3));
}

main().catch((error) => {
	console.error(error);
	process.exit(1);
});
