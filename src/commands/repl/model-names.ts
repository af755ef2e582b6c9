/** Names that `--model` takes, besides paths: those on this machine first, then those that could be fetched. */
export async function modelNames(): Promise<readonly string[]> {
  const { listModels } = await import('../../model/store/list-models.js');
  return (await listModels()).map(({ name }) => name);
}
