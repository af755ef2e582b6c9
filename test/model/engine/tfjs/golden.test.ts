import { openBackend } from '../../../../src/model/engine/tfjs/backends.js';
import { TfjsNetwork } from '../../../../src/model/engine/tfjs/network.js';
import { TFJS_TEST_DEVICES, tolerance } from '../../../support/tfjs.js';
import { describeDualEncoders } from '../dual-encoder-suite.js';
import { describeGeneration } from '../generation-suite.js';
import { describeGolden, type EngineUnderTest } from '../golden-suite.js';
import { describeInterventions } from '../intervention-suite.js';

for (const device of TFJS_TEST_DEVICES) {
  const { tf } = await openBackend(device);
  const engine: EngineUnderTest = {
    label: `TensorFlow.js (${device})`,
    tolerance: tolerance(device),
    canReplace: false,
    open: ({ config, checkpoint }) => TfjsNetwork.open(config, checkpoint, device),
    held: () => tf.memory().numTensors,
  };
  describeGolden(engine);
  describeGeneration(engine);
  describeInterventions(engine);
  describeDualEncoders({ ...engine, open: (config, checkpoint) => TfjsNetwork.open(config, checkpoint, device) });
}
