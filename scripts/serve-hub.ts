import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HubServer } from '../test/support/hub-server.js';

/**
 * Serves a folder as the Hugging Face hub would, to try downloads without the hub:
 *
 *     node --import tsx scripts/serve-hub.ts FOLDER [PORT] [BYTES_PER_SECOND]
 *     HF_ENDPOINT=http://127.0.0.1:PORT coca models pull OWNER/NAME
 *
 * FOLDER/OWNER/NAME/ holds the files of a repository. Files are kept in memory.
 */
const [folder, port = '8123', rate = '0'] = process.argv.slice(2);
if (folder === undefined) {
  process.stderr.write('usage: serve-hub.ts FOLDER [PORT] [BYTES_PER_SECOND]\n');
  process.exit(64);
}
const hub = await new HubServer().start(Number(port));
hub.rate = Number(rate);
for (const owner of readdirSync(folder)) {
  for (const name of readdirSync(join(folder, owner))) {
    const at = join(folder, owner, name);
    const files = Object.fromEntries(readdirSync(at).map((file) => [file, readFileSync(join(at, file))]));
    hub.add(`${owner}/${name}`, { files });
    process.stdout.write(`${owner}/${name}: ${Object.keys(files).join(', ')}\n`);
  }
}
process.stdout.write(`HF_ENDPOINT=${hub.url}\n`);
