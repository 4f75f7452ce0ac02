//! Where settings come from, and what is refused.

use crate::program::{fail, program, run};
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use tickwire_arena::Arena;
use tickwire_server::{AuthFallback, AuthMode, Config, GameOptions, GameSection, Server};

/// A file that is removed at the end.
pub(crate) struct Temporary(pub(crate) PathBuf);

impl Temporary {
    pub(crate) fn new(name: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("tickwire-{}-{name}", std::process::id()));
        fs::write(&path, text).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn printed(command: Command) -> Config {
    let output = run(command);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Config::from_toml(&text, "printed").unwrap()
}

fn effective(config: Config) -> Config {
    let server =
        Server::builder().config(config).game::<Arena>("arena", GameOptions::default()).build().unwrap();
    server.config().clone()
}

#[test]
fn defaults_give_way_to_the_file_the_file_to_the_environment_and_that_to_flags() {
    let file = Temporary::new(
        "order.toml",
        "listen = \"127.0.0.1:1001\"\nlog_level = \"warn\"\nshutdown_deadline_s = 1\n\
         [limits]\nrooms_max = 11\n",
    );
    let mut command = program(&["--config", file.path(), "--print-config", "--listen", "127.0.0.1:1003"]);
    command.env("TICKWIRE_LISTEN", "127.0.0.1:1002").env("TICKWIRE_LOG_LEVEL", "debug");
    command.env("TICKWIRE_RESUME_GRACE_MS", "1004");
    let config = printed(command);
    assert_eq!(config.listen.port(), 1003, "the flag");
    assert_eq!((&*config.log_level, config.limits.resume_grace_ms), ("debug", 1004), "the environment");
    assert_eq!((config.limits.rooms_max, config.shutdown_deadline_s), (11, 1), "the file");
    assert_eq!(config.limits.connections_max, Config::default().limits.connections_max, "the default");
}

#[test]
fn the_file_may_be_named_by_the_environment() {
    let file = Temporary::new("named.toml", "[limits]\nrooms_max = 12\n");
    let mut command = program(&["--print-config"]);
    command.env("TICKWIRE_CONFIG", file.path());
    assert_eq!(printed(command).limits.rooms_max, 12);
}

#[test]
fn what_is_printed_reads_back_to_the_same() {
    let text = "admin = \"off\"\ntrusted_proxies = [\"10.0.0.0/8\"]\n\
                allowed_origins = [\"https://a.example\"]\nlog = \"json\"\n[games.arena]\ntick_rate_hz = 20\n\
                [games.arena.settings]\nround_s = 77\n";
    let file = Temporary::new("round.toml", text);
    let first = printed(program(&["--config", file.path(), "--print-config"]));
    assert_eq!(first, effective(Config::from_toml(text, "x").unwrap()));
    let again = Temporary::new("again.toml", &first.to_toml().unwrap());
    assert_eq!(printed(program(&["--config", again.path(), "--print-config"])), first);
    assert_eq!(first.games["arena"].tick_rate_hz.unwrap().hz(), 20);
    assert_eq!(first.games["arena"].settings["round_s"].as_integer(), Some(77));
}

#[test]
fn services_are_set_by_flags_variables_and_the_file() {
    let secret = Temporary::new("service-secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    let text = format!("auth = \"http\"\nauth_secret = {:?}\nauth_fallback = \"guests\"\n", secret.path());
    let file = Temporary::new("service.toml", &text);
    let url = "http://127.0.0.1:9/players?a=b";
    let mut command = program(&["--config", file.path(), "--print-config", "--auth-url", url]);
    command.env("TICKWIRE_AUTH_HEADERS", "cookie,x-user");
    let config = printed(command);
    assert_eq!((config.auth, config.auth_fallback), (vec![AuthMode::Http], AuthFallback::Guests));
    assert_eq!(config.auth_url.map(String::from).as_deref(), Some(url));
    assert_eq!(
        (config.auth_headers, config.auth_secret),
        (vec!["cookie".into(), "x-user".into()], Some(secret.0.clone()))
    );

    let keys = "http://127.0.0.1:9/keys";
    let mut command =
        program(&["--print-config", "--auth", "jwt,guests", "--jwt-keys", keys, "--jwt-issuer", "i"]);
    command.env("TICKWIRE_JWT_AUDIENCE", "game");
    let config = printed(command);
    assert_eq!(config.auth, [AuthMode::Jwt, AuthMode::Guests]);
    assert_eq!(config.jwt_keys.map(String::from).as_deref(), Some(keys));
    assert_eq!((config.jwt_audience.as_deref(), config.jwt_issuer.as_deref()), (Some("game"), Some("i")));
}

#[test]
fn a_map_of_ones_own_replaces_the_carried_one() {
    let file = Temporary::new("carried.toml", "[games.arena.settings]\nrows_file = \"maps/duel.txt\"\n");
    let rows = |config: Config| config.games["arena"].settings["rows"].as_array().unwrap().len();
    let print = ["--config", file.path(), "--print-config"];
    assert_eq!(rows(printed(program(&print))), 16, "built in, from any folder");

    let folder = std::env::temp_dir().join(format!("tickwire-{}-assets", std::process::id()));
    fs::create_dir_all(folder.join("maps")).unwrap();
    fs::write(folder.join("maps/duel.txt"), "; mine\n#######\n#s...s#\n#.....#\n#s...s#\n#######\n").unwrap();
    let mut command = program(&print);
    command.args(["--assets", folder.to_str().unwrap()]);
    let count = rows(printed(command));
    fs::remove_dir_all(&folder).unwrap();
    assert_eq!(count, 5, "from the operator's folder");
}

#[test]
fn the_annotated_file_holds_the_defaults_and_every_key() {
    let text = include_str!("../../../assets/server.toml");
    let config = Config::from_toml(text, "assets/server.toml").unwrap();
    assert_eq!(effective(config.clone()), effective(Config::default()));
    let mut without_games = config;
    without_games.games = Default::default();
    assert_eq!(without_games, Config::default());
    let mut all = Config::default();
    all.assets = Some("a".into());
    all.tls_cert = Some("c".into());
    all.tls_key = Some("k".into());
    (all.auth, all.ticket_keys) = (vec![AuthMode::Tickets], Some("t".into()));
    all.jwt_keys = Some("j".parse().unwrap());
    (all.jwt_audience, all.jwt_issuer) = (Some("a".into()), Some("i".into()));
    all.auth_url = Some("http://127.0.0.1/".parse().unwrap());
    (all.auth_secret, all.auth_headers) = (Some("s".into()), vec!["h".into()]);
    all.attack_consent = Some("t".into());
    all.webhook_url = Some("http://127.0.0.1/".parse().unwrap());
    (all.webhook_secret, all.webhook_events) = (Some("w".into()), vec!["room.ended".into()]);
    all.admin_token = Some("a".into());
    (all.state, all.bans) = (Some("s".into()), Some("b".into()));
    all.games = [("arena".to_owned(), GameSection::default())].into();
    for line in all.to_toml().unwrap().lines() {
        let key = line.split(" =").next().unwrap();
        assert!(text.contains(key), "{key} is missing in assets/server.toml");
    }
}

#[test]
fn a_wrong_configuration_is_one_line_and_status_2() {
    let unknown = Temporary::new("unknown.toml", "log = \"text\"\n\n[limits]\nrooms = 3\n");
    let text = fail(program(&["--config", unknown.path()]), 2);
    assert!(text.contains(":4: unknown field `rooms`"), "{text}");

    let map = Temporary::new("map.toml", "[games.arena.settings]\nrows_file = \"/no/such/map.txt\"\n");
    let text = fail(program(&["--config", map.path(), "--check-config"]), 2);
    assert!(text.contains("rows_file") && text.contains("/no/such/map.txt"), "{text}");

    let bad_map = Temporary::new("badmap.toml", "[games.arena.settings]\nrows = [\"#\"]\n");
    let text = fail(program(&["--config", bad_map.path(), "--check-config"]), 2);
    assert!(text.contains("games.arena.settings"), "{text}");

    let game = Temporary::new("game.toml", "[games.chess]\ntick_rate_hz = 30\n");
    let text = fail(program(&["--config", game.path()]), 2);
    assert!(text.contains("game.toml:1: games.chess: ") && text.contains("it hosts arena"), "{text}");

    let setting = Temporary::new(
        "setting.toml",
        "[games.arena]\n\n[games.arena.settings]\nround_s = 60\nmapp = \"duel\"\n",
    );
    let text = fail(program(&["--config", setting.path()]), 2);
    assert!(text.contains("setting.toml:5: games.arena.settings.mapp: unknown field `mapp`"), "{text}");

    let kind = Temporary::new("kind.toml", "[games.arena.settings]\nmap = \"duel\"\nround_s = \"a\"\n");
    let text = fail(program(&["--config", kind.path()]), 2);
    assert!(text.contains("kind.toml:3: games.arena.settings.round_s: invalid type: string"), "{text}");

    let rate = Temporary::new("rate.toml", "[games.arena]\ntick_rate_hz = 3\n");
    let text = fail(program(&["--config", rate.path()]), 2);
    assert!(text.contains(":2: ") && text.contains("10 to 128"), "{text}");

    let url = Temporary::new("url.toml", "auth = \"http\"\nauth_url = \"accounts.example\"\n");
    let text = fail(program(&["--config", url.path()]), 2);
    assert!(text.contains("url.toml:2: ") && text.contains("begin with http://"), "{text}");

    assert!(fail(program(&["--config", "/no/such.toml"]), 2).contains("cannot read /no/such.toml"));
    assert!(fail(program(&["--admin", "0.0.0.0:8081"]), 2).contains("asks for no token"));
    assert!(fail(program(&["--assets", "/no/such/folder"]), 2).contains("is not a folder"));
}

#[test]
fn a_good_configuration_is_called_valid_without_starting() {
    let output = run(program(&["--check-config"]));
    assert!(output.status.success());
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.starts_with("the configuration is valid\n closed: "), "{told}");
    assert!(told.contains("   open: everybody may play") && !told.contains("UNSAFE"), "{told}");
}
