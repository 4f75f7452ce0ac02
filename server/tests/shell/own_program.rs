//! A host's own program: its name, its flags, its section, its pages.

#[path = "../../examples/own_program.rs"]
#[allow(dead_code, unreachable_pub)]
mod example;

use crate::configuration::Temporary;
use crate::program::{SERVE, Serving, answer, command_of_test, run, serve_args};
use crate::running::{Running, ask, assert_status, get};
use serde::{Deserialize, Serialize};
use std::io::{BufRead, BufReader};
use std::process::{Command, ExitCode};
use tickwire_arena::Arena;
use tickwire_server::cli::{Program, clap};
use tickwire_server::{GameOptions, Server};

const SERVER: &str = "own_program::serve_the_example";

/// Ends this process as the program would.
fn exit(code: ExitCode) {
    let status = (0..=u8::MAX).find(|status| code == ExitCode::from(*status));
    std::process::exit(status.unwrap().into());
}

#[test]
#[ignore = "serves; other tests run it as a program of their own"]
fn serve_the_example() {
    if let Some(args) = serve_args() {
        exit(example::program().args(args).run(example::host));
    }
}

/// Runs a test that serves to its end: its status, what it wrote to stdout after the harness's lines, and its
/// stderr.
fn ran(test: &str, args: &[&str], adapt: impl FnOnce(&mut Command)) -> (i32, String, String) {
    let mut command = command_of_test(test);
    command.env(SERVE, args.join(" ")).env_remove("TAG_ONLY");
    adapt(&mut command);
    let output = run(command);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let out = text(output.stdout);
    let own = out.trim_start().strip_prefix("running 1 test\n").unwrap_or(&out).to_owned();
    (output.status.code().unwrap(), own, text(output.stderr))
}

#[track_caller]
fn refused(test: &str, args: &[&str]) -> String {
    let (status, out, err) = ran(test, args, |_| {});
    assert_eq!((status, out.as_str(), err.lines().count()), (2, "", 1), "{err}");
    err
}

