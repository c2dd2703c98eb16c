//! A workspace on disk: every example of formats.md, read and written again.

mod folder;
mod metadata;
mod request;
mod tree;

use std::fs;
use std::path::Path;

use countersign_evidence::Problem;
use tempfile::TempDir;

use super::Workspace;
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
pin = [{ host = "api.acme.example:443", spki-sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }]
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
        authorization: Some(DraftAuthorization {
            credential: "demo-client".into(),
            scope: Some("payments:write".into()),
        }),
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
    assert_eq!(
        workspace.recipe("ngenius").unwrap(),
        countersign_oauth::Recipe::built_in("ngenius").unwrap(),
        "as the built-in one"
    );
    assert_eq!(workspace.signing_profile("demo-ed25519").unwrap().covered[1], "@target-uri");
    let trust = workspace.trust().unwrap();
    assert_eq!(
        (trust.ca[0].hosts[0].as_str(), trust.pins[0].spki_sha256.as_str()),
        ("*.acme.example", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")
    );
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
