//! Every example of formats.md, edits that leave the rest alone, and files that are broken.

use std::fs;
use std::path::Path;

use countersign_evidence::Problem;
use tempfile::TempDir;

use super::{CredentialFile, Environment, SlotFile, Workspace};
use crate::view::{DraftAuthorization, DraftField, FolderView, RequestDraft};

const MANIFEST: &str = "format = 1\nid = \"01jz8q4t6v0m3n5p7r9s1t3v5x\"      # ULID; also the vault id\nname = \"Acme payments\"\n\
    default-environment = \"local\"\nresolve = { \"expired.zoo.test\" = \"127.0.0.1\" }\n";

const LOCAL: &str = "name = \"Local\"\ncolour = \"grey\"                        # grey, blue, green, amber, red\n\
    live = false                           # true: ask once before the first mutating call\nvariables = { base_url = \"{{gateway.api}}\" }\n";

const CREATE: &str = r#"name = "Create payment"
order = 20                             # gaps of 10; equal: by file name
method = "POST"
url = "{{base_url}}/payments"
fields = [                             # ordered pairs; `query` likewise
  ["accept", "application/json"],
  ["idempotency-key", "{{$uuid}}"],    # { name = "…", value = "…", off = true } keeps one that is not sent
]
authorization = { credential = "demo-client", scope = "payments:write" }   # credential "none" cuts inheritance; scope: a subset
signing = { profile = "demo-ed25519" }
options = { timeout = "30s", redirects = 5, http = "auto" }                # http: auto, 1.1, 2
assert = [
  { status = 201 },
  { pointer = "/status", equals = "authorised" },   # later also field, schema, max-time, certificate-days-left, tls-version, scope
]
capture = { payment_id = "/id" }       # JSON pointer into the response
[content]                              # type, and one of text, file, form, multipart, graphql
type = "application/json"
text = '''
{
  "amount": 1250,
  "currency": "AED",
  "reference": "demo-0001"
}'''                                   # sent byte for byte, no line break added
"#;

const DEMO_CLIENT: &str = r#"name = "Demo client"
kind = "oauth2"                        # oauth2, basic, bearer, api-key, aws, client-certificate, key
environments = ["local"]               # absent: every environment, each with its own token (tokens.md §1)
allowed-hosts = ["localhost"]          # host, host:port or *.suffix; no port: any port; never templated
recipe = "rfc6749"
token_endpoint = "{{gateway.token_endpoint}}"
client_id = "demo-client"
token_endpoint_auth_method = "client_secret_basic"
basic-encoding = "form"                # form, raw, verbatim
grant_type = "client_credentials"
scope = "payments:read payments:write"
[slots.client_secret]
id = "01jz8q5a0b"                      # opaque; the value is in the vault
[slots.signing_key]
id = "01jz8q5a0c"
public-jwk = { kty = "OKP", crv = "Ed25519", x = "JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs" }
"#;

const NGENIUS: &str = r#"format = 1
id = "ngenius"
version = 1                            # part of the cache key
name = "N-Genius Online"
slots = ["api_key"]
error = { message = "/errors/0/message" }   # and `code`
renewal = "mint"
defaults = { token_endpoint = "https://api-gateway.sandbox.ngenius-payments.com/identity/auth/access-token" }
[request]
method = "POST"
url = "{{token_endpoint}}"
client-auth = "basic-verbatim"
accept = "application/vnd.ni-identity.v1+json"
content-type = "application/vnd.ni-identity.v1+json"
content = "empty"
[response]
status = [200]
access_token = "/access_token"
token_type = "/token_type"
expires_in = "/expires_in"
expires-unit = "seconds"
default-life = "300s"
"#;

const PROFILE: &str = r#"scheme = "rfc9421"                     # the scheme names of cli.md
key = "demo-client/signing_key"
keyid = "demo-ed25519"
alg = "ed25519"                        # label = "sig1" is the default
covered = ["@method", "@target-uri", "authorization", "content-digest"]   # with parameters: '"@query-param";name="id"'
parameters = ["created", "keyid", "alg"]   # order as serialised
content-digest = "sha-256"
"#;

