/** Makes what is shown like newer markup of it, touching only what differs: what has the focus or is unfolded stays so. */

/** What readers fill in, and what scripts draw, is theirs. */
const KEPT = 'form, [data-kept]';

/** Children with a key are the same wherever they stand. */
export function morph(old: Element, next: Element): void {
  if (old.isEqualNode(next) || old.matches(KEPT)) return;
  copyAttributes(old, next);
  const byKey = new Map([...old.children].flatMap((child) => keyed(child)));
  let place = old.firstChild;
  for (const child of [...next.childNodes]) {
    const [[key] = []] = keyed(child);
    const same = key === undefined ? (isAlike(place, child) ? place : null) : (byKey.get(key) ?? null);
    if (same === null) {
      old.insertBefore(child, place);
      continue;
    }
    if (same === place) place = same.nextSibling;
    else old.insertBefore(same, place);
    if (same instanceof Element && child instanceof Element) morph(same, child);
    else if (same.nodeValue !== child.nodeValue) same.nodeValue = child.nodeValue;
  }
  while (place !== null) {
    const after = place.nextSibling;
    place.remove();
    place = after;
  }
}

function keyed(node: Node): readonly (readonly [key: string, element: Element])[] {
  const key = node instanceof HTMLElement ? (node.dataset['key'] ?? node.id) : '';
  return key === '' ? [] : [[key, node as Element]];
}

function isAlike(place: ChildNode | null, child: ChildNode): boolean {
  return place !== null && place.nodeName === child.nodeName && keyed(place).length === 0;
}

/** All but those that say what the reader did: what is unfolded, and the row that the keyboard is at. */
function copyAttributes(old: Element, next: Element): void {
  const isAt = old.classList.contains('at');
  for (const { name } of [...old.attributes])
    if (!next.hasAttribute(name) && name !== 'open') old.removeAttribute(name);
  for (const { name, value } of [...next.attributes])
    if (old.getAttribute(name) !== value && name !== 'open') old.setAttribute(name, value);
  if (isAt) old.classList.add('at');
}
