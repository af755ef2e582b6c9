import { openIsolatedNetwork } from '../../../../src/model/engine/isolated/network.js';
import { describeDualEncoders } from '../dual-encoder-suite.js';
import { describeGeneration } from '../generation-suite.js';
import { describeGolden, type EngineUnderTest } from '../golden-suite.js';

const engine: EngineUnderTest = {
  label: 'ONNX Runtime in a process of its own',
  tolerance: 1e-4,
  canReplace: true,
  open: ({ config, checkpoint }) => openIsolatedNetwork('onnx', 'cpu', config, { checkpoint }, () => undefined),
};
describeGolden(engine);
describeGeneration(engine);
describeDualEncoders({
  ...engine,
  open: (config, checkpoint) => openIsolatedNetwork('onnx', 'cpu', config, { checkpoint }, () => undefined),
});
