//! Requests of the workspace: read with what their folders give them, written in place, removed.

use std::fs;

use countersign_evidence::Problem;
use toml_edit::DocumentMut;

use super::document::Document;
use super::error::Error;
use super::{Environment, Kind, Workspace, edit, missing, name, request_file};
use crate::template::Layer;
use crate::view::{DraftAuthorization, RequestDraft};

/// What a folder gives the requests in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FolderDefaults {
    /// Who authorises a request that does not say.
    pub authorization: Option<DraftAuthorization>,
    /// What signs a request that does not say.
    pub signing: Option<String>,
    /// Variables, the nearest folder's first.
    pub variables: Vec<(String, String)>,
}

/// A request with what its folders give it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestFile {
    /// The request as its file has it.
    pub draft: RequestDraft,
    /// Variables of the request itself.
    pub variables: Vec<(String, String)>,
    /// Variables of its folders, the nearest first.
    pub folder_variables: Vec<(String, String)>,
    /// Defaults of its folders.
    pub defaults: FolderDefaults,
}

impl RequestFile {
    /// The request as it is sent: what it does not say comes from its folders. Credential `none` cuts.
    pub fn effective(&self) -> RequestDraft {
        let mut draft = self.draft.clone();
        draft.authorization = draft.authorization.or_else(|| self.defaults.authorization.clone());
        draft.signing = draft.signing.or_else(|| self.defaults.signing.clone());
        draft
    }
}

impl Workspace {
    /// One request.
    ///
    /// # Errors
    /// `workspace.no_request`, a file that does not read, content this version cannot send.
    pub fn request(&self, path: &str) -> Result<RequestFile, Problem> {
        let document = self.read(&file(path)?)?.ok_or_else(|| missing(Kind::Request, path))?;
        let read = request_file::read(path, &document)?;
        if let Some(unsupported) = read.unsupported {
            return Err(unsupported.problem());
        }
        let defaults = self.folder_defaults(path);
        Ok(RequestFile {
            draft: read.draft,
            variables: read.variables,
            folder_variables: defaults.variables.clone(),
            defaults,
        })
    }

    /// Writes a request: into its file, or into a new one named after it. The request as it reads now.
    ///
    /// # Errors
    /// A name that is no slug, a folder that cannot be written, a present file that does not read.
    pub fn save_request(&self, draft: &RequestDraft) -> Result<RequestDraft, Problem> {
        let path = match draft.path.as_deref().filter(|path| !path.is_empty()) {
            Some(path) => name::path_checked(path)?.to_owned(),
            None => self.free_request_path("", &draft.name),
        };
        if let Some(content_file) = draft.content_file.as_deref().filter(|file| !file.is_empty()) {
            name::relative_checked(content_file)?;
        }
        let file = file(&path)?;
        let mut document = match self.read(&file)? {
            Some(present) => {
                if let Some(unsupported) = request_file::read(&path, &present)?.unsupported {
                    return Err(unsupported.problem());
                }
                present.into_mut()
            }
            None => self.new_request(&path, draft),
        };
        request_file::put(document.as_item_mut(), &path, draft);
        let written = request_file::read(&path, &Document::parse(&file, document.to_string().into_bytes())?)?;
        if !means(&written.draft, draft, &path) {
            return Err(Error::NotFaithful { file }.problem());
        }
        self.write(&file, &document)?;
        Ok(written.draft)
    }

    /// Removes a request, and folders that are empty then. Content in files of its own stays.
    ///
    /// # Errors
    /// `workspace.no_request`, a folder that cannot be written.
    pub fn remove_request(&self, path: &str) -> Result<(), Problem> {
        if !self.remove(&file(path)?)? {
            return Err(missing(Kind::Request, path).problem());
        }
        let mut folder = folder_of(path);
        // a folder with anything in it is not removed by this call
        while !folder.is_empty() && fs::remove_dir(self.folder().join("requests").join(folder)).is_ok() {
            folder = folder_of(folder);
        }
        Ok(())
    }

    /// A path in this folder that is free, made from a title.
    pub fn free_request_path(&self, folder: &str, title: &str) -> String {
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let taken =
            |name: &str| name == "folder" || self.folder().join(format!("requests/{prefix}{name}.toml")).exists();
        format!("{prefix}{}", name::free(&name::slug(title, "request"), taken))
    }

