import type { Draft } from '../draft.ts';
import { float, int } from '../graph.ts';
import type { LayerCall } from '../model-facts.ts';
import { unsupportedActivation } from './options.ts';

type Emit = (draft: Draft, x: string, call: LayerCall) => string;

// α and λ of Klambauer et al. 2017, at the precision that both sides round to float32.
const SELU_ALPHA = 1.6732632423543772;
const SELU_GAMMA = 1.0507009873554805;

const gate: Emit = (draft, x) => draft.op('Mul', [x, draft.op('Sigmoid', [x])]);

/** x · ½ (1 + erf(x / √2)). */
const gelu: Emit = (draft, x) => {
  const erf = draft.op('Erf', [draft.op('Mul', [x, draft.scalar('inverse_sqrt_two', Math.SQRT1_2)])]);
  const cdf = draft.op('Mul', [draft.op('Add', [erf, draft.scalar('one', 1)]), draft.scalar('half', 0.5)]);
  return draft.op('Mul', [x, cdf]);
};

/** ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))). */
const geluTanh: Emit = (draft, x) => {
  const cube = draft.op('Mul', [draft.op('Mul', [x, x]), x]);
  const inner = draft.op('Add', [x, draft.op('Mul', [cube, draft.scalar('cubic', 0.044715)])]);
  const tanh = draft.op('Tanh', [draft.op('Mul', [inner, draft.scalar('sqrt_two_over_pi', Math.sqrt(2 / Math.PI))])]);
  const cdf = draft.op('Mul', [draft.op('Add', [tanh, draft.scalar('one', 1)]), draft.scalar('half', 0.5)]);
  return draft.op('Mul', [x, cdf]);
};

const lastAxis = (call: LayerCall) => ({ axis: int(call.output.shape.length - 1) });

/** tfjs's activation names → operators. */
const activations: Readonly<Record<string, Emit>> = {
  linear: (_draft, x) => x,
  relu: (draft, x) => draft.op('Relu', [x]),
  relu6: (draft, x) => clip(draft, x, 0, 6),
  elu: (draft, x) => draft.op('Elu', [x], { alpha: float(1) }),
  selu: (draft, x) => draft.op('Selu', [x], { alpha: float(SELU_ALPHA), gamma: float(SELU_GAMMA) }),
  sigmoid: (draft, x) => draft.op('Sigmoid', [x]),
  hardSigmoid: (draft, x) => draft.op('HardSigmoid', [x], { alpha: float(0.2), beta: float(0.5) }),
  tanh: (draft, x) => draft.op('Tanh', [x]),
  softmax: (draft, x, call) => draft.op('Softmax', [x], lastAxis(call)),
  logSoftmax: (draft, x, call) => draft.op('LogSoftmax', [x], lastAxis(call)),
  softplus: (draft, x) => draft.op('Softplus', [x]),
  softsign: (draft, x) => draft.op('Softsign', [x]),
  swish: gate,
  mish: (draft, x) => draft.op('Mul', [x, draft.op('Tanh', [draft.op('Softplus', [x])])]),
  gelu,
  gelu_new: geluTanh,
};

/** Bounds are operator inputs since opset 11. */
export function clip(draft: Draft, x: string, min: number, max: number): string {
  return draft.op('Clip', [x, draft.scalar('min', min), draft.scalar('max', max)]);
}

/** Applies the `activation` of a layer's configuration to `x`, which is channels last. Refuses an unknown one by name. */
export function activate(draft: Draft, x: string, call: LayerCall): string {
  const name = call.layer.config['activation'] ?? 'linear';
  const emit = typeof name === 'string' && Object.hasOwn(activations, name) ? activations[name] : undefined;
  if (emit === undefined) throw unsupportedActivation(call.layer, name);
  return emit(draft, x, call);
}
