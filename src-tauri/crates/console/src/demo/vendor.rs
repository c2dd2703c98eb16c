//! What the dialects of a vendor are tried with: a credential as its owner hands it out, and one request as documented.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_evidence::Problem;
use countersign_gateway::{DEMO_CLIENT, Dialect};
use countersign_secret::{Secret, SecretText};
use countersign_vault::Kind;

use super::{ENVIRONMENT, field};
use crate::core::Core;
use crate::view::{Change, DraftAuthorization, DraftField, RequestDraft};
use crate::workspace::CredentialFile;

/// Slug and title of a folder of requests.
type Folder = (&'static str, &'static str);

/// Credentials of the dialects.
pub(super) const CREDENTIALS: [&str; 2] = ["demo-ngenius", "demo-ni-platform"];
/// Their requests.
pub(super) const REQUESTS: [&str; 2] = ["orders/create-order", "cards/card-token"];
/// The folders of these.
pub(super) const FOLDERS: [Folder; 2] = [("orders", "Orders"), ("cards", "Cards")];

impl Core {
    /// Adds what this dialect is tried with. The others of the family take the demo client as it is.
    pub(crate) async fn prepare_dialect(
        self: &Arc<Self>,
        dialect: Dialect,
        secret: &SecretText,
    ) -> Result<(), Problem> {
        let (file, slot, key, (folder, title), draft) = match dialect {
            Dialect::Ngenius => {
                // a service account's key is base64 of both halves already
                let key = STANDARD.encode(format!("{DEMO_CLIENT}:{}", secret.expose_secret()));
                (ngenius(), "api_key", Secret::new(key.into_bytes()), FOLDERS[0], order())
            }
            Dialect::NiPlatform => {
                let key = Secret::new(secret.expose_secret().as_bytes().to_vec());
                (platform(), "client_secret", key, FOLDERS[1], card_token())
            }
            Dialect::Keycloak | Dialect::Rfc | Dialect::Sloppy => return Ok(()),
        };
        if self.workspace.credential(&file.name).is_err() {
            self.workspace.save_credential(&file)?;
        }
        self.write_slot(&file.name, slot, Kind::Text, Arc::new(key)).await?;
        self.workspace.name_folder(folder, title)?;
        if draft.path.as_deref().is_some_and(|path| self.workspace.request(path).is_err()) {
            self.workspace.save_request(&draft)?;
        }
        for change in [Change::Workspace, Change::Credentials] {
            self.changed(change);
        }
        Ok(())
    }
}

fn credential(name: &str, title: &str) -> CredentialFile {
    CredentialFile {
        name: name.into(),
        title: title.into(),
        kind: "oauth2".into(),
        environments: vec![ENVIRONMENT.into()],
        allowed_hosts: vec!["localhost".into()],
        token_endpoint: "{{gateway.token_endpoint}}".into(),
        token_endpoint_auth_method: "client_secret_basic".into(),
        grant_type: "client_credentials".into(),
        ..CredentialFile::default()
    }
}

fn ngenius() -> CredentialFile {
    CredentialFile {
        recipe: "ngenius".into(),
        basic_encoding: "verbatim".into(),
        ..credential(CREDENTIALS[0], "N-Genius demo")
    }
}

fn platform() -> CredentialFile {
    CredentialFile {
        recipe: "ni-platform".into(),
        client_id: DEMO_CLIENT.into(),
        basic_encoding: "raw".into(),
        ..credential(CREDENTIALS[1], "NI platform demo")
    }
}

fn request(path: &str, name: &str, credential: &str) -> RequestDraft {
    RequestDraft {
        path: Some(path.into()),
        name: name.into(),
        method: "POST".into(),
        authorization: Some(DraftAuthorization { credential: credential.into(), scope: None }),
        ..RequestDraft::default()
    }
}

/// As the vendor documents it: minor units, its own media type both ways.
fn order() -> RequestDraft {
    const MEDIA_TYPE: &str = "application/vnd.ni-payment.v2+json";
    RequestDraft {
        url: "{{base_url}}/outlets/outlet-1/orders".into(),
        fields: vec![field("accept", MEDIA_TYPE)],
        content_type: Some(MEDIA_TYPE.into()),
        content: Some(
            "{\n  \"action\": \"SALE\",\n  \"amount\": { \"currencyCode\": \"AED\", \"value\": 1250 }\n}".into(),
        ),
        ..request(REQUESTS[0], "Create order", CREDENTIALS[0])
    }
}

/// An enquiry in its envelope, with the fields that the platform wants beside the token.
fn card_token() -> RequestDraft {
    let fields: Vec<DraftField> = vec![
        field("accept", "application/json"),
        field("financial-id", "NI"),
        field("unique-reference-code", "{{$uuid}}"),
    ];
    RequestDraft {
        url: "{{base_url}}/CardServices/Enquiry/V2/CardTokenEnquiry".into(),
        fields,
        content_type: Some("application/json".into()),
        content: Some(ENQUIRY.into()),
        ..request(REQUESTS[1], "Card token enquiry", CREDENTIALS[1])
    }
}

const ENQUIRY: &str = r#"{
  "NISrvRequest": {
    "request_card_token_enquiry": {
      "header": {
        "msg_id": "{{$uuid}}",
        "msg_type": "ENQUIRY",
        "msg_function": "REQ_CARD_TOKEN_ENQUIRY",
        "src_application": "DEMO",
        "target_application": "TCC-ADP",
        "bank_id": "NI"
      },
      "body": { "card_identifier_id": "5100000000001234" }
    }
  }
}"#;
