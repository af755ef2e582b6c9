import { weightsFile } from '../checkpoint/index.js';
import { findConfig } from '../store/find-config.js';
import { locateModel } from '../store/locate.js';
import { allSites, siteName } from './sites.js';

/**
 * The names of all sites of a model on this machine, of which nothing but the config is read.
 * @throws CocaError as `locateModel`, `weightsFile` and `findConfig`
 */
export async function sitesOfModel(
  named: string | undefined,
  givenConfig?: string,
): Promise<{ readonly name: string; readonly sites: readonly string[] }> {
  const { name, path } = await locateModel(named);
  const { config } = await findConfig(await weightsFile(path), givenConfig);
  return { name, sites: allSites(config).map(siteName) };
}
