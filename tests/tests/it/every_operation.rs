//! Every operation of the document, typed and raw, against the sandbox. C, C++'s library, Go and the command go through the
//! same table in tests of their own.

use std::collections::BTreeMap;

use ofauth::Client;
use ofauth::operation::Body;
use ofauth_sandbox::Sandbox;
use ofauth_tests::every_operation::{BYTES, MEDIA_TYPE, Sample, assert_all_called, samples};

use crate::support::builder_for;

async fn raw(client: &Client, sample: &Sample) -> ofauth::Result<()> {
    let call = client.call(sample.operation.id).params(sample.params.clone());
    let call = match (&sample.body, sample.operation.body) {
        (Some(body), _) => call.json(body),
        (None, Body::Bytes) => call.body_bytes(BYTES, MEDIA_TYPE),
        (None, _) => call,
    };
    call.send().await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_is_called_typed_and_raw() {
    for is_typed in [true, false] {
        let sandbox = Sandbox::builder().start().await.unwrap();
        let client = builder_for(sandbox.base_url()).build().unwrap();
        let mut ended = BTreeMap::new();
        for sample in samples() {
            let end = match is_typed {
                true => match sample.send_typed(&client.api()).await {
                    Some(end) => end,
                    None => raw(&client, &sample).await,
                },
                false => raw(&client, &sample).await,
            };
            let status = end.err().map_or(200, |error| error.status().unwrap_or_else(|| panic!("{error}")));
            ended.insert(sample.operation.id.to_owned(), status);
            assert_eq!(sandbox.transcript().pop().unwrap().operation.as_deref(), Some(sample.operation.id));
        }
        assert_all_called(if is_typed { "typed" } else { "raw" }, &ended);
    }
}
