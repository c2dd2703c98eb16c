//! Requests: edits in place, new files, what a draft cannot hold.

use super::{CREATE, example, field, paths, put, text};
use crate::view::{DraftField, RequestDraft};

#[test]
fn an_edit_changes_its_lines_and_no_other() {
    let (_folder, workspace) = example();
    let mut draft = workspace.request("payments/create-payment").unwrap().draft;
    draft.url = "{{base_url}}/payments?capture=true".into();
    draft.fields.push(DraftField { name: "x-trace".into(), value: "1".into(), off: true });
    draft.fields[0].value = "application/problem+json".into();
    draft.timeout_s = Some(10);
    draft.content = Some("{\n  \"amount\": 1\n}\n".into());
    let saved = workspace.save_request(&draft).unwrap();
    assert_eq!(saved, draft);
    let wanted = CREATE
        .replace("{{base_url}}/payments\"", "{{base_url}}/payments?capture=true\"")
        .replace("application/json\"],", "application/problem+json\"],")
        .replace(
            "keeps one that is not sent\n",
            "keeps one that is not sent\n  { name = \"x-trace\", value = \"1\", off = true },\n",
        )
        .replace("\"30s\"", "\"10s\"")
        .replace(
            "  \"amount\": 1250,\n  \"currency\": \"AED\",\n  \"reference\": \"demo-0001\"\n}'''",
            "  \"amount\": 1\n}\n'''",
        );
    assert_eq!(text(&workspace, "requests/payments/create-payment.toml"), wanted);
}

#[test]
fn what_is_taken_away_takes_nothing_else_with_it() {
    let (_folder, workspace) = example();
    let mut draft = workspace.request("payments/create-payment").unwrap().draft;
    draft.authorization = None;
    draft.signing = None;
    draft.fields.remove(0);
    draft.content = None;
    draft.content_type = None;
    (draft.timeout_s, draft.redirects, draft.http) = (None, None, None);
    assert_eq!(workspace.save_request(&draft).unwrap(), draft);
    let text = text(&workspace, "requests/payments/create-payment.toml");
    let start = CREATE.find("assert = [").unwrap();
    let end = CREATE.find("[content]").unwrap();
    assert!(text.ends_with(&CREATE[start..end]), "assertions and captures are kept as they were:\n{text}");
    assert!(text.contains("  [\"idempotency-key\", \"{{$uuid}}\"],    # { name"), "with its comment:\n{text}");
    assert!(!text.contains("options") && !text.contains("[content]"), "nothing empty stays:\n{text}");
}

#[test]
fn a_new_request_gets_a_file_named_after_it_and_defaults_are_not_written() {
    let (_folder, workspace) = example();
    let draft = RequestDraft {
        name: "Ping: the API!".into(),
        method: "GET".into(),
        url: "https://localhost/ping".into(),
        redirects: Some(5),
        http: Some("auto".into()),
        content: Some(String::new()),
        ..RequestDraft::default()
    };
    let saved = workspace.save_request(&draft).unwrap();
    assert_eq!(saved.path.as_deref(), Some("ping-the-api"));
    assert_eq!(
        text(&workspace, "requests/ping-the-api.toml"),
        "name = \"Ping: the API!\"\nmethod = \"GET\"\nurl = \"https://localhost/ping\"\n"
    );
    let again = workspace.save_request(&draft).unwrap();
    assert_eq!(again.path.as_deref(), Some("ping-the-api-2"), "slugs from one title are unique");
    let folder = workspace.save_request(&RequestDraft { name: "Folder".into(), ..draft.clone() }).unwrap();
    assert_eq!(folder.path.as_deref(), Some("folder-2"), "`folder.toml` is the folder's own");
    let ordered = workspace
        .save_request(&RequestDraft { path: Some("payments/refund".into()), name: "Refund".into(), ..draft })
        .unwrap();
    assert_eq!(ordered.name, "Refund");
    assert!(
        text(&workspace, "requests/payments/refund.toml").starts_with("name = \"Refund\"\norder = 30\nmethod"),
        "after its neighbours"
    );
}

#[test]
fn a_new_request_reads_like_one_written_by_hand() {
    let (_folder, workspace) = example();
    let mut draft = workspace.request("payments/create-payment").unwrap().draft;
    draft.path = Some("copy".into());
    (draft.timeout_s, draft.redirects, draft.http) = (None, None, Some("2".into()));
    draft.query = vec![field("page", "1")];
    workspace.save_request(&draft).unwrap();
    let wanted = "name = \"Create payment\"\nmethod = \"POST\"\nurl = \"{{base_url}}/payments\"\nquery = [\n  [\"page\", \"1\"],\n]\nfields = [\n  \
        [\"accept\", \"application/json\"],\n  [\"idempotency-key\", \"{{$uuid}}\"],\n]\n\
        authorization = { credential = \"demo-client\", scope = \"payments:write\" }\nsigning = { profile = \"demo-ed25519\" }\n\
        options = { http = \"2\" }\n\n[content]\ntype = \"application/json\"\ntext = '''\n{\n  \"amount\": 1250,\n  \"currency\": \"AED\",\n  \
        \"reference\": \"demo-0001\"\n}'''\n";
    assert_eq!(text(&workspace, "requests/copy.toml"), wanted);
}

