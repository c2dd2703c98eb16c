//! Scripted servers: what no library speaks any more, and what no server should do.

use std::time::Duration;

use rustls::pki_types::CertificateDer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::hello::{self, ClientHello, Exchange, Flight, HANDSHAKE, TLS12};

/// `handshake_failure`, `unrecognized_name` (RFC 9846 §6.2, RFC 6066 §3).
const HANDSHAKE_FAILURE: u8 = 40;
const UNRECOGNIZED_NAME: u8 = 112;
/// RFC 9846 §4.2.3: "DOWNGRD" and 1, a server of TLS 1.3 that negotiated TLS 1.2.
const DOWNGRADE: [u8; 8] = *b"DOWNGRD\x01";
/// Between two bytes of the drip.
const DRIP: Duration = Duration::from_millis(200);

/// ECDHE with RSA and an AEAD, TLS 1.2.
const MODERN: &[u16] = &[0xc02f, 0xc030, 0xcca8];
/// RSA encryption, CBC or SHA-1: what a server of TLS 1.0 and 1.1 speaks.
const OLD: &[u16] = &[0x002f, 0x0035, 0x000a];

/// What a scripted server does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Script {
    /// An alert, whatever is asked for.
    Alert(u8),
    /// A flight that ends half-way through the Certificate message.
    Cut,
    /// One byte now and then.
    Drip,
    /// A flight, if one of the suites is offered.
    Flight { version: u16, suites: &'static [u16], exchange: Exchange, anonymous: bool, sentinel: bool },
    /// An answer of HTTP/1.1.
    Http,
    /// An alert when a name is asked for, a flight when none is.
    NoName,
    /// TCP reset when the hello has arrived.
    Reset,
    /// Nothing.
    Silent,
    /// SSL 2.0.
    Ssl2,
}

/// A server of TLS 1.2 with these suites.
const fn flight(suites: &'static [u16], exchange: Exchange) -> Script {
    Script::Flight { version: TLS12, suites, exchange, anonymous: false, sentinel: false }
}

/// A server of nothing newer than this version.
const fn old(version: u16) -> Script {
    Script::Flight { version, suites: OLD, exchange: Exchange::Static, anonymous: false, sentinel: false }
}

/// Every scripted case.
const SCRIPTS: &[(&str, Script)] = &[
    ("sha1-leaf", flight(MODERN, Exchange::P256)),
    ("sha1-intermediate", flight(MODERN, Exchange::P256)),
    ("md5", flight(MODERN, Exchange::P256)),
    ("rsa-1024", flight(MODERN, Exchange::P256)),
    ("rsa-1024-intermediate", flight(MODERN, Exchange::P256)),
    ("tls11", old(0x0302)),
    ("tls10", old(0x0301)),
    ("ssl3", old(0x0300)),
    ("ssl2", Script::Ssl2),
    ("cbc-static-rsa", flight(&[0x003c, 0x003d, 0x002f, 0x0035], Exchange::Static)),
    ("rc4", flight(&[0x0005, 0x0004], Exchange::Static)),
    ("3des", flight(&[0x000a], Exchange::Static)),
    ("null", flight(&[0x003b, 0x0002, 0x0001], Exchange::Static)),
    ("export", flight(&[0x0003, 0x0006, 0x0008], Exchange::Static)),
    ("dh-512", flight(&[0x009e, 0x009f, 0x0033, 0x0039], Exchange::FiniteField(&PRIME_512))),
    ("dh-1024", flight(&[0x009e, 0x009f, 0x0033, 0x0039], Exchange::FiniteField(&PRIME_1024))),
    (
        "anon",
        Script::Flight {
            version: TLS12,
            suites: &[0x00a6, 0x006c, 0x0034, 0x003a],
            exchange: Exchange::FiniteField(&PRIME_1024),
            anonymous: true,
            sentinel: false,
        },
    ),
    (
        "downgrade-sentinel",
        Script::Flight { version: TLS12, suites: MODERN, exchange: Exchange::P256, anonymous: false, sentinel: true },
    ),
    ("http-on-tls-port", Script::Http),
    ("silent", Script::Silent),
    ("reset-after-hello", Script::Reset),
    ("close-mid-certificate", Script::Cut),
    ("alert-handshake-failure", Script::Alert(HANDSHAKE_FAILURE)),
    ("unrecognized-name", Script::NoName),
    ("slow-drip", Script::Drip),
];

