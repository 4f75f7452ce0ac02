//! The core for any game, `tickwire.wasm`: it reads by the schema that the server sends.

tickwire_client_web::export_client!(page = tickwire_shared::client::generic::AnyGame);
