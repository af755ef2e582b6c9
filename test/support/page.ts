import { createHash } from 'node:crypto';

/** What a page holds: its results as they lie in it, its one script, and its policy. */
export function partsOfPage(html: string) {
  const between = (start: string, end: string): string => {
    const from = html.indexOf(start);
    if (from < 0) throw new Error(`the page has no ${start}`);
    // As a browser does it: up to the first end tag.
    return html.slice(from + start.length, html.indexOf(end, from));
  };
  const script = between('<script>', '</script>');
  return {
    json: between('<script type="application/json" id="results">', '</script>'),
    script,
    scripts: html.split('<script').length - 1,
    policy: between('http-equiv="Content-Security-Policy" content="', '">'),
    hash: `sha256-${createHash('sha256').update(script).digest('base64')}`,
  };
}