const TRUST: &str = r#"stores = ["os"]                        # os, mozilla
profile = "auto"                       # auto, public, private (certificates.md §3)
ca = [{ file = "certificates/acme-root.pem", hosts = ["*.acme.example"] }]   # ["*"] only for a proxy's CA
pin = [{ host = "api.acme.example:443", spki-sha256 = "nJzU" }]
"#;

fn put(folder: &Path, file: &str, text: &str) {
    let path = folder.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn text(workspace: &Workspace, file: &str) -> String {
    fs::read_to_string(workspace.folder().join(file)).unwrap()
}

/// The workspace of formats.md §2 and §3.
fn example() -> (TempDir, Workspace) {
    let folder = tempfile::tempdir().unwrap();
    for (file, text) in [
        ("countersign.toml", MANIFEST),
        ("environments/local.toml", LOCAL),
        ("requests/payments/create-payment.toml", CREATE),
        ("credentials/demo-client.toml", DEMO_CLIENT),
        ("recipes/ngenius.toml", NGENIUS),
        ("signing/demo-ed25519.toml", PROFILE),
        ("trust.toml", TRUST),
    ] {
        put(folder.path(), file, text);
    }
    let workspace = Workspace::open(folder.path().to_path_buf(), true).unwrap();
    (folder, workspace)
}

fn field(name: &str, value: &str) -> DraftField {
    DraftField { name: name.into(), value: value.into(), off: false }
}

fn details(problems: &[Problem]) -> Vec<&str> {
    problems.iter().map(|p| p.detail.as_str()).collect()
}

fn paths(view: &FolderView) -> Vec<String> {
    let inner = view.folders.iter().flat_map(paths);
    view.requests.iter().map(|row| row.path.clone()).chain(inner).collect()
}

#[test]
fn the_example_reads_as_formats_says() {
    let (_folder, workspace) = example();
    let manifest = workspace.manifest();
    assert_eq!((workspace.id().as_str(), manifest.name.as_str()), ("01jz8q4t6v0m3n5p7r9s1t3v5x", "Acme payments"));
    assert_eq!(manifest.default_environment.as_deref(), Some("local"));
    assert_eq!(manifest.resolve.get("expired.zoo.test").map(String::as_str), Some("127.0.0.1"));
    let local = workspace.environment("local").unwrap();
    assert_eq!((local.title.as_str(), local.live), ("Local", false));
    assert_eq!(local.variables, [("base_url".to_owned(), "{{gateway.api}}".to_owned())]);
    let request = workspace.request("payments/create-payment").unwrap();
    let wanted = RequestDraft {
        path: Some("payments/create-payment".into()),
        name: "Create payment".into(),
        method: "POST".into(),
        url: "{{base_url}}/payments".into(),
        fields: vec![field("accept", "application/json"), field("idempotency-key", "{{$uuid}}")],
        authorization: Some(DraftAuthorization { credential: "demo-client".into(), scope: Some("payments:write".into()) }),
        signing: Some("demo-ed25519".into()),
        content_type: Some("application/json".into()),
        content: Some("{\n  \"amount\": 1250,\n  \"currency\": \"AED\",\n  \"reference\": \"demo-0001\"\n}".into()),
        timeout_s: Some(30),
        redirects: Some(5),
        http: Some("auto".into()),
        ..RequestDraft::default()
    };
    assert_eq!(request.draft, wanted);
    let credential = workspace.credential("demo-client").unwrap();
    let jwk = credential.slots["signing_key"].public_jwk.as_ref().map(|jwk| jwk.crv.as_str());
    assert_eq!((credential.allowed_hosts.as_slice(), jwk), (["localhost".to_owned()].as_slice(), Some("Ed25519")));
    assert_eq!(workspace.recipe("ngenius").unwrap(), countersign_oauth::Recipe::built_in("ngenius").unwrap(), "as the built-in one");
    assert_eq!(workspace.signing_profile("demo-ed25519").unwrap().covered[1], "@target-uri");
    let trust = workspace.trust().unwrap();
    assert_eq!((trust.ca[0].hosts[0].as_str(), trust.pins[0].spki_sha256.as_str()), ("*.acme.example", "nJzU"));
    assert_eq!(workspace.credentials().problems, []);
}

#[test]
fn saving_what_was_read_changes_no_byte() {
    let (_folder, workspace) = example();
    let draft = workspace.request("payments/create-payment").unwrap().draft;
    assert_eq!(workspace.save_request(&draft).unwrap(), draft, "reads as it did");
    workspace.save_environment(&workspace.environment("local").unwrap()).unwrap();
    workspace.save_credential(&workspace.credential("demo-client").unwrap()).unwrap();
    workspace.save_signing_profile("demo-ed25519", &workspace.signing_profile("demo-ed25519").unwrap()).unwrap();
    workspace.ensure("01jz8q4t6v0m3n5p7r9s1t3v5y", "Other").unwrap();
    for (file, wanted) in [
        ("requests/payments/create-payment.toml", CREATE),
        ("environments/local.toml", LOCAL),
        ("credentials/demo-client.toml", DEMO_CLIENT),
        ("signing/demo-ed25519.toml", PROFILE),
        ("countersign.toml", MANIFEST),
    ] {
        assert_eq!(text(&workspace, file), wanted, "{file}");
    }
}

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
        .replace("keeps one that is not sent\n", "keeps one that is not sent\n  { name = \"x-trace\", value = \"1\", off = true },\n")
        .replace("\"30s\"", "\"10s\"")
        .replace("  \"amount\": 1250,\n  \"currency\": \"AED\",\n  \"reference\": \"demo-0001\"\n}'''", "  \"amount\": 1\n}\n'''");
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
    assert_eq!(text(&workspace, "requests/ping-the-api.toml"), "name = \"Ping: the API!\"\nmethod = \"GET\"\nurl = \"https://localhost/ping\"\n");
    let again = workspace.save_request(&draft).unwrap();
    assert_eq!(again.path.as_deref(), Some("ping-the-api-2"), "slugs from one title are unique");
    let folder = workspace.save_request(&RequestDraft { name: "Folder".into(), ..draft.clone() }).unwrap();
    assert_eq!(folder.path.as_deref(), Some("folder-2"), "`folder.toml` is the folder's own");
    let ordered = workspace.save_request(&RequestDraft { path: Some("payments/refund".into()), name: "Refund".into(), ..draft }).unwrap();
    assert_eq!(ordered.name, "Refund");
    assert!(text(&workspace, "requests/payments/refund.toml").starts_with("name = \"Refund\"\norder = 30\nmethod"), "after its neighbours");
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
    let odd = ["a\r\nb\r\n", "\n\n", "'''\n\"\"\"\n", "{{x}}\n\\u0041", "\u{feff}{}\n", "tab\there\n", "one line", "ends with '", "\u{0}\u{1b}\n"];
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
        assert_eq!(workspace.request("odd").unwrap().draft.content.as_deref(), Some(content), "{content:?} from its file");
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
    assert_eq!((draft.fields.as_slice(), draft.query.as_slice()), ([field("a", "1"), off, field("c", "3")].as_slice(), [field("q", "1")].as_slice()));
    assert_eq!((draft.name.as_str(), draft.method.as_str()), ("forms", "GET"), "defaults");
    draft.fields[1].off = false;
    draft.fields[0].off = true;
    assert_eq!(workspace.save_request(&draft).unwrap(), draft);
    let wanted = "fields = [{ name = \"a\", value = \"1\", off = true }, { name = \"b\", value = \"2\", note = \"x\" }, { name = 'c', value = '3' }]\n";
    assert!(self::text(&workspace, "requests/forms.toml").contains(wanted), "unknown keys stay:\n{}", self::text(&workspace, "requests/forms.toml"));
}

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
    assert!(found.iter().any(|(code, detail)| *code == "workspace.bad_name" && detail.contains("credentials/Odd Name.toml")), "{found:?}");
    assert!(found.iter().any(|(code, detail)| *code == "workspace.wrong_value" && detail.contains("every-host.toml, line 1")), "{found:?}");
    assert_eq!(found.len(), 4, "{found:?}");
    let bad = workspace.credential("bad").unwrap_err();
    assert_eq!(bad.code, "workspace.not_toml", "asked for by name it says the same");
    let kept = CredentialFile { name: "bad".into(), ..CredentialFile::default() };
    assert_eq!(workspace.save_credential(&kept).unwrap_err().code, "workspace.not_toml", "what does not read is not overwritten");
}

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
    assert_eq!(*folder_file, "requests/payments/folder.toml, line 1: `order` is true or false, a whole number is wanted");
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
    assert_eq!(folders, [("tests", "Tests"), ("payments", "Payments"), ("accounts", "accounts")], "by order, then by name");
    assert_eq!(paths(&tree.value.folders[1]), ["payments/z", "payments/create-payment", "payments/a"]);
    assert_eq!(tree.value.folders[1].requests[0].method, "DELETE");
}

