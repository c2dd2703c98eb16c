//! The tree of requests: folders with their own file, requests in their order, problems named beside them.

use std::fs;

use countersign_evidence::Problem;
use toml_edit::DocumentMut;

use super::document::Document;
use super::error::Error;
use super::request::FolderDefaults;
use super::{Loaded, Workspace, bad_file_name, name, request_file};
use crate::view::{FolderView, RequestRow};

/// Folders in folders at most.
pub(super) const DEEPEST: usize = 16;

/// A folder's own file.
#[derive(Default)]
pub(super) struct FolderFile {
    pub(super) name: Option<String>,
    pub(super) order: Option<i64>,
    pub(super) defaults: FolderDefaults,
}

/// What a folder holds, by path.
#[derive(Default)]
struct Listing {
    folders: Vec<String>,
    requests: Vec<String>,
    has_own_file: bool,
}

impl Workspace {
    /// The tree of requests.
    pub fn tree(&self) -> Loaded<FolderView> {
        let mut problems = Vec::new();
        let (view, _) = self.folder_view("", &mut problems);
        Loaded { value: view, problems }
    }

    /// Requests a credential authorises, by their own word or their folder's.
    pub fn requests_using(&self, credential: &str) -> Vec<String> {
        let mut found = Vec::new();
        self.collect_using(credential, "", false, &mut found);
        found.sort();
        found
    }

    /// A folder's own file; an empty one where there is none.
    pub(super) fn folder_file(&self, folder: &str) -> Result<FolderFile, Error> {
        let file = if folder.is_empty() {
            "requests/folder.toml".to_owned()
        } else {
            format!("requests/{folder}/folder.toml")
        };
        self.read(&file)?.map_or_else(|| Ok(FolderFile::default()), |document| read_folder(&document))
    }

