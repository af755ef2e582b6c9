import type { AttentionName, Place } from '../architecture/ops.js';
import { CocaError } from '../base/errors.js';
import type { ModelConfig } from '../config/config.js';

/** What a person calls a tower of the network: the multimodal half has two, since its blocks come in pairs. */
export type SiteTower = 'vision' | 'pooler' | 'contrastive' | 'text' | 'self' | 'cross';

/** Something that can be taken out of a network: an attention, a head of it, or an MLP. */
export interface Site {
  readonly tower: SiteTower;
  readonly layer: number;
  readonly part: 'attention' | 'mlp';
  /** Of an attention: one head. All of them where none is named. */
  readonly head?: number;
}

/** The sites of a tower. */
export interface TowerSites {
  readonly tower: SiteTower;
  readonly name: AttentionName;
  /** A pooler is one layer, which its sites do not name. */
  readonly layers: number;
  readonly isPooler: boolean;
  readonly heads: number;
  /** Of what its attention gives: heads x depth. */
  readonly width: number;
  readonly hasMlp: boolean;
}

/** The towers that a model has, in the order in which a picture and its caption go through them. */
export function towersOf(config: ModelConfig): readonly TowerSites[] {
  const { vision, text, multimodal, embed_dim } = config;
  const visionHeads = vision.width / vision.head_width;
  const pooler = { layers: 1, isPooler: true, heads: vision.attn_pooler_heads, width: embed_dim, hasMlp: false };
  const poolers: TowerSites[] = [];
  if (vision.timm_model_name !== null) {
    const latent = { ...pooler, heads: visionHeads, width: vision.width, hasMlp: true };
    poolers.push({ tower: 'pooler', name: 'pooler.0', ...latent });
  } else if (vision.attentional_pool !== false) {
    poolers.push({ tower: 'pooler', name: 'pooler.0', ...pooler });
    if (vision.attentional_pool !== true) poolers.push({ tower: 'contrastive', name: 'pooler.1', ...pooler });
  }
  const tower = (tower: SiteTower, name: AttentionName, heads: number, of: { layers: number; width: number }) => {
    return { tower, name, layers: of.layers, isPooler: false, heads, width: of.width, hasMlp: true };
  };
  return [
    tower('vision', 'vision', visionHeads, vision),
    ...poolers,
    tower('text', 'text', text.heads, text),
    ...(multimodal
      ? [
          tower('self', 'decoder_self', multimodal.heads, multimodal),
          tower('cross', 'cross', multimodal.heads, multimodal),
        ]
      : []),
  ];
}

/** A site as it is typed: `vision.3.h2`, `text.1`, `pooler.h1`, `mlp.cross.2`. */
export function siteName({ tower, layer, part, head }: Site): string {
  const isPooler = tower === 'pooler' || tower === 'contrastive';
  const words = [tower, ...(isPooler ? [] : [layer]), ...(head === undefined ? [] : [`h${head}`])];
  return [...(part === 'mlp' ? ['mlp'] : []), ...words].join('.');
}

/** Where in the network a site is. */
export function placeOf(site: Site, config: ModelConfig): Place {
  return { part: site.part, name: towerOf(site, config).name, layer: site.layer };
}

export function towerOf({ tower }: Pick<Site, 'tower'>, config: ModelConfig): TowerSites {
  return towersOf(config).find((one) => one.tower === tower)!;
}

/**
 * The site that a word names.
 * @throws CocaError `usage`, naming the sites that there are, for one that the model does not have
 */
export function parseSite(word: string, config: ModelConfig): Site {
  const match = /^(mlp\.)?([a-z]+)(?:\.(\d+))?(?:\.h(\d+))?$/.exec(word);
  const [, mlp, name, layerWord, headWord] = match ?? [];
  const tower = towersOf(config).find((one) => one.tower === name);
  const layer = layerWord === undefined ? 0 : Number(layerWord);
  const head = headWord === undefined ? undefined : Number(headWord);
  const exists =
    tower !== undefined &&
    tower.isPooler === (layerWord === undefined) &&
    layer < tower.layers &&
    (head === undefined || (mlp === undefined && head < tower.heads)) &&
    (mlp === undefined || tower.hasMlp);
  if (!exists) {
    throw new CocaError('usage', `there is no site '${word}' in this model`, `it has ${describeSites(config)}`);
  }
  const part = mlp === undefined ? 'attention' : 'mlp';
  return { tower: tower.tower, layer, part, ...(head !== undefined && { head }) };
}

/**
 * Sites separated by commas.
 * @throws CocaError `usage` as `parseSite`, and for a list without any
 */
export function parseSites(words: string, config: ModelConfig): readonly Site[] {
  const named = words
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
  if (named.length === 0) throw new CocaError('usage', 'no site is named', `the model has ${describeSites(config)}`);
  return named.map((word) => parseSite(word, config));
}

/** All sites of a model in a few words, for errors and help. */
export function describeSites(config: ModelConfig): string {
  const upTo = (count: number, prefix = '') => (count === 1 ? `${prefix}0` : `${prefix}0 to ${prefix}${count - 1}`);
  const towers = towersOf(config);
  const attentions = towers.map(({ tower, isPooler, layers, heads }) => {
    return `${tower}${isPooler ? '' : `.L, L ${upTo(layers)}`} (heads .${upTo(heads, 'h')})`;
  });
  const mlps = towers
    .filter(({ hasMlp }) => hasMlp)
    .map(({ tower, isPooler }) => `mlp.${tower}${isPooler ? '' : '.L'}`);
  return `${[...attentions, ...mlps].join('; ')}: for example ${exampleOf(towers)}`;
}

function exampleOf(towers: readonly TowerSites[]): string {
  const { tower, layers } = towers.at(-1)!;
  return `${tower}.${layers - 1}.h0`;
}

/** All sites, in the order in which a picture and its caption go through them: an attention, its heads, the MLP after it. */
export function allSites(config: ModelConfig): readonly Site[] {
  return towersOf(config).flatMap(({ tower, layers, heads, hasMlp }) =>
    Array.from({ length: layers }, (_, layer) => layer).flatMap((layer): readonly Site[] => [
      { tower, layer, part: 'attention' },
      ...Array.from({ length: heads }, (_, head): Site => ({ tower, layer, part: 'attention', head })),
      ...(hasMlp ? [{ tower, layer, part: 'mlp' } as const] : []),
    ]),
  );
}

/** Every head of some towers, layer by layer. */
export function headsOf(config: ModelConfig, towers: readonly SiteTower[]): readonly Site[] {
  return towersOf(config)
    .filter(({ tower }) => towers.includes(tower))
    .flatMap(({ tower, layers, heads }) =>
      Array.from({ length: layers * heads }, (_, i) => {
        return { tower, layer: Math.floor(i / heads), part: 'attention' as const, head: i % heads };
      }),
    );
}
