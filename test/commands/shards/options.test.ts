import { describe, expect, test } from 'vitest';
import { checkShard, shardOf } from '../../../src/commands/shards/options.js';

const none = { shard: undefined, shards: undefined };
const auto = { ...none, shard: 'auto' };

describe('which share is meant', () => {
  test('is what --shard says, whatever the environment has', () => {
    const env = { SLURM_ARRAY_TASK_ID: '5', SLURM_ARRAY_TASK_COUNT: '9', JOB_COMPLETION_INDEX: '1' };
    expect(shardOf({ ...none, shard: '0/1' }, env)).toEqual({ index: 0, count: 1 });
    expect(shardOf({ ...none, shard: '7/8' }, env)).toEqual({ index: 7, count: 8 });
  });

  test('is none without the options: a variable alone changes nothing', () => {
    expect(shardOf(none, { SLURM_ARRAY_TASK_ID: '5', SLURM_ARRAY_TASK_COUNT: '9', JOB_COMPLETION_INDEX: '1' })).toBe(
      undefined,
    );
  });

  test.each([
    ['from 0', { SLURM_ARRAY_TASK_ID: '3', SLURM_ARRAY_TASK_COUNT: '8', SLURM_ARRAY_TASK_MIN: '0' }, 3, 8],
    ['from 1', { SLURM_ARRAY_TASK_ID: '8', SLURM_ARRAY_TASK_COUNT: '8', SLURM_ARRAY_TASK_MIN: '1' }, 7, 8],
    [
      'in steps',
      { SLURM_ARRAY_TASK_ID: '9', SLURM_ARRAY_TASK_COUNT: '4', SLURM_ARRAY_TASK_MIN: '1', SLURM_ARRAY_TASK_STEP: '4' },
      2,
      4,
    ],
  ])('is a task of a Slurm array %s', (_, env, index, count) => {
    expect(shardOf(auto, env)).toEqual({ index, count });
  });

  test('with --shards is the number of the task or of the completion itself, also of an array that is run again in part', () => {
    const env = { SLURM_ARRAY_TASK_ID: '5', SLURM_ARRAY_TASK_COUNT: '2', SLURM_ARRAY_TASK_MIN: '3' };
    expect(shardOf({ ...none, shards: 8 }, env)).toEqual({ index: 5, count: 8 });
    expect(shardOf({ ...auto, shards: 8 }, { JOB_COMPLETION_INDEX: '0' })).toEqual({ index: 0, count: 8 });
  });

  test.each([
    ['1/0', {}, '--shard 1/0: there is no share of none'],
    ['0/0', {}, '--shard 0/0: there is no share of none'],
    ['8/8', {}, '--shard 8/8 is out of range'],
    ['-1/8', {}, '--shard -1/8 is no share'],
    ['1.5/8', {}, '--shard 1.5/8 is no share'],
    ['3', {}, '--shard 3 is no share'],
    ['', {}, '--shard  is no share'],
    ['auto', {}, 'which share is meant is not said'],
    ['auto', { SLURM_ARRAY_TASK_ID: 'x' }, '$SLURM_ARRAY_TASK_ID is "x", and no number'],
    ['auto', { JOB_COMPLETION_INDEX: '2' }, '$JOB_COMPLETION_INDEX does not say how many shares there are'],
    [
      'auto',
      { SLURM_ARRAY_TASK_ID: '7', SLURM_ARRAY_TASK_COUNT: '3', SLURM_ARRAY_TASK_MIN: '1' },
      'task 7 of a Slurm array of 3 tasks from 1 is out of range',
    ],
  ])('--shard %s with %j is refused', (shard, env, message) => {
    expect(() => shardOf({ ...none, shard }, env)).toThrow(message);
  });

  test('--shards beyond the number that is set is refused, and so are two numbers of shares', () => {
    expect(() => shardOf({ ...none, shards: 4 }, { JOB_COMPLETION_INDEX: '4' })).toThrow('out of range');
    expect(() => shardOf({ shard: '0/8', shards: 8 }, {})).toThrow('says how many shares there are');
  });
});

test('what cannot be shared out is refused before anything is read', () => {
  const options = { ...none, shard: '0/2', output: 'parts', json: false, jsonl: false };
  expect(() => checkShard(options, ['a.png'])).not.toThrow();
  expect(() => checkShard(options, ['-'])).toThrow('a picture on stdin (-)');
  expect(() => checkShard({ ...options, json: true }, [])).toThrow('--json is for stdout');
  expect(() => checkShard({ ...options, jsonl: true }, [])).toThrow('--jsonl is for stdout');
  expect(() => checkShard({ ...options, shard: undefined }, [])).toThrow('--output is the folder of the parts');
  expect(() => checkShard({ ...options, shard: undefined }, [], true)).not.toThrow();
});
