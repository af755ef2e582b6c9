// A process that has loaded the built program and runs one command line after another, each with a standard input,
// output, environment and folder of its own. Loading the program takes longer than most of its commands.
import { Readable, Writable } from 'node:stream';

const { main, program } = await import(new URL('../../dist/program/program.js', import.meta.url).href);
await program.allCommands();
const home = process.cwd();

/** A stream that keeps what is written to it. */
function kept() {
  const chunks = [];
  const stream = new Writable({
    write(chunk, encoding, done) {
      chunks.push(Buffer.from(chunk, encoding));
      done();
    },
  });
  return { stream, text: () => Buffer.concat(chunks).toString() };
}

async function run({ args, env, cwd, input }) {
  process.env = env;
  process.chdir(cwd ?? home);
  const [stdout, stderr] = [kept(), kept()];
  const streams = {
    stdin: Readable.from(input.length > 0 ? [Buffer.from(input)] : []),
    stdout: stdout.stream,
    stderr: stderr.stream,
  };
  for (const [name, value] of Object.entries(streams))
    Object.defineProperty(process, name, { value, configurable: true });
  const code = await main(args, program);
  return { code, signal: null, stdout: stdout.text(), stderr: stderr.text() };
}

process.on('disconnect', () => process.exit());
process.on('message', async (request) => {
  try {
    process.send({ result: await run(request) });
  } catch (error) {
    process.send({ error: error.stack });
  }
});
process.send('ready');
