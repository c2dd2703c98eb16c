//! The workspace as a folder: names, formats, broken files, links, leftovers.

use std::fs;

use countersign_evidence::Problem;

use super::{CREATE, MANIFEST, example, put, text};
use crate::view::RequestDraft;
use crate::workspace::{CredentialFile, Environment, Workspace};

#[test]
fn a_broken_file_is_named_with_its_line_and_the_others_load() {
    let (folder, workspace) = example();
    put(folder.path(), "credentials/bad.toml", "name = \"x\"\nkind = \n");
    put(folder.path(), "credentials/typed.toml", "name = \"x\"\n\nallowed-hosts = \"localhost\"\n");
    put(folder.path(), "credentials/Odd Name.toml", "");
    put(folder.path(), "credentials/every-host.toml", "allowed-hosts = [\"*\"]\n");
    put(folder.path(), "credentials/.demo-client.toml.1-1.tmp", "half of");
    let credentials = workspace.credentials();
    assert_eq!(credentials.value.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["demo-client"]);
    let found: Vec<(&str, &str)> = credentials.problems.iter().map(|p| (p.code.as_str(), p.detail.as_str())).collect();
    let not_toml = found.iter().find(|(code, _)| *code == "workspace.not_toml").unwrap();
    assert!(not_toml.1.starts_with("credentials/bad.toml, line 2, column 8: "), "{not_toml:?}");
    let typed = "credentials/typed.toml, line 3: `allowed-hosts` is a string, a list of strings is wanted";
    assert!(found.contains(&("workspace.wrong_type", typed)), "{found:?}");
    assert!(
        found
            .iter()
            .any(|(code, detail)| *code == "workspace.bad_name" && detail.contains("credentials/Odd Name.toml")),
        "{found:?}"
    );
    assert!(
        found
            .iter()
            .any(|(code, detail)| *code == "workspace.wrong_value" && detail.contains("every-host.toml, line 1")),
        "{found:?}"
    );
    assert_eq!(found.len(), 4, "{found:?}");
    let bad = workspace.credential("bad").unwrap_err();
    assert_eq!(bad.code, "workspace.not_toml", "asked for by name it says the same");
    let kept = CredentialFile { name: "bad".into(), ..CredentialFile::default() };
    assert_eq!(
        workspace.save_credential(&kept).unwrap_err().code,
        "workspace.not_toml",
        "what does not read is not overwritten"
    );
}

#[test]
fn names_and_files_never_lead_out_of_the_workspace() {
    let (folder, workspace) = example();
    let secret = tempfile::tempdir().unwrap();
    fs::write(secret.path().join("x.toml"), "url = \"x\"\n").unwrap();
    let code = |problem: Problem| problem.code;
    let outside = secret.path().join("x").display().to_string();
    for path in ["../x", outside.as_str(), "a/../../x", "", "A"] {
        assert_eq!(workspace.request(path).map_err(code).err().as_deref(), Some("workspace.bad_name"), "{path}");
        let removed = workspace.remove_request(path).map_err(code);
        assert_eq!(removed.err().as_deref(), Some("workspace.bad_name"), "{path}");
    }
    let draft = RequestDraft {
        path: Some("../../evil".into()),
        url: "x".into(),
        method: "GET".into(),
        ..RequestDraft::default()
    };
    assert_eq!(workspace.save_request(&draft).map_err(code).err().as_deref(), Some("workspace.bad_name"));
    let draft = RequestDraft { path: Some("ok".into()), content_file: Some("../../../etc/passwd".into()), ..draft };
    assert_eq!(workspace.save_request(&draft).map_err(code).err().as_deref(), Some("workspace.bad_name"));
    put(folder.path(), "requests/steal.toml", "url = \"x\"\n[content]\nfile = \"/etc/passwd\"\n");
    assert_eq!(workspace.request("steal").map_err(code).err().as_deref(), Some("workspace.wrong_value"));
    assert_eq!(
        workspace.credential("../credentials/demo-client").map_err(code).err().as_deref(),
        Some("workspace.bad_name")
    );
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(secret.path().join("x.toml"), folder.path().join("requests/link.toml")).unwrap();
        std::os::unix::fs::symlink(secret.path(), folder.path().join("requests/away")).unwrap();
        assert_eq!(workspace.request("link").map_err(code).err().as_deref(), Some("workspace.outside"));
        let draft = RequestDraft { path: Some("away/new".into()), content_file: None, ..draft };
        assert_eq!(workspace.save_request(&draft).map_err(code).err().as_deref(), Some("workspace.outside"));
        assert!(!secret.path().join("new.toml").exists(), "nothing is written outside");
        assert_eq!(
            workspace.content_path(None, "away/x.toml").map_err(code).err().as_deref(),
            Some("workspace.outside")
        );
    }
    assert!(
        workspace
            .content_path(Some("payments/create-payment"), "large.json")
            .unwrap()
            .ends_with("requests/payments/large.json")
    );
}

