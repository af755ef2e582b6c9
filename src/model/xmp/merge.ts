import { CocaError } from '../base/errors.js';
import { parseXml, qualified, type XmlElement } from './tree.js';

/** Adobe's XMP specification, part 1 (ISO 16684-1): what is known of a picture, in RDF; a description in several languages, subjects as a bag. */
const RDF = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#';
const DC = 'http://purl.org/dc/elements/1.1/';
const XML = 'http://www.w3.org/XML/1998/namespace';

const DESCRIPTION = qualified(DC, 'description');
const SUBJECT = qualified(DC, 'subject');
const ITEM = qualified(RDF, 'li');
const LANGUAGE = qualified(XML, 'lang');
const LISTS: readonly string[] = ['Bag', 'Seq', 'Alt'].map((name) => qualified(RDF, name));

/** What is said of a picture. */
export interface Said {
  /** In no certain language (`x-default`). */
  readonly description?: string;
  readonly subjects?: readonly string[];
}

/** What an XMP text says already. */
export interface Known {
  /** The default language's, else the first. */
  readonly description: string | undefined;
  readonly subjects: readonly string[];
}

/** A new XMP text. */
export function newXmp(said: Said): string {
  return mergeXmp(EMPTY, said, true, 'a new XMP');
}

const EMPTY = `<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="${RDF}">
  <rdf:Description rdf:about=""
    xmlns:dc="${DC}">
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>
`;

/**
 * What an XMP text says of its picture.
 * @throws CocaError `unreadable` for what is no XMP
 */
export function readXmp(text: string, where: string): Known {
  const descriptions = descriptionsOf(rdfOf(parseXml(text, where), where));
  const texts = descriptionTexts(descriptions);
  return { description: texts.default ?? texts.all[0], subjects: subjectTexts(descriptions) };
}

/**
 * An XMP text that also says something else; where that is said already, the same text. Everything else stays, byte for byte.
 * Subjects are added that are not there, in whatever case.
 * @param overwrite a description takes the place of one that is there; otherwise that one stays
 * @throws CocaError `unreadable` for what is no XMP, and for subjects in a form that cannot be added to
 */
export function mergeXmp(text: string, said: Said, overwrite: boolean, where: string): string {
  const rdf = rdfOf(parseXml(text, where), where);
  const descriptions = descriptionsOf(rdf);
  const edits = new Edits(text, rdf, descriptions[0]);
  if (said.description !== undefined) describe(edits, descriptions, said.description, overwrite);
  addSubjects(edits, descriptions, said.subjects ?? [], where);
  return edits.applied();
}

function rdfOf(root: XmlElement, where: string): XmlElement {
  const id = qualified(RDF, 'RDF');
  const found =
    root.id === id ? root : [root, ...root.children].flatMap(({ children }) => children).find((one) => one.id === id);
  if (found) return found;
  throw new CocaError('unreadable', `${where}: is no XMP: it has no rdf:RDF`, 'move it away, or name another picture');
}

const descriptionsOf = (rdf: XmlElement) => rdf.children.filter(({ id }) => id === qualified(RDF, 'Description'));

const childrenWith = (elements: readonly XmlElement[], id: string) =>
  elements.flatMap(({ children }) => children.filter((child) => child.id === id));

/** Short forms: a property as an attribute of its description. */
const attributesWith = (elements: readonly XmlElement[], id: string) =>
  elements.flatMap(({ attributes }) => attributes.filter((attribute) => attribute.id === id));

const listOf = (property: XmlElement) => property.children.find(({ id }) => LISTS.includes(id));

const itemsOf = (property: XmlElement) => (listOf(property)?.children ?? []).filter(({ id }) => id === ITEM);

const languageOf = (item: XmlElement) => item.attributes.find(({ id }) => id === LANGUAGE)?.value.toLowerCase();

/** Of a description's languages the one for readers of any; one without a language counts as that. */
const defaultItem = (items: readonly XmlElement[]) =>
  items.find((item) => languageOf(item) === 'x-default') ?? items.find((item) => languageOf(item) === undefined);

