//! ServerKeyExchange and ClientKeyExchange of TLS 1.2 with elliptic curves (RFC 8422 §5.4, §5.7).

use super::super::field::{Fields, bytes_value};
use super::authentication::scheme;
use super::extension;

/// `named_curve`.
const NAMED_CURVE: u64 = 3;

pub(super) fn server(fields: &mut Fields<'_>) -> Option<()> {
    if fields.peek().first().map(|kind| u64::from(*kind)) != Some(NAMED_CURVE) {
        fields.rest("params", bytes_value);
        return Some(());
    }
    fields.number("curve_type", 1, |kind| format!("{kind}, named_curve"))?;
    fields.number("namedcurve", 2, extension::group)?;
    let index = fields.vector("public", 1, |fields| {
        fields.rest("point", bytes_value);
        Some(())
    })?;
    fields.meaning(index, "The server's part of the key exchange, made for this connection alone.");
    fields.number("algorithm", 2, scheme)?;
    let index = fields.vector("signature", 2, |fields| {
        fields.rest("opaque", bytes_value);
        Some(())
    })?;
    fields.meaning(
        index,
        "Over both randoms and the server's part of the key exchange, by the key in its certificate: it proves that \
         the server holds that key.",
    );
    Some(())
}

pub(super) fn client(fields: &mut Fields<'_>) -> Option<()> {
    let index = fields.vector("ecdh_Yc", 1, |fields| {
        fields.rest("point", bytes_value);
        Some(())
    })?;
    fields.meaning(
        index,
        "The client's part. Each end now computes the pre-master secret from the other's part; it is not sent.",
    );
    Some(())
}
