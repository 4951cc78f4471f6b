//! Reading CAP beside the bare events of quick-xml and the tree of roxmltree: `cargo bench --bench parse`.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;

#[path = "support/documents.rs"]
mod documents;
#[path = "support/engines.rs"]
mod engines;

fn bench(criterion: &mut Criterion) {
    for document in documents::documents() {
        let text = document.text.as_str();
        let mut group = criterion.benchmark_group(document.name);
        group.throughput(Throughput::Bytes(u64::try_from(text.len()).expect("a small document")));
        for (name, engine) in engines::ALL {
            group.bench_function(*name, |bencher| bencher.iter(|| engine(black_box(text))));
        }
        group.finish();
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
