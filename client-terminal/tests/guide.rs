//! `docs/writing-a-client.md` quotes the program.

/// The lines of a text without their indentation.
fn lines(text: &str) -> Vec<&str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect()
}

#[test]
fn the_guide_quotes_this_program() {
    let guide = include_str!("../../docs/writing-a-client.md")
        .split("## A whole client")
        .nth(1)
        .expect("the section");
    let sources = [
        include_str!("../src/main.rs"),
        include_str!("../src/args.rs"),
        include_str!("../src/program.rs"),
        include_str!("../src/screen.rs"),
        include_str!("../src/arena.rs"),
        include_str!("../../clients/native/src/attempts.rs"),
        include_str!("../../clients/native/src/session.rs"),
    ]
    .map(lines);
    let quotes: Vec<_> =
        guide.split("```rust,ignore").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(quotes.len() > 5);
    for quote in quotes {
        let quote = lines(quote);
        let stands = |source: &Vec<&str>| source.windows(quote.len()).any(|lines| lines == quote);
        assert!(sources.iter().any(stands), "the program does not contain:\n{}", quote.join("\n"));
    }
}
