//! Real alerts in several languages: each person gets one message, in their language.

use crate::support::shared::shared_or_return;
use beffroi::cap::{self, Options};
use beffroi::model::message::messages;
use std::collections::BTreeSet;

/// Every alert of the shared corpus whose infos are all in different languages is one message; whatever else it is, no
/// message has a language twice and no info is lost.
#[test]
fn real_translations_are_variants_of_one_message() {
    let folder = shared_or_return!().join("corpus/cap");
    let (mut translated, mut most) = (0, 0);
    for file in files(&folder) {
        let bytes = std::fs::read(&file).expect("a file");
        let Some(alert) = cap::read(&bytes, &Options::default()).alert else { continue };
        let languages: BTreeSet<String> = alert.infos.iter().map(|info| info.language.to_lowercase()).collect();
        let all = messages(&alert);
        let mut seen: Vec<usize> = all.iter().flat_map(|message| message.variants.clone()).collect();
        seen.sort_unstable();
        assert_eq!(seen, (0..alert.infos.len()).collect::<Vec<_>>(), "{}", file.display());
        for message in &all {
            let own: BTreeSet<_> = message.variants.iter().map(|index| &alert.infos[*index].language).collect();
            assert_eq!(own.len(), message.variants.len(), "{}", file.display());
        }
        if languages.len() > 1 && languages.len() == alert.infos.len() {
            assert_eq!(all.len(), 1, "{}: {languages:?}", file.display());
            for info in &alert.infos {
                let shown = all[0].variant(&alert, std::slice::from_ref(&info.language));
                assert_eq!(shown.language, info.language, "{}", file.display());
            }
            translated += 1;
            most = most.max(languages.len());
        }
    }
    assert!(translated >= 20 && most >= 8, "{translated} alerts, at most {most} languages");
}

fn files(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}