#[test]
fn folders_give_what_a_request_does_not_say() {
    let (folder, workspace) = example();
    put(folder.path(), "requests/folder.toml", "variables = { a = \"root\", b = \"root\" }\nauthorization = { credential = \"demo-client\" }\nsigning = { profile = \"demo-ed25519\" }\n");
    put(folder.path(), "requests/deep/folder.toml", "variables = { a = \"deep\" }\nauthorization = { credential = \"other\" }\n");
    put(folder.path(), "requests/deep/er/x.toml", "url = \"x\"\nvariables = { c = \"own\" }\n");
    put(folder.path(), "requests/deep/none.toml", "url = \"x\"\nauthorization = { credential = \"none\" }\n");
    put(folder.path(), "requests/plain.toml", "url = \"x\"\n");
    let request = workspace.request("deep/er/x").unwrap();
    let pair = |n: &str, v: &str| (n.to_owned(), v.to_owned());
    assert_eq!(request.folder_variables, [pair("a", "deep"), pair("b", "root")], "the nearest folder counts");
    assert_eq!(request.variables, [pair("c", "own")]);
    assert_eq!((request.draft.authorization.as_ref(), request.draft.signing.as_ref()), (None, None), "the draft is the file");
    let sent = request.effective();
    assert_eq!((sent.authorization.unwrap().credential.as_str(), sent.signing.as_deref()), ("other", Some("demo-ed25519")));
    let cut = workspace.request("deep/none").unwrap().effective();
    assert_eq!(cut.authorization.unwrap().credential, "none", "`none` cuts");
    assert_eq!(workspace.requests_using("demo-client"), ["payments/create-payment", "plain"], "by their word or their folder's");
    assert_eq!(workspace.requests_using("other"), ["deep/er/x"]);
    let layers = workspace.layers(Some("deep/er/x"), Some(&workspace.environment("local").unwrap()));
    let words: Vec<&str> = layers.iter().map(|layer| layer.provenance.as_str()).collect();
    assert_eq!(words, ["from the request", "from the folder", "from environment Local"]);
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
    let draft = RequestDraft { path: Some("../../evil".into()), url: "x".into(), method: "GET".into(), ..RequestDraft::default() };
    assert_eq!(workspace.save_request(&draft).map_err(code).err().as_deref(), Some("workspace.bad_name"));
    let draft = RequestDraft { path: Some("ok".into()), content_file: Some("../../../etc/passwd".into()), ..draft };
    assert_eq!(workspace.save_request(&draft).map_err(code).err().as_deref(), Some("workspace.bad_name"));
    put(folder.path(), "requests/steal.toml", "url = \"x\"\n[content]\nfile = \"/etc/passwd\"\n");
    assert_eq!(workspace.request("steal").map_err(code).err().as_deref(), Some("workspace.wrong_value"));
    assert_eq!(workspace.credential("../credentials/demo-client").map_err(code).err().as_deref(), Some("workspace.bad_name"));
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(secret.path().join("x.toml"), folder.path().join("requests/link.toml")).unwrap();
        std::os::unix::fs::symlink(secret.path(), folder.path().join("requests/away")).unwrap();
        assert_eq!(workspace.request("link").map_err(code).err().as_deref(), Some("workspace.outside"));
        let draft = RequestDraft { path: Some("away/new".into()), content_file: None, ..draft };
        assert_eq!(workspace.save_request(&draft).map_err(code).err().as_deref(), Some("workspace.outside"));
        assert!(!secret.path().join("new.toml").exists(), "nothing is written outside");
        assert_eq!(workspace.content_path(None, "away/x.toml").map_err(code).err().as_deref(), Some("workspace.outside"));
    }
    assert!(workspace.content_path(Some("payments/create-payment"), "large.json").unwrap().ends_with("requests/payments/large.json"));
}

