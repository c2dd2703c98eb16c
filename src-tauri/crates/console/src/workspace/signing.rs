//! `signing/NAME.toml`: signing profiles.

use countersign_evidence::{Fault, Problem};
use countersign_signing::Profile;
use toml_edit::Item;

use super::document::Document;
use super::error::Error;
use super::{Kind, Loaded, Workspace, edit, missing, name};

impl Workspace {
    /// All signing profiles, by file name.
    pub fn signing_profiles(&self) -> Loaded<Vec<(String, Profile)>> {
        self.each("signing", |name| Ok((name.to_owned(), self.signing_profile(name)?)))
    }

    /// One signing profile.
    ///
    /// # Errors
    /// `workspace.no_signing_profile`, a file that does not read or does not hold together.
    pub fn signing_profile(&self, name: &str) -> Result<Profile, Problem> {
        let document = self.read(&file(name)?)?.ok_or_else(|| missing(Kind::SigningProfile, name))?;
        read(&document)
    }

    /// Writes a signing profile.
    ///
    /// # Errors
    /// A name that is no slug, a profile that does not hold together, a folder that cannot be written.
    pub fn save_signing_profile(&self, name: &str, profile: &Profile) -> Result<(), Problem> {
        let file = file(name)?;
        let mut document = self.editable(&file)?;
        put(document.as_item_mut(), profile);
        let written = Document::parse(&file, document.to_string().into_bytes())?;
        if read(&written)? != *profile {
            return Err(Error::NotFaithful { file }.problem());
        }
        self.write(&file, &document)
    }

    /// Removes a signing profile.
    ///
    /// # Errors
    /// `workspace.no_signing_profile`, a folder that cannot be written.
    pub fn remove_signing_profile(&self, name: &str) -> Result<(), Problem> {
        if self.remove(&file(name)?)? { Ok(()) } else { Err(missing(Kind::SigningProfile, name).problem()) }
    }

    /// A name for a new signing profile, made from its title.
    pub fn free_signing_profile_name(&self, title: &str) -> String {
        self.free_name("signing", title, "profile")
    }
}

fn file(name: &str) -> Result<String, Error> {
    Ok(format!("signing/{}.toml", name::slug_checked(name)?))
}

/// The types first, key by key with their lines; then what only the profile itself can judge.
fn read(document: &Document) -> Result<Profile, Problem> {
    let root = document.root();
    for key in ["scheme", "key", "keyid", "alg"] {
        root.required_text(key)?;
    }
    for key in ["label", "content-digest", "tag"] {
        root.text(key)?;
    }
    root.texts("covered")?
        .ok_or_else(|| Error::MissingKey { file: document.file().to_owned(), key: "covered".into() })?;
    root.texts("parameters")?;
    let expires_after = root.count("expires-after")?;
    if let Some(seconds) = expires_after.filter(|seconds| u32::try_from(*seconds).is_err()) {
        return Err(root.wrong_value("expires-after", format!("is {seconds} seconds, which is too long")).problem());
    }
    Profile::from_toml(document.text()).map_err(|error| named(document.file(), &error.problem()))
}

fn named(file: &str, problem: &Problem) -> Problem {
    let mut named =
        Problem::new(problem.code.clone(), Fault::Caller, problem.title.clone(), format!("{file}: {}", problem.detail));
    named.hints.clone_from(&problem.hints);
    named.citation.clone_from(&problem.citation);
    named
}

fn put(root: &mut Item, profile: &Profile) {
    edit::text(root, "scheme", Some(&profile.scheme));
    edit::text(root, "key", Some(&profile.key));
    edit::text(root, "keyid", Some(&profile.keyid));
    edit::text(root, "alg", Some(&profile.alg));
    edit::text_or_default(root, "label", &profile.label, "sig1");
    // an empty list is not the default: nothing covered is said as such
    list(root, "covered", &profile.covered);
    let default = ["created", "keyid", "alg"];
    if root.get("parameters").is_some() || profile.parameters != default {
        list(root, "parameters", &profile.parameters);
    }
    edit::text(root, "content-digest", profile.content_digest.as_deref());
    edit::value(root, "expires-after", profile.expires_after.map(|seconds| i64::from(seconds).into()));
    edit::text(root, "tag", profile.tag.as_deref());
}

fn list(root: &mut Item, key: &str, wanted: &[String]) {
    if wanted.is_empty() {
        edit::array(root, key, toml_edit::Array::clear);
    } else {
        edit::texts(root, key, wanted);
    }
}