#[test]
fn content_is_kept_byte_for_byte() {
    let (_folder, workspace) = example();
    let odd = [
        "a\r\nb\r\n",
        "\n\n",
        "'''\n\"\"\"\n",
        "{{x}}\n\\u0041",
        "\u{feff}{}\n",
        "tab\there\n",
        "one line",
        "ends with '",
        "\u{0}\u{1b}\n",
    ];
    for content in odd {
        let draft = RequestDraft {
            path: Some("odd".into()),
            name: "odd".into(),
            method: "POST".into(),
            url: "https://localhost".into(),
            content: Some(content.into()),
            ..RequestDraft::default()
        };
        assert_eq!(workspace.save_request(&draft).unwrap().content.as_deref(), Some(content), "{content:?}");
        assert_eq!(
            workspace.request("odd").unwrap().draft.content.as_deref(),
            Some(content),
            "{content:?} from its file"
        );
    }
}

#[test]
fn fields_are_read_in_every_form() {
    let (folder, workspace) = example();
    let text = "url = \"https://localhost\"\nfields = [[\"a\", \"1\"], { name = \"b\", value = \"2\", off = true, note = \"x\" }, { name = 'c', value = '3' }]\n\
        [[query]]\nname = \"q\"\nvalue = \"1\"\n";
    put(folder.path(), "requests/forms.toml", text);
    let mut draft = workspace.request("forms").unwrap().draft;
    let off = DraftField { off: true, ..field("b", "2") };
    assert_eq!(
        (draft.fields.as_slice(), draft.query.as_slice()),
        ([field("a", "1"), off, field("c", "3")].as_slice(), [field("q", "1")].as_slice())
    );
    assert_eq!((draft.name.as_str(), draft.method.as_str()), ("forms", "GET"), "defaults");
    draft.fields[1].off = false;
    draft.fields[0].off = true;
    assert_eq!(workspace.save_request(&draft).unwrap(), draft);
    let wanted = "fields = [{ name = \"a\", value = \"1\", off = true }, { name = \"b\", value = \"2\", note = \"x\" }, { name = 'c', value = '3' }]\n";
    assert!(
        super::text(&workspace, "requests/forms.toml").contains(wanted),
        "unknown keys stay:\n{}",
        super::text(&workspace, "requests/forms.toml")
    );
}

#[test]
fn content_this_version_cannot_send_is_said_and_left_alone() {
    let (folder, workspace) = example();
    let form = "url = \"x\"\nmethod = \"POST\"\n[content]\nform = [[\"a\", \"1\"]]\n";
    put(folder.path(), "requests/form.toml", form);
    let problem = workspace.request("form").unwrap_err();
    assert_eq!(
        (problem.code.as_str(), problem.detail.as_str()),
        ("workspace.unsupported", "requests/form.toml, line 4: `content.form` is not supported by this version")
    );
    let draft =
        RequestDraft { path: Some("form".into()), url: "y".into(), method: "POST".into(), ..RequestDraft::default() };
    assert_eq!(workspace.save_request(&draft).unwrap_err().code, "workspace.unsupported");
    assert_eq!(text(&workspace, "requests/form.toml"), form, "untouched");
    assert!(paths(&workspace.tree().value).contains(&"form".to_owned()), "it stands in the tree");
    put(folder.path(), "requests/both.toml", "url = \"x\"\n[content]\ntext = \"a\"\nfile = \"a.txt\"\n");
    assert_eq!(workspace.request("both").unwrap_err().code, "workspace.wrong_value");
}

#[test]
fn removing_a_request_takes_its_empty_folders_with_it() {
    let (folder, workspace) = example();
    put(folder.path(), "requests/a/b/x.toml", "url = \"x\"\n");
    put(folder.path(), "requests/a/y.toml", "url = \"x\"\n");
    workspace.remove_request("a/b/x").unwrap();
    assert!(
        !folder.path().join("requests/a/b").exists() && folder.path().join("requests/a").exists(),
        "only the empty one"
    );
    assert_eq!(workspace.remove_request("a/b/x").unwrap_err().code, "workspace.no_request");
    workspace.remove_request("a/y").unwrap();
    workspace.remove_request("payments/create-payment").unwrap();
    assert_eq!(paths(&workspace.tree().value), Vec::<String>::new());
}
