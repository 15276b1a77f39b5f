// tests/web/hpke.mjs - sealing beside another hand's: npm's @hpke/core.
//   node hpke.mjs check TOOL COUNT                      random texts: what it seals TOOL (hpke_check) opens, and the reverse
//   node hpke.mjs open SEAL_KEY ODS DEVICE KEY_RECORD FEEDBACK_RECORD SEALED
//                                                       a patient's comment, out of what a device of the practice has: its text on stdout
import { spawnSync } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Chacha20Poly1305 } from '@hpke/chacha20poly1305';
import { CipherSuite, HkdfSha256 } from '@hpke/core';
import { DhkemX25519HkdfSha256 } from '@hpke/dhkem-x25519';

const suite = new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Chacha20Poly1305() });
const ENC = 32; // bytes of an encapsulated key, with which sealed bytes begin
const bytes = (text) => new Uint8Array(Buffer.from(text, 'utf8'));
const view = (buffer) => new Uint8Array(buffer);
const hex = (data) => Buffer.from(data).toString('hex') || '-';
const array = (data) => view(data).slice().buffer;

async function seal(publicKey, info, aad, plain) {
	const sender = await suite.createSenderContext({ recipientPublicKey: publicKey, info: array(bytes(info)) });
	return Buffer.concat([view(sender.enc), view(await sender.seal(array(plain), array(aad)))]);
}

async function open(privateKey, info, aad, sealed) {
	const recipient = await suite.createRecipientContext({ recipientKey: privateKey, enc: array(sealed.subarray(0, ENC)), info: array(bytes(info)) });
	return Buffer.from(await recipient.open(array(sealed.subarray(ENC)), array(aad)));
}

const private_key = (raw) => suite.kem.deserializePrivateKey(array(raw));

const infos = ['qip', 'comment', '-'];
async function check(tool, count) {
	const cases = [];
	for (let i = 0; i < count; i++) {
		const pair = await suite.kem.generateKeyPair();
		const info = infos[i % infos.length] === '-' ? '' : infos[i % infos.length];
		const aad = randomBytes(i % 5 === 0 ? 0 : randomInt(100)), plain = randomBytes(i % 7 === 0 ? 0 : randomInt(20000));
		const sealed = await seal(pair.publicKey, info, aad, plain);
		const raw = [await suite.kem.serializePrivateKey(pair.privateKey), await suite.kem.serializePublicKey(pair.publicKey)];
		cases.push({ pair, info, aad, plain, line: [...raw.map((k) => hex(k)), info || '-', hex(aad), hex(sealed), hex(plain)].join(' ') });
	}
	const ran = spawnSync(tool, { input: cases.map((c) => c.line + '\n').join(''), encoding: 'utf8', maxBuffer: 1 << 28 });
	if (ran.status !== 0) throw new Error(`what @hpke/core sealed does not open: ${ran.stderr}`);
	const lines = ran.stdout.trim().split('\n');
	if (lines.length !== count) throw new Error(`${lines.length} lines for ${count}`);
	for (let i = 0; i < count; i++) {
		const { pair, info, aad, plain } = cases[i];
		const opened = await open(pair.privateKey, info, aad, Buffer.from(lines[i], 'hex'));
		if (!opened.equals(plain)) throw new Error(`line ${i + 1}: @hpke/core opens another text`);
	}
	console.log(count);
}

const [what, ...words] = process.argv.slice(2);
if (what === 'check') {
	await check(words[0], Number(words[1]));
} else {
	const [seal_key, ods, device, key_file, feedback_file, sealed_file] = words;
	const key = JSON.parse(readFileSync(key_file, 'utf8')), feedback = JSON.parse(readFileSync(feedback_file, 'utf8'));
	const own = await private_key(Buffer.from(readFileSync(seal_key, 'utf8').trim(), 'base64url'));
	const generation = await open(own, 'qip comment key', bytes(`${ods}/${key.generation}`), Buffer.from(key.wrapped[device], 'base64url'));
	const text = await open(await private_key(generation), 'qip comment', bytes(`${ods}/${feedback.id}`), readFileSync(sealed_file));
	process.stdout.write(text);
}
