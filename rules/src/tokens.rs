//! The tokens of a Rust file, without comments and tests.

/// The words, strings and signs of `text`; `::` is one sign. Comments, lifetimes and characters are left out.
pub(crate) fn tokens(text: &str) -> Vec<&str> {
    let (mut tokens, mut rest) = (Vec::new(), text.trim_start());
    while let Some(first) = rest.chars().next() {
        let (length, counts) = match first {
            '/' if rest.starts_with("//") => (rest.find('\n').unwrap_or(rest.len()), false),
            '/' if rest.starts_with("/*") => (rest.find("*/").map_or(rest.len(), |at| at + 2), false),
            '"' => (string(rest), true),
            '\'' => (character(rest), false),
            'r' | 'b' | 'c' if raw_string(rest).is_some() => (raw_string(rest).unwrap_or(1), true),
            ':' if rest.starts_with("::") => (2, true),
            _ if is_word(first) => (rest.find(|c| !is_word(c)).unwrap_or(rest.len()), true),
            _ => (first.len_utf8(), true),
        };
        let (token, after) = rest.split_at(length);
        tokens.extend(counts.then_some(token));
        rest = after.trim_start();
    }
    tokens
}

/// Whether a token is a word.
pub(crate) fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The length of the string with which `text` begins.
fn string(text: &str) -> usize {
    let mut escaped = true;
    let end = text.find(|c| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |at| at + 1)
}

/// The length of the raw string with which `text` begins, if it does.
fn raw_string(text: &str) -> Option<usize> {
    let after = text.trim_start_matches(['b', 'c']).strip_prefix('r')?;
    let quoted = after.trim_start_matches('#');
    let body = quoted.strip_prefix('"')?;
    let end = format!("\"{}", &after[..after.len() - quoted.len()]);
    let at = body.find(&end)?;
    Some(text.len() - body.len() + at + end.len())
}

/// The length of the character or lifetime with which `text` begins.
fn character(text: &str) -> usize {
    let inside = &text[1..];
    let first = inside.chars().next().map_or(0, char::len_utf8);
    if inside.starts_with('\\') {
        return inside[2..].find('\'').map_or(text.len(), |at| at + 4);
    }
    if inside[first..].starts_with('\'') {
        return first + 2;
    }
    inside.find(|c| !is_word(c)).map_or(text.len(), |at| at + 1)
}

/// The tokens without the items of tests, and the modules among these that are files.
pub(crate) fn without_tests(tokens: &[&str]) -> (Vec<String>, Vec<String>) {
    const TEST: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let (mut kept, mut modules, mut at) = (Vec::new(), Vec::new(), 0);
    while let Some(token) = tokens.get(at) {
        if tokens[at..].starts_with(&TEST) {
            at += TEST.len();
            let item = &tokens[at..at + item(&tokens[at..])];
            if let [.., "mod", name, ";"] = item {
                modules.push((*name).to_owned());
            }
            at += item.len();
        } else {
            kept.push((*token).to_owned());
            at += 1;
        }
    }
    (kept, modules)
}

/// How many tokens the item has with which `tokens` begin: up to its `;` or the end of its braces.
fn item(tokens: &[&str]) -> usize {
    let mut depth = 0_i32;
    let end = tokens.iter().position(|token| {
        depth += match *token {
            "{" | "(" | "[" => 1,
            "}" | ")" | "]" => -1,
            _ => 0,
        };
        depth <= 0 && matches!(*token, ";" | "}")
    });
    end.map_or(tokens.len(), |at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_lifetimes_and_characters_are_left_out_and_strings_are_whole() {
        let text = "a::b /* c */ 'x 'y' '\\'' '\\u{1}' \"d \\\" e\" // f\n r#\"g \" h\"# i\n/// j\nk";
        assert_eq!(tokens(text), ["a", "::", "b", "\"d \\\" e\"", "r#\"g \" h\"#", "i", "k"]);
    }

    #[test]
    fn tests_are_left_out_wherever_they_are() {
        let text = "#[cfg(test)] mod far; a
            #[cfg(test)] #[allow(x)] fn f(a: [u8; 2]) { b; } c
            #[cfg(test)] mod t { d }";
        let (kept, modules) = without_tests(&tokens(text));
        assert_eq!(kept, ["a", "c"]);
        assert_eq!(modules, ["far"]);
    }
}
