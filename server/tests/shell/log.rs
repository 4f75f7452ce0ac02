//! A log that is not read, and one that is flooded.

use crate::program::{Serving, program, wait};
use crate::running::UPGRADE;
use crate::startup::{join, read_frame};
use core::time::Duration;
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use std::io::{PipeReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Instant;

const LISTEN: &[&str] = &["--listen", "127.0.0.1:0", "--admin", "off"];

/// Sets the program's stderr to a full pipe, and returns its reading end.
pub(crate) fn full_pipe(command: &mut Command) -> PipeReader {
    let (reader, mut writer) = std::io::pipe().unwrap();
    let flags = fcntl_getfl(&writer).unwrap();
    fcntl_setfl(&writer, flags | OFlags::NONBLOCK).unwrap();
    while writer.write(&[b'.'; 4096]).is_ok() {}
    while writer.write(b".").is_ok() {}
    fcntl_setfl(&writer, flags).unwrap();
    command.stderr(Stdio::from(writer));
    reader
}

/// Writes `request` on a kept connection and reads the answer.
pub(crate) fn ask(socket: &mut TcpStream, request: &str) -> String {
    socket.write_all(request.as_bytes()).unwrap();
    let (mut text, mut chunk) = (Vec::new(), [0; 4096]);
    loop {
        let said = String::from_utf8_lossy(&text).into_owned();
        let whole = said.split_once("\r\n\r\n").is_some_and(|(head, body)| {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            length.is_some_and(|length| body.len() >= length.trim().parse().unwrap())
        });
        if whole {
            return said;
        }
        let count = socket.read(&mut chunk).expect("an answer in time");
        assert!(count > 0, "the server ended the connection: {said}");
        text.extend_from_slice(&chunk[..count]);
    }
}

pub(crate) fn connect(address: &str) -> TcpStream {
    let socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    socket
}

/// Makes the server write `count` lines of one kind.
fn make_lines(address: &str, count: usize) {
    let origin = "x".repeat(200);
    let refused = UPGRADE.replacen("Host: a", &format!("Host: a\r\nOrigin: https://{origin}"), 1);
    let mut socket = connect(address);
    for _ in 0..count {
        let answer = ask(&mut socket, &refused);
        assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    }
}

pub(crate) fn terminate(serving: &mut Serving) {
    let pid = rustix::process::Pid::from_child(&serving.child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    wait(&mut serving.child, Duration::from_secs(10));
    assert_eq!(serving.child.wait().unwrap().code(), Some(0));
}

/// The value of a line of `/metrics`.
fn reading(metrics: &str, name: &str) -> u64 {
    let line =
        metrics.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("{metrics}"));
    line.trim().parse().unwrap()
}

#[test]
fn a_server_whose_log_nobody_reads_serves_on_and_tells_what_was_lost() {
    let admin = crate::running::free_port();
    let mut command = program(&[
        "--listen",
        "127.0.0.1:0",
        "--admin",
        &admin,
        "--allowed-origins",
        "https://play.example",
        "--log-lines-per-kind-max",
        "0",
    ]);
    let mut log = full_pipe(&mut command);
    let mut serving = Serving::start(command);
    let address = serving.address().to_owned();
    assert!(ask(&mut connect(&address), &crate::running::get("/healthz")).starts_with("HTTP/1.1 200"));
    let mut player = join(&address, "arena");
    for _ in 0..5 {
        read_frame(&mut player);
    }

    make_lines(&address, 2_000);
    read_frame(&mut player);
    let metrics = ask(&mut connect(&admin), &crate::running::get("/metrics"));
    let lost = reading(&metrics, "tickwire_log_lines_dropped_total{reason=\"unread\"}");
    assert!(lost > 100, "{lost} lines of 2,000 were lost");

    let reading = std::thread::spawn(move || {
        let (mut text, mut chunk) = (Vec::new(), [0; 4096]);
        while !String::from_utf8_lossy(&text).contains(&format!("lines={lost}")) {
            let count = log.read(&mut chunk).unwrap();
            assert!(count > 0, "no word of {lost} lost lines in {}", String::from_utf8_lossy(&text));
            text.extend_from_slice(&chunk[..count]);
        }
        log
    });
    let log = reading.join().unwrap();
    terminate(&mut serving);
    drop(log);
}

#[test]
fn a_line_of_text_begins_with_the_session_or_the_room() {
    let mut serving = Serving::start(program(LISTEN));
    let mut player = join(serving.address(), "arena");
    for _ in 0..3 {
        read_frame(&mut player);
    }
    terminate(&mut serving);
    let (_, log) = serving.rest();
    let line = |message: &str| {
        log.lines().find(|line| line.contains(message)).unwrap_or_else(|| panic!("{message}: {log}"))
    };
    for message in ["session has its seat", "session ended"] {
        let line = line(message);
        assert!(line.contains(" session{id=1 peer=127.0.0.1 player=\"ann\"}: "), "{line}");
        assert!(line.contains(" room="), "{line}");
    }
    // The Welcome, the Joined, and updates, whoever wrote them.
    let (_, sent) = line("session ended").split_once("messages_out=").unwrap();
    assert!(sent.split_whitespace().next().unwrap().parse::<u32>().unwrap() >= 3, "{sent}");
    for message in ["room started", "room ended"] {
        let line = line(message);
        assert!(line.contains(" room{id=") && line.contains(" game=arena}: "), "{line}");
        assert!(!line.contains("session{"), "{line}");
    }
}

#[test]
fn a_full_log_does_not_keep_a_server_from_stopping() {
    let mut command = program(LISTEN);
    let log = full_pipe(&mut command);
    let mut serving = Serving::start(command);
    let mut player = join(serving.address(), "arena");
    for _ in 0..3 {
        read_frame(&mut player);
    }
    terminate(&mut serving);
    drop(log);
}

#[test]
fn a_start_that_fails_ends_though_nobody_reads_why() {
    let mut command = program(&["--no-such-flag"]);
    let log = full_pipe(&mut command);
    let mut child = command.spawn().unwrap();
    wait(&mut child, Duration::from_secs(5));
    assert_eq!(child.wait().unwrap().code(), Some(2));
    drop(log);
}

#[test]
fn a_flood_of_one_kind_of_line_is_summed_up() {
    let allowed = ["--allowed-origins", "https://play.example", "--log-lines-per-kind-max", "20"];
    let mut serving = Serving::start(program(&[LISTEN, &allowed].concat()));
    let begin = Instant::now();
    make_lines(serving.address(), 300);
    let periods = begin.elapsed().as_secs() / 10 + 1;
    terminate(&mut serving);
    let (_, log) = serving.rest();
    let written =
        log.matches("connection refused reason").count() + log.matches(": connection refused").count();
    assert!((20..=20 * periods as usize).contains(&written), "{written} lines:\n{log}");
    let summed: usize = log
        .lines()
        .filter(|line| line.contains("summed up") && line.contains("like=\"connection refused\""))
        .map(|line| {
            let (_, rest) = line.split_once("lines=").unwrap();
            rest.split_whitespace().next().unwrap().parse::<usize>().unwrap()
        })
        .sum();
    assert_eq!(written + summed, 300, "{log}");
}
