//! `preferences.toml` in the configuration folder: how this person likes it. A value that cannot be is named and
//! counts as its default; the others count.

use std::fs;
use std::path::{Path, PathBuf};

use countersign_evidence::{Fault, Problem, Severity};
use toml_edit::{DocumentMut, Item};

use crate::view::Preferences;
use crate::workspace::document::{Document, LIMIT, Section, duration, size};
use crate::workspace::{Error, Loaded, edit};

/// Themes.
const THEMES: [&str; 3] = ["system", "light", "dark"];
/// Densities.
const DENSITIES: [&str; 3] = ["compact", "regular", "loose"];
/// Bytes in a MiB.
const MIB: u64 = 1024 * 1024;

/// Reads preferences; defaults where there is no file.
pub fn load(path: &Path) -> Loaded<Preferences> {
    let mut loaded = Loaded::default();
    let shown = path.display().to_string();
    let bytes = match crate::file::read(path, LIMIT) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return loaded,
        Err(error) => {
            loaded.problems.push(crate::file::storage_problem(&shown, &error));
            return loaded;
        }
    };
    match Document::parse(&shown, bytes) {
        Ok(document) => {
            let (value, errors) = read(&document.root());
            loaded.value = value;
            loaded.problems.extend(errors.iter().map(malformed));
        }
        Err(error) => loaded.problems.push(malformed(&error)),
    }
    loaded
}

/// Writes preferences in place: defaults are not written, comments and unknown keys stay.
///
/// # Errors
/// A value that cannot be, a folder that cannot be written. A file that does not read is set aside first.
pub fn save(path: &Path, preferences: &Preferences) -> Result<(), Problem> {
    check(preferences)?;
    // a link of a dotfile manager stays one
    let path: PathBuf = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let shown = path.display().to_string();
    let bytes = crate::file::read(&path, LIMIT).map_err(|error| crate::file::storage_problem(&shown, &error))?;
    let mut document = match bytes.map(|bytes| Document::parse(&shown, bytes)) {
        Some(Ok(document)) => document.into_mut(),
        Some(Err(error)) => {
            let moved = crate::state::set_aside(&path);
            moved.map_err(|failed| malformed(&error).with_hint(format!("It could not be set aside: {failed}.")))?;
            DocumentMut::new()
        }
        None => DocumentMut::new(),
    };
    put(document.as_item_mut(), preferences);
    crate::file::write_atomic(&path, document.to_string().as_bytes(), true)
}

fn read(root: &Section<'_>) -> (Preferences, Vec<Error>) {
    let otherwise = Preferences::default();
    let mut errors = Vec::new();
    let mut kept = |read: Result<Option<String>, Error>, default: String| match read {
        Ok(value) => value.unwrap_or(default),
        Err(error) => {
            errors.push(error);
            default
        }
    };
    let theme = kept(root.one_of("theme", &THEMES), otherwise.theme);
    let density = kept(root.one_of("density", &DENSITIES), otherwise.density);
    let mut number = |read: Result<Option<u64>, Error>, default: u64| match read {
        Ok(value) => value.unwrap_or(default),
        Err(error) => {
            errors.push(error);
            default
        }
    };
    let history_exchanges = number(root.count("history-exchanges"), otherwise.history_exchanges);
    let history_mib = number(mib(root), otherwise.history_mib);
    let timeout = root.seconds("timeout").and_then(|timeout| match timeout {
        Some(0) => Err(root.wrong_value("timeout", "is 0, and nothing could be sent")),
        other => Ok(other),
    });
    let timeout_s = number(timeout, otherwise.timeout_s);
    (Preferences { theme, density, history_exchanges, history_mib, timeout_s }, errors)
}

fn mib(root: &Section<'_>) -> Result<Option<u64>, Error> {
    let Some(text) = root.text("history-size")? else { return Ok(None) };
    let bytes = size(&text)
        .ok_or_else(|| root.wrong_value("history-size", format!("is `{text}`, not a size such as \"256MiB\"")))?;
    Ok(Some(bytes / MIB))
}

fn put(root: &mut Item, preferences: &Preferences) {
    let otherwise = Preferences::default();
    edit::text_or_default(root, "theme", &preferences.theme, &otherwise.theme);
    edit::text_or_default(root, "density", &preferences.density, &otherwise.density);
    let present = root.get("history-exchanges").and_then(Item::as_integer).and_then(|n| u64::try_from(n).ok());
    if present.unwrap_or(otherwise.history_exchanges) != preferences.history_exchanges {
        let number = i64::try_from(preferences.history_exchanges).unwrap_or(i64::MAX);
        edit::value(
            root,
            "history-exchanges",
            (preferences.history_exchanges != otherwise.history_exchanges).then(|| number.into()),
        );
    }
    let present = root.get("history-size").and_then(Item::as_str).and_then(size).map(|bytes| bytes / MIB);
    if present.unwrap_or(otherwise.history_mib) != preferences.history_mib {
        let text = format!("{}MiB", preferences.history_mib);
        edit::text(root, "history-size", (preferences.history_mib != otherwise.history_mib).then_some(text.as_str()));
    }
    let present = root.get("timeout").and_then(Item::as_str).and_then(duration).map(|timeout| timeout.as_secs());
    if present.unwrap_or(otherwise.timeout_s) != preferences.timeout_s {
        let text = format!("{}s", preferences.timeout_s);
        edit::text(root, "timeout", (preferences.timeout_s != otherwise.timeout_s).then_some(text.as_str()));
    }
}

