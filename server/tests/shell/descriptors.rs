//! How many files the program may open, and what it does with too few.

use crate::log::{ask, connect, terminate};
use crate::program::Serving;
use crate::running::get;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

/// The program under the limit that `ulimit` sets, and the lines of its stderr.
fn start(ulimit: &str) -> (Serving, impl Iterator<Item = String> + Send + use<>) {
    let mut limited = Command::new("sh");
    let script = format!("{ulimit}; exec \"$0\" --listen 127.0.0.1:0 --admin 127.0.0.1:0");
    limited.args(["-c", &script, env!("CARGO_BIN_EXE_tickwire-server")]);
    limited.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut serving = Serving::start(limited);
    let lines = BufReader::new(serving.child.stderr.take().unwrap()).lines().map_while(Result::ok);
    (serving, lines)
}

#[cfg(target_os = "linux")]
#[test]
fn the_limit_is_raised_to_what_is_permitted() {
    let (mut serving, _lines) = start("ulimit -S -n 64");
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", serving.child.id())).unwrap();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap();
    let words: Vec<_> = line.split_whitespace().collect();
    assert_eq!(words[0], words[1], "soft and hard: {line}");
    terminate(&mut serving);
}

#[test]
fn under_a_low_limit_newcomers_are_told_503_and_the_operator_is_answered() {
    let (mut serving, mut lines) = start("ulimit -n 128");
    let line = lines.find(|line| line.starts_with("metrics at")).unwrap();
    let admin = line.split_once("http://").unwrap().1.strip_suffix("/metrics").unwrap().to_owned();
    let told = lines.find(|line| line.contains("connections_max")).unwrap();
    for part in [
        "connections_max is 10000",
        "may open 128 files",
        "`ulimit -n 1",
        "LimitNOFILE=",
        "lower connections_max",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let (_, rest) = told.split_once("so only ").unwrap();
    let fits: usize = rest.split(' ').next().unwrap().parse().unwrap();
    assert!((32..128).contains(&fits), "{told}");

    let held: Vec<_> = (0..fits).map(|_| connect(serving.address())).collect();
    for _ in 0..5 {
        let answer = ask(&mut connect(serving.address()), &get("/"));
        assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    }
    // More than can get an answer at once: they are cut, and use up nothing.
    let silent: Vec<_> = (0..128).map(|_| connect(serving.address())).collect();
    let metrics = ask(&mut connect(&admin), &get("/metrics"));
    assert!(metrics.starts_with("HTTP/1.1 200"), "{metrics}");
    assert!(metrics.contains(&format!("\ntickwire_connections {fits}\n")), "{metrics}");
    assert!(metrics.contains("\ntickwire_accept_errors_total 0\n"), "{metrics}");
    drop((held, silent));
    let end = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while !ask(&mut connect(serving.address()), &get("/readyz")).starts_with("HTTP/1.1 200") {
        assert!(std::time::Instant::now() < end, "the connections become free");
    }
    std::thread::spawn(move || lines.for_each(drop));
    terminate(&mut serving);
}
