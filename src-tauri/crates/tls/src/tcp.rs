//! Names to addresses, and a connection to the first address that answers.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until};

/// RFC 8305 §8: connection attempt delay.
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// Resolves a host. Names that may never be asked of a resolver are answered here:
/// `localhost` is loopback and `invalid` does not exist (RFC 6761 §6.3, §6.4).
pub(crate) async fn resolve(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    if name == "localhost" || name.ends_with(".localhost") {
        let loopback = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
        return Ok(loopback.into_iter().map(|address| SocketAddr::new(address, port)).collect());
    }
    if name == "invalid" || name.ends_with(".invalid") {
        return Err(io::Error::new(io::ErrorKind::NotFound, "names under .invalid never exist (RFC 6761 §6.4)"));
    }
    let mut addresses: Vec<SocketAddr> = Vec::new();
    for address in tokio::net::lookup_host((host, port)).await? {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    Ok(interleave(addresses))
}

/// RFC 8305 §4: families take turns, the resolver's first family first.
fn interleave(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) = addresses.into_iter().partition(|address| address.is_ipv6() == first_is_v6);
    let mut out = Vec::with_capacity(first.len() + second.len());
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    loop {
        match (first.next(), second.next()) {
            (None, None) => return out,
            (one, other) => out.extend(one.into_iter().chain(other)),
        }
    }
}

/// Connects to the first address that answers: the next one is tried when one fails, or after 250 ms.
/// On failure: the error of each address.
pub(crate) async fn connect(addresses: &[SocketAddr]) -> Result<TcpStream, Vec<(SocketAddr, io::Error)>> {
    let mut waiting = addresses.iter().copied();
    let mut attempts = FuturesUnordered::new();
    let mut errors = Vec::new();
    let attempt = |address: SocketAddr| async move { (address, TcpStream::connect(address).await) };
    attempts.extend(waiting.next().map(attempt));
    let mut next_at = Instant::now() + ATTEMPT_DELAY;
    loop {
        let more = waiting.len() > 0;
        tokio::select! {
            result = attempts.next(), if !attempts.is_empty() => match result {
                Some((_, Ok(stream))) => {
                    // Without this a small request waits for the acknowledgement of the one before it.
                    drop(stream.set_nodelay(true));
                    return Ok(stream);
                }
                Some((address, Err(error))) => {
                    errors.push((address, error));
                    attempts.extend(waiting.next().map(attempt));
                    next_at = Instant::now() + ATTEMPT_DELAY;
                }
                None => {}
            },
            () = sleep_until(next_at), if more => {
                attempts.extend(waiting.next().map(attempt));
                next_at = Instant::now() + ATTEMPT_DELAY;
            }
            else => return Err(errors),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{connect, interleave, resolve};
    use std::net::SocketAddr;
    use tokio::net::TcpListener;

    #[test]
    fn families_take_turns() {
        let list: Vec<SocketAddr> =
            ["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1"].iter().map(|a| a.parse().unwrap()).collect();
        let order: Vec<String> = interleave(list).iter().map(SocketAddr::to_string).collect();
        assert_eq!(order, ["[::1]:1", "1.1.1.1:1", "[::2]:1", "[::3]:1"], "RFC 8305 §4");
    }

    #[tokio::test]
    async fn special_names_never_reach_a_resolver() {
        assert!(resolve("nonexistent.invalid", 1).await.is_err(), "RFC 6761 §6.4");
        let local = resolve("api.localhost", 7).await.unwrap();
        assert!(local.iter().all(|address| address.ip().is_loopback()), "RFC 6761 §6.3");
    }

    #[tokio::test]
    async fn the_next_address_is_tried_when_one_refuses() {
        let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let refused = closed.local_addr().unwrap();
        drop(closed);
        let open = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = connect(&[refused, open.local_addr().unwrap()]).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), open.local_addr().unwrap());
        let errors = connect(&[refused]).await.unwrap_err();
        assert_eq!(errors.len(), 1, "one error for one address");
    }
}
