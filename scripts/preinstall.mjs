// Runs when npm installs this package. onnxruntime-node's own install script fetches the CUDA provider on Linux, 300 MB from a
// host that is not the registry, for every machine, and fails the whole installation where it cannot. It does nothing where
// those files exist, and npm runs all preinstall scripts before any postinstall script: so a few words are put in their place.
// The engine does not take them for libraries (src/model/engine/onnx/cuda-provider.ts), and docs/engines.md says how to fetch the real ones.
import { existsSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { dirname, join } from 'node:path';

const WORDS = 'The CUDA provider of ONNX Runtime is not installed; docs/engines.md of coca-cli says how to fetch it.\n';

try {
  const require = createRequire(import.meta.url);
  const runtime = dirname(require.resolve('onnxruntime-node/package.json'));
  const { requirements, manifests } = require(join(runtime, 'script/install-metadata.js'));
  const system = `${platform()}/${arch()}`;
  for (const name of requirements[system] ?? []) {
    for (const library of Object.keys(manifests[`${system}:${name}`])) {
      const file = join(runtime, 'bin/napi-v6', system, library);
      if (!existsSync(file)) writeFileSync(file, WORDS);
    }
  }
} catch (error) {
  // Then onnxruntime-node fetches the files by itself, as without this script.
  console.warn(`coca-cli: onnxruntime-node's install script is not spared: ${error.message}`);
}
