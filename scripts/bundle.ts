// Joins the modules of the program into few files, dist/program: npm run bundle, which is part of the build. Node takes about a
// millisecond for every module that it looks for, and a start needs two hundred. Packages stay outside, but for the one that every start
// needs; what a library or another process loads (dist/model) stays as it is.
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ChunkingContext, rolldown } from 'rolldown';

const root = fileURLToPath(new URL('..', import.meta.url));
const source = `${root}src/`;
const target = `${root}dist/program`;

/**
 * What nearly every start needs is one file: these modules, and all that they need. What only one command needs, and what waits until
 * something asks for it, is by itself, as rolldown divides it. So is cli.ts: what it imports must not wait for it, which waits for the
 * whole program.
 */
const TOGETHER = [
  'program.ts',
  'commands/caption/caption.ts',
  'commands/caption/files.ts',
  'commands/io/clips/frames.ts',
  'server/remote/served-model.ts',
  'model/store/load.ts',
];
/** Six modules of its own, in every start; its licence is in THIRD_PARTY_NOTICES.md. */
const JOINED_PACKAGE = 'commander';

let together: ReadonlySet<string> | undefined;

/** The file that a module goes into; null where rolldown says. */
function fileOf(module: string, graph: ChunkingContext): string | null {
  together ??= neededFor(
    TOGETHER.map((path) => source + path),
    graph,
  );
  return together.has(module) ? 'start' : null;
}

function neededFor(modules: readonly string[], graph: ChunkingContext): ReadonlySet<string> {
  const found = new Set<string>();
  const left = [...modules];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if (found.has(next)) continue;
    found.add(next);
    left.push(...(graph.getModuleInfo(next)?.importedIds ?? []));
  }
  return found;
}

rmSync(target, { recursive: true, force: true });
const bundle = await rolldown({
  input: { cli: `${source}cli.ts`, program: `${source}program.ts` },
  platform: 'node',
  external: (id) => !/^[./]/.test(id) && id !== JOINED_PACKAGE,
  tsconfig: `${root}tsconfig.json`,
  preserveEntrySignatures: 'exports-only',
  checks: { ineffectiveDynamicImport: false },
  plugins: [
    {
      name: 'places of modules',
      // Files of the package are found from where a module lies in dist, as if it were by itself.
      transform(code, id) {
        if (!code.includes('import.meta.url')) return;
        const place = relative(target, `${root}dist/${relative(source, id)}`).replace(/\.tsx?$/, '.js');
        return code.replaceAll('import.meta.url', `new URL(${JSON.stringify(place)}, import.meta.url).href`);
      },
    },
  ],
});
await bundle.write({
  dir: target,
  format: 'es',
  chunkFileNames: '[name].js',
  comments: false,
  codeSplitting: { groups: [{ name: fileOf, debugName: 'together' }] },
});
withoutPointers('start.js');
const program = `${dirname(target)}/cli.js`;
writeFileSync(program, "#!/usr/bin/env node\nimport './program/cli.js';\n");
chmodSync(program, 0o755);

/**
 * What the program imports when it needs it is often in its own file already: rolldown then makes a file that only points there, which
 * costs a start as much as any other. Such imports take what they need from the file itself.
 */
function withoutPointers(file: string): void {
  const path = `${target}/${file}`;
  const pointer = new RegExp(`^export \\{ ([^}]+) \\} from "\\./${file.replace('.', '\\.')}";\\s*$`);
  let code = readFileSync(path, 'utf8');
  for (const other of readdirSync(target)) {
    const names = pointer.exec(readFileSync(`${target}/${other}`, 'utf8'))?.[1];
    if (names === undefined) continue;
    const fields = names.split(', ').map((name) => {
      const [from, to = from] = name.split(' as ');
      return `${to}: all.${from}`;
    });
    code = code.replaceAll(`import("./${other}")`, `import("./${file}").then((all) => ({ ${fields.join(', ')} }))`);
  }
  writeFileSync(path, code);
}
