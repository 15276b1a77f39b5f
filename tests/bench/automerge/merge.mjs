// tests/bench/automerge/merge.mjs - the merge of tests/bench/merge_record.c by Automerge: bytes in, the edits of two sites, merge, bytes out.
//   node merge.mjs FOLDER COUNT      microseconds of the processor
// Texts are whole values to our record, so they are here: as texts that merge by character they take Automerge longer.
import fs from 'node:fs';
import * as Automerge from '@automerge/automerge';

const [folder, count] = process.argv.slice(2);
const record = JSON.parse(fs.readFileSync(`${folder}/base.json`, 'utf8'));
delete record.edits; // who set what is known to Automerge by itself

const whole = (value) => {
	if (typeof value === 'string') return new Automerge.ImmutableString(value);
	if (Array.isArray(value)) return value.map(whole);
	if (value && typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, whole(v)]));
	return value;
};
const sets = (list) => Object.fromEntries(list.map((element) => [element, true]));
const bytes = Automerge.save(Automerge.from(whole({ ...record, sites: sets(record.sites), regulations: sets(record.regulations) })));
const note = (device, text) => whole({ device, by: 'staff', effective: '2026-03-02', at: '2026-03-02T09:30:00.000Z', text });

function merge() {
	let ours = Automerge.load(bytes);
	let theirs = Automerge.clone(ours);
	ours = Automerge.change(ours, (d) => {
		d.status = new Automerge.ImmutableString('amber');
		d.due_date = new Automerge.ImmutableString('2022-10-31');
		d.notes['01920000-0000-7000-8000-000000000101'] = note('kib-staff', 'The rota is in place at Kibworth since Monday.');
	});
	theirs = Automerge.change(theirs, (d) => {
		d.status = new Automerge.ImmutableString('green');
		d.risk_current = { likelihood: 2, consequence: 4 };
		d.notes['01920000-0000-7000-8000-000000000102'] = note('fle-staff', 'Fleckney has had four weeks of signed sheets.');
	});
	const merged = Automerge.merge(ours, theirs);
	const out = Automerge.save(merged);
	Automerge.free(merged);
	Automerge.free(theirs);
	return out;
}

const back = Automerge.load(merge());
if (Object.keys(Automerge.getConflicts(back, 'status')).length !== 2 || Object.keys(back.notes).length !== 3) throw new Error('no merge of both edits');
for (let i = 0; i < 50; i++) merge();
const start = process.cpuUsage();
for (let i = 0; i < count; i++) merge();
const used = process.cpuUsage(start);
console.log(((used.user + used.system) / count).toFixed(2));