    /// The content of a request from a file beside it.
    ///
    /// # Errors
    /// A file that is not in the workspace or cannot be read.
    pub fn content_path(&self, request: Option<&str>, content_file: &str) -> Result<std::path::PathBuf, Problem> {
        let relative = name::relative_checked(content_file)?;
        let folder = match request {
            Some(path) => folder_of(name::path_checked(path)?),
            None => "",
        };
        let path = self.folder().join("requests").join(folder).join(relative);
        if self.is_inside(&path) { Ok(path) } else { Err(Error::Outside { file: content_file.to_owned() }.problem()) }
    }

    /// Variables of the folders a request lies in, the nearest first. Folders that do not read are named by the tree.
    pub fn folder_variables(&self, path: &str) -> Vec<(String, String)> {
        self.folder_defaults(path).variables
    }

    /// What the folders of a request give it, the nearest folder first.
    pub fn folder_defaults(&self, path: &str) -> FolderDefaults {
        let mut defaults = FolderDefaults::default();
        if name::path_checked(path).is_err() {
            return defaults;
        }
        let mut folder = folder_of(path);
        loop {
            let own = self.folder_file(folder).map(|file| file.defaults).unwrap_or_default();
            defaults.authorization = defaults.authorization.or(own.authorization);
            defaults.signing = defaults.signing.or(own.signing);
            for (name, value) in own.variables {
                if !defaults.variables.iter().any(|(known, _)| *known == name) {
                    defaults.variables.push((name, value));
                }
            }
            if folder.is_empty() {
                return defaults;
            }
            folder = folder_of(folder);
        }
    }

    /// Layers of template variables in their order: request, folders, environment, workspace. What is given for one
    /// call goes before them, what is always there behind them.
    pub fn layers(&self, path: Option<&str>, environment: Option<&Environment>) -> Vec<Layer> {
        let mut layers = Vec::new();
        let mut add = |provenance: String, values: Vec<(String, String)>| {
            if !values.is_empty() {
                layers.push(Layer { provenance, values });
            }
        };
        if let Some(path) = path {
            add("from the request".into(), self.request_variables(path));
            add("from the folder".into(), self.folder_variables(path));
        }
        if let Some(environment) = environment {
            add(format!("from environment {}", environment.title), environment.variables.clone());
        }
        add("from the workspace".into(), self.manifest().variables);
        layers
    }

    fn request_variables(&self, path: &str) -> Vec<(String, String)> {
        let document = file(path).and_then(|file| self.read(&file)).ok().flatten();
        document.and_then(|document| document.root().pairs("variables").ok()).unwrap_or_default()
    }

    /// A new document; in a folder whose requests are ordered it says its place right behind its name.
    fn new_request(&self, path: &str, draft: &RequestDraft) -> DocumentMut {
        let mut document = DocumentMut::new();
        if let Some(last) = self.orders(folder_of(path)).into_iter().max() {
            let root = document.as_item_mut();
            let name = Some(draft.name.as_str()).filter(|name| !name.trim().is_empty());
            edit::text_or_default(
                root,
                "name",
                name.unwrap_or_else(|| request_file::stem(path)),
                request_file::stem(path),
            );
            edit::value(root, "order", Some((last.div_euclid(10) + 1).saturating_mul(10).into()));
        }
        document
    }
}

/// The folder of a path, empty for the root.
pub(super) fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn file(path: &str) -> Result<String, Error> {
    Ok(format!("requests/{}.toml", name::path_checked(path)?))
}

/// Whether what was written means what was drafted: defaults that are not written count as said.
fn means(written: &RequestDraft, draft: &RequestDraft, path: &str) -> bool {
    let brought = |draft: &RequestDraft| {
        let mut draft = draft.clone();
        draft.path = Some(path.to_owned());
        if draft.name.trim().is_empty() {
            draft.name = request_file::stem(path).to_owned();
        }
        let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
        draft.signing = filled(draft.signing);
        draft.client_certificate = filled(draft.client_certificate);
        draft.content_type = filled(draft.content_type);
        draft.content_file = filled(draft.content_file);
        draft.content = filled(draft.content).filter(|_| draft.content_file.is_none());
        draft.http = filled(draft.http).filter(|http| http != "auto");
        draft.redirects = draft.redirects.filter(|n| *n != request_file::REDIRECTS);
        if let Some(authorization) = &mut draft.authorization {
            authorization.scope = filled(authorization.scope.take());
        }
        draft
    };
    brought(written) == brought(draft)
}
