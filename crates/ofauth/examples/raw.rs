//! Calls an operation that is chosen when the program runs, with JSON in and out. Without an operation it lists them all.
//!
//! ```sh
//! OFAUTH_API_KEY=... OFAUTH_CONNECTION_ID=... cargo run --example raw -- list_vault_media limit=3
//! ```

use std::env;
use std::error::Error;

use ofauth::Client;
use serde_json::Value;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let Some(operation) = env::args().nth(1) else {
        for operation in ofauth::operations() {
            println!("{:40} {} {}", operation.id, operation.method, operation.path);
        }
        return Ok(());
    };
    let client = Client::builder()
        .api_key(env::var("OFAUTH_API_KEY")?)
        .connection_id(env::var("OFAUTH_CONNECTION_ID")?)
        .base_url(env::var("OFAUTH_BASE_URL").unwrap_or_else(|_| ofauth::DEFAULT_BASE_URL.into()))
        .build()?;

    let arguments: Vec<String> = env::args().skip(2).collect();
    let params = arguments.iter().filter_map(|argument| argument.split_once('='));
    let response = client.call(&operation).params(params).send().await?;
    println!("{:#}", response.json::<Value>()?);
    Ok(())
}
