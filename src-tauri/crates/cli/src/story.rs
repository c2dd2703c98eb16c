//! The story of a handshake in the terminal: what `evidence::story` says, at most 100 columns wide.

use countersign_evidence::story::{Group, Message, Story};
use countersign_evidence::{Handshake, HandshakeMessage, MessageField};

use crate::shell::{Shell, Style};

/// Columns of a line.
const WIDTH: usize = 100;
/// Deepest indent of a field: levels below stand with it.
const DEEPEST: u8 = 6;

/// Prints title, badges and messages; with `--verbose` their fields too.
pub(crate) fn print(shell: &Shell, story: &Story, handshake: &Handshake) {
    shell.data("");
    for line in wrapped(&story.title, WIDTH) {
        shell.data(&shell.mark(Style::Bold, &line));
    }
    let badges: Vec<&str> = story.badges.iter().map(|badge| badge.text.as_str()).collect();
    for line in wrapped(&badges.join(" · "), WIDTH) {
        shell.data(&line);
    }
    for line in story.notes.iter().flat_map(|note| wrapped(note, WIDTH)) {
        shell.data(&line);
    }
    for group in &story.groups {
        for message in &group.messages {
            if let Some(recorded) = handshake.messages.get(message.index) {
                let marked = story.end.as_ref().is_some_and(|end| end.message == Some(message.index));
                line(shell, group, message, recorded, marked);
            }
        }
    }
    if let Some(end) = &story.end {
        for line in wrapped(&format!("{}. {}", end.title, end.meaning), WIDTH - 2) {
            shell.data(&format!("  {line}"));
        }
    }
    for line in wrapped(&story.foot, WIDTH - 2) {
        shell.data(&format!("  {}", shell.mark(Style::Faint, &line)));
    }
    for check in story.checks.iter().filter(|check| !check.ok) {
        let told = format!("differs: {}: {}; {}", check.name, check.claimed, check.checked);
        shell.data(&format!("  {}", shell.mark(Style::Invalid, &told)));
    }
}

fn line(shell: &Shell, group: &Group, message: &Message, recorded: &HandshakeMessage, marked: bool) {
    let arrow = if recorded.from == "client" { '→' } else { '←' };
    let text = format!(
        "  {arrow} {:<30} {:>7} B {:>9} ms  {}",
        message.label,
        recorded.length,
        milliseconds(recorded.at_us),
        group.keys
    );
    let style = match (marked, message.counted) {
        (true, _) => Some(Style::Invalid),
        (false, false) => Some(Style::Faint),
        (false, true) => None,
    };
    shell.data(&style.map_or_else(|| text.clone(), |style| shell.mark(style, &text)));
    if shell.verbose {
        for field in &recorded.fields {
            for line in told(field) {
                shell.data(&line);
            }
        }
    }
}

/// `3.1` from microseconds.
fn milliseconds(us: u64) -> String {
    let tenths = us.saturating_add(50) / 100;
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// A field with its place, and below it what it means.
fn told(field: &MessageField) -> Vec<String> {
    let indent = " ".repeat(6 + 2 * usize::from(field.depth.min(DEEPEST)));
    let room = 44_usize.saturating_sub(indent.len());
    let head = format!("{indent}{:<room$} {:#06x} +{:<5} {}", field.name, field.offset, field.length, field.value);
    let mut lines = vec![head.chars().take(WIDTH).collect::<String>().trim_end().to_owned()];
    if let Some(meaning) = &field.meaning {
        lines.extend(wrapped(meaning, WIDTH - indent.len() - 2).into_iter().map(|line| format!("{indent}  {line}")));
    }
    lines
}

/// Words in lines of at most so many characters; a longer word stands alone.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use countersign_evidence::MessageField;

    use super::{milliseconds, told, wrapped};

    #[test]
    fn text_is_broken_at_words_and_never_loses_one() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"], "at most seven characters a line");
        assert_eq!(wrapped("extraordinary", 5), ["extraordinary"], "a word is not broken");
        assert_eq!(wrapped("", 5), Vec::<String>::new(), "nothing is no line");
    }

    #[test]
    fn a_field_stands_with_its_place_and_its_meaning() {
        let field = MessageField {
            name: "random".into(),
            offset: 6,
            length: 32,
            depth: 1,
            value: "f5d3…c2f7".into(),
            meaning: Some("Made by the server for this connection.".into()),
            citation: None,
        };
        let lines = told(&field);
        assert_eq!(
            lines[0], "        random                               0x0006 +32    f5d3…c2f7",
            "name, offset, length, value"
        );
        assert_eq!(lines[1], "          Made by the server for this connection.", "the meaning below");
        assert_eq!(milliseconds(3_149), "3.1", "tenths of a millisecond");
    }
}
