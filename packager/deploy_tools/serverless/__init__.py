"""The Serverless Framework: its configuration, and the plugin that makes packager a build step of it."""
