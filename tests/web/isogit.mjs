// tests/web/isogit.mjs - isomorphic-git as a client. With QIP_HOME the certificate of the device that lives there is shown.
//   node isogit.mjs refs URL | clone URL GITDIR [DEPTH] | fetch URL GITDIR | push URL GITDIR REF REMOTE-REF [force|delete]
import fs from 'node:fs';
import http_client from 'isomorphic-git/http/node';
import https from 'node:https';
import git from 'isomorphic-git';

const home = process.env.QIP_HOME;
const agent = home && new https.Agent({
	ca: fs.readFileSync(`${home}/ca.crt`),
	cert: fs.readFileSync(`${home}/device.crt`),
	key: fs.readFileSync(`${home}/device.key`),
});
const http = { request: (request) => http_client.request({ ...request, ...(agent ? { agent } : {}) }) };

const [command, url, gitdir, ...rest] = process.argv.slice(2);
const common = { fs, http, url, gitdir, dir: gitdir };

const commands = {
	async refs() {
		for (const ref of await git.listServerRefs({ http, url, symrefs: true, peelTags: true })) {
			console.log([ref.oid, ref.ref, ref.target ?? ref.peeled ?? '-'].join(' '));
		}
	},
	clone: () => git.clone({ ...common, noCheckout: true, ...(rest[0] ? { depth: Number(rest[0]), singleBranch: true } : {}) }),
	fetch: () => git.fetch({ ...common, remote: 'origin', tags: true }),
	async push() {
		const [ref, remoteRef, how] = rest;
		const result = await git.push({ ...common, ref, remoteRef, force: how === 'force', delete: how === 'delete' });
		if (!result.ok || Object.values(result.refs).some((r) => !r.ok)) {
			throw new Error(JSON.stringify(result));
		}
	},
};

try {
	await commands[command]();
} catch (e) {
	console.error(e.data?.prettyDetails ?? e.message, e.data?.result ? JSON.stringify(e.data.result) : '');
	process.exit(1);
}