fn check(preferences: &Preferences) -> Result<(), Problem> {
    let wrong = |key: &str, value: &str, known: &str| {
        Problem::new(
            "usage.bad_preference",
            Fault::Caller,
            format!("`{key}` cannot be `{value}`"),
            format!("possible: {known}"),
        )
        .with_hint("Choose one of the possible values.")
    };
    if !THEMES.contains(&preferences.theme.as_str()) {
        return Err(wrong("theme", &preferences.theme, &THEMES.join(", ")));
    }
    if !DENSITIES.contains(&preferences.density.as_str()) {
        return Err(wrong("density", &preferences.density, &DENSITIES.join(", ")));
    }
    if !(1..=86_400).contains(&preferences.timeout_s) {
        return Err(wrong("timeout", &format!("{}s", preferences.timeout_s), "1s to 86400s"));
    }
    if preferences.history_mib > u64::MAX / MIB {
        return Err(wrong("history-size", &format!("{}MiB", preferences.history_mib), "less"));
    }
    Ok(())
}

fn malformed(error: &Error) -> Problem {
    Problem::new(
        "storage.preferences_malformed",
        Fault::Caller,
        "a preference does not read and counts as its default",
        error.to_string(),
    )
    .with_hint("Mend the line, or set the preference anew.")
    .with_severity(Severity::Warning)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{load, save};
    use crate::view::Preferences;

    #[test]
    fn defaults_are_not_written_and_comments_stay() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("countersign/preferences.toml");
        save(&path, &Preferences::default()).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "", "all defaults");
        fs::write(&path, "# mine\ntheme = 'dark' # at night\nzoom = 2\ntimeout = \"2m\"\n").unwrap();
        let mut preferences = load(&path).value;
        assert_eq!((preferences.theme.as_str(), preferences.timeout_s), ("dark", 120));
        preferences.history_mib = 64;
        save(&path, &preferences).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text, "# mine\ntheme = 'dark' # at night\nzoom = 2\ntimeout = \"2m\"\nhistory-size = \"64MiB\"\n");
        assert_eq!(load(&path).value, preferences, "round trip");
        save(&path, &Preferences::default()).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "# mine\nzoom = 2\n", "back to the defaults");
    }

    #[test]
    fn a_value_that_cannot_be_is_named_and_the_others_count() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("preferences.toml");
        fs::write(
            &path,
            "theme = \"purple\"\ndensity = \"loose\"\nhistory-exchanges = -1\ntimeout = 5\nhistory-size = \"1MB\"\n",
        )
        .unwrap();
        let loaded = load(&path);
        assert_eq!(loaded.value, Preferences { density: "loose".into(), ..Preferences::default() });
        let details: Vec<&str> = loaded.problems.iter().map(|p| p.detail.rsplit_once("toml, ").unwrap().1).collect();
        let wanted = [
            "line 1: `theme` is `purple`, not one of system, light, dark",
            "line 3: `history-exchanges` is -1, and cannot be negative",
            "line 5: `history-size` is `1MB`, not a size such as \"256MiB\"",
            "line 4: `timeout` is an integer, a string is wanted",
        ];
        assert_eq!(details, wanted);
    }

    #[test]
    fn a_file_that_does_not_read_is_set_aside_when_preferences_are_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("preferences.toml");
        fs::write(&path, "theme = dark\n").unwrap();
        let loaded = load(&path);
        assert_eq!(
            (loaded.value, loaded.problems[0].code.as_str()),
            (Preferences::default(), "storage.preferences_malformed")
        );
        assert!(path.exists(), "reading changes nothing");
        save(&path, &Preferences { theme: "dark".into(), ..Preferences::default() }).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "theme = \"dark\"\n");
        assert_eq!(
            fs::read_to_string(folder.path().join("preferences.toml.unreadable")).unwrap(),
            "theme = dark\n",
            "nothing is lost"
        );
    }

    #[test]
    fn preferences_that_cannot_be_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("preferences.toml");
        let problem = save(&path, &Preferences { theme: "purple".into(), ..Preferences::default() }).unwrap_err();
        assert_eq!(
            (problem.code.as_str(), problem.detail.as_str()),
            ("usage.bad_preference", "possible: system, light, dark")
        );
        assert!(save(&path, &Preferences { timeout_s: 0, ..Preferences::default() }).is_err(), "nothing could be sent");
        assert!(!path.exists(), "nothing was written");
    }

    #[test]
    #[cfg(unix)]
    fn a_link_to_preferences_stays_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("dotfiles.toml"), folder.path().join("preferences.toml"));
        fs::write(&real, "").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        save(&link, &Preferences { density: "compact".into(), ..Preferences::default() }).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink(), "still a link");
        assert_eq!(fs::read_to_string(&real).unwrap(), "density = \"compact\"\n");
    }
}
