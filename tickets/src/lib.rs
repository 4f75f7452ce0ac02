#![doc = include_str!("../README.md")]

mod keys;
mod ticket;
mod token;

pub use keys::{KEY_ID_BYTES_MAX, KEYS_MAX, Keys, KeysError, SECRET_BYTES_MIN};
pub use ticket::{CLOCK_LEEWAY_S, LIFETIME_MAX, TICKET_BYTES_MAX, Ticket, TicketError};
pub use token::BadTicket;
