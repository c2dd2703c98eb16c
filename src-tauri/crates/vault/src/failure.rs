//! What a keychain call can end in, and the one place where the keyring crates' errors are read.
//!
//! Two of their variants carry the raw bytes of the secret, so their errors are taken apart here and never printed.

use keyring_core::Error as Keyring;

/// The longest reason that is passed on.
const REASON: usize = 240;

/// Why a keychain call did not work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Several items answer to one address.
    Ambiguous { labels: Vec<String> },
    /// The connection to the keychain broke; a new one may work.
    Broken { reason: String },
    /// The person or a policy said no.
    Denied { reason: String },
    /// A call that should not have been made: a bug.
    Internal { what: &'static str },
    /// Locked, or its prompt was put away.
    Locked,
    /// The item is not what was stored.
    Malformed,
    /// There is no keychain.
    Missing { reason: String },
    /// No answer in time.
    Stuck,
    /// The value is over the store's limit.
    TooLong,
}

impl Failure {
    /// A failed call on a store that was there.
    pub(crate) fn of_call(error: Keyring) -> Self {
        match error {
            Keyring::PlatformFailure(reason) => platform(&reason.to_string()),
            Keyring::NoStorageAccess(reason) => no_access(&reason.to_string()),
            // gone between looking for it and reading it: what a second look finds is the answer
            Keyring::NoEntry => Failure::Broken { reason: "the item went away during the call".into() },
            Keyring::BadEncoding(bytes) | Keyring::BadDataFormat(bytes, _) => {
                drop(countersign_secret::Secret::new(bytes));
                Failure::Malformed
            }
            Keyring::TooLong(..) => Failure::TooLong,
            Keyring::Ambiguous(entries) => Failure::Ambiguous { labels: entries.iter().map(label).collect() },
            Keyring::BadStoreFormat(_) => Failure::Internal { what: "store format" },
            Keyring::Invalid(..) => Failure::Internal { what: "invalid attribute" },
            Keyring::NoDefaultStore => Failure::Internal { what: "no default store" },
            Keyring::NotSupportedByStore(_) => Failure::Internal { what: "not supported by the store" },
            _ => Failure::Internal { what: "unknown keyring error" },
        }
    }

    /// A store that could not even be made: without a bus or a service there is no keychain.
    pub(crate) fn of_connect(error: Keyring) -> Self {
        match Self::of_call(error) {
            Failure::Broken { reason } => Failure::Missing { reason },
            other => other,
        }
    }
}

/// D-Bus names of errors (the D-Bus specification's own), then macOS's sentences for -128, -25293 and -25308.
fn platform(reason: &str) -> Failure {
    let has = |texts: &[&str]| texts.iter().any(|text| reason.contains(text));
    if has(&["DBus.Error.ServiceUnknown", "DBus.Error.NameHasNoOwner", "no secret service provider"]) {
        return Failure::Missing { reason: cut(reason) };
    }
    if has(&[
        "DBus.Error.AccessDenied",
        "DBus.Error.AuthFailed",
        "User canceled",
        "passphrase you entered is not correct",
    ]) {
        return Failure::Denied { reason: cut(reason) };
    }
    if has(&["User interaction is not allowed", "Secret.Error.IsLocked"]) {
        return Failure::Locked;
    }
    Failure::Broken { reason: cut(reason) }
}

/// A Secret Service without a default collection has no place for an item; elsewhere no access means locked. Windows
/// unlocks with the login, so there it is a refusal.
fn no_access(reason: &str) -> Failure {
    if reason.contains("result not returned") {
        return Failure::Missing { reason: "the Secret Service has no default collection".into() };
    }
    if cfg!(windows) { Failure::Denied { reason: cut(reason) } } else { Failure::Locked }
}

fn label(entry: &keyring_core::Entry) -> String {
    crate::system::label_of(entry)
        .or_else(|| entry.get_specifiers().map(|(service, user)| format!("{service} {user}")))
        .unwrap_or_else(|| "an item without a name".into())
}

fn cut(reason: &str) -> String {
    reason.chars().map(|c| if c.is_control() { ' ' } else { c }).take(REASON).collect()
}

#[cfg(test)]
mod tests {
    use keyring_core::Error as Keyring;

    use super::Failure;

    fn platform(text: &str) -> Keyring {
        Keyring::PlatformFailure(Box::new(std::io::Error::other(text.to_owned())))
    }

    fn no_access(text: &str) -> Keyring {
        Keyring::NoStorageAccess(Box::new(std::io::Error::other(text.to_owned())))
    }

    #[test]
    fn every_keyring_error_has_its_meaning() {
        let reason = |text: &str| text.to_owned();
        let unknown = "zbus error: org.freedesktop.DBus.Error.ServiceUnknown: The name is not activatable";
        let no_bus = "no secret service provider or dbus session found";
        let refused = "zbus error: org.freedesktop.DBus.Error.AccessDenied: by policy";
        let session = "zbus error: org.freedesktop.Secret.Error.NoSession: no such session";
        let cases = [
            (no_access("SS Error: object locked"), Failure::Locked),
            (no_access("SS error: prompt dismissed"), Failure::Locked),
            (
                no_access("SS error: result not returned from SS API"),
                Failure::Missing { reason: reason("the Secret Service has no default collection") },
            ),
            (platform(no_bus), Failure::Missing { reason: reason(no_bus) }),
            (platform(unknown), Failure::Missing { reason: reason(unknown) }),
            (platform(refused), Failure::Denied { reason: reason(refused) }),
            (platform(session), Failure::Broken { reason: reason(session) }),
            (platform("Broken pipe"), Failure::Broken { reason: reason("Broken pipe") }),
            (platform("User interaction is not allowed."), Failure::Locked),
            (
                platform("User canceled the operation."),
                Failure::Denied { reason: reason("User canceled the operation.") },
            ),
            (Keyring::TooLong("secret".into(), 2560), Failure::TooLong),
            (Keyring::BadEncoding(b"raw".to_vec()), Failure::Malformed),
            (Keyring::BadDataFormat(b"raw".to_vec(), "x".into()), Failure::Malformed),
            (Keyring::Ambiguous(Vec::new()), Failure::Ambiguous { labels: Vec::new() }),
            (Keyring::BadStoreFormat("x".into()), Failure::Internal { what: "store format" }),
            (Keyring::Invalid("a".into(), "b".into()), Failure::Internal { what: "invalid attribute" }),
            (Keyring::NoDefaultStore, Failure::Internal { what: "no default store" }),
            (Keyring::NotSupportedByStore("x".into()), Failure::Internal { what: "not supported by the store" }),
        ];
        for (error, wanted) in cases {
            assert_eq!(Failure::of_call(error), wanted);
        }
    }

    #[test]
    fn a_store_that_cannot_be_made_is_missing_not_broken() {
        let failure = Failure::of_connect(platform("Connection refused"));
        assert_eq!(failure, Failure::Missing { reason: "Connection refused".into() }, "nothing to rebuild");
    }

    #[test]
    fn the_raw_bytes_of_an_item_are_in_no_message() {
        let failure = Failure::of_call(Keyring::BadEncoding(b"hunter2-canary".to_vec()));
        assert!(!format!("{failure:?}").contains("canary") && !format!("{failure:?}").contains("104"), "{failure:?}");
    }
}
