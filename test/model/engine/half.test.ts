import { OnnxNetwork } from '../../../src/model/engine/onnx/network.js';
import { describeGolden } from './golden-suite.js';
import { describeInterventions } from './intervention-suite.js';

/**
 * The graphs in half precision beside OpenCLIP in single precision. ONNX Runtime runs them on the CPU, too, where it widens what it has
 * no half product for; another device where it is there.
 */
const device = process.env.COCA_TEST_DEVICE ?? 'cpu';

const engine = {
  label: `ONNX Runtime in half precision (${device})`,
  // Sums are in half precision there.
  tolerance: device === 'cpu' ? 2e-2 : 4e-2,
  canReplace: device !== 'webgpu',
  open: ({ config, checkpoint }: Parameters<Parameters<typeof describeGolden>[0]['open']>[0]) =>
    OnnxNetwork.open(config, { checkpoint, isHalf: true }, device),
};
describeGolden(engine);
describeInterventions(engine);
