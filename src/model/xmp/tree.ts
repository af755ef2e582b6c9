import { SaxesParser } from 'saxes';
import { CocaError } from '../base/errors.js';

/** An element of an XML text, with the places of its parts in that text: enough to change one part and leave every other byte. */
export interface XmlElement {
  /** As it is written: `dc:subject`. */
  readonly name: string;
  /** Namespace and local name in one: `{http://purl.org/dc/elements/1.1/}subject`. */
  readonly id: string;
  readonly prefix: string;
  readonly attributes: readonly XmlAttribute[];
  /** What each prefix stands for here. */
  readonly scope: ReadonlyMap<string, string>;
  readonly children: XmlElement[];
  /** All text in it, that of its children included. */
  text: string;
  /** From its `<` to behind the `>` of its start tag; behind the start tag; at the `<` of its end tag; behind that. */
  readonly start: number;
  readonly inner: number;
  innerEnd: number;
  end: number;
  readonly isSelfClosing: boolean;
}

export interface XmlAttribute {
  /** As an element's `id`. */
  readonly id: string;
  readonly value: string;
  /** The white space before it is part of its place. */
  readonly start: number;
  readonly end: number;
}

export const qualified = (uri: string, local: string): string => `{${uri}}${local}`;

/** Deeper than any XMP: what is nested so was made to harm. */
const DEEPEST = 1000;

/**
 * The elements of an XML text. Entities other than XML's own five are refused, as is any document type: it could name files, or let a
 * few bytes stand for many.
 * @throws CocaError `unreadable`
 */
export function parseXml(text: string, where: string): XmlElement {
  const parser = new SaxesParser({ xmlns: true });
  const open: XmlElement[] = [];
  let root: XmlElement | undefined;
  let start = 0;
  let last = 0;
  let places: { readonly name: string; readonly start: number; readonly end: number }[] = [];
  const refuse = (why: string) => new CocaError('unreadable', `${where}: ${why}`, 'mend the file, or move it away');
  parser.on('error', ({ message }) => {
    throw refuse(`is no sound XML: ${message}`);
  });
  parser.on('doctype', () => {
    throw refuse('has a document type (<!DOCTYPE>), which XMP has not');
  });
  parser.on('xmldecl', ({ encoding }) => {
    if (encoding !== undefined && !/^utf-?(8|16)(le|be)?$/i.test(encoding)) {
      throw refuse(`says that it is written in ${encoding}; XMP is UTF-8`);
    }
  });
  parser.on('opentagstart', () => {
    start = text.lastIndexOf('<', parser.position - 1);
    last = parser.position - 1;
    places = [];
  });
  parser.on('attribute', ({ name }) => {
    places.push({ name, start: last, end: parser.position });
    last = parser.position;
  });
  parser.on('opentag', (tag) => {
    const above = open.at(-1);
    const declared = Object.entries(tag.ns);
    const scope = declared.length === 0 && above ? above.scope : new Map([...(above?.scope ?? []), ...declared]);
    const element: XmlElement = {
      name: tag.name,
      id: qualified(tag.uri, tag.local),
      prefix: tag.prefix,
      attributes: places.map(({ name, ...place }) => {
        const { uri, local, value } = tag.attributes[name]!;
        return { id: qualified(uri, local), value, ...place };
      }),
      scope,
      children: [],
      text: '',
      start,
      inner: parser.position,
      innerEnd: parser.position,
      end: parser.position,
      isSelfClosing: tag.isSelfClosing,
    };
    above?.children.push(element);
    root ??= element;
    if (open.push(element) > DEEPEST) throw refuse(`has elements nested more than ${DEEPEST} deep`);
  });
  const addText = (added: string): void => {
    const element = open.at(-1);
    if (element) element.text += added;
  };
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('closetag', () => {
    const element = open.pop()!;
    element.end = parser.position;
    if (!element.isSelfClosing) element.innerEnd = text.lastIndexOf('</', parser.position - 1);
    addText(element.text);
  });
  parser.write(text).close();
  return root!;
}