function descriptionTexts(descriptions: readonly XmlElement[]): {
  readonly default: string | undefined;
  readonly all: readonly string[];
} {
  const properties = childrenWith(descriptions, DESCRIPTION);
  const items = properties.flatMap(itemsOf);
  const plain = properties.filter((property) => listOf(property) === undefined);
  const all = [...items, ...plain].map(({ text }) => text);
  all.push(...attributesWith(descriptions, DESCRIPTION).map(({ value }) => value));
  const isSaid = (text: string) => text.trim() !== '';
  const first = defaultItem(items)?.text;
  return { default: first !== undefined && isSaid(first) ? first : undefined, all: all.filter(isSaid) };
}

function subjectTexts(descriptions: readonly XmlElement[]): string[] {
  const properties = childrenWith(descriptions, SUBJECT);
  const items = properties.flatMap((property) => (listOf(property) ? itemsOf(property) : [property]));
  const texts = [...items.map(({ text }) => text), ...attributesWith(descriptions, SUBJECT).map(({ value }) => value)];
  return texts.map((text) => text.trim()).filter((text) => text !== '');
}

function describe(edits: Edits, descriptions: readonly XmlElement[], text: string, overwrite: boolean): void {
  const known = descriptionTexts(descriptions);
  if (known.default === text || (known.all.length > 0 && !overwrite)) return;
  for (const { start, end } of attributesWith(descriptions, DESCRIPTION)) edits.replace(start, end, '');
  const [property] = childrenWith(descriptions, DESCRIPTION);
  const list = property && listOf(property);
  const item = list && defaultItem(itemsOf(property));
  if (item) edits.fill(item, escapeText(text));
  // Readers that know no languages take the first.
  else if (list) edits.prepend(list, edits.item(text, ' xml:lang="x-default"'));
  else {
    const alternatives = edits.list('Alt', [edits.item(text, ' xml:lang="x-default"')]);
    if (property) edits.fill(property, alternatives);
    else edits.addProperty('description', alternatives);
  }
}

function addSubjects(
  edits: Edits,
  descriptions: readonly XmlElement[],
  subjects: readonly string[],
  where: string,
): void {
  const known = subjectTexts(descriptions);
  const seen = new Set(known.map(folded));
  const added = subjects.filter((subject) => {
    const isNew = !seen.has(folded(subject));
    seen.add(folded(subject));
    return isNew;
  });
  if (added.length === 0) return;
  const items = added.map((subject) => edits.item(subject));
  const [property] = childrenWith(descriptions, SUBJECT);
  const list = property && listOf(property);
  if (list) {
    edits.append(list, items);
    return;
  }
  if (property && (property.children.length > 0 || property.attributes.some(({ id }) => id.startsWith(`{${RDF}}`)))) {
    throw new CocaError('unreadable', `${where}: its dc:subject is no list of texts`, 'mend it, or move the file away');
  }
  // A property has one form: what stood as a plain text or as an attribute becomes an item, too.
  for (const { start, end } of attributesWith(descriptions, SUBJECT)) edits.replace(start, end, '');
  const bag = edits.list('Bag', [...known.map((subject) => edits.item(subject)), ...items]);
  if (property) edits.fill(property, bag);
  else edits.addProperty('subject', bag);
}

const folded = (text: string) => text.trim().normalize('NFC').toLowerCase();

/** Changes of a text at places of it, made together; what is added is indented as what is there. */
class Edits {
  readonly #edits: { readonly start: number; readonly end: number; readonly text: string }[] = [];
  readonly #added: string[] = [];
  readonly #line: string;

  constructor(
    private readonly text: string,
    private readonly rdf: XmlElement,
    private readonly description: XmlElement | undefined,
  ) {
    this.#line = text.includes('\r\n') ? '\r\n' : '\n';
  }

  replace(start: number, end: number, text: string): void {
    this.#edits.push({ start, end, text });
  }

