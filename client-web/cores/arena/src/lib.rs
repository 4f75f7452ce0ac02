//! The core of the arena, `arena.wasm`: it predicts the player's own ship.

tickwire_client_web::export_client!(tickwire_arena::Arena);