#[test]
fn a_program_says_its_own_name_and_version() {
    for flag in ["--version", "-V"] {
        let (status, out, _) = ran(SERVER, &[flag], |_| {});
        let tickwire = env!("CARGO_PKG_VERSION");
        assert_eq!(status, 0);
        assert_eq!(out, format!("tag-server 1.2.0 (Tickwire {tickwire}, protocol 1)\n"));
    }
    let mut serving =
        Serving::start_test(SERVER, &["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"], |_| {});
    let rooms = answer(serving.address(), "/rooms");
    assert!(rooms.contains("<title>Rooms of tag-server</title>"), "{rooms}");
    let mut log = BufReader::new(serving.child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let starting = log.find(|line| line.contains("starting")).unwrap();
    assert!(starting.contains("program=\"tag-server\" version=\"1.2.0\" tickwire="), "{starting}");
    let line = log.find(|line| line.starts_with("metrics at")).unwrap();
    let admin = line.split_once("http://").unwrap().1.strip_suffix("/metrics").unwrap();
    let metrics = answer(admin, "/metrics");
    let info = "\ntickwire_program_info{name=\"tag-server\",version=\"1.2.0\"} 1\n";
    assert!(metrics.contains(info), "{metrics}");
}

#[test]
fn help_says_what_the_program_does_and_lists_its_flags_before_the_servers() {
    let (status, out, _) = ran(SERVER, &["--help"], |_| {});
    assert_eq!(status, 0);
    assert!(out.starts_with("Hosts games of tag\n"), "{out}");
    let at = |part: &str| out.find(part).unwrap_or_else(|| panic!("{part} is missing in\n{out}"));
    let order = [at("--only <FIELD>"), at("Options of the server:"), at("--listen <ADDR>")];
    assert!(order.is_sorted(), "{out}");
    assert!(out.contains("Hosts one field only") && out.contains("TAG_ONLY"), "{out}");
    assert!(!out.contains("tickwire-server"), "{out}");
}

#[test]
fn a_flag_of_the_program_may_come_from_the_environment() {
    let games = |(status, out, err): (i32, String, String)| {
        assert_eq!(status, 0, "{err}");
        ["small", "large"].map(|game| out.contains(&format!("[games.{game}.settings]")))
    };
    let print = &["--print-config"][..];
    assert_eq!(games(ran(SERVER, print, |_| {})), [true, true]);
    assert_eq!(games(ran(SERVER, &["--print-config", "--only", "small"], |_| {})), [true, false]);
    assert_eq!(games(ran(SERVER, print, |command| _ = command.env("TAG_ONLY", "large"))), [false, true]);
}

#[test]
fn a_wrong_flag_of_the_program_is_one_line_and_status_2() {
    assert_eq!(
        refused(SERVER, &["--only", "huge"]),
        "error: --only: no field `huge`; there are small and large\n"
    );
    assert!(refused(SERVER, &["--onyl", "small"]).contains("--only"));
    assert!(refused(SERVER, &["--only"]).contains("--only <FIELD>"));
    let (_, _, err) = ran(SERVER, &[], |command| _ = command.env("TICKWIRE_LISTN", "x"));
    assert!(err.contains("TICKWIRE_LISTN: tag-server reads no such variable"), "{err}");
}

#[test]
fn a_section_of_the_program_is_read_shown_and_read_again() {
    let file = Temporary::new("own.toml", "[fields]\nsmall = 5\n[limits]\nrooms_max = 7\n");
    let print = |path: &str| {
        let (status, out, err) = ran(SERVER, &["--config", path, "--print-config"], |_| {});
        assert_eq!(status, 0, "{err}");
        out
    };
    let shown = print(file.path());
    assert!(shown.contains("\n\n[fields]\n") && shown.contains("\nrooms_max = 7\n"), "{shown}");
    let table: toml::Table = shown.parse().unwrap();
    let field = |name: &str| table["fields"][name].as_float();
    assert_eq!([field("small"), field("large")], [Some(5.0), Some(32.0)]);
    let side = |game: &str| table["games"][game]["settings"]["half_side"].as_float();
    assert_eq!([side("small"), side("large")], [Some(5.0), Some(32.0)], "the games got it");
    let again = Temporary::new("own-again.toml", &shown);
    assert_eq!(print(again.path()), shown);
    let (status, out, _) = ran(SERVER, &["--config", again.path(), "--check-config"], |_| {});
    assert!(status == 0 && out.starts_with("the configuration is valid\n"), "{out}");
}

#[test]
fn a_mistake_in_a_section_is_told_with_its_line() {
    let told = |text: &str| {
        let file = Temporary::new("own-wrong.toml", text);
        let err = refused(SERVER, &["--config", file.path()]);
        err.strip_prefix(&format!("error: {}:", file.path())).unwrap_or(&err).to_owned()
    };
    let text = told("[fields]\nsmall = 5\nlarg = 9\n");
    assert_eq!(text, "3: fields.larg: there is no such setting\n");
    let text = told("[fields]\nlarge = \"big\"\n");
    assert!(text.starts_with("2: fields.large: invalid type: string"), "{text}");
    // What the game says to a value is told with the game's name: the file has no such key.
    let text = told("[fields]\nlarge = 99.0\n");
    assert!(text.contains("games.large.settings: half_side must be 4 to 64"), "{text}");
    let text = told("\n[feilds]\nsmall = 5\n");
    assert!(text.starts_with("2: unknown field `feilds`"), "{text}");
    assert!(text.ends_with("or the section [fields]\n"), "{text}");
}

#[test]
#[ignore = "serves; other tests run it as a program of their own"]
fn serve_with_a_task_of_the_host() {
    let Some(args) = serve_args() else { return };
    exit(Program::default().args(args).run(|server| {
        let task = tokio::spawn(async { "pool" });
        let made = tokio::runtime::Handle::current().block_on(task).unwrap();
        server.game::<Arena>(made, GameOptions::default())
    }));
}

#[tokio::test(flavor = "current_thread")]
#[ignore = "serves; other tests run it as a program of their own"]
async fn serve_in_an_async_main() {
    let Some(args) = serve_args() else { return };
    exit(Program::default().args(args).run(|server| server));
}

#[test]
fn what_a_host_makes_may_need_the_runtime_and_an_async_main_is_told_what_to_do() {
    let (status, out, err) = ran("own_program::serve_with_a_task_of_the_host", &["--print-config"], |_| {});
    assert!(status == 0 && out.contains("[games.pool]"), "{out}{err}");
    let (status, _, err) = ran("own_program::serve_in_an_async_main", &[], |_| {});
    assert_eq!((status, err.lines().count()), (1, 1), "{err}");
    assert!(err.contains("a `fn main` that is not async") && err.contains("Server::builder()"), "{err}");
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Anything {}

/// With the name of the server's own struct, as a host may well call it.
#[derive(Debug, clap::Args)]
struct Args {
    /// A flag that the server has too
    #[arg(long)]
    listen: Option<String>,
}

#[derive(Debug, clap::Args)]
struct Variable {
    #[arg(long, env = "TICKWIRE_LISTEN")]
    mine: Option<String>,
}

#[derive(Debug, clap::Args)]
struct Short {
    #[arg(short = 'h', long)]
    hosts: Option<String>,
}

#[derive(Debug, clap::Args)]
struct Alias {
    #[arg(long, alias = "listen")]
    at: Option<String>,
}

#[test]
#[ignore = "serves; other tests run it as a program of their own"]
fn serve_what_clashes_with_the_server() {
    let Some(args) = serve_args() else { return };
    let program = Program::new("clash", "1").args(args.iter().take(1));
    exit(match args.last().map(String::as_str) {
        Some("flag") => program.flags::<Args>().run(|server, _| server),
        Some("short") => program.flags::<Short>().run(|server, _| server),
        Some("alias") => program.flags::<Alias>().run(|server, _| server),
        Some("variable") => program.flags::<Variable>().run(|server, _| server),
        _ => program.section::<Anything>("limits").run(|server, _| server),
    });
}

#[test]
fn a_flag_or_section_that_the_server_has_too_is_refused() {
    let clash = "own_program::serve_what_clashes_with_the_server";
    let text = refused(clash, &["flag"]);
    assert!(text.contains("`listen`") && text.contains("--listen"), "{text}");
    let text = refused(clash, &["variable"]);
    assert!(text.contains("`mine`") && text.contains("--listen"), "{text}");
    let text = refused(clash, &["short"]);
    assert!(text.contains("`hosts`") && text.contains("--help"), "{text}");
    let text = refused(clash, &["alias"]);
    assert!(text.contains("`at`") && text.contains("--listen"), "{text}");
    let text = refused(clash, &["section"]);
    assert!(text.contains("the section `limits`") && text.contains("choose another"), "{text}");
}

#[tokio::test]
async fn the_host_says_which_page_is_at_the_front() {
    let arena = || Server::builder().game::<Arena>("arena", GameOptions::default());
    let ladder = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples");
    for (server, part) in [
        (arena(), "Hosted here"),
        (arena().default_assets(ladder).front_page("tag.html"), "<script type=\"module\" src=\"tag.js\">"),
        (arena().front_page("arena.html"), "<script type=\"module\" src=\"page.js\">"),
        (arena().front_page("not-there.html"), "No room is open"),
    ] {
        let server = Running::of(server).await;
        for path in ["/", "/index.html"] {
            let answer = ask(server.players, &get(path)).await;
            assert_status(&answer, 200);
            assert!(answer.contains(part), "{part} is missing in\n{answer}");
        }
        server.stop().await;
    }
    let error = arena().front_page("../secret.html").build().unwrap_err();
    assert!(error.to_string().contains("`../secret.html` is not the name"), "{error}");
}
