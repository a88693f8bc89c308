//! The flags of `post` and `message`, which take the same content.

use clap::{ArgGroup, Args};
use ofauth::Price;

use super::free_text;

/// Flags of `ofauth post`.
#[derive(Debug, Args)]
#[command(after_help = "\
Prints the id of the post.

Examples:
  ofauth post 'Good morning'
  ofauth post 'New video' --media upload:550e8400-e29b-41d4-a716-446655440000
  ofauth post 'Later' --field 'scheduledDate=\"2027-01-01T09:00:00Z\"'")]
pub(crate) struct PostArgs {
    #[command(flatten)]
    pub(crate) content: ContentArgs,
}

/// Flags of `ofauth message`.
#[derive(Debug, Args)]
#[command(after_help = "\
Prints the id of the message. One --to sends a chat message; several, or a --to-list, send one mass message.

Examples:
  ofauth message --to 123456 'Hello'
  ofauth message --to-list fans 'New video' --media 12345 --price 5")]
#[command(group = ArgGroup::new("receivers").args(["to", "to_list"]).required(true).multiple(true))]
pub(crate) struct MessageArgs {
    /// Send to the user with this id; may be repeated
    #[arg(long, value_name = "USER")]
    pub(crate) to: Vec<String>,
    /// Send to the users of the list with this id; may be repeated
    #[arg(long, value_name = "LIST")]
    pub(crate) to_list: Vec<String>,
    /// Do not send to the users of this list; may be repeated
    #[arg(long, value_name = "LIST")]
    pub(crate) except_list: Vec<String>,
    #[command(flatten)]
    pub(crate) content: ContentArgs,
}

/// What a post or a message says and shows.
#[derive(Debug, Args)]
pub(crate) struct ContentArgs {
    /// The text
    #[arg(default_value = "", allow_hyphen_values = true)]
    pub(crate) text: String,
    /// Attach an upload reference, a vault media id or a URL; may be repeated
    #[arg(short, long, value_name = "MEDIA")]
    pub(crate) media: Vec<String>,
    /// Ask for this price to see it, such as 5 or 4.99
    #[arg(long, allow_negative_numbers = true, value_parser = price)]
    pub(crate) price: Option<Price>,
    /// Lock the text as well
    #[arg(long)]
    pub(crate) locked_text: bool,
    /// Show the first N attached media for free
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) preview_count: Option<u32>,
    /// Set any other field of the request to JSON or plain text; may be repeated
    #[arg(long, value_name = "NAME=VALUE", allow_hyphen_values = true, value_parser = free_text)]
    pub(crate) field: Vec<String>,
}

/// A price such as `5` or `4.99`.
fn price(text: &str) -> Result<Price, String> {
    text.parse().map_err(|error: ofauth::Error| error.message().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices() {
        assert_eq!(price("4.99"), Ok(Price::from_cents(499)));
        assert_eq!(price("0"), Ok(Price::from_cents(0)));
        for text in ["abc", "$5", "-1", "inf", "NaN", "", "4.999"] {
            assert!(price(text).unwrap_err().contains("such as 5 or 4.99"), "{text}");
        }
    }
}
