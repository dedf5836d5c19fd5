import { CodedError } from '@collimator/shared/errors/coded-error';
import type { LayerCall, LayerFacts, Weight } from '../model-facts.ts';

const nameOf = (layer: LayerFacts): string => `layer "${layer.title}" (${layer.className})`;

/** The refusal of one option of a supported layer. */
export const unsupportedOption = (layer: LayerFacts, option: string, value: unknown, why: string): CodedError =>
  new CodedError('export-unsupported-option', `${nameOf(layer)}, ${option} = ${JSON.stringify(value)}: ${why}`);

export const unsupportedLayer = (layer: LayerFacts): CodedError =>
  new CodedError('export-unsupported-layer', nameOf(layer));

export const unsupportedActivation = (layer: LayerFacts, activation: unknown): CodedError =>
  new CodedError('export-unsupported-activation', `${JSON.stringify(activation)} of ${nameOf(layer)}`);

/** A number, or the value for an absent one. */
export function numberOption(layer: LayerFacts, option: string, absent?: number): number {
  const value = layer.config[option] ?? absent;
  if (typeof value !== 'number' || !Number.isFinite(value))
    throw unsupportedOption(layer, option, value, 'not a number');
  return value;
}

/** A list of numbers of a given length. */
export function numbersOption(layer: LayerFacts, option: string, length?: number): readonly number[] {
  const value = layer.config[option];
  const good = Array.isArray(value) && value.every((item) => typeof item === 'number');
  if (!good || (length !== undefined && value.length !== length)) {
    throw unsupportedOption(layer, option, value, `not a list of ${length ?? 'some'} numbers`);
  }
  return value;
}

/** Height then width. */
export function pairOption(layer: LayerFacts, option: string): readonly [number, number] {
  const [height, width] = numbersOption(layer, option, 2);
  return [height ?? 0, width ?? 0];
}

/** One of a closed set of words. */
export function choiceOption<T extends string>(layer: LayerFacts, option: string, choices: readonly T[], absent: T): T {
  const value = layer.config[option] ?? absent;
  const choice = choices.find((candidate) => candidate === value);
  if (choice === undefined) throw unsupportedOption(layer, option, value, `only ${choices.join(', ')}`);
  return choice;
}

/** Refuses channels first: the trainer's data is channels last throughout. */
export function requireChannelsLast(layer: LayerFacts): void {
  choiceOption(layer, 'dataFormat', ['channelsLast'], 'channelsLast');
}

/** An axis counted from the front; the batch axis is refused. */
export function axisOption(call: LayerCall, absent: number, rank: number): number {
  const axis = numberOption(call.layer, 'axis', absent);
  const positive = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(positive) || positive < 1 || positive >= rank) {
    throw unsupportedOption(call.layer, 'axis', axis, `not an axis of a rank ${rank} tensor behind the batch`);
  }
  return positive;
}

/** A weight that the layer must have. Throws on a bug: a built layer has it. */
export function weightOf(layer: LayerFacts, name: string): Weight {
  const weight = layer.weights[name];
  if (weight === undefined) throw new Error(`${nameOf(layer)} has no weight ${name}`);
  return weight;
}

/** The rank of the call's first input. */
export const inputRank = (call: LayerCall): number => call.inputs[0]?.shape.length ?? 0;

/** A spatial size, null when only known at run time. 0 is height, 1 is width. */
export const spatialSize = (call: LayerCall, axis: 0 | 1): number | null => call.inputs[0]?.shape[axis + 1] ?? null;
