"""The demo's library, drawn in code: people and garments. Pure Pillow."""
