//! Tokens held against the keys their issuer publishes: rotated, unknown, opaque, and given as a file.

use std::time::Duration;

use countersign_console::clock::{Clock, ManualClock};
use countersign_console::view::{SignedView, VerificationView};
use countersign_console::{Backend, Console, Options};

use crate::support::cli::{Said, command, run_with};
use crate::support::sandbox::Sandbox;

/// A console with the gateway of the first run, and its clock.
struct Desk {
    console: Console,
    hand: ManualClock,
    _sandbox: Sandbox,
}

impl Desk {
    async fn new() -> Self {
        let (sandbox, (clock, hand)) = (Sandbox::new(), Clock::manual(Clock::system(None).now()));
        let options = Options {
            workspace: Some(sandbox.workspace()),
            data_dir: Some(sandbox.data()),
            vault: Some(Backend::Memory),
            clock: Some(clock),
            ..Options::default()
        };
        let console = Console::open(options).await.unwrap();
        console.gateway_start("rfc", 3600).await.unwrap();
        Self { console, hand, _sandbox: sandbox }
    }

    async fn fault(&self, fault: Option<&str>) {
        self.console.gateway_fault("token", fault).await.unwrap();
    }

    /// A new token, verified.
    async fn renewed(&self) -> VerificationView {
        self.console.token_renew("demo-client", |_| {}).await.unwrap();
        self.console.token_verify("demo-client").await.unwrap()
    }

    /// How often the keys were read.
    async fn reads(&self) -> usize {
        let page = self.console.history_list("", None, 100).await.unwrap();
        page.rows.iter().filter(|row| row.path == "/jwks").count()
    }
}

fn first(seen: &VerificationView) -> &str {
    seen.findings.first().map_or("", |finding| finding.id.as_str())
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_rotation_the_keys_are_read_once_more_and_no_sooner_than_half_a_minute() {
    let desk = Desk::new().await;
    let seen = desk.renewed().await;
    assert_eq!((seen.signed, seen.reread, seen.keys.len()), (SignedView::Yes, false, 1), "{seen:?}");
    let again = desk.renewed().await;
    assert_eq!((again.signed, desk.reads().await), (SignedView::Yes, 1), "what was read a moment ago is used");
    desk.fault(Some("keys-rotated")).await;
    let rotated = desk.renewed().await;
    assert_eq!((rotated.signed, first(&rotated)), (SignedView::No, "jwt.unknown_key"), "{rotated:?}");
    assert_eq!(desk.reads().await, 1, "not again at once, whatever a token names");
    desk.hand.advance(Duration::from_secs(31));
    let reread = desk.renewed().await;
    assert_eq!((reread.signed, reread.reread, desk.reads().await), (SignedView::Yes, true, 2), "{reread:?}");
    assert_ne!(reread.keys, seen.keys, "the new ones");
    desk.console.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_nobody_publishes_is_named_and_an_opaque_token_has_none() {
    let desk = Desk::new().await;
    desk.fault(Some("kid-unknown")).await;
    let seen = desk.renewed().await;
    assert_eq!((seen.signed, first(&seen)), (SignedView::No, "jwt.unknown_key"), "{seen:?}");
    desk.fault(Some("kid-missing")).await;
    desk.hand.advance(Duration::from_secs(31));
    let seen = desk.renewed().await;
    assert_eq!((seen.signed, first(&seen)), (SignedView::Yes, ""), "there is but one key: {seen:?}");
    desk.fault(Some("token-opaque")).await;
    desk.console.token_renew("demo-client", |_| {}).await.unwrap();
    let opaque = desk.console.token_verify("demo-client").await.unwrap_err();
    assert_eq!(opaque.code, "token.issuer_unknown", "{opaque:?}");
    desk.fault(Some("issuer-other")).await;
    desk.console.token_renew("demo-client", |_| {}).await.unwrap();
    let elsewhere = desk.console.token_verify("demo-client").await.unwrap_err();
    assert_eq!(elsewhere.code, "token.no_metadata", "another issuer of the same server: {elsewhere:?}");
    desk.console.close().await;
}

/// RFC 7515 A.3.
const TOKEN: &str = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
const KEYS: &str = r#"{"keys": [{"kty": "EC", "crv": "P-256", "kid": "joe", "use": "USE",
  "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#;

#[test]
fn a_pasted_token_is_held_against_keys_in_a_file() {
    let sandbox = Sandbox::new();
    let file = sandbox.path().join("keys.json");
    let inspected = |keys: &str, token: &str, code: i32| -> Said {
        std::fs::write(&file, keys).unwrap();
        let words = ["token", "inspect", "--jwks", file.to_str().unwrap(), "--at", "2011-03-22T18:00:00Z"];
        run_with(command(&sandbox, &words), Some(token)).expect(code)
    };
    let signing = KEYS.replace("USE", "sig");
    assert!(inspected(&signing, TOKEN, 0).out.contains("Signed by the key joe."));
    let changed = inspected(&signing, &TOKEN.replacen("DtEh", "DtEi", 1), 1);
    assert!(changed.out.contains("The signature is not by the issuer's key: `joe` was tried."), "{}", changed.out);
    let unfit = inspected(&KEYS.replace("USE", "enc"), TOKEN, 1);
    assert!(unfit.out.contains("its use is `enc`, not `sig` (RFC 7517 §4.2)"), "{}", unfit.out);
    let none = inspected("<html>", TOKEN, 5);
    assert!(none.err.contains("the keys cannot be read"), "{}", none.err);
    // header {"alg":"none"} and {"alg":"HS256","kid":"joe"} over the same claims
    let claims = TOKEN.split('.').nth(1).unwrap();
    for (header, words) in [
        ("eyJhbGciOiJub25lIn0", "alg is none"),
        ("eyJhbGciOiJIUzI1NiIsImtpZCI6ImpvZSJ9", "whoever knows one could have made the token"),
    ] {
        let refused = inspected(&signing, &format!("{header}.{claims}.AAAA"), 1);
        assert!(refused.out.contains(words), "{}", refused.out);
    }
}
