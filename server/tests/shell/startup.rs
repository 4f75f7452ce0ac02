//! Start and stop of the program.

use crate::program::{Serving, answer, fail, program, run, wait};
use core::time::Duration;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Instant;
use tickwire_shared::limits::PROTOCOL_VERSION;
use tickwire_shared::wire::CloseCode;
use tickwire_shared::wire::control::{
    ClientControl, Credential, GameName, Hello, Join, Name, Options, Role, ServerControl, Target,
};

const ANY_PORT: &[&str] = &["--listen", "127.0.0.1:0", "--admin", "off"];

#[test]
fn one_ready_line_names_an_address_that_answers() {
    let serving = Serving::start(program(ANY_PORT));
    assert!(serving.ready.starts_with("listening on ws://127.0.0.1:"), "{}", serving.ready);
    let address = serving.address().to_owned();
    let mut socket = TcpStream::connect(&address).unwrap();
    socket.write_all(b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    stop(serving, |out, err| {
        assert_eq!(out, "", "nothing follows the ready line");
        assert!(err.contains(&format!("play at http://{address}/\n")), "{err}");
    });
}

#[test]
fn the_program_shows_the_arena_at_the_front() {
    let serving = Serving::start(program(ANY_PORT));
    let front = answer(serving.address(), "/");
    assert!(front.contains("Play the built-in arena") && front.contains("page.js"), "{front}");
    assert!(answer(serving.address(), "/rooms").contains("<title>Rooms of tickwire-server</title>"));
}

#[test]
fn a_line_names_where_the_operators_metrics_are() {
    let mut serving = Serving::start(program(&["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]));
    let mut told = BufReader::new(serving.child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let line = told.find(|line| line.starts_with("metrics at")).unwrap();
    let (_, address) = line.split_once("http://").unwrap();
    let mut socket = TcpStream::connect(address.strip_suffix("/metrics").unwrap()).unwrap();
    socket.write_all(b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("\ntickwire_rooms"), "{answer}");
}

#[test]
fn a_server_whose_stderr_is_gone_goes_on() {
    let mut serving = Serving::start(program(&[ANY_PORT, &["--log-level", "debug"]].concat()));
    drop(serving.child.stderr.take());
    for _ in 0..2 {
        let mut socket = TcpStream::connect(serving.address()).unwrap();
        socket.write_all(crate::running::UPGRADE.as_bytes()).unwrap();
        read_head(&mut socket);
    }
    stop(serving, |_, _| {});
}

#[test]
fn a_stop_tells_clients_and_ends_with_status_0() {
    let serving = Serving::start(program(ANY_PORT));
    let mut socket = TcpStream::connect(serving.address()).unwrap();
    socket.write_all(crate::running::UPGRADE.as_bytes()).unwrap();
    read_head(&mut socket);
    stop(serving, |_, _| {});
    socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let mut rest = Vec::new();
    socket.read_to_end(&mut rest).unwrap();
    let (message, rest) = frame(0x82, &rest);
    let Ok(ServerControl::Close(close)) = ServerControl::decode(message) else {
        panic!("no Close message: {message:?}");
    };
    assert_eq!((close.code, close.advice), (CloseCode::GoingAway, CloseCode::GoingAway.advice()));
    let (close_frame, rest) = frame(0x88, rest);
    assert_eq!(close_frame[..2], 1001_u16.to_be_bytes());
    assert_eq!(rest, [0; 0], "nothing follows the close frame");
}

/// The payload of a short frame that begins with `first`, and what follows it.
#[track_caller]
fn frame(first: u8, bytes: &[u8]) -> (&[u8], &[u8]) {
    assert_eq!(bytes.first(), Some(&first), "the client was cut without a Close message: {bytes:?}");
    assert!(bytes[1] < 126, "not short: {bytes:?}");
    bytes[2..].split_at(usize::from(bytes[1]))
}

#[test]
fn a_wrong_flag_or_variable_is_one_line_and_status_2() {
    let cases: [(&[&str], &[&str]); 6] = [
        (&["--listen", "localhost:9600"], &["--listen: `localhost:9600` is not IP:PORT", "127.0.0.1:8080"]),
        (&["--admin=here"], &["--admin: `here` is neither IP:PORT nor `off`"]),
        (&["--lisen", "127.0.0.1:0"], &["--lisen", "--listen"]),
        (&["--rooms-max", "many"], &["--rooms-max: `many`: invalid digit"]),
        (&["--log", "xml"], &["--log: `xml` is not one of text, json"]),
        (&["--log-level", "blah"], &["log_level: `blah` is not a level", "debug"]),
    ];
    for (args, parts) in cases {
        let text = fail(program(args), 2);
        assert!(parts.iter().all(|part| text.contains(part)), "{args:?}: {text}");
    }
    let mut command = program(&["--admin", "off"]);
    command.env("TICKWIRE_LISTEN", "localhost:9600");
    let text = fail(command, 2);
    assert!(text.starts_with("error: TICKWIRE_LISTEN: `localhost:9600` is not IP:PORT"), "{text}");
    let mut command = program(&[]);
    command.env("TICKWIRE_LISTN", "127.0.0.1:0");
    let text = fail(command, 2);
    assert!(text.contains("TICKWIRE_LISTN: ") && text.contains("did you mean TICKWIRE_LISTEN?"), "{text}");
}

#[test]
fn logs_can_be_json() {
    let mut args = ANY_PORT.to_vec();
    args.extend(["--log", "json"]);
    stop(Serving::start(program(&args)), |_, err| {
        assert!(
            err.lines().any(|line| line.starts_with('{') && line.contains("\"message\":\"stopped\"")),
            "{err}"
        );
    });
}

pub(crate) fn read_head(socket: &mut TcpStream) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        socket.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
}

pub(crate) fn read_frame(socket: &mut TcpStream) {
    let mut start = [0; 2];
    socket.read_exact(&mut start).unwrap();
    let mut length = u16::from(start[1]);
    if length == 126 {
        let mut long = [0; 2];
        socket.read_exact(&mut long).unwrap();
        length = u16::from_be_bytes(long);
    }
    socket.read_exact(&mut vec![0; usize::from(length)]).unwrap();
}

pub(crate) fn masked(message: &ClientControl) -> Vec<u8> {
    let payload = message.encode().unwrap();
    let mut frame = vec![0x82, 0x80 | u8::try_from(payload.len()).unwrap(), 0, 0, 0, 0];
    frame.extend_from_slice(&payload);
    frame
}

/// A player of `game` named ann; everything from the server's Welcome on is still to be read.
pub(crate) fn join(address: &str, game: &str) -> TcpStream {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.write_all(crate::running::UPGRADE.as_bytes()).unwrap();
    let (name, credential) = (Name::new("ann").unwrap(), Credential::Guest);
    let hello = Hello { version: PROTOCOL_VERSION, name, credential };
    let (game, target) = (GameName::new(game).unwrap(), Target::Match(Options::none()));
    let join = Join::new(game, 0, Role::Player, target);
    socket.write_all(&masked(&ClientControl::Hello(hello))).unwrap();
    socket.write_all(&masked(&ClientControl::Join(join))).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    read_head(&mut socket);
    socket
}

#[cfg(unix)]
#[test]
fn a_session_is_logged_with_its_player_when_it_joins_and_when_it_ends() {
    let mut args = ANY_PORT.to_vec();
    args.extend(["--log", "json"]);
    let serving = Serving::start(program(&args));
    let mut socket = join(serving.address(), "arena");
    // The Welcome, the Joined, and the first update: by then the session plays.
    for _ in 0..3 {
        read_frame(&mut socket);
    }
    stop(serving, |_, err| {
        let line = |message: &str| {
            let message = format!("\"message\":\"{message}\"");
            err.lines().find(|line| line.contains(&message)).unwrap_or_else(|| panic!("{message}: {err}"))
        };
        let session =
            ["\"name\":\"session\"", "\"id\":\"1\"", "\"peer\":\"127.0.0.1\"", "\"player\":\"ann\""];
        let (joined, ended) = (line("session has its seat"), line("session ended"));
        for part in session {
            assert!(joined.contains(part) && ended.contains(part), "{part}: {joined}\n{ended}");
        }
        for part in ["\"code\":1001", "\"reason\":\"going_away: ", "\"room\":\""] {
            assert!(ended.contains(part), "{part}: {ended}");
        }
        assert_eq!(ended.matches("1001").count(), 1, "{ended}");
        let room = ["\"name\":\"room\"", "\"id\":\"", "\"game\":\"arena\""];
        let (started, over) = (line("room started"), line("room ended"));
        for part in room {
            assert!(started.contains(part) && over.contains(part), "{part}: {started}\n{over}");
        }
        assert!(!started.contains("\"name\":\"session\""), "a room is not part of the session: {started}");
    });
}

#[test]
fn a_port_in_use_is_told_with_the_remedy() {
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = held.local_addr().unwrap().to_string();
    let text = fail(program(&["--listen", &taken, "--admin", "off"]), 1);
    assert!(text.contains(&taken) && text.contains("in use") && text.contains("--listen"), "{text}");
    let text = fail(program(&["--listen", "127.0.0.1:0", "--admin", &taken]), 1);
    assert!(text.contains(&taken) && text.contains("in use") && text.contains("--admin off"), "{text}");
}

/// Whether a new connection gets a good answer.
#[cfg(unix)]
fn healthy(address: &str) -> bool {
    let answer = || -> std::io::Result<String> {
        let mut socket = TcpStream::connect(address)?;
        socket.set_read_timeout(Some(Duration::from_secs(5)))?;
        socket.write_all(b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        socket.read_to_string(&mut answer)?;
        Ok(answer)
    };
    answer().is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
}

#[cfg(unix)]
#[test]
fn a_server_out_of_files_lives_on() {
    let mut limited = std::process::Command::new("sh");
    let script = "ulimit -n 24; exec \"$0\" --listen 127.0.0.1:0 --admin off";
    limited.args(["-c", script, env!("CARGO_BIN_EXE_tickwire-server")]);
    limited.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let serving = Serving::start(limited);
    let address = serving.address().to_owned();
    let held: Vec<_> = (0..40).map(|_| TcpStream::connect(&address).unwrap()).collect();
    std::thread::sleep(Duration::from_millis(300));
    drop(held);
    // The server may not have noticed yet that the others are gone.
    let end = Instant::now() + Duration::from_secs(5);
    while !healthy(&address) {
        assert!(Instant::now() < end, "it answers again");
        std::thread::sleep(Duration::from_millis(20));
    }
    stop(serving, |_, err| assert_eq!(err.matches("ulimit -n").count(), 1, "reported once:\n{err}"));
}

#[test]
fn help_names_the_defaults() {
    let output = run(program(&["--help"]));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success());
    assert!(text.contains("127.0.0.1:8080") && text.contains("TICKWIRE_LISTEN"), "{text}");
}

#[cfg(unix)]
pub(crate) fn stop(mut serving: Serving, check: impl FnOnce(&str, &str)) {
    let pid = rustix::process::Pid::from_child(&serving.child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let took = wait(&mut serving.child, Duration::from_secs(8));
    assert!(took < Duration::from_secs(7), "the deadline of 5 s was not kept: {took:?}");
    assert_eq!(serving.child.wait().unwrap().code(), Some(0));
    let (out, err) = serving.rest();
    check(&out, &err);
}

#[cfg(not(unix))]
pub(crate) fn stop(mut serving: Serving, _check: impl FnOnce(&str, &str)) {
    serving.child.kill().unwrap();
    wait(&mut serving.child, Duration::from_secs(8));
}
