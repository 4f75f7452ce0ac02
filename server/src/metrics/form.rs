//! The two forms in which metrics are served: Prometheus' own text format (0.0.4) and OpenMetrics 1.0.
//!
//! They differ little. The text format names a counter with `_total` in its help and type lines, OpenMetrics
//! without it, and OpenMetrics ends with a mark.

use std::fmt::Write;

/// How metrics are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// The text format 0.0.4, which every scraper understands.
    Text,
    /// OpenMetrics 1.0.
    OpenMetrics,
}

impl Form {
    /// The form for a client with these `Accept` headers: OpenMetrics if the client weights it no lower than
    /// text.
    pub(crate) fn accepted<'a>(accept: impl Iterator<Item = &'a str>) -> Self {
        let (mut text, mut open) = (0.0_f32, 0.0_f32);
        for range in accept.flat_map(|line| line.split(',')) {
            let mut parts = range.split(';').map(str::trim);
            let kind = parts.next().unwrap_or_default();
            let (mut weight, mut version) = (1.0, None);
            for (name, value) in parts.filter_map(|part| part.split_once('=')) {
                match name.trim() {
                    "q" => weight = value.trim().parse().unwrap_or(0.0),
                    "version" => version = Some(value.trim().trim_matches('"')),
                    _ => (),
                }
            }
            if kind.eq_ignore_ascii_case("application/openmetrics-text") {
                open = if version.is_none_or(|version| version == "1.0.0") { open.max(weight) } else { open };
            } else if ["text/plain", "text/*", "*/*"].iter().any(|known| kind.eq_ignore_ascii_case(known)) {
                text = text.max(weight);
            }
        }
        if open > 0.0 && open >= text { Self::OpenMetrics } else { Self::Text }
    }

    /// The media type.
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }

    /// Converts OpenMetrics to this form.
    pub(super) fn of_openmetrics(self, openmetrics: String) -> String {
        match self {
            Self::Text => as_text(&openmetrics),
            Self::OpenMetrics => openmetrics,
        }
    }
}

/// The same metrics in the text format. Help precedes type, so the help line waits until the type line gives
/// the name.
fn as_text(openmetrics: &str) -> String {
    let mut text = String::with_capacity(openmetrics.len());
    let mut help = "";
    for line in openmetrics.lines() {
        if let Some(named) = line.strip_prefix("# HELP ") {
            help = named;
        } else if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|line| line.split_once(' '))
        {
            let total = if kind == "counter" { "_total" } else { "" };
            let words = help.strip_prefix(name).unwrap_or_default();
            // Writing to a String does not fail.
            let _ = write!(text, "# HELP {name}{total}{words}\n# TYPE {name}{total} {kind}\n");
        } else if !line.starts_with('#') {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_says_which_form_it_takes() {
        let prometheus = "application/openmetrics-text;version=1.0.0;q=0.5,\
                          application/openmetrics-text;version=0.0.1;q=0.4,\
                          text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
        for (accept, form) in [
            (prometheus, Form::OpenMetrics),
            ("application/openmetrics-text; version=1.0.0, text/plain;q=0.5", Form::OpenMetrics),
            ("application/openmetrics-text", Form::OpenMetrics),
            ("application/openmetrics-text;version=0.0.1", Form::Text),
            ("application/openmetrics-text;q=0", Form::Text),
            ("application/openmetrics-text;q=0.2,text/plain;q=0.9", Form::Text),
            ("*/*", Form::Text),
            ("text/plain", Form::Text),
            ("text/html,application/json", Form::Text),
            ("", Form::Text),
            (";;q=,=,", Form::Text),
        ] {
            assert_eq!(Form::accepted(std::iter::once(accept)), form, "{accept}");
        }
        assert_eq!(Form::accepted(std::iter::empty()), Form::Text, "no Accept at all");
        let lines = ["text/plain;q=0.1", "application/openmetrics-text"];
        assert_eq!(Form::accepted(lines.into_iter()), Form::OpenMetrics, "several lines");
    }

    #[test]
    fn only_a_counters_metadata_has_another_name() {
        let open = "# HELP a_b Things.\n# TYPE a_b counter\na_b_total{x=\"# y\"} 1\n# HELP c Others.\n\
                    # TYPE c histogram\n# UNIT c seconds\nc_sum 2\n# EOF\n";
        let text = "# HELP a_b_total Things.\n# TYPE a_b_total counter\na_b_total{x=\"# y\"} 1\n\
                    # HELP c Others.\n# TYPE c histogram\nc_sum 2\n";
        assert_eq!(Form::Text.of_openmetrics(open.to_owned()), text);
        assert_eq!(Form::OpenMetrics.of_openmetrics(open.to_owned()), open);
    }
}
