//! Credentials, environments, signing profiles, recipes, trust.

use countersign_evidence::Problem;

use super::{DEMO_CLIENT, LOCAL, NGENIUS, PROFILE, TRUST, details, example, put, text};
use crate::workspace::{CredentialFile, Environment, SlotFile, Workspace};

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
    let jwk =
        "public-jwk = { kty = \"OKP\", crv = \"Ed25519\", x = \"JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs\" }\n";
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
    assert_eq!(
        details(&credentials.problems),
        ["credentials/leaky.toml, line 2: `client_secret` holds a secret in clear text"]
    );
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
    assert_eq!(
        text(&workspace, "environments/live.toml"),
        "colour = \"red\"\nlive = true\nvariables = { base_url = \"https://api.example\" }\n"
    );
    let mut local = workspace.environment("local").unwrap();
    local.live = true;
    local.variables.push(("port".into(), "8443".into()));
    workspace.save_environment(&local).unwrap();
    let wanted = LOCAL.replace("live = false ", "live = true ").replace("api}}\" }", "api}}\", port = \"8443\" }");
    assert_eq!(text(&workspace, "environments/local.toml"), wanted);
    assert_eq!(workspace.environments().value.iter().map(|e| e.name.as_str()).collect::<Vec<_>>(), ["live", "local"]);
    assert_eq!(
        workspace.save_environment(&Environment { colour: "pink".into(), ..live }).unwrap_err().code,
        "workspace.wrong_value"
    );
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
    let wanted = PROFILE
        .replace("\"@method\", ", "\"@method\", \"@authority\", ")
        .replace("content-digest = \"sha-256\"\n", "tag = \"acme\"\n");
    assert_eq!(text(&workspace, "signing/demo-ed25519.toml"), wanted);
    put(folder.path(), "signing/odd.toml", &PROFILE.replace("alg = \"ed25519\"", "alg = \"rot13\""));
    put(folder.path(), "signing/typed.toml", "scheme = \"rfc9421\"\nkey = 5\n");
    let profiles = workspace.signing_profiles();
    assert_eq!(profiles.value.len(), 1);
    let wanted = [
        "signing/odd.toml: `rot13` is not one of ed25519, ecdsa-p256-sha256, ecdsa-p384-sha384, rsa-pss-sha512, rsa-v1_5-sha256, hmac-sha256",
        "signing/typed.toml, line 2: `key` is an integer, a string is wanted",
    ];
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
fn cas_are_added_once_and_removed_with_their_file() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = Workspace::open(folder.path().to_path_buf(), false).unwrap();
    assert_eq!(workspace.trust().unwrap().stores, ["os"], "the default");
    let pem = "subject: x\n-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n";
    let hosts = |list: &[&str]| list.iter().map(|h| (*h).to_owned()).collect::<Vec<_>>();
    let trust = workspace.add_ca(pem, &hosts(&["*.Acme.example "])).unwrap();
    let file = trust.ca[0].file.clone();
    assert_eq!(
        text(&workspace, &file),
        "-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n",
        "only the certificate"
    );
    assert_eq!(
        text(&workspace, "trust.toml"),
        format!("ca = [{{ file = \"{file}\", hosts = [\"*.acme.example\"] }}]\n")
    );
    let trust = workspace.add_ca(pem, &hosts(&["api.example:8443", "*.acme.example"])).unwrap();
    assert_eq!(
        (trust.ca.len(), trust.ca[0].hosts.clone()),
        (1, hosts(&["*.acme.example", "api.example:8443"])),
        "the same CA once"
    );
    assert_eq!(workspace.trust().unwrap(), trust);
    assert!(workspace.ca_file(&file).unwrap().starts_with(b"-----BEGIN"), "it can be read");
    let code = |problem: Problem| problem.code;
    for (pem, list, wanted) in [
        ("", &["x"][..], "workspace.not_a_certificate"),
        (
            "-----BEGIN PRIVATE KEY-----\nMAMCAQE=\n-----END PRIVATE KEY-----\n",
            &["x"][..],
            "workspace.not_a_certificate",
        ),
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
        (
            "ca = [{ file = \"../../x.pem\", hosts = [\"x\"] }]\n",
            "`ca` has an odd entry, number 1: `file` leads out of the workspace",
        ),
        ("ca = [{ file = \"x.pem\" }]\n", "`ca` has an odd entry, number 1: `hosts` lists the hosts it counts for"),
        ("stores = [\"microsoft\"]\n", "`stores` has `microsoft`, not one of os, mozilla"),
    ] {
        put(folder.path(), "trust.toml", line);
        assert_eq!(workspace.trust().unwrap_err().detail, format!("trust.toml, line 1: {reason}"));
    }
}