/// What a case does; `None`: it is not scripted.
pub(super) fn of(id: &str) -> Option<Script> {
    SCRIPTS.iter().find(|(known, _)| *known == id).map(|(_, script)| *script)
}

/// Every scripted id.
#[cfg(test)]
pub(super) fn ids() -> Vec<&'static str> {
    SCRIPTS.iter().map(|(id, _)| *id).collect()
}

/// Plays it to the end, or until the client goes. The caller limits the time.
pub(super) async fn play(script: Script, mut socket: TcpStream, chain: &[CertificateDer<'static>]) {
    let _gone = perform(script, &mut socket, chain).await;
}

async fn perform(script: Script, socket: &mut TcpStream, chain: &[CertificateDer<'static>]) -> std::io::Result<()> {
    match script {
        Script::Silent => return until_gone(socket).await,
        Script::Http => {
            let mut some = [0; 1024];
            let _read = socket.read(&mut some).await?;
            let answer = "HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
            socket.write_all(answer.as_bytes()).await?;
            return ended(socket).await;
        }
        Script::Ssl2 => {
            let mut some = [0; 16];
            let read = socket.read(&mut some).await?;
            // a record of SSL 2.0 has its length in two octets, the first bit set
            let understood = read > 2 && some[0] & 0x80 != 0 && some[2] == 1;
            socket.write_all(&if understood { ssl2_server_hello(chain) } else { SSL2_ERROR.to_vec() }).await?;
            return ended(socket).await;
        }
        Script::Alert(_) | Script::Cut | Script::Drip | Script::Flight { .. } | Script::NoName | Script::Reset => {}
    }
    let Some(hello) = ClientHello::read(socket).await else { return Ok(()) };
    match script {
        Script::Reset => socket.set_zero_linger(),
        Script::Alert(description) => {
            socket.write_all(&hello::alert(TLS12, description)).await?;
            ended(socket).await
        }
        Script::NoName if hello.names_server() => {
            socket.write_all(&hello::alert(TLS12, UNRECOGNIZED_NAME)).await?;
            ended(socket).await
        }
        Script::Flight { version, suites, exchange, anonymous, sentinel } => {
            let chain = if anonymous { &[] } else { chain };
            let sentinel = sentinel.then_some(DOWNGRADE);
            match hello.choose(suites).filter(|_| hello.version >= version) {
                Some(suite) => {
                    let flight = Flight { version, suite, chain, exchange, sentinel };
                    socket.write_all(&flight.records()).await?;
                    until_gone(socket).await
                }
                None => {
                    socket.write_all(&hello::alert(version, HANDSHAKE_FAILURE)).await?;
                    ended(socket).await
                }
            }
        }
        Script::Cut | Script::Drip | Script::NoName => {
            let suite = hello.choose(MODERN).or_else(|| hello.suites.first().copied()).unwrap_or_default();
            let flight = Flight { version: TLS12, suite, chain, exchange: Exchange::P256, sentinel: None };
            if script == Script::NoName {
                socket.write_all(&flight.records()).await?;
                return until_gone(socket).await;
            }
            if script == Script::Drip {
                return drip(socket, &flight.records()).await;
            }
            let certificate = hello::record(HANDSHAKE, TLS12, &hello::certificate(chain));
            socket.write_all(&hello::record(HANDSHAKE, TLS12, &flight.server_hello())).await?;
            socket.write_all(&certificate[..certificate.len() / 2]).await?;
            ended(socket).await
        }
        Script::Http | Script::Silent | Script::Ssl2 => Ok(()),
    }
}

/// Says that nothing follows, and waits for the client to go: closing with unread bytes would be a reset.
async fn ended(socket: &mut TcpStream) -> std::io::Result<()> {
    socket.shutdown().await?;
    until_gone(socket).await
}

async fn until_gone(socket: &mut TcpStream) -> std::io::Result<()> {
    let mut some = [0; 4096];
    while socket.read(&mut some).await? > 0 {}
    Ok(())
}

async fn drip(socket: &mut TcpStream, bytes: &[u8]) -> std::io::Result<()> {
    for byte in bytes {
        socket.write_all(&[*byte]).await?;
        tokio::time::sleep(DRIP).await;
    }
    Ok(())
}

/// MSG-ERROR, NO-CIPHER-ERROR of the SSL 2.0 draft.
const SSL2_ERROR: [u8; 5] = [0x80, 3, 0, 0, 1];

/// MSG-SERVER-HELLO of the SSL 2.0 draft with one cipher, SSL_CK_DES_192_EDE3_CBC_WITH_MD5.
fn ssl2_server_hello(chain: &[CertificateDer<'static>]) -> Vec<u8> {
    let certificate = chain.first().map(|c| c.as_ref()).unwrap_or_default();
    let length = u16::try_from(certificate.len()).unwrap_or(0).to_be_bytes();
    let mut message = vec![4, 0, 1, 0, 2];
    message.extend_from_slice(&length);
    message.extend_from_slice(&[0, 3, 0, 16]);
    message.extend_from_slice(certificate);
    message.extend_from_slice(&[7, 0, 0xc0]);
    message.extend_from_slice(&[0x5a; 16]);
    let length = 0x8000 | u16::try_from(message.len()).unwrap_or(0);
    [&length.to_be_bytes()[..], &message].concat()
}

/// A prime of 512 bits.
const PRIME_512: [u8; 64] = [
    0xf4, 0x94, 0x6e, 0xbb, 0x94, 0x9e, 0xb3, 0x68, 0xb1, 0x4a, 0xeb, 0xe0, 0x51, 0x73, 0x0e, 0x36, 0x19, 0x9a, 0x76,
    0xd6, 0xc1, 0x6c, 0xd3, 0x09, 0xa7, 0xad, 0x0e, 0x5c, 0xe6, 0xa7, 0xf7, 0x17, 0xdc, 0x49, 0xad, 0x82, 0x10, 0xc8,
    0x6e, 0xe9, 0x1f, 0x3d, 0x7f, 0x86, 0xc0, 0xa3, 0xdc, 0xfd, 0x1b, 0x67, 0x3a, 0x3e, 0xbd, 0xc3, 0xbb, 0x2c, 0xfe,
    0x9f, 0xe5, 0xe7, 0xa5, 0x45, 0x36, 0xd7,
];

/// RFC 2409 §6.2, the second Oakley group, 1024 bits.
const PRIME_1024: [u8; 128] = [
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xc9, 0x0f, 0xda, 0xa2, 0x21, 0x68, 0xc2, 0x34, 0xc4, 0xc6, 0x62,
    0x8b, 0x80, 0xdc, 0x1c, 0xd1, 0x29, 0x02, 0x4e, 0x08, 0x8a, 0x67, 0xcc, 0x74, 0x02, 0x0b, 0xbe, 0xa6, 0x3b, 0x13,
    0x9b, 0x22, 0x51, 0x4a, 0x08, 0x79, 0x8e, 0x34, 0x04, 0xdd, 0xef, 0x95, 0x19, 0xb3, 0xcd, 0x3a, 0x43, 0x1b, 0x30,
    0x2b, 0x0a, 0x6d, 0xf2, 0x5f, 0x14, 0x37, 0x4f, 0xe1, 0x35, 0x6d, 0x6d, 0x51, 0xc2, 0x45, 0xe4, 0x85, 0xb5, 0x76,
    0x62, 0x5e, 0x7e, 0xc6, 0xf4, 0x4c, 0x42, 0xe9, 0xa6, 0x37, 0xed, 0x6b, 0x0b, 0xff, 0x5c, 0xb6, 0xf4, 0x06, 0xb7,
    0xed, 0xee, 0x38, 0x6b, 0xfb, 0x5a, 0x89, 0x9f, 0xa5, 0xae, 0x9f, 0x24, 0x11, 0x7c, 0x4b, 0x1f, 0xe6, 0x49, 0x28,
    0x66, 0x51, 0xec, 0xe6, 0x53, 0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
];