    /// Names a folder that has no file of its own yet.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn name_folder(&self, folder: &str, title: &str) -> Result<(), Problem> {
        let file = format!("requests/{}/folder.toml", name::path_checked(folder)?);
        if self.read(&file)?.is_some() {
            return Ok(());
        }
        let mut document = DocumentMut::new();
        document.insert("name", toml_edit::value(title));
        self.write(&file, &document)
    }

    /// Removes a folder in which nothing is left but its own file.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn remove_empty_folder(&self, folder: &str) -> Result<(), Problem> {
        let listing = self.listing(name::path_checked(folder)?, &mut Vec::new());
        if listing.has_own_file && listing.folders.is_empty() && listing.requests.is_empty() {
            self.remove(&format!("requests/{folder}/folder.toml"))?;
            // other files in it keep it
            let _kept = fs::remove_dir(self.folder().join("requests").join(folder));
        }
        Ok(())
    }

    /// Orders of the requests in a folder.
    pub(super) fn orders(&self, folder: &str) -> Vec<i64> {
        let order = |path: &String| self.read(&request_file_name(path)).ok()??.root().integer("order").ok()?;
        self.listing(folder, &mut Vec::new()).requests.iter().filter_map(order).collect()
    }

    fn folder_view(&self, folder: &str, problems: &mut Vec<Problem>) -> (FolderView, Option<i64>) {
        let listing = self.listing(folder, problems);
        let own = self.folder_file(folder).unwrap_or_else(|error| {
            problems.push(error.problem());
            FolderFile::default()
        });
        let mut requests: Vec<(i64, RequestRow)> = Vec::new();
        for path in listing.requests {
            match self.row(&path) {
                Ok(row) => requests.push(row),
                Err(error) => problems.push(error.problem()),
            }
        }
        let mut folders: Vec<(i64, FolderView)> = Vec::new();
        for path in listing.folders {
            let (view, order) = self.folder_view(&path, problems);
            folders.push((order.unwrap_or(i64::MAX), view));
        }
        // listings are sorted by name, and these sorts keep that among equals
        requests.sort_by_key(|(order, _)| *order);
        folders.sort_by_key(|(order, _)| *order);
        let view = FolderView {
            path: folder.to_owned(),
            name: own.name.unwrap_or_else(|| request_file::stem(folder).to_owned()),
            folders: folders.into_iter().map(|(_, view)| view).collect(),
            requests: requests.into_iter().map(|(_, row)| row).collect(),
        };
        (view, own.order)
    }

    fn row(&self, path: &str) -> Result<(i64, RequestRow), Error> {
        let file = request_file_name(path);
        let document = self.read(&file)?.ok_or_else(|| super::missing(super::Kind::Request, path))?;
        let read = request_file::read(path, &document)?;
        let row = RequestRow { path: path.to_owned(), name: read.draft.name, method: read.draft.method };
        Ok((read.order.unwrap_or(i64::MAX), row))
    }

    /// Folders and requests right in this folder, by name. Hidden files, and files that are no TOML, are content or
    /// none of ours; folders without any request are left out.
    fn listing(&self, folder: &str, problems: &mut Vec<Problem>) -> Listing {
        let mut listing = Listing::default();
        let path = self.folder().join("requests").join(folder);
        let entries = match fs::read_dir(&path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && folder.is_empty() => return listing,
            Err(error) => {
                problems.push(crate::file::storage_problem(&format!("requests/{folder}"), &error));
                return listing;
            }
        };
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let deepest = !folder.is_empty() && folder.split('/').count() + 1 >= DEEPEST;
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') {
                continue;
            }
            // links to folders are not followed: they could lead round in a circle
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            match name.strip_suffix(".toml") {
                Some("folder") if !is_folder => listing.has_own_file = true,
                Some(stem) if !is_folder && name::is_slug(stem) => listing.requests.push(format!("{prefix}{stem}")),
                Some(_) if !is_folder => problems.push(bad_file_name(&format!("requests/{prefix}{name}"))),
                _ if is_folder && !deepest && name::is_slug(&name) => listing.folders.push(format!("{prefix}{name}")),
                _ if is_folder && holds_requests(&entry.path()) => {
                    problems.push(bad_file_name(&format!("requests/{prefix}{name}")))
                }
                _ => {}
            }
        }
        listing.folders.retain(|path| {
            let inner = self.listing(path, &mut Vec::new());
            inner.has_own_file || !inner.requests.is_empty() || !inner.folders.is_empty()
        });
        listing.folders.sort();
        listing.requests.sort();
        listing
    }

    fn collect_using(&self, credential: &str, folder: &str, inherited: bool, found: &mut Vec<String>) {
        let own = self.folder_file(folder).unwrap_or_default().defaults.authorization;
        let inherited = own.map_or(inherited, |authorization| authorization.credential == credential);
        let listing = self.listing(folder, &mut Vec::new());
        for path in listing.requests {
            if self.is_used_by(credential, &path, inherited) {
                found.push(path);
            }
        }
        for path in listing.folders {
            self.collect_using(credential, &path, inherited, found);
        }
    }

    /// Reads the request only where its bytes hold the name at all.
    fn is_used_by(&self, credential: &str, path: &str, inherited: bool) -> bool {
        let file = request_file_name(path);
        let Ok(Some(bytes)) = self.read_bytes(&file) else { return false };
        let named =
            credential.is_empty() || bytes.windows(credential.len()).any(|window| window == credential.as_bytes());
        if !named && !inherited {
            return false;
        }
        let Ok(document) = Document::parse(&file, bytes) else { return false };
        let Ok(authorization) = request_file::authorization(&document.root()) else { return false };
        authorization.map_or(inherited, |authorization| authorization.credential == credential)
    }
}

fn request_file_name(path: &str) -> String {
    format!("requests/{path}.toml")
}

fn holds_requests(folder: &std::path::Path) -> bool {
    let is_toml = |entry: fs::DirEntry| entry.path().extension().is_some_and(|extension| extension == "toml");
    fs::read_dir(folder).is_ok_and(|entries| entries.flatten().any(is_toml))
}

fn read_folder(document: &Document) -> Result<FolderFile, Error> {
    let root = document.root();
    Ok(FolderFile {
        name: root.text("name")?,
        order: root.integer("order")?,
        defaults: FolderDefaults {
            authorization: request_file::authorization(&root)?,
            signing: request_file::signing(&root)?,
            variables: root.pairs("variables")?,
        },
    })
}
