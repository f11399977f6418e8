/** What scripts of pages share. */

/** An element that the page has. */
export function element(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found;
}

/** Markup of the hub as elements. */
export function parse(markup: string): DocumentFragment {
  const template = document.createElement('template');
  template.innerHTML = markup;
  return template.content;
}

/** Tells who listens rather than looks. */
export function say(words: string): void {
  element('said').textContent = words;
}

/** Markup that the hub answers. @throws Error */
export async function fetchMarkup(url: string, signal?: AbortSignal): Promise<DocumentFragment> {
  const response = await fetch(url, {
    headers: { accept: 'text/html;fragment' },
    ...(signal ? { signal } : {}),
  });
  if (!response.ok) throw new Error(`${url} answers ${response.status}`);
  return parse(await response.text());
}
