//! client-bot
