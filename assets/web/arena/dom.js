// Small helpers for the document. Text from outside only ever becomes text nodes.

/** The element with this id. */
export const byId = (id) => document.getElementById(id);

/** A new element: properties, then children (elements, or anything else as text). */
export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children.map((child) => (child instanceof Node ? child : String(child))));
  return element;
}

/** Sets an element's text, if it is another: unchanged text costs no layout. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Shows or hides. */
export function show(element, visible) {
  if (element.hidden === visible) element.hidden = !visible;
}

/** Keeps a mark (`data-more`) on a box that scrolls, while there is more below what is seen of it. */
export function markMore(box) {
  const look = () =>
    box.toggleAttribute("data-more", box.scrollTop + box.clientHeight < box.scrollHeight - 4);
  box.addEventListener("scroll", look, { passive: true });
  new ResizeObserver(look).observe(box);
  new MutationObserver(look).observe(box, { childList: true, subtree: true });
}

const NAME_BYTES_MAX = 32;
// Controls, formats (bidirectional overrides, zero width), line separators and blanks that count as letters: nothing that
// could dress a name up.
const UNSHOWN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\u115f\u1160\u2800\u3164\uffa0]/gu;
// Marks piled on a letter would leave its line.
const PILED = /(\p{M}{2})\p{M}+/gu;

/** A name as it may be shown: one line, without invisible or direction-changing characters. */
export function shownName(name, player) {
  const plain = String(name ?? "").replace(UNSHOWN, "").replace(PILED, "$1").trim();
  const shown = [...plain].slice(0, NAME_BYTES_MAX).join("");
  return shown === "" ? `Player ${player}` : shown;
}

/** A name as the protocol takes it: at most 32 bytes, cut at a character. */
export function wireName(name) {
  const encoder = new TextEncoder();
  let cut = "";
  for (const character of name.replace(UNSHOWN, "").trim()) {
    if (encoder.encode(cut + character).length > NAME_BYTES_MAX) break;
    cut += character;
  }
  return cut;
}

/** Copies a text and says whether it worked. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Without https there may be no clipboard but the old way.
    const field = make("textarea", { value: text, readOnly: true });
    document.body.append(field);
    field.select();
    const copied = document.execCommand("copy");
    field.remove();
    return copied;
  }
}

/** Sets a command's text, which breaks between its words only: not at the hyphens. */
export function setCommand(element, text) {
  element.replaceChildren(...text.split(" ").flatMap((word) => [" ", make("span", {}, word)]).slice(1));
}

/** A short message at the bottom. */
export function toast(text, kind = "") {
  const line = make("p", { className: kind }, text);
  const box = byId("toasts");
  box.append(line);
  while (box.childElementCount > 3) box.firstElementChild.remove();
  setTimeout(() => line.remove(), 4000);
}

/** A value that this browser remembers; storage may be forbidden. */
export const memory = {
  get(key) {
    try {
      return localStorage.getItem(`tickwire.${key}`);
    } catch {
      return null;
    }
  },
  set(key, value) {
    try {
      localStorage.setItem(`tickwire.${key}`, value);
    } catch {
      // It is forgotten, then.
    }
  },
};
