//! The page's core: the client with the game's rules, for `tickwire.js`.

tickwire_client_web::export_client!(game::MyGame);
