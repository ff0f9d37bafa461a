"""The soak: pages that misbehave among pages that do not, of which none may be lost, while nothing grows."""