#[test]
fn content_this_version_cannot_send_is_said_and_left_alone() {
    let (folder, workspace) = example();
    let form = "url = \"x\"\nmethod = \"POST\"\n[content]\nform = [[\"a\", \"1\"]]\n";
    put(folder.path(), "requests/form.toml", form);
    let problem = workspace.request("form").unwrap_err();
    assert_eq!((problem.code.as_str(), problem.detail.as_str()), ("workspace.unsupported", "requests/form.toml, line 4: `content.form` is not supported by this version"));
    let draft = RequestDraft { path: Some("form".into()), url: "y".into(), method: "POST".into(), ..RequestDraft::default() };
    assert_eq!(workspace.save_request(&draft).unwrap_err().code, "workspace.unsupported");
    assert_eq!(text(&workspace, "requests/form.toml"), form, "untouched");
    assert!(paths(&workspace.tree().value).contains(&"form".to_owned()), "it stands in the tree");
    put(folder.path(), "requests/both.toml", "url = \"x\"\n[content]\ntext = \"a\"\nfile = \"a.txt\"\n");
    assert_eq!(workspace.request("both").unwrap_err().code, "workspace.wrong_value");
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
    assert_eq!(text(&workspace, "countersign.toml"), "format = 1\nid = \"01jz8q4t6v0m3n5p7r9s1t3v5x\"\nname = \"My workspace\"\n");
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
    assert_eq!(text(&workspace, "countersign.toml"), "# mine\nname = \"Mine\"\nid = \"01jz8q4t6v0m3n5p7r9s1t3v5x\"\n", "only the id was missing");
}

