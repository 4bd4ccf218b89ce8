//! A server that authorities vouch for: its name is enough in an invitation, and it ends with a word to everybody.
#![cfg(test)]

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;
use pushtalk_tests::binary::binary;
use pushtalk_tests::client::Client;
use pushtalk_tests::standalone::Standalone;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

/// A folder with an authority, and the certificate of `localhost` that it has signed.
struct Authority {
    folder: PathBuf,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new(name: &str) -> anyhow::Result<Self> {
        let folder = std::env::temp_dir().join(format!("pushtalk-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        let (mut params, key) = (CertificateParams::new(Vec::new())?, KeyPair::generate()?);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        std::fs::write(folder.join("authority.pem"), params.self_signed(&key)?.pem())?;
        let authority = Self { folder, issuer: Issuer::new(params, key) };
        authority.sign()?;
        Ok(authority)
    }

    fn sign(&self) -> anyhow::Result<()> {
        let key = KeyPair::generate()?;
        let signed = CertificateParams::new(vec!["localhost".to_owned()])?.signed_by(&key, &self.issuer)?;
        std::fs::write(self.folder.join("cert.pem"), signed.pem())?;
        Ok(std::fs::write(self.folder.join("key.pem"), key.serialize_pem())?)
    }

    fn path(&self, file: &str) -> String {
        self.folder.join(file).to_string_lossy().into_owned()
    }

    /// A client on a machine where this authority counts.
    fn client(&self, args: &[&str]) -> anyhow::Result<Client> {
        client(&self.folder.join("authority.pem"), args)
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

fn client(authorities: &Path, args: &[&str]) -> anyhow::Result<Client> {
    let mut command = Command::new(binary("pushtalk-cli", "pushtalk-cli")?);
    command.env("SSL_CERT_FILE", authorities).env_remove("SSL_CERT_DIR");
    command.env("XDG_RUNTIME_DIR", "/nonexistent").env_remove("PULSE_SERVER");
    Client::by(command, args)
}

/// A server that is known by `localhost` and a port, and that name.
fn server(authority: &Authority) -> anyhow::Result<(Standalone, String)> {
    // Nobody else takes it in this moment, or the test says so.
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let (name, listen) = (format!("localhost:{port}"), format!("127.0.0.1:{port}"));
    let (cert, key) = (authority.path("cert.pem"), authority.path("key.pem"));
    let args = ["--listen", &listen, "--name", &name, "--tls-cert", &cert, "--tls-key", &key];
    let program = Command::new(binary("pushtalk-server", "pushtalk-server")?);
    Ok((Standalone::by(program, &args)?, name))
}

fn signal(name: &str, process: u32) -> anyhow::Result<()> {
    let status = Command::new("kill").args([&format!("-{name}"), &process.to_string()]).status()?;
    anyhow::ensure!(status.success(), "kill");
    Ok(())
}

#[test]
fn its_name_is_enough_where_authorities_vouch_for_it_and_nowhere_else() {
    let authority = Authority::new("authority").unwrap();
    let (_server, name) = server(&authority).unwrap();
    let mut ana = authority.client(&["host", "--name", "Ana", "--server", &name]).unwrap();
    let invitation = ana.event("invitation").unwrap();
    let (link, code) = (invitation["link"].as_str().unwrap(), invitation["code"].as_str().unwrap());
    // No certificate is named in it.
    assert_eq!(link.split('.').count(), 4, "{link}");
    let mut ben = authority.client(&["join", link, "--name", "Ben"]).unwrap();
    ben.event("ready").unwrap();
    let mut cem = authority.client(&["join", code, "--name", "Cem", "--server", &name]).unwrap();
    cem.event("ready").unwrap();

    // On a machine with other authorities the same link leads nowhere, and nothing is said to the server.
    let stranger = Authority::new("stranger").unwrap();
    let mut dora = stranger.client(&["join", link, "--name", "Dora"]).unwrap();
    dora.event_where("error", |error| error["code"] == "wrongCertificate").unwrap();
    // With the code she proves herself to a server that nobody vouches for: it might be in between, so it comes to nothing.
    let mut eve = stranger.client(&["join", code, "--name", "Eve", "--server", &name]).unwrap();
    eve.event_where("error", |error| error["code"] == "wrongCode").unwrap();
}

#[test]
fn a_renewed_certificate_changes_nothing_for_who_has_the_link() {
    let authority = Authority::new("renewed").unwrap();
    let (server, name) = server(&authority).unwrap();
    let mut ana = authority.client(&["host", "--name", "Ana", "--server", &name]).unwrap();
    let link = ana.event("invitation").unwrap()["link"].as_str().unwrap().to_owned();
    authority.sign().unwrap();
    signal("HUP", server.id()).unwrap();
    let mut ben = authority.client(&["join", &link, "--name", "Ben"]).unwrap();
    ben.event("ready").unwrap();
}

#[test]
fn a_server_that_is_asked_to_end_tells_everybody_first() {
    let mut server = Standalone::start(&["--grace", "1"]).unwrap();
    let address = server.address.clone();
    let mut ana = Client::start(&["host", "--name", "Ana", "--server", &address]).unwrap();
    ana.event("invitation").unwrap();
    signal("TERM", server.id()).unwrap();
    ana.event_where("error", |told| told["code"] == "roomCloses").unwrap();
    assert!(server.wait().context("an end").unwrap().success());
}
