import type { OptionSpecs } from '../../cli/command.js';

/** "coca" on a telephone. */
export const DEFAULT_PORT = 2622;

/** Where a server listens, who may ask it, and how much. */
export const SERVE_OPTIONS = {
  models: {
    type: 'list',
    kind: 'model',
    placeholder: 'A,B',
    description: 'several models instead of --model, by name in requests; the first is the default',
  },
  port: {
    type: 'integer',
    min: 0,
    max: 65_535,
    default: DEFAULT_PORT,
    description: 'the port; 0 takes one that is free',
    group: 'Where',
  },
  host: {
    type: 'text',
    placeholder: 'HOST',
    otherwise: '127.0.0.1',
    description: 'the address to listen on: beyond this machine with a token alone',
    group: 'Where',
  },
  socket: {
    type: 'text',
    placeholder: 'PATH',
    description: 'a Unix socket instead, which only you can connect to',
    group: 'Where',
  },
  tokenFile: {
    type: 'text',
    kind: 'file',
    access: 'read',
    placeholder: 'FILE',
    otherwise: '$COCA_SERVER_TOKEN',
    description: 'a file with the token that requests must show',
    group: 'Who may ask',
  },
  allowPath: {
    type: 'text',
    kind: 'folder',
    placeholder: 'DIR',
    description: 'requests may name pictures in DIR; without it they bring their pictures',
    group: 'Who may ask',
  },
  allowUrl: {
    type: 'choice',
    choices: ['public', 'any'],
    placeholder: 'WHICH',
    description: 'requests may name pictures on the web: public addresses alone, or any, those of this network too',
    group: 'Who may ask',
  },
  batch: {
    type: 'integer',
    min: 1,
    max: 256,
    words: { auto: 0 },
    default: 0,
    otherwise: 'auto',
    description: 'pictures of different requests that go through the model together',
    group: 'Limits',
  },
  queue: {
    type: 'integer',
    min: 1,
    max: 10_000,
    default: 64,
    description: 'requests that are worked on or wait; more are told to come again (429)',
    group: 'Limits',
  },
  timeout: { type: 'number', min: 0.1, default: 60, description: 'seconds that a request may take', group: 'Limits' },
  maxBody: { type: 'number', min: 0.001, default: 32, description: 'megabytes of a body', group: 'Limits' },
  maxPixels: {
    type: 'number',
    min: 0.001,
    default: 50,
    description: 'millions of pixels of a picture',
    group: 'Limits',
  },
  grace: {
    type: 'number',
    min: 0,
    default: 10,
    description: 'seconds for what is worked on when the server ends',
    group: 'Limits',
  },
  background: {
    type: 'flag',
    description: 'starts it as a process that stays, and ends once it is ready',
    group: 'In the background',
  },
  status: { type: 'flag', description: 'says where the one in the background listens', group: 'In the background' },
  stop: { type: 'flag', description: 'ends it', group: 'In the background' },
} as const satisfies OptionSpecs;