#[test]
fn a_new_credential_is_written_without_defaults_and_edited_in_place() {
    let (_folder, workspace) = example();
    let mut credential = CredentialFile {
        name: workspace.free_credential_name("Demo client"),
        title: "Demo client".into(),
        allowed_hosts: vec!["localhost".into(), "*.acme.example".into()],
        token_endpoint: "https://localhost/token".into(),
        client_id: "demo".into(),
        scope: "a b".into(),
        ..CredentialFile::default()
    };
    assert_eq!(credential.name, "demo-client-2", "the first is taken");
    credential.slots.insert("client_secret".into(), SlotFile { id: "01jz8q5a0d".into(), public_jwk: None });
    workspace.save_credential(&credential).unwrap();
    let wanted = "name = \"Demo client\"\nkind = \"oauth2\"\nallowed-hosts = [\"localhost\", \"*.acme.example\"]\nrecipe = \"rfc6749\"\n\
        token_endpoint = \"https://localhost/token\"\nclient_id = \"demo\"\nscope = \"a b\"\n\n[slots.client_secret]\nid = \"01jz8q5a0d\"\n";
    assert_eq!(text(&workspace, "credentials/demo-client-2.toml"), wanted);
    assert_eq!(workspace.credential("demo-client-2").unwrap(), credential, "round trip");

    let mut demo = workspace.credential("demo-client").unwrap();
    demo.slots.get_mut("client_secret").unwrap().public_jwk = demo.slots["signing_key"].public_jwk.clone();
    demo.slots.remove("signing_key");
    demo.allowed_hosts.push("api.example".into());
    demo.basic_encoding = "raw".into();
    workspace.save_credential(&demo).unwrap();
    let jwk = "public-jwk = { kty = \"OKP\", crv = \"Ed25519\", x = \"JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs\" }\n";
    let wanted = DEMO_CLIENT
        .replace("[\"localhost\"]", "[\"localhost\", \"api.example\"]")
        .replace("= \"form\"", "= \"raw\"")
        .replace(&format!("[slots.signing_key]\nid = \"01jz8q5a0c\"\n{jwk}"), jwk);
    assert_eq!(text(&workspace, "credentials/demo-client.toml"), wanted);
    workspace.remove_credential("demo-client").unwrap();
    assert_eq!(workspace.remove_credential("demo-client").unwrap_err().code, "workspace.no_credential");
}

