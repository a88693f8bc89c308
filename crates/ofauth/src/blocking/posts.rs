//! Posts, messages and mass messages of the blocking client.

use super::{Client, TypedCall};
use crate::posts::{Content, Message, Post};

impl Client {
    /// See [`Client::create_post`](crate::Client::create_post).
    pub fn create_post(&self, content: &Content) -> TypedCall<Post> {
        TypedCall::new(self.inner.create_post(content), &self.runtime)
    }

    /// See [`Client::get_post`](crate::Client::get_post).
    pub fn get_post(&self, post_id: &str) -> TypedCall<Post> {
        TypedCall::new(self.inner.get_post(post_id), &self.runtime)
    }

    /// See [`Client::update_post`](crate::Client::update_post).
    pub fn update_post(&self, post_id: &str, content: &Content) -> TypedCall<Post> {
        TypedCall::new(self.inner.update_post(post_id, content), &self.runtime)
    }

    /// See [`Client::delete_post`](crate::Client::delete_post).
    pub fn delete_post(&self, post_id: &str) -> TypedCall<()> {
        TypedCall::new(self.inner.delete_post(post_id), &self.runtime)
    }

    /// See [`Client::send_message`](crate::Client::send_message).
    pub fn send_message(&self, user_id: &str, content: &Content) -> TypedCall<Message> {
        TypedCall::new(self.inner.send_message(user_id, content), &self.runtime)
    }

    /// See [`Client::unsend_message`](crate::Client::unsend_message).
    pub fn unsend_message(&self, user_id: &str, message_id: &str) -> TypedCall<()> {
        TypedCall::new(self.inner.unsend_message(user_id, message_id), &self.runtime)
    }

    /// See [`Client::create_mass_message`](crate::Client::create_mass_message).
    pub fn create_mass_message(&self, content: &Content) -> TypedCall<Message> {
        TypedCall::new(self.inner.create_mass_message(content), &self.runtime)
    }

    /// See [`Client::get_mass_message`](crate::Client::get_mass_message).
    pub fn get_mass_message(&self, mass_message_id: &str) -> TypedCall<Message> {
        TypedCall::new(self.inner.get_mass_message(mass_message_id), &self.runtime)
    }

    /// See [`Client::update_mass_message`](crate::Client::update_mass_message).
    pub fn update_mass_message(&self, mass_message_id: &str, content: &Content) -> TypedCall<Message> {
        TypedCall::new(self.inner.update_mass_message(mass_message_id, content), &self.runtime)
    }

    /// See [`Client::delete_mass_message`](crate::Client::delete_mass_message).
    pub fn delete_mass_message(&self, mass_message_id: &str) -> TypedCall<()> {
        TypedCall::new(self.inner.delete_mass_message(mass_message_id), &self.runtime)
    }
}
