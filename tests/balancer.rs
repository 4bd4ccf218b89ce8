//! What stands before several servers: each connection goes to the next one that answers, byte by byte.

use std::io;
use std::net::SocketAddr;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// A balancer on a port of loopback, ended with the value.
pub struct Balancer {
    /// Where it listens.
    pub address: SocketAddr,
    // Its tasks end with it.
    _tasks: JoinSet<()>,
}

impl Balancer {
    /// Before these.
    ///
    /// # Errors
    /// When there is no port for it.
    pub async fn start(servers: Vec<SocketAddr>) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let (mut turn, mut passed) = (0, JoinSet::new());
            while let Ok((mut client, _)) = listener.accept().await {
                for _ in 0..servers.len() {
                    let next = servers[turn % servers.len()];
                    turn += 1;
                    if let Ok(mut server) = TcpStream::connect(next).await {
                        passed.spawn(async move {
                            // Whichever end goes, the other one is told so.
                            drop(copy_bidirectional(&mut client, &mut server).await);
                        });
                        break;
                    }
                }
            }
        });
        Ok(Self { address, _tasks: tasks })
    }
}
