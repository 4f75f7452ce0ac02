//! The visible part of a text.

/// `text` as one line of visible characters. Control, zero-width and direction-changing characters are left
/// out, and each run of white space becomes one space, with none at the ends. Empty if nothing is left.
#[must_use]
pub fn shown(text: &str) -> String {
    let visible = |c: &char| c.is_whitespace() || !(c.is_control() || is_invisible(*c));
    let text: String = text.chars().filter(visible).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Format characters and blank letters: bidirectional controls, joiners, variation selectors, fillers, tags.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffc}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_is_left_out() {
        for (text, seen) in [
            ("Ada Lovelace", "Ada Lovelace"),
            ("Jos\u{e9} \u{65e5}\u{672c} \u{1f680}", "Jos\u{e9} \u{65e5}\u{672c} \u{1f680}"),
            ("  two \t\u{a0}\u{3000}words\u{2029}", "two words"),
            ("a\u{202e}dm\u{2066}in\u{200f}", "admin"),
            ("a\u{200b}d\u{2060}\u{feff}a\u{ad}", "ada"),
            ("\u{3164}\u{2800}\u{200d}", ""),
            ("\u{1b}[31mred\u{7}", "[31mred"),
            ("", ""),
            (" \u{202f} ", ""),
        ] {
            assert_eq!(shown(text), seen, "{text:?}");
        }
    }
}