#[test]
fn a_secret_in_a_shared_file_is_named_without_its_value() {
    let (folder, workspace) = example();
    put(folder.path(), "credentials/leaky.toml", "client_id = \"x\"\nclient_secret = \"hunter2-hunter2\"\n");
    let credentials = workspace.credentials();
    assert_eq!(credentials.value.len(), 2, "it loads all the same");
    assert_eq!(details(&credentials.problems), ["credentials/leaky.toml, line 2: `client_secret` holds a secret in clear text"]);
    assert!(!format!("{credentials:?}").contains("hunter2"), "never its value");
}

#[test]
fn environments_are_written_and_removed() {
    let (_folder, workspace) = example();
    let live = Environment {
        name: "live".into(),
        title: "live".into(),
        colour: "red".into(),
        live: true,
        variables: vec![("base_url".into(), "https://api.example".into())],
    };
    workspace.save_environment(&live).unwrap();
    assert_eq!(text(&workspace, "environments/live.toml"), "colour = \"red\"\nlive = true\nvariables = { base_url = \"https://api.example\" }\n");
    let mut local = workspace.environment("local").unwrap();
    local.live = true;
    local.variables.push(("port".into(), "8443".into()));
    workspace.save_environment(&local).unwrap();
    let wanted = LOCAL.replace("live = false ", "live = true ").replace("api}}\" }", "api}}\", port = \"8443\" }");
    assert_eq!(text(&workspace, "environments/local.toml"), wanted);
    assert_eq!(workspace.environments().value.iter().map(|e| e.name.as_str()).collect::<Vec<_>>(), ["live", "local"]);
    assert_eq!(workspace.save_environment(&Environment { colour: "pink".into(), ..live }).unwrap_err().code, "workspace.wrong_value");
    workspace.remove_environment("live").unwrap();
    assert_eq!(workspace.environment("live").unwrap_err().code, "workspace.no_environment");
}

#[test]
fn signing_profiles_are_edited_in_place_and_checked() {
    let (folder, workspace) = example();
    let mut profile = workspace.signing_profile("demo-ed25519").unwrap();
    profile.covered.insert(1, "@authority".into());
    profile.tag = Some("acme".into());
    profile.content_digest = None;
    workspace.save_signing_profile("demo-ed25519", &profile).unwrap();
    let wanted = PROFILE.replace("\"@method\", ", "\"@method\", \"@authority\", ").replace("content-digest = \"sha-256\"\n", "tag = \"acme\"\n");
    assert_eq!(text(&workspace, "signing/demo-ed25519.toml"), wanted);
    put(folder.path(), "signing/odd.toml", &PROFILE.replace("alg = \"ed25519\"", "alg = \"rot13\""));
    put(folder.path(), "signing/typed.toml", "scheme = \"rfc9421\"\nkey = 5\n");
    let profiles = workspace.signing_profiles();
    assert_eq!(profiles.value.len(), 1);
    let wanted = ["signing/odd.toml: `rot13` is not one of ed25519, ecdsa-p256-sha256, hmac-sha256", "signing/typed.toml, line 2: `key` is an integer, a string is wanted"];
    assert_eq!(details(&profiles.problems), wanted);
    workspace.remove_signing_profile("demo-ed25519").unwrap();
    assert_eq!(workspace.signing_profile("demo-ed25519").unwrap_err().code, "workspace.no_signing_profile");
}

