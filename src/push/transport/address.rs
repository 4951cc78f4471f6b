//! A TCP connection to whichever address of a host answers first (RFC 8305): one that leads nowhere costs a quarter of a
//! second and not the alert.

use super::TransportError;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;

/// After how long the next address is tried beside those under way, milliseconds (RFC 8305 §5).
const NEXT_MS: u64 = 250;
/// How long one address may take to answer, milliseconds.
const ADDRESS_MS_MAX: u64 = 2_500;
/// Most addresses of a host that are tried.
const ADDRESSES_MAX: usize = 6;

/// Connects to one of these.
///
/// # Errors
/// None of them answered; how the last one failed.
pub(super) async fn connect(addresses: &[SocketAddr]) -> Result<TcpStream, TransportError> {
    let mut left = in_turn(addresses).into_iter().take(ADDRESSES_MAX);
    let mut under_way = FuturesUnordered::new();
    let mut failure = TransportError::NoAddress;
    loop {
        match left.next() {
            Some(address) => under_way.push(attempt(address)),
            None if under_way.is_empty() => return Err(failure),
            None => {}
        }
        tokio::select! {
            Some(connected) = under_way.next() => match connected {
                Ok(stream) => return Ok(stream),
                Err(error) => failure = error,
            },
            () = tokio::time::sleep(Duration::from_millis(NEXT_MS)), if left.len() > 0 => {}
        }
    }
}

async fn attempt(address: SocketAddr) -> Result<TcpStream, TransportError> {
    let stream = tokio::time::timeout(Duration::from_millis(ADDRESS_MS_MAX), TcpStream::connect(address))
        .await
        .map_err(|_| TransportError::ConnectTimeout)?
        .map_err(TransportError::Connect)?;
    stream.set_nodelay(true).map_err(TransportError::Connect)?;
    Ok(stream)
}

/// The two families by turns, the one that comes first beginning (RFC 8305 §4): a family may lead nowhere as a whole.
fn in_turn(addresses: &[SocketAddr]) -> Vec<SocketAddr> {
    let first_family = addresses.first().map(SocketAddr::is_ipv6);
    let (mut first, mut second): (Vec<SocketAddr>, Vec<SocketAddr>) =
        addresses.iter().partition(|address| Some(address.is_ipv6()) == first_family);
    let turns = first.len().max(second.len());
    let (mut first, mut second) = (first.drain(..), second.drain(..));
    (0..turns).flat_map(|_| [first.next(), second.next()]).flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::{TcpListener, TcpSocket};

    /// An address at which attempts to connect hang: its queue is full, and nobody takes anyone out of it.
    async fn silent() -> (TcpListener, Vec<TcpStream>, SocketAddr) {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind("127.0.0.1:0".parse().expect("an address")).expect("a port");
        let listener = socket.listen(1).expect("it listens");
        let address = listener.local_addr().expect("its address");
        let mut waiting = Vec::new();
        while let Ok(connected) =
            tokio::time::timeout(Duration::from_millis(NEXT_MS), TcpStream::connect(address)).await
        {
            waiting.push(connected.expect("there was room"));
            assert!(waiting.len() < 9, "a full queue takes nobody");
        }
        (listener, waiting, address)
    }

    async fn closed() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        listener.local_addr().expect("its address")
    }

    #[tokio::test]
    async fn an_address_that_leads_nowhere_holds_nobody_up() {
        let (_listener, _waiting, silent) = silent().await;
        let open = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = open.local_addr().expect("its address");
        let addresses = [silent, silent, closed().await, silent, address];
        // Each of them by turns would take that long.
        let connected = tokio::time::timeout(Duration::from_millis(ADDRESS_MS_MAX), connect(&addresses)).await;
        let connected = connected.expect("in time").expect("the last one answers");
        assert_eq!(connected.peer_addr().expect("it is connected"), address);
    }

    #[tokio::test]
    async fn when_no_address_answers_it_is_said_how_the_last_one_failed() {
        let error = connect(&[closed().await, closed().await]).await.expect_err("nobody is there");
        assert!(matches!(error, TransportError::Connect(_)), "{error:?}");
        assert!(matches!(connect(&[]).await, Err(TransportError::NoAddress)));
    }

    #[test]
    fn the_families_take_turns() {
        let addresses = |texts: &[&str]| -> Vec<SocketAddr> {
            texts.iter().map(|text| format!("{text}:443").parse().expect("an address")).collect()
        };
        let found = addresses(&["[2001:db8::1]", "[2001:db8::2]", "[2001:db8::3]", "192.0.2.1"]);
        let wanted = addresses(&["[2001:db8::1]", "192.0.2.1", "[2001:db8::2]", "[2001:db8::3]"]);
        assert_eq!(in_turn(&found), wanted);
        assert_eq!(in_turn(&addresses(&["192.0.2.1", "192.0.2.2"])), addresses(&["192.0.2.1", "192.0.2.2"]));
    }
}
