//! SIGHUP: keys are read again, a bad file changes nothing, and the process lives.

use crate::configuration::Temporary;
use crate::program::{Serving, program, run};
use std::io::{BufRead, BufReader};
use std::process::ChildStderr;

fn printed(words: &[&str]) -> Option<String> {
    let output = run(program(words));
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
}

struct Log(std::io::Lines<BufReader<ChildStderr>>);

impl Log {
    /// The next line with this part.
    fn until(&mut self, part: &str) -> String {
        self.0.by_ref().map_while(Result::ok).find(|line| line.contains(part)).expect(part)
    }
}

fn hang_up(serving: &Serving) {
    let pid = rustix::process::Pid::from_child(&serving.child);
    rustix::process::kill_process(pid, rustix::process::Signal::HUP).unwrap();
}

#[test]
fn keys_of_tickets_are_read_again_at_sighup_and_a_bad_file_changes_nothing() {
    let keys = Temporary::new("reloaded-keys", &printed(&["ticket", "--new-key", "one"]).unwrap());
    let flags =
        ["--listen", "127.0.0.1:0", "--admin", "off", "--auth", "tickets", "--ticket-keys", keys.path()];
    let mut serving = Serving::start(program(&flags));
    let mut log = Log(BufReader::new(serving.child.stderr.take().unwrap()).lines());
    log.until("accepting players");
    std::fs::write(keys.path(), printed(&["ticket", "--new-key", "two"]).unwrap()).unwrap();
    hang_up(&serving);
    let line = log.until("why=\"SIGHUP\"");
    assert!(line.contains("read again: the keys of tickets"), "{line}");
    std::fs::write(keys.path(), "two changeme\n").unwrap();
    hang_up(&serving);
    let line = log.until("why=\"SIGHUP\"");
    assert!(line.contains("WARN") && line.contains("stays in use") && line.contains("line 1"), "{line}");
    assert!(serving.child.try_wait().unwrap().is_none(), "it lives");
}

#[test]
fn a_server_with_nothing_to_read_survives_sighup() {
    let mut serving = Serving::start(program(&["--listen", "127.0.0.1:0", "--admin", "off"]));
    let mut log = Log(BufReader::new(serving.child.stderr.take().unwrap()).lines());
    log.until("accepting players");
    hang_up(&serving);
    log.until("there is nothing to read again");
    assert!(serving.child.try_wait().unwrap().is_none(), "it lives");
}

#[test]
fn keys_of_jwts_are_read_again_at_sighup_and_a_bad_file_changes_nothing() {
    let keys = Temporary::new("reloaded-jwt-keys", "fQ2zX7bVn0sKdU4yPq9mWc1tRg6hLe8J\n");
    let mut flags = vec!["--listen", "127.0.0.1:0", "--admin", "off", "--auth", "jwt"];
    flags.extend(["--jwt-audience", "game", "--jwt-keys", keys.path()]);
    let mut serving = Serving::start(program(&flags));
    let mut log = Log(BufReader::new(serving.child.stderr.take().unwrap()).lines());
    log.until("other users of this machine can read the keys of JWTs");
    log.until("accepting players");
    std::fs::write(keys.path(), "8JfQ2zX7bVn0sKdU4yPq9mWc1tRg6hLe\n").unwrap();
    hang_up(&serving);
    let line = log.until("why=\"SIGHUP\"");
    assert!(line.contains("read again: the keys of JWTs"), "{line}");
    std::fs::write(keys.path(), "changeme\n").unwrap();
    hang_up(&serving);
    let line = log.until("why=\"SIGHUP\"");
    assert!(line.contains("stays in use") && line.contains("32 random bytes"), "{line}");
    assert!(serving.child.try_wait().unwrap().is_none(), "it lives");
}

#[test]
fn the_secret_for_a_service_is_read_again_at_sighup() {
    let secret = Temporary::new("reloaded-secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n");
    let mut flags = vec!["--listen", "127.0.0.1:0", "--admin", "off", "--auth", "http"];
    flags.extend(["--auth-url", "http://127.0.0.1:9/", "--auth-secret", secret.path()]);
    let mut serving = Serving::start(program(&flags));
    let mut log = Log(BufReader::new(serving.child.stderr.take().unwrap()).lines());
    log.until("accepting players");
    hang_up(&serving);
    let line = log.until("why=\"SIGHUP\"");
    assert!(line.contains("read again: the secret for the service"), "{line}");
    std::fs::write(secret.path(), "whsec_changeme\n").unwrap();
    hang_up(&serving);
    let line = log.until("why=\"SIGHUP\"");
    assert!(line.contains("stays in use") && !line.contains("changeme"), "{line}");
}
