//! Writes the table with which the arena's packets are coded, learned from matches of bots:
//!
//!     cargo run --release -p tickwire-client-bot --example train_arena -- arena/arena.twt

use std::process::ExitCode;
use tickwire_arena::bots::ArenaBehaviour;
use tickwire_arena::{Arena, Settings};
use tickwire_client_bot::training::{Lesson, train_table};

fn main() -> ExitCode {
    let Some(path) = std::env::args().nth(1) else {
        eprintln!("name the file to write, such as arena/arena.twt");
        return ExitCode::from(2);
    };
    let lesson = Lesson { players: 32, ticks: 9_000, matches: 4, seed: 2_000 };
    let table = train_table::<Arena>(&Settings::default(), &ArenaBehaviour::Mixed, lesson);
    match std::fs::write(&path, &table) {
        Ok(()) => {
            println!("{} bytes in {path}", table.len());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("cannot write {path}: {error}");
            ExitCode::FAILURE
        }
    }
}
