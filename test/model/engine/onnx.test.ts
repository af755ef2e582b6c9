import { OnnxNetwork } from '../../../src/model/engine/onnx/network.js';
import { describeDualEncoders } from './dual-encoder-suite.js';
import { describeGeneration } from './generation-suite.js';
import { describeGolden, type EngineUnderTest } from './golden-suite.js';
import { describeInterventions } from './intervention-suite.js';

/** Another device than the CPU where it is there (see .ci/run). */
const device = process.env.COCA_TEST_DEVICE ?? 'cpu';

const engine: EngineUnderTest = {
  label: `ONNX Runtime (${device})`,
  tolerance: 1e-4,
  // What lies on a device cannot be written over in parts.
  canReplace: device !== 'webgpu',
  open: ({ config, checkpoint }) => OnnxNetwork.open(config, { checkpoint }, device),
};
describeGolden(engine);
describeGeneration(engine);
describeInterventions(engine);
describeDualEncoders({ ...engine, open: (config, checkpoint) => OnnxNetwork.open(config, { checkpoint }, device) });
