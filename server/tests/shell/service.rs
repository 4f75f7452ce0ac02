//! What a service manager is told and asks: NOTIFY_SOCKET, and the word `ready`.

use crate::program::{Serving, fail, program, run, wait};
use core::time::Duration;
use std::net::TcpStream;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::process::Command;

fn told(manager: &UnixDatagram) -> String {
    let mut text = [0; 256];
    let length = manager.recv(&mut text).expect("the manager is told within 10 s");
    String::from_utf8(text[..length].to_vec()).unwrap()
}

fn manager(address: &SocketAddr) -> UnixDatagram {
    let manager = UnixDatagram::bind_addr(address).unwrap();
    manager.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    manager
}

fn signal(serving: &Serving, signal: rustix::process::Signal) {
    rustix::process::kill_process(rustix::process::Pid::from_child(&serving.child), signal).unwrap();
}

fn quiet() -> Command {
    program(&["--listen", "127.0.0.1:0", "--admin", "off"])
}

#[test]
fn a_service_manager_is_told_of_the_start_each_reload_and_the_stop() {
    let path = std::env::temp_dir().join(format!("tickwire-notify-{}", std::process::id()));
    let manager = manager(&SocketAddr::from_pathname(&path).unwrap());
    let mut command = quiet();
    command.env("NOTIFY_SOCKET", &path);
    let mut serving = Serving::start(command);
    assert_eq!(told(&manager), "READY=1\n");
    signal(&serving, rustix::process::Signal::HUP);
    let text = told(&manager);
    let time = text.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").expect(&text);
    assert!(time.trim_end().parse::<u64>().is_ok(), "{text}");
    assert_eq!(told(&manager), "READY=1\n");
    signal(&serving, rustix::process::Signal::TERM);
    assert_eq!(told(&manager), "STOPPING=1\n");
    wait(&mut serving.child, Duration::from_secs(10));
    std::fs::remove_file(path).unwrap();
}

#[test]
fn a_manager_that_watches_hears_in_time_also_on_an_abstract_socket() {
    let name = format!("tickwire-notify-{}", std::process::id());
    let manager = manager(&SocketAddr::from_abstract_name(&name).unwrap());
    let mut command = quiet();
    command.env("NOTIFY_SOCKET", format!("@{name}")).env("WATCHDOG_USEC", "300000");
    let _serving = Serving::start(command);
    let heard = [told(&manager), told(&manager), told(&manager)];
    assert_eq!(heard, ["READY=1\n", "WATCHDOG=1\n", "WATCHDOG=1\n"]);
}

#[test]
fn a_manager_that_is_gone_does_not_keep_the_server_from_playing() {
    let mut command = quiet();
    command.env("NOTIFY_SOCKET", "/no/such/socket");
    let serving = Serving::start(command);
    assert!(serving.ready.starts_with("listening on"), "{}", serving.ready);
}

#[test]
fn ready_asks_the_operators_listener() {
    let mut serving = Serving::start(program(&[
        "--listen",
        "127.0.0.1:0",
        "--admin",
        "127.0.0.1:0",
        "--connections-max",
        "1",
    ]));
    let mut stderr = std::io::BufReader::new(serving.child.stderr.take().unwrap());
    let told = std::io::BufRead::lines(&mut stderr).map(Result::unwrap);
    let line = told.into_iter().find(|line| line.starts_with("metrics at")).unwrap();
    let admin = line.trim_start_matches("metrics at http://").trim_end_matches("/metrics").to_owned();
    let output = run(program(&["ready", "--admin", &admin]));
    assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()));
    let mut command = program(&["ready"]);
    command.env("TICKWIRE_ADMIN", admin.replacen("127.0.0.1", "0.0.0.0", 1));
    assert_eq!(run(command).status.code(), Some(0));

    let held = TcpStream::connect(serving.address()).unwrap();
    let full = (0..1000).find_map(|_| {
        std::thread::sleep(Duration::from_millis(10));
        let output = run(program(&["ready", "--admin", &admin]));
        (!output.status.success()).then(|| String::from_utf8(output.stderr).unwrap())
    });
    assert!(full.expect("the server is full").starts_with("error: not ready: 503 "));
    drop(held);
    drop(serving);
    assert!(fail(program(&["ready", "--admin", &admin]), 1).contains("does not answer"));
    assert!(fail(program(&["ready", "--admin", "off"]), 1).contains("is off"));
}