#[test]
fn a_recipe_is_the_workspace_s_else_built_in_else_a_path() {
    let (folder, workspace) = example();
    put(folder.path(), "recipes/ngenius.toml", &NGENIUS.replace("version = 1 ", "version = 2 "));
    assert_eq!(workspace.recipe("ngenius").unwrap().version, 2, "the workspace's own counts");
    assert_eq!(workspace.recipe("rfc6749").unwrap().id, "rfc6749", "built in");
    put(folder.path(), "elsewhere/mine.toml", &NGENIUS.replace("id = \"ngenius\"", "id = \"mine\""));
    assert_eq!(workspace.recipe("elsewhere/mine.toml").unwrap().id, "mine", "by its path");
    let problem = workspace.recipe("nope").unwrap_err();
    assert_eq!(problem.code, "workspace.no_recipe");
    assert!(problem.hints.iter().any(|hint| hint.contains("rfc6749, ngenius, ni-platform")), "{:?}", problem.hints);
    put(folder.path(), "recipes/newer.toml", &NGENIUS.replace("format = 1", "format = 2"));
    assert_eq!(workspace.recipe("newer").unwrap_err().code, "workspace.newer_format");
    put(folder.path(), "recipes/typed.toml", &NGENIUS.replace("version = 1 ", "version = \"1\" "));
    let problem = workspace.recipe("typed").unwrap_err();
    assert_eq!(problem.code, "token.recipe_malformed");
    assert!(problem.detail.starts_with("recipes/typed.toml, line 3: "), "{}", problem.detail);
    assert_eq!(workspace.recipes().problems.len(), 2, "both are named");
}

#[test]
fn removing_a_request_takes_its_empty_folders_with_it() {
    let (folder, workspace) = example();
    put(folder.path(), "requests/a/b/x.toml", "url = \"x\"\n");
    put(folder.path(), "requests/a/y.toml", "url = \"x\"\n");
    workspace.remove_request("a/b/x").unwrap();
    assert!(!folder.path().join("requests/a/b").exists() && folder.path().join("requests/a").exists(), "only the empty one");
    assert_eq!(workspace.remove_request("a/b/x").unwrap_err().code, "workspace.no_request");
    workspace.remove_request("a/y").unwrap();
    workspace.remove_request("payments/create-payment").unwrap();
    assert_eq!(paths(&workspace.tree().value), Vec::<String>::new());
}

#[test]
fn cas_are_added_once_and_removed_with_their_file() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = Workspace::open(folder.path().to_path_buf(), false).unwrap();
    assert_eq!(workspace.trust().unwrap().stores, ["os"], "the default");
    let pem = "subject: x\n-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n";
    let hosts = |list: &[&str]| list.iter().map(|h| (*h).to_owned()).collect::<Vec<_>>();
    let trust = workspace.add_ca(pem, &hosts(&["*.Acme.example "])).unwrap();
    let file = trust.ca[0].file.clone();
    assert_eq!(text(&workspace, &file), "-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n", "only the certificate");
    assert_eq!(text(&workspace, "trust.toml"), format!("ca = [{{ file = \"{file}\", hosts = [\"*.acme.example\"] }}]\n"));
    let trust = workspace.add_ca(pem, &hosts(&["api.example:8443", "*.acme.example"])).unwrap();
    assert_eq!((trust.ca.len(), trust.ca[0].hosts.clone()), (1, hosts(&["*.acme.example", "api.example:8443"])), "the same CA once");
    assert_eq!(workspace.trust().unwrap(), trust);
    assert!(workspace.ca_file(&file).unwrap().starts_with(b"-----BEGIN"), "it can be read");
    let code = |problem: Problem| problem.code;
    for (pem, list, wanted) in [
        ("", &["x"][..], "workspace.not_a_certificate"),
        ("-----BEGIN PRIVATE KEY-----\nMAMCAQE=\n-----END PRIVATE KEY-----\n", &["x"][..], "workspace.not_a_certificate"),
        (pem, &[][..], "workspace.bad_name"),
        (pem, &["https://x/"][..], "workspace.bad_name"),
    ] {
        assert_eq!(workspace.add_ca(pem, &hosts(list)).map_err(code).err().as_deref(), Some(wanted), "{pem} {list:?}");
    }
    assert_eq!(workspace.remove_ca(&file).unwrap().ca, []);
    assert!(!folder.path().join(&file).exists(), "the file goes too");
    assert_eq!(text(&workspace, "trust.toml"), "");
    assert_eq!(workspace.remove_ca(&file).map_err(code).err().as_deref(), Some("workspace.no_ca"));
}

