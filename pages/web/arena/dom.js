// Small helpers for the document. Text from outside only ever becomes text nodes.

/** The element with this id. */
export const byId = (id) => document.getElementById(id);

/** A new element: properties, then children (elements, or anything else as text). */
export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children.map((child) => (child instanceof Node ? child : String(child))));
  return element;
}

/** Sets an element's text if it differs: unchanged text costs no layout. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Shows or hides. */
export function show(element, visible) {
  if (element.hidden === visible) element.hidden = !visible;
}

/** Marks a scrolling box with `data-more` while it has more content below its visible part. */
export function markMore(box) {
  const look = () =>
    box.toggleAttribute("data-more", box.scrollTop + box.clientHeight < box.scrollHeight - 4);
  box.addEventListener("scroll", look, { passive: true });
  new ResizeObserver(look).observe(box);
  new MutationObserver(look).observe(box, { childList: true, subtree: true });
}

const NAME_BYTES_MAX = 32;
// Control and format characters (bidirectional overrides, zero width), line separators and blanks that count
// as letters: everything that could disguise a name.
const UNSHOWN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\u115f\u1160\u2800\u3164\uffa0]/gu;
// Many combining marks on a letter would extend beyond its line.
const PILED = /(\p{M}{2})\p{M}+/gu;

/** A name that is safe to show: one line, without invisible or direction-changing characters. */
export function shownName(name, player) {
  const plain = String(name ?? "").replace(UNSHOWN, "").replace(PILED, "$1").trim();
  const shown = [...plain].slice(0, NAME_BYTES_MAX).join("");
  return shown === "" ? `Player ${player}` : shown;
}

/** A name that the protocol accepts: at most 32 bytes, cut between characters. */
export function wireName(name) {
  const encoder = new TextEncoder();
  let cut = "";
  for (const character of name.replace(UNSHOWN, "").trim()) {
    if (encoder.encode(cut + character).length > NAME_BYTES_MAX) break;
    cut += character;
  }
  return cut;
}

/** Copies a text to the clipboard and returns whether it worked. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Without https only the old way to the clipboard may work.
    const field = make("textarea", { value: text, readOnly: true });
    document.body.append(field);
    field.select();
    const copied = document.execCommand("copy");
    field.remove();
    return copied;
  }
}

/** Sets a command's text, which may break only between words, not at hyphens. */
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

/** Values that this browser remembers; access to the storage may be denied. */
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
      // Then it is not remembered.
    }
  },
};