  /** Puts something in the place of all that is in an element. */
  fill(element: XmlElement, text: string): void {
    if (element.isSelfClosing) this.#open(element, text);
    else this.replace(element.inner, element.innerEnd, text);
  }

  append(list: XmlElement, items: readonly string[]): void {
    const last = list.children.at(-1);
    if (last === undefined) {
      this.#insert(list, items.join(''));
      return;
    }
    const indent = this.#leadOf(last);
    this.replace(last.end, last.end, items.map((item) => indent + item).join(''));
  }

  prepend(list: XmlElement, item: string): void {
    const [first] = list.children;
    if (first) this.replace(first.start, first.start, item + this.#leadOf(first));
    else this.#insert(list, item);
  }

  addProperty(local: 'description' | 'subject', content: string): void {
    const scope = (this.description ?? this.rdf).scope;
    const prefix = [...scope].find(([name, uri]) => uri === DC && name !== '')?.[0];
    const name = `${prefix ?? 'dc'}:${local}`;
    this.#added.push(`<${name}${prefix === undefined ? ` xmlns:dc="${DC}"` : ''}>${content}</${name}>`);
  }

  item(text: string, attributes = ''): string {
    return `<${this.#rdf('li')}${attributes}>${escapeText(text)}</${this.#rdf('li')}>`;
  }

  list(kind: 'Alt' | 'Bag', items: readonly string[]): string {
    return `<${this.#rdf(kind)}>${items.join('')}</${this.#rdf(kind)}>`;
  }

  applied(): string {
    this.#addProperties();
    let result = '';
    let at = 0;
    for (const { start, end, text } of this.#edits.sort((a, b) => a.start - b.start || a.end - b.end)) {
      result += this.text.slice(at, start) + text;
      at = end;
    }
    return result + this.text.slice(at);
  }

  #addProperties(): void {
    if (this.#added.length === 0) return;
    const { description, rdf } = this;
    if (description) {
      this.#addInside(description, this.#added);
      return;
    }
    const name = this.#rdf('Description');
    this.#addInside(rdf, [`<${name}${this.#about()}>${this.#added.join('')}</${name}>`]);
  }

  /** Behind what an element has, each on a line of its own where lines are kept. */
  #addInside(element: XmlElement, added: readonly string[]): void {
    const last = element.children.at(-1);
    if (last) {
      const lead = this.#leadOf(last);
      this.replace(last.end, last.end, added.map((one) => lead + one).join(''));
      return;
    }
    const lead = this.#leadOf(element);
    const lines = added.map((one) => (lead === '' ? one : `${lead} ${one}`)).join('');
    this.#insert(element, element.isSelfClosing ? lines + lead : lines);
  }

  /** At the beginning of an element: what is there stays. */
  #insert(element: XmlElement, text: string): void {
    if (element.isSelfClosing) this.#open(element, text);
    else this.replace(element.inner, element.inner, text);
  }

  /** Makes two tags of one that closes itself. */
  #open(element: XmlElement, inner: string): void {
    this.replace(element.end - 2, element.end, `>${inner}</${element.name}>`);
  }

  /** The line end and white space before an element; nothing where it does not begin a line. */
  #leadOf({ start }: XmlElement): string {
    const before = this.text.slice(this.text.lastIndexOf('\n', start - 1) + 1, start);
    return /^[ \t]*$/.test(before) && this.text.lastIndexOf('\n', start - 1) >= 0 ? this.#line + before : '';
  }

  #rdf(local: string): string {
    return this.rdf.prefix === '' ? local : `${this.rdf.prefix}:${local}`;
  }

  #about(): string {
    // Attributes have no namespace by default.
    return this.rdf.prefix === '' ? '' : ` ${this.rdf.prefix}:about=""`;
  }
}

/** What XML cannot hold at all is shown as lost. */
const NO_XML = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu;

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '\r': '&#xD;' };

function escapeText(text: string): string {
  return text.replace(NO_XML, '\ufffd').replace(/[&<>\r]/g, (char) => ESCAPES[char]!);
}
