//! The flags of `post` and `message`, which take the same content.

use std::time::SystemTime;

use clap::{ArgGroup, Args, Subcommand};
use ofauth::Price;

use super::free_text;
use super::values::instant;
use super::vault::Walk;

/// Flags of `ofauth post`.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "\
Prints the id of the post. A text that is the name of one of the commands above, or nearly so, stands behind two dashes: \
ofauth post -- list

Examples:
  ofauth post 'Good morning'
  ofauth post 'New video' --media upload:550e8400-e29b-41d4-a716-446655440000
  ofauth post 'Later' --schedule 2027-01-01T09:00:00Z
  ofauth post get 5001    # also shows the media ids of what was uploaded
  ofauth post update 5001 'Corrected' --media 4492994399
  ofauth post list --max 20"
)]
pub(crate) struct PostArgs {
    #[command(subcommand)]
    pub(crate) command: Option<PostCommand>,
    #[command(flatten)]
    pub(crate) content: PostContent,
}

/// What a post says and shows.
#[derive(Debug, Args)]
pub(crate) struct PostContent {
    #[command(flatten)]
    pub(crate) content: ContentArgs,
    /// Take the post away after so many days
    #[arg(long, value_name = "DAYS")]
    pub(crate) expire_after: Option<u32>,
}

/// The commands below `ofauth post`.
#[derive(Debug, Subcommand)]
pub(crate) enum PostCommand {
    /// Print a post as JSON, with the ids of its media
    Get {
        /// The id of the post
        #[arg(value_parser = id)]
        id: String,
    },
    /// Replace what a post says and shows, as a whole
    #[command(after_help = "\
The post is as the command line says from then on. The post is read first: if it has a text, media, a price or a date that the \
command line leaves out, nothing is changed, unless --replace says that it is meant. Other fields that are left out are gone.

Example:
  ofauth post update 5001 'Corrected' --media 4492994399")]
    Update {
        /// The id of the post
        #[arg(value_parser = id)]
        id: String,
        #[command(flatten)]
        content: PostContent,
        /// Replace all of it without reading it: take away what the command line leaves out
        #[arg(long)]
        replace: bool,
    },
    /// Delete a post
    Delete {
        /// The id of the post
        #[arg(value_parser = id)]
        id: String,
    },
    /// Print the posts, one JSON object a line
    List(Walk),
}

/// Flags of `ofauth message`.
#[derive(Debug, Args)]
#[command(after_help = "\
Prints the id of the message. One --to sends a chat message; several, or a --to-list, send one mass message.

Examples:
  ofauth message --to 123456 'Hello'
  ofauth message --to-list fans 'New video' --media 12345 --price 5
  ofauth message unsend 123456 9001")]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(group = ArgGroup::new("receivers").args(["to", "to_list"]).required(true).multiple(true))]
pub(crate) struct MessageArgs {
    #[command(subcommand)]
    pub(crate) command: Option<MessageCommand>,
    #[command(flatten)]
    pub(crate) recipients: Recipients,
    /// Reply to the message with this id
    #[arg(long, value_name = "MESSAGE")]
    pub(crate) reply_to: Option<String>,
    #[command(flatten)]
    pub(crate) content: ContentArgs,
}

/// Whom a message goes to.
#[derive(Debug, Args)]
pub(crate) struct Recipients {
    /// Send to the user with this id; may be repeated
    #[arg(long, value_name = "USER")]
    pub(crate) to: Vec<String>,
    /// Send to the users of the list with this id; may be repeated
    #[arg(long, value_name = "LIST")]
    pub(crate) to_list: Vec<String>,
    /// Do not send to the users of this list; may be repeated
    #[arg(long, value_name = "LIST")]
    pub(crate) except_list: Vec<String>,
}

/// The commands below `ofauth message`.
#[derive(Debug, Subcommand)]
pub(crate) enum MessageCommand {
    /// Print the messages with a user, one JSON object a line
    List {
        /// The id of the user
        user: String,
        #[command(flatten)]
        walk: Walk,
    },
    /// Take a chat message back
    Unsend {
        /// The id of the user
        user: String,
        /// The id of the message
        #[arg(value_parser = id)]
        message: String,
    },
    /// Print the mass messages, one JSON object a line
    ListMass(Walk),
    /// Print a mass message as JSON, with the ids of its media
    Get {
        /// The id of the mass message
        #[arg(value_parser = id)]
        id: String,
    },
    /// Replace what a mass message says and shows, when it goes out and to whom, as a whole
    #[command(after_help = "\
The message is as the command line says from then on. It is read first: if it has a text, media or a price that the command line \
leaves out, nothing is changed. When it goes out and to whom cannot be read, so that --schedule and the recipients have to be \
given. --replace says that what is left out is to be taken away.

Example:
  ofauth message update 7001 'Corrected' --to-list fans --schedule +2h")]
    Update(Box<UpdateMessageArgs>),
    /// Delete a mass message
    Delete {
        /// The id of the mass message
        #[arg(value_parser = id)]
        id: String,
    },
}

/// Flags of `ofauth message update`.
#[derive(Debug, Args)]
pub(crate) struct UpdateMessageArgs {
    /// The id of the mass message
    #[arg(value_name = "ID", value_parser = id)]
    pub(crate) id: String,
    /// Replace all of it without reading it: take away what the command line leaves out
    #[arg(long)]
    pub(crate) replace: bool,
    #[command(flatten)]
    pub(crate) recipients: Recipients,
    #[command(flatten)]
    pub(crate) content: ContentArgs,
}

/// What a post or a message says and shows.
#[derive(Debug, Args)]
pub(crate) struct ContentArgs {
    /// The text
    #[arg(allow_hyphen_values = true)]
    pub(crate) text: Option<String>,
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
    /// Publish at this time, such as 2027-01-31T09:00:00Z or +2h
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub(crate) schedule: Option<SystemTime>,
    /// Set any other field of the request to JSON or plain text; may be repeated
    #[arg(long, value_name = "NAME=VALUE", allow_hyphen_values = true, value_parser = free_text)]
    pub(crate) field: Vec<String>,
}

/// The id of a post or a message.
fn id(text: &str) -> Result<String, String> {
    match text.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty() {
        true => Ok(text.to_owned()),
        false => Err("not an id: give its number, such as 5001, and the text behind it".into()),
    }
}

/// A price such as `5` or `4.99`.
fn price(text: &str) -> Result<Price, String> {
    text.parse().map_err(|error: ofauth::Error| error.message().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_numbers() {
        assert_eq!(id("5001"), Ok("5001".to_owned()));
        for text in ["", "Corrected", "5001 ", "-1", "5,001", "upload:1"] {
            assert!(id(text).unwrap_err().contains("such as 5001"), "{text}");
        }
    }

    #[test]
    fn prices() {
        assert_eq!(price("4.99"), Ok(Price::from_cents(499)));
        assert_eq!(price("0"), Ok(Price::from_cents(0)));
        for text in ["abc", "$5", "-1", "inf", "NaN", "", "4.999"] {
            assert!(price(text).unwrap_err().contains("such as 5 or 4.99"), "{text}");
        }
    }
}
