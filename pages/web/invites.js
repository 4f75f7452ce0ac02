// Invitations that a page asks for: each question gets the answer of its turn.
import { entriesOf, integer, need } from "./check.js";

/** What a page asks for, checked. */
export function inviteOf(invite) {
  const asked = { uses: 1, valid_s: 3_600 };
  for (const [name, value] of entriesOf("invite", invite)) {
    need(Object.hasOwn(asked, name), "invite's fields", '"uses" and "valid_s"', name);
    if (value !== undefined) asked[name] = value;
  }
  integer("invite.uses", asked.uses, 65_535);
  integer("invite.valid_s", asked.valid_s, 2 ** 32 - 1);
  return asked;
}

export class Invites {
  #waiting = [];

  /** `ask` sends the question. Resolves with the invitation, or with null. */
  ask(ask) {
    return new Promise((resolve) => {
      this.#waiting.push({ ask, resolve });
      if (this.#waiting.length === 1) ask();
    });
  }

  /** The server's answer to the question that was sent. The next one follows. */
  answer(invitation) {
    this.#waiting.shift()?.resolve(invitation);
    this.#waiting[0]?.ask();
  }

  /** The connection is there again: an answer may have been lost. */
  again() {
    this.#waiting[0]?.ask();
  }

  /** There will be no answers. */
  end() {
    for (const { resolve } of this.#waiting.splice(0)) resolve(null);
  }
}
