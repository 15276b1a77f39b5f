// node cutproxy.mjs LISTEN_PORT TO_PORT PORT_FILE [CUT] - a TCP proxy on loopback that forwards CUT bytes of the server's replies, all connections
// together, and then is a dead link: everything is closed, nothing new gets through. Without CUT it never cuts. SIGTERM ends it and prints how many bytes
// of replies went through.
import { renameSync, writeFileSync } from 'node:fs';
import net from 'node:net';

const [listenPort, toPort, portFile, cut] = process.argv.slice(2);
const limit = cut === undefined ? Infinity : Number(cut);
const sockets = new Set();
let replied = 0;
let dead = false;

function die() {
	dead = true;
	for (const s of sockets)
		s.destroy();
}

const proxy = net.createServer((client) => {
	if (dead)
		return client.destroy();
	const server = net.connect(Number(toPort), '127.0.0.1');
	for (const s of [client, server]) {
		s.setNoDelay(true);
		sockets.add(s);
		s.on('error', () => {});
		s.on('close', () => {
			sockets.delete(s);
			client.destroy();
			server.destroy();
		});
	}
	client.on('data', (bytes) => server.write(bytes));
	server.on('data', (bytes) => {
		const rest = limit - replied;
		replied += Math.min(bytes.length, rest);
		if (bytes.length < rest)
			return client.write(bytes);
		client.write(bytes.subarray(0, rest), die);
	});
});

proxy.listen(Number(listenPort), '127.0.0.1', () => {
	writeFileSync(`${portFile}.new`, String(proxy.address().port));
	renameSync(`${portFile}.new`, portFile);
});
process.on('SIGTERM', () => {
	process.stdout.write(`${replied}\n`);
	process.exit(0);
});
