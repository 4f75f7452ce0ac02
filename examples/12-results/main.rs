//! Step 12: results that stay. A service of your own that takes the webhooks of step 11 and keeps accounts,
//! matches and a leaderboard in PostgreSQL. Each message counts once, however often it comes.
//!
//!     echo "whsec_$(openssl rand -base64 32)" > secret && chmod 600 secret
//!     cargo run --release -p tickwire-examples --example 12-results -- secret postgres://me@localhost/party
//!
//! and, with the same secret, the games:
//!
//!     cargo run --release -p tickwire-examples --example 11-party -- --webhook-url http://127.0.0.1:9000/ \
//!         --webhook-secret secret --state state --webhook-events room.ended
//!
//! `http://127.0.0.1:9000/leaderboard` shows who is best.
#![allow(missing_docs)]

pub mod receiver;
pub mod signature;
pub mod store;

use receiver::routes;
use signature::Secrets;
use std::error::Error;
use store::{Postgres, Store};
use tokio::net::TcpListener;

const ADDRESS: &str = "127.0.0.1:9000";
const USAGE: &str = "12-results SECRET_FILE postgres://USER@HOST/DATABASE";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [file, database] = args.as_slice() else { return Err(format!("usage: {USAGE}").into()) };
    let secrets = std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
    let secrets: Secrets = secrets.parse().map_err(|error| format!("{file}: {error}"))?;
    let store = Postgres::new(database.parse()?);
    // Wrong settings are told now, not at the first match.
    store.leaderboard().await.map_err(|error| format!("the database: {error}"))?;
    let listener = TcpListener::bind(ADDRESS).await?;
    println!("listening on http://{ADDRESS}/");
    axum::serve(listener, routes(secrets, store)).await?;
    Ok(())
}