#[test]
fn a_ca_joins_a_file_written_by_hand() {
    let (_folder, workspace) = example();
    let pem = "-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n";
    let trust = workspace.add_ca(pem, &["x.example".to_owned()]).unwrap();
    let added = format!("[\"*.acme.example\"] }}, {{ file = \"{}\", hosts = [\"x.example\"] }}]   #", trust.ca[1].file);
    assert_eq!(text(&workspace, "trust.toml"), TRUST.replace("[\"*.acme.example\"] }]   #", &added));
    workspace.remove_ca(&trust.ca[1].file).unwrap();
    assert_eq!(text(&workspace, "trust.toml"), TRUST, "as it was");
}

#[test]
fn a_trust_file_that_leads_elsewhere_is_refused() {
    let (folder, workspace) = example();
    for (line, reason) in [
        ("ca = [{ file = \"../../x.pem\", hosts = [\"x\"] }]\n", "`ca` has an odd entry, number 1: `file` leads out of the workspace"),
        ("ca = [{ file = \"x.pem\" }]\n", "`ca` has an odd entry, number 1: `hosts` lists the hosts it counts for"),
        ("stores = [\"microsoft\"]\n", "`stores` has `microsoft`, not one of os, mozilla"),
    ] {
        put(folder.path(), "trust.toml", line);
        assert_eq!(workspace.trust().unwrap_err().detail, format!("trust.toml, line 1: {reason}"));
    }
}

#[test]
fn a_workspace_that_cannot_be_written_says_so_and_still_reads() {
    let (folder, workspace) = example();
    fs::remove_dir_all(folder.path().join("environments")).unwrap();
    fs::write(folder.path().join("environments"), "a file in place of a folder").unwrap();
    let local = Environment { name: "local".into(), title: "Local".into(), colour: "grey".into(), live: false, variables: Vec::new() };
    let problem = workspace.save_environment(&local).unwrap_err();
    assert!(problem.code.starts_with("storage."), "{problem:?}");
    let environments = workspace.environments();
    assert_eq!((environments.value.len(), environments.problems.len()), (0, 1), "named");
    assert!(workspace.request("payments/create-payment").is_ok(), "the others load");
}

#[test]
fn a_temporary_file_left_by_a_killed_process_is_ignored_and_swept() {
    let (folder, workspace) = example();
    put(folder.path(), "requests/payments/.create-payment.toml.4711-1.tmp", "half of");
    put(folder.path(), "environments/.local.toml.4711-1.tmp", "half of");
    assert_eq!((workspace.tree().problems.len(), workspace.environments().problems.len()), (0, 0), "ignored");
    Workspace::open(folder.path().to_path_buf(), true).unwrap();
    assert!(!folder.path().join("environments/.local.toml.4711-1.tmp").exists(), "swept when the workspace is opened");
    let draft = workspace.request("payments/create-payment").unwrap().draft;
    workspace.save_request(&draft).unwrap();
    assert!(!folder.path().join("requests/payments/.create-payment.toml.4711-1.tmp").exists(), "swept when its file is written");
}
