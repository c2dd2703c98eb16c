//! Names of things: slugs, and paths of slugs. A name never leads out of the workspace.

use super::error::Error;

/// The longest name made from a title.
const LONGEST: usize = 48;

/// Names that Windows keeps for devices; a workspace is shared with it.
const DEVICES: [&str; 22] = [
    "aux", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9", "con", "lpt1", "lpt2", "lpt3",
    "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9", "nul", "prn",
];

/// `[a-z0-9-]`, at most 100.
pub(crate) fn is_slug(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=100).contains(&name.len()) && name.bytes().all(plain) && !DEVICES.contains(&name)
}

/// A slot's name, `client_secret`.
pub(crate) fn is_slot(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
    (1..=64).contains(&name.len()) && name.bytes().all(plain)
}

/// An opaque id, of a workspace or a slot.
pub(crate) fn is_id(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// The name, if it is a slug.
pub(crate) fn slug_checked(name: &str) -> Result<&str, Error> {
    let bad = |reason| Err(Error::BadName { name: name.to_owned(), reason });
    match name {
        "" => bad("a name is wanted"),
        _ if DEVICES.contains(&name) => bad("Windows keeps this name for a device"),
        _ if is_slug(name) => Ok(name),
        _ => bad("only lower-case letters, digits and `-` are allowed"),
    }
}

/// The path of a request, if every part is a slug.
pub(crate) fn path_checked(path: &str) -> Result<&str, Error> {
    let bad = |reason| Err(Error::BadName { name: path.to_owned(), reason });
    if path.split('/').count() > super::tree::DEEPEST {
        return bad("too many folders");
    }
    for part in path.split('/') {
        if let Err(Error::BadName { reason, .. }) = slug_checked(part) {
            return bad(reason);
        }
    }
    // `folder.toml` is the folder's own file
    if path.rsplit('/').next() == Some("folder") { bad("a folder's own file has this name") } else { Ok(path) }
}

/// A file given relative to a folder of the workspace, if it stays below it.
pub(crate) fn relative_checked(file: &str) -> Result<&str, Error> {
    let bad = |reason| Err(Error::BadName { name: file.to_owned(), reason });
    let odd = |part: &str| part.is_empty() || part == "." || part == "..";
    match file {
        _ if file.contains(['\\', ':', '\0']) || file.starts_with('/') => {
            bad("a path relative to its folder is wanted, with `/`")
        }
        _ if file.split('/').any(odd) => bad("a path inside the workspace is wanted, without `..`"),
        _ => Ok(file),
    }
}

/// A slug made from a title: `Create payment` becomes `create-payment`.
pub(crate) fn slug(title: &str, otherwise: &str) -> String {
    let mut slug = String::new();
    for c in title.chars() {
        if slug.len() == LONGEST {
            break;
        }
        match c.to_ascii_lowercase() {
            c @ ('a'..='z' | '0'..='9') => slug.push(c),
            _ if slug.is_empty() || slug.ends_with('-') => {}
            _ => slug.push('-'),
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { otherwise.to_owned() } else { slug.to_owned() }
}

/// The slug, or with the first number that makes it free.
pub(crate) fn free(slug: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let taken = |name: &str| DEVICES.contains(&name) || is_taken(name);
    if !taken(slug) {
        return slug.to_owned();
    }
    let mut number = 2_u64;
    loop {
        let name = format!("{slug}-{number}");
        if !taken(&name) {
            return name;
        }
        number += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::{free, path_checked, relative_checked, slug, slug_checked};

    #[test]
    fn a_slug_is_made_from_any_title() {
        let made =
            ["Create payment", "  N-Genius: Ordre/№ 5!  ", "支付", "", "A--B"].map(|title| slug(title, "request"));
        assert_eq!(made, ["create-payment", "n-genius-ordre-5", "request", "request", "a-b"]);
        assert!(slug(&"long ".repeat(50), "x").len() <= 48, "bounded");
    }

    #[test]
    fn slugs_made_from_one_title_are_unique() {
        let mut taken = Vec::new();
        for _ in 0..3 {
            let name = free("create-payment", |name| taken.iter().any(|t| t == name));
            taken.push(name);
        }
        assert_eq!(taken, ["create-payment", "create-payment-2", "create-payment-3"]);
        assert_eq!(free("con", |_| false), "con-2", "a device of Windows is never free");
    }

    #[test]
    fn a_name_never_leads_elsewhere() {
        for name in ["", "..", "../x", "/etc/passwd", "a/b", "A", "a b", "a.toml", "nul", "ünix"] {
            assert_eq!(slug_checked(name).map_err(|e| e.problem().code), Err("workspace.bad_name".into()), "{name}");
        }
        for path in ["", "/a", "a/", "a//b", "a/../b", "../a", "a/folder", "folder", "C:/a", "a\\b", &"a/".repeat(40)] {
            assert!(path_checked(path).is_err(), "{path}");
        }
        assert_eq!(path_checked("payments/create-payment"), Ok("payments/create-payment"));
        for file in ["/etc/passwd", "../x", "a/../../x", "c:\\x", "a\\..\\x", "", "a//b"] {
            assert!(relative_checked(file).is_err(), "{file}");
        }
        assert_eq!(relative_checked("large/Content.json"), Ok("large/Content.json"));
    }
}
