use super::*;

fn parsed(words: &[&str]) -> Result<Option<NewGame>, String> {
    parse(words.iter().map(OsString::from))
}

#[test]
fn the_folder_names_the_game_unless_the_host_does() {
    let name = |words: &[&str]| parsed(words).map(|new| new.map(|new| new.name));
    assert_eq!(name(&["games/coins"]), Ok(Some("coins".into())));
    assert_eq!(name(&["--game", "coin-run", "My Game"]), Ok(Some("coin-run".into())));
    assert_eq!(name(&["games/my_game"]), Ok(Some("my-game".into())));
    assert_eq!(name(&["."]), Ok(Some("server".into())), "the folder of this package");
    assert_eq!(name(&["--help"]), Ok(None));
    assert!(name(&["My Game"]).unwrap_err().contains("--game"));
    assert!(name(&["9lives"]).unwrap_err().contains("begins with a letter"));
    assert!(name(&[]).unwrap_err().contains("name the folder"));
    assert!(name(&["a", "b"]).unwrap_err().contains("one folder only"));
    assert!(name(&["a", "--gmae"]).unwrap_err().contains("unknown argument"));
    assert!(name(&["a", "--tickwire", "https://x/\"a"]).unwrap_err().contains("is not a checkout"));
    assert!(name(&["a", "--tickwire", "nowhere"]).unwrap_err().contains("is not a checkout"));
}

#[test]
fn a_new_game_names_a_checkout_a_repository_or_a_version_and_nothing_is_left_to_fill() {
    let places = [
        (CHECKOUT, "/shared\" }"),
        ("https://example.org/tickwire", "{ git = \"https://example.org/tickwire\" }"),
        ("https://example.org/t#v1", "{ git = \"https://example.org/t\", rev = \"v1\" }"),
        ("0.1.0", "tickwire-shared = { version = \"0.1.0\" }"),
    ];
    for (place, part) in places {
        let new = parsed(&["coins", "--tickwire", place]).unwrap().unwrap();
        for (name, text) in FILES {
            let text = fill(text, &new);
            assert!(!text.contains("@name@") && !text.contains("@tickwire@"), "{name}: {text}");
        }
        let manifest = fill(FILES.first().unwrap().1, &new);
        assert!(manifest.contains(part), "{manifest}");
        toml::from_str::<toml::Table>(&manifest).unwrap();
    }
}
