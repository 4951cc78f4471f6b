//! Senders whose keys are pinned: what they sign rings, what only names them waits for a person. On both databases.

use crate::signatures::oracle::{Key, Kind, Oracle};
use crate::support::alerts::{CENTRE, Cap, SENDER};
use crate::support::browser::Browser;
use crate::support::place::{FINE, Place};
use crate::support::process::run;
use crate::support::receiver::Receiver;
use crate::support::server::beffroi;
use crate::support::shared::shared_or_return;
use crate::support::{Database, Server};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

#[tokio::test(flavor = "multi_thread")]
async fn a_pinned_sender_is_believed_by_its_signature_alone_on_sqlite() {
    a_pinned_sender_is_believed_by_its_signature_alone(Database::Sqlite, &shared_or_return!()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pinned_sender_is_believed_by_its_signature_alone_on_postgresql() {
    a_pinned_sender_is_believed_by_its_signature_alone(Database::Postgres, &shared_or_return!()).await;
}

const TEMPLATE: &str = r#"<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><SignedInfo><CanonicalizationMethod
 Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/><SignatureMethod
 Algorithm="http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"/><Reference URI=""><Transforms><Transform
 Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/></Transforms><DigestMethod
 Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><DigestValue/></Reference></SignedInfo><SignatureValue/><KeyInfo>
 <X509Data/></KeyInfo></Signature></alert>"#;

fn signed(oracle: &Oracle, cap: &Cap, key: &Key) -> Vec<u8> {
    oracle.sign(cap.xml().replace("</alert>", TEMPLATE).as_bytes(), key)
}

#[tokio::test]
async fn one_installation_signs_and_another_that_pinned_its_certificate_believes_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let (ours, theirs) = (folder.path().join("ours"), folder.path().join("theirs"));
    let at = |data: &Path, args: &[&str]| {
        let mut command = beffroi(args);
        command.env("BEFFROI__DATA__DIR", data);
        run(command)
    };
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path.to_str().expect("a text").to_owned()
    };
    let alert = file("alert.xml", &Cap::new("own").xml());
    let signed = at(&ours, &["sign", &alert]).await;
    assert_eq!(signed.code, 0, "{}", signed.errors);
    let again = at(&ours, &["sign", "--certificate"]).await;
    let certificate = file("ours.pem", &again.output);
    let other = file("theirs.pem", &at(&theirs, &["sign", "--certificate"]).await.output);
    let signed = file("signed.xml", &signed.output);
    for (pem, wanted) in [(&certificate, "valid"), (&other, "untrusted")] {
        let checked = at(&theirs, &["check", &signed, "--format", "json", "--signer", pem]).await;
        let line: Value = serde_json::from_str(&checked.output).expect("JSON");
        assert_eq!((&line["ok"], &line["alerts"][0]["signature"]), (&true.into(), &wanted.into()), "{line}");
    }
    // The key is nobody else's to read, and sealed.
    let key = ours.join("signing.key");
    let mode = std::fs::metadata(&key).expect("the key file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    std::fs::copy(&key, theirs.join("signing.key")).expect("copies");
    assert_eq!(at(&theirs, &["sign", &alert]).await.code, 2, "a key sealed by another vault");

    let unfit = file("unfit.xml", &Cap::new("unfit").xml().replace("<urgency>", "<urgence>"));
    for refused in [&unfit, &signed] {
        let refused = at(&ours, &["sign", refused]).await;
        assert_eq!((refused.code, refused.output.as_str()), (1, ""), "{}", refused.errors);
    }
    assert_eq!(at(&ours, &["sign"]).await.code, 2);
}

/// Posts something and waits until nothing of it is left to do: its state and reason.
async fn post(server: &Server, operator: &mut Browser, key: &str, cap: impl Into<Vec<u8>>) -> (String, Option<String>) {
    let answer = server.post_new(key, cap).await;
    let id = answer["id"].as_str().expect("an id");
    server.settled(operator, id).await;
    (answer["state"].as_str().expect("a state").to_owned(), answer["reason"].as_str().map(str::to_owned))
}

async fn a_pinned_sender_is_believed_by_its_signature_alone(database: Database, shared: &Path) {
    let mut server = Server::start(database, &[]).await;
    let (key, mut operator) = (server.key(&["--ring"]).await, server.setup_admin().await);
    let receiver = Receiver::start(shared).await;
    let channel = receiver.subscription(201, None).await;
    server.subscribe(&channel, &[Place::around(CENTRE.0, CENTRE.1, FINE, 0)], Value::Null).await;
    let oracle = Oracle::new();
    let (theirs, strangers) = (oracle.key(Kind::P256), oracle.key(Kind::P256));
    let certificate = theirs.certificate.to_str().expect("a text");
    let added = server.run(&["signer", "add", "--sender", SENDER, "--certificate", certificate]).await;
    assert_eq!(added.code, 0, "{}", added.errors);

    let held = ("held".to_owned(), Some("signature".to_owned()));
    let storm = Cap::new("storm");
    let forged = signed(&oracle, &Cap::new("forged"), &theirs);
    let forged = String::from_utf8(forged).expect("UTF-8").replace("Violent", "Mild");
    for unproven in [storm.xml().into_bytes(), forged.into_bytes(), signed(&oracle, &Cap::new("s"), &strangers)] {
        assert_eq!(post(&server, &mut operator, &key, unproven).await, held);
    }
    // The sender's own message comes through, although one of the same identifier waits.
    let (state, reason) = post(&server, &mut operator, &key, signed(&oracle, &storm, &theirs)).await;
    assert_eq!((state.as_str(), reason), ("approved", None));
    // What only names the sender neither changes nor ends it.
    for msg_type in ["Update", "Cancel"] {
        let about = Cap::about(&storm, msg_type);
        assert_eq!(post(&server, &mut operator, &key, about.xml()).await, held, "{msg_type}");
    }
    let pushed = receiver.messages().await;
    let types: Vec<&Value> = pushed.iter().map(|message| &message.payload["beffroi"]["msg_type"]).collect();
    assert_eq!(types, ["Alert"], "{pushed:?}");

    let listed = server.run(&["signer", "list"]).await;
    let fields: Vec<&str> = listed.output.trim().split('\t').collect();
    assert_eq!((fields[0], fields[1]), (added.output.trim(), SENDER));
    assert_eq!(server.run(&["signer", "add", "--sender", SENDER, "--certificate", certificate]).await.code, 1, "twice");
    let removed = server.run(&["signer", "remove", fields[0]]).await;
    assert!(removed.code == 0 && removed.errors.contains("last"), "{}", removed.errors);
    assert_eq!(server.run(&["signer", "remove", fields[0]]).await.code, 1);
    let cancel = signed(&oracle, &Cap::about(&storm, "Cancel"), &theirs);
    let again = Cap { identifier: "later".to_owned(), ..Cap::about(&storm, "Update") };
    for unpinned in [again.xml().into_bytes(), cancel] {
        let (state, reason) = post(&server, &mut operator, &key, unpinned).await;
        assert_eq!((state.as_str(), reason), ("approved", None));
    }
}
