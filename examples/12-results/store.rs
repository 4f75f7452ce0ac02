//! Where results stay.

use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use tokio_postgres::{Client, Config, Error, NoTls};

/// What a match of step 11 ended with; its own types are in `11-party/outcome.rs`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    pub winner: Option<String>,
    pub red: i32,
    pub blue: i32,
    pub seed: String,
    pub players: Vec<Seat>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Seat {
    pub player: i32,
    /// Of a guest: none.
    pub account: Option<String>,
    pub name: String,
    pub team: String,
    pub points: i32,
    pub stayed: bool,
}

/// A match that was played.
#[derive(Clone, Debug, PartialEq)]
pub struct Played {
    /// Of its webhook.
    pub id: String,
    pub room: String,
    pub outcome: Outcome,
}

/// A line of the leaderboard.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Line {
    pub account: String,
    /// Under which it played last.
    pub name: String,
    pub points: i64,
    pub won: i64,
    pub played: i64,
}

/// Keeps results, each once.
pub trait Store: Send + Sync + 'static {
    /// Why it does not work now.
    type Error: core::fmt::Display;

    /// Keeps a result. `false`: it is there already. When this returns, it is kept for good.
    fn keep(&self, played: &Played) -> impl Future<Output = Result<bool, Self::Error>> + Send;

    /// The ten best, the best first.
    fn leaderboard(&self) -> impl Future<Output = Result<Vec<Line>, Self::Error>> + Send;
}

const TABLES: &str = "
create table if not exists matches (
    webhook text primary key, room text not null, ended timestamptz not null default now(),
    winner text, red int not null, blue int not null, seed text not null
);
create table if not exists accounts (id text primary key, name text not null);
create table if not exists seats (
    webhook text references matches, player int, account text not null references accounts,
    team text not null, points int not null, won bool not null, stayed bool not null,
    primary key (webhook, player)
);";

const LEADERBOARD: &str = "
select id, name, sum(points), count(*) filter (where won), count(*)
from seats join accounts on accounts.id = account
group by id order by 3 desc, 4 desc, 1 limit 10";

/// A database. The connection is made when it is needed, and again after it broke.
pub struct Postgres {
    config: Config,
    client: Mutex<Option<Client>>,
}

impl Postgres {
    pub fn new(config: Config) -> Self {
        Self { config, client: Mutex::new(None) }
    }

    async fn connect(&self) -> Result<Client, Error> {
        let (client, connection) = self.config.connect(NoTls).await?;
        // It ends with the client; what goes wrong is the error of the next question.
        tokio::spawn(connection);
        client.batch_execute(TABLES).await?;
        Ok(client)
    }

    /// Asks with the connection of before, if it still is one.
    async fn with<T>(&self, ask: impl AsyncFnOnce(&mut Client) -> Result<T, Error>) -> Result<T, Error> {
        let mut kept = self.client.lock().await;
        let mut client = match kept.take().filter(|client| !client.is_closed()) {
            Some(client) => client,
            None => self.connect().await?,
        };
        let answer = ask(&mut client).await;
        *kept = Some(client);
        answer
    }
}

impl Store for Postgres {
    type Error = Error;

    async fn keep(&self, played: &Played) -> Result<bool, Error> {
        self.with(async |client| insert(client, played).await).await
    }

    async fn leaderboard(&self) -> Result<Vec<Line>, Error> {
        let rows = self.with(async |client| client.query(LEADERBOARD, &[]).await).await?;
        let line = |row: &tokio_postgres::Row| {
            Ok(Line {
                account: row.try_get(0)?,
                name: row.try_get(1)?,
                points: row.try_get(2)?,
                won: row.try_get(3)?,
                played: row.try_get(4)?,
            })
        };
        rows.iter().map(line).collect()
    }
}

/// All of it or nothing: one that was not kept whole comes again.
async fn insert(client: &mut Client, Played { id, room, outcome }: &Played) -> Result<bool, Error> {
    let Outcome { winner, red, blue, seed, players } = outcome;
    let transaction = client.transaction().await?;
    let new = "insert into matches (webhook, room, winner, red, blue, seed) values ($1, $2, $3, $4, $5, $6)
        on conflict do nothing";
    if transaction.execute(new, &[id, room, winner, red, blue, seed]).await? == 0 {
        return Ok(false);
    }
    for Seat { player, account, name, team, points, stayed } in players {
        // Guests are in no table.
        let Some(account) = account else { continue };
        let known =
            "insert into accounts values ($1, $2) on conflict (id) do update set name = excluded.name";
        transaction.execute(known, &[account, name]).await?;
        let seat = "insert into seats values ($1, $2, $3, $4, $5, $6, $7)";
        let won = winner.as_ref() == Some(team);
        transaction.execute(seat, &[id, player, account, team, points, &won, stayed]).await?;
    }
    transaction.commit().await?;
    Ok(true)
}
