"""What the entry files of a bundle reach: asked of @vercel/nft for the target's Node, completed by what we know."""

from __future__ import annotations
