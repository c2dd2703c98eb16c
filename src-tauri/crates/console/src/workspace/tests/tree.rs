//! The tree, and what folders give their requests.

use std::fs;

use super::{details, example, paths, put};

#[test]
fn broken_requests_leave_the_tree_standing() {
    let (folder, workspace) = example();
    put(folder.path(), "requests/payments/broken.toml", "url = \"x\"\n[content\n");
    put(folder.path(), "requests/payments/no-url.toml", "name = \"x\"\n");
    put(folder.path(), "requests/payments/slow.toml", "url = \"x\"\noptions = { timeout = 30 }\n");
    put(folder.path(), "requests/payments/large.json", "{}");
    put(folder.path(), "requests/payments/folder.toml", "order = true\n");
    put(folder.path(), "requests/Bad Folder/x.toml", "url = \"x\"\n");
    let tree = workspace.tree();
    assert_eq!(paths(&tree.value), ["payments/create-payment"]);
    let mut found = details(&tree.problems);
    found.sort_unstable();
    let [bad_folder, broken, folder_file, no_url, slow] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(*bad_folder, "`requests/Bad Folder`: a file's name is lower-case letters, digits and `-`");
    assert!(broken.starts_with("requests/payments/broken.toml, line 2, column 9: "), "{broken}");
    assert_eq!(
        *folder_file,
        "requests/payments/folder.toml, line 1: `order` is true or false, a whole number is wanted"
    );
    assert_eq!(*no_url, "requests/payments/no-url.toml: `url` is missing");
    assert_eq!(*slow, "requests/payments/slow.toml, line 2: `options.timeout` is an integer, a string is wanted");
}

#[test]
fn the_tree_is_in_its_order_and_leaves_out_what_is_empty() {
    let (folder, workspace) = example();
    put(folder.path(), "requests/payments/folder.toml", "name = \"Payments\"\norder = 20\n");
    put(folder.path(), "requests/payments/a.toml", "url = \"x\"\n");
    put(folder.path(), "requests/payments/z.toml", "url = \"x\"\norder = 10\nmethod = \"DELETE\"\n");
    put(folder.path(), "requests/accounts/b.toml", "url = \"x\"\n");
    put(folder.path(), "requests/tests/folder.toml", "name = \"Tests\"\norder = 10\n");
    fs::create_dir_all(folder.path().join("requests/empty/deep")).unwrap();
    fs::create_dir_all(folder.path().join("requests/.git")).unwrap();
    let tree = workspace.tree();
    assert_eq!(tree.problems, []);
    let folders: Vec<(&str, &str)> = tree.value.folders.iter().map(|f| (f.path.as_str(), f.name.as_str())).collect();
    assert_eq!(
        folders,
        [("tests", "Tests"), ("payments", "Payments"), ("accounts", "accounts")],
        "by order, then by name"
    );
    assert_eq!(paths(&tree.value.folders[1]), ["payments/z", "payments/create-payment", "payments/a"]);
    assert_eq!(tree.value.folders[1].requests[0].method, "DELETE");
}

#[test]
fn folders_give_what_a_request_does_not_say() {
    let (folder, workspace) = example();
    put(
        folder.path(),
        "requests/folder.toml",
        "variables = { a = \"root\", b = \"root\" }\nauthorization = { credential = \"demo-client\" }\nsigning = { profile = \"demo-ed25519\" }\n",
    );
    put(
        folder.path(),
        "requests/deep/folder.toml",
        "variables = { a = \"deep\" }\nauthorization = { credential = \"other\" }\n",
    );
    put(folder.path(), "requests/deep/er/x.toml", "url = \"x\"\nvariables = { c = \"own\" }\n");
    put(folder.path(), "requests/deep/none.toml", "url = \"x\"\nauthorization = { credential = \"none\" }\n");
    put(folder.path(), "requests/plain.toml", "url = \"x\"\n");
    let request = workspace.request("deep/er/x").unwrap();
    let pair = |n: &str, v: &str| (n.to_owned(), v.to_owned());
    assert_eq!(request.folder_variables, [pair("a", "deep"), pair("b", "root")], "the nearest folder counts");
    assert_eq!(request.variables, [pair("c", "own")]);
    assert_eq!(
        (request.draft.authorization.as_ref(), request.draft.signing.as_ref()),
        (None, None),
        "the draft is the file"
    );
    let sent = request.effective();
    assert_eq!(
        (sent.authorization.unwrap().credential.as_str(), sent.signing.as_deref()),
        ("other", Some("demo-ed25519"))
    );
    let cut = workspace.request("deep/none").unwrap().effective();
    assert_eq!(cut.authorization.unwrap().credential, "none", "`none` cuts");
    assert_eq!(
        workspace.requests_using("demo-client"),
        ["payments/create-payment", "plain"],
        "by their word or their folder's"
    );
    assert_eq!(workspace.requests_using("other"), ["deep/er/x"]);
    let layers = workspace.layers(Some("deep/er/x"), Some(&workspace.environment("local").unwrap()));
    let words: Vec<&str> = layers.iter().map(|layer| layer.provenance.as_str()).collect();
    assert_eq!(words, ["from the request", "from the folder", "from environment Local"]);
}
