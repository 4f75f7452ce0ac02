/** A server's rooms, and on which terms a client joins one. Everything here is exported by `tickwire.js`. */

export interface RoomListing {
  id: string;
  game: string;
  players: number;
  players_max: number;
  spectators: number;
  spectators_max: number;
  tick_rate_hz: number;
  options: Record<string, string>;
  /**
   * Who may join, as the game decides: any player, only players that name the room, only those with an
   * invitation, or no more players.
   */
  access: "open" | "no_matches" | "invited" | "locked";
  /** Whether its password or an invitation is needed besides. */
  password: boolean;
  /** What the game says about the room, such as its map's name. */
  metadata: Record<string, string>;
  age_s: number;
}

/** Which of the rooms with equal options a client joins that names none. */
export interface Match {
  /** Numbers that a room's options or metadata must have, by key: from and to, both included. */
  ranges?: Record<string, readonly [number, number]>;
  /** Which room is tried first. Default: `"fullest"`. */
  order?: "fullest" | "emptiest" | "newest" | { lowest: string } | { highest: string };
  /** Do not make a new room if none fits: then the join ends with 4010. */
  existing?: boolean;
}

export interface Invite {
  /** How many may enter with it, 1 to 65,535. Default: 1. */
  uses?: number;
  /** How long it is valid, s. Default: an hour. A server permits a week at most. */
  valid_s?: number;
}