#[test]
fn a_newer_format_opens_read_only_with_a_sentence() {
    let (folder, _) = example();
    put(folder.path(), "countersign.toml", &MANIFEST.replace("format = 1", "format = 2"));
    let workspace = Workspace::open(folder.path().to_path_buf(), true).unwrap();
    let problem = workspace.read_only().unwrap();
    assert_eq!(problem.title, "the workspace was written by a newer version and is read only");
    assert_eq!(problem.detail, "countersign.toml has format 2, this version knows format 1");
    assert_eq!(workspace.manifest_loaded().problems, std::slice::from_ref(&problem));
    let draft = workspace.request("payments/create-payment").unwrap().draft;
    assert_eq!(workspace.save_request(&draft).unwrap_err(), problem);
    assert_eq!(workspace.remove_request("payments/create-payment").unwrap_err(), problem);
    assert_eq!(workspace.remove_credential("demo-client").unwrap_err(), problem);
    assert_eq!(text(&workspace, "requests/payments/create-payment.toml"), CREATE, "nothing was written");
}

#[test]
fn a_folder_that_was_named_must_be_a_workspace() {
    let folder = tempfile::tempdir().unwrap();
    let problem = Workspace::open(folder.path().to_path_buf(), true).unwrap_err();
    assert_eq!(problem.code, "workspace.not_found");
    let workspace = Workspace::open(folder.path().join("default"), false).unwrap();
    assert_eq!((workspace.id(), workspace.tree().problems.len()), (String::new(), 0), "an empty one");
    assert!(!workspace.folder().exists(), "reading makes nothing");
    workspace.ensure("01jz8q4t6v0m3n5p7r9s1t3v5x", "My workspace").unwrap();
    assert_eq!(
        text(&workspace, "countersign.toml"),
        "format = 1\nid = \"01jz8q4t6v0m3n5p7r9s1t3v5x\"\nname = \"My workspace\"\n"
    );
    workspace.ensure("01jz8q4t6v0m3n5p7r9s1t3v5y", "Other").unwrap();
    assert_eq!(workspace.id(), "01jz8q4t6v0m3n5p7r9s1t3v5x", "made once");
    let inside = workspace.folder().join("requests/deep");
    assert_eq!(Workspace::nearest(&inside), Some(workspace.folder().to_path_buf()));
}

#[test]
fn a_manifest_that_does_not_read_is_named_and_one_that_broke_later_counts_as_it_was() {
    let (folder, workspace) = example();
    put(folder.path(), "countersign.toml", "format = 1\nid = \"../../x\"\n");
    let problem = Workspace::open(folder.path().to_path_buf(), true).unwrap_err();
    assert_eq!(problem.detail, "countersign.toml, line 2: `id` is not letters and digits");
    assert_eq!(workspace.manifest().name, "Acme payments", "as it was");
    assert_eq!(workspace.manifest_loaded().problems, [problem]);
    put(folder.path(), "countersign.toml", "# mine\nname = \"Mine\"\n");
    let workspace = Workspace::open(folder.path().to_path_buf(), true).unwrap();
    workspace.ensure("01jz8q4t6v0m3n5p7r9s1t3v5x", "Other").unwrap();
    assert_eq!(
        text(&workspace, "countersign.toml"),
        "# mine\nname = \"Mine\"\nid = \"01jz8q4t6v0m3n5p7r9s1t3v5x\"\n",
        "only the id was missing"
    );
}

#[test]
fn a_workspace_that_cannot_be_written_says_so_and_still_reads() {
    let (folder, workspace) = example();
    fs::remove_dir_all(folder.path().join("environments")).unwrap();
    fs::write(folder.path().join("environments"), "a file in place of a folder").unwrap();
    let local = Environment {
        name: "local".into(),
        title: "Local".into(),
        colour: "grey".into(),
        live: false,
        variables: Vec::new(),
    };
    let problem = workspace.save_environment(&local).unwrap_err();
    assert!(problem.code.starts_with("storage."), "{problem:?}");
    let environments = workspace.environments();
    assert_eq!((environments.value.len(), environments.problems.len()), (0, 1), "named");
    assert!(workspace.request("payments/create-payment").is_ok(), "the others load");
}

#[test]
fn a_temporary_file_left_by_a_killed_process_is_ignored_and_swept() {
    let (folder, workspace) = example();
    put(folder.path(), "requests/payments/.create-payment.toml.0-1.tmp", "half of");
    put(folder.path(), "environments/.local.toml.0-1.tmp", "half of");
    assert_eq!((workspace.tree().problems.len(), workspace.environments().problems.len()), (0, 0), "ignored");
    Workspace::open(folder.path().to_path_buf(), true).unwrap();
    assert!(!folder.path().join("environments/.local.toml.0-1.tmp").exists(), "swept when the workspace is opened");
    let draft = workspace.request("payments/create-payment").unwrap().draft;
    workspace.save_request(&draft).unwrap();
    assert!(
        !folder.path().join("requests/payments/.create-payment.toml.0-1.tmp").exists(),
        "swept when its file is written"
    );
}
