import { CocaError } from '../base/errors.js';
import { lazily } from '../base/lazily.js';
import { didYouMeanName } from '../base/names/suggest.js';
import { openclipModels } from '../base/openclip-models.js';

/** A repository on the hub, at a branch, tag or commit. */
export interface RepositoryRef {
  /** OWNER/NAME. */
  readonly repository: string;
  readonly revision: string;
}

/** The branch that a name without `@REVISION` means. */
export const DEFAULT_REVISION = 'main';

/** Between OpenCLIP's name of a config and its tag of weights. */
const TAG_MARK = ':';

/** Released models by the names that OpenCLIP's users know them by: CONFIG is its usual weights, CONFIG:TAG are others. */
export const knownModels = lazily<Readonly<Record<string, string>>>(() => ({
  'coca_ViT-B-32': 'laion/CoCa-ViT-B-32-laion2B-s13B-b90k',
  'coca_ViT-L-14': 'laion/CoCa-ViT-L-14-laion2B-s13B-b90k',
  'mscoco_coca_ViT-B-32': 'laion/mscoco_finetuned_CoCa-ViT-B-32-laion2B-s13B-b90k',
  'mscoco_coca_ViT-L-14': 'laion/mscoco_finetuned_CoCa-ViT-L-14-laion2B-s13B-b90k',
  ...Object.fromEntries(Object.entries(openclipModels().pretrained).flatMap(([name, tags]) => namesOf(name, tags))),
}));

function namesOf(config: string, tags: Readonly<Record<string, string>>): [name: string, repository: string][] {
  const tagged = Object.entries(tags).map(([tag, repository]): [string, string] => [
    config + TAG_MARK + tag,
    repository,
  ]);
  return [[config, tagged[0]![1]], ...tagged];
}

const spellings = lazily(() => {
  const names = [...Object.keys(knownModels()), ...Object.values(knownModels())];
  return new Map(names.map((name) => [name.toLowerCase(), name]));
});

/** A known short name or repository in whatever case, as it is spelled, with its `@REVISION`; any other name as it is. */
export function spelledName(name: string): string {
  const base = withoutRevision(name);
  return (spellings().get(base.toLowerCase()) ?? base) + name.slice(base.length);
}

/** Whether a known name leaves the weights to its config's usual ones. */
export const isPlainName = (known: string): boolean => !known.includes(TAG_MARK);

const HUB_PREFIX = 'hf-hub:';

/** The hub's own rule for each half of a repository's name. */
const REPOSITORY_PART = /^[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,94}[A-Za-z0-9_])?$/;

/** A full commit id. */
export const COMMIT = /^[0-9a-f]{40}$/;

/** Whether `name` can be nothing but a model on the hub: a known short name, or `hf-hub:...`. */
export function isHubName(name: string): boolean {
  return isShortName(name) || name.startsWith(HUB_PREFIX);
}

/** Whether `name` is a known short name, as it is spelled, perhaps with `@REVISION`. */
export const isShortName = (name: string): boolean => Object.hasOwn(knownModels(), withoutRevision(name));

/** A name of the hub without what says that it is one. */
export const withoutPrefix = (name: string): string => name.replace(HUB_PREFIX, '');

/** Whether `name` reads like OWNER/NAME: a folder's path does too, so the caller looks for that first. */
export function looksLikeRepository(name: string): boolean {
  return /^[^/\\@]+\/[^/\\@]+(@|$)/.test(name) && !name.startsWith('.') && !name.startsWith('~');
}

function withoutRevision(name: string): string {
  return name.split('@', 1)[0]!;
}

/**
 * What a short name (in whatever case), `hf-hub:OWNER/NAME` or `OWNER/NAME` stands for, each with an optional `@REVISION`.
 * @throws CocaError `usage` for anything that the hub would not take as a name: no such name becomes part of a path.
 */
export function parseHubName(name: string): RepositoryRef {
  const base = withoutRevision(spelledName(withoutPrefix(name)));
  const revision = name.includes('@') ? name.slice(name.indexOf('@') + 1) : DEFAULT_REVISION;
  const repository = Object.hasOwn(knownModels(), base) ? knownModels()[base]! : base;
  if (!isRepository(repository)) {
    throw new CocaError(
      'usage',
      `${name} is no name of a model on the hub`,
      didYouMeanName(base, Object.keys(knownModels())) ??
        'known names are what coca models lists, each also as NAME:TAG with a tag of OpenCLIP; any other as hf-hub:OWNER/NAME',
    );
  }
  if (!isRevision(revision)) {
    throw new CocaError('usage', `${name}: what follows @ is no branch, tag or commit`, 'for example @main');
  }
  return { repository, revision };
}

/** Whether a text is OWNER/NAME as the hub allows it. */
export function isRepository(repository: string): boolean {
  const parts = repository.split('/');
  return (
    parts.length === 2 &&
    parts.every((part) => REPOSITORY_PART.test(part)) &&
    // Two dashes stand for the slash in the cache's folder names.
    !/--|\.\.|\.git$/.test(repository)
  );
}

/** Whether a text can be a branch, tag or commit: git's rules, narrowed to what is harmless in a path. */
export function isRevision(revision: string): boolean {
  return (
    revision.length <= 200 &&
    revision.split('/').every((part) => /^[A-Za-z0-9_][A-Za-z0-9_.+-]*$/.test(part) && !/\.\.|\.lock$|\.$/.test(part))
  );
}

/** The name that results and lists call a repository by: the short one where there is one. */
export function displayName({ repository, revision }: RepositoryRef): string {
  const known = Object.entries(knownModels()).find(([, other]) => other === repository);
  const base = known ? known[0] : repository;
  return revision === DEFAULT_REVISION ? base : `${base}@${revision}`;
}

/** Device names that Windows takes for no file, whatever follows the dot. */
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/** Whether a name is a plain file's on every system: it may become part of a path. */
export function isSafeFileName(name: string): boolean {
  return (
    isOneName(name) &&
    Buffer.byteLength(name) <= 255 &&
    !/[<>:"|?*]/.test(name) &&
    !/[. ]$/.test(name) &&
    !RESERVED.test(name)
  );
}

/** Whether a name is one, and not the way to somewhere else. */
function isOneName(name: string): boolean {
  return name !== '' && !/[\u0000-\u001f\u007f/\\]|^\.\.?$/.test(name);
}

/**
 * Checks a file name of a list that a server sent: no sound hub lists names that lead elsewhere.
 * @throws CocaError `bad-download`
 */
export function requireFileName(name: string, repository: string): void {
  if (isOneName(name)) return;
  const shown = JSON.stringify(name.length > 100 ? `${name.slice(0, 100)}...` : name);
  throw new CocaError('bad-download', `${repository} lists a file called ${shown}, which is no name of a file`);
}
